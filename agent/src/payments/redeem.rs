//! Vouchers become money: when enough waits, when a channel is closing, when the agent stops.

use crate::payments::{
	ledger::{Ledger, View},
	protocol::Refusal,
	till::{Account, Asked, Till},
};
use std::{sync::Arc, time::Duration};
use substation_client::{amounts::display_amount, client::ChannelView, free::Submission, ChainError};
use substation_primitives::{Balance, BlockNumber, ChannelId};

/// Channels that are looked at in one block.
const AT_ONE_TIME: usize = 256;
/// Blocks after which a redemption that nobody has included is sent again.
const AGAIN_AFTER: BlockNumber = 4;
/// How long the last redemptions may take.
const FAREWELL: Duration = Duration::from_secs(10);

impl Till {
	/// Looks after the vouchers whenever there is a new block, until the till is gone.
	pub async fn look_after(self) {
		let mut chain = self.0.chain.subscribe();
		let mut last = None;
		loop {
			let ledger = chain.borrow_and_update().clone();
			if let Some(ledger) = ledger {
				last = self.pass(&*ledger, last).await;
			}
			if chain.changed().await.is_err() {
				return;
			}
		}
	}

	/// One look at the channels after `last`, in the order of ids; the last one that was looked at.
	async fn pass(&self, ledger: &dyn Ledger, last: Option<ChannelId>) -> Option<ChannelId> {
		let accounts = self.accounts();
		let (before, after): (Vec<_>, Vec<_>) = accounts.iter().partition(|account| Some(account.id()) <= last);
		let mut reached = last;
		for account in after.into_iter().chain(before).take(AT_ONE_TIME) {
			reached = Some(account.id());
			match self.look(ledger, account, false).await {
				Ok(()) => {}
				Err(error) if error.is_connection_lost() || error.is_final() => return last,
				Err(error) if error.is_incompatible() => error.log(),
				Err(error) => tracing::warn!(channel = %account.id(), "{error}"),
			}
		}
		reached
	}

	/// Redeems everything that the chain takes, as far as there is time.
	pub(super) async fn redeem_all(&self) {
		let Some(ledger) = self.0.chain.borrow().clone() else { return };
		let all = async {
			for account in self.accounts() {
				if let Err(error) = self.look(&*ledger, &account, true).await {
					tracing::warn!(channel = %account.id(), "vouchers not redeemed: {error}");
					if error.is_connection_lost() {
						return;
					}
				}
			}
		};
		if tokio::time::timeout(FAREWELL, all).await.is_err() {
			tracing::warn!("not all vouchers were redeemed; they are kept");
		}
	}

	/// Compares a channel with the chain and redeems if it is time.
	async fn look(&self, ledger: &dyn Ledger, account: &Arc<Account>, is_last: bool) -> Result<(), ChainError> {
		let id = account.id();
		let Some(page) = ledger.channel(id, View::Best).await? else {
			// A re-organisation may bring it back, and so may another node than one that lies.
			let has_record = ledger.channel(id, View::Final).await?.is_some();
			if self.is_gone(id, has_record) {
				let (promised, spent, _) = account.sums();
				let lost = display_amount(promised.saturating_sub(spent));
				tracing::info!(channel = %id, lost, "channel is gone");
				self.forget(account);
			}
			return Ok(());
		};
		self.is_gone(id, true);
		if page.channel.closing.is_some() {
			account.end(Refusal::Closing(id));
		}
		let (held, waiting, asked) = account.reconcile(page.channel.spent);
		let Some(voucher) = held else { return Ok(()) };
		let is_asked = asked.is_some_and(|asked| {
			let is_fresh = page.now < asked.at.saturating_add(AGAIN_AFTER);
			is_fresh && (asked.cumulative == voucher.cumulative || !(is_last || page.channel.closing.is_some()))
		});
		if is_asked || !is_due(&page, voucher.cumulative, waiting, self.0.terms.redeem, is_last) {
			return Ok(());
		}
		let amount = display_amount(waiting);
		let answer = ledger.redeem(voucher).await?;
		account.set_asked(Asked { cumulative: voucher.cumulative, at: page.now });
		match answer {
			Submission::Sent => tracing::info!(channel = %id, amount, "vouchers sent to the chain"),
			Submission::AlreadyWaiting => {}
			Submission::NotYet(reason) | Submission::Invalid(reason) => {
				tracing::warn!(channel = %id, amount, reason, "the chain does not redeem a voucher now; trying again");
			}
		}
		Ok(())
	}
}

/// Whether the chain would redeem this and it is time.
fn is_due(page: &ChannelView, cumulative: Balance, waiting: Balance, redeem: Balance, is_last: bool) -> bool {
	let is_all = cumulative == page.channel.deposit;
	// The least step follows the fee, which follows how full blocks are. A rest below it can wait for emptier ones.
	let is_enough = waiting >= page.min_redeem && (waiting >= redeem || is_all);
	let is_time = page.channel.closing.is_some() || is_last || is_enough;
	is_time && page.is_redeemable(cumulative)
}
