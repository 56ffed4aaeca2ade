//! `substation`: the program beside the hardware, and what customers use.

#![warn(clippy::print_stderr, clippy::print_stdout)]

use clap::Parser;
use std::process::ExitCode;
use substation_agent::{cli::Cli, commands, plain};

#[tokio::main]
async fn main() -> ExitCode {
	let cli = Cli::parse();
	cli.start_log();
	match commands::run(cli).await {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			plain::eprint(format_args!("error: {}", commands::one_line(&error)));
			ExitCode::FAILURE
		}
	}
}
