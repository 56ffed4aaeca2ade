//! Whom the loopback interface answers: programs of this machine, and no page in a browser on it.
//!
//! A page may send requests to any address, and make its own name mean this machine. It cannot hide either: browsers
//! name the host that was asked for, and where the page comes from, be it only by how it relates to that host.

use axum::{
	extract::{Request, State},
	http::{header, uri::Authority, HeaderMap, Method, StatusCode, Uri},
	middleware::Next,
	response::{IntoResponse, Response},
};
use std::net::IpAddr;
use substation_transport::refused;

use crate::status::http::Api;

/// What a request to prove has to be.
const CONTENT_TYPE: &str = "application/octet-stream";

/// Browsers send it with every request to this machine, also with those that carry no origin. What a person types into
/// the address bar comes from nowhere.
const FETCH_SITE: &str = "sec-fetch-site";
/// That nowhere.
const NO_SITE: &str = "none";

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stranger {
	Host,
	Origin,
	ContentType,
}

impl Stranger {
	fn what(self) -> &'static str {
		match self {
			Self::Host => refused::HTTP_HOST,
			Self::Origin => refused::HTTP_ORIGIN,
			Self::ContentType => refused::HTTP_TYPE,
		}
	}

	fn answer(self) -> (StatusCode, &'static str) {
		match self {
			Self::Host => (StatusCode::FORBIDDEN, "the host of a request has to be localhost or a loopback address"),
			Self::Origin => (StatusCode::FORBIDDEN, "pages in browsers are not answered"),
			Self::ContentType => {
				(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a request to prove is of type application/octet-stream")
			}
		}
	}
}

/// Lets requests of this machine's programs through.
pub(super) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
	match judge(request.method(), request.uri(), request.headers()) {
		Ok(()) => next.run(request).await,
		Err(stranger) => {
			api.0.metrics.numbers().refused.count(stranger.what());
			stranger.answer().into_response()
		}
	}
}

fn judge(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Stranger> {
	let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse().ok());
	if !named.is_some_and(|host| is_local(&host)) || uri.authority().is_some_and(|host| !is_local(host)) {
		return Err(Stranger::Host);
	}
	let mut sites = headers.get_all(FETCH_SITE).iter();
	if headers.contains_key(header::ORIGIN) || sites.any(|site| site != NO_SITE) {
		return Err(Stranger::Origin);
	}
	let is_plain = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == CONTENT_TYPE);
	if method == Method::POST && !is_plain {
		return Err(Stranger::ContentType);
	}
	Ok(())
}

fn is_local(host: &Authority) -> bool {
	let name = host.host();
	let address = name.trim_start_matches('[').trim_end_matches(']');
	name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn judged(method: &Method, uri: &str, headers: &[(&str, &str)]) -> Result<(), Stranger> {
		let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
		judge(method, &uri.parse().unwrap(), &headers)
	}

	// 13
	#[test]
	fn only_this_machine_may_be_named_as_host() {
		for host in ["localhost", "LOCALHOST:9950", "127.0.0.1", "127.0.0.1:9950", "127.8.8.8:1", "[::1]", "[::1]:9950"]
		{
			assert_eq!(judged(&Method::GET, "/v1/status", &[("host", host)]), Ok(()), "{host}");
		}
		let strangers = [
			"evil.example",
			"evil.example:9950",
			"localhost.evil.example",
			"127.0.0.1.evil.example",
			"10.0.0.1:9950",
			"[::2]:9950",
			"0.0.0.0",
			"",
			"user@",
		];
		for host in strangers {
			assert_eq!(judged(&Method::GET, "/v1/status", &[("host", host)]), Err(Stranger::Host), "{host}");
		}
		assert_eq!(judged(&Method::GET, "/v1/status", &[]), Err(Stranger::Host));
		let both = judged(&Method::GET, "http://evil.example/v1/status", &[("host", "localhost")]);
		assert_eq!(both, Err(Stranger::Host));
	}

	// 13
	#[test]
	fn pages_are_not_answered_whatever_their_origin() {
		for origin in ["http://evil.example", "null", "http://localhost:9950"] {
			let headers = [("host", "localhost"), ("origin", origin)];
			assert_eq!(judged(&Method::GET, "/v1/status", &headers), Err(Stranger::Origin), "{origin}");
		}
	}

	// M8
	#[test]
	fn pages_that_name_no_origin_are_not_answered_either() {
		let judged = |site| judged(&Method::GET, "/v1/status", &[("host", "localhost"), ("sec-fetch-site", site)]);

		for site in ["cross-site", "same-site", "same-origin", ""] {
			assert_eq!(judged(site), Err(Stranger::Origin), "{site}");
		}
		assert_eq!(judged("none"), Ok(()), "typed into the address bar");
	}

	// 13
	#[test]
	fn what_a_form_can_send_is_no_request_to_prove() {
		let posted = |kind| judged(&Method::POST, "/v1/prove", &[("host", "localhost"), ("content-type", kind)]);

		assert_eq!(posted("application/octet-stream"), Ok(()));
		for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
			assert_eq!(posted(kind), Err(Stranger::ContentType), "{kind}");
		}
		assert_eq!(judged(&Method::POST, "/v1/prove", &[("host", "localhost")]), Err(Stranger::ContentType));
	}
}
