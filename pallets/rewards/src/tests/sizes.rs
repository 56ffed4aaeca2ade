//! Encodings that others rely on, and what is kept for each earner.

use crate::{mock::*, EarnerOf, EraState, Pool, Pools, Record};
use codec::{Encode, MaxEncodedLen};
use frame_support::traits::WhitelistedStorageKeys;
use substation_primitives::{rewards::YIELD_ONE, settings::STN};

#[test]
fn an_earner_is_a_tag_and_a_node_or_an_account() {
	assert_eq!(storage(NODE).encode(), [0, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
	assert_eq!(bandwidth(NODE).encode(), [0, 7, 0, 0, 0, 0, 0, 0, 0, 1]);
	assert_eq!(payee(2).encode(), [1, 2, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_claim_is_pallet_call_and_nodes() {
	let call = RuntimeCall::Rewards(crate::Call::claim { nodes: vec![NODE].try_into().unwrap() });

	assert_eq!(call.encode(), [40, 0, 4, 7, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn errors_and_events_keep_their_indices() {
	assert_eq!((Error::NothingToClaim.encode(), Error::CannotReceive.encode()), (vec![0], vec![1]));
	let budgeted = Event::EraBudgeted { era: 1, budget: 0, validators: 0, storage: 0, bandwidth: 0, treasury: 0 };
	let claimed = Event::Claimed { earner: payee(1), to: 1, amount: 1 };
	assert_eq!((budgeted.encode()[0], claimed.encode()[0]), (0, 1));
}

#[test]
fn what_is_kept_is_small() {
	assert!(Record::max_encoded_len() <= 90, "{}", Record::max_encoded_len());
	assert!(EraState::max_encoded_len() <= 168, "{}", EraState::max_encoded_len());
	assert_eq!(Pools::default().encoded_size(), crate::closed::PLACE);
	let full = Pool { units: u128::MAX, budget: u128::MAX };
	assert_eq!(Pools { storage: full, bandwidth: full }.encoded_size(), crate::closed::PLACE);
	assert!(EarnerOf::<Test>::max_encoded_len() <= 33);

	let busy = Record {
		era: 400,
		units: 8 * STN,
		pending: 100 * STN,
		current: Some(crate::Current { since: 1, due: 2, yields: YIELD_ONE, bond: 1_000 * STN }),
	};
	assert!(busy.encoded_size() <= 45, "{}", busy.encoded_size());
}

#[test]
fn only_what_every_block_touches_is_left_out_of_benchmarks() {
	let mut keys: Vec<_> = Rewards::whitelisted_storage_keys().into_iter().map(|key| key.key).collect();
	let mut hot: Vec<_> =
		[crate::Closed::<Test>::hashed_key(), crate::Era::<Test>::hashed_key(), crate::Supply::<Test>::hashed_key()]
			.map(|key| key.to_vec())
			.to_vec();
	keys.sort();
	hot.sort();

	assert_eq!(keys, hot);
}
