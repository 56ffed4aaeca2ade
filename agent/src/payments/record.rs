//! A small file that is overwritten often and survives a kill at any moment, and a power cut with the record before.
//!
//! Two slots are written in turn, each with a number and a checksum; the highest whole one counts. Nothing but the file's
//! name is synced unless asked for: a killed process loses nothing, a machine that loses power may lose the latest writes.

use std::{
	fs::{File, OpenOptions},
	io,
	os::unix::fs::{FileExt, OpenOptionsExt},
	path::Path,
};
use substation_store::disk;

/// Bytes of a slot.
const SLOT: usize = 512;

/// Bytes in front of what is kept: checksum, number, length.
const HEAD: usize = 32 + 8 + 2;

/// Most bytes that are kept.
pub const MAX_RECORD: usize = SLOT - HEAD;

/// An open file.
#[derive(Debug)]
pub struct Record {
	file: File,
	next: u64,
}

impl Record {
	/// Opens the file, or makes it, readable by its owner only; and what it holds.
	pub fn open(path: &Path) -> io::Result<(Self, Option<Vec<u8>>)> {
		let is_new = !path.exists();
		let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
		if is_new {
			disk::sync_folder(disk::folder_of(path))?;
		}
		let mut record = Self { file, next: 0 };
		let kept = record.read()?;
		Ok((record, kept))
	}

	/// What the file holds now, if another process may have written it.
	pub fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
		let mut latest: Option<(u64, Vec<u8>)> = None;
		for slot in 0..2u64 {
			let mut bytes = [0; SLOT];
			if let Some((number, kept)) = read_slot(&self.file, slot, &mut bytes)? {
				if latest.as_ref().is_none_or(|(last, _)| number > *last) {
					latest = Some((number, kept.to_vec()));
				}
			}
		}
		self.next = latest.as_ref().map_or(0, |(number, _)| number.saturating_add(1));
		Ok(latest.map(|(_, kept)| kept))
	}

	/// Replaces what the file holds.
	pub fn write(&mut self, kept: &[u8]) -> io::Result<()> {
		let length = u16::try_from(kept.len()).ok().filter(|_| kept.len() <= MAX_RECORD);
		let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "record is too long"))?;
		let mut body = Vec::with_capacity(SLOT);
		body.extend_from_slice(&self.next.to_le_bytes());
		body.extend_from_slice(&length.to_le_bytes());
		body.extend_from_slice(kept);
		let mut slot = blake3::hash(&body).as_bytes().to_vec();
		slot.extend_from_slice(&body);
		self.file.write_all_at(&slot, offset(self.next % 2))?;
		self.next = self.next.saturating_add(1);
		Ok(())
	}

	/// Makes it survive a power cut.
	pub fn sync(&self) -> io::Result<()> {
		self.file.sync_data()
	}

	/// The file, to lock it.
	pub fn file(&self) -> &File {
		&self.file
	}
}

fn offset(slot: u64) -> u64 {
	slot.saturating_mul(u64::try_from(SLOT).unwrap_or(u64::MAX))
}

/// What a slot holds, if it is whole.
fn read_slot<'a>(file: &File, slot: u64, bytes: &'a mut [u8; SLOT]) -> io::Result<Option<(u64, &'a [u8])>> {
	let mut read = 0;
	while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
		match file.read_at(rest, offset(slot).saturating_add(u64::try_from(read).unwrap_or(u64::MAX)))? {
			0 => break,
			count => read = read.saturating_add(count),
		}
	}
	Ok(parse(bytes.get(..read).unwrap_or_default()))
}

fn parse(bytes: &[u8]) -> Option<(u64, &[u8])> {
	let (checksum, body) = bytes.split_at_checked(32)?;
	let (number, rest) = body.split_at_checked(8)?;
	let (length, rest) = rest.split_at_checked(2)?;
	let length = usize::from(u16::from_le_bytes(length.try_into().ok()?));
	let kept = rest.get(..length)?;
	let hashed = body.get(..length.saturating_add(10))?;
	(blake3::hash(hashed).as_bytes() == checksum).then_some((u64::from_le_bytes(number.try_into().ok()?), kept))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn latest_record_comes_back_and_a_torn_write_brings_back_the_one_before() {
		use std::os::unix::fs::PermissionsExt;
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("record");
		let (mut record, before) = Record::open(&path).unwrap();
		assert_eq!(before, None);

		for text in ["one", "longer two", "3"] {
			record.write(text.as_bytes()).unwrap();
			assert_eq!(Record::open(&path).unwrap().1.unwrap(), text.as_bytes());
		}
		assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

		// "3" lies in the first slot.
		record.file.write_all_at(&[0xff; 20], 30).unwrap();
		let (mut record, kept) = Record::open(&path).unwrap();
		assert_eq!(kept.unwrap(), b"longer two");
		record.write(b"four").unwrap();
		assert_eq!(Record::open(&path).unwrap().1.unwrap(), b"four");
	}

	#[test]
	fn record_of_any_allowed_length_fits_and_a_longer_one_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let (mut record, _) = Record::open(&folder.path().join("record")).unwrap();

		record.write(&[7; MAX_RECORD]).unwrap();

		assert_eq!(Record::open(&folder.path().join("record")).unwrap().1.unwrap(), vec![7; MAX_RECORD]);
		assert!(record.write(&[7; MAX_RECORD + 1]).is_err());
	}
}
