//! Buffers for I/O out of one block: aligned to pages, of sizes that are powers of two, given back by any thread.
//!
//! | file | subject |
//! |---|---|
//! | [`pool`] | the block, and who has which part of it |
//! | [`buffer`] | a buffer that is out: bytes that an operation may own |
//! | [`refused`] | why there is none |
//!
//! # The life of a buffer
//! ```text
//!           1 get                2 drop, on any thread
//!   free ──────────▶ out ──────────────────────────────▶ free
//! ```
//! The smallest class is the unit. A buffer is a run of units whose number is a power of two, and begins at a multiple of
//! its own size; a [map](crate::bitmap) has a bit for each. 1 claims the first such run that is free, and 2 clears its
//! bits. So a large buffer is split by taking less of it, and its halves are one again when both are back: nothing is
//! kept for that, and nobody merges. Buffers are taken from below, so that large runs stay whole above.
//!
//! Lists of buffers by class were rejected. A stack that many threads pop from has to tell a head from the same head that
//! was away in between; and whoever merges two halves has to find the other one in the middle of a list.
//!
//! # What it costs
//! Each way is a locked instruction on a word of the map, two for more than a word's units, and one on the count that keeps the
//! block. Nothing is allocated after the pool was made. A pool that is nearly empty is searched word by word: 16,384 units
//! of 4 KiB, 64 MiB, are 256 words.

mod buffer;
mod pool;
mod refused;

#[cfg(all(test, loom))]
#[path = "tests/loom.rs"]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;

pub use buffer::PoolBuffer;
pub use pool::BufferPool;
pub use refused::NoBuffer;
