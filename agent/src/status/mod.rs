//! All that people and scripts read about a node: reports, the loopback HTTP that serves them, and metrics.
//!
//! | File | Topic |
//! |---|---|
//! | `report` | how the node stands |
//! | `line` | how its link stands |
//! | `rewards`, `disputes`, `history`, `program`, `missing` | parts of the report |
//! | `http` | what the agent answers on loopback |
//! | `metrics` | what it counts for Prometheus |

pub mod disputes;
pub mod history;
pub mod http;
pub mod line;
pub mod metrics;
pub mod missing;
pub mod program;
pub mod report;
pub mod rewards;
