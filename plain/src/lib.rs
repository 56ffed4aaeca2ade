#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use std::fmt::{self, Debug, Display, Write as _};

/// Shows what it holds on one line, in letters that only show themselves.
#[derive(Clone, Copy)]
pub struct Plain<T>(pub T);

impl<T: Display> Display for Plain<T> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(Escaping(f), "{}", self.0)
	}
}

impl<T: Debug> Debug for Plain<T> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(Escaping(f), "{:?}", self.0)
	}
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
	fn write_str(&mut self, text: &str) -> fmt::Result {
		let mut rest = text;
		while let Some((at, letter)) = rest.char_indices().find(|(_, letter)| !shows_itself(*letter)) {
			let (before, after) = rest.split_at(at);
			self.0.write_str(before)?;
			escape(letter, self.0)?;
			rest = after.get(letter.len_utf8()..).unwrap_or_default();
		}
		self.0.write_str(rest)
	}
}

/// Whether a letter shows itself and does nothing else.
fn shows_itself(letter: char) -> bool {
	if letter.is_ascii() {
		return matches!(letter, ' '..='~');
	}
	// The standard library knows what can be printed. It also escapes marks that belong to the letter before them, but only
	// those that a text begins with.
	let text: String = ['a', letter].iter().collect();
	text.escape_debug().count() == 2
}

fn escape(letter: char, output: &mut fmt::Formatter<'_>) -> fmt::Result {
	match letter {
		'\n' => output.write_str("\\n"),
		'\r' => output.write_str("\\r"),
		'\t' => output.write_str("\\t"),
		_ => letter.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(output, "\\u{unit:04x}")),
	}
}

/// What a stranger says, plain and no longer than `most` letters.
pub fn bounded(words: impl Display, most: usize) -> String {
	Plain(words).to_string().chars().take(most).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn plain(text: &str) -> String {
		Plain(text).to_string()
	}

	// 14
	#[test]
	fn letters_that_do_more_than_show_themselves_are_escaped() {
		for (text, shown) in [
			("red \u{1b}[31m, clear \u{1b}[2J", "red \\u001b[31m, clear \\u001b[2J"),
			("one\r\ntwo\tthree\0", "one\\r\\ntwo\\tthree\\u0000"),
			// The same sequences in one letter, which only some terminals know.
			("\u{9b}2J\u{9d}0;title\u{7}\u{7f}", "\\u009b2J\\u009d0;title\\u0007\\u007f"),
			("\u{202e}txt.exe\u{2066}\u{200f}", "\\u202etxt.exe\\u2066\\u200f"),
			("in\u{200b}visible\u{feff}\u{ad}", "in\\u200bvisible\\ufeff\\u00ad"),
			("lines\u{2028}and\u{2029}\u{85}", "lines\\u2028and\\u2029\\u0085"),
			("tag \u{e0041}", "tag \\udb40\\udc41"),
		] {
			assert_eq!(plain(text), shown);
			assert_eq!(format!("{:?}", Plain(format_args!("{text}"))), shown);
		}
	}

	#[test]
	fn what_people_write_stays_as_it_is() {
		for text in
			["it's \"5 %\" of C:\\data", "größer; 東京; \u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}; e\u{301}", "🚉", ""]
		{
			assert_eq!(plain(text), text);
		}
	}

	#[test]
	fn what_strangers_say_is_short() {
		assert_eq!(bounded("a\u{1b}[2Jb\nc", 100), "a\\u001b[2Jb\\nc");
		assert_eq!(bounded("ü".repeat(1_000), 3), "üüü");
	}

	proptest! {
		#[test]
		fn nothing_else_comes_out_and_json_stays_what_it_was(text in ".*\\PC*[\\x00-\\x9f\u{202e}]*") {
			let shown = plain(&text);

			prop_assert!(shown.chars().all(shows_itself));
			prop_assert_eq!(plain(&shown), shown.clone());
			let json = serde_json::json!({ "text": text });
			prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&plain(&json.to_string())).unwrap(), json);
		}
	}
}
