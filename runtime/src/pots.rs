//! What every pot holds and what records say that it owes, page by page: [`substation_runtime_api::SubstationApi`] tells anybody,
//! and the invariants compare the sums.
//!
//! Nothing on chain calls this. Records are taken as they are written, because holds change when records do.

use crate::{
	constants::{EXISTENTIAL_DEPOSIT, MAX_PAGE},
	Balances, BandwidthProofs, Rewards, Runtime, RuntimeHoldReason, StorageMarket,
};
use alloc::vec::Vec;
use codec::{FullCodec, FullEncode};
use frame_support::storage::IterableStorageMap;
use pallet_disputes::HoldReason as OfDisputes;
use pallet_payment_channels::HoldReason as OfChannels;
use pallet_registry::HoldReason as OfRegistry;
use pallet_storage_market::HoldReason as OfMarket;
use substation_primitives::{
	pots::{Ledger, Pot, PotSums, PotsCursor, PotsPage},
	ResourceClass,
};

/// The page that begins there, of at most so many records (and at least one).
pub(crate) fn page(at: PotsCursor, limit: u32) -> PotsPage {
	let PotsCursor { ledger, after } = at;
	let mut reader = Reader { after, limit: limit.clamp(1, MAX_PAGE), records: 0, sums: PotSums::default() };
	let left = match ledger {
		Ledger::Totals => reader.totals(),
		Ledger::Accounts => reader.read::<frame_system::Account<Runtime>, _, _>(|_, account, sums| {
			sums.hold(Pot::Accounts, account.data.free.saturating_add(account.data.reserved));
			sums.hold(Pot::Reserved, account.data.reserved);
		}),
		Ledger::Holds => reader.read::<pallet_balances::Holds<Runtime>, _, _>(|_, holds, sums| {
			for hold in holds {
				sums.owe(Pot::Reserved, hold.amount);
				if let Some(pot) = pot_of(&hold.id) {
					sums.hold(pot, hold.amount);
				}
			}
		}),
		Ledger::Nodes => reader.read::<pallet_registry::Nodes<Runtime>, _, _>(|_, node, sums| {
			sums.owe(Pot::NodeDeposit, node.deposit);
			for offered in node.offers {
				let pot = match offered.class {
					ResourceClass::Storage => Pot::StorageBond,
					ResourceClass::Bandwidth => Pot::BandwidthBond,
				};
				sums.owe(pot, offered.bond);
			}
		}),
		Ledger::Deals => reader.read::<pallet_storage_market::Deals<Runtime>, _, _>(|_, deal, sums| {
			sums.owe(Pot::Escrow, StorageMarket::escrow(&deal));
			sums.owe(Pot::DealDeposit, deal.deposit);
		}),
		Ledger::Channels => reader.read::<pallet_payment_channels::Channels<Runtime>, _, _>(|_, channel, sums| {
			sums.owe(Pot::ChannelDeposit, channel.left());
			sums.owe(Pot::ChannelRecord, channel.record_deposit);
		}),
		Ledger::Disputes => reader.read::<pallet_disputes::Disputes<Runtime>, _, _>(|_, dispute, sums| {
			sums.owe(Pot::DisputeBond, dispute.bond);
			sums.owe(Pot::AnswerBond, dispute.answer.map_or(0, |answer| answer.bond));
		}),
		Ledger::Lines => reader.read::<pallet_bandwidth_proofs::Lines<Runtime>, _, _>(|_, line, sums| {
			sums.owe(Pot::TestFees, line.prepaid.saturating_add(line.earned));
		}),
		Ledger::Earners => reader.read::<pallet_rewards::Records<Runtime>, _, _>(|earner, _, sums| {
			sums.owe(Pot::Rewards, Rewards::reward_page(earner).map_or(0, |page| page.pending));
		}),
		Ledger::Stakers => reader.read::<pallet_staking::Ledger<Runtime>, _, _>(|_, stake, sums| {
			sums.owe(Pot::Stake, stake.total);
		}),
	};
	let next = match left {
		Some(after) => Some(PotsCursor { ledger, after: Some(after) }),
		None => ledger.next().map(|ledger| PotsCursor { ledger, after: None }),
	};
	PotsPage { records: reader.records, sums: reader.sums, next }
}

/// The sums over all pages.
#[cfg(feature = "try-runtime")]
pub(crate) fn all() -> PotSums {
	let mut sums = PotSums::default();
	let mut next = Some(PotsCursor::default());
	while let Some(cursor) = next {
		let page = page(cursor, u32::MAX);
		sums.join(&page.sums);
		next = page.next;
	}
	sums
}

/// One page while it is read.
struct Reader {
	after: Option<Vec<u8>>,
	limit: u32,
	records: u32,
	sums: PotSums,
}

impl Reader {
	/// What no record has to be read for.
	fn totals(&mut self) -> Option<Vec<u8>> {
		self.sums.owe(Pot::Accounts, Balances::total_issuance());
		self.sums.owe(Pot::TestFees, EXISTENTIAL_DEPOSIT);
		self.sums.hold(Pot::TestFees, Balances::free_balance(BandwidthProofs::pot()));
		let rewards = pallet_rewards::Supply::<Runtime>::get();
		self.sums.hold(Pot::Rewards, rewards.payable);
		self.sums.owe(Pot::Rewards, rewards.claimed);
		None
	}

	/// Adds up records of a map. Says after which key to go on, if this page is full.
	fn read<M, K, V>(&mut self, sum: impl Fn(K, V, &mut PotSums)) -> Option<Vec<u8>>
	where
		M: IterableStorageMap<K, V>,
		K: FullEncode,
		V: FullCodec,
	{
		let entries = match self.after.take() {
			Some(after) => M::iter_from(after),
			None => M::iter(),
		};
		for (key, value) in entries {
			self.records = self.records.saturating_add(1);
			let last = (self.records == self.limit).then(|| M::hashed_key_for(&key));
			sum(key, value, &mut self.sums);
			if last.is_some() {
				return last;
			}
		}
		None
	}
}

/// The pot of a hold. Other holds (for keys of sessions, for preimages) are in [`Pot::Reserved`] only.
fn pot_of(reason: &RuntimeHoldReason) -> Option<Pot> {
	let pot = match reason {
		RuntimeHoldReason::StorageMarket(reason) => match reason {
			OfMarket::Escrow => Pot::Escrow,
			OfMarket::DealDeposit => Pot::DealDeposit,
		},
		RuntimeHoldReason::Registry(reason) => match reason {
			OfRegistry::NodeDeposit => Pot::NodeDeposit,
			OfRegistry::StorageBond => Pot::StorageBond,
			OfRegistry::BandwidthBond => Pot::BandwidthBond,
		},
		RuntimeHoldReason::PaymentChannels(reason) => match reason {
			OfChannels::ChannelDeposit => Pot::ChannelDeposit,
			OfChannels::ChannelRecord => Pot::ChannelRecord,
		},
		RuntimeHoldReason::Disputes(reason) => match reason {
			OfDisputes::DisputeBond => Pot::DisputeBond,
			OfDisputes::AnswerBond => Pot::AnswerBond,
		},
		RuntimeHoldReason::Staking(pallet_staking::HoldReason::Staking) => Pot::Stake,
		_ => return None,
	};
	Some(pot)
}
