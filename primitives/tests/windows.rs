//! When nodes' windows open and close: `proofs/vectors/window.json`, which every implementation has to agree with.
//!
//! `SUBSTATION_WRITE_VECTORS=1` writes it again. A change of the file is a change of the protocol.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise as such")]

use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};
use substation_primitives::{BlockNumber, Clock, NodeId, Period};
use substation_proofs::NativeHasher as H;

/// The clocks of the presets; one whose slots are not divided evenly by a power of two; one with a single slot.
const CLOCKS: [Clock; 4] = [
	Clock { period: 14_400, window: 600, slot_step: 10 },
	Clock { period: 20, window: 8, slot_step: 2 },
	Clock { period: 63, window: 12, slot_step: 3 },
	Clock { period: 10, window: 3, slot_step: 10 },
];

const NODES: [u64; 8] = [0, 1, 2, 3, 42, 65_536, 1 << 32, u64::MAX];

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Vector {
	clock: Clock,
	node: NodeId,
	slot: u32,
	windows: Vec<Window>,
	blocks: Vec<Block>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Window {
	period: Period,
	opens: BlockNumber,
	closes: BlockNumber,
}

/// What is known of a node at a block.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Block {
	block: BlockNumber,
	/// The last period whose window has closed.
	closed: Option<Period>,
	/// The period that runs.
	current: Period,
}

fn vector(clock: Clock, node: NodeId) -> Vector {
	let window =
		|period| Window { period, opens: clock.opens::<H>(node, period), closes: clock.closes::<H>(node, period) };
	let block =
		|block| Block { block, closed: clock.closed::<H>(node, block), current: clock.current::<H>(node, block) };
	let [first, second] = [0, 1].map(|period| clock.closes::<H>(node, Period(period)));
	Vector {
		clock,
		node,
		slot: clock.slot::<H>(node),
		windows: [0, 1, 365, 100_000].map(|period| window(Period(period))).into(),
		blocks: [0, first - 1, first, second - 1, second, 1_000_000].map(block).into(),
	}
}

fn path() -> PathBuf {
	// Where cargo runs the tests: they may have been compiled in another checkout with the same target directory.
	PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../proofs/vectors/window.json")
}

#[test]
fn windows_match_the_vectors() {
	let now: Vec<Vector> =
		CLOCKS.iter().flat_map(|clock| NODES.iter().map(|node| vector(*clock, NodeId(*node)))).collect();
	let text = serde_json::to_string_pretty(&now).unwrap() + "\n";
	if std::env::var_os("SUBSTATION_WRITE_VECTORS").is_some() {
		fs::write(path(), &text).unwrap();
	}

	let committed = fs::read_to_string(path()).unwrap();

	assert!(committed == text, "window.json is not what the code makes now");
	assert_eq!(serde_json::from_str::<Vec<Vector>>(&committed).unwrap(), now);
}

/// The example of `proofs/README.md`, worked out by hand there.
#[test]
fn the_example_of_the_specification_holds() {
	let (clock, node) = (CLOCKS[0], NodeId(1));

	assert_eq!(clock.slots(), 1_440);
	assert_eq!(clock.slot::<H>(node), 804);
	assert_eq!(clock.opens::<H>(node, Period(7)), 7 * 14_400 + 804 * 10);
	assert_eq!(clock.closes::<H>(node, Period(7)), 7 * 14_400 + 804 * 10 + 600);
}
