//! What is done with anything that reads or writes: buffering, lines, copying.
//!
//! | file | holds |
//! |---|---|
//! | `traits` | [`Reads`], [`Writes`], [`Seeks`]: what the rest is written for |
//! | `both` | [`Duplex`], what does both at once; [`join`] |
//! | `reader` | [`BufReader`], [`Lines`] |
//! | `writer` | [`BufWriter`] |
//! | `to_end` | several reads in one call |
//! | `combined` | [`Take`], [`Chain`] |
//! | `constant` | [`empty`], [`sink`], [`repeat`]; slices and vectors |
//! | `pipe` | [`duplex`](fn@duplex): a stream in memory |
//! | `polled` | [`PollReader`], [`PollWriter`], [`PollStream`], [`PollFile`]: the same as functions that poll |
//! | `incoming` | [`Incoming`]: what comes again and again |
//! | `interop` | seams to the traits of tokio and futures-io, behind features |
//! | `erased` | [`ErasedIo`]: streams whose type is forgotten |
//! | `lends` | a write over a function that polls |
//! | `reused` | a future at a time, in a place that is allocated once |
//! | `copying` | [`copy`], [`copy_bidirectional`] |
//!
//! *Architecture Invariant:* nothing here names an operation or a driver. What a call does when it is dropped follows from
//! the traits alone.

mod combined;
mod constant;
mod copying;

mod both;
mod erased;
mod incoming;
#[cfg(any(feature = "futures-io", feature = "tokio-io"))]
mod interop;
mod lends;
mod pipe;
mod polled;
mod reader;
mod reused;
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
pub use erased::{ErasedIo, ErasedReader, ErasedWriter};
pub use incoming::Incoming;
#[cfg(feature = "futures-io")]
pub use interop::{FromFutures, FromFuturesHalf};
#[cfg(feature = "tokio-io")]
pub use interop::{FromTokio, FromTokioHalf};
pub use pipe::{DuplexReader, DuplexStream, DuplexWriter, duplex};
pub use polled::{PollFile, PollReader, PollStream, PollWriter};
pub use reader::{BufReader, Lines};
pub use traits::{Reads, Seeks, Writes};
pub use writer::BufWriter;
