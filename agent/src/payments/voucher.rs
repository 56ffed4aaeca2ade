//! Promises of a cumulative amount: signed by whoever pays, verified by whoever delivers.

use codec::{Decode, Encode};
use iroh::SecretKey;
use substation_primitives::{channel::VoucherKey, Balance, ChannelId};
use substation_proofs::{voucher::voucher_message, Hash};
use substation_transport::messages::is_signed;

/// A promise. Each replaces all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Voucher {
	/// The channel whose deposit pays.
	pub channel: ChannelId,
	/// Everything that the payee may have taken so far, together.
	pub cumulative: Balance,
	/// By the channel's voucher key.
	pub signature: [u8; 64],
}

impl Voucher {
	/// Promises.
	pub fn sign(key: &SecretKey, genesis: &Hash, channel: ChannelId, cumulative: Balance) -> Self {
		let signature = key.sign(&voucher_message(genesis, channel.0, cumulative)).to_bytes();
		Self { channel, cumulative, signature }
	}

	/// Whether `key` has promised this.
	pub fn is_signed_by(&self, key: &VoucherKey, genesis: &Hash) -> bool {
		is_signed(key, &voucher_message(genesis, self.channel.0, self.cumulative), &self.signature)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn voucher_is_bound_to_its_chain_channel_amount_and_key() {
		let (key, other) = (SecretKey::from_bytes(&[1; 32]), SecretKey::from_bytes(&[2; 32]));
		let genesis = [7; 32];

		let voucher = Voucher::sign(&key, &genesis, ChannelId(3), 5);

		let public = *key.public().as_bytes();
		assert!(voucher.is_signed_by(&public, &genesis));
		assert!(!voucher.is_signed_by(other.public().as_bytes(), &genesis));
		assert!(!voucher.is_signed_by(&public, &[8; 32]));
		assert!(!Voucher { cumulative: 6, ..voucher }.is_signed_by(&public, &genesis));
		assert!(!Voucher { channel: ChannelId(4), ..voucher }.is_signed_by(&public, &genesis));
	}
}
