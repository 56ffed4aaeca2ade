//! Amounts as people and programs read them.

use substation_primitives::{settings::STN, Balance};

/// Plancks as a decimal number of STN, exact.
pub(crate) fn exact(amount: Balance) -> String {
	let (whole, rest) = (amount / STN, amount % STN);
	if rest == 0 {
		return whole.to_string();
	}
	format!("{whole}.{rest:012}").trim_end_matches('0').into()
}

/// The same for a difference.
pub(crate) fn exact_signed(amount: i128) -> String {
	let sign = if amount < 0 { "-" } else { "" };
	format!("{sign}{}", exact(amount.unsigned_abs()))
}

/// Plancks as STN, for JSON and pictures.
pub(crate) fn approximate(amount: i128) -> f64 {
	// 53 bits are enough for a picture, and for a sign.
	amount as f64 / STN as f64
}

/// What `left` is above `right`.
pub(crate) fn difference(left: Balance, right: Balance) -> i128 {
	// The issuance is far below 2^127 plancks.
	i128::try_from(left).unwrap_or(i128::MAX).saturating_sub(i128::try_from(right).unwrap_or(i128::MAX))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn amounts_are_printed_to_the_planck() {
		let cases = [(0, "0"), (STN, "1"), (STN / 2, "0.5"), (1, "0.000000000001"), (12 * STN + 30, "12.00000000003")];
		for (amount, text) in cases {
			assert_eq!(exact(amount), text);
		}
		assert_eq!(exact_signed(-1), "-0.000000000001");
	}

	#[test]
	fn differences_have_a_sign() {
		assert_eq!(difference(3, 5), -2);
		assert_eq!(difference(5, 3), 2);
		assert!(approximate(difference(0, 1)) < 0.0);
	}
}
