//! Every call that the program makes is, to the runtime of this repository, the call that was meant.

#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used,
	reason = "helpers of tests, which clippy does not recognise as such"
)]

use codec::DecodeAll;
use pallet_registry::NodeSpec as Spec;
use sp_runtime::BoundedVec;
use substation_client::{calls::NodeSpec, compatibility::every_call, AccountId, Call, Measurement};
use substation_primitives::{
	bandwidth::{Rates, Receipt, TestId},
	deal::{Acceptance, Clearance, Proposal},
	Bytes, ChannelId, DealId, NodeId, Offer, Period, Region, ResourceClass,
};
use substation_proofs::{
	forest::{Leaf, UpdateProof},
	storage::StorageProof,
};
use substation_runtime::{Runtime, RuntimeCall};
use subxt::metadata::Metadata;

const NODE: NodeId = NodeId(1 << 40);
const DEAL: DealId = DealId(3);
const CHANNEL: ChannelId = ChannelId(4);
const AMOUNT: u128 = 5 << 70;
const OFFER: Offer = Offer { capacity: 6, price: 7 };
const RATES: Rates = Rates { down: 8, up: 9 };
const HASH: [u8; 32] = [10; 32];
const SIGNATURE: [u8; 64] = [11; 64];
const REGION: Region = Region(*b"CH");
const ADDRESS: &[u8] = b"192.0.2.1:4550";

/// What the runtime takes the bytes of a call for.
fn decoded(metadata: &Metadata, call: &Call) -> RuntimeCall {
	let is_listed = every_call().iter().any(|known| known.title() == call.title());
	assert!(is_listed, "{} is made, and not among those that are compared after an upgrade", call.title());
	let octets = call.encode(metadata).unwrap_or_else(|error| panic!("{}: {error}", call.title()));
	RuntimeCall::decode_all(&mut &octets[..]).unwrap_or_else(|error| panic!("{}: {error}", call.title()))
}

fn metadata() -> Metadata {
	// Some constants are read from the state, where an empty one has its defaults.
	let opaque = sp_io::TestExternalities::default().execute_with(|| Runtime::metadata_at_version(15));
	let opaque = opaque.expect("the runtime has metadata of this version");
	Metadata::decode_from(&opaque).expect("they are well-formed")
}

fn spec() -> NodeSpec {
	NodeSpec { agent: [1; 32], endpoint: [2; 32], addresses: vec![ADDRESS.to_vec()], region: REGION }
}

fn update() -> UpdateProof {
	UpdateProof { weights: vec![1 << 50], hashes: vec![HASH] }
}

fn bounded<T, Most: sp_core::Get<u32>>(items: Vec<T>) -> BoundedVec<T, Most> {
	BoundedVec::try_from(items).ok().expect("it has room")
}

fn check(cases: Vec<(Call, RuntimeCall)>) {
	let metadata = metadata();
	for (call, meant) in cases {
		assert_eq!(decoded(&metadata, &call), meant, "{}", call.title());
	}
}

#[test]
fn calls_of_the_registry_are_what_they_are_meant_to_be() {
	use pallet_registry::Call::*;
	let (class, bandwidth) = (ResourceClass::Storage, ResourceClass::Bandwidth);
	let NodeSpec { agent, endpoint, region, .. } = spec();
	let addresses = || bounded(vec![bounded(ADDRESS.to_vec())]);
	let registered = Spec { agent, endpoint, addresses: addresses(), region };
	let cases = vec![
		(
			Call::register(&spec(), OFFER, AMOUNT, SIGNATURE),
			register { spec: registered, class, offer: OFFER, bond: AMOUNT, proof: SIGNATURE },
		),
		(Call::set_contact(NODE, &spec()), set_contact { node: NODE, endpoint, addresses: addresses(), region }),
		(Call::set_offer(NODE, OFFER), set_offer { node: NODE, class, offer: OFFER }),
		(
			Call::add_class(NODE, bandwidth, OFFER, AMOUNT),
			add_class { node: NODE, class: bandwidth, offer: OFFER, bond: AMOUNT },
		),
		(Call::add_bond(NODE, bandwidth, AMOUNT), add_bond { node: NODE, class: bandwidth, amount: AMOUNT }),
		(Call::release_bond(NODE, bandwidth, AMOUNT), release_bond { node: NODE, class: bandwidth, amount: AMOUNT }),
		(Call::leave(NODE), leave { node: NODE }),
		(Call::unbond(NODE), unbond { node: NODE }),
		(Call::withdraw(NODE), withdraw { node: NODE }),
	];
	check(cases.into_iter().map(|(call, meant)| (call, RuntimeCall::Registry(meant))).collect());
}

#[test]
fn calls_of_the_market_and_of_storage_proofs_are_what_they_are_meant_to_be() {
	use pallet_storage_market::Call::*;
	use pallet_storage_proofs::Call::{prove, report_missed};
	let proposal = Proposal { node: NODE, root: HASH, length: Bytes(1 << 33), periods: 12, price: AMOUNT };
	let (acceptance, clearance) =
		(Acceptance { deal: DEAL, slot: 13 }, Clearance { slot: 14, leaf: Leaf { deal: 15, root: HASH, length: 16 } });
	let (depth, proof, signature) = (16, update(), SIGNATURE);
	let accepted =
		accept { node: NODE, acceptances: bounded(vec![acceptance]), depth, proof: proof.clone(), signature };
	let cleared = clear { node: NODE, clearances: bounded(vec![clearance]), depth, proof: proof.clone(), signature };
	let cases = vec![
		(Call::propose(&proposal), propose { proposal }),
		(Call::withdraw_proposal(DEAL), withdraw_proposal { deal: DEAL }),
		(Call::accept(NODE, &[acceptance], depth, &proof, signature), accepted),
		(Call::clear(NODE, &[clearance], depth, &proof, signature), cleared),
		(Call::settle(DEAL), settle { deal: DEAL }),
		(Call::end_early(DEAL), end_early { deal: DEAL }),
		(Call::forfeit(DEAL), forfeit { deal: DEAL }),
		(Call::close(DEAL), close { deal: DEAL }),
	];
	check(cases.into_iter().map(|(call, meant)| (call, RuntimeCall::StorageMarket(meant))).collect());

	let (period, proof) = (
		Period(17),
		StorageProof { weights: vec![18], hashes: vec![HASH], chunks: vec![vec![19]], ..Default::default() },
	);
	let cases = vec![
		(Call::prove(NODE, period, &proof), prove { node: NODE, period, proof: Box::new(proof.clone()) }),
		(Call::report_missed(NODE), report_missed { node: NODE }),
	];
	check(cases.into_iter().map(|(call, meant)| (call, RuntimeCall::StorageProofs(meant))).collect());
}

#[test]
fn calls_about_lines_are_what_they_are_meant_to_be() {
	use pallet_bandwidth_proofs::Call::*;
	let (test, signature) = (TestId { block: 20, index: 1 }, SIGNATURE);
	let receipt = Receipt { elapsed: 21, signature: [22; 64] };
	let measurement = Measurement {
		test,
		counts: vec![23, 0],
		digest: HASH,
		receipts: vec![Some((receipt.elapsed, receipt.signature)), None],
		signature,
	};
	let submitted = submit_measurement {
		test,
		counts: bounded(measurement.counts.clone()),
		digest: HASH,
		receipts: bounded(vec![Some(receipt), None]),
		signature,
	};
	let cases = vec![
		(
			Call::take_seats(NODE, RATES, 24, AMOUNT),
			take_seats { node: NODE, claim: RATES, seats: 24, prepaid: AMOUNT },
		),
		(Call::set_claim(NODE, RATES), set_claim { node: NODE, claim: RATES }),
		(Call::give_up_seats(NODE), give_up_seats { node: NODE }),
		(Call::prepay(NODE, AMOUNT), prepay { node: NODE, amount: AMOUNT }),
		(Call::withdraw_prepaid(NODE, AMOUNT), withdraw_prepaid { node: NODE, amount: AMOUNT }),
		(Call::submit_measurement(&measurement), submitted),
		(Call::collect_earned(NODE), collect_earned { node: NODE }),
		(Call::remove_line(NODE), remove_line { node: NODE }),
	];
	check(cases.into_iter().map(|(call, meant)| (call, RuntimeCall::BandwidthProofs(meant))).collect());
}

#[test]
fn calls_about_money_are_what_they_are_meant_to_be() {
	use pallet_payment_channels::Call::{close, finish_closing, open, redeem, start_closing, top_up};
	let (payee, signature) = (AccountId::from([25; 32]), SIGNATURE);
	let opened = open { payee: [25; 32].into(), key: HASH, deposit: AMOUNT };
	let cases = vec![
		(Call::open_channel(&payee, HASH, AMOUNT), opened),
		(Call::top_up(CHANNEL, AMOUNT), top_up { channel: CHANNEL, amount: AMOUNT }),
		(Call::redeem(CHANNEL, AMOUNT, signature), redeem { channel: CHANNEL, cumulative: AMOUNT, signature }),
		(Call::start_closing(CHANNEL), start_closing { channel: CHANNEL }),
		(Call::finish_closing(CHANNEL), finish_closing { channel: CHANNEL }),
		(Call::close_channel(CHANNEL), close { channel: CHANNEL }),
	];
	check(cases.into_iter().map(|(call, meant)| (call, RuntimeCall::PaymentChannels(meant))).collect());

	let claim = pallet_rewards::Call::claim { nodes: bounded(vec![NODE, NodeId(26)]) };
	check(vec![(Call::claim(&[NODE, NodeId(26)]), RuntimeCall::Rewards(claim))]);
}

#[test]
fn calls_about_disputes_are_what_they_are_meant_to_be() {
	use pallet_disputes::Call::{answer_by_agent, concede, open};
	let signature = SIGNATURE;
	let cases = vec![
		(Call::open_dispute(DEAL, HASH, AMOUNT), open { deal: DEAL, evidence: HASH, bond: AMOUNT }),
		(Call::answer_dispute(DEAL, HASH, signature), answer_by_agent { deal: DEAL, evidence: HASH, signature }),
		(Call::concede(DEAL), concede { deal: DEAL }),
	];
	check(cases.into_iter().map(|(call, meant)| (call, RuntimeCall::Disputes(meant))).collect());
}

#[test]
fn several_calls_at_once_are_what_each_of_them_is_alone() {
	let (calls, metadata) = (vec![Call::leave(NODE), Call::prepay(NODE, AMOUNT)], metadata());
	let alone = calls.iter().map(|call| decoded(&metadata, call)).collect();

	let all = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: alone });
	assert_eq!(decoded(&metadata, &Call::batch(calls)), all);
}
