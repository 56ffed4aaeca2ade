//! `substation dispute` and `substation answer`: a customer accuses, the node's agent answers. Each publishes a file
//! wherever it likes; the chain keeps its hash. To give in, `substation concede` sends the call as it is.

use crate::{
	cli::{
		disputes::{Answer, Dispute},
		Common,
	},
	commands::{
		local::blocking,
		session::{state_for, Session},
	},
	status::disputes::{self, DisputeReport},
};
use anyhow::{bail, ensure, Context, Result};
use serde_json::json;
use std::{
	fs::File,
	path::Path,
	time::{Duration, Instant},
};
use substation_client::{
	amounts::display_amount, calls::DISPUTES, client::DealView, free::Submission, signed::Wait, Call, Chain, ChainError,
};
use substation_primitives::{deal::DealState, dispute::Stage, pages::DisputePage, DealId};
use substation_proofs::{authority, Hash};

/// Pause between two looks at the chain.
const PAUSE: Duration = Duration::from_secs(2);
/// How long an answer may take to be as sure as asked.
const PATIENCE: Duration = Duration::from_secs(600);

/// Opens a dispute about a deal, with the least bond that the chain takes.
pub async fn dispute(common: &Common, options: &Dispute) -> Result<()> {
	let session = Session::customer(common).await?;
	let chain = &session.chain;
	let deal = DealId(options.deal);
	let best = chain.best().await?;
	let page = disputable(deal, chain.deal(deal, best).await?, chain.height(best).await?)?;
	if let Some(key) = session.key(&options.signer).await? {
		let customer = page.deal.customer;
		ensure!(key.account() == customer, "deal {deal} belongs to {customer}; name its key with --key-file");
	}
	let bond = chain.least_bond(deal, best).await?;
	let bond =
		bond.with_context(|| format!("deal {deal} cannot be disputed: it is over; `substation close {deal}`"))?;
	let evidence = evidence(&options.file).await?;
	let hash = hex::encode(evidence);
	session.say(&format!(
		"disputing deal {deal} with evidence {hash}; a bond of {} STN is put on hold",
		display_amount(bond)
	));
	let call = Call::open_dispute(deal, evidence, bond);
	let Some(receipt) = session.submit(&call, &options.signer, bond).await? else { return Ok(()) };
	let number = |field| receipt.number(DISPUTES, field).and_then(|number| u64::try_from(number).ok());
	let (dispute, until) = (number("dispute"), number("answer_by"));
	if session.json {
		let (call, bond) = (call.title(), bond.to_string());
		println!(
			"{}",
			json!({
				"call": call, "block": receipt.block, "deal": deal.0, "dispute": dispute, "evidence": hash,
				"bond": bond, "until": until,
			})
		);
	} else {
		println!("{} done in block {}", call.title(), receipt.block);
		if let Some(block) = until {
			println!("node {} loses unless it answers before block {block}; publish your file", page.deal.node);
		}
	}
	Ok(())
}

/// The deal, if it can be disputed.
fn disputable(deal: DealId, page: Option<DealView>, now: u32) -> Result<DealView> {
	let page = page.with_context(|| format!("there is no deal {deal}; see `substation deals`"))?;
	if let Some(dispute) = &page.dispute {
		bail!("deal {deal} is disputed already: {}", disputes::words(dispute, now));
	}
	let is_accepted = matches!(page.deal.state, DealState::Active(_));
	ensure!(is_accepted, "deal {deal} is not accepted yet; only what a node has accepted can be disputed");
	Ok(page)
}

/// Answers the dispute about a deal of this machine's node, signed with the agent's key.
pub async fn answer(common: &Common, options: &Answer) -> Result<()> {
	let session = Session::provider(common).await?;
	let key = session.folder.agent_key()?;
	let chain = &session.chain;
	let deal = DealId(options.deal);
	let best = chain.best().await?;
	let (page, now) = (chain.deal(deal, best).await?, chain.height(best).await?);
	let dispute = answerable(deal, page.as_ref(), now)?;
	let node = match page {
		Some(page) => chain.node(page.deal.node, best).await?,
		None => None,
	};
	let node = node.with_context(|| format!("the node of deal {deal} is not registered any more"))?;
	ensure!(
		node.agent == *key.public().as_bytes(),
		"deal {deal} is kept by node {}, whose agent has another key than this data folder; name its folder with --data",
		node.id
	);
	let evidence = evidence(&options.file).await?;
	let bond = chain.settings(best).await?.disputes.answer_bond;
	let (account, balance) = (node.operator, chain.funds(&node.operator).await?.free);
	if balance < bond {
		return Err(ChainError::NoFunds { account, balance, needed: bond }.into());
	}
	session.say(&format!(
		"answering the dispute about deal {deal} with evidence {}; a bond of {} STN of {account} is put on hold",
		hex::encode(evidence),
		display_amount(bond)
	));
	let message = authority::answer_message(&chain.genesis(), node.id.0, dispute.id.0, &evidence);
	let call = Call::answer_dispute(deal, evidence, key.sign(&message).to_bytes());
	let page = bring(chain, &call, deal, &evidence, options.wait()).await?;
	let report = DisputeReport::of(&page, now).context("the dispute is over already")?;
	if session.json {
		println!("{}", serde_json::to_string(&report)?);
	} else {
		println!("{}", report.words);
		println!("publish your file, so that the council can read it");
	}
	Ok(())
}

/// The dispute about a deal, if an answer that is sent after block `now` still counts.
fn answerable(deal: DealId, page: Option<&DealView>, now: u32) -> Result<DisputePage> {
	let dispute = page.and_then(|page| page.dispute);
	let dispute = dispute.with_context(|| format!("deal {deal} is not disputed; there is nothing to answer"))?;
	match dispute.stage {
		Stage::Open { answer_by } if now.saturating_add(1) < answer_by => Ok(dispute),
		_ if dispute.answer.is_some() => {
			bail!("the dispute about deal {deal} is answered already: {}", disputes::words(&dispute, now))
		}
		_ => bail!("too late to answer the dispute about deal {deal}: {}", disputes::words(&dispute, now)),
	}
}

/// Sends an answer until a block has it and that is as sure as asked.
async fn bring(chain: &Chain, call: &Call, deal: DealId, evidence: &Hash, wait: Wait) -> Result<DealView> {
	let has_answer = |page: &DealView| page.dispute.and_then(|dispute| dispute.answer).as_ref() == Some(evidence);
	let started = Instant::now();
	let (mut refusal, mut last_reason) = (None, String::new());
	loop {
		let page = chain.deal(deal, state_for(chain, wait).await?).await?;
		if let Some(page) = page.filter(has_answer) {
			return Ok(page);
		}
		let best = chain.best().await?;
		let page = chain.deal(deal, best).await?;
		if !page.as_ref().is_some_and(has_answer) {
			answerable(deal, page.as_ref(), chain.height(best).await?)?;
			match chain.submit_free(call).await? {
				Submission::Sent | Submission::AlreadyWaiting => refusal = None,
				// Said once, however often it is tried.
				Submission::NotYet(reason) if reason != last_reason => {
					tracing::warn!("the node does not take the answer yet: {reason}; trying again");
					last_reason = reason;
				}
				Submission::NotYet(_) => {}
				// A block may just have taken it: the next look tells.
				Submission::Invalid(reason) => match refusal.replace(reason) {
					None => {}
					Some(reason) => bail!("the chain refuses the answer: {reason}"),
				},
			}
		}
		ensure!(
			started.elapsed() < PATIENCE,
			"the answer is not as sure as asked after {} minutes; look with `substation status` before you repeat it",
			PATIENCE.as_secs() / 60
		);
		tokio::time::sleep(PAUSE).await;
	}
}

/// BLAKE3 hash of a file, as `b3sum` prints it.
async fn evidence(file: &Path) -> Result<Hash> {
	let file = file.to_owned();
	blocking(move || {
		ensure!(file.is_file(), "{} is no file; pack folders into an archive first", file.display());
		let mut hasher = blake3::Hasher::new();
		let content = File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
		hasher.update_reader(content).with_context(|| format!("cannot read {}", file.display()))?;
		ensure!(hasher.count() > 0, "{} is empty; that shows nothing", file.display());
		Ok(*hasher.finalize().as_bytes())
	})
	.await
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		provider::testing::{deal, terms},
		status::disputes::tests::disputed,
	};
	use substation_primitives::dispute::Verdict;

	fn refusal<T>(result: Result<T>) -> String {
		result.map(drop).unwrap_err().to_string()
	}

	fn active() -> DealView {
		let mut page = deal();
		page.deal.state = DealState::Active(terms(0));
		page
	}

	#[test]
	fn answer_counts_if_the_next_block_is_in_time() {
		let page = disputed(Stage::Open { answer_by: 200 });
		let answerable = |now| answerable(DealId(5), Some(&page), now);

		assert_eq!(answerable(198).unwrap(), page.dispute.unwrap());
		for late in [199, 200] {
			let error = refusal(answerable(late));
			assert!(error.contains("too late") && error.contains("counts before block 200"), "{error}");
		}
	}

	#[test]
	fn deal_without_a_dispute_has_nothing_to_answer() {
		for page in [None, Some(deal())] {
			let error = refusal(answerable(DealId(5), page.as_ref(), 100));
			assert!(error.contains("deal 5 is not disputed"), "{error}");
		}
	}

	#[test]
	fn dispute_is_answered_once_and_lost_by_silence() {
		let answered = disputed(Stage::Answered { decide_by: 300 });
		let mut silent = disputed(Stage::Decided { verdict: Verdict::Upheld, final_at: 400 });
		silent.dispute.as_mut().unwrap().answer = None;
		let error = |page| refusal(answerable(DealId(5), Some(page), 100));

		assert!(error(&answered).contains("answered already"), "{}", error(&answered));
		assert!(error(&silent).contains("too late") && error(&silent).contains("upheld"), "{}", error(&silent));
	}

	#[test]
	fn only_accepted_deals_without_a_dispute_can_be_disputed() {
		let error = |page| refusal(disputable(DealId(5), page, 100));

		assert!(disputable(DealId(5), Some(active()), 100).is_ok());
		assert!(error(None).contains("there is no deal 5"));
		assert!(error(Some(deal())).contains("not accepted yet"));
		let disputed = disputed(Stage::Open { answer_by: 200 });
		assert!(error(Some(disputed)).contains("disputed already: evidence abab"));
	}

	#[tokio::test]
	async fn evidence_is_the_hash_of_a_file_that_shows_something() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("log");
		assert!(refusal(evidence(&path).await).contains("is no file"));
		assert!(refusal(evidence(folder.path()).await).contains("is no file"));

		std::fs::write(&path, b"").unwrap();
		assert!(refusal(evidence(&path).await).contains("is empty"));

		std::fs::write(&path, b"proof").unwrap();
		assert_eq!(evidence(&path).await.unwrap(), *blake3::hash(b"proof").as_bytes());
	}
}
