//! One look per block at this machine's line: starts the tests that are due, submits what they come to, lets members
//! look at the same chain.

use super::{
	exam,
	history::{self, History, OwnTest, Stage},
	ledger::ChainLedger,
	limits::Limits,
	member::{self, Member, MemberParts},
	tested::{self, AbortOnDrop, Outcome},
};
use crate::status::{line::LineView, metrics::Metrics};
use iroh::{Endpoint, SecretKey};
use std::time::Duration;
use substation_client::{
	calls::{Call, LINES},
	client::BlockHash,
	free::Submission,
	Chain, ChainError, Measurement,
};
use substation_primitives::{
	bandwidth::{Committees, LinePage, Rates, ReadingReason, TestId, TestPage},
	BlockNumber, NodeId,
};
use tokio::sync::oneshot;

/// How long a test of this node waits for tests of others that use the line.
const FOR_OTHERS: Duration = Duration::from_secs(15);

/// Attempts at a test in which nobody has signed.
const ATTEMPTS: u8 = 3;

/// What is open before it is known which node this is.
#[derive(Clone, Debug)]
pub struct LineParts {
	/// The agent's key, which is the endpoint's as well.
	pub key: SecretKey,
	/// What the operator grants to tests of others.
	pub limits: Limits,
	/// What the status shows.
	pub history: History,
	/// Counters.
	pub metrics: Metrics,
	/// The chain, once it is connected.
	pub ledger: ChainLedger,
}

impl LineParts {
	/// Nothing is known yet.
	pub fn new(key: SecretKey, limits: Limits, metrics: Metrics) -> Self {
		Self { key, limits, metrics, history: History::default(), ledger: ChainLedger::default() }
	}

	/// Who answers tested nodes.
	pub fn member(&self) -> Member<ChainLedger> {
		let Self { key, limits, history, metrics, ledger } = self.clone();
		Member::new(MemberParts { key, ledger, limits, history, metrics, patience: member::Patience::default() })
	}
}

/// The line of one node.
#[derive(Debug)]
pub struct Line {
	node: NodeId,
	endpoint: Endpoint,
	parts: LineParts,
	page: Option<LinePage>,
	committees: Option<Committees>,
	running: Option<Running>,
	/// The test that was tried last, and how often.
	tried: Option<(TestPage, u8)>,
	/// What waits for the chain to take it.
	ready: Option<Measurement>,
}

/// A test in its own task; dropping it ends it.
#[derive(Debug)]
struct Running {
	outcome: oneshot::Receiver<Outcome>,
	_task: AbortOnDrop,
}

impl Line {
	/// Starts nothing.
	pub fn new(node: NodeId, endpoint: Endpoint, parts: LineParts) -> Self {
		let (page, committees, running, tried, ready) = (None, None, None, None, None);
		Self { node, endpoint, parts, page, committees, running, tried, ready }
	}

	/// Members cannot look anything up until there is a connection again.
	pub fn disconnected(&self) {
		self.parts.ledger.set(None);
	}

	/// How it stands, for people.
	pub fn view(&self) -> Option<LineView> {
		Some(LineView {
			page: self.page.clone()?,
			members: self.committees.map(|committees| committees.members),
			own: self.parts.history.own(),
			memberships: self.parts.history.memberships(),
			granted: Some(self.parts.limits.granted()),
		})
	}

	/// Returns when a running test has ended.
	pub async fn ended(&mut self) {
		let outcome = match &mut self.running {
			Some(running) => (&mut running.outcome).await,
			None => std::future::pending().await,
		};
		self.running = None;
		match (outcome, self.tried.as_ref()) {
			(Ok(outcome), Some((page, _))) => {
				let page = page.clone();
				self.note(&page, outcome);
			}
			// The task has died with its outcome. There may be another attempt.
			_ => tracing::warn!("a test of this node's line broke off"),
		}
	}

	fn note(&mut self, page: &TestPage, outcome: Outcome) {
		let Outcome { measurement, measured, absences, round_trip, took } = outcome;
		let (test, members) = (page.id, u8::try_from(page.committee.len()).unwrap_or(u8::MAX));
		let direction = history::word(page.direction);
		let stage = if measurement.is_some() { Stage::Submitting } else { Stage::Failed };
		for (node, absence) in &absences {
			tracing::info!(%test, member = node.0, "has not signed: {absence}");
		}
		if measurement.is_some() {
			self.parts.metrics.numbers().line_tests.inc();
			let (kbits, receipts, delivered) = (measured.rate, measured.receipts, measured.delivered);
			tracing::info!(%test, direction, kbits, receipts, members, delivered, ?round_trip, ?took, "line measured");
		} else {
			self.parts.metrics.numbers().line_tests_failed.inc();
			tracing::warn!(%test, direction, members, "no member has signed; is this machine's UDP port reachable?");
		}
		self.parts.history.note_own(OwnTest {
			test,
			direction: page.direction,
			stage,
			rate: measured.rate,
			receipts: measured.receipts,
			members,
			delivered: measured.delivered,
			absences,
			round_trip_ms: round_trip.map(exam::millis),
		});
		self.ready = measurement;
	}

	/// Looks at the best block. Errors only when the connection is lost.
	pub async fn look(&mut self, chain: &Chain, block: BlockHash, now: BlockNumber) -> Result<(), ChainError> {
		self.parts.ledger.set(Some((chain, now)));
		match self.try_look(chain, block, now).await {
			Err(error) if error.is_connection_lost() || error.is_final() => Err(error),
			Err(error) => {
				error.log();
				Ok(())
			}
			Ok(()) => Ok(()),
		}
	}

	async fn try_look(&mut self, chain: &Chain, block: BlockHash, now: BlockNumber) -> Result<(), ChainError> {
		let page = chain.line_page(self.node, block).await?;
		let (claim, rating) = page.as_ref().map_or_else(Default::default, |page| (page.claim, page.rating));
		self.parts.limits.set_claim(claim);
		self.publish(rating);
		let pending = page.as_ref().and_then(|page| page.pending);
		self.page = page;
		self.expect(chain, block).await?;
		if self.page.is_some() && self.committees.is_none() {
			self.committees = Some(chain.committees(block).await?);
		}
		self.settle(pending);
		self.submit(chain).await?;
		if let Some(test) = pending.filter(|test| self.is_due(*test)) {
			// Nobody measures what cannot be submitted.
			chain.compatibility(block).await?.ensure(LINES, "submit_measurement")?;
			match chain.pending_test(self.node, block).await? {
				Some(page) if page.id == test && !page.done && page.now <= page.deadline => self.begin(page, now),
				_ => {}
			}
		}
		Ok(())
	}

	/// Learns whom to let in for tests. Errors only when the connection is lost, or for good: whoever is not expected is
	/// looked up when it comes, if it finds a place.
	async fn expect(&self, chain: &Chain, block: BlockHash) -> Result<(), ChainError> {
		// Without seats it is in no committee.
		let tests = match &self.page {
			Some(_) => chain.tests_of_member(self.node, block).await,
			None => Ok(Vec::new()),
		};
		match tests {
			Ok(tests) => self.parts.ledger.expect(tests.into_iter().map(|(_, _, endpoint)| endpoint).collect()),
			Err(error) if error.is_connection_lost() || error.is_final() => return Err(error),
			Err(error) => tracing::warn!("{error}"),
		}
		Ok(())
	}

	fn publish(&self, rating: Rates) {
		let numbers = self.parts.metrics.numbers();
		numbers.rating_down.set(rating.down.into());
		numbers.rating_up.set(rating.up.into());
	}

	/// Whether a test that the chain waits for has to be run.
	fn is_due(&self, test: TestId) -> bool {
		let is_ready = self.ready.as_ref().is_some_and(|ready| ready.test == test);
		let tries = self.tried.as_ref().map_or(0, |(page, tries)| if page.id == test { *tries } else { 0 });
		self.running.is_none() && !is_ready && tries < ATTEMPTS
	}

	/// Runs a test beside everything else.
	fn begin(&mut self, page: TestPage, now: BlockNumber) {
		// After a re-organisation the same id may name another committee.
		let tries = match &self.tried {
			Some((tried, tries)) if tried.id == page.id && tried.committee == page.committee => *tries,
			_ => 0,
		};
		let direction = history::word(page.direction);
		tracing::info!(test = %page.id, direction, kbits = page.claim, deadline = page.deadline, now, "test begins");
		self.parts.history.note_own(OwnTest {
			test: page.id,
			direction: page.direction,
			stage: Stage::Running,
			rate: 0,
			receipts: 0,
			members: u8::try_from(page.committee.len()).unwrap_or(u8::MAX),
			delivered: 0,
			absences: Vec::new(),
			round_trip_ms: None,
		});
		self.tried = Some((page.clone(), tries.saturating_add(1)));
		let (sender, outcome) = oneshot::channel();
		let (endpoint, key, limits) = (self.endpoint.clone(), self.parts.key.clone(), self.parts.limits.clone());
		let task = tokio::spawn(async move {
			let _line = limits.own_test(page.direction, FOR_OTHERS).await;
			// Nobody to tell when the agent stops.
			let _ = sender.send(tested::measure(&endpoint, &key, &page, &tested::Patience::default()).await);
		});
		self.running = Some(Running { outcome, _task: AbortOnDrop(task) });
	}

	/// Sends what is ready, in every block until the chain has it: an attempt may get lost.
	async fn submit(&mut self, chain: &Chain) -> Result<(), ChainError> {
		let Some(measurement) = &self.ready else { return Ok(()) };
		let test = measurement.test;
		match chain.submit_free(&Call::submit_measurement(measurement)).await? {
			Submission::Sent => tracing::info!(%test, "measurement sent"),
			Submission::AlreadyWaiting => {}
			Submission::NotYet(reason) => tracing::debug!(%test, reason, "the pool waits; trying again"),
			Submission::Invalid(reason) => tracing::warn!(%test, reason, "the pool refused the measurement"),
		}
		Ok(())
	}

	/// Takes note of tests that the chain no longer waits for.
	fn settle(&mut self, pending: Option<TestId>) {
		let Some(page) = &self.page else {
			// The line was removed, and its test with it.
			self.ready = None;
			return;
		};
		let Some(done) = self.ready.as_ref().map(|ready| ready.test).filter(|test| pending != Some(*test)) else {
			return;
		};
		let readings = page.down.iter().chain(&page.up);
		let found = readings.filter(|(reading, _)| reading.drawn == done.block).map(|(_, reason)| *reason).next();
		match found {
			Some(ReadingReason::NotSubmitted) => {
				self.parts.history.set_stage(done, Stage::TooLate);
				tracing::warn!(test = %done, "the measurement came too late");
			}
			_ => {
				self.parts.history.set_stage(done, Stage::Taken);
				tracing::info!(test = %done, "measurement taken");
			}
		}
		self.ready = None;
	}
}
