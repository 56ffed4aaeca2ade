//! Nodes with lines, and committees that measure them: what agents sign, without connections and clocks.

use crate::{
	actors::Node,
	chain::{apply, free, run_to, send, GENESIS},
};
use frame_support::BoundedVec;
use pallet_bandwidth_proofs::Call;
use sp_core::{ed25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use std::collections::BTreeMap;
use substation_primitives::{
	bandwidth::{LinePage, Receipt, TestPage},
	settings::{MAX_SEAT_TESTS, STN},
	Balance, NodeId, Offer, Rates, ResourceClass, TestId,
};
use substation_proofs::{
	bandwidth::{self, Subject},
	Hash, NativeHasher,
};
use substation_runtime::{AccountId, Block, Runtime, RuntimeCall, RuntimeEvent, System, UncheckedExtrinsic};
use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;

/// What every line claims.
pub(crate) const CLAIM: Rates = Rates { down: 20_000, up: 12_000 };

/// What every operator prepays for the tests of one node.
pub(crate) const PREPAID: Balance = STN;

/// Nodes with lines, and the keys of their agents.
pub(crate) struct Lines(BTreeMap<NodeId, ed25519::Pair>);

/// What a member hands in: how many bytes, under which mark, and the milliseconds of its receipt if it signs one.
#[derive(Clone, Copy)]
pub(crate) struct Part {
	pub count: u32,
	pub mark: Option<Hash>,
	pub elapsed: Option<u32>,
}

/// A measurement before the agent signs it, so that tests can spoil it.
#[derive(Clone)]
pub(crate) struct Measurement {
	pub test: TestId,
	pub counts: Vec<u32>,
	pub digest: Hash,
	pub receipts: Vec<Option<Receipt>>,
	pub signature: [u8; 64],
}

impl Measurement {
	/// The call that hands it in.
	pub(crate) fn call(self) -> RuntimeCall {
		let Self { test, counts, digest, receipts, signature } = self;
		Call::submit_measurement {
			test,
			counts: BoundedVec::try_from(counts).expect("no more than the largest committee"),
			digest,
			receipts: BoundedVec::try_from(receipts).expect("no more than the largest committee"),
			signature,
		}
		.into()
	}

	/// The free call of the agent.
	pub(crate) fn transaction(self) -> UncheckedExtrinsic {
		free(self.call())
	}
}

impl Lines {
	/// Four nodes of four operators, each with one seat, and enough epochs later for the seats to count.
	pub(crate) fn of_four() -> Self {
		let lines = Self::of(&[Alice, Bob, Charlie, Dave]);
		lines.run_until_seats_count();
		lines
	}

	/// A node with one seat for each of these operators.
	pub(crate) fn of(operators: &[Sr25519Keyring]) -> Self {
		let mut lines = Self(BTreeMap::new());
		for operator in operators {
			let node = Node::register(*operator);
			take_seats(*operator, node.id, 1);
			lines.0.insert(node.id, node.into_agent());
		}
		lines
	}

	/// The nodes.
	pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
		self.0.keys().copied()
	}

	/// Runs to the first epoch in which the seats of all of them count and draws reach all of them.
	pub(crate) fn run_until_seats_count(&self) {
		let from = self.nodes().flat_map(|node| line(node).seats).map(|seat| seat.from).max().expect("there are seats");
		run_to_epoch(from);
	}

	/// The latest test of which no measurement was handed in; runs until there is one.
	pub(crate) fn next_test(&self) -> TestPage {
		for _ in 0..100 {
			if let Some(test) = self.nodes().filter_map(pending_test).max_by_key(|test| test.id) {
				return test;
			}
			run_to(System::block_number() + 1);
		}
		panic!("no test was drawn in a hundred blocks");
	}

	/// What members would hand in had the line carried everything in as many milliseconds as the claim takes.
	pub(crate) fn as_claimed(&self, test: &TestPage) -> Vec<Part> {
		let members = test.committee.len() as u64;
		let count = u32::try_from(test.total.div_ceil(members)).expect("a part of a test fits");
		let elapsed = u64::from(count) * members * 8 * bandwidth::WIRE / bandwidth::PAYLOAD / u64::from(test.claim);
		let elapsed = u32::try_from(elapsed).expect("a test takes seconds");
		let part = |index| Part { count, mark: Some([index; 32]), elapsed: Some(elapsed) };
		(0..members as u8).map(part).collect()
	}

	/// The measurement of a test that comes to these parts, signed by everybody who has to.
	pub(crate) fn measurement(&self, test: &TestPage, parts: &[Part]) -> Measurement {
		let subject = subject(test);
		let nonces: Vec<_> = parts.iter().map(|part| part.mark.map(|mark| mark.map(|byte| !byte))).collect();
		let start = bandwidth::start_token::<NativeHasher>(&subject, &nonces);
		let marks: Vec<_> = parts.iter().map(|part| part.mark).collect();
		let digest = bandwidth::digest::<NativeHasher>(&start, &marks);
		let counts: Vec<_> = parts.iter().map(|part| part.count).collect();
		let commitment = bandwidth::commitment::<NativeHasher>(&subject, &counts, &digest);
		let receipts = test.committee.iter().zip(parts).map(|(member, part)| {
			part.elapsed.map(|elapsed| {
				let message = bandwidth::receipt_message(&subject, &commitment, elapsed);
				Receipt { elapsed, signature: self.0[&member.node].sign(&message).0 }
			})
		});
		let receipts = receipts.collect();
		let times: Vec<_> = parts.iter().map(|part| part.elapsed).collect();
		let message = bandwidth::measurement_message(&subject, &commitment, &times);
		let signature = self.0[&test.node].sign(&message).0;
		Measurement { test: test.id, counts, digest, receipts, signature }
	}

	/// Hands in the measurement of a line that is as fast as claimed.
	pub(crate) fn pass(&self, test: &TestPage) -> Vec<RuntimeEvent> {
		apply(self.measurement(test, &self.as_claimed(test)).transaction())
	}
}

/// Enough nodes of six operators for a committee of this size, and their first test.
pub(crate) fn committee_of(members: u8) -> (Lines, TestPage) {
	pallet_pace::Pace::<Runtime>::mutate(|lengths| {
		lengths.committees.members = members;
		lengths.committees.min_nodes = u32::from(members) + 1;
	});
	// One test in every block.
	pallet_settings::Bandwidth::<Runtime>::mutate(|settings| {
		(settings.tests_per_draw, settings.seat_tests) = (1, MAX_SEAT_TESTS);
	});
	// Twice as many as the members, so that each draw finds enough of them.
	let each = usize::from(members).div_ceil(3);
	let operators: Vec<_> =
		[Alice, Bob, Charlie, Dave, Eve, Ferdie].into_iter().flat_map(|who| vec![who; each]).collect();
	let lines = Lines::of(&operators);
	lines.run_until_seats_count();
	let test = lines.next_test();
	(lines, test)
}

/// What a test's signatures name.
pub(crate) fn subject(test: &TestPage) -> Subject {
	assert_eq!(test.genesis, GENESIS.0);
	Subject {
		genesis: test.genesis,
		test: (test.id.block, test.id.index),
		node: test.node.0,
		direction: test.direction,
	}
}

/// Offers a line and takes seats, in one transaction as the agent's program does it.
pub(crate) fn take_seats(operator: Sr25519Keyring, node: NodeId, seats: u8) -> Vec<RuntimeEvent> {
	let seat_bond = pallet_settings::Bandwidth::<Runtime>::get().seat_bond;
	let offer = Offer { capacity: CLAIM.up.into(), price: STN };
	let bond = seat_bond * Balance::from(seats);
	let calls = vec![
		pallet_registry::Call::add_class { node, class: ResourceClass::Bandwidth, offer, bond }.into(),
		Call::take_seats { node, claim: CLAIM, seats, prepaid: PREPAID }.into(),
	];
	send(operator, pallet_utility::Call::batch_all { calls })
}

/// Runs to the first block of this epoch.
pub(crate) fn run_to_epoch(epoch: u64) {
	while u64::from(substation_runtime::Session::current_index()) < epoch {
		run_to(System::block_number() + 1);
	}
}

pub(crate) fn line(node: NodeId) -> LinePage {
	line_page(node).expect("the node has seats")
}

pub(crate) fn line_page(node: NodeId) -> Option<LinePage> {
	<Runtime as SubstationApi<Block, AccountId>>::line_page(node)
}

/// The tests that a node measures, and from which endpoints.
pub(crate) fn tests_of_member(node: NodeId) -> Vec<(TestId, NodeId, [u8; 32])> {
	<Runtime as SubstationApi<Block, AccountId>>::tests_of_member(node)
}

pub(crate) fn pending_test(node: NodeId) -> Option<TestPage> {
	<Runtime as SubstationApi<Block, AccountId>>::pending_test(node)
}

pub(crate) fn test_page(test: TestId) -> Option<TestPage> {
	<Runtime as SubstationApi<Block, AccountId>>::test_page(test)
}
