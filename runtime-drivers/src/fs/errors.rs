//! What an error says: the path, what was to be done with it, and why it was not.

use crate::sys::file::INVALID;
use bespoke_core::driver::Errno;
use bespoke_core::error::{Error, in_context};
use core::ffi::CStr;
use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The error of an operation that names no path.
pub(crate) fn io_error(errno: Errno) -> io::Error {
    match errno {
        Errno::NO_THREADS => Error::from(errno).saying(
            "files are read and written on blocking threads, and this config has none: set BLOCKING_THREADS_MAX above 0, \
             and `Threads` to a source that may start some",
        ),
        Errno::QUEUE_FULL => Error::from(errno).saying(
            "the queue of the blocking threads is full: raise BLOCKING_QUEUE_MAX or BLOCKING_THREADS_MAX",
        ),
        errno => errno.into(),
    }
}

/// The error of bytes that were not moved: as [`io_error`], and what an `EINVAL` may come from.
#[cold]
pub(super) fn not_moved(errno: Errno) -> io::Error {
    if errno == INVALID { Error::from(errno).because(WHY_NOT_MOVED).into() } else { io_error(errno) }
}

#[cfg(target_os = "linux")]
const WHY_NOT_MOVED: &str = "no file has such a position; or it was opened with `direct`: then position, length and address of \
                             the buffer must be multiples of the disk's block, for which 4096 will do nearly everywhere";
#[cfg(not(target_os = "linux"))]
const WHY_NOT_MOVED: &str = "no file has such a position";

/// The error of what was to be done with a path.
#[cold]
pub(super) fn about(what: &str, path: &Path, error: io::Error) -> io::Error {
    in_context(error, format_args!("cannot {what} {path:?}"))
}

/// As [`about`], from what the operation says and keeps.
#[cold]
pub(super) fn failed(what: &str, path: &CStr, errno: Errno) -> io::Error {
    about(what, Path::new(OsStr::from_bytes(path.to_bytes())), io_error(errno))
}

/// The path as the system takes it.
pub(super) fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|error| {
        let path = std::ffi::OsString::from_vec(error.into_vec());
        io::Error::new(io::ErrorKind::InvalidInput, std::format!("the path {path:?} has a zero byte in it"))
    })
}
