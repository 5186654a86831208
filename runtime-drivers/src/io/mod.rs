//! What is done with anything that reads or writes: buffering, lines, copying.
//!
//! | file | holds |
//! |---|---|
//! | `traits` | [`Reads`], [`Writes`]: what the rest is written for |
//! | `reader` | [`BufReader`], [`Lines`] |
//! | `copying` | [`copy`], [`copy_bidirectional`] |
//!
//! *Architecture Invariant:* nothing here names an operation or a driver. What a call does when it is dropped follows from
//! the two traits alone.

mod copying;
mod reader;
mod traits;

pub use copying::{copy, copy_bidirectional};
pub use reader::{BufReader, Lines};
pub use traits::{Reads, Writes};
