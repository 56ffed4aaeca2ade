//! Streams as sealed frames.
//!
//! A key seals one stream: [`StreamWriter`]s are made together with the random bytes that their key depends on, cannot be
//! cloned, and are consumed by finishing.

use core::ops::Range;
use std::io::{Read, Seek, SeekFrom, Write};

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::{
	aead::{Cipher, TAG},
	input,
	keys::{ContentKey, Secret},
	Error, Result, VERSION,
};

/// Bytes of plaintext in a frame; the last one of a stream may have fewer.
pub const FRAME: usize = 65_520;

/// Bytes of a sealed frame.
pub const SEALED_FRAME: usize = FRAME + TAG;

/// The most bytes of a stream.
pub const MAX_STREAM: u64 = 1 << 46;

const FRAME_LENGTH: u64 = 65_520;
const SEALED_LENGTH: u64 = 65_536;
const TAG_LENGTH: u64 = 16;

/// What tells one upload attempt of an object's version from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, codec::Encode, codec::Decode)]
pub struct Attempt(pub [u8; 16]);

/// Bytes of a sealed stream of `plain` bytes.
///
/// ## Errors
/// [`Error::Length`] above [`MAX_STREAM`].
pub fn sealed_length(plain: u64) -> Result<u64> {
	if plain > MAX_STREAM {
		return Err(Error::Length { what: "a stream", length: plain });
	}
	Ok(plain + TAG_LENGTH * plain.div_ceil(FRAME_LENGTH).max(1))
}

/// Bytes of plaintext of a stream of `sealed` bytes.
///
/// ## Errors
/// [`Error::Length`] if no stream has this length.
pub fn plain_length(sealed: u64) -> Result<u64> {
	let wrong = Error::Length { what: "a sealed stream", length: sealed };
	let last = sealed % SEALED_LENGTH;
	if sealed < TAG_LENGTH || (1..=TAG_LENGTH).contains(&last) && sealed != TAG_LENGTH {
		return Err(wrong);
	}
	let plain = sealed - TAG_LENGTH * sealed.div_ceil(SEALED_LENGTH);
	if plain > MAX_STREAM {
		return Err(wrong);
	}
	Ok(plain)
}

/// The nonce of a frame: `2 frame + last`.
fn nonce(frame: u64, last: bool) -> [u8; 12] {
	let number = u128::from(frame) << 1 | u128::from(last);
	number.to_le_bytes().first_chunk().copied().unwrap_or_default()
}

impl ContentKey {
	/// Begins a stream under a key that nothing else is sealed under: one for each attempt to upload bytes.
	///
	/// ## Errors
	/// [`Error::Random`].
	pub fn seal<W: Write>(
		&self,
		random: &mut (impl TryCryptoRng + ?Sized),
		out: W,
	) -> Result<(Attempt, StreamWriter<W>)> {
		let attempt = Attempt(input::random(random)?);
		Ok((attempt, StreamWriter::new(&self.stream(&attempt.0), out)?))
	}

	/// Opens the stream of an attempt.
	///
	/// ## Errors
	/// None that callers have to expect.
	pub fn open(&self, attempt: &Attempt) -> Result<Opener> {
		Opener::new(&self.stream(&attempt.0))
	}
}

/// How long a stream has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
	/// Bytes of plaintext.
	pub plain: u64,
	/// Bytes of all frames.
	pub sealed: u64,
}

/// Seals one stream. Without [`StreamWriter::finish`] it has no last frame, and does not open.
#[derive(Debug)]
pub struct StreamWriter<W> {
	cipher: Cipher,
	out: W,
	buffer: Zeroizing<Vec<u8>>,
	frame: u64,
	length: Sealed,
}

impl<W: Write> StreamWriter<W> {
	pub(crate) fn new(key: &Secret, out: W) -> Result<Self> {
		let length = Sealed { plain: 0, sealed: 0 };
		Ok(Self { cipher: Cipher::new(key)?, out, buffer: Zeroizing::default(), frame: 0, length })
	}

	/// Appends bytes to the stream.
	///
	/// ## Errors
	/// [`Error::Length`] above [`MAX_STREAM`]; [`Error::Io`], after which the stream is lost.
	pub fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
		while !bytes.is_empty() {
			// A full frame waits until it is known whether it is the last one.
			if self.buffer.len() == FRAME {
				self.emit(false)?;
			}
			let room = FRAME.saturating_sub(self.buffer.len()).min(bytes.len());
			let (now, later) = bytes.split_at(room);
			self.reserve(room);
			self.buffer.extend_from_slice(now);
			bytes = later;
		}
		Ok(())
	}

	/// Makes room once: what a vector leaves behind when it grows is not zeroed.
	fn reserve(&mut self, more: usize) {
		let needed = self.buffer.len().saturating_add(more).saturating_add(TAG);
		if self.buffer.capacity() < needed {
			let capacity = if self.buffer.is_empty() { needed } else { SEALED_FRAME };
			let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
			larger.extend_from_slice(&self.buffer);
			self.buffer = larger;
		}
	}

	/// Appends all that a reader has.
	///
	/// ## Errors
	/// Those of [`StreamWriter::write`].
	pub fn write_all_of(&mut self, mut reader: impl Read) -> Result<()> {
		let mut buffer = Zeroizing::new(vec![0; FRAME]);
		loop {
			let read = input::read(&mut reader, &mut buffer)?;
			self.write(buffer.get(..read).unwrap_or_default())?;
			if read < buffer.len() {
				return Ok(());
			}
		}
	}

	/// Seals the last frame.
	///
	/// ## Errors
	/// [`Error::Length`], [`Error::Io`].
	pub fn finish(mut self) -> Result<(Sealed, W)> {
		self.reserve(0);
		self.emit(true)?;
		Ok((self.length, self.out))
	}

	fn emit(&mut self, last: bool) -> Result<()> {
		// The buffer has at most one frame.
		self.length.plain += input::length(&self.buffer);
		self.length.sealed = sealed_length(self.length.plain)?;
		self.cipher.seal(nonce(self.frame, last), &[VERSION], &mut self.buffer)?;
		self.out.write_all(&self.buffer)?;
		self.buffer.clear();
		self.frame += 1;
		Ok(())
	}
}

/// Opens frames of one stream, in any order.
#[derive(Debug)]
pub struct Opener {
	cipher: Cipher,
}

impl Opener {
	pub(crate) fn new(key: &Secret) -> Result<Self> {
		Ok(Self { cipher: Cipher::new(key)? })
	}

	/// Opens one sealed frame in place. `last` says whether it is the last one of its stream.
	///
	/// ## Errors
	/// [`Error::NotAuthentic`].
	pub fn frame<'a>(&self, number: u64, last: bool, sealed: &'a mut [u8]) -> Result<&'a [u8]> {
		self.cipher.open(nonce(number, last), &[VERSION], sealed, "a frame")
	}

	/// Opens a stream of `sealed` bytes from its first frame on.
	///
	/// ## Errors
	/// [`Error::Length`] if no stream has this length.
	pub fn read<R: Read>(self, source: R, sealed: u64) -> Result<StreamReader<R>> {
		plain_length(sealed)?;
		Ok(StreamReader { opener: self, source, left: sealed, frame: 0, buffer: Zeroizing::default() })
	}

	/// Opens a range of the plaintext of a stream of `sealed` bytes, which `source` has from its start on. Reads only the
	/// frames that the range touches.
	///
	/// ## Errors
	/// [`Error::Length`] for a stream or a range that cannot be; [`Error::NotAuthentic`], after which `out` may have the
	/// frames before; [`Error::Truncated`]; [`Error::Io`].
	pub fn range(
		&self,
		mut source: impl Read + Seek,
		sealed: u64,
		range: Range<u64>,
		mut out: impl Write,
	) -> Result<()> {
		let plain = plain_length(sealed)?;
		if range.start > range.end || range.end > plain {
			return Err(Error::Length { what: "a range of a stream", length: range.end });
		}
		let frames = range.start / FRAME_LENGTH..range.end.div_ceil(FRAME_LENGTH);
		if range.is_empty() {
			return Ok(());
		}
		source.seek(SeekFrom::Start(frames.start * SEALED_LENGTH))?;
		let mut buffer = Zeroizing::new(Vec::new());
		for number in frames {
			let left = sealed - number * SEALED_LENGTH;
			buffer.resize(input::size(left.min(SEALED_LENGTH))?, 0);
			input::fill(&mut source, &mut buffer)?;
			let bytes = self.frame(number, left <= SEALED_LENGTH, &mut buffer)?;
			let first = number * FRAME_LENGTH;
			let from = input::size(range.start.saturating_sub(first))?;
			let to = input::size((range.end - first).min(FRAME_LENGTH))?;
			out.write_all(bytes.get(from..to).ok_or(Error::Truncated)?)?;
		}
		Ok(())
	}
}

/// Opens a stream frame by frame.
#[derive(Debug)]
pub struct StreamReader<R> {
	opener: Opener,
	source: R,
	left: u64,
	frame: u64,
	buffer: Zeroizing<Vec<u8>>,
}

impl<R: Read> StreamReader<R> {
	/// The plaintext of the next frame, or nothing behind the last one.
	///
	/// ## Errors
	/// [`Error::NotAuthentic`], [`Error::Truncated`], [`Error::Io`].
	pub fn next_frame(&mut self) -> Result<Option<&[u8]>> {
		if self.left == 0 {
			return Ok(None);
		}
		let length = self.left.min(SEALED_LENGTH);
		self.buffer.resize(input::size(length)?, 0);
		input::fill(&mut self.source, &mut self.buffer)?;
		self.left -= length;
		let number = self.frame;
		self.frame += 1;
		self.opener.frame(number, self.left == 0, &mut self.buffer).map(Some)
	}

	/// Writes all that is left to `out`.
	///
	/// ## Errors
	/// Those of [`StreamReader::next_frame`].
	pub fn copy_to(&mut self, mut out: impl Write) -> Result<()> {
		while let Some(bytes) = self.next_frame()? {
			out.write_all(bytes)?;
		}
		Ok(())
	}
}
