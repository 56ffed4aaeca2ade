//! Measurements that the program makes of itself: [`storage`] of disk and proofs, [`delivery`] of paid downloads.

pub mod delivery;
pub mod storage;
