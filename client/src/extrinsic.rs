//! Byte layouts of transactions.
//!
//! The agent writes them itself because a general transaction, which carries free calls, is what no wallet library
//! builds yet, and because the list of extensions is fixed; [`ensure_known`] refuses a runtime that differs.

use crate::{account::AccountKey, error::ChainError};
use codec::{Compact, Decode, Encode};
use substation_proofs::{Hasher, NativeHasher};
use subxt::{
	metadata::Metadata,
	utils::{Era, H256},
};

/// The transaction extensions in the runtime's order.
pub const EXTENSIONS: [&str; 11] = [
	"AuthorizeCall",
	"CheckNonZeroSender",
	"CheckSpecVersion",
	"CheckTxVersion",
	"CheckGenesis",
	"CheckMortality",
	"CheckNonce",
	"CheckWeight",
	"ChargeTransactionPayment",
	"CheckMetadataHash",
	"WeightReclaim",
];

/// Version 5, preamble of a general transaction.
const GENERAL: u8 = 0x45;
/// Version 4, preamble of a signed transaction.
const SIGNED: u8 = 0x84;
/// The version of the list of extensions.
const EXTENSION_VERSION: u8 = 0;
/// `CheckMetadataHash` switched off.
const NO_METADATA_HASH: u8 = 0;
/// Longer payloads are hashed before they are signed.
const MAX_PLAIN_PAYLOAD: usize = 256;

/// What a signature covers besides the call.
#[derive(Clone, Copy, Debug)]
pub struct Context {
	/// Version of the runtime.
	pub spec_version: u32,
	/// Version of the calls' encodings.
	pub transaction_version: u32,
	/// Hash of the chain's first block.
	pub genesis: H256,
	/// How long the transaction may live.
	pub era: Era,
	/// The block at which that time begins.
	pub checkpoint: H256,
	/// The signer's next number.
	pub nonce: u64,
}

/// Errors unless the runtime's extensions are the ones that this program knows how to fill.
pub fn ensure_known(metadata: &Metadata) -> Result<(), ChainError> {
	difference(metadata).map_or(Ok(()), |difference| Err(ChainError::Incompatible(difference)))
}

/// What is different about the runtime's extensions; `None` if they are the ones that this program knows how to fill.
pub fn difference(metadata: &Metadata) -> Option<String> {
	let Some(extensions) = metadata.extrinsic().transaction_extensions_by_version(EXTENSION_VERSION) else {
		return Some("its transactions have no extensions of version 0".into());
	};
	let found: Vec<String> = extensions.map(|extension| extension.identifier().to_owned()).collect();
	different_names(&found)
}

fn different_names(found: &[String]) -> Option<String> {
	(found != EXTENSIONS).then(|| format!("its transaction extensions are {}", found.join(", ")))
}

/// A free call's transaction: no signer, no nonce, no tip. `era` only makes attempts differ.
pub fn general(era: Era, call: &[u8]) -> Vec<u8> {
	let mut body = vec![GENERAL, EXTENSION_VERSION];
	encode_extra(era, 0, &mut body);
	body.extend_from_slice(call);
	with_length(&body)
}

/// The call of a free call's transaction; `None` of any other one.
pub fn general_call(transaction: &[u8]) -> Option<&[u8]> {
	let mut rest = transaction;
	Compact::<u32>::decode(&mut rest).ok()?;
	let mut rest = rest.strip_prefix(&[GENERAL, EXTENSION_VERSION])?;
	<(Era, Compact<u64>, Compact<u128>, u8)>::decode(&mut rest).ok()?;
	Some(rest)
}

/// A signed transaction that pays no tip.
pub fn signed(context: &Context, call: &[u8], key: &AccountKey) -> Vec<u8> {
	let signature = key.sign(&signed_payload(context, call));
	let mut body = vec![SIGNED];
	// `MultiAddress::Id` and `MultiSignature::Sr25519`.
	(0u8, key.account(), 1u8, signature).encode_to(&mut body);
	encode_extra(context.era, context.nonce, &mut body);
	body.extend_from_slice(call);
	with_length(&body)
}

/// What the signer signs.
fn signed_payload(context: &Context, call: &[u8]) -> Vec<u8> {
	let mut payload = call.to_vec();
	encode_extra(context.era, context.nonce, &mut payload);
	let implicit =
		(context.spec_version, context.transaction_version, context.genesis, context.checkpoint, NO_METADATA_HASH);
	implicit.encode_to(&mut payload);
	if payload.len() > MAX_PLAIN_PAYLOAD {
		NativeHasher::blake2_256(&payload).to_vec()
	} else {
		payload
	}
}

/// The extensions that have something to say: mortality, nonce, tip, metadata hash.
fn encode_extra(era: Era, nonce: u64, output: &mut Vec<u8>) {
	(era, Compact(nonce), Compact(0u128), NO_METADATA_HASH).encode_to(output);
}

fn with_length(body: &[u8]) -> Vec<u8> {
	let mut bytes = Compact(u32::try_from(body.len()).unwrap_or(u32::MAX)).encode();
	bytes.extend_from_slice(body);
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn general_transaction_has_the_documented_layout() {
		let call = [32u8, 0, 7, 7, 7];

		let immortal = general(Era::Immortal, &call);
		let mortal = general(Era::mortal(32, 100), &call);

		assert_eq!(immortal, [11 << 2, 0x45, 0, 0, 0, 0, 0, 32, 0, 7, 7, 7]);
		// Period 32 is 2^5: low bits 4; phase 100 mod 32 = 4 in the high twelve bits.
		assert_eq!(mortal, [12 << 2, 0x45, 0, 0x44, 0, 0, 0, 0, 32, 0, 7, 7, 7]);
	}

	#[test]
	fn general_transactions_of_neighbouring_blocks_differ() {
		assert_ne!(general(Era::mortal(32, 100), &[1]), general(Era::mortal(32, 101), &[1]));
	}

	#[test]
	fn long_transactions_carry_their_length_in_more_bytes() {
		let bytes = general(Era::Immortal, &[9; 100]);

		assert_eq!(&bytes[..3], &[((106u16 << 2) | 1) as u8, ((106u16 << 2) >> 8) as u8, 0x45]);
		assert_eq!(bytes.len(), 2 + 106);
	}

	fn context() -> Context {
		Context {
			spec_version: 3,
			transaction_version: 2,
			genesis: H256([1; 32]),
			era: Era::mortal(64, 5),
			checkpoint: H256([2; 32]),
			nonce: 1,
		}
	}

	#[test]
	fn signed_transaction_has_the_documented_layout_and_a_good_signature() {
		let key = AccountKey::from_uri("//Alice").unwrap();
		let call = [6u8, 0, 1];

		let bytes = signed(&context(), &call, &key);

		let body = &bytes[2..];
		assert_eq!((body[0], body[1]), (0x84, 0));
		assert_eq!(&body[2..34], &key.account().0);
		assert_eq!(body[34], 1);
		let signature = subxt_signer::sr25519::Signature(body[35..99].try_into().unwrap());
		assert_eq!(&body[99..], &[0x55, 0, 4, 0, 0, 6, 0, 1]);
		let public = subxt_signer::sr25519::PublicKey(key.account().0);
		assert!(subxt_signer::sr25519::verify(&signature, signed_payload(&context(), &call), &public));
	}

	#[test]
	fn signed_payload_is_call_extra_and_implicit_and_hashed_when_long() {
		let short = signed_payload(&context(), &[6, 0]);
		let long = signed_payload(&context(), &[6; 300]);

		assert_eq!(&short[..7], &[6, 0, 0x55, 0, 4, 0, 0]);
		assert_eq!(&short[7..15], &[3, 0, 0, 0, 2, 0, 0, 0]);
		assert_eq!(short.len(), 7 + 8 + 64 + 1);
		assert_eq!(long.len(), 32);
	}

	#[test]
	fn runtime_with_an_unknown_extension_is_noticed() {
		let known: Vec<String> = EXTENSIONS.iter().map(|name| (*name).to_owned()).collect();
		let mut more = known.clone();
		more.push("ChargeAssetTxPayment".into());

		assert_eq!(different_names(&known), None);
		assert!(different_names(&more).is_some_and(|text| text.ends_with("WeightReclaim, ChargeAssetTxPayment")));
		assert!(different_names(&known[1..]).is_some());
	}
}
