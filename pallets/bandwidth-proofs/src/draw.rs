//! The draw: how many are tested, who, and by whom.
//!
//! `word = H(tag ‖ genesis ‖ block ‖ VRF of the parent's author ‖ test ‖ look)`, its first 64 bits.
//!
//! A block draws `(length × seat_tests + word mod D) / D` tests, `D = 100 × period`, at most as many as a setting says:
//! each seat can expect `seat_tests` hundredths of a test in a period. `word` is that of a test that there never is.
//!
//! A look looks at place `word × length >> 64`. The seat at the first place names the node that is tested; if there is
//! none, or its node cannot be tested, there is no test, so that seats which cannot be tested do not add to the tests of
//! others. The next looks name the members, who can be tested as well. A look is a try where it hits a seat of a line that
//! counts; a seat that counts no longer is an empty place, so that nothing changes when its line is removed. A try that
//! hits nobody who fits is lost; after `16n` tries or `32n` looks there is no test.

use crate::{
	types::{last_block, HostHasher, Line, Seat, Test, TestBlock},
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
	bandwidth::MAX_TESTS_PER_BLOCK, settings::BandwidthSettings, traits::Nodes, AgentKey, Balance, BlockNumber,
	Committees, NodeId, TestId,
};
use substation_proofs::{bandwidth, domain, Hash, Hasher};

/// Tries for one test, for each member of its committee: looks that hit a seat of a line that counts.
const TRIES_PER_MEMBER: u32 = 16;

/// Looks for one test, for each member of its committee, tries among them.
const LOOKS_PER_MEMBER: u32 = 32;

/// Number of a test that no block draws.
const NO_TEST: u8 = u8::MAX;

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
	/// The chance that a look has.
	fn word(&self, test: u8, look: u32) -> u64 {
		let preimage = (domain::BANDWIDTH_DRAW, &self.genesis, self.block, &self.vrf, test, look).encode();
		HostHasher::blake2_256(&preimage).first_chunk().copied().map_or(0, u64::from_le_bytes)
	}

	/// The place that is looked at. Every place is with the same probability, up to one part in 2^32.
	pub(crate) fn place(&self, test: u8, look: u32) -> u32 {
		let product = u128::from(self.word(test, look)).saturating_mul(self.length.into()) >> u64::BITS;
		// Below the length.
		u32::try_from(product).unwrap_or(0)
	}

	/// How many tests the block draws.
	pub(crate) fn wanted(&self, settings: &BandwidthSettings, period: BlockNumber) -> u8 {
		let whole = u64::from(period).saturating_mul(100);
		let chance = self.word(NO_TEST, 0).checked_rem(whole).unwrap_or(0);
		let expected = u64::from(self.length).saturating_mul(settings.seat_tests.into());
		let wanted = expected.saturating_add(chance).checked_div(whole).unwrap_or(0);
		u8::try_from(wanted).unwrap_or(u8::MAX).min(settings.tests_per_draw)
	}
}

/// Whom a look has hit: a node that takes work and can be tested.
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

	/// Draws the tests of a block. The weight is that of the worst luck with as many tests.
	pub(crate) fn draw_tests(now: BlockNumber) -> Weight {
		let settings = T::Settings::get();
		let committees = T::Committees::get();
		let draw = Self::draw_of(now, &settings, &committees);
		let wanted = draw.as_ref().map_or(0, |draw| draw.wanted(&settings, T::Clock::get().period));
		let tests = draw.map_or_else(BoundedVec::new, |draw| Self::drawn_tests(&draw, wanted, &settings, &committees));

		let index = Self::ring_index(now, committees.deadline);
		if tests.is_empty() {
			Tests::<T>::remove(index);
		} else {
			Tests::<T>::insert(index, TestBlock { block: now, tests });
		}
		let tries = tries(committees.members);
		let others = looks(committees.members).saturating_sub(tries);
		T::WeightInfo::on_initialize().saturating_add(T::WeightInfo::draw(tries, others).saturating_mul(wanted.into()))
	}

	/// What the tests of a block are drawn from, if there is enough of it.
	fn draw_of(now: BlockNumber, settings: &BandwidthSettings, committees: &Committees) -> Option<Draw> {
		let epoch = T::DrawEpoch::get();
		let totals = Bonded::<T>::get().at(epoch);
		if totals.nodes < committees.min_nodes || totals.bond < settings.min_total_bond {
			return None;
		}
		// A block without a VRF would let its author choose.
		let vrf = T::AuthorVrf::get()?;
		let length = Table::<T>::get().at(epoch);
		Some(Draw { genesis: Self::genesis_hash(), block: now, vrf, epoch, length })
	}

	fn drawn_tests(
		draw: &Draw,
		wanted: u8,
		settings: &BandwidthSettings,
		committees: &Committees,
	) -> BoundedVec<Test, ConstU32<MAX_TESTS_PER_BLOCK>> {
		let mut tests = BoundedVec::new();
		for number in 0..wanted {
			// Ids count the tests that are there.
			let id = TestId { block: draw.block, index: u8::try_from(tests.len()).unwrap_or(u8::MAX) };
			let Some(test) = Self::draw_test(draw, number, id, settings, committees) else { continue };
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
		let look_at = |look| Self::counting_at(draw.place(number, look), draw.epoch);
		let Hit { node, mut line, .. } = look_at(0)
			.and_then(|(node, line)| Self::hit(node, line, draw.epoch, cost))
			.filter(|hit| hit.line.pending.is_none_or(|test| draw.block > last_block(&test, committees.deadline)))?;

		let mut committee = BoundedVec::<(NodeId, AgentKey), _>::new();
		let mut left = tries(committees.members).saturating_sub(1);
		for look in 1..looks(committees.members) {
			let Some((member, record)) = look_at(look) else { continue };
			let Some(rest) = left.checked_sub(1) else { break };
			left = rest;
			let Some(hit) = Self::hit(member, record, draw.epoch, cost) else { continue };
			if hit.line.operator == line.operator || committee.iter().any(|(member, _)| *member == hit.node) {
				continue;
			}
			if committee.try_push((hit.node, hit.agent)).is_err() || committee.len() == usize::from(committees.members)
			{
				break;
			}
		}
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

	/// The node whose seat is in force at this place, with its line, if that counts. Whoever may remove a line that does
	/// not must not change what draws find.
	fn counting_at(place: u32, epoch: u64) -> Option<(NodeId, Line<T::AccountId>)> {
		let Seat { node, .. } = Seats::<T>::get(place).into_iter().find(|seat| seat.is_in_force(epoch))?;
		Lines::<T>::get(node).filter(|line| line.counts_in(epoch)).map(|line| (node, line))
	}

	/// The node of a seat that was hit, if it takes work, and what it has prepaid lets it be tested. Who cannot be tested
	/// does not measure others either, or seats would earn fees and pay none.
	fn hit(node: NodeId, line: Line<T::AccountId>, epoch: u64, cost: Balance) -> Option<Hit<T::AccountId>> {
		if line.ready > epoch || line.prepaid < cost {
			return None;
		}
		let info = T::Registry::node(node).filter(|info| info.takes_work())?;
		Some(Hit { node, line, agent: info.agent })
	}

	/// A test as it was drawn, while it is kept.
	pub(crate) fn drawn(id: TestId, deadline: BlockNumber) -> Option<Test> {
		let kept = Tests::<T>::get(Self::ring_index(id.block, deadline))?;
		kept.tests.into_iter().nth(id.index.into()).filter(|_| kept.block == id.block)
	}
}

/// How often a test with so many members is tried, at seats of lines that count.
pub(crate) fn tries(members: u8) -> u32 {
	TRIES_PER_MEMBER.saturating_mul(members.into())
}

/// How many places are looked at for a test with so many members.
pub(crate) fn looks(members: u8) -> u32 {
	LOOKS_PER_MEMBER.saturating_mul(members.into())
}
