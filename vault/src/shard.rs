//! Packs to shards and back, row by row.

use std::io::{BufRead, Read, Write};

use crate::{
	footer::Footer,
	input,
	keys::{RepairKey, RootKey},
	parity::RowCoder,
	Error, Plan, Result, Salt, Scheme, ShardNumber, UNIT,
};

/// What names a shard: its BLAKE3 hash, the content of a storage deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, codec::Encode, codec::Decode)]
pub struct Root(pub [u8; 32]);

/// Writes all shards of a pack, one writer for each in order, and returns their roots. A buffer of [`UNIT`] bytes is a good
/// one.
///
/// ## Errors
/// [`Error::PackMismatch`] if `pack` is not what `plan` says: what was written then must be thrown away, for its masks belong
/// to other bytes. [`Error::Length`] for another number of writers; [`Error::Truncated`]; [`Error::Io`].
pub fn encode<W: Write>(plan: &Plan, keys: &RootKey, mut pack: impl BufRead, shards: &mut [W]) -> Result<Vec<Root>> {
	let scheme = plan.shape.scheme();
	if shards.len() != usize::from(scheme.n()) {
		return Err(Error::Length { what: "a list of writers", length: input::length(shards) });
	}
	let salt = keys.salt(plan);
	let repair = keys.repair_key(&salt);
	let mut coder = RowCoder::new(scheme, &repair)?;
	let mut outputs: Vec<_> = scheme.shards().zip(shards).map(|(shard, out)| Output::new(shard, out)).collect();
	let mut hasher = blake3::Hasher::new();
	let mut buffer = vec![0; UNIT];
	for row in 0..plan.shape.rows() {
		// Each unit is done with while it is in the processor's cache.
		let (data, parity) = outputs.split_at_mut_checked(scheme.data()).ok_or(Error::Truncated)?;
		for output in data {
			with_unit(&mut pack, &mut buffer, |unit| {
				hasher.update(unit);
				coder.add(unit)?;
				output.write(unit)
			})?;
		}
		let mut parity = parity.iter_mut();
		coder.finish(row, |shard, unit| parity.next().ok_or(Error::UnknownShard(shard))?.write(unit))?;
	}
	ensure_is(plan, &hasher)?;
	outputs.into_iter().map(|output| output.finish(plan, salt, &repair)).collect()
}

/// The next unit, without a copy if the reader has all of it.
fn with_unit(pack: &mut impl BufRead, buffer: &mut [u8], take: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
	if let Some(unit) = pack.fill_buf()?.get(..UNIT) {
		take(unit)?;
		pack.consume(UNIT);
		return Ok(());
	}
	input::fill(pack, buffer)?;
	take(buffer)
}

/// What is known of a pack whose shards are read.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
	/// Its plan, from any footer.
	pub plan: &'a Plan,
	/// Its salt, from any footer.
	pub salt: Salt,
	/// Its repair key.
	pub repair: &'a RepairKey,
}

/// Writes shards that are missing, from any `k` others, and returns their roots, which are those of the shards that were
/// lost. Each source begins at its shard's first byte; of more than `k` the first ones are read.
///
/// Sources should be verified by their roots while they are read. What is made of others is noticed at the end.
///
/// ## Errors
/// [`Error::PackMismatch`] if the sources are not those of the plan: what was written must be thrown away.
/// [`Error::TooFewUnits`]; [`Error::UnknownShard`]; [`Error::Truncated`]; [`Error::Io`].
pub fn rebuild<R: Read, W: Write>(
	known: Known<'_>,
	sources: &mut [(ShardNumber, R)],
	wanted: &mut [(ShardNumber, W)],
) -> Result<Vec<Root>> {
	let scheme = known.plan.shape.scheme();
	for (shard, _) in wanted.iter() {
		scheme.ensure_has(*shard)?;
	}
	let mut outputs: Vec<_> = wanted.iter_mut().map(|(shard, out)| Output::new(*shard, out)).collect();
	let needs_parity = outputs.iter().any(|output| output.shard.0 >= scheme.k());
	let mut put = |shard: ShardNumber, unit: &[u8]| {
		let mut outputs = outputs.iter_mut().filter(|output| output.shard == shard);
		outputs.try_for_each(|output| output.write(unit))
	};
	each_row(known, sources, |coder, row, data| {
		scheme.shards().zip(data.chunks_exact(UNIT)).try_for_each(|(shard, unit)| put(shard, unit))?;
		if needs_parity {
			coder.encode(row, data, &mut put)?;
		}
		Ok(())
	})?;
	outputs.into_iter().map(|output| output.finish(known.plan, known.salt, known.repair)).collect()
}

/// Writes the bytes of a pack, from any `k` of its shards.
///
/// ## Errors
/// Those of [`rebuild`].
pub fn decode<R: Read>(known: Known<'_>, sources: &mut [(ShardNumber, R)], mut pack: impl Write) -> Result<()> {
	each_row(known, sources, |_, _, data| Ok(pack.write_all(data)?))
}

/// Decodes each row and compares the whole with the plan.
fn each_row<R: Read>(
	known: Known<'_>,
	sources: &mut [(ShardNumber, R)],
	mut take: impl FnMut(&mut RowCoder, u32, &[u8]) -> Result<()>,
) -> Result<()> {
	let scheme = known.plan.shape.scheme();
	let mut sources = chosen(scheme, sources)?;
	let mut coder = RowCoder::new(scheme, known.repair)?;
	let mut hasher = blake3::Hasher::new();
	let mut data = vec![0; scheme.row()];
	let mut units = vec![0; scheme.row()];
	for row in 0..known.plan.shape.rows() {
		for ((_, source), unit) in sources.iter_mut().zip(units.chunks_exact_mut(UNIT)) {
			input::fill(source, unit)?;
		}
		let stored: Vec<_> = sources.iter().map(|(shard, _)| *shard).zip(units.chunks_exact(UNIT)).collect();
		coder.decode(row, &stored, &mut data)?;
		hasher.update(&data);
		take(&mut coder, row, &data)?;
	}
	ensure_is(known.plan, &hasher)
}

/// The first `k` different sources.
fn chosen<R>(scheme: Scheme, sources: &mut [(ShardNumber, R)]) -> Result<Vec<(ShardNumber, &mut R)>> {
	let mut chosen: Vec<(ShardNumber, &mut R)> = Vec::with_capacity(scheme.data());
	for (shard, source) in sources {
		scheme.ensure_has(*shard)?;
		if chosen.len() < scheme.data() && chosen.iter().all(|(other, _)| other != shard) {
			chosen.push((*shard, source));
		}
	}
	let (found, needed) = (chosen.len(), scheme.data());
	if found < needed {
		return Err(Error::TooFewUnits { found, needed });
	}
	Ok(chosen)
}

fn ensure_is(plan: &Plan, hasher: &blake3::Hasher) -> Result<()> {
	if hasher.finalize() != plan.hash {
		return Err(Error::PackMismatch);
	}
	Ok(())
}

/// A shard that is written and hashed in one pass.
struct Output<W> {
	shard: ShardNumber,
	out: W,
	hasher: blake3::Hasher,
}

impl<W: Write> Output<W> {
	fn new(shard: ShardNumber, out: W) -> Self {
		Self { shard, out, hasher: blake3::Hasher::new() }
	}

	fn write(&mut self, bytes: &[u8]) -> Result<()> {
		self.hasher.update(bytes);
		Ok(self.out.write_all(bytes)?)
	}

	fn finish(mut self, plan: &Plan, salt: Salt, repair: &RepairKey) -> Result<Root> {
		let footer = Footer { shard: self.shard, salt, plan: *plan };
		self.write(&footer.seal(repair)?)?;
		self.out.flush()?;
		Ok(Root(self.hasher.finalize().into()))
	}
}
