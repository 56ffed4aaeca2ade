//! One pass per block: which topic does what when.

use crate::{
	bandwidth::line::Line,
	payments::{ledger::Ledger, till::Till},
	provider::{
		finality::{self, Judgement, Shown, Wait, Watch},
		identity::Identity,
		inquiries::{self, Inquiries},
		intake::Intake,
		reading::Reading,
		replay::Replay,
		sync::{self, Hints, Moment, SyncError},
		update::{Ground, StepError, Updater},
		window::Answerer,
		Shutdown,
	},
	status::{
		disputes::{self, DisputeReport},
		http::Api,
		metrics::Metrics,
		program::ProgramReport,
		report::{self, Report, Situation},
		rewards,
	},
};
use iroh::SecretKey;
use std::{sync::Arc, time::Duration};
use substation_client::{
	client::{DealView, NodeView},
	compatibility::Compatibility,
	follow::{BlockStream, Head},
	AccountId, BlockHash, Chain, ChainError,
};
use substation_primitives::{pages::WindowPage, settings::Settings, DealId, NodeId};
use substation_proofs::Hash;
use substation_store::{answer::Prover, forests::Forests, journal::Followed, storage::Storage};
use substation_transport::offer::OfferReceiver;

/// Final blocks after which the deals are read even if nothing seems to have changed; a quarter of a period if that is
/// less, since where periods are short the time to answer a dispute is too.
const READ_AGAIN_AFTER: u32 = 20;

/// What the last reading of the deals was based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Basis {
	block: u32,
	deals: u32,
	bytes: u64,
	root: Hash,
}

/// The reading of a final state.
#[derive(Debug)]
struct FinalReading {
	basis: Basis,
	/// Whether the node was catching up when it showed that state.
	was_syncing: bool,
	reading: Reading,
}

/// The provider's state between blocks.
#[derive(Debug)]
pub struct Engine {
	node: NodeId,
	identity: Identity,
	prove: bool,
	storage: Storage,
	forests: Forests,
	api: Api,
	metrics: Metrics,
	till: Till,
	line: Line,
	inquiries: Inquiries,
	intake: Intake,
	updater: Updater,
	answerer: Answerer,
	basis: Option<Basis>,
	/// The reading of a final state that has begun.
	reading: Option<FinalReading>,
	/// The deals that were disputed at the last reading.
	disputed: Vec<DealId>,
	situation: Situation,
	is_in_step: bool,
	/// Whether the node's final state was one to follow when it was looked at last.
	is_current: bool,
	/// Whether a final state of this connection was followed.
	has_started: bool,
	watch: Watch,
	/// What the chain's blocks say where the deals with a record do not explain the forest.
	replay: Replay,
	/// The roots of the best block's forest that was looked at last, and of the final one then.
	looked_ahead: Option<(Hash, Hash)>,
	/// The reading of a best block for that.
	ahead: Option<Reading>,
}

/// What an engine works with.
#[derive(Debug)]
pub struct EngineParts {
	/// The node.
	pub node: NodeId,
	/// The account for which the agent has signed.
	pub operator: Option<AccountId>,
	/// Hash of the chain's first block.
	pub genesis: Hash,
	/// The agent's key.
	pub key: SecretKey,
	/// Bytes of proposals not yet accepted that one customer may make this machine fetch.
	/// `None`: what follows from the free capacity.
	pub cap_per_customer: Option<u64>,
	/// Whether proofs are submitted here.
	pub prove: bool,
	/// The data folder.
	pub storage: Storage,
	/// The node's forest.
	pub forests: Forests,
	/// Answers challenges.
	pub prover: Prover,
	/// Where the status is published.
	pub api: Api,
	/// Counters.
	pub metrics: Metrics,
	/// What customers pay for deliveries.
	pub till: Till,
	/// The line.
	pub line: Line,
	/// What answers inquiries.
	pub inquiries: Inquiries,
}

impl Engine {
	/// Starts nothing.
	pub fn new(parts: EngineParts) -> Self {
		let EngineParts {
			node,
			operator,
			genesis,
			key,
			cap_per_customer,
			prove,
			storage,
			forests,
			prover,
			api,
			metrics,
			till,
			line,
			inquiries,
		} = parts;
		// Before the chain is looked at: a channel that the first state lacks is not forgotten at once.
		till.set_doubt(storage.journal.period().map_or(Duration::MAX, Duration::from_secs));
		Self {
			node,
			identity: Identity { agent: *key.public().as_bytes(), operator },
			prove,
			intake: Intake::new(node, storage.clone(), cap_per_customer, metrics.clone()),
			updater: Updater::new(node, genesis, key, metrics.clone()),
			answerer: Answerer::new(node, genesis, prover, metrics.clone()),
			watch: Watch::new(storage.journal.watched()),
			replay: Replay::default(),
			storage,
			forests,
			api,
			metrics,
			till,
			line,
			inquiries,
			basis: None,
			reading: None,
			disputed: Vec::new(),
			situation: Situation::default(),
			is_in_step: false,
			is_current: false,
			has_started: false,
			looked_ahead: None,
			ahead: None,
		}
	}

	/// Publishes that the chain cannot be read.
	pub fn report_disconnected(&mut self, url: &str) {
		self.inquiries.set_view(None);
		self.watch.pause();
		self.situation.disconnected = Some(url.to_owned());
		self.till.set_chain(None);
		self.line.disconnected();
		self.publish(None);
	}

	/// Works until told to stop. Errors when the connection is lost.
	pub async fn follow(
		&mut self,
		chain: Chain,
		offers: &mut OfferReceiver,
		shutdown: &mut Shutdown,
	) -> Result<(), ChainError> {
		let mut blocks = BlockStream::subscribe(&chain).await?;
		let intake = self.intake.clone();
		// Beside the blocks, so that no crowd of customers waits for a pass to end, or a pass for them.
		let taking = async {
			intake.take_all(&chain, offers).await;
			// The transport has stopped: so shall we, soon.
			std::future::pending::<()>().await
		};
		tokio::select! {
			followed = self.follow_blocks(&chain, &mut blocks, shutdown) => followed,
			() = taking => Ok(()),
		}
	}

	async fn follow_blocks(
		&mut self,
		chain: &Chain,
		blocks: &mut BlockStream,
		shutdown: &mut Shutdown,
	) -> Result<(), ChainError> {
		self.start(chain).await?;
		loop {
			tokio::select! {
				head = blocks.next() => match head? {
					Head::Finalised => self.follow_final(chain).await?,
					Head::Best => self.on_best(chain).await?,
				},
				() = self.intake.arrived() => self.on_best(chain).await?,
				() = self.line.ended() => self.on_best(chain).await?,
				() = shutdown.wait() => return Ok(()),
			}
		}
	}

	/// A first look through a new connection.
	async fn start(&mut self, chain: &Chain) -> Result<(), ChainError> {
		self.situation.disconnected = None;
		// After a pause anything may have changed, the node included.
		(self.basis, self.reading, self.ahead) = (None, None, None);
		self.has_started = false;
		(self.is_in_step, self.is_current) = (false, false);
		self.replay = Replay::default();
		// The window first: it may close soon, and all the deals of a large node take a while to read.
		self.on_best(chain).await?;
		self.follow_final(chain).await
	}

	/// Follows the final state as far as it can be read. Errors only when the connection is lost, or for good.
	async fn follow_final(&mut self, chain: &Chain) -> Result<(), ChainError> {
		let followed = self.on_finalised(chain).await;
		self.situation.read("the final state", followed)?;
		Ok(())
	}

	/// Final state: what became of deals, and which bytes may go.
	async fn on_finalised(&mut self, chain: &Chain) -> Result<(), ChainError> {
		// Asked before the block, so that a block of a sync that ends in between is not taken for a new one.
		let is_syncing = chain.is_syncing().await?;
		let block = chain.finalised().await?;
		let head = Followed { height: chain.height(block).await?, hash: block.0 };
		if !self.may_follow(chain, head, is_syncing).await? {
			return Ok(());
		}
		let Some(node) = chain.node(self.node, block).await? else {
			tracing::debug!(node = self.node.0, "the final state has no such node (yet)");
			self.situation.trouble = None;
			return Ok(());
		};
		if !self.is_ours(&node) {
			self.publish(Some(&node));
			return Ok(());
		}
		let basis = Basis { block: head.height, deals: node.deals, bytes: node.bytes, root: node.forest.root };
		// What the chain's blocks have told explains no state that is older than they are.
		let is_explained = self.replay.look().await;
		if is_explained || (self.reading.is_none() && self.is_stale(&basis, node.window.period_length)) {
			let reading = Reading::new(block, node.clone(), self.known());
			self.reading = Some(FinalReading { basis, was_syncing: is_syncing, reading });
		}
		if let Some(mut begun) = self.reading.take() {
			if begun.reading.go_on(chain).await? {
				self.apply(chain, begun, head.height, is_syncing).await?;
			} else {
				self.reading = Some(begun);
			}
		}
		if self.is_in_step {
			self.drop_old(head.height.saturating_sub(node.window.period_length.saturating_mul(2)), is_syncing);
		}
		self.till.set_node(node.id, node.operator.0);
		self.till.set_doubt(self.storage.journal.period().map_or(Duration::MAX, Duration::from_secs));
		self.situation.final_block = Some(head.height);
		self.metrics.numbers().finalised.set(head.height.into());
		self.publish(Some(&node));
		Ok(())
	}

	/// Whether the node is this machine's. If not, the status says why and nothing follows from its state; windows are
	/// proven all the same, because its operator may be about to bring the new key.
	fn is_ours(&mut self, node: &NodeView) -> bool {
		let foreign = self.identity.ensure_ours(node).err().map(|reason| reason.to_string());
		if let Some(words) = foreign.as_deref() {
			if self.situation.foreign.as_deref() != Some(words) {
				tracing::error!("{words}");
			}
			(self.basis, self.reading, self.is_in_step) = (None, None, false);
		}
		self.intake.set_ours(foreign.is_none());
		self.situation.foreign = foreign;
		self.situation.foreign.is_none()
	}

	/// The deals of this folder.
	fn known(&self) -> Vec<u64> {
		self.storage.journal.deals().into_iter().map(|record| record.deal).collect()
	}

	/// Brings journal and forest to a final state whose deals were read. `height` is that of the newest one.
	async fn apply(
		&mut self,
		chain: &Chain,
		begun: FinalReading,
		height: u32,
		is_syncing: bool,
	) -> Result<(), ChainError> {
		let FinalReading { basis, was_syncing, reading } = begun;
		let (block, node) = (reading.block(), reading.node().clone());
		let deals = reading.into_deals();
		let blocks = u64::from(node.window.period_length);
		let shown = chain.slot_millis(block).await?.saturating_mul(blocks).div_ceil(1_000);
		self.disputed = deals.iter().filter(|page| page.dispute.is_some()).map(|page| page.id).collect();
		let followed = self.storage.journal.followed().map_or(0, |followed| followed.height);
		let may_forget = !was_syncing && !is_syncing;
		let outcome = self.storage.journal.pin_period(shown).map_err(SyncError::from).and_then(|period| {
			let block = Followed { height: basis.block, hash: block.0 };
			let moment = Moment { block, watched: self.watch.tick(), period, may_forget };
			let (clearing, contents) = (Updater::clearing(&self.storage.journal), self.contents());
			let hints = Hints { clearing: &clearing, history: self.replay.updates(), contents: &contents };
			sync::apply(&moment, &node, &deals, &self.storage.journal, &self.forests, hints)
		});
		if matches!(outcome, Err(SyncError::OtherForest { .. })) {
			self.replay.begin(chain, self.node, followed.saturating_add(1)..=height);
			if may_forget {
				self.learn(&deals, basis.block);
			}
		}
		self.note_outcome(outcome);
		self.basis = Some(basis);
		Ok(())
	}

	/// Notes the deals of a final state that cannot be followed.
	fn learn(&self, deals: &[DealView], height: u32) {
		match sync::learn(deals, height, &self.storage.journal) {
			Ok(learned) => warn_of_learned(&learned),
			Err(error) => tracing::warn!("deals that this folder did not know cannot be noted: {error}"),
		}
	}

	/// Contents on the disk, those that no deal is known to need first: where the chain's blocks name a deal that this folder
	/// has never heard of, they may be its bytes.
	fn contents(&self) -> Vec<(Hash, u64)> {
		if self.replay.updates().is_empty() {
			return Vec::new();
		}
		let mut contents = self.storage.blobs.list();
		contents.sort_by_key(|(root, _)| (self.storage.journal.is_needed(root), *root));
		contents
	}

	/// Whether a final state may be followed. If not, the status says why, and nothing is changed or sent until one may.
	async fn may_follow(&mut self, chain: &Chain, head: Followed, is_syncing: bool) -> Result<bool, ChainError> {
		let followed = self.storage.journal.followed();
		let at_followed = match followed.filter(|followed| followed.height < head.height) {
			Some(followed) => chain.hash_at(followed.height).await?,
			None => None,
		};
		let shown = Shown { block: head, at_followed, is_syncing, has_started: self.has_started };
		let wait = match finality::judge(followed, &shown) {
			Judgement::Follow => {
				self.is_current = true;
				self.metrics.numbers().behind.set(0);
				return Ok(true);
			}
			Judgement::Wait(wait) => wait,
			Judgement::OtherHistory { followed, found } => {
				let url = chain.url().to_owned();
				let [expected, found] = [followed.hash, found].map(hex::encode);
				return Err(ChainError::OtherHistory { url, height: followed.height, followed: expected, found });
			}
		};
		if let Wait::Older { shown, followed } = wait {
			self.metrics.numbers().behind.set(followed.saturating_sub(shown).into());
		}
		// Said once: a sync shows many such states.
		if self.basis.is_some() || self.situation.trouble.is_none() {
			tracing::warn!("{wait}");
		}
		self.is_current = false;
		self.watch.pause();
		self.step_out(wait.to_string());
		// The next one that may be followed is read whatever it is like.
		self.basis = None;
		self.reading = None;
		self.publish(None);
		Ok(false)
	}

	/// Forgets forests that a change before `block` ended, and deletes bytes that nobody needs.
	fn drop_old(&mut self, block: u32, is_syncing: bool) {
		if let Err(error) = self.forests.forget_before(block) {
			tracing::warn!("{error}");
		}
		let Some(period) = self.storage.journal.period().filter(|_| !is_syncing) else { return };
		if let Err(error) = self.storage.sweep(self.watch.tick(), period) {
			tracing::warn!("bytes that nobody needs cannot be deleted: {error}");
		}
	}

	/// Whether the deals have to be read. That a proposal is accepted shows in the basis; one that expires can wait.
	fn is_stale(&self, now: &Basis, period_length: u32) -> bool {
		match &self.basis {
			None => true,
			Some(last) => {
				let is_same = Basis { block: now.block, ..*last } == *now;
				let again_after = READ_AGAIN_AFTER.min(period_length / 4);
				!is_same || now.block >= last.block.saturating_add(again_after)
			}
		}
	}

	fn note_outcome(&mut self, outcome: Result<sync::Outcome, SyncError>) {
		match outcome {
			Ok(outcome) => {
				self.is_in_step = true;
				self.has_started = true;
				self.situation.trouble = None;
				self.replay = Replay::default();
				for deal in outcome.accepted.iter().filter(|deal| !outcome.learned.contains(deal)) {
					tracing::info!(deal, "deal accepted, final");
				}
				warn_of_learned(&outcome.learned);
				for deal in outcome.ended {
					tracing::info!(deal, "deal is over; its slot will be cleared");
				}
				for deal in outcome.cleared {
					tracing::info!(deal, "slot cleared; the bytes go when nobody can ask for them any more");
				}
			}
			Err(error) => {
				let text = error.to_string();
				if !self.situation.trouble.as_ref().is_some_and(|trouble| trouble.starts_with(&text)) {
					tracing::error!("{text}");
				}
				let how =
					if matches!(error, SyncError::OtherForest { .. }) { self.replay.words() } else { String::new() };
				self.step_out(text + &how);
			}
		}
	}

	/// Deals are neither taken nor cleared until the final state can be followed again.
	fn step_out(&mut self, text: String) {
		self.is_in_step = false;
		self.inquiries.set_view(None);
		self.situation.trouble = Some(text);
	}

	/// Tells each dispute once, and again when it has gone on.
	fn note_disputes(&mut self, disputed: Vec<DealView>, now: u32) {
		for page in &disputed {
			let is_known = self.situation.disputed.iter().any(|known| known.dispute == page.dispute);
			if let Some(report) = DisputeReport::of(page, now).filter(|_| !is_known) {
				tracing::warn!("{}", report.words);
			}
		}
		let open = disputed.iter().filter(|page| disputes::is_open(page)).count();
		self.metrics.numbers().open_disputes.set(i64::try_from(open).unwrap_or(i64::MAX));
		self.situation.disputed = disputed;
	}

	/// Best state: the window first and alone, since a proof needs nothing else; then the rest, as far as it can be read.
	async fn on_best(&mut self, chain: &Chain) -> Result<(), ChainError> {
		let block = chain.best().await?;
		self.intake.note_block();
		let window = chain.window(self.node, block).await;
		let Some(window) = self.situation.read(report::WINDOW, window)? else {
			self.inquiries.set_view(None);
			self.look_after_vouchers(chain);
			// A node that is too old, perhaps: until it can be read, the next block is waited for.
			self.check_program(chain, block).await?;
			self.publish(None);
			return Ok(());
		};
		let Some(window) = window else {
			self.inquiries.set_view(None);
			// The channels of a node that was withdrawn are its operator's still.
			self.look_after_vouchers(chain);
			let Situation { trouble, delivery, compatibility, .. } = std::mem::take(&mut self.situation);
			self.situation =
				Situation { gone: Some(self.node), trouble, delivery, compatibility, ..Situation::default() };
			self.publish(None);
			return Ok(());
		};
		self.situation.gone = None;
		if let Some(page) = &mut self.situation.node {
			page.window = window.clone();
		}
		self.answerer.note(&window);
		if self.prove && self.is_worth_a_try(&window) {
			self.answerer.look(chain, &window).await?;
		}
		self.look_after_vouchers(chain);
		self.check_program(chain, block).await?;
		self.line.look(chain, block, window.now).await?;
		let node = chain.node(self.node, block).await;
		let node = self.situation.read("the node", node)?.flatten();
		if let Some(node) = &node {
			self.look_ahead(chain, block, node).await?;
		}
		let settings = chain.settings(block).await;
		let settings = self.situation.read("the settings", settings)?;
		if let (Some(node), Some(settings)) = (&node, settings) {
			self.situation.settings = settings;
			self.update_inquiries(node, settings, window.now);
			self.update(chain, node, &settings).await?;
		} else {
			self.inquiries.set_view(None);
		}
		// What is only shown comes last: it must not hold up a proof or an update.
		self.look_at_the_rest(chain, block, node.as_ref(), window.now).await?;
		self.situation.best_block = Some(window.now);
		self.publish(node.as_ref());
		Ok(())
	}

	/// Has vouchers looked after as deals are: not by a state of long ago, in which their channels do not exist.
	fn look_after_vouchers(&self, chain: &Chain) {
		let ledger: Option<Arc<dyn Ledger>> = if self.is_current { Some(Arc::new(chain.clone())) } else { None };
		self.till.set_chain(ledger);
	}

	/// Whether the window can be answered. A node that syncs shows many of long ago, over forests that are forgotten.
	fn is_worth_a_try(&self, window: &WindowPage) -> bool {
		let is_old = self.storage.journal.followed().is_some_and(|followed| window.now < followed.height);
		!is_old || self.forests.tree(&window.frozen.root).is_some()
	}

	/// Says once for each runtime what this program does not know of it. Errors only when the connection is lost.
	async fn check_program(&mut self, chain: &Chain, block: BlockHash) -> Result<(), ChainError> {
		let compatibility = chain.compatibility(block).await;
		let Some(compatibility) = self.situation.read("the runtime's version and metadata", compatibility)? else {
			return Ok(());
		};
		if self.situation.compatibility.as_ref() != Some(&compatibility) {
			let report = ProgramReport::of(&compatibility);
			self.metrics.set_program(report.newer_exists, report.cannot.len());
			if let Some(words) = report.words {
				tracing::warn!("{words}");
			}
			self.situation.compatibility = Some(compatibility);
		}
		Ok(())
	}

	/// Keeps a forest of the best block that is ahead of the final one: a window may ask for it before it is final.
	async fn look_ahead(&mut self, chain: &Chain, block: BlockHash, node: &NodeView) -> Result<(), ChainError> {
		let root = node.forest.root;
		// Another final forest may explain what the last one did not.
		let looked = Some((root, self.forests.current().root));
		if self.looked_ahead == looked || self.forests.tree(&root).is_some() {
			return Ok(());
		}
		let begun = self.ahead.take().filter(|reading| reading.node().forest.root == root);
		let mut reading = begun.unwrap_or_else(|| Reading::new(block, node.clone(), self.known()));
		let is_whole = reading.go_on(chain).await;
		let Some(is_whole) = self.situation.read("the deals of the best block", is_whole)? else { return Ok(()) };
		if !is_whole {
			self.ahead = Some(reading);
			return Ok(());
		}
		self.looked_ahead = looked;
		let clearing = Updater::clearing(&self.storage.journal);
		let hints = Hints { clearing: &clearing, ..Hints::default() };
		let node = reading.node().clone();
		if let Some(tree) = sync::explain(&node, &reading.into_deals(), &self.storage.journal, &self.forests, hints) {
			if let Err(error) = self.forests.keep_candidate(&tree) {
				tracing::warn!("a forest that is not final yet cannot be kept: {error}");
			}
		}
		Ok(())
	}

	/// Has customers answered by this state, if deals are taken at all, or are not because the node is not this machine's.
	fn update_inquiries(&self, node: &NodeView, settings: Settings, now: u32) {
		let compatibility = self.situation.compatibility.as_deref();
		let can_accept = compatibility.is_none_or(Compatibility::can_accept);
		let view = inquiries::View { intake: self.intake.clone(), node: node.clone(), settings, now, can_accept };
		let is_known = self.is_in_step || !self.intake.is_ours();
		self.inquiries.set_view(is_known.then_some(view));
	}

	/// Accepts and clears deals. Errors only when the connection is lost, or for good.
	async fn update(&mut self, chain: &Chain, node: &NodeView, settings: &Settings) -> Result<(), ChainError> {
		if !self.is_in_step {
			return Ok(());
		}
		let ground = Ground {
			chain,
			best: node,
			now: node.window.now,
			settings,
			journal: &self.storage.journal,
			forests: &self.forests,
		};
		match self.updater.step(&ground).await {
			Ok(()) => {}
			Err(StepError::Chain(error)) if error.is_connection_lost() || error.is_final() => return Err(error),
			Err(StepError::Chain(error)) => error.log(),
			Err(error) => tracing::warn!("{error}"),
		}
		Ok(())
	}

	/// What is only shown. Errors only when the connection is lost, or for good.
	async fn look_at_the_rest(
		&mut self,
		chain: &Chain,
		block: BlockHash,
		node: Option<&NodeView>,
		now: u32,
	) -> Result<(), ChainError> {
		let disputed = disputes::read(chain, &self.disputed, block).await;
		if let Some(disputed) = self.situation.read("disputes", disputed)? {
			self.note_disputes(disputed, now);
		}
		if let Some(node) = node {
			let earned = rewards::read(chain, node, block).await;
			if let Some(earned) = self.situation.read("rewards", earned)? {
				self.situation.rewards = earned;
			}
		}
		let supply = chain.supply_page(block).await;
		if let Some(supply) = self.situation.read("the supply", supply)? {
			self.situation.supply = Some(supply);
		}
		Ok(())
	}

	fn publish(&mut self, node: Option<&NodeView>) {
		if let Some(node) = node {
			self.situation.node = Some(node.clone());
		}
		self.situation.proves_itself = self.prove;
		self.situation.line = self.line.view();
		let before = self.situation.missing.len();
		self.situation.look(&self.storage);
		let contents = self.situation.missing.len();
		if contents > before {
			tracing::error!(contents, "deals need contents that are not here; `substation status` names them");
		}
		self.metrics.set_deletion(self.situation.deletion.as_ref());
		let missing = self.situation.missing.iter().fold(0u64, |sum, content| sum.saturating_add(content.bytes));
		self.metrics.set_missing(self.situation.missing.len(), missing);
		self.situation.delivery = Some(self.till.status());
		if let Some(window) = self.situation.node.as_ref().map(|node| &node.window) {
			self.metrics.numbers().next_window.set(report::next_window(window).into());
		}
		match serde_json::to_value(Report::of(&self.situation)) {
			Ok(report) => self.api.set_chain(report),
			Err(error) => tracing::debug!("status cannot be published: {error}"),
		}
	}
}

fn warn_of_learned(learned: &[u64]) {
	if let Some(first) = learned.first() {
		let deals = learned.len();
		tracing::warn!(deals, first, "the chain has deals that this folder did not know: is it new, or a backup?");
	}
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
