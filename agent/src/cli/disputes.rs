//! Arguments of commands about disputes.

use super::Signer;
use clap::Args;
use std::path::PathBuf;
use substation_client::signed::Wait;

/// Arguments of `dispute`.
#[derive(Clone, Debug, Args)]
pub struct Dispute {
	/// The deal's number
	pub deal: u64,
	/// Your evidence, to be published by you: the chain keeps only its BLAKE3 hash
	pub file: PathBuf,
	/// Who signs.
	#[command(flatten)]
	pub signer: Signer,
}

/// Arguments of `answer`.
#[derive(Clone, Debug, Args)]
pub struct Answer {
	/// The deal's number
	pub deal: u64,
	/// Your evidence, to be published by you: the chain keeps only its BLAKE3 hash
	pub file: PathBuf,
	/// Return when the answer is in a block, not when it is final
	#[arg(long)]
	pub no_wait: bool,
}

impl Answer {
	/// What to wait for.
	pub fn wait(&self) -> Wait {
		super::wait(self.no_wait)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::{Cli, Command};
	use clap::Parser;

	#[test]
	fn both_sides_name_a_deal_and_a_file() {
		let dispute = Cli::parse_from("substation dispute 42 log.txt --key-file k".split(' '));
		let answer = Cli::parse_from("substation answer 42 log.txt --no-wait".split(' '));

		let Command::Dispute(dispute) = dispute.command else { panic!("not dispute") };
		assert_eq!((dispute.deal, dispute.file, dispute.signer.key_file), (42, "log.txt".into(), Some("k".into())));
		let Command::Answer(answer) = answer.command else { panic!("not answer") };
		assert_eq!((answer.deal, &answer.file, answer.wait()), (42, &"log.txt".into(), Wait::InBlock));
	}

	#[test]
	fn a_concession_is_signed_by_the_operator() {
		let concede = Cli::parse_from("substation concede 42 --key-file k".split(' '));

		let Command::Concede(concede) = concede.command else { panic!("not concede") };
		assert_eq!((concede.deal, concede.signer.key_file), (42, Some("k".into())));
	}

	#[test]
	fn an_answer_is_signed_by_nobody_but_the_agent() {
		assert!(Cli::try_parse_from("substation answer 42 log.txt --suri //Bob".split(' ')).is_err());
		assert!(Cli::try_parse_from("substation answer 42".split(' ')).is_err());
	}
}
