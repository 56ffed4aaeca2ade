//! A customer offers the bytes of a proposal: judge it, pull them, keep them.

use crate::{
	chain::{calls::MARKET, client::DealView, Chain, ChainError},
	data::{
		journal::{DealRecord, DealState as Local, JournalError},
		metrics::Metrics,
		offer::{Offer, OfferReply},
		progress::Progress,
		storage::Storage,
	},
	provider::{
		decide::{self, Promised, Refusal},
		sync,
	},
};
use std::{
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};
use substation_primitives::{DealId, NodeId};
use tokio::sync::{Notify, Semaphore};

/// Contents that are pulled at one time.
const AT_ONE_TIME: usize = 4;
/// How long an offer may be ahead of this machine's view of the chain.
const CHAIN_LAG: Duration = Duration::from_secs(30);
/// Pause between two looks for the proposal.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of the disk that stay free.
const DISK_RESERVE: u64 = 256 << 20;

/// Why an offer came to nothing. The customer reads it.
#[derive(Debug, thiserror::Error)]
enum IntakeError {
	#[error(transparent)]
	Refused(#[from] Refusal),
	#[error("the node's agent knows no such proposal; is it in a block?")]
	UnknownDeal,
	#[error("the node's agent cannot read the chain now ({0}); try again")]
	Chain(#[from] ChainError),
	#[error("the node takes no deals until its agent is updated: {0}")]
	Outdated(ChainError),
	#[error(transparent)]
	Journal(#[from] JournalError),
	#[error("{0}")]
	Transfer(String),
}

/// Takes offers, a few at one time. Clones share the limit.
#[derive(Debug, Clone)]
pub struct Intake {
	node: NodeId,
	storage: Storage,
	cap_per_customer: u64,
	turns: Arc<Semaphore>,
	/// Held from reading what is promised already to promising more.
	promising: Arc<Mutex<()>>,
	arrived: Arc<Notify>,
	metrics: Metrics,
}

impl Intake {
	/// For one node; `cap_per_customer` bounds the bytes of a customer's proposals that are not accepted.
	pub fn new(node: NodeId, storage: Storage, cap_per_customer: u64, metrics: Metrics) -> Self {
		Self {
			node,
			storage,
			cap_per_customer,
			turns: Arc::new(Semaphore::new(AT_ONE_TIME)),
			promising: Arc::default(),
			arrived: Arc::new(Notify::new()),
			metrics,
		}
	}

	/// Returns when contents have arrived since the last call.
	pub async fn arrived(&self) {
		self.arrived.notified().await;
	}

	/// Deals with one offer in the background.
	pub fn take(&self, chain: Chain, offer: Offer) {
		let intake = self.clone();
		tokio::spawn(async move { intake.serve(&chain, offer).await });
	}

	async fn serve(&self, chain: &Chain, offer: Offer) {
		let deal = offer.deal;
		let reply = match self.receive(chain, &offer).await {
			Ok(is_new) => {
				if is_new {
					tracing::info!(
						deal,
						bytes = offer.content.length,
						root = hex::encode(offer.content.root),
						"bytes stored"
					);
				}
				self.arrived.notify_one();
				OfferReply::Stored
			}
			Err(error) => {
				tracing::info!(deal, "offer not taken: {error}");
				OfferReply::Refused(error.to_string())
			}
		};
		offer.reply(reply).await;
	}

	/// Says whether bytes had to be pulled.
	async fn receive(&self, chain: &Chain, offer: &Offer) -> Result<bool, IntakeError> {
		let is_here = || self.storage.blobs.contains(&offer.content.root, offer.content.length);
		if let Some(known) = self.storage.journal.get(offer.deal) {
			let is_same = known.root == offer.content.root && known.length == offer.content.length;
			if !is_same {
				return Err(Refusal::OtherContent.into());
			}
			if known.state == Local::Refused {
				return Err(Refusal::NotTaking.into());
			}
			// An accepted deal may be repaired by its customer this way, too.
			if is_here() {
				if known.state == Local::Fetching {
					self.storage.journal.set_state(offer.deal, Local::Ready)?;
				}
				return Ok(false);
			}
		} else {
			let page = self.find(chain, offer).await?;
			self.admit(chain, &page).await?;
		}
		let Ok(_turn) = self.turns.acquire().await else { return Err(IntakeError::Transfer("stopping".into())) };
		if !is_here() {
			tracing::info!(deal = offer.deal, bytes = offer.content.length, "fetching from the customer");
			let progress = Progress::silent();
			offer
				.pull(&self.storage.blobs, &progress)
				.await
				.map_err(|error| IntakeError::Transfer(error.to_string()))?;
			self.metrics.numbers().pulled_bytes.inc_by(offer.content.length);
		}
		if self.storage.journal.get(offer.deal).is_some_and(|record| record.state == Local::Fetching) {
			self.storage.journal.set_state(offer.deal, Local::Ready)?;
		}
		Ok(true)
	}

	/// The proposal in the best chain; waits for it, because the customer's node may be ahead of ours.
	async fn find(&self, chain: &Chain, offer: &Offer) -> Result<DealView, IntakeError> {
		let until = tokio::time::Instant::now() + CHAIN_LAG;
		loop {
			if let Some(page) = chain.deal(DealId(offer.deal), chain.best().await?).await? {
				if page.deal.root != offer.content.root || page.deal.length != offer.content.length {
					return Err(Refusal::OtherContent.into());
				}
				return Ok(page);
			}
			if tokio::time::Instant::now() >= until {
				return Err(IntakeError::UnknownDeal);
			}
			tokio::time::sleep(PAUSE).await;
		}
	}

	async fn admit(&self, chain: &Chain, page: &DealView) -> Result<(), IntakeError> {
		let best = chain.best().await?;
		// What cannot be accepted is not fetched.
		chain.compatibility(best).await?.ensure(MARKET, "accept").map_err(IntakeError::Outdated)?;
		let now = chain.height(best).await?;
		let node = chain.node(self.node, best).await?.ok_or(Refusal::NotTaking)?;
		let settings = chain.settings(best).await?;
		// It guards nothing that a panic could have spoilt.
		let _promising = self.promising.lock().unwrap_or_else(PoisonError::into_inner);
		let waiting = self.storage.journal.in_state(Local::is_unaccepted);
		// What waiting proposals pay is judged again when they are accepted.
		let promised = Promised { bytes: bytes_of(&waiting, |_| true), rate: 0 };
		// What is being fetched takes its room on the disk only as it arrives.
		let arriving = bytes_of(&waiting, |state| *state == Local::Fetching);
		let free = self.storage.blobs.free_bytes().unwrap_or(0).saturating_sub(DISK_RESERVE).saturating_sub(arriving);
		decide::judge(page, &node, &settings, now, promised, free)?;
		self.storage.journal.admit(&sync::record(page, now, Local::Fetching), self.cap_per_customer)?;
		Ok(())
	}
}

/// Bytes of the deals in a state that is asked for.
fn bytes_of(deals: &[DealRecord], wanted: impl Fn(&Local) -> bool) -> u64 {
	let wanted = deals.iter().filter(|record| wanted(&record.state));
	wanted.fold(0, |sum, record| sum.saturating_add(record.length))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_what_is_being_fetched_still_needs_room() {
		let record =
			|deal, length, state| DealRecord { deal, customer: [1; 32], root: [2; 32], length, seen: 1, state };
		let deals = [
			record(1, 10, Local::Fetching),
			record(2, 200, Local::Ready),
			record(3, 3_000, Local::Submitted { slot: 0 }),
			record(4, u64::MAX, Local::Fetching),
		];

		assert_eq!(bytes_of(&deals[..3], |state| *state == Local::Fetching), 10);
		assert_eq!(bytes_of(&deals[..3], |_| true), 3_210);
		assert_eq!(bytes_of(&deals, |_| true), u64::MAX, "no overflow");
	}
}
