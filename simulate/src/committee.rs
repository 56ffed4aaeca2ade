//! What the members of a committee do, and the measurement that comes of it.
//!
//! No byte flows: a measurement says what a tested node's agent would have found, and all of its signatures are real.

use crate::node::Node;
use std::collections::BTreeMap;
use substation_primitives::{
	bandwidth::{Receipt, TestPage},
	NodeId,
};
use substation_proofs::{
	bandwidth::{self, Subject},
	NativeHasher,
};
use substation_runtime::{Runtime, RuntimeCall};

/// What one member does in one test. Who does nothing at all has no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
	/// Carries its share, as fast as the line that is tested allows.
	Carries,
	/// Carries a single byte, so that it may sign.
	Idles,
	/// Carries nothing, and signs that it has carried the most that a member may.
	Vouches,
}

/// The measurement of a test on a line that is as fast as claimed. `None` if there is no receipt to hand in.
pub(crate) fn measurement(
	tested: &Node,
	test: &TestPage,
	parts: &BTreeMap<NodeId, (&Node, Part)>,
) -> Option<RuntimeCall> {
	let subject = Subject {
		genesis: test.genesis,
		test: (test.id.block, test.id.index),
		node: test.node.0,
		direction: test.direction,
	};
	let most = bandwidth::cap(test.total, u8::try_from(test.committee.len()).ok()?);
	let seats: Vec<_> = test.committee.iter().map(|member| parts.get(&member.node).copied()).collect();
	let carriers = seats.iter().flatten().filter(|(_, part)| *part == Part::Carries).count();
	let share = test.total.div_ceil(u64::try_from(carriers).ok()?.max(1)).min(most);
	let count_of = |part| match part {
		Part::Carries => share,
		Part::Idles => 1,
		Part::Vouches => most,
	};
	let count = |seat: &Option<(&Node, Part)>| seat.map_or(Ok(0), |(_, part)| u32::try_from(count_of(part)));
	let counts = seats.iter().map(count).collect::<Result<Vec<_>, _>>().ok()?;
	let elapsed = test.total * 8 * bandwidth::WIRE / bandwidth::PAYLOAD / u64::from(test.claim.max(1));
	let elapsed = u32::try_from(elapsed).ok()?.max(1);

	let marks: Vec<_> = seats.iter().map(|seat| seat.map(|(node, _)| [node.id.0 as u8; 32])).collect();
	let start = bandwidth::start_token::<NativeHasher>(&subject, &marks);
	let digest = bandwidth::digest::<NativeHasher>(&start, &marks);
	let commitment = bandwidth::commitment::<NativeHasher>(&subject, &counts, &digest);
	let message = bandwidth::receipt_message(&subject, &commitment, elapsed);
	let receipts: Vec<_> =
		seats.iter().map(|seat| seat.map(|(node, _)| Receipt { elapsed, signature: node.sign(&message) })).collect();
	let times: Vec<_> = receipts.iter().map(|receipt| receipt.as_ref().map(|receipt| receipt.elapsed)).collect();
	if times.iter().all(Option::is_none) {
		return None;
	}
	let message = bandwidth::measurement_message(&subject, &commitment, &times);
	let call = pallet_bandwidth_proofs::Call::<Runtime>::submit_measurement {
		test: test.id,
		counts: counts.try_into().ok()?,
		digest,
		receipts: receipts.try_into().ok()?,
		signature: tested.sign(&message),
	};
	Some(call.into())
}
