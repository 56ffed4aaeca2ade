//! The worker that asks the agent and submits what it answers.

use crate::{
	mock::*,
	offchain::{run, OffchainError},
	Refusal,
};
use codec::{Decode, Encode};
use sp_core::offchain::{
	testing::{PendingRequest, TestOffchainExt, TestTransactionPoolExt},
	OffchainDbExt, OffchainWorkerExt, TransactionPoolExt,
};
use sp_runtime::offchain::storage::StorageValueRef;
use substation_primitives::agent_api::{ProveRequest, AGENT_URL_KEY, MAX_ANSWER};
use substation_proofs::storage::StorageProof;

const URL: &str = "http://127.0.0.1:9955";

/// The other ends of the externalities: what the agent answers, what the pool has.
struct World {
	agent: TestOffchainExt,
	pool: Box<dyn Fn() -> Vec<Vec<u8>>>,
}

impl World {
	/// The agent will say whom it serves.
	fn expect_node(&self, answer: &str) {
		self.agent.0.write().expect_request(PendingRequest {
			method: "GET".into(),
			uri: format!("{URL}/v1/node"),
			sent: true,
			response: Some(answer.as_bytes().to_vec()),
			..Default::default()
		});
	}

	/// The agent will be asked to prove what is due for `hardware`.
	fn expect_prove(&self, hardware: &Hardware, answer: Vec<u8>) {
		let forest = StorageProofs::window(hardware.node).frozen;
		self.agent.0.write().expect_request(PendingRequest {
			method: "POST".into(),
			uri: format!("{URL}/v1/prove"),
			headers: vec![("content-type".into(), "application/octet-stream".into())],
			body: ProveRequest { challenge: hardware.challenge(), forest }.encode(),
			sent: true,
			response: Some(answer),
			..Default::default()
		});
	}

	/// The transactions in the pool.
	fn submitted(&self) -> Vec<RuntimeCall> {
		let decode = |encoded: &Vec<u8>| Extrinsic::decode(&mut encoded.as_slice()).unwrap().function;
		(self.pool)().iter().map(decode).collect()
	}
}

fn with_world(test: impl FnOnce(&World)) {
	let mut ext = ExtBuilder.build();
	let (offchain, _) = TestOffchainExt::new();
	let (transactions, pool) = TestTransactionPoolExt::new();
	ext.register_extension(OffchainDbExt::new(offchain.clone()));
	ext.register_extension(OffchainWorkerExt::new(offchain.clone()));
	ext.register_extension(TransactionPoolExt::new(transactions));
	let world = World { agent: offchain, pool: Box::new(move || pool.read().transactions.clone()) };
	ext.execute_with(|| {
		StorageValueRef::persistent(AGENT_URL_KEY).set(&URL.to_string());
		test(&world);
		StorageProofs::do_try_state().expect("invariants hold after every test");
	});
}

fn run_now() -> Result<(), OffchainError> {
	run::<Test>(System::block_number())
}

#[test]
fn a_right_answer_is_submitted_and_accepted_in_the_next_block() {
	with_world(|world| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		world.expect_node("1");
		world.expect_prove(&hardware, hardware.answer().encode());

		assert_eq!(run_now(), Ok(()));

		let expected = prove_call(hardware.node, period, hardware.answer());
		assert_eq!(world.submitted(), vec![expected.clone()]);
		advance_to(System::block_number() + 1);
		assert_eq!(apply(expected), Ok(Ok(())));
	});
}

#[test]
fn the_frozen_set_is_asked_for_after_a_change() {
	with_world(|world| {
		let mut hardware = Hardware::due(1);
		let before = hardware.clone();
		open_window(hardware.node);
		hardware.store(2, 3_000);
		world.expect_node("1\n");
		world.expect_prove(&hardware, before.answer().encode());

		assert_eq!(run_now(), Ok(()));
	});
}

#[test]
fn without_an_agent_nothing_is_asked() {
	with_world(|world| {
		StorageValueRef::persistent(AGENT_URL_KEY).clear();

		assert_eq!(run_now(), Err(OffchainError::NoAgent));
		assert!(world.agent.0.read().requests.is_empty());
	});
}

#[test]
fn a_locked_worker_leaves_the_other_alone() {
	with_world(|_| {
		let mut lock = sp_runtime::offchain::storage_lock::StorageLock::<sp_runtime::offchain::storage_lock::Time>::new(
			b"substation/prove-lock",
		);
		let _guard = lock.try_lock().ok().unwrap();

		assert_eq!(run_now(), Err(OffchainError::Locked));
	});
}

#[test]
fn a_closed_window_is_not_asked_about() {
	with_world(|world| {
		let hardware = Hardware::due(1);
		world.expect_node("1");

		assert_eq!(run_now(), Err(OffchainError::NotDue(Refusal::NotYetOpen)));

		open_window(hardware.node);
		assert_eq!(hardware.prove(), Ok(Ok(())));
		world.expect_node("1");
		assert_eq!(run_now(), Err(OffchainError::NotDue(Refusal::AlreadyProven)));
		assert_eq!(world.submitted(), vec![]);
	});
}

#[test]
fn a_proof_that_would_be_late_is_not_submitted() {
	with_world(|world| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		advance_to(closes(hardware.node, period) - 1);
		world.expect_node("1");

		assert!(matches!(run_now(), Err(OffchainError::NotDue(_))));
	});
}

#[test]
fn garbage_from_the_agent_never_reaches_the_pool() {
	with_world(|world| {
		let hardware = Hardware::due(1);
		open_window(hardware.node);
		let mut wrong = hardware.answer();
		wrong.chunks[0][0] ^= 1;
		let mut longer = hardware.answer().encode();
		longer.push(0);
		let cases = [
			(b"not a proof".to_vec(), OffchainError::Garbled),
			(Vec::new(), OffchainError::Garbled),
			(longer, OffchainError::Garbled),
			(StorageProof::default().encode(), OffchainError::WrongProof),
			(wrong.encode(), OffchainError::WrongProof),
			(vec![0; MAX_ANSWER as usize + 1], OffchainError::TooLong),
		];

		for (answer, error) in cases {
			world.expect_node("1");
			world.expect_prove(&hardware, answer);

			assert_eq!(run_now(), Err(error));
			world.agent.0.write().requests.clear();
		}

		assert_eq!(world.submitted(), vec![]);
	});
}

#[test]
fn an_agent_that_does_not_know_whom_it_serves_is_not_asked_to_prove() {
	with_world(|world| {
		for (answer, error) in [
			("", OffchainError::Garbled),
			("none", OffchainError::Garbled),
			("-1", OffchainError::Garbled),
			("18446744073709551616", OffchainError::Garbled),
			("111111111111111111111", OffchainError::TooLong),
		] {
			world.expect_node(answer);

			assert_eq!(run_now(), Err(error), "{answer}");
			world.agent.0.write().requests.clear();
		}
	});
}

#[test]
fn a_submitted_proof_gets_time_to_be_included() {
	with_world(|world| {
		let hardware = Hardware::due(1);
		open_window(hardware.node);
		world.expect_node("1");
		world.expect_prove(&hardware, hardware.answer().encode());
		assert_eq!(run_now(), Ok(()));

		for _ in 0..2 {
			advance_to(System::block_number() + 1);
			world.expect_node("1");
			assert_eq!(run_now(), Err(OffchainError::Sent));
		}

		advance_to(System::block_number() + 1);
		world.expect_node("1");
		world.expect_prove(&hardware, hardware.answer().encode());
		assert_eq!(run_now(), Ok(()));
		assert_eq!(world.submitted().len(), 2);
	});
}

#[test]
fn another_seed_after_a_reorganisation_is_answered_at_once() {
	with_world(|world| {
		let hardware = Hardware::due(1);
		let period = open_window(hardware.node);
		world.expect_node("1");
		world.expect_prove(&hardware, hardware.answer().encode());
		assert_eq!(run_now(), Ok(()));

		let index = crate::seeds::ring_index(&CLOCK, opens(hardware.node, period)).unwrap();
		crate::Seeds::<Test>::mutate(index, |seed| seed.as_mut().unwrap().seed = [7; 32]);
		world.expect_node("1");
		world.expect_prove(&hardware, hardware.answer().encode());

		assert_eq!(run_now(), Ok(()));
	});
}

#[test]
fn the_hook_swallows_every_failure() {
	use frame_support::traits::Hooks;
	with_world(|world| {
		world.expect_node("nobody");

		StorageProofs::offchain_worker(System::block_number());

		assert_eq!(world.submitted(), vec![]);
	});
}
