//! `substation key`: keys of accounts, from and into files. Asks no chain.

use crate::{
	cli::{
		keys::{ExportKey, ImportKey, KeyCommand, NewKey, ShowKey},
		Common,
	},
	commands::local::blocking,
	keys::{self, password},
};
use anyhow::{Context, Result};
use serde_json::{json, Value};
use std::{
	io::{stdin, IsTerminal, Read},
	path::Path,
};
use substation_client::AccountKey;
use substation_transport::secret::SecretError;
use zeroize::Zeroizing;

/// Most bytes of a mnemonic with its derivation.
const MAX_TYPED: u64 = 4 << 10;

/// Does what the command line asks.
pub async fn key(common: &Common, what: &KeyCommand) -> Result<()> {
	let what = what.clone();
	let done = blocking(move || match what {
		KeyCommand::New(options) => new(&options),
		KeyCommand::Show(options) => show(&options),
		KeyCommand::Import(options) => import(&options),
		KeyCommand::Export(options) => export(&options),
	});
	let Done { words, json } = done.await?;
	let said = if common.json { json } else { words };
	println!("{}", *said);
	Ok(())
}

/// What there is to say in the end.
struct Done {
	words: Zeroizing<String>,
	json: Zeroizing<String>,
}

impl Done {
	fn new(words: String, json: &Value) -> Self {
		Self { words: Zeroizing::new(words), json: Zeroizing::new(json.to_string()) }
	}

	fn written(file: &Path, key: &AccountKey) -> Self {
		let (account, file) = (key.account(), file.display().to_string());
		Self::new(
			format!("the key of {account} is in {file}, under the password"),
			&json!({ "account": account.to_string(), "file": file }),
		)
	}
}

fn new(options: &NewKey) -> Result<Done> {
	ensure_free(&options.file)?;
	let password = password::for_new(&options.file, options.password_file.as_deref(), "--password-file")?;
	let (key, mnemonic) = AccountKey::generate();
	keys::write(&options.file, &key, &password)?;
	let (account, file) = (key.account(), options.file.display().to_string());
	Ok(Done::new(
		format!(
			"account   {account}\n\
			 key file  {file}, under the password\n\
			 mnemonic  {}\n\
			 Write the mnemonic down and keep it where nobody finds it: it makes the key again if file or password is \
			 lost, for whoever has it. It is not shown again.",
			*mnemonic
		),
		&json!({ "account": account.to_string(), "file": file, "mnemonic": *mnemonic }),
	))
}

fn show(options: &ShowKey) -> Result<Done> {
	let (file, password_file) = (&options.file, options.password_file.as_deref());
	let (account, kept) = if options.plaintext {
		(keys::plaintext(file)?.account(), Kept::Plaintext)
	} else if password_file.is_some() {
		(keys::unlock(file, password_file)?.account(), Kept::Opened)
	} else {
		(keys::sealed(file)?.address(), Kept::Closed)
	};
	let public = format!("0x{}", hex::encode(account.0));
	Ok(Done::new(
		format!("account     {account}\npublic key  {public}\nkey file    {}", kept.words()),
		&json!({
			"account": account.to_string(),
			"publicKey": public,
			"encrypted": kept != Kept::Plaintext,
			"checked": kept != Kept::Closed,
		}),
	))
}

/// How a key is kept, and what was looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
	Plaintext,
	Opened,
	Closed,
}

impl Kept {
	fn words(self) -> &'static str {
		match self {
			Self::Plaintext => "the secret as it is: `substation key import` puts it under a password",
			Self::Opened => "under the password, which opens it",
			Self::Closed => "under a password; whether the key is this account's shows only with --password-file",
		}
	}
}

fn import(options: &ImportKey) -> Result<Done> {
	ensure_free(&options.file)?;
	let key = match &options.from {
		Some(from) if options.plaintext => keys::plaintext(from)?,
		Some(from) => keys::unlock(from, options.from_password_file.as_deref())?,
		None => AccountKey::from_uri(typed()?.trim())?,
	};
	let password = password::for_new(&options.file, options.password_file.as_deref(), "--password-file")?;
	keys::write(&options.file, &key, &password)?;
	Ok(Done::written(&options.file, &key))
}

fn export(options: &ExportKey) -> Result<Done> {
	ensure_free(&options.to)?;
	let key = keys::unlock(&options.file, options.password_file.as_deref())?;
	let password = password::for_new(&options.to, options.to_password_file.as_deref(), "--to-password-file")?;
	keys::write(&options.to, &key, &password)?;
	Ok(Done::written(&options.to, &key))
}

/// Errors before anybody is asked for a password if there is a file already.
fn ensure_free(file: &Path) -> Result<(), SecretError> {
	match file.symlink_metadata() {
		Ok(_) => Err(SecretError::Exists(file.to_owned())),
		Err(_) => Ok(()),
	}
}

/// A mnemonic or seed from whoever sits there, or from standard input.
fn typed() -> Result<Zeroizing<String>> {
	if stdin().is_terminal() {
		return password::ask("mnemonic or 0x… seed (it is not shown)", "a file with it with --from");
	}
	let mut text = Zeroizing::new(String::new());
	stdin().take(MAX_TYPED).read_to_string(&mut text).context("cannot read standard input")?;
	Ok(text)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::path::PathBuf;
	use substation_transport::secret;
	use tempfile::TempDir;

	/// A folder with two passwords.
	fn folder() -> (TempDir, impl Fn(&str) -> PathBuf) {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().to_owned();
		let at = move |name: &str| path.join(name);
		secret::create(&at("password"), "one").unwrap();
		secret::create(&at("other"), "two").unwrap();
		(folder, at)
	}

	fn said(done: Done) -> Value {
		serde_json::from_str(&done.json).unwrap()
	}

	#[test]
	fn a_new_key_is_shown_with_its_mnemonic_once() {
		let (_guard, at) = folder();
		let options = NewKey { file: at("key.json"), password_file: Some(at("password")) };

		let made = said(new(&options).unwrap());

		let again = AccountKey::from_uri(made["mnemonic"].as_str().unwrap()).unwrap().account().to_string();
		assert_eq!(made["account"], again);
		let show = |password_file| show(&ShowKey { file: at("key.json"), password_file, plaintext: false });
		let (closed, opened) = (said(show(None).unwrap()), said(show(Some(at("password"))).unwrap()));
		assert_eq!((&closed["account"], &closed["checked"]), (&made["account"], &json!(false)));
		assert_eq!((&opened["account"], &opened["checked"]), (&made["account"], &json!(true)));
		assert!(show(Some(at("other"))).is_err());
		assert!(new(&options).map(drop).unwrap_err().to_string().contains("exists already"));
	}

	#[test]
	fn a_key_goes_from_a_mnemonic_to_a_file_and_on_under_another_password() {
		let (_guard, at) = folder();
		secret::create(&at("bob.txt"), "//Bob\n").unwrap();
		let from = |from: &str, plaintext, from_password_file| ImportKey {
			file: at(&format!("from-{from}")),
			password_file: Some(at("password")),
			from: Some(at(from)),
			from_password_file,
			plaintext,
		};
		let bob = AccountKey::from_uri("//Bob").unwrap().account();

		assert_eq!(said(import(&from("bob.txt", true, None)).unwrap())["account"], bob.to_string());
		let exported = export(&ExportKey {
			file: at("from-bob.txt"),
			password_file: Some(at("password")),
			to: at("wallet.json"),
			to_password_file: Some(at("other")),
		});
		assert_eq!(said(exported.unwrap())["file"], at("wallet.json").display().to_string());
		assert_eq!(keys::unlock(&at("wallet.json"), Some(&at("other"))).unwrap().account(), bob);
		assert!(import(&from("wallet.json", false, Some(at("password")))).is_err());
		assert_eq!(said(import(&from("wallet.json", false, Some(at("other")))).unwrap())["account"], bob.to_string());
	}
}
