//! Answering the open window.

use crate::{provider::decide, status::metrics::Metrics};
use substation_client::{calls::Call, free::Submission, Chain, ChainError};
use substation_primitives::{pages::WindowPage, NodeId, Period};
use substation_proofs::{storage::StorageProof, Challenge, Hash};
use substation_store::answer::Prover;

/// Remembers what was built and said, so that a window costs one proof and a few lines of log.
#[derive(Debug)]
pub struct Answerer {
	node: NodeId,
	genesis: Hash,
	prover: Prover,
	metrics: Metrics,
	built: Option<(Challenge, StorageProof)>,
	complained: Option<Period>,
	proven: Option<Period>,
}

impl Answerer {
	/// Answers for one node of one chain.
	pub fn new(node: NodeId, genesis: Hash, prover: Prover, metrics: Metrics) -> Self {
		Self { node, genesis, prover, metrics, built: None, complained: None, proven: None }
	}

	/// Takes note of a proof that is in the best chain, whoever has sent it.
	pub fn note(&mut self, window: &WindowPage) {
		if window.proven && self.proven != Some(window.period) {
			self.proven = Some(window.period);
			self.built = None;
			self.metrics.numbers().windows_proven.inc();
			tracing::info!(period = window.period.0, block = window.now, "window proven");
		}
	}

	/// Looks at the window as the best chain has it and submits the answer when it is time. A seed that changed with a
	/// re-organisation leads to a new answer. Errors only when the connection is lost.
	pub async fn look(&mut self, chain: &Chain, window: &WindowPage) -> Result<(), ChainError> {
		if window.proven || window.frozen.is_empty() || !decide::is_open(window) {
			return Ok(());
		}
		let Some(seed) = &window.seed else { return Ok(()) };
		if window.now < decide::prove_from(window, &seed.seed, self.node) {
			return Ok(());
		}
		let challenge = Challenge {
			genesis: self.genesis,
			seed: seed.seed,
			node: self.node.0,
			period: window.period.0,
			openings: seed.openings,
		};
		let Some(proof) = self.proof(challenge, window).await else { return Ok(()) };
		match chain.submit_free(&Call::prove(self.node, window.period, &proof)).await {
			Ok(Submission::Sent) => {
				self.metrics.numbers().proofs_sent.inc();
				tracing::info!(period = window.period.0, closes = window.closes, "proof sent");
			}
			Ok(Submission::AlreadyWaiting) => {}
			Ok(Submission::NotYet(reason)) => {
				tracing::debug!(period = window.period.0, reason, "the pool waits; trying again in the next block");
			}
			Ok(Submission::Invalid(reason)) => {
				// Usually the proof got in meanwhile. Build it anew in case the seed has changed.
				tracing::debug!(period = window.period.0, reason, "the pool refused the proof");
				self.built = None;
			}
			Err(error) if error.is_connection_lost() || error.is_final() => return Err(error),
			Err(error) if error.is_incompatible() => self.complain(window.period, &error.to_string()),
			Err(error) => tracing::warn!("{error}"),
		}
		Ok(())
	}

	async fn proof(&mut self, challenge: Challenge, window: &WindowPage) -> Option<StorageProof> {
		if let Some((_, proof)) = self.built.as_ref().filter(|(built, _)| *built == challenge) {
			return Some(proof.clone());
		}
		let (prover, forest) = (self.prover.clone(), window.frozen);
		let started = std::time::Instant::now();
		let answer = tokio::task::spawn_blocking(move || prover.answer(&challenge, &forest)).await;
		self.metrics.count_answer(started, matches!(answer, Ok(Ok(_))));
		let reason = match answer {
			Ok(Ok(proof)) => {
				tracing::debug!(period = window.period.0, took = ?started.elapsed(), "proof built");
				self.built = Some((challenge, proof.clone()));
				return Some(proof);
			}
			Ok(Err(error)) => match error.deal() {
				Some(deal) => {
					format!("{error}; if the bytes are lost for good, its operator may `substation forfeit {deal}`")
				}
				None => error.to_string(),
			},
			Err(error) => error.to_string(),
		};
		self.complain(window.period, &reason);
		None
	}

	/// Says once why a window goes unanswered.
	fn complain(&mut self, period: Period, reason: &str) {
		if self.complained != Some(period) {
			self.complained = Some(period);
			tracing::error!(period = period.0, "the window cannot be answered: {reason}");
		}
	}
}
