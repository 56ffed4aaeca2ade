//! A coalition at work on the real machinery: signed transactions with fees, agents' free calls, real proofs, drawn
//! committees, elections and payouts.
//!
//! ```text
//! era 0        1            2                3        ...        6              7
//! |------------|------------|----------------|-------------------|--------------|----
//!   accounts,    each node    first proofs;    four periods of credit,            last proofs of late
//!   nodes,       takes its    stakes are       four eras of stakes                nodes; all are paid
//!   seats        deal         nominated
//! ```
//! Bonds and stakes begin to earn in the same era and are credited and paid for as many. Credits that fall into the era
//! after the last one are counted at the rate of its pool.

use crate::{
	cast::{Cast, HONEST_COMMISSION, HONEST_SEATS},
	chain::GENESIS,
	committee::{measurement, Part},
	keys::{agent, Key},
	node::Node,
	strategy::{Budget, Strategy, Unaffordable, FEE_RESERVE, FIRST, LAST, TERM},
	wealth::{Estate, Wealth},
	world::World,
};
use pallet_staking::{RewardDestination, ValidatorPrefs};
use sp_core::{ed25519, Pair};
use std::collections::BTreeMap;
use substation_primitives::{
	bandwidth::TestPage, rewards::Earner, settings::STN, Balance, BlockNumber, ChannelId, Clock, DealId, NodeId,
	Period, Rates, ResourceClass, TestId,
};
use substation_proofs::voucher::voucher_message;
use substation_runtime::{
	constants::MAX_CLAIMS, AccountId, Balances, Block, Rewards, Runtime, RuntimeCall, RuntimeEvent,
};
use substation_runtime_api::runtime_decl_for_substation_api::SubstationApi;

/// Transfers in one transaction.
const BATCH: usize = 100;

/// Blocks of an era in which money goes round.
const ROUNDS: [BlockNumber; 2] = [15, 45];

/// Blocks between the windows of two nodes that share a bond.
const HAND_OVER: BlockNumber = 6;

/// Blocks before the close of a window in which a moment begins. A block that begins a session has no room.
const MOMENT: BlockNumber = 3;

/// What a coalition does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
	/// How it plays.
	pub strategy: Strategy,
	/// Accounts and nodes among which it divides its tokens.
	pub identities: u32,
	/// Whether it nominates what it does not need.
	pub nominates: bool,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
	/// What the coalition owns.
	pub wealth: Wealth,
	/// What the operators of honest lines own.
	pub honest: Wealth,
	/// Transactions that should have worked and did not.
	pub failures: Vec<String>,
	/// Invariants that do not hold.
	pub violations: Vec<String>,
}

/// What happens in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
	Nominate,
	/// The node proposes and accepts the deal that stays.
	Fill(usize),
	/// The node proves its window.
	Prove(usize),
	/// The node accepts a dear deal, proves its window, and forfeits the deal.
	Moment(usize),
	/// What is left of a moment goes, and its bond with it.
	After(usize),
	Settle(usize),
	OpenChannels,
	Round,
	/// All seats are given up.
	GiveUp,
	/// Lines without seats go.
	RemoveLines,
}

/// A channel to the next member of the ring.
struct Ring {
	key: ed25519::Pair,
	payer: Key,
	payee: Key,
	/// What vouchers have moved.
	spent: Balance,
	/// What the next voucher moves.
	left: Balance,
}

/// A coalition and its calendar.
pub(crate) struct Coalition<'a> {
	cast: &'a Cast,
	plan: Plan,
	budget: Budget,
	clock: Clock,
	era: BlockNumber,
	/// Honest lines.
	honest: Vec<Node>,
	nodes: Vec<Node>,
	identities: Vec<Key>,
	calendar: BTreeMap<BlockNumber, Vec<Act>>,
	standing: BTreeMap<usize, DealId>,
	moments: BTreeMap<usize, DealId>,
	next_deal: u64,
	rings: Vec<Ring>,
	/// Tests that the last block has drawn, and whose they are.
	drawn: Vec<(TestId, NodeId)>,
	/// How often each node was asked to measure.
	asked: BTreeMap<NodeId, u32>,
}

/// Runs a plan to its end.
pub(crate) fn run(cast: &Cast, plan: Plan) -> Result<Outcome, Unaffordable> {
	let mut coalition = Coalition::new(cast, plan)?;
	let mut world = World::new(cast);
	while world.number() < coalition.end() {
		coalition.act(&mut world);
		world.block();
	}
	coalition.collect(&mut world);
	let wealth = world.read(|| coalition.estate().wealth());
	let honest = world.read(|| Estate::of_nodes(&coalition.honest).wealth());
	Ok(Outcome { wealth, honest, failures: world.failures().to_vec(), violations: world.violations() })
}

impl<'a> Coalition<'a> {
	/// A coalition that has not begun.
	pub(crate) fn new(cast: &'a Cast, plan: Plan) -> Result<Self, Unaffordable> {
		let scenario = cast.scenario();
		let lengths = scenario.lengths();
		let budget = Budget::of(plan.strategy, plan.identities, scenario)?;
		let plays = budget.tokens > 0 && !matches!(plan.strategy, Strategy::Idle | Strategy::Nominate);
		let identities: Vec<_> = match plan.strategy {
			_ if !plays => Vec::new(),
			Strategy::Rotation => vec![Key::of("identity", 0); plan.identities as usize],
			_ => (0..plan.identities).map(|number| Key::of("identity", number)).collect(),
		};
		let with_nodes = plan.strategy.stores() || plan.strategy.has_seats();
		let mut ids = (0..).map(NodeId);
		let mut node = |operator: &Key| Node::new(ids.next().expect("there are enough"), operator.clone());
		let honest = cast.lines.iter().map(&mut node).collect();
		let nodes = identities.iter().filter(|_| with_nodes).map(node).collect();
		let mut coalition = Self {
			cast,
			plan,
			budget,
			clock: lengths.clock,
			era: scenario.era_blocks(),
			honest,
			nodes,
			identities,
			calendar: BTreeMap::new(),
			standing: BTreeMap::new(),
			moments: BTreeMap::new(),
			next_deal: 0,
			rings: Vec::new(),
			drawn: Vec::new(),
			asked: BTreeMap::new(),
		};
		coalition.write_calendar();
		Ok(coalition)
	}

	/// Everything that is its own.
	pub(crate) fn estate(&self) -> Estate {
		Estate::of(self.cast, &self.identities, &self.nodes)
	}

	/// The block after which everything is done.
	pub(crate) fn end(&self) -> BlockNumber {
		(LAST + 1) * self.era + self.clock.window + 4
	}

	fn note(&mut self, block: BlockNumber, act: Act) {
		self.calendar.entry(block).or_default().push(act);
	}

	fn write_calendar(&mut self) {
		self.note(FIRST * self.era + 2, Act::Nominate);
		if self.plan.strategy.has_channels() {
			self.note(FIRST * self.era + 4, Act::OpenChannels);
			for era in FIRST + 1..=LAST {
				for block in ROUNDS {
					self.note(era * self.era + block, Act::Round);
				}
			}
		}
		if self.plan.strategy == Strategy::GivenUp {
			self.note(self.era, Act::GiveUp);
			// They count for three more epochs, half an era.
			self.note(self.era + self.era * 2 / 3, Act::RemoveLines);
		}
		if self.plan.strategy.stores() {
			for index in self.storing() {
				self.write_node(index);
			}
		}
	}

	fn write_node(&mut self, index: usize) {
		let opens = |period| self.nodes[index].opens(&self.clock, Period(period));
		let (window, first) = (self.clock.window, opens(0));
		let windows: Vec<_> = (FIRST..=LAST).map(opens).collect();
		self.note(first + window + 1, Act::Fill(index));
		for opens in windows {
			let closes = opens + window;
			if self.plan.strategy == Strategy::Deals {
				self.note(opens + 2, Act::Prove(index));
				self.note(closes + 1, Act::Settle(index));
			} else {
				self.note(closes - MOMENT, Act::Moment(index));
				self.note(closes, Act::After(index));
			}
		}
	}

	/// The nodes that store: all, or those whose windows leave time to hand the bond over.
	fn storing(&self) -> Vec<usize> {
		let mut indices: Vec<_> = (0..self.nodes.len()).collect();
		if self.plan.strategy != Strategy::Rotation {
			return indices;
		}
		let offset = |index: &usize| self.nodes[*index].opens(&self.clock, Period(0));
		indices.sort_by_key(offset);
		let mut chosen: Vec<usize> = Vec::new();
		for index in indices {
			let (first, last) = (chosen.first().map(offset), chosen.last().map(offset));
			let here = offset(&index);
			let after = last.is_none_or(|last| here >= last + HAND_OVER);
			let before = first.is_none_or(|first| here + HAND_OVER <= first + self.clock.period);
			if after && before {
				chosen.push(index);
			}
		}
		chosen
	}

	/// Puts everything into the queue that the next block is for.
	pub(crate) fn act(&mut self, world: &mut World) {
		let next = world.number() + 1;
		if next == 2 {
			self.set_up(world);
		}
		self.measure(world, next);
		for act in self.calendar.remove(&next).unwrap_or_default() {
			match act {
				Act::Nominate => self.nominate(world),
				Act::Fill(index) => self.fill(world, index),
				Act::Prove(index) => self.prove(world, index),
				Act::Moment(index) => self.moment(world, index),
				Act::After(index) => self.after(world, index),
				Act::Settle(index) => {
					let deal = self.standing[&index];
					world.sign(&self.nodes[index].operator, pallet_storage_market::Call::<Runtime>::settle { deal });
				}
				Act::OpenChannels => self.open_channels(world),
				Act::Round => self.round(world),
				Act::GiveUp => self.for_each(world, |node| pallet_bandwidth_proofs::Call::give_up_seats { node }),
				Act::RemoveLines => self.for_each(world, |node| pallet_bandwidth_proofs::Call::remove_line { node }),
			}
		}
	}

	/// Commissions, honest lines, then the coalition's accounts, nodes and seats.
	fn set_up(&mut self, world: &mut World) {
		for validator in self.cast.honest_validators() {
			world.sign(validator, validate(HONEST_COMMISSION));
		}
		if let Some(commission) = self.cast.scenario().commission {
			world.sign(&self.cast.accomplice, validate(commission));
		}
		let settings = self.cast.scenario().settings;
		let claim = Rates { down: settings.bandwidth.seat_rate, up: settings.bandwidth.seat_rate };
		let bond = (settings.bandwidth.seat_bond * Balance::from(HONEST_SEATS)).max(settings.registry.min_bond);
		let prepaid = self.cast.scenario().honest_prepayment();
		for node in &self.honest {
			world.sign(&node.operator, node.registration(ResourceClass::Bandwidth, bond));
			world.sign(&node.operator, node.taking_seats(HONEST_SEATS, claim, prepaid));
		}
		for keys in self.identities.chunks(BATCH) {
			let calls = keys.iter().map(|key| give(&key.account, self.budget.tokens)).collect();
			world.sign(&self.cast.purse, pallet_utility::Call::<Runtime>::batch_all { calls });
		}
		let Budget { storage_bond, moving_bond, seats, seat_bond, prepaid, .. } = self.budget;
		for node in &self.nodes {
			if self.plan.strategy.stores() {
				world.sign(&node.operator, node.registration(ResourceClass::Storage, storage_bond));
			} else {
				world.sign(&node.operator, node.registration(ResourceClass::Bandwidth, seat_bond));
			}
			if self.plan.strategy.has_seats() {
				if self.plan.strategy.stores() {
					world.sign(&node.operator, node.adding_line(seat_bond));
				}
				world.sign(&node.operator, node.taking_seats(seats, claim, prepaid));
			}
		}
		debug_assert!(moving_bond == 0 || self.plan.strategy == Strategy::Rotation);
	}

	fn nominate(&self, world: &mut World) {
		if !self.plan.nominates || self.plan.strategy == Strategy::Idle {
			return;
		}
		let purse = &self.cast.purse;
		let reserve = if self.nodes.len() > 100 { STN } else { FEE_RESERVE };
		let value = world.read(|| Balances::free_balance(&purse.account)).saturating_sub(reserve);
		if value < 10 * STN {
			return;
		}
		let targets = self.cast.honest_validators().iter().map(|key| key.account.clone().into()).collect();
		world.sign(purse, pallet_staking::Call::<Runtime>::bond { value, payee: RewardDestination::Stash });
		world.sign(purse, pallet_staking::Call::<Runtime>::nominate { targets });
	}

	/// Has each of the coalition's operators sign a call about its node.
	fn for_each(&self, world: &mut World, call: impl Fn(NodeId) -> pallet_bandwidth_proofs::Call<Runtime>) {
		for node in &self.nodes {
			world.sign(&node.operator, call(node.id));
		}
	}

	fn deal(&mut self) -> DealId {
		let deal = DealId(self.next_deal);
		self.next_deal += 1;
		deal
	}

	/// A deal that stays: all that the bond covers if the node is paid for it, as little as possible otherwise.
	fn fill(&mut self, world: &mut World, index: usize) {
		let market = self.cast.scenario().settings.market;
		let rate = if self.plan.strategy == Strategy::Deals { self.budget.rate } else { market.min_rate };
		let deal = self.deal();
		self.standing.insert(index, deal);
		let node = &mut self.nodes[index];
		world.sign(&node.operator, node.proposal(deal, rate, TERM, market.min_billed));
		world.submit(node.acceptance(deal, Period(FIRST - 1)));
	}

	fn prove(&self, world: &mut World, index: usize) {
		if let Some(proof) = world.read(|| self.nodes[index].proof()) {
			world.submit(proof);
		}
	}

	fn moment(&mut self, world: &mut World, index: usize) {
		let market = self.cast.scenario().settings.market;
		let period = Period((world.number() - self.nodes[index].opens(&self.clock, Period(0))) / self.clock.period);
		let deal = self.deal();
		self.moments.insert(index, deal);
		let Budget { rate, moving_bond, .. } = self.budget;
		let node = &mut self.nodes[index];
		if moving_bond > 0 {
			let add = pallet_registry::Call::<Runtime>::add_bond {
				node: node.id,
				class: ResourceClass::Storage,
				amount: moving_bond,
			};
			world.sign(&node.operator, add);
		}
		world.sign(&node.operator, node.proposal(deal, rate, 1, market.min_billed));
		world.submit(node.acceptance(deal, period));
		self.prove(world, index);
		world.sign(&self.nodes[index].operator, pallet_storage_market::Call::<Runtime>::forfeit { deal });
	}

	fn after(&mut self, world: &mut World, index: usize) {
		let Some(deal) = self.moments.remove(&index) else { return };
		let node = &self.nodes[index];
		world.sign(&node.operator, pallet_storage_market::Call::<Runtime>::close { deal });
		let amount = self.budget.moving_bond;
		if amount > 0 {
			let class = ResourceClass::Storage;
			world.sign(&node.operator, pallet_registry::Call::<Runtime>::release_bond { node: node.id, class, amount });
		}
	}

	/// Measurements of the tests that the last block has drawn.
	fn measure(&mut self, world: &mut World, next: BlockNumber) {
		for (test, node) in std::mem::take(&mut self.drawn) {
			let Some(page) = world.read(|| test_page(test)) else { continue };
			let call = if node.0 < self.honest.len() as u64 {
				self.honest_measurement(&page)
			} else {
				self.measurement_of_own(&page, next)
			};
			if let Some(call) = call {
				world.submit(call);
			}
		}
		let drawn = |event| match event {
			RuntimeEvent::BandwidthProofs(pallet_bandwidth_proofs::Event::TestDrawn { test, node, .. }) => {
				Some((test, node))
			}
			_ => None,
		};
		self.drawn = world.events().into_iter().filter_map(drawn).collect();
	}

	/// What an honest line's test comes to, whose members are honest but for the coalition's.
	fn honest_measurement(&mut self, page: &TestPage) -> Option<RuntimeCall> {
		let mut parts: BTreeMap<_, _> = self.honest.iter().map(|node| (node.id, (node, Part::Carries))).collect();
		for node in &self.nodes {
			if page.committee.iter().all(|member| member.node != node.id) {
				continue;
			}
			let asked = self.asked.entry(node.id).or_default();
			*asked += 1;
			let part = match self.plan.strategy {
				// Two of sixteen, so that nobody is expelled.
				Strategy::Silence => (*asked % 8 == 1).then_some(Part::Idles),
				Strategy::Carriers => Some(Part::Carries),
				strategy => strategy.has_seats().then_some(Part::Idles),
			};
			parts.extend(part.map(|part| (node.id, (node, part))));
		}
		let tested = self.honest.get(usize::try_from(page.node.0).ok()?)?;
		measurement(tested, page, &parts)
	}

	/// What accomplices vouch for, once stakes are nominated and as long as they earn.
	///
	/// A first rating takes three tests of a direction, about an era. Those before the second half of the era in which
	/// stakes are nominated are let pass, so that seats do not earn for longer than stakes.
	fn measurement_of_own(&self, page: &TestPage, next: BlockNumber) -> Option<RuntimeCall> {
		let from = FIRST * self.era + self.era / 2;
		if !self.plan.strategy.has_lines() || next <= from || next > (LAST + 1) * self.era {
			return None;
		}
		let parts: BTreeMap<_, _> = self.nodes.iter().map(|node| (node.id, (node, Part::Vouches))).collect();
		measurement(self.nodes.iter().find(|node| node.id == page.node)?, page, &parts)
	}

	/// Everybody pays the next one; who is alone pays the purse.
	fn open_channels(&mut self, world: &mut World) {
		let members = self.identities.len();
		for (number, payer) in self.identities.iter().enumerate() {
			let payee = if members == 1 { &self.cast.purse } else { &self.identities[(number + 1) % members] };
			let key = agent("channel", u32::try_from(number).unwrap_or(u32::MAX));
			let deposit = self.budget.float;
			let open = pallet_payment_channels::Call::<Runtime>::open {
				payee: payee.account.clone(),
				key: key.public().0,
				deposit,
			};
			world.sign(payer, open);
			self.rings.push(Ring { key, payer: payer.clone(), payee: payee.clone(), spent: 0, left: deposit });
		}
	}

	/// Redeems everything that is in the channels, and puts what arrives back.
	fn round(&mut self, world: &mut World) {
		let settings = self.cast.scenario().settings.channels;
		let ids = (0..).map(ChannelId);
		let mut arrived = Vec::new();
		for (ring, channel) in self.rings.iter_mut().zip(ids.clone()) {
			let split = pallet_payment_channels::money::split(ring.left, &settings);
			let paid = split.map_or(0, |split| split.paid);
			if ring.left == 0 || paid < settings.min_redeem {
				return;
			}
			ring.spent += ring.left;
			let signature = ring.key.sign(&voucher_message(&GENESIS.0, channel.0, ring.spent)).0;
			world.submit(pallet_payment_channels::Call::<Runtime>::redeem {
				channel,
				cumulative: ring.spent,
				signature,
			});
			arrived.push(paid);
		}
		// All have put in the same, so all have got the same.
		for ((ring, channel), amount) in self.rings.iter_mut().zip(ids).zip(arrived) {
			if ring.payee.account == self.cast.purse.account {
				world.sign(&self.cast.purse, give(&ring.payer.account, amount));
			}
			world.sign(&ring.payer, pallet_payment_channels::Call::<Runtime>::top_up { channel, amount });
			ring.left = amount;
		}
	}

	/// Pays out stakes and claims rewards.
	fn collect(&self, world: &mut World) {
		pay_out_stakes(self.cast, world);
		let estate = self.estate();
		let mut nodes: Vec<NodeId> = Vec::new();
		let mut payees: Vec<AccountId> = Vec::new();
		let pages: Vec<_> = world.read(|| estate.earners().into_iter().filter_map(Rewards::reward_page).collect());
		for page in pages.into_iter().filter(|page| page.pending > 0) {
			match page.earner {
				Earner::Node { node, .. } if !nodes.contains(&node) => nodes.push(node),
				Earner::Node { .. } => {}
				Earner::Payee(account) => payees.push(account),
			}
		}
		if !nodes.is_empty() {
			// Who claims for nodes claims its own as well.
			payees.retain(|account| *account != self.cast.purse.account);
		}
		for nodes in nodes.chunks(MAX_CLAIMS as usize) {
			let nodes = nodes.to_vec().try_into().expect("chunks are within the bound");
			world.sign(&self.cast.purse, pallet_rewards::Call::<Runtime>::claim { nodes });
		}
		for key in self.identities.iter().chain([&self.cast.purse]) {
			if payees.contains(&key.account) {
				payees.retain(|account| *account != key.account);
				world.sign(key, pallet_rewards::Call::<Runtime>::claim { nodes: Default::default() });
			}
		}
		world.drain();
	}
}

/// Has the clerk pay out every era that is over, as far as the coalition is paid by it.
pub(crate) fn pay_out_stakes(cast: &Cast, world: &mut World) {
	let running = world.read(|| pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index));
	for era in 0..running {
		for validator in cast.all_validators() {
			for page in world.read(|| pages(cast, validator, era)) {
				let validator_stash = validator.account.clone();
				let pay = pallet_staking::Call::<Runtime>::payout_stakers_by_page { validator_stash, era, page };
				world.sign(&cast.clerk, pay);
			}
		}
	}
	world.drain();
}

/// The pages of those who have backed a validator in an era that pay the coalition; the only page if there is one.
fn pages(cast: &Cast, validator: &Key, era: u32) -> Vec<u32> {
	let stash = &validator.account;
	let count = pallet_staking::ErasStakersOverview::<Runtime>::get(era, stash).map_or(0, |all| all.page_count);
	let is_paid = |page: &u32| {
		let exposure = pallet_staking::ErasStakersPaged::<Runtime>::get((era, stash, page));
		let is_own = |exposure: sp_staking::ExposurePage<AccountId, Balance>| {
			exposure.others.iter().any(|nominator| nominator.who == cast.purse.account)
		};
		count <= 1 || *stash == cast.accomplice.account || exposure.is_some_and(is_own)
	};
	(0..count.max(1)).filter(is_paid).collect()
}

/// The call by which a validator says what it keeps.
pub(crate) fn validate(commission: sp_runtime::Perbill) -> RuntimeCall {
	pallet_staking::Call::<Runtime>::validate { prefs: ValidatorPrefs { commission, blocked: false } }.into()
}

fn give(to: &AccountId, value: Balance) -> RuntimeCall {
	pallet_balances::Call::<Runtime>::transfer_keep_alive { dest: to.clone().into(), value }.into()
}

fn test_page(test: TestId) -> Option<TestPage> {
	<Runtime as SubstationApi<Block, AccountId>>::test_page(test)
}
