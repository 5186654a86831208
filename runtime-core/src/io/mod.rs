//! Buffers that an operation may own.
//!
//! | file | holds |
//! |---|---|
//! | `buf` | [`IoBuf`], [`IoBufMut`], [`Slice`] |
//! | `bufs` | [`IoBufs`]: several of them |

mod buf;
mod bufs;

pub use buf::{IoBuf, IoBufMut, Slice};
pub use bufs::IoBufs;
