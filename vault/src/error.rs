//! Why bytes or arguments cannot be used.

use std::io;

use crate::{PackNumber, ShardNumber};

/// What every fallible function of this crate returns.
pub type Result<T> = core::result::Result<T, Error>;

/// A reason, by name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// The phrase is not 24 English words of BIP39 with a good checksum. Check the spelling and the order.
	#[error("not 24 English words of BIP39 with a good checksum")]
	Words,
	/// A newer program has written this. Update.
	#[error("format version {found}, this program knows versions up to {known}")]
	VersionTooNew {
		/// What was found.
		found: u8,
		/// The greatest known one.
		known: u8,
	},
	/// There is no format version 0: these are not bytes of a vault.
	#[error("format version 0 does not exist")]
	VersionUnknown,
	/// A check value does not fit: another phrase, another passphrase, or the repair key of another pack.
	#[error("wrong key: other words, another passphrase or another pack")]
	WrongKey,
	/// A tag does not fit: bytes are damaged, swapped or cut, or belong to another chain or account.
	#[error("not authentic: {0} is damaged, swapped or cut, or not for this place")]
	NotAuthentic(&'static str),
	/// The scheme is not one of the format's.
	#[error("unknown scheme {k} of {n}")]
	UnknownScheme {
		/// Units of data in a row.
		k: u8,
		/// All units of a row.
		n: u8,
	},
	/// The scheme has fewer shards.
	#[error("shard {0} does not exist in this scheme")]
	UnknownShard(ShardNumber),
	/// A length that nothing of this kind can have.
	#[error("{what} cannot have {length} bytes")]
	Length {
		/// Of what.
		what: &'static str,
		/// The length.
		length: u64,
	},
	/// More than the format allows.
	#[error("{what}: {found}, at most {limit}")]
	Limit {
		/// Of what.
		what: &'static str,
		/// How much there is.
		found: u64,
		/// How much there may be.
		limit: u64,
	},
	/// The bytes end too early.
	#[error("truncated: the bytes end too early")]
	Truncated,
	/// Numbers in a footer or bookmark contradict each other.
	#[error("impossible plan: {0}")]
	PlanImpossible(&'static str),
	/// A good footer, of another shard of the pack.
	#[error("this is shard {found}, not {expected}")]
	OtherShard {
		/// Which was asked for.
		expected: ShardNumber,
		/// Which it is.
		found: ShardNumber,
	},
	/// Good bytes, of another pack than the one that was asked for.
	#[error("this belongs to another pack than {0}")]
	OtherPack(PackNumber),
	/// The footer's salt is not the salt of its plan.
	#[error("the salt is not that of the plan")]
	SaltMismatch,
	/// The bytes of a pack are not those of its plan. What was made of them must not leave this machine.
	#[error("the pack's bytes are not those of its plan")]
	PackMismatch,
	/// Any `k` different units restore a row, fewer do not.
	#[error("{found} different units, {needed} are needed")]
	TooFewUnits {
		/// How many there are.
		found: usize,
		/// How many are needed.
		needed: usize,
	},
	/// Not the encoding of what was expected.
	#[error("bad encoding of {0}")]
	Encoding(&'static str),
	/// Records do not ascend strictly.
	#[error("records do not ascend")]
	Order,
	/// A delta names its checkpoint and the deltas before it against the rules.
	#[error("bad chain of deltas: {0}")]
	Chain(&'static str),
	/// A record breaks a rule of its kind.
	#[error("bad record: {0}")]
	Record(&'static str),
	/// A bookmark with a greater sequence was seen: the source of this one is behind, or lies.
	#[error("bookmark {found} is older than {seen}, which was seen")]
	BookmarkOlder {
		/// The greatest sequence that was seen.
		seen: u64,
		/// The record's.
		found: u64,
	},
	/// The pack has no room for this. Finish it and begin another.
	#[error("no room in the pack")]
	PackFull,
	/// The source of random bytes failed.
	#[error("no random bytes")]
	Random,
	/// Reading or writing failed.
	#[error(transparent)]
	Io(#[from] io::Error),
}
