//! How connections behave on a line: congestion control and windows, for everything that this program dials and takes.
//!
//! What bandwidth tests need decides for all: BBR, since Cubic carries about 1 Mbit/s per stream at one per cent of loss and
//! 100 ms; packets of one known size, since the headers of a reading are computed and not measured; little room for data to
//! wait in. Who dials a machine may make it keep much less than who it dials, until it is known what for.

use iroh::{
	endpoint::{
		AckFrequencyConfig, ConnectError, ConnectOptions, Connection, Controller, ControllerFactory, ControllerMetrics,
		QuicTransportConfig, QuicTransportConfigBuilder, RttEstimator, VarInt,
	},
	Endpoint, EndpointAddr,
};
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

/// Bytes that a peer who has dialled may have unread, over all streams: what it has to say is short.
const UNREAD: u32 = 32 << 10;

/// The same once it is known that it brings many: more than one stream may have.
const WIDE: u32 = 2 * STREAM_WINDOW;

/// Streams that such a peer may have open, for one request each.
const REQUESTS: u32 = 16;

/// Bytes that may be on their way to such a peer: what one stream of its may take, and a little to be sent next.
const AHEAD_OF_PEER: u64 = (2 << 20) + (256 << 10);

/// Datagrams that wait to be read, in bytes: only echoes of control words come this way.
const DATAGRAMS: usize = 64 << 10;

/// How long the peer of a transfer may wait before it acknowledges.
const PROMPT: Duration = Duration::from_millis(2);

/// How far a sender in a bandwidth test may be ahead of the line.
const AHEAD: Duration = Duration::from_millis(500);

/// Least bytes that it may be ahead.
const LEAST_AHEAD: u64 = 128 << 10;

/// Bytes of every full datagram. Goes through tunnels and PPPoE, and `WIRE` in the proofs counts on it.
const DATAGRAM: u16 = 1_200;

/// Bytes that go before the first acknowledgement. With the usual 12 kB a short test loses a per cent to the start.
const INITIAL_WINDOW: u64 = 32_000;

/// Losses up to this part of the packets are the line's own and say nothing about its queue.
const OWN_LOSSES: (u32, u32) = (10, 100);

/// Packets after which half of the memory of losses is forgotten.
const REMEMBERED: u32 = 1_000;

/// Losses are judged as if at least so many packets had gone.
const LEAST_JUDGED: u32 = 60;

/// By how much an application that keeps a pace is let go faster.
const MAKE_UP: (u64, u64) = (9, 8);

/// The pace of an application is looked at over a round trip, and over no less than this.
const SHORTEST_LOOK: Duration = Duration::from_millis(100);

/// A round trip that is longer is taken for a stall.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(1);

/// For connections in general, between machines of which each knows what the other is for.
pub fn general() -> QuicTransportConfig {
	builder(u64::MAX).build()
}

/// For a connection that comes in. Nobody reads streams of one direction, or datagrams, so none are granted.
pub fn incoming() -> QuicTransportConfig {
	of_stranger(REQUESTS).send_window(AHEAD_OF_PEER).datagram_receive_buffer_size(None).build()
}

/// For a connection that comes in to be measured: one stream for control, until [`takes_stream`] and [`widen`] say more.
pub fn to_member() -> QuicTransportConfig {
	of_stranger(1).build()
}

/// For a connection that comes in to ask one question: one stream, until [`takes_no_other`] takes that away as well.
pub fn to_inquirer() -> QuicTransportConfig {
	of_stranger(1).send_window(AHEAD_OF_PEER).datagram_receive_buffer_size(None).build()
}

/// From now on the peer may open no more streams that both sides write to.
pub fn takes_no_other(connection: &Connection) {
	connection.set_max_concurrent_bi_streams(VarInt::from_u32(0));
}

/// From now on the peer may have as many bytes unread as it can send on one stream.
pub fn widen(connection: &Connection) {
	connection.set_receive_window(VarInt::from_u32(WIDE));
}

/// From now on the peer may open one stream that only it writes to.
pub fn takes_stream(connection: &Connection) {
	connection.set_max_concurrent_uni_streams(VarInt::from_u32(1));
}

/// For a connection that is dialled to fetch or to bring contents.
///
/// Whoever receives many datagrams in one turn of tokio's may send nothing in it, and iroh drops what cannot go at once:
/// a third of what a receiver sends on a fast path. Window updates and vouchers that are lost so go again when their
/// acknowledgement is overdue, and the sender stands still until then. Hence the peer is asked not to wait for the usual
/// 25 ms.
pub fn transfer() -> QuicTransportConfig {
	let mut acknowledgements = AckFrequencyConfig::default();
	acknowledgements.max_ack_delay(Some(PROMPT));
	builder(u64::MAX).ack_frequency_config(Some(acknowledgements)).build()
}

/// For a connection to a member of a committee that carries `rate` kbit/s.
///
/// What waits here crosses the line in time or not at all, so little may wait.
pub fn line(rate: u32) -> QuicTransportConfig {
	let per_second = u64::from(rate).saturating_mul(125);
	let ahead = u128::from(per_second).saturating_mul(AHEAD.as_millis()) / 1_000;
	let ahead = u64::try_from(ahead).unwrap_or(u64::MAX).saturating_add(LEAST_AHEAD);
	let window = u32::try_from(ahead.saturating_mul(2)).unwrap_or(u32::MAX).clamp(STREAM_WINDOW, CONNECTION_WINDOW);
	let builder = builder(per_second).send_window(ahead).stream_receive_window(VarInt::from_u32(window));
	// A member opens at most the stream of its bytes.
	let [no_stream, one_stream] = [0, 1].map(VarInt::from_u32);
	builder.max_concurrent_bidi_streams(no_stream).max_concurrent_uni_streams(one_stream).build()
}

/// Dials a peer to speak one protocol on a connection that behaves so.
pub async fn dial(
	endpoint: &Endpoint,
	to: EndpointAddr,
	alpn: &[u8],
	config: QuicTransportConfig,
) -> Result<Connection, ConnectError> {
	let options = ConnectOptions::new().with_transport_config(config);
	endpoint.connect_with_opts(to, alpn, options).await?.await.map_err(ConnectError::from)
}

/// The round trip to a peer as the connection has seen it, by the path that it uses.
pub fn round_trip(connection: &Connection) -> Option<Duration> {
	connection.paths().iter().find(|path| path.is_selected()).map(|path| path.rtt())
}

fn of_stranger(requests: u32) -> QuicTransportConfigBuilder {
	builder(u64::MAX)
		.max_concurrent_bidi_streams(VarInt::from_u32(requests))
		.max_concurrent_uni_streams(VarInt::from_u32(0))
		.receive_window(VarInt::from_u32(UNREAD))
}

fn builder(per_second: u64) -> QuicTransportConfigBuilder {
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
		Box::new(Steady {
			inner,
			shortest: Duration::MAX,
			per_second: self.per_second,
			losses: Losses::default(),
			pace: Pace::default(),
		})
	}
}

/// How many of the latest packets were lost.
#[derive(Clone, Copy, Debug, Default)]
struct Losses {
	sent: u32,
	lost: u32,
}

impl Losses {
	fn note_sent(&mut self) {
		self.sent = self.sent.saturating_add(1);
		if self.sent >= REMEMBERED {
			*self = Self { sent: self.sent / 2, lost: self.lost / 2 };
		}
	}

	/// Notes a loss. Whether there are many.
	fn note_lost(&mut self) -> bool {
		self.lost = self.lost.saturating_add(1);
		self.are_many()
	}

	/// Whether so many are lost that a queue must be full.
	fn are_many(&self) -> bool {
		let (part, whole) = OWN_LOSSES;
		self.lost.saturating_mul(whole) > self.sent.max(LEAST_JUDGED).saturating_mul(part)
	}
}

/// The pace of an application that sends less than it might: the highest rate that arrived while nothing else waited.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
	/// Bytes per second.
	rate: u64,
	/// Since when, and how many bytes have arrived since.
	since: Option<Instant>,
	arrived: u64,
}

impl Pace {
	/// Looks again when `span` is over.
	fn look(&mut self, now: Instant, span: Duration, is_all_sent: bool) {
		let since = *self.since.get_or_insert(now);
		let passed = now.saturating_duration_since(since);
		if passed < span {
			return;
		}
		if is_all_sent {
			let rate = u128::from(self.arrived).saturating_mul(1_000_000).checked_div(passed.as_micros());
			self.rate = self.rate.max(rate.and_then(|rate| u64::try_from(rate).ok()).unwrap_or(0));
		}
		(self.since, self.arrived) = (Some(now), 0);
	}
}

/// BBR that does not slow down for losses that a line has at any rate, and whose window never falls below what its own
/// pacing needs.
///
/// Plain BBR stops every five seconds to look for the shortest round trip. The connections of a test are equally old,
/// so that all of them stop together and the line stands still. And it slows down when more than two per cent of one round
/// trip's packets are lost: a committee's share of a line is so slow that a single packet is more than that. Nobody makes
/// up for a connection that has slowed down, because the others keep their agreed pace.
#[derive(Debug)]
struct Steady {
	inner: Box<dyn Controller>,
	shortest: Duration,
	/// Bytes per second that are agreed. What is above is left to BBR alone.
	per_second: u64,
	losses: Losses,
	pace: Pace,
}

impl Steady {
	/// Twice what is under way at a rate, as BBR allows itself where no queue is known to be full.
	fn floor(&self, paced: u64) -> u64 {
		if self.shortest > LONGEST_ROUND_TRIP {
			return 0;
		}
		let rate = u128::from(paced.min(self.per_second));
		let bytes = rate.saturating_mul(self.shortest.as_micros()).saturating_mul(2) / 1_000_000;
		u64::try_from(bytes).unwrap_or(u64::MAX)
	}

	/// An application that keeps a pace is let go at it, and a little faster to make up for what was lost, as long as the
	/// losses are the line's own.
	fn paced(&self, inner: Option<u64>) -> Option<u64> {
		let own = if self.losses.are_many() { 0 } else { self.pace.rate.saturating_mul(MAKE_UP.0) / MAKE_UP.1 };
		inner.map(|inner| inner.max(own))
	}
}

impl Controller for Steady {
	fn on_sent(&mut self, now: Instant, bytes: u64, largest: u64) {
		self.inner.on_sent(now, bytes, largest);
	}

	fn on_packet_sent(&mut self, now: Instant, bytes: u16, number: u64) {
		self.losses.note_sent();
		self.inner.on_packet_sent(now, bytes, number);
	}

	fn on_cwnd_limited(&mut self) {
		self.inner.on_cwnd_limited();
	}

	fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, number: u64, app_limited: bool, rtt: &RttEstimator) {
		self.shortest = self.shortest.min(now.saturating_duration_since(sent));
		self.pace.arrived = self.pace.arrived.saturating_add(bytes);
		self.inner.on_ack(now, sent, bytes, number, app_limited, rtt);
	}

	fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest: Option<u64>) {
		self.pace.look(now, self.shortest.clamp(SHORTEST_LOOK, LONGEST_ROUND_TRIP), app_limited);
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
		if self.losses.note_lost() {
			self.inner.on_packet_lost(lost, number, now);
		}
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
		self.metrics().congestion_window
	}

	fn metrics(&self) -> ControllerMetrics {
		let mut metrics = self.inner.metrics();
		metrics.pacing_rate = self.paced(metrics.pacing_rate);
		let floor = self.floor(metrics.pacing_rate.unwrap_or(0));
		metrics.congestion_window = self.inner.window().max(floor);
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
		Steady { inner, shortest, per_second: factory.per_second, losses: Losses::default(), pace: Pace::default() }
	}

	#[test]
	fn window_holds_what_the_agreed_rate_has_under_way() {
		let tenth = Duration::from_millis(100);

		assert_eq!(steady(tenth, u64::MAX).floor(1_000_000), 200_000);
		assert_eq!(steady(tenth, 400_000).floor(1_000_000), 80_000);
		assert_eq!(steady(tenth, 400_000).floor(0), 0);
		assert_eq!(steady(Duration::MAX, u64::MAX).floor(u64::MAX), 0);
	}

	#[test]
	fn few_losses_are_the_lines_own_and_many_are_not() {
		let full_queue_after = |every: u32| {
			let mut losses = Losses::default();
			(1..10_000u32).find(|number| {
				losses.note_sent();
				number % every == 0 && losses.note_lost()
			})
		};

		assert_eq!(full_queue_after(100), None);
		assert_eq!(full_queue_after(15), None);
		assert_eq!(full_queue_after(5), Some(35));
		assert_eq!(full_queue_after(2), Some(14));
	}

	#[test]
	fn losses_of_long_ago_are_forgotten() {
		let mut losses = Losses::default();
		let all_are_lost = (0..100).map(|_| losses.note_lost()).last();
		(0..10 * REMEMBERED).for_each(|_| losses.note_sent());

		assert_eq!((all_are_lost, losses.note_lost()), (Some(true), false));
	}

	/// What was learnt of an application whose bytes arrive at 1 MB/s for a second, then at `then` bytes per second.
	fn learnt(then: u64, is_all_sent: bool) -> u64 {
		let mut pace = Pace::default();
		let begin = Instant::now();
		for tenth in 0..=20 {
			pace.look(begin + Duration::from_millis(100 * tenth), SHORTEST_LOOK, tenth <= 10 || is_all_sent);
			pace.arrived = if tenth < 10 { 100_000 } else { then / 10 };
		}
		pace.rate
	}

	#[test]
	fn pace_of_an_application_is_remembered_and_a_backlog_teaches_nothing() {
		assert_eq!(learnt(500_000, true), 1_000_000);
		assert_eq!(learnt(2_000_000, true), 2_000_000);
		assert_eq!(learnt(2_000_000, false), 1_000_000);
	}

	#[test]
	fn pace_is_kept_until_many_packets_are_lost() {
		let mut steady = steady(Duration::from_millis(100), u64::MAX);
		steady.pace.rate = 800_000;

		assert_eq!(steady.paced(Some(500_000)), Some(900_000));
		assert_eq!(steady.paced(Some(2_000_000)), Some(2_000_000));
		(0..100).for_each(|_| steady.losses.note_sent());
		while !steady.losses.note_lost() {}
		assert_eq!(steady.paced(Some(500_000)), Some(500_000));
	}

	#[test]
	fn window_is_never_smaller_than_that_of_bbr() {
		let steady = steady(Duration::from_micros(1), 1);

		assert_eq!(steady.window(), steady.inner.window());
		assert_eq!(steady.metrics().pacing_rate, steady.inner.metrics().pacing_rate);
	}
}
