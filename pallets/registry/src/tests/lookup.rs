use crate::mock::*;
use frame_support::assert_ok;
use std::collections::BTreeSet;
use substation_primitives::{traits::Nodes, NodeId, NodeInfo, NodeStatus};

#[test]
fn other_pallets_see_a_node_and_its_offer() {
	ExtBuilder.build_and_execute(|| {
		let node = State::Active.create();

		assert_eq!(
			Registry::node(node),
			Some(NodeInfo { operator: OPERATOR, agent: key(0), status: NodeStatus::Active, suspended: false })
		);
		assert_eq!(Registry::offer(node, CLASS), Some(OFFER));
		assert_eq!(Registry::node(NodeId(77)), None);
		assert_eq!(Registry::offer(NodeId(77), CLASS), None);
	});
}

#[test]
fn pages_list_every_node_once_even_when_one_goes_in_between() {
	ExtBuilder.build_and_execute(|| {
		let mut expected: BTreeSet<_> = (0..300).map(NodeId).collect();
		for id in 0..300u64 {
			let operator = if id % 3 == 0 { OTHER } else { OPERATOR };
			CurrentSettings::mutate(|settings| settings.min_bond = 1);
			assert_ok!(register(operator, 1));
		}

		let mut seen = Vec::new();
		let mut after = None;
		loop {
			let page = Registry::nodes_after(after, 7);
			seen.extend_from_slice(&page);
			if page.len() < 7 {
				break;
			}
			after = page.last().copied();
			if seen.len() == 70 {
				// The cursor itself disappears.
				let cursor = after.expect("a full page");
				let operator = Registry::record(cursor).expect("listed").operator;
				assert_ok!(Registry::leave(signed(operator), cursor));
				assert_ok!(Registry::unbond(signed(operator), cursor));
				System::set_block_number(System::block_number() + UNBONDING);
				assert_ok!(Registry::withdraw(signed(operator), cursor));
			}
		}

		assert_eq!(seen.len(), 300);
		for id in seen {
			assert!(expected.remove(&id), "{id} came twice");
		}
	});
}

#[test]
fn nodes_of_an_operator_are_those_whose_records_name_it() {
	ExtBuilder.build_and_execute(|| {
		for operator in [OPERATOR, OTHER, OPERATOR, OPERATOR] {
			assert_ok!(register(operator, MIN_BOND));
		}
		let nodes_of = |operator| {
			let mut nodes = Registry::nodes_after(None, 10);
			nodes.retain(|id| Registry::record(*id).is_some_and(|node| node.operator == operator));
			nodes
		};

		assert_eq!(nodes_of(OPERATOR), [NodeId(0), NodeId(2), NodeId(3)]);
		assert_eq!(nodes_of(OTHER), [NodeId(1)]);
		assert_eq!(nodes_of(TREASURY), []);
	});
}

#[test]
fn page_is_bounded_whatever_is_asked() {
	ExtBuilder.build_and_execute(|| {
		CurrentSettings::mutate(|settings| settings.min_bond = 1);
		for _ in 0..1_001 {
			assert_ok!(register(OPERATOR, 1));
		}

		assert_eq!(Registry::nodes_after(None, u32::MAX).len(), 1_000);
		assert_eq!(Registry::nodes_after(None, 0), []);
	});
}
