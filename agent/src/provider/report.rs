//! How the provider stands: figures for scripts, words for people.

use crate::{
	chain::client::NodeView,
	cli::amounts::{display_amount, display_size},
	data::journal::{DealState as Local, Journal},
};
use serde::Serialize;
use substation_primitives::{pages::WindowPage, NodeStatus};

/// Everything that a report is made from.
#[derive(Clone, Debug, Default)]
pub struct Situation {
	/// The node's page, as it was read last.
	pub node: Option<NodeView>,
	/// The address at which the chain is not reachable.
	pub disconnected: Option<String>,
	/// Why deals cannot be taken or cleared.
	pub trouble: Option<String>,
	/// Height of the best block.
	pub best_block: Option<u32>,
	/// Height of the final block.
	pub final_block: Option<u32>,
	/// Whether this process submits proofs.
	pub proves_itself: bool,
	/// Deals by their local state.
	pub counts: Counts,
	/// Contents that are damaged.
	pub damaged: usize,
	/// Bytes of contents on the disk.
	pub used_bytes: u64,
	/// Free bytes on the disk.
	pub free_bytes: u64,
}

/// Deals by what this machine does with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
	/// Their bytes are on their way.
	pub fetching: usize,
	/// Their bytes are here; the acceptance is not final.
	pub accepting: usize,
	/// They run.
	pub accepted: usize,
	/// They are over; their slots are still challenged.
	pub ended: usize,
	/// Their bytes wait for deletion.
	pub to_delete: usize,
}

impl Situation {
	/// Counts what the journal has.
	pub fn count(&mut self, journal: &Journal) {
		let mut counts = Counts::default();
		for record in journal.deals() {
			let counter = match record.state {
				Local::Fetching => &mut counts.fetching,
				Local::Ready | Local::Submitted { .. } => &mut counts.accepting,
				Local::Accepted { .. } => &mut counts.accepted,
				Local::Ended { .. } => &mut counts.ended,
				Local::ToDelete { .. } => &mut counts.to_delete,
				Local::Refused => continue,
			};
			*counter = counter.saturating_add(1);
		}
		self.counts = counts;
		self.damaged = journal.damage().map_or(0, |damage| damage.len());
	}
}

/// What `/v1/status` shows of the chain's side and `substation status` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
	/// The node's number.
	pub node: Option<u64>,
	/// Whether the node is set to be paid for the running period.
	pub earning: bool,
	/// Why, or why not.
	pub reason: String,
	/// The same and all the rest as lines for people.
	pub words: Vec<String>,
	/// Height of the best block.
	pub best_block: Option<u32>,
	/// Height of the final block.
	pub final_block: Option<u32>,
	/// Deals with a record on the chain.
	pub deals: u32,
	/// Bytes of these deals.
	pub bytes: u64,
	/// Strikes.
	pub strikes: u8,
	/// What the deals pay in one period, in the smallest unit, as text.
	pub rate: String,
	/// The running period.
	pub period: Option<u32>,
	/// Whether it is proven.
	pub proven: bool,
	/// The block at which its window opens.
	pub opens: Option<u32>,
	/// The first block at which it is closed.
	pub closes: Option<u32>,
	/// The latest closed periods and whether they were proven.
	pub recent: Vec<(u32, bool)>,
	/// Deals by what this machine does with them.
	pub local: Counts,
	/// Contents that are damaged.
	pub damaged: usize,
	/// Bytes of contents on the disk.
	pub used_bytes: u64,
	/// Free bytes on the disk.
	pub free_bytes: u64,
}

impl Report {
	/// The report on a situation.
	pub fn of(situation: &Situation) -> Self {
		let (earning, reason) = verdict(situation);
		let page = situation.node.as_ref();
		let window = page.map(|page| &page.window);
		let mut words = vec![format!("{}: {reason}", if earning { "earning" } else { "not earning" })];
		if let Some(page) = page {
			words.extend(chain_words(page));
		}
		words.extend(local_words(situation));
		Self {
			node: page.map(|page| page.id.0),
			earning,
			reason,
			words,
			best_block: situation.best_block,
			final_block: situation.final_block,
			deals: page.map_or(0, |page| page.deals),
			bytes: page.map_or(0, |page| page.bytes),
			strikes: page.map_or(0, |page| page.strikes),
			rate: page.map_or(0, |page| page.committed_rate).to_string(),
			period: window.map(|window| window.period.0),
			proven: window.is_some_and(|window| window.proven),
			opens: window.map(|window| window.opens),
			closes: window.map(|window| window.closes),
			recent: page.map_or_else(Vec::new, |page| page.recent.iter().map(|(p, proven)| (p.0, *proven)).collect()),
			local: situation.counts,
			damaged: situation.damaged,
			used_bytes: situation.used_bytes,
			free_bytes: situation.free_bytes,
		}
	}
}

/// Whether the node is set to be paid, and the most important reason.
fn verdict(situation: &Situation) -> (bool, String) {
	if let Some(url) = &situation.disconnected {
		return (false, format!("the chain is unreachable at {url}; windows pass unproven until it is back"));
	}
	let Some(page) = &situation.node else {
		return (false, "this machine is not registered; run `substation register`".into());
	};
	if let Some(period) = page.terminated_at {
		return (false, format!("the node was terminated in period {} for missing too many windows", period.0));
	}
	if matches!(page.status, NodeStatus::Unbonding { .. }) {
		return (false, "the node has left".into());
	}
	if page.deals == 0 {
		let reason = match (page.status, page.suspended, &page.offer) {
			(NodeStatus::Leaving, ..) => "the node is leaving and has no deals; run `substation unbond`",
			(_, true, _) => "the node has no deals and is suspended",
			(_, _, None) => "the node has no deals and offers no storage; run `substation set-offer`",
			_ => "no deals yet; a lower price or more capacity may bring some",
		};
		return (false, reason.into());
	}
	if let Some(trouble) = &situation.trouble {
		return (false, trouble.clone());
	}
	if situation.damaged > 0 {
		let count = situation.damaged;
		return (false, format!("{count} stored contents are damaged: some windows will fail; see `substation scrub`"));
	}
	match page.recent.last() {
		Some((period, false)) => {
			let reason = format!("the window of period {} was missed; strikes: {}", period.0, page.strikes);
			(page.window.proven, reason)
		}
		_ => (true, format!("{} deals pay {} STN per proven period", page.deals, display_amount(page.committed_rate))),
	}
}

fn chain_words(page: &NodeView) -> Vec<String> {
	let mut words = vec![format!("node {} of {}", page.id, page.operator)];
	let status = match page.status {
		NodeStatus::Active if page.suspended => "suspended by governance: takes no deals".to_owned(),
		NodeStatus::Active => "takes deals".to_owned(),
		NodeStatus::Leaving => "leaving: takes no deals, still owes what it promised".to_owned(),
		NodeStatus::Unbonding { until } => format!("unbonding: bonds are free from block {until} on"),
		NodeStatus::Terminated => "terminated".to_owned(),
	};
	words.push(format!("status: {status}"));
	words.push(window_words(&page.window));
	if let Some(offer) = page.offer {
		words.push(format!(
			"offer: {} of {} in use, {} STN per GiB and period",
			display_size(page.bytes),
			display_size(offer.capacity),
			display_amount(offer.price)
		));
	}
	words.push(format!(
		"deals: {} with {}, {} STN per period",
		page.deals,
		display_size(page.bytes),
		display_amount(page.committed_rate)
	));
	words.push(format!("bond: {} STN, needed {} STN", display_amount(page.bond), display_amount(page.required_bond)));
	let proven = page.recent.iter().filter(|(_, proven)| *proven).count();
	words.push(format!("windows: {proven} of the last {} proven, strikes: {}", page.recent.len(), page.strikes));
	words
}

fn window_words(window: &WindowPage) -> String {
	let period = window.period;
	if window.frozen.is_empty() {
		return format!("period {period}: nothing to prove; its window opens at block {}", window.opens);
	}
	if window.proven {
		return format!("period {period}: proven");
	}
	if window.now < window.opens {
		let blocks = window.opens.saturating_sub(window.now);
		return format!("period {period}: window opens in {blocks} blocks, at block {}", window.opens);
	}
	let blocks = window.closes.saturating_sub(window.now);
	format!("period {period}: window is open and not yet proven, closes in {blocks} blocks")
}

fn local_words(situation: &Situation) -> Vec<String> {
	let counts = &situation.counts;
	let mut words = vec![
		format!(
			"here: {} deals kept, {} arriving, {} being accepted, {} over and not yet cleared, {} to delete",
			counts.accepted, counts.fetching, counts.accepting, counts.ended, counts.to_delete
		),
		format!("disk: {} stored, {} free", display_size(situation.used_bytes), display_size(situation.free_bytes)),
	];
	if situation.damaged > 0 {
		words.push(format!("damage: {} contents; deals beyond repair: `substation forfeit`", situation.damaged));
	}
	if !situation.proves_itself {
		words.push("proofs: left to the off-chain worker of a full node".into());
	}
	words
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn machine_without_a_node_is_told_to_register() {
		let report = Report::of(&Situation::default());

		assert!(!report.earning);
		assert!(report.reason.contains("substation register"));
	}

	#[test]
	fn unreachable_chain_comes_before_everything() {
		let situation = Situation { disconnected: Some("ws://x".into()), damaged: 3, ..Situation::default() };

		assert!(Report::of(&situation).reason.contains("ws://x"));
	}
}
