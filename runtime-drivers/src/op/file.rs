//! The operations on open files.
//!
//! They block, on whatever system: `run_blocking` beside the data is what each means, and most drivers do just that on a
//! thread of the blocking pool. The data is what a ring of the system takes: a file, a place in memory, a length, a
//! position.

use super::at_hand::{self, AtHand};
use super::vectored::Stretches;
use crate::sys::file;
use crate::sys::transfer::IoVec;
use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::Resource;

/// An operation that is a few system calls which may block.
pub trait Blocks: Op + Copy {
    /// Does it, on this thread, until it is over.
    ///
    /// # Safety
    /// What the operation points at is as its data says, and used by nobody else, until this returns.
    unsafe fn run_blocking(&mut self) -> Self::Output;

    /// Is there a call for it that does not wait, and does what memory has for it?
    const TRIED: bool = false;

    /// Is that call worth a try? Asked once of each operation.
    #[inline]
    fn is_worth_a_try(&self, _: &AtHand) -> bool {
        false
    }

    /// Tries it. `Err`: so many bytes were moved, and the rest is to go the usual way.
    ///
    /// # Safety
    /// As [`run_blocking`](Self::run_blocking); its file is open, and was said to be [worth it](Self::is_worth_a_try).
    #[inline]
    unsafe fn run_at_hand(&self) -> Result<Self::Output, usize> {
        Err(0)
    }

    /// The open file that it is about, if it is about one.
    fn file(&self) -> Option<Resource> {
        None
    }

    /// What becomes of an output whose future is gone: what [`Op::LATE`] says.
    fn late(output: Self::Output) {
        drop(output);
    }
}

/// Implements [`Op`] for a value that owns nothing and whose output is a `Result`. The last part: which resource it is about.
macro_rules! plain_op {
    ($op:ident, $name:literal, $output:ty, |$this:pat_param| $about:expr) => {
        // SAFETY: what it points at is used by the driver only, and `K` keeps it alive; the value owns nothing.
        unsafe impl Send for $op {}
        // SAFETY: as above.
        unsafe impl bespoke_core::driver::Op for $op {
            type Output = Result<$output, bespoke_core::driver::Errno>;
            const NAME: &'static str = $name;
            const LATE: bespoke_core::driver::Late = bespoke_core::driver::Late::Forget;
            #[inline(always)]
            fn about(&mut self) -> Option<&mut bespoke_core::roles::Resource> {
                let $this = self;
                $about
            }
            fn refused(errno: bespoke_core::driver::Errno) -> Self::Output {
                Err(errno)
            }
        }
    };
}
pub(super) use plain_op;

/// How many bytes were moved, and why not all, if so.
pub type Moved = (usize, Result<(), Errno>);

/// Reads bytes of a file: what one call gives, or all until the end of the file. `pread(2)`, `read(2)`.
///
/// Kernel-time memory: a driver may write to `to` until the operation is over. Dropped: a read at a position loses nothing;
/// one at the system's cursor may have moved that.
#[derive(Debug, Clone, Copy)]
pub struct ReadAt {
    /// The file.
    pub file: Resource,
    /// Where to.
    pub to: *mut u8,
    /// How many at most.
    pub len: usize,
    /// From where in the file; `None`: from the cursor that the system keeps.
    pub at: Option<u64>,
    /// Go on until all are there, or the file ends?
    pub all: bool,
}

// SAFETY: `to` is written by the driver only, and `K` keeps it alive; the value owns nothing.
unsafe impl Send for ReadAt {}
// SAFETY: as above.
unsafe impl Op for ReadAt {
    type Output = Moved;
    const NAME: &'static str = "read_at";
    const LATE: Late = Late::Forget;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.file)
    }
    fn refused(errno: Errno) -> Moved {
        (0, Err(errno))
    }
}

impl Blocks for ReadAt {
    unsafe fn run_blocking(&mut self) -> Moved {
        let (fd, to) = (self.file.raw, self.to);
        move_bytes(self.len, self.at, self.all, |done, len, at| {
            // SAFETY: in bounds: at most `len` bytes were read.
            let to = unsafe { to.add(done) };
            // SAFETY: the caller's promise.
            unsafe { file::read(fd, to, len, at) }
        })
    }

    const TRIED: bool = true;

    #[inline]
    fn is_worth_a_try(&self, known: &AtHand) -> bool {
        known.is_worth_a_try(self)
    }

    #[inline]
    unsafe fn run_at_hand(&self) -> Result<Moved, usize> {
        // SAFETY: the caller's promise; one without a position is not worth it.
        unsafe { at_hand::read(self) }
    }

    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

/// Writes bytes of a file: what one call takes, or all. `pwrite(2)`, `write(2)`.
///
/// Kernel-time memory: a driver may read `from` until the operation is over. Dropped: any part of the bytes may have been
/// written.
#[derive(Debug, Clone, Copy)]
pub struct WriteAt {
    /// The file.
    pub file: Resource,
    /// Where the bytes are.
    pub from: *const u8,
    /// How many.
    pub len: usize,
    /// To where in the file; `None`: to the cursor that the system keeps, or to the end if the file was opened to append.
    pub at: Option<u64>,
    /// Go on until all are written?
    pub all: bool,
}

// SAFETY: `from` is read by the driver only, and `K` keeps it alive; the value owns nothing.
unsafe impl Send for WriteAt {}
// SAFETY: as above.
unsafe impl Op for WriteAt {
    type Output = Moved;
    const NAME: &'static str = "write_at";
    const LATE: Late = Late::Forget;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.file)
    }
    fn refused(errno: Errno) -> Moved {
        (0, Err(errno))
    }
}

impl Blocks for WriteAt {
    unsafe fn run_blocking(&mut self) -> Moved {
        let (fd, from) = (self.file.raw, self.from);
        move_bytes(self.len, self.at, self.all, |done, len, at| {
            // SAFETY: in bounds: at most `len` bytes were written.
            let from = unsafe { from.add(done) };
            // SAFETY: the caller's promise.
            unsafe { file::write(fd, from, len, at) }
        })
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

/// One call, or calls until all is moved or nothing more comes. `step` gets what is done, what is left, and where in the
/// file that is.
fn move_bytes(
    len: usize,
    at: Option<u64>,
    all: bool,
    mut step: impl FnMut(usize, usize, Option<u64>) -> Result<usize, Errno>,
) -> Moved {
    let mut done = 0;
    loop {
        match step(done, len - done, at.map(|at| at.saturating_add(done as u64))) {
            Ok(0) => return (done, Ok(())),
            Ok(n) => done += n,
            Err(errno) => return (done, Err(errno)),
        }
        if done == len || !all {
            return (done, Ok(()));
        }
    }
}

/// Reads into several stretches, each filled before the next: what one call gives. `preadv(2)`, `readv(2)`.
///
/// Memory and drop: as [`ReadAt`].
#[derive(Debug, Clone, Copy)]
pub struct ReadVectoredAt {
    /// The file.
    pub file: Resource,
    /// Where to.
    pub to: Stretches,
    /// From where; see [`ReadAt::at`].
    pub at: Option<u64>,
}
plain_op!(ReadVectoredAt, "read_vectored_at", usize, |op| Some(&mut op.file));

impl Blocks for ReadVectoredAt {
    unsafe fn run_blocking(&mut self) -> Result<usize, Errno> {
        let (list, count) = vectors(&self.to);
        // SAFETY: the caller's promise, for each.
        unsafe { file::read_vectored(self.file.raw, &list[..count], self.at) }
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

/// Writes several stretches, one after the other: what one call takes. `pwritev(2)`, `writev(2)`.
///
/// Memory and drop: as [`WriteAt`].
#[derive(Debug, Clone, Copy)]
pub struct WriteVectoredAt {
    /// The file.
    pub file: Resource,
    /// Where the bytes are.
    pub from: Stretches,
    /// To where; see [`WriteAt::at`].
    pub at: Option<u64>,
}
plain_op!(WriteVectoredAt, "write_vectored_at", usize, |op| Some(&mut op.file));

impl Blocks for WriteVectoredAt {
    unsafe fn run_blocking(&mut self) -> Result<usize, Errno> {
        let (list, count) = vectors(&self.from);
        // SAFETY: the caller's promise, for each.
        unsafe { file::write_vectored(self.file.raw, &list[..count], self.at) }
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

fn vectors(stretches: &Stretches) -> ([IoVec; Stretches::MAX], usize) {
    let mut list = [IoVec::new(core::ptr::null_mut(), 0); Stretches::MAX];
    let from = stretches.as_slice();
    for (to, (pointer, len)) in list.iter_mut().zip(from) {
        *to = IoVec::new(pointer.cast_mut(), *len);
    }
    (list, from.len())
}

/// Waits until a file is on its disk. `fsync(2)`, `fdatasync(2)`. Points at no memory. Dropped: it may go on.
#[derive(Debug, Clone, Copy)]
pub struct Sync {
    /// The file.
    pub file: Resource,
    /// The bytes alone, and of the metadata what is needed to read them?
    pub data_only: bool,
}
plain_op!(Sync, "sync", (), |op| Some(&mut op.file));

impl Blocks for Sync {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        file::sync(self.file.raw, self.data_only)
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

/// Cuts a file, or fills it up with zeroes. `ftruncate(2)`. Points at no memory. Dropped: it may be done.
#[derive(Debug, Clone, Copy)]
pub struct SetLen {
    /// The file.
    pub file: Resource,
    /// The new length in bytes.
    pub len: u64,
}
plain_op!(SetLen, "set_len", (), |op| Some(&mut op.file));

impl Blocks for SetLen {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        file::set_len(self.file.raw, self.len)
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// What [`move_bytes`] asks of a system that answers so, and what it comes to.
    fn moved(
        len: usize,
        at: Option<u64>,
        all: bool,
        answers: &[Result<usize, i32>],
    ) -> (Moved, Vec<(usize, usize, Option<u64>)>) {
        let mut asked = Vec::new();
        let mut answers = answers.iter();
        let moved = move_bytes(len, at, all, |done, left, at| {
            asked.push((done, left, at));
            answers.next().expect("it asks no more than that").map_err(|code| Errno::new(code).expect("not zero"))
        });
        assert_eq!(answers.len(), 0, "it asks as often as that");
        (moved, asked)
    }

    #[test]
    fn one_call_is_enough_unless_all_is_wanted() {
        assert_eq!(moved(10, Some(5), false, &[Ok(3)]), ((3, Ok(())), [(0, 10, Some(5))].to_vec()));
        assert_eq!(moved(10, None, true, &[Ok(10)]), ((10, Ok(())), [(0, 10, None)].to_vec()));
        let asked = [(0, 10, Some(5)), (3, 7, Some(8)), (9, 1, Some(14))].to_vec();
        assert_eq!(moved(10, Some(5), true, &[Ok(3), Ok(6), Ok(1)]), ((10, Ok(())), asked));
        assert_eq!(moved(4, None, true, &[Ok(3), Ok(1)]).1, [(0, 4, None), (3, 1, None)]);
    }

    #[test]
    fn an_end_and_an_error_tell_what_was_moved_before() {
        assert_eq!(moved(10, Some(0), true, &[Ok(3), Ok(0)]).0, (3, Ok(())));
        assert_eq!(moved(10, Some(0), true, &[Ok(3), Err(28)]).0, (3, Err(Errno::new(28).expect("not zero"))));
        assert_eq!(moved(10, Some(0), true, &[Err(5)]).0, (0, Err(Errno::new(5).expect("not zero"))));
        assert_eq!(moved(0, Some(0), true, &[Ok(0)]).0, (0, Ok(())));
    }
}
