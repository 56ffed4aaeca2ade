//! What people type about their line.

use super::Signer;
use clap::{Args, Subcommand};
use substation_client::amounts::{decimal, parse_amount};
use substation_primitives::{
	bandwidth::{Kbits, MAX_SEATS},
	Balance,
};

/// Arguments of `bandwidth`.
#[derive(Clone, Debug, Args)]
pub struct Bandwidth {
	/// What to do.
	#[command(subcommand)]
	pub what: BandwidthCommand,
}

/// What can be done about a line.
#[derive(Clone, Debug, Subcommand)]
pub enum BandwidthCommand {
	/// Have this machine's line measured and rated, and measure others: takes seats, with a bond
	Join(Join),
	/// Change what the line is claimed to carry; the readings of a changed direction start anew
	Claim(Claim),
	/// Pay in for tests of this line
	Prepay(Amount),
	/// Take back what was paid in for tests
	WithdrawPrepaid(Amount),
	/// Pay out what was earned by measuring others
	Collect(Signer),
	/// Give the seats up; once they no longer count, pay out and forget the line
	Leave(Signer),
	/// Take back what of the seats' bond is not needed
	ReleaseBond(Amount),
}

/// Arguments of `bandwidth join`.
#[derive(Clone, Debug, Args)]
pub struct Join {
	/// What the line carries towards this machine, such as 100Mbit
	#[arg(long, value_parser = parse_rate, value_name = "RATE")]
	pub down: Kbits,
	/// What it carries from this machine
	#[arg(long, value_parser = parse_rate, value_name = "RATE")]
	pub up: Kbits,
	/// How many more seats to take: each is drawn equally often and needs its bond
	#[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_SEATS)))]
	pub seats: u8,
	/// STN to pay in for tests of this line: without, it is neither tested nor measures others
	#[arg(long, value_parser = parse_amount, value_name = "STN")]
	pub prepay: Balance,
	/// Bond in STN to add [default: what the seats still need]
	#[arg(long, value_parser = parse_amount, value_name = "STN")]
	pub bond: Option<Balance>,
	/// Price asked in STN for one GiB delivered, when the line is offered for the first time
	#[arg(long, value_parser = parse_amount, value_name = "STN", default_value = "0.01")]
	pub price: Balance,
	/// Who signs; without a key the call is printed for another program to sign
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `bandwidth claim`.
#[derive(Clone, Debug, Args)]
pub struct Claim {
	/// What the line carries towards this machine, such as 100Mbit
	#[arg(long, value_parser = parse_rate, value_name = "RATE")]
	pub down: Kbits,
	/// What it carries from this machine
	#[arg(long, value_parser = parse_rate, value_name = "RATE")]
	pub up: Kbits,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// An amount, and who signs for it.
#[derive(Clone, Debug, Args)]
pub struct Amount {
	/// Amount in STN
	#[arg(value_parser = parse_amount, value_name = "STN")]
	pub amount: Balance,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// Kilobits per second in one of each unit.
const UNITS: [(&str, u32); 3] = [("Gbit", 1_000_000), ("Mbit", 1_000), ("kbit", 1)];

/// Reads `100Mbit`, `1.5 Gbit/s` or `800kbit`.
pub fn parse_rate(text: &str) -> Result<Kbits, String> {
	let digits = text.trim().strip_suffix("/s").unwrap_or(text.trim());
	let with_unit = UNITS.iter().find_map(|(name, unit)| Some((digits.strip_suffix(name)?.trim_end(), *unit)));
	with_unit
		.and_then(|(digits, unit)| decimal(digits, unit.into()))
		.and_then(|rate| Kbits::try_from(rate).ok())
		.filter(|rate| *rate > 0)
		.ok_or_else(|| format!("`{text}` is no rate; write for example 100Mbit, 1.5Gbit or 800kbit"))
}

/// A rate as people read it, with one decimal at most.
pub fn display_rate(rate: Kbits) -> String {
	let Some((name, unit)) = UNITS.iter().find(|(_, unit)| rate >= *unit) else { return "0".into() };
	let tenths = u64::from(rate).saturating_mul(10) / u64::from(*unit);
	match (tenths / 10, tenths % 10) {
		(whole, 0) => format!("{whole} {name}/s"),
		(whole, tenth) => format!("{whole}.{tenth} {name}/s"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::{Cli, Command};
	use clap::Parser;

	#[test]
	fn rates_are_read_with_their_units_only() {
		assert_eq!(parse_rate("100Mbit"), Ok(100_000));
		assert_eq!(parse_rate("1.5 Gbit/s"), Ok(1_500_000));
		assert_eq!(parse_rate("800kbit"), Ok(800));
		for wrong in ["100", "100MB", "0Mbit", "-1Mbit", "1.0001Mbit", "9999999Gbit", "Mbit", ""] {
			assert!(parse_rate(wrong).is_err(), "{wrong}");
		}
	}

	#[test]
	fn rates_are_shown_short() {
		for (rate, expected) in
			[(0, "0"), (999, "999 kbit/s"), (1_000, "1 Mbit/s"), (97_349, "97.3 Mbit/s"), (1_500_000, "1.5 Gbit/s")]
		{
			assert_eq!(display_rate(rate), expected);
		}
	}

	#[test]
	fn joining_takes_rates_seats_and_money() {
		let line = "substation bandwidth join --down 100Mbit --up 50Mbit --seats 2 --prepay 3 --suri //Alice";

		let Command::Bandwidth(Bandwidth { what: BandwidthCommand::Join(join) }) =
			Cli::parse_from(line.split(' ')).command
		else {
			panic!("not join")
		};

		assert_eq!((join.down, join.up, join.seats, join.bond), (100_000, 50_000, 2, None));
		assert_eq!(join.prepay, 3_000_000_000_000);
		assert!(Cli::try_parse_from(line.replace("--seats 2", "--seats 33").split(' ')).is_err());
	}
}
