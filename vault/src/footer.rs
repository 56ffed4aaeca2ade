//! Salt and footer of a shard.

use crate::{
	aead::{Cipher, ONLY, TAG},
	ensure_known, input,
	keys::{self, RepairKey, RootKey},
	plan::PLAN,
	scheme::MAX_SHARDS,
	Error, Plan, Result, Salt, ShardNumber, VERSION,
};

/// Bytes of a footer, at the end of each shard.
pub const FOOTER: usize = 1_024;

/// [`FOOTER`] as a length.
pub(crate) const FOOTER_LENGTH: u64 = 1_024;

/// Bytes in the clear.
const CLEAR: usize = 49;

/// Bytes of the sealed content.
const CONTENT: usize = FOOTER - CLEAR - TAG;

/// What a footer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
	/// Which shard it ends.
	pub shard: ShardNumber,
	/// The pack's salt.
	pub salt: Salt,
	/// The pack's plan.
	pub plan: Plan,
}

impl Footer {
	/// The bytes of the footer.
	///
	/// ## Errors
	/// [`Error::UnknownShard`].
	pub fn seal(&self, repair: &RepairKey) -> Result<[u8; FOOTER]> {
		self.plan.shape.scheme().ensure_has(self.shard)?;
		let key = repair.footer(self.shard);
		let mut clear = vec![VERSION];
		clear.extend_from_slice(&self.salt.0);
		clear.extend_from_slice(&keys::check(&key));

		let mut content = vec![self.shard.0];
		content.extend_from_slice(&self.plan.to_bytes());
		content.resize(CONTENT, 0);
		Cipher::new(&key)?.seal(ONLY, &clear, &mut content)?;

		clear.append(&mut content);
		clear.try_into().map_err(|_| Error::Length { what: "a footer", length: 0 })
	}

	/// Opens a footer with the vault's keys.
	///
	/// ## Errors
	/// Those of [`Footer::open`], and [`Error::SaltMismatch`].
	pub fn open_as_owner(bytes: &[u8], root: &RootKey) -> Result<Self> {
		let salt = salt(bytes)?;
		let footer = Self::open(bytes, &root.repair_key(&salt))?;
		if root.salt(&footer.plan) != salt {
			return Err(Error::SaltMismatch);
		}
		Ok(footer)
	}

	/// Opens a footer with the repair key of its pack. The salt is not compared with the plan: that takes the root key.
	///
	/// ## Errors
	/// [`Error::Length`], [`Error::VersionTooNew`], [`Error::VersionUnknown`], [`Error::WrongKey`],
	/// [`Error::NotAuthentic`], [`Error::OtherShard`], [`Error::UnknownScheme`], [`Error::UnknownShard`],
	/// [`Error::PlanImpossible`], [`Error::Encoding`].
	pub fn open(bytes: &[u8], repair: &RepairKey) -> Result<Self> {
		let salt = salt(bytes)?;
		let (clear, sealed) = bytes.split_at_checked(CLEAR).ok_or(Error::Truncated)?;
		let (shard, key) = (0..MAX_SHARDS)
			.map(|shard| (ShardNumber(shard), repair.footer(ShardNumber(shard))))
			.find(|(_, key)| clear.ends_with(&keys::check(key)))
			.ok_or(Error::WrongKey)?;

		let mut sealed = sealed.to_vec();
		let mut content = Cipher::new(&key)?.open(ONLY, clear, &mut sealed, "a footer")?;
		let [found] = input::take::<1>(&mut content)?;
		if ShardNumber(found) != shard {
			return Err(Error::OtherShard { expected: shard, found: ShardNumber(found) });
		}
		let plan = Plan::parse(&input::take::<PLAN>(&mut content)?)?;
		plan.shape.scheme().ensure_has(shard)?;
		if content.iter().any(|byte| *byte != 0) {
			return Err(Error::Encoding("a footer"));
		}
		Ok(Self { shard, salt, plan })
	}

	/// Refuses a footer of another pack or shard than the one that is wanted.
	///
	/// ## Errors
	/// [`Error::OtherPack`], [`Error::OtherShard`].
	pub fn ensure_is(&self, plan: &Plan, shard: ShardNumber) -> Result<()> {
		if self.plan != *plan {
			return Err(Error::OtherPack(plan.number));
		}
		if self.shard != shard {
			return Err(Error::OtherShard { expected: shard, found: self.shard });
		}
		Ok(())
	}
}

/// The salt in a footer: what the repair key of the pack depends on. It is not authenticated before the footer is opened.
///
/// ## Errors
/// [`Error::Length`], [`Error::VersionTooNew`], [`Error::VersionUnknown`].
pub fn salt(bytes: &[u8]) -> Result<Salt> {
	let mut rest = bytes;
	if let Some(version) = bytes.first() {
		ensure_known(*version)?;
	}
	if bytes.len() != FOOTER {
		return Err(Error::Length { what: "a footer", length: input::length(bytes) });
	}
	input::take::<1>(&mut rest)?;
	Ok(Salt(input::take(&mut rest)?))
}
