//! This machine's line: measured by committees of others, and measuring theirs.
//!
//! | File | Topic |
//! |---|---|
//! | `protocol` | frames on the wire |
//! | `exam` | the fixed numbers of one test |
//! | `pace` | sending no faster than agreed |
//! | `tested` | the node that is tested |
//! | `decide` | when it has seen enough, as pure functions |
//! | `member` | a member of a committee |
//! | `check` | what a member signs, as pure functions |
//! | `limits` | what the operator grants to tests of others |
//! | `ledger` | where tests are looked up |
//! | `line` | one look per block: what is due |
//! | `history` | the latest tests, and who failed and why |
//! | `report` | how the line stands, in words |

pub mod check;
pub mod decide;
pub mod exam;
pub mod history;
pub mod ledger;
pub mod limits;
pub mod line;
pub mod member;
pub mod pace;
pub mod protocol;
pub mod tested;
#[cfg(test)]
mod tests;
