//! The customer's channels: a key that signs vouchers, and one small file for each channel with what was promised.
//!
//! A promise is in its file before it is sent, so that a restart never signs less than was signed already.

use crate::{
	config::Folder,
	payments::{
		record::Record,
		session::{Exporter, SessionProof},
		voucher::Voucher,
	},
};
use anyhow::{ensure, Context, Result};
use codec::{Decode, DecodeAll, Encode};
use iroh::SecretKey;
use std::{
	fs::{self, TryLockError},
	path::PathBuf,
};
use substation_client::AccountId;
use substation_primitives::{channel::VoucherKey, Balance, ChannelId, NodeId};
use substation_proofs::Hash;
use substation_store::disk;
use substation_transport::secret;

/// The file of the key in the customer's folder.
const KEY: &str = "voucher.key";

/// The folder of the channels in the customer's folder.
const CHANNELS: &str = "channels";

/// A channel that was opened from this folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KnownChannel {
	/// Hash of its chain's first block.
	pub genesis: Hash,
	/// Its number.
	pub channel: ChannelId,
	/// The node that it was opened for; others of the same operator can be paid with it.
	pub node: NodeId,
	/// Who is paid.
	pub payee: AccountId,
	/// Everything that was promised so far, together.
	pub promised: Balance,
}

/// The channels of a customer's folder.
#[derive(Clone, Debug)]
pub struct Purse {
	folder: PathBuf,
	key: SecretKey,
	genesis: Hash,
}

impl Purse {
	/// The purse in a folder for one chain; makes what is missing.
	pub fn open(folder: &Folder, genesis: Hash) -> Result<Self> {
		folder.create()?;
		let channels = folder.file(CHANNELS);
		fs::create_dir_all(&channels).with_context(|| format!("cannot make {}", channels.display()))?;
		let key = secret::machine_key_or_new(&folder.file(KEY))?;
		Ok(Self { key, folder: channels, genesis })
	}

	/// The key that signs vouchers.
	pub fn key(&self) -> VoucherKey {
		*self.key.public().as_bytes()
	}

	/// The channels of this chain, in the order of their numbers.
	pub fn channels(&self) -> Result<Vec<KnownChannel>> {
		let mut known = Vec::new();
		let reading = || format!("cannot read {}", self.folder.display());
		for item in fs::read_dir(&self.folder).with_context(reading)? {
			let path = item.with_context(reading)?.path();
			let (_, kept) = Record::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
			let channel = kept.and_then(|kept| KnownChannel::decode_all(&mut &kept[..]).ok());
			known.extend(channel.filter(|channel| channel.genesis == self.genesis));
		}
		known.sort_unstable_by_key(|known| known.channel);
		Ok(known)
	}

	/// Takes a channel out to pay with, so that no other process does. Writes it down if it is new.
	pub fn take(&self, channel: &KnownChannel) -> Result<Pocket> {
		let path = self.path(channel.channel);
		let failed = || format!("cannot write {}", path.display());
		let (mut record, _) = Record::open(&path).with_context(failed)?;
		match record.file().try_lock() {
			Ok(()) => {}
			Err(TryLockError::WouldBlock) => {
				anyhow::bail!("channel {} is in use by another `substation fetch`; wait for it", channel.channel)
			}
			Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
		}
		// Only now nobody else writes it.
		let kept = record.read().with_context(failed)?;
		let known = kept.and_then(|kept| KnownChannel::decode_all(&mut &kept[..]).ok());
		let known = match known {
			Some(known) => {
				ensure!(
					known.genesis == channel.genesis && known.channel == channel.channel,
					"{} belongs to another channel or chain",
					path.display()
				);
				known
			}
			None => {
				record.write(&channel.encode()).with_context(failed)?;
				record.sync().with_context(failed)?;
				*channel
			}
		};
		Ok(Pocket { record, known, key: self.key.clone() })
	}

	/// Forgets a channel that is closed.
	pub fn forget(&self, channel: ChannelId) -> Result<()> {
		let path = self.path(channel);
		disk::remove_if_there(&path).with_context(|| format!("cannot remove {}", path.display()))
	}

	fn path(&self, channel: ChannelId) -> PathBuf {
		// Numbers begin anew on every chain.
		let [first, second, third, fourth, ..] = self.genesis;
		self.folder.join(format!("{}-{channel}", hex::encode([first, second, third, fourth])))
	}
}

/// A channel in use.
#[derive(Debug)]
pub struct Pocket {
	record: Record,
	known: KnownChannel,
	key: SecretKey,
}

impl Pocket {
	/// The channel.
	pub fn known(&self) -> &KnownChannel {
		&self.known
	}

	/// The latest promise, once more.
	pub fn latest(&self) -> Voucher {
		Voucher::sign(&self.key, &self.known.genesis, self.known.channel, self.known.promised)
	}

	/// Shows over a connection that the channel is its holder's.
	pub fn prove(&self, exporter: &Exporter) -> SessionProof {
		SessionProof::sign(&self.key, &self.known.genesis, self.known.channel, exporter)
	}

	/// Promises `cumulative` in all, if that is more than before; written down first.
	pub fn promise(&mut self, cumulative: Balance) -> std::io::Result<Voucher> {
		if cumulative > self.known.promised {
			let known = KnownChannel { promised: cumulative, ..self.known };
			self.record.write(&known.encode())?;
			self.known = known;
		}
		Ok(self.latest())
	}

	/// Takes note of a promise that this folder has forgotten. Errors if its key has not given it.
	pub fn admit(&mut self, voucher: &Voucher) -> std::io::Result<bool> {
		if voucher.channel != self.known.channel
			|| !voucher.is_signed_by(self.key.public().as_bytes(), &self.known.genesis)
		{
			return Ok(false);
		}
		self.promise(voucher.cumulative).map(|_| true)
	}

	/// Makes what was written survive a power cut.
	pub fn sync(&self) -> std::io::Result<()> {
		self.record.sync()
	}
}
