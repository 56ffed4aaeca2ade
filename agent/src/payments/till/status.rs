//! How the till stands, for people and scripts.

use super::Till;
use serde::Serialize;
use substation_client::amounts::{display_amount, display_size};
use substation_primitives::{settings::STN, Balance};

/// How the till stands. Amounts are in the smallest unit, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryStatus {
	/// Price of one GiB.
	pub price: String,
	/// Bytes delivered ahead of payment.
	pub step: u64,
	/// Channels with a record.
	pub channels: usize,
	/// Of them, those that are used now.
	pub in_use: usize,
	/// Sum of the highest vouchers, channels that are gone included.
	pub held: String,
	/// What of it the chain has paid out.
	pub redeemed: String,
	/// What of it waits.
	pub waiting: String,
	/// The same in words; nothing to say while the node serves for free and holds nothing.
	#[serde(skip)]
	pub words: Option<String>,
}

impl Till {
	/// How it stands; tells the metrics.
	pub fn status(&self) -> DeliveryStatus {
		let terms = self.0.terms;
		let gone = self.gone();
		let (mut held, mut redeemed, mut in_use) = (gone, gone, 0usize);
		let accounts = self.accounts();
		for account in &accounts {
			let (promised, spent, is_used) = account.sums();
			held = held.saturating_add(promised);
			redeemed = redeemed.saturating_add(spent);
			in_use = in_use.saturating_add(is_used.into());
		}
		let waiting = held.saturating_sub(redeemed);
		let numbers = self.metrics().numbers();
		numbers.vouchers_held.set(stn(held));
		numbers.vouchers_redeemed.set(stn(redeemed));
		numbers.vouchers_waiting.set(stn(waiting));
		numbers.paying_customers.set(i64::try_from(in_use).unwrap_or(i64::MAX));
		let words = (terms.price > 0 || held > 0).then(|| {
			format!(
				"delivery: {} STN per GiB, {} ahead of payment; vouchers over {} STN from {} channels, {} redeemed, {} waiting",
				display_amount(terms.price),
				display_size(terms.step),
				display_amount(held),
				accounts.len(),
				display_amount(redeemed),
				display_amount(waiting)
			)
		});
		DeliveryStatus {
			price: terms.price.to_string(),
			step: terms.step,
			channels: accounts.len(),
			in_use,
			held: held.to_string(),
			redeemed: redeemed.to_string(),
			waiting: waiting.to_string(),
			words,
		}
	}
}

fn stn(amount: Balance) -> f64 {
	amount as f64 / STN as f64
}
