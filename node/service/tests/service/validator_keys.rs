//! Which proofs of ownership will be accepted, and what the registering call looks like.
//!
//! Making the keys takes a runtime, so that part is tested where there is one, in `e2e`.

use codec::Encode;
use sp_core::{
	crypto::{key_types, KeyTypeId},
	ed25519,
	proof_of_possession::statement_of_ownership,
	sr25519, Pair,
};
use sp_runtime::AccountId32;
use substation_service::validator_keys::{proves_ownership, set_keys_call};

const OWNER: AccountId32 = AccountId32::new([7; 32]);

/// A set of keys, and its proof for `owner`.
fn keys_of(owner: &AccountId32) -> (Vec<(Vec<u8>, KeyTypeId)>, Vec<u8>) {
	let (babe, grandpa) = (sr25519::Pair::from_seed(&[1; 32]), ed25519::Pair::from_seed(&[2; 32]));
	let statement = statement_of_ownership(&owner.encode());
	let keys = vec![(grandpa.public().0.to_vec(), key_types::GRANDPA), (babe.public().0.to_vec(), key_types::BABE)];
	let proof = [grandpa.sign(&statement).0, babe.sign(&statement).0].concat();
	(keys, proof)
}

#[test]
fn a_signature_by_every_key_proves_ownership() {
	let (keys, proof) = keys_of(&OWNER);

	assert!(proves_ownership(&keys, &OWNER, &proof));
}

#[test]
fn a_proof_for_somebody_else_proves_nothing() {
	let (keys, proof) = keys_of(&AccountId32::new([8; 32]));

	assert!(!proves_ownership(&keys, &OWNER, &proof));
}

#[test]
fn a_proof_with_missing_swapped_or_extra_signatures_proves_nothing() {
	let (keys, proof) = keys_of(&OWNER);
	let (first, second) = proof.split_at(64);

	assert!(!proves_ownership(&keys, &OWNER, first));
	assert!(!proves_ownership(&keys, &OWNER, &[second, first].concat()));
	assert!(!proves_ownership(&keys, &OWNER, &[&proof[..], &[0]].concat()));
	assert!(!proves_ownership(&[], &OWNER, &[]));
}

#[test]
fn the_call_is_pallet_call_keys_and_a_counted_proof() {
	let keys = [3; 64];
	let proof = [4; 128];

	let call = set_keys_call(&keys, &proof);

	// 128 as a compact number takes two octets: 128 << 2 | 1, least significant first.
	assert_eq!(call, [&[9, 0][..], &keys, &[0x01, 0x02], &proof].concat());
}
