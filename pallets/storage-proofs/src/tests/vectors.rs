//! The protocol's test vectors, verified with the host's hash function as the runtime does.

use crate::{mock::*, HostHasher};
use codec::DecodeAll;
use serde_json::Value;
use substation_proofs::{
	challenge::Challenge,
	forest::Forest,
	storage::{self, StorageProof},
	Hash,
};

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proofs/vectors/storage.json"));

fn octets(value: &Value) -> Vec<u8> {
	hex::decode(value.as_str().expect("a string")).expect("hexadecimal")
}

fn hash(value: &Value) -> Hash {
	octets(value).try_into().expect("32 bytes")
}

fn number<T: TryFrom<u64>>(value: &Value) -> T {
	let number = value.as_u64().and_then(|number| T::try_from(number).ok());
	number.unwrap_or_else(|| panic!("{value} is no such number"))
}

#[test]
fn the_runtime_judges_every_vector_as_the_protocol_does() {
	ExtBuilder.build_and_execute(|| {
		let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
		assert!(vectors.len() > 20);

		for vector in vectors {
			let (forest, challenge) = (&vector["forest"], &vector["challenge"]);
			let forest = Forest {
				root: hash(&forest["root"]),
				total: number(&forest["total"]),
				depth: number(&forest["depth"]),
			};
			let challenge = Challenge {
				genesis: hash(&challenge["genesis"]),
				seed: hash(&challenge["seed"]),
				node: number(&challenge["node"]),
				period: number(&challenge["period"]),
				openings: number(&challenge["openings"]),
			};
			let proof = StorageProof::decode_all(&mut octets(&vector["proof"]).as_slice()).unwrap();

			let verdict = storage::verify::<HostHasher>(&forest, &challenge, &proof);

			let found = verdict.err().map(|error| format!("{error:?}"));
			assert_eq!(found.as_deref(), vector["error"].as_str(), "{}", vector["name"]);
		}
	});
}
