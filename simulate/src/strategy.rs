//! What a coalition may do with its tokens, and how much each part gets.

use crate::cast::{Pace, Scenario};
use substation_primitives::{
	bandwidth::MAX_SEATS,
	settings::{Settings, STN},
	Balance,
};

/// Full periods that are credited, and eras that stakes are paid for, in every run.
pub(crate) const SPANS: u32 = 4;

/// The first period of every node that is proven; the run begins in period 0, nodes are filled in period 1. Stakes are
/// nominated in this era, so that they earn from the next one on, as bonds do.
pub(crate) const FIRST: u32 = 2;

/// The last period that is proven.
pub(crate) const LAST: u32 = FIRST + SPANS;

/// What an account keeps for the fees of a run.
pub(crate) const FEE_RESERVE: Balance = STN / 10;

/// What the purse keeps for the fees of everybody's transfers and claims.
pub(crate) const PURSE_RESERVE: Balance = STN;

/// What of a coalition's tokens goes round and round in channels, where it pays itself that way: one per cent.
const FLOAT_DIVISOR: Balance = 100;

/// Names of the strategies. The tokens that one does not need are nominated, unless usage is looked at alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strategy {
	/// Does nothing.
	Idle,
	/// Nominates: what every other one is compared with.
	Nominate,
	/// Pays itself for storage: each node stores a little at a price that its bond just covers, proves it and is paid.
	Deals,
	/// Bonds that look required when it counts: each node accepts a dear deal of its own right before its proof and
	/// forfeits it right after, so that nothing is ever paid.
	Moments,
	/// The same, and then lends the bond to the next node, whose window closes later.
	Rotation,
	/// Pays itself through channels, round and round.
	Channels,
	/// Seats without a line, and receipts of accomplices for bytes that never flowed. On the committees of honest lines
	/// they sign for next to nothing.
	Lines,
	/// Moments, lines and channels together.
	Everything,
	/// Seats without a line that only wait for fees: they sign for next to nothing, and what measures them themselves is
	/// never handed in.
	IdleMembers,
	/// Seats with a line that carries for others and is paid for it, and is never measured itself. What the line costs is
	/// not counted. The bound on a member's fee keeps it below nominating.
	Carriers,
	/// Only harms: seats whose members sign nothing, as often as they can without being expelled.
	Silence,
	/// Only harms: as many seats as a node may have, all of them given up as soon as they count.
	GivenUp,
}

impl Strategy {
	/// Those that may be worth it.
	pub(crate) const GAMING: [Self; 7] =
		[Self::Deals, Self::Moments, Self::Rotation, Self::Channels, Self::Lines, Self::Everything, Self::IdleMembers];

	/// Those of them that hooks can play: nobody is tested there.
	pub(crate) const HOOKED: [Self; 6] =
		[Self::Deals, Self::Moments, Self::Rotation, Self::Channels, Self::Lines, Self::Everything];

	/// Those that committees decide about.
	pub(crate) const SEATED: [Self; 2] = [Self::Lines, Self::IdleMembers];

	/// Those that bring nothing and are meant to harm others.
	pub(crate) const SPITE: [Self; 2] = [Self::Silence, Self::GivenUp];

	/// Those that earn by usage.
	pub(crate) const WASHING: [Self; 2] = [Self::Deals, Self::Channels];

	/// As the output names it.
	pub(crate) fn name(self) -> &'static str {
		match self {
			Self::Idle => "idle",
			Self::Nominate => "nominate",
			Self::Deals => "deals",
			Self::Moments => "moments",
			Self::Rotation => "rotation",
			Self::Channels => "channels",
			Self::Lines => "lines",
			Self::Everything => "everything",
			Self::IdleMembers => "idle members",
			Self::Carriers => "carriers",
			Self::Silence => "silence",
			Self::GivenUp => "given up",
		}
	}

	/// Whether nodes store.
	pub(crate) fn stores(self) -> bool {
		matches!(self, Self::Deals | Self::Moments | Self::Rotation | Self::Everything)
	}

	/// Whether nodes have seats.
	pub(crate) fn has_seats(self) -> bool {
		self.has_lines() || matches!(self, Self::IdleMembers | Self::Carriers | Self::Silence | Self::GivenUp)
	}

	/// Whether accomplices vouch for lines.
	pub(crate) fn has_lines(self) -> bool {
		matches!(self, Self::Lines | Self::Everything)
	}

	/// The most seats that one node takes.
	fn most_seats(self, pace: Pace) -> Balance {
		match (self, pace) {
			(Self::GivenUp, _) => MAX_SEATS.into(),
			_ => pace.most_seats().into(),
		}
	}

	/// Whether money goes round in channels.
	pub(crate) fn has_channels(self) -> bool {
		matches!(self, Self::Channels | Self::Everything)
	}
}

/// Why settings leave a coalition too few tokens for a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unaffordable {
	/// What goes round in a channel is less than one redemption moves.
	Redemption,
	/// What the tokens could pay for a period is less than a deal must.
	Rate,
	/// The least bond of storage is more than an identity has.
	StorageBond,
	/// The least bonds of all nodes leave nothing to lend.
	Lending,
	/// One seat is more than an identity has.
	Seat,
}

/// What each identity gets, and what it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Budget {
	/// Bond of storage that stays with its node.
	pub storage_bond: Balance,
	/// Bond of storage that goes from node to node.
	pub moving_bond: Balance,
	/// What a period of the node's deal pays.
	pub rate: Balance,
	/// Seats.
	pub seats: u8,
	/// Bond of them.
	pub seat_bond: Balance,
	/// What is paid in for tests.
	pub prepaid: Balance,
	/// What goes round in a channel.
	pub float: Balance,
	/// All that the identity has to own.
	pub tokens: Balance,
}

impl Budget {
	/// How the coalition's tokens are divided among `identities`, each of which gets the same.
	///
	/// Errors if the settings' least amounts are more than there is.
	pub(crate) fn of(strategy: Strategy, identities: u32, scenario: &Scenario) -> Result<Self, Unaffordable> {
		let tokens = scenario.tokens - scenario.validator_stake();
		let settings = &scenario.settings_in_force();
		let each = tokens.saturating_sub(PURSE_RESERVE) / Balance::from(identities.max(1));
		let float = if strategy.has_channels() { tokens / FLOAT_DIVISOR / Balance::from(identities.max(1)) } else { 0 };
		let mut budget = Self { float, ..Self::default() };
		budget.tokens = FEE_RESERVE + float;
		if strategy.has_channels() {
			// One account for each end, and the record of each channel.
			budget.tokens += settings.channels.record_deposit;
			ensure(float >= settings.channels.min_redeem, Unaffordable::Redemption)?;
		}
		let rest = each.saturating_sub(budget.tokens);
		if strategy.stores() || strategy.has_seats() {
			budget.tokens += settings.registry.node_deposit;
		}
		let rest = rest.saturating_sub(settings.registry.node_deposit);
		match strategy {
			Strategy::Lines | Strategy::IdleMembers | Strategy::Carriers | Strategy::Silence | Strategy::GivenUp => {
				budget.take_seats(strategy, rest, scenario)?;
			}
			Strategy::Everything => {
				budget.take_seats(strategy, rest / 2, scenario)?;
				budget.take_moments(rest / 2, settings)?;
			}
			Strategy::Deals => budget.take_deals(rest, settings)?,
			Strategy::Moments => budget.take_moments(rest, settings)?,
			Strategy::Rotation => budget.take_rotation(rest, identities, settings)?,
			Strategy::Idle | Strategy::Nominate | Strategy::Channels => {}
		}
		Ok(budget)
	}

	/// Periods that a deal pays for itself once: what it reserves, and what it leaves for fines.
	fn bonded_periods(settings: &Settings) -> Balance {
		Balance::from(settings.market.compensation_periods) + Balance::from(settings.market.fine_room_periods)
	}

	/// Bond and escrow of one deal that runs through the whole run.
	fn take_deals(&mut self, rest: Balance, settings: &Settings) -> Result<(), Unaffordable> {
		let rest = rest.saturating_sub(settings.market.deal_deposit);
		let bonded = Self::bonded_periods(settings);
		self.rate = rest / (bonded + Balance::from(TERM));
		self.storage_bond = (self.rate * bonded).max(settings.registry.min_bond);
		self.tokens += self.storage_bond + self.rate * Balance::from(TERM) + settings.market.deal_deposit;
		self.check_rate(rest, settings)
	}

	/// Bond of a small deal that stays and a dear one that does not; the dear one's escrow is one period.
	fn take_moments(&mut self, rest: Balance, settings: &Settings) -> Result<(), Unaffordable> {
		let (bonded, small) = (Self::bonded_periods(settings), settings.market.min_rate);
		let fixed = 2 * settings.market.deal_deposit + small * Balance::from(TERM);
		let rest = rest.saturating_sub(fixed);
		self.rate = rest.saturating_sub(small * bonded) / (bonded + 1);
		self.storage_bond = ((self.rate + small) * bonded).max(settings.registry.min_bond);
		self.tokens += self.storage_bond + self.rate + fixed;
		self.check_rate(rest, settings)
	}

	/// The same where all that exceeds the least bond of each node moves.
	fn take_rotation(&mut self, rest: Balance, identities: u32, settings: &Settings) -> Result<(), Unaffordable> {
		let (bonded, small) = (Self::bonded_periods(settings), settings.market.min_rate);
		let least = settings.registry.min_bond.max(small * bonded);
		let fixed = 2 * settings.market.deal_deposit + small * Balance::from(TERM);
		let mobile = rest.saturating_sub(fixed + least) * Balance::from(identities);
		self.rate = (mobile + least).saturating_sub(small * bonded) / (bonded + 1);
		self.storage_bond = least;
		self.moving_bond = ((self.rate + small) * bonded).saturating_sub(least);
		// All nodes are one operator's; what moves is counted once, in shares.
		self.tokens += least + fixed + mobile / Balance::from(identities);
		ensure(self.moving_bond + self.rate <= mobile, Unaffordable::Lending)?;
		self.check_rate(rest, settings)
	}

	fn check_rate(&self, rest: Balance, settings: &Settings) -> Result<(), Unaffordable> {
		ensure(self.rate >= settings.market.min_rate, Unaffordable::Rate)?;
		ensure(self.storage_bond <= rest, Unaffordable::StorageBond)
	}

	/// As many seats as there is money for.
	fn take_seats(&mut self, strategy: Strategy, rest: Balance, scenario: &Scenario) -> Result<(), Unaffordable> {
		let settings = scenario.settings_in_force();
		let (bandwidth, cost) = (&settings.bandwidth, scenario.committee_cost());
		let prepaid = match strategy {
			Strategy::GivenUp => 0,
			// Who never hands a measurement in never pays.
			Strategy::IdleMembers | Strategy::Carriers | Strategy::Silence => cost,
			// A node is tested only while a whole committee is prepaid; fees mostly come back from accomplices.
			_ => (cost * 40).min(rest / 4).max(cost),
		};
		let most = strategy.most_seats(scenario.pace);
		let seats = (rest.saturating_sub(prepaid) / bandwidth.seat_bond).min(most);
		self.seats = u8::try_from(seats).unwrap_or(0);
		self.seat_bond = (bandwidth.seat_bond * seats).max(settings.registry.min_bond);
		self.prepaid = prepaid;
		self.tokens += self.seat_bond + prepaid;
		ensure(self.seats > 0 && self.seat_bond + prepaid <= rest, Unaffordable::Seat)
	}
}

fn ensure(condition: bool, otherwise: Unaffordable) -> Result<(), Unaffordable> {
	if condition {
		Ok(())
	} else {
		Err(otherwise)
	}
}

/// Periods that a deal runs that stays.
pub(crate) const TERM: u32 = SPANS + 3;

#[cfg(test)]
mod tests {
	use super::*;

	const TOKENS: Balance = 200_000 * STN;

	fn scenario(settings: Settings) -> Scenario {
		Scenario { settings, tokens: TOKENS, ..Scenario::default() }
	}

	#[test]
	fn no_strategy_spends_more_than_there_is_or_leaves_much() {
		for strategy in Strategy::GAMING.into_iter().chain(Strategy::SPITE).chain([Strategy::Carriers]) {
			for identities in [1, 10, 100] {
				let budget = Budget::of(strategy, identities, &Scenario::default()).unwrap();
				let spent = budget.tokens * Balance::from(identities);
				assert!(spent <= TOKENS, "{strategy:?} {identities}: {budget:?}");
				if matches!(strategy, Strategy::Deals | Strategy::Moments | Strategy::Rotation) {
					assert!(spent > TOKENS / 100 * 99, "{strategy:?} {identities}: {budget:?}");
				}
			}
		}
	}

	#[test]
	fn what_nobody_can_afford_is_an_error_that_says_why() {
		let refusal = |strategy, change: fn(&mut Settings)| {
			let mut settings = Settings::default();
			change(&mut settings);
			Budget::of(strategy, 10, &scenario(settings)).unwrap_err()
		};

		let dear_bond = |settings: &mut Settings| settings.registry.min_bond = TOKENS;
		for strategy in [Strategy::Deals, Strategy::Moments] {
			assert_eq!(refusal(strategy, dear_bond), Unaffordable::StorageBond, "{strategy:?}");
		}
		assert_eq!(refusal(Strategy::Rotation, dear_bond), Unaffordable::Lending);
		assert_eq!(refusal(Strategy::Lines, dear_bond), Unaffordable::Seat);
		assert_eq!(refusal(Strategy::Deals, |settings| settings.market.min_rate = TOKENS), Unaffordable::Rate);
		let dear_round = |settings: &mut Settings| settings.channels.min_redeem = TOKENS;
		assert_eq!(refusal(Strategy::Channels, dear_round), Unaffordable::Redemption);
	}

	#[test]
	fn bonds_are_what_the_market_requires() {
		let settings = Settings::default();
		let budget = Budget::of(Strategy::Deals, 1, &scenario(settings)).unwrap();

		let account = pallet_storage_market::NodeAccount {
			committed_rate: budget.rate,
			reserve: budget.rate * Balance::from(settings.market.compensation_periods),
			..Default::default()
		};
		let required =
			pallet_storage_market::money::required_bond(&account, settings.market.fine_room_periods).unwrap();
		assert_eq!(required, budget.storage_bond);
	}
}
