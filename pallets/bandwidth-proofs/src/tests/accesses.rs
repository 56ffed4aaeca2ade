//! Counts what is read from and written to the state, by the trace that the state keeps of itself.

use std::sync::{
	atomic::{AtomicU32, Ordering},
	Arc,
};
use tracing::{
	field::{Field, Visit},
	span, Event, Metadata, Subscriber,
};

/// How often the state was asked, and changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accesses {
	pub reads: u32,
	pub writes: u32,
}

/// Does something, and counts.
pub(crate) fn counted<R>(act: impl FnOnce() -> R) -> (R, Accesses) {
	let counter = Arc::new(Counter::default());
	let result = tracing::subscriber::with_default(Listener(counter.clone()), act);
	let [reads, writes] = [&counter.reads, &counter.writes].map(|count| count.load(Ordering::Relaxed));
	(result, Accesses { reads, writes })
}

#[derive(Default)]
struct Counter {
	reads: AtomicU32,
	writes: AtomicU32,
}

struct Listener(Arc<Counter>);

impl Visit for &Counter {
	fn record_str(&mut self, field: &Field, value: &str) {
		match (field.name(), value) {
			("method", "Get" | "Exists" | "Hash") => self.reads.fetch_add(1, Ordering::Relaxed),
			("method", "Put") => self.writes.fetch_add(1, Ordering::Relaxed),
			_ => 0,
		};
	}

	fn record_debug(&mut self, field: &Field, value: &dyn core::fmt::Debug) {
		self.record_str(field, format!("{value:?}").trim_matches('"'));
	}
}

impl Subscriber for Listener {
	fn enabled(&self, metadata: &Metadata<'_>) -> bool {
		metadata.target() == "state"
	}
	fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
		span::Id::from_u64(1)
	}
	fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
	fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
	fn event(&self, event: &Event<'_>) {
		event.record(&mut &*self.0);
	}
	fn enter(&self, _: &span::Id) {}
	fn exit(&self, _: &span::Id) {}
}
