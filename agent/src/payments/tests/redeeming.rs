//! Vouchers become money.

use super::*;
use std::time::Duration;

/// A node that holds a voucher and looks after it.
async fn holding(cumulative: Balance) -> (Arc<Table>, Node, Customer) {
	holding_on(cumulative, |_| {}).await
}

/// Of a channel that is as `change` leaves it before the node looks at it.
async fn holding_on(cumulative: Balance, change: impl FnOnce(&mut ChannelView)) -> (Arc<Table>, Node, Customer) {
	let chain: Arc<Table> = Arc::default();
	let node = Node::start(&chain, Delivery { redeem: STN / 2, ..terms() }).await;
	let customer = Customer::start(&chain, STN).await;
	chain.change(change);
	drop(seat(&node.till, &customer, cumulative).await.unwrap());
	tokio::spawn(node.till.clone().look_after());
	(chain, node, customer)
}

async fn next_block(chain: &Arc<Table>, node: &Node) {
	chain.change(|page| page.now += 1);
	node.till.set_chain(Some(Arc::new(chain.clone())));
	tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enough_is_redeemed_at_once_and_only_once() {
	let (chain, node, customer) = holding(STN / 2).await;
	for _ in 0..3 {
		next_block(&chain, &node).await;
	}
	drop(seat(&node.till, &customer, STN / 2 + 1).await.unwrap());
	next_block(&chain, &node).await;

	assert_eq!(chain.redeemed(), [STN / 2]);
	let status = node.till.status();
	assert_eq!((status.held, status.redeemed), ((STN / 2 + 1).to_string(), (STN / 2).to_string()));
	assert_eq!(status.waiting, "1");
	assert!(status.words.unwrap().contains("0.5 redeemed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn less_waits_until_the_channel_closes() {
	let (chain, node, customer) = holding(STN / 10).await;
	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;
	next_block(&chain, &node).await;
	assert!(chain.redeemed().is_empty());

	chain.change(|page| page.channel.closing = Some(500));
	next_block(&chain, &node).await;

	assert_eq!(chain.redeemed(), [STN / 10]);
	assert_eq!(visit.refused().await, Refusal::Closing(CHANNEL));
}

#[tokio::test(flavor = "multi_thread")]
async fn less_is_redeemed_when_the_agent_stops_and_customers_hear_it() {
	let (chain, node, customer) = holding(STN / 10).await;
	next_block(&chain, &node).await;
	let mut visit = customer.come(&node).await;
	visit.seated(voucher(&customer, 0)).await;

	node.till.close_up().await;

	assert_eq!(chain.redeemed(), [STN / 10]);
	assert_eq!(visit.refused().await, Refusal::Stopping);
	assert_eq!(seat(&node.till, &customer, 0).await.map(drop).unwrap_err(), Refusal::Stopping);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chain_would_not_move_is_not_sent_unless_it_is_all_that_is_left() {
	let (chain, node, customer) = holding(STN / 100 - 1).await;
	chain.change(|page| page.channel.closing = Some(500));
	next_block(&chain, &node).await;
	assert!(chain.redeemed().is_empty());

	chain.change(|page| (page.channel.spent, page.channel.closing) = (STN - STN / 200, None));
	drop(seat(&node.till, &customer, STN).await.unwrap());
	chain.change(|page| page.channel.closing = Some(500));
	next_block(&chain, &node).await;

	assert_eq!(chain.redeemed(), [STN]);
}

/// Blocks are as full as makes a redemption cost this.
fn set_fee(page: &mut ChannelView, fee: Balance) {
	(page.redeem_fee, page.min_redeem) = (fee, 4 * fee);
}

// F2
#[tokio::test(flavor = "multi_thread")]
async fn redemption_in_full_blocks_waits_until_it_is_cheaper() {
	let (chain, node, _customer) = holding_on(STN / 2, |page| set_fee(page, STN / 5)).await;
	next_block(&chain, &node).await;
	assert!(chain.redeemed().is_empty());

	chain.change(|page| set_fee(page, STN / 10));
	next_block(&chain, &node).await;

	assert_eq!(chain.redeemed(), [STN / 2]);
}

// F2
#[tokio::test(flavor = "multi_thread")]
async fn last_redemption_in_full_blocks_is_sent_if_the_chain_takes_it() {
	let (chain, node, _customer) = holding_on(STN / 2, |page| set_fee(page, STN / 5)).await;
	next_block(&chain, &node).await;
	node.till.close_up().await;
	assert!(chain.redeemed().is_empty());

	let again = open_till(node.folder.path(), &chain, terms());
	chain.change(|page| set_fee(page, STN / 8));
	again.close_up().await;

	assert_eq!(chain.redeemed(), [STN / 2]);
}

// F2
#[tokio::test(flavor = "multi_thread")]
async fn whole_rest_is_redeemed_before_enough_waits_and_below_the_least_step_only_at_an_end() {
	let (chain, node, customer) = holding_on(STN, |page| {
		page.channel.spent = STN * 3 / 4;
		set_fee(page, STN / 10);
	})
	.await;
	next_block(&chain, &node).await;
	assert!(chain.redeemed().is_empty());

	chain.change(|page| set_fee(page, STN / 16));
	next_block(&chain, &node).await;

	assert_eq!(chain.redeemed(), [STN]);
	drop(customer);
}

// F2
#[tokio::test(flavor = "multi_thread")]
async fn what_burn_and_fee_use_up_is_not_sent() {
	let (chain, node, _customer) = holding(STN / 10).await;
	chain.change(|page| {
		// As at the end of a grace in full blocks: the least step is the setting's, and the fee is not.
		(page.channel.closing, page.redeem_fee) = (Some(500), STN * 9 / 100);
	});
	next_block(&chain, &node).await;
	assert!(chain.redeemed().is_empty());

	chain.change(|page| page.redeem_fee -= 1);
	next_block(&chain, &node).await;

	assert_eq!(chain.redeemed(), [STN / 10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_that_is_gone_is_forgotten_and_what_it_brought_is_remembered() {
	let (chain, node, _) = holding(STN / 2).await;
	next_block(&chain, &node).await;
	next_block(&chain, &node).await;

	let page = chain.channels.lock().remove(&CHANNEL);
	node.till.set_chain(Some(Arc::new(chain.clone())));
	tokio::time::sleep(Duration::from_millis(100)).await;

	assert!(page.is_some());
	let again = open_till(node.folder.path(), &chain, terms()).status();
	for status in [node.till.status(), again] {
		assert_eq!((status.channels, status.redeemed.as_str()), (0, (STN / 2).to_string().as_str()));
	}
}

// 1
#[tokio::test(flavor = "multi_thread")]
async fn vouchers_of_a_channel_that_is_not_shown_for_a_while_are_kept() {
	let (chain, node, _) = holding(STN / 10).await;
	node.till.set_doubt(Duration::from_secs(60));
	next_block(&chain, &node).await;

	// A node that lies, or that is behind.
	let page = chain.channels.lock().remove(&CHANNEL).unwrap();
	for _ in 0..2 {
		node.till.set_chain(Some(Arc::new(chain.clone())));
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	assert_eq!(open_till(node.folder.path(), &chain, terms()).status().held, (STN / 10).to_string());

	let page = ChannelView { channel: Channel { closing: Some(500), ..page.channel }, ..page };
	chain.channels.lock().insert(CHANNEL, page);
	next_block(&chain, &node).await;
	assert_eq!(chain.redeemed(), [STN / 10]);
}
