//! Bytes that others have written, taken apart without indexing.

use std::io::{self, Read};

use rand_core::TryCryptoRng;

use crate::{Error, Result};

/// The first `N` bytes, which `rest` then lacks.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
	let (first, later) = rest.split_first_chunk::<N>().ok_or(Error::Truncated)?;
	*rest = later;
	Ok(*first)
}

/// Fills `buffer`, or says that the bytes end too early.
pub(crate) fn fill(mut reader: impl Read, buffer: &mut [u8]) -> Result<()> {
	reader.read_exact(buffer).map_err(|error| match error.kind() {
		io::ErrorKind::UnexpectedEof => Error::Truncated,
		_ => error.into(),
	})
}

/// Reads until `buffer` is full or the bytes end, and says how many there were.
pub(crate) fn read(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
	let mut filled = 0_usize;
	while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
		match reader.read(rest) {
			Ok(0) => break,
			Ok(read) => filled = filled.saturating_add(read),
			Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
			Err(error) => return Err(error.into()),
		}
	}
	Ok(filled)
}

/// A length as an offset in memory.
pub(crate) fn size(length: u64) -> Result<usize> {
	usize::try_from(length).map_err(|_| Error::Limit { what: "bytes in memory", found: length, limit: u32::MAX.into() })
}

/// How many there are, as a length.
pub(crate) fn length<T>(all: &[T]) -> u64 {
	u64::try_from(all.len()).unwrap_or(u64::MAX)
}

/// Random bytes.
pub(crate) fn random<const N: usize>(source: &mut (impl TryCryptoRng + ?Sized)) -> Result<[u8; N]> {
	let mut bytes = [0; N];
	source.try_fill_bytes(&mut bytes).map_err(|_| Error::Random)?;
	Ok(bytes)
}

/// Refuses more than a limit.
pub(crate) fn ensure_at_most(what: &'static str, found: u64, limit: u64) -> Result<()> {
	if found > limit {
		return Err(Error::Limit { what, found, limit });
	}
	Ok(())
}
