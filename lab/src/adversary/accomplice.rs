//! A member that signs whatever a cheat asks for.
//!
//! A cheat tells an accomplice to vouch without bytes by a second `Prepare`; otherwise the accomplice carries its part
//! like anybody else. It never checks anything.

use super::Machine;
use anyhow::{bail, Result};
use iroh::{endpoint::Connection, SecretKey};
use std::{
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::{Duration, Instant},
};
use substation_agent::{
	bandwidth::{
		exam::{millis, Exam},
		pace::Bulk,
		protocol::{mark_of, Control, Frames, ToMember, ToNode},
	},
	chain::Chain,
};
use substation_primitives::{bandwidth::Direction, TestId};
use substation_proofs::{bandwidth, Hash};
use tokio::sync::watch;

/// Serves every cheat that dials, until it is stopped.
pub async fn run(machine: Machine) -> Result<()> {
	while let Some(incoming) = machine.endpoint.accept().await {
		let (chain, key) = (machine.chain.clone(), machine.key.clone());
		tokio::spawn(async move {
			let served = async { serve(&chain, &key, incoming.await?).await };
			if let Err(error) = served.await {
				eprintln!("a test ended: {error:#}");
			}
		});
	}
	Ok(())
}

async fn serve(chain: &Chain, key: &SecretKey, connection: Connection) -> Result<()> {
	let (control, stream) = connection.accept_bi().await?;
	let (mut control, mut frames) = (Control::new(&connection, control), Frames::new(&connection, stream));
	let ToMember::Hello { test, .. } = frames.next().await? else { bail!("no greeting") };
	let exam = look_up(chain, test).await?;
	control.send(&ToNode::Welcome).await?;
	let ToMember::Prepare = frames.next().await? else { bail!("no word to start") };
	let (nonce, secret) = (SecretKey::generate().to_bytes(), SecretKey::generate().to_bytes());
	let clock = Instant::now();
	control.send(&ToNode::Nonce(nonce)).await?;
	let mut colludes = false;
	let start = loop {
		match frames.next().await? {
			ToMember::Prepare => colludes = true,
			ToMember::Start { nonces } => break exam.start_token(&nonces),
			_ => bail!("no nonces"),
		}
	};

	let (stop, stopped) = watch::channel(false);
	let arrived = Arc::new(AtomicU64::new(0));
	if !colludes {
		match exam.subject.direction {
			Direction::Down => {
				let stream = connection.open_uni().await?;
				let bulk = Bulk { key: secret, start, pace: exam.pace, cap: exam.cap };
				tokio::spawn(bulk.pump(stream, Arc::new(AtomicU64::new(0)), stopped));
			}
			Direction::Up => {
				let (connection, arrived) = (connection.clone(), arrived.clone());
				tokio::spawn(async move {
					let Ok(mut stream) = connection.accept_uni().await else { return };
					// A reset is an end, too.
					while let Ok(Some(piece)) = stream.read_chunk(64 << 10).await {
						arrived.fetch_add(u64::try_from(piece.len()).unwrap_or(0), Relaxed);
					}
				});
			}
		}
	}
	let mut tick = tokio::time::interval(Duration::from_millis(25));
	let mut told = 0;
	let commit = loop {
		tokio::select! {
			commit = frames.next() => break commit?,
			_ = tick.tick() => {
				let received = u32::try_from(arrived.load(Relaxed))?;
				if received > told {
					told = received;
					control.send(&ToNode::Progress { received, mark: mark_of(&secret, received) }).await?;
				}
			},
		}
	};
	let elapsed = if colludes { 1 } else { millis(clock.elapsed()) };
	let _ = stop.send(true);
	let ToMember::Commit { counts, marks } = commit else { bail!("no commitment") };
	let (_, commitment) = exam.commitment(&start, &counts, &marks);
	let message = bandwidth::receipt_message(&exam.subject, &commitment, elapsed);
	control.send(&ToNode::Receipt { elapsed, signature: key.sign(&message).to_bytes() }).await?;
	control.finish();
	connection.closed().await;
	Ok(())
}

async fn look_up(chain: &Chain, test: TestId) -> Result<Exam> {
	for _ in 0..20 {
		if let Some(page) = chain.test_page(test, chain.best().await?).await? {
			return Ok(Exam::of(&page));
		}
		tokio::time::sleep(super::LOOK).await;
	}
	bail!("the chain has no test {test}")
}

/// A mark that nothing stands behind.
pub const NO_MARK: Hash = [0xcc; 32];
