//! Money and accounts: balances, fees, proxies, multisignatures, identities.

use crate::{
	configs::{rewards::BlockAuthor, ProxyType},
	constants::{deposit, DEPOSIT_PER_BYTE, DEPOSIT_PER_ITEM, EXISTENTIAL_DEPOSIT, FEE_PER_PICOSECOND},
	fees::{CongestedLength, FullerResource},
	governance, Balance, Balances, Runtime, RuntimeCall, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason,
	Signature, System,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU8, LinearStoragePrice, VariantCountOf},
	weights::ConstantMultiplier,
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::{
	traits::{BlakeTwo256, Verify},
	FixedPointNumber, Perquintill,
};

parameter_types! {
	pub const PreimageBaseDeposit: Balance = DEPOSIT_PER_ITEM;
	pub const PreimageByteDeposit: Balance = DEPOSIT_PER_BYTE;
}

/// What a preimage costs as long as it is kept.
pub(super) type DepositPerPreimage = LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>;

impl pallet_balances::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type WeightInfo = crate::weights::pallet_balances::WeightInfo<Runtime>;
	type Balance = Balance;
	// Nothing is destroyed for being small.
	type DustRemoval = governance::ToTreasury;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
	type ReserveIdentifier = [u8; 8];
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type DoneSlashHandler = ();
}

parameter_types! {
	/// Fees rise while blocks are fuller than this.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	/// How fast they rise and fall: by at most a third in a day of full blocks of six seconds.
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(3, 100_000);
	/// They never fall below the base price.
	pub MinimumMultiplier: Multiplier = Multiplier::from_u32(1);
	/// Nor rise above a thousand times that, which takes three weeks of full blocks.
	pub MaximumMultiplier: Multiplier = Multiplier::from_u32(1_000);
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	// A share of each fee is destroyed, the author gets the rest and the tip.
	type OnChargeTransaction = FungibleAdapter<Balances, pallet_rewards::SplitFees<Runtime, BlockAuthor>>;
	type WeightToFee = ConstantMultiplier<Balance, ConstU128<FEE_PER_PICOSECOND>>;
	type LengthToFee = CongestedLength;
	type FeeMultiplierUpdate = FullerResource<
		TargetedFeeAdjustment<Self, TargetBlockFullness, AdjustmentVariable, MinimumMultiplier, MaximumMultiplier>,
	>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ConstU128<{ deposit(1, 8) }>;
	type ProxyDepositFactor = ConstU128<{ deposit(0, 37) }>;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = crate::weights::pallet_proxy::WeightInfo<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = ConstU128<{ deposit(1, 8) }>;
	type AnnouncementDepositFactor = ConstU128<{ deposit(0, 68) }>;
	type BlockNumberProvider = System;
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = ConstU128<{ deposit(1, 88) }>;
	type DepositFactor = ConstU128<{ deposit(0, 32) }>;
	type MaxSignatories = ConstU32<100>;
	type WeightInfo = crate::weights::pallet_multisig::WeightInfo<Runtime>;
	type BlockNumberProvider = System;
}

impl pallet_identity::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type BasicDeposit = ConstU128<{ deposit(1, 17) }>;
	type ByteDeposit = ConstU128<DEPOSIT_PER_BYTE>;
	type UsernameDeposit = ConstU128<{ deposit(1, 64) }>;
	type SubAccountDeposit = ConstU128<{ deposit(1, 53) }>;
	type MaxSubAccounts = ConstU32<100>;
	type IdentityInformation = pallet_identity::legacy::IdentityInfo<ConstU32<16>>;
	type MaxRegistrars = ConstU32<20>;
	type Slashed = governance::OldSlashToTreasury;
	type ForceOrigin = governance::IdentityForceOrigin;
	type RegistrarOrigin = governance::RegistrarOrigin;
	type OffchainSignature = Signature;
	type SigningPublicKey = <Signature as Verify>::Signer;
	type UsernameAuthorityOrigin = governance::UsernameAuthorityOrigin;
	type PendingUsernameExpiration = ConstU32<{ 7 * 14_400 }>;
	type UsernameGracePeriod = ConstU32<{ 30 * 14_400 }>;
	type MaxSuffixLength = ConstU32<7>;
	type MaxUsernameLength = ConstU32<32>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
	type WeightInfo = crate::weights::pallet_identity::WeightInfo<Runtime>;
}
