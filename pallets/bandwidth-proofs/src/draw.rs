//! The draw: who is tested, and by whom.
//!
//! `seat = H(tag ‖ genesis ‖ block ‖ VRF of the parent's author ‖ test ‖ try) × length >> 64`, with the first 64 bits of
//! the hash. The first seat that is hit and whose node can be tested names that node, the next ones the members. A try
//! that hits nobody who fits is lost; after `4n` tries there is no test.

use crate::{
	types::{last_block, HostHasher, Line, Test, TestBlock},
	Bonded, Config, Event, Lines, Pallet, Seats, Table, Tests, WeightInfo,
};
use codec::Encode;
use frame_support::{
	traits::{ConstU32, Get},
	weights::Weight,
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;
use substation_primitives::{
	bandwidth::MAX_TESTS_PER_BLOCK, settings::BandwidthSettings, traits::Nodes, AgentKey, BlockNumber, Committees,
	NodeId, TestId,
};
use substation_proofs::{bandwidth, domain, Hash, Hasher};

/// Tries for one test, for each member of its committee.
const TRIES_PER_MEMBER: u32 = 4;

/// Everything that the tests of one block are drawn from.
pub(crate) struct Draw {
	pub genesis: Hash,
	pub block: BlockNumber,
	pub vrf: Hash,
	pub epoch: u64,
	/// How long the table is for draws of this epoch.
	pub length: u32,
}

impl Draw {
	/// The place that a try hits. Every place is hit with the same probability, up to one part in 2^32.
	pub(crate) fn place(&self, test: u8, attempt: u32) -> u32 {
		let preimage = (domain::BANDWIDTH_DRAW, &self.genesis, self.block, &self.vrf, test, attempt).encode();
		let hash = HostHasher::blake2_256(&preimage);
		let word = hash.first_chunk().copied().map_or(0, u64::from_le_bytes);
		let product = u128::from(word).saturating_mul(self.length.into()) >> u64::BITS;
		// Below the length.
		u32::try_from(product).unwrap_or(0)
	}
}

/// A seat that a try has hit, in force, of a node that takes work.
struct Hit<AccountId> {
	node: NodeId,
	line: Line<AccountId>,
	agent: AgentKey,
}

impl<T: Config> Pallet<T> {
	/// Hash of the chain's first block.
	pub(crate) fn genesis_hash() -> Hash {
		let mut genesis = Hash::default();
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		for (to, from) in genesis.iter_mut().zip(hash.as_ref()) {
			*to = *from;
		}
		genesis
	}

	/// Where the tests of a block are kept: one place more than the deadline has blocks, because a measurement is still
	/// taken in the deadline's last block.
	pub(crate) fn ring_index(block: BlockNumber, deadline: BlockNumber) -> u32 {
		block.checked_rem(deadline.saturating_add(1)).unwrap_or(0)
	}

	/// Draws the tests of a block. The weight depends on settings alone, neither on the number of seats nor on luck.
	pub(crate) fn draw_tests(now: BlockNumber) -> Weight {
		let settings = T::Settings::get();
		let committees = T::Committees::get();
		let index = Self::ring_index(now, committees.deadline);
		let wanted = if now.checked_rem(settings.draw_interval) == Some(0) { settings.tests_per_draw } else { 0 };

		let tests = if wanted > 0 { Self::drawn_tests(now, &settings, &committees, wanted) } else { BoundedVec::new() };
		if tests.is_empty() {
			Tests::<T>::remove(index);
		} else {
			Tests::<T>::insert(index, TestBlock { block: now, tests });
		}
		let tries = tries(committees.members);
		T::WeightInfo::on_initialize().saturating_add(T::WeightInfo::draw(tries).saturating_mul(wanted.into()))
	}

	fn drawn_tests(
		now: BlockNumber,
		settings: &BandwidthSettings,
		committees: &Committees,
		wanted: u8,
	) -> BoundedVec<Test, ConstU32<MAX_TESTS_PER_BLOCK>> {
		let mut tests = BoundedVec::new();
		let totals = Bonded::<T>::get();
		if totals.nodes < committees.min_nodes || totals.bond < settings.min_total_bond {
			return tests;
		}
		// A block without a VRF would let its author choose.
		let Some(vrf) = T::AuthorVrf::get() else { return tests };
		let epoch = T::EpochIndex::get();
		let length = Table::<T>::get().at(epoch);
		let draw = Draw { genesis: Self::genesis_hash(), block: now, vrf, epoch, length };
		for number in 0..wanted {
			// Ids count the tests that are there.
			let id = TestId { block: now, index: u8::try_from(tests.len()).unwrap_or(u8::MAX) };
			let Some(test) = Self::draw_test(&draw, number, id, settings, committees) else { continue };
			if tests.try_push(test).is_err() {
				break;
			}
		}
		tests
	}

	/// Draws one test and makes it pending.
	pub(crate) fn draw_test(
		draw: &Draw,
		number: u8,
		id: TestId,
		settings: &BandwidthSettings,
		committees: &Committees,
	) -> Option<Test> {
		let cost = Self::committee_cost(settings);
		let mut tested = None;
		let mut committee = BoundedVec::<(NodeId, AgentKey), _>::new();
		for attempt in 0..tries(committees.members) {
			let Some(hit) = Self::hit(draw.place(number, attempt), draw.epoch) else { continue };
			let Some(Hit { line: Line { operator, .. }, .. }) = &tested else {
				let Hit { line, .. } = &hit;
				let free = line.pending.is_none_or(|test| draw.block > last_block(&test, committees.deadline));
				if free && line.ready <= draw.epoch && line.prepaid >= cost {
					tested = Some(hit);
				}
				continue;
			};
			if hit.line.operator == *operator || committee.iter().any(|(member, _)| *member == hit.node) {
				continue;
			}
			if committee.try_push((hit.node, hit.agent)).is_err() || committee.len() == usize::from(committees.members)
			{
				break;
			}
		}
		let Hit { node, mut line, .. } = tested?;
		if committee.len() != usize::from(committees.members) {
			return None;
		}

		Self::expire(node, &mut line);
		let direction = line.direction();
		// A setting may have been lowered since the claim was made: no member carries more than a seat's rate.
		let highest = bandwidth::highest_claim(settings.seat_rate, committees.members);
		let claim = line.claim.get(direction).min(highest);
		line.pending = Some(id);
		Lines::<T>::insert(node, line);
		Self::deposit_event(Event::TestDrawn { test: id, node, direction, claim });
		let total = bandwidth::total(claim, settings.test_seconds);
		Some(Test { node, direction, claim, total, fee: settings.member_fee, committee })
	}

	/// Whose seat is at this place, if it is in force and its node takes work.
	fn hit(place: u32, epoch: u64) -> Option<Hit<T::AccountId>> {
		let seat = Seats::<T>::get(place).filter(|seat| seat.from <= epoch)?;
		let line = Lines::<T>::get(seat.node).filter(|line| line.counts_in(epoch))?;
		let info = T::Registry::node(seat.node).filter(|info| info.takes_work())?;
		Some(Hit { node: seat.node, line, agent: info.agent })
	}

	/// A test as it was drawn, while it is kept.
	pub(crate) fn drawn(id: TestId, deadline: BlockNumber) -> Option<Test> {
		let kept = Tests::<T>::get(Self::ring_index(id.block, deadline))?;
		kept.tests.into_iter().nth(id.index.into()).filter(|_| kept.block == id.block)
	}
}

/// How often a test with so many members is tried.
pub(crate) fn tries(members: u8) -> u32 {
	TRIES_PER_MEMBER.saturating_mul(members.into())
}
