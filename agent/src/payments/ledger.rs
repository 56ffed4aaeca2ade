//! The chain as paid delivery needs it; the real one, and in tests another.

use crate::payments::voucher::Voucher;
use futures::future::BoxFuture;
use substation_client::{client::ChannelView, free::Submission, Call, Chain, ChainError};
use substation_primitives::ChannelId;

/// Which of the chain's states to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
	/// The newest block: early news, such as that a channel is closing.
	Best,
	/// The newest finalised block: what cannot be taken back.
	Final,
}

/// What a payee asks of the chain.
pub trait Ledger: Send + Sync {
	/// A channel, `None` if it has no record in this state.
	fn channel(&self, channel: ChannelId, view: View) -> BoxFuture<'_, Result<Option<ChannelView>, ChainError>>;

	/// Sends the free call that turns a voucher into money.
	fn redeem(&self, voucher: Voucher) -> BoxFuture<'_, Result<Submission, ChainError>>;
}

impl Ledger for Chain {
	fn channel(&self, channel: ChannelId, view: View) -> BoxFuture<'_, Result<Option<ChannelView>, ChainError>> {
		Box::pin(async move {
			let block = match view {
				View::Best => self.best().await?,
				View::Final => self.finalised().await?,
			};
			Chain::channel(self, channel, block).await
		})
	}

	fn redeem(&self, voucher: Voucher) -> BoxFuture<'_, Result<Submission, ChainError>> {
		let call = Call::redeem(voucher.channel, voucher.cumulative, voucher.signature);
		Box::pin(async move { self.submit_free(&call).await })
	}
}
