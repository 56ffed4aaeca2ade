//! Sizes and amounts of money as people write them.

use substation_primitives::{settings::STN, Balance, Region};

const UNITS: [(&str, u64); 12] = [
	("KiB", 1 << 10),
	("MiB", 1 << 20),
	("GiB", 1 << 30),
	("TiB", 1 << 40),
	("PiB", 1 << 50),
	("kB", 1_000),
	("KB", 1_000),
	("MB", 1_000_000),
	("GB", 1_000_000_000),
	("TB", 1_000_000_000_000),
	("PB", 1_000_000_000_000_000),
	("B", 1),
];

/// Reads `64MiB`, `1.5GiB`, `2TB` or a plain number of bytes.
pub fn parse_size(text: &str) -> Result<u64, String> {
	let text = text.trim();
	let (digits, unit) = UNITS
		.iter()
		.find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|digits| (digits.trim_end(), *unit)))
		.unwrap_or((text, 1));
	decimal(digits, u128::from(unit))
		.and_then(|bytes| u64::try_from(bytes).ok())
		.ok_or_else(|| format!("`{text}` is no size; write for example 64MiB, 1.5GiB or 1048576"))
}

/// Reads an amount of STN with up to twelve decimals, such as `1.5` or `0.001STN`.
pub fn parse_amount(text: &str) -> Result<Balance, String> {
	let digits = text.trim();
	let digits = digits.strip_suffix("STN").unwrap_or(digits).trim_end();
	decimal(digits, STN).ok_or_else(|| format!("`{text}` is no amount; write STN with up to 12 decimals, such as 1.5"))
}

/// Reads two letters of a country.
pub fn parse_region(text: &str) -> Result<Region, String> {
	let wrong = || format!("`{text}` is no country; write two letters of ISO 3166-1, such as CH");
	let letters: [u8; 2] = text.to_ascii_uppercase().into_bytes().try_into().map_err(|_| wrong())?;
	let region = Region(letters);
	if region.is_well_formed() {
		Ok(region)
	} else {
		Err(wrong())
	}
}

/// Reads a BLAKE3 hash as `b3sum` prints it.
pub fn parse_hash(text: &str) -> Result<[u8; 32], String> {
	let digits = text.trim().strip_prefix("0x").unwrap_or(text.trim());
	let mut hash = [0; 32];
	hex::decode_to_slice(digits, &mut hash)
		.map_err(|_| format!("`{text}` is no BLAKE3 hash; write 64 hexadecimal digits as b3sum prints them"))?;
	Ok(hash)
}

/// `digits`, which may have decimals, times `unit`; `None` if that is no whole number or too large.
pub fn decimal(digits: &str, unit: u128) -> Option<u128> {
	let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
	let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
	if whole.is_empty()
		|| !whole.starts_with(|c: char| c.is_ascii_digit())
		|| !all_digits(whole)
		|| !all_digits(fraction)
	{
		return None;
	}
	if digits.contains('.') && fraction.is_empty() {
		return None;
	}
	let whole: u128 = whole.replace('_', "").parse().ok()?;
	let mut total = whole.checked_mul(unit)?;
	let fraction = fraction.replace('_', "");
	if !fraction.is_empty() {
		let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
		let scaled = fraction.parse::<u128>().ok()?.checked_mul(unit)?;
		if scaled % scale != 0 {
			return None;
		}
		total = total.checked_add(scaled.checked_div(scale)?)?;
	}
	Some(total)
}

/// A size as people read it.
pub fn display_size(bytes: u64) -> String {
	let units = [("PiB", 50u32), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
	for (name, shift) in units {
		if bytes >> shift > 0 {
			let tenths = (u128::from(bytes) * 10) >> shift;
			let (whole, tenth) = (tenths / 10, tenths % 10);
			return if tenth == 0 { format!("{whole} {name}") } else { format!("{whole}.{tenth} {name}") };
		}
	}
	format!("{bytes} B")
}

/// An amount in STN, without trailing zeros.
pub fn display_amount(amount: Balance) -> String {
	let fraction = format!("{:012}", amount % STN);
	let fraction = fraction.trim_end_matches('0');
	if fraction.is_empty() {
		(amount / STN).to_string()
	} else {
		format!("{}.{fraction}", amount / STN)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn sizes_are_read_with_binary_and_decimal_units() {
		assert_eq!(parse_size("64MiB"), Ok(64 << 20));
		assert_eq!(parse_size("1 GiB"), Ok(1 << 30));
		assert_eq!(parse_size("1.5GiB"), Ok(3 << 29));
		assert_eq!(parse_size("2TB"), Ok(2_000_000_000_000));
		assert_eq!(parse_size("1_000"), Ok(1000));
		assert_eq!(parse_size("7B"), Ok(7));
	}

	#[test]
	fn nonsense_is_no_size() {
		for text in ["", "MiB", "-1", "1.", ".5GiB", "1.0001KiB", "0x10", "99999999PiB", "1 GiBs", "_1", "1e3"] {
			assert!(parse_size(text).is_err(), "{text}");
		}
	}

	#[test]
	fn amounts_are_read_exactly() {
		assert_eq!(parse_amount("1"), Ok(STN));
		assert_eq!(parse_amount("1.5"), Ok(STN + STN / 2));
		assert_eq!(parse_amount("0.000000000001 STN"), Ok(1));
		assert!(parse_amount("0.0000000000001").is_err());
		assert!(parse_amount("1,5").is_err());
	}

	#[test]
	fn what_is_displayed_can_be_read_again() {
		for amount in [0, 1, STN, STN / 1_000, 123 * STN + 456, u64::MAX.into()] {
			assert_eq!(parse_amount(&display_amount(amount)), Ok(amount));
		}
		assert_eq!(display_amount(STN / 1_000), "0.001");
		assert_eq!(display_size(1 << 30), "1 GiB");
		assert_eq!(display_size(3 << 29), "1.5 GiB");
		assert_eq!(display_size(1023), "1023 B");
	}

	#[test]
	fn countries_and_hashes_are_checked() {
		assert_eq!(parse_region("ch"), Ok(Region(*b"CH")));
		assert!(parse_region("CHE").is_err());
		assert!(parse_region("C1").is_err());
		assert_eq!(parse_hash(&"ab".repeat(32)), Ok([0xab; 32]));
		assert!(parse_hash("abcd").is_err());
	}
}
