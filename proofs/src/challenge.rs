//! Which bytes a node has to show in a period.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{domain, Hash, Hasher};

/// Everything that the challenged bytes of one node in one period are derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Challenge {
	/// The hash of the chain's first block: a proof is good on one chain only.
	pub genesis: Hash,
	/// The seed of the node's window.
	pub seed: Hash,
	/// The node that is challenged.
	pub node: u64,
	/// The number of the period.
	pub period: u32,
	/// How many bytes are challenged. Two of them may be the same byte.
	pub openings: u8,
}

impl Challenge {
	/// The challenged bytes as offsets into the node's forest, in the order of derivation. Empty if `total` is 0.
	///
	/// `x_i = u128_le(blake2_256(tag ‖ genesis ‖ seed ‖ node ‖ period ‖ i)[..16]) mod total`, with `i` as one byte.
	/// The bias of the modulus is below `total / 2^128`.
	pub fn points<H: Hasher>(&self, total: u64) -> Vec<u64> {
		if total == 0 {
			return Vec::new();
		}
		(0..self.openings).map(|index| self.point::<H>(index, total)).collect()
	}

	fn point<H: Hasher>(&self, index: u8, total: u64) -> u64 {
		let preimage = (domain::CHALLENGE, &self.genesis, &self.seed, self.node, self.period, index).encode();
		let hash = H::blake2_256(&preimage);
		let low = hash.iter().take(16).rev().fold(0u128, |number, byte| (number << 8) | u128::from(*byte));
		let point = low.checked_rem(u128::from(total)).unwrap_or_default();
		// A remainder of a division by a u64 is a u64.
		u64::try_from(point).unwrap_or_default()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::NativeHasher;

	const CHALLENGE: Challenge = Challenge { genesis: [1; 32], seed: [2; 32], node: 3, period: 4, openings: 255 };

	#[test]
	fn an_empty_forest_is_challenged_nowhere() {
		assert!(CHALLENGE.points::<NativeHasher>(0).is_empty());
	}

	#[test]
	fn every_point_lies_in_the_forest() {
		for total in [1, 2, 3, 1024, u64::MAX] {
			let points = CHALLENGE.points::<NativeHasher>(total);

			assert_eq!(points.len(), 255);
			assert!(points.iter().all(|point| *point < total));
		}
	}

	#[test]
	fn fewer_openings_are_a_prefix_of_more() {
		let few = Challenge { openings: 4, ..CHALLENGE };

		assert_eq!(few.points::<NativeHasher>(1 << 40), CHALLENGE.points::<NativeHasher>(1 << 40)[..4]);
	}

	#[test]
	fn every_input_changes_the_points() {
		let points = |challenge: Challenge| challenge.points::<NativeHasher>(u64::MAX);

		let base = points(CHALLENGE);

		assert_ne!(base, points(Challenge { genesis: [9; 32], ..CHALLENGE }));
		assert_ne!(base, points(Challenge { seed: [9; 32], ..CHALLENGE }));
		assert_ne!(base, points(Challenge { node: 9, ..CHALLENGE }));
		assert_ne!(base, points(Challenge { period: 9, ..CHALLENGE }));
	}

	/// 65,280 points in 16 equal parts: chi-square with 15 degrees of freedom is below 50 with
	/// all but one in 50,000, and the inputs are fixed.
	#[test]
	fn points_are_spread_evenly_over_bytes() {
		let total = 16_000_000_007u64;
		let mut counts = [0u64; 16];
		for period in 0..256 {
			for point in (Challenge { period, ..CHALLENGE }).points::<NativeHasher>(total) {
				counts[usize::try_from(u128::from(point) * 16 / u128::from(total)).unwrap()] += 1;
			}
		}

		let expected = 255.0 * 256.0 / 16.0;
		let chi_square: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();

		assert!(chi_square < 50.0, "chi-square {chi_square}, counts {counts:?}");
	}
}
