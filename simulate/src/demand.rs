//! How much the network is used in ten years: three paths, and what they assume.
//!
//! Demand is assumed, not predicted. The paths are far enough apart for what they share to hold in between. Prices are in
//! STN as if one bought what a euro buys; at another price the same tables say how much is used for as many tokens.

use substation_primitives::{settings::STN, Balance};

/// Days of the simulation, and so eras: ten years with two or three leap days.
pub(crate) const DAYS: u32 = 3_653;

/// What exists in the first block: an assumption, since the public network's genesis is not decided.
pub(crate) const GENESIS: Balance = 100_000_000 * STN;

/// Price of a TiB over a month. Backblaze B2 lists 6 dollars, Hetzner's storage boxes come to about 2.2 euros.
pub(crate) const PRICE_STORED: Balance = 4 * STN;

/// Price of a TiB delivered. Backblaze B2 lists 10 dollars beyond an allowance, Hetzner 1 euro.
pub(crate) const PRICE_DELIVERED: Balance = 5 * STN;

/// Size of a deal in GiB: backups and archives are packed into files of this order.
pub(crate) const DEAL_GIB: u64 = 10;

/// Days of a deal: half a year, after which most customers renew.
pub(crate) const DEAL_DAYS: u64 = 180;

/// Paid transactions of a deal: proposal, one settlement, close.
pub(crate) const DEAL_TRANSACTIONS: u64 = 3;

/// Fee of such a transaction: the weights of proposal, settlement and close average less than 2 ms, a second costs 1 STN.
pub(crate) const FEE: Balance = 2 * STN / 1_000;

/// What one redemption of vouchers moves: deliverers wait until the fee hardly counts.
pub(crate) const REDEMPTION: Balance = STN;

/// What a node with a line stores, in TiB: one disk.
pub(crate) const NODE_TIB: u64 = 16;

/// Commission of validators, in per cent.
pub(crate) const COMMISSION: u32 = 5;

/// How much one path uses and stakes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
	/// As the output names it.
	pub name: &'static str,
	/// TiB stored at the end of year 0, 1, ... 10; linear in between.
	pub stored: [u64; 11],
	/// What of the stored bytes is delivered in a month, in per cent. Backups are hardly read, published files more; B2's
	/// free allowance, three times what is stored, is far above both.
	pub delivered: u64,
	/// What of the issuance is staked, in per cent. Ethereum has had around 28, Polkadot and Cosmos 50 to 60.
	pub staked: u32,
}

/// Low, expected and high use.
pub(crate) const PATHS: [Demand; 3] = [
	// A network of hobbyists that never leaves them.
	Demand {
		name: "low",
		stored: [50, 100, 200, 300, 450, 600, 800, 1_000, 1_300, 1_600, 2_000],
		delivered: 5,
		staked: 60,
	},
	// Tens of PiB, the order that Storj has reached in its first years.
	Demand {
		name: "expected",
		stored: [100, 500, 1_500, 3_500, 7_000, 12_000, 18_000, 25_000, 33_000, 41_000, 50_000],
		delivered: 10,
		staked: 50,
	},
	// Two EiB, the order of Filecoin's active deals when they were most.
	Demand {
		name: "high",
		stored: [500, 10_000, 50_000, 150_000, 300_000, 500_000, 750_000, 1_000_000, 1_300_000, 1_650_000, 2_000_000],
		delivered: 30,
		staked: 40,
	},
];

impl Demand {
	/// TiB stored on a day.
	pub(crate) fn stored_on(&self, day: u32) -> u64 {
		let (day, year) = (u64::from(day) * 10, u64::from(DAYS));
		let index = usize::try_from(day / year).unwrap_or(10).min(9);
		let (from, to) = (self.stored[index], self.stored[index + 1]);
		let part = (day - year * index as u64).min(year);
		from + (to - from) * part / year
	}

	/// What is paid for storage on a day.
	pub(crate) fn storage_payment(&self, day: u32) -> Balance {
		Balance::from(self.stored_on(day)) * PRICE_STORED * 12 * 100 / 36_525
	}

	/// What is paid for delivery on a day.
	pub(crate) fn delivery_payment(&self, day: u32) -> Balance {
		Balance::from(self.stored_on(day) * self.delivered) * PRICE_DELIVERED * 12 / 36_525
	}

	/// What is paid in fees on a day.
	pub(crate) fn fees(&self, day: u32) -> Balance {
		let deals = self.stored_on(day) * 1_024 / DEAL_GIB / DEAL_DAYS;
		Balance::from(deals * DEAL_TRANSACTIONS) * FEE
	}

	/// Nodes with a line on a day.
	pub(crate) fn lines(&self, day: u32) -> u64 {
		self.stored_on(day).div_ceil(NODE_TIB)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn use_grows_from_the_first_number_to_the_last() {
		for path in PATHS {
			assert_eq!(path.stored_on(0), path.stored[0]);
			assert_eq!(path.stored_on(DAYS), path.stored[10]);
			assert!((0..DAYS).all(|day| path.stored_on(day) <= path.stored_on(day + 1)), "{}", path.name);
		}
	}

	#[test]
	fn a_month_of_storage_costs_its_price() {
		let path = PATHS[2];
		let month = path.storage_payment(DAYS) * 36_525 / 1_200;
		let price = Balance::from(path.stored[10]) * PRICE_STORED;
		assert!(price - month < STN, "{month} of {price}");
	}
}
