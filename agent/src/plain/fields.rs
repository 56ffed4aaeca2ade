//! Fields of log lines, in plain letters.

use std::fmt::{self, Debug};
use substation_plain::Plain;
use tracing::field::{Field, Visit};
use tracing_subscriber::{
	field::RecordFields,
	fmt::{format::Writer, FormatFields},
};

/// Writes the fields of all log lines and spans, those of libraries too. The library's own way passes on what strangers
/// write.
#[derive(Clone, Copy, Debug)]
pub struct PlainFields;

impl<'writer> FormatFields<'writer> for PlainFields {
	fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
		let mut visitor = Visitor { writer, is_first: true, result: Ok(()) };
		fields.record(&mut visitor);
		visitor.result
	}
}

struct Visitor<'a> {
	writer: Writer<'a>,
	is_first: bool,
	result: fmt::Result,
}

impl Visitor<'_> {
	fn write(&mut self, name: &str, value: &dyn Debug) -> fmt::Result {
		if !self.is_first {
			self.writer.write_char(' ')?;
		}
		self.is_first = false;
		let value = Plain(value);
		match (name.strip_prefix("r#").unwrap_or(name), self.writer.has_ansi_escapes()) {
			("message", _) => write!(self.writer, "{value:?}"),
			(name, true) => write!(self.writer, "\u{1b}[3m{name}\u{1b}[0m\u{1b}[2m=\u{1b}[0m{value:?}"),
			(name, false) => write!(self.writer, "{name}={value:?}"),
		}
	}
}

impl Visit for Visitor<'_> {
	fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
		// Those are what the bridge from `log` says of itself.
		if self.result.is_ok() && !field.name().starts_with("log.") {
			self.result = self.write(field.name(), value);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{
		io,
		sync::{Arc, Mutex},
	};

	#[derive(Clone, Default)]
	struct Page(Arc<Mutex<Vec<u8>>>);

	impl io::Write for Page {
		fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
			self.0.lock().unwrap().extend(bytes);
			Ok(bytes.len())
		}

		fn flush(&mut self) -> io::Result<()> {
			Ok(())
		}
	}

	/// What is written while `work` logs.
	fn logged(has_colours: bool, work: impl FnOnce()) -> String {
		let page = Page::default();
		let writer = page.clone();
		let log = tracing_subscriber::fmt().with_ansi(has_colours).without_time().with_target(false);
		let log = log.fmt_fields(PlainFields).with_writer(move || writer.clone()).finish();
		tracing::subscriber::with_default(log, work);
		let bytes = page.0.lock().unwrap().clone();
		String::from_utf8(bytes).unwrap()
	}

	// 14
	#[test]
	fn a_stranger_writes_one_field_of_one_line() {
		let words = "gone\u{1b}[2J\n2026-01-01 ERROR forged\u{202e}";

		let text = logged(false, || {
			tracing::info_span!("peer", %words).in_scope(|| {
				tracing::warn!(deal = 7, reason = words, shown = %words, "refused: {words}");
			});
		});

		assert_eq!(text.matches('\n').count(), 1, "{text}");
		assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
		let said = "gone\\u001b[2J\\n2026-01-01 ERROR forged\\u202e";
		assert!(text.contains(&format!("refused: {said} deal=7 reason=\"gone")), "{text}");
		assert!(text.contains(&format!(" shown={said}")), "{text}");
		assert!(text.contains(&format!("peer{{words={said}}}")), "{text}");
	}

	#[test]
	fn colours_are_the_programs_own() {
		let text = logged(true, || tracing::warn!(deal = 7, "\u{1b}[31mred"));

		assert!(text.contains("\\u001b[31mred \u{1b}[3mdeal\u{1b}[0m\u{1b}[2m=\u{1b}[0m7"), "{text:?}");
	}
}
