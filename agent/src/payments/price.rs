//! Bytes and money: prices are in [`Balance`] for one GiB.

use substation_primitives::Balance;
use substation_store::tree::{self, GROUP, PAIR};
use substation_transport::transfer::LENGTH;

/// Bytes that a price is for.
const GIB: u128 = 1 << 30;

/// What so many bytes cost, rounded up.
pub fn cost(bytes: u64, price: Balance) -> Balance {
	u128::from(bytes).saturating_mul(price).div_ceil(GIB)
}

/// The bytes that so much money pays for; without a price, all.
pub fn bytes_for(money: Balance, price: Balance) -> u64 {
	let bytes = money.saturating_mul(GIB).checked_div(price).unwrap_or(u128::MAX);
	u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Bytes of the answer to a request for a content of `length` bytes from `from` on, a multiple of [`GROUP`].
pub fn answer_bytes(length: u64, from: u64) -> u64 {
	if from >= length {
		// Nothing is asked for.
		return 0;
	}
	let pairs = pairs(tree::groups(length), from / GROUP);
	length.saturating_sub(from).saturating_add(pairs.saturating_mul(PAIR)).saturating_add(LENGTH)
}

/// Nodes of a tree over `count` groups that have a group from `first` on below them.
fn pairs(mut count: u64, mut first: u64) -> u64 {
	let mut sum = 0u64;
	while count > 1 {
		let left = tree::left_part(count);
		let right = count.saturating_sub(left);
		sum = sum.saturating_add(1);
		if first < left {
			// All of the right part.
			sum = sum.saturating_add(right.saturating_sub(1));
			count = left;
		} else {
			first = first.saturating_sub(left);
			count = right;
		}
	}
	sum
}

#[cfg(test)]
mod tests {
	use super::*;
	use bao_tree::{
		io::{outboard::PreOrderMemOutboard, sync::encode_ranges_validated},
		BlockSize, ChunkNum, ChunkRanges,
	};
	use proptest::prelude::*;
	use substation_primitives::settings::STN;

	proptest! {
		#[test]
		fn what_was_paid_for_is_neither_more_nor_less_than_its_cost(bytes in 0u64..1 << 50, price in 1u128..10 * STN) {
			let money = cost(bytes, price);

			prop_assert!(bytes_for(money, price) >= bytes);
			prop_assert!(cost(bytes_for(money, price), price) <= money);
			prop_assert!(money == 0 || cost(bytes_for(money - 1, price), price) < money);
		}

		#[test]
		fn length_of_an_answer_is_known_beforehand(length in 1usize..600_000, part in 0u64..40) {
			let content = vec![7; length];
			let from = (part * GROUP).min(length as u64);
			let outboard = PreOrderMemOutboard::create(&content, BlockSize::from_chunk_log(4));
			let mut answer = Vec::new();

			let ranges = ChunkRanges::from(ChunkNum(from / 1024)..);
			encode_ranges_validated(&content[..], &outboard, &ranges, &mut answer).unwrap();

			let expected = if from < length as u64 { answer.len() as u64 + LENGTH } else { 0 };
			prop_assert_eq!(answer_bytes(length as u64, from), expected);
		}
	}

	#[test]
	fn prices_round_up_and_overflow_nothing() {
		assert_eq!(cost(1 << 30, STN), STN);
		assert_eq!((cost(1, 1), cost(0, STN), cost(1 << 30, 0)), (1, 0, 0));
		assert_eq!(cost(u64::MAX, u128::MAX), u128::MAX.div_ceil(GIB));
		assert_eq!((bytes_for(STN, STN), bytes_for(1, 0), bytes_for(u128::MAX, 1)), (1 << 30, u64::MAX, u64::MAX));
	}
}
