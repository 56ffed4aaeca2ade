//! Test vectors for every implementation: `vectors/*.json`.
//!
//! `SUBSTATION_WRITE_VECTORS=1` writes them anew, except for `content.json`, which comes from `b3sum`. A change of a file
//! is a change of the protocol.

use std::{fs, path::PathBuf};

use codec::{Decode, Encode};
use serde::{Deserialize, Serialize};
use substation_proofs::{
	authority,
	forest::update,
	prover::{open_bytes, ForestTree},
	storage, Challenge, Change, Forest, Hash, Leaf, NativeHasher, StorageProof, UpdateProof,
};

use crate::common::{bytes_of, World, NODE};

fn path(name: &str) -> PathBuf {
	// Where cargo runs the tests: they may have been compiled in another checkout with the same target directory.
	PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("vectors").join(name)
}

fn read<T: for<'a> Deserialize<'a>>(name: &str) -> Vec<T> {
	serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// What is committed, after writing it if asked to. It must be what the code makes now.
pub(crate) fn committed<T: Serialize + for<'a> Deserialize<'a>>(name: &str, now: Vec<T>) -> Vec<T> {
	let text = serde_json::to_string_pretty(&now).unwrap() + "\n";
	if std::env::var_os("SUBSTATION_WRITE_VECTORS").is_some() {
		fs::write(path(name), &text).unwrap();
	}
	assert!(fs::read_to_string(path(name)).unwrap() == text, "{name} is not what the code makes now");
	read(name)
}

pub(crate) fn hash(text: &str) -> Hash {
	hex::decode(text).unwrap().try_into().unwrap()
}

fn decode<T: Decode>(text: &str) -> T {
	let bytes = hex::decode(text).unwrap();
	let mut rest = &bytes[..];
	let value = T::decode(&mut rest).unwrap();
	assert!(rest.is_empty());
	value
}

#[derive(Deserialize)]
struct ContentVector {
	length: u64,
	root: String,
}

/// Lengths of blobs of counting bytes, and their roots as `b3sum` prints them.
pub(crate) fn content_vectors() -> Vec<(u64, Hash)> {
	read::<ContentVector>("content.json").iter().map(|vector| (vector.length, hash(&vector.root))).collect()
}

#[derive(Serialize, Deserialize)]
struct ForestText {
	root: String,
	total: u64,
	depth: u8,
}

impl From<Forest> for ForestText {
	fn from(forest: Forest) -> Self {
		Self { root: hex::encode(forest.root), total: forest.total, depth: forest.depth }
	}
}

impl ForestText {
	fn parse(&self) -> Forest {
		Forest { root: hash(&self.root), total: self.total, depth: self.depth }
	}
}

#[derive(Serialize, Deserialize)]
struct ChallengeText {
	genesis: String,
	seed: String,
	node: u64,
	period: u32,
	openings: u8,
}

impl From<Challenge> for ChallengeText {
	fn from(challenge: Challenge) -> Self {
		Self {
			genesis: hex::encode(challenge.genesis),
			seed: hex::encode(challenge.seed),
			node: challenge.node,
			period: challenge.period,
			openings: challenge.openings,
		}
	}
}

impl ChallengeText {
	fn parse(&self) -> Challenge {
		Challenge {
			genesis: hash(&self.genesis),
			seed: hash(&self.seed),
			node: self.node,
			period: self.period,
			openings: self.openings,
		}
	}
}

#[derive(Serialize, Deserialize)]
struct PointsVector {
	challenge: ChallengeText,
	total: u64,
	points: Vec<u64>,
}

#[test]
fn points_match_the_vectors() {
	let challenge =
		|seed: u8, node, period, openings| Challenge { genesis: [0xaa; 32], seed: [seed; 32], node, period, openings };
	let cases = [
		(challenge(0, 0, 0, 4), 1),
		(challenge(0, 0, 0, 4), 1 << 40),
		(challenge(1, 0, 0, 4), 1 << 40),
		(challenge(0, 1, 0, 4), 1 << 40),
		(challenge(0, 0, 1, 4), 1 << 40),
		(challenge(0xff, u64::MAX, u32::MAX, 16), u64::MAX),
		(challenge(7, 42, 365, 16), 1_000_003),
		(challenge(7, 42, 365, 4), 0),
	];
	let vectors = cases
		.into_iter()
		.map(|(challenge, total)| PointsVector {
			challenge: challenge.into(),
			total,
			points: challenge.points::<NativeHasher>(total),
		})
		.collect();

	for vector in committed("challenge.json", vectors) {
		assert_eq!(vector.challenge.parse().points::<NativeHasher>(vector.total), vector.points);
	}
}

#[derive(Serialize, Deserialize)]
struct ForestVector {
	name: String,
	forest: ForestText,
	node: u64,
	depth: u8,
	/// SCALE of `Vec<(u32, Change)>`.
	changes: String,
	/// SCALE of `UpdateProof`.
	proof: String,
	/// The forest that results, if the update is good.
	after: Option<ForestText>,
	/// The error, if it is bad.
	error: Option<String>,
}

fn forest_vector(
	name: &str,
	forest: Forest,
	depth: u8,
	changes: &[(u32, Change)],
	proof: &UpdateProof,
) -> ForestVector {
	let result = update::<NativeHasher>(&forest, NODE, depth, changes, proof);
	ForestVector {
		name: name.into(),
		forest: forest.into(),
		node: NODE,
		depth,
		changes: hex::encode(changes.encode()),
		proof: hex::encode(proof.encode()),
		after: result.as_ref().ok().map(|verified| (*verified.get()).into()),
		error: result.err().map(|error| format!("{error:?}")),
	}
}

/// A leaf without bytes: an update never looks at them.
fn leaf(deal: u64, length: u64) -> Leaf {
	Leaf { deal, root: blake3::hash(&deal.to_le_bytes()).into(), length }
}

fn forest_vectors() -> Vec<ForestVector> {
	let insert = |slot: u32, deal, length| (slot, Change::Insert(leaf(deal, length)));
	let remove = |slot: u32, deal, length| (slot, Change::Remove(leaf(deal, length)));
	let empty = ForestTree::new(NODE);
	let tree = ForestTree::from_leaves(NODE, 2, [(0, leaf(1, 100)), (1, leaf(2, 1024)), (3, leaf(3, 5000))]).unwrap();
	let mut vectors = Vec::new();
	let mut good = |name, tree: &ForestTree, depth, changes: &[(u32, Change)]| {
		let proof = tree.update_proof(depth, changes).unwrap();
		vectors.push(forest_vector(name, tree.forest(), depth, changes, &proof));
	};
	good("first deal", &empty, 0, &[insert(0, 1, 100)]);
	good("first deal of a deep forest", &empty, 32, &[insert(u32::MAX, 1, 100)]);
	good("insert", &tree, 2, &[insert(2, 4, 1)]);
	good("insert and grow", &tree, 4, &[insert(9, 4, 1)]);
	good("remove", &tree, 2, &[remove(1, 2, 1024)]);
	good("insert, remove and grow", &tree, 3, &[remove(0, 1, 100), insert(2, 4, 77), insert(7, 5, 1 << 46)]);
	good("remove everything", &tree, 2, &[remove(0, 1, 100), remove(1, 2, 1024), remove(3, 3, 5000)]);

	let changes = [insert(2, 4, 1)];
	let proof = tree.update_proof(2, &changes).unwrap();
	let mut bad = |name, depth, changes: &[(u32, Change)], change: fn(&mut UpdateProof)| {
		let mut proof = proof.clone();
		change(&mut proof);
		let vector = forest_vector(name, tree.forest(), depth, changes, &proof);
		assert!(vector.error.is_some(), "{name}");
		vectors.push(vector);
	};
	bad("slot taken", 2, &[insert(3, 4, 1)], |_| ());
	bad("other slot than proven", 2, &[insert(1, 4, 1)], |_| ());
	bad("remove what is not there", 2, &[remove(2, 4, 1)], |_| ());
	bad("no changes", 2, &[], |_| ());
	bad("slot twice", 2, &[insert(2, 4, 1), insert(2, 5, 1)], |_| ());
	bad("slots descending", 2, &[insert(2, 4, 1), insert(1, 5, 1)], |_| ());
	bad("slot out of range", 2, &[insert(4, 4, 1)], |_| ());
	bad("depth lowered", 1, &changes, |_| ());
	bad("depth above 32", 33, &changes, |_| ());
	bad("length 0", 2, &[(2, Change::Insert(Leaf { length: 0, ..leaf(4, 1) }))], |_| ());
	bad("length above the greatest", 2, &[(2, Change::Insert(Leaf { length: (1 << 46) + 1, ..leaf(4, 1) }))], |_| ());
	bad("weight missing", 2, &changes, |proof| _ = proof.weights.pop());
	bad("hash missing", 2, &changes, |proof| _ = proof.hashes.pop());
	bad("weight too many", 2, &changes, |proof| proof.weights.push(0));
	bad("hash too many", 2, &changes, |proof| proof.hashes.push([0; 32]));
	bad("weight changed", 2, &changes, |proof| proof.weights[0] += 1);
	bad("weight moved", 2, &changes, |proof| {
		proof.weights[0] += 1;
		proof.weights[1] -= 1;
	});
	bad("weights overflow", 2, &changes, |proof| proof.weights[0] = u64::MAX);
	bad("hash changed", 2, &changes, |proof| proof.hashes[0][0] ^= 1);
	vectors
}

#[test]
fn updates_match_the_vectors() {
	for vector in committed("forest.json", forest_vectors()) {
		let changes: Vec<(u32, Change)> = decode(&vector.changes);
		let proof: UpdateProof = decode(&vector.proof);

		let result = update::<NativeHasher>(&vector.forest.parse(), vector.node, vector.depth, &changes, &proof);

		let after = result.map(|verified| verified.into_inner()).map_err(|error| format!("{error:?}"));
		let expected = match (&vector.after, vector.error) {
			(Some(after), None) => Ok(after.parse()),
			(None, Some(error)) => Err(error),
			_ => panic!("{} is neither good nor bad", vector.name),
		};
		assert_eq!(after, expected, "{}", vector.name);
	}
}

#[derive(Serialize, Deserialize)]
struct StorageVector {
	name: String,
	forest: ForestText,
	challenge: ChallengeText,
	/// SCALE of `StorageProof`.
	proof: String,
	/// The error, if the proof is bad.
	error: Option<String>,
}

fn storage_vector(name: &str, world: &World, proof: &StorageProof) -> StorageVector {
	StorageVector {
		name: name.into(),
		forest: world.tree.forest().into(),
		challenge: world.challenge.into(),
		proof: hex::encode(proof.encode()),
		error: world.verify(proof).err().map(|error| format!("{error:?}")),
	}
}

fn storage_vectors() -> Vec<StorageVector> {
	let mut vectors = Vec::new();
	let mut good = |name: &str, mut world: World| {
		let proof = world.prove();
		let vector = storage_vector(name, &world, &proof);
		assert_eq!(vector.error, None, "{name}");
		vectors.push(vector);
	};
	for length in [1, 1023, 1024, 1025, 2048, 2049, 16_384, 16_385] {
		good(&format!("one deal of {length} bytes"), World::new(0, &[(0, length)]).openings(2));
	}
	good("five deals", World::mixed());
	good("the same chunk many times", World::new(0, &[(0, 10)]).openings(16));
	good("a deep forest with one deal", World::new(32, &[(u32::MAX, 10)]).openings(1));

	let mut world = World::new(2, &[(0, 100), (1, 2100), (3, 300)]);
	let proof = world.prove();
	let mut bad = |name: &str, world: &World, change: &dyn Fn(&mut StorageProof)| {
		let mut proof = proof.clone();
		change(&mut proof);
		let vector = storage_vector(name, world, &proof);
		assert!(vector.error.is_some(), "{name}");
		vectors.push(vector);
	};
	let with = |change: &dyn Fn(&mut Challenge)| {
		let mut world = world.clone();
		change(&mut world.challenge);
		world
	};
	bad("other node", &with(&|challenge| challenge.node += 1), &|_| ());
	bad("next period", &with(&|challenge| challenge.period += 1), &|_| ());
	bad("other chain", &with(&|challenge| challenge.genesis = [9; 32]), &|_| ());
	bad("other seed", &with(&|challenge| challenge.seed = [9; 32]), &|_| ());
	bad("no openings", &with(&|challenge| challenge.openings = 0), &|_| ());
	bad("empty proof", &world, &|proof| *proof = StorageProof::default());
	bad("other deal's bytes", &world, &|proof| {
		let opening = open_bytes(&bytes_of(55, 300), &[0]).unwrap();
		*proof.chunks.last_mut().unwrap() = opening.chunks[0].clone();
	});
	bad("byte of a chunk changed", &world, &|proof| proof.chunks[0][0] ^= 1);
	bad("chunk shortened", &world, &|proof| _ = proof.chunks[0].pop());
	bad("chunk empty", &world, &|proof| proof.chunks[0].clear());
	bad("chunk too long", &world, &|proof| proof.chunks[0].resize(1025, 0));
	bad("chunk missing", &world, &|proof| _ = proof.chunks.pop());
	bad("leaf missing", &world, &|proof| _ = proof.leaves.pop());
	bad("length 0", &world, &|proof| proof.leaves[0].length = 0);
	bad("length changed", &world, &|proof| proof.leaves[0].length += 1);
	bad("root of a deal changed", &world, &|proof| proof.leaves[0].root[0] ^= 1);
	bad("weight missing", &world, &|proof| _ = proof.weights.pop());
	bad("weight too many", &world, &|proof| proof.weights.push(0));
	bad("weight above the whole", &world, &|proof| proof.weights[0] = u64::MAX);
	bad("hash too many", &world, &|proof| proof.hashes.push([0; 32]));
	bad("value missing", &world, &|proof| _ = proof.values.pop());
	bad("value too many", &world, &|proof| proof.values.push([0; 32]));

	// All weight is said to lie in the half that is empty.
	let mut world = World::new(1, &[(0, 64)]).openings(1);
	let mut proof = world.prove();
	proof.weights = vec![0];
	vectors.push(storage_vector("empty slot as a deal", &world, &proof));
	vectors
}

#[test]
fn proofs_match_the_vectors() {
	for vector in committed("storage.json", storage_vectors()) {
		let proof: StorageProof = decode(&vector.proof);

		let result = storage::verify::<NativeHasher>(&vector.forest.parse(), &vector.challenge.parse(), &proof);

		assert_eq!(result.err().map(|error| format!("{error:?}")), vector.error, "{}", vector.name);
	}
}

#[derive(Serialize, Deserialize)]
struct AuthorityVector {
	genesis: String,
	node: u64,
	root: String,
	depth: u8,
	/// SCALE of a list of `(deal u64, slot u32)`; the messages hold it as it is.
	updates: String,
	accept: String,
	clear: String,
}

#[test]
fn signed_messages_match_the_vectors() {
	let updates = vec![(5u64, 0u32), (6, 1)];
	let (genesis, node, root, depth) = ([0xaa; 32], 7, [0xbb; 32], 3);
	let vector = AuthorityVector {
		genesis: hex::encode(genesis),
		node,
		root: hex::encode(root),
		depth,
		updates: hex::encode(updates.encode()),
		accept: hex::encode(authority::accept_message(&genesis, node, &root, depth, &updates)),
		clear: hex::encode(authority::clear_message(&genesis, node, &root, depth, &updates)),
	};

	for vector in committed("authority.json", vec![vector]) {
		let updates: Vec<(u64, u32)> = decode(&vector.updates);
		let (genesis, root) = (hash(&vector.genesis), hash(&vector.root));
		let accept = authority::accept_message(&genesis, vector.node, &root, vector.depth, &updates);
		let clear = authority::clear_message(&genesis, vector.node, &root, vector.depth, &updates);
		assert_eq!((hex::encode(accept), hex::encode(clear)), (vector.accept, vector.clear));
	}
}

#[derive(Serialize, Deserialize)]
struct BindVector {
	genesis: String,
	/// The account's 32 bytes.
	operator: String,
	message: String,
}

#[test]
fn bindings_match_the_vectors() {
	let vectors =
		[([0xaa; 32], [0; 32]), ([0xaa; 32], [0xbb; 32]), ([0; 32], [0xff; 32])].map(|(genesis, operator)| {
			let message = hex::encode(authority::bind_message(&genesis, &operator));
			BindVector { genesis: hex::encode(genesis), operator: hex::encode(operator), message }
		});

	for vector in committed("bind.json", vectors.into()) {
		let message = authority::bind_message(&hash(&vector.genesis), &hash(&vector.operator));
		assert_eq!(hex::encode(message), vector.message);
	}
}

/// What is on chain and on the wire: these bytes never change.
#[test]
fn encodings_are_stable() {
	let forest = Forest { root: [1; 32], total: 64, depth: 5 };
	assert_eq!(hex::encode(forest.encode()), "01".repeat(32) + "0101" + "05");
	let leaf = Leaf { deal: 1, root: [2; 32], length: 3 };
	let leaf_hex = "0100000000000000".to_owned() + &"02".repeat(32) + "0300000000000000";
	assert_eq!(hex::encode(leaf.encode()), leaf_hex);
	assert_eq!(hex::encode(Change::Remove(leaf).encode()), "01".to_owned() + &leaf_hex);
	let challenge = Challenge { genesis: [3; 32], seed: [4; 32], node: 5, period: 6, openings: 7 };
	let expected = "03".repeat(32) + &"04".repeat(32) + "0500000000000000" + "06000000" + "07";
	assert_eq!(hex::encode(challenge.encode()), expected);
	let proof = StorageProof {
		weights: vec![1],
		hashes: vec![[5; 32]],
		leaves: vec![leaf],
		chunks: vec![vec![6, 7]],
		values: vec![],
	};
	let expected = "040100000000000000".to_owned() + "04" + &"05".repeat(32) + "04" + &leaf_hex + "04080607" + "00";
	assert_eq!(hex::encode(proof.encode()), expected);
}
