//! Free lists of the worker, one per size.
//!
//! | file | subject |
//! |---|---|
//! | [`class`] | which list a layout belongs to |
//! | [`chunk`] | the memory that blocks are carved from |
//! | [`returned`] | the stack onto which other threads push what they give back |
//! | [`pool`] | the lists, and the five verbs |
//!
//! # The life of a block
//! ```text
//!            1 carve            2 alloc                       4 dealloc_foreign
//!   chunk ───────────▶ list ◀──────────────▶ in use ─────────────────────▶ returned stack
//!                        ▲      3 dealloc                                          │
//!                        └─────────────────────────────────────────────────────────┘
//!                                 5 sort_returned: the owner, when a list is dry
//! ```
//! 1, 2, 3 and 5 are the owner's: loads and stores. 4 is anyone's: one compare-exchange. The memory goes back to the
//! global allocator when the pool is dropped, and not before: what a pool held at its peak it keeps, and a block stays of
//! the size as which it was carved. A block that no list serves, larger than 1 KiB or aligned to more than 16, comes from
//! the global allocator and returns to it at once, from any thread.

mod chunk;
mod class;
mod pool;
mod returned;

pub use pool::{Pool, Pooled};
