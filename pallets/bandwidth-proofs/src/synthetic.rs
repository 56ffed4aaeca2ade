//! The states that benchmarks need, with real signatures. The tests check that they are what they should be.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use crate::{
	draw::{looks, tries, Draw},
	measure::subject,
	types::{Ahead, Line, Place, Seat, SeatTable, Test, TestBlock, Totals},
	AgentSignature, Bonded, Config, Counts, HostHasher, Lines, Pallet, Receipts, Seats, Table, Tests, FREEZE, HELD,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::marker::PhantomData;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Get,
	},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::{crypto::KeyTypeId, ed25519};
use sp_runtime::{traits::TrailingZeroInput, DispatchError};
use substation_primitives::{
	bandwidth::{Reading, Receipt, MAX_COMMITTEE, MAX_SEATS, MAX_TESTS_PER_BLOCK, RING},
	AgentKey, Balance, BlockNumber, Committees, Direction, NodeId, Rates, TestId,
};
use substation_proofs::{bandwidth, Hash, Hasher};

/// Puts the pallets behind the traits of [`Config`] into the states that benchmarks need.
pub trait BenchmarkHelper<AccountId> {
	/// Registers another node that takes work, with a bandwidth bond for any number of seats.
	fn add_node(operator: &AccountId, agent: AgentKey) -> NodeId;

	/// Begins an epoch in which the parent's author has drawn `vrf`.
	fn set_epoch(epoch: u64, vrf: Hash);
}

/// An amount that is always there.
pub(crate) const AMOUNT: Balance = 1 << 80;

/// The epoch that [`Scene::begin`] begins.
pub(crate) const EPOCH: u64 = 10;

/// What the parent's author has drawn.
pub(crate) const VRF: Hash = [5; 32];

const KEYS: KeyTypeId = KeyTypeId(*b"bnch");
const WEALTH: Balance = 1 << 100;

/// So late that a test of the first block is missed, whatever the deadline.
const NOW: BlockNumber = 5_000;

/// Long enough that no two looks of one test are at the same place.
const LENGTH: u32 = u32::MAX;

/// Where scenes are set: the pallet and what is behind it.
pub(crate) struct Scene<T, H>(PhantomData<(T, H)>);

/// A measurement, as [`crate::Call::submit_measurement`] takes it.
pub(crate) struct Submission {
	/// The test.
	pub test: TestId,
	/// Whom it tests.
	pub node: NodeId,
	/// What members have carried.
	pub counts: Counts,
	/// Stands for start token and marks.
	pub digest: Hash,
	/// What members have signed.
	pub receipts: Receipts,
	/// What the tested node's agent has signed.
	pub signature: AgentSignature,
}

impl<T: Config, H: BenchmarkHelper<T::AccountId>> Scene<T, H> {
	/// A rich account.
	pub(crate) fn rich(name: &str, index: u32) -> T::AccountId {
		let entropy = HostHasher::blake2_256(&(name, index).encode());
		let account = T::AccountId::decode(&mut TrailingZeroInput::new(&entropy)).expect("zeros follow without end");
		T::Currency::set_balance(&account, WEALTH);
		account
	}

	/// A key that nobody has to sign with.
	pub(crate) fn key(index: u32) -> AgentKey {
		HostHasher::blake2_256(&index.to_le_bytes())
	}

	/// The least that can be claimed.
	pub(crate) fn claim() -> Rates {
		let rate = T::Settings::get().seat_rate;
		Rates { down: rate, up: rate }
	}

	/// Begins a late block, with money in the account that keeps fees.
	pub(crate) fn begin() {
		T::Currency::set_balance(&Pallet::<T>::pot(), WEALTH.saturating_add(T::Currency::minimum_balance()));
		frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(NOW));
		H::set_epoch(EPOCH, VRF);
	}

	/// A block in which tests could be drawn, of no seats.
	pub(crate) fn block_without_draw() -> BlockNumber {
		Self::begin();
		Bonded::<T>::put(Ahead { epoch: 0, values: [Totals { nodes: u32::MAX, bond: Balance::MAX }; 4] });
		NOW
	}

	/// A place with as many seats as there can be: one of this node that counts now, one more for each of the next epochs,
	/// the last of them held.
	fn full_place(node: NodeId) -> Place {
		let later = |epoch| Seat { node: NodeId(0), from: epoch, until: epoch + 1, since: 0 };
		Place::truncate_from(alloc::vec![
			Seat { node, from: 0, until: EPOCH + 1, since: 0 },
			later(EPOCH + 1),
			later(EPOCH + 2),
			Seat { until: HELD, ..later(EPOCH + FREEZE) },
		])
	}

	/// A line with as many seats as one can have and money on both sides, whose test was missed.
	fn add_line(operator: &T::AccountId, agent: AgentKey) -> NodeId {
		let node = H::add_node(operator, agent);
		let mut line = Line::new(operator.clone(), Self::claim());
		(line.prepaid, line.earned) = (AMOUNT, AMOUNT);
		line.seat_bond = T::Settings::get().seat_bond;
		line.seats = BoundedVec::truncate_from((0..MAX_SEATS).collect());
		line.pending = Some(TestId { block: 1, index: 0 });
		Bonded::<T>::mutate(|totals| {
			let Totals { nodes, bond } = totals.decided();
			*totals = Ahead { epoch: 0, values: [Totals { nodes: nodes + 1, bond: bond + line.bond() }; 4] };
		});
		Lines::<T>::insert(node, line);
		node
	}

	/// A draw that looks, after its first try, at so many seats of lines that count no longer. All its tries hit seats
	/// that count, each of another node, and exactly the last of so many tries fills the largest committee: those in
	/// between belong to the tested node's operator.
	pub(crate) fn draw(attempts: u32, over: u32) -> (Draw, TestId, Committees) {
		Self::begin();
		let committees = Committees { members: MAX_COMMITTEE as u8, ..T::Committees::get() };
		assert!((MAX_COMMITTEE + 1..=tries(committees.members)).contains(&attempts));
		assert!(attempts + over <= looks(committees.members));
		let genesis = Pallet::<T>::genesis_hash();
		let draw = Draw { genesis, block: NOW, vrf: VRF, epoch: EPOCH, length: LENGTH };
		let (tested, others) = (Self::rich("tested", 0), Self::rich("others", 0));
		let at = |look, node| Seats::<T>::insert(draw.place(0, look), Self::full_place(node));
		for attempt in 0..attempts {
			let operator = if attempt < attempts - MAX_COMMITTEE { &tested } else { &others };
			let node = Self::add_line(operator, Self::key(attempt));
			at(if attempt == 0 { 0 } else { over + attempt }, node);
		}
		for look in 1..=over {
			let node = Self::add_line(&others, Self::key(attempts + look));
			Lines::<T>::mutate_extant(node, |line| line.until = Some(EPOCH));
			at(look, node);
		}
		Table::<T>::put(SeatTable { epoch: 0, values: [LENGTH; 4] });
		(draw, TestId { block: NOW, index: 0 }, committees)
	}

	/// A node that can take so many seats, each at a place that others keep until then.
	pub(crate) fn room(seats: u32) -> (T::AccountId, NodeId) {
		Self::begin();
		let operator = Self::rich("operator", 0);
		let node = H::add_node(&operator, Self::key(0));
		for index in 0..seats {
			let mut place = Self::full_place(node);
			place.pop();
			Seats::<T>::insert(index, place);
		}
		Table::<T>::put(SeatTable { epoch: EPOCH, values: [seats, seats, seats, 0] });
		(operator, node)
	}

	/// A node with as many seats as it can have that count no longer, followed by those of as many others: into each of
	/// its places moves one of another node with as many.
	pub(crate) fn removable() -> Result<(T::AccountId, NodeId), DispatchError> {
		let (operator, node) = Self::taken()?;
		let mut others = Vec::new();
		for index in 1..=MAX_SEATS {
			let operator = Self::rich("operator", index);
			let node = H::add_node(&operator, Self::key(index));
			Pallet::<T>::do_take_seats(operator.clone(), node, Self::claim(), MAX_SEATS as u8 - 1, AMOUNT)?;
			others.push((operator, node));
		}
		for (operator, node) in others {
			Pallet::<T>::do_take_seats(operator, node, Self::claim(), 1, AMOUNT)?;
		}
		Pallet::<T>::do_give_up_seats(operator.clone(), node)?;
		H::set_epoch(EPOCH + FREEZE, VRF);
		Ok((operator, node))
	}

	/// A node that has taken as many seats as it can, has earned, and has missed a test.
	pub(crate) fn taken() -> Result<(T::AccountId, NodeId), DispatchError> {
		Self::begin();
		let operator = Self::rich("operator", 0);
		let node = H::add_node(&operator, Self::key(0));
		Pallet::<T>::do_take_seats(operator.clone(), node, Self::claim(), MAX_SEATS as u8, AMOUNT)?;
		Lines::<T>::mutate_extant(node, |line| {
			line.pending = Some(TestId { block: 1, index: 0 });
			line.earned = AMOUNT;
		});
		Ok((operator, node))
	}

	/// A running test with so many members, the last one of a block that has drawn as many as it may, and its
	/// measurement with all receipts.
	pub(crate) fn measurement(members: u32) -> Result<Submission, &'static str> {
		Self::begin();
		let mut agents = Vec::new();
		for index in 0..=members {
			let agent = sp_io::crypto::ed25519_generate(KEYS, None);
			agents.push((Self::add_line(&Self::rich("operator", index), agent.0), agent));
		}
		let (node, agent) = agents.pop().ok_or("there are members and a node")?;
		let (claim, settings) = (Self::claim().down, T::Settings::get());
		let total = bandwidth::total(claim, settings.test_seconds);
		let committee = BoundedVec::truncate_from(agents.iter().map(|(node, agent)| (*node, agent.0)).collect());
		let test = Test { node, direction: Direction::Down, claim, total, fee: settings.member_fee, committee };
		let id = TestId { block: NOW, index: (MAX_TESTS_PER_BLOCK - 1) as u8 };
		let tests = BoundedVec::truncate_from(alloc::vec![test.clone(); MAX_TESTS_PER_BLOCK as usize]);
		let index = Pallet::<T>::ring_index(NOW, T::Committees::get().deadline);
		Tests::<T>::insert(index, TestBlock { block: NOW, tests });
		Lines::<T>::mutate_extant(node, |line| {
			line.pending = Some(id);
			// A rating, so that the measurement is also credited for.
			let reading = Reading { rate: claim, drawn: NOW - 1, receipts: members as u8, delivered: 1_000 };
			line.down.readings = [reading; RING];
		});

		let subject = subject(Pallet::<T>::genesis_hash(), id, &test);
		let counts = alloc::vec![total.div_ceil(members.into()) as u32; members as usize];
		let digest = [3; 32];
		let commitment = bandwidth::commitment::<HostHasher>(&subject, &counts, &digest);
		let elapsed = 9_000;
		let mut receipts = Vec::new();
		for (_, agent) in &agents {
			let signature = sign(agent, &bandwidth::receipt_message(&subject, &commitment, elapsed))?;
			receipts.push(Some(Receipt { elapsed, signature }));
		}
		let times = alloc::vec![Some(elapsed); members as usize];
		let signature = sign(&agent, &bandwidth::measurement_message(&subject, &commitment, &times))?;
		let (counts, receipts) = (Counts::truncate_from(counts), Receipts::truncate_from(receipts));
		Ok(Submission { test: id, node, counts, digest, receipts, signature })
	}
}

fn sign(agent: &ed25519::Public, message: &[u8]) -> Result<AgentSignature, &'static str> {
	Ok(sp_io::crypto::ed25519_sign(KEYS, agent, message).ok_or("the key was generated")?.0)
}
