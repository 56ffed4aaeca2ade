//! The items of the state, each made from its number alone: nothing needs to be kept to know what was written.

use crate::{random::Random, Extent};
use sp_crypto_hashing::{blake2_128, twox_128};
use std::ops::RangeInclusive;

/// Pallet and name of the maps that the items are in.
const MAPS: [(&str, &str); 4] =
	[("System", "Account"), ("Registry", "Nodes"), ("StorageMarket", "Deals"), ("Rewards", "Records")];

/// Bytes of a map's own key: from a number to an account.
const KEY_LENGTHS: RangeInclusive<usize> = 8..=32;

/// Bytes of a value: from an account's balances to a node's record.
const VALUE_LENGTHS: RangeInclusive<usize> = 60..=370;

/// A storage key and what is, or is to be, stored there.
pub(crate) struct Item {
	pub key: Vec<u8>,
	pub value: Vec<u8>,
}

impl Item {
	/// As it is in the state.
	pub(crate) fn original(number: usize) -> Self {
		let mut random = Random::new("substation database weight: item", number);
		let (pallet, map) = MAPS[number % MAPS.len()];
		let length = within(&mut random, KEY_LENGTHS);
		let own = random.bytes(length);
		let length = within(&mut random, VALUE_LENGTHS);
		let value = random.bytes(length);
		let key = [&twox_128(pallet.as_bytes())[..], &twox_128(map.as_bytes()), &blake2_128(&own), &own].concat();
		Self { key, value }
	}

	/// As a write leaves it: another value of the same length.
	pub(crate) fn changed(number: usize) -> Self {
		let Self { key, value } = Self::original(number);
		Self { key, value: Random::new("substation database weight: change", number).bytes(value.len()) }
	}
}

fn within(random: &mut Random, lengths: RangeInclusive<usize>) -> usize {
	lengths.start() + random.below(lengths.end() - lengths.start() + 1)
}

/// Numbers of the items of each batch. No item is in two of them.
pub(crate) fn batches(purpose: &str, Extent { items, batch, rounds, .. }: Extent) -> Vec<Vec<usize>> {
	let mut random = Random::new(purpose, 0);
	let mut numbers: Vec<usize> = (0..items.get()).collect();
	// A shuffle that ends when the batches are full.
	let timed = batch.get() * rounds.get();
	for place in 0..timed {
		numbers.swap(place, place + random.below(items.get() - place));
	}
	numbers[..timed].chunks(batch.get()).map(<[usize]>::to_vec).collect()
}
