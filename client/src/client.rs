//! One connection to a node, and typed reads of the runtime's pages.

use crate::{account::AccountId, compatibility::Compatibility, error::ChainError};
use codec::{Decode, Encode};
use parking_lot::Mutex;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use substation_primitives::{
	bandwidth::{Committees, LinePage, TestId, TestPage},
	channel::ChannelPage,
	pages::{DealPage, NodePage, WindowPage},
	pots::{PotsCursor, PotsPage},
	rewards::{RewardPage, SupplyPage},
	settings::Settings,
	Balance, ChannelId, Clock, DealId, EndpointId, NodeId,
};
use substation_proofs::Hash;
use subxt::{
	backend::LegacyBackend,
	client::{ClientAtBlock, OnlineClientAtBlockImpl},
	config::RpcConfigFor,
	ext::scale_decode::DecodeAsType,
	rpcs::{
		client::reconnecting_rpc_client::{FixedInterval, RpcClient as Socket},
		methods::legacy::{LegacyRpcMethods, RuntimeVersion},
		RpcClient,
	},
	utils::H256,
	Config as _, Metadata, OnlineClient, SubstrateConfig,
};

/// Hash of a block.
pub type BlockHash = H256;
/// A node's page with accounts as this program names them.
pub type NodeView = NodePage<AccountId>;
/// A deal's page with accounts as this program names them.
pub type DealView = DealPage<AccountId>;
/// A payment channel's page with accounts as this program names them.
pub type ChannelView = ChannelPage<AccountId>;
/// What an earner has earned and not claimed, with accounts as this program names them.
pub type RewardView = RewardPage<AccountId>;
/// A client at one block, with the metadata in force there.
pub(crate) type AtBlock = ClientAtBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

/// The runtime API that answers this program.
const API: &str = "SubstationApi";
/// The newest format of metadata that the client library reads.
const METADATA_VERSION: u32 = 16;
/// Most rows that one page of the runtime API brings.
pub const PAGE: u32 = 500;
/// First pause between two attempts to connect; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long one attempt to connect may take: an address may swallow everything without an answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a failing attempt is reported.
const REPORT_EVERY: Duration = Duration::from_secs(5);
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to try to reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
	/// Until it answers.
	Forever,
	/// For so long.
	For(Duration),
}

impl Patience {
	/// What a command grants a node that is just starting.
	pub const COMMAND: Self = Self::For(Duration::from_secs(10));
}

/// What the runtime records of an account. Fields are found by their names in the metadata, and others are passed over.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Account {
	nonce: u32,
	data: Funds,
}

/// What an account has, besides its holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Funds {
	/// What is not on hold. Locks, such as those of votes, do not keep it from being put on hold.
	pub free: Balance,
	/// What is on hold.
	pub reserved: Balance,
	/// What the locks lock of free and held together.
	pub frozen: Balance,
}

impl Funds {
	/// What is there once so much more is on hold.
	pub fn holding(self, more: Balance) -> Self {
		Self { free: self.free.saturating_sub(more), reserved: self.reserved.saturating_add(more), ..self }
	}

	/// What fees and transfers can take: locks that holds do not cover stand in the way.
	pub fn spendable(&self) -> Balance {
		self.free.saturating_sub(self.frozen.saturating_sub(self.reserved))
	}
}

/// A connection to a node of the expected chain. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Chain {
	url: String,
	methods: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
	online: OnlineClient<SubstrateConfig>,
	/// Keeps metadata for `online`, by the versions of runtimes.
	config: SubstrateConfig,
	genesis: H256,
	/// The runtime that was looked at last.
	pub(super) compatibility: Arc<Mutex<Option<Arc<Compatibility>>>>,
}

impl Chain {
	/// Connects, trying again for as long as `patience` says and reporting every few seconds; then checks that the node
	/// follows the chain `expected` (if given). Whether this program fits the runtime is said when that matters: what it
	/// cannot send or read stops nothing else.
	pub async fn connect(url: &str, expected: Option<Hash>, patience: Patience) -> Result<Self, ChainError> {
		let started = Instant::now();
		let mut reported: Option<Instant> = None;
		let mut pause = FIRST_PAUSE;
		loop {
			let error = match Self::connect_once(url, expected).await {
				Err(error) if error.is_connection_lost() => error,
				other => return other,
			};
			match patience {
				Patience::For(limit) if started.elapsed() + pause > limit => return Err(error.after(started.elapsed())),
				_ => {}
			}
			if reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
				tracing::warn!(waiting_seconds = started.elapsed().as_secs(), "{error}; trying again");
				reported = Some(Instant::now());
			}
			tokio::time::sleep(pause).await;
			pause = (pause * 2).min(LONGEST_PAUSE);
		}
	}

	/// One attempt to connect, without retry. Takes [`ATTEMPT_TIMEOUT`] at most.
	pub async fn connect_once(url: &str, expected: Option<Hash>) -> Result<Self, ChainError> {
		let attempt = tokio::time::timeout(ATTEMPT_TIMEOUT, Self::open(url, expected)).await;
		attempt.unwrap_or_else(|_| {
			let reason = format!("no answer within {} seconds", ATTEMPT_TIMEOUT.as_secs());
			Err(ChainError::Unreachable { url: url.to_owned(), reason })
		})
	}

	async fn open(url: &str, expected: Option<Hash>) -> Result<Self, ChainError> {
		let unreachable = |reason: String| ChainError::Unreachable { url: url.to_owned(), reason };
		let socket = Socket::builder()
			.retry_policy(FixedInterval::from_millis(200).take(2))
			.request_timeout(REQUEST_TIMEOUT)
			.build(url)
			.await
			.map_err(|error| unreachable(root_cause(&error)))?;
		Self::over(url, RpcClient::new(socket), expected).await
	}

	/// The same over a connection that stands.
	pub async fn over(url: &str, rpc: RpcClient, expected: Option<Hash>) -> Result<Self, ChainError> {
		let unreachable = |reason: String| ChainError::Unreachable { url: url.to_owned(), reason };
		let (backend, config) =
			(LegacyBackend::<SubstrateConfig>::builder().build(rpc.clone()), SubstrateConfig::new());
		let online = OnlineClient::from_backend_with_config(config.clone(), Arc::new(backend)).await;
		let online = online.map_err(|error| unreachable(root_cause(&error)))?;
		let genesis = online.genesis_hash();
		if let Some(expected) = expected.filter(|expected| genesis.0 != *expected) {
			return Err(ChainError::WrongChain {
				url: url.to_owned(),
				expected: hex::encode(expected),
				found: hex::encode(genesis.0),
			});
		}
		let (url, methods, compatibility) = (url.to_owned(), LegacyRpcMethods::new(rpc), Arc::default());
		Ok(Self { url, methods, online, config, genesis, compatibility })
	}

	/// Hash of the chain's first block.
	pub fn genesis(&self) -> Hash {
		self.genesis.0
	}

	/// The address of the node.
	pub fn url(&self) -> &str {
		&self.url
	}

	pub(crate) fn methods(&self) -> &LegacyRpcMethods<RpcConfigFor<SubstrateConfig>> {
		&self.methods
	}

	/// The newest block of the best chain.
	pub async fn best(&self) -> Result<BlockHash, ChainError> {
		let best =
			self.methods.chain_get_block_hash(None).await.map_err(|error| self.rpc_error("the best block", error))?;
		best.ok_or_else(|| self.unreadable("the best block", "there is none"))
	}

	/// The newest finalised block.
	pub async fn finalised(&self) -> Result<BlockHash, ChainError> {
		self.methods.chain_get_finalized_head().await.map_err(|error| self.rpc_error("the finalised block", error))
	}

	/// The height of a block.
	pub async fn height(&self, block: BlockHash) -> Result<u32, ChainError> {
		let header = self
			.methods
			.chain_get_header(Some(block))
			.await
			.map_err(|error| self.rpc_error("a block's header", error))?;
		let header = header.ok_or_else(|| self.unreadable("a block's header", "there is none"))?;
		u32::try_from(header.number).map_err(|error| self.unreadable("a block's header", error))
	}

	/// The hash of the block at a height, `None` if the node does not have it.
	pub async fn hash_at(&self, height: u32) -> Result<Option<Hash>, ChainError> {
		let hash = self.methods.chain_get_block_hash(Some(height.into())).await;
		Ok(hash.map_err(|error| self.rpc_error("a block's hash", error))?.map(|hash| hash.0))
	}

	/// Whether the node is far behind the chain and catching up, or cannot know, since it has no peers and should have some.
	pub async fn is_syncing(&self) -> Result<bool, ChainError> {
		let health = self.methods.system_health().await;
		let health = health.map_err(|error| self.rpc_error("the node's health", error))?;
		Ok(health.is_syncing || (health.should_have_peers && health.peers == 0))
	}

	/// Whether the chain says of itself that it is for development: its tokens are worth nothing, and everybody knows the
	/// keys of its accounts.
	pub async fn is_for_development(&self) -> Result<bool, ChainError> {
		match self.methods.system_chain_type().await {
			Ok(kind) => Ok(matches!(kind.as_str(), "Development" | "Local")),
			// A type that is none of the usual ones is not a string.
			Err(subxt::rpcs::Error::Deserialization(_)) => Ok(false),
			Err(error) => Err(self.rpc_error("the chain's type", error)),
		}
	}

	/// How long a slot takes, in milliseconds: on average there is a block in each.
	pub async fn slot_millis(&self, block: BlockHash) -> Result<u64, ChainError> {
		// It is what the answer begins with.
		self.call("BabeApi_configuration", (), block).await
	}

	/// What the runtime of a block says of itself.
	pub(super) async fn runtime_version(&self, block: BlockHash) -> Result<RuntimeVersion, ChainError> {
		let version = self.methods.state_get_runtime_version(Some(block)).await;
		version.map_err(|error| self.rpc_error("the runtime's version", error))
	}

	/// A client at a block: brings the metadata in force there, so that runtime upgrades need no care.
	pub(crate) async fn at(&self, block: BlockHash) -> Result<AtBlock, ChainError> {
		self.bring_metadata(block).await?;
		self.online.at_block(block).await.map_err(|error| self.subxt_error("the runtime's metadata", &error))
	}

	/// Brings the metadata of a runtime that is new to the client library, which would ask for the newest format that the
	/// runtime knows: one that came with an upgrade it could not read.
	async fn bring_metadata(&self, block: BlockHash) -> Result<(), ChainError> {
		let runtime = self.runtime_version(block).await?.spec_version;
		if self.config.metadata_for_spec_version(runtime).is_some() {
			return Ok(());
		}
		let what = "Metadata_metadata_at_version";
		let formats: Vec<u32> = self.call("Metadata_metadata_versions", (), block).await?;
		let Some(format) = formats.into_iter().filter(|format| *format <= METADATA_VERSION).max() else {
			let reason = format!("its metadata comes in no format of version {METADATA_VERSION} or less");
			return Err(ChainError::Incompatible(reason));
		};
		let metadata: Option<Vec<u8>> = self.call(what, format, block).await?;
		let metadata = metadata.ok_or_else(|| self.unreadable(what, "there is none of a version that is listed"))?;
		let metadata = Metadata::decode_from(&metadata).map_err(|error| self.unreadable(what, error))?;
		self.config.set_metadata_for_spec_version(runtime, metadata.arc());
		Ok(())
	}

	/// Calls a function of the runtime on the state of `block`. What follows the answer that this program knows is passed
	/// over.
	async fn call<R: Decode>(&self, function: &str, arguments: impl Encode, block: BlockHash) -> Result<R, ChainError> {
		let answer = self.methods.state_call(function, Some(&arguments.encode()), Some(block)).await;
		let answer = answer.map_err(|error| self.rpc_error(function, error))?;
		R::decode(&mut &answer[..]).map_err(|error| self.unreadable(function, error))
	}

	/// Calls `SubstationApi_<method>`. A runtime whose answer differs in any way but by bytes at its end has a method of
	/// another name for it, which a runtime of long ago does not have: then the error says that it is old.
	async fn page<R: Decode>(&self, method: &str, arguments: impl Encode, block: BlockHash) -> Result<R, ChainError> {
		let error = match self.call(&format!("{API}_{method}"), arguments, block).await {
			Err(error) if !error.is_connection_lost() => error,
			outcome => return outcome,
		};
		match self.ensure_api(block).await {
			Err(too_old @ ChainError::NodeTooOld { .. }) => Err(too_old),
			_ => Err(error),
		}
	}

	/// Everything about a node, `None` if there is no such node.
	pub async fn node(&self, node: NodeId, block: BlockHash) -> Result<Option<NodeView>, ChainError> {
		self.page("node_page", node, block).await
	}

	/// The window of the node's running period.
	pub async fn window(&self, node: NodeId, block: BlockHash) -> Result<Option<WindowPage>, ChainError> {
		self.page("window", node, block).await
	}

	/// A deal, `None` if it has no record (any more).
	pub async fn deal(&self, deal: DealId, block: BlockHash) -> Result<Option<DealView>, ChainError> {
		self.page("deal_page", deal, block).await
	}

	/// The least bond with which a deal can be disputed, `None` if it cannot be.
	pub async fn least_bond(&self, deal: DealId, block: BlockHash) -> Result<Option<Balance>, ChainError> {
		self.page("least_dispute_bond", deal, block).await
	}

	/// A node's line, `None` if it holds no seats.
	pub async fn line_page(&self, node: NodeId, block: BlockHash) -> Result<Option<LinePage>, ChainError> {
		self.page("line_page", node, block).await
	}

	/// A committee test, `None` if it is forgotten or was never drawn.
	pub async fn test_page(&self, test: TestId, block: BlockHash) -> Result<Option<TestPage>, ChainError> {
		self.page("test_page", test, block).await
	}

	/// The test of a node's line that is running.
	pub async fn pending_test(&self, node: NodeId, block: BlockHash) -> Result<Option<TestPage>, ChainError> {
		self.page("pending_test", node, block).await
	}

	/// The tests in whose committee a node is and whose measurement is awaited: who is tested, and under which endpoint.
	pub async fn tests_of_member(
		&self,
		node: NodeId,
		block: BlockHash,
	) -> Result<Vec<(TestId, NodeId, EndpointId)>, ChainError> {
		self.page("tests_of_member", node, block).await
	}

	/// How committees are formed.
	pub async fn committees(&self, block: BlockHash) -> Result<Committees, ChainError> {
		self.page("committees", (), block).await
	}

	/// A payment channel, `None` if it has no record (any more).
	pub async fn channel(&self, channel: ChannelId, block: BlockHash) -> Result<Option<ChannelView>, ChainError> {
		self.page("channel_page", channel, block).await
	}

	/// What a node has earned and not claimed, by class; nothing for a class of which nothing is known.
	pub async fn rewards_of_node(&self, node: NodeId, block: BlockHash) -> Result<Vec<RewardView>, ChainError> {
		self.page("rewards_of_node", node, block).await
	}

	/// What an account has earned by delivering for vouchers and not claimed, `None` if nothing is known of it.
	pub async fn rewards_of_payee(
		&self,
		payee: &AccountId,
		block: BlockHash,
	) -> Result<Option<RewardView>, ChainError> {
		self.page("rewards_of_payee", payee, block).await
	}

	/// Where all tokens have come from and gone to.
	pub async fn supply_page(&self, block: BlockHash) -> Result<SupplyPage, ChainError> {
		self.page("supply_page", (), block).await
	}

	/// What pots hold and owe, of the records of one page.
	pub async fn pots_page(&self, after: Option<&PotsCursor>, block: BlockHash) -> Result<PotsPage, ChainError> {
		self.page("pots_page", (after, PAGE), block).await
	}

	/// All settings in force.
	pub async fn settings(&self, block: BlockHash) -> Result<Settings, ChainError> {
		self.page("settings", (), block).await
	}

	/// The chain's lengths of time.
	pub async fn clock(&self, block: BlockHash) -> Result<Clock, ChainError> {
		self.page("clock", (), block).await
	}

	/// Those deals of a node that are wanted, of all that have a record. Anybody makes records by proposing: those that are
	/// not wanted take no memory.
	pub async fn deals_of_node(
		&self,
		node: NodeId,
		block: BlockHash,
		wanted: impl Fn(&DealView) -> bool,
	) -> Result<Vec<DealView>, ChainError> {
		let (mut deals, mut after) = (Vec::new(), None);
		loop {
			let (page, next) = self.deals_page(node, after, block).await?;
			deals.extend(page.into_iter().filter(&wanted));
			after = next;
			if after.is_none() {
				return Ok(deals);
			}
		}
	}

	/// Some deals of a node, and the one after which more follow; `None` if there are no more.
	pub async fn deals_page(
		&self,
		node: NodeId,
		after: Option<DealId>,
		block: BlockHash,
	) -> Result<(Vec<DealView>, Option<DealId>), ChainError> {
		let page: Vec<DealView> = self.page("deals_of_node", (node, after, PAGE), block).await?;
		let next = page.last().map(|page| page.id).filter(|_| page.len() >= PAGE as usize);
		// Without an end to them the memory would fill. They come in the order of the state, which is not that of the ids.
		if next.is_some() && page.iter().any(|page| Some(page.id) == after) {
			return Err(self.unreadable("deals_of_node", "its pages do not go on"));
		}
		Ok((page, next))
	}

	/// Every registered node.
	pub async fn nodes(&self, block: BlockHash) -> Result<Vec<NodeView>, ChainError> {
		let mut nodes: Vec<NodeView> = Vec::new();
		loop {
			let after = nodes.last().map(|page| page.id);
			let page: Vec<NodeView> = self.page("nodes", (after, PAGE), block).await?;
			let is_last = page.len() < PAGE as usize;
			nodes.extend(page);
			if is_last {
				return Ok(nodes);
			}
		}
	}

	/// The nodes of an operator.
	pub async fn nodes_of(&self, operator: &AccountId, block: BlockHash) -> Result<Vec<NodeId>, ChainError> {
		let nodes = self.nodes(block).await?.into_iter();
		Ok(nodes.filter(|page| page.operator == *operator).map(|page| page.id).collect())
	}

	/// The node whose free calls `agent` signs.
	pub async fn node_of_agent(&self, agent: &[u8; 32], block: BlockHash) -> Result<Option<NodeId>, ChainError> {
		self.page("node_of_agent", agent, block).await
	}

	/// What an account has.
	pub async fn funds(&self, account: &AccountId) -> Result<Funds, ChainError> {
		Ok(self.account(account).await?.map_or_else(Funds::default, |found| found.data))
	}

	/// How many calls of an account the node has that are in no block of its best chain yet.
	pub async fn waiting_calls(&self, account: &AccountId) -> Result<u64, ChainError> {
		let used = self.account(account).await?.map_or(0, |found| found.nonce);
		let next = self.methods.system_account_next_index(account).await;
		let next = next.map_err(|error| self.rpc_error("the account's next nonce", error))?;
		Ok(next.saturating_sub(u64::from(used)))
	}

	async fn account(&self, account: &AccountId) -> Result<Option<Account>, ChainError> {
		let what = "an account's record";
		let at = self.at(self.best().await?).await?;
		let address = subxt::dynamic::storage::<(AccountId,), Account>("System", "Account");
		let value = at.storage().try_fetch(address, (*account,)).await;
		let Some(value) = value.map_err(|error| self.subxt_error(what, &error))? else { return Ok(None) };
		Ok(Some(value.decode().map_err(|error| self.unreadable(what, error))?))
	}

	pub(crate) fn unreadable(&self, what: &str, reason: impl ToString) -> ChainError {
		ChainError::Unreadable { what: what.to_owned(), reason: reason.to_string() }
	}

	pub(crate) fn rpc_error(&self, what: &str, error: subxt::rpcs::Error) -> ChainError {
		match error {
			subxt::rpcs::Error::User(refusal) => {
				let data = refusal.data.as_ref().map(|data| format!(": {}", data.get().trim_matches('"')));
				let reason = format!("{}{}", refusal.message, data.unwrap_or_default());
				ChainError::Refused { what: what.to_owned(), reason }
			}
			error @ (subxt::rpcs::Error::Deserialization(_) | subxt::rpcs::Error::Decode(_)) => {
				self.unreadable(what, error)
			}
			error => ChainError::Unreachable { url: self.url.clone(), reason: root_cause(&error) },
		}
	}

	/// Sorts an error of the client library. Its types hide the RPC failure inside, so only their words tell.
	pub(crate) fn subxt_error(&self, what: &str, error: &(dyn std::error::Error + 'static)) -> ChainError {
		let reason = error.to_string().replace('\n', " ");
		let is_transport = ["RPC error", "connection", "timeout", "dropped"].iter().any(|word| reason.contains(word));
		if is_transport && !reason.contains("User error") {
			ChainError::Unreachable { url: self.url.clone(), reason }
		} else {
			self.unreadable(what, reason)
		}
	}
}

/// The innermost error's words, on one line.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
	let mut cause = error;
	while let Some(source) = cause.source() {
		cause = source;
	}
	cause.to_string().replace('\n', " ")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::connect;
	use substation_fake_node::{
		pages::{deal, node, window},
		FakeNode,
	};
	use substation_primitives::ResourceClass;

	async fn refused(url: &str) -> String {
		let patience = Patience::For(Duration::from_millis(600));
		let error = Chain::connect(url, None, patience).await.map(drop).unwrap_err();
		assert!(error.is_connection_lost());
		error.to_string()
	}

	#[tokio::test]
	async fn deals_are_read_page_by_page_in_whatever_order_the_state_has_them() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let block = chain.best().await.unwrap();
		let mut deals: Vec<DealView> = (0..1_200).map(|id| DealView { id: DealId(id), ..deal() }).collect();
		deals.sort_by_key(|page| page.id.0.to_le_bytes());

		fake.serve_deals(deals.clone());
		assert_eq!(chain.deals_of_node(node().id, block, |_| true).await.unwrap(), deals);
		let wanted = chain.deals_of_node(node().id, block, |page| page.id.0 % 600 == 7).await.unwrap();
		assert_eq!(wanted.iter().map(|page| page.id.0).collect::<Vec<_>>(), [7, 607]);

		// A node that begins again and again.
		fake.serve_deals(Vec::new());
		fake.serve("deals_of_node", deals.get(..500).unwrap().encode());
		let error = chain.deals_of_node(node().id, block, |_| true).await.unwrap_err();
		assert!(error.to_string().contains("its pages do not go on"), "{error}");
	}

	#[test]
	fn locks_take_from_what_can_be_spent_only_what_holds_do_not_cover() {
		let spendable = |free, reserved, frozen| Funds { free, reserved, frozen }.spendable();

		assert_eq!(spendable(10, 0, 4), 6);
		// An operator who votes with everything: the bond covers the lock.
		assert_eq!(spendable(10, 100, 100), 10);
		assert_eq!(spendable(10, 100, 104), 6);
		assert_eq!(spendable(10, 100, 1_000), 0);
		// What is put on hold covers as much of the lock as it takes.
		assert_eq!(Funds { free: 10, reserved: 0, frozen: 4 }.holding(3).spendable(), 6);
	}

	#[tokio::test]
	async fn command_gives_up_on_an_address_where_nobody_listens() {
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("ws://{}", listener.local_addr().unwrap());
		drop(listener);

		let error = refused(&url).await;

		assert!(error.contains(&url) && error.contains("gave up after") && error.contains("--rpc"), "{error}");
		assert_eq!(error.lines().count(), 1);
	}

	#[tokio::test(start_paused = true)]
	async fn command_gives_up_on_an_address_that_accepts_and_says_nothing() {
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("ws://{}", listener.local_addr().unwrap());

		let error = refused(&url).await;

		assert!(error.contains("gave up after"), "{error}");
	}

	// 8
	#[tokio::test]
	async fn a_page_with_more_than_it_knows_does_not_stop_proofs() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let block = chain.best().await.unwrap();
		let (page, window) = (node(), window());
		fake.serve("window", Some(&window).encode());
		fake.serve("node_page", [Some(&page).encode(), vec![42]].concat());
		fake.serve("settings", [Settings::default().encode(), vec![1, 2, 3]].concat());

		assert_eq!(chain.window(page.id, block).await.unwrap(), Some(window));
		assert_eq!(chain.node(page.id, block).await.unwrap(), Some(page));
		assert_eq!(chain.settings(block).await.unwrap(), Settings::default());
	}

	#[tokio::test]
	async fn a_page_with_less_than_it_knows_is_unreadable_and_no_lost_connection() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let block = chain.best().await.unwrap();
		let mut short = Some(node()).encode();
		short.pop();
		fake.serve("node_page", short);

		for error in
			[chain.node(NodeId(1), block).await.map(drop).unwrap_err(), chain.clock(block).await.map(drop).unwrap_err()]
		{
			assert!(!error.is_final() && !error.is_connection_lost(), "{error}");
		}
	}

	#[test]
	fn a_page_names_the_bonds_of_classes() {
		let page = node();

		assert_eq!(page.bond_of(ResourceClass::Storage), Some(page.bond));
		assert_eq!(page.bond_of(ResourceClass::Bandwidth), None);
	}
}
