//! Bytes that look random and are the same in every run.

/// An endless stream of them.
pub(crate) struct Random(blake3::OutputReader);

impl Random {
	/// Each purpose and number has a stream of its own.
	pub(crate) fn new(purpose: &str, number: usize) -> Self {
		let mut hasher = blake3::Hasher::new_derive_key(purpose);
		hasher.update(number.to_string().as_bytes());
		Self(hasher.finalize_xof())
	}

	pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
		let mut bytes = vec![0; length];
		self.0.fill(&mut bytes);
		bytes
	}

	/// A number less than `end`. Four bytes suffice: nobody makes more items than they can count.
	pub(crate) fn below(&mut self, end: usize) -> usize {
		let mut bytes = [0; 4];
		self.0.fill(&mut bytes);
		usize::try_from(u32::from_le_bytes(bytes)).map_or(0, |number| number % end)
	}
}
