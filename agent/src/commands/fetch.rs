//! `substation fetch`: brings a file back, verified while it arrives.

use crate::{
	cli::{amounts::display_size, Common, Fetch},
	commands::{
		customer::{addresses, holders, records},
		local::blocking,
		session::Session,
	},
	data::{
		blobs::BlobStore,
		hashing::Commitment,
		progress::{Output, Progress},
		transfer::{endpoint_addr, Transport, TransportConfig},
	},
};
use anyhow::{bail, ensure, Context, Result};
use serde_json::json;
use std::{collections::BTreeMap, fs, net::SocketAddr};
use substation_primitives::NodeId;

/// Tries the nodes that have the file, one after the other.
pub async fn fetch(common: &Common, options: &Fetch) -> Result<()> {
	let hash = hex::encode(options.hash);
	if let Some(length) = already_there(options).await? {
		if common.json {
			println!("{}", json!({ "hash": hash, "bytes": length, "node": null, "file": options.output }));
		} else {
			println!("{} is there already and has this hash; nothing to fetch", options.output.display());
		}
		return Ok(());
	}
	let session = Session::customer(common).await?;
	let named: Vec<NodeId> = options.nodes.iter().copied().map(NodeId).collect();
	let mut found: BTreeMap<NodeId, u64> = records(&session.folder)?
		.into_iter()
		.filter(|record| record.hash == hash)
		.map(|record| (NodeId(record.node), record.bytes))
		.filter(|(node, _)| named.is_empty() || named.contains(node))
		.collect();
	if found.is_empty() {
		found = holders(&session.chain, &options.hash, &named).await?;
	}
	if found.is_empty() && !named.is_empty() {
		// The deal may be over and its bytes still be there; another deal knows their length.
		let length = holders(&session.chain, &options.hash, &[]).await?.into_values().next();
		found = length.map(|length| named.iter().map(|node| (*node, length)).collect()).unwrap_or_default();
	}
	ensure!(!found.is_empty(), "no node has a deal for {hash}; check the hash with `substation deals`");

	// A folder of its own: fetching neither waits for nor disturbs another command.
	let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
	let config = TransportConfig {
		key_file: scratch.path().join("endpoint.key"),
		bind: vec![SocketAddr::from(([0, 0, 0, 0], 0))],
		advertise: Vec::new(),
	};
	let (transport, _offers) = Transport::start(config, BlobStore::open(scratch.path())?).await?;
	let result = try_each(&session, options, &found, &transport, common).await;
	transport.shutdown().await;
	let (node, length) = result?;
	if session.json {
		println!("{}", json!({ "hash": hash, "bytes": length, "node": node.0, "file": options.output }));
	} else {
		println!("{} fetched from node {node} into {}, verified", display_size(length), options.output.display());
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
	found: &BTreeMap<NodeId, u64>,
	transport: &Transport,
	common: &Common,
) -> Result<(NodeId, u64)> {
	let best = session.chain.best().await?;
	let mut failures = Vec::new();
	for (node, length) in found {
		let Some(page) = session.chain.node(*node, best).await? else {
			failures.push(format!("node {node} is not registered any more"));
			continue;
		};
		let content = Commitment { root: options.hash, length: *length };
		let progress = Progress::new(Output::detect(common.quiet, common.json), "fetching", *length);
		let attempt = match endpoint_addr(&page.endpoint, &addresses(&page)) {
			Ok(peer) => transport.fetch(peer, content, &options.output, &progress).await,
			Err(error) => Err(error),
		};
		match attempt {
			Ok(()) => return Ok((*node, *length)),
			Err(error) => {
				tracing::warn!(node = node.0, "{error}");
				failures.push(format!("node {node}: {error}"));
			}
		}
	}
	bail!("no node could deliver the file: {}; what has arrived is kept, try again", failures.join("; "))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn file_that_is_there_is_kept_whatever_it_is() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("file");
		let options = |hash| Fetch { hash, output: path.clone(), nodes: vec![] };
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
