//! How the provider stands: figures for scripts, words for people.

use crate::{
	payments::till::DeliveryStatus,
	status::{
		disputes::DisputeReport,
		history,
		line::{LineReport, LineView},
		missing::{self, MissingContent, Unclaimed},
		program::ProgramReport,
		rewards::{self, RewardReport},
	},
};
use serde::Serialize;
use std::{collections::BTreeMap, ops::Range, sync::Arc};
use substation_client::{
	amounts::{display_amount, display_size},
	calls::PROOFS,
	client::{DealView, NodeView, RewardView},
	compatibility::Compatibility,
	ChainError,
};
use substation_primitives::{
	pages::WindowPage,
	rewards::SupplyPage,
	settings::{ProofSettings, Settings},
	NodeId, NodeStatus,
};
use substation_store::{
	journal::{self, Damage, DealState as Local, Deletion, Journal},
	storage::Storage,
};

/// What is read first, and alone, to prove.
pub const WINDOW: &str = "the window";
/// Ranges and deals that one line names.
const NAMED: usize = 4;
/// Damaged contents that the words name.
const NAMED_CONTENTS: usize = 20;

/// Everything that a report is made from.
#[derive(Clone, Debug, Default)]
pub struct Situation {
	/// The node's page, as it was read last.
	pub node: Option<NodeView>,
	/// This folder's node, if the chain has none of that number.
	pub gone: Option<NodeId>,
	/// The settings in force.
	pub settings: Settings,
	/// The address at which the chain is not reachable.
	pub disconnected: Option<String>,
	/// Why the node is not, or no longer, this machine's.
	pub foreign: Option<String>,
	/// Why deals cannot be taken or cleared.
	pub trouble: Option<String>,
	/// What of the chain cannot be read, and why: proofs go on without it, if it is not the window.
	pub unread: BTreeMap<&'static str, String>,
	/// How this program fits the chain's runtime.
	pub compatibility: Option<Arc<Compatibility>>,
	/// Height of the best block.
	pub best_block: Option<u32>,
	/// Height of the final block.
	pub final_block: Option<u32>,
	/// Whether this process submits proofs.
	pub proves_itself: bool,
	/// Deals by their local state.
	pub counts: Counts,
	/// What is to be deleted, and when.
	pub deletion: Option<Deletion>,
	/// What no deal needs.
	pub unclaimed: Option<Unclaimed>,
	/// What deals need and is not here.
	pub missing: Vec<MissingContent>,
	/// Contents that are damaged.
	pub damage: Vec<DamagedContent>,
	/// Bytes of contents on the disk.
	pub used_bytes: u64,
	/// Free bytes on the disk.
	pub free_bytes: u64,
	/// The node's deals that are disputed.
	pub disputed: Vec<DealView>,
	/// The line, if the node holds seats.
	pub line: Option<LineView>,
	/// What the node in each class and its operator have earned besides.
	pub rewards: Vec<RewardView>,
	/// What the running era can pay for it.
	pub supply: Option<SupplyPage>,
	/// What customers pay for deliveries; unknown unless the agent runs.
	pub delivery: Option<DeliveryStatus>,
}

/// A content that is damaged, and whom that concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DamagedContent {
	/// Its root, in hex.
	pub root: String,
	/// Bytes in the ranges.
	pub bytes: u64,
	/// What of it is damaged, in bytes from its beginning.
	pub ranges: Vec<Range<u64>>,
	/// Whether the bytes are right and only the tree above them is damaged.
	pub only_tree: bool,
	/// The deals over it that still bind this node.
	pub deals: Vec<u64>,
}

impl DamagedContent {
	fn new(damage: Damage, journal: &Journal) -> Self {
		let binding = |state: &Local| matches!(state, Local::Accepted { .. } | Local::Submitted { .. });
		let deals = journal.deals_over(&damage.root).into_iter().filter(|record| binding(&record.state));
		Self {
			root: hex::encode(damage.root),
			bytes: damage.bytes(),
			only_tree: damage.only_tree,
			deals: deals.map(|record| record.deal).collect(),
			ranges: damage.ranges,
		}
	}

	fn words(&self) -> String {
		let ranges = listed(&self.ranges, |range| format!("{} to {}", range.start, range.end));
		let what = if self.only_tree { "its tree over bytes" } else { "bytes" };
		let deals = listed(&self.deals, u64::to_string);
		let advice = match self.deals.first() {
			None => "no running deal needs it".to_owned(),
			Some(first) => format!("deals {deals}; if it cannot be restored: `substation forfeit {first}`"),
		};
		format!("damaged: {}, {what} {ranges}; {advice}", self.root)
	}
}

/// The first of many things.
pub(crate) fn listed<T>(things: &[T], name: impl Fn(&T) -> String) -> String {
	let mut text: String = things.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
	let more = things.len().saturating_sub(NAMED);
	if more > 0 {
		text.push_str(&format!(" and {more} more"));
	}
	text
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
	/// Looks at what is in the data folder.
	pub fn look(&mut self, storage: &Storage) {
		self.count(&storage.journal);
		self.missing = missing::missing(storage);
		self.unclaimed = missing::unclaimed(storage);
		self.used_bytes = storage.blobs.used_bytes();
		self.free_bytes = storage.blobs.free_bytes().unwrap_or(0);
	}

	/// What was read, or nothing with a warning in the status, so that one page does not stop the others. Errors only when
	/// the connection is lost, or for good.
	pub fn read<T>(&mut self, what: &'static str, outcome: Result<T, ChainError>) -> Result<Option<T>, ChainError> {
		match outcome {
			Ok(value) => {
				self.unread.remove(what);
				Ok(Some(value))
			}
			Err(error) if error.is_connection_lost() || error.is_final() => Err(error),
			Err(error) => {
				let text = error.to_string();
				if self.unread.get(what) != Some(&text) {
					tracing::warn!("{what} cannot be read: {text}");
				}
				self.unread.insert(what, text);
				Ok(None)
			}
		}
	}

	fn count(&mut self, journal: &Journal) {
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
		self.deletion = journal.deletion();
		let damage = journal.damage().unwrap_or_default();
		self.damage = damage.into_iter().map(|damage| DamagedContent::new(damage, journal)).collect();
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
	/// This program, and the chain's runtime.
	pub program: Option<ProgramReport>,
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
	/// What missed windows have cost so far, in the smallest unit, as text.
	pub fined: String,
	/// The bond held for storage, in the smallest unit, as text.
	pub bond: String,
	/// What of it the present deals need, in the smallest unit, as text.
	pub required_bond: String,
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
	/// The latest closed periods that were due, and whether they were proven.
	pub recent: Vec<(u32, bool)>,
	/// Deals by what this machine does with them.
	pub local: Counts,
	/// What is to be deleted, and when.
	pub deletion: Option<Deletion>,
	/// What no deal needs.
	pub unclaimed: Option<Unclaimed>,
	/// What deals need and is not here.
	pub missing: Vec<MissingContent>,
	/// How many contents are damaged.
	pub damaged: usize,
	/// Which, and whom that concerns.
	pub damage: Vec<DamagedContent>,
	/// Bytes of contents on the disk.
	pub used_bytes: u64,
	/// Free bytes on the disk.
	pub free_bytes: u64,
	/// Disputes about the node's deals.
	pub disputes: Vec<DisputeReport>,
	/// The line, if the node holds seats.
	pub line: Option<LineReport>,
	/// What the node in each class and its operator have earned besides.
	pub rewards: Vec<RewardReport>,
	/// What `substation claim` pays out of that, in the smallest unit, as text.
	pub claimable: String,
	/// What customers pay for deliveries.
	pub delivery: Option<DeliveryStatus>,
}

impl Report {
	/// The report on a situation.
	pub fn of(situation: &Situation) -> Self {
		let (earning, reason) = verdict(situation);
		let page = situation.node.as_ref();
		let window = page.map(|page| &page.window);
		let mut words = vec![format!("{}: {reason}", if earning { "earning" } else { "not earning" })];
		if let Some(page) = page {
			words.extend(chain_words(page, &situation.settings.proofs));
		}
		let now = situation.best_block.unwrap_or_default();
		let disputes: Vec<_> = situation.disputed.iter().filter_map(|page| DisputeReport::of(page, now)).collect();
		words.extend(disputes.iter().map(|dispute| dispute.words.clone()));
		let line = situation.line.as_ref().map(|line| LineReport::of(line, &situation.settings.bandwidth));
		words.extend(line.iter().flat_map(|line| line.words.clone()));
		let rewards: Vec<_> =
			situation.rewards.iter().map(|page| RewardReport::of(page, situation.supply.as_ref())).collect();
		words.extend(rewards.iter().map(|reward| reward.words.clone()));
		let claimable = rewards::claimable(&situation.rewards);
		if claimable > 0 {
			words.push(format!("to do: `substation claim` pays out {} STN", display_amount(claimable)));
		}
		let program = situation.compatibility.as_deref().map(ProgramReport::of);
		words.extend(program.iter().filter_map(|program| program.words.clone()));
		let unread = situation.unread.iter();
		words.extend(unread.map(|(what, why)| format!("warning: {what} cannot be read and may be out of date: {why}")));
		words.extend(local_words(situation));
		Self {
			node: page.map(|page| page.id.0),
			earning,
			reason,
			words,
			program,
			best_block: situation.best_block,
			final_block: situation.final_block,
			deals: page.map_or(0, |page| page.deals),
			bytes: page.map_or(0, |page| page.bytes),
			strikes: page.map_or(0, |page| page.strikes),
			fined: page.map_or(0, |page| page.fined).to_string(),
			bond: page.map_or(0, |page| page.bond).to_string(),
			required_bond: page.map_or(0, |page| page.required_bond).to_string(),
			rate: page.map_or(0, |page| page.committed_rate).to_string(),
			period: window.map(|window| window.period.0),
			proven: window.is_some_and(|window| window.proven),
			opens: window.map(|window| window.opens),
			closes: window.map(|window| window.closes),
			recent: page.map_or_else(Vec::new, |page| {
				history::due(page, &situation.settings.proofs)
					.into_iter()
					.map(|(period, proven)| (period.0, proven))
					.collect()
			}),
			local: situation.counts,
			deletion: situation.deletion,
			unclaimed: situation.unclaimed,
			missing: situation.missing.clone(),
			damaged: situation.damage.len(),
			damage: situation.damage.clone(),
			used_bytes: situation.used_bytes,
			free_bytes: situation.free_bytes,
			disputes,
			line,
			rewards,
			claimable: claimable.to_string(),
			delivery: situation.delivery.clone(),
		}
	}
}

/// Whether the node is set to be paid, and the most important reason.
fn verdict(situation: &Situation) -> (bool, String) {
	if let Some(url) = &situation.disconnected {
		return (false, format!("the chain is unreachable at {url}; windows pass unproven until it is back"));
	}
	if let Some(reason) = &situation.foreign {
		return (false, reason.clone());
	}
	if let Some(why) = situation.unread.get(WINDOW) {
		return (false, format!("windows pass unproven, since they cannot be read: {why}"));
	}
	let Some(page) = &situation.node else {
		if let Some(trouble) = &situation.trouble {
			return (false, trouble.clone());
		}
		let reason =
			match situation.gone {
				Some(node) => {
					format!("node {node} is not on the chain; another node needs another folder: substation init --data FOLDER")
				}
				None if !situation.unread.is_empty() => {
					"the node's page cannot be read; windows are proven without it".into()
				}
				None => "this machine is not registered; run `substation register`".into(),
			};
		return (false, reason);
	};
	if let Some(period) = page.terminated_at {
		return (false, format!("the node was terminated in period {} for missing too many windows", period.0));
	}
	if matches!(page.status, NodeStatus::Unbonding { .. }) {
		return (false, "the node has left".into());
	}
	if page.deals == 0 {
		let reason = match (page.status, page.suspended, &page.offer) {
			(NodeStatus::Leaving, ..) if situation.line.is_some() => {
				"the node is leaving and has no deals; give its seats up with `substation bandwidth leave`, and once more when \
				 they no longer count"
			}
			(NodeStatus::Leaving, ..) => "the node is leaving and has no deals; run `substation unbond`",
			(_, true, _) => "the node has no deals and is suspended",
			(_, _, None) => "the node has no deals and offers no storage; run `substation set-offer`",
			_ => "no deals yet; a lower price or more capacity may bring some",
		};
		return (false, reason.into());
	}
	if let Some(why) = unprovable(situation) {
		return (false, format!("windows pass unproven: {why}"));
	}
	if let Some(trouble) = &situation.trouble {
		return (false, trouble.clone());
	}
	if let Some(first) = situation.missing.first() {
		let (count, deals) = (situation.missing.len(), listed(&first.deals, u64::to_string));
		let reason = format!("{count} contents that deals need are not here, first {} of deals {deals}", first.root);
		return (false, format!("{reason}: some windows will fail; take them in with `substation restore`"));
	}
	if let Some(first) = situation.damage.iter().find(|content| !content.deals.is_empty()) {
		let count = situation.damage.len();
		let deals = listed(&first.deals, u64::to_string);
		let reason = format!("{count} stored contents are damaged, first {} of deals {deals}", first.root);
		return (false, format!("{reason}: some windows will fail; restore it or `substation forfeit` its deals"));
	}
	if let Some((period, _)) = page.recent.last().filter(|_| history::has_just_missed(page, &situation.settings.proofs))
	{
		let reason = format!("the window of period {period} was missed; strikes: {}", page.strikes);
		return (page.window.proven, reason);
	}
	(true, format!("{} deals pay {} STN per proven period", page.deals, display_amount(page.committed_rate)))
}

/// Why proofs cannot be sent, if this process should send them.
fn unprovable(situation: &Situation) -> Option<ChainError> {
	let compatibility = situation.compatibility.as_ref().filter(|_| situation.proves_itself)?;
	compatibility.ensure(PROOFS, "prove").err()
}

/// The block at which the next window opens; the open one's while it waits for its proof.
pub fn next_window(window: &WindowPage) -> u32 {
	let is_over = window.proven || window.now >= window.closes;
	if is_over {
		window.opens.saturating_add(window.period_length)
	} else {
		window.opens
	}
}

/// How many of the latest windows were proven.
pub fn proven_words(page: &NodeView, rules: &ProofSettings) -> String {
	let due = history::due(page, rules);
	let proven = due.iter().filter(|(_, proven)| *proven).count();
	match due.len() {
		0 => "none was due yet".to_owned(),
		count => format!("{proven} of the last {count} proven"),
	}
}

fn chain_words(page: &NodeView, rules: &ProofSettings) -> Vec<String> {
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
	let fined = match page.fined {
		0 => String::new(),
		fined => format!("; misses have cost {} STN of the bond", display_amount(fined)),
	};
	words.push(format!("windows: {}, strikes: {}{fined}", proven_words(page, rules), page.strikes));
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
	words.extend(situation.deletion.as_ref().map(|deletion| deletion_words(deletion, journal::now())));
	words.extend(situation.unclaimed.as_ref().map(|unclaimed| unclaimed.words(journal::now())));
	words.extend(situation.missing.iter().take(NAMED_CONTENTS).map(MissingContent::words));
	let more = situation.missing.len().saturating_sub(NAMED_CONTENTS);
	if more > 0 {
		words.push(format!("missing: {more} contents more; `substation status --json` names them all"));
	}
	words.extend(situation.delivery.iter().filter_map(|delivery| delivery.words.clone()));
	words.extend(situation.damage.iter().take(NAMED_CONTENTS).map(DamagedContent::words));
	let more = situation.damage.len().saturating_sub(NAMED_CONTENTS);
	if more > 0 {
		words.push(format!("damaged: {more} contents more; `substation status --json` names them all"));
	}
	if !situation.proves_itself {
		words.push("proofs: left to the off-chain worker of a full node".into());
	}
	words
}

fn deletion_words(deletion: &Deletion, now: u64) -> String {
	let bytes = display_size(deletion.bytes);
	let wait = match deletion.at.map(|at| at.saturating_sub(now)) {
		None => String::new(),
		Some(seconds @ ..120) => format!(" and in {seconds} seconds"),
		Some(seconds @ ..7_200) => format!(" and in {} minutes", seconds / 60),
		Some(seconds) => format!(" and in {} hours", seconds / 3_600),
	};
	format!(
		"to be deleted: {bytes} of {} contents, the first not before block {}{wait}; if their deals still run, stop \
		 `substation run` and look at the chain through another node",
		deletion.contents, deletion.block
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing::{node, window};
	use substation_primitives::{settings::STN, Period};
	use substation_store::journal::DealRecord;

	fn working() -> Situation {
		let mut page = node();
		(page.deals, page.committed_rate) = (2, STN);
		page.recent = (0..4).map(|period| (Period(period), false)).collect();
		Situation { node: Some(page), ..Situation::default() }
	}

	#[test]
	fn new_node_that_has_missed_nothing_earns() {
		let report = Report::of(&working());

		assert!(report.earning && report.reason.contains("2 deals pay 1 STN"), "{}", report.reason);
		assert!(report.words.iter().any(|line| line == "windows: none was due yet, strikes: 0"), "{:?}", report.words);
		assert_eq!(report.recent, []);
	}

	#[test]
	fn who_leaves_is_told_of_its_seats_before_the_unbonding() {
		let mut situation = working();
		let page = situation.node.as_mut().unwrap();
		(page.deals, page.status) = (0, NodeStatus::Leaving);
		assert!(Report::of(&situation).reason.contains("run `substation unbond`"));

		situation.line = Some(crate::status::line::tests::view());

		assert!(Report::of(&situation).reason.contains("`substation bandwidth leave`"));
	}

	#[test]
	fn missed_window_is_named_until_the_next_is_proven() {
		let mut situation = working();
		let page = situation.node.as_mut().unwrap();
		page.recent.push((Period(4), true));
		page.recent.push((Period(5), false));
		page.strikes = 4;
		(page.fined, page.required_bond) = (3 * STN, 30 * STN);

		let report = Report::of(&situation);
		assert!(!report.earning && report.reason.contains("period 5 was missed"), "{}", report.reason);
		assert_eq!(report.recent, [(4, true), (5, false)]);
		let line = "windows: 1 of the last 2 proven, strikes: 4; misses have cost 3 STN of the bond";
		assert!(report.words.contains(&line.to_owned()), "{:?}", report.words);
		let json = serde_json::to_value(&report).unwrap();
		let amounts = ["fined", "bond", "requiredBond"].map(|name| json[name].clone());
		assert_eq!(amounts, [3, 100, 30].map(|amount: u128| (amount * STN).to_string()));

		let page = situation.node.as_mut().unwrap();
		(page.strikes, page.window.proven) = (3, true);
		assert!(Report::of(&situation).earning);
	}

	#[test]
	fn damage_is_named_with_its_ranges_and_deals_and_what_to_do() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
		let record = |deal, state| DealRecord { deal, customer: [1; 32], root: [0xab; 32], length: 9, seen: 1, state };
		journal.put(&record(7, Local::Accepted { slot: 0 })).unwrap();
		journal.put(&record(8, Local::ToDelete { after: 9, since: 1 })).unwrap();
		let ranges = vec![0..16_384, 32_768..49_152];
		journal.set_damage(&Damage { root: [0xab; 32], ranges, only_tree: false, found_at: 1 }).unwrap();
		let mut situation = working();
		situation.count(&journal);

		let report = Report::of(&situation);

		let root = "ab".repeat(32);
		let line = format!(
			"damaged: {root}, bytes 0 to 16384, 32768 to 49152; deals 7; if it cannot be restored: `substation forfeit 7`"
		);
		assert!(report.words.contains(&line), "{:?}", report.words);
		assert!(!report.earning && report.reason.contains(&root) && report.reason.contains("deals 7"));
		assert_eq!((report.damaged, report.damage[0].bytes), (1, 32_768));
	}

	// 1
	#[test]
	fn bytes_to_be_deleted_are_told_before_they_go() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
		let record = |deal, root, state| {
			journal.put(&DealRecord { deal, customer: [1; 32], root, length: 2 << 20, seen: 1, state }).unwrap();
		};
		journal.pin_period(86_400).unwrap();
		record(7, [7; 32], Local::ToDelete { after: 900, since: 0 });
		record(8, [8; 32], Local::ToDelete { after: 800, since: 20_000 });
		// Another deal needs these bytes.
		record(9, [9; 32], Local::ToDelete { after: 700, since: 1 });
		record(10, [9; 32], Local::Accepted { slot: 0 });
		let mut situation = working();
		let before = journal::now();
		situation.count(&journal);

		let report = Report::of(&situation);

		let at = report.deletion.and_then(|deletion| deletion.at).unwrap();
		assert!((before + 86_400..=journal::now() + 86_400).contains(&at));
		let deletion = Deletion { contents: 2, bytes: 4 << 20, block: 800, at: Some(at) };
		assert_eq!(report.deletion, Some(deletion));
		assert!(report.words.iter().any(|line| line.starts_with("to be deleted: ")), "{:?}", report.words);
		let words = deletion_words(&deletion, at - 86_400);
		assert!(words.contains("of 2 contents, the first not before block 800 and in 24 hours"), "{words}");
	}

	#[test]
	fn rewards_are_told_for_each_class_and_for_deliveries_with_what_a_claim_pays() {
		use crate::status::rewards::tests::page;
		use substation_primitives::{rewards::Earner, ResourceClass};
		let of = |class| page(Earner::Node { node: NodeId(1), class });
		let mut situation = working();
		assert!(Report::of(&situation).words.iter().all(|line| !line.contains("claim")));
		situation.rewards =
			vec![of(ResourceClass::Storage), of(ResourceClass::Bandwidth), page(Earner::Payee(node().operator))];

		let report = Report::of(&situation);

		let kinds: Vec<_> = report.rewards.iter().map(|reward| reward.kind).collect();
		assert_eq!(kinds, ["storage", "bandwidth", "delivery"]);
		for kind in kinds {
			let line = format!("rewards for {kind}: 2 STN to claim, 0.5 STN credited in era 7");
			assert!(report.words.iter().any(|words| words.starts_with(&line)), "{line}: {:?}", report.words);
		}
		assert!(report.words.contains(&"to do: `substation claim` pays out 6 STN".to_owned()), "{:?}", report.words);
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!(json["claimable"], (6 * STN).to_string());
		assert_eq!(json["rewards"][1]["kind"], "bandwidth");
	}

	#[test]
	fn disputes_are_told_with_what_to_do() {
		use crate::status::disputes::tests::disputed;
		use substation_primitives::dispute::Stage;
		let mut situation = working();
		assert_eq!(Report::of(&situation).disputes, []);
		let stages = [Stage::Open { answer_by: 200 }, Stage::Answered { decide_by: 300 }];
		(situation.disputed, situation.best_block) = (stages.map(disputed).to_vec(), Some(100));

		let report = Report::of(&situation);

		assert!(report.earning);
		let told =
			|end: &str| report.words.iter().any(|line| line.starts_with("dispute about deal 5") && line.ends_with(end));
		let concede = "; if its bytes are lost, end it: `substation concede 5`";
		let open = format!("before block 200; silence loses: `substation answer 5 FILE`{concede}");
		assert!(told(&open), "{:?}", report.words);
		let answered = format!("before block 300, or a tenth of the customer's bond is the operator's{concede}");
		assert!(told(&answered), "{:?}", report.words);
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["disputes"][0]["stage"], &json["disputes"][1]["until"]), (&"open".into(), &300.into()));
	}

	#[test]
	fn next_window_is_the_open_one_until_it_is_proven() {
		assert_eq!(next_window(&window()), 100);
		assert_eq!(next_window(&WindowPage { proven: true, ..window() }), 120);
		assert_eq!(next_window(&WindowPage { now: 108, ..window() }), 120);
		assert_eq!(next_window(&WindowPage { now: 90, ..window() }), 100);
	}

	#[test]
	fn machine_without_a_node_is_told_to_register() {
		let report = Report::of(&Situation::default());

		assert!(!report.earning);
		assert!(report.reason.contains("substation register"));
		let gone = Report::of(&Situation { gone: Some(NodeId(3)), ..Situation::default() });
		assert!(gone.reason.contains("node 3 is not on the chain") && gone.reason.contains("init --data"));
	}

	#[test]
	fn unreachable_chain_comes_before_everything() {
		let situation = Situation { disconnected: Some("ws://x".into()), ..Situation::default() };

		assert!(Report::of(&situation).reason.contains("ws://x"));
	}
}
