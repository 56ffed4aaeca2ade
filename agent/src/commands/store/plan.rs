//! What there is to do for each copy: what the customer has at the node already, what the rest costs, and whether the
//! node would take it.

use super::{
	newer,
	upload::{duration, Leg},
	Job, PAUSE,
};
use crate::{
	cli::Store,
	commands::{
		customer::{addresses, takes_deals},
		session::Session,
	},
	provider::{
		decide::{asked_rate, time_to_upload, Refusal},
		inquiry::{self, Answer, Inquiry, InquiryError, Reply, MAX_PROBE},
	},
};
use anyhow::{bail, ensure, Context, Result};
use serde_json::{json, Value};
use std::time::{Duration, Instant};
use substation_client::{
	amounts::{display_amount, display_size},
	client::{DealView, NodeView},
	AccountId, Chain, ChainError,
};
use substation_primitives::{deal::DealState, settings::Settings, Balance, DealId, NodeId, Offer, Period};
use substation_transport::transfer::{endpoint_addr, Transport};

/// How long a node is asked that cannot be reached or cannot answer now.
const ASKING: Duration = Duration::from_secs(30);
/// How long a transaction of an earlier command is waited for; it lives no longer.
const ON_ITS_WAY: Duration = Duration::from_secs(400);

/// What there is to do for a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
	/// To propose a deal, and to bring the bytes.
	Propose,
	/// To bring the bytes of a proposal that waits.
	Resume {
		/// The proposal.
		deal: DealId,
		/// Blocks until it expires.
		left: u32,
		/// What it has on hold.
		held: Balance,
	},
	/// Nothing: a deal runs.
	Keep {
		/// The deal.
		deal: DealId,
		/// Its last period.
		last: Period,
	},
}

/// One copy.
#[derive(Clone, Debug)]
pub(super) struct Planned {
	pub(super) node: NodeView,
	pub(super) price: Balance,
	pub(super) periods: u32,
	/// What it pays per period.
	rate: Balance,
	/// What is on hold for its record.
	deposit: Balance,
	/// Blocks in which the bytes of a new proposal have to arrive, whatever the node says.
	time: u32,
	pub(super) task: Task,
	/// Whether the customer has deals with this node about as many bytes: they may be this file's.
	may_be_known: bool,
	/// Other deals of the customer with this node about this file.
	pub(super) others: Vec<DealId>,
	/// Why a new deal is out of the question.
	obstacle: Option<String>,
	/// What the node has said, if it could be asked.
	reply: Option<Reply>,
}

impl Planned {
	/// What a proposal puts on hold.
	pub(super) fn committed(&self) -> Balance {
		self.rate.saturating_mul(self.periods.into()).saturating_add(self.deposit)
	}

	/// What this command puts on hold for the copy.
	fn to_hold(&self) -> Balance {
		match self.task {
			Task::Propose => self.committed(),
			Task::Resume { .. } | Task::Keep { .. } => 0,
		}
	}

	/// What is to be uploaded for it; `None` if nothing is.
	pub(super) fn leg(&self, length: u64, slot_millis: u64) -> Option<Leg> {
		let answer = self.reply.as_ref().map(|reply| &reply.answer);
		let missing = length.saturating_sub(answer.map_or(0, |answer| answer.here));
		let rate = self.reply.as_ref().and_then(|reply| reply.rate);
		let (blocks, is_new) = match self.task {
			Task::Propose => (answer.map_or(self.time, |answer| answer.within.min(self.time)), true),
			Task::Resume { left, .. } => (left, false),
			Task::Keep { .. } => return None,
		};
		Some(Leg { missing, rate, within: seconds(blocks, slot_millis), is_new })
	}

	pub(super) fn summary(&self, slot_millis: u64) -> String {
		let node = self.node.id;
		match self.task {
			Task::Propose => {
				let escrow = self.rate.saturating_mul(self.periods.into());
				let takes = match &self.reply {
					Some(Reply { answer, .. }) => {
						let cap = display_size(answer.cap);
						format!("it takes proposals over {cap} from one customer at one time")
					}
					None => "whether it takes the file cannot be asked".to_owned(),
				};
				format!(
					"node {node}: {} STN for {} periods of {} STN, and {} STN deposit; {takes}",
					display_amount(escrow),
					self.periods,
					display_amount(self.rate),
					display_amount(self.deposit)
				)
			}
			Task::Resume { deal, left, held } => format!(
				"node {node}: deal {deal} is proposed already, with {} STN on hold, and waits another {}",
				display_amount(held),
				duration(seconds(left, slot_millis))
			),
			Task::Keep { deal, last } => {
				format!("node {node}: deal {deal} runs to period {last}; another one needs --again")
			}
		}
	}

	pub(super) fn json(&self) -> Value {
		let answer = self.reply.as_ref().map(|reply| &reply.answer);
		let (task, deal) = match self.task {
			Task::Propose => ("propose", None),
			Task::Resume { deal, .. } => ("resume", Some(deal.0)),
			Task::Keep { deal, .. } => ("keep", Some(deal.0)),
		};
		json!({
			"node": self.node.id.0,
			"task": task,
			"deal": deal,
			"rate": self.rate.to_string(),
			"periods": self.periods,
			"deposit": self.deposit.to_string(),
			"toHold": self.to_hold().to_string(),
			"cap": answer.map(|answer| answer.cap),
			"waiting": answer.map(|answer| answer.waiting),
			"here": answer.map(|answer| answer.here),
		})
	}
}

/// How long blocks take, in seconds.
fn seconds(blocks: u32, slot_millis: u64) -> u64 {
	u64::from(blocks).saturating_mul(slot_millis) / 1_000
}

/// Looks at every node before anything is paid.
pub(super) async fn plan(
	session: &Session,
	options: &Store,
	customer: Option<AccountId>,
	length: u64,
) -> Result<Vec<Planned>> {
	let best = session.chain.best().await?;
	let settings = session.chain.settings(best).await?;
	let mut plan: Vec<Planned> = Vec::new();
	for id in &options.nodes {
		ensure!(
			plan.iter().all(|planned| planned.node.id.0 != *id),
			"node {id} is named twice; copies need different nodes"
		);
		let node = session.chain.node(NodeId(*id), best).await?;
		let node = node.with_context(|| format!("there is no node {id}; see `substation nodes`"))?;
		let mut planned = planned(node, options, &settings, length);
		if let Some(customer) = customer {
			let is_like = |page: &DealView| page.deal.customer == customer && page.deal.length == length;
			let deals = session.chain.deals_of_node(planned.node.id, best, is_like).await?;
			planned.may_be_known = !deals.is_empty();
		}
		plan.push(planned);
	}
	Ok(plan)
}

fn planned(node: NodeView, options: &Store, settings: &Settings, length: u64) -> Planned {
	// Without an offer nothing can be proposed, and a proposal that is there needs no price.
	let price = options.price.or(node.offer.map(|offer| offer.price)).unwrap_or(0);
	Planned {
		obstacle: obstacle(&node, price, length),
		rate: asked_rate(&Offer { price, capacity: 0 }, settings, length),
		deposit: settings.market.deal_deposit,
		time: time_to_upload(settings.market.acceptance_time),
		periods: options.periods,
		task: Task::Propose,
		may_be_known: false,
		others: Vec::new(),
		reply: None,
		node,
		price,
	}
}

/// Why the chain would refuse a proposal to this node, or nobody could bring the bytes.
fn obstacle(node: &NodeView, price: Balance, length: u64) -> Option<String> {
	let id = node.id;
	let offer = match node.offer {
		Some(offer) if takes_deals(node) => offer,
		_ => return Some(format!("node {id} takes no deals now; see `substation nodes`")),
	};
	let left = offer.capacity.saturating_sub(node.bytes);
	if length > left {
		return Some(format!("node {id} has only {} left; see `substation nodes`", display_size(left)));
	}
	if price < offer.price {
		let [asked, offered] = [offer.price, price].map(display_amount);
		return Some(format!("node {id} asks {asked} STN per GiB and period, more than your {offered}"));
	}
	addresses(node).is_empty().then(|| format!("node {id} published no address to dial"))
}

/// What this command puts on hold for these copies.
pub(super) fn to_hold<'a>(plan: impl IntoIterator<Item = &'a Planned>) -> Balance {
	plan.into_iter().fold(0, |sum: Balance, planned| sum.saturating_add(planned.to_hold()))
}

/// Errors when one of the copies cannot be proposed whatever the node says, or when the account cannot pay for all of
/// them. Copies that the customer may have already are looked at later, once the file is hashed.
pub(super) async fn ensure_possible(session: &Session, customer: Option<AccountId>, plan: &[Planned]) -> Result<()> {
	let new = plan.iter().filter(|planned| !planned.may_be_known);
	if let Some(obstacle) = new.clone().find_map(|planned| planned.obstacle.as_ref()) {
		bail!("{obstacle}");
	}
	match customer {
		Some(customer) => ensure_funds(session, customer, to_hold(new)).await,
		None => Ok(()),
	}
}

/// Errors when the account cannot pay for all of it; fees come on top.
pub(super) async fn ensure_funds(session: &Session, account: AccountId, needed: Balance) -> Result<()> {
	if needed == 0 {
		return Ok(());
	}
	let balance = session.chain.funds(&account).await?.free;
	if balance < needed {
		return Err(ChainError::NoFunds { account, balance, needed }.into());
	}
	Ok(())
}

/// Finds what the customer has already, so that nothing is paid twice.
pub(super) async fn find_own(session: &Session, plan: &mut [Planned], job: &Job) -> Result<()> {
	let Some(customer) = job.customer else { return Ok(()) };
	wait_for_calls(session, &customer).await?;
	let best = session.chain.best().await?;
	let now = session.chain.height(best).await?;
	for planned in plan {
		let is_own = |page: &DealView| job.is_about(page, planned.node.id);
		let own = session.chain.deals_of_node(planned.node.id, best, is_own).await?;
		for page in own.iter().filter(|page| has_expired(page, now)) {
			let (deal, node) = (page.id, planned.node.id);
			tracing::warn!(
				"deal {deal}, which was proposed to node {node} before, has expired; `substation withdraw-proposal {deal}` \
				 refunds it"
			);
		}
		planned.task = task(&own, planned.node.window.period, now, job.again);
		let chosen = match planned.task {
			Task::Propose => None,
			Task::Resume { deal, .. } | Task::Keep { deal, .. } => Some(deal),
		};
		planned.others = own.iter().map(|page| page.id).filter(|deal| Some(*deal) != chosen).collect();
	}
	Ok(())
}

/// What is left to do for a copy that was to be proposed: a call of another command may have come into a block while the
/// nodes were asked.
pub(super) async fn task_now(chain: &Chain, job: &Job, planned: &Planned) -> Result<Task, ChainError> {
	let best = chain.best().await?;
	let newer = newer(chain, job, planned, best).await?;
	Ok(task(&newer, planned.node.window.period, chain.height(best).await?, job.again))
}

/// A call of an earlier command may be a proposal of this file: waits until every call of the account is in a block.
async fn wait_for_calls(session: &Session, customer: &AccountId) -> Result<()> {
	let started = Instant::now();
	let mut is_told = false;
	while session.chain.waiting_calls(customer).await? > 0 {
		ensure!(
			started.elapsed() < ON_ITS_WAY,
			"a call of {customer} is in no block after {} seconds; nothing was put on hold: try again when the chain goes on",
			ON_ITS_WAY.as_secs()
		);
		if !is_told {
			session.say(&format!("a call of {customer} is on its way; waiting until it is in a block"));
			is_told = true;
		}
		tokio::time::sleep(PAUSE).await;
	}
	Ok(())
}

fn has_expired(page: &DealView, now: u32) -> bool {
	matches!(page.deal.state, DealState::Proposed { expires } if expires <= now)
}

/// What is left to do, given the customer's deals with a node about the file: a proposal that waits goes on, and where a
/// deal runs beyond the node's `period` nothing is proposed but `again`.
fn task(own: &[DealView], period: Period, now: u32, again: bool) -> Task {
	let waiting = own.iter().filter_map(|page| match page.deal.state {
		DealState::Proposed { expires } if expires > now => Some((expires, page)),
		_ => None,
	});
	if let Some((expires, page)) = waiting.max_by_key(|(expires, page)| (*expires, page.id.0)) {
		let escrow = page.deal.rate.saturating_mul(page.deal.periods.into());
		let held = escrow.saturating_add(page.deal.deposit);
		return Task::Resume { deal: page.id, left: expires.saturating_sub(now), held };
	}
	let running = own.iter().filter_map(|page| match page.deal.state {
		DealState::Active(terms) if terms.last > period && page.dispute.is_none() => Some((terms.last, page.id)),
		_ => None,
	});
	match running.max_by_key(|(last, deal)| (*last, deal.0)) {
		Some((last, deal)) if !again => Task::Keep { deal, last },
		_ => Task::Propose,
	}
}

/// Asks every node to which something is to be sent. Errors, with all of their reasons, when one of them would not take a
/// new copy. A node that is there and does not speak the protocol is proposed to as if it had said yes.
pub(super) async fn ask(
	session: &Session,
	plan: &mut [Planned],
	job: &Job,
	transport: &Transport,
	measure: bool,
) -> Result<()> {
	let mut refusals = Vec::new();
	// What is smaller is uploaded as soon as it is measured.
	let at_most = job.content.length.saturating_mul(u64::try_from(plan.len()).unwrap_or(u64::MAX));
	let measure = measure && at_most > MAX_PROBE;
	for planned in plan {
		let deal = match (planned.task, &planned.obstacle) {
			(Task::Propose, None) => None,
			(Task::Propose, Some(obstacle)) => {
				refusals.push(obstacle.clone());
				continue;
			}
			(Task::Resume { deal, .. }, _) => Some(deal),
			(Task::Keep { .. }, _) => continue,
		};
		let (node, length) = (planned.node.id, job.content.length);
		let inquiry = Inquiry {
			genesis: session.chain.genesis(),
			node,
			customer: job.customer.map(|customer| customer.0),
			deal,
			root: job.content.root,
			length,
			price: planned.price,
			measure,
		};
		if measure {
			session.say(&format!("measuring the upload to node {node}"));
		}
		match ask_one(transport, &planned.node, &inquiry).await {
			Ok(Some(reply)) => match &reply.answer.refusal {
				Some(refusal) if deal.is_none() => refusals.push(format!("node {node}: {refusal}")),
				_ => planned.reply = Some(reply),
			},
			Ok(None) => tracing::warn!(
				"node {node} cannot be asked: {}; if it does not take it, the proposal expires and is refunded",
				InquiryError::OtherRelease
			),
			Err(error) if deal.is_none() => {
				refusals.push(format!("node {node}: {}", crate::commands::one_line(&error)))
			}
			// The money is on hold, so that the node is tried until the proposal expires.
			Err(error) => tracing::debug!(node = node.0, "{error:#}"),
		}
	}
	ensure!(refusals.is_empty(), "nothing was put on hold: {}", refusals.join("; "));
	Ok(())
}

/// Asks once if the proposal is there already, and else for a while. `None` from an agent that does not know inquiries.
async fn ask_one(transport: &Transport, node: &NodeView, inquiry: &Inquiry) -> Result<Option<Reply>> {
	let peer = endpoint_addr(&node.endpoint, &addresses(node))?;
	let until = Instant::now() + ASKING;
	let mut last_reason = String::new();
	loop {
		let is_last = inquiry.deal.is_some() || Instant::now() >= until;
		let reason = match inquiry::ask(transport, peer.clone(), inquiry).await {
			Ok(reply) if is_last || !is_unready(inquiry, &reply) => return Ok(Some(reply)),
			Err(InquiryError::OtherRelease) => return Ok(None),
			Err(error) if is_last || !error.may_pass() => return Err(error.into()),
			Ok(Reply { answer: Answer { refusal: Some(refusal), .. }, .. }) => refusal.to_string(),
			Ok(_) => "the upload was not measured".to_owned(),
			Err(error) => error.to_string(),
		};
		if reason != last_reason {
			tracing::warn!(node = node.id.0, "{reason}; asking again for {} seconds", ASKING.as_secs());
			last_reason = reason;
		}
		tokio::time::sleep(PAUSE).await;
	}
}

/// Whether a node may say more in a moment: it has just started, or measures the uploads of others.
fn is_unready(inquiry: &Inquiry, reply: &Reply) -> bool {
	match &reply.answer.refusal {
		Some(refusal) => *refusal == Refusal::NoChain,
		None => inquiry.measure && reply.rate.is_none(),
	}
}

#[cfg(test)]
mod tests {
	use super::{super::Snapshot, *};
	use crate::{
		cli::{Cli, Command},
		config::Folder,
		provider::testing::{connect, deal, node},
		status::disputes::tests::disputed,
	};
	use clap::Parser;
	use codec::Encode;
	use substation_client::signed::Wait;
	use substation_fake_node::FakeNode;
	use substation_primitives::{
		deal::{Deal, Terms},
		dispute::Stage,
		settings::STN,
	};
	use substation_store::{hashing::Commitment, progress::Output, storage::Storage};
	use substation_transport::transfer::TransportConfig;

	const PERIOD: Period = Period(10);
	const NOW: u32 = 100;

	fn of(id: u64, state: DealState) -> DealView {
		let page = deal();
		DealView { id: DealId(id), deal: Deal { state, ..page.deal }, ..page }
	}

	fn proposed(id: u64, expires: u32) -> DealView {
		of(id, DealState::Proposed { expires })
	}

	fn running(id: u64, last: u32) -> DealView {
		let terms = Terms {
			slot: 0,
			shares: Settings::default().market.shares,
			first: Period(1),
			last: Period(last),
			next_unsettled: Period(1),
			paid_periods: 0,
			compensation_periods: 7,
		};
		of(id, DealState::Active(terms))
	}

	fn found(own: &[DealView], again: bool) -> Task {
		task(own, PERIOD, NOW, again)
	}

	// b6
	#[test]
	fn a_proposal_that_waits_is_not_made_a_second_time() {
		let held = 10 * STN;

		for again in [false, true] {
			let resumed = found(&[proposed(4, 150), running(5, 30)], again);
			assert_eq!(resumed, Task::Resume { deal: DealId(4), left: 50, held });
		}
		let longest = found(&[proposed(4, 150), proposed(6, 170), proposed(7, 160)], false);
		assert_eq!(longest, Task::Resume { deal: DealId(6), left: 70, held });
		assert_eq!(found(&[proposed(4, NOW)], false), Task::Propose, "it has expired");
		assert!(has_expired(&proposed(4, NOW), NOW) && !has_expired(&proposed(4, NOW + 1), NOW));
		assert_eq!(found(&[], false), Task::Propose);
	}

	// b6
	#[test]
	fn a_deal_that_runs_is_not_paid_a_second_time_unless_asked_for() {
		assert_eq!(found(&[running(5, 30), running(6, 20)], false), Task::Keep { deal: DealId(5), last: Period(30) });
		assert_eq!(found(&[running(5, 30)], true), Task::Propose);
		assert_eq!(found(&[running(5, 10)], false), Task::Propose, "it is in its last period");
		let lost = DealView { dispute: disputed(Stage::Answered { decide_by: 300 }).dispute, ..running(5, 30) };
		assert_eq!(found(&[lost], false), Task::Propose);
	}

	fn options() -> Store {
		let line = "substation store f --node 1 --periods 4 --suri //Alice";
		let Command::Store(options) = Cli::parse_from(line.split(' ')).command else { panic!("not store") };
		options
	}

	fn a_copy() -> Planned {
		let node = NodeView { addresses: vec![b"127.0.0.1:4550".to_vec()], ..node() };
		planned(node, &options(), &Settings::default(), 1 << 20)
	}

	#[test]
	fn what_stands_in_the_way_of_a_new_deal_is_named() {
		let node = a_copy().node;
		let why = |node: NodeView, price, length| obstacle(&node, price, length).unwrap_or_default();

		assert_eq!(why(node.clone(), STN, 10 << 20), "");
		assert!(why(NodeView { offer: None, ..node.clone() }, STN, 1).contains("takes no deals now"));
		assert!(why(NodeView { suspended: true, ..node.clone() }, STN, 1).contains("takes no deals now"));
		assert!(why(NodeView { bytes: 1 << 20, ..node.clone() }, STN, 10 << 20).contains("has only 9 MiB left"));
		assert!(why(node.clone(), STN / 2, 1).contains("asks 1 STN per GiB and period, more than your 0.5"));
		assert!(why(NodeView { addresses: vec![], ..node }, STN, 1).contains("published no address"));
	}

	fn resumed(copy: &Planned) -> Planned {
		Planned { task: Task::Resume { deal: DealId(4), left: 50, held: 7 * STN }, ..copy.clone() }
	}

	fn kept(copy: &Planned) -> Planned {
		Planned { task: Task::Keep { deal: DealId(5), last: Period(9) }, ..copy.clone() }
	}

	// b6
	#[test]
	fn only_new_proposals_put_money_on_hold() {
		let new = a_copy();
		let (resumed, kept) = (resumed(&new), kept(&new));
		let escrow = 4 * STN / 1_000;

		assert_eq!(to_hold([&new, &resumed, &kept]), escrow + STN / 10);
		for (copy, words) in [
			(&new, "0.004 STN for 4 periods of 0.001 STN, and 0.1 STN deposit"),
			(&resumed, "deal 4 is proposed already, with 7 STN on hold, and waits another 5 min"),
			(&kept, "deal 5 runs to period 9"),
		] {
			assert!(copy.summary(6_000).contains(words), "{}", copy.summary(6_000));
		}
		assert_eq!(new.json()["toHold"], (escrow + STN / 10).to_string());
		assert_eq!((&resumed.json()["toHold"], &resumed.json()["deal"]), (&json!("0"), &json!(4)));
	}

	#[test]
	fn what_the_node_has_already_is_not_uploaded() {
		let leg = |copy: &Planned| copy.leg(1_000, 6_000);
		let reply = |within| {
			let answer = Answer { refusal: None, cap: 1, waiting: 0, within, here: 300, probe: 0 };
			Some(Reply { answer, rate: Some(9) })
		};
		let new = Planned { reply: reply(75), ..a_copy() };

		let expected = Leg { missing: 700, rate: Some(9), within: 450, is_new: true };
		assert_eq!(leg(&new), Some(expected));
		assert_eq!(leg(&resumed(&new)), Some(Leg { within: 300, is_new: false, ..expected }));
		assert_eq!(leg(&kept(&new)), None);
		let boastful = Planned { reply: reply(u32::MAX), ..a_copy() };
		assert_eq!(leg(&boastful), Some(Leg { within: 14_300 * 6, ..expected }), "no longer than the chain waits");
	}

	// M7
	#[tokio::test(flavor = "multi_thread")]
	async fn what_another_command_has_proposed_meanwhile_is_not_made_a_second_time() {
		let (folder, fake) = (tempfile::tempdir().unwrap(), FakeNode::new());
		let file = folder.path().join("file");
		std::fs::write(&file, b"file").unwrap();
		let page = deal().deal;
		let job = |again| Job {
			url: String::new(),
			genesis: [0; 32],
			wait: Wait::InBlock,
			snapshot: Snapshot::take(&file).unwrap(),
			content: Commitment { root: page.root, length: page.length },
			output: Output::Quiet,
			customer: Some(page.customer),
			again,
			folder: Folder::at(folder.path()),
		};
		let (once, again) = (job(false), job(true));
		let copy = Planned { others: vec![DealId(4)], ..a_copy() };
		fake.serve("deals_of_node", Vec::<DealView>::new().encode());
		let chain = connect(&fake).await.unwrap();
		assert_eq!(task_now(&chain, &once, &copy).await.unwrap(), Task::Propose);

		// The first was there before the nodes were asked.
		fake.serve_deals(vec![proposed(4, 170), proposed(6, 150)]);
		let resumed = Task::Resume { deal: DealId(6), left: 50, held: 10 * STN };
		assert_eq!(task_now(&chain, &once, &copy).await.unwrap(), resumed);
		assert_eq!(task_now(&chain, &again, &copy).await.unwrap(), resumed);

		fake.serve_deals(vec![running(6, 30)]);
		let kept = Task::Keep { deal: DealId(6), last: Period(30) };
		assert_eq!(task_now(&chain, &once, &copy).await.unwrap(), kept);
		assert_eq!(task_now(&chain, &again, &copy).await.unwrap(), Task::Propose);

		let mut others = proposed(6, 150);
		others.deal.customer = AccountId::from([9; 32]);
		fake.serve_deals(vec![others, proposed(7, NOW)]);
		assert_eq!(task_now(&chain, &once, &copy).await.unwrap(), Task::Propose, "somebody else's, and an expired one");
	}

	fn inquiry(measure: bool) -> Inquiry {
		let (genesis, root, node) = ([0; 32], [0; 32], NodeId(1));
		Inquiry { genesis, node, customer: None, deal: None, root, length: 1, price: 1, measure }
	}

	// A provider is not without deals for being of an older release.
	#[tokio::test(flavor = "multi_thread")]
	async fn a_node_that_does_not_know_inquiries_is_proposed_to_all_the_same() {
		let folder = tempfile::tempdir().unwrap();
		let storage = Storage::open(folder.path()).unwrap();
		let config = |name: &str| TransportConfig {
			key_file: folder.path().join(name),
			bind: vec!["127.0.0.1:0".parse().unwrap()],
			advertise: Vec::new(),
		};
		let (older, _) = Transport::start(config("older.key"), storage.blobs.clone()).await.unwrap();
		let (customer, _) = Transport::start(config("customer.key"), storage.blobs.clone()).await.unwrap();
		let addresses = older.addresses().into_iter().map(String::into_bytes).collect();
		let node = NodeView { endpoint: older.id(), addresses, ..a_copy().node };

		let reply = ask_one(&customer, &node, &inquiry(true)).await.unwrap();

		assert_eq!(reply, None);
		let copy = a_copy();
		let expected = Leg { missing: 1_000, rate: None, within: 14_300 * 6, is_new: true };
		assert_eq!(copy.leg(1_000, 6_000), Some(expected), "as long as the chain waits");
		assert!(copy.summary(6_000).ends_with("whether it takes the file cannot be asked"));
		assert_eq!(copy.json()["cap"], Value::Null);
	}

	#[test]
	fn a_node_that_has_just_started_or_is_busy_is_asked_again() {
		let reply = |refusal, rate| {
			let answer = Answer { refusal, cap: 1, waiting: 0, within: 1, here: 0, probe: 0 };
			Reply { answer, rate }
		};

		assert!(is_unready(&inquiry(false), &reply(Some(Refusal::NoChain), None)));
		assert!(is_unready(&inquiry(true), &reply(None, None)));
		assert!(!is_unready(&inquiry(false), &reply(None, None)));
		assert!(!is_unready(&inquiry(true), &reply(None, Some(5))));
		assert!(!is_unready(&inquiry(true), &reply(Some(Refusal::NoDisk), None)));
	}
}
