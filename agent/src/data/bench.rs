//! Figures of this machine, measured on the code that really runs.

use super::{
	answer,
	blobs::BlobStore,
	disk,
	forests::Forests,
	hashing,
	journal::{DealRecord, DealState},
	progress::Progress,
	storage::Storage,
	tree::{self, Node, GROUP_BYTES},
	Hash,
};
use anyhow::{ensure, Context, Result};
use codec::Encode;
use std::{
	fs::{self, File},
	os::unix::fs::FileExt,
	path::Path,
	time::{Duration, Instant},
};
use substation_proofs::{forest::Leaf, prover::ForestTree, Challenge};

/// Challenges that are answered for one figure.
const ROUNDS: u32 = 50;

/// Hashes a file and prints how long it took. Leaves nothing behind.
pub fn commit(file: &Path, threads: usize) -> Result<()> {
	let folder = tempfile::tempdir_in(disk::folder_of(file)).or_else(|_| tempfile::tempdir())?;
	let started = Instant::now();
	let content = hashing::commit(file, &folder.path().join("outboard"), threads, &Progress::silent())?;
	let elapsed = started.elapsed();
	println!("root      {}", hex::encode(content.root));
	println!("bytes     {}", content.length);
	println!("threads   {threads}");
	println!("time      {:.3} s", elapsed.as_secs_f64());
	println!("rate      {:.2} GiB/s", gib(content.length) / elapsed.as_secs_f64().max(1e-9));
	print_memory();
	Ok(())
}

/// Answers challenges over `deals` sparse contents of `bytes` each, made in `folder`, and prints how long it took.
///
/// The contents are zeros but for their first eight bytes, so each has a root of its own. Their outboards are real
/// and take 0.4 % of the bytes on the disk.
pub fn answer(deals: u32, bytes: u64, folder: &Path) -> Result<()> {
	ensure!(deals > 0 && bytes >= 8, "at least one deal of at least eight bytes");
	let outboards = tree::outboard_length(bytes).saturating_mul(deals.into());
	disk::ensure_room(folder, outboards)??;
	let folder = tempfile::tempdir_in(folder)?;
	let started = Instant::now();
	let (blobs, tree) = sparse(deals, bytes, folder.path())?;
	println!("deals     {deals} of {bytes} bytes, {:.2} GiB in all", gib(tree.forest().total));
	println!("made in   {:.1} s", started.elapsed().as_secs_f64());
	println!("note      contents are sparse and their trees fresh in the page cache: a disk adds its own read times");
	for openings in [4, 16] {
		let mut times = Vec::new();
		let mut size = 0;
		for period in 0..ROUNDS {
			let challenge = Challenge {
				genesis: [1; 32],
				seed: *blake3::hash(&period.encode()).as_bytes(),
				node: 1,
				period,
				openings,
			};
			let started = Instant::now();
			let proof = answer::answer(&blobs, &tree, &challenge)?;
			times.push(started.elapsed());
			size = size.max(proof.encoded_size());
		}
		print_times(openings, size, &mut times);
	}
	print_memory();
	Ok(())
}

/// Writes `deals` accepted deals with contents of eight bytes into `folder`, opens it as a start does, and prints how
/// long that took.
pub fn restart(deals: u32, folder: &Path) -> Result<()> {
	let folder = tempfile::tempdir_in(folder)?;
	let started = Instant::now();
	write_deals(deals, folder.path())?;
	println!("deals     {deals}");
	println!("written   {:.1} s", started.elapsed().as_secs_f64());
	let started = Instant::now();
	let storage = Storage::open(folder.path())?;
	let forests = Forests::open(&storage.journal, 1)?;
	let elapsed = started.elapsed();
	ensure!(forests.current_tree().len() == storage.journal.len(), "the forest does not hold every deal");
	ensure!(storage.blobs.list().len() == storage.journal.len(), "the store does not hold every content");
	println!("restart   {:.2} s", elapsed.as_secs_f64());
	println!("forest    {}", hex::encode(forests.current().root));
	println!("journal   {:.1} MiB", gib(fs::metadata(folder.path().join("journal.redb"))?.len()) * 1_024.0);
	print_memory();
	Ok(())
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

fn write_deals(deals: u32, folder: &Path) -> Result<()> {
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
		(slot, Leaf { deal: record.deal, root: record.root, length: record.length })
	};
	let leaves: Vec<(u32, Leaf)> = (0..deals).zip(&records).map(leaf).collect();
	let depth = u32::BITS.saturating_sub(deals.saturating_sub(1).leading_zeros());
	storage.journal.replace_forest(u8::try_from(depth)?, &leaves)?;
	Ok(())
}

fn print_times(openings: u8, size: usize, times: &mut [Duration]) {
	times.sort_unstable();
	let millis = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
	println!(
		"answer    {openings} openings: median {:.2} ms, worst of {} {:.2} ms, {size} bytes at most",
		millis(times.get(times.len() / 2)),
		times.len(),
		millis(times.last()),
	);
}

/// Prints what the process takes now and has taken at most.
fn print_memory() {
	let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let field = |name: &str| {
		let line = status.lines().find(|line| line.starts_with(name)).unwrap_or("unknown");
		line.trim_start_matches(name).trim().to_owned()
	};
	println!("memory    {} now, {} at most", field("VmRSS:"), field("VmHWM:"));
}

fn gib(bytes: u64) -> f64 {
	bytes as f64 / f64::from(1u32 << 30)
}
