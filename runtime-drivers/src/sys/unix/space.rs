//! What is promised to a file of its disk, and what is told of its use: `fallocate(2)`, `posix_fadvise(2)`.

use bespoke_core::driver::Errno;

use super::call::errno;
#[cfg(target_os = "linux")]
use super::call::{check, retry};
#[cfg(target_os = "linux")]
use super::file::offset;

/// What becomes of a range of a file, and of its place on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Allocation {
    /// The disk has room for it from now on, so writes there do not fail for want of room. Bytes stay; the file grows up to the
    /// end of the range, with zeroes.
    Reserve,
    /// As [`Reserve`](Self::Reserve), but the file keeps its length: what is beyond its end is room for writes to come.
    KeepSize,
    /// The range is zeroes from now on, and the disk has the room back. The file keeps its length.
    PunchHole,
    /// The range is zeroes from now on, and the disk keeps room for it, as far as it can without writing them. The file grows up
    /// to the end of the range.
    Zero,
}

/// What a program will do with a range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Nothing is known of it: takes other advice back.
    Normal,
    /// It is read from its beginning to its end: the system reads further ahead.
    Sequential,
    /// It is read here and there: the system reads nothing ahead.
    Random,
    /// It is read soon: the system brings it into memory, and nobody waits for that.
    WillNeed,
    /// It is not needed any more: the system may drop it from memory. What is not on the disk yet stays: bring it there first.
    DontNeed,
    /// It is used once.
    NoReuse,
}

/// The mode of `fallocate(2)` that says so.
#[cfg(target_os = "linux")]
pub(crate) fn mode(how: Allocation) -> i32 {
    match how {
        Allocation::Reserve => 0,
        Allocation::KeepSize => libc::FALLOC_FL_KEEP_SIZE,
        // The system asks for both.
        Allocation::PunchHole => libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE,
        Allocation::Zero => libc::FALLOC_FL_ZERO_RANGE,
    }
}

/// Gives a range of the file its place on the disk, or takes it. `fallocate(2)`. `ENOSYS` on other systems.
#[cfg(target_os = "linux")]
pub(crate) fn allocate(fd: i32, how: Allocation, at: u64, len: u64) -> Result<(), Errno> {
    let (at, len) = (offset(at)?, offset(len)?);
    retry(|| {
        // SAFETY: touches no memory of ours.
        let done = unsafe { libc::fallocate(fd, mode(how), at, len) };
        check(done)
    })
    .map(drop)
}

/// As above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn allocate(_: i32, _: Allocation, _: u64, _: u64) -> Result<(), Errno> {
    Err(errno(libc::ENOSYS))
}

/// The number that says so to `posix_fadvise(2)`.
#[cfg(target_os = "linux")]
pub(crate) fn number(advice: Advice) -> i32 {
    match advice {
        Advice::Normal => libc::POSIX_FADV_NORMAL,
        Advice::Sequential => libc::POSIX_FADV_SEQUENTIAL,
        Advice::Random => libc::POSIX_FADV_RANDOM,
        Advice::WillNeed => libc::POSIX_FADV_WILLNEED,
        Advice::DontNeed => libc::POSIX_FADV_DONTNEED,
        Advice::NoReuse => libc::POSIX_FADV_NOREUSE,
    }
}

/// Tells the system what is done with a range; no length is the rest of the file. `posix_fadvise(2)`. `ENOSYS` on other systems.
#[cfg(target_os = "linux")]
pub(crate) fn advise(fd: i32, advice: Advice, at: u64, len: u64) -> Result<(), Errno> {
    let (at, len) = (offset(at)?, offset(len)?);
    // SAFETY: touches no memory of ours.
    let code = unsafe { libc::posix_fadvise(fd, at, len, number(advice)) };
    // It returns the error's number, and leaves `errno` alone.
    Errno::new(code).map_or(Ok(()), Err)
}

/// As above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn advise(_: i32, _: Advice, _: u64, _: u64) -> Result<(), Errno> {
    Err(errno(libc::ENOSYS))
}

/// The file system has no such thing. `EOPNOTSUPP`.
pub(crate) const LACKING: Errno = errno(libc::EOPNOTSUPP);
