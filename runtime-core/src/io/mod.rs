//! Buffers that an operation may own.
//!
//! | file | holds |
//! |---|---|
//! | `buf` | [`IoBuf`], [`IoBufMut`], [`IntoIoBuf`], [`Slice`], [`Static`] |
//! | `bufs` | [`IoBufs`], [`IoBufsMut`]: several of them |

mod buf;
mod bufs;

pub use buf::{IntoIoBuf, IoBuf, IoBufMut, Slice, Static};
pub use bufs::{IoBufs, IoBufsMut};
