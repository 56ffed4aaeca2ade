//! `substation store`: ask the nodes and say what it costs, propose deals for a file, bring the bytes to the nodes, wait
//! until the chain says that they keep them.
//!
//! The same command again is the same job: it goes on with what is proposed, and pays for nothing twice.

mod plan;
mod upload;

use crate::{
	cli::{Common, Store},
	commands::{
		customer::{addresses, records, remember, renumber, StoredDeal},
		local::{blocking, processors},
		session::{state_for, Session},
	},
	config::Folder,
};
use anyhow::{anyhow, bail, ensure, Context, Result};
use plan::{Planned, Task};
use serde_json::json;
use std::{
	fs,
	path::{Path, PathBuf},
	time::{Duration, Instant, SystemTime},
};
use substation_client::{
	amounts::display_amount,
	calls::MARKET,
	client::{BlockHash, DealView, NodeView},
	signed::Wait,
	AccountId, AccountKey, Call, Chain, ChainError, Patience,
};
use substation_primitives::{
	deal::{DealState, Proposal},
	Balance, Bytes, DealId, NodeId,
};
use substation_store::{
	hashing::{commit, Commitment},
	progress::{Output, Progress},
	storage::Storage,
};
use substation_transport::transfer::{any_address, endpoint_addr, TransferError, Transport, TransportConfig};
use upload::Upload;

/// Pause between two looks at the chain, and between two offers to a node.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a proposal may be missing from the chain.
const GONE: Duration = Duration::from_secs(60);
/// How long a lost connection to the chain is tried anew.
const RECONNECT: Patience = Patience::For(Duration::from_secs(120));

/// A file as it was when the command began.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Snapshot {
	path: PathBuf,
	length: u64,
	modified: Option<SystemTime>,
}

impl Snapshot {
	fn take(path: &Path) -> Result<Self> {
		let path = fs::canonicalize(path).with_context(|| format!("cannot find {}", path.display()))?;
		let metadata = fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
		ensure!(metadata.is_file(), "{} is no file; pack folders into an archive first", path.display());
		ensure!(metadata.len() > 0, "{} is empty; there is nothing to store", path.display());
		Ok(Self { length: metadata.len(), modified: metadata.modified().ok(), path })
	}

	/// Errors when the file is not as it was.
	fn ensure_unchanged(&self) -> Result<()> {
		let is_same = Self::take(&self.path).is_ok_and(|now| now == *self);
		ensure!(is_same, "{} has changed while it was being stored; store it again", self.path.display());
		Ok(())
	}
}

/// What all deals of one command share.
struct Job {
	url: String,
	genesis: substation_proofs::Hash,
	wait: Wait,
	snapshot: Snapshot,
	content: Commitment,
	output: Output,
	/// Who pays; a dry run need not know.
	customer: Option<AccountId>,
	/// Whether deals that run keep nobody from making another one.
	again: bool,
	folder: Folder,
}

impl Job {
	/// Whether a deal is this customer's, about this content and with that node.
	fn is_about(&self, page: &DealView, node: NodeId) -> bool {
		let (deal, content) = (&page.deal, &self.content);
		let is_same = deal.root == content.root && deal.length == content.length;
		Some(deal.customer) == self.customer && deal.node == node && is_same
	}

	/// Records a deal, unless an earlier command has.
	fn remember(&self, deal: DealId, node: NodeId) -> Result<()> {
		if records(&self.folder)?.iter().any(|record| record.deal == deal.0 && record.node == node.0) {
			return Ok(());
		}
		remember(
			&self.folder,
			StoredDeal {
				deal: deal.0,
				node: node.0,
				hash: hex::encode(self.content.root),
				bytes: self.content.length,
				file: self.snapshot.path.display().to_string(),
			},
		)
	}
}

/// A copy that a node keeps.
struct Done {
	deal: DealId,
	node: NodeId,
	/// What its proposal has put on hold; `None` for a deal that ran before this command.
	held: Option<Balance>,
	/// Whether this command has proposed it.
	is_new: bool,
}

/// Stores a file at every node that was named.
pub async fn store(common: &Common, options: &Store) -> Result<()> {
	let snapshot = Snapshot::take(&options.file)?;
	let folder = Folder::customer(common)?;
	folder.create()?;
	folder.agent_key_or_new()?;
	let storage = Storage::open(folder.path())?;
	let session = Session::customer(common).await?;
	let key = match options.dry_run {
		true => session.key(&options.signer).await?,
		false => Some(session.required_key(&options.signer).await?),
	};
	record_chain(&session)?;
	let output = Output::detect(common.quiet, common.json);
	let customer = key.as_ref().map(AccountKey::account);
	let plan = plan::plan(&session, options, customer, snapshot.length).await?;
	// Asked before a large file is hashed.
	plan::ensure_possible(&session, customer, &plan).await?;

	let outboard = folder.file("outgoing.obao4");
	let content = hash(&snapshot, &outboard, output).await?;
	if !common.json {
		println!("{}  {}", hex::encode(content.root), snapshot.path.display());
	}
	storage.blobs.serve_file(&snapshot.path, &outboard, content);
	let transport_config =
		TransportConfig { key_file: folder.key_file(), bind: any_address(), advertise: options.advertise.clone() };
	let (transport, _offers) = Transport::start(transport_config, storage.blobs.clone()).await?;

	let job = Job {
		url: session.chain.url().to_owned(),
		genesis: session.chain.genesis(),
		wait: options.signer.wait(),
		snapshot,
		content,
		output,
		customer,
		again: options.again,
		folder,
	};
	let outcome = tokio::select! {
		outcome = carry_out(&session, key.as_ref(), plan, &job, &transport, options) => outcome,
		signal = tokio::signal::ctrl_c() => Err(match signal {
			Ok(()) => anyhow!("interrupted; the same command goes on with what is proposed, see `substation deals`"),
			Err(error) => anyhow!("cannot hear Ctrl-C: {error}"),
		}),
	};
	transport.shutdown().await;
	storage.blobs.stop_serving(&content.root);
	// Made anew next time; a leftover does no harm.
	let _ = fs::remove_file(&outboard);
	match outcome? {
		Some(done) => report(common, &job, &done),
		None => Ok(()),
	}
}

/// Hashes a file, and writes its tree to `outboard`.
async fn hash(snapshot: &Snapshot, outboard: &Path, output: Output) -> Result<Commitment> {
	let (path, outboard, length) = (snapshot.path.clone(), outboard.to_owned(), snapshot.length);
	let content = blocking(move || {
		let progress = Progress::new(output, "hashing", length);
		Ok(commit(&path, &outboard, processors(), &progress)?)
	})
	.await?;
	snapshot.ensure_unchanged()?;
	Ok(content)
}

/// Everything from the questions to the deals; `None` for a dry run.
async fn carry_out(
	session: &Session,
	key: Option<&AccountKey>,
	mut plan: Vec<Planned>,
	job: &Job,
	transport: &Transport,
	options: &Store,
) -> Result<Option<Vec<Done>>> {
	plan::find_own(session, &mut plan, job).await?;
	plan::ask(session, &mut plan, job, transport, options.upload_rate.is_none()).await?;
	let slot_millis = session.chain.slot_millis(session.chain.best().await?).await?;
	let legs: Vec<_> = plan.iter().filter_map(|planned| planned.leg(job.content.length, slot_millis)).collect();
	let upload = Upload::of(&legs, options.upload_rate);
	let needed = plan::to_hold(&plan);
	if !session.json {
		plan.iter().for_each(|planned| println!("{}", planned.summary(slot_millis)));
		println!("to be put on hold: {} STN, and fees on top", display_amount(needed));
		upload.summary().iter().for_each(|summary| println!("{summary}"));
	}
	upload.check()?;
	if let Some(customer) = job.customer {
		plan::ensure_funds(session, customer, needed).await?;
	}
	match key {
		Some(key) if !options.dry_run => propose_and_deliver(session, key, plan, job, transport).await.map(Some),
		_ => {
			if session.json {
				println!("{}", outlook(job, &plan, &upload));
			}
			Ok(None)
		}
	}
}

/// What a dry run says to programs.
fn outlook(job: &Job, plan: &[Planned], upload: &Upload) -> serde_json::Value {
	json!({
		"hash": hex::encode(job.content.root),
		"bytes": job.content.length,
		"copies": plan.iter().map(Planned::json).collect::<Vec<_>>(),
		"toHold": plan::to_hold(plan).to_string(),
		"toUpload": upload.bytes,
		"uploadRate": upload.rate,
		"uploadSeconds": upload.seconds,
		"waitSeconds": upload.within,
	})
}

/// The folder belongs to the chain that it first stored on.
fn record_chain(session: &Session) -> Result<()> {
	if session.folder.find_config()?.is_none() {
		let mut config = session.config.clone();
		config.genesis = Some(hex::encode(session.chain.genesis()));
		session.folder.write_config(&config)?;
	}
	Ok(())
}

/// Every proposal first, in the order of nonces; then all deliveries at one time.
async fn propose_and_deliver(
	session: &Session,
	key: &AccountKey,
	plan: Vec<Planned>,
	job: &Job,
	transport: &Transport,
) -> Result<Vec<Done>> {
	let mut deals = Vec::new();
	for mut planned in plan {
		if planned.task == Task::Propose {
			planned.task = plan::task_now(&session.chain, job, &planned).await?;
			if let Task::Resume { deal, .. } | Task::Keep { deal, .. } = planned.task {
				let node = planned.node.id;
				session.say(&format!(
					"another command has proposed deal {deal} to node {node} meanwhile; it goes on with that"
				));
			}
		}
		let (deal, held) = match planned.task {
			Task::Propose => (propose(session, key, &planned, job).await?, Some(planned.committed())),
			Task::Resume { deal, held, .. } => (deal, Some(held)),
			Task::Keep { deal, .. } => (deal, None),
		};
		job.remember(deal, planned.node.id)?;
		deals.push((deal, held, planned));
	}
	let deliveries = deals.iter().map(|(deal, _, planned)| deliver(job, transport, *deal, planned));
	let results = futures::future::join_all(deliveries).await;
	let mut done = Vec::new();
	let mut failures = Vec::new();
	for ((id, held, planned), result) in deals.into_iter().zip(results) {
		let node = planned.node.id;
		match result {
			Ok(deal) => done.push(Done { deal, node, held, is_new: planned.task == Task::Propose }),
			Err(error) => failures.push(format!("deal {id} at node {node}: {}", super::one_line(&error))),
		}
	}
	ensure!(
		failures.is_empty(),
		"{} of {} copies failed: {}",
		failures.len(),
		failures.len() + done.len(),
		failures.join("; ")
	);
	Ok(done)
}

async fn propose(session: &Session, key: &AccountKey, planned: &Planned, job: &Job) -> Result<DealId> {
	job.snapshot.ensure_unchanged()?;
	let proposal = Proposal {
		node: planned.node.id,
		root: job.content.root,
		length: Bytes(job.content.length),
		periods: planned.periods,
		price: planned.price,
	};
	let call = Call::propose(&proposal);
	let receipt = session.chain.submit(&call, key, planned.committed(), Wait::InBlock).await?;
	let deal = receipt.event(MARKET, "DealProposed").and_then(|event| event.number("deal"));
	let deal = deal.and_then(|deal| u64::try_from(deal).ok());
	let deal = DealId(deal.context("the chain did not say which deal was made; see `substation deals --customer`")?);
	if !session.json {
		let escrow = display_amount(planned.committed());
		println!("deal {deal} proposed to node {}, {escrow} STN on hold", planned.node.id);
	}
	Ok(deal)
}

/// Where a deal stands, seen from its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
	Waiting,
	Accepted,
	Expired,
	Gone,
}

fn standing(page: Option<&DealView>, now: u32) -> Standing {
	match page.map(|page| page.deal.state) {
		None => Standing::Gone,
		Some(DealState::Active(_)) => Standing::Accepted,
		Some(DealState::Proposed { expires }) if expires <= now => Standing::Expired,
		Some(DealState::Proposed { .. }) => Standing::Waiting,
	}
}

/// Offers the bytes until the node has them, then waits for the acceptance to be as sure as asked. Gives the deal's
/// number, which another fork may have changed.
async fn deliver(job: &Job, transport: &Transport, mut deal: DealId, planned: &Planned) -> Result<DealId> {
	let node: &NodeView = &planned.node;
	let peer = endpoint_addr(&node.endpoint, &addresses(node))?;
	let mut chain = Chain::connect(&job.url, Some(job.genesis), RECONNECT).await?;
	let mut stored = matches!(planned.task, Task::Keep { .. });
	let mut last_refusal = String::new();
	let mut gone_since: Option<Instant> = None;
	loop {
		job.snapshot.ensure_unchanged()?;
		if !stored {
			let progress = Progress::new(job.output, &format!("to node {}", node.id), job.content.length);
			match transport.offer(peer.clone(), deal.0, job.content, &progress).await {
				Ok(()) => {
					stored = true;
					tracing::info!(
						deal = deal.0,
						node = node.id.0,
						"the node has the bytes, waiting for its acceptance"
					);
				}
				Err(error) => {
					let reason = match error {
						TransferError::Refused(reason) => reason,
						other => other.to_string(),
					};
					// Said once, however often it is tried.
					if reason != last_refusal {
						tracing::warn!(
							deal = deal.0,
							node = node.id.0,
							"{reason}; trying again until the proposal expires"
						);
						last_refusal = reason;
					}
				}
			}
		}
		match look(&mut chain, job, deal, node.id).await? {
			Standing::Accepted => return Ok(deal),
			Standing::Expired if stored => {
				bail!("the node has the bytes and did not accept in time; `substation withdraw-proposal {deal}` refunds you")
			}
			Standing::Expired => {
				bail!("{last_refusal}; the proposal has expired, `substation withdraw-proposal {deal}` refunds you")
			}
			// After a re-organisation it usually comes back in a later block, and not always with the same number.
			Standing::Gone if gone_since.get_or_insert_with(Instant::now).elapsed() < GONE => {
				match find(&chain, job, planned).await {
					Ok(Some(found)) if found != deal => {
						tracing::info!("deal {deal} is deal {found} now: the chain was re-organised");
						renumber(&job.folder, node.id, deal, found)?;
						deal = found;
						// The node knows the bytes by the old number.
						stored = false;
					}
					// It is still gone, or has just come back.
					Ok(_) => tokio::time::sleep(PAUSE).await,
					Err(error) if error.is_connection_lost() => tokio::time::sleep(PAUSE).await,
					Err(error) => return Err(error.into()),
				}
			}
			Standing::Gone => {
				bail!("the proposal is gone: somebody withdrew it, or the chain was re-organised; store again")
			}
			Standing::Waiting => {
				gone_since = None;
				tokio::time::sleep(PAUSE).await;
			}
		}
	}
}

/// Reads the deal, through a new connection if the old one is lost.
async fn look(chain: &mut Chain, job: &Job, deal: DealId, node: NodeId) -> Result<Standing> {
	loop {
		match standing_in(chain, job, deal, node).await {
			Ok(standing) => return Ok(standing),
			Err(error) if error.is_connection_lost() => {
				tracing::warn!("{error}; connecting again");
				*chain = Chain::connect(&job.url, Some(job.genesis), RECONNECT).await?;
			}
			Err(error) => return Err(error.into()),
		}
	}
}

async fn standing_in(chain: &Chain, job: &Job, deal: DealId, node: NodeId) -> Result<Standing, ChainError> {
	let state = state_for(chain, job.wait).await?;
	let final_standing = standing_at(chain, job, deal, node, state).await?;
	if final_standing != Standing::Gone || job.wait == Wait::InBlock {
		return Ok(final_standing);
	}
	// The final state lags behind: what it does not have yet the best one may.
	Ok(match standing_at(chain, job, deal, node, chain.best().await?).await? {
		Standing::Accepted => Standing::Waiting,
		other => other,
	})
}

/// A deal of this number that is somebody else's, or about something else, is not the one that was proposed.
async fn standing_at(
	chain: &Chain,
	job: &Job,
	deal: DealId,
	node: NodeId,
	state: BlockHash,
) -> Result<Standing, ChainError> {
	let page = chain.deal(deal, state).await?.filter(|page| job.is_about(page, node));
	Ok(standing(page.as_ref(), chain.height(state).await?))
}

/// The number that a copy's deal has now.
async fn find(chain: &Chain, job: &Job, planned: &Planned) -> Result<Option<DealId>, ChainError> {
	let deals = newer(chain, job, planned, chain.best().await?).await?;
	Ok(deals.into_iter().map(|page| page.id).max())
}

/// The customer's deals about a copy that were not there, or were to be gone on with, when the plan was made.
async fn newer(chain: &Chain, job: &Job, planned: &Planned, block: BlockHash) -> Result<Vec<DealView>, ChainError> {
	let node = planned.node.id;
	let is_new = |page: &DealView| job.is_about(page, node) && !planned.others.contains(&page.id);
	chain.deals_of_node(node, block, is_new).await
}

fn report(common: &Common, job: &Job, done: &[Done]) -> Result<()> {
	let hash = hex::encode(job.content.root);
	if common.json {
		let deals: Vec<_> = done
			.iter()
			.map(|Done { deal, node, held, is_new }| {
				json!({ "deal": deal.0, "node": node.0, "held": held.map(|held| held.to_string()), "new": is_new })
			})
			.collect();
		println!("{}", json!({ "hash": hash, "bytes": job.content.length, "deals": deals }));
	} else {
		for Done { deal, node, .. } in done {
			println!("deal {deal} accepted by node {node}{}", if job.wait == Wait::Finalised { ", final" } else { "" });
		}
		println!("get it back with: substation fetch {hash} -o FILE");
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn changed_file_is_noticed() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("file");
		fs::write(&path, b"one").unwrap();
		let snapshot = Snapshot::take(&path).unwrap();
		assert!(snapshot.ensure_unchanged().is_ok());

		fs::write(&path, b"other").unwrap();
		assert!(snapshot.ensure_unchanged().unwrap_err().to_string().contains("has changed"));

		fs::remove_file(&path).unwrap();
		assert!(snapshot.ensure_unchanged().is_err());
	}

	#[test]
	fn folders_and_empty_files_are_refused() {
		let folder = tempfile::tempdir().unwrap();
		let empty = folder.path().join("empty");
		fs::write(&empty, b"").unwrap();

		assert!(Snapshot::take(folder.path()).unwrap_err().to_string().contains("archive"));
		assert!(Snapshot::take(&empty).unwrap_err().to_string().contains("empty"));
		assert!(Snapshot::take(&folder.path().join("none")).is_err());
	}

	#[test]
	fn deal_without_a_record_is_gone() {
		assert_eq!(standing(None, 5), Standing::Gone);
	}
}
