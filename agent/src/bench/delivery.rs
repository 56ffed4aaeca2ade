//! What the gate costs: the same content fetched for free and for vouchers, alternately, between endpoints of this
//! process.

use crate::{
	config::Folder,
	payments::{
		counter::Counter,
		fetch,
		ledger::{Ledger, View},
		purse::{KnownChannel, Purse},
		terms::Delivery,
		till::Till,
		voucher::Voucher,
		ALPN,
	},
	status::metrics::Metrics,
};
use anyhow::{ensure, Context, Result};
use futures::future::BoxFuture;
use serde::Serialize;
use std::{
	fmt,
	fs::{self, File},
	io::Write,
	path::Path,
	sync::Arc,
	time::Instant,
};
use substation_client::{client::ChannelView, free::Submission, AccountId, ChainError};
use substation_primitives::{
	channel::{Channel, ChannelPage, VoucherKey},
	settings::STN,
	Balance, ChannelId, NodeId,
};
use substation_store::{
	blobs::BlobStore,
	disk,
	hashing::{self, Commitment},
	progress::Progress,
};
use substation_transport::transfer::{endpoint_addr, Transport, TransportConfig};

/// The channel that pays.
const CHANNEL: ChannelId = ChannelId(1);
/// Who is paid.
const PAYEE: [u8; 32] = [3; 32];
/// The chain.
const GENESIS: [u8; 32] = [7; 32];

/// What fetching took.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchFigures {
	/// Bytes of the content.
	pub bytes: u64,
	/// Bytes that are delivered ahead of payment.
	pub step: u64,
	/// Seconds of each fetch for free.
	pub free_seconds: Vec<f64>,
	/// Seconds of each fetch for vouchers.
	pub paid_seconds: Vec<f64>,
	/// Median time for free by median time for vouchers: the speed that the gate leaves.
	pub ratio: f64,
	/// What one fetch has cost at one STN per GiB.
	pub paid: String,
}

/// A chain with one channel.
struct OneChannel(VoucherKey);

impl OneChannel {
	fn page(&self) -> ChannelView {
		let channel = Channel {
			payer: AccountId::from([9; 32]),
			key: self.0,
			payee: AccountId::from(PAYEE),
			deposit: Balance::MAX,
			spent: 0,
			record_deposit: 0,
			closing: None,
		};
		ChannelPage {
			id: CHANNEL,
			channel,
			now: 1,
			genesis: GENESIS,
			min_redeem: STN / 100,
			redeem_fee: STN / 1_000,
			burn: Default::default(),
		}
	}
}

impl Ledger for OneChannel {
	fn channel(&self, channel: ChannelId, _: View) -> BoxFuture<'_, Result<Option<ChannelView>, ChainError>> {
		Box::pin(async move { Ok((channel == CHANNEL).then(|| self.page())) })
	}

	fn redeem(&self, _: Voucher) -> BoxFuture<'_, Result<Submission, ChainError>> {
		Box::pin(async { Ok(Submission::AlreadyWaiting) })
	}
}

/// Fetches a content of `bytes` in `folder` alternately for free and for vouchers, `rounds` times each.
pub async fn fetch(bytes: u64, step: u64, rounds: u32, folder: &Path) -> Result<FetchFigures> {
	ensure!(bytes > 0 && rounds > 0, "at least one byte and one round");
	let terms = Delivery { price: STN, step, ..Delivery::default() };
	terms.check()?;
	disk::ensure_room(folder, bytes.saturating_mul(2))??;
	let folder = tempfile::tempdir_in(folder)?;
	let parts = ["free", "paid", "customer"].map(|name| folder.path().join(name));
	parts.iter().try_for_each(fs::create_dir)?;
	let [free, paid, own] = &parts;
	let content = content(&folder.path().join("content"), bytes)?;
	let (gratis, _) = Transport::start(endpoint(free), serving(free, folder.path(), content)?).await?;
	let (customer, _) = Transport::start(endpoint(own), BlobStore::open(&own.join("blobs"))?).await?;
	let purse = Purse::open(&Folder::at(own), GENESIS)?;
	let till = Till::open(paid, GENESIS, terms, Metrics::new())?;
	till.set_node(NodeId(1), PAYEE);
	till.set_chain(Some(Arc::new(OneChannel(purse.key()))));
	let store = serving(paid, folder.path(), content)?;
	let (charging, _) = Transport::start_with(endpoint(paid), store, |router, server| {
		router.accept(ALPN, Counter::new(till, server.clone()))
	})
	.await?;

	let race = Race { gratis: &gratis, charging: &charging, customer: &customer, purse: &purse, content };
	let outcome = race.run(rounds, &own.join("file")).await;
	for transport in [&gratis, &charging, &customer] {
		transport.shutdown().await;
	}
	let (free_seconds, paid_seconds, paid) = outcome?;
	let ratio = median(&free_seconds) / median(&paid_seconds).max(1e-9);
	Ok(FetchFigures { bytes, step, free_seconds, paid_seconds, ratio, paid: paid.to_string() })
}

/// Who takes part.
struct Race<'a> {
	gratis: &'a Transport,
	charging: &'a Transport,
	customer: &'a Transport,
	purse: &'a Purse,
	content: Commitment,
}

impl Race<'_> {
	/// Seconds for free, seconds for vouchers, what the last one has cost.
	async fn run(&self, rounds: u32, target: &Path) -> Result<(Vec<f64>, Vec<f64>, Balance)> {
		let Self { gratis, charging, customer, purse, content } = *self;
		let quote = fetch::quote(customer, address(charging)?).await?.context("the node knows no payments")?;
		let (mut free_seconds, mut paid_seconds, mut price) = (Vec::new(), Vec::new(), 0);
		for round in 0..rounds {
			// Whoever comes second finds the machine as the first has left it.
			for is_free in [round % 2 == 0, round % 2 == 1] {
				let started = Instant::now();
				if is_free {
					customer.fetch(address(gratis)?, content, target, &Progress::silent()).await?;
					free_seconds.push(started.elapsed().as_secs_f64());
				} else {
					let payee = AccountId::from(PAYEE);
					let known =
						KnownChannel { genesis: GENESIS, channel: CHANNEL, node: NodeId(1), payee, promised: 0 };
					let pocket = purse.take(&known)?;
					let from = address(charging)?;
					let bill =
						fetch::fetch(customer, from, content, target, &Progress::silent(), pocket, &quote).await?;
					paid_seconds.push(started.elapsed().as_secs_f64());
					price = bill.paid;
				}
				fs::remove_file(target)?;
			}
		}
		Ok((free_seconds, paid_seconds, price))
	}
}

fn content(file: &Path, bytes: u64) -> Result<Commitment> {
	let mut stream = blake3::Hasher::new().finalize_xof();
	let mut writer = File::create(file)?;
	let mut piece = vec![0; 1 << 20];
	let mut left = bytes;
	while left > 0 {
		let part = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
		let part = piece.get_mut(..part).context("shorter than a piece")?;
		stream.fill(part);
		writer.write_all(part)?;
		left = left.saturating_sub(u64::try_from(part.len())?);
	}
	writer.sync_all()?;
	let threads = std::thread::available_parallelism().map_or(1, usize::from);
	Ok(hashing::commit(file, &file.with_extension("obao4"), threads, &Progress::silent())?)
}

fn serving(own: &Path, shared: &Path, content: Commitment) -> Result<BlobStore> {
	let blobs = BlobStore::open(&own.join("blobs"))?;
	let file = shared.join("content");
	blobs.serve_file(&file, &file.with_extension("obao4"), content);
	Ok(blobs)
}

fn endpoint(folder: &Path) -> TransportConfig {
	TransportConfig {
		key_file: folder.join("endpoint.key"),
		bind: vec![std::net::SocketAddr::from(([127, 0, 0, 1], 0))],
		advertise: Vec::new(),
	}
}

fn address(transport: &Transport) -> Result<iroh::EndpointAddr> {
	Ok(endpoint_addr(&transport.id(), &transport.addresses())?)
}

/// The middle one, or the upper one of the two in the middle.
fn median(seconds: &[f64]) -> f64 {
	let mut sorted = seconds.to_vec();
	sorted.sort_by(f64::total_cmp);
	sorted.get(sorted.len() / 2).copied().unwrap_or(f64::INFINITY)
}

impl fmt::Display for FetchFigures {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let times = |seconds: &[f64]| seconds.iter().map(|time| format!("{time:.2}")).collect::<Vec<_>>().join(" ");
		let rate = |seconds: &[f64]| self.bytes as f64 / f64::from(1u32 << 20) / median(seconds).max(1e-9);
		writeln!(f, "bytes     {}, step {}", self.bytes, self.step)?;
		writeln!(f, "free      {} s, median {:.0} MiB/s", times(&self.free_seconds), rate(&self.free_seconds))?;
		writeln!(f, "paid      {} s, median {:.0} MiB/s", times(&self.paid_seconds), rate(&self.paid_seconds))?;
		write!(f, "ratio     {:.3} of the free speed", self.ratio)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::payments::price::{answer_bytes, cost};

	#[tokio::test(flavor = "multi_thread")]
	async fn both_ways_are_measured_and_nothing_is_left() {
		let folder = tempfile::tempdir().unwrap();

		let figures = fetch(3 << 20, 1 << 20, 2, folder.path()).await.unwrap();

		assert_eq!((figures.free_seconds.len(), figures.paid_seconds.len()), (2, 2));
		assert_eq!(figures.paid, cost(answer_bytes(3 << 20, 0), STN).to_string());
		assert!(figures.ratio > 0.0 && figures.to_string().contains("of the free speed"));
		assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
	}
}
