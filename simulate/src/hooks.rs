//! The same strategies where hooks stand for proofs: whatever the pallets of proofs and payments tell the rewards is told
//! through the runtime's own wires, with nodes registered, bonds held and money moved for real, in real blocks.
//!
//! What is left out only helps the coalition: transactions cost no fees, windows are never missed, and every test of a
//! line finds accomplices only. Eras have six blocks, so that every point of the settings' range can be tried.
//!
//! | wire | instead of |
//! |---|---|
//! | `OnProven` of the storage proofs | a proof in an open window |
//! | `OnMeasured` of the bandwidth proofs | three tests with accomplices' receipts |
//! | `OnSettled` of the market, after the payment's parts were moved | acceptance and settlement |
//! | `redeem` with the origin that an authorised voucher gets | the voucher's signature |

use crate::{
	cast::{Cast, HONEST_COMMISSION},
	coalition::{pay_out_stakes, validate, Outcome, Plan},
	keys::{agent, Key},
	node::Node,
	strategy::{Budget, Strategy, Unaffordable, FEE_RESERVE, FIRST, LAST},
	wealth::{Estate, Wealth},
	world::World,
};
use frame_support::{
	dispatch::RawOrigin,
	traits::{
		fungible::Mutate,
		tokens::{Fortitude, Precision, Preservation},
		Hooks as _, TypedGet,
	},
};
use pallet_staking::RewardDestination;
use pallet_storage_market::{money, NodeAccount};
use sp_core::Pair;
use sp_runtime::traits::Dispatchable;
use substation_primitives::{
	rewards::Earner,
	settings::{Settings, STN},
	traits::{OnMeasured, OnProven, OnSettled},
	Balance, BlockNumber, ChannelId, Clock, NodeId, Period, Rates, ResourceClass,
};
use substation_runtime::{governance::TreasuryPot, AccountId, Balances, Rewards, Runtime, RuntimeCall, RuntimeOrigin};

/// Blocks of an era.
const ERA: BlockNumber = 6;

/// The block of an era in which lines are measured.
const MEASUREMENT: BlockNumber = 2;

/// Blocks from the opening of a node's window to its proof.
const ANSWER: BlockNumber = 2;

/// The blocks of an era in which money goes round.
const ROUNDS: [BlockNumber; 2] = [1, 4];

/// A line's rating that is not zero: how high it is earns nothing.
const RATING: Rates = Rates { down: 1, up: 1 };

type ToldOfProofs = <Runtime as pallet_storage_proofs::Config>::OnProven;
type ToldOfLines = <Runtime as pallet_bandwidth_proofs::Config>::OnMeasured;
type ToldOfDeals = <Runtime as pallet_storage_market::Config>::OnSettled;

struct Hooked<'a> {
	cast: &'a Cast,
	plan: Plan,
	budget: Budget,
	settings: Settings,
	clock: Clock,
	nodes: Vec<Node>,
	identities: Vec<Key>,
	/// What is in each channel, and what has gone through it.
	rounds: (Balance, Balance),
	failures: Vec<String>,
}

/// Runs a plan to its end.
pub(crate) fn run(cast: &Cast, plan: Plan) -> Result<Outcome, Unaffordable> {
	let scenario = cast.scenario();
	let budget = Budget::of(plan.strategy, plan.identities, scenario)?;
	let identities: Vec<_> = match plan.strategy {
		Strategy::Idle | Strategy::Nominate => Vec::new(),
		Strategy::Rotation => vec![Key::of("identity", 0); plan.identities as usize],
		_ => (0..plan.identities).map(|number| Key::of("identity", number)).collect(),
	};
	let with_nodes = plan.strategy.stores() || plan.strategy.has_lines();
	let nodes = identities.iter().zip(0..).filter(|_| with_nodes);
	let nodes = nodes.map(|(operator, id)| Node::new(NodeId(id), operator.clone())).collect();
	let (settings, clock, failures) = (scenario.settings, scenario.lengths().clock, Vec::new());
	let mut hooked =
		Hooked { cast, plan, budget, settings, clock, nodes, identities, rounds: (budget.float, 0), failures };
	let mut world = World::new(cast);
	while world.number() < (LAST + 1) * ERA + 3 {
		let next = world.number() + 1;
		world.block_with(|| hooked.act(next));
	}
	pay_out_stakes(cast, &mut world);
	world.block_with(|| hooked.claim());
	let wealth = world.read(|| hooked.estate().wealth());
	let number = world.number();
	let sound = world.read(|| Rewards::try_state(number));
	let failures = world.failures().iter().cloned().chain(hooked.failures).collect();
	let violations = sound.err().map(|error| format!("{error:?}")).into_iter().collect();
	Ok(Outcome { wealth, honest: Wealth::default(), failures, violations })
}

impl Hooked<'_> {
	fn estate(&self) -> Estate {
		Estate::of(self.cast, &self.identities, &self.nodes)
	}

	fn act(&mut self, next: BlockNumber) {
		let (era, place) = ((next - 1) / ERA, (next - 1) % ERA);
		if next == 2 {
			self.set_up();
		}
		if era == FIRST && place == 0 {
			self.nominate();
		}
		if self.plan.strategy.has_channels() {
			if era == FIRST && place == 1 {
				self.open_channels();
			}
			if era > FIRST && era <= LAST && ROUNDS.contains(&place) {
				self.round();
			}
		}
		if self.plan.strategy.has_lines() && (FIRST..=LAST).contains(&era) && place == MEASUREMENT {
			self.measure();
		}
		if self.plan.strategy == Strategy::Rotation {
			self.rotate(next);
		} else if self.plan.strategy.stores() {
			for index in 0..self.nodes.len() {
				if let Some(period) = self.proves(index, next) {
					self.prove(index, period);
				}
			}
		}
	}

	/// The period that a node proves in this block, if it proves one.
	fn proves(&self, index: usize, block: BlockNumber) -> Option<Period> {
		let first = self.nodes[index].opens(&self.clock, Period(0)) + ANSWER;
		let since = block.checked_sub(first)?;
		let period = since / self.clock.period;
		(since % self.clock.period == 0 && (FIRST..=LAST).contains(&period)).then_some(Period(period))
	}

	fn call(&mut self, origin: RuntimeOrigin, call: impl Into<RuntimeCall>) {
		let call = call.into();
		if let Err(error) = call.clone().dispatch(origin) {
			let metadata = frame_support::traits::GetCallMetadata::get_call_metadata(&call);
			self.failures.push(format!("{}.{}: {:?}", metadata.pallet_name, metadata.function_name, error.error));
		}
	}

	fn sign(&mut self, account: &AccountId, call: impl Into<RuntimeCall>) {
		self.call(RawOrigin::Signed(account.clone()).into(), call);
	}

	fn set_up(&mut self) {
		let cast = self.cast;
		for validator in cast.honest_validators() {
			self.sign(&validator.account, validate(HONEST_COMMISSION));
		}
		if let Some(commission) = cast.scenario().commission {
			self.sign(&cast.accomplice.account, validate(commission));
		}
		let purse = &cast.purse.account;
		for key in self.identities.clone() {
			self.give(purse, &key.account, self.budget.tokens);
		}
		let Budget { storage_bond, seats, seat_bond, prepaid, .. } = self.budget;
		let rate = self.settings.bandwidth.seat_rate;
		let claim = Rates { down: rate, up: rate };
		for index in 0..self.nodes.len() {
			let node = &self.nodes[index];
			let operator = node.operator.account.clone();
			let mut calls = Vec::new();
			if self.plan.strategy.stores() {
				calls.push(node.registration(ResourceClass::Storage, storage_bond));
			} else {
				calls.push(node.registration(ResourceClass::Bandwidth, seat_bond));
			}
			if self.plan.strategy == Strategy::Everything {
				calls.push(node.adding_line(seat_bond));
			}
			if self.plan.strategy.has_lines() {
				calls.push(node.taking_seats(seats, claim, prepaid));
			}
			for call in calls {
				self.sign(&operator, call);
			}
		}
	}

	fn give(&mut self, from: &AccountId, to: &AccountId, amount: Balance) {
		if let Err(error) = <Balances as Mutate<AccountId>>::transfer(from, to, amount, Preservation::Preserve) {
			self.failures.push(format!("transfer: {error:?}"));
		}
	}

	fn nominate(&mut self) {
		let purse = self.cast.purse.account.clone();
		let value = Balances::free_balance(&purse).saturating_sub(FEE_RESERVE);
		if !self.plan.nominates || self.plan.strategy == Strategy::Idle || value < 10 * STN {
			return;
		}
		let targets = self.cast.honest_validators().iter().map(|key| key.account.clone().into()).collect();
		self.sign(&purse, pallet_staking::Call::<Runtime>::bond { value, payee: RewardDestination::Stash });
		self.sign(&purse, pallet_staking::Call::<Runtime>::nominate { targets });
	}

	/// One measurement of every line.
	fn measure(&mut self) {
		let bond = self.settings.bandwidth.seat_bond * Balance::from(self.budget.seats);
		for node in &self.nodes {
			ToldOfLines::on_measured(node.id, RATING, bond);
		}
	}

	/// One period of a node: what is required when it counts, and what is paid for it.
	fn prove(&mut self, index: usize, period: Period) {
		let node = self.nodes[index].id;
		self.promise(node, self.budget.rate);
		ToldOfProofs::on_proven(node, ResourceClass::Storage, period, 1);
		if self.plan.strategy == Strategy::Deals {
			self.settle(index);
		} else {
			self.promise(node, 0);
		}
	}

	/// What accepted deals of this rate leave behind.
	fn promise(&self, node: NodeId, rate: Balance) {
		let committed_rate = rate;
		let reserve = money::reserve(rate, self.settings.market.compensation_periods).unwrap_or_default();
		let account = NodeAccount { deals: 1, bytes: 1, committed_rate, reserve };
		pallet_storage_market::NodeAccounts::<Runtime>::insert(node, account);
	}

	/// Pays for one proven period, as the market does.
	fn settle(&mut self, index: usize) {
		let operator = self.nodes[index].operator.account.clone();
		let payment = money::settlement(self.budget.rate, self.settings.market.shares, 1, 0);
		let burned = <Balances as Mutate<AccountId>>::burn_from(
			&operator,
			payment.burned,
			Preservation::Preserve,
			Precision::Exact,
			Fortitude::Polite,
		);
		if let Err(error) = burned {
			self.failures.push(format!("burn: {error:?}"));
		}
		self.give(&operator, &<TreasuryPot as TypedGet>::get(), payment.treasury);
		ToldOfDeals::on_settled(self.nodes[index].id, payment.burned);
	}

	/// One bond for as many nodes as prove in different blocks: each has handed it on in the block after its proof.
	fn rotate(&mut self, block: BlockNumber) {
		let (class, amount) = (ResourceClass::Storage, self.budget.moving_bond);
		// The first node of each offset: more cannot have the bond in one block.
		let proving = |block| (0..self.nodes.len()).find_map(|index| Some((index, self.proves(index, block)?)));
		let (before, now) = (proving(block - 1), proving(block));
		if let Some((index, _)) = before {
			let (operator, node) = (self.nodes[index].operator.account.clone(), self.nodes[index].id);
			self.sign(&operator, pallet_registry::Call::<Runtime>::release_bond { node, class, amount });
		}
		if let Some((index, period)) = now {
			let (operator, node) = (self.nodes[index].operator.account.clone(), self.nodes[index].id);
			self.sign(&operator, pallet_registry::Call::<Runtime>::add_bond { node, class, amount });
			self.prove(index, period);
		}
	}

	fn open_channels(&mut self) {
		let members = self.identities.len();
		for number in 0..members {
			let payer = self.identities[number].account.clone();
			let payee = self.payee(number);
			let key = agent("channel", u32::try_from(number).unwrap_or(u32::MAX)).public().0;
			let deposit = self.budget.float;
			self.sign(&payer, pallet_payment_channels::Call::<Runtime>::open { payee, key, deposit });
		}
	}

	fn payee(&self, number: usize) -> AccountId {
		let members = self.identities.len();
		let payee = if members == 1 { &self.cast.purse } else { &self.identities[(number + 1) % members] };
		payee.account.clone()
	}

	fn round(&mut self) {
		let settings = self.settings.channels;
		let (left, spent) = self.rounds;
		let amount = pallet_payment_channels::money::split(left, &settings).map_or(0, |split| split.paid);
		if left == 0 || amount < settings.min_redeem {
			return;
		}
		let cumulative = spent + left;
		let channels = || (0..).map(ChannelId);
		for channel in channels().take(self.identities.len()) {
			let signature = [0; 64];
			let redeem = pallet_payment_channels::Call::<Runtime>::redeem { channel, cumulative, signature };
			self.call(RawOrigin::Authorized.into(), redeem);
		}
		for (number, channel) in (0..self.identities.len()).zip(channels()) {
			let payer = self.identities[number].account.clone();
			if self.identities.len() == 1 {
				let purse = self.cast.purse.account.clone();
				self.give(&purse, &payer, amount);
			}
			self.sign(&payer, pallet_payment_channels::Call::<Runtime>::top_up { channel, amount });
		}
		self.rounds = (amount, cumulative);
	}

	fn claim(&mut self) {
		let pages = self.estate().earners().into_iter().filter_map(Rewards::reward_page);
		let pages: Vec<_> = pages.filter(|page| page.pending > 0).collect();
		for page in pages {
			let (who, nodes) = match page.earner.clone() {
				Earner::Node { node, .. } => (self.cast.purse.account.clone(), vec![node]),
				Earner::Payee(account) => (account, Vec::new()),
			};
			// A node may have been paid with its other class.
			if Rewards::reward_page(page.earner).is_none_or(|page| page.pending == 0) {
				continue;
			}
			let nodes = nodes.try_into().expect("one node is within the bound");
			self.sign(&who, pallet_rewards::Call::<Runtime>::claim { nodes });
		}
	}
}
