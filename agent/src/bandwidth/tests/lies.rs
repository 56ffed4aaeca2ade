//! An honest member signs no lie of the tested node, and says which it was.

use super::{failing::lazy, *};
use crate::bandwidth::{check::hash_of_stream, exam::Exam, pace::Bulk};
use std::sync::atomic::AtomicU64;
use substation_proofs::Hash;
use tokio::sync::watch;

/// A conversation up to the start, with another member invented.
struct Talk {
	world: World,
	call: Call,
	exam: Exam,
	nonce: Hash,
	start: Hash,
}

async fn prepared(direction: Direction) -> (World, Call, Hash) {
	let world = world(direction, honest(3)).await;
	let mut call = world.call(1).await;
	call.say(ToMember::Hello { test: TEST, node: TESTED }).await;
	assert_eq!(call.hear().await, Ok(ToNode::Welcome));
	call.say(ToMember::Prepare).await;
	let Ok(ToNode::Nonce(nonce)) = call.hear().await else { panic!("no nonce") };
	(world, call, nonce)
}

async fn started(direction: Direction) -> Talk {
	let (world, mut call, nonce) = prepared(direction).await;
	let nonces = vec![Some([1; 32]), Some(nonce), None];
	call.say(ToMember::Start { nonces: nonces.clone() }).await;
	let exam = Exam::of(&world.page());
	let start = exam.start_token(&nonces);
	Talk { world, call, exam, nonce, start }
}

impl Talk {
	/// Down: takes in at least so many bytes, and returns their number and hash.
	async fn take(&mut self, bytes: u32) -> (u32, Hash) {
		let mut stream = self.call.connection.accept_uni().await.unwrap();
		let (mut hasher, mut count) = (blake3::Hasher::new(), 0);
		while count < bytes {
			let piece = stream.read_chunk(1 << 16).await.unwrap().expect("bytes");
			hasher.update(&piece);
			count += piece.len() as u32;
		}
		(count, *hasher.finalize().as_bytes())
	}

	/// Up: sends honestly until the member has told of so many bytes.
	async fn give(&mut self, bytes: u32) -> (u32, Hash) {
		let stream = self.call.connection.open_uni().await.unwrap();
		let bulk = Bulk { key: self.nonce, start: self.start, pace: self.exam.pace, cap: self.exam.cap };
		let (_stop, stopped) = watch::channel(false);
		let pump = tokio::spawn(bulk.pump(stream, Arc::new(AtomicU64::new(0)), stopped));
		let told = loop {
			match self.call.hear().await {
				Ok(ToNode::Progress { received, mark }) if received >= bytes => break (received, mark),
				Ok(ToNode::Progress { .. }) => {}
				other => panic!("no progress: {other:?}"),
			}
		};
		pump.abort();
		told
	}

	async fn commit(&mut self, own: (u32, Hash)) -> Result<ToNode, FrameError> {
		self.commit_to(vec![5, own.0, 0], vec![Some([2; 32]), Some(own.1), None]).await
	}

	async fn commit_to(&mut self, counts: Vec<u32>, marks: Vec<Option<Hash>>) -> Result<ToNode, FrameError> {
		self.call.say(ToMember::Commit { counts, marks }).await;
		loop {
			match self.call.hear().await {
				Ok(ToNode::Progress { .. }) => {}
				other => return other,
			}
		}
	}
}

fn refused(answer: Result<ToNode, FrameError>, reason: &str) {
	match answer {
		Ok(ToNode::Refuse(said)) => assert!(said.contains(reason), "{said}"),
		other => panic!("not refused: {other:?}"),
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_conversation_is_signed() {
	for direction in [Direction::Down, Direction::Up] {
		let mut talk = started(direction).await;
		let own = match direction {
			Direction::Down => talk.take(50_000).await,
			Direction::Up => talk.give(50_000).await,
		};

		let answer = talk.commit(own).await;

		let Ok(ToNode::Receipt { elapsed, signature }) = answer else { panic!("{answer:?}") };
		let (_, commitment) = talk.exam.commitment(&talk.start, &[5, own.0, 0], &[Some([2; 32]), Some(own.1), None]);
		let message = bandwidth::receipt_message(&talk.exam.subject, &commitment, elapsed);
		assert!(is_signed(&talk.world.page().committee[1].agent, &message, &signature));
		assert!((100..2_000).contains(&elapsed), "{elapsed}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn receipt_is_worth_nothing_under_another_start_token() {
	let mut talk = started(Direction::Down).await;
	let own = talk.take(10_000).await;
	let other = talk.exam.start_token(&[Some([9; 32]), Some(talk.nonce), None]);

	let Ok(ToNode::Receipt { elapsed, signature }) = talk.commit(own).await else { panic!("no receipt") };

	let (_, commitment) = talk.exam.commitment(&other, &[5, own.0, 0], &[Some([2; 32]), Some(own.1), None]);
	let message = bandwidth::receipt_message(&talk.exam.subject, &commitment, elapsed);
	assert!(!is_signed(&talk.world.page().committee[1].agent, &message, &signature));
}

#[tokio::test(flavor = "multi_thread")]
async fn list_of_nonces_without_the_members_own_at_its_place_is_refused() {
	let (one, two) = (Some([1; 32]), Some([2; 32]));
	for change in 0..5 {
		let (_world, mut call, nonce) = prepared(Direction::Down).await;
		let own = Some(nonce);
		let nonces = match change {
			0 => vec![own, one, two],
			1 => vec![one, two, None],
			2 => vec![one, own],
			3 => vec![own, own, two],
			_ => vec![one, own, two, None],
		};

		call.say(ToMember::Start { nonces }).await;

		assert_eq!(call.refusal().await, "wrong list of nonces", "{change}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_that_were_not_moved_are_refused() {
	for direction in [Direction::Down, Direction::Up] {
		for change in 0..4 {
			let mut talk = started(direction).await;
			let (count, mark) = match direction {
				Direction::Down => talk.take(10_000).await,
				Direction::Up => talk.give(10_000).await,
			};
			let cap = u32::try_from(talk.exam.cap).unwrap();
			let other = Some([2; 32]);
			let (counts, marks, reason) = match change {
				// Far above what the pace can have moved by now.
				0 => (vec![5, cap, 0], vec![other, Some(mark), None], "were moved"),
				1 => (vec![cap + 1, count, 0], vec![other, Some(mark), None], "above the cap"),
				2 => (vec![5, count, 7], vec![other, Some(mark), other], "took no part"),
				_ => (vec![5, count], vec![other, Some(mark)], "over 2 members"),
			};

			refused(talk.commit_to(counts, marks).await, reason);
		}
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_marks_are_refused() {
	for direction in [Direction::Down, Direction::Up] {
		for change in 0..3 {
			let mut talk = started(direction).await;
			let (count, mark) = match direction {
				Direction::Down => talk.take(10_000).await,
				Direction::Up => talk.give(10_000).await,
			};
			let own = match change {
				0 => (count, [8; 32]),
				// Right for another count.
				1 => (count - 1, mark),
				_ => (count, hash_of_stream(&talk.nonce, &talk.start, count.into())),
			};

			refused(talk.commit(own).await, "wrong mark");
		}
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn commitment_before_the_data_is_refused() {
	let mut down = started(Direction::Down).await;
	let answer = down.commit_to(vec![5, 0, 0], vec![Some([2; 32]), None, None]).await;
	refused(answer, "count of 0 bytes");

	let mut up = started(Direction::Up).await;
	let answer = up.commit((1_000, [3; 32])).await;
	refused(answer, "commitment before the data");

	let (_world, mut call, _) = prepared(Direction::Down).await;
	call.say(ToMember::Commit { counts: vec![0; 3], marks: vec![None; 3] }).await;
	assert_eq!(call.refusal().await, "wrong list of nonces");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_bytes_are_refused() {
	let mut talk = started(Direction::Up).await;
	let mut bytes = vec![0; 20_000];
	bandwidth::stream(&talk.nonce, &talk.start).fill(&mut bytes);
	bytes[15_000] ^= 1;
	let mut stream = talk.call.connection.open_uni().await.unwrap();

	stream.write_all(&bytes).await.unwrap();

	assert_eq!(talk.call.refusal().await, "forged bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_above_the_cap_are_refused() {
	let mut talk = started(Direction::Up).await;
	let mut bytes = vec![0; usize::try_from(talk.exam.cap).unwrap() + 1];
	bandwidth::stream(&talk.nonce, &talk.start).fill(&mut bytes);
	let mut stream = talk.call.connection.open_uni().await.unwrap();

	stream.write_all(&bytes).await.unwrap();

	assert_eq!(talk.call.refusal().await, "more bytes than one member may carry");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_takes_no_more_than_its_pace_and_waits_no_longer_than_four_tests() {
	let mut talk = started(Direction::Up).await;
	let mut stream = talk.call.connection.open_uni().await.unwrap();
	let mut bytes = vec![0; 150_000];
	bandwidth::stream(&talk.nonce, &talk.start).fill(&mut bytes);
	let begun = std::time::Instant::now();

	stream.write_all(&bytes).await.unwrap();

	let mut full = None;
	let refusal = loop {
		match talk.call.hear().await {
			Ok(ToNode::Progress { received: 150_000, .. }) => full = Some(begun.elapsed()),
			Ok(ToNode::Progress { .. }) => {}
			Ok(ToNode::Refuse(reason)) => break reason,
			other => panic!("{other:?}"),
		}
	};
	// 4.2 Mbit/s: a third of a second, less what may be made up for after the start.
	assert!(full.unwrap() >= Duration::from_millis(200), "{full:?}");
	assert_eq!(refusal, "out of time");
	assert!(begun.elapsed() < talk.exam.time * 4 + member_patience().start + Duration::from_secs(1));
}

// E1: a member that agrees to everything, moves nothing and signs has no receipt, so that the chain pays it nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_moves_nothing_earns_nothing() {
	for direction in [Direction::Down, Direction::Up] {
		let lazy = lazy(direction);
		let world = world(direction, honest(6).into_iter().chain([lazy]).collect()).await;

		let outcome = world.measure().await;

		verify(&world.page(), &outcome);
		let measurement = outcome.measurement.expect("six have signed");
		assert_eq!((measurement.counts[6], measurement.receipts[6]), (0, None));
		assert!(measurement.receipts[..6].iter().all(Option::is_some), "{:?}", outcome.absences);
		// Its share was carried by the others.
		assert_eq!(outcome.measured.receipts, 6);
		assert_eq!(outcome.absences, [(NodeId(6), Absence::Idle)]);
	}
}
