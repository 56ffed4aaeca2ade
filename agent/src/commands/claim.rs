//! `substation claim`: what an operator's nodes, and the deliveries of whoever signs, have earned becomes money.

use crate::{
	cli::{Common, OfNode},
	commands::session::Session,
	status::rewards,
};
use anyhow::{bail, Context, Result};
use serde_json::json;
use std::collections::BTreeSet;
use substation_client::{
	amounts::display_amount,
	calls::REWARDS,
	client::RewardView,
	signed::{number_in, EventView, Receipt},
	Call,
};
use substation_primitives::{
	rewards::{Earner, MAX_CLAIMS},
	Balance, NodeId,
};
use subxt::ext::scale_value::{At, Value, ValueDef};

/// Claims in one transaction, and says what was paid: for the node that was named, or else for all nodes of this one's
/// operator, and for the account that signs.
pub async fn claim(common: &Common, options: &OfNode) -> Result<()> {
	let session = Session::provider(common).await?;
	let best = session.chain.best().await?;
	let key = session.key(&options.signer).await?.map(|key| key.account());
	let page = match options.node {
		Some(node) => {
			let page = session.chain.node(NodeId(node), best).await?;
			Some(page.with_context(|| format!("there is no node {node}"))?)
		}
		None if key.is_some() && session.config.node.is_none() && !session.folder.key_file().exists() => None,
		None => session.chain.node(session.own_node().await?, best).await?,
	};
	// Who signs may also claim for nodes that are gone: what they had left is its own.
	let operator = page.as_ref().map(|page| page.operator).or(key);
	let operator = operator.context("that node is gone; name who signs, for what it has left, with --key-file")?;
	let nodes = match options.node {
		Some(node) => vec![NodeId(node)],
		None => session.chain.nodes_of(&operator, best).await?,
	};
	let mut found = Vec::new();
	for node in nodes {
		found.extend(session.chain.rewards_of_node(node, best).await?);
	}
	let (paying, left) = paying(&found);
	// Deliveries are paid to the account that signs; without a key here that is probably the operator.
	let signer = key.unwrap_or(operator);
	found.extend(session.chain.rewards_of_payee(&signer, best).await?);
	ensure_worth_a_fee(&found)?;
	if left > 0 {
		session.say(&format!(
			"one claim is for {MAX_CLAIMS} nodes at most: {left} more have something, repeat it for them"
		));
	}

	let call = Call::claim(&paying);
	let Some(receipt) = session.submit(&call, &options.signer, 0).await? else { return Ok(()) };
	let payments = payments(&receipt);
	if session.json {
		let claimed: Vec<_> = payments.iter().map(Payment::json).collect();
		let (call, paid) = (call.title(), total(&payments).to_string());
		println!("{}", json!({ "call": call, "block": receipt.block, "claimed": claimed, "paid": paid }));
	} else {
		println!("{} done in block {}", call.title(), receipt.block);
		payments.iter().for_each(|payment| println!("  {}", payment.words()));
		println!("paid {} STN", display_amount(total(&payments)));
	}
	Ok(())
}

/// The nodes for which there is something to claim, as many as one claim takes, and how many there are besides.
fn paying(found: &[RewardView]) -> (Vec<NodeId>, usize) {
	let with_something = found.iter().filter(|page| page.pending > 0).filter_map(|page| match page.earner {
		Earner::Node { node, .. } => Some(node),
		Earner::Payee(_) => None,
	});
	let nodes: BTreeSet<_> = with_something.collect();
	let left = nodes.len().saturating_sub(MAX_CLAIMS as usize);
	(nodes.into_iter().take(MAX_CLAIMS as usize).collect(), left)
}

/// Errors when a claim would cost its fee and pay nothing.
fn ensure_worth_a_fee(found: &[RewardView]) -> Result<()> {
	if rewards::claimable(found) > 0 {
		return Ok(());
	}
	match (found.first(), rewards::credited(found)) {
		(Some(page), credited) if credited > 0 => bail!(
			"nothing to claim yet: {} STN were credited in era {}, which is not over",
			display_amount(credited),
			page.era
		),
		_ => bail!("nothing to claim: nothing was earned since the last claim"),
	}
}

/// One earner that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Payment {
	/// What it was earned with, and by which node.
	earned: String,
	amount: Balance,
}

impl Payment {
	fn words(&self) -> String {
		format!("{} STN for {}", display_amount(self.amount), self.earned)
	}

	fn json(&self) -> serde_json::Value {
		json!({ "for": self.earned, "amount": self.amount.to_string() })
	}
}

fn total(payments: &[Payment]) -> Balance {
	payments.iter().fold(0, |sum, payment| sum.saturating_add(payment.amount))
}

fn payments(receipt: &Receipt) -> Vec<Payment> {
	receipt.events(REWARDS, "Claimed").filter_map(payment).collect()
}

fn payment(event: &EventView) -> Option<Payment> {
	Some(Payment { earned: earned(event.field("earner")?), amount: event.number("amount")? })
}

/// Who has earned something, in words. A runtime may know earners that this program does not.
fn earned(earner: &Value<()>) -> String {
	let ValueDef::Variant(variant) = &earner.value else { return earner.to_string() };
	if variant.name == "Payee" {
		return "delivery".into();
	}
	let class = earner.at("class").and_then(|class| match &class.value {
		ValueDef::Variant(class) => Some(class.name.to_lowercase()),
		_ => None,
	});
	match (class, earner.at("node").and_then(number_in)) {
		(Some(class), Some(node)) => format!("{class} of node {node}"),
		_ => earner.to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::status::rewards::tests::page;
	use substation_primitives::{settings::STN, ResourceClass};
	use subxt::ext::scale_value::Composite;

	fn claimed(earner: Value<()>, amount: Balance) -> EventView {
		let fields = vec![("earner".into(), earner), ("amount".into(), Value::u128(amount))];
		EventView { pallet: REWARDS.into(), name: "Claimed".into(), fields: Composite::Named(fields) }
	}

	fn node(node: u128, class: &str) -> Value<()> {
		let id = Value::unnamed_composite([Value::u128(node)]);
		Value::named_variant("Node", [("node", id), ("class", Value::unnamed_variant(class, []))])
	}

	fn payee() -> Value<()> {
		Value::unnamed_variant("Payee", [Value::unnamed_composite([Value::u128(1)])])
	}

	#[test]
	fn what_was_paid_is_told_by_earner_and_in_all() {
		let other = EventView { name: "EraBudgeted".into(), ..claimed(payee(), 7) };
		let events = vec![
			claimed(node(3, "Storage"), 2 * STN),
			other,
			claimed(node(3, "Bandwidth"), STN / 2),
			claimed(payee(), STN / 4),
		];

		let payments = payments(&Receipt { block: "0x00".into(), events });

		let words: Vec<_> = payments.iter().map(Payment::words).collect();
		assert_eq!(words, ["2 STN for storage of node 3", "0.5 STN for bandwidth of node 3", "0.25 STN for delivery"]);
		assert_eq!(total(&payments), 2 * STN + 3 * STN / 4);
		assert_eq!(payments[0].json(), json!({ "for": "storage of node 3", "amount": (2 * STN).to_string() }));
	}

	#[test]
	fn earner_of_a_later_runtime_is_printed_as_it_is() {
		let unknown = Value::unnamed_variant("Relay", [Value::u128(1)]);

		let payments = payments(&Receipt { block: String::new(), events: vec![claimed(unknown, 5)] });

		assert!(payments.len() == 1 && payments[0].earned.contains("Relay"), "{payments:?}");
	}

	#[test]
	fn claim_is_for_every_node_with_something_to_claim_as_far_as_one_takes_them() {
		let earned = |node, class, pending| {
			let page = page(Earner::Node { node: NodeId(node), class });
			RewardView { pending, ..page }
		};
		let storage = |node| earned(node, ResourceClass::Storage, STN);

		let both =
			[storage(3), earned(3, ResourceClass::Bandwidth, 1), earned(2, ResourceClass::Storage, 0), storage(1)];
		assert_eq!(paying(&both), (vec![NodeId(1), NodeId(3)], 0));
		let many: Vec<_> = (0..70).map(storage).collect();
		assert_eq!(paying(&many), ((0..64).map(NodeId).collect(), 6));
	}

	#[test]
	fn claim_that_would_pay_nothing_is_not_sent_and_says_why() {
		let page = page(Earner::Node { node: NodeId(1), class: ResourceClass::Storage });
		let refusal = |pages: &[RewardView]| ensure_worth_a_fee(pages).unwrap_err().to_string();

		assert!(ensure_worth_a_fee(std::slice::from_ref(&page)).is_ok());
		let early = refusal(&[RewardView { pending: 0, ..page.clone() }]);
		assert!(early.contains("0.5 STN were credited in era 7, which is not over"), "{early}");
		let nothing = refusal(&[RewardView { pending: 0, credited: 0, ..page }]);
		assert!(nothing.contains("nothing was earned"), "{nothing}");
		assert!(refusal(&[]).contains("nothing was earned"));
	}
}
