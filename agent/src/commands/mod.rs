//! What each command does.

pub mod audit;
pub mod bandwidth;
pub mod channels;
pub mod claim;
pub mod customer;
pub mod disputes;
pub mod fetch;
pub mod keys;
pub mod local;
pub mod operator;
pub mod restore;
pub mod session;
pub mod setup;
pub mod status;
pub mod store;

use crate::{
	cli::{Cli, Command},
	config::{Config, Folder},
	provider,
};
use anyhow::Result;
use session::Session;
use substation_client::Call;
use substation_primitives::{DealId, NodeId};

/// Does what the command line asks.
pub async fn run(cli: Cli) -> Result<()> {
	let common = &cli.common;
	match &cli.command {
		Command::Init(options) => setup::init(common, options).await,
		Command::Register(options) => setup::register(common, options).await,
		Command::Run(options) => {
			let folder = Folder::provider(common)?;
			let mut config: Config = folder.config()?;
			if let Some(rpc) = &common.rpc {
				config.rpc.clone_from(rpc);
			}
			let prove = config.prove && !options.no_prove;
			provider::run(folder, config, provider::Options { prove, scrub_rate: options.scrub_rate }).await
		}
		Command::Status => status::status(common).await,
		Command::SetContact(options) => operator::set_contact(common, options).await,
		Command::SetOffer(options) => operator::set_offer(common, options).await,
		Command::AddBond(options) => operator::add_bond(common, options).await,
		Command::ReleaseBond(options) => operator::release_bond(common, options).await,
		Command::Leave(options) => operator::of_node(common, options, Call::leave).await,
		Command::Unbond(options) => operator::of_node(common, options, Call::unbond).await,
		Command::Withdraw(options) => operator::of_node(common, options, Call::withdraw).await,
		Command::ReportMissed(options) => {
			let session = Session::either(common).await?;
			session.send(&Call::report_missed(NodeId(options.node)), &options.signer, 0).await
		}
		Command::Forfeit(options) => provider_call(&cli, Call::forfeit(DealId(options.deal)), &options.signer).await,
		Command::Settle(options) => anybodys_call(&cli, Call::settle(DealId(options.deal)), &options.signer).await,
		Command::Close(options) => anybodys_call(&cli, Call::close(DealId(options.deal)), &options.signer).await,
		Command::WithdrawProposal(options) => {
			let session = Session::customer(common).await?;
			session.send(&Call::withdraw_proposal(DealId(options.deal)), &options.signer, 0).await
		}
		Command::EndDeal(options) => {
			let session = Session::customer(common).await?;
			session.send(&Call::end_early(DealId(options.deal)), &options.signer, 0).await
		}
		Command::Answer(options) => disputes::answer(common, options).await,
		Command::Concede(options) => provider_call(&cli, Call::concede(DealId(options.deal)), &options.signer).await,
		Command::Dispute(options) => disputes::dispute(common, options).await,
		Command::Claim(options) => claim::claim(common, options).await,
		Command::Bandwidth(options) => bandwidth::bandwidth(common, &options.what).await,
		Command::Scrub => local::scrub(common).await,
		Command::Restore(options) => restore::restore(common, options).await,
		Command::ForgetFollowed => restore::forget_followed(common),
		Command::Bench(options) => local::bench(common, &options.what).await,
		Command::Store(options) => store::store(common, options).await,
		Command::Fetch(options) => fetch::fetch(common, options).await,
		Command::Channels => channels::channels(common).await,
		Command::CloseChannel(options) => channels::close(common, options).await,
		Command::Deals(options) => customer::deals(common, options).await,
		Command::Nodes(options) => customer::nodes(common, options).await,
		Command::Audit => audit::audit(common).await,
		Command::Key(options) => keys::key(common, &options.what).await,
	}
}

async fn provider_call(cli: &Cli, call: Call, signer: &crate::cli::Signer) -> Result<()> {
	Session::provider(&cli.common).await?.send(&call, signer, 0).await
}

async fn anybodys_call(cli: &Cli, call: Call, signer: &crate::cli::Signer) -> Result<()> {
	Session::either(&cli.common).await?.send(&call, signer, 0).await
}

/// An error and its causes on one line, without saying anything twice.
pub fn one_line(error: &anyhow::Error) -> String {
	let mut line = String::new();
	for cause in error.chain() {
		let text = cause.to_string().replace('\n', " ");
		if line.contains(&text) {
			continue;
		}
		if !line.is_empty() {
			line.push_str(": ");
		}
		line.push_str(&text);
	}
	line
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn errors_are_one_line_and_repeat_nothing() {
		let error = anyhow::anyhow!("inner\nfault").context("outer: inner fault").context("top");

		assert_eq!(one_line(&error), "top: outer: inner fault");
	}
}
