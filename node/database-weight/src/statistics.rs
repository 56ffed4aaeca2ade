//! What many timings come to.

/// Nanoseconds per operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statistics {
	/// How many operations were timed.
	pub operations: usize,
	pub min: u64,
	pub median: u64,
	pub average: u64,
	pub p95: u64,
	pub max: u64,
}

impl Statistics {
	/// `None` without samples.
	pub(crate) fn of(operations: usize, mut samples: Vec<u64>) -> Option<Self> {
		samples.sort_unstable();
		let percentile = |percent: usize| {
			let rank = (samples.len() * percent).div_ceil(100);
			samples.get(rank.saturating_sub(1)).copied()
		};
		let count = u64::try_from(samples.len()).ok()?;
		Some(Self {
			operations,
			min: percentile(0)?,
			median: percentile(50)?,
			average: samples.iter().sum::<u64>().checked_div(count)?,
			p95: percentile(95)?,
			max: percentile(100)?,
		})
	}
}
