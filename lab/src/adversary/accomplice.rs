//! A member that signs whatever a cheat asks for.
//!
//! A cheat tells an accomplice to vouch without bytes by a second `Prepare`; otherwise the accomplice carries its part
//! and checks what it signs like anybody else.

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
use substation_agent::bandwidth::{
	check::{self, OwnPart},
	exam::{millis, Exam},
	pace::Bulk,
	protocol::{mark_of, Control, Frames, ToMember, ToNode},
};
use substation_client::Chain;
use substation_primitives::{
	bandwidth::{Direction, TestPage},
	TestId,
};
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
	let page = look_up(chain, test).await?;
	let exam = Exam::of(&page);
	let place = page.committee.iter().position(|member| member.agent == *key.public().as_bytes());
	control.send(&ToNode::Welcome).await?;
	let ToMember::Prepare = frames.next().await? else { bail!("no word to start") };
	let (nonce, secret) = (SecretKey::generate().to_bytes(), SecretKey::generate().to_bytes());
	let clock = Instant::now();
	control.send(&ToNode::Nonce(nonce)).await?;
	let mut colludes = false;
	let nonces = loop {
		match frames.next().await? {
			ToMember::Prepare => colludes = true,
			ToMember::Start { nonces } => break nonces,
			_ => bail!("no nonces"),
		}
	};
	let start = exam.start_token(&nonces);

	let (stop, stopped) = watch::channel(false);
	let moved = Arc::new(AtomicU64::new(0));
	if !colludes {
		match exam.subject.direction {
			Direction::Down => {
				let stream = connection.open_uni().await?;
				let bulk = Bulk { key: secret, start, pace: exam.pace_of(&nonces), cap: exam.cap };
				tokio::spawn(bulk.pump(stream, moved.clone(), stopped));
			}
			Direction::Up => {
				let (connection, moved) = (connection.clone(), moved.clone());
				tokio::spawn(async move {
					let Ok(mut stream) = connection.accept_uni().await else { return };
					// A reset is an end, too.
					while let Ok(Some(piece)) = stream.read_chunk(64 << 10).await {
						moved.fetch_add(u64::try_from(piece.len()).unwrap_or(0), Relaxed);
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
			_ = tick.tick(), if exam.subject.direction == Direction::Up => {
				let received = u32::try_from(moved.load(Relaxed))?;
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
	if !colludes {
		let own = OwnPart { place: place.unwrap_or(usize::MAX), moved: moved.load(Relaxed), secret };
		if let Err(refusal) = check::commitment(&exam, &start, &nonces, &own, &counts, &marks) {
			control.send(&ToNode::refuse(&refusal)).await?;
			connection.closed().await;
			bail!(refusal);
		}
	}
	let (_, commitment) = exam.commitment(&start, &counts, &marks);
	let message = bandwidth::receipt_message(&exam.subject, &commitment, elapsed);
	control.send(&ToNode::Receipt { elapsed, signature: key.sign(&message).to_bytes() }).await?;
	control.finish();
	connection.closed().await;
	Ok(())
}

async fn look_up(chain: &Chain, test: TestId) -> Result<TestPage> {
	for _ in 0..20 {
		if let Some(page) = chain.test_page(test, chain.best().await?).await? {
			return Ok(page);
		}
		tokio::time::sleep(super::LOOK).await;
	}
	bail!("the chain has no test {test}")
}

/// A mark that nothing stands behind.
pub const NO_MARK: Hash = [0xcc; 32];
