//! Paid delivery: bytes against vouchers of a payment channel, never more than one step apart.
//!
//! ```text
//! customer                                     node
//!   Quote ───────────────────────────────────▶  price, payee, step
//!   Pay { voucher, proof } ──────────────────▶  reads the channel in its final state, verifies both
//!        ◀──────────────────── Ready { deposit, held, served }
//!   blob request ────────────────────────────▶  at most `paid + step` bytes through the gate
//!        ◀═══════════════════════════ bytes
//!   Voucher (cumulative, every step / 4) ────▶  verified, written, gate opened further
//!   Done ────────────────────────────────────▶  Settled { held }
//! ```
//!
//! Every byte of an answer counts: the content, the pairs of its tree, eight bytes of length. Both sides can compute
//! the sum beforehand ([`price::answer_bytes`]).
//!
//! | File | Topic |
//! |---|---|
//! | `price` | bytes and money |
//! | `protocol` | what the two sides say to each other |
//! | `voucher` | promises: signed, verified |
//! | `session` | who may use a channel over a connection |
//! | `record` | a small file that survives a kill |
//! | `terms` | what a node's configuration says |
//! | `till` | the node's channels: what was promised, what was delivered |
//! | `counter` | a customer's connection, served against vouchers |
//! | `redeem` | vouchers become money |
//! | `ledger` | the chain as both sides need it |
//! | `purse` | the customer's channels |
//! | `payer` | when the customer signs how much |
//! | `fetch` | a content fetched and paid for |
//! | `bench` | what the gate costs |

pub mod counter;
pub mod fetch;
pub mod ledger;
pub mod payer;
pub mod price;
pub mod protocol;
pub mod purse;
pub mod record;
mod redeem;
pub mod session;
pub mod terms;
pub mod till;
pub mod voucher;

#[cfg(test)]
mod tests;

/// The protocol's name in the handshake.
pub const ALPN: &[u8] = b"substation/paid/2";

/// Smallest step that a node may ask for and a customer agrees to.
pub const MIN_STEP: u64 = 64 << 10;

/// Largest one: what either side may lose.
pub const MAX_STEP: u64 = 64 << 20;
