//! How the runtime configures each pallet, by theme.

mod assets;
mod bandwidth;
mod consensus;
mod depin;
mod governance;
mod proxies;
mod rewards;
mod system;

pub use proxies::ProxyType;
pub use system::{RuntimeBlockLength, RuntimeBlockWeights};
