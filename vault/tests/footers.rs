//! Footers: opened by whoever may, refused otherwise.

use proptest::prelude::*;
use substation_vault::{
	footer::{self, Footer, FOOTER},
	keys::Secret,
	Plan, RepairKey, Salt, Scheme, ShardNumber,
};

use crate::common::{derive, name, pack_of_rows, root_key, seal, Packed};

fn footer(packed: &Packed, shard: usize) -> Vec<u8> {
	let bytes = &packed.shards[shard];
	bytes[bytes.len() - FOOTER..].to_vec()
}

/// A footer with this content, by the specification.
fn forged(repair: &RepairKey, salt: [u8; 32], shard: u8, content: &[u8]) -> Vec<u8> {
	let key = derive("footer", &[repair.secret().expose(), &[shard]]);
	let clear = [&[1][..], &salt, &derive("check", &[&key])[..16]].concat();
	let mut plain = content.to_vec();
	plain.resize(FOOTER - 49 - 16, 0);
	[clear.clone(), seal(&key, [0; 12], &clear, &plain)].concat()
}

fn content(shard: u8, plan: &Plan) -> Vec<u8> {
	[&[shard][..], &plan.to_bytes()].concat()
}

#[test]
fn footers_are_made_as_specified() {
	for scheme in Scheme::ALL {
		let packed = pack_of_rows(scheme, 1, 1);
		let plan = &packed.plan;
		let salt_key = derive("salt", &[packed.keys.secret().expose()]);
		let salt = *blake3::keyed_hash(&salt_key, &[&[1][..], &plan.to_bytes()].concat()).as_bytes();
		let repair = packed.keys.repair_key(&Salt(salt));
		for shard in 0..scheme.n() {
			let expected = forged(&repair, salt, shard, &content(shard, plan));
			assert!(footer(&packed, shard.into()) == expected, "{shard}");
		}
	}
}

#[test]
fn footer_says_what_the_shard_is() {
	let packed = pack_of_rows(Scheme::EIGHT_OF_20, 1, 2);
	let salt = packed.keys.salt(&packed.plan);
	let repair = packed.keys.repair_key(&salt);
	for shard in 0..20 {
		let bytes = footer(&packed, shard.into());
		let expected = Footer { shard: ShardNumber(shard), salt, plan: packed.plan };

		assert_eq!(Footer::open_as_owner(&bytes, &packed.keys).unwrap(), expected);
		assert_eq!(Footer::open(&bytes, &repair).unwrap(), expected);
		assert_eq!(footer::salt(&bytes).unwrap(), salt);
	}
}

#[test]
fn wrong_key_is_not_damage() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let bytes = footer(&packed, 2);

	assert_eq!(name(Footer::open_as_owner(&bytes, &root_key(8))), "WrongKey");
	assert_eq!(name(Footer::open(&bytes, &RepairKey::from(Secret::from([1; 32])))), "WrongKey");
	let mut damaged = bytes;
	damaged[500] ^= 1;
	assert_eq!(name(Footer::open_as_owner(&damaged, &packed.keys)), "NotAuthentic");
}

#[test]
fn every_flipped_byte_is_refused() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let bytes = footer(&packed, 2);
	let repair = packed.keys.repair_key(&packed.keys.salt(&packed.plan));
	for at in 0..FOOTER {
		let mut damaged = bytes.clone();
		damaged[at] ^= 0x10;
		let expected: &[&str] = match at {
			0 => &["VersionTooNew"],
			1..=48 => &["WrongKey", "NotAuthentic"],
			_ => &["NotAuthentic"],
		};
		for opened in [name(Footer::open_as_owner(&damaged, &packed.keys)), name(Footer::open(&damaged, &repair))] {
			assert!(expected.contains(&&opened[..]), "{at}: {opened}");
		}
	}
}

#[test]
fn truncated_footer_is_refused() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let bytes = footer(&packed, 2);
	for length in [0, 1, 33, 49, 65, FOOTER - 1] {
		assert_eq!(name(Footer::open_as_owner(&bytes[..length], &packed.keys)), "Length", "{length}");
	}
	assert_eq!(name(Footer::open_as_owner(&[&bytes[..], &[0]].concat(), &packed.keys)), "Length");
}

#[test]
fn other_versions_are_refused_by_name() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let mut bytes = footer(&packed, 2);

	bytes[0] = 2;
	assert_eq!(name(Footer::open_as_owner(&bytes, &packed.keys)), "VersionTooNew");
	assert_eq!(name(Footer::open_as_owner(&bytes[..100], &packed.keys)), "VersionTooNew", "whatever its length");
	bytes[0] = 0;
	assert_eq!(name(Footer::open_as_owner(&bytes, &packed.keys)), "VersionUnknown");
}

#[test]
fn lies_in_a_good_footer_are_refused() {
	let packed = pack_of_rows(Scheme::EIGHT_OF_20, 1, 1);
	let salt = packed.keys.salt(&packed.plan);
	let repair = packed.keys.repair_key(&salt);
	let opened = |change: &dyn Fn(&mut Vec<u8>)| {
		let mut content = content(3, &packed.plan);
		change(&mut content);
		name(Footer::open(&forged(&repair, salt.0, 3, &content), &repair))
	};
	let number =
		|at: usize, value: u32| move |content: &mut Vec<u8>| content[at..at + 4].copy_from_slice(&value.to_le_bytes());

	assert_eq!(opened(&|_| ()), "no error");
	assert_eq!(opened(&|content| content[0] = 4), "OtherShard");
	assert_eq!(opened(&|content| content.push(1)), "Encoding");
	assert_eq!(opened(&|content| content[1] = 0), "UnknownScheme");
	assert_eq!(opened(&|content| content[2] = 7), "UnknownScheme");
	assert_eq!(opened(&|content| content[2] = 255), "UnknownScheme");
	assert_eq!(opened(&|content| content[1..3].copy_from_slice(&[1, 3])), "UnknownShard");
	assert_eq!(opened(&|content| content[1..3].copy_from_slice(&[16, 40])), "PlanImpossible");
	assert_eq!(opened(&number(3, 0)), "PlanImpossible");
	for units in [0, 1, 7, u32::MAX, 1 << 31, 262_152] {
		assert_eq!(opened(&number(7, units)), "PlanImpossible", "{units}");
	}
	for delta in [8, 100, u32::MAX] {
		assert_eq!(opened(&number(11, delta)), "PlanImpossible", "{delta}");
	}
	for length in [0, 31, 32, 47, u32::MAX] {
		assert_eq!(opened(&number(15, length)), "PlanImpossible", "{length}");
	}
}

#[test]
fn salt_of_another_plan_is_noticed_by_the_owner() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let salt = packed.keys.salt(&packed.plan);
	let mut plan = packed.plan;
	plan.hash[0] ^= 1;
	let footer = Footer { shard: ShardNumber(1), salt, plan };
	let repair = packed.keys.repair_key(&salt);
	let bytes = footer.seal(&repair).unwrap();

	assert_eq!(Footer::open(&bytes, &repair).unwrap(), footer);
	assert_eq!(name(Footer::open_as_owner(&bytes, &packed.keys)), "SaltMismatch");
}

#[test]
fn footers_of_other_packs_and_shards_are_told_apart() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let other = pack_of_rows(Scheme::TWO_OF_6, 2, 1);
	let footer = Footer::open_as_owner(&footer(&packed, 2), &packed.keys).unwrap();

	assert_eq!(name(footer.ensure_is(&packed.plan, ShardNumber(2))), "no error");
	assert_eq!(name(footer.ensure_is(&packed.plan, ShardNumber(3))), "OtherShard");
	assert_eq!(name(footer.ensure_is(&other.plan, ShardNumber(2))), "OtherPack");
}

#[test]
fn shard_outside_of_the_scheme_gets_no_footer() {
	let packed = pack_of_rows(Scheme::TWO_OF_6, 1, 1);
	let salt = packed.keys.salt(&packed.plan);
	let repair = packed.keys.repair_key(&salt);
	let footer = Footer { shard: ShardNumber(6), salt, plan: packed.plan };

	assert_eq!(name(footer.seal(&repair)), "UnknownShard");
	let forged = forged(&repair, salt.0, 6, &content(6, &packed.plan));
	assert_eq!(name(Footer::open(&forged, &repair)), "UnknownShard");
}

proptest! {
	#[test]
	fn strange_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000), full: bool) {
		let mut bytes = bytes;
		if full {
			bytes.resize(FOOTER, 0);
			bytes[0] = 1;
		}
		prop_assert!(Footer::open_as_owner(&bytes, &root_key(1)).is_err());
	}
}
