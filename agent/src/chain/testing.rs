//! A node of a chain that answers from a table.

use crate::chain::{client::Chain, error::ChainError};
use codec::{Decode, Encode};
use scale_info::{form::PortableForm, Field, TypeDef};
use serde_json::{json, Value};
use std::{
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard},
};
use substation_runtime::{Runtime, VERSION};
use subxt::{
	ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed},
	rpcs::{
		client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT},
		Error, RpcClient, UserError,
	},
};

/// The only block of this chain, unless a test finalises others.
const BLOCK: [u8; 32] = [7; 32];
/// Its height.
const HEIGHT: u32 = 100;
/// The format of the metadata.
const FORMAT: u32 = 15;

/// The node. Clones are the same one.
#[derive(Clone)]
pub(crate) struct FakeNode(Arc<Mutex<State>>);

struct State {
	/// What calls of the runtime answer, by their whole names.
	answers: HashMap<String, Vec<u8>>,
	/// The runtime's version, as RPC tells it.
	spec: u32,
	apis: Value,
	/// Its metadata, and in which formats it is said to come.
	metadata: Vec<u8>,
	formats: Vec<u32>,
	submitted: usize,
	/// The final block; blocks of other heights are [`BLOCK`], unless they are among these.
	finalised: (u32, [u8; 32]),
	blocks: HashMap<u32, Option<[u8; 32]>>,
	is_syncing: bool,
}

impl State {
	/// What a function of the runtime answers, if there is one.
	fn call(&self, function: &str, arguments: &Value) -> Option<Vec<u8>> {
		match function {
			"Core_version" => {
				let mut version = VERSION;
				version.spec_version = self.spec;
				Some(version.encode())
			}
			"Metadata_metadata_versions" => Some(self.formats.encode()),
			"Metadata_metadata_at_version" => {
				let is_known = *arguments == json!(format!("0x{}", hex::encode(FORMAT.encode())));
				Some(is_known.then_some(&self.metadata).encode())
			}
			other => self.answers.get(other).cloned(),
		}
	}
}

impl FakeNode {
	/// Serves this repository's runtime, and no page yet.
	pub(crate) fn new() -> Self {
		// Some constants are read from the state, where an empty one has its defaults.
		let metadata = sp_io::TestExternalities::default().execute_with(|| Runtime::metadata_at_version(FORMAT));
		let answers = HashMap::from([("BabeApi_configuration".to_owned(), 6_000u64.encode())]);
		Self(Arc::new(Mutex::new(State {
			answers,
			spec: VERSION.spec_version,
			apis: Self::apis(),
			metadata: metadata.expect("the runtime has metadata in this format").to_vec(),
			formats: vec![FORMAT],
			submitted: 0,
			finalised: (HEIGHT, BLOCK),
			blocks: HashMap::new(),
			is_syncing: false,
		})))
	}

	/// The APIs of this repository's runtime.
	pub(crate) fn apis() -> Value {
		VERSION.apis.iter().map(|(id, version)| json!([format!("0x{}", hex::encode(id)), version])).collect()
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.0.lock().expect("no test has panicked with it")
	}

	/// What a method of the runtime API answers from now on.
	pub(crate) fn serve(&self, method: &str, answer: Vec<u8>) {
		self.state().answers.insert(format!("SubstationApi_{method}"), answer);
	}

	/// A method of the runtime API that is not there from now on.
	pub(crate) fn forget(&self, method: &str) {
		self.state().answers.remove(&format!("SubstationApi_{method}"));
	}

	/// This is the final block from now on.
	pub(crate) fn finalise(&self, height: u32, hash: [u8; 32]) {
		let mut state = self.state();
		state.finalised = (height, hash);
		state.blocks.insert(height, Some(hash));
	}

	/// What the node has at a height from now on.
	pub(crate) fn has_block(&self, height: u32, hash: Option<[u8; 32]>) {
		self.state().blocks.insert(height, hash);
	}

	/// Whether the node is catching up from now on.
	pub(crate) fn syncs(&self, is_syncing: bool) {
		self.state().is_syncing = is_syncing;
	}

	/// The runtime has changed, and names these versions of its APIs.
	pub(crate) fn upgrade(&self, apis: Value) {
		let mut state = self.state();
		(state.spec, state.apis) = (state.spec + 1, apis);
	}

	/// The runtime has changed, and takes other arguments for a call.
	pub(crate) fn change_call(&self, pallet: &str, call: &str, change: impl FnOnce(&mut Vec<Field<PortableForm>>)) {
		let mut state = self.state();
		let mut whole = RuntimeMetadataPrefixed::decode(&mut &state.metadata[..]).expect("it is well-formed");
		let RuntimeMetadata::V15(metadata) = &mut whole.1 else { panic!("it is in another format") };
		let pallet = metadata.pallets.iter().find(|known| known.name == pallet).expect("there is such a pallet");
		let calls = pallet.calls.as_ref().expect("it has calls").ty.id as usize;
		let TypeDef::Variant(calls) = &mut metadata.types.types[calls].ty.type_def else { panic!("calls are an enum") };
		let call = calls.variants.iter_mut().find(|known| known.name == call).expect("there is such a call");
		change(&mut call.fields);
		(state.spec, state.metadata) = (state.spec + 1, whole.encode());
	}

	/// The formats in which the metadata is said to come from now on. It comes in one.
	pub(crate) fn serve_metadata_in(&self, formats: &[u32]) {
		self.state().formats = formats.to_vec();
	}

	/// Transactions that were handed in.
	pub(crate) fn submitted(&self) -> usize {
		self.state().submitted
	}

	/// A connection to it.
	pub(crate) async fn connect(&self) -> Result<Chain, ChainError> {
		Chain::over("ws://fake", RpcClient::new(self.clone()), None).await
	}

	/// The height of a block by its hash.
	fn height(&self, block: &Value, hash: impl Fn([u8; 32]) -> Value) -> u32 {
		let state = self.state();
		let (height, finalised) = state.finalised;
		if *block == hash(finalised) {
			height
		} else {
			HEIGHT
		}
	}

	fn answer(&self, method: &str, params: &Value) -> Result<Value, Error> {
		let hash = |bytes: [u8; 32]| json!(format!("0x{}", hex::encode(bytes)));
		let unknown = |what: &str| Error::User(UserError { code: -32601, message: format!("no {what}"), data: None });
		match method {
			"chain_getBlockHash" => {
				let height = params[0].as_u64().and_then(|height| u32::try_from(height).ok());
				let known = height.and_then(|height| self.state().blocks.get(&height).copied());
				Ok(known.unwrap_or(Some(BLOCK)).map_or(Value::Null, hash))
			}
			"chain_getFinalizedHead" => Ok(hash(self.state().finalised.1)),
			"system_health" => Ok(json!({ "peers": 1, "isSyncing": self.state().is_syncing, "shouldHavePeers": true })),
			"chain_getHeader" => Ok(json!({
				"parentHash": hash([6; 32]),
				"number": format!("0x{:x}", self.height(&params[0], hash)),
				"stateRoot": hash([5; 32]),
				"extrinsicsRoot": hash([4; 32]),
				"digest": { "logs": [] },
			})),
			"state_getRuntimeVersion" => {
				let state = self.state();
				let transaction = VERSION.transaction_version;
				Ok(json!({ "specVersion": state.spec, "transactionVersion": transaction, "apis": state.apis }))
			}
			"state_call" => {
				let function = params[0].as_str().unwrap_or_default();
				let answer = self.state().call(function, &params[1]).ok_or_else(|| unknown(function))?;
				Ok(json!(format!("0x{}", hex::encode(answer))))
			}
			"author_submitExtrinsic" => {
				self.state().submitted += 1;
				Ok(hash([3; 32]))
			}
			other => Err(unknown(other)),
		}
	}
}

impl RpcClientT for FakeNode {
	fn request_raw<'a>(&'a self, method: &'a str, params: Option<Box<RawValue>>) -> RawRpcFuture<'a, Box<RawValue>> {
		let params = params.map_or(Value::Null, |params| serde_json::from_str(params.get()).expect("it is JSON"));
		let answer = self.answer(method, &params);
		let answer = answer.map(|value| RawValue::from_string(value.to_string()).expect("it is JSON"));
		Box::pin(std::future::ready(answer))
	}

	fn subscribe_raw<'a>(
		&'a self,
		sub: &'a str,
		_: Option<Box<RawValue>>,
		_: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		let refusal = UserError { code: -32601, message: format!("no {sub}"), data: None };
		Box::pin(std::future::ready(Err(Error::User(refusal))))
	}
}
