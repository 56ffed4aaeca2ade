//! One row: encode, mask, decode.

use chacha20::{
	cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
	ChaCha20,
};
use reed_solomon_simd::{
	engine::DefaultEngine,
	rate::{LowRateDecoder, LowRateEncoder, RateDecoder, RateEncoder},
};

use crate::{input, scheme::Scheme, Error, RepairKey, Result, ShardNumber, MAX_UNITS, UNIT, UNIT_LENGTH};

/// Codes rows of one pack. Its memory is a few rows.
pub struct RowCoder {
	scheme: Scheme,
	encoder: LowRateEncoder<DefaultEngine>,
	/// Made when something has to be decoded.
	decoder: Option<LowRateDecoder<DefaultEngine>>,
	/// Of parity shards, in order.
	masks: Vec<Mask>,
	unmasked: Vec<u8>,
}

impl core::fmt::Debug for RowCoder {
	fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		formatter.debug_struct("RowCoder").field("scheme", &self.scheme).finish_non_exhaustive()
	}
}

impl RowCoder {
	/// For the pack that the repair key is of.
	///
	/// ## Errors
	/// None that callers have to expect.
	pub fn new(scheme: Scheme, repair: &RepairKey) -> Result<Self> {
		let encoder =
			LowRateEncoder::new(scheme.data(), scheme.parity(), UNIT, DefaultEngine::new(), None).map_err(code)?;
		let masks = (scheme.k()..scheme.n()).map(|shard| Mask::new(repair, ShardNumber(shard))).collect();
		Ok(Self { scheme, encoder, decoder: None, masks, unmasked: Vec::new() })
	}

	/// The parity units of a row, masked, one after the other, from its data units.
	///
	/// ## Errors
	/// [`Error::Length`] for slices of other lengths, [`Error::Limit`] for a row that no pack has.
	pub fn encode(&mut self, row: u32, data: &[u8], parity: &mut [u8]) -> Result<()> {
		ensure_row(row)?;
		self.encode_plain(data, parity)?;
		for (unit, mask) in parity.chunks_exact_mut(UNIT).zip(&mut self.masks) {
			mask.apply(row, unit)?;
		}
		Ok(())
	}

	/// The parity units of a row as they are before they are masked.
	fn encode_plain(&mut self, data: &[u8], parity: &mut [u8]) -> Result<()> {
		ensure_units("the data of a row", data, self.scheme.data())?;
		ensure_units("the parity of a row", parity, self.scheme.parity())?;
		for unit in data.chunks_exact(UNIT) {
			self.encoder.add_original_shard(unit).map_err(code)?;
		}
		let coded = self.encoder.encode().map_err(code)?;
		for (out, unit) in parity.chunks_exact_mut(UNIT).zip(coded.recovery_iter()) {
			out.copy_from_slice(unit);
		}
		Ok(())
	}

	/// The data of a row from any `k` different units, as shards store them. Further ones are not looked at.
	///
	/// Units are not authenticated here: wrong ones give wrong data.
	///
	/// ## Errors
	/// [`Error::TooFewUnits`], [`Error::UnknownShard`], [`Error::Length`], [`Error::Limit`].
	pub fn decode(&mut self, row: u32, units: &[(ShardNumber, &[u8])], data: &mut [u8]) -> Result<()> {
		ensure_row(row)?;
		ensure_units("the data of a row", data, self.scheme.data())?;
		let chosen = self.choose(units)?;
		for (shard, unit) in &chosen {
			if let Some(out) = data.chunks_exact_mut(UNIT).nth(shard.0.into()).filter(|_| shard.0 < self.scheme.k()) {
				out.copy_from_slice(unit);
			}
		}
		if chosen.iter().all(|(shard, _)| shard.0 < self.scheme.k()) {
			return Ok(());
		}
		self.restore(row, &chosen, data)
	}

	/// `k` different units, data first.
	fn choose<'a>(&self, units: &[(ShardNumber, &'a [u8])]) -> Result<Vec<(ShardNumber, &'a [u8])>> {
		let mut chosen = units.to_vec();
		for (shard, unit) in units {
			self.scheme.ensure_has(*shard)?;
			ensure_units("a unit", unit, 1)?;
		}
		chosen.sort_by_key(|(shard, _)| *shard);
		chosen.dedup_by_key(|(shard, _)| *shard);
		let (found, needed) = (chosen.len(), self.scheme.data());
		if found < needed {
			return Err(Error::TooFewUnits { found, needed });
		}
		chosen.truncate(needed);
		Ok(chosen)
	}

	/// Puts the data units that are missing into their places.
	fn restore(&mut self, row: u32, chosen: &[(ShardNumber, &[u8])], data: &mut [u8]) -> Result<()> {
		let (k, parity) = (self.scheme.k(), self.scheme.parity());
		let decoder = match &mut self.decoder {
			Some(decoder) => decoder,
			none => none.insert(LowRateDecoder::new(k.into(), parity, UNIT, DefaultEngine::new(), None).map_err(code)?),
		};
		self.unmasked.resize(UNIT, 0);
		for (shard, unit) in chosen {
			let Some(index) = shard.0.checked_sub(k).map(usize::from) else {
				decoder.add_original_shard(shard.0.into(), unit).map_err(code)?;
				continue;
			};
			self.unmasked.copy_from_slice(unit);
			let mask = self.masks.get_mut(index).ok_or(Error::UnknownShard(*shard))?;
			mask.apply(row, &mut self.unmasked)?;
			decoder.add_recovery_shard(index, &self.unmasked).map_err(code)?;
		}
		let decoded = decoder.decode().map_err(code)?;
		for (index, unit) in decoded.restored_original_iter() {
			if let Some(out) = data.chunks_exact_mut(UNIT).nth(index) {
				out.copy_from_slice(unit);
			}
		}
		Ok(())
	}
}

/// Lengths and counts were checked: the code cannot fail.
fn code(_: reed_solomon_simd::Error) -> Error {
	Error::Length { what: "a row", length: 0 }
}

/// Refuses rows that no pack has: the keystream of a mask does not reach much further.
fn ensure_row(row: u32) -> Result<()> {
	input::ensure_at_most("a row", row.into(), u64::from(MAX_UNITS) - 1)
}

fn ensure_units(what: &'static str, bytes: &[u8], units: usize) -> Result<()> {
	if units.checked_mul(UNIT) != Some(bytes.len()) {
		return Err(Error::Length { what, length: u64::try_from(bytes.len()).unwrap_or(u64::MAX) });
	}
	Ok(())
}

/// The keystream of one parity shard.
struct Mask(ChaCha20);

impl Mask {
	fn new(repair: &RepairKey, shard: ShardNumber) -> Self {
		let key = repair.mask(shard);
		Self(ChaCha20::new(key.expose().into(), &[0; 12].into()))
	}

	/// Masks a unit, or takes the mask off.
	fn apply(&mut self, row: u32, unit: &mut [u8]) -> Result<()> {
		let position = u64::from(row) * UNIT_LENGTH;
		let masked = self.0.try_seek(position).and_then(|()| self.0.try_apply_keystream(unit));
		masked.or_else(|_| ensure_row(row))
	}
}
