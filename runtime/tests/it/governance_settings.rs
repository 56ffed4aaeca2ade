//! No path of governance leaves the bounds in code: a proposal is refused, or everything stays sound.

use crate::{
	actors::{content, Node},
	chain::{check, scenario},
	channels::{Channel, DEPOSIT},
	governance_referenda::{enact, outcome},
	lines::Lines,
};
use codec::Encode;
use frame_support::{
	dispatch::RawOrigin,
	storage::{with_transaction_unchecked, TransactionOutcome},
	traits::{Hooks, IntegrityTest, UnfilteredDispatchable},
};
use pallet_settings::Call;
use proptest::prelude::*;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie};
use sp_runtime::{DispatchError, Perbill, Percent, Permill};
use sp_staking::EraPayout;
use std::cell::Cell;
use substation_primitives::{
	rewards::{RewardSettingError, RewardSettings, MAX_BUDGETED},
	settings::{
		BandwidthSettings, ChannelSettings, DisputeSettings, MarketSettings, ProofSettings, RegistrySettings,
		SettingError, Settings as AllSettings, Shares,
	},
	Balance, Bytes, DealId,
};
use substation_runtime::{
	configs::RuntimeBlockWeights, AllPalletsWithSystem, BandwidthProofs, Rewards, Runtime, RuntimeCall, RuntimeOrigin,
	Settings, System,
};

fn refused(error: SettingError) -> DispatchError {
	pallet_settings::Error::<Runtime>::OutOfRange(pallet_settings::BadSetting(error)).into()
}

#[test]
fn a_referendum_cannot_set_what_is_out_of_range_or_impossible() {
	scenario(|| {
		let before = Settings::all();
		let AllSettings { registry, market, proofs, bandwidth, channels, disputes, rewards } = before;
		let proposals: [(RuntimeCall, SettingError); 16] = [
			(Call::set_proofs { settings: ProofSettings { openings: 17, ..proofs } }.into(), SettingError::Openings),
			// More than there is to share.
			(
				Call::set_market {
					settings: MarketSettings {
						shares: Shares { burn: Permill::from_percent(80), treasury: Permill::from_percent(30) },
						..market
					},
				}
				.into(),
				SettingError::Shares,
			),
			// A room in the bond that the fines exceed.
			(
				Call::set_market { settings: MarketSettings { fine_room_periods: 20, ..market } }.into(),
				SettingError::FineRoom,
			),
			// A bond below a fine.
			(
				Call::set_registry { settings: RegistrySettings { min_bond: 1, ..registry } }.into(),
				SettingError::MinBond,
			),
			// Fines that the room in another record does not hold.
			(
				Call::set_proofs { settings: ProofSettings { repeated_fine_percent: 1_000, ..proofs } }.into(),
				SettingError::FineRoom,
			),
			// A seat that costs nothing.
			(
				Call::set_bandwidth { settings: BandwidthSettings { seat_bond: 0, ..bandwidth } }.into(),
				SettingError::SeatBond,
			),
			// A fee that leaves little of the least redemption.
			(
				Call::set_channels { settings: ChannelSettings { redeem_fee: channels.min_redeem / 2, ..channels } }
					.into(),
				SettingError::RedeemFee,
			),
			(
				Call::set_disputes { settings: DisputeSettings { bond_percent: 99, ..disputes } }.into(),
				SettingError::DisputePercent,
			),
			// Parts of a budget that are more than the budget.
			(
				Call::set_rewards { settings: RewardSettings { treasury: Perbill::from_percent(11), ..rewards } }
					.into(),
				SettingError::Rewards(RewardSettingError::Shares),
			),
			// Paying oneself for nearly nothing.
			(
				Call::set_rewards { settings: RewardSettings { usage: Permill::from_percent(91), ..rewards } }.into(),
				SettingError::Rewards(RewardSettingError::Usage),
			),
			// R9: a bond that nobody has, so that nobody registers or takes work before the next referendum.
			(
				Call::set_registry { settings: RegistrySettings { min_bond: Balance::MAX, ..registry } }.into(),
				SettingError::MinBond,
			),
			// R9: a step that no voucher reaches.
			(
				Call::set_channels { settings: ChannelSettings { min_redeem: Balance::MAX, ..channels } }.into(),
				SettingError::MinRedeem,
			),
			// 12: bonds that are free a block after the last duty.
			(
				Call::set_registry { settings: RegistrySettings { unbonding: 1, ..registry } }.into(),
				SettingError::Unbonding,
			),
			// 12: a payment whose share for the treasury is nothing to speak of.
			(Call::set_market { settings: MarketSettings { min_rate: 20, ..market } }.into(), SettingError::MinRate),
			// E1: fees from which those live who carry and are never measured.
			(
				Call::set_bandwidth {
					settings: BandwidthSettings { member_fee: bandwidth.seat_bond / 10_000, ..bandwidth },
				}
				.into(),
				SettingError::MemberFee,
			),
			// Ratings that end before a line can be tested again.
			(
				Call::set_bandwidth { settings: BandwidthSettings { rating_age: 1, ..bandwidth } }.into(),
				SettingError::RatingAge,
			),
		];
		for (call, error) in proposals {
			assert_eq!(outcome(&enact(call)), Err(refused(error)), "{error:?}");
			assert_eq!(Settings::all(), before);
		}
	});
}

/// A number near where it matters, or anywhere.
fn money(usual: Balance) -> impl Strategy<Value = Balance> {
	prop_oneof![
		9 => Just(usual),
		2 => 0..3 * usual,
		1 => Just(0),
		1 => Just(Balance::MAX),
		1 => any::<Balance>(),
	]
}

fn byte(usual: u8) -> impl Strategy<Value = u8> {
	prop_oneof![9 => Just(usual), 2 => 0..usual.saturating_mul(2).max(2), 1 => any::<u8>()]
}

fn percent(usual: u16) -> impl Strategy<Value = u16> {
	prop_oneof![9 => Just(usual), 2 => 0..usual * 3, 1 => any::<u16>()]
}

fn number(usual: u32) -> impl Strategy<Value = u32> {
	prop_oneof![9 => Just(usual), 2 => 0..usual * 2, 1 => any::<u32>()]
}

fn shares() -> impl Strategy<Value = Shares> {
	let part = || prop_oneof![3 => 50_000u32..200_000, 1 => 0u32..=1_000_000];
	(part(), part()).prop_map(|(burn, treasury)| Shares {
		burn: Permill::from_parts(burn),
		treasury: Permill::from_parts(treasury),
	})
}

fn calls() -> impl Strategy<Value = Call<Runtime>> {
	prop_oneof![
		registry().prop_map(|settings| Call::set_registry { settings }),
		market().prop_map(|settings| Call::set_market { settings }),
		proofs().prop_map(|settings| Call::set_proofs { settings }),
		bandwidth().prop_map(|settings| Call::set_bandwidth { settings }),
		channels().prop_map(|settings| Call::set_channels { settings }),
		disputes().prop_map(|settings| Call::set_disputes { settings }),
		rewards().prop_map(|settings| Call::set_rewards { settings }),
	]
}

fn registry() -> impl Strategy<Value = RegistrySettings> {
	let usual = AllSettings::default().registry;
	(money(usual.min_bond), money(usual.node_deposit), number(usual.unbonding))
		.prop_map(|(min_bond, node_deposit, unbonding)| RegistrySettings { min_bond, node_deposit, unbonding })
}

fn market() -> impl Strategy<Value = MarketSettings> {
	let usual = AllSettings::default().market;
	(
		shares(),
		money(usual.min_rate),
		prop_oneof![Just(usual.min_billed.0), any::<u64>()],
		money(usual.deal_deposit),
		number(usual.acceptance_time),
		byte(usual.compensation_periods),
		byte(usual.fine_room_periods),
		byte(usual.early_end_periods),
	)
		.prop_map(|(shares, min_rate, billed, deal_deposit, acceptance_time, compensation, room, early)| {
			MarketSettings {
				shares,
				min_rate,
				min_billed: Bytes(billed),
				deal_deposit,
				acceptance_time,
				compensation_periods: compensation,
				fine_room_periods: room,
				early_end_periods: early,
			}
		})
}

fn proofs() -> impl Strategy<Value = ProofSettings> {
	let usual = AllSettings::default().proofs;
	(
		byte(usual.openings),
		byte(usual.strikes_per_miss),
		byte(usual.strikes_per_proof),
		byte(usual.first_fine_from),
		percent(usual.first_fine_percent),
		byte(usual.repeated_fine_from),
		percent(usual.repeated_fine_percent),
		byte(usual.terminated_at),
		prop_oneof![Just(100_000_000u32), 0..=1_000_000_000u32],
	)
		.prop_map(|(openings, miss, proof, first, first_percent, repeated, repeated_percent, at, bounty)| {
			ProofSettings {
				openings,
				strikes_per_miss: miss,
				strikes_per_proof: proof,
				first_fine_from: first,
				first_fine_percent: first_percent,
				repeated_fine_from: repeated,
				repeated_fine_percent: repeated_percent,
				terminated_at: at,
				bounty: Perbill::from_parts(bounty),
			}
		})
}

fn bandwidth() -> impl Strategy<Value = BandwidthSettings> {
	let usual = AllSettings::default().bandwidth;
	(
		money(usual.seat_bond),
		number(usual.seat_rate),
		money(usual.min_total_bond),
		byte(usual.tests_per_draw),
		percent(usual.seat_tests),
		byte(usual.test_seconds),
		money(usual.member_fee),
		prop_oneof![Just(75u8), 0..=100u8],
		number(usual.rating_age),
		byte(usual.max_absences),
	)
		.prop_map(|(seat_bond, seat_rate, total, tests, seat_tests, seconds, member_fee, rating, age, absences)| {
			BandwidthSettings {
				seat_bond,
				seat_rate,
				min_total_bond: total,
				tests_per_draw: tests,
				seat_tests,
				test_seconds: seconds,
				member_fee,
				rating: Percent::from_percent(rating),
				rating_age: age,
				max_absences: absences,
			}
		})
}

fn channels() -> impl Strategy<Value = ChannelSettings> {
	let usual = AllSettings::default().channels;
	let burn = prop_oneof![3 => 0u32..=500_000, 1 => 0u32..=1_000_000];
	(burn, money(usual.redeem_fee), money(usual.min_redeem), money(usual.record_deposit)).prop_map(
		|(burn, redeem_fee, min_redeem, record_deposit)| ChannelSettings {
			burn: Permill::from_parts(burn),
			redeem_fee,
			min_redeem,
			record_deposit,
		},
	)
}

fn disputes() -> impl Strategy<Value = DisputeSettings> {
	let usual = AllSettings::default().disputes;
	(money(usual.min_bond), percent(usual.bond_percent), money(usual.answer_bond))
		.prop_map(|(min_bond, bond_percent, answer_bond)| DisputeSettings { min_bond, bond_percent, answer_bond })
}

/// Four shares: of one as they should be, or any.
fn shares_of_a_budget() -> impl Strategy<Value = [Perbill; 4]> {
	let one = 1_000_000_000u32;
	let divided = prop::array::uniform3(0..=one).prop_map(move |mut cuts| {
		cuts.sort_unstable();
		[cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], one - cuts[2]]
	});
	prop_oneof![4 => divided, 1 => prop::array::uniform4(0..=one)].prop_map(|shares| shares.map(Perbill::from_parts))
}

fn rewards() -> impl Strategy<Value = RewardSettings> {
	let usual = AllSettings::default().rewards;
	let share = |most: u32| prop_oneof![4 => 0..=most, 1 => 0..=1_000_000u32].prop_map(Permill::from_parts);
	(
		money(usual.first),
		prop_oneof![3 => Just(0), 1 => money(usual.floor)],
		number(usual.half_life),
		shares_of_a_budget(),
		share(900_000),
		share(500_000),
		money(usual.treasury_ceiling),
		share(1_000_000),
	)
		.prop_map(|(first, floor, half_life, shares, usage, availability, treasury_ceiling, fee_burn)| {
			let [validators, storage, bandwidth, treasury] = shares;
			RewardSettings {
				first,
				floor,
				half_life,
				validators,
				storage,
				bandwidth,
				treasury,
				usage,
				availability,
				treasury_ceiling,
				fee_burn,
			}
		})
}

/// How many sequences of proposals are tried.
const CASES: u32 = 200;

/// What runs on the chain while settings change.
struct Work {
	/// A deal with a proven period that is not settled.
	deal: DealId,
	/// Takes the measurement of a test that was drawn.
	measurement: RuntimeCall,
	/// A channel, and the call that redeems all of it.
	channel: Channel,
}

impl Work {
	fn started() -> Self {
		let lines = Lines::of_four();
		let mut node = Node::register(Alice);
		let deal = node.store(Bob, content(1, 5_000), 5);
		node.first_window();
		node.prove_next();
		let channel = Channel::open();
		let test = lines.next_test();
		let measurement = lines.measurement(&test, &lines.as_claimed(&test)).call();
		Self { deal, measurement, channel }
	}

	/// It goes on under whatever settings are in force.
	fn goes_on(&self) -> Result<(), TestCaseError> {
		let Self { deal, measurement, channel } = self;
		let by = |who: Sr25519Keyring| RuntimeOrigin::signed(who.to_account_id());
		let dispatch = |call: RuntimeCall, origin| call.dispatch_bypass_filter(origin).map_err(|post| post.error);
		let settle = pallet_storage_market::Call::settle { deal: *deal }.into();
		prop_assert_eq!(dispatch(settle, by(Charlie)).map(drop), Ok(()));
		prop_assert_eq!(dispatch(measurement.clone(), RawOrigin::Authorized.into()).map(drop), Ok(()));
		// A fee may be more than the channel holds; its payer gets the money back in any case.
		let before = pallet_payment_channels::Channels::<Runtime>::get(channel.id);
		if dispatch(channel.redemption(DEPOSIT), RawOrigin::Authorized.into()).is_err() {
			prop_assert_eq!(pallet_payment_channels::Channels::<Runtime>::get(channel.id), before);
		}
		let close = pallet_payment_channels::Call::close { channel: channel.id }.into();
		prop_assert_eq!(dispatch(close, by(Bob)).map(drop), Ok(()));
		Ok(())
	}
}

#[test]
fn random_settings_are_refused_or_leave_every_pallet_sound() {
	use proptest::test_runner::{Config, TestRunner};
	let tried = Cell::new((0u32, 0u32));
	scenario(|| {
		let work = Work::started();
		let mut runner = TestRunner::new(Config::with_cases(CASES));
		let sequences = prop::collection::vec(calls(), 1..6);
		let result = runner.run(&sequences, |sequence| {
			with_transaction_unchecked(|| TransactionOutcome::Rollback(try_all(&sequence, &tried, &work)))
		});
		result.unwrap();
	});
	let (accepted, refused) = tried.get();
	assert!(accepted > CASES / 4 && refused > CASES / 4, "{accepted} accepted, {refused} refused: a lopsided test");
}

fn try_all(sequence: &[Call<Runtime>], tried: &Cell<(u32, u32)>, work: &Work) -> Result<(), TestCaseError> {
	for call in sequence {
		let before = Settings::all();
		let (accepted, refused) = tried.get();
		match call.clone().dispatch_bypass_filter(RuntimeOrigin::root()) {
			Ok(_) => tried.set((accepted + 1, refused)),
			Err(_) => {
				prop_assert_eq!(Settings::all().encode(), before.encode(), "a refusal has changed something");
				tried.set((accepted, refused + 1));
			}
		}
		prop_assert!(Settings::all().validate().is_ok());
	}
	AllPalletsWithSystem::integrity_test();
	check();
	work.goes_on()?;
	check();
	eras_are_bounded()?;
	check();
	draws_are_bounded()
}

/// Whatever the settings, an era that ends under them has staking mint no more than it was budgeted, and the next ones
/// are budgeted within the maximum.
fn eras_are_bounded() -> Result<(), TestCaseError> {
	for _ in 0..3 {
		let (era, before) = (pallet_rewards::Era::<Runtime>::get(), Rewards::supply_page());
		let (validators, treasury) =
			<Rewards as EraPayout<Balance>>::era_payout(Balance::MAX / 2, before.issuance, 240_000);
		prop_assert!(validators <= era.validators && treasury <= era.treasury);
		let after = Rewards::supply_page();
		prop_assert!(after.budgeted >= before.budgeted && after.budgeted <= MAX_BUDGETED);
		let era = pallet_rewards::Era::<Runtime>::get();
		let parts = [era.validators, era.treasury, after.storage.budget, after.bandwidth.budget];
		prop_assert_eq!(parts.iter().sum::<Balance>(), after.budgeted - before.budgeted);
	}
	Ok(())
}

/// Whatever the settings, what the next blocks draw fits into them.
fn draws_are_bounded() -> Result<(), TestCaseError> {
	let now = System::block_number();
	for block in now + 1..=now + 8 {
		System::set_block_number(block);
		let weight = BandwidthProofs::on_initialize(block);
		prop_assert!(weight.all_lte(RuntimeBlockWeights::get().max_block), "{weight}");
	}
	Ok(())
}
