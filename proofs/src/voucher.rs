//! Vouchers: a payer's promise of a cumulative amount.
//!
//! Each voucher replaces all before it, so that only the latest is worth redeeming and none can be redeemed twice.

use alloc::vec::Vec;

use codec::Encode;

use crate::{domain, Hash};

/// The message that a channel's voucher key signs: everything that its payee may have taken so far, together.
pub fn voucher_message(genesis: &Hash, channel: u64, cumulative: u128) -> Vec<u8> {
	(domain::VOUCHER, genesis, channel, cumulative).encode()
}
