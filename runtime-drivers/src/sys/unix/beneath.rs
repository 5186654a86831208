//! What lies beneath a folder, and nothing else: `openat2(2)`, and where that is denied, a walk from folder to folder. Linux.
//!
//! # Promise
//! Each step towards what is opened was, when it was taken, an entry of the folder itself or of one that was reached from it by
//! such steps. A link may lead from one place beneath the folder to another; one that is absolute, or goes above the folder, is
//! refused, and so is every magic link of `/proc`. Who changes the tree meanwhile changes what is found, and not that.
//!
//! The walk keeps the folders that it has entered open: what `..` of a link means is the folder that it came from, wherever that
//! lies by then. So it never asks the system for a parent.

use super::call::{check, count, errno, retry};
use super::fd::{Owned, owned};
use super::file::Join;
use super::stat::{self, kind};
use bespoke_core::driver::Errno;
use core::ffi::CStr;
use std::ffi::CString;
use std::os::fd::AsRawFd as _;
use std::vec::Vec;

/// Why something beneath a folder was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A link leads out.
    Outside,
    /// The system, or the file system, has no such call.
    Lacking,
    /// The system says so.
    System(Errno),
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Refusal::System(errno)
    }
}

/// The folder itself, to be used as one: no right to read it is needed. `O_PATH`.
pub(crate) const AS_FOLDER: i32 = libc::O_PATH | libc::O_DIRECTORY;
/// To be listed.
pub(crate) const TO_LIST: i32 = libc::O_RDONLY | libc::O_DIRECTORY;
/// To be asked about.
pub(crate) const TO_LOOK_AT: i32 = libc::O_PATH;
/// A link itself, and not what it leads to.
pub(crate) const NO_FOLLOW: i32 = libc::O_NOFOLLOW;

/// Opens a folder by a path, from where the process is. Links are followed. `open(2)`.
pub(crate) fn open_folder(path: &CStr) -> Result<Owned, Errno> {
    open_at(libc::AT_FDCWD, path, AS_FOLDER, 0)
}

/// Opens what the path leads to, beneath `folder`. The path is relative, and has no `..`; `flags` are those of `open(2)`.
pub(crate) fn open(folder: &Owned, path: &CStr, flags: i32, mode: u32) -> Result<Owned, Refusal> {
    for _ in 0..TRIES {
        match open_beneath(folder, path, flags, mode) {
            Ok(opened) => return Ok(opened),
            Err(errno) => match errno.code() {
                libc::EXDEV => return Err(Refusal::Outside),
                // Somebody renamed something while it looked at a `..`.
                libc::EAGAIN => {}
                // A kernel before 5.6, or a filter that denies what it does not know. A denial that is the file's comes again.
                libc::ENOSYS | libc::EPERM => break,
                _ => return Err(errno.into()),
            },
        }
    }
    walk(folder, path, flags, mode)
}

/// What is said of a link that is not to be followed.
const IS_OTHER: [i32; 2] = [libc::ENOTDIR, libc::ELOOP];

/// How often the system is asked again.
const TRIES: usize = 32;

fn open_beneath(folder: &Owned, path: &CStr, flags: i32, mode: u32) -> Result<Owned, Errno> {
    // SAFETY: made of integers, of which zero is one.
    let mut how: libc::open_how = unsafe { core::mem::zeroed() };
    how.flags = u64::from((flags | libc::O_CLOEXEC).cast_unsigned());
    // It refuses a mode for what is not made.
    how.mode = if makes(flags) { u64::from(mode & 0o7777) } else { 0 };
    how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS;
    let (folder, path, size) = (folder.as_raw_fd(), path.as_ptr(), size_of::<libc::open_how>());
    let opened = retry(|| {
        // SAFETY: the path is a C string; `how` is live, and as long as is said.
        let opened = unsafe { libc::syscall(libc::SYS_openat2, folder, path, &raw const how, size) };
        check(opened as libc::c_int)
    })?;
    // SAFETY: new, and nobody else's.
    Ok(unsafe { owned(opened) })
}

fn makes(flags: i32) -> bool {
    flags & libc::O_CREAT != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE
}

fn open_at(folder: i32, path: &CStr, flags: i32, mode: u32) -> Result<Owned, Errno> {
    let opened = retry(|| {
        // SAFETY: a C string; the mode is passed as the unsigned int that a variadic call makes of it.
        let opened = unsafe { libc::openat(folder, path.as_ptr(), flags | libc::O_CLOEXEC, mode) };
        check(opened)
    })?;
    // SAFETY: new, and nobody else's.
    Ok(unsafe { owned(opened) })
}

/// Opens what has that name in the folder; `flags` say whether a link is followed. `openat(2)`.
pub(crate) fn open_here(folder: &Owned, name: &CStr, flags: i32) -> Result<Owned, Errno> {
    open_at(folder.as_raw_fd(), name, flags, 0)
}

/// As [`open`], name by name, none of which is followed by the system.
/// Is this a symbolic link itself?
fn is_link(opened: &Owned) -> Result<bool, Errno> {
    // SAFETY: there is no path.
    let found = unsafe { stat::stat(stat::Of::File(opened.as_raw_fd())) }?;
    Ok(found.mode & kind::MASK == kind::SYMLINK)
}

fn walk(folder: &Owned, path: &CStr, flags: i32, mode: u32) -> Result<Owned, Refusal> {
    /// As many links as the system follows. `path_resolution(7)`.
    const LINKS_MAX: usize = 40;
    // A file that must be new is none that a link leads to.
    let follows =
        flags & libc::O_NOFOLLOW == 0 && flags & (libc::O_CREAT | libc::O_EXCL) != libc::O_CREAT | libc::O_EXCL;
    let mut entered: Vec<Owned> = Vec::new();
    // The next is the last.
    let mut names = Vec::new();
    push_names(&mut names, path.to_bytes());
    let mut links = 0;
    while let Some(name) = names.pop() {
        let here = entered.last().unwrap_or(folder);
        if name.as_bytes() == b".." {
            entered.pop().ok_or(Refusal::Outside)?;
            continue;
        }
        let last = names.is_empty();
        if (follows || !last)
            && let Ok(target) = read_link(here, &name)
        {
            links += 1;
            if target.first() == Some(&b'/') {
                return Err(Refusal::Outside);
            } else if links > LINKS_MAX {
                return Err(errno(libc::ELOOP).into());
            }
            push_names(&mut names, &target);
            continue;
        }
        let (how, mode) = if last { (flags, mode) } else { (AS_FOLDER, 0) };
        match open_at(here.as_raw_fd(), &name, how | libc::O_NOFOLLOW, mode) {
            // Somebody has put a link there since, which is opened itself by who asks for no file's contents.
            Ok(opened) if last && follows && flags & libc::O_PATH != 0 && links < LINKS_MAX && is_link(&opened)? => {
                links += 1;
                names.push(name);
            }
            Ok(opened) if last => return Ok(opened),
            Ok(opened) => entered.push(opened),
            // Somebody may have put a link there since; what is no folder stays none.
            Err(errno) if (follows || !last) && links < LINKS_MAX && IS_OTHER.contains(&errno.code()) => {
                links += 1;
                names.push(name);
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    // The folder itself, or one that it has come back to.
    let here = entered.last().unwrap_or(folder);
    Ok(open_at(here.as_raw_fd(), c".", flags, mode)?)
}

/// Those of a path, so that the first is the next.
fn push_names(names: &mut Vec<CString>, path: &[u8]) {
    let of_path = path.split(|byte| *byte == b'/').rev().filter(|name| !name.is_empty() && *name != b".");
    names.extend(of_path.filter_map(|name| CString::new(name).ok()));
}

/// What a link in a folder says. `readlinkat(2)`; `EINVAL`: no link.
pub(crate) fn read_link(folder: &Owned, name: &CStr) -> Result<Vec<u8>, Errno> {
    // No file system keeps a longer one.
    let mut text = std::vec![0_u8; libc::PATH_MAX as usize];
    // SAFETY: a C string; `text` is live, writable, and as long as is said.
    let read = unsafe { libc::readlinkat(folder.as_raw_fd(), name.as_ptr(), text.as_mut_ptr().cast(), text.len()) };
    text.truncate(count(read)?);
    Ok(text)
}

/// Makes a folder in a folder. `mkdirat(2)`.
pub(crate) fn make_dir(folder: &Owned, name: &CStr, mode: u32) -> Result<(), Errno> {
    // SAFETY: a C string.
    let made = unsafe { libc::mkdirat(folder.as_raw_fd(), name.as_ptr(), mode) };
    check(made).map(drop)
}

/// Takes a name out of a folder: that of an empty folder, or that of anything else. A link is not followed. `unlinkat(2)`.
pub(crate) fn remove(folder: &Owned, name: &CStr, dir: bool) -> Result<(), Errno> {
    let flags = if dir { libc::AT_REMOVEDIR } else { 0 };
    // SAFETY: a C string.
    let removed = unsafe { libc::unlinkat(folder.as_raw_fd(), name.as_ptr(), flags) };
    check(removed).map(drop)
}

/// Gives what is in one folder a name in another, as [`Join`] says of renames. `renameat2(2)`.
pub(crate) fn rename(how: Join, from: (&Owned, &CStr), to: (&Owned, &CStr)) -> Result<(), Errno> {
    let (old, new) = (from.0.as_raw_fd(), to.0.as_raw_fd());
    let flags = super::file::rename_flags(how);
    let renamed = if flags == 0 {
        // SAFETY: C strings.
        unsafe { libc::renameat(old, from.1.as_ptr(), new, to.1.as_ptr()) }
    } else {
        // The call itself, which not every C library has.
        // SAFETY: as above.
        let renamed = unsafe { libc::syscall(libc::SYS_renameat2, old, from.1.as_ptr(), new, to.1.as_ptr(), flags) };
        renamed as libc::c_int
    };
    check(renamed).map(drop)
}

/// Makes a link in a folder. `symlinkat(2)`.
pub(crate) fn symlink(says: &CStr, folder: &Owned, name: &CStr) -> Result<(), Errno> {
    // SAFETY: C strings.
    let made = unsafe { libc::symlinkat(says.as_ptr(), folder.as_raw_fd(), name.as_ptr()) };
    check(made).map(drop)
}
