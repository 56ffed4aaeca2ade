//! `substation fetch`: brings a file back, verified while it arrives.

use crate::{
	cli::{Common, Fetch},
	commands::{
		channels,
		customer::{addresses, holders, records, Lengths},
		local::blocking,
		session::Session,
	},
	payments::{
		fetch::{self as paid, Bill, PaymentError},
		price::answer_bytes,
		protocol::{Quote, Refusal},
		purse::Purse,
	},
};
use anyhow::{bail, ensure, Context, Result};
use iroh::EndpointAddr;
use serde_json::json;
use std::{
	collections::BTreeMap,
	fs,
	pin::pin,
	time::{Duration, Instant},
};
use substation_client::{
	amounts::{display_amount, display_size},
	client::NodeView,
};
use substation_primitives::{Balance, NodeId};
use substation_store::{
	blobs::BlobStore,
	hashing::Commitment,
	progress::{Output, Progress},
};
use substation_transport::transfer::{any_address, endpoint_addr, TransferError, Transport, TransportConfig};

/// How long a node's view of the chain may be behind a channel that has just become final here.
const CHAIN_LAG: Duration = Duration::from_secs(60);
/// How long an interrupted fetch may take to make durable what has arrived.
const FAREWELL: Duration = Duration::from_secs(10);
/// Pause between two attempts meanwhile.
const PAUSE: Duration = Duration::from_secs(2);
/// Attempts, so far apart, at a node that has too many connections.
const ATTEMPTS: u32 = 15;

/// Tries the nodes that have the file, one after the other.
pub async fn fetch(common: &Common, options: &Fetch) -> Result<()> {
	let hash = hex::encode(options.hash);
	if let Some(length) = already_there(options).await? {
		if common.json {
			let json = json!({ "hash": hash, "bytes": length, "node": null, "file": options.output, "paid": null });
			println!("{json}");
		} else {
			println!("{} is there already and has this hash; nothing to fetch", options.output.display());
		}
		return Ok(());
	}
	let session = Session::customer(common).await?;
	if options.payment.max_price.is_some() {
		// Who is asked for a password is asked before anything is fetched or paid.
		session.key(&options.payment.signer).await?;
	}
	let named: Vec<NodeId> = options.nodes.iter().copied().map(NodeId).collect();
	let mut found: BTreeMap<NodeId, Lengths> = records(&session.folder)?
		.into_iter()
		.filter(|record| record.hash == hash)
		.map(|record| (NodeId(record.node), Lengths::from([record.bytes])))
		.filter(|(node, _)| named.is_empty() || named.contains(node))
		.collect();
	if found.is_empty() {
		found = holders(&session.chain, &options.hash, &named).await?;
	}
	if found.is_empty() && !named.is_empty() {
		// The deal may be over and its bytes still be there; deals of other nodes know their length.
		let lengths: Lengths = holders(&session.chain, &options.hash, &[]).await?.into_values().flatten().collect();
		if !lengths.is_empty() {
			found = named.iter().map(|node| (*node, lengths.clone())).collect();
		}
	}
	ensure!(!found.is_empty(), "no node has a deal for {hash}; check the hash with `substation deals`");

	// A folder of its own: fetching neither waits for nor disturbs another command.
	let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
	let config =
		TransportConfig { key_file: scratch.path().join("endpoint.key"), bind: any_address(), advertise: Vec::new() };
	let (transport, _offers) = Transport::start(config, BlobStore::open(scratch.path())?).await?;
	let (node, length, bill) = {
		let mut fetching = pin!(try_each(&session, options, &found, &transport, common));
		let result = tokio::select! {
			result = &mut fetching => result,
			signal = tokio::signal::ctrl_c() => {
				signal.context("cannot hear Ctrl-C")?;
				// What breaks the connection makes durable what has arrived, so that nothing is paid for twice.
				transport.shutdown().await;
				tokio::select! {
					ended = tokio::time::timeout(FAREWELL, &mut fetching) => match ended {
						Ok(Ok(done)) => Ok(done),
						_ => Err(anyhow::anyhow!("interrupted; what has arrived is kept, the same command goes on from there")),
					},
					_ = tokio::signal::ctrl_c() => std::process::exit(130),
				}
			}
		};
		transport.shutdown().await;
		result?
	};
	if session.json {
		let paid = bill.map(|bill| json!({ "amount": bill.paid.to_string(), "channel": bill.channel.0 }));
		let json = json!({ "hash": hash, "bytes": length, "node": node.0, "file": options.output, "paid": paid });
		println!("{json}");
	} else {
		let paid = bill.map_or(String::new(), |bill| {
			format!(", for {} STN from channel {}", display_amount(bill.paid), bill.channel)
		});
		let size = display_size(length);
		println!("{size} fetched from node {node} into {}, verified{paid}", options.output.display());
	}
	Ok(())
}

/// The length of the file to write if it exists and is what is asked for. Errors if it is something else: nothing is
/// ever overwritten.
async fn already_there(options: &Fetch) -> Result<Option<u64>> {
	let (path, expected) = (options.output.clone(), options.hash);
	if fs::symlink_metadata(&path).is_err() {
		return Ok(None);
	}
	blocking(move || {
		let differs = || format!("{} exists and is another file; name another one with -o", path.display());
		ensure!(path.is_file(), "{} exists and is no file; name another one with -o", path.display());
		let mut hasher = blake3::Hasher::new();
		let file = fs::File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
		hasher.update_reader(file).with_context(|| format!("cannot read {}", path.display()))?;
		ensure!(*hasher.finalize().as_bytes() == expected, differs());
		Ok(Some(hasher.count()))
	})
	.await
}

async fn try_each(
	session: &Session,
	options: &Fetch,
	found: &BTreeMap<NodeId, Lengths>,
	transport: &Transport,
	common: &Common,
) -> Result<(NodeId, u64, Option<Bill>)> {
	let best = session.chain.best().await?;
	let mut failures = Vec::new();
	for (node, lengths) in found {
		let Some(page) = session.chain.node(*node, best).await? else {
			failures.push(format!("node {node} is not registered any more"));
			continue;
		};
		match with_right_length(session, options, &page, lengths, transport, common).await {
			Ok((length, bill)) => return Ok((*node, length, bill)),
			// Interrupted: no other node could be dialled either.
			Err(error) if transport.endpoint().is_closed() => return Err(error),
			Err(error) => {
				let error = super::one_line(&error);
				tracing::warn!(node = node.0, "{error}");
				failures.push(format!("node {node}: {error}"));
			}
		}
	}
	bail!("no node could deliver the file: {}; what has arrived is kept, try again", failures.join("; "))
}

/// Fetches from one node. Where deals name several lengths the node says which is right, and its bytes show it.
async fn with_right_length(
	session: &Session,
	options: &Fetch,
	page: &NodeView,
	lengths: &Lengths,
	transport: &Transport,
	common: &Common,
) -> Result<(u64, Option<Bill>)> {
	let mut length = *lengths.first().context("no deal says how long the file is")?;
	let mut was_told = false;
	loop {
		let content = Commitment { root: options.hash, length };
		let progress = Progress::new(Output::detect(common.quiet, common.json), "fetching", length);
		let error = match one(session, options, page, content, transport, &progress).await {
			Ok(bill) => return Ok((length, bill)),
			Err(error) => error,
		};
		progress.finish();
		match claimed(&error).filter(|claimed| !was_told && lengths.contains(claimed)) {
			Some(claimed) => (length, was_told) = (claimed, true),
			None => return Err(error),
		}
	}
}

/// The length that a node has claimed when it was asked for another.
fn claimed(error: &anyhow::Error) -> Option<u64> {
	let transfer = match error.downcast_ref() {
		Some(PaymentError::Transfer(error)) => Some(error),
		_ => error.downcast_ref(),
	};
	match transfer {
		Some(TransferError::WrongSize { claimed, .. }) => Some(*claimed),
		_ => None,
	}
}

/// Fetches from one node, for free if it serves for free.
async fn one(
	session: &Session,
	options: &Fetch,
	page: &NodeView,
	content: Commitment,
	transport: &Transport,
	progress: &Progress,
) -> Result<Option<Bill>> {
	let peer = endpoint_addr(&page.endpoint, &addresses(page))?;
	if let Some(most) = options.payment.max_price {
		let quote = quote(transport, &peer).await?;
		if let Some(quote) = quote.filter(|quote| quote.price > 0) {
			check(&quote, page, session.chain.genesis(), most)?;
			return pay(session, options, page, &quote, content, (transport, peer), progress).await.map(Some);
		}
	}
	match transport.fetch(peer, content, &options.output, progress).await {
		Ok(()) => Ok(None),
		Err(TransferError::Charges(price)) => {
			bail!("{price}; say with --max-price what you would pay, and with --key-file from which account")
		}
		Err(error) => Err(error.into()),
	}
}

/// What the node takes. One that has too many connections is asked again.
async fn quote(transport: &Transport, peer: &EndpointAddr) -> Result<Option<Quote>, PaymentError> {
	let mut attempts = 1;
	loop {
		match paid::quote(transport, peer.clone()).await {
			Err(error @ PaymentError::Full) if attempts < ATTEMPTS => {
				tracing::info!("{error}; trying again");
				attempts = attempts.saturating_add(1);
				tokio::time::sleep(PAUSE).await;
			}
			other => return other,
		}
	}
}

/// Errors when the node asks more than `most`, or is not the one that it should be.
fn check(quote: &Quote, page: &NodeView, genesis: [u8; 32], most: Balance) -> Result<()> {
	ensure!(quote.genesis == genesis, "the node is paid on another chain");
	ensure!(
		quote.node == page.id && quote.payee == page.operator.0,
		"the node names another payee than its operator {}",
		page.operator
	);
	ensure!(
		quote.price <= most,
		"the node charges {} STN per GiB delivered, more than your --max-price {}",
		display_amount(quote.price),
		display_amount(most)
	);
	Ok(())
}

async fn pay(
	session: &Session,
	options: &Fetch,
	page: &NodeView,
	quote: &Quote,
	content: Commitment,
	(transport, peer): (&Transport, EndpointAddr),
	progress: &Progress,
) -> Result<Bill> {
	let purse = Purse::open(&session.folder, session.chain.genesis())?;
	// For all of it, even if a part is here already: the difference stays in the channel.
	let bytes = answer_bytes(content.length, 0);
	let (mut pocket, is_new) = channels::ready(session, &purse, &options.payment, page, quote, bytes).await?;
	let (started, mut attempts) = (Instant::now(), 1);
	loop {
		let known = *pocket.known();
		match paid::fetch(transport, peer.clone(), content, &options.output, progress, pocket, quote).await {
			Err(error) if is_new && is_behind(&error) && started.elapsed() < CHAIN_LAG => {
				tracing::info!("{error}; trying again");
				tokio::time::sleep(PAUSE).await;
				pocket = purse.take(&known)?;
			}
			Err(error @ PaymentError::Full) if attempts < ATTEMPTS => {
				tracing::info!("{error}; trying again");
				attempts = attempts.saturating_add(1);
				tokio::time::sleep(PAUSE).await;
				pocket = purse.take(&known)?;
			}
			other => return Ok(other?),
		}
	}
}

/// Whether the node may only not have seen yet that the channel was opened or topped up.
fn is_behind(error: &PaymentError) -> bool {
	matches!(
		error,
		PaymentError::NotEnough { .. }
			| PaymentError::Refused(
				Refusal::UnknownChannel(_)
					| Refusal::NothingLeft { .. }
					| Refusal::ExceedsDeposit { .. }
					| Refusal::RestTooSmall { .. }
			)
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{cli::payments::Payment, provider::testing};
	use substation_primitives::settings::STN;

	#[test]
	fn quote_that_is_too_dear_or_names_somebody_else_is_refused_by_name() {
		let page = testing::node();
		let good = Quote { price: STN / 500, payee: page.operator.0, step: 4 << 20, node: page.id, genesis: [7; 32] };
		let check = |quote: Quote, most| check(&quote, &page, [7; 32], most).map_err(|error| error.to_string());

		assert_eq!(check(good, STN / 500), Ok(()));
		let dear = check(good, STN / 1_000).unwrap_err();
		assert!(dear.contains("charges 0.002 STN per GiB") && dear.contains("--max-price 0.001"), "{dear}");
		for wrong in
			[Quote { payee: [0; 32], ..good }, Quote { node: NodeId(99), ..good }, Quote { genesis: [8; 32], ..good }]
		{
			assert!(check(wrong, STN).is_err());
		}
	}

	// 15
	#[test]
	fn a_node_says_how_long_its_content_is() {
		let wrong = || TransferError::WrongSize { claimed: 7, expected: 8 };

		assert_eq!(claimed(&wrong().into()), Some(7));
		assert_eq!(claimed(&PaymentError::from(wrong()).into()), Some(7));
		assert_eq!(claimed(&TransferError::Stalled.into()), None);
		assert_eq!(claimed(&PaymentError::Silent.into()), None);
	}

	#[tokio::test]
	async fn file_that_is_there_is_kept_whatever_it_is() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("file");
		let options = |hash| Fetch { hash, output: path.clone(), nodes: vec![], payment: Payment::default() };
		assert_eq!(already_there(&options([0; 32])).await.unwrap(), None);

		fs::write(&path, b"something").unwrap();

		let same = already_there(&options(*blake3::hash(b"something").as_bytes())).await;
		let other = already_there(&options([0; 32])).await.unwrap_err().to_string();
		assert_eq!(same.unwrap(), Some(9));
		assert!(other.contains("another file"), "{other}");
		assert_eq!(fs::read(&path).unwrap(), b"something");

		let of_folder = Fetch { output: folder.path().to_owned(), ..options([0; 32]) };
		assert!(already_there(&of_folder).await.unwrap_err().to_string().contains("is no file"));
	}
}
