//! Random histories: the invariants hold after every step, and no unit of money is made or lost.

use crate::{mock::*, Lines};
use proptest::prelude::*;
use sp_runtime::DispatchResult;
use substation_primitives::{Balance, BlockNumber, NodeId, NodeStatus, Rates};

#[derive(Clone, Debug)]
enum Command {
	Take { node: u64, seats: u8, prepaid: Balance },
	GiveUp { node: u64, by_operator: bool },
	Remove { node: u64 },
	Claim { node: u64, down: u32, up: u32 },
	Prepay { node: u64, amount: Balance },
	Withdraw { node: u64, amount: Balance },
	Collect { node: u64 },
	Measure { rate: u32, absent: u32 },
	Fee { fee: Balance },
	SeatBond { bond: Balance },
	Leave { node: u64 },
	Advance { blocks: BlockNumber },
}

const NODES: u64 = 14;

fn command() -> impl Strategy<Value = Command> {
	let node = || 1..=NODES;
	let amount = || prop_oneof![0..3 * FEE, Just(200 * FEE), Just(WEALTH), Just(Balance::MAX)];
	prop_oneof![
		2 => (node(), 0..4u8, amount()).prop_map(|(node, seats, prepaid)| Command::Take { node, seats, prepaid }),
		1 => (node(), any::<bool>()).prop_map(|(node, by_operator)| Command::GiveUp { node, by_operator }),
		2 => node().prop_map(|node| Command::Remove { node }),
		1 => (node(), 10_000..41_000u32, 10_000..41_000u32)
			.prop_map(|(node, down, up)| Command::Claim { node, down, up }),
		2 => (node(), amount()).prop_map(|(node, amount)| Command::Prepay { node, amount }),
		2 => (node(), amount()).prop_map(|(node, amount)| Command::Withdraw { node, amount }),
		2 => node().prop_map(|node| Command::Collect { node }),
		8 => (1..60_000u32, any::<u32>()).prop_map(|(rate, absent)| Command::Measure { rate, absent }),
		1 => (1..4 * FEE).prop_map(|fee| Command::Fee { fee }),
		1 => (1..2 * SEAT_BOND).prop_map(|bond| Command::SeatBond { bond }),
		1 => node().prop_map(|node| Command::Leave { node }),
		4 => (1..40u32).prop_map(|blocks| Command::Advance { blocks }),
	]
}

/// Measures the latest test that nobody has measured, if there is one.
fn measure(rate: u32, absent: u32) {
	let running = (1..=NODES).rev().find_map(|node| BandwidthProofs::pending_test(NodeId(node)));
	let Some(view) = running else { return };
	let mut measurement = Measurement::honest(&view, rate.max(5_000));
	for (bit, elapsed) in measurement.elapsed.iter_mut().enumerate() {
		if absent >> bit & 1 == 1 {
			*elapsed = None;
		}
	}
	let signed = measurement.elapsed.iter().flatten().count();
	assert_eq!(measurement.submit().is_ok(), signed > 0);
}

fn run(command: Command) -> DispatchResult {
	let owner = |node| signed(operator(node));
	match command {
		Command::Take { node, seats, prepaid } => take(NodeId(node), seats, prepaid),
		Command::GiveUp { node, by_operator } => {
			let node = NodeId(node);
			BandwidthProofs::give_up_seats(if by_operator { owner(node) } else { signed(ANYONE) }, node)
		}
		Command::Remove { node } => BandwidthProofs::remove_line(signed(ANYONE), NodeId(node)),
		Command::Claim { node, down, up } => {
			BandwidthProofs::set_claim(owner(NodeId(node)), NodeId(node), Rates { down, up })
		}
		Command::Prepay { node, amount } => BandwidthProofs::prepay(owner(NodeId(node)), NodeId(node), amount),
		Command::Withdraw { node, amount } => {
			BandwidthProofs::withdraw_prepaid(owner(NodeId(node)), NodeId(node), amount)
		}
		Command::Collect { node } => BandwidthProofs::collect_earned(owner(NodeId(node)), NodeId(node)),
		Command::Measure { rate, absent } => {
			measure(rate, absent);
			Ok(())
		}
		Command::Fee { fee } => {
			Bandwidth::mutate(|settings| settings.member_fee = fee);
			Ok(())
		}
		Command::SeatBond { bond } => {
			Bandwidth::mutate(|settings| settings.seat_bond = bond);
			Ok(())
		}
		Command::Leave { node } => {
			change_record(NodeId(node), |record| record.status = NodeStatus::Leaving);
			Ok(())
		}
		Command::Advance { blocks } => {
			advance(blocks);
			Ok(())
		}
	}
}

/// What all lines are owed.
fn owed() -> Balance {
	Lines::<Test>::iter_values().map(|line| line.prepaid + line.earned).sum()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	#[test]
	fn no_unit_is_made_or_lost(commands in prop::collection::vec(command(), 1..80), authors in any::<u64>()) {
		ExtBuilder::default().nodes(NODES - 2).build().execute_with(|| {
			Authors::set(authors);
			for node in NODES - 1..=NODES {
				register(NodeId(node), 6);
			}
			let issuance = Balances::total_issuance();
			for command in commands {
				let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
				let text = format!("{command:?}");
				// As a block does: a refused call changes nothing.
				let outcome = frame_support::storage::with_storage_layer(|| run(command));

				BandwidthProofs::do_try_state().unwrap_or_else(|error| panic!("{error:?} after {text}"));
				if outcome.is_err() {
					assert_eq!(before, sp_io::storage::root(sp_runtime::StateVersion::V1), "{text}");
				}
				assert_eq!(pot(), owed(), "{text}");
				assert_eq!(Balances::total_issuance(), issuance, "{text}");
			}
		});
	}
}
