#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests only")]

pub mod pages;

use codec::{Decode, Encode};
use pages::DealView;
use parking_lot::{Mutex, MutexGuard};
use scale_info::{form::PortableForm, Field, TypeDef};
use serde_json::{json, Value};
use std::{collections::HashMap, sync::Arc};
use substation_primitives::{DealId, NodeId};
use substation_runtime::{Runtime, VERSION};
use subxt::{
	ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed},
	metadata::Metadata,
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
#[allow(missing_debug_implementations, reason = "a node of a test")]
pub struct FakeNode(Arc<Mutex<State>>);

struct State {
	/// What calls of the runtime answer, by their whole names.
	answers: HashMap<String, Vec<u8>>,
	/// What they answer at single blocks, by the block's hash in hex and the whole name.
	answers_at: HashMap<(String, String), Vec<u8>>,
	/// The runtime's version, as RPC tells it.
	spec: u32,
	apis: Value,
	/// Its metadata, and in which formats it is said to come.
	metadata: Vec<u8>,
	formats: Vec<u32>,
	submitted: usize,
	/// What was asked, in order: RPC methods, or what they call in the runtime with its arguments.
	calls: Vec<(String, Vec<u8>)>,
	/// The deals of the node, in the order in which pages bring them; none are served page by page if this is empty.
	deals: Vec<DealView>,
	/// The final block; blocks of other heights are [`BLOCK`], unless they are among these.
	finalised: (u32, [u8; 32]),
	blocks: HashMap<u32, Option<[u8; 32]>>,
	is_syncing: bool,
	/// What kind of chain it is.
	chain_type: Value,
	peers: usize,
	/// Transactions of blocks by their hash, in hex; other blocks have none.
	bodies: HashMap<String, Vec<String>>,
}

/// The metadata of this repository's runtime.
pub fn metadata() -> Metadata {
	Metadata::decode_from(&opaque_metadata()).expect("they are well-formed")
}

fn opaque_metadata() -> Vec<u8> {
	// Some constants are read from the state, where an empty one has its defaults.
	let metadata = sp_io::TestExternalities::default().execute_with(|| Runtime::metadata_at_version(FORMAT));
	metadata.expect("the runtime has metadata in this format").to_vec()
}

fn hex_of(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// The arguments of a call in the runtime.
fn arguments(params: &Value) -> Vec<u8> {
	let text = params[1].as_str().unwrap_or_default();
	hex::decode(text.trim_start_matches("0x")).unwrap_or_default()
}

impl State {
	/// What a function of the runtime answers at a block, if there is one.
	fn call_at(&self, block: &str, function: &str, arguments: &[u8]) -> Option<Vec<u8>> {
		let at_block = self.answers_at.get(&(block.to_owned(), function.to_owned()));
		at_block.cloned().or_else(|| self.call(function, arguments))
	}

	/// What a function of the runtime answers, if there is one.
	fn call(&self, function: &str, arguments: &[u8]) -> Option<Vec<u8>> {
		match function {
			"Core_version" => {
				let mut version = VERSION;
				version.spec_version = self.spec;
				Some(version.encode())
			}
			"Metadata_metadata_versions" => Some(self.formats.encode()),
			"Metadata_metadata_at_version" => {
				let is_known = arguments == FORMAT.encode();
				Some(is_known.then_some(&self.metadata).encode())
			}
			other => self.deals(other, arguments).or_else(|| self.answers.get(other).cloned()),
		}
	}

	/// What a call about deals answers, if deals are served.
	fn deals(&self, function: &str, arguments: &[u8]) -> Option<Vec<u8>> {
		let deals = &self.deals;
		if deals.is_empty() {
			return None;
		}
		match function {
			"SubstationApi_deal_page" => {
				let id = DealId::decode(&mut &arguments[..]).ok()?;
				Some(deals.iter().find(|page| page.id == id).encode())
			}
			"SubstationApi_deals_of_node" => {
				let (_, after, most) = <(NodeId, Option<DealId>, u32)>::decode(&mut &arguments[..]).ok()?;
				let from =
					after.and_then(|after| deals.iter().position(|page| page.id == after)).map_or(0, |at| at + 1);
				Some(deals.iter().skip(from).take(most as usize).collect::<Vec<_>>().encode())
			}
			_ => None,
		}
	}
}

impl FakeNode {
	/// Serves this repository's runtime, and no page yet.
	#[allow(clippy::new_without_default, reason = "a node that is there is no default")]
	pub fn new() -> Self {
		let answers = HashMap::from([("BabeApi_configuration".to_owned(), 6_000u64.encode())]);
		Self(Arc::new(Mutex::new(State {
			answers,
			answers_at: HashMap::new(),
			spec: VERSION.spec_version,
			apis: Self::apis(),
			metadata: opaque_metadata(),
			formats: vec![FORMAT],
			submitted: 0,
			calls: Vec::new(),
			deals: Vec::new(),
			finalised: (HEIGHT, BLOCK),
			blocks: HashMap::new(),
			is_syncing: false,
			peers: 1,
			bodies: HashMap::new(),
			chain_type: json!("Development"),
		})))
	}

	/// The APIs of this repository's runtime.
	pub fn apis() -> Value {
		VERSION.apis.iter().map(|(id, version)| json!([hex_of(id), version])).collect()
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.0.lock()
	}

	/// What a method of the runtime API answers from now on.
	pub fn serve(&self, method: &str, answer: Vec<u8>) {
		self.state().answers.insert(format!("SubstationApi_{method}"), answer);
	}

	/// What a method of the runtime API answers at one block from now on, whatever it answers elsewhere.
	pub fn serve_at(&self, block: [u8; 32], method: &str, answer: Vec<u8>) {
		self.state().answers_at.insert((hex_of(&block), format!("SubstationApi_{method}")), answer);
	}

	/// A method of the runtime API that is not there from now on.
	pub fn forget(&self, method: &str) {
		self.state().answers.remove(&format!("SubstationApi_{method}"));
	}

	/// How often a method of the runtime API was asked for, but for calls that [`asked`](Self::asked) has told.
	pub fn times_asked(&self, method: &str) -> usize {
		let is_meant = |call: &str| call.strip_prefix("SubstationApi_") == Some(method);
		self.state().calls.iter().filter(|(call, _)| is_meant(call)).count()
	}

	/// Serves these deals, by pages and one by one.
	pub fn serve_deals(&self, deals: Vec<DealView>) {
		self.state().deals = deals;
	}

	/// The arguments of all calls of a method of the runtime API since this was asked last. They are forgotten.
	pub fn asked(&self, method: &str) -> Vec<Vec<u8>> {
		let mut found = Vec::new();
		self.state().calls.retain(|(call, arguments)| {
			let is_meant = call.strip_prefix("SubstationApi_") == Some(method);
			if is_meant {
				found.push(arguments.clone());
			}
			!is_meant
		});
		found
	}

	/// This is the final block from now on.
	pub fn finalise(&self, height: u32, hash: [u8; 32]) {
		let mut state = self.state();
		state.finalised = (height, hash);
		state.blocks.insert(height, Some(hash));
	}

	/// What the node has at a height from now on.
	pub fn has_block(&self, height: u32, hash: Option<[u8; 32]>) {
		self.state().blocks.insert(height, hash);
	}

	/// Whether the node is catching up from now on.
	pub fn syncs(&self, is_syncing: bool) {
		self.state().is_syncing = is_syncing;
	}

	/// How many peers the node has from now on; it should have some.
	pub fn has_peers(&self, peers: usize) {
		self.state().peers = peers;
	}

	/// The block at a height has this hash and these transactions.
	pub fn has_body(&self, height: u32, hash: [u8; 32], transactions: &[Vec<u8>]) {
		self.has_block(height, Some(hash));
		let transactions = transactions.iter().map(|bytes| hex_of(bytes)).collect();
		self.state().bodies.insert(hex_of(&hash), transactions);
	}

	/// The chain is of this type from now on.
	pub fn is_of_type(&self, chain_type: Value) {
		self.state().chain_type = chain_type;
	}

	/// The runtime has changed, and names these versions of its APIs.
	pub fn upgrade(&self, apis: Value) {
		let mut state = self.state();
		(state.spec, state.apis) = (state.spec + 1, apis);
	}

	/// The runtime has changed, and takes other arguments for a call.
	pub fn change_call(&self, pallet: &str, call: &str, change: impl FnOnce(&mut Vec<Field<PortableForm>>)) {
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
	pub fn serve_metadata_in(&self, formats: &[u32]) {
		self.state().formats = formats.to_vec();
	}

	/// Transactions that were handed in.
	pub fn submitted(&self) -> usize {
		self.state().submitted
	}

	/// What was asked until now: RPC methods, or what they call in the runtime.
	pub fn calls(&self) -> Vec<String> {
		self.state().calls.iter().map(|(call, _)| call.clone()).collect()
	}

	/// A connection to it.
	pub fn rpc(&self) -> RpcClient {
		RpcClient::new(self.clone())
	}

	/// A block's header, of which only the height is looked at.
	fn header(&self, params: &Value) -> Value {
		let (height, finalised) = self.state().finalised;
		let height = if params[0] == hex_of(&finalised) { height } else { HEIGHT };
		json!({
			"parentHash": hex_of(&[6; 32]),
			"number": format!("0x{height:x}"),
			"stateRoot": hex_of(&[5; 32]),
			"extrinsicsRoot": hex_of(&[4; 32]),
			"digest": { "logs": [] },
		})
	}

	fn answer(&self, method: &str, params: &Value) -> Result<Value, Error> {
		let hash = |bytes: [u8; 32]| json!(hex_of(&bytes));
		let unknown = |what: &str| Error::User(UserError { code: -32601, message: format!("no {what}"), data: None });
		match method {
			"chain_getBlockHash" => {
				let height = params[0].as_u64().and_then(|height| u32::try_from(height).ok());
				let known = height.and_then(|height| self.state().blocks.get(&height).copied());
				Ok(known.unwrap_or(Some(BLOCK)).map_or(Value::Null, hash))
			}
			"chain_getFinalizedHead" => Ok(hash(self.state().finalised.1)),
			"system_chainType" => Ok(self.state().chain_type.clone()),
			"system_health" => {
				let state = self.state();
				Ok(json!({ "peers": state.peers, "isSyncing": state.is_syncing, "shouldHavePeers": true }))
			}
			"chain_getBlock" => {
				let hash = params[0].as_str().unwrap_or_default();
				let transactions = self.state().bodies.get(hash).cloned().unwrap_or_default();
				Ok(
					json!({ "block": { "header": self.header(params), "extrinsics": transactions }, "justifications": null }),
				)
			}
			"chain_getHeader" => Ok(self.header(params)),
			"state_getRuntimeVersion" => {
				let state = self.state();
				let transaction = VERSION.transaction_version;
				Ok(json!({ "specVersion": state.spec, "transactionVersion": transaction, "apis": state.apis }))
			}
			"state_call" => {
				let function = params[0].as_str().unwrap_or_default();
				let block = params[2].as_str().unwrap_or_default();
				let answer = self.state().call_at(block, function, &arguments(params));
				let answer = answer.ok_or_else(|| unknown(function))?;
				Ok(json!(hex_of(&answer)))
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
		let (call, arguments) = match method {
			"state_call" => (params[0].as_str().unwrap_or(method), arguments(&params)),
			_ => (method, Vec::new()),
		};
		self.state().calls.push((call.to_owned(), arguments));
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
