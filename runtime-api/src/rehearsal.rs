//! Answers of the version of the API that a rehearsed upgrade brings: what a program of today finds once it is old.

use codec::{Decode, Encode};
use scale_info::TypeInfo;
use substation_primitives::{pages::NodePage, settings::Settings};

/// A node's page with one more field.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NodePage2<AccountId> {
	/// As it was.
	pub page: NodePage<AccountId>,
	/// What older programs do not know.
	pub note: u32,
}

/// Every tunable, with one more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Settings2 {
	/// As they were.
	pub settings: Settings,
	/// What older programs do not know.
	pub note: u32,
}
