//! What verifying a proof costs in the blob, as a node's transaction pool and block execution run it. It measures and
//! asserts nothing about time:
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
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use std::convert::Infallible;
use substation_primitives::settings::ProofSettings;
use substation_proofs::{
	prover::{open_bytes, prove, ChunkSource, ForestTree, OpenError},
	ContentOpening, Leaf,
};
use substation_runtime::{Runtime, UncheckedExtrinsic};

const GIB: usize = 1 << 30;

/// Every deal holds the same zeros; only their ids differ.
struct Zeros(Vec<u8>);

impl ChunkSource for Zeros {
	type Error = OpenError<Infallible>;

	fn open(&mut self, _: &Leaf, chunks: &[u64]) -> Result<ContentOpening, Self::Error> {
		open_bytes(&self.0, chunks)
	}
}

/// A chain on which a node with one TiB in deals of one GiB is asked for this many openings, its answer, and the same
/// answer for the next period, which the ticket refuses before the proof is looked at.
fn tebibyte(openings: u8) -> (TestExternalities, UncheckedExtrinsic, UncheckedExtrinsic) {
	let mut transactions = None;
	let state = state_of(|| {
		pallet_settings::Proofs::<Runtime>::mutate(|settings| *settings = ProofSettings { openings, ..*settings });
		let mut zeros = Zeros(vec![0; GIB]);
		let root = *blake3::hash(&zeros.0).as_bytes();
		let node = Node::register(Sr25519Keyring::Bob);
		let leaves = (0..1_024).map(|slot| (slot, Leaf { deal: slot.into(), root, length: GIB as u64 }));
		let tree = ForestTree::from_leaves(node.id.0, 10, leaves).unwrap();
		let window = node.window();
		let period = window.period.next();
		let record = pallet_storage_proofs::NodeRecord {
			forest: tree.forest(),
			..pallet_storage_proofs::NodeRecord::starting_at(period)
		};
		pallet_storage_proofs::NodeProofs::<Runtime>::insert(node.id, record);
		run_to(window.opens + window.period_length + 1);

		let challenge = node.challenge();
		assert_eq!((challenge.period, challenge.openings), (period.0, openings));
		let proof = prove(&tree, &challenge, &mut zeros).expect("zeros are there");
		let early = free(prove_call(node.id, period.next(), proof.clone()));
		transactions = Some((free(prove_call(node.id, period, proof)), early));
	});
	let (good, early) = transactions.unwrap();
	(state, good, early)
}

#[test]
#[ignore = "measures for a minute; run it by name"]
fn prove_cost_of_a_tebibyte_in_the_blob() {
	println!("openings | octets | whole validation | without the proof's check | the check | per opening");
	for openings in [1, 4, 16] {
		let (mut state, good, early) = tebibyte(openings);

		let (whole, accepted) = validate(&mut state, &good);
		let (ticket, refused) = validate(&mut state, &early);

		accepted.expect("the proof is right");
		refused.expect_err("the period has not begun");
		let check = whole.saturating_sub(ticket);
		let each = check / u32::from(openings);
		println!("{openings} | {} | {whole:?} | {ticket:?} | {check:?} | {each:?}", good.encoded_size());
	}
}
