//! What a node and its operator have earned besides their customers' payments: figures for scripts, words for people.

use serde::Serialize;
use substation_client::{
	amounts::display_amount,
	client::{NodeView, RewardView},
	BlockHash, Chain, ChainError,
};
use substation_primitives::{
	rewards::{CurrentPage, Earner, PoolPage, SupplyPage},
	Balance, ResourceClass,
};

/// What a node in each class and its operator have earned, as a state has it.
pub async fn read(chain: &Chain, node: &NodeView, block: BlockHash) -> Result<Vec<RewardView>, ChainError> {
	let mut rewards = chain.rewards_of_node(node.id, block).await?;
	rewards.extend(chain.rewards_of_payee(&node.operator, block).await?);
	Ok(rewards)
}

/// What a claim of all these pays.
pub fn claimable(rewards: &[RewardView]) -> Balance {
	rewards.iter().fold(0, |sum, page| sum.saturating_add(page.pending))
}

/// What all these were credited in the running era.
pub fn credited(rewards: &[RewardView]) -> Balance {
	rewards.iter().fold(0, |sum, page| sum.saturating_add(page.credited))
}

/// What `/v1/status` shows of one earner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RewardReport {
	/// What it is earned with: `storage`, `bandwidth` or `delivery`.
	pub kind: &'static str,
	/// To claim, in the smallest unit, as text.
	pub pending: String,
	/// Credited in the running era, in the smallest unit, as text.
	pub credited: String,
	/// The running era.
	pub era: u32,
	/// How much of that will be paid if nothing more is credited, in per cent; `None` if all.
	pub paid_percent: Option<u32>,
	/// The block of the last proof.
	pub since: Option<u32>,
	/// The last block in which the next proof is in time.
	pub due: Option<u32>,
	/// The bond that the last proof spoke for, in the smallest unit, as text.
	pub bond: Option<String>,
	/// All this as a line for people.
	#[serde(skip)]
	pub words: String,
}

impl RewardReport {
	/// The report on an earner.
	pub fn of(page: &RewardView, supply: Option<&SupplyPage>) -> Self {
		let kind = kind(page);
		let pool = supply.map(|supply| match page.earner.class() {
			ResourceClass::Storage => supply.storage,
			ResourceClass::Bandwidth => supply.bandwidth,
		});
		let paid_percent = pool.and_then(paid_percent);
		Self {
			kind,
			pending: page.pending.to_string(),
			credited: page.credited.to_string(),
			era: page.era,
			paid_percent,
			since: page.current.map(|proof| proof.since),
			due: page.current.map(|proof| proof.due),
			bond: page.current.map(|proof| proof.bond.to_string()),
			words: words(page, kind, paid_percent),
		}
	}
}

fn kind(page: &RewardView) -> &'static str {
	match page.earner {
		Earner::Node { class: ResourceClass::Storage, .. } => "storage",
		Earner::Node { class: ResourceClass::Bandwidth, .. } => "bandwidth",
		Earner::Payee(_) => "delivery",
	}
}

/// How much of its units a pool pays, rounded down; `None` if all.
fn paid_percent(pool: PoolPage) -> Option<u32> {
	if pool.units <= pool.budget {
		return None;
	}
	let percent = pool.budget.saturating_mul(100).checked_div(pool.units)?;
	u32::try_from(percent).ok()
}

fn words(page: &RewardView, kind: &str, paid_percent: Option<u32>) -> String {
	let (pending, credited) = (display_amount(page.pending), display_amount(page.credited));
	let mut words = format!("rewards for {kind}: {pending} STN to claim, {credited} STN credited in era {}", page.era);
	if let Some(percent) = paid_percent.filter(|_| page.credited > 0) {
		words.push_str(&format!(", of which some {percent} % will be paid"));
	}
	let proof = match page.earner {
		Earner::Node { class: ResourceClass::Storage, .. } => "proof",
		Earner::Node { class: ResourceClass::Bandwidth, .. } => "measurement",
		Earner::Payee(_) => return words,
	};
	let CurrentPage { due, bond, .. } = match page.current {
		Some(current) => current,
		None => return format!("{words}; the next {proof} starts the clock"),
	};
	if page.now > due {
		return format!("{words}; no {proof} came until block {due}: the next one starts the clock anew");
	}
	format!("{words}; a bond of {} STN earns if the next {proof} comes until block {due}", display_amount(bond))
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::provider::testing::node;
	use substation_client::AccountId;
	use substation_primitives::{settings::STN, NodeId};

	/// Something to claim, something credited, and a proof that counts.
	pub(crate) fn page(earner: Earner<AccountId>) -> RewardView {
		let current = Some(CurrentPage { since: 90, due: 117, bond: 36 * STN });
		RewardView { earner, now: 100, era: 7, pending: 2 * STN, credited: STN / 2, current }
	}

	fn of_class(class: ResourceClass) -> RewardView {
		page(Earner::Node { node: NodeId(1), class })
	}

	fn delivery() -> RewardView {
		RewardView { current: None, ..page(Earner::Payee(node().operator)) }
	}

	pub(crate) fn supply(storage: PoolPage) -> SupplyPage {
		SupplyPage {
			now: 100,
			era: 7,
			genesis: 0,
			issuance: 0,
			budgeted: 0,
			max: 0,
			minted: 0,
			burned: 0,
			burned_by_calls: 0,
			burned_seen: 0,
			nominating: 0,
			availability_per_block: 0,
			storage,
			bandwidth: PoolPage { units: 0, budget: 1 },
		}
	}

	fn words_of(page: &RewardView) -> String {
		RewardReport::of(page, None).words
	}

	#[test]
	fn proof_that_counts_says_for_which_bond_and_until_when() {
		assert_eq!(
			words_of(&of_class(ResourceClass::Storage)),
			"rewards for storage: 2 STN to claim, 0.5 STN credited in era 7; a bond of 36 STN earns if the next proof comes \
			 until block 117"
		);
		let bandwidth = words_of(&of_class(ResourceClass::Bandwidth));
		assert!(bandwidth.starts_with("rewards for bandwidth: 2 STN"), "{bandwidth}");
		assert!(bandwidth.ends_with("if the next measurement comes until block 117"), "{bandwidth}");
	}

	#[test]
	fn last_block_of_a_proof_is_in_time_and_the_next_one_is_not() {
		let page = of_class(ResourceClass::Storage);

		let in_time = words_of(&RewardView { now: 117, ..page.clone() });
		let late = words_of(&RewardView { now: 118, ..page });

		assert!(in_time.ends_with("comes until block 117"), "{in_time}");
		assert!(late.ends_with("no proof came until block 117: the next one starts the clock anew"), "{late}");
	}

	#[test]
	fn node_without_a_proof_is_told_that_the_next_one_counts() {
		let page = RewardView { current: None, ..of_class(ResourceClass::Storage) };

		assert!(words_of(&page).ends_with("; the next proof starts the clock"));
	}

	#[test]
	fn deliveries_have_no_clock() {
		assert_eq!(words_of(&delivery()), "rewards for delivery: 2 STN to claim, 0.5 STN credited in era 7");
	}

	#[test]
	fn pool_that_cannot_pay_everything_is_told() {
		let page = of_class(ResourceClass::Storage);
		let report = |units, budget| RewardReport::of(&page, Some(&supply(PoolPage { units, budget })));

		let short = report(3 * STN, 2 * STN);
		assert_eq!(short.paid_percent, Some(66));
		assert!(short.words.contains("credited in era 7, of which some 66 % will be paid; a bond"), "{}", short.words);
		assert_eq!(report(2 * STN, 2 * STN).paid_percent, None);
		assert_eq!(report(STN, 0).paid_percent, Some(0));
		// The other class's pool has enough.
		assert_eq!(RewardReport::of(&delivery(), Some(&supply(PoolPage { units: 9, budget: 1 }))).paid_percent, None);
	}

	#[test]
	fn everything_is_there_for_scripts() {
		let json = serde_json::to_value(RewardReport::of(&of_class(ResourceClass::Storage), None)).unwrap();

		assert_eq!(json["kind"], "storage");
		assert_eq!(json["pending"], (2 * STN).to_string());
		assert_eq!(json["credited"], (STN / 2).to_string());
		for (name, expected) in [("era", 7), ("since", 90), ("due", 117)] {
			assert_eq!(json[name], expected, "{name}");
		}
		assert_eq!(json["bond"], (36 * STN).to_string());
		assert_eq!(json.get("words"), None);
	}

	#[test]
	fn sums_are_over_all_earners() {
		let rewards = [of_class(ResourceClass::Storage), of_class(ResourceClass::Bandwidth), delivery()];

		assert_eq!((claimable(&rewards), credited(&rewards)), (6 * STN, 3 * STN / 2));
		assert_eq!((claimable(&[]), credited(&[])), (0, 0));
	}
}
