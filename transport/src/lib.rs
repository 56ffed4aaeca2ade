#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod door;
pub mod gate;
pub mod messages;
pub mod offer;
pub mod places;
pub mod quic;
pub mod refused;
pub mod secret;
pub mod serve;
pub mod source;
pub mod transfer;
