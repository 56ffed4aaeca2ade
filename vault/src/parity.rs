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
	/// One unit, with or without its mask.
	masked: Vec<u8>,
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
		Ok(Self { scheme, encoder, decoder: None, masks, masked: Vec::new() })
	}

	/// Hands the parity units of a row, masked, to `take`, from its data units.
	///
	/// ## Errors
	/// [`Error::Length`] for data of another length, [`Error::Limit`] for a row that no pack has; those of `take`.
	pub fn encode(&mut self, row: u32, data: &[u8], take: impl FnMut(ShardNumber, &[u8]) -> Result<()>) -> Result<()> {
		ensure_row(row)?;
		ensure_units("the data of a row", data, self.scheme.data())?;
		data.chunks_exact(UNIT).try_for_each(|unit| self.add(unit))?;
		self.finish(row, take)
	}

	/// Takes the next data unit of a row. There have to be `k` before [`RowCoder::finish`].
	pub(crate) fn add(&mut self, unit: &[u8]) -> Result<()> {
		self.encoder.add_original_shard(unit).map_err(code)
	}

	/// Hands the parity of the row whose data units were added to `take`, one unit at a time.
	pub(crate) fn finish(&mut self, row: u32, mut take: impl FnMut(ShardNumber, &[u8]) -> Result<()>) -> Result<()> {
		let coded = self.encoder.encode().map_err(code)?;
		self.masked.resize(UNIT, 0);
		for ((unit, mask), shard) in coded.recovery_iter().zip(&mut self.masks).zip(self.scheme.k()..) {
			mask.apply(row, unit, &mut self.masked)?;
			take(ShardNumber(shard), &self.masked)?;
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
		self.masked.resize(UNIT, 0);
		for (shard, unit) in chosen {
			let Some(index) = shard.0.checked_sub(k).map(usize::from) else {
				decoder.add_original_shard(shard.0.into(), unit).map_err(code)?;
				continue;
			};
			let mask = self.masks.get_mut(index).ok_or(Error::UnknownShard(*shard))?;
			mask.apply(row, unit, &mut self.masked)?;
			decoder.add_recovery_shard(index, &self.masked).map_err(code)?;
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
		return Err(Error::Length { what, length: input::length(bytes) });
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
	fn apply(&mut self, row: u32, unit: &[u8], out: &mut [u8]) -> Result<()> {
		let position = u64::from(row) * UNIT_LENGTH;
		let masked = self.0.try_seek(position).and_then(|()| self.0.apply_keystream_b2b(unit, out));
		masked.or_else(|_| ensure_row(row))
	}
}
