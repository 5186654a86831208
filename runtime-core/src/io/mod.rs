//! Buffers that an operation may own.
//!
//! | file | holds |
//! |---|---|
//! | `buf` | [`IoBuf`], [`IoBufMut`], [`IntoIoBuf`], [`Slice`], [`Static`] |
//! | `bytes` | those of the crate of that name, with the feature `bytes` |
//! | `bufs` | [`IoBufs`], [`IoBufsMut`]: several of them |

mod buf;
mod bufs;
#[cfg(feature = "bytes")]
mod bytes;

pub use crate::roles::Region;
pub use buf::{IntoIoBuf, IoBuf, IoBufMut, Slice, Static};
pub use bufs::{IoBufs, IoBufsMut};
