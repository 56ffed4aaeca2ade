//! What a node takes for delivering, as `config.toml` says it.

use crate::payments::{MAX_STEP, MIN_STEP};
use anyhow::{ensure, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use substation_client::amounts::{display_amount, parse_amount};
use substation_primitives::{settings::STN, Balance};

/// Most that a node may ask for one GiB.
const MAX_PRICE: Balance = 1_000_000 * STN;

/// The `[delivery]` part of `config.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
	/// Price in STN for one GiB delivered; 0 serves everybody for free.
	#[serde(serialize_with = "write_amount", deserialize_with = "read_amount")]
	pub price: Balance,
	/// Bytes that are delivered ahead of payment.
	pub step: u64,
	/// STN in vouchers that are redeemed at once. Less waits for more, for the channel's end or for this agent's.
	#[serde(serialize_with = "write_amount", deserialize_with = "read_amount")]
	pub redeem: Balance,
}

impl Default for Delivery {
	fn default() -> Self {
		Self { price: 0, step: 16 << 20, redeem: STN }
	}
}

impl Delivery {
	/// Errors when no customer would agree to it.
	pub fn check(&self) -> Result<()> {
		let Self { price, step, .. } = self;
		ensure!(
			(MIN_STEP..=MAX_STEP).contains(step),
			"`step` under [delivery] in config.toml is {step}; choose bytes from {MIN_STEP} to {MAX_STEP}"
		);
		ensure!(
			*price <= MAX_PRICE,
			"`price` under [delivery] in config.toml is over {} STN for one GiB",
			display_amount(MAX_PRICE)
		);
		Ok(())
	}

	/// What strangers hear who ask for free; `None` if they may.
	pub fn refusal(&self) -> Option<String> {
		let price = display_amount(self.price);
		(self.price > 0).then(|| format!("the node charges {price} STN per GiB delivered"))
	}
}

fn write_amount<S: Serializer>(amount: &Balance, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&display_amount(*amount))
}

fn read_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Balance, D::Error> {
	let text = String::deserialize(deserializer)?;
	parse_amount(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn amounts_are_written_as_people_write_them() {
		let delivery: Delivery = toml::from_str("price = \"0.001\"").unwrap();

		assert_eq!(delivery, Delivery { price: STN / 1_000, ..Delivery::default() });
		assert_eq!(toml::from_str::<Delivery>(&toml::to_string(&delivery).unwrap()).unwrap(), delivery);
		assert!(toml::from_str::<Delivery>("price = \"cheap\"").is_err());
		assert!(toml::from_str::<Delivery>("prise = \"1\"").is_err());
		assert!(delivery.refusal().unwrap().contains("0.001 STN per GiB"));
		assert_eq!(Delivery::default().refusal(), None);
	}

	#[test]
	fn step_that_nobody_would_agree_to_is_refused() {
		let step = |step| Delivery { step, ..Delivery::default() };

		assert!(step(MIN_STEP).check().is_ok() && step(MAX_STEP).check().is_ok());
		assert!(step(MIN_STEP - 1).check().is_err() && step(MAX_STEP + 1).check().is_err());
		assert!(Delivery { price: MAX_PRICE + 1, ..Delivery::default() }.check().is_err());
	}
}
