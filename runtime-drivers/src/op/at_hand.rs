//! Reads of what the system has in memory: done where they are asked for, by a call that does not wait.
//!
//! A read that finds its bytes in the page cache is a copy. To hand it over, to a thread or to a ring, costs as much again, or
//! ten times as much. So such a read may be tried at once. What is not in memory goes the usual way, and the call was in vain:
//! the more often that happens in a row, the fewer reads are tried. `preadv2(2)`, `RWF_NOWAIT`. See decision 0069.

use super::{Moved, ReadAt};
use crate::sys::at_hand::{is_cached, read_at_hand, tells_what_is_at_hand};
use bespoke_core::driver::Errno;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What is known of the reads of an open file. Several threads may have a name of it: what they write here is a guess, and
/// orders nothing.
#[derive(Debug, Default)]
pub struct AtHand {
    /// A [`Reads`].
    reads: AtomicU8,
    /// So many reads are not tried.
    left: AtomicU8,
    /// So many were not, after the last one that was tried in vain; 0: the last one was not in vain.
    step: AtomicU8,
}

/// Do reads of a file go through the system's memory?
enum Reads {
    /// The system is asked with the first read: most files are opened for other things.
    Unasked = 0,
    Through = 1,
    /// As of one that was opened with `O_DIRECT`: the call would wait for the disk. Or the system cannot be asked.
    Past = 2,
}

/// So many bytes are copied at once at most, which takes some microseconds: others may want the thread.
const AT_ONCE_MAX: usize = 64 << 10;

/// So many reads are not tried at most, before one is.
const STEP_MAX: u8 = 32;

impl AtHand {
    /// Is a read of that file worth a try?
    #[inline]
    pub(super) fn is_worth_a_try(&self, op: &ReadAt) -> bool {
        if op.at.is_none() || op.len == 0 || op.len > AT_ONCE_MAX {
            return false;
        }
        let left = self.left.load(Relaxed);
        if left > 0 {
            self.left.store(left - 1, Relaxed);
            return false;
        }
        let reads = self.reads.load(Relaxed);
        reads == Reads::Through as u8 || reads == Reads::Unasked as u8 && self.ask(op)
    }

    #[cold]
    fn ask(&self, op: &ReadAt) -> bool {
        let through = tells_what_is_at_hand() && is_cached(op.file.raw);
        self.reads.store(if through { Reads::Through } else { Reads::Past } as u8, Relaxed);
        through
    }

    /// No read of the file is tried.
    #[cfg(test)]
    pub(crate) fn never(&self) {
        self.reads.store(Reads::Past as u8, Relaxed);
    }

    /// A read was tried, and was it in memory?
    #[inline]
    pub(crate) fn note(&self, found: bool) {
        let step = self.step.load(Relaxed);
        if found && step == 0 {
            return;
        }
        let step = if found { 0 } else { step.saturating_mul(2).clamp(1, STEP_MAX) };
        self.step.store(step, Relaxed);
        self.left.store(step, Relaxed);
    }
}

/// Reads what is in memory. `Err`: so many bytes were, and the rest is to go the usual way. A read that is one call by its name
/// begins anew then, and is one here, too: what it gives is of one moment, as far as the file system makes it so. It is short
/// only where the file ends, which a second call says.
///
/// # Safety
/// As [`run_blocking`](super::Blocks::run_blocking); the file is open, and the read has a position.
#[inline]
pub(super) unsafe fn read(op: &ReadAt) -> Result<Moved, usize> {
    // SAFETY: the caller's promise; in bounds: see below.
    read_by(op, |to, len, at| unsafe { read_at_hand(op.file.raw, to, len, at) })
}

/// The same by this call: to where, how many bytes, from which place.
#[inline]
fn read_by(op: &ReadAt, mut call: impl FnMut(*mut u8, usize, u64) -> Result<usize, Errno>) -> Result<Moved, usize> {
    let mut taken = 0;
    while taken < op.len {
        // In bounds: fewer than `len` bytes were taken.
        let to = op.to.wrapping_add(taken);
        let at = op.at.unwrap_or(0).saturating_add(taken as u64);
        match call(to, op.len - taken, at) {
            Ok(0) => break,
            Ok(bytes) if op.all || taken == 0 => taken += bytes,
            Ok(_) => return Err(0),
            // Not there; or another error, which the usual way tells.
            Err(_) => return Err(if op.all { taken } else { 0 }),
        }
    }
    Ok((taken, Ok(())))
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
