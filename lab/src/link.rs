//! A line with delay and loss between two namespaces: two TAP devices and a thread that carries frames between them.
//!
//! The kernel on the test machines has no netem. Rates and buckets stay with `tc ... tbf` on the two devices.

use crate::netns;
use anyhow::Result;
use std::{
	collections::VecDeque,
	fs::File,
	io::{ErrorKind, Read, Write},
	sync::{
		atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
		Arc,
	},
	thread::JoinHandle,
	time::{Duration, Instant},
};

/// Longest frame that a device hands over: an MTU of 1500 and its header, with room for a tag.
const FRAME: usize = 2048;

/// Frames that may be under way in one direction; more are dropped.
const UNDER_WAY: usize = 65_536;

/// While frames flow, the line is looked after this often rather than for every frame.
const PERIOD: Duration = Duration::from_micros(250);

/// Where a line runs.
#[derive(Clone, Debug)]
pub struct Ends {
	/// The node's namespace and its device there.
	pub node: (String, String),
	/// The hub's namespace and its device there.
	pub hub: (String, String),
}

/// What a line does to frames. May be changed while it runs.
#[derive(Debug, Default)]
pub struct Terms {
	/// Microseconds from one end to the other.
	pub delay_micros: AtomicU64,
	/// Frames lost of a million, in each direction.
	pub loss_ppm: AtomicU32,
}

/// What a line has done.
#[derive(Debug, Default)]
pub struct Counts {
	/// Frames carried, from the node and from the hub.
	pub carried: [AtomicU64; 2],
	/// Frames lost on purpose.
	pub lost: [AtomicU64; 2],
	/// Frames that did not fit.
	pub overflowed: [AtomicU64; 2],
}

/// A running line. Ends when dropped, and its devices with it.
#[derive(Debug)]
pub struct Line {
	/// Its terms.
	pub terms: Arc<Terms>,
	/// Its counts.
	pub counts: Arc<Counts>,
	stop: Arc<AtomicBool>,
	thread: Option<JoinHandle<()>>,
}

impl Line {
	/// Makes both devices and starts to carry frames. The same seed loses the same frames.
	pub fn start(ends: &Ends, terms: Terms, seed: u64) -> Result<Self> {
		let node = netns::tap(&ends.node.0, &ends.node.1)?;
		let hub = netns::tap(&ends.hub.0, &ends.hub.1)?;
		let (terms, counts, stop) = (Arc::new(terms), Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
		let thread = std::thread::Builder::new().name(format!("line-{}", ends.node.0)).spawn({
			let (terms, counts, stop) = (terms.clone(), counts.clone(), stop.clone());
			move || carry(&node, &hub, &terms, &counts, &stop, seed)
		})?;
		Ok(Self { terms, counts, stop, thread: Some(thread) })
	}

	/// Waits for ever.
	pub fn join(mut self) {
		if let Some(thread) = self.thread.take() {
			let _ = thread.join();
		}
	}
}

impl Drop for Line {
	fn drop(&mut self) {
		self.stop.store(true, Relaxed);
		if let Some(thread) = self.thread.take() {
			let _ = thread.join();
		}
	}
}

fn carry(node: &File, hub: &File, terms: &Terms, counts: &Counts, stop: &AtomicBool, seed: u64) {
	netns::precise_timers();
	let mut ways = [Way::new(node, hub, seed), Way::new(hub, node, !seed)];
	while !stop.load(Relaxed) {
		let delay = Duration::from_micros(terms.delay_micros.load(Relaxed));
		let loss = terms.loss_ppm.load(Relaxed);
		let mut busy = false;
		for (index, way) in ways.iter_mut().enumerate() {
			busy |= way.take_in(delay, loss, counts, index);
			way.let_out();
		}
		let due = ways.iter().filter_map(Way::next_due).min();
		let until_due = due.map(|due| due.saturating_duration_since(Instant::now()));
		if busy {
			// More will come: gather it instead of waking up for each frame.
			std::thread::sleep(until_due.map_or(PERIOD, |until| until.min(PERIOD)));
		} else {
			let longest = Duration::from_millis(200);
			netns::wait_readable([node, hub], Some(until_due.map_or(longest, |until| until.min(longest))));
		}
	}
}

/// One direction of a line.
struct Way<'a> {
	from: &'a File,
	to: &'a File,
	/// In the order of their arrival, which is the order in which they leave.
	under_way: VecDeque<(Instant, Vec<u8>)>,
	/// Buffers to be used again.
	spare: Vec<Vec<u8>>,
	random: SplitMix,
}

impl<'a> Way<'a> {
	fn new(from: &'a File, to: &'a File, seed: u64) -> Self {
		Self { from, to, under_way: VecDeque::new(), spare: Vec::new(), random: SplitMix(seed) }
	}

	/// Reads all that waits; says whether there was anything.
	fn take_in(&mut self, delay: Duration, loss_ppm: u32, counts: &Counts, index: usize) -> bool {
		let mut any = false;
		let mut now = Instant::now();
		loop {
			let mut frame = self.spare.pop().unwrap_or_default();
			frame.resize(FRAME, 0);
			match self.from.read(&mut frame) {
				Ok(length) => {
					any = true;
					frame.truncate(length);
					let lost = self.random.next() % 1_000_000 < u64::from(loss_ppm);
					let full = self.under_way.len() >= UNDER_WAY;
					let (counter, kept) = match (lost, full) {
						(true, _) => (&counts.lost[index], false),
						(_, true) => (&counts.overflowed[index], false),
						_ => (&counts.carried[index], true),
					};
					counter.fetch_add(1, Relaxed);
					if kept {
						// A shortened delay must not let frames overtake each other.
						now = now
							.max(self.under_way.back().map_or(now, |(due, _)| due.checked_sub(delay).unwrap_or(now)));
						self.under_way.push_back((now + delay, frame));
					} else {
						self.spare.push(frame);
					}
				}
				Err(error) if error.kind() == ErrorKind::Interrupted => self.spare.push(frame),
				// Nothing waits, or the device is still down.
				Err(_) => {
					self.spare.push(frame);
					return any;
				}
			}
		}
	}

	/// Writes all that is due.
	fn let_out(&mut self) {
		let now = Instant::now();
		while let Some((due, _)) = self.under_way.front() {
			if *due > now {
				return;
			}
			let Some((_, frame)) = self.under_way.pop_front() else { return };
			// A device that is down loses frames, as a line that is cut does.
			let _ = self.to.write(&frame);
			self.spare.push(frame);
		}
	}

	fn next_due(&self) -> Option<Instant> {
		self.under_way.front().map(|(due, _)| *due)
	}
}

/// Sebastiano Vigna's SplitMix64: enough for losses, and the same everywhere.
struct SplitMix(u64);

impl SplitMix {
	fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut mixed = self.0;
		mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		mixed ^ (mixed >> 31)
	}
}
