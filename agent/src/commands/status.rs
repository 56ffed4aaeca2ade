//! `substation status`: asks the running agent, or else the chain.

use crate::{
	cli::Common,
	commands::session::Session,
	config::Folder,
	provider::identity::FindError,
	status::{
		line::LineView,
		report::{Report, Situation},
		rewards,
	},
};
use anyhow::{bail, ensure, Context, Result};
use serde_json::{json, Value};
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
	time::timeout,
};

/// How long the agent may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of an answer.
const MOST: u64 = 4 << 20;

/// Prints how this machine stands.
pub async fn status(common: &Common) -> Result<()> {
	let folder = Folder::provider(common)?;
	let config = folder.config()?;
	let (answer, running) = match ask(config.http, "/v1/status").await.and_then(|answer| of_folder(answer, &folder)) {
		Ok(answer) => (answer, true),
		Err(error) => {
			tracing::info!("no answer from this folder's agent at {}: {error:#}", config.http);
			(json!({ "chain": from_chain(common).await? }), false)
		}
	};
	if common.json {
		let mut answer = answer;
		if let Value::Object(fields) = &mut answer {
			fields.insert("running".into(), running.into());
		}
		println!("{answer}");
		return Ok(());
	}
	if !running {
		println!("the agent is not running; start it with `substation run`");
	}
	let words = answer.pointer("/chain/words").and_then(Value::as_array);
	for line in words.into_iter().flatten().filter_map(Value::as_str) {
		println!("{line}");
	}
	Ok(())
}

/// An agent's answer, if it works on this folder: another one may listen there.
fn of_folder(answer: Value, folder: &Folder) -> Result<Value> {
	let place = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
	let theirs = answer.get("folder").and_then(Value::as_str).context("the answer names no folder")?;
	ensure!(place(Path::new(theirs)) == place(folder.path()), "the agent there works on {theirs}");
	Ok(answer)
}

async fn from_chain(common: &Common) -> Result<Report> {
	let session = Session::provider(common).await?;
	let best = session.chain.best().await?;
	let found = session.own_node().await;
	let foreign = found.as_ref().err().and_then(|error| error.downcast_ref::<FindError>());
	let mut foreign = match foreign {
		Some(FindError::NotOurs(reason)) => Some(reason.to_string()),
		_ => None,
	};
	let own = found.ok();
	let node = match own {
		Some(node) => session.chain.node(node, best).await?,
		None => None,
	};
	if let (Some(page), Ok(identity)) = (&node, session.identity()) {
		foreign = identity.ensure_ours(page).err().map(|reason| reason.to_string());
	}
	let mut situation = Situation { proves_itself: true, foreign, ..Situation::default() };
	if let Some(page) = &node {
		let deals = session.chain.deals_of_node(page.id, best, |page| page.dispute.is_some()).await;
		situation.disputed = situation.read("disputes", deals)?.unwrap_or_default();
		let line = session.chain.line_page(page.id, best).await;
		let members = session.chain.committees(best).await.ok().map(|committees| committees.members);
		let view = |page| LineView { page, members, own: Vec::new(), memberships: Vec::new(), granted: None };
		situation.line = situation.read("the line", line)?.flatten().map(view);
		let rewards = rewards::read(&session.chain, page, best).await;
		situation.rewards = situation.read("rewards", rewards)?.unwrap_or_default();
	}
	let compatibility = session.chain.compatibility(best).await;
	situation.compatibility = situation.read("the runtime's version and metadata", compatibility)?;
	let (supply, settings) = (session.chain.supply_page(best).await, session.chain.settings(best).await);
	situation.supply = situation.read("the supply", supply)?;
	situation.settings = situation.read("the settings", settings)?.unwrap_or_default();
	situation.best_block = Some(session.chain.height(best).await?);
	situation.gone = own.filter(|_| node.is_none());
	situation.node = node;
	let mut report = Report::of(&situation);
	// What is on this machine's disk is only known while it runs.
	report.words.retain(|line| !line.starts_with("here:") && !line.starts_with("disk:"));
	Ok(report)
}

/// A GET request to a loopback server that answers JSON.
async fn ask(server: SocketAddr, path: &str) -> Result<Value> {
	let exchange = async {
		let mut stream = TcpStream::connect(server).await?;
		let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
		stream.write_all(request.as_bytes()).await?;
		let mut answer = Vec::new();
		stream.take(MOST).read_to_end(&mut answer).await?;
		Ok::<_, std::io::Error>(answer)
	};
	let answer = timeout(PATIENCE, exchange).await.context("no answer in time")??;
	let text = String::from_utf8(answer).context("the answer is no text")?;
	body(&text).and_then(|body| serde_json::from_str(body).context("the answer is no JSON"))
}

fn body(answer: &str) -> Result<&str> {
	let Some((head, body)) = answer.split_once("\r\n\r\n") else { bail!("the answer has no body") };
	let status = head.lines().next().unwrap_or_default();
	if status.split(' ').nth(1) != Some("200") {
		bail!("the agent answered {status}");
	}
	Ok(body)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn body_of_a_good_answer_is_found() {
		assert_eq!(body("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap(), "{}");
		assert!(body("HTTP/1.1 404 Not Found\r\n\r\n{}").is_err());
		assert!(body("nonsense").is_err());
	}

	#[tokio::test]
	async fn nobody_listening_is_an_error_and_no_panic() {
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		drop(listener);

		assert!(ask(address, "/v1/status").await.is_err());
	}
}
