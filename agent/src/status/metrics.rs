//! Numbers for a monitoring system, in Prometheus' text format.

use prometheus_client::{
	encoding::text::encode,
	metrics::{
		counter::Counter,
		gauge::Gauge,
		histogram::{exponential_buckets, Histogram},
	},
	registry::{Registry, Unit},
};
use std::{
	fmt,
	sync::{atomic::AtomicU64, Arc},
	time::Instant,
};
use substation_store::{
	journal::{DealState, Deletion},
	storage::Storage,
};
use substation_transport::refused::Refused;

/// All metrics of the agent. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	registry: Registry,
	numbers: Numbers,
}

/// The numbers themselves.
#[derive(Debug)]
pub struct Numbers {
	/// Challenges answered.
	pub answered: Counter,
	/// Challenges that could not be answered.
	pub unanswered: Counter,
	/// Seconds from a challenge to its answer.
	pub answer_seconds: Histogram,
	/// Inquiries of customers that were answered.
	pub inquiries: Counter,
	/// Those of them that were refused.
	pub inquiries_refused: Counter,
	/// Bytes taken in from customers.
	pub pulled_bytes: Counter,
	/// Proofs sent to the chain by this process.
	pub proofs_sent: Counter,
	/// Windows that this process has seen proven.
	pub windows_proven: Counter,
	/// The block at which the next window opens, or the present one did.
	pub next_window: Gauge,
	/// Acceptances sent to the chain.
	pub acceptances: Counter,
	/// Finalised block that the agent has followed to.
	pub finalised: Gauge,
	/// Blocks by which the node's final state is behind the one that was followed.
	pub behind: Gauge,
	/// Bytes that wait for their deletion.
	pub to_delete_bytes: Gauge,
	/// When the first of them go, in seconds since 1970; 0 if none wait.
	pub next_deletion: Gauge,
	/// Contents that deals need and that are not here.
	pub missing_contents: Gauge,
	/// Their bytes.
	pub missing_bytes: Gauge,
	/// Deals that the agent knows, by what it still needs to do: only the sum.
	pub deals: Gauge,
	/// Deals whose acceptance is final.
	pub deals_accepted: Gauge,
	/// Disputes about deals that wait for an answer.
	pub open_disputes: Gauge,
	/// Bytes of complete contents.
	pub stored_bytes: Gauge,
	/// Bytes free on the disk.
	pub free_bytes: Gauge,
	/// Contents known to be damaged.
	pub damaged_contents: Gauge,
	/// Bytes known to be damaged.
	pub damaged_bytes: Gauge,
	/// Tests of this node's line that were measured.
	pub line_tests: Counter,
	/// Tests of this node's line that nobody has signed.
	pub line_tests_failed: Counter,
	/// Receipts signed as a member of committees.
	pub receipts_signed: Counter,
	/// Tests of other nodes declined or not signed.
	pub receipts_refused: Counter,
	/// What the chain rates the line at, towards this machine, in kbit/s.
	pub rating_down: Gauge,
	/// The same from this machine.
	pub rating_up: Gauge,
	/// Bytes delivered against vouchers.
	pub paid_bytes: Counter,
	/// Customers who are served against vouchers now.
	pub paying_customers: Gauge,
	/// STN in the vouchers that customers have given.
	pub vouchers_held: Gauge<f64, AtomicU64>,
	/// STN of them that the chain has paid out.
	pub vouchers_redeemed: Gauge<f64, AtomicU64>,
	/// STN of them that wait.
	pub vouchers_waiting: Gauge<f64, AtomicU64>,
	/// What strangers were refused.
	pub refused: Refused,
	/// 1 if a newer release of this program exists.
	pub newer_release: Gauge,
	/// Calls that this program cannot make with the chain's runtime.
	pub changed_calls: Gauge,
}

impl Numbers {
	fn register_inquiries(&self, all: &mut Registry) {
		all.register("inquiries", "Inquiries of customers answered", self.inquiries.clone());
		all.register("inquiries_refused", "Inquiries of customers refused", self.inquiries_refused.clone());
	}

	fn register_deletion(&self, all: &mut Registry) {
		all.register("behind_blocks", "Final blocks that the node is behind what was followed", self.behind.clone());
		all.register_with_unit("to_delete", "Waiting for deletion", Unit::Bytes, self.to_delete_bytes.clone());
		all.register(
			"missing_contents",
			"Contents that deals need and that are not here",
			self.missing_contents.clone(),
		);
		all.register_with_unit("missing", "Needed and not here", Unit::Bytes, self.missing_bytes.clone());
		let at = "When the first of them go, since 1970; 0 if none wait";
		all.register_with_unit("next_deletion", at, Unit::Seconds, self.next_deletion.clone());
	}

	fn register_program(&self, all: &mut Registry) {
		all.register("newer_release", "1 if a newer release of this program exists", self.newer_release.clone());
		let changed = "Calls that this release cannot make with the chain's runtime";
		all.register("changed_calls", changed, self.changed_calls.clone());
	}

	fn register_payments(&self, all: &mut Registry) {
		let stn = || Unit::Other("stn".to_owned());
		all.register_with_unit("paid", "Delivered against vouchers", Unit::Bytes, self.paid_bytes.clone());
		all.register("paying_customers", "Served against vouchers now", self.paying_customers.clone());
		all.register_with_unit("vouchers_held", "Vouchers given in all", stn(), self.vouchers_held.clone());
		all.register_with_unit("vouchers_redeemed", "Vouchers paid out", stn(), self.vouchers_redeemed.clone());
		all.register_with_unit("vouchers_waiting", "Vouchers waiting", stn(), self.vouchers_waiting.clone());
	}
}

impl Default for Metrics {
	fn default() -> Self {
		Self::new()
	}
}

impl Metrics {
	/// All at zero.
	pub fn new() -> Self {
		let numbers = Numbers {
			answered: Counter::default(),
			unanswered: Counter::default(),
			answer_seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
			inquiries: Counter::default(),
			inquiries_refused: Counter::default(),
			pulled_bytes: Counter::default(),
			proofs_sent: Counter::default(),
			windows_proven: Counter::default(),
			next_window: Gauge::default(),
			acceptances: Counter::default(),
			finalised: Gauge::default(),
			behind: Gauge::default(),
			to_delete_bytes: Gauge::default(),
			next_deletion: Gauge::default(),
			missing_contents: Gauge::default(),
			missing_bytes: Gauge::default(),
			deals: Gauge::default(),
			deals_accepted: Gauge::default(),
			open_disputes: Gauge::default(),
			stored_bytes: Gauge::default(),
			free_bytes: Gauge::default(),
			damaged_contents: Gauge::default(),
			damaged_bytes: Gauge::default(),
			paid_bytes: Counter::default(),
			paying_customers: Gauge::default(),
			vouchers_held: Gauge::default(),
			vouchers_redeemed: Gauge::default(),
			vouchers_waiting: Gauge::default(),
			line_tests: Counter::default(),
			line_tests_failed: Counter::default(),
			receipts_signed: Counter::default(),
			receipts_refused: Counter::default(),
			rating_down: Gauge::default(),
			rating_up: Gauge::default(),
			refused: Refused::default(),
			newer_release: Gauge::default(),
			changed_calls: Gauge::default(),
		};
		let mut all = Registry::with_prefix("substation_agent");
		all.register("answered", "Challenges answered", numbers.answered.clone());
		all.register("unanswered", "Challenges that could not be answered", numbers.unanswered.clone());
		all.register_with_unit(
			"answer",
			"From a challenge to its answer",
			Unit::Seconds,
			numbers.answer_seconds.clone(),
		);
		numbers.register_inquiries(&mut all);
		all.register_with_unit("pulled", "Taken in from customers", Unit::Bytes, numbers.pulled_bytes.clone());
		all.register("proofs_sent", "Proofs sent to the chain by this process", numbers.proofs_sent.clone());
		all.register("windows_proven", "Windows seen proven by this process", numbers.windows_proven.clone());
		all.register("next_window", "Block at which the next window opens", numbers.next_window.clone());
		all.register("acceptances", "Acceptances sent to the chain", numbers.acceptances.clone());
		all.register("finalised_block", "Finalised block followed to", numbers.finalised.clone());
		numbers.register_deletion(&mut all);
		all.register("deals", "Deals in the journal", numbers.deals.clone());
		all.register("deals_accepted", "Deals whose acceptance is final", numbers.deals_accepted.clone());
		all.register("open_disputes", "Disputes that wait for an answer", numbers.open_disputes.clone());
		all.register("damaged_contents", "Contents known to be damaged", numbers.damaged_contents.clone());
		all.register_with_unit("stored", "Complete contents", Unit::Bytes, numbers.stored_bytes.clone());
		all.register_with_unit("free", "Free on the disk", Unit::Bytes, numbers.free_bytes.clone());
		all.register_with_unit("damaged", "Known to be damaged", Unit::Bytes, numbers.damaged_bytes.clone());
		all.register("line_tests", "Tests of this node's line that were measured", numbers.line_tests.clone());
		let failed = numbers.line_tests_failed.clone();
		all.register("line_tests_failed", "Tests of this node's line that nobody has signed", failed);
		all.register("receipts_signed", "Receipts signed for other nodes", numbers.receipts_signed.clone());
		all.register("receipts_refused", "Tests of other nodes not signed", numbers.receipts_refused.clone());
		all.register("line_rating_down_kbit", "Rating of the line towards here", numbers.rating_down.clone());
		all.register("line_rating_up_kbit", "Rating of the line from here", numbers.rating_up.clone());
		numbers.register_payments(&mut all);
		all.register("refused", "What strangers were refused, by what it was", numbers.refused.family());
		numbers.register_program(&mut all);
		Self(Arc::new(Inner { registry: all, numbers }))
	}

	/// The numbers, to count with.
	pub fn numbers(&self) -> &Numbers {
		&self.0.numbers
	}

	/// Shows what is to be deleted, and when.
	pub fn set_deletion(&self, deletion: Option<&Deletion>) {
		let clamp = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
		let numbers = self.numbers();
		numbers.to_delete_bytes.set(clamp(deletion.map_or(0, |deletion| deletion.bytes)));
		numbers.next_deletion.set(clamp(deletion.and_then(|deletion| deletion.at).unwrap_or(0)));
	}

	/// Shows how much is missing that deals need.
	pub fn set_missing(&self, contents: usize, bytes: u64) {
		let numbers = self.numbers();
		numbers.missing_contents.set(i64::try_from(contents).unwrap_or(i64::MAX));
		numbers.missing_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
	}

	/// Shows whether this program is of the runtime's release.
	pub fn set_program(&self, newer_exists: bool, changed: usize) {
		let numbers = self.numbers();
		numbers.newer_release.set(newer_exists.into());
		numbers.changed_calls.set(i64::try_from(changed).unwrap_or(i64::MAX));
	}

	/// Counts a challenge that was taken up at `started` and is answered now, or cannot be.
	pub fn count_answer(&self, started: Instant, answered: bool) {
		let numbers = self.numbers();
		if answered {
			numbers.answered.inc();
			numbers.answer_seconds.observe(started.elapsed().as_secs_f64());
		} else {
			numbers.unanswered.inc();
		}
	}

	/// The text that a monitoring system reads, after taking the present state of the folder.
	pub fn render(&self, storage: &Storage) -> Result<String, fmt::Error> {
		let numbers = self.numbers();
		let clamp = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
		numbers.deals.set(i64::try_from(storage.journal.len()).unwrap_or(i64::MAX));
		let accepted = storage.journal.in_state(|state| matches!(state, DealState::Accepted { .. })).len();
		numbers.deals_accepted.set(i64::try_from(accepted).unwrap_or(i64::MAX));
		numbers.stored_bytes.set(clamp(storage.blobs.used_bytes()));
		if let Ok(free) = storage.blobs.free_bytes() {
			numbers.free_bytes.set(clamp(free));
		}
		if let Ok(damage) = storage.journal.damage() {
			let bytes = damage.iter().fold(0u64, |sum, damage| sum.saturating_add(damage.bytes()));
			numbers.damaged_bytes.set(clamp(bytes));
			numbers.damaged_contents.set(i64::try_from(damage.len()).unwrap_or(i64::MAX));
		}
		let mut text = String::new();
		encode(&mut text, &self.0.registry)?;
		Ok(text)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	// 14
	#[test]
	fn no_label_holds_what_others_have_written() {
		let folder = tempfile::tempdir().unwrap();
		let text = Metrics::new().render(&Storage::open(folder.path()).unwrap()).unwrap();

		let labels = text.lines().filter_map(|line| line.split_once('{'));
		assert!(labels.into_iter().all(|(_, label)| label.starts_with("le=\"")), "{text}");
	}
}
