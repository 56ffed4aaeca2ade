//! Where peers dial from.
//!
//! An endpoint's id costs nothing, and addresses cost something. Hence a crowd from one network takes places from itself,
//! and not from those who come from elsewhere.

use iroh::{
	endpoint::{Connection, IncomingAddr},
	TransportAddr,
};
use std::{
	collections::BTreeMap,
	net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// A network that one party has: an address of IPv4, or a /48 of IPv6, which is what one site gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
	/// An address of IPv4.
	V4(Ipv4Addr),
	/// The first 48 bits of an address of IPv6.
	V6(u64),
	/// Not over IP.
	Other,
}

impl Source {
	/// Of a peer whose handshake begins.
	pub fn of_incoming(address: &IncomingAddr) -> Self {
		match address {
			IncomingAddr::Ip(address) => (*address).into(),
			_ => Self::Other,
		}
	}

	/// Of a connection.
	pub fn of(connection: &Connection) -> Self {
		let paths = connection.paths();
		let path = paths.iter().find(|path| path.is_selected()).or_else(|| paths.iter().next());
		match path.as_ref().map(|path| path.remote_addr()) {
			Some(TransportAddr::Ip(address)) => (*address).into(),
			_ => Self::Other,
		}
	}
}

impl From<SocketAddr> for Source {
	fn from(address: SocketAddr) -> Self {
		match address.ip().to_canonical() {
			IpAddr::V4(address) => Self::V4(address),
			IpAddr::V6(address) => Self::V6(u64::try_from(address.to_bits() >> 80).unwrap_or(u64::MAX)),
		}
	}
}

/// The first, in the given order, of those who have come from where most have.
pub fn first_of_busiest<K: Copy>(mut all: impl Iterator<Item = (K, Source)> + Clone) -> Option<K> {
	let mut counts = BTreeMap::<Source, usize>::new();
	for (_, source) in all.clone() {
		let count = counts.entry(source).or_default();
		*count = count.saturating_add(1);
	}
	let most = counts.values().copied().max()?;
	all.find(|(_, source)| counts.get(source) == Some(&most)).map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn source(text: &str) -> Source {
		text.parse::<SocketAddr>().unwrap().into()
	}

	#[test]
	fn ports_and_hosts_of_one_network_are_one_source() {
		assert_eq!(source("192.0.2.1:1"), source("192.0.2.1:2"));
		assert_eq!(source("192.0.2.1:1"), source("[::ffff:192.0.2.1]:1"));
		assert_ne!(source("192.0.2.1:1"), source("192.0.2.2:1"));
		assert_eq!(source("[2001:db8::1]:1"), source("[2001:db8::ffff:0:0:1]:2"));
		// M6
		assert_eq!(source("[2001:db8::1]:1"), source("[2001:db8:0:ffff::1]:1"));
		assert_ne!(source("[2001:db8::1]:1"), source("[2001:db8:1::1]:1"));
	}

	#[test]
	fn who_goes_first_is_of_the_busiest_source_and_the_oldest_if_all_are_alike() {
		let first = |numbers: &[u8]| {
			let all = numbers.iter().enumerate();
			first_of_busiest(all.map(|(at, last)| (at, Source::V4(Ipv4Addr::new(192, 0, 2, *last)))))
		};

		assert_eq!(first(&[]), None);
		assert_eq!(first(&[1, 2, 3]), Some(0));
		assert_eq!(first(&[1, 2, 3, 2]), Some(1));
		assert_eq!(first(&[1, 2, 2, 3, 3, 3]), Some(3));
	}
}
