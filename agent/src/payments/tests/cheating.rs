//! Whoever cheats gains one step at most.

mod liar;

use super::*;
use crate::payments::price::{bytes_for, cost};
use liar::Liar;
use std::time::Duration;
use substation_transport::transfer::TransferError;

const LENGTH: usize = 3 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn customer_who_never_pays_gets_exactly_one_step() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));

	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;

	assert_eq!(visit.drain(commitment).await, STEP);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_voucher_in_vain_ends_with_what_is_owed() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let seat = seat(&node.till, &customer, 7).await.unwrap();

	assert_eq!(seat.gate().take(STEP).await, Some(STEP));
	// What the server does after thirty seconds.
	seat.gate().shut();

	assert_eq!(seat.ended().await, Refusal::Unpaid { held: 7, served: cost(STEP, PRICE) });
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_again_brings_no_second_step_for_nothing() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));
	let mut got = 0;

	for _ in 0..3 {
		let mut visit = customer.come(&node).await;
		let standing = visit.seated(voucher(&customer, 0)).await;
		assert_eq!(standing.served, cost(got, PRICE));
		got += visit.drain(commitment).await;
		visit.connection.close(0u32.into(), b"");
	}

	assert_eq!(got, STEP);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_requests_share_one_gate() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));

	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;
	let got = tokio::join!(visit.drain(commitment), visit.drain(commitment), visit.drain(commitment));

	assert_eq!(got.0 + got.1 + got.2, STEP);
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_who_stops_paying_gets_what_is_paid_and_one_step() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));
	let paid = cost(1 << 20, PRICE);

	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;
	visit.say(Ask::Voucher(voucher(&customer, paid))).await;

	assert_eq!(visit.drain(commitment).await, bytes_for(paid, PRICE) + STEP);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_out_that_the_deposit_cannot_pay() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let deposit = cost(STEP / 2, PRICE);
	let customer = Customer::start(&chain, deposit).await;
	chain.change(|page| page.min_redeem = deposit);
	let (_, commitment) = node.serves(&bytes(LENGTH));

	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, deposit)).await;

	assert_eq!(visit.drain(commitment).await, bytes_for(deposit, PRICE));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_vouchers_are_refused_by_name_and_end_the_delivery() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let key = secret(&customer);
	let held = STN / 4;
	let good = voucher(&customer, held + 1);
	let cases = [
		(voucher(&customer, held - 1), Refusal::DoesNotGrow { held, got: held - 1 }),
		(voucher(&customer, held), Refusal::DoesNotGrow { held, got: held }),
		(Voucher { cumulative: held + 2, ..good }, Refusal::Forged),
		(Voucher::sign(&SecretKey::from_bytes(&[1; 32]), &GENESIS, CHANNEL, held + 1), Refusal::Forged),
		(Voucher::sign(&key, &[8; 32], CHANNEL, held + 1), Refusal::Forged),
		(voucher(&customer, STN + 1), Refusal::ExceedsDeposit { deposit: STN, got: STN + 1 }),
		(
			Voucher::sign(&key, &GENESIS, ChannelId(6), held + 1),
			Refusal::OtherChannel { expected: CHANNEL, got: ChannelId(6) },
		),
		// Over another channel, but called this one.
		(Voucher { channel: CHANNEL, ..Voucher::sign(&key, &GENESIS, ChannelId(6), held + 1) }, Refusal::Forged),
	];

	for (bad, expected) in cases {
		let mut visit = customer.come(&node).await;
		visit.seated(voucher(&customer, held)).await;
		visit.say(Ask::Voucher(bad)).await;

		assert_eq!(visit.refused().await, expected);
		assert_eq!(node.held(), held);
		assert!(visit.connection.open_bi().await.is_err() || visit.drain_nothing().await);
	}
}

impl Visit {
	async fn drain_nothing(&self) -> bool {
		self.drain(Commitment { root: [1; 32], length: 1 }).await == 0
	}
}

/// Names the channel with what a stranger has: a voucher that was published, and a proof of its own making.
async fn strange(customer: &Customer, node: &Node, proof: impl FnOnce(&Connection) -> SessionProof) -> Refusal {
	let mut visit = customer.come(node).await;
	let (voucher, proof) = (voucher(customer, STN / 2), proof(&visit.connection));
	visit.say(Ask::Pay { voucher, proof }).await;
	visit.refused().await
}

fn of_a_stranger(connection: &Connection) -> SessionProof {
	let exporter = Exporter::of(connection, CHANNEL).unwrap();
	SessionProof::sign(&SecretKey::from_bytes(&[1; 32]), &GENESIS, CHANNEL, &exporter)
}

// P1
#[tokio::test(flavor = "multi_thread")]
async fn a_redeemed_voucher_seats_nobody() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	chain.change(|page| page.channel.spent = STN / 2);

	assert_eq!(strange(&customer, &node, of_a_stranger).await, Refusal::NotYours);

	assert_eq!((node.till.status().in_use, node.till.status().channels), (0, 0), "nothing is remembered");
}

// P1
#[tokio::test(flavor = "multi_thread")]
async fn a_redeemed_voucher_does_not_displace() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let mut own = customer.come(&node).await;
	own.seated(voucher(&customer, STN / 2)).await;

	assert_eq!(strange(&customer, &node, of_a_stranger).await, Refusal::NotYours);

	own.say(Ask::Voucher(voucher(&customer, STN / 2 + 1))).await;
	own.say(Ask::Done).await;
	assert_eq!(own.hear().await, Answer::Settled(STN / 2 + 1));
}

// P1
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_another_connection_is_refused() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let other_node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	// The other node hands on what the customer says to it.
	let other = customer.come(&other_node).await;
	let overheard = Exporter::of(&other.connection, CHANNEL).unwrap();

	let refusal = strange(&customer, &node, |connection| {
		assert_ne!(Exporter::of(connection, CHANNEL).unwrap(), overheard);
		SessionProof::sign(&secret(&customer), &GENESIS, CHANNEL, &overheard)
	});

	assert_eq!(refusal.await, Refusal::NotYours);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_before_the_channel_is_shown_get_nothing() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));

	let mut visit = customer.come(&node).await;
	visit.say(Ask::Quote).await;
	assert!(matches!(visit.hear().await, Answer::Quote(Quote { price: PRICE, step: STEP, .. })));

	assert_eq!(visit.drain(commitment).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn node_that_sends_wrong_bytes_gets_nothing_more() {
	let chain = Arc::default();
	let honest = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let content = bytes(LENGTH);
	let (_, commitment) = honest.serves(&content);

	let liar = Liar::start(&content, 1 << 20).await;
	let error = customer.fetch_from(liar.address(), commitment).await.unwrap_err();

	assert!(matches!(error, PaymentError::Transfer(TransferError::WrongBytes(_))), "{error}");
	let paid = liar.paid().await;
	assert!(paid > 0 && paid <= cost((1 << 20) + STEP, PRICE), "paid {paid}");
	assert_eq!(customer.promised(), paid);
}

#[tokio::test(flavor = "multi_thread")]
async fn node_that_is_wrong_from_the_beginning_gets_nothing_at_all() {
	let chain = Arc::default();
	let customer = Customer::start(&chain, STN).await;
	let content = bytes(LENGTH);
	let commitment = Node::start(&chain, terms()).await.serves(&content).1;

	let liar = Liar::start(&content, 0).await;
	let error = customer.fetch_from(liar.address(), commitment).await.unwrap_err();

	assert!(matches!(error, PaymentError::Transfer(TransferError::WrongBytes(_))), "{error}");
	assert_eq!((liar.paid().await, customer.promised()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn node_that_claims_more_than_a_step_unpaid_gets_nothing() {
	let chain = Arc::default();
	let customer = Customer::start(&chain, STN).await;
	let content = bytes(LENGTH);
	let commitment = Node::start(&chain, terms()).await.serves(&content).1;

	let mut liar = Liar::start(&content, LENGTH).await;
	liar.claim(cost(STEP, PRICE) + 1);
	let error = customer.fetch_from(liar.address(), commitment).await.unwrap_err();

	assert!(matches!(error, PaymentError::Claims(_)), "{error}");
	assert_eq!(customer.promised(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn node_that_takes_and_stops_has_got_one_step_too_much_at_most() {
	let chain = Arc::default();
	let customer = Customer::start(&chain, STN).await;
	let content = bytes(LENGTH);
	let commitment = Node::start(&chain, terms()).await.serves(&content).1;

	let liar = Liar::start(&content, LENGTH).await;
	liar.stop_after(1 << 20);
	let fetching = tokio::spawn(async move {
		let result = customer.fetch_from(liar.address(), commitment).await;
		(result.is_err(), customer.promised(), liar.paid().await)
	});
	let (failed, promised, paid) = tokio::time::timeout(Duration::from_secs(30), fetching).await.unwrap().unwrap();

	assert!(failed && promised == paid);
	assert!(paid > cost(1 << 19, PRICE) && paid <= cost((1 << 20) + STEP, PRICE), "paid {paid}");
}
