//! Benchmarks: worst cases, with real signatures.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "only benchmarks and tests come here"
)]

use super::*;
use crate::types::VoucherSignature;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{fungible::Mutate, Authorize, Get},
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_core::{crypto::KeyTypeId, ed25519};
use substation_primitives::{channel::VoucherKey, traits::Treasury, Balance, ChannelId};
use substation_proofs::voucher::voucher_message;

const KEYS: KeyTypeId = KeyTypeId(*b"bnch");
const WEALTH: Balance = 1 << 100;
const DEPOSIT: Balance = 1 << 80;

fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let account = account(name, 0, 0);
	T::Currency::set_balance(&account, WEALTH);
	account
}

/// A payer's channel to a payee without an account.
struct Open<T: Config> {
	id: ChannelId,
	key: ed25519::Public,
	payer: T::AccountId,
	payee: T::AccountId,
}

impl<T: Config> Open<T> {
	fn channel() -> Result<Self, BenchmarkError> {
		T::Currency::set_balance(&T::Treasury::account(), WEALTH);
		let (id, key) = (NextChannelId::<T>::get(), sp_io::crypto::ed25519_generate(KEYS, None));
		let (payer, payee) = (rich::<T>("payer"), account::<T::AccountId>("payee", 0, 0));
		Pallet::<T>::do_open(payer.clone(), payee.clone(), key.0, DEPOSIT)?;
		Ok(Self { id, key, payer, payee })
	}

	/// In its grace, whose length is read for a redemption then.
	fn closing() -> Result<Self, BenchmarkError> {
		let channel = Self::channel()?;
		Pallet::<T>::do_start_closing(channel.payer.clone(), channel.id)?;
		Ok(channel)
	}

	fn voucher(&self, cumulative: Balance) -> Result<VoucherSignature, BenchmarkError> {
		let message = voucher_message(&Pallet::<T>::genesis(), self.id.0, cumulative);
		let signature = sp_io::crypto::ed25519_sign(KEYS, &self.key, &message).ok_or("the key was generated")?;
		Ok(signature.0)
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open() {
		let payer = rich::<T>("payer");
		let payee = account::<T::AccountId>("payee", 0, 0);
		let key: VoucherKey = [7; 32];
		let id = NextChannelId::<T>::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(payer), payee, key, DEPOSIT);

		assert!(Channels::<T>::contains_key(id));
	}

	#[benchmark]
	fn top_up() -> Result<(), BenchmarkError> {
		let channel = Open::<T>::channel()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(channel.payer), channel.id, DEPOSIT);

		assert!(Channels::<T>::get(channel.id).is_some_and(|record| record.deposit == 2 * DEPOSIT));
		Ok(())
	}

	#[benchmark]
	fn authorize_redeem() -> Result<(), BenchmarkError> {
		let channel = Open::<T>::closing()?;
		let cumulative = DEPOSIT / 2;
		let signature = channel.voucher(cumulative)?;
		let call = Call::<T>::redeem { channel: channel.id, cumulative, signature };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call authorises itself")??;
		}

		Ok(())
	}

	#[benchmark]
	fn redeem() -> Result<(), BenchmarkError> {
		let channel = Open::<T>::closing()?;
		let cumulative = DEPOSIT / 2;
		let signature = channel.voucher(cumulative)?;

		#[extrinsic_call]
		_(RawOrigin::Authorized, channel.id, cumulative, signature);

		assert!(Channels::<T>::get(channel.id).is_some_and(|record| record.spent == cumulative));
		Ok(())
	}

	#[benchmark]
	fn start_closing() -> Result<(), BenchmarkError> {
		let channel = Open::<T>::channel()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(channel.payer), channel.id);

		assert!(Channels::<T>::get(channel.id).is_some_and(|record| record.closing.is_some()));
		Ok(())
	}

	#[benchmark]
	fn finish_closing() -> Result<(), BenchmarkError> {
		let channel = Open::<T>::channel()?;
		Pallet::<T>::do_start_closing(channel.payer.clone(), channel.id)?;
		let after = Pallet::<T>::now().saturating_add(T::Grace::get());
		frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(after));

		#[extrinsic_call]
		_(RawOrigin::Signed(channel.payer), channel.id);

		assert!(!Channels::<T>::contains_key(channel.id));
		Ok(())
	}

	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let channel = Open::<T>::channel()?;

		#[extrinsic_call]
		_(RawOrigin::Signed(channel.payee), channel.id);

		assert!(!Channels::<T>::contains_key(channel.id));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder.build_with_keystore(), crate::mock::Test);
}
