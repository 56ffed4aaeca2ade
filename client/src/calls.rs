//! The calls that this program makes, encoded against the names in the runtime's metadata.

use crate::Measurement;
use crate::{
	account::AccountId,
	error::ChainError,
	shape::{self, Difference},
};
use codec::{Compact, Encode};
use scale_info::{form::PortableForm, Field, MetaType, TypeInfo};
use substation_primitives::{
	bandwidth::Rates,
	channel::VoucherKey,
	deal::{Acceptance, Clearance, Proposal},
	AgentKey, Balance, ChannelId, DealId, EndpointId, NodeId, Offer, Period, Region, ResourceClass,
};
use substation_proofs::{forest::UpdateProof, storage::StorageProof, Hash};
use subxt::metadata::Metadata;

/// Name of the registry in the runtime.
pub const REGISTRY: &str = "Registry";
/// Name of the storage market in the runtime.
pub const MARKET: &str = "StorageMarket";
/// Name of the storage proofs in the runtime.
pub const PROOFS: &str = "StorageProofs";

/// Name of the committee tests of lines in the runtime.
pub const LINES: &str = "BandwidthProofs";

/// Name of the pallet that makes several calls at once.
pub const UTILITY: &str = "Utility";

/// Name of the payment channels in the runtime.
pub const CHANNELS: &str = "PaymentChannels";

/// Name of the rewards in the runtime.
pub const REWARDS: &str = "Rewards";

/// Name of the disputes in the runtime.
pub const DISPUTES: &str = "Disputes";

/// A call with its arguments encoded; its indices are looked up, and its arguments compared with those that the runtime
/// takes, when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	pallet: &'static str,
	name: &'static str,
	arguments: Vec<Argument>,
	encoded: Vec<u8>,
	/// Calls that this one makes, as its only argument.
	inner: Vec<Call>,
}

/// What this program gives as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Argument {
	name: &'static str,
	/// The type of the value; `None` for a list of calls.
	of: Option<MetaType>,
}

impl Argument {
	/// Errors unless the runtime takes in this place what this program gives.
	fn ensure_taken(&self, field: &Field<PortableForm>, metadata: &Metadata) -> Result<(), Difference> {
		let (types, theirs) = (metadata.types(), field.ty.id);
		shape::ensure_same_name(self.name, Some(self.name), field.name.as_deref())?;
		match &self.of {
			Some(of) => shape::ensure_taken(self.name, of, types, theirs),
			None => shape::ensure_calls(self.name, types, theirs, metadata.outer_enums().call_enum_ty()),
		}
	}
}

/// What a node says about itself, in the registry's order of fields.
#[derive(Clone, Debug, PartialEq, Eq, Encode, TypeInfo)]
pub struct NodeSpec {
	/// The key that signs free calls.
	pub agent: AgentKey,
	/// Its iroh endpoint id.
	pub endpoint: EndpointId,
	/// Its socket addresses, as text.
	pub addresses: Vec<Vec<u8>>,
	/// Its country.
	pub region: Region,
}

/// A call as `Pallet.call`.
pub fn title(pallet: &str, name: &str) -> String {
	format!("{pallet}.{name}")
}

impl Call {
	fn new(pallet: &'static str, name: &'static str) -> Self {
		Self { pallet, name, arguments: Vec::new(), encoded: Vec::new(), inner: Vec::new() }
	}

	/// Adds an argument, which the runtime must take under this name and as this type.
	fn with<T: Encode + TypeInfo + ?Sized + 'static>(mut self, name: &'static str, value: &T) -> Self {
		self.arguments.push(Argument { name, of: Some(MetaType::new::<T>()) });
		value.encode_to(&mut self.encoded);
		self
	}

	/// The call as `Pallet.call`.
	pub fn title(&self) -> String {
		title(self.pallet, self.name)
	}

	/// The bytes that go into a transaction. Errors when the runtime has no such call or another shape of it.
	pub fn encode(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
		let changed = |how| ChainError::CallChanged { call: self.title(), how };
		let (pallet, call) = self.indices(metadata).map_err(changed)?;
		let mut bytes = vec![pallet, call];
		bytes.extend_from_slice(&self.encoded);
		for call in &self.inner {
			bytes.extend(call.encode(metadata)?);
		}
		Ok(bytes)
	}

	/// How what this program gives differs from what the runtime takes; `None` if it does not.
	pub fn difference(&self, metadata: &Metadata) -> Option<String> {
		self.indices(metadata).err()
	}

	/// The indices of pallet and call, or why the call cannot be made.
	fn indices(&self, metadata: &Metadata) -> Result<(u8, u8), String> {
		let pallet = metadata.pallet_by_name(self.pallet).ok_or("the runtime has no such pallet")?;
		let call = pallet.call_variant_by_name(self.name).ok_or("the runtime has no such call")?;
		if call.fields.len() != self.arguments.len() {
			return Err(format!("it takes {} arguments there and {} here", call.fields.len(), self.arguments.len()));
		}
		for (argument, field) in self.arguments.iter().zip(&call.fields) {
			argument.ensure_taken(field, metadata).map_err(|difference| difference.to_string())?;
		}
		Ok((pallet.call_index(), call.index))
	}

	/// Registers a node with its first offer, and the agent's word that it serves the operator.
	pub fn register(spec: &NodeSpec, offer: Offer, bond: Balance, proof: [u8; 64]) -> Self {
		Self::new(REGISTRY, "register")
			.with("spec", spec)
			.with("class", &ResourceClass::Storage)
			.with("offer", &offer)
			.with("bond", &bond)
			.with("proof", &proof)
	}

	/// Changes where a node is dialled.
	pub fn set_contact(node: NodeId, spec: &NodeSpec) -> Self {
		Self::new(REGISTRY, "set_contact")
			.with("node", &node)
			.with("endpoint", &spec.endpoint)
			.with("addresses", &spec.addresses)
			.with("region", &spec.region)
	}

	/// Changes what a node asks.
	pub fn set_offer(node: NodeId, offer: Offer) -> Self {
		Self::new(REGISTRY, "set_offer")
			.with("node", &node)
			.with("class", &ResourceClass::Storage)
			.with("offer", &offer)
	}

	/// Raises a node's bond in one class.
	pub fn add_bond(node: NodeId, class: ResourceClass, amount: Balance) -> Self {
		Self::new(REGISTRY, "add_bond").with("node", &node).with("class", &class).with("amount", &amount)
	}

	/// Takes back what of the bond is not needed.
	pub fn release_bond(node: NodeId, class: ResourceClass, amount: Balance) -> Self {
		Self::new(REGISTRY, "release_bond").with("node", &node).with("class", &class).with("amount", &amount)
	}

	/// Takes no new deals from now on.
	pub fn leave(node: NodeId) -> Self {
		Self::new(REGISTRY, "leave").with("node", &node)
	}

	/// Starts the unbonding of a node that owes nothing.
	pub fn unbond(node: NodeId) -> Self {
		Self::new(REGISTRY, "unbond").with("node", &node)
	}

	/// Returns bonds and deposit of an unbonded node.
	pub fn withdraw(node: NodeId) -> Self {
		Self::new(REGISTRY, "withdraw").with("node", &node)
	}

	/// Asks a node to store content.
	pub fn propose(proposal: &Proposal) -> Self {
		Self::new(MARKET, "propose").with("proposal", proposal)
	}

	/// Refunds an expired proposal.
	pub fn withdraw_proposal(deal: DealId) -> Self {
		Self::new(MARKET, "withdraw_proposal").with("deal", &deal)
	}

	/// Accepts proposals: free, signed by the agent.
	pub fn accept(
		node: NodeId,
		acceptances: &[Acceptance],
		depth: u8,
		proof: &UpdateProof,
		signature: [u8; 64],
	) -> Self {
		Self::new(MARKET, "accept")
			.with("node", &node)
			.with("acceptances", acceptances)
			.with("depth", &depth)
			.with("proof", proof)
			.with("signature", &signature)
	}

	/// Empties slots of deals whose record is gone: free, signed by the agent.
	pub fn clear(node: NodeId, clearances: &[Clearance], depth: u8, proof: &UpdateProof, signature: [u8; 64]) -> Self {
		Self::new(MARKET, "clear")
			.with("node", &node)
			.with("clearances", clearances)
			.with("depth", &depth)
			.with("proof", proof)
			.with("signature", &signature)
	}

	/// Pays what was proven.
	pub fn settle(deal: DealId) -> Self {
		Self::new(MARKET, "settle").with("deal", &deal)
	}

	/// Ends a deal after its current period.
	pub fn end_early(deal: DealId) -> Self {
		Self::new(MARKET, "end_early").with("deal", &deal)
	}

	/// Gives up a deal whose bytes are lost.
	pub fn forfeit(deal: DealId) -> Self {
		Self::new(MARKET, "forfeit").with("deal", &deal)
	}

	/// Settles a finished deal for the last time and removes it.
	pub fn close(deal: DealId) -> Self {
		Self::new(MARKET, "close").with("deal", &deal)
	}

	/// Answers a window: free, the proof is the authority.
	pub fn prove(node: NodeId, period: Period, proof: &StorageProof) -> Self {
		Self::new(PROOFS, "prove").with("node", &node).with("period", &period).with("proof", proof)
	}

	/// Applies a node's final misses and earns the bounty.
	pub fn report_missed(node: NodeId) -> Self {
		Self::new(PROOFS, "report_missed").with("node", &node)
	}
}

/// Lines.
impl Call {
	/// Several calls, all or none.
	pub fn batch(calls: Vec<Call>) -> Self {
		let arguments = vec![Argument { name: "calls", of: None }];
		let length = Compact(u32::try_from(calls.len()).unwrap_or(u32::MAX));
		Self { arguments, encoded: length.encode(), inner: calls, ..Self::new(UTILITY, "batch_all") }
	}

	/// Offers another class with a registered node.
	pub fn add_class(node: NodeId, class: ResourceClass, offer: Offer, bond: Balance) -> Self {
		Self::new(REGISTRY, "add_class")
			.with("node", &node)
			.with("class", &class)
			.with("offer", &offer)
			.with("bond", &bond)
	}

	/// Takes seats in the table of committees, and has the line measured.
	pub fn take_seats(node: NodeId, claim: Rates, seats: u8, prepaid: Balance) -> Self {
		Self::new(LINES, "take_seats")
			.with("node", &node)
			.with("claim", &claim)
			.with("seats", &seats)
			.with("prepaid", &prepaid)
	}

	/// Claims other rates.
	pub fn set_claim(node: NodeId, claim: Rates) -> Self {
		Self::new(LINES, "set_claim").with("node", &node).with("claim", &claim)
	}

	/// Gives all seats of a node up.
	pub fn give_up_seats(node: NodeId) -> Self {
		Self::new(LINES, "give_up_seats").with("node", &node)
	}

	/// Pays in for tests of a node.
	pub fn prepay(node: NodeId, amount: Balance) -> Self {
		Self::new(LINES, "prepay").with("node", &node).with("amount", &amount)
	}

	/// Takes back what was paid in for tests.
	pub fn withdraw_prepaid(node: NodeId, amount: Balance) -> Self {
		Self::new(LINES, "withdraw_prepaid").with("node", &node).with("amount", &amount)
	}

	/// Submits what a test came to: free, signed by the agent and the members.
	pub fn submit_measurement(measurement: &Measurement) -> Self {
		let Measurement { test, counts, digest, receipts, signature } = measurement;
		Self::new(LINES, "submit_measurement")
			.with("test", test)
			.with("counts", counts)
			.with("digest", digest)
			.with("receipts", receipts)
			.with("signature", signature)
	}

	/// Pays out what a node has earned as a member.
	pub fn collect_earned(node: NodeId) -> Self {
		Self::new(LINES, "collect_earned").with("node", &node)
	}

	/// Forgets a line whose seats no longer count.
	pub fn remove_line(node: NodeId) -> Self {
		Self::new(LINES, "remove_line").with("node", &node)
	}
}

/// Payment channels.
impl Call {
	/// Opens a channel with a deposit, to pay `payee` by vouchers that `key` signs.
	pub fn open_channel(payee: &AccountId, key: VoucherKey, deposit: Balance) -> Self {
		Self::new(CHANNELS, "open").with("payee", payee).with("key", &key).with("deposit", &deposit)
	}

	/// Raises a channel's deposit.
	pub fn top_up(channel: ChannelId, amount: Balance) -> Self {
		Self::new(CHANNELS, "top_up").with("channel", &channel).with("amount", &amount)
	}

	/// Turns a voucher into money: free, the voucher is the authority.
	pub fn redeem(channel: ChannelId, cumulative: Balance, signature: [u8; 64]) -> Self {
		Self::new(CHANNELS, "redeem")
			.with("channel", &channel)
			.with("cumulative", &cumulative)
			.with("signature", &signature)
	}

	/// Announces that the payer takes the rest of a channel back.
	pub fn start_closing(channel: ChannelId) -> Self {
		Self::new(CHANNELS, "start_closing").with("channel", &channel)
	}

	/// Returns the rest of a channel whose grace is over.
	pub fn finish_closing(channel: ChannelId) -> Self {
		Self::new(CHANNELS, "finish_closing").with("channel", &channel)
	}

	/// Closes a channel at once, from the payee's side.
	pub fn close_channel(channel: ChannelId) -> Self {
		Self::new(CHANNELS, "close").with("channel", &channel)
	}
}

/// Rewards.
impl Call {
	/// Pays out what nodes, and the caller by deliveries, have earned in eras that are over.
	pub fn claim(nodes: &[NodeId]) -> Self {
		Self::new(REWARDS, "claim").with("nodes", nodes)
	}
}

/// Disputes.
impl Call {
	/// Disputes a deal, with a bond.
	pub fn open_dispute(deal: DealId, evidence: Hash, bond: Balance) -> Self {
		Self::new(DISPUTES, "open").with("deal", &deal).with("evidence", &evidence).with("bond", &bond)
	}

	/// Answers a dispute: free, signed by the agent.
	pub fn answer_dispute(deal: DealId, evidence: Hash, signature: [u8; 64]) -> Self {
		Self::new(DISPUTES, "answer_by_agent")
			.with("deal", &deal)
			.with("evidence", &evidence)
			.with("signature", &signature)
	}

	/// Concedes a dispute about a deal of the operator's node, and with it the deal.
	pub fn concede(deal: DealId) -> Self {
		Self::new(DISPUTES, "concede").with("deal", &deal)
	}
}
