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
    let Question { fd, path, flags, mask } = question(of);
    let mut room = StatRoom::new();
    retry(|| {
        // SAFETY: the caller's promise for the path; the room is writable, and of the kernel's layout.
        let got = unsafe { libc::statx(fd, path, flags, mask, room.as_mut_ptr().cast()) };
        check(got)
    })?;
    Ok(room.found())
}

/// What `statx(2)` is asked.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) fd: i32,
    pub(crate) path: *const c_char,
    pub(crate) flags: i32,
    pub(crate) mask: u32,
}

#[cfg(target_os = "linux")]
pub(crate) fn question(of: Of) -> Question {
    /// What `stat(2)` tells, and when a file was made. `STATX_BASIC_STATS`, `STATX_BTIME`.
    const MASK: u32 = 0x07FF | MADE;
    let (fd, path, flags) = match of {
        Of::File(fd) => (fd, super::file::HERE.as_ptr(), libc::AT_EMPTY_PATH),
        Of::Path { path, follow } => (libc::AT_FDCWD, path, if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW }),
    };
    Question { fd, path, flags, mask: MASK }
}

/// `STATX_BTIME`.
#[cfg(target_os = "linux")]
const MADE: u32 = 0x0800;

/// Room for the answer of `statx(2)`: the kernel's structure, which is the same on every architecture and for every C
/// library.
#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StatRoom {
    mask: u32,
    block: u32,
    attributes: u64,
    links: u32,
    user: u32,
    group: u32,
    mode: u16,
    unused: u16,
    inode: u64,
    len: u64,
    blocks: u64,
    attributes_mask: u64,
    accessed: StatTime,
    created: StatTime,
    changed: StatTime,
    modified: StatTime,
    of_device: [u32; 2],
    device: [u32; 2],
    rest: [u64; 14],
}

#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct StatTime {
    seconds: i64,
    nanos: u32,
    unused: i32,
}

#[cfg(target_os = "linux")]
const _: () = assert!(size_of::<StatRoom>() == 256);

#[cfg(target_os = "linux")]
impl StatRoom {
    pub(crate) fn new() -> Self {
        StatRoom::default()
    }

    /// Where the kernel writes.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut Self {
        &raw mut *self
    }

    /// What it wrote.
    pub(crate) fn found(&self) -> Stat {
        let time = |time: StatTime| (time.seconds, time.nanos);
        let [major, minor] = self.device;
        Stat {
            mode: u32::from(self.mode),
            len: self.len,
            inode: self.inode,
            device: libc::makedev(major, minor),
            links: u64::from(self.links),
            user: self.user,
            group: self.group,
            accessed: time(self.accessed),
            modified: time(self.modified),
            changed: time(self.changed),
            created: (self.mask & MADE != 0).then(|| time(self.created)),
        }
    }
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
