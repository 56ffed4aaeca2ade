//! What this program prints, in [plain letters](Plain). The `println!` of this crate is the one below; lints refuse the standard
//! library's.

mod fields;

pub use fields::PlainFields;

use std::{
	fmt,
	io::{self, ErrorKind, Write},
};
use substation_plain::Plain;

/// Prints a line on standard output, in plain letters. Who is gone, such as the pager of a long list, is told nothing.
pub fn print(words: fmt::Arguments<'_>) {
	if let Err(error) = writeln!(io::stdout(), "{}", Plain(words)) {
		if error.kind() != ErrorKind::BrokenPipe {
			eprint(format_args!("error: nothing can be printed: {error}"));
		}
	}
}

/// Prints a line on standard error, in plain letters.
pub fn eprint(words: fmt::Arguments<'_>) {
	// There is no other place to tell that this one is gone.
	let _ = writeln!(io::stderr(), "{}", Plain(words));
}

/// Prints a line on standard output, in [plain letters](crate::plain).
macro_rules! println {
	($($words:tt)*) => {
		$crate::plain::print(::core::format_args!($($words)*))
	};
}
