//! Buffers that an operation may own.
//!
//! | file | holds |
//! |---|---|
//! | `buf` | [`IoBuf`], [`IoBufMut`], [`Slice`] |

mod buf;

pub use buf::{IoBuf, IoBufMut, Slice};
