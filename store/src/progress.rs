//! What people see of long work: a bar on a terminal, log lines elsewhere, nothing when asked for quiet.

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;
use std::{
	io::IsTerminal,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Time between two log lines.
pub const LINE_EVERY: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
	/// A bar on standard error.
	Bars,
	/// A log line now and then.
	Lines,
	/// Nothing.
	Quiet,
}

impl Output {
	/// Nothing when quiet, lines for machines and files, a bar for people.
	pub fn detect(quiet: bool, json: bool) -> Self {
		if quiet {
			Self::Quiet
		} else if json || !std::io::stderr().is_terminal() {
			Self::Lines
		} else {
			Self::Bars
		}
	}
}

/// One piece of work and how much of it is done. Clones share it.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	what: String,
	total: u64,
	done: AtomicU64,
	started: Instant,
	output: Output,
	shown: Mutex<Shown>,
}

#[derive(Debug)]
struct Shown {
	bar: Option<ProgressBar>,
	next: Instant,
}

impl Progress {
	/// Work on `total` bytes.
	pub fn new(output: Output, what: &str, total: u64) -> Self {
		let started = Instant::now();
		let shown = Mutex::new(Shown { bar: None, next: started + PATIENCE });
		Self(Arc::new(Inner { what: what.to_owned(), total, done: AtomicU64::new(0), started, output, shown }))
	}

	/// Work that shows nothing.
	pub fn silent() -> Self {
		Self::new(Output::Quiet, "", 0)
	}

	/// `bytes` more are done.
	pub fn add(&self, bytes: u64) {
		let done = self.0.done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
		self.show(done);
	}

	/// `bytes` in all are done.
	pub fn set(&self, bytes: u64) {
		self.0.done.store(bytes, Ordering::Relaxed);
		self.show(bytes);
	}

	/// Bytes done so far.
	pub fn done(&self) -> u64 {
		self.0.done.load(Ordering::Relaxed)
	}

	/// Takes the bar away.
	pub fn finish(&self) {
		if let Some(bar) = self.0.shown.lock().bar.take() {
			bar.finish_and_clear();
		}
	}

	fn show(&self, done: u64) {
		if self.0.output == Output::Quiet {
			return;
		}
		// Whoever finds it taken leaves the showing to the one who has it.
		let Some(mut shown) = self.0.shown.try_lock() else { return };
		let now = Instant::now();
		if let Some(bar) = &shown.bar {
			bar.set_position(done);
			return;
		}
		if now < shown.next {
			return;
		}
		match self.0.output {
			Output::Bars => shown.bar = Some(self.bar(done)),
			_ => {
				shown.next = now + LINE_EVERY;
				let elapsed = now.duration_since(self.0.started).as_secs_f64();
				let rate = (done as f64 / elapsed.max(0.001)) as u64;
				tracing::info!(
					done = %HumanBytes(done), total = %HumanBytes(self.0.total), per_second = %HumanBytes(rate),
					"{}", self.0.what
				);
			}
		}
	}

	fn bar(&self, done: u64) -> ProgressBar {
		let bar = ProgressBar::with_draw_target(Some(self.0.total), ProgressDrawTarget::stderr())
			.with_elapsed(self.0.started.elapsed())
			.with_message(self.0.what.clone());
		let style = "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
		if let Ok(style) = ProgressStyle::with_template(style) {
			bar.set_style(style);
		}
		bar.set_position(done);
		bar
	}
}
