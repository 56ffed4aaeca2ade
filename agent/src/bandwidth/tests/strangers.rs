//! Who may ask a member for what.

use super::*;

async fn greeted(change: impl FnOnce(&mut TestPage), hello: ToMember) -> String {
	let world = world(Direction::Down, honest(3)).await;
	world.chain.set(change);
	let mut call = world.call(1).await;
	call.say(hello).await;
	call.refusal().await
}

const HELLO: ToMember = ToMember::Hello { test: TEST, node: TESTED };

#[tokio::test(flavor = "multi_thread")]
async fn test_that_was_not_drawn_is_declined() {
	let later = TestId { block: TEST.block + 1, index: 0 };
	let far = TestId { block: TEST.block + 1_000, index: 0 };
	for test in [later, far, TestId { index: 2, ..TEST }] {
		let refusal = greeted(|_| (), ToMember::Hello { test, node: TESTED }).await;

		assert_eq!(refusal, format!("the chain has no test {test}"));
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn test_in_a_block_on_its_way_is_waited_for() {
	let world = world(Direction::Down, honest(3)).await;
	let page = world.page();
	let mut call = world.call(1).await;
	world.chain.0.lock().1 = None;

	call.say(HELLO).await;
	tokio::time::sleep(Duration::from_millis(70)).await;
	world.chain.0.lock().1 = Some(page);

	assert_eq!(call.hear().await, Ok(ToNode::Welcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn test_that_is_over_is_declined() {
	assert_eq!(greeted(|page| page.done = true, HELLO).await, "the test is done");
	assert_eq!(greeted(|page| page.now = page.deadline + 1, HELLO).await, "the test has expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn test_of_another_node_or_committee_is_declined() {
	let other = ToMember::Hello { test: TEST, node: NodeId(7) };

	assert_eq!(greeted(|_| (), other).await, "the test is one of another node");
	assert_eq!(greeted(|page| page.endpoint = [1; 32], HELLO).await, "the tested node has another endpoint");
	let refusal = greeted(|page| page.committee[1].agent = [1; 32], HELLO).await;
	assert_eq!(refusal, "not a member of this test's committee");
}

#[tokio::test(flavor = "multi_thread")]
async fn member_without_a_chain_declines() {
	let world = world(Direction::Down, honest(3)).await;
	world.chain.0.lock().0 = None;
	let mut call = world.call(1).await;

	call.say(HELLO).await;

	assert_eq!(call.refusal().await, "the chain cannot be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn stranger_who_says_nothing_is_let_go() {
	let world = world(Direction::Down, honest(3)).await;
	let call = world.call(1).await;

	let closed = tokio::time::timeout(member_patience().hello + Duration::from_secs(1), call.connection.closed()).await;

	assert!(closed.is_ok());
}

/// Connections of so many endpoints that nobody knows. They say nothing.
async fn idle_strangers(world: &World, member: usize, count: usize) -> Vec<(Endpoint, Connection)> {
	let mut endpoints = Vec::new();
	for _ in 0..count {
		endpoints.push(endpoint(&SecretKey::generate()).await);
	}
	// One right after the other, before any is let go for its silence.
	let mut strangers = Vec::new();
	for endpoint in endpoints {
		let connection = world.dial_from(&endpoint, member).await;
		strangers.push((endpoint, connection));
	}
	strangers
}

/// Waits until so many of a member's strangers had to go for newer ones.
async fn until_displaced(world: &World, member: usize, count: u64) {
	let refused = &world.honest[member].metrics.numbers().refused;
	while refused.of(substation_transport::refused::DISPLACED) < count {
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
	assert_eq!(refused.of(substation_transport::refused::DISPLACED), count);
}

// B2
#[tokio::test(flavor = "multi_thread")]
async fn strangers_have_few_places_and_the_newest_get_them() {
	let world = world(Direction::Down, honest(1)).await;

	let strangers = idle_strangers(&world, 0, 7).await;

	until_displaced(&world, 0, 3).await;
	for (_, connection) in &strangers[..3] {
		connection.closed().await;
	}
	let mut call = world.call(0).await;
	call.say(ToMember::Hello { test: TEST, node: NodeId(7) }).await;
	assert_eq!(call.refusal().await, "the test is one of another node");
	assert_eq!(world.honest[0].history.memberships(), [], "what strangers do is not remembered");
}

// B2
#[tokio::test(flavor = "multi_thread")]
async fn a_member_full_of_strangers_is_still_measured_by() {
	let world = world(Direction::Up, honest(3)).await;
	let _strangers = idle_strangers(&world, 1, 32).await;
	until_displaced(&world, 1, 28).await;

	let outcome = world.measure().await;

	assert_eq!(outcome.measured.receipts, 3, "{:?}", outcome.absences);
}

// B2
#[tokio::test(flavor = "multi_thread")]
async fn a_tested_node_has_places_of_its_own_and_no_more() {
	let world = world(Direction::Down, honest(1)).await;

	let own = [world.dial(0).await, world.dial(0).await];
	let third = world.dial(0).await;

	third.closed().await;
	assert!(own.iter().all(|connection| connection.close_reason().is_none()));
	assert_eq!(world.honest[0].metrics.numbers().refused.of(substation_transport::refused::PEER), 1);
}

// 5
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_nobody_reads_are_not_granted() {
	let world = world(Direction::Up, honest(3)).await;
	let stranger = world.call(1).await;
	let mut tested = world.call(1).await;
	let a_moment = Duration::from_millis(300);

	assert!(tokio::time::timeout(a_moment, stranger.connection.open_uni()).await.is_err());
	assert!(tokio::time::timeout(a_moment, stranger.connection.open_bi()).await.is_err(), "one for control");
	tested.say(HELLO).await;
	assert_eq!(tested.hear().await, Ok(ToNode::Welcome));

	let _stream = tokio::time::timeout(Duration::from_secs(5), tested.connection.open_uni()).await.unwrap().unwrap();
	assert!(tokio::time::timeout(a_moment, tested.connection.open_uni()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_test_at_a_time_is_begun_for_one_node() {
	let world = world(Direction::Down, honest(3)).await;
	let (mut first, mut second) = (world.call(1).await, world.call(1).await);
	for call in [&mut first, &mut second] {
		call.say(HELLO).await;
		assert_eq!(call.hear().await, Ok(ToNode::Welcome));
	}
	for call in [&mut first, &mut second] {
		call.say(ToMember::Prepare).await;
	}

	let answers = [first.hear().await.unwrap(), second.hear().await.unwrap()];

	let begun = answers.iter().filter(|answer| matches!(answer, ToNode::Nonce(_))).count();
	let refused = answers.contains(&ToNode::Refuse("the test was run already".into()));
	assert!(begun == 1 && refused, "{answers:?}");
}
