//! Who is reported for two blocks in one slot, and who is not.

use sp_consensus_babe::{AuthorityId, Slot};
use sp_core::crypto::UncheckedFrom;
use sp_runtime::traits::Header as _;
use substation_service::{equivocations::Authored, Hash, Header};

fn author(seed: u8) -> AuthorityId {
	sp_core::sr25519::Public::unchecked_from([seed; 32]).into()
}

fn header(state: u8) -> Header {
	Header::new(7, Hash::zero(), Hash::repeat_byte(state), Hash::zero(), Default::default())
}

#[test]
fn two_blocks_of_one_author_in_one_slot_are_a_proof() {
	let mut authored = Authored::default();

	assert_eq!(authored.note(Slot::from(10), author(1), header(1)), None);
	let proof = authored.note(Slot::from(10), author(1), header(2)).expect("the second header differs");

	assert_eq!((proof.offender, proof.slot), (author(1), Slot::from(10)));
	assert_eq!((proof.first_header, proof.second_header), (header(1), header(2)));
}

#[test]
fn a_third_block_is_not_reported_again() {
	let mut authored = Authored::default();
	for state in 1..=2 {
		authored.note(Slot::from(10), author(1), header(state));
	}

	assert_eq!(authored.note(Slot::from(10), author(1), header(3)), None);
	assert_eq!(authored.note(Slot::from(10), author(1), header(1)), None);
}

#[test]
fn the_same_block_again_other_slots_and_other_authors_are_honest() {
	let mut authored = Authored::default();
	for (slot, seed, state) in [(10, 1, 1), (10, 1, 1), (11, 1, 2), (10, 2, 2), (9, 1, 3)] {
		assert_eq!(authored.note(Slot::from(slot), author(seed), header(state)), None, "slot {slot}, author {seed}");
	}
}

#[test]
fn slots_of_the_last_thousand_are_remembered_and_no_older_ones() {
	let mut authored = Authored::default();
	for slot in [1, 2] {
		authored.note(Slot::from(slot), author(1), header(1));
	}
	authored.note(Slot::from(1_002), author(1), header(1));

	assert_eq!(authored.note(Slot::from(1), author(1), header(2)), None);
	assert!(authored.note(Slot::from(2), author(1), header(2)).is_some());
}
