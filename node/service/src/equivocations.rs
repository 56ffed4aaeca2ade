//! Reports validators that author two blocks in one slot.
//!
//! BABE's block import looks for them as well, but it compares headers without their seals (sc-consensus-babe 0.60,
//! `check_inherents_and_equivocations`), and no runtime believes a proof that nobody signed: its reports are thrown
//! away. This looks at headers as they were imported, seals included.

use crate::{service::FullClient, Block, Header};
use futures::StreamExt;
use sc_client_api::{BlockImportNotification, BlockchainEvents};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_consensus_babe::{AuthorityId, BabeApi, EquivocationProof, Slot};
use std::{
	collections::{btree_map::Entry, BTreeMap},
	error::Error,
	sync::Arc,
};

/// Slots that are remembered. Whoever signs a second time later than that goes unreported; the chain would still take
/// a report made from the two headers.
const REMEMBERED: u64 = 1_000;

/// Who authored what in recent slots.
#[derive(Debug, Default)]
pub struct Authored {
	newest: u64,
	/// The first header of a slot and author, or nothing once a second one was found.
	first: BTreeMap<(Slot, AuthorityId), Option<Header>>,
}

impl Authored {
	/// Remembers a sealed header, and returns the proof if its author had signed another one in that slot. Says so once
	/// per slot and author.
	pub fn note(&mut self, slot: Slot, author: AuthorityId, header: Header) -> Option<EquivocationProof<Header>> {
		self.newest = self.newest.max(*slot);
		let oldest = Slot::from(self.newest.saturating_sub(REMEMBERED));
		while self.first.first_key_value().is_some_and(|((slot, _), _)| *slot < oldest) {
			self.first.pop_first();
		}
		if slot < oldest {
			return None;
		}
		match self.first.entry((slot, author.clone())) {
			Entry::Vacant(unseen) => {
				unseen.insert(Some(header));
				None
			}
			Entry::Occupied(seen) if seen.get().as_ref().is_none_or(|first| first.hash() == header.hash()) => None,
			Entry::Occupied(mut seen) => seen.insert(None).map(|first_header| EquivocationProof {
				offender: author,
				slot,
				first_header,
				second_header: header,
			}),
		}
	}
}

/// Watches imported blocks of every fork until the node stops, and reports to the chain what it finds.
pub async fn report(client: Arc<FullClient>, pool: OffchainTransactionPoolFactory<Block>) {
	let mut imported = client.every_import_notification_stream();
	let mut authored = Authored::default();
	while let Some(block) = imported.next().await {
		if let Err(error) = examine(&client, &pool, &mut authored, block) {
			log::warn!("a block's author could not be checked for a second block in its slot: {error}");
		}
	}
}

fn examine(
	client: &FullClient,
	pool: &OffchainTransactionPoolFactory<Block>,
	authored: &mut Authored,
	block: BlockImportNotification<Block>,
) -> Result<(), Box<dyn Error>> {
	let digest = sc_consensus_babe::find_pre_digest::<Block>(&block.header)?;
	// The block's own state knows its epoch's authorities, also in the first block of an epoch.
	let authorities = client.runtime_api().current_epoch(block.hash)?.authorities;
	let (author, _) =
		authorities.into_iter().nth(digest.authority_index() as usize).ok_or("its author is no authority")?;
	let Some(proof) = authored.note(digest.slot(), author, block.header.clone()) else { return Ok(()) };

	let (slot, offender) = (proof.slot, proof.offender.clone());
	let ownership = client
		.runtime_api()
		.generate_key_ownership_proof(block.hash, slot, offender.clone())?
		.ok_or_else(|| format!("{offender} made two blocks in slot {slot}, but nobody on chain owns that key"))?;
	let best = client.chain_info().best_hash;
	let mut runtime = client.runtime_api();
	runtime.register_extension(pool.offchain_transaction_pool(best));
	match runtime.submit_report_equivocation_unsigned_extrinsic(best, proof, ownership)? {
		Some(()) => log::info!("⚖ {offender} made two blocks in slot {slot}: reported to the chain"),
		None => log::warn!("{offender} made two blocks in slot {slot}; the pool did not take the report"),
	}
	Ok(())
}
