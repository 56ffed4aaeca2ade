//! Bulk data of a test: sent no faster than agreed, and never further ahead than the transport's window.

use super::protocol::ENOUGH;
use iroh::endpoint::SendStream;
use std::{
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use substation_primitives::bandwidth::Kbits;
use substation_proofs::{
	bandwidth::{self, PAYLOAD, WIRE},
	Hash,
};
use tokio::sync::watch;

/// Bytes go in portions of this time.
const QUANTUM: Duration = Duration::from_millis(5);

/// Unused time that is made up for. Longer pauses are lost, so that no burst follows them.
const CATCH_UP: Duration = Duration::from_millis(50);

/// What fills one datagram of a test. Portions are whole multiples: a rest would travel in a datagram of its own, and its
/// headers cost a slow line a twentieth of what it carries.
const PACKET: u64 = 1_160;

/// Largest portion.
const PORTION: u64 = 56 * PACKET;

/// Payload bytes per second of a line of `rate`.
pub fn payload_per_second(rate: Kbits) -> u64 {
	u64::from(rate).saturating_mul(125).saturating_mul(PAYLOAD).checked_div(WIRE).unwrap_or(0)
}

/// Hands out bytes at a steady rate.
#[derive(Debug)]
pub struct Pacer {
	/// Payload bytes per second.
	rate: u64,
	/// Bytes times nanoseconds per second that may go now.
	credit: u128,
	catch_up: Duration,
	last: Instant,
}

const SECOND: u128 = 1_000_000_000;

impl Pacer {
	/// A line of `rate`, headers included.
	pub fn new(rate: Kbits) -> Self {
		Self::catching_up(rate, CATCH_UP)
	}

	/// The same for one who makes up for so much unused time.
	pub fn catching_up(rate: Kbits, catch_up: Duration) -> Self {
		Self { rate: payload_per_second(rate).max(1), credit: 0, catch_up, last: Instant::now() }
	}

	/// Payload bytes that may go at `now`, and how long to wait if there are none.
	fn portion(&mut self, now: Instant) -> Result<u64, Duration> {
		let rate = u128::from(self.rate);
		let passed = now.saturating_duration_since(self.last).as_nanos();
		self.last = now;
		let most = rate.saturating_mul(self.catch_up.as_nanos()).max(SECOND.saturating_mul((2 * PACKET).into()));
		self.credit = self.credit.saturating_add(passed.saturating_mul(rate)).min(most);
		let bytes = u64::try_from(self.credit / SECOND).unwrap_or(u64::MAX).min(PORTION);
		let least = u64::try_from(rate.saturating_mul(QUANTUM.as_nanos()) / SECOND).unwrap_or(u64::MAX);
		let (bytes, least) = (whole_packets(bytes), whole_packets(least).clamp(PACKET, PORTION));
		if bytes >= least {
			self.credit = self.credit.saturating_sub(u128::from(bytes).saturating_mul(SECOND));
			return Ok(bytes);
		}
		let missing = u128::from(least).saturating_mul(SECOND).saturating_sub(self.credit);
		Err(Duration::from_nanos(u64::try_from(missing.div_ceil(rate)).unwrap_or(u64::MAX)))
	}

	/// Waits until bytes may go, and says how many.
	pub async fn turn(&mut self) -> usize {
		loop {
			match self.portion(Instant::now()) {
				Ok(bytes) => return usize::try_from(bytes).unwrap_or(usize::MAX),
				Err(wait) => tokio::time::sleep(wait).await,
			}
		}
	}
}

/// As many bytes as fill datagrams.
fn whole_packets(bytes: u64) -> u64 {
	(bytes / PACKET).saturating_mul(PACKET)
}

/// What one side sends to the other in a test.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
	/// Keys the stream: the member's secret (down) or its nonce (up).
	pub key: Hash,
	/// The start token.
	pub start: Hash,
	/// How fast, headers included.
	pub pace: Kbits,
	/// Payload bytes at most.
	pub cap: u64,
}

/// What has not left this machine when a stream is dropped stays here.
struct ResetAtEnd(SendStream);

impl Drop for ResetAtEnd {
	fn drop(&mut self) {
		// A stream that is over cannot be reset.
		let _ = self.0.reset(ENOUGH);
	}
}

impl Bulk {
	/// Sends until the cap is reached, the peer is gone, or `stop` says so; then takes back what is still here.
	///
	/// `sent` is raised before bytes go, so that it is never less than what the peer can have.
	pub async fn pump(self, stream: SendStream, sent: Arc<AtomicU64>, mut stop: watch::Receiver<bool>) {
		let mut stream = ResetAtEnd(stream);
		tokio::select! {
			biased;
			// An error says that nobody can stop it any more.
			_ = stop.wait_for(|stop| *stop) => return,
			outcome = self.write(&mut stream.0, &sent) => if outcome.is_err() { return },
		}
		// All is written. What is on its way may still arrive until this side has enough.
		let _ = stream.0.finish();
		let _ = stop.wait_for(|stop| *stop).await;
	}

	async fn write(&self, stream: &mut SendStream, sent: &AtomicU64) -> Result<(), iroh::endpoint::WriteError> {
		let mut bytes = bandwidth::stream(&self.key, &self.start);
		let mut pacer = Pacer::new(self.pace);
		let mut buffer = Vec::new();
		loop {
			let room = self.cap.saturating_sub(sent.load(Ordering::Relaxed));
			if room == 0 {
				return Ok(());
			}
			let size = pacer.turn().await.min(usize::try_from(room).unwrap_or(usize::MAX));
			buffer.resize(size, 0);
			bytes.fill(&mut buffer);
			sent.fetch_add(u64::try_from(size).unwrap_or(u64::MAX), Ordering::Relaxed);
			stream.write_all(&buffer).await?;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Payload bytes that a pacer gives out in a second of steps.
	fn in_a_second(rate: Kbits, step: Duration) -> u64 {
		let mut pacer = Pacer::new(rate);
		let begin = pacer.last;
		let mut now = begin;
		let mut all = 0;
		while now < begin + Duration::from_secs(1) {
			now += step;
			while let Ok(bytes) = pacer.portion(now) {
				all += bytes;
			}
		}
		all
	}

	#[test]
	fn rate_is_kept_whatever_the_timer_does() {
		// Steps do not divide a second: up to one more is taken.
		for rate in [1_000, 7_353, 100_000, 1_000_000] {
			let wanted = payload_per_second(rate);
			for step in [1, 5, 13, 40] {
				let given = in_a_second(rate, Duration::from_millis(step));

				assert!(given <= wanted + wanted * step / 1_000 + 2 * PACKET, "{rate} {step}: {given} of {wanted}");
				assert!(given * 100 >= wanted * 93, "{rate} {step}: {given} of {wanted}");
			}
		}
	}

	#[test]
	fn portions_fill_datagrams() {
		for rate in [1_000, 7_353, 100_000, 1_000_000] {
			let mut pacer = Pacer::new(rate);
			for step in 1..200 {
				let now = pacer.last + Duration::from_micros(997 * step);
				if let Ok(bytes) = pacer.portion(now) {
					assert_eq!(bytes % PACKET, 0, "{rate}");
				}
			}
		}
	}

	#[test]
	fn pause_is_not_followed_by_a_burst() {
		let mut pacer = Pacer::new(100_000);
		let later = pacer.last + Duration::from_secs(60);

		let mut burst = 0;
		while let Ok(bytes) = pacer.portion(later) {
			burst += bytes;
		}

		assert!(burst <= payload_per_second(100_000) / 20 + PACKET, "{burst}");
	}

	#[test]
	fn wait_is_long_enough_for_a_packet_on_a_slow_line() {
		let mut pacer = Pacer::new(73);
		let begin = pacer.last;

		let wait = pacer.portion(begin).unwrap_err();

		assert_eq!(pacer.portion(begin + wait), Ok(PACKET));
	}
}
