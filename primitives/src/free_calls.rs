//! How long a free call waits for a block, whether the off-chain worker or the agent sends it.

/// Blocks that one attempt lives. Short, so that a proof can be sent anew within its window. Pools tell each peer of a
/// transaction once: one that is behind at that moment does not know the window yet and forgets it, and while the
/// sender's pool holds the proof it takes no other of the same period.
pub const LIFETIME: u64 = 8;

/// How many blocks before the best one an attempt is born: its hash is known in every context in which an off-chain worker
/// runs, and to peers that are one block behind.
pub const BORN_BEFORE: u64 = 2;
