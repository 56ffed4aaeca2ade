//! The calls that this program makes, encoded against the names in the runtime's metadata.

use crate::{
	bandwidth::tested::Measurement,
	chain::{account::AccountId, error::ChainError},
};
use codec::{Compact, Encode};
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

/// A call with its arguments encoded; its indices are looked up when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	pallet: &'static str,
	name: &'static str,
	arguments: usize,
	encoded: Vec<u8>,
	/// Calls that this one makes, as its only argument.
	inner: Vec<Call>,
}

/// What a node says about itself, in the registry's order of fields.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
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

impl Call {
	fn new(pallet: &'static str, name: &'static str, arguments: usize, encoded: Vec<u8>) -> Self {
		Self { pallet, name, arguments, encoded, inner: Vec::new() }
	}

	/// The call as `Pallet.call`.
	pub fn title(&self) -> String {
		format!("{}.{}", self.pallet, self.name)
	}

	/// The bytes that go into a transaction. Errors when the runtime has no such call or another shape of it.
	pub fn encode(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
		let missing = || ChainError::Incompatible(format!("it has no call {}", self.title()));
		let pallet = metadata.pallet_by_name(self.pallet).ok_or_else(missing)?;
		let call = pallet.call_variant_by_name(self.name).ok_or_else(missing)?;
		if call.fields.len() != self.arguments {
			let title = self.title();
			return Err(ChainError::Incompatible(format!("its call {title} takes {} arguments", call.fields.len())));
		}
		let mut bytes = vec![pallet.call_index(), call.index];
		bytes.extend_from_slice(&self.encoded);
		for call in &self.inner {
			bytes.extend(call.encode(metadata)?);
		}
		Ok(bytes)
	}

	/// Registers a node with its first offer, and the agent's word that it serves the operator.
	pub fn register(spec: &NodeSpec, offer: Offer, bond: Balance, proof: [u8; 64]) -> Self {
		Self::new(REGISTRY, "register", 5, (spec, ResourceClass::Storage, offer, bond, proof).encode())
	}

	/// Changes where a node is dialled.
	pub fn set_contact(node: NodeId, spec: &NodeSpec) -> Self {
		Self::new(REGISTRY, "set_contact", 4, (node, spec.endpoint, &spec.addresses, spec.region).encode())
	}

	/// Changes what a node asks.
	pub fn set_offer(node: NodeId, offer: Offer) -> Self {
		Self::new(REGISTRY, "set_offer", 3, (node, ResourceClass::Storage, offer).encode())
	}

	/// Raises a node's bond in one class.
	pub fn add_bond(node: NodeId, class: ResourceClass, amount: Balance) -> Self {
		Self::new(REGISTRY, "add_bond", 3, (node, class, amount).encode())
	}

	/// Takes back what of the bond is not needed.
	pub fn release_bond(node: NodeId, class: ResourceClass, amount: Balance) -> Self {
		Self::new(REGISTRY, "release_bond", 3, (node, class, amount).encode())
	}

	/// Takes no new deals from now on.
	pub fn leave(node: NodeId) -> Self {
		Self::new(REGISTRY, "leave", 1, node.encode())
	}

	/// Starts the unbonding of a node that owes nothing.
	pub fn unbond(node: NodeId) -> Self {
		Self::new(REGISTRY, "unbond", 1, node.encode())
	}

	/// Returns bonds and deposit of an unbonded node.
	pub fn withdraw(node: NodeId) -> Self {
		Self::new(REGISTRY, "withdraw", 1, node.encode())
	}

	/// Asks a node to store content.
	pub fn propose(proposal: &Proposal) -> Self {
		Self::new(MARKET, "propose", 1, proposal.encode())
	}

	/// Refunds an expired proposal.
	pub fn withdraw_proposal(deal: DealId) -> Self {
		Self::new(MARKET, "withdraw_proposal", 1, deal.encode())
	}

	/// Accepts proposals: free, signed by the agent.
	pub fn accept(
		node: NodeId,
		acceptances: &[Acceptance],
		depth: u8,
		proof: &UpdateProof,
		signature: [u8; 64],
	) -> Self {
		Self::new(MARKET, "accept", 5, (node, acceptances, depth, proof, signature).encode())
	}

	/// Empties slots of deals whose record is gone: free, signed by the agent.
	pub fn clear(node: NodeId, clearances: &[Clearance], depth: u8, proof: &UpdateProof, signature: [u8; 64]) -> Self {
		Self::new(MARKET, "clear", 5, (node, clearances, depth, proof, signature).encode())
	}

	/// Pays what was proven.
	pub fn settle(deal: DealId) -> Self {
		Self::new(MARKET, "settle", 1, deal.encode())
	}

	/// Ends a deal after its current period.
	pub fn end_early(deal: DealId) -> Self {
		Self::new(MARKET, "end_early", 1, deal.encode())
	}

	/// Gives up a deal whose bytes are lost.
	pub fn forfeit(deal: DealId) -> Self {
		Self::new(MARKET, "forfeit", 1, deal.encode())
	}

	/// Settles a finished deal for the last time and removes it.
	pub fn close(deal: DealId) -> Self {
		Self::new(MARKET, "close", 1, deal.encode())
	}

	/// Answers a window: free, the proof is the authority.
	pub fn prove(node: NodeId, period: Period, proof: &StorageProof) -> Self {
		Self::new(PROOFS, "prove", 3, (node, period, proof).encode())
	}

	/// Applies a node's final misses and earns the bounty.
	pub fn report_missed(node: NodeId) -> Self {
		Self::new(PROOFS, "report_missed", 1, node.encode())
	}
}

/// Lines.
impl Call {
	/// Several calls, all or none.
	pub fn batch(calls: Vec<Call>) -> Self {
		let length = Compact(u32::try_from(calls.len()).unwrap_or(u32::MAX));
		Self { inner: calls, ..Self::new(UTILITY, "batch_all", 1, length.encode()) }
	}

	/// Offers another class with a registered node.
	pub fn add_class(node: NodeId, class: ResourceClass, offer: Offer, bond: Balance) -> Self {
		Self::new(REGISTRY, "add_class", 4, (node, class, offer, bond).encode())
	}

	/// Takes seats in the table of committees, and has the line measured.
	pub fn take_seats(node: NodeId, claim: Rates, seats: u8, prepaid: Balance) -> Self {
		Self::new(LINES, "take_seats", 4, (node, claim, seats, prepaid).encode())
	}

	/// Claims other rates.
	pub fn set_claim(node: NodeId, claim: Rates) -> Self {
		Self::new(LINES, "set_claim", 2, (node, claim).encode())
	}

	/// Gives all seats of a node up.
	pub fn give_up_seats(node: NodeId) -> Self {
		Self::new(LINES, "give_up_seats", 1, node.encode())
	}

	/// Pays in for tests of a node.
	pub fn prepay(node: NodeId, amount: Balance) -> Self {
		Self::new(LINES, "prepay", 2, (node, amount).encode())
	}

	/// Takes back what was paid in for tests.
	pub fn withdraw_prepaid(node: NodeId, amount: Balance) -> Self {
		Self::new(LINES, "withdraw_prepaid", 2, (node, amount).encode())
	}

	/// Submits what a test came to: free, signed by the agent and the members.
	pub fn submit_measurement(measurement: &Measurement) -> Self {
		let Measurement { test, counts, digest, receipts, signature } = measurement;
		Self::new(LINES, "submit_measurement", 5, (test, counts, digest, receipts, signature).encode())
	}

	/// Pays out what a node has earned as a member.
	pub fn collect_earned(node: NodeId) -> Self {
		Self::new(LINES, "collect_earned", 1, node.encode())
	}

	/// Forgets a line whose seats no longer count.
	pub fn remove_line(node: NodeId) -> Self {
		Self::new(LINES, "remove_line", 1, node.encode())
	}
}

/// Payment channels.
impl Call {
	/// Opens a channel with a deposit, to pay `payee` by vouchers that `key` signs.
	pub fn open_channel(payee: &AccountId, key: VoucherKey, deposit: Balance) -> Self {
		Self::new(CHANNELS, "open", 3, (payee, key, deposit).encode())
	}

	/// Raises a channel's deposit.
	pub fn top_up(channel: ChannelId, amount: Balance) -> Self {
		Self::new(CHANNELS, "top_up", 2, (channel, amount).encode())
	}

	/// Turns a voucher into money: free, the voucher is the authority.
	pub fn redeem(channel: ChannelId, cumulative: Balance, signature: [u8; 64]) -> Self {
		Self::new(CHANNELS, "redeem", 3, (channel, cumulative, signature).encode())
	}

	/// Announces that the payer takes the rest of a channel back.
	pub fn start_closing(channel: ChannelId) -> Self {
		Self::new(CHANNELS, "start_closing", 1, channel.encode())
	}

	/// Returns the rest of a channel whose grace is over.
	pub fn finish_closing(channel: ChannelId) -> Self {
		Self::new(CHANNELS, "finish_closing", 1, channel.encode())
	}

	/// Closes a channel at once, from the payee's side.
	pub fn close_channel(channel: ChannelId) -> Self {
		Self::new(CHANNELS, "close", 1, channel.encode())
	}
}

/// Rewards.
impl Call {
	/// Pays out what nodes, and the caller by deliveries, have earned in eras that are over.
	pub fn claim(nodes: &[NodeId]) -> Self {
		Self::new(REWARDS, "claim", 1, nodes.encode())
	}
}

/// Disputes.
impl Call {
	/// Disputes a deal, with a bond.
	pub fn open_dispute(deal: DealId, evidence: Hash, bond: Balance) -> Self {
		Self::new(DISPUTES, "open", 3, (deal, evidence, bond).encode())
	}

	/// Answers a dispute: free, signed by the agent.
	pub fn answer_dispute(deal: DealId, evidence: Hash, signature: [u8; 64]) -> Self {
		Self::new(DISPUTES, "answer_by_agent", 3, (deal, evidence, signature).encode())
	}

	/// Concedes a dispute about a deal of the operator's node, and with it the deal.
	pub fn concede(deal: DealId) -> Self {
		Self::new(DISPUTES, "concede", 1, deal.encode())
	}
}
