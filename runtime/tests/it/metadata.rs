//! Generic user interfaces print the documentation that the metadata carries: there must be some.

use crate::{
	chain::genesis_state,
	shapes::{api, shapes},
};
use frame_metadata::{v14::RuntimeMetadataV14, RuntimeMetadata};
use scale_info::{form::PortableForm, TypeDef, Variant};
use std::{fs, path::PathBuf};
use substation_runtime::{Runtime, VERSION};

/// This workspace's pallets.
const OURS: [&str; 9] = [
	"Pace",
	"Settings",
	"Disputes",
	"Registry",
	"StorageMarket",
	"StorageProofs",
	"BandwidthProofs",
	"PaymentChannels",
	"Rewards",
];

/// What upstream leaves undocumented.
const UPSTREAM: [&str; 1] = ["TxPause.error.NotFound"];

pub(crate) fn metadata() -> RuntimeMetadataV14 {
	match genesis_state("development").execute_with(Runtime::metadata).1 {
		RuntimeMetadata::V14(metadata) => metadata,
		_ => panic!("version 14 is the one that clients ask for first"),
	}
}

pub(crate) fn variants(metadata: &RuntimeMetadataV14, id: Option<u32>) -> Vec<Variant<PortableForm>> {
	let Some(id) = id else { return Vec::new() };
	match &metadata.types.resolve(id).expect("the type is there").type_def {
		TypeDef::Variant(variants) => variants.variants.clone(),
		other => panic!("an enum, not {other:?}"),
	}
}

fn is_empty(docs: &[String]) -> bool {
	docs.iter().all(|line| line.trim().is_empty())
}

/// Everything without documentation, as `Pallet.kind.name`.
fn undocumented(metadata: &RuntimeMetadataV14) -> Vec<String> {
	let mut missing = Vec::new();
	for pallet in &metadata.pallets {
		let ids = [
			("call", pallet.calls.as_ref().map(|calls| calls.ty.id)),
			("event", pallet.event.as_ref().map(|event| event.ty.id)),
			("error", pallet.error.as_ref().map(|error| error.ty.id)),
		];
		for (kind, id) in ids {
			let variants = variants(metadata, id);
			let bare = variants.iter().filter(|variant| is_empty(&variant.docs));
			missing.extend(bare.map(|variant| format!("{}.{kind}.{}", pallet.name, variant.name)));
		}
		let bare = pallet.constants.iter().filter(|constant| is_empty(&constant.docs));
		missing.extend(bare.map(|constant| format!("{}.constant.{}", pallet.name, constant.name)));
	}
	missing
}

#[test]
fn every_call_event_error_and_constant_is_documented() {
	let missing = undocumented(&metadata());

	assert_eq!(missing, UPSTREAM, "undocumented");
}

#[test]
fn every_field_of_our_events_and_every_item_of_our_storage_is_documented() {
	let metadata = metadata();
	let mut missing = Vec::new();
	for pallet in metadata.pallets.iter().filter(|pallet| OURS.contains(&pallet.name.as_str())) {
		for variant in variants(&metadata, pallet.event.as_ref().map(|event| event.ty.id)) {
			let bare = variant.fields.iter().filter(|field| is_empty(&field.docs));
			missing.extend(bare.map(|field| format!("{}.{}.{:?}", pallet.name, variant.name, field.name)));
		}
		let entries = pallet.storage.iter().flat_map(|storage| &storage.entries);
		missing.extend(
			entries
				.filter(|entry| is_empty(&entry.docs))
				.map(|entry| format!("{}.storage.{}", pallet.name, entry.name)),
		);
	}

	assert_eq!(missing, [""; 0], "undocumented");
	assert_eq!(metadata.pallets.iter().filter(|pallet| OURS.contains(&pallet.name.as_str())).count(), OURS.len());
}

/// Programs of an older release decode these answers after an upgrade: what is in the file may be added to, by methods
/// with a version of their own, and never changes. `SUBSTATION_WRITE_VECTORS=1` writes it anew.
#[test]
fn runtime_api_shapes_are_frozen() {
	// Where cargo runs the tests: they may have been compiled in another checkout with the same target directory.
	let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
	let file = folder.join("tests/it/substation_api.txt");
	let metadata =
		genesis_state("development").execute_with(|| Runtime::metadata_at_version(15)).expect("it is served");
	let (types, api) = api(&metadata, "SubstationApi");

	let now = shapes(&types, &api);

	if std::env::var_os("SUBSTATION_WRITE_VECTORS").is_some() {
		fs::write(&file, &now).expect("the file can be written");
	}
	let committed = fs::read_to_string(&file).unwrap_or_default();
	assert!(now == committed, "{} is not what the runtime answers; it makes\n{now}", file.display());
}

#[test]
fn the_runtime_api_has_the_version_that_its_methods_need() {
	let id = substation_runtime_api::runtime_decl_for_substation_api::ID;

	let version = VERSION.apis.iter().find(|(api, _)| *api == id).map(|(_, version)| *version);

	assert_eq!(version, Some(1));
}
