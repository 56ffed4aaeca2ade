//! Every call of the runtime, for tests in which each has to be decided about: one that is added fails them.

use crate::metadata::{metadata, variants};
use codec::Decode;
use std::collections::BTreeMap;
use substation_runtime::RuntimeCall;

/// A call of the metadata.
pub(crate) struct Listed {
	pub pallet: String,
	pub name: String,
	/// The call with arguments of zeros, or of ones where zeros mean nothing.
	pub call: RuntimeCall,
}

/// Pallets, and what is said of their calls.
pub(crate) type List = [(&'static str, &'static str)];

/// All calls, in the order of their indices.
pub(crate) fn every_call() -> Vec<Listed> {
	let metadata = metadata();
	let mut listed = Vec::new();
	for pallet in &metadata.pallets {
		for variant in variants(&metadata, pallet.calls.as_ref().map(|calls| calls.ty.id)) {
			let call = [0, 1].into_iter().find_map(|filler| decode(pallet.index, variant.index, filler));
			let call = call.unwrap_or_else(|| panic!("{}.{} has other arguments", pallet.name, variant.name));
			listed.push(Listed { pallet: pallet.name.clone(), name: variant.name, call });
		}
	}
	assert!(listed.len() > 150, "{} calls", listed.len());
	listed
}

fn decode(pallet: u8, call: u8, filler: u8) -> Option<RuntimeCall> {
	let mut bytes = vec![filler; 1 << 16];
	(bytes[0], bytes[1]) = (pallet, call);
	RuntimeCall::decode(&mut &bytes[..]).ok()
}

/// Asserts that each call is in exactly one of two lists, and that `judge` says yes of those in the first one only.
#[track_caller]
pub(crate) fn assert_decided(yes: &List, no: &List, judge: impl Fn(&Listed) -> bool) {
	let calls = every_call();
	let mut decided = BTreeMap::<(&str, &str), Vec<bool>>::new();
	for (list, answer) in [(yes, true), (no, false)] {
		for (pallet, calls) in list {
			calls.split_whitespace().for_each(|call| decided.entry((pallet, call)).or_default().push(answer));
		}
	}
	let mut wrong = Vec::new();
	for listed in &calls {
		let name = format!("{}.{}", listed.pallet, listed.name);
		match decided.remove(&(listed.pallet.as_str(), listed.name.as_str())).as_deref() {
			None => wrong.push(format!("{name} is in neither list")),
			Some([answer]) if *answer == judge(listed) => (),
			Some([answer]) => wrong.push(format!("{name} is in the list of {answer}, and is not so")),
			Some(_) => wrong.push(format!("{name} is listed twice")),
		}
	}
	wrong.extend(decided.keys().map(|(pallet, call)| format!("{pallet}.{call} is no call")));
	assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[should_panic(expected = "is in neither list")]
fn a_call_that_nobody_has_decided_about_is_noticed() {
	assert_decided(&[("System", "remark")], &[], |_| true);
}
