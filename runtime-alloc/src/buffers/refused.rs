//! Why a pool has no buffer.

use core::fmt;

/// Why a [`BufferPool`](super::BufferPool) has no buffer. Lengths are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoBuffer {
    /// No run of this class is free now. It may be when a buffer comes back: the pool never grows.
    Exhausted {
        /// How long a buffer of this class is.
        class: usize,
        /// How much was out, of whatever class, when there was none.
        out: usize,
        /// How much the pool has in all. If more than `class` of it is not out, that lies in smaller pieces.
        capacity: usize,
    },
    /// The largest class is shorter than that, so there never is one.
    TooLong {
        /// What was asked for.
        len: usize,
        /// How long the buffers of the largest class are.
        largest: usize,
    },
}

impl fmt::Display for NoBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoBuffer::Exhausted { class, out, capacity } => {
                write!(f, "the pool has no buffer of {class} bytes: {out} of its {capacity} bytes are out")
            }
            NoBuffer::TooLong { len, largest } => {
                write!(f, "the pool has no buffers of {len} bytes: the largest have {largest}")
            }
        }
    }
}

impl core::error::Error for NoBuffer {}

#[cfg(feature = "std")]
impl From<NoBuffer> for std::io::Error {
    /// Of the kind `OutOfMemory` if a buffer may come back, `InvalidInput` if there never is one.
    fn from(refused: NoBuffer) -> Self {
        let kind = match refused {
            NoBuffer::Exhausted { .. } => std::io::ErrorKind::OutOfMemory,
            NoBuffer::TooLong { .. } => std::io::ErrorKind::InvalidInput,
        };
        std::io::Error::new(kind, refused)
    }
}
