//! Session keys of a validator, with the proof that they are its own.
//!
//! Registering session keys (`session.setKeys`) takes a proof: a signature of the owner's account by every one of the
//! keys, which only somebody who has the secrets can make. So keys, proof and owner belong together, and this command
//! makes them in one go: the runtime itself generates the keys into the node's keystore and signs, exactly as it does
//! for the RPC method `author_rotateKeysWithOwner`, but without a running node or an unsafe RPC port.

use crate::{chain_spec::NamedChain, cli::Cli, service::Executor, AccountId};
use codec::{Decode, Encode};
use sc_cli::{KeystoreParams, Result, SharedParams, SubstrateCli};
use sc_keystore::LocalKeystore;
use sc_service::{config::KeystoreConfig, BasePath, ChainSpec};
use sp_core::{
	crypto::{ByteArray, KeyTypeId, Ss58Codec},
	ed25519,
	proof_of_possession::statement_of_ownership,
	sr25519,
	storage::well_known_keys::CODE,
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	Bytes, Pair,
};
use sp_keystore::{KeystoreExt, KeystorePtr};
use sp_session::OpaqueGeneratedSessionKeys;
use std::path::PathBuf;

/// Index of the session pallet in the runtime.
pub const SESSION_PALLET: u8 = 9;

/// Index of `set_keys` in the session pallet.
pub const SET_KEYS: u8 = 0;

/// Make a validator's session keys, their proof of ownership, and the call that registers them.
///
/// The secrets go into the keystore of --base-path and --chain, where a node finds them without a restart; what is
/// printed is public. Every run makes a new set, and older ones stay in the keystore.
#[derive(Debug, Clone, clap::Parser)]
pub struct ValidatorKeysCmd {
	/// The account that will register the keys, which is the validator's stash.
	///
	/// The proof holds for this account only.
	#[arg(long, value_name = "SS58")]
	pub owner: AccountId,

	/// Print one JSON object instead of text.
	#[arg(long)]
	pub json: bool,

	/// Chain and base path.
	#[clap(flatten)]
	pub shared_params: SharedParams,

	/// Where the keystore is and its password.
	#[clap(flatten)]
	pub keystore_params: KeystoreParams,
}

/// One public key of a set.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PublicKey {
	/// What it signs for: `babe`, `gran`.
	pub purpose: String,
	/// The key.
	pub key: Bytes,
}

/// What registering a validator needs to know; nothing here is secret.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ValidatorKeys {
	/// The account that the proof is made for.
	pub owner: String,
	/// The keys one by one.
	pub public_keys: Vec<PublicKey>,
	/// The keys as `session.setKeys` takes them.
	pub keys: Bytes,
	/// The proof as `session.setKeys` takes it.
	pub proof: Bytes,
	/// `session.setKeys(keys, proof)`, encoded.
	pub call: Bytes,
	/// The folder that holds the secrets.
	pub keystore: PathBuf,
}

impl ValidatorKeysCmd {
	/// Makes the keys and prints what to do with them.
	pub fn run(&self, cli: &Cli) -> Result<()> {
		let chain = self.shared_params.chain_id(self.shared_params.is_dev());
		let spec = cli.load_spec(&chain)?;
		if self.shared_params.is_dev() && self.shared_params.base_path.is_none() {
			return Err("--dev keeps nothing: name the folder of the node with --base-path".into());
		}
		let base_path =
			self.shared_params.base_path()?.unwrap_or_else(|| BasePath::from_project("", "", &Cli::executable_name()));
		let KeystoreConfig::Path { path, password } =
			self.keystore_params.keystore_config(&base_path.config_dir(spec.id()))?
		else {
			return Err("the keystore must be a folder".into());
		};
		let keystore = LocalKeystore::open(path.clone(), password)?;
		let runtime = match NamedChain::find(&chain) {
			Some(_) => cli.node.wasm.to_vec(),
			None => runtime_of(&*spec)?,
		};
		let made = generate(runtime, keystore.into(), &self.owner, path)?;

		if self.json {
			println!("{}", serde_json::to_string_pretty(&made).map_err(|error| error.to_string())?);
		} else {
			print!("{}", made.explain(spec.id()));
		}
		Ok(())
	}
}

/// The runtime that a chain starts with, as it stands in the chain spec: the keys of the first validators are made
/// before the genesis is complete enough to be built.
fn runtime_of(spec: &dyn ChainSpec) -> Result<Vec<u8>> {
	let spec: serde_json::Value = serde_json::from_str(&spec.as_json(false)?).map_err(|error| error.to_string())?;
	let raw = format!("/genesis/raw/top/0x{}", hex::encode(CODE));
	let code = spec.pointer("/genesis/runtimeGenesis/code").or_else(|| spec.pointer(&raw));
	let code = code.and_then(serde_json::Value::as_str).ok_or("the chain spec has no runtime")?;
	Ok(hex::decode(code.trim_start_matches("0x")).map_err(|error| error.to_string())?)
}

/// Has a runtime make a set of session keys in the keystore, and checks that the chain will accept them.
pub fn generate(
	runtime: Vec<u8>,
	keystore: KeystorePtr,
	owner: &AccountId,
	keystore_path: PathBuf,
) -> Result<ValidatorKeys> {
	let runtime = Runtime { executor: Executor::builder().build(), code: runtime, keystore: keystore.clone() };
	// No seed: the keys are random.
	let arguments = (owner.encode(), Option::<Vec<u8>>::None);
	let generated: OpaqueGeneratedSessionKeys =
		runtime.call("SessionKeys_generate_session_keys", &arguments.encode())?;
	let public: Option<Vec<(Vec<u8>, KeyTypeId)>> =
		runtime.call("SessionKeys_decode_session_keys", &generated.keys.encode())?;
	let public = public.ok_or("the runtime does not understand its own session keys")?;

	if !keystore.has_keys(&public) {
		return Err("the keystore did not keep the keys".into());
	}
	if !proves_ownership(&public, owner, &generated.proof) {
		return Err("the proof of ownership is not one that the chain will accept".into());
	}
	Ok(ValidatorKeys {
		owner: owner.to_ss58check(),
		public_keys: public
			.into_iter()
			.map(|(key, KeyTypeId(purpose))| PublicKey {
				purpose: String::from_utf8_lossy(&purpose).into_owned(),
				key: key.into(),
			})
			.collect(),
		call: set_keys_call(&generated.keys, &generated.proof).into(),
		keys: generated.keys.into(),
		proof: generated.proof.into(),
		keystore: keystore_path,
	})
}

/// `session.setKeys(keys, proof)`, encoded.
pub fn set_keys_call(keys: &[u8], proof: &[u8]) -> Vec<u8> {
	// The keys are a structure of fixed length, so their octets stand there as they are; the proof is a vector.
	[&[SESSION_PALLET, SET_KEYS], keys, proof.encode().as_slice()].concat()
}

/// Whether `proof` holds a signature of the owner by every key, in the keys' order: what `session.setKeys` checks.
pub fn proves_ownership(keys: &[(Vec<u8>, KeyTypeId)], owner: &AccountId, proof: &[u8]) -> bool {
	const SIGNATURE: usize = 64;
	let statement = statement_of_ownership(&owner.encode());
	let signed = |(key, purpose): &(Vec<u8>, KeyTypeId), signature: &[u8]| match *purpose {
		sp_core::crypto::key_types::GRANDPA => verify::<ed25519::Pair>(key, &statement, signature),
		_ => verify::<sr25519::Pair>(key, &statement, signature),
	};
	!keys.is_empty()
		&& proof.len() == keys.len() * SIGNATURE
		&& keys.iter().zip(proof.chunks(SIGNATURE)).all(|(key, signature)| signed(key, signature))
}

fn verify<P: Pair>(key: &[u8], statement: &[u8], signature: &[u8]) -> bool
where
	P::Signature: ByteArray,
{
	match (P::Public::from_slice(key), P::Signature::from_slice(signature)) {
		(Ok(key), Ok(signature)) => P::verify(&signature, statement, &key),
		_ => false,
	}
}

impl ValidatorKeys {
	/// What to do with the keys, in words.
	pub fn explain(&self, chain: &str) -> String {
		let hex = |bytes: &Bytes| format!("0x{}", hex::encode(&bytes.0));
		let keys: String =
			self.public_keys.iter().map(|key| format!("  {:<8}{}\n", key.purpose, hex(&key.key))).collect();
		format!(
			"Session keys for {owner} on the chain `{chain}`; the secrets are in\n  {keystore}\n\n\
			{keys}\n\
			keys\n  {all}\n\n\
			proof (holds for this account only)\n  {proof}\n\n\
			call: session.setKeys(keys, proof)\n  {call}\n\n\
			To register them, submit the call signed by {owner}, which pays a deposit for it:\n\
			- polkadot.js Apps: Developer, Extrinsics, Decode, paste the call, Submission, choose the account, submit;\n\
			- or there: session, setKeys(keys, proof), with keys and proof from above.\n\
			Then bond, and declare to validate: staking.bond and staking.validate. A node started with --validator on\n\
			this base path uses the keys from the second session after that; it needs no restart.\n",
			owner = self.owner,
			keystore = self.keystore.display(),
			all = hex(&self.keys),
			proof = hex(&self.proof),
			call = hex(&self.call),
		)
	}
}

/// A runtime with a keystore, for calls that need no state.
struct Runtime {
	executor: Executor,
	code: Vec<u8>,
	keystore: KeystorePtr,
}

impl Runtime {
	fn call<T: Decode>(&self, function: &str, arguments: &[u8]) -> Result<T> {
		let mut externalities = sp_io::TestExternalities::new_empty();
		externalities.register_extension(KeystoreExt::from(self.keystore.clone()));
		let fetcher = WrappedRuntimeCode(self.code.as_slice().into());
		let runtime_code = RuntimeCode {
			code_fetcher: &fetcher,
			heap_pages: None,
			hash: sp_io::hashing::blake2_256(&self.code).to_vec(),
		};
		let (answer, _native) =
			self.executor.call(&mut externalities.ext(), &runtime_code, function, arguments, CallContext::Offchain);
		let answer = answer.map_err(|error| format!("{function} failed: {error}"))?;
		Ok(T::decode(&mut answer.as_slice())?)
	}
}
