//! Socket addresses as text. Pure: what is accepted here can be put into a dialler without further thought.

/// Bytes of the longest socket address as text: an IPv6 address in brackets and a port.
pub(crate) const LONGEST_SOCKET: u32 = 47;

/// Whether `text` is `host:port`: a name, an IPv4 address or a bracketed IPv6 address, and a port that is not zero.
///
/// Names are not resolved and IPv4 addresses not told from names: `300.1.1.1:80` passes and cannot be dialled, which
/// harms nobody but its operator.
pub(crate) fn is_host_and_port(text: &[u8]) -> bool {
	let Some(colon) = text.iter().rposition(|byte| *byte == b':') else { return false };
	let (host, port) = text.split_at(colon);
	is_host(host) && is_port(port.get(1..).unwrap_or_default())
}

fn is_host(host: &[u8]) -> bool {
	match host {
		[b'[', inner @ .., b']'] => {
			inner.len() >= 2
				&& inner.contains(&b':')
				&& inner.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
		}
		_ => host.split(|byte| *byte == b'.').all(is_label),
	}
}

fn is_label(label: &[u8]) -> bool {
	let [first, .., last] = label else { return label.first().is_some_and(u8::is_ascii_alphanumeric) };
	first.is_ascii_alphanumeric()
		&& last.is_ascii_alphanumeric()
		&& label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

fn is_port(port: &[u8]) -> bool {
	port.first().is_some_and(|digit| (b'1'..=b'9').contains(digit))
		&& port.iter().all(u8::is_ascii_digit)
		&& core::str::from_utf8(port).is_ok_and(|text| text.parse::<u16>().is_ok())
}
