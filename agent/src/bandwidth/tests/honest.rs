use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn honest_committee_measures_the_pace_and_signs() {
	for direction in [Direction::Down, Direction::Up] {
		let world = world(direction, honest(5)).await;

		let outcome = world.measure().await;

		verify(&world.page(), &outcome);
		assert_eq!(outcome.absences, []);
		assert_eq!((outcome.measured.receipts, outcome.measured.delivered), (5, 1_000));
		assert!(outcome.round_trip.is_some_and(|time| !time.is_zero()), "{:?}", outcome.round_trip);
		// Loopback is faster than the claim: what is measured is the pace of the members, five quarters of it.
		assert!((CLAIM * 95 / 100..CLAIM * 127 / 100).contains(&outcome.measured.rate), "{:?}", outcome.measured);
		for member in &world.honest {
			assert_eq!(member.metrics.numbers().receipts_signed.get(), 1);
			assert_eq!(member.history.memberships()[0].refusal, None);
		}
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_of_the_line_come_back_after_a_test() {
	let world = world(Direction::Down, honest(3)).await;

	world.measure().await;

	tokio::time::sleep(member_patience().goodbye + Duration::from_millis(200)).await;
	for member in &world.honest {
		assert_eq!(member.limits.used(), Rates::default());
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn test_is_run_once_only() {
	let world = world(Direction::Up, honest(3)).await;
	assert_eq!(world.measure().await.measured.receipts, 3);

	let again = world.measure().await;

	assert_eq!(again.measurement, None);
	assert!(again.absences.iter().all(|(_, absence)| *absence == Absence::Declined("the test was run already".into())));
	assert_eq!(again.absences.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn tested_node_that_dies_leaves_nothing_behind() {
	for direction in [Direction::Down, Direction::Up] {
		let world = world(direction, honest(3)).await;
		let run = tokio::time::timeout(Duration::from_millis(300), world.measure()).await;
		assert!(run.is_err(), "the test was over before it could be killed");

		world.endpoint.close().await;

		tokio::time::sleep(Duration::from_secs(2)).await;
		for member in &world.honest {
			assert_eq!(member.limits.used(), Rates::default());
			assert!(member.history.memberships()[0].refusal.is_some());
		}
	}
}
