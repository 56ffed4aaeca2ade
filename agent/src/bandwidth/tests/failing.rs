//! Members that fail in every way do not stop a measurement by the others.

use super::*;
use futures::future::BoxFuture;
use iroh::protocol::{AcceptError, ProtocolHandler};
use substation_proofs::{Hash, NativeHasher};

type Behaviour = Arc<dyn Fn(Call) -> BoxFuture<'static, ()> + Send + Sync>;

/// A member that does what it is told to.
#[derive(Clone)]
struct Fake(Behaviour);

impl std::fmt::Debug for Fake {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str("Fake")
	}
}

impl ProtocolHandler for Fake {
	fn accept(&self, connection: Connection) -> impl std::future::Future<Output = Result<(), AcceptError>> + Send {
		let behaviour = self.0.clone();
		async move {
			let Ok((stream, questions)) = connection.accept_bi().await else { return Ok(()) };
			let (control, frames) = (Control::new(&connection, stream), Frames::new(&connection, questions));
			let own = connection.clone();
			behaviour(Call { connection, control, frames }).await;
			own.closed().await;
			Ok(())
		}
	}
}

fn fake<F>(behaviour: impl Fn(Call) -> F + Send + Sync + 'static) -> Place
where
	F: std::future::Future<Output = ()> + Send + 'static,
{
	let behaviour: Behaviour = Arc::new(move |call| Box::pin(behaviour(call)));
	Place::Other(SecretKey::generate(), Fake(behaviour).into())
}

impl Call {
	async fn answer(&mut self, frame: ToNode) {
		// Whoever has hung up does not hear it.
		let _ = self.control.send(&frame).await;
	}

	/// Says nothing more until the other side hangs up.
	async fn hang(self) {
		self.connection.closed().await;
	}

	/// Up to the start of the bytes, as an honest member does.
	async fn until_start(&mut self) -> Hash {
		let nonce = SecretKey::generate().to_bytes();
		let _ = self.frames.next::<ToMember>().await;
		self.answer(ToNode::Welcome).await;
		let _ = self.frames.next::<ToMember>().await;
		self.answer(ToNode::Nonce(nonce)).await;
		let _ = self.frames.next::<ToMember>().await;
		nonce
	}
}

/// A member that agrees to everything, moves nothing, and signs whatever it is asked to.
pub(super) fn lazy(direction: Direction) -> Place {
	let own = SecretKey::generate();
	let key = own.clone();
	let subject = Subject { genesis: [3; 32], test: (TEST.block, TEST.index), node: TESTED.0, direction };
	let behaviour: Behaviour = Arc::new(move |mut call: Call| {
		let key = key.clone();
		Box::pin(async move {
			let nonce = SecretKey::generate().to_bytes();
			let _ = call.frames.next::<ToMember>().await;
			call.answer(ToNode::Welcome).await;
			let _ = call.frames.next::<ToMember>().await;
			call.answer(ToNode::Nonce(nonce)).await;
			let Ok(ToMember::Start { nonces }) = call.frames.next::<ToMember>().await else { return };
			if let Ok(ToMember::Commit { counts, marks }) = call.frames.next::<ToMember>().await {
				let start = bandwidth::start_token::<NativeHasher>(&subject, &nonces);
				let digest = bandwidth::digest::<NativeHasher>(&start, &marks);
				let commitment = bandwidth::commitment::<NativeHasher>(&subject, &counts, &digest);
				let message = bandwidth::receipt_message(&subject, &commitment, 1);
				call.answer(ToNode::Receipt { elapsed: 1, signature: key.sign(&message).to_bytes() }).await;
			}
			call.hang().await;
		})
	});
	Place::Other(own, Fake(behaviour).into())
}

// B2: what it is not granted, a tested node does not wait for.
#[tokio::test(flavor = "multi_thread")]
async fn member_that_lets_no_stream_be_opened_is_left_out() {
	let Place::Other(own, handler) = lazy(Direction::Up) else { panic!("somebody else") };

	let absence = absence_of(Direction::Up, Place::Stingy(own, handler)).await;

	assert_eq!(absence, Absence::Idle.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn member_without_a_place_is_dialled_again() {
	for (refusals, receipts) in [(2, 4), (3, 3)] {
		let places = honest(3).into_iter().chain([Place::Full(refusals)]).collect();
		let world = world(Direction::Down, places).await;

		let outcome = world.measure().await;

		assert_eq!(outcome.measured.receipts, receipts, "{:?}", outcome.absences);
	}
}

async fn absence_of(direction: Direction, place: Place) -> String {
	let places = honest(6).into_iter().chain([place]).collect();
	let world = world(direction, places).await;

	let outcome = world.measure().await;

	verify(&world.page(), &outcome);
	assert_eq!(outcome.measured.receipts, 6, "{:?}", outcome.absences);
	// A member that comes too late, or whose bytes nobody vouches for, costs something in a test as short as this.
	assert!(outcome.measured.rate >= CLAIM * 6 / 10, "{:?}", outcome.measured);
	assert_eq!(outcome.absences.len(), 1);
	assert_eq!(outcome.absences[0].0, NodeId(6));
	outcome.absences[0].1.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_member_is_left_out() {
	let place = fake(Call::hang);

	assert_eq!(absence_of(Direction::Down, place).await, "no answer to hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_that_is_late_with_its_nonce_is_left_out() {
	let place = fake(|mut call| async move {
		let _ = call.frames.next::<ToMember>().await;
		call.answer(ToNode::Welcome).await;
		let _ = call.frames.next::<ToMember>().await;
		tokio::time::sleep(Duration::from_millis(800)).await;
		call.answer(ToNode::Nonce([1; 32])).await;
		call.hang().await;
	});

	assert_eq!(absence_of(Direction::Up, place).await, "no answer to prepare");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_without_free_line_declines() {
	let absence = absence_of(Direction::Down, Place::Limited(100)).await;

	assert!(absence.contains("busy: 100 kbit/s of 100 are free"), "{absence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_that_talks_nonsense_is_left_out() {
	for bytes in [vec![255; 64], vec![3, 0, 0, 0, 9, 9, 9], vec![0; 4]] {
		let place = fake(move |call| {
			let bytes = bytes.clone();
			async move {
				let mut call = call;
				let _ = call.control.send_raw(&bytes).await;
				call.hang().await;
			}
		});

		let absence = absence_of(Direction::Down, place).await;
		assert!(absence.contains("cannot be read"), "{absence}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn member_that_sends_too_slowly_counts_for_what_it_sent() {
	let place = fake(|mut call| async move {
		call.until_start().await;
		let mut stream = call.connection.open_uni().await.unwrap();
		while stream.write_all(&[7; 100]).await.is_ok() {
			tokio::time::sleep(Duration::from_millis(20)).await;
		}
		call.hang().await;
	});

	assert_eq!(absence_of(Direction::Down, place).await, "no answer to commitment");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_that_sends_no_end_is_cut_at_its_cap() {
	let place = fake(|mut call| async move {
		call.until_start().await;
		let mut stream = call.connection.open_uni().await.unwrap();
		while stream.write_all(&[7; 10_000]).await.is_ok() {}
		call.hang().await;
	});

	assert_eq!(absence_of(Direction::Down, place).await, "no answer to commitment");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_that_reports_more_than_was_sent_is_left_out() {
	let place = fake(|mut call| async move {
		call.until_start().await;
		call.answer(ToNode::Progress { received: 190_000, mark: [1; 32] }).await;
		call.hang().await;
	});

	let absence = absence_of(Direction::Up, place).await;
	assert!(absence.contains("more has arrived than was sent"), "{absence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_that_takes_its_reports_back_moves_nothing_by_it() {
	let place = fake(|mut call| async move {
		call.until_start().await;
		tokio::time::sleep(Duration::from_millis(100)).await;
		for _ in 0..1_000 {
			call.answer(ToNode::Progress { received: 10_000, mark: [1; 32] }).await;
			call.answer(ToNode::Progress { received: 0, mark: [1; 32] }).await;
		}
		call.hang().await;
	});
	let world = world(Direction::Up, honest(6).into_iter().chain([place]).collect()).await;

	let outcome = world.measure().await;

	assert_eq!((outcome.measured.receipts, outcome.measured.delivered), (6, 1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_do_not_verify_are_left_out() {
	for elapsed in [600, 0, 60_000] {
		let place = fake(move |mut call| async move {
			call.until_start().await;
			// A little, so that it is asked.
			let mut stream = call.connection.open_uni().await.unwrap();
			let _ = stream.write_all(&[7; 10_000]).await;
			let _ = call.frames.next::<ToMember>().await;
			call.answer(ToNode::Receipt { elapsed, signature: [9; 64] }).await;
			call.hang().await;
		});

		let absence = absence_of(Direction::Down, place).await;
		let expected = if elapsed == 60_000 { "its clock says more" } else { "its signature is wrong" };
		assert!(absence.contains(expected), "{absence}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn measurement_without_a_majority_is_nothing_worth() {
	let silent = || fake(Call::hang);
	let places = honest(2).into_iter().chain([silent(), silent(), silent()]).collect();
	let world = world(Direction::Down, places).await;

	let outcome = world.measure().await;

	verify(&world.page(), &outcome);
	assert_eq!((outcome.measured.rate, outcome.measured.receipts), (0, 2));
	assert_eq!(outcome.absences.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_an_outcome_and_no_end_of_time() {
	let world = world(Direction::Down, honest(3)).await;
	for door in &world.doors {
		door.shutdown().await;
	}

	let outcome = world.measure().await;

	assert_eq!(outcome.measurement, None);
	assert!(outcome.absences.iter().all(|(_, absence)| matches!(absence, Absence::Unreachable(_))));
}
