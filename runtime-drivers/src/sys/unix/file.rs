//! Open files: opening, bytes at a position, lengths, and what the system has stored.
//!
//! A call here may wait for a disk, a network, or for ever (a FIFO that nobody opens at its other end): it belongs on a
//! thread that may block. What asks the kernel's own memory alone says so.
//!
//! # Memory
//! Paths are C strings. A position is an offset from the beginning, or `None` for the cursor that the kernel keeps for the
//! open file; files that have no positions (pipes, terminals) know only that one.

use core::ffi::{CStr, c_char};

use bespoke_core::driver::Errno;

use super::call::{check, count, errno, retry};
use super::transfer::IoVec;

/// How a file is opened: access, creation, flags of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHow {
    /// For reading?
    pub read: bool,
    /// For writing?
    pub write: bool,
    /// For writing at the end, wherever that is when the write comes?
    pub append: bool,
    /// Cut to no bytes?
    pub truncate: bool,
    /// Make it if it is not there?
    pub create: bool,
    /// Make it, and fail if it is there?
    pub create_new: bool,
    /// The permission bits of a file that is made, before the process's mask (`umask(2)`).
    pub mode: u32,
    /// More flags of `open(2)`, but no access mode.
    pub flags: i32,
}

/// Opens `path`. `open(2)`, `O_CLOEXEC`. The descriptor is the caller's.
///
/// # Safety
/// `path` is a C string, which stays during the call.
pub(crate) unsafe fn open(path: *const c_char, how: &OpenHow) -> Result<i32, Errno> {
    let flags = open_flags(how);
    retry(|| {
        // SAFETY: the caller's promise; the mode is passed as the unsigned int that a variadic call makes of it.
        let fd = unsafe { libc::open(path, flags, libc::c_uint::from(how.mode)) };
        check(fd)
    })
}

/// The flags of `open(2)` that say so, `O_CLOEXEC` among them.
pub(crate) fn open_flags(how: &OpenHow) -> i32 {
    let access = match (how.read, how.write || how.append) {
        (_, false) => libc::O_RDONLY,
        (false, true) => libc::O_WRONLY,
        (true, true) => libc::O_RDWR,
    };
    let flag = |set, flag| if set { flag } else { 0 };
    access
        | libc::O_CLOEXEC
        | flag(how.append, libc::O_APPEND)
        | flag(how.truncate, libc::O_TRUNC)
        | flag(how.create || how.create_new, libc::O_CREAT)
        | flag(how.create_new, libc::O_EXCL)
        | (how.flags & !libc::O_ACCMODE)
}

/// Reads at most `len` bytes to `to`; 0 is the end of the file, or `len` was 0. `pread(2)`, `read(2)`.
///
/// # Safety
/// - `to` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn read(fd: i32, to: *mut u8, len: usize, at: Option<u64>) -> Result<usize, Errno> {
    let len = len.min(CALL_MAX);
    let at = at.map(offset).transpose()?;
    retry(|| {
        count(match at {
            // SAFETY: the caller's promise; the length is only ever cut.
            Some(at) => unsafe { libc::pread(fd, to.cast(), len, at) },
            // SAFETY: as above.
            None => unsafe { libc::read(fd, to.cast(), len) },
        })
    })
}

/// Writes at most `len` bytes from `from`. `pwrite(2)`, `write(2)`.
///
/// A file that was opened to append is written at its end, on Linux also if `at` says otherwise.
///
/// # Safety
/// - `from` is valid for reads of `len` initialised bytes during the call.
/// - Nothing writes these bytes during the call.
pub(crate) unsafe fn write(fd: i32, from: *const u8, len: usize, at: Option<u64>) -> Result<usize, Errno> {
    let len = len.min(CALL_MAX);
    let at = at.map(offset).transpose()?;
    retry(|| {
        count(match at {
            // SAFETY: the caller's promise; the length is only ever cut.
            Some(at) => unsafe { libc::pwrite(fd, from.cast(), len, at) },
            // SAFETY: as above.
            None => unsafe { libc::write(fd, from.cast(), len) },
        })
    })
}

/// Reads into several stretches, each filled before the next. `preadv(2)`, `readv(2)`. At most 1024 stretches are used.
///
/// # Safety
/// For each of `stretches`, as [`read`].
pub(crate) unsafe fn read_vectored(fd: i32, stretches: &[IoVec], at: Option<u64>) -> Result<usize, Errno> {
    let (list, len) = vectors(stretches);
    let at = at.map(offset).transpose()?;
    retry(|| {
        count(match at {
            // SAFETY: the list is that of `stretches`, which the caller vouches for.
            Some(at) => unsafe { libc::preadv(fd, list, len, at) },
            // SAFETY: as above.
            None => unsafe { libc::readv(fd, list, len) },
        })
    })
}

/// Writes several stretches, one after the other. `pwritev(2)`, `writev(2)`. At most 1024 stretches are used.
///
/// # Safety
/// For each of `stretches`, as [`write`].
pub(crate) unsafe fn write_vectored(fd: i32, stretches: &[IoVec], at: Option<u64>) -> Result<usize, Errno> {
    let (list, len) = vectors(stretches);
    let at = at.map(offset).transpose()?;
    retry(|| {
        count(match at {
            // SAFETY: the list is that of `stretches`, which the caller vouches for.
            Some(at) => unsafe { libc::pwritev(fd, list, len, at) },
            // SAFETY: as above.
            None => unsafe { libc::writev(fd, list, len) },
        })
    })
}

/// Around the system's memory. `O_DIRECT`.
#[cfg(target_os = "linux")]
pub(crate) const DIRECT: i32 = libc::O_DIRECT;

/// The path is that of a folder, for which a file is made that has no name. `O_TMPFILE`.
#[cfg(target_os = "linux")]
pub(crate) const NAMELESS: i32 = libc::O_TMPFILE;

/// What says that there are no such files: `EOPNOTSUPP` the file system, `EISDIR` a system that does not know the flag.
#[cfg(target_os = "linux")]
pub(crate) const LACKS_NAMELESS: [Errno; 2] = [errno(libc::EOPNOTSUPP), errno(libc::EISDIR)];

/// Gives an open file a name that nothing has. `linkat(2)`: by the descriptor, which not every system lets everybody do; else by
/// what `/proc` calls it. Allocates.
#[cfg(target_os = "linux")]
pub(crate) fn link_open(fd: i32, to: &CStr) -> Result<(), Errno> {
    // SAFETY: both are C strings, which stay during the call.
    let linked = unsafe { libc::linkat(fd, HERE.as_ptr(), libc::AT_FDCWD, to.as_ptr(), libc::AT_EMPTY_PATH) };
    match check(linked) {
        // Who may not is told that nothing is there.
        Err(errno) if matches!(errno.code(), libc::ENOENT | libc::EPERM | libc::EINVAL) => {}
        linked => return linked.map(drop),
    }
    let name = std::format!("/proc/self/fd/{fd}\0");
    let (here, follow) = (libc::AT_FDCWD, libc::AT_SYMLINK_FOLLOW);
    // SAFETY: as above; the name ends with a zero.
    let linked = unsafe { libc::linkat(here, name.as_ptr().cast(), here, to.as_ptr(), follow) };
    check(linked).map(drop)
}

/// Not what the call takes. `EINVAL`.
pub(crate) const INVALID: Errno = errno(libc::EINVAL);

/// Waits until the file's bytes, and unless `data_only` also all that is known of it, are on the disk. `fsync(2)`,
/// `fdatasync(2)`.
pub(crate) fn sync(fd: i32, data_only: bool) -> Result<(), Errno> {
    // There `fsync` stops at the disk's own cache.
    #[cfg(target_vendor = "apple")]
    let call = |_| {
        // SAFETY: the command takes no argument and touches no memory of ours.
        unsafe { libc::fcntl(fd, libc::F_FULLFSYNC) }
    };
    #[cfg(not(target_vendor = "apple"))]
    let call = |data_only| {
        if data_only {
            // SAFETY: touches no memory of ours.
            unsafe { libc::fdatasync(fd) }
        } else {
            // SAFETY: as above.
            unsafe { libc::fsync(fd) }
        }
    };
    retry(|| check(call(data_only))).map(drop)
}

/// Cuts the file to `len` bytes, or fills it up to them with zeroes. `ftruncate(2)`.
pub(crate) fn set_len(fd: i32, len: u64) -> Result<(), Errno> {
    let len = offset(len)?;
    retry(|| {
        // SAFETY: touches no memory of ours.
        let set = unsafe { libc::ftruncate(fd, len) };
        check(set)
    })
    .map(drop)
}

/// Where the kernel's cursor of the open file is; `ESPIPE` for a file without positions. `lseek(2)`. Does not wait.
pub(crate) fn position(fd: i32) -> Result<u64, Errno> {
    seek(fd, 0, libc::SEEK_CUR)
}

/// Moves the kernel's cursor to the end, and says where that is. `lseek(2)`. Does not wait.
pub(crate) fn end(fd: i32) -> Result<u64, Errno> {
    seek(fd, 0, libc::SEEK_END)
}

/// Moves the kernel's cursor. `lseek(2)`. Does not wait.
pub(crate) fn set_position(fd: i32, at: u64) -> Result<(), Errno> {
    seek(fd, offset(at)?, libc::SEEK_SET).map(drop)
}

fn seek(fd: i32, by: libc::off_t, whence: libc::c_int) -> Result<u64, Errno> {
    // SAFETY: touches no memory of ours.
    let at = unsafe { libc::lseek(fd, by, whence) };
    u64::try_from(at).map_err(|_| match check(-1) {
        Err(errno) => errno,
        Ok(_) => unreachable!("-1 is a failure"),
    })
}

/// Do calls on it wait, as those of an open file do without `O_NONBLOCK`? `fcntl(2)`, `F_GETFL`. Does not wait itself.
#[cfg(target_os = "linux")]
pub(crate) fn waits(fd: i32) -> Result<bool, Errno> {
    // SAFETY: the command takes no argument and touches no memory of ours.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    Ok(check(flags)? & libc::O_NONBLOCK == 0)
}

/// Was the file opened to append? `fcntl(2)`, `F_GETFL`. Does not wait.
pub(crate) fn appends(fd: i32) -> Result<bool, Errno> {
    // SAFETY: the command takes no argument and touches no memory of ours.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    Ok(check(flags)? & libc::O_APPEND != 0)
}

/// Makes a folder. `mkdir(2)`.
///
/// # Safety
/// As [`open`].
pub(crate) unsafe fn make_dir(path: *const c_char, mode: u32) -> Result<(), Errno> {
    // SAFETY: the caller's promise. The mode has 16 bits on some systems, and all that mean something are among them.
    let made = unsafe { libc::mkdir(path, mode as libc::mode_t) };
    check(made).map(drop)
}

/// Takes a name out of its folder: that of a folder, which must be empty, or that of anything else. `rmdir(2)`,
/// `unlink(2)`.
///
/// # Safety
/// As [`open`].
pub(crate) unsafe fn remove(path: *const c_char, dir: bool) -> Result<(), Errno> {
    let removed = if dir {
        // SAFETY: the caller's promise.
        unsafe { libc::rmdir(path) }
    } else {
        // SAFETY: the caller's promise.
        unsafe { libc::unlink(path) }
    };
    check(removed).map(drop)
}

/// Which call joins two paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Gives a file another name, in place of what has that name. `rename(2)`.
    Rename,
    /// Gives a file a name that nothing has. `renameat2(2)`, `RENAME_NOREPLACE`; `renamex_np(2)` on Apple systems.
    RenameNew,
    /// Each gets the other's name. `renameat2(2)`, `RENAME_EXCHANGE`; `renamex_np(2)` on Apple systems.
    Swap,
    /// Gives a file one name more. `link(2)`.
    Link,
    /// Makes a link to a path, which need not exist. `symlink(2)`.
    Symlink,
}

/// Renames or links `from` to `to`.
///
/// # Safety
/// As [`open`], for both.
pub(crate) unsafe fn join(how: Join, from: *const c_char, to: *const c_char) -> Result<(), Errno> {
    let call = match how {
        Join::Rename => libc::rename,
        Join::Link => libc::link,
        Join::Symlink => libc::symlink,
        // SAFETY: the caller's promise.
        Join::RenameNew | Join::Swap => return unsafe { rename_with(how, from, to) },
    };
    // SAFETY: the caller's promise.
    let joined = unsafe { call(from, to) };
    check(joined).map(drop)
}

/// [`Join::RenameNew`] and [`Join::Swap`]. `ENOSYS` where the system has no such call.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn rename_with(how: Join, from: *const c_char, to: *const c_char) -> Result<(), Errno> {
    // The call itself, which not every C library has.
    // SAFETY: the caller's promise.
    let renamed =
        unsafe { libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, rename_flags(how)) };
    check(renamed as libc::c_int).map(drop)
}

/// As above.
#[cfg(target_vendor = "apple")]
unsafe fn rename_with(how: Join, from: *const c_char, to: *const c_char) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    let renamed = unsafe { libc::renamex_np(from, to, rename_flags(how)) };
    check(renamed).map(drop)
}

/// As above.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
unsafe fn rename_with(_: Join, _: *const c_char, _: *const c_char) -> Result<(), Errno> {
    Err(errno(libc::ENOSYS))
}

/// The flags of the call that renames so.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(crate) fn rename_flags(how: Join) -> u32 {
    #[cfg(target_vendor = "apple")]
    let (new, swap) = (libc::RENAME_EXCL, libc::RENAME_SWAP);
    #[cfg(not(target_vendor = "apple"))]
    let (new, swap) = (libc::RENAME_NOREPLACE, libc::RENAME_EXCHANGE);
    match how {
        Join::RenameNew => new,
        Join::Swap => swap,
        Join::Rename | Join::Link | Join::Symlink => 0,
    }
}

/// The call is not there, or what it was asked for makes no sense to it. `ENOSYS`, `EINVAL`, `EOPNOTSUPP`.
pub(crate) const UNKNOWN: [Errno; 3] = [errno(libc::ENOSYS), errno(libc::EINVAL), errno(libc::EOPNOTSUPP)];

/// The empty path: with it, a call about a path is about the descriptor.
pub(crate) const HERE: &CStr = c"";

/// What one call moves at most: more than a signed 32-bit count is refused by Apple systems, and cut by Linux.
pub(crate) const CALL_MAX: usize = 0x7FFF_F000;

/// The list as the system takes it.
fn vectors(stretches: &[IoVec]) -> (*const libc::iovec, libc::c_int) {
    // `IoVec` is transparent over `iovec`. A longer list than this is refused as a whole.
    (stretches.as_ptr().cast(), stretches.len().min(1024) as libc::c_int)
}

/// A position in the system's type: beyond it no file has any.
pub(super) fn offset(at: u64) -> Result<libc::off_t, Errno> {
    libc::off_t::try_from(at).map_err(|_| errno(libc::EINVAL))
}
