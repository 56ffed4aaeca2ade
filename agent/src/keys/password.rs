//! Passwords of key files: from a file, or asked for.

use anyhow::{bail, ensure, Context, Result};
use std::{
	io::{stdin, IsTerminal},
	path::Path,
};
use substation_transport::secret;
use zeroize::Zeroizing;

/// The password of a file that is there.
pub fn of(path: &Path, password_file: Option<&Path>) -> Result<Zeroizing<String>> {
	match password_file {
		Some(file) => in_file(file),
		None => ask(&format!("password of {}", path.display()), "its password with --password-file"),
	}
}

/// The password for a file that is made: asked for twice. `option` names a file with it.
pub fn for_new(path: &Path, password_file: Option<&Path>, option: &str) -> Result<Zeroizing<String>> {
	if let Some(file) = password_file {
		return in_file(file);
	}
	let instead = format!("a file with one with {option}");
	let password = ask(&format!("new password for {}", path.display()), &instead)?;
	ensure!(!password.is_empty(), "a password cannot be empty");
	ensure!(password == ask("the same once more", &instead)?, "the two passwords differ; nothing was written");
	Ok(password)
}

/// Asks whoever sits there for a secret, which is not shown. `instead` is what else to name.
pub fn ask(prompt: &str, instead: &str) -> Result<Zeroizing<String>> {
	if !stdin().is_terminal() {
		bail!("nobody is there to ask for: {prompt}; name {instead}");
	}
	let text = rpassword::prompt_password(format!("{prompt}: ")).context("cannot ask on this terminal")?;
	Ok(Zeroizing::new(text))
}

/// A password is one line of a private file, with all its spaces.
fn in_file(file: &Path) -> Result<Zeroizing<String>> {
	let text = secret::read(file)?;
	let line = text.strip_suffix('\n').unwrap_or(&text);
	let line = line.strip_suffix('\r').unwrap_or(line);
	ensure!(!line.is_empty(), "{} holds no password", file.display());
	ensure!(!line.contains('\n'), "{} holds more than one line; a password is one line", file.display());
	Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_password_is_one_line_with_its_spaces() {
		let folder = tempfile::tempdir().unwrap();
		let read = |name: &str, text: &str| {
			let path = folder.path().join(name);
			secret::create(&path, text).unwrap();
			of(Path::new("key.json"), Some(&path)).map_err(|error| error.to_string())
		};

		assert_eq!(*read("plain", "secret").unwrap(), "secret");
		assert_eq!(*read("line", " two words \n").unwrap(), " two words ");
		assert_eq!(*read("windows", "secret\r\n").unwrap(), "secret");
		assert!(read("empty", "\n").unwrap_err().contains("no password"));
		assert!(read("lines", "one\ntwo\n").unwrap_err().contains("more than one line"));
	}
}
