//! The node's channels: what was promised, what was delivered, and hence how much may still go out.
//!
//! Both are kept in money and over all connections of a channel, so that nobody gets a second first step by coming
//! again. A voucher is on the disk (not synced) before the gate opens for it.

mod account;
mod status;

pub use account::Seat;
pub(super) use account::{Account, Asked};
pub use status::DeliveryStatus;

use crate::{
	payments::{
		ledger::{Ledger, View},
		protocol::{Quote, Refusal},
		record::Record,
		session::{Exporter, SessionProof},
		terms::Delivery,
		voucher::Voucher,
	},
	status::metrics::Metrics,
};
use account::Kept;
use codec::{Decode, Encode};
use parking_lot::{Mutex, MutexGuard, RwLock};
use std::{
	collections::BTreeMap,
	fmt, fs, io,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use substation_client::client::ChannelView;
use substation_primitives::{Balance, ChannelId, NodeId};
use substation_proofs::Hash;
use substation_transport::refused;
use tokio::sync::{watch, Semaphore};

/// The folder of the vouchers in the data folder.
const FOLDER: &str = "vouchers";

/// Questions to the chain that customers cause, at one time.
const LOOKS: usize = 4;

/// The file that remembers what channels brought that are gone.
const GONE: &str = "gone";

/// The till of a node. Clones share it.
#[derive(Clone)]
pub struct Till(pub(super) Arc<Inner>);

pub(super) struct Inner {
	pub(super) terms: Delivery,
	genesis: Hash,
	folder: PathBuf,
	node: RwLock<Option<(NodeId, [u8; 32])>>,
	pub(super) chain: watch::Sender<Option<Arc<dyn Ledger>>>,
	pub(super) channels: Mutex<BTreeMap<ChannelId, Arc<Account>>>,
	/// Redeemed over channels that are gone.
	gone: Mutex<(Record, Balance)>,
	/// How long a channel must have no record before it is forgotten.
	doubt: Mutex<Duration>,
	/// Since when channels have none.
	absent: Mutex<BTreeMap<ChannelId, Instant>>,
	is_stopping: AtomicBool,
	looks: Semaphore,
	metrics: Metrics,
}

impl fmt::Debug for Till {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Till").field("terms", &self.0.terms).finish_non_exhaustive()
	}
}

impl Till {
	/// Opens the till in a data folder, with every voucher that it held.
	pub fn open(data: &Path, genesis: Hash, terms: Delivery, metrics: Metrics) -> io::Result<Self> {
		let folder = data.join(FOLDER);
		fs::create_dir_all(&folder)?;
		let (gone, kept) = Record::open(&folder.join(GONE))?;
		let redeemed = kept.and_then(|kept| Balance::decode(&mut &kept[..]).ok()).unwrap_or(0);
		let mut channels = BTreeMap::new();
		for item in fs::read_dir(&folder)? {
			let path = item?.path();
			let is_channel =
				path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<u64>().is_ok());
			if !is_channel {
				continue;
			}
			match Account::load(&path, terms)? {
				Some(account) if account.genesis() == genesis => {
					channels.insert(account.id(), Arc::new(account));
				}
				Some(_) => tracing::warn!(file = %path.display(), "vouchers of another chain"),
				None => tracing::warn!(file = %path.display(), "not a file of vouchers"),
			}
		}
		Ok(Self(Arc::new(Inner {
			terms,
			genesis,
			folder,
			node: RwLock::default(),
			chain: watch::Sender::new(None),
			channels: Mutex::new(channels),
			gone: Mutex::new((gone, redeemed)),
			doubt: Mutex::default(),
			absent: Mutex::default(),
			is_stopping: AtomicBool::new(false),
			looks: Semaphore::new(LOOKS),
			metrics,
		})))
	}

	/// What the node takes.
	pub fn terms(&self) -> Delivery {
		self.0.terms
	}

	/// From now on serves for this node, whose operator is paid.
	pub fn set_node(&self, node: NodeId, payee: [u8; 32]) {
		*self.0.node.write() = Some((node, payee));
	}

	/// From now on looks at the chain through this, or knows no chain; vouchers are looked after at each call.
	pub fn set_chain(&self, chain: Option<Arc<dyn Ledger>>) {
		self.0.chain.send_replace(chain);
	}

	/// Whether it looks at a chain.
	#[cfg(test)]
	pub(crate) fn has_chain(&self) -> bool {
		self.0.chain.borrow().is_some()
	}

	/// From now on vouchers of a channel without a record are kept for so long: the chain may yet be seen to have it.
	pub fn set_doubt(&self, doubt: Duration) {
		*self.0.doubt.lock() = doubt;
	}

	/// Takes note that a channel has a record, or none. Says whether it has had none for long enough to be forgotten.
	pub(crate) fn is_gone(&self, channel: ChannelId, has_record: bool) -> bool {
		let mut absent = self.0.absent.lock();
		if has_record {
			absent.remove(&channel);
			return false;
		}
		let since = absent.entry(channel).or_insert_with(Instant::now);
		since.elapsed() >= *self.0.doubt.lock()
	}

	/// What the node takes. Errors while it is not known who is paid.
	pub fn quote(&self) -> Result<Quote, Refusal> {
		let Delivery { price, step, .. } = self.0.terms;
		let node = self.node();
		let (node, payee) = if price == 0 { node.unwrap_or_default() } else { node.ok_or(Refusal::NoChain)? };
		Ok(Quote { price, payee, step, node, genesis: self.0.genesis })
	}

	/// Takes a customer in who shows over this connection that a channel is theirs: the channel must be final, pay this
	/// node's operator, not be closing, and have something left that the chain would redeem. Whoever used it before is sent
	/// away.
	pub async fn seat(&self, voucher: &Voucher, proof: &SessionProof, exporter: &Exporter) -> Result<Seat, Refusal> {
		if self.0.terms.price == 0 {
			return Err(Refusal::Free);
		}
		let (_, payee) = self.node().ok_or(Refusal::NoChain)?;
		let page = {
			// Held by nobody for longer than the chain takes to answer, and never closed.
			let _look = self.0.looks.acquire().await;
			self.page(voucher.channel).await?
		};
		let channel = &page.channel;
		if !proof.is_signed_by(&channel.key, &self.0.genesis, voucher.channel, exporter) {
			self.0.metrics.numbers().refused.count(refused::SESSION);
			return Err(Refusal::NotYours);
		}
		if channel.payee.0 != payee {
			return Err(Refusal::OtherPayee(voucher.channel));
		}
		if channel.closing.is_some() {
			return Err(Refusal::Closing(voucher.channel));
		}
		if voucher.cumulative > channel.deposit {
			return Err(Refusal::ExceedsDeposit { deposit: channel.deposit, got: voucher.cumulative });
		}
		if page.genesis != self.0.genesis || !voucher.is_signed_by(&channel.key, &self.0.genesis) {
			return Err(Refusal::Forged);
		}
		let (left, least) = (channel.left(), page.min_redeem);
		// All that is left may be less than the least step, and is good if it has been promised and pays.
		let is_all = voucher.cumulative == channel.deposit && page.is_redeemable(voucher.cumulative);
		if left > 0 && left < least && !is_all {
			return Err(Refusal::RestTooSmall { channel: voucher.channel, left, least });
		}
		let account = self.account(&page)?;
		if self.0.is_stopping.load(Ordering::Acquire) {
			return Err(Refusal::Stopping);
		}
		let voucher = *voucher;
		let till = self.clone();
		let seated = tokio::task::spawn_blocking(move || account.seat(till, &page, &voucher)).await;
		seated.map_err(|_| Refusal::Disk)?
	}

	/// The channel in the chain's final state.
	pub(super) async fn page(&self, channel: ChannelId) -> Result<ChannelView, Refusal> {
		let chain = self.0.chain.borrow().clone().ok_or(Refusal::NoChain)?;
		match chain.channel(channel, View::Final).await {
			Ok(page) => page.ok_or(Refusal::UnknownChannel(channel)),
			Err(error) => {
				tracing::debug!(%channel, "{error}");
				Err(Refusal::NoChain)
			}
		}
	}

	/// Sends everybody away and redeems what can be redeemed, once.
	pub async fn close_up(&self) {
		self.0.is_stopping.store(true, Ordering::Release);
		for account in self.accounts() {
			account.end(Refusal::Stopping);
		}
		self.redeem_all().await;
	}

	/// The account of a channel, made if it is new.
	fn account(&self, page: &ChannelView) -> Result<Arc<Account>, Refusal> {
		let mut channels = self.channels();
		if let Some(account) = channels.get(&page.id) {
			return Ok(account.clone());
		}
		let path = self.0.folder.join(page.id.0.to_string());
		let account = Arc::new(Account::new(path, Kept::of(page), self.0.terms));
		channels.insert(page.id, account.clone());
		Ok(account)
	}

	pub(super) fn accounts(&self) -> Vec<Arc<Account>> {
		self.channels().values().cloned().collect()
	}

	/// Forgets a channel that has no record any more, remembering what it brought.
	pub(super) fn forget(&self, account: &Account) {
		account.end(Refusal::UnknownChannel(account.id()));
		let brought = account.redeemed();
		{
			let mut gone = self.0.gone.lock();
			let sum = gone.1.saturating_add(brought);
			gone.1 = sum;
			if let Err(error) = gone.0.write(&sum.encode()) {
				tracing::warn!(%error, "what was redeemed cannot be written down");
			}
		}
		self.channels().remove(&account.id());
		self.is_gone(account.id(), true);
		if let Err(error) = account.remove_file() {
			tracing::warn!(%error, channel = %account.id(), "a file of vouchers cannot be removed");
		}
	}

	pub(super) fn metrics(&self) -> &Metrics {
		&self.0.metrics
	}

	fn gone(&self) -> Balance {
		self.0.gone.lock().1
	}

	fn node(&self) -> Option<(NodeId, [u8; 32])> {
		*self.0.node.read()
	}

	// Insertions and removals of whole entries: a panic elsewhere cannot have left it half-way.
	fn channels(&self) -> MutexGuard<'_, BTreeMap<ChannelId, Arc<Account>>> {
		self.0.channels.lock()
	}
}
