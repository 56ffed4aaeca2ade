//! Rows of the table of packs.

use codec::{Decode, Encode};

use crate::{pack::PackNumber, plan, shard::Root, Error, Result, Salt, Scheme};

/// Where a shard was last seen. Its root is what it is; this only saves a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Hint {
	/// The node that holds it.
	pub node: u64,
	/// The deal that pays for it.
	pub deal: u64,
}

/// One shard of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShardRow {
	/// What it is.
	pub root: Root,
	/// Where it was.
	pub hint: Option<Hint>,
}

/// A pack, and what it takes to read and repair it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PackRow {
	/// Its number.
	pub number: PackNumber,
	/// Data shards.
	pub k: u8,
	/// All shards.
	pub n: u8,
	/// Its size.
	pub units: u32,
	/// What its repair key depends on.
	pub salt: Salt,
	/// All its shards, in order.
	pub shards: Vec<ShardRow>,
}

impl PackRow {
	/// The scheme of the pack.
	///
	/// ## Errors
	/// [`Error::UnknownScheme`].
	pub fn scheme(&self) -> Result<Scheme> {
		Scheme::new(self.k, self.n)
	}

	/// Bytes of each shard, with its footer.
	///
	/// ## Errors
	/// [`Error::UnknownScheme`].
	pub fn shard_length(&self) -> Result<u64> {
		Ok(plan::shard_length(self.scheme()?, self.units))
	}

	/// ## Errors
	/// [`Error::UnknownScheme`], [`Error::Record`], [`Error::PlanImpossible`].
	pub(super) fn ensure_good(&self, up_to: PackNumber) -> Result<()> {
		let scheme = self.scheme()?;
		ensure_pack(self.number, up_to)?;
		if !scheme.fits(self.units) {
			return Err(Error::Record("units of a pack"));
		}
		if self.shards.len() != usize::from(scheme.n()) {
			return Err(Error::Record("shards of a pack"));
		}
		Ok(())
	}
}

/// Refuses pack 0, and packs that did not exist when the delta was written.
pub(super) fn ensure_pack(pack: PackNumber, up_to: PackNumber) -> Result<()> {
	PackNumber::new(pack.0).map_err(|_| Error::Record("number of a pack"))?;
	if pack > up_to {
		return Err(Error::Record("a pack after this one"));
	}
	Ok(())
}
