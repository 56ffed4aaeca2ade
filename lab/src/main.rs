//! `substation-lab`: lines and adversaries for tests on one machine.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::str::FromStr;
use substation_lab::{
	adversary::{accomplice, cheat, tricks::Trick, Identity, Machine},
	flood::{self, Flood},
	link::{Ends, Line, Terms},
};
use substation_primitives::AgentKey;
use substation_transport::quic;

/// Lines with delay and loss for tests on one machine.
#[derive(Parser)]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Carries frames between namespaces until it is stopped. Prints `ready` when all devices are there.
	Link {
		/// `node-namespace:device,hub-namespace:device,delay-in-ms-one-way,loss-in-percent`. May be repeated.
		#[arg(long = "line", required = true)]
		lines: Vec<LineArgument>,
		/// The same seed loses the same frames.
		#[arg(long, default_value_t = 1)]
		seed: u64,
	},
	/// A tested node that tries one trick per test and prints a line of JSON for each.
	Cheat {
		#[command(flatten)]
		identity: Identity,
		/// Agent keys of its accomplices, in hexadecimal digits.
		#[arg(long, value_delimiter = ',', value_parser = agent_key)]
		accomplices: Vec<AgentKey>,
		/// The tricks, in order.
		#[arg(long, value_delimiter = ',', required = true)]
		script: Vec<Trick>,
	},
	/// Strangers on all ports of an agent. Needs some open files for each of them (`ulimit -n`).
	Flood(Flood),
	/// A member that signs whatever a cheat asks for.
	Accomplice {
		#[command(flatten)]
		identity: Identity,
	},
}

#[derive(Clone)]
struct LineArgument {
	ends: Ends,
	delay_ms: f64,
	loss_percent: f64,
}

impl FromStr for LineArgument {
	type Err = anyhow::Error;

	fn from_str(text: &str) -> Result<Self> {
		let parts: Vec<&str> = text.split(',').collect();
		let [node, hub, delay, loss] = parts[..] else { anyhow::bail!("four parts with commas") };
		let end = |text: &str| -> Result<(String, String)> {
			let (namespace, device) = text.split_once(':').context("namespace:device")?;
			Ok((namespace.to_owned(), device.to_owned()))
		};
		Ok(Self {
			ends: Ends { node: end(node)?, hub: end(hub)? },
			delay_ms: delay.parse()?,
			loss_percent: loss.parse()?,
		})
	}
}

fn agent_key(text: &str) -> Result<AgentKey> {
	let bytes = hex::decode(text.trim_start_matches("0x"))?;
	bytes.try_into().ok().context("an agent key has 32 bytes")
}

fn main() -> Result<()> {
	let run = |adversary: std::pin::Pin<Box<dyn std::future::Future<Output = Result<()>>>>| {
		tokio::runtime::Runtime::new()?.block_on(adversary)
	};
	match Arguments::parse().command {
		Command::Cheat { identity, accomplices, script } => run(Box::pin(async move {
			cheat::run(&Machine::start(&identity, quic::general()).await?, &accomplices, &script).await
		}))?,
		Command::Flood(flood) => run(Box::pin(flood::run(flood)))?,
		Command::Accomplice { identity } => {
			run(Box::pin(async move { accomplice::run(Machine::start(&identity, quic::general()).await?).await }))?
		}
		Command::Link { lines, seed } => {
			let mut running = Vec::new();
			for (line, index) in lines.iter().zip(0u64..) {
				let terms = Terms {
					delay_micros: ((line.delay_ms * 1e3) as u64).into(),
					loss_ppm: ((line.loss_percent * 1e4) as u32).into(),
				};
				running.push(Line::start(&line.ends, terms, seed.wrapping_mul(1_000_003).wrapping_add(index))?);
			}
			println!("ready");
			running.into_iter().for_each(Line::join);
		}
	}
	Ok(())
}
