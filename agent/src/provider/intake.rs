//! A customer offers the bytes of a proposal: judge it, pull them, keep them.

use crate::{
	chain::{client::DealView, Chain, ChainError},
	data::{
		hashing::Commitment,
		journal::{DealRecord, DealState as Local, JournalError},
		metrics::Metrics,
		offer::{Offer, OfferReceiver, OfferReply},
		places::Hold,
		progress::Progress,
		storage::Storage,
		transfer::TransferError,
	},
	provider::{
		decide::{self, Promised, Refusal},
		sync,
		turns::{Busy, Turn, Turns, Upload},
	},
};
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, PoisonError,
	},
	time::Duration,
};
use substation_primitives::{DealId, NodeId};
use tokio::{
	sync::{watch, Notify, Semaphore},
	time::Instant,
};

/// Questions to the chain that offers cause, at one time.
const LOOKS: usize = 4;
/// How long an offer may be ahead of this machine's view of the chain.
const CHAIN_LAG: Duration = Duration::from_secs(30);
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
	#[error(transparent)]
	Journal(#[from] JournalError),
	#[error(transparent)]
	Busy(#[from] Busy),
	#[error("{0}")]
	Transfer(#[from] TransferError),
	#[error("the first bytes of the file did not come: {0}")]
	NotShown(TransferError),
	#[error("the customer is gone")]
	Gone,
}

impl IntakeError {
	/// Whether anybody could cause it, without a proposal for this node or without its bytes.
	fn is_anybodys(&self) -> bool {
		matches!(
			self,
			Self::UnknownDeal
				| Self::NotShown(_)
				| Self::Busy(_)
				| Self::Refused(Refusal::OtherContent | Refusal::OtherNode | Refusal::NotTaking)
		)
	}
}

/// Takes offers, a few at one time. Clones share the limit.
#[derive(Debug, Clone)]
pub struct Intake {
	node: NodeId,
	storage: Storage,
	cap_per_customer: u64,
	turns: Turns,
	/// Held while the chain is asked.
	looks: Arc<Semaphore>,
	/// Whether the node is this machine's; if not, no bytes are brought in vain.
	is_ours: Arc<AtomicBool>,
	/// Moves with every block: what was not there may be now.
	blocks: watch::Sender<()>,
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
			turns: Turns::new(metrics.numbers().refused.clone()),
			looks: Arc::new(Semaphore::new(LOOKS)),
			is_ours: Arc::new(AtomicBool::new(true)),
			blocks: watch::Sender::new(()),
			promising: Arc::default(),
			arrived: Arc::new(Notify::new()),
			metrics,
		}
	}

	/// Returns when contents have arrived since the last call.
	pub async fn arrived(&self) {
		self.arrived.notified().await;
	}

	/// Takes note of a new block.
	pub fn note_block(&self) {
		self.blocks.send_replace(());
	}

	/// Takes note whether the node is this machine's.
	pub fn set_ours(&self, is_ours: bool) {
		self.is_ours.store(is_ours, Ordering::Relaxed);
	}

	/// Deals with offers in the background as long as they come.
	pub async fn take_all(&self, chain: &Chain, offers: &mut OfferReceiver) {
		while let Some(offer) = offers.recv().await {
			self.take(chain.clone(), offer);
		}
	}

	/// Deals with one offer in the background. There are no more at one time than there are places for customers.
	fn take(&self, chain: Chain, offer: Offer) {
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
			// Nobody hears it, and strangers who are displaced would fill the log.
			Err(IntakeError::Gone) => return,
			Err(error) => {
				if error.is_anybodys() {
					tracing::debug!(deal, "offer not taken: {error}");
				} else {
					tracing::info!(deal, "offer not taken: {error}");
				}
				OfferReply::Refused(error.to_string())
			}
		};
		offer.reply(reply).await;
	}

	/// Says whether bytes had to be pulled.
	async fn receive(&self, chain: &Chain, offer: &Offer) -> Result<bool, IntakeError> {
		if !self.is_ours.load(Ordering::Relaxed) {
			return Err(Refusal::NotTaking.into());
		}
		let ready = tokio::select! {
			ready = self.prepare(chain, offer) => ready?,
			() = offer.gone() => return Err(IntakeError::Gone),
		};
		// From here on not given up before the disk has done its part: the connection's end ends the pull.
		let Some((turn, _hold)) = ready else { return Ok(false) };
		if !self.is_here(offer) {
			tracing::info!(deal = offer.deal, bytes = offer.content.length, "fetching from the customer");
			let progress = Progress::silent();
			offer.pull_until(&self.storage.blobs, &progress, turn.over(progress.clone())).await?;
			self.metrics.numbers().pulled_bytes.inc_by(offer.content.length);
		}
		if self.storage.journal.get(offer.deal).is_some_and(|record| record.state == Local::Fetching) {
			self.storage.journal.set_state(offer.deal, Local::Ready)?;
		}
		Ok(true)
	}

	fn is_here(&self, offer: &Offer) -> bool {
		self.storage.blobs.contains(&offer.content.root, offer.content.length)
	}

	/// Everything before bytes are pulled: the turn at it, and what keeps the customer's place. `None` if they are here.
	///
	/// Anybody can name a proposal. So nothing is booked for it, nobody else waits, and no place is kept, before the first
	/// bytes have led to its root.
	async fn prepare(&self, chain: &Chain, offer: &Offer) -> Result<Option<(Turn, Option<Hold>)>, IntakeError> {
		let customer = if let Some(known) = self.storage.journal.get(offer.deal) {
			let is_same = known.root == offer.content.root && known.length == offer.content.length;
			if !is_same {
				return Err(Refusal::OtherContent.into());
			}
			if known.state == Local::Refused {
				return Err(Refusal::NotTaking.into());
			}
			// An accepted deal may be repaired by its customer this way, too.
			if self.is_here(offer) {
				if known.state == Local::Fetching {
					self.storage.journal.set_state(offer.deal, Local::Ready)?;
				}
				return Ok(None);
			}
			offer.sample().await.map_err(IntakeError::NotShown)?;
			known.customer
		} else {
			let page = self.find(chain, offer).await?;
			if !self.is_here(offer) {
				offer.sample().await.map_err(IntakeError::NotShown)?;
			}
			self.admit(chain, &page).await?;
			page.deal.customer.0
		};
		let hold = offer.hold();
		let Commitment { root, length } = offer.content;
		let turn = self.turns.take(Upload { customer, endpoint: offer.endpoint, root, length }).await?;
		Ok(Some((turn, hold)))
	}

	/// The proposal in the best chain; waits for it, because the customer's node may be ahead of ours.
	async fn find(&self, chain: &Chain, offer: &Offer) -> Result<DealView, IntakeError> {
		let until = Instant::now() + CHAIN_LAG;
		let mut blocks = self.blocks.subscribe();
		loop {
			blocks.mark_unchanged();
			if let Some(page) = self.look(chain, DealId(offer.deal)).await? {
				if page.deal.root != offer.content.root || page.deal.length != offer.content.length {
					return Err(Refusal::OtherContent.into());
				}
				if page.deal.node != self.node {
					return Err(Refusal::OtherNode.into());
				}
				return Ok(page);
			}
			tokio::select! {
				_ = blocks.changed() => {}
				() = tokio::time::sleep_until(until) => return Err(IntakeError::UnknownDeal),
			}
		}
	}

	async fn look(&self, chain: &Chain, deal: DealId) -> Result<Option<DealView>, IntakeError> {
		// Never closed.
		let _look = self.looks.acquire().await;
		Ok(chain.deal(deal, chain.best().await?).await?)
	}

	async fn admit(&self, chain: &Chain, page: &DealView) -> Result<(), IntakeError> {
		let _look = self.looks.acquire().await;
		let best = chain.best().await?;
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
#[path = "intake_tests.rs"]
mod uploads;

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
