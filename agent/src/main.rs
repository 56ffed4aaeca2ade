//! `substation`: the program beside the hardware, and what customers use.

use clap::Parser;
use std::process::ExitCode;
use substation_agent::{cli::Cli, commands};

#[tokio::main]
async fn main() -> ExitCode {
	let cli = Cli::parse();
	cli.start_log();
	match commands::run(cli).await {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {}", commands::one_line(&error));
			ExitCode::FAILURE
		}
	}
}
