//! Signed calls: what people pay for.

use crate::{
	account::AccountKey,
	calls::Call,
	client::{AtBlock, BlockHash, Chain},
	error::ChainError,
	extrinsic::{self, Context},
};
use std::time::Duration;
use substation_primitives::Balance;
use subxt::{
	error::DispatchError,
	events::Phase,
	ext::scale_value::{At, Composite, Value, ValueDef},
	rpcs::methods::legacy::TransactionStatus,
	utils::Era,
};

/// Blocks that a signed transaction lives.
const LIFETIME: u64 = 64;
/// Attempts when another transaction of the account takes the nonce first.
const NONCE_ATTEMPTS: u32 = 3;

/// How long the node may be silent about a transaction.
const STATUS_TIMEOUT: Duration = Duration::from_secs(600);

/// Hears of a receipt.
pub type Note<'a> = &'a mut (dyn FnMut(&Receipt) + Send);

/// How sure a command wants to be of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
	/// In a block of the best chain.
	InBlock,
	/// In a finalised block.
	Finalised,
}

/// One thing that a transaction did.
#[derive(Clone, Debug)]
pub struct EventView {
	/// The pallet that says it.
	pub pallet: String,
	/// What happened.
	pub name: String,
	/// The details.
	pub fields: Composite<()>,
}

/// What came of a transaction.
#[derive(Clone, Debug)]
pub struct Receipt {
	/// Hash of the block that holds it, in hex.
	pub block: String,
	/// What it did.
	pub events: Vec<EventView>,
}

impl EventView {
	/// A numeric field, also when it is a newtype.
	pub fn number(&self, field: &str) -> Option<u128> {
		self.field(field).and_then(number_in)
	}

	/// A field.
	pub fn field(&self, field: &str) -> Option<&Value<()>> {
		let Composite::Named(fields) = &self.fields else { return None };
		fields.iter().find(|(name, _)| name == field).map(|(_, value)| value)
	}
}

impl std::fmt::Display for EventView {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "{}.{}", self.pallet, self.name)?;
		if let Composite::Named(fields) = &self.fields {
			for (name, value) in fields {
				match number_in(value) {
					Some(number) => write!(f, " {name}={number}")?,
					None => write!(f, " {name}={value}")?,
				}
			}
		}
		Ok(())
	}
}

/// A number, also inside of newtypes.
pub fn number_in(value: &Value<()>) -> Option<u128> {
	if let Some(number) = value.as_u128() {
		return Some(number);
	}
	match &value.value {
		ValueDef::Composite(inner) if inner.len() == 1 => value.at(0).and_then(number_in),
		_ => None,
	}
}

impl Receipt {
	/// The first event of this name.
	pub fn event(&self, pallet: &str, name: &str) -> Option<&EventView> {
		self.events.iter().find(|event| event.pallet == pallet && event.name == name)
	}

	/// All events of this name.
	pub fn events<'a>(&'a self, pallet: &'a str, name: &'a str) -> impl Iterator<Item = &'a EventView> {
		self.events.iter().filter(move |event| event.pallet == pallet && event.name == name)
	}

	/// A numeric field of the first event of the pallet that has it.
	pub fn number(&self, pallet: &str, field: &str) -> Option<u128> {
		self.events.iter().filter(|event| event.pallet == pallet).find_map(|event| event.number(field))
	}
}

impl Chain {
	/// The bytes of a call, for somebody else to sign.
	pub async fn call_bytes(&self, call: &Call) -> Result<Vec<u8>, ChainError> {
		let at = self.at(self.best().await?).await?;
		call.encode(at.metadata_ref())
	}

	/// Signs and sends a call that puts `committed` on hold, or moves what no lock keeps, and waits for it.
	///
	/// Errors before sending when the account cannot pay; by the error's name when the chain refuses.
	pub async fn submit(
		&self,
		call: &Call,
		key: &AccountKey,
		committed: Balance,
		wait: Wait,
	) -> Result<Receipt, ChainError> {
		self.submit_noting(call, key, committed, wait, None).await
	}

	/// The same. What waits for finality tells `included` what the call has done in a block that may still be given up
	/// for another.
	pub async fn submit_noting(
		&self,
		call: &Call,
		key: &AccountKey,
		committed: Balance,
		wait: Wait,
		mut included: Option<Note<'_>>,
	) -> Result<Receipt, ChainError> {
		let mut attempt = 1;
		loop {
			match self.submit_once(call, key, committed, wait, &mut included).await {
				Err(ChainError::Refused { reason, .. }) if attempt < NONCE_ATTEMPTS && is_about_nonce(&reason) => {
					tracing::debug!(attempt, reason, "another transaction took the nonce");
					attempt += 1;
				}
				other => return other,
			}
		}
	}

	async fn submit_once(
		&self,
		call: &Call,
		key: &AccountKey,
		committed: Balance,
		wait: Wait,
		included: &mut Option<Note<'_>>,
	) -> Result<Receipt, ChainError> {
		let best = self.best().await?;
		let at = self.at(best).await?;
		extrinsic::ensure_known(at.metadata_ref())?;
		let bytes = self.sign(call, key, &at, self.checkpoint(best, at.block_number()).await?).await?;
		// Without an estimate the node still refuses who cannot pay.
		let fee = at.transactions().from_bytes(bytes.clone()).partial_fee_estimate().await.unwrap_or_default();
		let no_funds =
			|balance| ChainError::NoFunds { account: key.account(), balance, needed: committed.saturating_add(fee) };
		let funds = self.funds(&key.account()).await?;
		let balance = funds.free;
		if balance < committed.saturating_add(fee) {
			return Err(no_funds(balance));
		}
		if funds.spendable() < fee {
			return Err(ChainError::NoFunds { account: key.account(), balance: funds.spendable(), needed: fee });
		}
		let mut progress =
			self.methods().author_submit_and_watch_extrinsic(&bytes).await.map_err(|error| {
				match self.rpc_error(&call.title(), error) {
					ChainError::Refused { reason, .. } if reason.contains("pay some fees") => no_funds(balance),
					other => other,
				}
			})?;
		let not_included = |reason: &str| ChainError::NotIncluded { call: call.title(), reason: reason.to_owned() };
		loop {
			let Ok(status) = tokio::time::timeout(STATUS_TIMEOUT, progress.next()).await else {
				let minutes = STATUS_TIMEOUT.as_secs() / 60;
				return Err(unsure(
					call,
					&format!("no news of it for {minutes} minutes, so the chain may stand still"),
				));
			};
			let Some(status) = status else {
				return Err(unsure(call, "the node stopped reporting on it"));
			};
			let status = status.map_err(|error| unsure(call, &self.rpc_error(&call.title(), error).to_string()))?;
			let block = match status {
				TransactionStatus::InBlock(block) if wait == Wait::InBlock => block,
				TransactionStatus::Finalized(block) => block,
				TransactionStatus::InBlock(block) => {
					tracing::info!(call = call.title(), ?block, "in a block, waiting for finality");
					if let Some(included) = included {
						if let Ok(Some(receipt)) = self.receipt(call, &bytes, block).await {
							included(&receipt);
						}
					}
					continue;
				}
				TransactionStatus::Usurped(_) => return Err(not_included("another transaction took its nonce")),
				TransactionStatus::Dropped => return Err(not_included("the node's pool is full")),
				TransactionStatus::Invalid => return Err(not_included("it became invalid")),
				TransactionStatus::FinalityTimeout(_) => return Err(unsure(call, "its block does not become final")),
				_ => continue,
			};
			return match self.receipt(call, &bytes, block).await {
				Err(error) if error.is_connection_lost() => Err(unsure(call, &error.to_string())),
				receipt => receipt?.ok_or_else(|| no_funds(balance)),
			};
		}
	}

	/// What a transaction did in its block; `None` if it failed for want of funds.
	async fn receipt(&self, call: &Call, bytes: &[u8], block: BlockHash) -> Result<Option<Receipt>, ChainError> {
		let what = "the transaction's events";
		let body = self.methods().chain_get_block(Some(block)).await.map_err(|error| self.rpc_error(what, error))?;
		let index = body.and_then(|body| body.block.extrinsics.iter().position(|one| one.0 == bytes));
		let index = index.and_then(|index| u32::try_from(index).ok());
		let index = index.ok_or_else(|| self.unreadable(what, "the block does not hold it"))?;
		let at = self.at(block).await?;
		let events = at.events().fetch().await.map_err(|error| self.subxt_error(what, &error))?;
		let mut views = Vec::new();
		for event in events.iter() {
			let event = event.map_err(|error| self.subxt_error(what, &error))?;
			if event.phase() != Phase::ApplyExtrinsic(index) {
				continue;
			}
			if event.pallet_name() == "System" && event.event_name() == "ExtrinsicFailed" {
				let error = DispatchError::decode_from(event.field_bytes(), at.metadata())
					.map_err(|error| self.subxt_error(what, &error))?;
				return failure(call, &error).map_or(Ok(None), Err);
			}
			if let Ok(fields) = event.decode_fields_unchecked_as::<Composite<()>>() {
				let (pallet, name) = (event.pallet_name().to_owned(), event.event_name().to_owned());
				views.push(EventView { pallet, name, fields });
			}
		}
		Ok(Some(Receipt { block: format!("{block:?}"), events: views }))
	}

	/// The block from which a transaction made on top of `best` lives. A transaction names it, and dies with it if another
	/// fork wins: so a final one, unless finality is so far behind that the transaction would not live long.
	async fn checkpoint(&self, best: BlockHash, height: u64) -> Result<(u64, BlockHash), ChainError> {
		let finalised = self.finalised().await?;
		let final_height = self.height(finalised).await?.into();
		Ok(if is_far_behind(final_height, height) { (height, best) } else { (final_height, finalised) })
	}

	async fn sign(
		&self,
		call: &Call,
		key: &AccountKey,
		at: &AtBlock,
		(birth, checkpoint): (u64, BlockHash),
	) -> Result<Vec<u8>, ChainError> {
		let account = key.account();
		let nonce = self
			.methods()
			.system_account_next_index(&account)
			.await
			.map_err(|error| self.rpc_error("the account's next nonce", error))?;
		let context = Context {
			spec_version: at.spec_version(),
			transaction_version: at.transaction_version(),
			genesis: self.genesis().into(),
			era: Era::mortal(LIFETIME, birth),
			checkpoint,
			nonce,
		};
		Ok(extrinsic::signed(&context, &call.encode(at.metadata_ref())?, key))
	}
}

/// Whether a transaction that counts its life from the final block has lost half of it already.
fn is_far_behind(finalised: u64, best: u64) -> bool {
	best.saturating_sub(finalised) > LIFETIME / 2
}

fn is_about_nonce(reason: &str) -> bool {
	reason.contains("outdated") || reason.contains("too low")
}

/// The failure by name, with the documentation of a pallet's error; `None` if it is about missing funds.
fn failure(call: &Call, error: &DispatchError) -> Option<ChainError> {
	let (error, advice) = match error {
		DispatchError::Token(subxt::error::TokenError::FundsUnavailable) => return None,
		DispatchError::Module(module) => match module.details() {
			Ok(details) => {
				let name = format!("{}::{}", details.pallet.name(), details.variant.name);
				if name == "Balances::InsufficientBalance" {
					return None;
				}
				(name, details.variant.docs.join(" ").trim().to_owned())
			}
			Err(_) => (module.details_string(), String::new()),
		},
		other => (other.to_string(), String::new()),
	};
	Some(ChainError::Failed { call: call.title(), error, advice })
}

/// What to say of a call that was sent and of which nothing more is heard.
fn unsure(call: &Call, reason: &str) -> ChainError {
	let reason = format!("{reason}; it may still be carried out within {LIFETIME} blocks: look before you repeat it");
	ChainError::Unsure { call: call.title(), reason }
}

#[cfg(test)]
mod tests {
	use super::*;

	fn event(field: &str, value: Value<()>) -> EventView {
		EventView {
			pallet: "StorageMarket".into(),
			name: "DealProposed".into(),
			fields: Composite::Named(vec![(field.into(), value)]),
		}
	}

	#[test]
	fn number_of_an_event_is_found_inside_newtypes() {
		let plain = event("deal", Value::u128(7));
		let wrapped = event("deal", Value::unnamed_composite([Value::u128(8)]));

		assert_eq!(plain.number("deal"), Some(7));
		assert_eq!(wrapped.number("deal"), Some(8));
		assert_eq!(wrapped.number("node"), None);
		assert_eq!(wrapped.to_string(), "StorageMarket.DealProposed deal=8");
	}

	#[test]
	fn life_of_a_transaction_counts_from_the_final_block_while_finality_keeps_up() {
		assert!(!is_far_behind(0, 0) && !is_far_behind(100, 132));
		assert!(is_far_behind(100, 133));
	}

	#[test]
	fn lost_race_for_a_nonce_is_recognised() {
		assert!(is_about_nonce("Invalid Transaction: Transaction is outdated"));
		assert!(is_about_nonce("Priority is too low: (1 vs 1)"));
		assert!(!is_about_nonce("Inability to pay some fees"));
	}
}
