//! A customer offers the bytes of a proposal: judge it, pull them, keep them.

use crate::{
	provider::{
		decide::{self, Promised, Refusal},
		sync,
		turns::{Busy, Turn, Turns, Upload},
	},
	status::metrics::Metrics,
};
use parking_lot::Mutex;
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};
use substation_client::{
	client::{DealView, NodeView},
	Chain, ChainError,
};
use substation_primitives::{settings::Settings, DealId, NodeId};
use substation_proofs::Hash;
use substation_store::{
	journal::{DealRecord, DealState as Local, JournalError},
	progress::Progress,
	storage::Storage,
};
use substation_transport::{
	offer::{Offer, OfferReceiver, OfferReply},
	places::Hold,
	transfer::TransferError,
};
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

/// What would become of a proposal, and how much its customer may bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
	/// Bytes that the customer may have waiting for acceptance.
	pub cap: u64,
	/// Bytes of its other proposals that wait now.
	pub waiting: u64,
	/// Whether the proposal is taken.
	pub verdict: Result<(), Refusal>,
}

/// Takes offers, a few at one time. Clones share the limit.
#[derive(Debug, Clone)]
pub struct Intake {
	node: NodeId,
	storage: Storage,
	/// What the operator has configured.
	cap_per_customer: Option<u64>,
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
	/// For one node; `cap_per_customer` bounds the bytes of a customer's proposals that are not accepted, if it is not to
	/// follow from what is free.
	pub fn new(node: NodeId, storage: Storage, cap_per_customer: Option<u64>, metrics: Metrics) -> Self {
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

	/// Returns when contents have arrived since the last call. One that is offered again and is here has not.
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

	/// Whether the node is this machine's, as far as is known.
	pub fn is_ours(&self) -> bool {
		self.is_ours.load(Ordering::Relaxed)
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
					self.arrived.notify_one();
				}
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
		if !self.is_ours() {
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
					self.arrived.notify_one();
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
		let root = offer.content.root;
		let turn = self.turns.take(Upload { customer, endpoint: offer.endpoint, root }).await?;
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
		// What cannot be accepted is not fetched.
		if !chain.compatibility(best).await?.can_accept() {
			return Err(Refusal::OtherRelease.into());
		}
		let now = chain.height(best).await?;
		let node = chain.node(self.node, best).await?.ok_or(Refusal::NotTaking)?;
		let settings = chain.settings(best).await?;
		// It guards nothing that a panic could have spoilt.
		let _promising = self.promising.lock();
		self.judge(page, &node, &settings, now).verdict?;
		self.storage.journal.admit(&sync::record(page, now, Local::Fetching))?;
		Ok(())
	}

	/// Judges a proposal by what else waits and by the disk. Changes nothing.
	pub fn judge(&self, page: &DealView, node: &NodeView, settings: &Settings, now: u32) -> Judgement {
		let customer = page.deal.customer.0;
		let mut waiting = self.storage.journal.in_state(Local::is_unaccepted);
		waiting.retain(|record| record.deal != page.id.0);
		// What waiting proposals pay is judged again when they are accepted.
		let promised = Promised { bytes: bytes_of(&waiting, |_| true), rate: 0 };
		// What is being fetched takes its room on the disk only as it arrives.
		let arriving = bytes_of(&waiting, |record| record.state == Local::Fetching);
		let free = self.storage.blobs.free_bytes().unwrap_or(0).saturating_sub(DISK_RESERVE).saturating_sub(arriving);
		let others = bytes_of(&waiting, |record| record.customer != customer);
		let cap = decide::cap_per_customer(self.cap_per_customer, node, others);
		let waiting = bytes_of(&waiting, |record| record.customer == customer);
		let verdict = decide::judge(page, node, settings, now, promised, free)
			.and_then(|()| decide::within_cap(waiting, page.deal.length, cap));
		Judgement { cap, waiting, verdict }
	}

	/// Bytes of a blob that need not be sent any more.
	pub fn here(&self, root: &Hash, length: u64) -> u64 {
		self.storage.blobs.arrived(root, length)
	}
}

/// Bytes of the deals that are asked for.
fn bytes_of(deals: &[DealRecord], wanted: impl Fn(&DealRecord) -> bool) -> u64 {
	let wanted = deals.iter().filter(|record| wanted(record));
	wanted.fold(0, |sum, record| sum.saturating_add(record.length))
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod uploads;

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing;
	use substation_client::AccountId;
	use substation_primitives::Offer as NodeOffer;

	/// What an intake that offers 10,000 bytes says to proposals.
	struct World {
		_folder: tempfile::TempDir,
		intake: Intake,
	}

	impl World {
		fn new(cap: Option<u64>) -> Self {
			let folder = tempfile::tempdir().unwrap();
			let storage = Storage::open(folder.path()).unwrap();
			Self { intake: Intake::new(NodeId(1), storage, cap, Metrics::new()), _folder: folder }
		}

		fn waits(&self, deal: u64, customer: u8, length: u64) {
			let (customer, root) = ([customer; 32], [4; 32]);
			let record = DealRecord { deal, customer, root, length, seen: 1, state: Local::Ready };
			self.intake.storage.journal.admit(&record).unwrap();
		}

		fn judge(&self, deal: u64, customer: u8, length: u64) -> Judgement {
			let mut page = DealView { id: DealId(deal), ..testing::deal() };
			(page.deal.customer, page.deal.length) = (AccountId::from([customer; 32]), length);
			let node = NodeView { offer: Some(NodeOffer { capacity: 10_000, price: 1 }), ..testing::node() };
			self.intake.judge(&page, &node, &Settings::default(), 100)
		}
	}

	// 0.2
	#[test]
	fn a_customer_has_no_more_waiting_than_its_cap() {
		let world = World::new(Some(8_000));
		world.waits(1, 1, 3_000);

		assert_eq!(world.judge(2, 1, 5_000), Judgement { cap: 8_000, waiting: 3_000, verdict: Ok(()) });
		let refusal = Refusal::OverCap { waiting: 3_000, asked: 5_001, cap: 8_000 };
		assert_eq!(world.judge(2, 1, 5_001).verdict, Err(refusal));
		assert_eq!(world.judge(2, 2, 7_000), Judgement { cap: 8_000, waiting: 0, verdict: Ok(()) }, "another one");

		world.intake.storage.journal.set_state(1, Local::Accepted { slot: 0 }).unwrap();
		assert_eq!(world.judge(2, 1, 8_000).waiting, 0, "what is accepted waits no more");
	}

	// 0.2
	#[test]
	fn a_proposal_does_not_count_against_itself() {
		let world = World::new(Some(8_000));
		world.waits(1, 1, 6_000);

		assert_eq!(world.judge(1, 1, 6_000), Judgement { cap: 8_000, waiting: 0, verdict: Ok(()) });
		assert_eq!(world.judge(2, 1, 6_000).verdict, Err(Refusal::NoCapacity { left: 4_000 }));
	}

	#[test]
	fn what_others_were_promised_lowers_the_cap() {
		let world = World::new(None);
		assert_eq!(world.judge(9, 1, 1).cap, 10_000);

		world.waits(1, 2, 4_000);

		assert_eq!((world.judge(9, 1, 1).cap, world.judge(9, 2, 1).cap), (6_000, 10_000));
	}

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

		assert_eq!(bytes_of(&deals[..3], |record| record.state == Local::Fetching), 10);
		assert_eq!(bytes_of(&deals[..3], |_| true), 3_210);
		assert_eq!(bytes_of(&deals, |_| true), u64::MAX, "no overflow");
	}
}
