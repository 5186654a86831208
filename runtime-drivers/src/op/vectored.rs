//! The operations on several stretches of memory at once.

use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::Resource;
use std::io::IoSliceMut;

/// Reads what has come into several slices, each filled before the next; 0 at the end of the stream, or if `len` is 0.
/// `recvmsg(2)`.
///
/// Poll-time memory: the list and what it names are touched inside `poll` only. A wait: dropping it loses no byte.
#[derive(Debug, Clone, Copy)]
pub struct RecvVectored {
    /// The stream.
    pub stream: Resource,
    /// The first of the slices.
    pub to: *mut IoSliceMut<'static>,
    /// How many slices; at most [`MAX`](Self::MAX).
    pub count: usize,
    /// How many bytes fit in all of them.
    pub len: usize,
}

impl RecvVectored {
    /// How many slices one read may have: what every Unix takes (`IOV_MAX`); Windows would take more.
    pub const MAX: usize = 1024;
}

// SAFETY: `to` is touched by the driver in `poll`, by whoever polls; the value owns nothing.
unsafe impl Send for RecvVectored {}
// SAFETY: as above.
unsafe impl Op for RecvVectored {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "recv_vectored";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}

/// Where the bytes of a write are, or those of a read are to go: a few stretches of memory, none of them empty.
///
/// The list is part of the operation, so making it allocates nothing, and a driver whose system reads the list later copies
/// it to a place that stays.
///
/// 1. `count ≤ MAX`.
#[derive(Debug, Clone, Copy)]
pub struct Stretches {
    list: [(*const u8, usize); Self::MAX],
    count: usize,
}

impl Stretches {
    /// How many there can be. A write that takes fewer buffers than it was given is a short write, which is no error; 16
    /// keep the operation under 300 bytes.
    pub const MAX: usize = 16;

    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Stretches { list: [(core::ptr::null(), 0); Self::MAX], count: 0 }
    }

    /// Adds a stretch, unless it is empty or there is no place left.
    pub fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty()
            && let Some(place) = self.list.get_mut(self.count)
        {
            *place = (bytes.as_ptr(), bytes.len());
            self.count += 1;
        }
    }

    /// As [`push`](Self::push), for a stretch that is to be filled.
    pub fn push_to_fill(&mut self, to: *mut u8, len: usize) {
        if len > 0
            && let Some(place) = self.list.get_mut(self.count)
        {
            *place = (to, len);
            self.count += 1;
        }
    }

    /// Pointer and length of each.
    #[must_use]
    pub fn as_slice(&self) -> &[(*const u8, usize)] {
        &self.list[..self.count]
    }
}

impl Default for Stretches {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes several stretches to a stream, one after the other: what one send takes. `sendmsg(2)`.
///
/// Kernel-time memory: a driver may read the stretches until the operation is over. Dropped: what the system took is on its
/// way, in order; a driver on which that can be more than nothing keeps how much it was, and the buffers, for
/// [`Interrupted`](super::Interrupted).
#[derive(Debug, Clone, Copy)]
pub struct TransmitVectored {
    /// The stream.
    pub stream: Resource,
    /// Where the bytes are.
    pub from: Stretches,
}

// SAFETY: the stretches are read by the driver only, and `K` keeps them alive; the value owns nothing.
unsafe impl Send for TransmitVectored {}
// SAFETY: as above.
unsafe impl Op for TransmitVectored {
    /// How many bytes were taken.
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "send_vectored";
    const LATE: Late = Late::CountWritten;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_leave_out_the_empty_and_what_has_no_place() {
        let mut from = Stretches::new();
        let bytes = [7; 64];
        for n in 0..40 {
            from.push(&bytes[..n % 2 * n]);
        }
        let lens: std::vec::Vec<usize> = from.as_slice().iter().map(|stretch| stretch.1).collect();
        assert_eq!(lens, (0..16).map(|n| 2 * n + 1).collect::<std::vec::Vec<_>>());
        assert!(size_of::<TransmitVectored>() < 300);
    }
}
