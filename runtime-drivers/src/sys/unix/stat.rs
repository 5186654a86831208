//! What the system knows about a file: `statx(2)` where it is, `stat(2)` elsewhere.

use core::ffi::c_char;
use core::mem::MaybeUninit;

use bespoke_core::driver::Errno;

use super::call::{check, retry};

/// What the system knows about a file. Times are seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Kind and permission bits.
    pub mode: u32,
    /// Bytes.
    pub len: u64,
    /// The number of the file in its file system.
    pub inode: u64,
    /// The file system.
    pub device: u64,
    /// Names that it has.
    pub links: u64,
    /// The owner.
    pub user: u32,
    /// The owner's group.
    pub group: u32,
    /// Last read.
    pub accessed: (i64, u32),
    /// Last written.
    pub modified: (i64, u32),
    /// Last written, or its metadata changed.
    pub changed: (i64, u32),
    /// Made; `None` where the file system or the system does not say.
    pub created: Option<(i64, u32)>,
}

/// Whose metadata.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// Of an open file.
    File(i32),
    /// Of what a path leads to; of the link itself if it leads to one and is not followed.
    Path { path: *const c_char, follow: bool },
}

/// What the system knows.
///
/// # Safety
/// A path is a C string, which stays during the call.
pub(crate) unsafe fn stat(of: Of) -> Result<Stat, Errno> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: as the caller.
    match unsafe { statx(of) } {
        // A kernel before 4.11, or a filter that denies what it does not know.
        Err(errno) if matches!(errno.code(), libc::ENOSYS | libc::EPERM) => {}
        result => return result,
    }
    // SAFETY: as the caller.
    unsafe { plain(of) }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
unsafe fn statx(of: Of) -> Result<Stat, Errno> {
    let (fd, path, flags) = match of {
        Of::File(fd) => (fd, super::file::HERE.as_ptr(), libc::AT_EMPTY_PATH),
        Of::Path { path, follow } => (libc::AT_FDCWD, path, if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW }),
    };
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    let mask = libc::STATX_BASIC_STATS | libc::STATX_BTIME;
    retry(|| {
        // SAFETY: the caller's promise for the path; `found` is writable and of the type that the call fills.
        let got = unsafe { libc::statx(fd, path, flags, mask, found.as_mut_ptr()) };
        check(got)
    })?;
    // SAFETY: made of integers, and zeroed before it was filled.
    let found = unsafe { found.assume_init() };
    let time = |time: libc::statx_timestamp| (time.tv_sec, time.tv_nsec);
    Ok(Stat {
        mode: u32::from(found.stx_mode),
        len: found.stx_size,
        inode: found.stx_ino,
        device: libc::makedev(found.stx_dev_major, found.stx_dev_minor),
        links: u64::from(found.stx_nlink),
        user: found.stx_uid,
        group: found.stx_gid,
        accessed: time(found.stx_atime),
        modified: time(found.stx_mtime),
        changed: time(found.stx_ctime),
        created: (found.stx_mask & libc::STATX_BTIME != 0).then(|| time(found.stx_btime)),
    })
}

/// `fstat(2)`, `stat(2)`, `lstat(2)`.
pub(super) unsafe fn plain(of: Of) -> Result<Stat, Errno> {
    let mut found = MaybeUninit::<libc::stat>::zeroed();
    let to = found.as_mut_ptr();
    retry(|| {
        check(match of {
            // SAFETY: `to` is writable and of the type that the call fills.
            Of::File(fd) => unsafe { libc::fstat(fd, to) },
            // SAFETY: as above; the caller's promise for the path.
            Of::Path { path, follow: true } => unsafe { libc::stat(path, to) },
            // SAFETY: as above.
            Of::Path { path, follow: false } => unsafe { libc::lstat(path, to) },
        })
    })?;
    // SAFETY: made of integers, and zeroed before it was filled.
    let found = unsafe { found.assume_init() };
    #[allow(clippy::unnecessary_cast, reason = "the types differ by system")]
    Ok(Stat {
        mode: found.st_mode as u32,
        len: found.st_size as u64,
        inode: found.st_ino as u64,
        device: found.st_dev as u64,
        links: found.st_nlink as u64,
        user: found.st_uid,
        group: found.st_gid,
        accessed: (found.st_atime as i64, found.st_atime_nsec as u32),
        modified: (found.st_mtime as i64, found.st_mtime_nsec as u32),
        changed: (found.st_ctime as i64, found.st_ctime_nsec as u32),
        #[cfg(target_vendor = "apple")]
        created: Some((found.st_birthtime as i64, found.st_birthtime_nsec as u32)),
        #[cfg(not(target_vendor = "apple"))]
        created: None,
    })
}

/// The bits of a mode that say what a file is, and what they say.
#[allow(clippy::unnecessary_cast, reason = "the type differs by system")]
pub(crate) mod kind {
    /// The bits.
    pub(crate) const MASK: u32 = libc::S_IFMT as u32;
    /// A regular file.
    pub(crate) const FILE: u32 = libc::S_IFREG as u32;
    /// A folder.
    pub(crate) const DIR: u32 = libc::S_IFDIR as u32;
    /// A symbolic link.
    pub(crate) const SYMLINK: u32 = libc::S_IFLNK as u32;
    /// A pipe with a name.
    pub(crate) const FIFO: u32 = libc::S_IFIFO as u32;
    /// A Unix socket.
    pub(crate) const SOCKET: u32 = libc::S_IFSOCK as u32;
    /// A device of blocks.
    pub(crate) const BLOCK_DEVICE: u32 = libc::S_IFBLK as u32;
    /// A device of characters.
    pub(crate) const CHAR_DEVICE: u32 = libc::S_IFCHR as u32;
}
