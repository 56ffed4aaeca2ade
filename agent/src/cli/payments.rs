//! Arguments of commands about paid delivery.

use super::Signer;
use clap::Args;
use std::path::PathBuf;
use substation_client::amounts::{parse_amount, parse_size};
use substation_primitives::Balance;

/// How a fetch may be paid.
#[derive(Clone, Debug, Default, Args)]
pub struct Payment {
	/// Most STN to pay for one GiB; without it only what is free is fetched
	#[arg(long, value_parser = parse_amount, value_name = "STN")]
	pub max_price: Option<Balance>,
	/// STN to put into a channel that is opened or topped up [default: twice what the file costs, at least 0.1]
	#[arg(long, value_parser = parse_amount, value_name = "STN", requires = "max_price")]
	pub deposit: Option<Balance>,
	/// Who pays, if a channel is to be opened or topped up.
	#[command(flatten)]
	pub signer: Signer,
}

/// A call about one payment channel.
#[derive(Clone, Debug, Args)]
pub struct OfChannel {
	/// The channel's number
	pub channel: u64,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `bench fetch`.
#[derive(Clone, Debug, Args)]
pub struct BenchFetch {
	/// Size of the content
	#[arg(long, value_parser = parse_size, default_value = "1GiB")]
	pub size: u64,
	/// Bytes that are delivered ahead of payment
	#[arg(long, value_parser = parse_size, default_value = "16MiB")]
	pub step: u64,
	/// Fetches of each kind
	#[arg(long, default_value_t = 5)]
	pub rounds: u32,
	/// Where to put the content and its copies [default: a temporary folder]
	#[arg(long)]
	pub folder: Option<PathBuf>,
}
