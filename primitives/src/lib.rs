//! What Substation's pallets, node and agent share: newtypes that carry units, ids, settings, and the few small
//! traits through which pallets talk to each other without knowing each other.
//!
//! Nothing here depends on FRAME. A pallet may depend on this crate and on `substation-proofs`, never on another
//! pallet of this workspace; they meet in the runtime.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod agent_api;
pub mod bandwidth;
pub mod channel;
pub mod clock;
pub mod deal;
pub mod dispute;
pub mod free_calls;
pub mod interruptions;
pub mod node;
pub mod pages;
pub mod pots;
pub mod rewards;
pub mod settings;
pub mod traits;
pub mod units;

pub use bandwidth::{Committees, Direction, Kbits, Rates, TestId};
pub use clock::{Clock, WindowSeed};
pub use interruptions::{Interruption, Interruptions, MAX_INTERRUPTIONS};
pub use node::{AgentKey, EndpointId, NodeInfo, NodeStatus, Offer, Region, ResourceClass};
pub use units::{Balance, BlockNumber, Bytes, ChannelId, DealId, DisputeId, NodeId, Period};
