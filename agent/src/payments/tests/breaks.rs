//! Kills and broken connections.

use super::*;
use crate::payments::price::{answer_bytes, cost};
use substation_transport::transfer::TransferError;

const LENGTH: usize = 3 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn node_that_is_killed_keeps_the_highest_voucher() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;
	for cumulative in [1_000, 2_000, 3_000] {
		visit.say(Ask::Voucher(voucher(&customer, cumulative))).await;
	}
	while node.held() < 3_000 {
		tokio::time::sleep(std::time::Duration::from_millis(5)).await;
	}

	// Nothing was closed or synced: this is what a killed process leaves.
	let again = open_till(node.folder.path(), &chain, terms());
	let seat = seat(&again, &customer, 0).await.unwrap();

	assert_eq!(again.status().held, "3000");
	assert_eq!(seat.standing().held, Some(voucher(&customer, 3_000)));
	let refusal = seat.take(voucher(&customer, 2_500)).await.unwrap_err();
	assert_eq!(refusal, Refusal::DoesNotGrow { held: 3_000, got: 2_500 });
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_who_has_forgotten_promises_is_shown_them_and_goes_on() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));
	let price = cost(answer_bytes(LENGTH as u64, 0), PRICE);
	customer.fetch(&node, commitment).await.unwrap();

	// A restored backup.
	customer.purse.forget(CHANNEL).unwrap();
	std::fs::remove_file(customer.target()).unwrap();
	customer.fetch(&node, commitment).await.unwrap();

	assert_eq!((customer.promised(), node.held()), (2 * price, 2 * price));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broken_connection_left_unpaid_is_paid_by_the_next_one() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));
	let price = cost(answer_bytes(LENGTH as u64, 0), PRICE);
	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;
	assert_eq!(visit.drain(commitment).await, STEP);
	visit.connection.close(0u32.into(), b"");

	let bill = customer.fetch(&node, commitment).await.unwrap();

	assert_eq!((bill.paid, node.held()), (price + cost(STEP, PRICE), price + cost(STEP, PRICE)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_ahead_is_delivered_by_the_next_connection() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));
	let price = cost(answer_bytes(LENGTH as u64, 0), PRICE);
	let ahead = cost(STEP, PRICE);
	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;
	visit.say(Ask::Voucher(customer.pocket().promise(ahead).unwrap())).await;
	visit.say(Ask::Done).await;
	assert_eq!(visit.hear().await, Answer::Settled(ahead));
	visit.connection.close(0u32.into(), b"");

	let bill = customer.fetch(&node, commitment).await.unwrap();

	assert_eq!((bill.paid, node.held()), (price - ahead, price));
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_fetch_goes_on_and_pays_only_for_the_rest() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let content = bytes(LENGTH);
	let (file, commitment) = node.serves(&content);
	// The second half is damaged at the node: it breaks off there.
	let mut broken = content.clone();
	broken[LENGTH / 2] ^= 1;
	std::fs::write(&file, &broken).unwrap();

	let first = customer.fetch(&node, commitment).await;
	let after_first = customer.promised();
	std::fs::write(&file, &content).unwrap();
	let second = customer.fetch(&node, commitment).await.unwrap();

	assert!(matches!(first, Err(PaymentError::Transfer(TransferError::Broken(_)))), "{first:?}");
	assert!(after_first > 0 && second.bytes < answer_bytes(LENGTH as u64, 0) * 2 / 3);
	assert_eq!(std::fs::read(customer.target()).unwrap(), content);
	// One step paid ahead, one on its way, and the group in which it broke off once more.
	assert!(node.held() <= cost(answer_bytes(LENGTH as u64, 0) + 2 * STEP + (64 << 10), PRICE));
}

#[tokio::test(flavor = "multi_thread")]
async fn second_connection_of_a_channel_replaces_the_first() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (mut first, mut second) = (customer.come(&node).await, customer.come(&node).await);

	first.seated(voucher(&customer, 0)).await;
	second.seated(voucher(&customer, 0)).await;

	assert_eq!(first.refused().await, Refusal::TakenOver(CHANNEL));
	assert_eq!(node.till.status().in_use, 1);
	second.say(Ask::Done).await;
	assert_eq!(second.hear().await, Answer::Settled(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_is_used_by_one_fetch_at_a_time() {
	let chain = Arc::default();
	let customer = Customer::start(&chain, STN).await;

	let pocket = customer.pocket();

	assert!(customer.purse.take(&known()).unwrap_err().to_string().contains("in use"));
	drop(pocket);
	customer.pocket();
}
