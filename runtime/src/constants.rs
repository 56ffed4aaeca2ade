//! Numbers that are fixed when the runtime is built.
//!
//! What governance may change is in `pallet-settings`, lengths of time that a chain fixes in its genesis are in
//! `pallet-pace`. What is left here bounds vectors, blocks and prices of state.

pub use substation_primitives::{rewards::MAX_CLAIMS, settings::STN, units::FEE_PER_BYTE};
use substation_primitives::{Balance, BlockNumber};

/// The native token's symbol.
pub const TOKEN_SYMBOL: &str = "STN";

/// Decimals of the native token.
pub const TOKEN_DECIMALS: u8 = 12;

/// Generic Substrate addresses, until a prefix is registered.
pub const SS58_PREFIX: u16 = 42;

/// One thousandth of an STN.
pub const MILLI: Balance = STN / 1_000;

/// The least balance of an account.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI;

/// Time that a block's transactions and hooks may take, in picoseconds of the reference machine: one second.
///
/// One blob serves chains with slots of six and of two seconds. An author has two thirds of its slot to build a
/// block; one second fits the shorter slot and leaves the longer one time to travel.
pub const BLOCK_REF_TIME: u64 = frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND;

/// Most bytes of a block.
pub const BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

/// The share of a block that ordinary transactions may fill, in per cent.
pub const NORMAL_DISPATCH_PERCENT: u32 = 75;

/// The share of a block that a migration's steps may fill, in per cent.
pub const MIGRATION_PERCENT: u32 = 50;

/// Longest cursor of a migration: what upstream's mocked migrations, which benchmarks and tests run, may need.
pub const MAX_MIGRATION_CURSOR: u32 = 65_536;

/// Longest name of a migration: as above.
pub const MAX_MIGRATION_NAME: u32 = 256;

/// Blocks whose hashes stay known, which bounds how long a transaction can be mortal.
pub const BLOCK_HASH_COUNT: BlockNumber = 4_096;

/// Fee of one picosecond of the reference machine: a second of a block costs one STN.
pub const FEE_PER_PICOSECOND: Balance = STN / BLOCK_REF_TIME as Balance;

/// Deposit for an entry of state.
pub const DEPOSIT_PER_ITEM: Balance = 100 * MILLI;

/// Deposit for a byte of state.
pub const DEPOSIT_PER_BYTE: Balance = MILLI;

/// The deposit for `items` entries that take `bytes` together.
pub const fn deposit(items: Balance, bytes: Balance) -> Balance {
	items * DEPOSIT_PER_ITEM + bytes * DEPOSIT_PER_BYTE
}

/// Most validators of an era. How many an election can seat depends on the places for voters, too.
pub const MAX_VALIDATORS: u32 = 100;

/// Maximum number of candidates for validators. Genesis gives it to staking, which refuses the next one.
pub const MAX_CANDIDATES: u32 = 500;

/// Maximum number of nominators. Genesis gives it to staking, which refuses the next one: whoever was accepted counts
/// in every election, so nobody is displaced by others who split their stake.
pub const MAX_NOMINATORS: u32 = 3_500;

/// Maximum number of candidates that one election looks at.
pub const MAX_ELECTION_TARGETS: u32 = MAX_CANDIDATES;

/// Maximum number of voters of one election: every candidate votes for itself.
///
/// The election runs in one block's hook, and a report of a double vote is charged for so many nominators of one
/// validator: what both weigh is compared with a block's time in `tests/it/integrity.rs`.
pub const MAX_ELECTION_VOTERS: u32 = MAX_CANDIDATES + MAX_NOMINATORS;

/// Time of a block that the largest election of validators and the largest one of the council may take together, in
/// picoseconds. With all places taken that is enough for [`crate::election::seats_that_fit`] seats.
pub const MAX_ELECTION_TIME: u64 = BLOCK_REF_TIME / 10 * 9;

/// Eras for which a validator that made no blocks is not electable.
pub const ABSENCE_ERAS: u32 = 7;

/// Blocks that a validator should have made before its silence means anything. Authors of slots are drawn: one that is
/// there makes no more than one of twenty once in twenty million times.
pub const ABSENCE_BLOCKS: u32 = 20;

/// Most validators that one account nominates.
pub const MAX_NOMINATIONS: u32 = 16;

/// Most accepts or clears in one free call.
pub const MAX_FOREST_UPDATES: u32 = 64;

/// Most addresses of a node.
pub const MAX_NODE_ADDRESSES: u32 = 8;

/// Longest address of a node, as text.
pub const MAX_NODE_ADDRESS_LENGTH: u32 = 64;

/// Most entries that one call of the runtime API returns.
pub const MAX_PAGE: u32 = 1_000;

/// Most public proposals that wait for their vote. A rehearsed upgrade has another number, so that clients see which
/// runtime they talk to.
pub const MAX_PUBLIC_PROPOSALS: u32 = if cfg!(feature = "rehearsal") { 101 } else { 100 };

/// Number of bags that sort the voters of an election.
const BAGS: usize = 107;

/// Upper bounds of the bags, from the existential deposit on, each a quarter above the one before.
///
/// Changing them moves voters between bags: it needs `pallet_bags_list::migrations`.
pub const BAG_THRESHOLDS: [u64; BAGS] = bag_thresholds();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn bag_thresholds() -> [u64; BAGS] {
	let mut bags = [u64::MAX; BAGS];
	let mut bound = EXISTENTIAL_DEPOSIT as u64;
	let mut index = 0;
	while index < BAGS - 1 {
		bags[index] = bound;
		bound = bound.saturating_add(bound / 4);
		index += 1;
	}
	assert!(bags[BAGS - 2] < u64::MAX, "the bags before the last one reach the end");
	bags
}
