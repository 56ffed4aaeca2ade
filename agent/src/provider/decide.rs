//! Decisions, without any effect: which proposals to take, when to prove, what the forest should hold.

use codec::{Decode, Encode};
use std::collections::BTreeSet;
use substation_client::{
	amounts::display_size,
	client::{DealView, NodeView},
};
use substation_primitives::{
	deal::DealState, pages::WindowPage, settings::Settings, Balance, NodeId, NodeStatus, Offer,
};
use substation_proofs::{Hash, Hasher, NativeHasher};

/// Blocks that must be left of a proposal's time when its bytes begin to be fetched.
const LEAST_TIME_LEFT: u32 = 2;
/// Most blocks of a proposal's time that are kept for its acceptance, once the bytes are here.
const MAX_TIME_TO_ACCEPT: u32 = 100;
/// Bytes that one customer may have waiting where so many are free, however few more are.
const MIN_CAP: u64 = 64 << 30;
/// One GiB: prices are per GiB.
const GIB: Balance = 1 << 30;

/// Why a proposal is not taken, or would not be. The customer is told: in words about an offer, encoded in the
/// [answer](super::inquiry::Answer) to an inquiry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Refusal {
	/// The deal belongs to another node.
	#[error("the deal was proposed to another node")]
	#[codec(index = 0)]
	OtherNode,
	/// The offered bytes are not those of the deal.
	#[error("root or length of the offered bytes differ from the deal's")]
	#[codec(index = 1)]
	OtherContent,
	/// The proposal can hardly be accepted in time.
	#[error("the proposal has expired or is about to")]
	#[codec(index = 2)]
	Expired,
	/// The node takes no new deals.
	#[error("the node takes no new deals now")]
	#[codec(index = 3)]
	NotTaking,
	/// More bytes than the node still offers.
	#[error("the node has only {left} bytes left to offer")]
	#[codec(index = 4)]
	NoCapacity {
		/// Bytes left.
		left: u64,
	},
	/// More bytes than fit on the disk.
	#[error("the node's disk is full")]
	#[codec(index = 5)]
	NoDisk,
	/// Less than the node asks.
	#[error("the deal pays {rate} units per period, the node asks {asked}")]
	#[codec(index = 6)]
	TooCheap {
		/// What it pays.
		rate: Balance,
		/// What the node asks.
		asked: Balance,
	},
	/// The bond does not cover one more deal.
	#[error("the node's bond does not cover this deal; its operator may raise it with `substation add-bond`")]
	#[codec(index = 7)]
	BondTooLow,
	/// The customer would have more waiting than the node takes from one.
	#[error(
		"the node takes {} from one customer before it has accepted them; {} wait there already, and this is {} more: wait \
		 until they are accepted, split the file, or choose another node",
		display_size(*.cap),
		display_size(*.waiting),
		display_size(*.asked)
	)]
	#[codec(index = 8)]
	OverCap {
		/// Bytes of the customer's other proposals that wait.
		waiting: u64,
		/// Bytes of the new proposal.
		asked: u64,
		/// Bytes that one customer may have waiting.
		cap: u64,
	},
	/// The agent takes no part in its chain now.
	#[error("the node's agent does not follow its chain now; try again later")]
	#[codec(index = 9)]
	NoChain,
	/// The customer would pay on another chain.
	#[error("the node belongs to another chain")]
	#[codec(index = 10)]
	OtherChain,
	/// No deal can have this length.
	#[error("a blob has at least one byte and at most 2^46")]
	#[codec(index = 11)]
	LengthOutOfRange,
	/// The agent cannot accept: the runtime takes other arguments than it gives.
	#[error("the node takes no deals until its agent is of the release that fits the chain's runtime")]
	#[codec(index = 12)]
	OtherRelease,
}

/// What else is promised but not yet in the chain's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promised {
	/// Bytes of proposals that are being fetched or wait for acceptance.
	pub bytes: u64,
	/// Their rates, together.
	pub rate: Balance,
}

/// The least rate of a deal of this length at this price, as the market computes it.
pub fn asked_rate(offer: &Offer, settings: &Settings, length: u64) -> Balance {
	let billed = Balance::from(length.max(settings.market.min_billed.0));
	let rate = offer.price.checked_mul(billed).map_or(Balance::MAX, |price| price.div_ceil(GIB));
	rate.max(settings.market.min_rate)
}

/// The bond that the node needs once it owes `rate` more per period.
pub fn bond_needed(node: &NodeView, settings: &Settings, rate: Balance) -> Balance {
	let market = &settings.market;
	let reserve = node.reserve.saturating_add(rate.saturating_mul(market.compensation_periods.into()));
	let room = node.committed_rate.saturating_add(rate).saturating_mul(market.fine_room_periods.into());
	reserve.saturating_add(room).max(settings.registry.min_bond)
}

/// The most bytes that one customer may have waiting for acceptance: what the operator has `configured`, or else half of
/// what the node still offers and has not promised to `others`, and at least [`MIN_CAP`] of it.
pub fn cap_per_customer(configured: Option<u64>, node: &NodeView, others: u64) -> u64 {
	let capacity = node.offer.map_or(0, |offer| offer.capacity);
	let left = capacity.saturating_sub(node.bytes).saturating_sub(others);
	configured.unwrap_or_else(|| (left / 2).max(left.min(MIN_CAP)))
}

/// Errors when a customer with `waiting` bytes of other proposals would exceed its cap.
pub fn within_cap(waiting: u64, asked: u64, cap: u64) -> Result<(), Refusal> {
	if waiting.saturating_add(asked) > cap {
		return Err(Refusal::OverCap { waiting, asked, cap });
	}
	Ok(())
}

/// Blocks from a proposal on in which its bytes have to arrive; what is left of its time is for the acceptance.
pub fn time_to_upload(acceptance_time: u32) -> u32 {
	let rest = (acceptance_time / 16).clamp(LEAST_TIME_LEFT, MAX_TIME_TO_ACCEPT);
	acceptance_time.saturating_sub(rest)
}

/// Whether the node should take a proposal, given what it has promised and the disk's free bytes.
pub fn judge(
	deal: &DealView,
	node: &NodeView,
	settings: &Settings,
	now: u32,
	promised: Promised,
	free_disk: u64,
) -> Result<(), Refusal> {
	let record = &deal.deal;
	if record.node != node.id {
		return Err(Refusal::OtherNode);
	}
	match record.state {
		DealState::Proposed { expires } if now.saturating_add(LEAST_TIME_LEFT) < expires => {}
		DealState::Proposed { .. } | DealState::Active(_) => return Err(Refusal::Expired),
	}
	let offer = match node.offer {
		Some(offer) if node.status == NodeStatus::Active && !node.suspended => offer,
		_ => return Err(Refusal::NotTaking),
	};
	let left = offer.capacity.saturating_sub(node.bytes).saturating_sub(promised.bytes);
	if record.length > left {
		return Err(Refusal::NoCapacity { left });
	}
	if record.length > free_disk {
		return Err(Refusal::NoDisk);
	}
	let asked = asked_rate(&offer, settings, record.length);
	if record.rate < asked {
		return Err(Refusal::TooCheap { rate: record.rate, asked });
	}
	if bond_needed(node, settings, record.rate.saturating_add(promised.rate)) > node.bond {
		return Err(Refusal::BondTooLow);
	}
	Ok(())
}

/// The block from which a node submits its proof: spread over half of the window, so that a million nodes do not answer
/// in one block. Not the first block that could, unless the window is very short: peers that are a block behind would
/// not know the seed yet.
pub fn prove_from(window: &WindowPage, seed: &Hash, node: NodeId) -> u32 {
	let length = window.closes.saturating_sub(window.opens);
	let half = length / 2;
	let first = if length > 4 { 2 } else { 1 };
	let hash = NativeHasher::blake2_256(&(seed, node.0).encode());
	let draw = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
	let delay = draw.checked_rem(half).unwrap_or(0);
	window.opens.saturating_add(first).saturating_add(delay)
}

/// Whether a transaction sent now can still enter the window.
pub fn is_open(window: &WindowPage) -> bool {
	window.seed.is_some() && window.now.saturating_add(1) < window.closes
}

/// The smallest depth whose forest holds `slot`, at least `depth`.
pub fn depth_for(depth: u8, slot: u32) -> u8 {
	let needed = u32::BITS.saturating_sub(slot.leading_zeros());
	depth.max(u8::try_from(needed).unwrap_or(u8::MAX))
}

/// Which of the slots of ended deals the chain may have emptied since the last look: nothing, what the clear on its way
/// names, a whole batch, or all.
pub fn cleared_candidates(ended: &[u32], noted: &[u32], most: usize) -> Vec<BTreeSet<u32>> {
	let noted: BTreeSet<u32> = noted.iter().filter(|slot| ended.contains(slot)).copied().collect();
	let batch: BTreeSet<u32> = ended.iter().take(most).copied().collect();
	let mut candidates = vec![BTreeSet::new()];
	for candidate in [noted, batch, ended.iter().copied().collect()] {
		if !candidates.contains(&candidate) {
			candidates.push(candidate);
		}
	}
	candidates
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing::{deal, node, window};
	use substation_primitives::{settings::STN, Bytes};

	fn verdict(change: impl FnOnce(&mut DealView, &mut NodeView)) -> Result<(), Refusal> {
		let (mut deal, mut node) = (deal(), node());
		change(&mut deal, &mut node);
		judge(&deal, &node, &Settings::default(), 100, Promised::default(), 1 << 40)
	}

	#[test]
	fn good_proposal_is_taken() {
		assert_eq!(verdict(|_, _| {}), Ok(()));
	}

	#[test]
	fn each_reason_to_refuse_is_named() {
		assert_eq!(verdict(|deal, _| deal.deal.node = NodeId(2)), Err(Refusal::OtherNode));
		assert_eq!(verdict(|deal, _| deal.deal.state = DealState::Proposed { expires: 102 }), Err(Refusal::Expired));
		assert_eq!(verdict(|_, node| node.suspended = true), Err(Refusal::NotTaking));
		assert_eq!(verdict(|_, node| node.status = NodeStatus::Leaving), Err(Refusal::NotTaking));
		assert_eq!(verdict(|_, node| node.offer = None), Err(Refusal::NotTaking));
		assert_eq!(verdict(|_, node| node.bytes = (9 << 20) + 1), Err(Refusal::NoCapacity { left: (1 << 20) - 1 }));
		assert!(matches!(verdict(|deal, _| deal.deal.rate = 1), Err(Refusal::TooCheap { rate: 1, .. })));
		assert_eq!(verdict(|deal, _| deal.deal.rate = 3 * STN), Err(Refusal::BondTooLow));
	}

	#[test]
	fn what_is_promised_already_counts() {
		let settings = Settings::default();
		let promised = Promised { bytes: 9 << 20, rate: 0 };
		assert_eq!(judge(&deal(), &node(), &settings, 100, promised, 1 << 40), Ok(()));

		let promised = Promised { bytes: (9 << 20) + 1, rate: 0 };
		assert!(matches!(judge(&deal(), &node(), &settings, 100, promised, 1 << 40), Err(Refusal::NoCapacity { .. })));

		let promised = Promised { bytes: 0, rate: 2 * STN };
		assert_eq!(judge(&deal(), &node(), &settings, 100, promised, 1 << 40), Err(Refusal::BondTooLow));
		assert_eq!(judge(&deal(), &node(), &settings, 100, Promised::default(), 1), Err(Refusal::NoDisk));
	}

	// 0.2
	#[test]
	fn a_hundred_gigabytes_are_taken_by_default() {
		const FILE: u64 = 100_000_000_000;
		let mut deal = deal();
		deal.deal.length = FILE;
		let node = NodeView { offer: Some(Offer { capacity: 256 << 30, price: 1 }), ..node() };

		let cap = cap_per_customer(None, &node, 0);

		assert_eq!(judge(&deal, &node, &Settings::default(), 100, Promised::default(), 1 << 40), Ok(()));
		assert_eq!(within_cap(0, FILE, cap), Ok(()));
	}

	// 0.2
	#[test]
	fn cap_of_one_customer_grows_with_what_is_free() {
		let cap = |capacity, others| {
			let node = NodeView { bytes: 1 << 30, offer: Some(Offer { capacity, price: 1 }), ..node() };
			cap_per_customer(None, &node, others)
		};

		assert_eq!(cap(1 << 30, 0), 0);
		assert_eq!(cap(11 << 30, 0), 10 << 30, "all of little");
		assert_eq!(cap(100 << 30, 0), 64 << 30);
		assert_eq!(cap(1_025 << 30, 0), 512 << 30, "half of much");
		assert_eq!(cap(1_025 << 30, 512 << 30), 256 << 30, "what others were promised is not free");
		assert_eq!(cap_per_customer(Some(5), &node(), 0), 5, "the operator decides");
		assert_eq!(cap_per_customer(None, &NodeView { offer: None, ..node() }, 0), 0);
	}

	#[test]
	fn who_has_as_much_waiting_as_the_cap_brings_no_more() {
		assert_eq!(within_cap(60, 40, 100), Ok(()));
		let refusal = within_cap(60, 41, 100).unwrap_err();
		assert_eq!(refusal, Refusal::OverCap { waiting: 60, asked: 41, cap: 100 });
		for part in ["takes 100 B from one customer", "60 B wait", "41 B more"] {
			assert!(refusal.to_string().contains(part), "{refusal}");
		}
		assert!(within_cap(u64::MAX, u64::MAX, 100).is_err());
	}

	#[test]
	fn acceptance_has_time_after_the_last_byte() {
		assert_eq!(time_to_upload(14_400), 14_300);
		assert_eq!(time_to_upload(80), 75);
		assert_eq!(time_to_upload(10), 8);
		assert_eq!(time_to_upload(1), 0);
	}

	#[test]
	fn encodings_of_refusals_do_not_change() {
		assert_eq!(Refusal::OtherNode.encode(), [0]);
		assert_eq!(Refusal::BondTooLow.encode(), [7]);
		assert_eq!(Refusal::NoCapacity { left: 3 }.encode(), [4, 3, 0, 0, 0, 0, 0, 0, 0]);
		assert_eq!(Refusal::OverCap { waiting: 1, asked: 2, cap: 3 }.encode().len(), 1 + 3 * 8);
		assert_eq!(Refusal::LengthOutOfRange.encode(), [11]);
		assert_eq!(Refusal::OtherRelease.encode(), [12]);
	}

	#[test]
	fn small_content_is_billed_as_the_least_length_and_rates_round_up() {
		let settings = Settings::default();
		let offer = Offer { capacity: 0, price: STN };

		assert_eq!(asked_rate(&offer, &settings, 1), STN / 1_000, "the least rate");
		assert_eq!(asked_rate(&offer, &settings, (1 << 30) + 1), STN + 932, "rounded up");
		let huge = Offer { capacity: 0, price: Balance::MAX };
		assert_eq!(asked_rate(&huge, &settings, 1 << 30), Balance::MAX, "overflow is never cheap");
		assert_eq!(settings.market.min_billed, Bytes(1 << 20));
	}

	#[test]
	fn proofs_are_spread_over_half_of_the_window() {
		let window = window();
		let mut seen = std::collections::BTreeSet::new();
		for id in 0..100 {
			let from = prove_from(&window, &[1; 32], NodeId(id));
			assert!((102..=105).contains(&from), "{from}");
			seen.insert(from);
		}
		assert_eq!(seen.len(), 4);
		assert_ne!(prove_from(&window, &[1; 32], NodeId(1)), 0);
	}

	#[test]
	fn every_proof_is_sent_while_its_window_is_open() {
		for length in 3..20 {
			let window = WindowPage { closes: 100 + length, ..window() };
			for id in 0..100 {
				let from = prove_from(&window, &[1; 32], NodeId(id));
				assert!(from >= if length > 4 { 102 } else { 101 }, "{length}: {from}");
				assert!(is_open(&WindowPage { now: from, ..window.clone() }), "{length}: {from}");
			}
		}
	}

	#[test]
	fn window_is_open_while_a_transaction_can_still_enter_it() {
		assert!(is_open(&window()));
		assert!(is_open(&WindowPage { now: 106, ..window() }));
		assert!(!is_open(&WindowPage { now: 107, ..window() }));
		assert!(!is_open(&WindowPage { seed: None, ..window() }));
	}

	#[test]
	fn depth_grows_only_when_a_slot_needs_it() {
		assert_eq!(depth_for(0, 0), 0);
		assert_eq!(depth_for(0, 1), 1);
		assert_eq!(depth_for(1, 2), 2);
		assert_eq!(depth_for(5, 2), 5);
		assert_eq!(depth_for(0, u32::MAX), 32);
	}

	#[test]
	fn unknown_outcome_of_a_clear_is_searched_likely_first() {
		let set = |slots: &[u32]| slots.iter().copied().collect::<BTreeSet<u32>>();

		assert_eq!(cleared_candidates(&[3, 5, 9], &[5, 9], 2), [set(&[]), set(&[5, 9]), set(&[3, 5]), set(&[3, 5, 9])]);
		assert_eq!(cleared_candidates(&[3], &[7], 64), [set(&[]), set(&[3])]);
		assert_eq!(cleared_candidates(&[], &[], 64), [set(&[])]);
	}
}
