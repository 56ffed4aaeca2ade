//! Calls of an operator about a node's line.

use crate::{
	cli::{
		bandwidth::{display_rate, BandwidthCommand, Join},
		Common, Signer,
	},
	commands::session::Session,
};
use anyhow::{ensure, Context, Result};
use substation_client::{amounts::display_amount, Call, ChainError};
use substation_primitives::{
	bandwidth::{Kbits, Rates},
	Balance, NodeId, Offer, ResourceClass,
};
use substation_proofs::bandwidth::highest_claim;

/// Does what the command line asks.
pub async fn bandwidth(common: &Common, what: &BandwidthCommand) -> Result<()> {
	let session = Session::provider(common).await?;
	let node = session.own_node().await?;
	match what {
		BandwidthCommand::Join(options) => join(&session, node, options).await,
		BandwidthCommand::Claim(options) => {
			let claim = Rates { down: options.down, up: options.up };
			ensure_claim(&session, claim).await?;
			session.send(&Call::set_claim(node, claim), &options.signer, 0).await
		}
		BandwidthCommand::Prepay(options) => {
			ensure_movable(&session, &options.signer, 0, options.amount).await?;
			session.send(&Call::prepay(node, options.amount), &options.signer, options.amount).await
		}
		BandwidthCommand::WithdrawPrepaid(options) => {
			session.send(&Call::withdraw_prepaid(node, options.amount), &options.signer, 0).await
		}
		BandwidthCommand::Collect(signer) => session.send(&Call::collect_earned(node), signer, 0).await,
		BandwidthCommand::Leave(signer) => {
			let best = session.chain.best().await?;
			let page = session.chain.line_page(node, best).await?.context("this node holds no seats")?;
			let is_given_up = page.seats.iter().any(|seat| seat.until.is_some());
			let call = if is_given_up { Call::remove_line(node) } else { Call::give_up_seats(node) };
			session.send(&call, signer, 0).await
		}
		BandwidthCommand::ReleaseBond(options) => {
			let call = Call::release_bond(node, ResourceClass::Bandwidth, options.amount);
			session.send(&call, &options.signer, 0).await
		}
	}
}

/// Bond, offer and seats in one transaction: all or nothing.
async fn join(session: &Session, node: NodeId, options: &Join) -> Result<()> {
	let claim = Rates { down: options.down, up: options.up };
	ensure_claim(session, claim).await?;
	let best = session.chain.best().await?;
	let settings = session.chain.settings(best).await?;
	let line = session.chain.line_page(node, best).await?;
	let held = session.chain.node(node, best).await?.and_then(|page| page.bond_of(ResourceClass::Bandwidth));

	let seats = line.as_ref().map_or(0, |line| line.seats.len()).saturating_add(options.seats.into());
	let needed = settings.bandwidth.seat_bond.saturating_mul(u128::try_from(seats).unwrap_or(u128::MAX));
	let bond = bond_to_add(needed, held, settings.registry.min_bond, options.bond);
	ensure!(
		held.unwrap_or(0).saturating_add(bond) >= needed,
		"{seats} seats need a bond of {} STN, {} of them per seat",
		display_amount(needed),
		display_amount(settings.bandwidth.seat_bond)
	);
	let mut calls = Vec::new();
	if held.is_none() {
		let offer = Offer { capacity: options.up.into(), price: options.price };
		calls.push(Call::add_class(node, ResourceClass::Bandwidth, offer, bond));
	} else if bond > 0 {
		calls.push(Call::add_bond(node, ResourceClass::Bandwidth, bond));
	}
	ensure_movable(session, &options.signer, bond, options.prepay).await?;
	calls.push(Call::take_seats(node, claim, options.seats, options.prepay));
	session.send(&Call::batch(calls), &options.signer, bond.saturating_add(options.prepay)).await
}

/// Errors when locks keep `amount` from leaving the account of the signer once `held` more is on hold.
async fn ensure_movable(session: &Session, signer: &Signer, held: Balance, amount: Balance) -> Result<()> {
	let Some(key) = session.key(signer).await? else { return Ok(()) };
	let funds = session.chain.funds(&key.account()).await?;
	let balance = funds.holding(held).spendable();
	if balance < amount {
		return Err(ChainError::NoFunds { account: key.account(), balance, needed: amount }.into());
	}
	Ok(())
}

/// What to bond: what the operator says, or else what is still needed; a first bond is never below the least one.
fn bond_to_add(needed: Balance, held: Option<Balance>, least: Balance, wished: Option<Balance>) -> Balance {
	let missing = needed.saturating_sub(held.unwrap_or(0));
	let missing = if held.is_none() { missing.max(least) } else { missing };
	wished.unwrap_or(missing)
}

/// Errors when the chain would not take the claim, with what it takes.
async fn ensure_claim(session: &Session, claim: Rates) -> Result<()> {
	let best = session.chain.best().await?;
	let least = session.chain.settings(best).await?.bandwidth.seat_rate;
	let highest = highest_claim(least, session.chain.committees(best).await?.members);
	check_claim(claim, least, highest)
}

fn check_claim(claim: Rates, least: Kbits, highest: Kbits) -> Result<()> {
	for rate in [claim.down, claim.up] {
		ensure!(
			(least..=highest).contains(&rate),
			"{} cannot be claimed on this chain: a line with a seat claims {} to {} each way",
			display_rate(rate),
			display_rate(least),
			display_rate(highest)
		);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bond_covers_all_seats_and_the_least_one() {
		assert_eq!(bond_to_add(200, None, 100, None), 200);
		assert_eq!(bond_to_add(50, None, 100, None), 100);
		assert_eq!(bond_to_add(200, Some(150), 100, None), 50);
		assert_eq!(bond_to_add(200, Some(300), 100, None), 0);
		assert_eq!(bond_to_add(200, None, 100, Some(500)), 500);
	}

	#[test]
	fn claim_out_of_range_is_explained() {
		let claim = |down, up| check_claim(Rates { down, up }, 10_000, 136_000);

		assert!(claim(10_000, 136_000).is_ok());
		let error = claim(100_000, 5_000).unwrap_err().to_string();
		assert!(error.contains("5 Mbit/s cannot") && error.contains("10 Mbit/s to 136 Mbit/s"), "{error}");
		assert!(claim(136_001, 10_000).is_err());
	}
}
