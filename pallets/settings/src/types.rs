//! The one type that FRAME needs and `primitives` cannot have.

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::traits::PalletError;
use scale_info::TypeInfo;
use substation_primitives::settings::SettingError;

/// Which setting was refused, inside of a module error. Encodes exactly like [`SettingError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct BadSetting(pub SettingError);

impl PalletError for BadSetting {
	// An enum, one variant of which holds an enum without fields.
	const MAX_ENCODED_SIZE: usize = 2;
}
