//! One channel at the till.

use crate::payments::{
	price::{bytes_for, cost},
	protocol::{Refusal, Standing},
	record::Record,
	terms::Delivery,
	till::Till,
	voucher::Voucher,
};
use codec::{Decode, DecodeAll, Encode};
use parking_lot::{Mutex, MutexGuard};
use std::{
	io,
	path::{Path, PathBuf},
	sync::{Arc, OnceLock},
};
use substation_client::client::ChannelView;
use substation_primitives::{channel::VoucherKey, Balance, BlockNumber, ChannelId};
use substation_proofs::Hash;
use substation_transport::gate::Gate;

/// What is written down of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(in crate::payments) struct Kept {
	genesis: Hash,
	channel: ChannelId,
	key: VoucherKey,
	/// The deposit in the last final state that was looked at.
	deposit: Balance,
	/// What was redeemed in the last state that was looked at.
	spent: Balance,
	/// What the bytes were worth that went out.
	served: Balance,
	/// The highest voucher.
	held: Option<Voucher>,
}

impl Kept {
	/// A channel that this folder knows nothing of. What was redeemed from it was delivered.
	pub(super) fn of(page: &ChannelView) -> Self {
		let channel = &page.channel;
		Self {
			genesis: page.genesis,
			channel: page.id,
			key: channel.key,
			deposit: channel.deposit,
			spent: channel.spent,
			served: channel.spent,
			held: None,
		}
	}

	/// What was promised, as far as this folder or the chain knows.
	fn promised(&self) -> Balance {
		self.held.map_or(0, |voucher| voucher.cumulative).max(self.spent)
	}
}

/// A redemption that was sent to the chain.
#[derive(Clone, Copy, Debug)]
pub(in crate::payments) struct Asked {
	pub(in crate::payments) cumulative: Balance,
	pub(in crate::payments) at: BlockNumber,
}

/// Who uses a channel now.
#[derive(Debug)]
struct Live {
	number: u64,
	gate: Gate,
	/// What had been served when it began.
	base: Balance,
	/// Bytes that the metrics have counted.
	counted: u64,
	/// Why it ends.
	reason: Arc<OnceLock<Refusal>>,
}

#[derive(Debug)]
struct State {
	kept: Kept,
	/// Open while somebody uses the channel.
	record: Option<Record>,
	live: Option<Live>,
	next: u64,
	asked: Option<Asked>,
}

/// One channel.
#[derive(Debug)]
pub(in crate::payments) struct Account {
	id: ChannelId,
	path: PathBuf,
	terms: Delivery,
	state: Mutex<State>,
}

impl Account {
	pub(super) fn new(path: PathBuf, kept: Kept, terms: Delivery) -> Self {
		let state = State { kept, record: None, live: None, next: 0, asked: None };
		Self { id: kept.channel, path, terms, state: Mutex::new(state) }
	}

	/// What a file holds; `None` if that is nothing.
	pub(super) fn load(path: &Path, terms: Delivery) -> io::Result<Option<Self>> {
		let (_, bytes) = Record::open(path)?;
		let kept = bytes.and_then(|bytes| Kept::decode_all(&mut &bytes[..]).ok());
		Ok(kept.map(|kept| Self::new(path.to_owned(), kept, terms)))
	}

	pub(in crate::payments) fn id(&self) -> ChannelId {
		self.id
	}

	pub(super) fn genesis(&self) -> Hash {
		self.state().kept.genesis
	}

	/// Lets a customer in whose voucher is good.
	pub(super) fn seat(self: &Arc<Self>, till: Till, page: &ChannelView, voucher: &Voucher) -> Result<Seat, Refusal> {
		let mut state = self.state();
		self.leave(&mut state, &till, Refusal::TakenOver(self.id));
		let mut kept = state.kept;
		kept.deposit = page.channel.deposit;
		kept.spent = kept.spent.max(page.channel.spent);
		let held = kept.held.map_or(0, |held| held.cumulative);
		if kept.spent > held {
			// More was redeemed than this folder knows of: it is not the newest.
			kept.served = kept.served.max(kept.spent);
		}
		if voucher.cumulative > held {
			kept.held = Some(*voucher);
		}
		if kept.served >= kept.deposit {
			return Err(Refusal::NothingLeft { channel: self.id, deposit: kept.deposit, served: kept.served });
		}
		self.write(&mut state, kept)?;
		let gate = Gate::new(allowance(&kept, kept.served, &self.terms));
		let number = state.next;
		state.next = number.saturating_add(1);
		let reason = Arc::new(OnceLock::new());
		state.live = Some(Live { number, gate: gate.clone(), base: kept.served, counted: 0, reason: reason.clone() });
		let standing = Standing { deposit: kept.deposit, held: kept.held, served: kept.served };
		Ok(Seat { till, account: self.clone(), number, gate, reason, standing })
	}

	/// Takes a voucher and opens the gate.
	fn take(&self, till: &Till, number: u64, voucher: &Voucher) -> Result<(), Refusal> {
		let mut state = self.state();
		let Some(live) = state.live.as_ref().filter(|live| live.number == number) else {
			return Err(Refusal::TakenOver(self.id));
		};
		let (gate, base) = (live.gate.clone(), live.base);
		let mut kept = state.kept;
		let promised = kept.promised();
		if voucher.channel != self.id {
			return Err(Refusal::OtherChannel { expected: self.id, got: voucher.channel });
		}
		if voucher.cumulative <= promised {
			return Err(Refusal::DoesNotGrow { held: promised, got: voucher.cumulative });
		}
		if voucher.cumulative > kept.deposit {
			return Err(Refusal::ExceedsDeposit { deposit: kept.deposit, got: voucher.cumulative });
		}
		if !voucher.is_signed_by(&kept.key, &kept.genesis) {
			return Err(Refusal::Forged);
		}
		kept.held = Some(*voucher);
		kept.served = self.count(&mut state, till);
		self.write(&mut state, kept)?;
		gate.allow(allowance(&kept, base, &self.terms));
		Ok(())
	}

	/// Takes note of a deposit that has grown.
	fn deposit(&self, deposit: Balance) {
		let mut state = self.state();
		state.kept.deposit = state.kept.deposit.max(deposit);
		let kept = state.kept;
		if let Some(live) = &state.live {
			live.gate.allow(allowance(&kept, live.base, &self.terms));
		}
	}

	/// Ends whatever goes on.
	pub(in crate::payments) fn end(&self, reason: Refusal) {
		if let Some(live) = &self.state().live {
			let _ = live.reason.set(reason);
			live.gate.shut();
		}
	}

	/// What was served up to now, in money; tells the metrics.
	fn count(&self, state: &mut State, till: &Till) -> Balance {
		let Some(live) = &mut state.live else { return state.kept.served };
		let taken = live.gate.taken();
		till.metrics().numbers().paid_bytes.inc_by(taken.saturating_sub(live.counted));
		live.counted = taken;
		live.base.saturating_add(cost(taken, self.terms.price))
	}

	/// Ends a connection's use and writes down what it was served.
	fn leave(&self, state: &mut State, till: &Till, reason: Refusal) {
		let Some(live) = &state.live else { return };
		// The first reason counts.
		let _ = live.reason.set(reason);
		live.gate.shut();
		let kept = Kept { served: self.count(state, till), ..state.kept };
		state.live = None;
		if self.write(state, kept).is_err() {
			state.kept = kept;
		}
		if let Some(Err(error)) = state.record.take().map(|record| record.sync()) {
			tracing::warn!(%error, channel = %self.id, "vouchers may not survive a power cut");
		}
	}

	fn write(&self, state: &mut State, kept: Kept) -> Result<(), Refusal> {
		let mut write = || {
			if state.record.is_none() {
				state.record = Some(Record::open(&self.path)?.0);
			}
			match &mut state.record {
				Some(record) => record.write(&kept.encode()),
				None => Ok(()),
			}
		};
		write().map_err(|error| {
			tracing::error!(%error, file = %self.path.display(), "a voucher cannot be written down");
			Refusal::Disk
		})?;
		state.kept = kept;
		if state.live.is_none() {
			state.record = None;
		}
		Ok(())
	}

	/// Takes note of what the chain says was redeemed; what is held and not redeemed, and what was asked for.
	pub(in crate::payments) fn reconcile(&self, spent: Balance) -> (Option<Voucher>, Balance, Option<Asked>) {
		let mut state = self.state();
		if spent > state.kept.spent {
			let kept = Kept { spent, ..state.kept };
			// Written down with the next voucher at the latest: the chain knows it anyway.
			if self.write(&mut state, kept).is_err() {
				state.kept = kept;
			}
		}
		let held = state.kept.held;
		(held, held.map_or(0, |held| held.cumulative).saturating_sub(spent), state.asked)
	}

	/// Takes note of a redemption that was sent.
	pub(in crate::payments) fn set_asked(&self, asked: Asked) {
		self.state().asked = Some(asked);
	}

	/// What the chain has paid out, as far as it was seen.
	pub(super) fn redeemed(&self) -> Balance {
		self.state().kept.spent
	}

	/// What is held in all, what of it is redeemed, and whether somebody uses the channel.
	pub(in crate::payments) fn sums(&self) -> (Balance, Balance, bool) {
		let state = self.state();
		(state.kept.promised(), state.kept.spent, state.live.is_some())
	}

	pub(super) fn remove_file(&self) -> io::Result<()> {
		substation_store::disk::remove_if_there(&self.path)
	}

	// Whole values are assigned: a panic elsewhere cannot have left it half-way.
	fn state(&self) -> MutexGuard<'_, State> {
		self.state.lock()
	}
}

/// Bytes that a connection may get that began when `base` had been served: one step more than what is paid, and nothing
/// that the deposit cannot pay.
fn allowance(kept: &Kept, base: Balance, terms: &Delivery) -> u64 {
	let promised = kept.promised();
	let ahead = match promised.checked_sub(base) {
		Some(paid) => bytes_for(paid, terms.price).saturating_add(terms.step),
		// Owed from an earlier connection, rounded against whoever owes it.
		None => terms.step.saturating_sub(bytes_for(base.saturating_sub(promised), terms.price).saturating_add(1)),
	};
	ahead.min(bytes_for(kept.deposit.saturating_sub(base), terms.price))
}

/// A customer who is served. Dropping it writes down what they got.
#[derive(Debug)]
pub struct Seat {
	till: Till,
	account: Arc<Account>,
	number: u64,
	gate: Gate,
	reason: Arc<OnceLock<Refusal>>,
	standing: Standing,
}

impl Seat {
	/// How the channel stood when the customer came.
	pub fn standing(&self) -> Standing {
		self.standing
	}

	/// What everything has to go through that the customer gets.
	pub fn gate(&self) -> Gate {
		self.gate.clone()
	}

	/// Takes a voucher: verified, written down, and the gate opened further. A deposit that has grown is looked up.
	pub async fn take(&self, voucher: Voucher) -> Result<(), Refusal> {
		match self.take_once(voucher).await {
			Err(Refusal::ExceedsDeposit { .. }) => {
				let page = self.till.page(self.account.id).await?;
				self.account.deposit(page.channel.deposit);
				self.take_once(voucher).await
			}
			other => other,
		}
	}

	async fn take_once(&self, voucher: Voucher) -> Result<(), Refusal> {
		let (till, account, number) = (self.till.clone(), self.account.clone(), self.number);
		let taken = tokio::task::spawn_blocking(move || account.take(&till, number, &voucher)).await;
		taken.map_err(|_| Refusal::Disk)?
	}

	/// Returns when the customer gets nothing more, and why.
	pub async fn ended(&self) -> Refusal {
		self.gate.shuts().await;
		self.reason.get().copied().unwrap_or_else(|| {
			let state = self.account.state();
			let served = self.standing.served.saturating_add(cost(self.gate.taken(), self.account.terms.price));
			Refusal::Unpaid { held: state.kept.promised(), served }
		})
	}

	/// What the node holds.
	pub fn held(&self) -> Balance {
		self.account.state().kept.promised()
	}
}

impl Drop for Seat {
	fn drop(&mut self) {
		let mut state = self.account.state();
		if state.live.as_ref().is_some_and(|live| live.number == self.number) {
			self.account.leave(&mut state, &self.till, Refusal::TakenOver(self.account.id));
		}
	}
}
