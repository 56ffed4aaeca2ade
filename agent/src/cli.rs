//! The command line: what people type.

pub mod bandwidth;
pub mod disputes;
pub mod keys;
pub mod payments;

use crate::plain::PlainFields;
use bandwidth::{parse_rate, Bandwidth};
use clap::{Args, Parser, Subcommand};
use disputes::{Answer, Dispute};
use keys::Key;
use payments::{BenchFetch, OfChannel, Payment};
use std::{io::IsTerminal, net::SocketAddr, path::PathBuf, str::FromStr};
use substation_client::amounts::{parse_amount, parse_hash, parse_region, parse_size};
use substation_client::{signed::Wait, AccountId};
use substation_primitives::{bandwidth::Kbits, Balance, Region};

/// Store files for others and be paid for it, or have your files stored and proven.
#[derive(Debug, Parser)]
#[command(name = "substation", version, propagate_version = true)]
pub struct Cli {
	/// What all commands share.
	#[command(flatten)]
	pub common: Common,
	/// What to do.
	#[command(subcommand)]
	pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
	/// Data folder [default: ~/.local/share/substation, for customers its subfolder `customer`]
	#[arg(long, global = true, value_name = "FOLDER")]
	pub data: Option<PathBuf>,
	/// WebSocket address of a node of the chain [default: the data folder's, or ws://127.0.0.1:9944]
	#[arg(long, global = true, value_name = "URL", value_parser = parse_url)]
	pub rpc: Option<String>,
	/// Print one JSON value instead of words
	#[arg(long, global = true)]
	pub json: bool,
	/// Show no progress
	#[arg(long, short, global = true)]
	pub quiet: bool,
	/// Log more (twice: everything); RUST_LOG overrides
	#[arg(long, short, global = true, action = clap::ArgAction::Count)]
	pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
	/// Prepare this machine to store for others: data folder, key, configuration
	Init(Init),
	/// Register this machine on the chain with capacity, price and bond
	Register(Register),
	/// Run beside the hardware: take deals, keep bytes, answer challenges
	Run(Run),
	/// Say whether this machine earns, why or why not, and what comes next
	Status,
	/// Change the addresses under which this machine is dialled
	SetContact(SetContact),
	/// Change the capacity offered and the price asked
	SetOffer(SetOffer),
	/// Raise this machine's bond
	AddBond(Bond),
	/// Take back what of the bond is not needed
	ReleaseBond(Bond),
	/// Take no new deals from now on; present deals run on
	Leave(OfNode),
	/// Start the unbonding of a node that owes nothing any more
	Unbond(OfNode),
	/// Return bond and deposit once the unbonding is over
	Withdraw(OfNode),
	/// Give up a deal whose bytes are lost beyond repair
	Forfeit(OfDeal),
	/// Pay out what a deal's proven periods have earned
	Settle(OfDeal),
	/// Settle a finished deal for the last time and remove it
	Close(OfDeal),
	/// Refund a proposal that nobody accepted in time
	WithdrawProposal(OfDeal),
	/// Answer a customer's dispute about a deal with the hash of your evidence; silence loses
	Answer(Answer),
	/// Give in to a customer's dispute about a deal whose bytes are lost: ends the deal, returns both bonds
	Concede(OfDeal),
	/// Report a node that misses its windows, for a bounty
	ReportMissed(ReportMissed),
	/// Pay out what the operator's nodes (or the named one), and the signer's deliveries, have earned in eras that are over
	Claim(OfNode),
	/// Have this machine's line measured, and measure others
	Bandwidth(Bandwidth),
	/// Read every stored byte and say what is damaged
	Scrub,
	/// Take in the files of deals whose bytes this machine has lost: from a backup, or fetched from another node. Stop `run` first
	Restore(Restore),
	/// Forget which final block this folder has followed, because another node showed a wrong one. Deals and bytes stay. Stop
	/// `run` first
	ForgetFollowed,
	/// Store a file at one or more nodes and wait until they have accepted; repeated, it goes on where it was
	Store(Store),
	/// Fetch a file by its BLAKE3 hash, verified
	Fetch(Fetch),
	/// List deals: this folder's, or an account's
	Deals(Deals),
	/// List the channels from which deliveries are paid
	Channels,
	/// Start to close a payment channel; once its grace is over, take the rest back
	CloseChannel(OfChannel),
	/// End a deal after its current period
	EndDeal(OfDeal),
	/// Dispute a deal that is proven but not served, with a bond and the hash of your evidence
	Dispute(Dispute),
	/// List the nodes that offer storage
	Nodes(Nodes),
	/// Check that all money on the chain is accounted for: reads every record of a final block
	Audit,
	/// Make, show, import or export the key of an account: what `--key-file` names
	Key(Key),
	/// Measure this machine
	Bench(Bench),
}

/// Who signs.
#[derive(Clone, Debug, Default, Args)]
pub struct Signer {
	/// File with the account's key under a password, from `substation key` or a wallet (polkadot.js JSON); only its owner
	/// may read it
	#[arg(long, value_name = "FILE", conflicts_with = "suri")]
	pub key_file: Option<PathBuf>,
	/// File with the password of the key file, on one line; only its owner may read it [default: asked for]
	#[arg(long, value_name = "FILE", requires = "key_file", conflicts_with = "plaintext")]
	pub password_file: Option<PathBuf>,
	/// The key file holds the mnemonic or seed as it is: whoever gets the file has the account
	#[arg(long, requires = "key_file", conflicts_with = "suri")]
	pub plaintext: bool,
	/// The account's secret itself, such as //Alice: only on development chains
	#[arg(long, value_name = "SECRET")]
	pub suri: Option<String>,
	/// Return when the call is in a block, not when it is final
	#[arg(long)]
	pub no_wait: bool,
}

impl Signer {
	/// What to wait for.
	pub fn wait(&self) -> Wait {
		wait(self.no_wait)
	}
}

/// What to wait for, by `--no-wait`.
fn wait(no_wait: bool) -> Wait {
	if no_wait {
		Wait::InBlock
	} else {
		Wait::Finalised
	}
}

/// Arguments of `init`.
#[derive(Clone, Debug, Args)]
pub struct Init {
	/// Address on which peers reach this machine, such as 203.0.113.7:4550; give it if the machine is behind NAT [default: as
	/// before, at first none; to drop one edit config.toml]
	#[arg(long = "advertise", value_name = "IP:PORT")]
	pub advertise: Vec<SocketAddr>,
	/// Address to listen on for peers [default: as before, at first 0.0.0.0:4550]
	#[arg(long = "listen", value_name = "IP:PORT")]
	pub listen: Vec<SocketAddr>,
	/// Loopback address of the local HTTP interface [default: as before, at first 127.0.0.1:9950]
	#[arg(long, value_name = "IP:PORT")]
	pub http: Option<SocketAddr>,
	/// Account that owns the node: this machine signs for it and serves no other; needed to register by a wallet [default: as
	/// before, at first whoever signs `register`]
	#[arg(long, value_name = "ADDRESS", value_parser = parse_account)]
	pub operator: Option<AccountId>,
}

/// Arguments of `register`.
#[derive(Clone, Debug, Args)]
pub struct Register {
	/// Space offered, such as 1TiB
	#[arg(long, value_parser = parse_size)]
	pub capacity: u64,
	/// Price asked in STN for one GiB over one period
	#[arg(long, value_parser = parse_amount, value_name = "STN")]
	pub price: Balance,
	/// Bond in STN
	#[arg(long, value_parser = parse_amount, value_name = "STN")]
	pub bond: Balance,
	/// Country, two letters
	#[arg(long, value_parser = parse_region)]
	pub region: Region,
	/// Addresses under which peers reach this machine [default: those given to init]
	#[arg(long = "address", value_name = "IP:PORT")]
	pub addresses: Vec<SocketAddr>,
	/// Who signs; without a key the call is printed for another program to sign
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `run`.
#[derive(Clone, Debug, Default, Args)]
pub struct Run {
	/// Leave proving to the off-chain worker of a full node started with --agent-url
	#[arg(long)]
	pub no_prove: bool,
	/// Bytes per second that the background check of the disk may read
	#[arg(long, value_parser = parse_size, value_name = "SIZE", default_value = "16MiB")]
	pub scrub_rate: u64,
}

/// Arguments of `restore`.
#[derive(Clone, Debug, Args)]
pub struct Restore {
	/// The files; their names do not matter
	#[arg(required = true)]
	pub files: Vec<PathBuf>,

	/// Take in what no deal of this folder is known to need, too: it is kept for a period
	#[arg(long)]
	pub unclaimed: bool,
}

/// Arguments of `set-contact`.
#[derive(Clone, Debug, Args)]
pub struct SetContact {
	/// Addresses under which peers reach this machine
	#[arg(long = "address", value_name = "IP:PORT", required = true)]
	pub addresses: Vec<SocketAddr>,
	/// Country, two letters
	#[arg(long, value_parser = parse_region)]
	pub region: Region,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `set-offer`.
#[derive(Clone, Debug, Args)]
pub struct SetOffer {
	/// Space offered, such as 1TiB
	#[arg(long, value_parser = parse_size)]
	pub capacity: u64,
	/// Price asked in STN for one GiB over one period
	#[arg(long, value_parser = parse_amount, value_name = "STN")]
	pub price: Balance,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `add-bond` and `release-bond`.
#[derive(Clone, Debug, Args)]
pub struct Bond {
	/// Amount in STN
	#[arg(value_parser = parse_amount, value_name = "STN")]
	pub amount: Balance,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// A call about one node.
#[derive(Clone, Debug, Args)]
pub struct OfNode {
	/// The node [default: this machine's]
	#[arg(long, value_name = "ID")]
	pub node: Option<u64>,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// A call about one deal.
#[derive(Clone, Debug, Args)]
pub struct OfDeal {
	/// The deal's number
	pub deal: u64,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `report-missed`.
#[derive(Clone, Debug, Args)]
pub struct ReportMissed {
	/// The node's number
	pub node: u64,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `store`.
#[derive(Clone, Debug, Args)]
pub struct Store {
	/// The file
	pub file: PathBuf,
	/// A node that shall store it; several give several copies [see: substation nodes]
	#[arg(long = "node", value_name = "ID", required = true)]
	pub nodes: Vec<u64>,
	/// For how many periods
	#[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
	pub periods: u32,
	/// Price in STN for one GiB over one period [default: what each node asks]
	#[arg(long, value_parser = parse_amount, value_name = "STN")]
	pub price: Option<Balance>,
	/// Ask the nodes, say what it costs and how long the upload takes, and stop there; needs no key
	#[arg(long)]
	pub dry_run: bool,
	/// What this machine's link uploads, such as 20Mbit [default: measured, if the file is larger than 16 MiB]
	#[arg(long, value_parser = parse_rate, value_name = "RATE")]
	pub upload_rate: Option<Kbits>,
	/// Propose another deal where one of yours about this file runs already, for example to prolong it
	#[arg(long)]
	pub again: bool,
	/// Address under which the nodes may reach this machine, beyond the automatic ones
	#[arg(long = "advertise", value_name = "IP:PORT")]
	pub advertise: Vec<SocketAddr>,
	/// Who pays.
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `fetch`.
#[derive(Clone, Debug, Args)]
pub struct Fetch {
	/// The file's BLAKE3 hash, as `store` and b3sum print it
	#[arg(value_parser = parse_hash)]
	pub hash: Hash32,
	/// Where to write the file
	#[arg(long, short, value_name = "FILE")]
	pub output: PathBuf,
	/// A node to fetch from [default: every node with a deal for it]
	#[arg(long = "node", value_name = "ID")]
	pub nodes: Vec<u64>,
	/// How it may be paid.
	#[command(flatten)]
	pub payment: Payment,
}

/// A BLAKE3 hash.
pub type Hash32 = [u8; 32];

/// Arguments of `deals`.
#[derive(Clone, Debug, Args)]
pub struct Deals {
	/// Only deals of this account [default: those in this data folder]
	#[arg(long, value_name = "ADDRESS", value_parser = parse_account)]
	pub customer: Option<AccountId>,
	/// Only deals of this node
	#[arg(long, value_name = "ID")]
	pub node: Option<u64>,
}

/// Arguments of `nodes`.
#[derive(Clone, Debug, Args)]
pub struct Nodes {
	/// Also show nodes that take no deals now
	#[arg(long)]
	pub all: bool,
}

/// Arguments of `bench`.
#[derive(Clone, Debug, Args)]
pub struct Bench {
	/// What to measure.
	#[command(subcommand)]
	pub what: BenchCommand,
}

/// What can be measured.
#[derive(Clone, Debug, Subcommand)]
pub enum BenchCommand {
	/// Hashing a file with its tree, written durably
	Commit {
		/// The file
		file: PathBuf,
		/// Threads [default: one per processor]
		#[arg(long, value_name = "N")]
		threads: Option<usize>,
	},
	/// Answering challenges over many deals
	Answer {
		/// Deals
		#[arg(long, default_value_t = 1_000)]
		deals: u32,
		/// Size of each
		#[arg(long, value_parser = parse_size, default_value = "1MiB")]
		size: u64,
		/// Where to put them
		#[arg(long)]
		folder: PathBuf,
	},
	/// Fetching a content for free and for vouchers, alternately, within this process
	Fetch(BenchFetch),
	/// Starting again with many deals
	Restart {
		/// Deals
		#[arg(long, default_value_t = 100_000)]
		deals: u32,
		/// Where to put them
		#[arg(long)]
		folder: PathBuf,
	},
}

fn parse_url(text: &str) -> Result<String, String> {
	if ["ws://", "wss://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme)) {
		Ok(text.to_owned())
	} else {
		Err(format!("`{text}` is no WebSocket address; write for example ws://127.0.0.1:9944"))
	}
}

fn parse_account(text: &str) -> Result<AccountId, String> {
	AccountId::from_str(text).map_err(|_| format!("`{text}` is no account address"))
}

impl Cli {
	/// Starts logging to standard error: what happened for `run`, only warnings for the other commands.
	pub fn start_log(&self) {
		let running = matches!(self.command, Command::Run(_));
		let default = match (self.common.verbose, running) {
			(0, true) => "warn,substation=info,substation_agent=info",
			(0, false) => "error,substation=warn,substation_agent=warn",
			(1, _) => "warn,substation=debug,substation_agent=debug",
			_ => "debug",
		};
		let filter = tracing_subscriber::EnvFilter::try_from_default_env()
			.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
		let colours = std::io::stderr().is_terminal();
		let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_target(false);
		// A second start keeps the first log.
		let _ = log.fmt_fields(PlainFields).with_writer(std::io::stderr).try_init();
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn several_copies_are_asked_for_by_repeating_the_node() {
		let cli = Cli::parse_from("substation store f --node 1 --node 2 --periods 3 --suri //Alice".split(' '));

		let Command::Store(store) = cli.command else { panic!("not store") };
		assert_eq!(store.nodes, [1, 2]);
		assert_eq!(store.periods, 3);
		assert_eq!(store.price, None);
	}

	#[test]
	fn register_reads_units() {
		let line = "substation register --capacity 1GiB --price 0.5 --bond 100 --region ch --address 1.2.3.4:5";
		let cli = Cli::parse_from(line.split(' '));

		let Command::Register(register) = cli.command else { panic!("not register") };
		assert_eq!((register.capacity, register.price), (1 << 30, 500_000_000_000));
		assert!(register.signer.key_file.is_none());
	}

	#[test]
	fn only_websocket_addresses_are_taken_for_a_node() {
		let rpc = |url| Cli::try_parse_from(["substation", "nodes", "--rpc", url]).map(|cli| cli.common.rpc);

		assert_eq!(rpc("wss://node.example").unwrap(), Some("wss://node.example".into()));
		for wrong in ["http://127.0.0.1:9944", "127.0.0.1:9944", "ws://"] {
			assert!(rpc(wrong).unwrap_err().to_string().contains("no WebSocket address"));
		}
	}

	#[test]
	fn claim_is_for_this_machine_unless_another_node_is_named() {
		let claim = |line: &str| match Cli::parse_from(line.split(' ')).command {
			Command::Claim(options) => (options.node, options.signer.key_file),
			_ => panic!("not claim"),
		};

		assert_eq!(claim("substation claim"), (None, None));
		assert_eq!(claim("substation claim --node 7 --key-file k"), (Some(7), Some("k".into())));
	}

	#[test]
	fn a_key_is_under_a_password_or_said_not_to_be() {
		let signer = |more: &str| match Cli::try_parse_from(format!("substation settle 7 {more}").split_whitespace()) {
			Ok(Cli { command: Command::Settle(options), .. }) => Some(options.signer),
			_ => None,
		};

		let signer_with_password = signer("--key-file k --password-file p").unwrap();
		assert_eq!(signer_with_password.password_file, Some("p".into()));
		assert!(signer("--key-file k --plaintext").unwrap().plaintext);
		for wrong in ["--password-file p", "--plaintext", "--key-file k --suri //Bob", "--suri //Bob --plaintext"] {
			assert!(signer(wrong).is_none(), "{wrong}");
		}
		assert!(signer("--key-file k --password-file p --plaintext").is_none());
	}

	#[test]
	fn term_beyond_the_protocol_is_refused() {
		assert!(Cli::try_parse_from("substation store f --node 1 --periods 1025".split(' ')).is_err());
		assert!(Cli::try_parse_from("substation store f --node 1 --periods 0".split(' ')).is_err());
	}
}
