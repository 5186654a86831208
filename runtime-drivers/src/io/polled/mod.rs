//! Streams as functions that poll: what code expects that is written for the traits of other crates.
//!
//! | file | holds |
//! |---|---|
//! | `reader` | [`PollReader`] |
//! | `writer` | [`PollWriter`] |
//! | `stream` | [`PollStream`]: both, joined |
//! | `file` | [`PollFile`]: both, and a cursor that can be moved |
//!
//! The types are always there; features give them the traits of tokio and of futures-io.

mod file;
mod held;
mod reader;
mod stream;
mod writer;

pub use file::PollFile;
pub use reader::PollReader;
pub use stream::PollStream;
pub use writer::PollWriter;

/// What a buffer holds, unless the caller says otherwise.
const BUFFER: usize = 8 << 10;

#[cfg(test)]
mod tests;
