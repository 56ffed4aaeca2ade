/// What this runtime calls itself.
///
/// A change of encodings of calls or extensions raises `transaction_version`, every release raises `spec_version`.
/// The environment variable `SUBSTATION_SPEC_VERSION` overrides the latter at build time.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("substation"),
	impl_name: Cow::Borrowed("substation-node"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};
