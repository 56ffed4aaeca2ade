//! What verifying a proof costs in the blob, as a node's transaction pool and block execution run it, and what it weighs.
//! The first measures and asserts nothing about time:
//!
//! ```sh
//! cargo test --workspace --all-targets --release --locked prove_cost -- --ignored --nocapture
//! ```

use crate::{
	actors::{prove_call, Node},
	blob::validate,
	chain::{free, run_to, state_of},
};
use codec::Encode;
use pallet_storage_proofs::{synthetic::Shape, NodeProofs, NodeRecord, WeightInfo};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use substation_primitives::settings::{ProofSettings, Settings};
use substation_proofs::forest::Forest;
use substation_runtime::{Runtime, UncheckedExtrinsic};

type Weights = <Runtime as pallet_storage_proofs::Config>::WeightInfo;

/// A chain on which a node with such a forest is asked for this many openings, its answer, and the same answer for the
/// next period, which the ticket refuses before the proof is looked at.
fn asked(shape: Shape, openings: u8) -> (TestExternalities, UncheckedExtrinsic, UncheckedExtrinsic) {
	let mut transactions = None;
	let state = state_of(|| {
		pallet_settings::Proofs::<Runtime>::mutate(|settings| *settings = ProofSettings { openings, ..*settings });
		let node = Node::register(Sr25519Keyring::Bob);
		let window = node.window();
		let period = window.period.next();
		// The challenge depends on the number of bytes only. What is not challenged is made up with the proof.
		let forest = Forest { total: shape.total(), depth: shape.depth, ..Forest::default() };
		NodeProofs::<Runtime>::insert(node.id, NodeRecord { forest, ..NodeRecord::starting_at(period) });
		run_to(window.opens + window.period_length + 1);

		let challenge = node.challenge();
		assert_eq!((challenge.period, challenge.openings), (period.0, openings));
		let (forest, proof) = shape.prove(&challenge);
		NodeProofs::<Runtime>::mutate_extant(node.id, |record| record.forest = forest);
		let early = free(prove_call(node.id, period.next(), proof.clone()));
		transactions = Some((free(prove_call(node.id, period, proof)), early));
	});
	let (good, early) = transactions.unwrap();
	(state, good, early)
}

#[test]
#[ignore = "measures for a minute; run it by name"]
fn prove_cost_in_the_blob() {
	println!("shape | openings | octets | whole validation | without the proof's check | the check | per opening");
	for (name, shape) in [("1 TiB", Shape::TEBIBYTE), ("deepest", Shape::DEEPEST)] {
		for openings in [1, 4, 16] {
			let (mut state, good, early) = asked(shape, openings);

			let (whole, accepted) = validate(&mut state, &good);
			let (ticket, refused) = validate(&mut state, &early);

			accepted.expect("the proof is right");
			refused.expect_err("the period has not begun");
			let check = whole.saturating_sub(ticket);
			let each = check / u32::from(openings);
			let octets = good.encoded_size();
			println!("{name} | {openings} | {octets} | {whole:?} | {ticket:?} | {check:?} | {each:?}");
		}
	}
}

// Row 9: on the deepest forest, with the longest blobs.
#[test]
fn a_proof_weighs_at_most_two_fifths_of_a_millisecond() {
	let openings = Settings::default().proofs.openings;

	let weight = Weights::authorize_prove(openings.into()).saturating_add(Weights::prove());

	assert_eq!(openings, 4);
	assert!(weight.ref_time() <= 400_000_000, "{weight}");
}

// Row 9: one miss, with its fine, may wait in whatever catches a node up first.
#[test]
fn whatever_catches_a_node_up_first_weighs_no_less_than_to_apply_a_fined_miss() {
	use pallet_storage_market::WeightInfo as _;
	type Market = <Runtime as pallet_storage_market::Config>::WeightInfo;
	let applied = Weights::prove_after_misses().saturating_sub(Weights::prove());

	let calls = [
		("accept", Market::accept(1)),
		("authorize_accept", Market::authorize_accept(1)),
		("clear", Market::clear(1)),
		("authorize_clear", Market::authorize_clear(1)),
		("settle", Market::settle()),
		("end_early", Market::end_early()),
		("forfeit", Market::forfeit()),
		("close", Market::close()),
	];
	for (call, weight) in calls {
		assert!(weight.ref_time() > applied.ref_time(), "{call}: {weight}, a miss: {applied}");
	}
}
