//! A customer's payment channels: found or opened for a fetch, listed, closed.

use crate::{
	cli::{
		payments::{OfChannel, Payment},
		Common,
	},
	commands::session::Session,
	payments::{
		price::cost,
		protocol::Quote,
		purse::{KnownChannel, Pocket, Purse},
	},
};
use anyhow::{bail, ensure, Context, Result};
use serde_json::{json, Value};
use std::time::Duration;
use substation_client::{
	amounts::display_amount,
	calls::CHANNELS,
	client::{ChannelView, NodeView},
	signed::{Receipt, Wait},
	AccountId, AccountKey, Call,
};
use substation_primitives::{settings::STN, Balance, ChannelId};

/// Pause between two looks at a channel that is not final yet.
const PAUSE: Duration = Duration::from_secs(2);

/// Least deposit of a channel unless another one is named.
const LEAST_DEPOSIT: Balance = STN / 10;

/// A channel as its record here and the chain have it.
struct Row {
	known: KnownChannel,
	page: Option<ChannelView>,
}

impl Row {
	/// What can still be promised.
	fn left(&self) -> Balance {
		self.page.as_ref().map_or(0, |page| page.channel.deposit).saturating_sub(self.promised())
	}

	/// What was promised; the chain may know more than a restored backup.
	fn promised(&self) -> Balance {
		self.known.promised.max(self.page.as_ref().map_or(0, |page| page.channel.spent))
	}

	fn words(&self) -> String {
		let KnownChannel { channel, node, payee, .. } = &self.known;
		let Some(page) = &self.page else {
			return format!("channel {channel}  for node {node}  not on the chain: closed, or not final yet");
		};
		let state = match page.channel.closing {
			None => "open".to_owned(),
			Some(block) if page.now < block => {
				format!("closing; the rest is yours from block {block} on, now {}", page.now)
			}
			Some(_) => format!("closing is over; `substation close-channel {channel}` returns the rest"),
		};
		format!(
			"channel {channel}  for node {node} of {payee}  deposit {} STN, spent {} STN, left {} STN  {state}",
			display_amount(page.channel.deposit),
			display_amount(self.promised()),
			display_amount(self.left())
		)
	}

	fn json(&self) -> Value {
		let page = self.page.as_ref();
		json!({
			"channel": self.known.channel.0,
			"node": self.known.node.0,
			"payee": self.known.payee.to_string(),
			"payer": page.map(|page| page.channel.payer.to_string()),
			"deposit": page.map(|page| page.channel.deposit.to_string()),
			"spent": self.promised().to_string(),
			"redeemed": page.map(|page| page.channel.spent.to_string()),
			"left": self.left().to_string(),
			"closing": page.and_then(|page| page.channel.closing),
			"now": page.map(|page| page.now),
		})
	}
}

/// The channels of this folder as the chain's final state has them.
async fn rows(session: &Session, purse: &Purse) -> Result<Vec<Row>> {
	let block = session.chain.finalised().await?;
	let mut rows = Vec::new();
	for known in purse.channels()? {
		rows.push(Row { page: session.chain.channel(known.channel, block).await?, known });
	}
	Ok(rows)
}

/// The same once nothing about them is in the best chain only: an opening or a deposit that was interrupted is waited for,
/// not made again.
async fn final_rows(session: &Session, purse: &Purse) -> Result<Vec<Row>> {
	let mut told = false;
	loop {
		let (rows, best) = (rows(session, purse).await?, session.chain.best().await?);
		let mut pending = None;
		for row in &rows {
			let id = row.known.channel;
			let now = session.chain.channel(id, best).await?.filter(|page| page.channel.key == purse.key());
			let deposit = |page: &ChannelView| page.channel.deposit;
			if now.as_ref().map(deposit) > row.page.as_ref().map(deposit) {
				pending = Some(id);
			}
		}
		let Some(id) = pending else { return Ok(rows) };
		if !told {
			session.say(&format!("waiting until the deposit of channel {id} is final"));
		}
		told = true;
		tokio::time::sleep(PAUSE).await;
	}
}

/// What is to be done so that a channel can pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
	Use(KnownChannel),
	TopUp(KnownChannel, Balance),
	Open(Balance),
}

/// The least change that brings a channel with `payee` which has `needed` left. Channels that others than `payer` have
/// opened are used up but not topped up.
fn step(rows: &[Row], payee: &[u8; 32], payer: Option<&AccountId>, needed: Balance, deposit: Option<Balance>) -> Step {
	let usable = |row: &&Row| {
		let is_open = row.page.as_ref().is_some_and(|page| page.channel.closing.is_none());
		is_open && row.known.payee.0 == *payee
	};
	let best = rows.iter().filter(usable).max_by_key(|row| row.left());
	if let Some(row) = best.filter(|row| row.left() >= needed) {
		return Step::Use(row.known);
	}
	let deposit = deposit.unwrap_or_else(|| needed.saturating_mul(2).max(LEAST_DEPOSIT));
	let owned = |row: &&Row| row.page.as_ref().map(|page| &page.channel.payer) == payer;
	match rows.iter().filter(usable).filter(owned).max_by_key(|row| row.left()) {
		Some(row) => Step::TopUp(row.known, deposit.max(needed.saturating_sub(row.left()))),
		None => Step::Open(deposit.max(needed)),
	}
}

/// A channel that can pay for `bytes` at the price that the node has named: found, topped up, or opened. Waits until it
/// is final.
pub async fn ready(
	session: &Session,
	purse: &Purse,
	options: &Payment,
	node: &NodeView,
	quote: &Quote,
	bytes: u64,
) -> Result<(Pocket, bool)> {
	// One step more for what a broken connection may leave unpaid.
	let needed = cost(bytes, quote.price).saturating_add(cost(quote.step, quote.price));
	let key = session.key(&options.signer).await?;
	let payer = key.as_ref().map(AccountKey::account);
	let mut rows = final_rows(session, purse).await?;
	// What another key has to sign cannot be paid with.
	rows.retain(|row| row.page.as_ref().is_some_and(|page| page.channel.key == purse.key()));
	match step(&rows, &quote.payee, payer.as_ref(), needed, options.deposit) {
		Step::Use(known) => Ok((purse.take(&known)?, false)),
		Step::TopUp(known, amount) => {
			let key = key.context("a channel has to be topped up; name the account that pays with --key-file")?;
			// Held while the call is on its way: nobody else tops it up too.
			let pocket = purse.take(&known)?;
			session.say(&format!(
				"topping up channel {} by {} STN, waiting until it is final",
				known.channel,
				display_amount(amount)
			));
			session.chain.submit(&Call::top_up(known.channel, amount), &key, amount, Wait::Finalised).await?;
			Ok((pocket, true))
		}
		Step::Open(deposit) => {
			let key = key.context("a channel has to be opened; name the account that pays with --key-file")?;
			let known = open(session, purse, &key, node, deposit).await?;
			Ok((purse.take(&known)?, true))
		}
	}
}

async fn open(
	session: &Session,
	purse: &Purse,
	key: &AccountKey,
	node: &NodeView,
	deposit: Balance,
) -> Result<KnownChannel> {
	let chain = &session.chain;
	let record = chain.settings(chain.best().await?).await?.channels.record_deposit;
	let amount = display_amount(deposit);
	session.say(&format!("opening a channel to node {} with {amount} STN, waiting until it is final", node.id));
	let call = Call::open_channel(&node.operator, purse.key(), deposit);
	let known = |receipt: &Receipt| {
		let channel = receipt.number(CHANNELS, "channel").and_then(|channel| u64::try_from(channel).ok())?;
		let (genesis, channel) = (chain.genesis(), ChannelId(channel));
		Some(KnownChannel { genesis, channel, node: node.id, payee: node.operator, promised: 0 })
	};
	// Written down as soon as it is in a block: whoever is interrupted before that is final finds it again.
	let mut early = Vec::new();
	let mut note = |receipt: &Receipt| early.extend(known(receipt).filter(|known| purse.take(known).is_ok()));
	let committed = deposit.saturating_add(record);
	let receipt = chain.submit_noting(&call, key, committed, Wait::Finalised, Some(&mut note)).await?;
	let known = known(&receipt).context("the chain did not say which channel was opened")?;
	// Blocks that were given up for others, where the channel has another number.
	for early in early.iter().filter(|early| early.channel != known.channel) {
		purse.forget(early.channel)?;
	}
	drop(purse.take(&known)?);
	let channel = known.channel;
	session.say(&format!("channel {channel} is open; `substation close-channel {channel}` takes the rest back"));
	Ok(known)
}

/// Lists the channels of this folder.
pub async fn channels(common: &Common) -> Result<()> {
	let session = Session::customer(common).await?;
	let purse = Purse::open(&session.folder, session.chain.genesis())?;
	let rows = rows(&session, &purse).await?;
	if session.json {
		println!("{}", Value::Array(rows.iter().map(Row::json).collect()));
	} else if rows.is_empty() {
		println!("no channels; `substation fetch --max-price` opens one where a node charges");
	} else {
		rows.iter().for_each(|row| println!("{}", row.words()));
	}
	Ok(())
}

/// Starts to close a channel, or takes the rest back once its grace is over.
pub async fn close(common: &Common, options: &OfChannel) -> Result<()> {
	let session = Session::customer(common).await?;
	let chain = &session.chain;
	let id = ChannelId(options.channel);
	let purse = Purse::open(&session.folder, chain.genesis())?;
	let page = chain.channel(id, chain.best().await?).await?;
	let is_known = purse.channels()?.iter().any(|known| known.channel == id);
	let Some(page) = page else {
		if is_known && chain.channel(id, chain.finalised().await?).await?.is_none() {
			purse.forget(id)?;
			session.say(&format!("channel {id} is closed already"));
			return Ok(());
		}
		bail!("there is no channel {id}; see `substation channels`");
	};
	if let Some(key) = session.key(&options.signer).await? {
		let payer = page.channel.payer;
		ensure!(key.account() == payer, "channel {id} belongs to {payer}; name its key with --key-file");
	}
	let call = match page.channel.closing {
		None => Call::start_closing(id),
		Some(block) if page.now < block => {
			bail!("channel {id} is closing; from block {block} on (now {}) this command takes the rest back", page.now)
		}
		Some(_) => Call::finish_closing(id),
	};
	let Some(receipt) = session.submit(&call, &options.signer, 0).await? else { return Ok(()) };
	session.print_receipt(&call, &receipt);
	if page.channel.closing.is_some() {
		return purse.forget(id);
	}
	let closing = chain.channel(id, chain.best().await?).await?.and_then(|page| page.channel.closing);
	if let Some(block) = closing {
		session.say(&format!("from block {block} on take the rest back with: substation close-channel {id}"));
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_runtime::Permill;
	use substation_primitives::{
		channel::{Channel, ChannelPage},
		NodeId,
	};

	const PAYEE: [u8; 32] = [3; 32];
	const PAYER: [u8; 32] = [9; 32];

	fn row(channel: u64, promised: Balance, change: impl FnOnce(&mut Channel<AccountId>)) -> Row {
		let mut on_chain = Channel {
			payer: AccountId::from(PAYER),
			key: [1; 32],
			payee: AccountId::from(PAYEE),
			deposit: 100,
			spent: 0,
			record_deposit: 1,
			closing: None,
		};
		change(&mut on_chain);
		let payee = on_chain.payee;
		let known = KnownChannel { genesis: [7; 32], channel: ChannelId(channel), node: NodeId(1), payee, promised };
		let page = ChannelPage {
			id: ChannelId(channel),
			channel: on_chain,
			now: 50,
			genesis: [7; 32],
			min_redeem: 1,
			redeem_fee: 1,
			burn: Permill::from_percent(10),
		};
		Row { known, page: Some(page) }
	}

	fn choose(rows: &[Row], needed: Balance, deposit: Option<Balance>) -> Step {
		step(rows, &PAYEE, Some(&AccountId::from(PAYER)), needed, deposit)
	}

	#[test]
	fn open_channel_with_enough_left_is_used() {
		let rows = [row(1, 90, |_| {}), row(2, 40, |_| {})];

		assert_eq!(choose(&rows, 60, None), Step::Use(rows[1].known));
	}

	#[test]
	fn channel_with_too_little_is_topped_up_by_what_is_missing_at_least() {
		let rows = [row(1, 90, |_| {})];

		assert_eq!(choose(&rows, 60, Some(5)), Step::TopUp(rows[0].known, 50));
		assert_eq!(choose(&rows, 60, Some(70)), Step::TopUp(rows[0].known, 70));
		assert_eq!(choose(&rows, 60, None), Step::TopUp(rows[0].known, LEAST_DEPOSIT));
	}

	#[test]
	fn channels_that_close_or_pay_others_or_are_somebody_elses_are_left_alone() {
		let rows = [
			row(1, 0, |channel| channel.closing = Some(70)),
			row(2, 0, |channel| channel.payee = AccountId::from([4; 32])),
			row(3, 90, |channel| channel.payer = AccountId::from([5; 32])),
			Row { page: None, ..row(4, 0, |_| {}) },
		];

		assert_eq!(choose(&rows, 60, Some(70)), Step::Open(70));
		assert_eq!(choose(&rows, 60, Some(5)), Step::Open(60));
		assert_eq!(choose(&rows, STN, None), Step::Open(2 * STN));
	}

	#[test]
	fn chain_that_knows_of_more_spending_is_believed() {
		let row = row(1, 10, |channel| channel.spent = 30);

		assert_eq!((row.promised(), row.left()), (30, 70));
		assert!(row.words().contains("left 0.00000000007 STN"), "{}", row.words());
	}

	#[test]
	fn closing_channel_says_when_the_rest_returns() {
		let soon = row(1, 0, |channel| channel.closing = Some(70));
		let now = row(2, 0, |channel| channel.closing = Some(50));

		assert!(soon.words().contains("from block 70 on, now 50"));
		assert!(now.words().contains("substation close-channel 2"));
		assert_eq!(soon.json()["closing"], 70);
	}
}
