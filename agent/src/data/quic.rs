//! How connections behave on a line: congestion control and windows, for everything that this program dials and takes.
//!
//! One configuration for all, because who accepts a connection learns too late what it is for. What bandwidth tests need
//! decides: BBR, since Cubic carries about 1 Mbit/s per stream at one per cent of loss and 100 ms; packets of one known
//! size, since the headers of a reading are computed and not measured; little room for data to wait in.

use iroh::endpoint::{Controller, ControllerFactory, ControllerMetrics, QuicTransportConfig, RttEstimator, VarInt};
use noq_proto::congestion::Bbr3Config;
use std::{
	any::Any,
	sync::Arc,
	time::{Duration, Instant},
};

/// Most bytes that a peer may have on its way to a stream: 100 ms of 160 Mbit/s. Of datagrams of [`DATAGRAM`] bytes so
/// few that they have fewer gaps than a receiver bears (1,024) even if every other one is lost; beyond that it closes the
/// connection.
const STREAM_WINDOW: u32 = 2 << 20;

/// The same for all streams of a connection, so that a stranger cannot fill the memory.
const CONNECTION_WINDOW: u32 = 32 << 20;

/// Datagrams that wait to be read, in bytes: only echoes of control words come this way.
const DATAGRAMS: usize = 64 << 10;

/// How far a sender in a bandwidth test may be ahead of the line.
const AHEAD: Duration = Duration::from_millis(500);

/// Least bytes that it may be ahead.
const LEAST_AHEAD: u64 = 128 << 10;

/// Bytes of every full datagram. Goes through tunnels and PPPoE, and `WIRE` in the proofs counts on it.
const DATAGRAM: u16 = 1_200;

/// Bytes that go before the first acknowledgement. With the usual 12 kB a short test loses a per cent to the start.
const INITIAL_WINDOW: u64 = 32_000;

/// A round trip that is longer is taken for a stall.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(1);

/// For connections in general, and for those that come in: whatever they turn out to be for.
pub fn general() -> QuicTransportConfig {
	builder(u64::MAX).build()
}

/// For a connection to a member of a committee that carries `rate` kbit/s.
///
/// What waits here crosses the line in time or not at all, so little may wait.
pub fn line(rate: u32) -> QuicTransportConfig {
	let per_second = u64::from(rate).saturating_mul(125);
	let ahead = u128::from(per_second).saturating_mul(AHEAD.as_millis()) / 1_000;
	let ahead = u64::try_from(ahead).unwrap_or(u64::MAX).saturating_add(LEAST_AHEAD);
	let window = u32::try_from(ahead.saturating_mul(2)).unwrap_or(u32::MAX).clamp(STREAM_WINDOW, CONNECTION_WINDOW);
	builder(per_second).send_window(ahead).stream_receive_window(VarInt::from_u32(window)).build()
}

fn builder(per_second: u64) -> iroh::endpoint::QuicTransportConfigBuilder {
	let mut bbr = Bbr3Config::default();
	bbr.initial_window(INITIAL_WINDOW);
	QuicTransportConfig::builder()
		.congestion_controller_factory(Arc::new(SteadyFactory { bbr: Arc::new(bbr), per_second }))
		.initial_mtu(DATAGRAM)
		.mtu_discovery_config(None)
		.stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
		.receive_window(VarInt::from_u32(CONNECTION_WINDOW))
		.datagram_receive_buffer_size(Some(DATAGRAMS))
}

#[derive(Debug)]
struct SteadyFactory {
	bbr: Arc<Bbr3Config>,
	per_second: u64,
}

impl ControllerFactory for SteadyFactory {
	fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
		let inner = ControllerFactory::build(self.bbr.clone(), now, mtu);
		Box::new(Steady { inner, shortest: Duration::MAX, per_second: self.per_second })
	}
}

/// BBR whose window never falls below what its own pacing needs.
///
/// Plain BBR stops every five seconds to look for the shortest round trip. The connections of a test are equally old,
/// so that all of them stop together and the line stands still.
#[derive(Debug)]
struct Steady {
	inner: Box<dyn Controller>,
	shortest: Duration,
	/// Bytes per second that are agreed. What is above is left to BBR alone.
	per_second: u64,
}

impl Steady {
	/// Five quarters of what is under way at the paced rate.
	fn floor(&self, paced: Option<u64>) -> u64 {
		if self.shortest > LONGEST_ROUND_TRIP {
			return 0;
		}
		let rate = u128::from(paced.unwrap_or(0).min(self.per_second));
		let micros_and_quarters = 4_000_000;
		let bytes = rate.saturating_mul(self.shortest.as_micros()).saturating_mul(5) / micros_and_quarters;
		u64::try_from(bytes).unwrap_or(u64::MAX)
	}
}

impl Controller for Steady {
	fn on_sent(&mut self, now: Instant, bytes: u64, largest: u64) {
		self.inner.on_sent(now, bytes, largest);
	}

	fn on_packet_sent(&mut self, now: Instant, bytes: u16, number: u64) {
		self.inner.on_packet_sent(now, bytes, number);
	}

	fn on_cwnd_limited(&mut self) {
		self.inner.on_cwnd_limited();
	}

	fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, number: u64, app_limited: bool, rtt: &RttEstimator) {
		self.shortest = self.shortest.min(now.saturating_duration_since(sent));
		self.inner.on_ack(now, sent, bytes, number, app_limited, rtt);
	}

	fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest: Option<u64>) {
		self.inner.on_end_acks(now, in_flight, app_limited, largest);
	}

	fn on_congestion_event(
		&mut self,
		now: Instant,
		sent: Instant,
		is_persistent: bool,
		is_ecn: bool,
		lost: u64,
		largest: u64,
	) {
		self.inner.on_congestion_event(now, sent, is_persistent, is_ecn, lost, largest);
	}

	fn on_packet_lost(&mut self, lost: u16, number: u64, now: Instant) {
		self.inner.on_packet_lost(lost, number, now);
	}

	fn on_spurious_congestion_event(&mut self) {
		self.inner.on_spurious_congestion_event();
	}

	fn on_mtu_update(&mut self, mtu: u16) {
		self.inner.on_mtu_update(mtu);
	}

	fn on_ack_frequency_update(&mut self, threshold: u64, delay: Duration) {
		self.inner.on_ack_frequency_update(threshold, delay);
	}

	fn window(&self) -> u64 {
		self.inner.window().max(self.floor(self.inner.metrics().pacing_rate))
	}

	fn metrics(&self) -> ControllerMetrics {
		let mut metrics = self.inner.metrics();
		metrics.congestion_window = metrics.congestion_window.max(self.floor(metrics.pacing_rate));
		metrics
	}

	fn clone_box(&self) -> Box<dyn Controller> {
		Box::new(Self { inner: self.inner.clone_box(), ..*self })
	}

	fn initial_window(&self) -> u64 {
		self.inner.initial_window()
	}

	fn into_any(self: Box<Self>) -> Box<dyn Any> {
		self
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn steady(shortest: Duration, per_second: u64) -> Steady {
		let factory = Arc::new(SteadyFactory { bbr: Arc::new(Bbr3Config::default()), per_second });
		let inner = ControllerFactory::build(factory.bbr.clone(), Instant::now(), DATAGRAM);
		Steady { inner, shortest, per_second: factory.per_second }
	}

	#[test]
	fn window_holds_what_the_agreed_rate_has_under_way() {
		let tenth = Duration::from_millis(100);

		assert_eq!(steady(tenth, u64::MAX).floor(Some(1_000_000)), 125_000);
		assert_eq!(steady(tenth, 400_000).floor(Some(1_000_000)), 50_000);
		assert_eq!(steady(tenth, 400_000).floor(None), 0);
		assert_eq!(steady(Duration::MAX, u64::MAX).floor(Some(u64::MAX)), 0);
	}

	#[test]
	fn window_is_never_smaller_than_that_of_bbr() {
		let steady = steady(Duration::from_micros(1), 1);

		assert_eq!(steady.window(), steady.inner.window());
		assert_eq!(steady.metrics().congestion_window, steady.inner.metrics().congestion_window);
	}
}
