//! Passes over blocks of a node that answers from a table.

use super::*;
use crate::{
	bandwidth::{
		limits::{BandwidthConfig, Limits},
		line::LineParts,
	},
	bench::storage::write_deals,
	payments::terms::Delivery,
	provider::{
		decide::Refusal,
		inquiry::Inquiry,
		testing::{acceptance, active, connect, deal, key, node, window},
	},
};
use codec::Encode;
use iroh::{endpoint::presets, Endpoint, RelayMode};
use serde_json::json;
use std::collections::BTreeSet;
use substation_client::calls::{MARKET, PROOFS};
use substation_fake_node::FakeNode;
use substation_primitives::{
	deal::{Acceptance, Deal, DealState},
	pages::WindowPage,
	settings::STN,
	ChannelId,
};
use substation_proofs::{
	forest::{Change, Forest, Leaf},
	prover::ForestTree,
};
use substation_store::{
	hashing,
	journal::{DealRecord, DealState as Local},
	progress::Progress,
};

const GENESIS: Hash = [0; 32];

/// An engine with one content under one deal, and a window that asks for it and is about to close.
struct World {
	_folder: tempfile::TempDir,
	fake: FakeNode,
	chain: Chain,
	engine: Engine,
	window: WindowPage,
}

impl World {
	async fn new() -> Self {
		Self::over(tempfile::tempdir().unwrap()).await
	}

	/// Over a data folder, with its forest if it has one.
	async fn over(folder: tempfile::TempDir) -> Self {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let (node, operator, key) = (node().id, Some(node().operator), key());
		let storage = Storage::open(folder.path()).unwrap();
		let forests = Forests::open(&storage.journal, node.0).unwrap();
		let metrics = Metrics::new();
		let till = Till::open(folder.path(), GENESIS, Delivery::default(), metrics.clone()).unwrap();
		let parts = LineParts::new(key.clone(), Limits::new(BandwidthConfig::default()), metrics.clone());
		let endpoint = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
		let endpoint = endpoint.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap();

		if forests.current().is_empty() {
			let (file, outboard) = (folder.path().join("content"), folder.path().join("content.obao4"));
			std::fs::write(&file, [42; 5_000]).unwrap();
			let content = hashing::commit(&file, &outboard, 1, &Progress::silent()).unwrap();
			storage.blobs.serve_file(&file, &outboard, content);
			let leaf = Leaf { deal: 5, root: content.root, length: content.length };
			forests.apply(1, 0, &[(0, Change::Insert(leaf))]).unwrap();
		}
		let frozen = forests.current();
		let window = WindowPage { now: 106, frozen, ..window() };

		let engine = Engine::new(EngineParts {
			node,
			operator,
			genesis: GENESIS,
			key,
			cap_per_customer: None,
			prove: true,
			prover: Prover::new(storage.blobs.clone(), forests.clone()),
			api: Api::new(storage.clone(), metrics.clone()),
			storage,
			forests,
			metrics,
			till,
			line: Line::new(node, endpoint, parts),
			inquiries: Inquiries::new(GENESIS, Metrics::new()),
		});
		fake.serve("window", Some(&window).encode());
		Self { _folder: folder, fake, chain, engine, window }
	}

	/// What the status says now.
	fn words(&self) -> String {
		Report::of(&self.engine.situation).words.join("\n")
	}
}

// 8
#[tokio::test]
async fn shown_pages_may_fail() {
	let mut world = World::new().await;
	// Nothing but the window can be read: some pages end too early, others are not there.
	world.fake.serve("node_page", vec![1, 2, 3]);
	world.fake.serve("settings", vec![]);

	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert_eq!(world.fake.submitted(), 1, "the proof was sent");
	let unread: Vec<_> = world.engine.situation.unread.keys().copied().collect();
	assert_eq!(unread, ["the final state", "the node", "the settings", "the supply"]);
	assert!(world.words().contains("warning: the supply cannot be read"), "{}", world.words());
	assert!(!world.words().contains("not registered"), "{}", world.words());
}

#[tokio::test]
async fn a_page_that_fails_later_is_shown_as_it_was_and_its_warning_goes_with_its_reason() {
	let mut world = World::new().await;
	world.fake.serve("node_page", Some(&node()).encode());
	world.fake.serve("settings", Settings::default().encode());
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	let known = world.engine.situation.node.clone();
	assert!(known.is_some());

	let proven = WindowPage { proven: true, ..world.window.clone() };
	world.fake.serve("window", Some(&proven).encode());
	world.fake.serve("node_page", vec![1]);
	assert!(world.engine.on_best(&world.chain).await.is_ok());

	let shown = world.engine.situation.node.clone();
	assert_eq!(shown, known.map(|page| NodeView { window: proven, ..page }));
	assert!(world.engine.situation.unread.contains_key("the node"));
	world.fake.serve("node_page", Some(&node()).encode());
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert!(!world.engine.situation.unread.contains_key("the node"));
}

// 8
#[tokio::test]
async fn a_chain_that_is_behind_this_program_is_waited_for() {
	let mut world = World::new().await;
	world.fake.upgrade(json!([]));

	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert_eq!(world.fake.submitted(), 1, "what can be proven is proven");
	assert!(world.words().contains("is newer than the chain's runtime"), "{}", world.words());

	// Even if it does not know windows.
	world.fake.forget("window");
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert!(world.words().contains("windows pass unproven") && world.words().contains("the node is too old"));

	world.fake.serve("window", Some(&world.window).encode());
	world.fake.upgrade(FakeNode::apis());
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert_eq!(world.fake.submitted(), 2);
	for old in ["is newer than", "too old", "windows pass unproven"] {
		assert!(!world.words().contains(old), "{}", world.words());
	}
}

// 8
#[tokio::test]
async fn a_newer_runtime_is_told_and_stops_nothing() {
	let mut world = World::new().await;
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	let program = Report::of(&world.engine.situation).program;
	assert!(program.is_some_and(|program| !program.newer_exists && program.words.is_none()));

	let mut apis = FakeNode::apis();
	for api in apis.as_array_mut().unwrap() {
		api[1] = json!(99);
	}
	world.fake.upgrade(apis);
	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert_eq!(world.fake.submitted(), 2);
	assert!(world.words().contains("a newer release exists"), "{}", world.words());
	assert_eq!(world.engine.metrics.numbers().newer_release.get(), 1);
	assert_eq!(world.engine.metrics.numbers().changed_calls.get(), 0);
}

// R2
#[tokio::test]
async fn a_call_of_another_shape_stops_only_what_needs_it() {
	let mut world = World::new().await;
	world.fake.serve("node_page", Some(&NodeView { deals: 1, ..node() }).encode());
	world.fake.serve("settings", Settings::default().encode());
	world.fake.change_call(MARKET, "accept", |fields| fields.truncate(4));

	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert_eq!(world.fake.submitted(), 1);
	let report = Report::of(&world.engine.situation);
	assert!(report.earning, "{}", report.reason);
	let program = report.program.unwrap();
	let cannot: Vec<_> = program.cannot.iter().filter_map(|one| one.call.as_deref()).collect();
	assert!(program.newer_exists && cannot == ["StorageMarket.accept"], "{cannot:?}");
	assert!(world.words().contains("to do: install the current release"), "{}", world.words());
	assert_eq!(world.engine.metrics.numbers().changed_calls.get(), 1);
}

// R2
#[tokio::test]
async fn a_proof_that_the_runtime_takes_otherwise_is_not_sent_and_the_status_says_why() {
	let mut world = World::new().await;
	world.fake.serve("node_page", Some(&NodeView { deals: 1, ..node() }).encode());
	world.fake.serve("settings", Settings::default().encode());
	world.fake.change_call(PROOFS, "prove", |fields| fields.truncate(2));

	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert_eq!(world.fake.submitted(), 0);
	let report = Report::of(&world.engine.situation);
	assert!(!report.earning && report.reason.contains("windows pass unproven"), "{}", report.reason);
	assert!(report.reason.contains("StorageProofs.prove") && report.reason.contains("install the current release"));
}

/// A world whose final state has the one deal.
async fn followed() -> World {
	let mut world = World::new().await;
	let page = NodeView { deals: 1, forest: world.window.frozen, ..node() };
	world.fake.serve("node_page", Some(&page).encode());
	world.fake.serve("deals_of_node", Vec::<DealView>::new().encode());
	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	world
}

/// What a customer hears who asks.
fn refusal(world: &World) -> Option<Refusal> {
	let inquiry = Inquiry {
		genesis: GENESIS,
		node: NodeId(1),
		customer: None,
		deal: None,
		root: [9; 32],
		length: 1 << 20,
		price: STN,
		measure: false,
	};
	world.engine.inquiries.answer(&inquiry).refusal
}

// b6
#[tokio::test]
async fn inquiries_are_answered_while_deals_are_taken() {
	let mut world = World::new().await;
	world.fake.serve("node_page", Some(&NodeView { forest: world.window.frozen, ..node() }).encode());
	world.fake.serve("settings", Settings::default().encode());
	world.fake.serve("deals_of_node", Vec::<DealView>::new().encode());
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert_eq!(refusal(&world), Some(Refusal::NoChain), "the final state is not read yet");

	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert_eq!(refusal(&world), None);

	world.fake.change_call(MARKET, "accept", |fields| fields.truncate(4));
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert_eq!(refusal(&world), Some(Refusal::OtherRelease), "what cannot be accepted is not proposed");

	world.engine.report_disconnected("ws://fake");
	assert_eq!(refusal(&world), Some(Refusal::NoChain));
}

// 1
#[tokio::test]
async fn an_older_final_state_is_told_and_waited_out() {
	let mut world = followed().await;
	let known = world.engine.storage.journal.followed();
	assert_eq!(known.map(|block| block.height), Some(100));

	world.fake.finalise(90, [9; 32]);
	assert!(world.engine.follow_final(&world.chain).await.is_ok());

	assert_eq!(world.engine.storage.journal.followed(), known);
	assert_eq!(world.engine.metrics.numbers().behind.get(), 10);
	assert!(!world.engine.is_in_step);
	assert!(world.words().contains("older final state than before (90, not 100)"), "{}", world.words());

	world.fake.finalise(110, [11; 32]);
	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert_eq!(world.engine.storage.journal.followed(), Some(Followed { height: 110, hash: [11; 32] }));
	assert_eq!((world.engine.metrics.numbers().behind.get(), &world.engine.situation.trouble), (0, &None));
}

// 1
#[tokio::test]
async fn another_history_ends_the_engine_and_an_unknown_one_is_waited_for() {
	let mut world = followed().await;
	world.fake.finalise(110, [11; 32]);
	world.fake.has_block(100, None);
	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.words().contains("does not have block 100"), "{}", world.words());

	world.fake.has_block(100, Some([9; 32]));
	let error = world.engine.follow_final(&world.chain).await.unwrap_err();

	assert!(error.is_final() && !error.is_connection_lost());
	let text = error.to_string();
	assert!(text.contains("final block 100 is 0x0909") && text.contains("has followed 0x0707"), "{text}");
	assert_eq!(world.engine.storage.journal.followed().map(|block| block.height), Some(100));
}

// 1
#[tokio::test]
async fn a_node_that_is_syncing_is_not_followed_from_the_start() {
	let mut world = World::new().await;
	world.fake.serve("node_page", Some(&NodeView { deals: 1, ..node() }).encode());
	world.fake.serve("deals_of_node", Vec::<DealView>::new().encode());
	let forest = world.engine.forests.current();
	world.fake.syncs(true);

	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert_eq!((world.engine.storage.journal.followed(), world.engine.forests.current()), (None, forest));
	assert!(world.engine.situation.trouble.as_ref().is_some_and(|trouble| trouble.contains("syncing")));

	world.fake.syncs(false);
	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert_eq!(world.engine.storage.journal.followed().map(|block| block.height), Some(100));
	assert!(world.engine.forests.current().is_empty());
}

// 7
#[tokio::test]
async fn a_window_over_an_acceptance_that_is_not_final_is_proven() {
	let mut world = World::new().await;
	let leaf = world.engine.forests.get(0).unwrap();
	// The final state has no deal yet.
	world.fake.serve("node_page", Some(&node()).encode());
	world.fake.serve("deals_of_node", Vec::<DealView>::new().encode());
	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.engine.forests.current().is_empty());
	// It has never had: what the world began with is forgotten.
	world.engine.forests.forget_before(u32::MAX).unwrap();
	// The best one has, and its window asks for it.
	let page = NodeView { deals: 1, forest: world.window.frozen, ..node() };
	let accepted = active(0);
	let record = Deal { root: leaf.root, length: leaf.length, ..accepted.deal };
	world.fake.serve("node_page", Some(&page).encode());
	world.fake.serve("deals_of_node", vec![DealView { deal: record, ..accepted }].encode());

	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert_eq!(world.fake.submitted(), 0, "the forest is found behind the window");
	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert_eq!(world.fake.submitted(), 1);
	assert!(world.engine.forests.current().is_empty() && world.engine.storage.journal.is_empty());
}

// 1
#[tokio::test]
async fn a_node_without_peers_is_taken_for_one_that_syncs() {
	let mut world = World::new().await;
	world.fake.serve("node_page", Some(&node()).encode());
	world.fake.has_peers(0);

	assert!(world.engine.follow_final(&world.chain).await.is_ok());

	assert_eq!(world.engine.storage.journal.followed(), None);
	assert!(world.words().contains("the node is syncing"), "{}", world.words());
}

// 1
#[tokio::test]
async fn a_page_with_a_short_period_does_not_shorten_the_wait_of_bytes() {
	let mut world = followed().await;
	let journal = world.engine.storage.journal.clone();
	let period = journal.period().unwrap();
	assert_eq!(period, 120);
	let record = DealRecord {
		deal: 6,
		customer: [3; 32],
		root: [4; 32],
		length: 1,
		seen: 1,
		state: Local::ToDelete { after: 1, since: journal.watched() },
	};
	journal.put(&record).unwrap();

	let short = WindowPage { period_length: 0, ..window() };
	let page = NodeView { window: short, forest: world.window.frozen, ..node() };
	world.fake.serve("node_page", Some(&page).encode());
	world.fake.finalise(110, [11; 32]);
	assert!(world.engine.follow_final(&world.chain).await.is_ok());

	assert_eq!((journal.followed().map(|block| block.height), journal.period()), (Some(110), Some(period)));
	assert_eq!(journal.get(6), Some(record));
}

// 9
#[tokio::test]
async fn a_forest_that_nothing_explains_deletes_nothing_and_is_looked_for_in_the_chains_blocks() {
	let mut world = followed().await;
	let storage = world.engine.storage.clone();
	let content = [9; 32];
	let file = |extension| storage.blobs.path(&content, extension);
	std::fs::write(file("data"), b"content").unwrap();
	std::fs::write(file("obao4"), b"").unwrap();
	let commitment = hashing::Commitment { root: content, length: 7 };
	storage.blobs.serve_file(&file("data"), &file("obao4"), commitment);
	// A deal that this folder has never heard of was accepted and is over; its slot is not cleared.
	let unknown = Leaf { deal: 77, root: content, length: 7 };
	let mut tree = (*world.engine.forests.current_tree()).clone();
	tree.apply(1, &[(1, Change::Insert(unknown))]).unwrap();
	let page = NodeView { deals: 1, forest: tree.forest(), ..node() };
	world.fake.serve("node_page", Some(&page).encode());
	let acceptance = acceptance(node().id, &[Acceptance { deal: DealId(77), slot: 1 }]);
	world.fake.has_body(105, [105; 32], &[acceptance]);
	world.fake.finalise(110, [11; 32]);

	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.words().contains("are of deals that have ended"), "{}", world.words());
	assert_eq!(storage.journal.followed().map(|block| block.height), Some(100));
	assert!(file("data").exists() && storage.journal.orphans().unwrap().is_empty());

	let mut height = 110u8;
	while world.engine.situation.trouble.is_some() && height < 250 {
		height += 1;
		world.fake.finalise(height.into(), [height; 32]);
		assert!(world.engine.follow_final(&world.chain).await.is_ok());
		tokio::task::yield_now().await;
	}

	assert_eq!(world.engine.forests.current(), tree.forest());
	assert_eq!(storage.journal.get(77).map(|record| record.state), Some(Local::Ended { slot: 1 }));
	assert!(storage.journal.is_needed(&content));
}

// 1
#[tokio::test]
async fn windows_of_long_ago_that_a_syncing_node_shows_are_not_counted_as_unanswered() {
	let mut world = followed().await;
	let old = WindowPage { now: 50, frozen: Forest { root: [66; 32], ..world.window.frozen }, ..world.window.clone() };
	world.fake.serve("window", Some(&old).encode());

	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert_eq!((world.fake.submitted(), world.engine.metrics.numbers().unanswered.get()), (0, 0));
}

#[tokio::test]
async fn the_first_proof_after_a_start_waits_for_no_deal_to_be_read_from_the_chain() {
	const DEALS: u32 = 10_000;
	let folder = tempfile::tempdir().unwrap();
	write_deals(DEALS, folder.path()).unwrap();
	let mut world = World::over(folder).await;
	let page = NodeView { deals: DEALS, forest: world.window.frozen, ..node() };
	world.fake.serve("node_page", Some(&page).encode());
	let before = world.fake.calls().len();

	assert!(world.engine.start(&world.chain).await.is_ok());

	let calls = world.fake.calls().split_off(before);
	let sent = calls.iter().position(|call| call == "author_submitExtrinsic").unwrap();
	assert!(sent <= 12, "{calls:?}");
	let is_page = |call: &&String| call.starts_with("SubstationApi_");
	assert_eq!(calls[..sent].iter().filter(is_page).collect::<Vec<_>>(), ["SubstationApi_window"]);
	assert!(calls[sent..].iter().any(|call| call == "SubstationApi_deals_of_node"), "what is final comes after it");
}

/// A proposal that is not accepted in time.
fn expired(id: u64) -> DealView {
	let proposal = deal();
	let record = Deal { state: DealState::Proposed { expires: 50 }, ..proposal.deal };
	DealView { id: DealId(id), deal: record, ..proposal }
}

// 14
#[tokio::test]
async fn expired_proposals_of_strangers_hold_up_neither_the_final_state_nor_a_proof() {
	let mut world = World::new().await;
	let leaf = world.engine.forests.get(0).unwrap();
	let accepted = active(0);
	let record = Deal { root: leaf.root, length: leaf.length, ..accepted.deal };
	let accepted = DealView { deal: record, ..accepted };
	world.engine.storage.journal.put(&sync::record(&accepted, 90, Local::Accepted { slot: 0 })).unwrap();
	let page = NodeView { deals: 1, forest: world.window.frozen, ..node() };
	world.fake.serve("node_page", Some(&page).encode());
	world.fake.serve_deals((1_000..21_000).map(expired).chain([accepted]).collect());

	assert!(world.engine.follow_final(&world.chain).await.is_ok());

	assert!(world.engine.is_in_step, "{}", world.words());
	assert_eq!(world.engine.storage.journal.followed().map(|block| block.height), Some(100));
	let (pages, singles) = (world.fake.asked("deals_of_node").len(), world.fake.asked("deal_page").len());
	assert!(pages <= 2 && singles <= 1, "{pages} pages and {singles} deals were asked for");
	assert_eq!(world.engine.storage.journal.len(), 1, "nothing is kept of them");
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert_eq!(world.fake.submitted(), 1);
}

// 14
#[tokio::test]
async fn a_proposal_that_waits_is_no_reason_to_read_all_deals_at_each_block() {
	let mut world = followed().await;
	let proposal = deal();
	world.engine.storage.journal.put(&sync::record(&proposal, 100, Local::Fetching)).unwrap();
	world.fake.asked("deals_of_node");

	for height in 101..105u8 {
		world.fake.finalise(height.into(), [height; 32]);
		assert!(world.engine.follow_final(&world.chain).await.is_ok());
	}
	assert_eq!(world.fake.asked("deals_of_node").len(), 0);

	// That it has expired is seen soon enough.
	world.fake.serve_deals(vec![expired(proposal.id.0)]);
	world.fake.finalise(105, [105; 32]);
	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert_eq!(world.engine.storage.journal.get(proposal.id.0), None);
}

// 14
#[tokio::test]
async fn proposals_that_cannot_be_accepted_now_cost_each_block_little_and_all_have_their_turn() {
	let mut world = World::new().await;
	let (settings, best) = (Settings::default(), NodeView { forest: world.engine.forests.current(), ..node() });
	let records: Vec<_> = (0..1_000).map(|deal| sync::record(&expired(deal), 100, Local::Ready)).collect();
	world.engine.storage.journal.put_all(&records).unwrap();
	world.fake.serve("deal_page", Some(expired(0)).encode());
	let mut seen = BTreeSet::new();

	for _ in 0..8 {
		let Engine { updater, storage, forests, .. } = &mut world.engine;
		let (chain, journal) = (&world.chain, &storage.journal);
		let ground = Ground { chain, best: &best, now: 100, settings: &settings, journal, forests };
		updater.step(&ground).await.unwrap();
		let asked = world.fake.asked("deal_page");
		assert!(asked.len() <= 128, "{} at one block", asked.len());
		seen.extend(asked);
	}

	assert_eq!((seen.len(), world.fake.submitted()), (1_000, 0));
}

// 2
#[tokio::test]
async fn a_node_that_names_another_key_is_proven_and_nothing_follows_from_its_state() {
	let mut world = World::new().await;
	let forest = world.engine.forests.current();
	let other = NodeView { agent: [9; 32], deals: 1, ..node() };
	world.fake.serve("node_page", Some(&other).encode());
	world.fake.serve("settings", Settings::default().encode());
	world.fake.serve("deals_of_node", Vec::<DealView>::new().encode());

	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert_eq!((world.fake.submitted(), world.engine.is_in_step), (1, false), "the window alone");
	assert_eq!((world.engine.storage.journal.followed(), world.engine.forests.current()), (None, forest));
	assert!(world.words().contains("not earning: node 1 is served by the agent 0909"), "{}", world.words());
	assert_eq!(refusal(&world), Some(Refusal::NotTaking), "customers do not wait for it");

	world.fake.serve("node_page", Some(&NodeView { deals: 1, forest, ..node() }).encode());
	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.engine.is_in_step && world.engine.situation.foreign.is_none());
}

// 2
#[tokio::test]
async fn a_node_of_another_operator_is_not_followed() {
	let mut world = World::new().await;
	let other = NodeView { operator: AccountId::from([9; 32]), ..node() };
	world.fake.serve("node_page", Some(&other).encode());

	assert!(world.engine.follow_final(&world.chain).await.is_ok());

	assert_eq!(world.engine.storage.journal.followed(), None);
	assert!(world.words().contains("this data folder is for the operator"), "{}", world.words());
}

impl World {
	/// Sends what is due now, after the best state's settings and node.
	async fn step(&mut self) {
		let (settings, best) = (Settings::default(), NodeView { forest: self.engine.forests.current(), ..node() });
		let Engine { updater, storage, forests, .. } = &mut self.engine;
		let (chain, journal) = (&self.chain, &storage.journal);
		let ground = Ground { chain, best: &best, now: 100, settings: &settings, journal, forests };
		updater.step(&ground).await.unwrap();
	}
}

#[tokio::test]
async fn a_number_that_is_another_proposal_after_a_reorganisation_is_not_accepted() {
	const FINAL: Hash = [9; 32];
	let mut world = World::new().await;
	let proposal = DealView { id: DealId(6), ..deal() };
	world.engine.storage.journal.put(&sync::record(&proposal, 95, Local::Ready)).unwrap();
	world.fake.serve("deal_page", Some(&proposal).encode());
	world.fake.finalise(99, FINAL);

	world.fake.serve_at(FINAL, "deal_page", None::<DealView>.encode());
	world.step().await;
	assert_eq!(world.fake.submitted(), 0, "it may become another one yet");

	for other in [Deal { root: [8; 32], ..proposal.deal }, Deal { length: 1, ..proposal.deal }] {
		world.fake.serve_at(FINAL, "deal_page", Some(DealView { deal: other, ..proposal.clone() }).encode());
		world.step().await;
		assert_eq!(world.fake.submitted(), 0, "the bytes are those of another proposal");
	}

	world.fake.serve_at(FINAL, "deal_page", Some(&proposal).encode());
	world.step().await;
	assert_eq!(world.fake.submitted(), 1);
	let state = world.engine.storage.journal.get(6).map(|record| record.state);
	assert!(matches!(state, Some(Local::Submitted { .. })), "{state:?}");
}

impl World {
	/// Another block is final, and background work goes on.
	async fn finalise(&mut self, height: u8) {
		self.fake.finalise(height.into(), [height; 32]);
		assert!(self.engine.follow_final(&self.chain).await.is_ok());
		tokio::task::yield_now().await;
	}
}

/// A deal that is over, of which the folder has never heard, in a forest with it, and the transaction that accepted it. Its
/// content is on the disk.
fn unheard(world: &World) -> (ForestTree, Vec<u8>) {
	let blobs = &world.engine.storage.blobs;
	let (content, data) = ([9; 32], blobs.path(&[9; 32], "data"));
	std::fs::write(&data, b"content").unwrap();
	std::fs::write(data.with_extension("obao4"), b"").unwrap();
	let commitment = hashing::Commitment { root: content, length: 7 };
	blobs.serve_file(&data, &data.with_extension("obao4"), commitment);
	let mut tree = (*world.engine.forests.current_tree()).clone();
	tree.apply(1, &[(1, Change::Insert(Leaf { deal: 77, root: content, length: 7 }))]).unwrap();
	let page = NodeView { deals: 1, forest: tree.forest(), ..node() };
	world.fake.serve("node_page", Some(&page).encode());
	(tree, acceptance(node().id, &[Acceptance { deal: DealId(77), slot: 1 }]))
}

// 9
#[tokio::test]
async fn blocks_that_came_while_others_were_read_are_read_as_well() {
	let mut world = followed().await;
	let (tree, acceptance) = unheard(&world);
	let mut height = 110;
	world.finalise(height).await;
	while !world.words().contains("do not name them either") {
		height += 1;
		assert!(height < 180, "{}", world.words());
		world.finalise(height).await;
	}
	world.fake.has_body(u32::from(height) + 3, [height + 3; 32], &[acceptance]);
	height += 4;
	world.finalise(height).await;
	while world.engine.situation.trouble.is_some() {
		height += 1;
		assert!(height < 250, "what the first reading said was the last word");
		world.finalise(height).await;
	}

	assert_eq!(world.engine.forests.current(), tree.forest());
}

// 9
#[tokio::test]
async fn what_running_deals_lack_is_named_while_nothing_explains_the_forest() {
	let mut world = followed().await;
	let (mut tree, _) = unheard(&world);
	let running = DealView { id: DealId(6), ..active(2) };
	tree.apply(2, &[(2, Change::Insert(running.deal.leaf(running.id)))]).unwrap();
	let page = NodeView { deals: 1, forest: tree.forest(), ..node() };
	world.fake.serve("node_page", Some(&page).encode());
	world.fake.serve_deals(vec![running.clone()]);

	world.fake.syncs(true);
	world.finalise(110).await;
	assert_eq!(world.engine.storage.journal.get(6), None, "not from a node that is catching up");
	world.fake.syncs(false);
	world.finalise(120).await;

	assert!(world.words().contains("are of deals that have ended"), "{}", world.words());
	assert_eq!(world.engine.storage.journal.followed().map(|block| block.height), Some(100));
	let state = world.engine.storage.journal.get(6).map(|record| record.state);
	assert_eq!(state, Some(Local::Accepted { slot: 2 }));
	let missing: Vec<_> = world.engine.situation.missing.iter().map(|content| content.deals.clone()).collect();
	assert_eq!(missing, [[6]]);
}

// 1
#[tokio::test]
async fn no_voucher_is_forgotten_before_the_length_of_a_period_is_known() {
	let world = World::new().await;
	assert_eq!(world.engine.storage.journal.period(), None);

	assert!(!world.engine.till.is_gone(ChannelId(3), false));
}

#[tokio::test]
async fn vouchers_of_a_node_that_was_withdrawn_are_looked_after() {
	let mut world = World::new().await;
	world.fake.serve("window", None::<WindowPage>.encode());
	world.fake.serve("node_page", None::<NodeView>.encode());
	assert!(world.engine.on_best(&world.chain).await.is_ok());
	assert!(!world.engine.till.has_chain(), "the final state was not looked at yet");

	assert!(world.engine.follow_final(&world.chain).await.is_ok());
	assert!(world.engine.on_best(&world.chain).await.is_ok());

	assert!(world.engine.till.has_chain());
	world.engine.report_disconnected("ws://fake");
	assert!(!world.engine.till.has_chain());
}

// 1
#[tokio::test]
async fn no_wait_goes_on_while_no_final_state_is_followed() {
	let mut world = followed().await;
	assert!(world.engine.watch.is_running());

	world.engine.report_disconnected("ws://fake");
	assert!(!world.engine.watch.is_running());

	world.finalise(110).await;
	assert!(world.engine.watch.is_running());
	world.finalise(105).await;
	assert!(!world.engine.watch.is_running(), "{}", world.words());
}
