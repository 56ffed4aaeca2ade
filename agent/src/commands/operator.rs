//! Calls of an operator about a registered node.

use crate::{
	cli::{Bond, Common, OfNode, SetContact, SetOffer},
	commands::{session::Session, setup},
};
use anyhow::Result;
use substation_client::Call;
use substation_primitives::{NodeId, Offer, ResourceClass};

/// Changes the addresses and the country.
pub async fn set_contact(common: &Common, options: &SetContact) -> Result<()> {
	let session = Session::provider(common).await?;
	let spec = setup::spec(&session, &options.addresses, options.region)?;
	session.send(&Call::set_contact(session.own_node().await?, &spec), &options.signer, 0).await
}

/// Changes capacity and price.
pub async fn set_offer(common: &Common, options: &SetOffer) -> Result<()> {
	let session = Session::provider(common).await?;
	let offer = Offer { capacity: options.capacity, price: options.price };
	session.send(&Call::set_offer(session.own_node().await?, offer), &options.signer, 0).await
}

/// Raises the bond.
pub async fn add_bond(common: &Common, options: &Bond) -> Result<()> {
	let session = Session::provider(common).await?;
	let call = Call::add_bond(session.own_node().await?, ResourceClass::Storage, options.amount);
	session.send(&call, &options.signer, options.amount).await
}

/// Lowers the bond.
pub async fn release_bond(common: &Common, options: &Bond) -> Result<()> {
	let session = Session::provider(common).await?;
	let call = Call::release_bond(session.own_node().await?, ResourceClass::Storage, options.amount);
	session.send(&call, &options.signer, 0).await
}

/// A call that only names the node.
pub async fn of_node(common: &Common, options: &OfNode, call: fn(NodeId) -> Call) -> Result<()> {
	let session = Session::provider(common).await?;
	let node = session.node(options).await?;
	session.send(&call(node), &options.signer, 0).await
}
