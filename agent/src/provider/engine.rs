//! One pass per block: which topic does what when.

use crate::{
	bandwidth::line::Line,
	chain::{
		client::{DealView, NodeView},
		compatibility::Compatibility,
		follow::{BlockStream, Head},
		BlockHash, Chain, ChainError,
	},
	data::{
		answer::Prover,
		forests::Forests,
		http::Api,
		journal::{self, Followed},
		metrics::Metrics,
		offer::OfferReceiver,
		storage::Storage,
	},
	payments::till::Till,
	provider::{
		disputes::{self, DisputeReport},
		finality::{self, Judgement, Shown, Wait},
		inquiries::{self, Inquiries},
		intake::Intake,
		program::ProgramReport,
		report::{self, Report, Situation},
		rewards,
		sync::{self, Moment, SyncError},
		update::{Ground, StepError, Updater},
		window::Answerer,
		Shutdown,
	},
};
use iroh::SecretKey;
use std::sync::Arc;
use substation_primitives::{settings::Settings, DealId, NodeId};
use substation_proofs::Hash;

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

/// The provider's state between blocks.
#[derive(Debug)]
pub struct Engine {
	node: NodeId,
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
	/// The deals that were disputed at the last reading.
	disputed: Vec<DealId>,
	situation: Situation,
	is_in_step: bool,
	/// Whether a final state of this connection was followed.
	has_started: bool,
	/// The root of the best block that was looked at last for a forest ahead of the final one.
	looked_ahead: Option<Hash>,
}

/// What an engine works with.
#[derive(Debug)]
pub struct EngineParts {
	/// The node.
	pub node: NodeId,
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
		Self {
			node,
			prove,
			intake: Intake::new(node, storage.clone(), cap_per_customer, metrics.clone()),
			updater: Updater::new(node, genesis, key, metrics.clone()),
			answerer: Answerer::new(node, genesis, prover, metrics.clone()),
			storage,
			forests,
			api,
			metrics,
			till,
			line,
			inquiries,
			basis: None,
			disputed: Vec::new(),
			situation: Situation::default(),
			is_in_step: false,
			has_started: false,
			looked_ahead: None,
		}
	}

	/// Publishes that the chain cannot be read.
	pub fn report_disconnected(&mut self, url: &str) {
		self.inquiries.set_view(None);
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
		self.situation.disconnected = None;
		// After a pause anything may have changed, the node included.
		self.basis = None;
		self.has_started = false;
		self.is_in_step = false;
		self.follow_final(&chain).await?;
		self.on_best(&chain).await?;
		loop {
			tokio::select! {
				head = blocks.next() => match head? {
					Head::Finalised => self.follow_final(&chain).await?,
					Head::Best => self.on_best(&chain).await?,
				},
				offer = offers.recv() => match offer {
					Some(offer) => self.intake.take(chain.clone(), offer),
					// The transport has stopped: so shall we, soon.
					None => shutdown.wait().await,
				},
				() = self.intake.arrived() => self.on_best(&chain).await?,
				() = self.line.ended() => self.on_best(&chain).await?,
				() = shutdown.wait() => return Ok(()),
			}
		}
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
		let basis = Basis { block: head.height, deals: node.deals, bytes: node.bytes, root: node.forest.root };
		if self.is_stale(&basis, node.window.period_length) {
			let deals = chain.deals_of_node(self.node, block).await?;
			let period =
				chain.slot_millis(block).await?.saturating_mul(node.window.period_length.into()).div_ceil(1_000);
			self.situation.period = Some(period);
			self.disputed = deals.iter().filter(|page| page.dispute.is_some()).map(|page| page.id).collect();
			let moment = Moment { block: head, now: journal::now(), period, may_forget: !is_syncing };
			let clearing = Updater::clearing(&self.storage.journal);
			let outcome = sync::apply(&moment, &node, &deals, &self.storage.journal, &self.forests, &clearing);
			self.note_outcome(outcome);
			self.basis = Some(basis);
		}
		self.drop_old(head.height.saturating_sub(node.window.period_length.saturating_mul(2)), is_syncing);
		self.till.set_node(node.id, node.operator.0);
		self.situation.final_block = Some(head.height);
		self.metrics.numbers().finalised.set(head.height.into());
		self.publish(Some(&node));
		Ok(())
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
		self.step_out(wait.to_string());
		// The next one that may be followed is read whatever it is like.
		self.basis = None;
		self.publish(None);
		Ok(false)
	}

	/// Forgets forests that a change before `block` ended, and deletes bytes that nobody needs.
	fn drop_old(&self, block: u32, is_syncing: bool) {
		if let Err(error) = self.forests.forget_before(block) {
			tracing::warn!("{error}");
		}
		if is_syncing {
			return;
		}
		if let Err(error) = self.storage.sweep() {
			tracing::warn!("bytes that nobody needs cannot be deleted: {error}");
		}
	}

	fn is_stale(&self, now: &Basis, period_length: u32) -> bool {
		let waiting = !self.storage.journal.in_state(|state| state.is_unaccepted()).is_empty();
		match &self.basis {
			None => true,
			Some(last) => {
				let is_same = Basis { block: now.block, ..*last } == *now;
				let again_after = READ_AGAIN_AFTER.min(period_length / 4);
				!is_same || waiting || now.block >= last.block.saturating_add(again_after)
			}
		}
	}

	fn note_outcome(&mut self, outcome: Result<sync::Outcome, SyncError>) {
		match outcome {
			Ok(outcome) => {
				self.is_in_step = true;
				self.has_started = true;
				self.situation.trouble = None;
				for deal in outcome.accepted {
					tracing::info!(deal, "deal accepted, final");
				}
				for deal in outcome.ended {
					tracing::info!(deal, "deal is over; its slot will be cleared");
				}
				for deal in outcome.cleared {
					tracing::info!(deal, "slot cleared; the bytes go when nobody can ask for them any more");
				}
			}
			Err(error) => self.note_trouble(error.to_string()),
		}
	}

	fn note_trouble(&mut self, text: String) {
		if self.situation.trouble.as_ref() != Some(&text) {
			tracing::error!("{text}");
		}
		self.step_out(text);
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
		let window = chain.window(self.node, block).await;
		let Some(window) = self.situation.read(report::WINDOW, window)? else {
			self.inquiries.set_view(None);
			// A node that is too old, perhaps: until it can be read, the next block is waited for.
			self.check_program(chain, block).await?;
			self.publish(None);
			return Ok(());
		};
		let Some(window) = window else {
			self.inquiries.set_view(None);
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
		self.till.set_chain(Some(Arc::new(chain.clone())));
		self.answerer.note(&window);
		if self.prove {
			self.answerer.look(chain, &window).await?;
		}
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
		if self.looked_ahead == Some(root) || self.forests.tree(&root).is_some() {
			return Ok(());
		}
		let deals = chain.deals_of_node(self.node, block).await;
		let Some(deals) = self.situation.read("the deals of the best block", deals)? else { return Ok(()) };
		self.looked_ahead = Some(root);
		let clearing = Updater::clearing(&self.storage.journal);
		let explained = sync::explain(node, &deals, &self.forests, &clearing);
		if let Some((depth, changes)) = explained {
			if let Err(error) = self.forests.keep_candidate(depth, &changes) {
				tracing::warn!("a forest that is not final yet cannot be kept: {error}");
			}
		}
		Ok(())
	}

	/// Has customers answered by this state, if deals are taken at all.
	fn update_inquiries(&self, node: &NodeView, settings: Settings, now: u32) {
		let compatibility = self.situation.compatibility.as_deref();
		let can_accept = compatibility.is_none_or(Compatibility::can_accept);
		let view = inquiries::View { intake: self.intake.clone(), node: node.clone(), settings, now, can_accept };
		self.inquiries.set_view(self.is_in_step.then_some(view));
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
		self.situation.look(&self.storage);
		self.metrics.set_deletion(self.situation.deletion.as_ref());
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

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
