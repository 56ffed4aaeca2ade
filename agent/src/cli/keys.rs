//! Arguments of `substation key`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `key`.
#[derive(Clone, Debug, Args)]
pub struct Key {
	/// What to do.
	#[command(subcommand)]
	pub what: KeyCommand,
}

/// What can be done with the key of an account.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
	/// Make a key, print its mnemonic once, and write it under a password
	New(NewKey),
	/// Say whose key a file holds
	Show(ShowKey),
	/// Write a key that there is already (a mnemonic, a seed or a wallet's file) under a password
	Import(ImportKey),
	/// Write the key of a file under another password, for a wallet or another machine
	Export(ExportKey),
}

/// Arguments of `key new`.
#[derive(Clone, Debug, Args)]
pub struct NewKey {
	/// Where to write it; never over a file that is there
	pub file: PathBuf,
	/// File with the new password, on one line; only its owner may read it [default: asked for]
	#[arg(long, value_name = "FILE")]
	pub password_file: Option<PathBuf>,
}

/// Arguments of `key show`.
#[derive(Clone, Debug, Args)]
pub struct ShowKey {
	/// The key file
	pub file: PathBuf,
	/// File with its password: also checks that it opens the key
	#[arg(long, value_name = "FILE", conflicts_with = "plaintext")]
	pub password_file: Option<PathBuf>,
	/// The file holds the mnemonic or seed as it is
	#[arg(long)]
	pub plaintext: bool,
}

/// Arguments of `key import`.
#[derive(Clone, Debug, Args)]
pub struct ImportKey {
	/// Where to write it; never over a file that is there
	pub file: PathBuf,
	/// File with the new password, on one line; only its owner may read it [default: asked for]
	#[arg(long, value_name = "FILE")]
	pub password_file: Option<PathBuf>,
	/// A wallet's file (polkadot.js JSON) to read the key from [default: asks for the mnemonic or seed, or reads it from
	/// standard input]
	#[arg(long, value_name = "FILE")]
	pub from: Option<PathBuf>,
	/// File with the password of the wallet's file [default: asked for]
	#[arg(long, value_name = "FILE", requires = "from", conflicts_with = "plaintext")]
	pub from_password_file: Option<PathBuf>,
	/// --from names a file with the mnemonic or seed as it is
	#[arg(long, requires = "from")]
	pub plaintext: bool,
}

/// Arguments of `key export`.
#[derive(Clone, Debug, Args)]
pub struct ExportKey {
	/// The key file
	pub file: PathBuf,
	/// File with its password [default: asked for]
	#[arg(long, value_name = "FILE")]
	pub password_file: Option<PathBuf>,
	/// Where to write it; never over a file that is there
	#[arg(long, value_name = "FILE")]
	pub to: PathBuf,
	/// File with the other password [default: asked for]
	#[arg(long, value_name = "FILE")]
	pub to_password_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::{Cli, Command};
	use clap::Parser;

	fn key(line: &str) -> Option<KeyCommand> {
		match Cli::try_parse_from(format!("substation key {line}").split(' ')) {
			Ok(Cli { command: Command::Key(Key { what }), .. }) => Some(what),
			_ => None,
		}
	}

	#[test]
	fn an_import_names_both_passwords() {
		let Some(KeyCommand::Import(import)) =
			key("import a.json --from wallet.json --from-password-file old --password-file new")
		else {
			panic!("not import")
		};

		assert_eq!((import.file, import.from), ("a.json".into(), Some("wallet.json".into())));
		assert_eq!((import.password_file, import.from_password_file), (Some("new".into()), Some("old".into())));
		assert!(key("import a.json --from-password-file old").is_none());
		assert!(key("import a.json --plaintext").is_none());
	}

	#[test]
	fn a_key_is_exported_into_another_file() {
		let Some(KeyCommand::Export(export)) = key("export a.json --to b.json --to-password-file p") else {
			panic!("not export")
		};

		assert_eq!((export.to, export.to_password_file), ("b.json".into(), Some("p".into())));
		assert!(key("export a.json").is_none());
	}
}
