//! Bytes that others rely on: extrinsics, indices, metadata.

use crate::chain::{free, scenario};
use codec::{Compact, Decode, Encode};
use frame_support::traits::{GetCallIndex, GetCallName, PalletInfoAccess};
use sp_runtime::generic::Era;
use substation_primitives::{rewards::Earner, NodeId, Period, ResourceClass};
use substation_runtime::{transactions, *};

fn prove_call() -> RuntimeCall {
	pallet_storage_proofs::Call::prove { node: NodeId(3), period: Period(4), proof: Default::default() }.into()
}

#[test]
fn a_free_call_is_a_general_transaction_of_these_bytes() {
	let extension = transactions::extension(Era::mortal(16, 100), 0, 0);
	let encoded = UncheckedExtrinsic::new_transaction(prove_call(), extension).encode();

	let mut body = vec![0x45, 0x00];
	body.extend(Era::mortal(16, 100).encode());
	body.extend([0x00, 0x00, 0x00]);
	body.extend(prove_call().encode());
	let mut expected = Compact(u32::try_from(body.len()).unwrap()).encode();
	expected.extend(body);
	assert_eq!(encoded, expected);
}

#[test]
fn an_immortal_free_call_has_an_era_of_one_byte() {
	let extension = transactions::extension(Era::Immortal, 0, 0);
	let encoded = UncheckedExtrinsic::new_transaction(prove_call(), extension).encode();

	let length = Compact::<u32>::decode(&mut &encoded[..]).unwrap().encode().len();
	assert_eq!(encoded[length..length + 6], [0x45, 0, 0, 0, 0, 0]);
	assert_eq!(encoded[length + 6..], prove_call().encode());
}

/// The example of `docs/prover.md`, which `checks/prover` makes, too.
#[test]
fn the_example_for_other_provers_is_a_free_call() {
	let extension = transactions::extension(Era::mortal(8, 98), 0, 0);
	let encoded = UncheckedExtrinsic::new_transaction(prove_call(), extension).encode();

	let head = [0x68, 0x45, 0x00, 0x22, 0x00, 0x00, 0x00, 0x00, 32, 0];
	let arguments = [3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0];
	assert_eq!(encoded, [&head[..], &arguments, &[0; 5]].concat());
}

#[test]
fn free_calls_of_storage_keep_their_indices() {
	fn index<Call: GetCallName + GetCallIndex>(name: &str) -> u8 {
		let mut calls = Call::get_call_names().iter().zip(Call::get_call_indices());
		calls.find(|(known, _)| **known == name).map(|(_, index)| *index).unwrap()
	}

	assert_eq!(index::<pallet_storage_proofs::Call<Runtime>>("prove"), 0);
	assert_eq!(index::<pallet_storage_market::Call<Runtime>>("accept"), 2);
	assert_eq!(index::<pallet_storage_market::Call<Runtime>>("clear"), 3);
	assert_eq!(index::<pallet_disputes::Call<Runtime>>("answer_by_agent"), 2);
}

#[test]
fn a_proving_call_starts_with_its_indices_and_its_ticket() {
	let encoded = prove_call().encode();

	assert_eq!(encoded[..14], [32, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]);
}

#[test]
fn a_claim_is_its_indices_and_a_list_of_nodes() {
	let nodes = vec![NodeId(3), NodeId(4)].try_into().unwrap();
	let call: RuntimeCall = pallet_rewards::Call::claim { nodes }.into();

	assert_eq!(call.encode(), [40, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn earners_keep_their_encoding() {
	let node = |class| Earner::<AccountId>::Node { node: NodeId(3), class };
	let payee = Earner::Payee(AccountId::new([7; 32]));

	assert_eq!(node(ResourceClass::Storage).encode(), [0, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
	assert_eq!(node(ResourceClass::Bandwidth).encode(), [0, 3, 0, 0, 0, 0, 0, 0, 0, 1]);
	assert_eq!(payee.encode(), [&[1][..], &[7; 32]].concat());
}

#[test]
fn rewards_are_the_last_of_the_settings() {
	let settings = pallet_settings::Call::<Runtime>::set_rewards { settings: Default::default() };

	assert_eq!(RuntimeCall::from(settings).encode()[..2], [2, 6]);
}

#[test]
fn pallets_keep_their_indices() {
	let indices = [
		(System::index(), 0),
		(Pace::index(), 1),
		(Settings::index(), 2),
		(Timestamp::index(), 3),
		(Babe::index(), 4),
		(Authorship::index(), 5),
		(Balances::index(), 6),
		(TransactionPayment::index(), 7),
		(Staking::index(), 8),
		(Session::index(), 9),
		(Historical::index(), 10),
		(Grandpa::index(), 11),
		(Offences::index(), 12),
		(VoterList::index(), 13),
		(Preimage::index(), 14),
		(Scheduler::index(), 15),
		(Utility::index(), 16),
		(Proxy::index(), 17),
		(Multisig::index(), 18),
		(Identity::index(), 19),
		(Democracy::index(), 20),
		(Council::index(), 21),
		(TechnicalCommittee::index(), 22),
		(Elections::index(), 23),
		(Treasury::index(), 24),
		(Disputes::index(), 25),
		(TxPause::index(), 26),
		(MultiBlockMigrations::index(), 27),
		(Registry::index(), 30),
		(StorageMarket::index(), 31),
		(StorageProofs::index(), 32),
		(BandwidthProofs::index(), 33),
		(PaymentChannels::index(), 34),
		(Rewards::index(), 40),
	];
	for (index, expected) in indices {
		assert_eq!(index, expected);
	}
}

#[test]
fn session_keys_are_grandpa_then_babe() {
	let keys = SessionKeys {
		grandpa: sp_keyring::Ed25519Keyring::Alice.public().into(),
		babe: sp_keyring::Sr25519Keyring::Alice.public().into(),
	};

	let expected =
		[sp_keyring::Ed25519Keyring::Alice.to_raw_public(), sp_keyring::Sr25519Keyring::Alice.to_raw_public()];
	assert_eq!(keys.encode(), expected.concat());
}

#[test]
fn metadata_comes_in_every_version_that_clients_read() {
	scenario(|| {
		for version in [14, 15, 16] {
			assert!(Runtime::metadata_versions().contains(&version), "version {version}");
			let metadata = Runtime::metadata_at_version(version).expect("the version is listed");
			assert_eq!(metadata[..4], *b"meta");
			assert_eq!(u32::from(metadata[4]), version);
		}
	});
}

#[test]
fn the_off_chain_worker_makes_what_an_agent_makes() {
	use frame_system::offchain::CreateAuthorizedTransaction;
	scenario(|| {
		type Local = pallet_storage_proofs::Call<Runtime>;
		let made = <Runtime as CreateAuthorizedTransaction<Local>>::create_authorized_transaction(prove_call());
		let (made, agents) = (made.encode(), free(prove_call()).encode());

		// They differ in nothing but the block at which they were born.
		assert_eq!(made.len(), agents.len());
		assert_eq!(made[6..], agents[6..]);
	});
}
