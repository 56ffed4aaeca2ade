//! Whether this program and the runtime in force are of one release: what an upgrade has added, and what it has changed.

use crate::Measurement;
use crate::{
	calls::{self, Call, NodeSpec, MARKET},
	client::{BlockHash, Chain},
	error::ChainError,
	extrinsic, AccountId,
};
use serde::Serialize;
use std::sync::Arc;
use substation_primitives::{
	bandwidth::{Rates, TestId},
	deal::Proposal,
	Bytes, ChannelId, DealId, NodeId, Offer, Period, Region, ResourceClass,
};
use substation_proofs::{forest::UpdateProof, storage::StorageProof};
use subxt::{metadata::Metadata, rpcs::methods::legacy::RuntimeVersion};

/// What a runtime calls the API that answers this program among its versions: BLAKE2b-64 of `SubstationApi`.
const API_ID: &str = "0xe61130d408e0b61c";
/// The version of that API that has every method called here. Newer ones have them too.
pub const API_VERSION: u32 = 1;

/// What of a runtime this program does not know, and what it cannot send to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compatibility {
	/// The runtime's version.
	pub runtime: u32,
	/// The version of the API that it serves; 0 if it has none.
	pub api: u32,
	/// What cannot be sent.
	pub incompatible: Vec<Incompatibility>,
}

/// Something that this program cannot send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Incompatibility {
	/// The call as `Pallet.call`; `None` if it is every transaction.
	pub call: Option<String>,
	/// What differs.
	pub why: String,
}

impl Compatibility {
	/// How this program fits a runtime.
	pub fn of(runtime: u32, api: u32, metadata: &Metadata) -> Self {
		let every = extrinsic::difference(metadata).map(|why| Incompatibility { call: None, why });
		let changed =
			|call: Call| call.difference(metadata).map(|why| Incompatibility { call: Some(call.title()), why });
		let incompatible = every.into_iter().chain(every_call().into_iter().filter_map(changed)).collect();
		Self { runtime, api, incompatible }
	}

	/// Whether the runtime is ahead of this program, so that there is a newer release.
	pub fn is_ahead(&self) -> bool {
		self.api > API_VERSION || (self.api == API_VERSION && !self.incompatible.is_empty())
	}

	/// Whether the runtime is behind this program, which waits for the chain's upgrade.
	pub fn is_behind(&self) -> bool {
		self.api < API_VERSION
	}

	/// Whether deals can be accepted.
	pub fn can_accept(&self) -> bool {
		self.ensure(MARKET, "accept").is_ok()
	}

	/// Errors when a call cannot be sent.
	pub fn ensure(&self, pallet: &str, name: &str) -> Result<(), ChainError> {
		let call = calls::title(pallet, name);
		let is_it = |one: &&Incompatibility| one.call.as_ref().is_none_or(|title| *title == call);
		match self.incompatible.iter().find(is_it) {
			None => Ok(()),
			Some(Incompatibility { call: None, why }) => Err(ChainError::Incompatible(why.clone())),
			Some(Incompatibility { why, .. }) => Err(ChainError::CallChanged { call, how: why.clone() }),
		}
	}
}

impl Chain {
	/// How this program fits the runtime of a block; worked out once for each runtime.
	pub async fn compatibility(&self, block: BlockHash) -> Result<Arc<Compatibility>, ChainError> {
		let version = self.runtime_version(block).await?;
		let known = self.compatibility.lock().clone();
		if let Some(compatibility) = known.filter(|compatibility| compatibility.runtime == version.spec_version) {
			return Ok(compatibility);
		}
		let api = self.api_version(&version)?;
		let at = self.at(block).await?;
		let compatibility = Arc::new(Compatibility::of(version.spec_version, api, at.metadata_ref()));
		*self.compatibility.lock() = Some(compatibility.clone());
		Ok(compatibility)
	}

	/// Errors when the runtime of a block serves an older API than this program knows.
	pub(crate) async fn ensure_api(&self, block: BlockHash) -> Result<(), ChainError> {
		let found = self.api_version(&self.runtime_version(block).await?)?;
		match found < API_VERSION {
			true => Err(ChainError::NodeTooOld { found, needed: API_VERSION }),
			false => Ok(()),
		}
	}

	/// The version of the API among those that a runtime names; 0 if it has none.
	fn api_version(&self, version: &RuntimeVersion) -> Result<u32, ChainError> {
		let apis = version.other.get("apis").cloned().unwrap_or_default();
		let apis: Result<Vec<(String, u32)>, _> = serde_json::from_value(apis);
		let apis = apis.map_err(|error| self.unreadable("the runtime's version", error))?;
		Ok(apis.into_iter().find(|(api, _)| api == API_ID).map_or(0, |(_, version)| version))
	}
}

/// Every call that this program makes, of nothing: only their types are looked at.
pub fn every_call() -> Vec<Call> {
	let (node, deal, channel, amount, hash, signature) = (NodeId(0), DealId(0), ChannelId(0), 0, [0; 32], [0; 64]);
	let (class, offer, region) = (ResourceClass::Storage, Offer { capacity: 0, price: 0 }, Region(*b"XX"));
	let (rates, update, storage) = (Rates { down: 0, up: 0 }, UpdateProof::default(), StorageProof::default());
	let spec = NodeSpec { agent: hash, endpoint: hash, addresses: Vec::new(), region };
	let proposal = Proposal { node, root: hash, length: Bytes(0), periods: 0, price: amount };
	let test = TestId { block: 0, index: 0 };
	let measurement = Measurement { test, counts: Vec::new(), digest: hash, receipts: Vec::new(), signature };
	vec![
		Call::register(&spec, offer, amount, signature),
		Call::set_contact(node, &spec),
		Call::set_offer(node, offer),
		Call::add_class(node, class, offer, amount),
		Call::add_bond(node, class, amount),
		Call::release_bond(node, class, amount),
		Call::leave(node),
		Call::unbond(node),
		Call::withdraw(node),
		Call::propose(&proposal),
		Call::withdraw_proposal(deal),
		Call::accept(node, &[], 0, &update, signature),
		Call::clear(node, &[], 0, &update, signature),
		Call::settle(deal),
		Call::end_early(deal),
		Call::forfeit(deal),
		Call::close(deal),
		Call::prove(node, Period(0), &storage),
		Call::report_missed(node),
		Call::batch(Vec::new()),
		Call::take_seats(node, rates, 0, amount),
		Call::set_claim(node, rates),
		Call::give_up_seats(node),
		Call::prepay(node, amount),
		Call::withdraw_prepaid(node, amount),
		Call::submit_measurement(&measurement),
		Call::collect_earned(node),
		Call::remove_line(node),
		Call::open_channel(&AccountId::from(hash), hash, amount),
		Call::top_up(channel, amount),
		Call::redeem(channel, amount, signature),
		Call::start_closing(channel),
		Call::finish_closing(channel),
		Call::close_channel(channel),
		Call::claim(&[]),
		Call::open_dispute(deal, hash, amount),
		Call::answer_dispute(deal, hash, signature),
		Call::concede(deal),
	]
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{calls::PROOFS, free::Submission, testing::connect};
	use serde_json::json;
	use substation_fake_node::FakeNode;

	async fn connected() -> (FakeNode, Chain, BlockHash) {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let block = chain.best().await.unwrap();
		(fake, chain, block)
	}

	fn prove() -> Call {
		Call::prove(NodeId(1), Period(4), &StorageProof::default())
	}

	fn settle() -> Call {
		Call::settle(DealId(1))
	}

	#[tokio::test]
	async fn this_program_fits_the_runtime_of_this_repository() {
		let (_, chain, block) = connected().await;

		let compatibility = chain.compatibility(block).await.unwrap();

		assert_eq!(compatibility.incompatible, []);
		assert_eq!(compatibility.api, API_VERSION);
		assert!(!compatibility.is_ahead() && !compatibility.is_behind());
	}

	// 8
	#[tokio::test]
	async fn a_runtime_with_more_methods_is_ahead_and_stops_nothing() {
		let (fake, chain, block) = connected().await;
		assert!(!chain.compatibility(block).await.unwrap().is_ahead());

		fake.upgrade(json!([[API_ID, API_VERSION + 7]]));

		let compatibility = chain.compatibility(block).await.unwrap();
		assert!(compatibility.is_ahead() && !compatibility.is_behind() && compatibility.incompatible.is_empty());
		assert!(chain.ensure_api(block).await.is_ok());
		assert!(compatibility.ensure(PROOFS, "prove").is_ok());
	}

	// 8
	#[tokio::test]
	async fn a_runtime_that_lacks_what_this_program_calls_is_behind_and_waited_for() {
		let (fake, chain, block) = connected().await;

		fake.upgrade(json!([["0x0102030405060708", 9]]));

		assert!(chain.compatibility(block).await.unwrap().is_behind());
		let error = chain.ensure_api(block).await.unwrap_err();
		assert!(!error.is_final() && error.to_string().contains("the node is too old"), "{error}");
		// What it does not answer is told by that.
		let unanswered = chain.settings(block).await.unwrap_err();
		assert_eq!(unanswered.to_string(), error.to_string());
		assert!(connect(&fake).await.is_ok());
		fake.upgrade(json!([[API_ID, API_VERSION]]));
		assert!(chain.ensure_api(block).await.is_ok() && !chain.compatibility(block).await.unwrap().is_behind());

		fake.upgrade(json!("nonsense"));
		assert!(!chain.ensure_api(block).await.unwrap_err().is_final());
	}

	// R2
	#[tokio::test]
	async fn a_call_of_another_shape_is_not_sent_and_no_other_is_stopped() {
		let (fake, chain, block) = connected().await;
		fake.change_call(PROOFS, "prove", |fields| {
			// As many arguments of the same names: `period` is of the type of `node`.
			let node = fields[0].ty;
			fields[1].ty = node;
		});

		let error = chain.submit_free(&prove()).await.unwrap_err();

		assert!(error.is_incompatible() && !error.is_final() && !error.is_connection_lost());
		assert!(
			error.to_string().contains("StorageProofs.prove") && error.to_string().contains("`period` is u64"),
			"{error}"
		);
		assert_eq!(fake.submitted(), 0);
		assert_eq!(chain.submit_free(&settle()).await.unwrap(), Submission::Sent);
		assert!(chain.call_bytes(&prove()).await.is_err() && chain.call_bytes(&settle()).await.is_ok());
		let compatibility = chain.compatibility(block).await.unwrap();
		assert!(compatibility.is_ahead());
		assert!(compatibility.ensure(PROOFS, "prove").is_err() && compatibility.can_accept());
	}

	// R2
	#[tokio::test]
	async fn arguments_that_are_renamed_added_or_swapped_are_noticed() {
		let changes: [(&str, fn(&mut Vec<Argument>)); 3] = [
			("`bond` is called `fee` there", |fields| fields[3].name = Some("fee".into())),
			("it takes 6 arguments there and 5 here", |fields| fields.push(fields[3].clone())),
			("`class` is called `offer` there", |fields| fields.swap(1, 2)),
		];
		for (words, change) in changes {
			let (fake, chain, block) = connected().await;
			fake.change_call(calls::REGISTRY, "register", change);

			let compatibility = chain.compatibility(block).await.unwrap();

			let one = Incompatibility { call: Some("Registry.register".into()), why: words.into() };
			assert_eq!(compatibility.incompatible, [one]);
		}
	}

	type Argument = scale_info::Field<scale_info::form::PortableForm>;

	// R2
	#[tokio::test]
	async fn metadata_in_a_format_that_nobody_knew_is_not_asked_for() {
		let (fake, chain, block) = connected().await;
		fake.upgrade(json!([[API_ID, API_VERSION]]));
		fake.serve_metadata_in(&[14, 15, 17, u32::MAX]);

		assert!(chain.compatibility(block).await.is_ok());
		assert_eq!(chain.submit_free(&prove()).await.unwrap(), Submission::Sent);

		fake.upgrade(json!([[API_ID, API_VERSION]]));
		fake.serve_metadata_in(&[17]);
		assert!(chain.submit_free(&prove()).await.unwrap_err().is_incompatible());
	}

	#[test]
	fn extensions_that_nobody_knows_stop_every_transaction() {
		let one = Incompatibility { call: None, why: "its transaction extensions are X".into() };
		let compatibility = Compatibility { runtime: 2, api: API_VERSION, incompatible: vec![one] };

		assert!(compatibility.is_ahead());
		assert!(matches!(compatibility.ensure(PROOFS, "prove"), Err(ChainError::Incompatible(_))));
	}

	#[test]
	fn the_runtime_of_this_repository_has_the_api_that_this_program_needs() {
		let id: [u8; 8] = hex::decode(&API_ID[2..]).unwrap().try_into().unwrap();

		let served = substation_runtime::VERSION.apis.iter().find(|(api, _)| *api == id);

		assert!(served.is_some_and(|(_, version)| *version >= API_VERSION), "{served:?}");
	}
}
