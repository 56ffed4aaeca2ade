//! ChaCha20-Poly1305, as ring computes it.

use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey, CHACHA20_POLY1305, NONCE_LEN};

use crate::{keys::Secret, Error, Result};

/// Bytes that sealing adds.
pub(crate) const TAG: usize = 16;

/// The nonce of keys that seal once.
pub(crate) const ONLY: [u8; NONCE_LEN] = [0; NONCE_LEN];

/// A key that is ready for use. ring keeps a copy of the key in it until it is dropped.
#[derive(Debug)]
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
	pub(crate) fn new(key: &Secret) -> Result<Self> {
		let key = UnboundKey::new(&CHACHA20_POLY1305, key.expose())
			.map_err(|_| Error::Length { what: "a key", length: 32 })?;
		Ok(Self(LessSafeKey::new(key)))
	}

	/// Seals `bytes` in place and appends the tag.
	pub(crate) fn seal(&self, nonce: [u8; NONCE_LEN], associated: &[u8], bytes: &mut Vec<u8>) -> Result<()> {
		self.0
			.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), bytes)
			.map_err(|_| Error::Length { what: "what is sealed at once", length: u64::MAX })
	}

	/// Opens `bytes` in place; `what` they are is said if they are not authentic.
	pub(crate) fn open<'a>(
		&self,
		nonce: [u8; NONCE_LEN],
		associated: &[u8],
		bytes: &'a mut [u8],
		what: &'static str,
	) -> Result<&'a [u8]> {
		let plain = self
			.0
			.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(associated), bytes)
			.map_err(|_| Error::NotAuthentic(what))?;
		Ok(plain)
	}
}
