//! Vouchers: a payer's promise of a cumulative amount. And sessions: who may use a channel over a connection.
//!
//! Each voucher replaces all before it, so that only the latest is worth redeeming and none can be redeemed twice. Vouchers
//! that were redeemed are public; so it takes more than one to show that a channel is one's own.

use alloc::vec::Vec;

use codec::Encode;

use crate::{domain, Hash};

/// The message that a channel's voucher key signs: everything that its payee may have taken so far, together.
pub fn voucher_message(genesis: &Hash, channel: u64, cumulative: u128) -> Vec<u8> {
	(domain::VOUCHER, genesis, channel, cumulative).encode()
}

/// The message that a channel's voucher key signs to be served over one connection. `exporter` is what both ends, and
/// nobody else, derive from that connection's TLS session: the signature is worth nothing over any other one.
pub fn session_message(genesis: &Hash, channel: u64, exporter: &[u8; 32]) -> Vec<u8> {
	(domain::SESSION, genesis, channel, exporter).encode()
}
