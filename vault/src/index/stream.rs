//! Header and records as one sealed stream.

use std::io::{Read, Write};

use codec::{DecodeAll, Encode};
use zeroize::Zeroizing;

use super::{record::Record, MAX_HEADER, MAX_RECORD};
use crate::{
	frame::{StreamReader, StreamWriter},
	input,
	pack::PackNumber,
	Error, Result,
};

/// Writes a header and `count` records, which have to ascend.
pub(super) fn write<W: Write>(
	out: &mut StreamWriter<W>,
	header: &impl Encode,
	count: u64,
	records: impl IntoIterator<Item = Record>,
	up_to: PackNumber,
	ends: bool,
) -> Result<()> {
	write_item(out, header, "bytes of a header", MAX_HEADER)?;
	let mut written = 0_u64;
	let mut before: Option<Record> = None;
	for record in records {
		ensure_follows(before.as_ref(), &record, ends)?;
		record.ensure_good(up_to)?;
		write_item(out, &record, "bytes of a record", MAX_RECORD)?;
		written = written.saturating_add(1);
		before = Some(record);
	}
	if written != count {
		return Err(Error::Encoding("a number of records"));
	}
	Ok(())
}

fn write_item<W: Write>(out: &mut StreamWriter<W>, item: &impl Encode, what: &'static str, limit: u32) -> Result<()> {
	let bytes = Zeroizing::new(item.encode());
	let found = input::length(&bytes);
	let length = u32::try_from(found).ok().filter(|length| *length <= limit);
	let length = length.ok_or(Error::Limit { what, found, limit: limit.into() })?;
	out.write(&length.to_le_bytes())?;
	out.write(&bytes)
}

fn ensure_follows(before: Option<&Record>, record: &Record, ends: bool) -> Result<()> {
	if before.is_some_and(|before| before.position() >= record.position()) {
		return Err(Error::Order);
	}
	if record.is_end() && !ends {
		return Err(Error::Record("an end in a checkpoint"));
	}
	Ok(())
}

/// Reads items from frames.
#[derive(Debug)]
pub(super) struct Items<R> {
	stream: StreamReader<R>,
	/// What of the last frame has not been used, from `at` on.
	buffer: Zeroizing<Vec<u8>>,
	at: usize,
}

impl<R: Read> Items<R> {
	pub(super) fn new(stream: StreamReader<R>) -> Self {
		Self { stream, buffer: Zeroizing::default(), at: 0 }
	}

	/// Fills `bytes` from the stream.
	fn fill(&mut self, mut bytes: &mut [u8]) -> Result<()> {
		while !bytes.is_empty() {
			let left = self.buffer.get(self.at..).unwrap_or_default();
			if left.is_empty() {
				let frame = self.stream.next_frame()?.ok_or(Error::Truncated)?;
				self.buffer.clear();
				self.buffer.extend_from_slice(frame);
				self.at = 0;
				continue;
			}
			let now = left.len().min(bytes.len());
			let (first, later) = bytes.split_at_mut(now);
			first.copy_from_slice(left.get(..now).unwrap_or_default());
			self.at = self.at.saturating_add(now);
			bytes = later;
		}
		Ok(())
	}

	/// The bytes of the next item. Its length is compared with the limit first.
	fn next(&mut self, what: &'static str, limit: u32) -> Result<Zeroizing<Vec<u8>>> {
		let mut length = [0; 4];
		self.fill(&mut length)?;
		let length = u64::from(u32::from_le_bytes(length));
		input::ensure_at_most(what, length, limit.into())?;
		let mut bytes = Zeroizing::new(vec![0; input::size(length)?]);
		self.fill(&mut bytes)?;
		Ok(bytes)
	}

	/// The header.
	pub(super) fn header<H: DecodeAll>(&mut self) -> Result<H> {
		let bytes = self.next("bytes of a header", MAX_HEADER)?;
		H::decode_all(&mut &bytes[..]).map_err(|_| Error::Encoding("a header"))
	}

	/// Refuses anything behind the last item.
	fn finish(&mut self) -> Result<()> {
		let mut more = self.at < self.buffer.len();
		while let Some(frame) = self.stream.next_frame()? {
			more |= !frame.is_empty();
		}
		if more {
			return Err(Error::Encoding("what is behind the last record"));
		}
		Ok(())
	}
}

/// The records of a delta or checkpoint, each checked, in order. Ends with the first error.
#[derive(Debug)]
pub struct Records<R> {
	items: Items<R>,
	left: u64,
	before: Option<Record>,
	up_to: PackNumber,
	ends: bool,
	done: bool,
}

impl<R: Read> Records<R> {
	pub(super) fn new(items: Items<R>, count: u64, up_to: PackNumber, ends: bool) -> Self {
		Self { items, left: count, before: None, up_to, ends, done: false }
	}

	fn read(&mut self) -> Result<Option<Record>> {
		let Some(left) = self.left.checked_sub(1) else {
			self.items.finish()?;
			return Ok(None);
		};
		self.left = left;
		let bytes = self.items.next("bytes of a record", MAX_RECORD)?;
		let record = Record::decode_checked(&bytes, self.up_to)?;
		ensure_follows(self.before.as_ref(), &record, self.ends)?;
		// Where it stands, without the rest of it.
		self.before = Some(record.to_end());
		Ok(Some(record))
	}
}

impl<R: Read> Iterator for Records<R> {
	type Item = Result<Record>;

	fn next(&mut self) -> Option<Self::Item> {
		if self.done {
			return None;
		}
		let next = self.read().transpose();
		self.done = !matches!(next, Some(Ok(_)));
		next
	}
}
