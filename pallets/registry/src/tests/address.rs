use crate::address::is_host_and_port;
use proptest::prelude::*;
use std::net::{SocketAddrV4, SocketAddrV6};

#[test]
fn names_and_addresses_with_a_port_pass() {
	for text in [
		"203.0.113.7:4433",
		"[2001:db8::7]:1",
		"[::]:65535",
		"[::ffff:203.0.113.7]:80",
		"node-7.example.org:4433",
		"a:1",
		"localhost:9",
	] {
		assert!(is_host_and_port(text.as_bytes()), "{text}");
	}
}

#[test]
fn everything_else_is_refused() {
	for text in [
		"",
		":",
		":80",
		"host",
		"host:",
		"host:0",
		"host:080",
		"host:65536",
		"host:99999999999999999999",
		"host:-1",
		"host:+1",
		"host:8o",
		" host:80",
		"host :80",
		"ho st:80",
		"host:80 ",
		"höst:80",
		"-host:80",
		"host-:80",
		".host:80",
		"host.:80",
		"a..b:80",
		"2001:db8::7:80",
		"[]:80",
		"[:]:80",
		"[1]:80",
		"[::1:80",
		"::1]:80",
		"[::g]:80",
		"[fe80::1%eth0]:80",
		"http://host:80",
		"host:80/path",
		"host:80\n",
		"\0:80",
	] {
		assert!(!is_host_and_port(text.as_bytes()), "{text:?}");
	}
	assert!(!is_host_and_port(b"\xff\xfe:80"));
}

proptest! {
	#[test]
	fn every_socket_address_of_the_standard_library_passes(v4: u32, v6: u128, port in 1u16..) {
		let v4 = SocketAddrV4::new(v4.into(), port).to_string();
		let v6 = SocketAddrV6::new(v6.into(), port, 0, 0).to_string();

		prop_assert!(is_host_and_port(v4.as_bytes()), "{}", v4);
		prop_assert!(is_host_and_port(v6.as_bytes()), "{}", v6);
	}

	#[test]
	fn no_text_makes_it_panic_and_what_passes_is_printable(text: Vec<u8>) {
		if is_host_and_port(&text) {
			prop_assert!(text.iter().all(u8::is_ascii_graphic));
		}
	}
}
