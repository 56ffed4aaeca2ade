//! Money that is kept for somebody, and the records that say for whom: what the runtime API tells of both, so that
//! anybody can compare them.

use crate::units::Balance;
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::Serialize;

/// Money that is kept for one purpose. Indices are part of the encoding and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, TypeInfo, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Pot {
	/// All accounts. They are owed the total issuance.
	#[codec(index = 0)]
	Accounts,
	/// On hold for what storage deals may still cost.
	#[codec(index = 1)]
	Escrow,
	/// On hold for the records of storage deals.
	#[codec(index = 2)]
	DealDeposit,
	/// On hold for the records of nodes.
	#[codec(index = 3)]
	NodeDeposit,
	/// On hold as bonds for storage.
	#[codec(index = 4)]
	StorageBond,
	/// On hold as bonds for seats of lines.
	#[codec(index = 5)]
	BandwidthBond,
	/// On hold for what vouchers of payment channels can still move.
	#[codec(index = 6)]
	ChannelDeposit,
	/// On hold for the records of payment channels.
	#[codec(index = 7)]
	ChannelRecord,
	/// On hold as bonds of who has opened a dispute.
	#[codec(index = 8)]
	DisputeBond,
	/// On hold as bonds of who has answered a dispute.
	#[codec(index = 9)]
	AnswerBond,
	/// The account of test fees. It owes what operators have prepaid and members have earned, and what keeps it alive.
	#[codec(index = 10)]
	TestFees,
	/// What the class pools of eras that are over pay, at most. It is owed to who has claimed it, and to who has earned and
	/// not claimed.
	#[codec(index = 11)]
	Rewards,
	/// On hold as stakes of validators and nominators.
	#[codec(index = 12)]
	Stake,
	/// The reserved balances of accounts. They owe what is on hold, for whatever purpose.
	#[codec(index = 13)]
	Reserved,
}

impl Pot {
	/// Every one of them.
	pub const ALL: [Self; 14] = [
		Self::Accounts,
		Self::Escrow,
		Self::DealDeposit,
		Self::NodeDeposit,
		Self::StorageBond,
		Self::BandwidthBond,
		Self::ChannelDeposit,
		Self::ChannelRecord,
		Self::DisputeBond,
		Self::AnswerBond,
		Self::TestFees,
		Self::Rewards,
		Self::Stake,
		Self::Reserved,
	];

	/// Whether it may hold more than it owes: anybody can send something to the account of test fees, rewards are rounded
	/// down and expire, and some deposits (of governance and identities) are reserved without being holds.
	pub const fn may_exceed(self) -> bool {
		matches!(self, Self::TestFees | Self::Rewards | Self::Reserved)
	}
}

/// What is in a pot, and what records say should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PotSum {
	/// The pot.
	pub pot: Pot,
	/// What is there, in plancks.
	pub held: Balance,
	/// What records name, in plancks.
	pub owed: Balance,
}

impl PotSum {
	/// Whether nothing is missing, and nothing is kept for nobody. Says so of the sums over all pages.
	pub const fn is_covered(&self) -> bool {
		if self.pot.may_exceed() {
			self.held >= self.owed
		} else {
			self.held == self.owed
		}
	}
}

/// Sums over some records, every pot once, in the order of [`Pot::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PotSums(pub Vec<PotSum>);

impl Default for PotSums {
	fn default() -> Self {
		Self(Pot::ALL.map(|pot| PotSum { pot, held: 0, owed: 0 }).to_vec())
	}
}

impl PotSums {
	/// Adds what is there.
	pub fn hold(&mut self, pot: Pot, amount: Balance) {
		self.add(PotSum { pot, held: amount, owed: 0 });
	}

	/// Adds what a record names.
	pub fn owe(&mut self, pot: Pot, amount: Balance) {
		self.add(PotSum { pot, held: 0, owed: amount });
	}

	/// Adds the sums of another page.
	pub fn join(&mut self, page: &Self) {
		page.0.iter().for_each(|sum| self.add(*sum));
	}

	fn add(&mut self, more: PotSum) {
		for sum in self.0.iter_mut().filter(|sum| sum.pot == more.pot) {
			sum.held = sum.held.saturating_add(more.held);
			sum.owed = sum.owed.saturating_add(more.owed);
		}
	}
}

/// What is read one after the other. Indices are part of the encoding and never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Ledger {
	/// What is read at once: the issuance, the account of test fees, the class pools.
	#[default]
	#[codec(index = 0)]
	Totals,
	/// The balances of accounts.
	#[codec(index = 1)]
	Accounts,
	/// What accounts have on hold.
	#[codec(index = 2)]
	Holds,
	/// The registry's nodes.
	#[codec(index = 3)]
	Nodes,
	/// Storage deals and proposals.
	#[codec(index = 4)]
	Deals,
	/// Payment channels.
	#[codec(index = 5)]
	Channels,
	/// Disputes.
	#[codec(index = 6)]
	Disputes,
	/// Lines.
	#[codec(index = 7)]
	Lines,
	/// Who has earned rewards.
	#[codec(index = 8)]
	Earners,
	/// Who stakes.
	#[codec(index = 9)]
	Stakers,
}

impl Ledger {
	/// The one after it.
	pub const fn next(self) -> Option<Self> {
		match self {
			Self::Totals => Some(Self::Accounts),
			Self::Accounts => Some(Self::Holds),
			Self::Holds => Some(Self::Nodes),
			Self::Nodes => Some(Self::Deals),
			Self::Deals => Some(Self::Channels),
			Self::Channels => Some(Self::Disputes),
			Self::Disputes => Some(Self::Lines),
			Self::Lines => Some(Self::Earners),
			Self::Earners => Some(Self::Stakers),
			Self::Stakers => None,
		}
	}
}

/// Where the next page begins. Clients hand it back as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PotsCursor {
	/// The ledger.
	pub ledger: Ledger,
	/// The storage key after which it goes on, `None` at its beginning.
	pub after: Option<Vec<u8>>,
}

/// A part of all records. Only the sums over all pages of one block say anything.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PotsPage {
	/// The records that were read.
	pub records: u32,
	/// What they add up to.
	pub sums: PotSums,
	/// Where the next page begins; `None` if this is the last one.
	pub next: Option<PotsCursor>,
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::collections::BTreeSet;

	#[test]
	fn sums_name_every_pot_once() {
		let pots: BTreeSet<_> = Pot::ALL.into_iter().collect();

		assert_eq!(pots.len(), Pot::ALL.len());
		assert_eq!(pots.len(), usize::from(Pot::Reserved.encode()[0]) + 1, "an index without a place in ALL");
		assert!(PotSums::default().0.iter().map(|sum| sum.pot).eq(pots));
	}

	#[test]
	fn ledgers_are_read_once_each_in_the_order_of_their_indices() {
		let order: Vec<_> = core::iter::successors(Some(Ledger::default()), |ledger| ledger.next()).collect();

		assert!(order.iter().map(|ledger| ledger.encode()[0]).eq(0..=Ledger::Stakers.encode()[0]));
	}

	#[test]
	fn pot_is_covered_to_the_unit_unless_it_may_hold_more() {
		let covered = |pot, held, owed| PotSum { pot, held, owed }.is_covered();

		for pot in Pot::ALL {
			assert!(covered(pot, 5, 5) && !covered(pot, 4, 5), "{pot:?}");
			assert_eq!(covered(pot, 6, 5), matches!(pot, Pot::TestFees | Pot::Rewards | Pot::Reserved), "{pot:?}");
		}
	}

	#[test]
	fn pages_add_up() {
		let (mut all, mut page) = (PotSums::default(), PotSums::default());
		page.hold(Pot::Escrow, 3);
		page.owe(Pot::Escrow, 2);
		all.join(&page);
		all.join(&page);
		all.owe(Pot::Rewards, Balance::MAX);
		all.owe(Pot::Rewards, 1);

		let sum = |pot| all.0.iter().find(|sum| sum.pot == pot).copied();
		assert_eq!(sum(Pot::Escrow), Some(PotSum { pot: Pot::Escrow, held: 6, owed: 4 }));
		assert_eq!(sum(Pot::Rewards), Some(PotSum { pot: Pot::Rewards, held: 0, owed: Balance::MAX }));
		assert_eq!(sum(Pot::Accounts), Some(PotSum { pot: Pot::Accounts, held: 0, owed: 0 }));
	}
}
