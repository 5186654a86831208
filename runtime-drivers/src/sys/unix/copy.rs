//! A file copied to another: by the system where it can, and else through memory. Linux.
//!
//! # Promise
//! 1. Until the target is cut, who may read it is as it was; from then on as the source says. So nobody reads old bytes who
//!    could not before, and nobody opens the target for new bytes who could not read the source. (Who has it open already
//!    goes on reading.)
//! 2. A count that is short is no end: what is left is copied. A way that is refused, at whatever byte, is left for the next
//!    one at that byte: `copy_file_range(2)`, `splice(2)` through a pipe, `read(2)` and `write(2)`. The end is what a read says.

use super::call::{check, count, errno, retry};
use super::fd::{Owned, owned};
use super::file::{self, CALL_MAX, OpenHow};
use super::stat::{self, Of, Stat, kind};
use bespoke_core::driver::Errno;
use core::ffi::CStr;
use std::os::fd::AsRawFd as _;
use std::vec::Vec;

/// What did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Both are one file: it would be cut before it is read.
    OneFile,
    /// The source is a folder.
    Folder,
    /// The system says so.
    System(Errno),
}

impl From<Errno> for Failed {
    fn from(errno: Errno) -> Self {
        Failed::System(errno)
    }
}

/// How bytes are moved, fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// `copy_file_range(2)`: in the file system.
    Range,
    /// `splice(2)`: in the system's memory.
    Splice,
    /// `read(2)`, `write(2)`.
    Buffer,
}

/// Copies the bytes, and who may read, write and run them. Yields how many bytes.
pub(crate) fn copy(source: &CStr, target: &CStr) -> Result<u64, Failed> {
    let read = OpenHow { read: true, ..NOTHING };
    let from = open(source, &read)?;
    let source = look_at(&from)?;
    if source.mode & kind::MASK == kind::DIR {
        return Err(Failed::Folder);
    }
    // What is made is nobody's more than the source; the mask may take from it until it has the mode itself.
    let mode = source.mode & PERMISSIONS;
    let to = open(target, &OpenHow { write: true, create: true, mode, ..NOTHING })?;
    let target = look_at(&to)?;
    // Once more: on a file system in layers the open that writes may make a file of its own in the upper one, for both.
    let source = look_at(&from)?;
    if (source.device, source.inode) == (target.device, target.inode) {
        return Err(Failed::OneFile);
    }
    if target.mode & kind::MASK == kind::FILE {
        // In this order: promise 1.
        file::set_len(to.as_raw_fd(), 0)?;
        set_mode(&to, mode)?;
    }
    copy_bytes(&from, &to)
}

/// The bits of a mode that say who may do what. Not those by which a program runs as its owner: they are about whom a file
/// belongs to, which is another one here.
const PERMISSIONS: u32 = 0o777;

const NOTHING: OpenHow = OpenHow {
    read: false,
    write: false,
    append: false,
    truncate: false,
    create: false,
    create_new: false,
    mode: 0,
    flags: 0,
};

fn open(path: &CStr, how: &OpenHow) -> Result<Owned, Errno> {
    // SAFETY: a C string.
    let opened = unsafe { file::open(path.as_ptr(), how) }?;
    // SAFETY: new, and nobody else's.
    Ok(unsafe { owned(opened) })
}

fn look_at(file: &Owned) -> Result<Stat, Errno> {
    // SAFETY: there is no path.
    unsafe { stat::stat(Of::File(file.as_raw_fd())) }
}

/// Says who may do what. `fchmod(2)`.
fn set_mode(file: &Owned, mode: u32) -> Result<(), Errno> {
    retry(|| {
        // SAFETY: touches no memory of ours.
        let set = unsafe { libc::fchmod(file.as_raw_fd(), mode) };
        check(set)
    })
    .map(drop)
}

/// Copies from the cursor of the one to that of the other, until the first ends. So each way goes on where the one before
/// stopped.
fn copy_bytes(from: &Owned, to: &Owned) -> Result<u64, Failed> {
    let (mut way, mut copied) = (Way::Range, 0_u64);
    let mut pipe: Option<(Owned, Owned)> = None;
    let mut room = Vec::new();
    loop {
        let moved = match way {
            Way::Range => copy_range(from, to),
            Way::Splice => splice_through(&mut pipe, &mut room, from, to),
            Way::Buffer => {
                let moved = move_through(&mut room, from, to)?;
                if moved == 0 {
                    return Ok(copied);
                }
                Ok(moved)
            }
        };
        match moved {
            // What tells no length (`/proc`) is empty to them: only a read knows.
            Ok(0) => way = Way::Buffer,
            Ok(bytes) => copied += bytes as u64,
            Err(Step::Refused) => way = if way == Way::Range { Way::Splice } else { Way::Buffer },
            Err(Step::Rest(bytes)) => (way, copied) = (Way::Buffer, copied + bytes as u64),
            Err(Step::Failed(errno)) => return Err(errno.into()),
        }
    }
}

/// Why a way ends.
enum Step {
    /// It is none for these two files. Nothing was moved.
    Refused,
    /// Nor is it, which showed when bytes were on their way: those were moved otherwise.
    Rest(usize),
    Failed(Errno),
}

/// What says that the way is none, and not that the copy fails: the systems of both files are two, or do not do it, or one
/// of them is no regular file, or a filter denies the call.
fn refused(errno: Errno) -> Step {
    match errno.code() {
        libc::EXDEV
        | libc::EOPNOTSUPP
        | libc::EINVAL
        | libc::ENOSYS
        | libc::EPERM
        | libc::EBADF
        | libc::EOVERFLOW
        | libc::ESPIPE => Step::Refused,
        _ => Step::Failed(errno),
    }
}

fn copy_range(from: &Owned, to: &Owned) -> Result<usize, Step> {
    let (from, to) = (from.as_raw_fd(), to.as_raw_fd());
    let none = core::ptr::null_mut::<libc::loff_t>();
    retry(|| {
        // The call itself, which not every C library has.
        // SAFETY: no positions are given: the cursors of the files are used and moved.
        let copied = unsafe { libc::syscall(libc::SYS_copy_file_range, from, none, to, none, CALL_MAX, 0) };
        count(copied as libc::ssize_t)
    })
    .map_err(refused)
}

/// Through a pipe, which is made at the first call and empty after each.
fn splice_through(
    pipe: &mut Option<(Owned, Owned)>,
    room: &mut Vec<u8>,
    from: &Owned,
    to: &Owned,
) -> Result<usize, Step> {
    let (out, into) = match pipe {
        Some(ends) => ends,
        None => {
            // No descriptors left, say.
            let Ok((read, write)) = std::io::pipe() else { return Err(Step::Refused) };
            pipe.insert((read.into(), write.into()))
        }
    };
    let filled = splice(from, into, CHUNK).map_err(refused)?;
    let mut left = filled;
    while left > 0 {
        match splice(out, to, left) {
            Ok(0) => return Err(Step::Failed(errno(libc::EIO))),
            Ok(moved) => left -= moved,
            Err(errno) => match refused(errno) {
                // The bytes in the pipe have left the source.
                Step::Refused => {
                    while left > 0 {
                        match move_through(room, out, to) {
                            Ok(moved) if moved > 0 => left = left.saturating_sub(moved),
                            Ok(_) => return Err(Step::Failed(errno)),
                            Err(failed) => return Err(Step::Failed(failed)),
                        }
                    }
                    return Err(Step::Rest(filled));
                }
                step => return Err(step),
            },
        }
    }
    Ok(filled)
}

/// Bytes that one call moves through a pipe or through memory: what a pipe of the usual size holds at most, twice.
const CHUNK: usize = 128 << 10;

fn splice(from: &Owned, to: &Owned, len: usize) -> Result<usize, Errno> {
    let (from, to) = (from.as_raw_fd(), to.as_raw_fd());
    let none = core::ptr::null_mut::<libc::loff_t>();
    retry(|| {
        // SAFETY: no positions are given.
        let moved = unsafe { libc::splice(from, none, to, none, len, libc::SPLICE_F_MOVE) };
        count(moved)
    })
}

/// Reads once and writes all of it. 0: the end.
fn move_through(room: &mut Vec<u8>, from: &Owned, to: &Owned) -> Result<usize, Errno> {
    room.resize(CHUNK, 0);
    // SAFETY: the room is live, writable, and nobody else's.
    let read = unsafe { file::read(from.as_raw_fd(), room.as_mut_ptr(), CHUNK, None) }?;
    let mut left = &room[..read];
    while !left.is_empty() {
        // SAFETY: borrowed during the call.
        let written = unsafe { file::write(to.as_raw_fd(), left.as_ptr(), left.len(), None) }?;
        if written == 0 {
            return Err(errno(libc::EIO));
        }
        left = &left[written.min(left.len())..];
    }
    Ok(read)
}
