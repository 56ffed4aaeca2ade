//! What customers see: their deals, and who offers storage.

use crate::{
	cli::{Common, Deals, Nodes},
	commands::session::Session,
	config::Folder,
	status::{
		disputes::{self, DisputeReport},
		history,
		report::proven_words,
	},
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
};
use substation_client::{
	amounts::{display_amount, display_size},
	client::{DealView, NodeView},
	Chain,
};
use substation_primitives::{deal::DealState, settings::ProofSettings, DealId, NodeId, NodeStatus};
use substation_transport::transfer::dialable;

/// Lengths that deals name for one content: the right one, and whatever others claim.
pub type Lengths = BTreeSet<u64>;

/// The file that records a customer's deals.
const RECORDS: &str = "deals.json";

/// One deal that was proposed from this folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDeal {
	/// Its number.
	pub deal: u64,
	/// The node that stores it.
	pub node: u64,
	/// BLAKE3 hash of the file, in hex.
	pub hash: String,
	/// Bytes of the file.
	pub bytes: u64,
	/// Where the file was.
	pub file: String,
}

/// The deals that were proposed from this folder, oldest first.
pub fn records(folder: &Folder) -> Result<Vec<StoredDeal>> {
	let path = folder.file(RECORDS);
	match fs::read_to_string(&path) {
		Ok(text) => serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display())),
		Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
		Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
	}
}

/// Adds a deal to the folder's records, durably.
pub fn remember(folder: &Folder, deal: StoredDeal) -> Result<()> {
	let mut deals = records(folder)?;
	deals.push(deal);
	folder.replace(RECORDS, &serde_json::to_vec_pretty(&deals)?)
}

/// Gives a node's deal another number in the folder's records, durably: the chain does when it is re-organised. Deals of
/// several nodes may be renumbered one after the other, each to the old number of the next.
pub fn renumber(folder: &Folder, node: NodeId, deal: DealId, number: DealId) -> Result<()> {
	let mut deals = records(folder)?;
	let is_meant = |record: &&mut StoredDeal| record.node == node.0 && record.deal == deal.0;
	deals.iter_mut().filter(is_meant).for_each(|record| record.deal = number.0);
	folder.replace(RECORDS, &serde_json::to_vec_pretty(&deals)?)
}

/// Lists deals.
pub async fn deals(common: &Common, options: &Deals) -> Result<()> {
	let session = Session::customer(common).await?;
	let best = session.chain.best().await?;
	let now = session.chain.height(best).await?;
	let mut rows: Vec<Row> = Vec::new();
	if options.customer.is_none() && options.node.is_none() {
		for record in records(&session.folder)? {
			let page = session.chain.deal(DealId(record.deal), best).await?;
			rows.push(Row { id: record.deal, page, record: Some(record) });
		}
	} else {
		let nodes = match options.node {
			Some(node) => vec![NodeId(node)],
			None => session.chain.nodes(best).await?.into_iter().map(|page| page.id).collect(),
		};
		for node in nodes {
			let wanted = |page: &DealView| options.customer.is_none_or(|who| page.deal.customer == who);
			let pages = session.chain.deals_of_node(node, best, wanted).await?;
			rows.extend(pages.into_iter().map(|page| Row { id: page.id.0, page: Some(page), record: None }));
		}
	}
	rows.sort_by_key(|row| row.id);
	if session.json {
		println!("{}", Value::Array(rows.iter().map(|row| row.json(now)).collect()));
	} else if rows.is_empty() {
		println!("no deals; `substation store` makes some");
	} else {
		rows.iter().for_each(|row| println!("{}", row.words(now)));
	}
	Ok(())
}

struct Row {
	id: u64,
	page: Option<DealView>,
	record: Option<StoredDeal>,
}

impl Row {
	fn hash(&self) -> String {
		match (&self.page, &self.record) {
			(Some(page), _) => hex::encode(page.deal.root),
			(None, Some(record)) => record.hash.clone(),
			(None, None) => String::new(),
		}
	}

	fn words(&self, now: u32) -> String {
		let file = self.record.as_ref().map(|record| format!("  {}", record.file)).unwrap_or_default();
		let Some(page) = &self.page else {
			return format!("deal {}  {}  over, no record on the chain{file}", self.id, self.hash());
		};
		let deal = &page.deal;
		format!(
			"deal {}  {}  {}  node {}  {} STN per period  {}{file}",
			self.id,
			self.hash(),
			display_size(deal.length),
			deal.node,
			display_amount(deal.rate),
			state_words(page, now)
		)
	}

	fn json(&self, now: u32) -> Value {
		let mut value = json!({
			"deal": self.id,
			"hash": self.hash(),
			"file": self.record.as_ref().map(|record| record.file.clone()),
			"state": self.page.as_ref().map_or("gone", |page| state_name(page, now)),
		});
		if let (Some(page), Value::Object(fields)) = (&self.page, &mut value) {
			let deal = &page.deal;
			fields.insert("node".into(), deal.node.0.into());
			fields.insert("customer".into(), deal.customer.to_string().into());
			fields.insert("bytes".into(), deal.length.into());
			fields.insert("rate".into(), deal.rate.to_string().into());
			fields.insert("closable".into(), page.closable.into());
			fields.insert("dispute".into(), json!(DisputeReport::of(page, now)));
			fields.insert("unsettled".into(), json!([page.unsettled.0, page.unsettled.1]));
			if let DealState::Active(terms) = deal.state {
				fields.insert("first".into(), terms.first.0.into());
				fields.insert("last".into(), terms.last.0.into());
				fields.insert("paidPeriods".into(), terms.paid_periods.into());
			}
		}
		value
	}
}

fn state_name(page: &DealView, now: u32) -> &'static str {
	match page.deal.state {
		DealState::Proposed { expires } if expires <= now => "expired",
		DealState::Proposed { .. } => "proposed",
		DealState::Active(_) if page.dispute.is_some() => "disputed",
		DealState::Active(_) if page.closable => "finished",
		DealState::Active(_) => "active",
	}
}

fn state_words(page: &DealView, now: u32) -> String {
	if let Some(dispute) = &page.dispute {
		return format!("disputed: {}", disputes::words(dispute, now));
	}
	match page.deal.state {
		DealState::Proposed { expires } if expires <= now => {
			format!("not accepted in time; `substation withdraw-proposal {}` refunds it", page.id)
		}
		DealState::Proposed { expires } => format!("waits for the node until block {expires}"),
		DealState::Active(_) if page.closable => format!("finished; `substation close {}` settles it", page.id),
		DealState::Active(terms) => {
			let (unsettled, proven) = page.unsettled;
			format!(
				"periods {} to {}, {} paid, {proven} of {unsettled} unsettled ones proven",
				terms.first, terms.last, terms.paid_periods
			)
		}
	}
}

/// Lists nodes.
pub async fn nodes(common: &Common, options: &Nodes) -> Result<()> {
	let session = Session::customer(common).await?;
	let best = session.chain.best().await?;
	let rules = session.chain.settings(best).await?.proofs;
	let mut pages = session.chain.nodes(best).await?;
	pages.retain(|page| options.all || takes_deals(page));
	pages.sort_by_key(|page| page.offer.map(|offer| offer.price));
	if session.json {
		println!("{}", Value::Array(pages.iter().map(|page| node_json(page, &rules)).collect()));
	} else if pages.is_empty() {
		println!("no node offers storage now");
	} else {
		pages.iter().for_each(|page| println!("{}", node_words(page, &rules)));
	}
	Ok(())
}

/// Whether a node takes new deals.
pub fn takes_deals(page: &NodeView) -> bool {
	page.status == NodeStatus::Active && !page.suspended && page.offer.is_some() && page.terminated_at.is_none()
}

fn node_words(page: &NodeView, rules: &ProofSettings) -> String {
	let offer = page.offer.map_or("offers nothing".to_owned(), |offer| {
		let left = offer.capacity.saturating_sub(page.bytes);
		format!("{} STN per GiB and period, {} free", display_amount(offer.price), display_size(left))
	});
	let region = String::from_utf8_lossy(&page.region.0).into_owned();
	format!(
		"node {}  {region}  {offer}  {} deals  windows: {}  bond {} STN",
		page.id,
		page.deals,
		proven_words(page, rules),
		display_amount(page.bond)
	)
}

fn node_json(page: &NodeView, rules: &ProofSettings) -> Value {
	json!({
		"node": page.id.0,
		"operator": page.operator.to_string(),
		"endpoint": hex::encode(page.endpoint),
		"addresses": addresses(page),
		"region": String::from_utf8_lossy(&page.region.0),
		"takesDeals": takes_deals(page),
		"capacity": page.offer.map(|offer| offer.capacity),
		"price": page.offer.map(|offer| offer.price.to_string()),
		"bytes": page.bytes,
		"deals": page.deals,
		"bond": page.bond.to_string(),
		"strikes": page.strikes,
		"period": page.window.period.0,
		"proven": page.window.proven,
		"terminatedAt": page.terminated_at.map(|period| period.0),
		"recent": history::due(page, rules).iter().map(|(period, proven)| json!([period.0, proven])).collect::<Vec<_>>(),
	})
}

/// A node's addresses as far as they can be dialled.
pub fn addresses(page: &NodeView) -> Vec<String> {
	dialable(&page.addresses)
}

/// The nodes that have accepted a deal over this content, and every length that their deals name. What is only proposed
/// says nothing about a node: anybody proposes any length for any root.
pub async fn holders(chain: &Chain, hash: &[u8; 32], among: &[NodeId]) -> Result<BTreeMap<NodeId, Lengths>> {
	let best = chain.best().await?;
	let nodes = if among.is_empty() {
		chain.nodes(best).await?.into_iter().filter(|page| page.deals > 0).map(|page| page.id).collect()
	} else {
		among.to_vec()
	};
	let mut found = BTreeMap::new();
	for node in nodes {
		let is_held = |page: &DealView| page.deal.root == *hash && matches!(page.deal.state, DealState::Active(_));
		let lengths: Lengths =
			chain.deals_of_node(node, best, is_held).await?.iter().map(|page| page.deal.length).collect();
		if !lengths.is_empty() {
			found.insert(node, lengths);
		}
	}
	Ok(found)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing::{active, connect, deal, node};
	use codec::Encode;
	use substation_fake_node::FakeNode;
	use substation_primitives::deal::Deal;

	#[test]
	fn records_are_kept_in_order_and_follow_their_deals() {
		let temporary = tempfile::tempdir().unwrap();
		let common =
			Common { data: Some(temporary.path().to_owned()), rpc: None, json: false, quiet: true, verbose: 0 };
		let folder = Folder::customer(&common).unwrap();
		let deal = |deal| StoredDeal { deal, node: 1, hash: "ab".into(), bytes: 3, file: "f".into() };

		assert!(records(&folder).unwrap().is_empty());
		remember(&folder, deal(4)).unwrap();
		remember(&folder, deal(2)).unwrap();

		assert_eq!(records(&folder).unwrap(), [deal(4), deal(2)]);

		remember(&folder, StoredDeal { node: 2, ..deal(5) }).unwrap();
		renumber(&folder, NodeId(1), DealId(4), DealId(5)).unwrap();
		renumber(&folder, NodeId(2), DealId(5), DealId(6)).unwrap();

		assert_eq!(records(&folder).unwrap(), [deal(5), deal(2), StoredDeal { node: 2, ..deal(6) }]);
	}

	// 15
	#[tokio::test]
	async fn a_strangers_proposal_does_not_say_how_long_a_content_is() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		let (proposal, accepted) = (deal(), active(0));
		let (hash, length) = (accepted.deal.root, accepted.deal.length);
		let strange = |id, length| {
			let deal = Deal { length, ..proposal.deal };
			DealView { id: DealId(id), deal, ..proposal.clone() }
		};
		let other = DealView { id: DealId(9), deal: Deal { root: [9; 32], length: 7, ..accepted.deal }, ..active(1) };
		fake.serve("nodes", vec![NodeView { deals: 1, ..node() }].encode());
		fake.serve_deals(vec![strange(1, length + 1), strange(2, 0), other, accepted.clone(), strange(6, u64::MAX)]);

		let found = holders(&chain, &hash, &[]).await.unwrap();
		assert_eq!(found, BTreeMap::from([(node().id, BTreeSet::from([length]))]));
		assert_eq!(holders(&chain, &hash, &[node().id]).await.unwrap(), found);

		fake.serve_deals(vec![strange(1, length)]);
		assert!(holders(&chain, &hash, &[]).await.unwrap().is_empty());
	}

	#[test]
	fn customer_sees_how_a_dispute_goes_on() {
		use crate::status::disputes::tests::disputed;
		use substation_primitives::dispute::Stage;
		let row = Row { id: 5, page: Some(disputed(Stage::Answered { decide_by: 300 })), record: None };

		let words = row.words(100);

		assert!(words.contains("disputed: evidence abab") && words.contains("before block 300"), "{words}");
		assert_eq!(row.json(100)["dispute"]["stage"], "answered");
	}
}
