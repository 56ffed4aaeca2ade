//! A value whose type says that it was checked.

/// What a verifier of this crate returns. Nothing else can make one, so a function that takes a `Verified<T>`
/// cannot be called with unchecked data.
///
/// It has no decoder on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a verified value that is not used was verified for nothing"]
pub struct Verified<T>(T);

impl<T> Verified<T> {
	pub(crate) fn new(value: T) -> Self {
		Self(value)
	}

	/// The value.
	pub fn get(&self) -> &T {
		&self.0
	}

	/// The value, without the evidence.
	pub fn into_inner(self) -> T {
		self.0
	}
}
