//! Counts of what strangers were refused, by what it was.

use prometheus_client::metrics::{counter::Counter, family::Family};

/// Connections whose handshake was given up for that of a newer one.
pub const HANDSHAKE: &str = "handshake";
/// Handshakes that were not begun because so many endpoints have come lately.
pub const CROWD: &str = "handshake_crowd";
/// Connections of a peer that has as many as one may have.
pub const PEER: &str = "connection_of_peer";
/// Connections for which a room has no place.
pub const ROOM: &str = "connection";
/// Connections that had shown nothing and went for a newer one.
pub const DISPLACED: &str = "connection_displaced";
/// Requests for blobs that cannot be read.
pub const REQUEST: &str = "request";
/// Requests for blobs while as many are read as may be.
pub const READER: &str = "reader";
/// Uploads of a blob that arrives already.
pub const UPLOAD_BUSY: &str = "upload_busy";
/// Uploads that brought nothing and went for another one.
pub const UPLOAD_SILENT: &str = "upload_silent";
/// Uploads that were too slow while others waited.
pub const UPLOAD_SLOW: &str = "upload_slow";
/// Channels whose key has not signed for the connection.
pub const SESSION: &str = "session";
/// HTTP requests that name another host than this machine.
pub const HTTP_HOST: &str = "http_host";
/// HTTP requests that a page in a browser has made.
pub const HTTP_ORIGIN: &str = "http_origin";
/// HTTP requests to prove of another content type.
pub const HTTP_TYPE: &str = "http_content_type";
/// HTTP requests to prove with more openings than the chain asks for.
pub const HTTP_OPENINGS: &str = "http_openings";
/// HTTP requests to prove while others wait.
pub const HTTP_BUSY: &str = "http_busy";

/// The counts. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Refused(Family<[(&'static str, &'static str); 1], Counter>);

impl Refused {
	/// Counts one more.
	pub fn count(&self, what: &'static str) {
		self.0.get_or_create(&[("what", what)]).inc();
	}

	/// How many there were.
	pub fn of(&self, what: &'static str) -> u64 {
		self.0.get_or_create(&[("what", what)]).get()
	}

	/// To be registered.
	pub fn family(&self) -> Family<[(&'static str, &'static str); 1], Counter> {
		self.0.clone()
	}
}
