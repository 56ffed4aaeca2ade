//! The worker that lets a full node prove for the agent beside it.
//!
//! On every new best block: who are we, is a window open for us, what does the agent answer, is the answer right,
//! into the pool with it. The worker holds no key and trusts nobody: it verifies what the agent answered before it
//! submits, so a confused agent never fills the pool.

use crate::{types::Ticket, Call, Config, Pallet, Refusal};
use alloc::{boxed::Box, format, string::String, vec, vec::Vec};
use codec::{Decode, DecodeAll, Encode};
use frame_system::offchain::{CreateAuthorizedTransaction, SubmitTransaction};
use sp_core::offchain::{Duration, Timestamp};
use sp_runtime::offchain::{
	http::{PendingRequest, Request},
	storage::StorageValueRef,
	storage_lock::{StorageLock, Time},
};
use substation_primitives::{
	agent_api::{ProveRequest, AGENT_URL_KEY, MAX_ANSWER, NODE_PATH, PROVE_PATH},
	BlockNumber, NodeId, Period,
};
use substation_proofs::{storage::StorageProof, Hash};

/// One worker at a time.
const LOCK_KEY: &[u8] = b"substation/prove-lock";

/// What was submitted last.
const SENT_KEY: &[u8] = b"substation/prove-sent";

/// How long one request may take, in milliseconds.
const REQUEST_TIMEOUT: u64 = 2_000;

/// When a lock that was never released is void, in milliseconds: both requests, and the time to verify.
const LOCK_TIMEOUT: u64 = 3 * REQUEST_TIMEOUT;

/// Blocks that a submitted proof has to get into one before it is sent again.
const RETRY_AFTER: BlockNumber = 3;

/// Most octets of the agent's answer to who it serves: a `u64` in decimals.
const MAX_NODE_ID: u32 = 20;

/// Why nothing was submitted. None of them harms: the next block is another chance, and the agent can submit by
/// itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffchainError {
	/// No agent is configured, or its address does not decode.
	NoAgent,
	/// Another worker is at it.
	Locked,
	/// The agent did not answer in time, or not with success.
	Unreachable,
	/// The agent's answer is longer than it may be.
	TooLong,
	/// The agent's answer does not decode.
	Garbled,
	/// There is nothing to prove in the next block.
	NotDue(Refusal),
	/// Submitted a moment ago, and it may still be included.
	Sent,
	/// The agent's proof is wrong: it may have lost data, or follow another fork.
	WrongProof,
	/// The pool did not take the transaction.
	PoolRefused,
}

/// A proof that was handed to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Sent {
	node: NodeId,
	period: Period,
	/// A re-organisation changes it, and makes the submitted proof worthless.
	seed: Hash,
	at: BlockNumber,
}

/// Proves what is due after block `now`, if an agent is configured.
pub(crate) fn run<T: Config>(now: BlockNumber) -> Result<(), OffchainError> {
	let url = agent_url()?;
	let mut lock = StorageLock::<Time>::with_deadline(LOCK_KEY, Duration::from_millis(LOCK_TIMEOUT));
	let _guard = lock.try_lock().map_err(|_| OffchainError::Locked)?;

	let node = node_of_agent(&url)?;
	// A transaction made now is executed in the next block at the earliest.
	let target = now.saturating_add(1);
	let period = Pallet::<T>::current_at(node, target);
	let ticket = Pallet::<T>::ticket(node, period, target).map_err(OffchainError::NotDue)?;
	let sent = Sent { node, period, seed: ticket.challenge.seed, at: now };
	if was_sent(&sent) {
		return Err(OffchainError::Sent);
	}

	let proof = ask(&url, &ticket)?;
	Pallet::<T>::check_proof(&ticket, &proof).map_err(|_| OffchainError::WrongProof)?;
	submit::<T>(&ticket, proof)?;
	StorageValueRef::persistent(SENT_KEY).set(&sent);
	Ok(())
}

/// Where the node's operator says that the agent listens.
fn agent_url() -> Result<String, OffchainError> {
	let value = StorageValueRef::persistent(AGENT_URL_KEY).get::<String>();
	value.ok().flatten().ok_or(OffchainError::NoAgent)
}

fn node_of_agent(url: &str) -> Result<NodeId, OffchainError> {
	let deadline = deadline();
	let pending = Request::get(&format!("{url}{NODE_PATH}")).deadline(deadline).send();
	let answer = read(pending.map_err(|_| OffchainError::Unreachable)?, deadline, MAX_NODE_ID)?;
	let text = core::str::from_utf8(&answer).map_err(|_| OffchainError::Garbled)?;
	text.trim().parse().map_err(|_| OffchainError::Garbled)
}

fn ask(url: &str, ticket: &Ticket) -> Result<StorageProof, OffchainError> {
	let deadline = deadline();
	let request = ProveRequest { challenge: ticket.challenge, forest: ticket.forest }.encode();
	let pending = Request::post(&format!("{url}{PROVE_PATH}"), vec![request])
		.deadline(deadline)
		.add_header("content-type", "application/octet-stream")
		.send();
	let answer = read(pending.map_err(|_| OffchainError::Unreachable)?, deadline, MAX_ANSWER)?;
	StorageProof::decode_all(&mut answer.as_slice()).map_err(|_| OffchainError::Garbled)
}

fn submit<T: Config>(ticket: &Ticket, proof: StorageProof) -> Result<(), OffchainError> {
	let call = Call::<T>::prove { node: ticket.node, period: ticket.period, proof: Box::new(proof) };
	let transaction = <T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.into());
	SubmitTransaction::<T, Call<T>>::submit_transaction(transaction).map_err(|()| OffchainError::PoolRefused)
}

/// Whether the same proof was handed to the pool so lately that it may still be included.
fn was_sent(now: &Sent) -> bool {
	let last = StorageValueRef::persistent(SENT_KEY).get::<Sent>().ok().flatten();
	last.is_some_and(|last| {
		let same = Sent { at: now.at, ..last } == *now;
		// A height below the last one means another fork: its pool may not know the proof.
		same && now.at >= last.at && now.at - last.at < RETRY_AFTER
	})
}

fn deadline() -> Timestamp {
	sp_io::offchain::timestamp().add(Duration::from_millis(REQUEST_TIMEOUT))
}

/// Reads an answer of at most `limit` octets.
fn read(pending: PendingRequest, deadline: Timestamp, limit: u32) -> Result<Vec<u8>, OffchainError> {
	let response = match pending.try_wait(deadline) {
		Ok(Ok(response)) if response.code == 200 => response,
		_ => return Err(OffchainError::Unreachable),
	};
	let limit = usize::try_from(limit).map_err(|_| OffchainError::TooLong)?;
	let mut body = response.body();
	body.deadline(deadline);
	let mut octets = Vec::new();
	for octet in body.by_ref() {
		if octets.len() >= limit {
			return Err(OffchainError::TooLong);
		}
		octets.push(octet);
	}
	match body.error() {
		Some(_) => Err(OffchainError::Unreachable),
		None => Ok(octets),
	}
}
