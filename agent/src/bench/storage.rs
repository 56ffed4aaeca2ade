//! Figures of this machine, measured on the code that really runs.

use anyhow::{ensure, Context, Result};
use codec::Encode;
use serde::Serialize;
use std::{
	fmt,
	fs::{self, File},
	os::unix::fs::FileExt,
	path::Path,
	time::{Duration, Instant},
};
use substation_proofs::{
	forest::{Forest, Leaf},
	prover::ForestTree,
	Challenge,
};
use substation_store::{
	answer::{self, Prover},
	blobs::BlobStore,
	disk,
	forests::Forests,
	hashing,
	journal::{DealRecord, DealState, ForestChange, Remembered},
	progress::Progress,
	storage::Storage,
	tree::{self, Node, GROUP_BYTES},
	Hash,
};

/// Challenges that are answered for one figure.
const ROUNDS: u32 = 50;

/// What committing to a file took: reading it, hashing it, writing its tree durably.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitFigures {
	/// BLAKE3 of the file, in hex.
	pub root: String,
	/// Bytes of the file.
	pub bytes: u64,
	/// Threads that hashed.
	pub threads: usize,
	/// Seconds that it took.
	pub seconds: f64,
	/// GiB per second.
	pub gib_per_second: f64,
	/// What the process took.
	pub memory: Memory,
}

/// What answers to challenges took.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerFigures {
	/// Deals in the forest.
	pub deals: u32,
	/// Bytes of each.
	pub bytes: u64,
	/// Seconds that making them took.
	pub made_in_seconds: f64,
	/// One entry per number of openings.
	pub answers: Vec<AnswerTimes>,
	/// What the process took.
	pub memory: Memory,
}

/// Times of answers with one number of openings.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerTimes {
	/// Openings asked for.
	pub openings: u8,
	/// Answers that were measured.
	pub rounds: usize,
	/// Milliseconds of the middle one.
	pub median_ms: f64,
	/// Milliseconds of the slowest one.
	pub worst_ms: f64,
	/// Bytes of the longest proof.
	pub proof_bytes: usize,
}

/// What a start with many deals took.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestartFigures {
	/// Accepted deals in the folder.
	pub deals: u32,
	/// Seconds that writing them took.
	pub written_in_seconds: f64,
	/// Seconds from opening the folder to being able to answer.
	pub seconds: f64,
	/// Seconds from opening the folder to a first proof, verified.
	pub first_proof_seconds: f64,
	/// The forest's root, in hex.
	pub forest: String,
	/// Bytes of the journal.
	pub journal_bytes: u64,
	/// What the process took.
	pub memory: Memory,
}

/// Memory of the process.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
	/// Bytes resident now.
	pub resident_bytes: u64,
	/// Bytes resident at most.
	pub peak_bytes: u64,
}

/// Hashes a file with its tree and measures that. Leaves nothing behind.
pub fn commit(file: &Path, threads: usize) -> Result<CommitFigures> {
	let folder = tempfile::tempdir_in(disk::folder_of(file)).or_else(|_| tempfile::tempdir())?;
	let started = Instant::now();
	let content = hashing::commit(file, &folder.path().join("outboard"), threads, &Progress::silent())?;
	let seconds = started.elapsed().as_secs_f64();
	Ok(CommitFigures {
		root: hex::encode(content.root),
		bytes: content.length,
		threads,
		seconds,
		gib_per_second: gib(content.length) / seconds.max(1e-9),
		memory: Memory::now(),
	})
}

/// Answers challenges over `deals` sparse contents of `bytes` each, made in `folder`, and measures that.
///
/// The contents are zeros but for their first eight bytes, so each has a root of its own. Their outboards are real
/// and take 0.4 % of the bytes on the disk.
pub fn answer(deals: u32, bytes: u64, folder: &Path) -> Result<AnswerFigures> {
	ensure!(deals > 0 && bytes >= 8, "at least one deal of at least eight bytes");
	let outboards = tree::outboard_length(bytes).saturating_mul(deals.into());
	disk::ensure_room(folder, outboards)??;
	let folder = tempfile::tempdir_in(folder)?;
	let started = Instant::now();
	let (blobs, tree) = sparse(deals, bytes, folder.path())?;
	let made_in_seconds = started.elapsed().as_secs_f64();
	let mut answers = Vec::new();
	for openings in [4, 16] {
		let mut times = Vec::new();
		let mut size = 0;
		for period in 0..ROUNDS {
			let started = Instant::now();
			let proof = answer::answer(&blobs, &tree, &challenge(period, openings))?;
			times.push(started.elapsed());
			size = size.max(proof.encoded_size());
		}
		answers.push(AnswerTimes::of(openings, size, &mut times));
	}
	Ok(AnswerFigures { deals, bytes, made_in_seconds, answers, memory: Memory::now() })
}

/// Writes `deals` accepted deals with contents of eight bytes into `folder`, opens it as a start does, and measures
/// that.
pub fn restart(deals: u32, folder: &Path) -> Result<RestartFigures> {
	let folder = tempfile::tempdir_in(folder)?;
	let started = Instant::now();
	write_deals(deals, folder.path())?;
	let written_in_seconds = started.elapsed().as_secs_f64();
	let started = Instant::now();
	let storage = Storage::open(folder.path())?;
	let forests = Forests::open(&storage.journal, 1)?;
	let seconds = started.elapsed().as_secs_f64();
	let prover = Prover::new(storage.blobs.clone(), forests.clone());
	prover.answer(&challenge(0, 4), &forests.current())?;
	let first_proof_seconds = started.elapsed().as_secs_f64();
	ensure!(forests.current_tree().len() == storage.journal.len(), "the forest does not hold every deal");
	ensure!(storage.blobs.list().len() == storage.journal.len(), "the store does not hold every content");
	Ok(RestartFigures {
		deals,
		written_in_seconds,
		seconds,
		first_proof_seconds,
		forest: hex::encode(forests.current().root),
		journal_bytes: fs::metadata(folder.path().join("journal.redb"))?.len(),
		memory: Memory::now(),
	})
}

/// A challenge of the only node.
fn challenge(period: u32, openings: u8) -> Challenge {
	Challenge { genesis: [1; 32], seed: *blake3::hash(&period.encode()).as_bytes(), node: 1, period, openings }
}

/// A store with `deals` contents and the forest over them.
fn sparse(deals: u32, bytes: u64, folder: &Path) -> Result<(BlobStore, ForestTree)> {
	let zeros = folder.join("zeros");
	File::create(&zeros)?.set_len(bytes)?;
	let template = folder.join("zeros.obao4");
	let threads = std::thread::available_parallelism().map_or(1, usize::from);
	hashing::commit(&zeros, &template, threads, &Progress::silent())?;
	let store = folder.join("blobs");
	fs::create_dir_all(&store)?;
	let mut leaves = Vec::new();
	for deal in 0..deals {
		let root = sparse_one(u64::from(deal), bytes, &template, &store)?;
		leaves.push((deal, Leaf { deal: deal.into(), root, length: bytes }));
	}
	let depth = u32::BITS.saturating_sub(deals.saturating_sub(1).leading_zeros());
	let tree = ForestTree::from_leaves(1, u8::try_from(depth)?, leaves)?;
	Ok((BlobStore::open(&store)?, tree))
}

/// Zeros with `deal` in front: only the first group and the pairs above it differ from the template.
fn sparse_one(deal: u64, bytes: u64, template: &Path, store: &Path) -> Result<Hash> {
	let (data, outboard) = (store.join("new.part"), store.join("new.tree"));
	let file = File::create(&data)?;
	file.set_len(bytes)?;
	file.write_all_at(&deal.to_le_bytes(), 0)?;
	fs::copy(template, &outboard)?;
	let pairs = File::options().read(true).write(true).open(&outboard)?;

	let mut group = vec![0; usize::try_from(bytes).unwrap_or(GROUP_BYTES).min(GROUP_BYTES)];
	group.get_mut(..8).context("shorter than eight bytes")?.copy_from_slice(&deal.to_le_bytes());
	let mut path = vec![Node::root(bytes)];
	while let Some(node) = path.last().filter(|node| node.count > 1) {
		path.push(node.children().0);
	}
	path.pop();
	let mut value: Hash = if path.is_empty() { blake3::hash(&group).into() } else { tree::value_of(&group, 0) };
	while let Some(node) = path.pop() {
		let mut right = [0; 32];
		pairs.read_exact_at(&mut right, node.pair_offset().saturating_add(32))?;
		pairs.write_all_at(&value, node.pair_offset())?;
		value = tree::merge(&value, &right, path.is_empty());
	}
	let name = store.join(hex::encode(value));
	fs::rename(&outboard, name.with_extension("obao4"))?;
	fs::rename(&data, name.with_extension("data"))?;
	Ok(value)
}

/// A folder with so many accepted deals, each over a content of its own.
pub(crate) fn write_deals(deals: u32, folder: &Path) -> Result<()> {
	let storage = Storage::open(folder)?;
	let content = |deal: u32| u64::from(deal).to_le_bytes();
	let record = |deal: u32| DealRecord {
		deal: deal.into(),
		customer: [7; 32],
		root: *blake3::hash(&content(deal)).as_bytes(),
		length: 8,
		seen: 1,
		state: DealState::Accepted { slot: deal },
	};
	let records: Vec<DealRecord> = (0..deals).map(record).collect();
	for (deal, record) in (0..deals).zip(&records) {
		fs::write(storage.blobs.path(&record.root, "data"), content(deal))?;
		File::create(storage.blobs.path(&record.root, "obao4"))?;
	}
	for part in records.chunks(10_000) {
		storage.journal.put_all(part)?;
	}
	let leaf = |(slot, record): (u32, &DealRecord)| {
		(slot, Some(Leaf { deal: record.deal, root: record.root, length: record.length }))
	};
	let leaves: Vec<(u32, Option<Leaf>)> = (0..deals).zip(&records).map(leaf).collect();
	let depth = u32::BITS.saturating_sub(deals.saturating_sub(1).leading_zeros());
	let undo = Remembered {
		block: 1,
		forest: Forest::default(),
		undo: leaves.iter().map(|(slot, _)| (*slot, None)).collect(),
	};
	storage.journal.write_forest(&ForestChange::Slots { depth: u8::try_from(depth)?, slots: leaves, undo })?;
	Ok(())
}

impl AnswerTimes {
	fn of(openings: u8, proof_bytes: usize, times: &mut [Duration]) -> Self {
		times.sort_unstable();
		let millis = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
		Self {
			openings,
			rounds: times.len(),
			median_ms: millis(times.get(times.len() / 2)),
			worst_ms: millis(times.last()),
			proof_bytes,
		}
	}
}

impl Memory {
	/// As the system says now; zeros where it says nothing.
	fn now() -> Self {
		let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
		let field = |name: &str| {
			let line = status.lines().find_map(|line| line.strip_prefix(name));
			let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
			kib.unwrap_or(0).saturating_mul(1_024)
		};
		Self { resident_bytes: field("VmRSS:"), peak_bytes: field("VmHWM:") }
	}
}

impl fmt::Display for CommitFigures {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "root      {}", self.root)?;
		writeln!(f, "bytes     {}", self.bytes)?;
		writeln!(f, "threads   {}", self.threads)?;
		writeln!(f, "time      {:.3} s", self.seconds)?;
		writeln!(f, "rate      {:.2} GiB/s", self.gib_per_second)?;
		write!(f, "{}", self.memory)
	}
}

impl fmt::Display for AnswerFigures {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let total = gib(self.bytes.saturating_mul(self.deals.into()));
		writeln!(f, "deals     {} of {} bytes, {total:.2} GiB in all", self.deals, self.bytes)?;
		writeln!(f, "made in   {:.1} s", self.made_in_seconds)?;
		writeln!(f, "note      contents are sparse and their trees in the page cache: a disk adds its own read times")?;
		for AnswerTimes { openings, rounds, median_ms, worst_ms, proof_bytes } in &self.answers {
			writeln!(
				f,
				"answer    {openings} openings: median {median_ms:.2} ms, worst of {rounds} {worst_ms:.2} ms, \
				 {proof_bytes} bytes at most"
			)?;
		}
		write!(f, "{}", self.memory)
	}
}

impl fmt::Display for RestartFigures {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "deals     {}", self.deals)?;
		writeln!(f, "written   {:.1} s", self.written_in_seconds)?;
		writeln!(f, "restart   {:.2} s", self.seconds)?;
		writeln!(f, "proof     {:.2} s", self.first_proof_seconds)?;
		writeln!(f, "forest    {}", self.forest)?;
		writeln!(f, "journal   {:.1} MiB", gib(self.journal_bytes) * 1_024.0)?;
		write!(f, "{}", self.memory)
	}
}

impl fmt::Display for Memory {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let mib = |bytes| gib(bytes) * 1_024.0;
		write!(f, "memory    {:.1} MiB now, {:.1} MiB at most", mib(self.resident_bytes), mib(self.peak_bytes))
	}
}

fn gib(bytes: u64) -> f64 {
	bytes as f64 / f64::from(1u32 << 30)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn figures_are_measured_and_leave_nothing_behind() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("file");
		fs::write(&file, [7; 100_000]).unwrap();

		let committed = commit(&file, 2).unwrap();
		let answered = answer(3, 20_000, folder.path()).unwrap();
		let restarted = restart(5, folder.path()).unwrap();

		assert_eq!((committed.bytes, committed.threads), (100_000, 2));
		assert_eq!(committed.root, blake3::hash(&[7; 100_000]).to_hex().to_string());
		assert_eq!(answered.answers.iter().map(|times| times.openings).collect::<Vec<_>>(), [4, 16]);
		assert!(answered.answers.iter().all(|times| times.proof_bytes > 4_096 && times.median_ms <= times.worst_ms));
		assert!(restarted.deals == 5 && restarted.journal_bytes > 0 && restarted.memory.peak_bytes > 0);
		assert!(restarted.seconds <= restarted.first_proof_seconds);
		let json = serde_json::to_value(&answered).unwrap();
		assert!(json.pointer("/answers/0/proofBytes").is_some() && json.pointer("/memory/residentBytes").is_some());
		assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the file");
	}
}
