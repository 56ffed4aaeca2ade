//! Random histories: whatever happens in whatever order, every unit is somewhere.

use crate::{mock::*, Channels, NextChannelId};
use proptest::{
	prelude::*,
	test_runner::{Config, TestCaseError, TestRunner},
};
use sp_core::Pair;
use sp_runtime::Permill;
use std::{cell::RefCell, collections::BTreeMap};
use substation_primitives::{
	settings::{ChannelSettings, STN},
	Balance, ChannelId,
};

const HISTORIES: u32 = 60;
const STEPS: usize = 200;
const PEOPLE: [AccountId; 4] = [PAYER, PAYEE, OTHER, NOBODY];

#[derive(Clone, Debug)]
enum Command {
	Open {
		payer: usize,
		payee: usize,
		deposit: Balance,
	},
	TopUp {
		channel: u64,
		amount: Balance,
	},
	/// Redeems so many thousandths of the deposit; or a little less, or a little more.
	Redeem {
		channel: u64,
		thousandths: u128,
		off: Balance,
		forged: bool,
	},
	StartClosing {
		channel: u64,
	},
	FinishClosing {
		channel: u64,
	},
	Close {
		channel: u64,
	},
	Wait {
		blocks: u32,
	},
	Lock {
		person: usize,
	},
	Govern {
		burn: u32,
		fee: Balance,
	},
}

fn command() -> impl Strategy<Value = Command> {
	let channel = || 1..=8u64;
	let amount = || prop_oneof![0..STN, 0..1_000 * STN];
	prop_oneof![
		4 => (0..4usize, 0..4usize, amount())
			.prop_map(|(payer, payee, deposit)| Command::Open { payer, payee, deposit }),
		2 => (channel(), amount()).prop_map(|(channel, amount)| Command::TopUp { channel, amount }),
		12 => (channel(), 0..=1_000u128, prop_oneof![3 => Just(0), 1 => 0..1_000u128], prop::bool::weighted(0.1))
			.prop_map(|(channel, thousandths, off, forged)| Command::Redeem { channel, thousandths, off, forged }),
		3 => channel().prop_map(|channel| Command::StartClosing { channel }),
		6 => channel().prop_map(|channel| Command::FinishClosing { channel }),
		1 => channel().prop_map(|channel| Command::Close { channel }),
		4 => (1..GRACE).prop_map(|blocks| Command::Wait { blocks }),
		1 => (0..4usize).prop_map(|person| Command::Lock { person }),
		1 => (0..=500_000u32, 1..=STN / 400).prop_map(|(burn, fee)| Command::Govern { burn, fee }),
	]
}

/// Channels that a history has opened; the latest are the likely ones.
fn named(channel: u64) -> ChannelId {
	ChannelId(NextChannelId::<Test>::get().0.saturating_sub(channel))
}

fn payer_of(id: ChannelId) -> AccountId {
	Channels::<Test>::get(id).map_or(PAYER, |channel| channel.payer)
}

/// Carries a command out and names it if it succeeded.
fn carry_out(command: &Command) -> Option<&'static str> {
	let done = |name, outcome: bool| outcome.then_some(name);
	match command.clone() {
		Command::Open { payer, payee, deposit } => {
			let call = PaymentChannels::open(signed(PEOPLE[payer]), PEOPLE[payee], pair().public().0, deposit);
			done("open", call.is_ok())
		}
		Command::TopUp { channel, amount } => {
			let id = named(channel);
			done("top up", PaymentChannels::top_up(signed(payer_of(id)), id, amount).is_ok())
		}
		Command::Redeem { channel, thousandths, off, forged } => {
			let id = named(channel);
			let deposit = Channels::<Test>::get(id).map_or(STN, |channel| channel.deposit);
			let cumulative = (deposit * thousandths / 1_000).saturating_add(off);
			let mut signature = voucher(id, cumulative);
			signature[9] ^= u8::from(forged);
			let outcome = apply(signed_call(id, cumulative, signature));
			assert!(!matches!(outcome, Ok(Err(_))), "what was authorised has failed: {outcome:?}");
			assert!(!forged || outcome.is_err(), "a forged voucher was redeemed");
			done("redeem", outcome.is_ok())
		}
		Command::StartClosing { channel } => {
			let id = named(channel);
			done("start closing", PaymentChannels::start_closing(signed(payer_of(id)), id).is_ok())
		}
		Command::FinishClosing { channel } => {
			done("finish closing", PaymentChannels::finish_closing(signed(OTHER), named(channel)).is_ok())
		}
		Command::Close { channel } => {
			let id = named(channel);
			let payee = Channels::<Test>::get(id).map_or(PAYEE, |channel| channel.payee);
			done("close", PaymentChannels::close(signed(payee), id).is_ok())
		}
		Command::Wait { blocks } => {
			System::set_block_number(System::block_number() + blocks);
			None
		}
		Command::Lock { person } => {
			if System::account_exists(&PEOPLE[person]) {
				lock_everything(PEOPLE[person]);
			}
			None
		}
		Command::Govern { burn, fee } => {
			let burn = Permill::from_parts(burn);
			change_settings(|settings| *settings = ChannelSettings { burn, redeem_fee: fee, ..*settings });
			None
		}
	}
}

/// What all redemptions say they have moved, paid, burned and withheld.
#[derive(Default)]
struct Books {
	paid: BTreeMap<AccountId, Balance>,
	moved: BTreeMap<AccountId, Balance>,
	burned: Balance,
	fees: Balance,
	spent: BTreeMap<ChannelId, Balance>,
}

impl Books {
	/// Writes down what the latest command's events say.
	fn read(&mut self) {
		for event in events() {
			let Event::VoucherRedeemed { channel: id, cumulative, paid, burned, fee } = event else { continue };
			let record = channel(id);
			let spent = self.spent.insert(id, cumulative).unwrap_or(0);
			assert_eq!(paid + burned + fee, cumulative - spent, "the parts are not the step");
			*self.paid.entry(record.payee).or_default() += paid;
			*self.moved.entry(record.payer).or_default() += cumulative - spent;
			self.burned += burned;
			self.fees += fee;
		}
	}

	/// Whether every unit is where the books say.
	fn check(&self, issued: Balance) -> Result<(), TestCaseError> {
		prop_assert_eq!(Balances::total_issuance() + self.burned, issued);
		let everybody = PEOPLE.into_iter().chain([TREASURY]);
		prop_assert_eq!(everybody.map(wealth).sum::<Balance>(), Balances::total_issuance());
		prop_assert_eq!(wealth(TREASURY), EXISTENTIAL_DEPOSIT + self.fees);
		for person in PEOPLE {
			let start = if person == NOBODY { 0 } else { WEALTH };
			let of = |book: &BTreeMap<AccountId, Balance>| book.get(&person).copied().unwrap_or(0);
			prop_assert_eq!(wealth(person) + of(&self.moved), start + of(&self.paid), "{}", person);
			let channels = || Channels::<Test>::iter_values().filter(|channel| channel.payer == person);
			prop_assert_eq!(deposits(person), channels().map(|channel| channel.left()).sum::<Balance>());
			prop_assert_eq!(records(person), channels().map(|channel| channel.record_deposit).sum::<Balance>());
		}
		PaymentChannels::do_try_state().map_err(|error| TestCaseError::fail(format!("{error:?}")))
	}
}

#[test]
fn no_history_creates_or_loses_a_unit() {
	let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
	let successes = RefCell::new(BTreeMap::<&str, u32>::new());

	let verdict = TestRunner::new(config).run(&prop::collection::vec(command(), STEPS), |commands| {
		ExtBuilder.build().execute_with(|| {
			let issued = Balances::total_issuance();
			let mut books = Books::default();
			for command in &commands {
				if let Some(name) = carry_out(command) {
					*successes.borrow_mut().entry(name).or_default() += 1;
				}
				books.read();
				books.check(issued)?;
			}
			Ok(())
		})
	});

	verdict.unwrap_or_else(|failure| panic!("{failure}"));
	let successes = successes.into_inner();
	println!("{} steps: {successes:?}", HISTORIES as usize * STEPS);
	for name in ["open", "top up", "redeem", "start closing", "finish closing", "close"] {
		assert!(successes.get(name).is_some_and(|count| *count >= HISTORIES), "{name} was hardly tried: {successes:?}");
	}
}
