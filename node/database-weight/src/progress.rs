//! Lines on stderr for who waits.

use std::time::{Duration, Instant};

/// What is over sooner needs no line, and nobody wants more lines than this.
const PAUSE: Duration = Duration::from_secs(2);

/// How far something is.
pub(crate) struct Progress {
	what: &'static str,
	total: usize,
	done: usize,
	last_line: Instant,
}

impl Progress {
	pub(crate) fn new(what: &'static str, total: usize) -> Self {
		Self { what, total, done: 0, last_line: Instant::now() }
	}

	pub(crate) fn advance(&mut self, by: usize) {
		self.done += by;
		if self.last_line.elapsed() >= PAUSE {
			eprintln!("{}: {} of {}", self.what, self.done, self.total);
			self.last_line = Instant::now();
		}
	}
}
