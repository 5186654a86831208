//! What is done with anything that reads or writes: buffering, lines, copying.
//!
//! | file | holds |
//! |---|---|
//! | `traits` | [`Reads`], [`Writes`]: what the rest is written for |
//! | `both` | [`Duplex`], what does both at once; [`join`] |
//! | `reader` | [`BufReader`], [`Lines`] |
//! | `writer` | [`BufWriter`] |
//! | `to_end` | several reads in one call |
//! | `combined` | [`Take`], [`Chain`] |
//! | `constant` | [`empty`], [`sink`], [`repeat`]; slices and vectors |
//! | `pipe` | [`duplex`](fn@duplex): a stream in memory |
//! | `copying` | [`copy`], [`copy_bidirectional`] |
//!
//! *Architecture Invariant:* nothing here names an operation or a driver. What a call does when it is dropped follows from
//! the traits alone.

mod combined;
mod constant;
mod copying;

mod both;
mod pipe;
mod reader;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod to_end;
mod traits;
mod writer;

pub use both::{Duplex, Join, join};
pub use combined::{Chain, Take};
pub use constant::{Empty, Repeat, Sink, empty, repeat, sink};
pub use copying::{copy, copy_bidirectional};
pub use pipe::{DuplexReader, DuplexStream, DuplexWriter, duplex};
pub use reader::{BufReader, Lines};
pub use traits::{Reads, Writes};
pub use writer::BufWriter;
