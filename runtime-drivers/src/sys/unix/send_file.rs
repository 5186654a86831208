//! Bytes of a file on their way to a socket, without a copy in memory of ours: `sendfile(2)`, `splice(2)`. Linux.

use super::call::{check, count, errno, retry};
use super::fd::Owned;
use super::file::{self, CALL_MAX, offset};
use bespoke_core::driver::Errno;
use std::os::fd::AsRawFd as _;

/// No file has such a position. `EINVAL`.
pub(crate) const INVALID: Errno = errno(libc::EINVAL);

/// Sends at most `len` bytes of `file`, from `at` on, to `stream`; 0: the file ends there. `sendfile(2)`.
///
/// It waits for the disk where the bytes are not in memory, and for room at the socket unless that is nonblocking.
///
/// # Errors
/// [`would_block`](super::would_block); those of `send(2)`; `ESPIPE` for a file without positions, `EISDIR` or `EINVAL` for what
/// is no file of bytes. `EPIPE`, and `SIGPIPE` before it in a program that does not ignore that: the call takes no flags.
/// Rust programs ignore it.
pub(crate) fn send(stream: i32, file: i32, at: u64, len: usize) -> Result<usize, Errno> {
    let at = offset(at)?;
    retry(|| {
        let mut at = at;
        // SAFETY: `at` is live and writable during the call, which touches no other memory of ours.
        let sent = unsafe { libc::sendfile(stream, file, &raw mut at, len.min(CALL_MAX)) };
        count(sent)
    })
}

/// Would a read of the byte at `at` not wait for the disk? `preadv2(2)`, `RWF_NOWAIT`. `false` also where the file system does
/// not say.
fn is_at_hand(file: i32, at: u64) -> bool {
    let mut byte = 0_u8;
    // SAFETY: one byte, live and writable during the call, and nobody else's.
    unsafe { super::at_hand::read_at_hand(file, &raw mut byte, 1, at) }.is_ok()
}

/// Are the first and the last of `len` bytes in memory? Those between are taken to be, too: the system brings files in by
/// stretches. Nothing is asked for no bytes.
pub(crate) fn are_at_hand(file: i32, at: u64, len: usize) -> bool {
    len == 0 || is_at_hand(file, at) && is_at_hand(file, at.saturating_add(len as u64 - 1))
}

/// Brings `len` bytes into the system's memory, and waits for them. `posix_fadvise(2)`, `pread(2)`. What fails, fails again for
/// who sends them.
pub(crate) fn bring(file: i32, at: u64, len: usize) {
    let (Ok(from), Ok(whole)) = (offset(at), libc::off_t::try_from(len)) else { return };
    // SAFETY: touches no memory of ours. It is advice: what it says is of no use.
    let _ = unsafe { libc::posix_fadvise(file, from, whole, libc::POSIX_FADV_WILLNEED) };
    let mut byte = 0_u8;
    for step in (0..len as u64).step_by(PAGE) {
        // SAFETY: one byte, live and writable during the call, and nobody else's.
        let read = unsafe { file::read(file, &raw mut byte, 1, Some(at.saturating_add(step))) };
        if !matches!(read, Ok(1)) {
            return; // the end
        }
    }
}

/// The smallest page there is.
const PAGE: usize = 4096;

/// A pipe between a file or a stream, and a stream: the end that is read, and the one that is written. Closed on drop.
#[derive(Debug)]
pub(crate) struct Pipe {
    read: Owned,
    write: Owned,
    room: usize,
}

impl Pipe {
    /// A new one, with room for [`WANTED`](Self::WANTED) bytes if the system allows that, and for what it gives otherwise. Its
    /// ends wait.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`.
    pub(crate) fn new() -> Result<Self, Errno> {
        Self::with(0)
    }

    /// As [`new`](Self::new), and neither end waits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn nonblocking() -> Result<Self, Errno> {
        Self::with(libc::O_NONBLOCK)
    }

    fn with(flags: libc::c_int) -> Result<Self, Errno> {
        let mut ends = [-1; 2];
        // SAFETY: `ends` is live and writable, and holds the two ints that the call fills.
        let made = unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | flags) };
        check(made)?;
        let [read, write] = ends;
        // SAFETY: new, and nobody else's.
        let read = unsafe { super::fd::owned(read) };
        // SAFETY: as above.
        let write = unsafe { super::fd::owned(write) };
        // One user's pipes may have so many pages in all (`pipe(7)`): past that this one stays as it is.
        let _ = super::pipe::set_capacity(ends[1], Self::WANTED);
        let room = super::pipe::capacity(ends[1])?;
        Ok(Pipe { read, write, room })
    }

    /// A quarter of what any user may ask for. It costs the list of pages, 2.5 KiB; the pages are the file's.
    const WANTED: usize = 256 << 10;

    pub(crate) fn read_end(&self) -> i32 {
        self.read.as_raw_fd()
    }

    pub(crate) fn write_end(&self) -> i32 {
        self.write.as_raw_fd()
    }

    /// How many bytes fit in when it is empty.
    pub(crate) fn room(&self) -> usize {
        self.room
    }
}

/// How many bytes a socket takes before a call waits, and how many it takes in all. `SO_MEMINFO`, `socket(7)`; `None`: it does
/// not say.
pub(crate) fn room(stream: i32) -> Option<(usize, usize)> {
    // `SK_MEMINFO_…` of linux/sock_diag.h.
    const WMEM_ALLOC: usize = 2;
    const SNDBUF: usize = 3;
    const WMEM_QUEUED: usize = 5;
    let mut figures = [0_u32; 16];
    let mut len = size_of_val(&figures) as libc::socklen_t;
    let to = figures.as_mut_ptr().cast();
    // SAFETY: `figures` is live and writable, and `len` says how long it is.
    let got = unsafe { libc::getsockopt(stream, libc::SOL_SOCKET, libc::SO_MEMINFO, to, &raw mut len) };
    check(got).ok()?;
    // A stream of TCP counts what it has queued, one of Unix what it has allocated.
    let taken = figures[WMEM_ALLOC].max(figures[WMEM_QUEUED]) as usize;
    let all = figures[SNDBUF] as usize;
    (len as usize > WMEM_QUEUED * size_of::<u32>()).then_some((all.saturating_sub(taken), all))
}
