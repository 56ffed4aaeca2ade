//! What a node says of a chain whose committees are too small.

use substation_primitives::Committees;
use substation_service::committees::warning;

fn committees(members: u8, min_nodes: u32) -> Committees {
	Committees { members, min_nodes, deadline: 20 }
}

#[test]
fn committees_from_three_times_their_members_are_not_spoken_of() {
	for (members, min_nodes) in [(17, 51), (3, 9), (25, 1_000)] {
		assert_eq!(warning(&committees(members, min_nodes)), None, "{members} of {min_nodes}");
	}
}

#[test]
fn committees_from_fewer_nodes_are_warned_of() {
	for (members, min_nodes) in [(17, 50), (3, 4)] {
		let text = warning(&committees(members, min_nodes)).expect("the committees are too small");

		assert!(text.contains(&format!("committees of {members} from as few as {min_nodes} nodes")), "{text}");
	}
}
