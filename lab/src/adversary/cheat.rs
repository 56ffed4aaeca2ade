//! A tested node that tries one trick after another and says what came of each.

use super::{accomplice::NO_MARK, tricks::Trick, Machine};
use anyhow::{bail, Context, Result};
use futures::future::join_all;
use iroh::{endpoint::Connection, Endpoint};
use serde_json::json;
use std::{
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::{Duration, Instant},
};
use substation_agent::bandwidth::{
	exam::Exam,
	pace::Bulk,
	protocol::{Control, Frames, ToMember, ToNode, ALPN},
};
use substation_client::{free::Submission, Call, Measurement};
use substation_primitives::{
	bandwidth::{Direction, MemberPage, TestPage},
	AgentKey, TestId,
};
use substation_proofs::{bandwidth, Hash};
use substation_transport::{quic, transfer::endpoint_addr};
use tokio::{sync::watch, time::timeout};

/// Longest wait for any one answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Follows the script, one trick per test, and prints one line of JSON for each.
pub async fn run(machine: &Machine, accomplices: &[AgentKey], script: &[Trick]) -> Result<()> {
	let mut last: Option<(TestId, Measurement)> = None;
	for trick in script {
		let page = next_test(machine, last.as_ref().map(|(test, _)| *test)).await?;
		let attempt = Attempt { machine, page: &page, exam: Exam::of(&page), trick: *trick };
		let found = attempt.measure(accomplices).await;
		let told = match found {
			Ok(measurement) => {
				let refused = attempt.submit(&measurement, last.as_ref().map(|(_, before)| before)).await?;
				last = Some((page.id, measurement));
				json!({ "refused": refused })
			}
			Err(error) => {
				last = last.map(|(_, measurement)| (page.id, measurement));
				json!({ "refused": format!("{error:#}") })
			}
		};
		let direction = format!("{:?}", page.direction).to_lowercase();
		println!(
			"{}",
			json!({ "trick": trick.name(), "block": page.id.block, "index": page.id.index, "direction": direction, "told": told })
		);
	}
	std::future::pending().await
}

/// Waits until the chain tests this node again.
async fn next_test(machine: &Machine, last: Option<TestId>) -> Result<TestPage> {
	loop {
		let best = machine.chain.best().await?;
		if let Some(page) = machine.chain.pending_test(machine.node, best).await? {
			if !page.done && last != Some(page.id) {
				return Ok(page);
			}
		}
		tokio::time::sleep(super::LOOK).await;
	}
}

/// A member of the committee that has sent its nonce.
struct Member {
	index: usize,
	agent: AgentKey,
	connection: Connection,
	control: Control,
	frames: Frames,
	nonce: Hash,
	colludes: bool,
}

/// One test.
struct Attempt<'a> {
	machine: &'a Machine,
	page: &'a TestPage,
	exam: Exam,
	trick: Trick,
}

/// Bytes and mark of a member.
type Part = Option<(u32, Hash)>;

impl Attempt<'_> {
	/// Runs the test up to the receipts.
	async fn measure(&self, accomplices: &[AgentKey]) -> Result<Measurement> {
		let mut members = self.gather().await;
		let mut colluding = match self.trick {
			Trick::Collude(count) => count,
			_ => 0,
		};
		for member in &mut members {
			if colluding > 0 && accomplices.contains(&member.agent) {
				colluding -= 1;
				member.colludes = true;
				member.control.send(&ToMember::Prepare).await?;
			}
		}
		if colluding > 0 {
			bail!("{colluding} accomplices too few in this committee");
		}
		if let Trick::Delay(time) = self.trick {
			tokio::time::sleep(time).await;
		}
		let mut nonces = vec![None; self.page.committee.len()];
		for member in &members {
			nonces[member.index] = Some(member.nonce);
		}
		let start = self.exam.start_token(&nonces);

		let mut parts: Vec<Part> = vec![None; nonces.len()];
		let cap = u32::try_from(self.exam.cap)?;
		let mut wanted = self.exam.total;
		for member in members.iter_mut().filter(|member| member.colludes) {
			member.control.send(&ToMember::Start { nonces: nonces.clone() }).await?;
			parts[member.index] = Some((cap, NO_MARK));
			wanted = wanted.saturating_sub(self.exam.cap);
		}
		let groups = match self.trick {
			Trick::OneAfterAnother => 2,
			_ => 1,
		};
		let honest: Vec<usize> = (0..members.len()).filter(|place| !members[*place].colludes).collect();
		// The smaller group first: the median is in the larger one.
		let split = if groups == 2 { honest.len() / 2 } else { 0 };
		for group in [&honest[..split], &honest[split..]] {
			if group.is_empty() {
				continue;
			}
			let share = if groups == 1 { wanted } else { (self.exam.cap * u64::try_from(group.len())?).min(wanted) };
			let share = if self.trick == Trick::CommitEarly { share / 2 } else { share };
			let chosen: Vec<&mut Member> = members
				.iter_mut()
				.enumerate()
				.filter(|(place, _)| group.contains(place))
				.map(|(_, member)| member)
				.collect();
			wanted -= self.carry(chosen, &nonces, &start, share, &mut parts).await?.min(wanted);
		}
		if let Trick::Delay(time) = self.trick {
			tokio::time::sleep(time).await;
		}
		if self.trick == Trick::CommitEarly {
			for (count, _) in parts.iter_mut().flatten() {
				*count = count.saturating_mul(2).min(cap);
			}
		}
		self.commit(members, &start, &parts).await
	}

	/// Dials the committee and has all clocks start at once.
	async fn gather(&self) -> Vec<Member> {
		let left_out = match self.trick {
			Trick::LeaveOut(count) => count,
			_ => 0,
		};
		let dials = self.page.committee.iter().enumerate().skip(left_out).map(|(index, member)| async move {
			timeout(ANSWER * 3, greet(&self.machine.endpoint, self.page, &self.exam, index, member)).await
		});
		let greeted = join_all(dials).await.into_iter().filter_map(|outcome| match outcome {
			Ok(Ok(greeted)) => Some(greeted),
			Ok(Err(error)) => {
				eprintln!("a member takes no part: {error:#}");
				None
			}
			Err(_) => None,
		});
		let nonces = greeted.map(|(index, agent, connection, mut control, mut frames)| async move {
			let answer = timeout(ANSWER, async {
				control.send(&ToMember::Prepare).await.ok()?;
				match frames.next::<ToNode>().await {
					Ok(ToNode::Nonce(nonce)) => Some(nonce),
					_ => None,
				}
			});
			let nonce = answer.await.ok().flatten()?;
			Some(Member { index, agent, connection, control, frames, nonce, colludes: false })
		});
		join_all(nonces).await.into_iter().flatten().collect()
	}

	/// Moves `wanted` bytes with these members; returns how many it were.
	async fn carry(
		&self,
		members: Vec<&mut Member>,
		nonces: &[Option<Hash>],
		start: &Hash,
		wanted: u64,
		parts: &mut [Part],
	) -> Result<u64> {
		let moved = Arc::new(AtomicU64::new(0));
		let (stop, stopped) = watch::channel(false);
		let tasks = members.into_iter().map(|member| {
			let (moved, stopped) = (moved.clone(), stopped.clone());
			async move {
				member.control.send(&ToMember::Start { nonces: nonces.to_vec() }).await?;
				let part = match self.page.direction {
					Direction::Down => take(member, &self.exam, &moved, stopped).await,
					Direction::Up => give(member, &self.exam, start, &moved, stopped).await,
				};
				Ok::<_, anyhow::Error>((member.index, part?))
			}
		});
		let over = async {
			let began = Instant::now();
			while moved.load(Relaxed) < wanted && began.elapsed() < self.exam.time * 3 {
				tokio::time::sleep(Duration::from_millis(5)).await;
			}
			let _ = stop.send(true);
		};
		let (outcomes, ()) = tokio::join!(join_all(tasks), over);
		for outcome in outcomes {
			match outcome {
				Ok((index, part)) => parts[index] = part,
				Err(error) => eprintln!("a member failed: {error:#}"),
			}
		}
		Ok(moved.load(Relaxed))
	}

	/// Commits and collects receipts.
	async fn commit(&self, members: Vec<Member>, start: &Hash, parts: &[Part]) -> Result<Measurement> {
		let counts: Vec<u32> = parts.iter().map(|part| part.map_or(0, |(count, _)| count)).collect();
		let marks: Vec<Option<Hash>> = parts.iter().map(|part| part.map(|(_, mark)| mark)).collect();
		let (digest, _) = self.exam.commitment(start, &counts, &marks);
		let frame = ToMember::Commit { counts: counts.clone(), marks };
		let answers = members.into_iter().map(|mut member| {
			let frame = &frame;
			async move {
				let answer = timeout(ANSWER, async {
					member.control.send(frame).await?;
					loop {
						match member.frames.next::<ToNode>().await? {
							ToNode::Receipt { elapsed, signature } => return Ok((elapsed, signature)),
							ToNode::Progress { .. } => {}
							ToNode::Refuse(reason) => bail!("refused: {reason}"),
							_ => bail!("something else instead of a receipt"),
						}
					}
				});
				let answer = answer.await.context("silence").flatten();
				member.connection.close(0u32.into(), b"done");
				(member.index, answer)
			}
		});
		let mut receipts = vec![None; counts.len()];
		let mut refusals = Vec::new();
		for (index, answer) in join_all(answers).await {
			match answer {
				Ok(receipt) => receipts[index] = Some(receipt),
				Err(error) => refusals.push(format!("{error:#}")),
			}
		}
		if receipts.iter().all(Option::is_none) {
			bail!("no member has signed; {}", refusals.first().map_or("nobody answered", |first| first));
		}
		Ok(self.sign(Measurement { test: self.page.id, counts, digest, receipts, signature: [0; 64] }))
	}

	/// Submits what the trick makes of a measurement, then, if that is refused, what was really measured. Returns the
	/// refusal.
	async fn submit(&self, measurement: &Measurement, before: Option<&Measurement>) -> Result<Option<String>> {
		let forged = match self.trick {
			Trick::DropSlowest(count) => {
				let mut dropped = measurement.clone();
				for _ in 0..count {
					let slowest =
						dropped.receipts.iter_mut().max_by_key(|receipt| receipt.map_or(0, |(elapsed, _)| elapsed));
					if let Some(slowest) = slowest {
						*slowest = None;
					}
				}
				return self.send(&self.sign(dropped)).await;
			}
			Trick::ForgeTime => {
				let mut forged = measurement.clone();
				for (elapsed, _) in forged.receipts.iter_mut().flatten() {
					*elapsed /= 2;
				}
				self.sign(forged)
			}
			Trick::ForgeCount => {
				let mut forged = measurement.clone();
				for count in &mut forged.counts {
					*count = u32::try_from(self.exam.cap)?;
				}
				self.sign(forged)
			}
			Trick::Replay => {
				let before = before.context("there is no test before this one")?;
				self.sign(Measurement { test: self.page.id, ..before.clone() })
			}
			Trick::Duplicate => {
				let mut forged = measurement.clone();
				let first = forged.receipts.iter().flatten().next().copied();
				for receipt in &mut forged.receipts {
					*receipt = first;
				}
				self.sign(forged)
			}
			_ => return self.send(measurement).await,
		};
		let refused = self.send(&forged).await?;
		if refused.is_some() {
			self.send(measurement).await?;
		}
		Ok(refused)
	}

	/// Signs a measurement as it is, as a node that has its own key can.
	fn sign(&self, mut measurement: Measurement) -> Measurement {
		let Measurement { counts, digest, receipts, .. } = &measurement;
		let times: Vec<_> = receipts.iter().map(|receipt| receipt.map(|(elapsed, _)| elapsed)).collect();
		let commitment = bandwidth::commitment::<substation_proofs::NativeHasher>(&self.exam.subject, counts, digest);
		let message = bandwidth::measurement_message(&self.exam.subject, &commitment, &times);
		measurement.signature = self.machine.key.sign(&message).to_bytes();
		measurement
	}

	async fn send(&self, measurement: &Measurement) -> Result<Option<String>> {
		let call = Call::submit_measurement(measurement);
		loop {
			match self.machine.chain.submit_free(&call).await? {
				Submission::Sent | Submission::AlreadyWaiting => return Ok(None),
				Submission::Invalid(reason) => return Ok(Some(reason)),
				Submission::NotYet(reason) => {
					eprintln!("not yet: {reason}");
					tokio::time::sleep(super::LOOK).await;
				}
			}
		}
	}
}

async fn greet(
	endpoint: &Endpoint,
	page: &TestPage,
	exam: &Exam,
	index: usize,
	member: &MemberPage,
) -> Result<(usize, AgentKey, Connection, Control, Frames)> {
	let addresses: Vec<String> =
		member.addresses.iter().map(|address| String::from_utf8_lossy(address).into_owned()).collect();
	let address = endpoint_addr(&member.endpoint, &addresses)?;
	let connection = quic::dial(endpoint, address, ALPN, quic::line(exam.pace)).await?;
	let (control, stream) = connection.open_bi().await?;
	let mut control = Control::new(&connection, control);
	control.send(&ToMember::Hello { test: page.id, node: page.node }).await?;
	let mut frames = Frames::new(&connection, stream);
	match frames.next::<ToNode>().await? {
		ToNode::Welcome => Ok((index, member.agent, connection, control, frames)),
		ToNode::Decline(reason) => bail!("declined: {reason}"),
		_ => bail!("something else instead of a welcome"),
	}
}

/// Down: takes in one member's stream until it is enough.
async fn take(member: &Member, exam: &Exam, moved: &AtomicU64, mut stop: watch::Receiver<bool>) -> Result<Part> {
	let mut stream = member.connection.accept_uni().await?;
	let mut hasher = blake3::Hasher::new();
	let mut count = 0u64;
	loop {
		let room = exam.room(count).min(64 << 10);
		if room == 0 {
			break;
		}
		let piece = tokio::select! {
			biased;
			_ = stop.wait_for(|stop| *stop) => break,
			piece = stream.read_chunk(room) => piece?,
		};
		let Some(piece) = piece else { break };
		hasher.update(&piece);
		count += u64::try_from(piece.len())?;
		moved.fetch_add(u64::try_from(piece.len())?, Relaxed);
	}
	Ok((count > 0).then_some((u32::try_from(count)?, *hasher.finalize().as_bytes())))
}

/// Up: sends one member its stream until it is enough.
async fn give(
	member: &mut Member,
	exam: &Exam,
	start: &Hash,
	moved: &AtomicU64,
	stop: watch::Receiver<bool>,
) -> Result<Part> {
	let stream = member.connection.open_uni().await?;
	let bulk = Bulk { key: member.nonce, start: *start, pace: exam.pace, cap: exam.cap };
	let pump = tokio::spawn(bulk.pump(stream, Arc::new(AtomicU64::new(0)), stop.clone()));
	let mut stop = stop;
	let mut last: Part = None;
	loop {
		let frame = tokio::select! {
			biased;
			_ = stop.wait_for(|stop| *stop) => break,
			frame = member.frames.next::<ToNode>() => frame?,
		};
		match frame {
			ToNode::Progress { received, mark } => {
				let known = last.map_or(0, |(count, _)| count);
				moved.fetch_add(received.saturating_sub(known).into(), Relaxed);
				last = Some((received, mark));
			}
			ToNode::Refuse(reason) => bail!("refused: {reason}"),
			_ => bail!("something else instead of a count"),
		}
	}
	pump.abort();
	Ok(last)
}
