//! Who pays is served.

use super::*;
use crate::payments::price::{answer_bytes, cost};
use substation_transport::transfer::TransferError;

const LENGTH: usize = (5 << 20) + 321;

#[tokio::test(flavor = "multi_thread")]
async fn paid_content_is_byte_identical_and_the_last_voucher_is_its_price() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let content = bytes(LENGTH);
	let (_, commitment) = node.serves(&content);

	let bill = customer.fetch(&node, commitment).await.unwrap();

	let price = cost(answer_bytes(LENGTH as u64, 0), PRICE);
	assert_eq!(std::fs::read(customer.target()).unwrap(), content);
	assert_eq!(bill, Bill { channel: CHANNEL, paid: price, bytes: answer_bytes(LENGTH as u64, 0) });
	assert_eq!((customer.promised(), node.held()), (price, price));
	assert_eq!(node.till.status().in_use, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn second_fetch_over_the_same_channel_goes_on_with_the_sum() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));
	let price = cost(answer_bytes(LENGTH as u64, 0), PRICE);

	customer.fetch(&node, commitment).await.unwrap();
	std::fs::remove_file(customer.target()).unwrap();
	let second = customer.fetch(&node, commitment).await.unwrap();

	assert_eq!((second.paid, node.held()), (price, 2 * price));
}

#[tokio::test(flavor = "multi_thread")]
async fn content_of_one_group_and_of_less_than_a_step_is_paid_exactly() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let mut sum = 0;
	for length in [1, 16_384, 100_000] {
		let (_, commitment) = node.serves(&bytes(length));

		customer.fetch(&node, commitment).await.unwrap();

		sum += cost(answer_bytes(length as u64, 0), PRICE);
		assert_eq!(node.held(), sum);
		std::fs::remove_file(customer.target()).unwrap();
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn node_that_charges_tells_plain_clients_its_price() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));

	let plain = customer.transport.fetch(node.address(), commitment, &customer.target(), &Progress::silent()).await;

	let Err(TransferError::Charges(reason)) = plain else { panic!("{plain:?}") };
	assert_eq!(reason, "the node charges 1 STN per GiB delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn node_without_a_price_serves_plain_clients_and_takes_no_vouchers() {
	let chain = Arc::default();
	let node = Node::start(&chain, Delivery { price: 0, ..terms() }).await;
	let customer = Customer::start(&chain, STN).await;
	let content = bytes(LENGTH);
	let (_, commitment) = node.serves(&content);

	let quote = fetch::quote(&customer.transport, node.address()).await.unwrap().unwrap();
	let mut visit = customer.come(&node).await;
	visit.pay(voucher(&customer, 0)).await;
	customer.transport.fetch(node.address(), commitment, &customer.target(), &Progress::silent()).await.unwrap();

	assert_eq!(quote.price, 0);
	assert_eq!(visit.refused().await, Refusal::Free);
	assert_eq!(std::fs::read(customer.target()).unwrap(), content);
}

#[tokio::test(flavor = "multi_thread")]
async fn node_that_knows_no_payments_is_told_from_one_that_is_away() {
	let chain = Arc::default();
	let (customer, other) = (Customer::start(&chain, STN).await, Customer::start(&chain, STN).await);
	let address = |transport: &Transport| endpoint_addr(&transport.id(), &transport.addresses()).unwrap();

	assert_eq!(fetch::quote(&customer.transport, address(&other.transport)).await.unwrap(), None);

	let gone = address(&other.transport);
	other.transport.shutdown().await;
	let error = fetch::quote(&customer.transport, gone).await.unwrap_err();
	assert!(matches!(error, PaymentError::Transfer(TransferError::Unreachable { .. })), "{error}");
}

// 6
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_finds_no_place_is_told_so_and_served_when_there_is_one() {
	let chain = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let (_, commitment) = node.serves(&bytes(LENGTH));
	let mut visits = Vec::new();
	for _ in 0..8 {
		let mut visit = customer.come(&node).await;
		visit.say(Ask::Quote).await;
		visit.hear().await;
		visits.push(visit);
	}

	let error = fetch::quote(&customer.transport, node.address()).await.unwrap_err();

	assert!(matches!(error, PaymentError::Full), "{error}");
	for visit in visits {
		visit.connection.close(0u32.into(), b"");
	}
	let again = async {
		while matches!(customer.fetch(&node, commitment).await, Err(PaymentError::Full)) {
			tokio::task::yield_now().await;
		}
	};
	tokio::time::timeout(std::time::Duration::from_secs(10), again).await.unwrap();
	assert_eq!(std::fs::read(customer.target()).unwrap(), bytes(LENGTH));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_final_open_channel_of_this_operator_with_something_left_is_served() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN).await;
	let good = chain.channels.lock()[&CHANNEL].clone();
	let (come, at) = (&customer, &node);
	let refusal = |voucher: Voucher| async move {
		let mut visit = come.come(at).await;
		visit.pay(voucher).await;
		visit.refused().await
	};
	let opening = voucher(&customer, 0);

	let unknown = Voucher { channel: ChannelId(6), ..opening };
	assert_eq!(refusal(unknown).await, Refusal::UnknownChannel(ChannelId(6)));

	chain.change(|page| page.channel.payee = AccountId::from([4; 32]));
	assert_eq!(refusal(opening).await, Refusal::OtherPayee(CHANNEL));

	chain.change(|page| (page.channel.payee, page.channel.closing) = (good.channel.payee, Some(200)));
	assert_eq!(refusal(opening).await, Refusal::Closing(CHANNEL));

	chain.change(|page| (page.channel.closing, page.channel.spent) = (None, STN));
	let (deposit, served) = (STN, STN);
	assert_eq!(refusal(opening).await, Refusal::NothingLeft { channel: CHANNEL, deposit, served });

	// F2: what is left would not pay for its redemption.
	chain.change(|page| (page.channel.spent, page.min_redeem) = (STN / 2, STN / 2 + 1));
	let rest = Refusal::RestTooSmall { channel: CHANNEL, left: STN / 2, least: STN / 2 + 1 };
	assert_eq!(refusal(opening).await, rest);

	assert_eq!(refusal(Voucher { cumulative: 1, ..opening }).await, Refusal::Forged);

	chain.change(|page| page.channel.key = [1; 32]);
	assert_eq!(refusal(opening).await, Refusal::NotYours);

	node.till.set_chain(None);
	assert_eq!(refusal(opening).await, Refusal::NoChain);
}

#[tokio::test(flavor = "multi_thread")]
async fn deposit_that_is_topped_up_meanwhile_is_noticed() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, STN / 100).await;
	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;

	chain.change(|page| page.channel.deposit = STN);
	visit.say(Ask::Voucher(voucher(&customer, STN / 2))).await;
	visit.say(Ask::Done).await;

	assert_eq!(visit.hear().await, Answer::Settled(STN / 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_that_cannot_pay_for_all_of_it_is_named_before_anything_is_paid() {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, terms()).await;
	let customer = Customer::start(&chain, 1_000).await;
	chain.change(|page| page.min_redeem = 1_000);
	let (_, commitment) = node.serves(&bytes(LENGTH));

	let error = customer.fetch(&node, commitment).await.unwrap_err();

	assert!(matches!(error, PaymentError::NotEnough { channel: CHANNEL, deposit: 1_000, .. }), "{error}");
	assert_eq!((customer.promised(), node.held()), (0, 0));
}
