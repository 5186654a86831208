//! How a file is opened.

use super::errors::{about, c_path, failed};
use super::file::File;
use crate::op::{Fs, Open, OpenHow};
use crate::sys::file::INVALID;
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, Operation};
use bespoke_core::error::Error;
use bespoke_core::runtime::assert_inside;
use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// How a file is opened: nothing is allowed and nothing is made, unless said.
///
/// Files are opened close-on-exec, always.
pub struct OpenOptions<C: Config> {
    how: OpenHow,
    /// Around the system's memory?
    direct: bool,
    _config: PhantomData<fn() -> C>,
}

impl<C: Config> OpenOptions<C> {
    /// Nothing is allowed, nothing is made; a file that is made later may be read and written by all whom the process's mask
    /// allows (`0o666`).
    #[must_use]
    pub fn new() -> Self {
        let how = OpenHow {
            read: false,
            write: false,
            append: false,
            truncate: false,
            create: false,
            create_new: false,
            mode: 0o666,
            flags: 0,
        };
        OpenOptions { how, direct: false, _config: PhantomData }
    }

    /// For reading?
    pub fn read(&mut self, yes: bool) -> &mut Self {
        self.how.read = yes;
        self
    }

    /// For writing? What is in the file stays, unless written over.
    pub fn write(&mut self, yes: bool) -> &mut Self {
        self.how.write = yes;
        self
    }

    /// For writing at the end, wherever that is when the write comes: also if others write there. Writes at a position go
    /// there, too, on Linux.
    pub fn append(&mut self, yes: bool) -> &mut Self {
        self.how.append = yes;
        self
    }

    /// Cut to no bytes when it is opened? Needs [`write`](Self::write).
    pub fn truncate(&mut self, yes: bool) -> &mut Self {
        self.how.truncate = yes;
        self
    }

    /// Make it if it is not there? Needs [`write`](Self::write) or [`append`](Self::append).
    pub fn create(&mut self, yes: bool) -> &mut Self {
        self.how.create = yes;
        self
    }

    /// Make it, and fail if anything has that name, in one step? Needs [`write`](Self::write) or [`append`](Self::append).
    pub fn create_new(&mut self, yes: bool) -> &mut Self {
        self.how.create_new = yes;
        self
    }

    /// The permission bits of a file that is made, before the process's mask (`umask(2)`).
    pub fn mode(&mut self, bits: u32) -> &mut Self {
        self.how.mode = bits;
        self
    }

    /// More flags for `open(2)`, `O_NOFOLLOW` say; those for the access are ignored.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.how.flags = flags;
        self
    }

    /// Around the system's memory: bytes go between the disk and the buffer, without a copy that the system keeps? `open(2)`,
    /// `O_DIRECT`.
    ///
    /// Then **position, length and address of the buffer** must be multiples of what the disk and the file system want: 512 for
    /// some, 4096 for nearly all (`statx(2)`, `STATX_DIOALIGN`). A `Vec` lies at no such address: read into a slice of one that
    /// begins at one, or use a type of your own with `repr(align(4096))`. What does not fit fails with
    /// [`InvalidInput`](io::ErrorKind::InvalidInput); some file systems take the usual way instead. The last read
    /// of a file may be short. A write is not on the disk before [`sync_data`](File::sync_data) all the same.
    ///
    /// A file system that has no such way refuses the open, with the same kind.
    ///
    /// # Platform
    /// Linux.
    ///
    /// # Example
    #[doc = opened!()]
    /// use bespoke::io::IoBuf;
    ///
    /// # file.sync_all().await?; // what is read comes from the disk
    /// let Ok(file) = File::options().read(true).direct(true).open(&path).await else {
    ///     return fs::remove_dir_all(&folder).await; // not on this file system
    /// };
    /// let room: Vec<u8> = vec![0; 2 * 4096];
    /// let begin = room.as_ptr().align_offset(4096);
    /// let (read, part) = file.read_at(room.slice(begin..begin + 4096), 0).await;
    /// assert_eq!(read?, 10); // the file ends
    /// assert_eq!(part.into_inner()[begin..begin + 10], *b"0123456789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[cfg(target_os = "linux")]
    pub fn direct(&mut self, yes: bool) -> &mut Self {
        self.direct = yes;
        self
    }

    /// How, with all that was said.
    pub(super) fn how_to_open(&self) -> OpenHow {
        #[cfg(target_os = "linux")]
        let flags = if self.direct { crate::sys::file::DIRECT } else { 0 };
        #[cfg(not(target_os = "linux"))]
        let flags = 0;
        OpenHow { flags: self.how.flags | flags, ..self.how }
    }

    /// Opens `path`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the options contradict each other, or the path has a zero byte. What
    /// `open(2)` says: [`NotFound`](io::ErrorKind::NotFound), [`PermissionDenied`](io::ErrorKind::PermissionDenied),
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), [`IsADirectory`](io::ErrorKind::IsADirectory); the message names the
    /// path. [`Unsupported`](io::ErrorKind::Unsupported): the config has no blocking threads.
    ///
    /// # Cancel safety
    /// Cancel safe: a file that is opened all the same is closed. It may have been made.
    ///
    /// # Example
    #[doc = opened!()]
    /// use bespoke::fs::OpenOptions;
    ///
    /// let mut log = OpenOptions::new().append(true).create(true).mode(0o600).open(folder.join("log")).await?;
    /// log.write_all("begun\n").await.0?;
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn open<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<File<C>>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        let (how, direct) = (self.how_to_open(), self.direct);
        let path = checked(how).and_then(|()| c_path(path.as_ref()));
        open(how, path, Location::caller(), if direct { not_opened_directly } else { not_opened })
    }
}

/// Opens; `why` makes the error of what the operation said, about this path.
pub(super) async fn open<C: Config<Driver: Fs>>(
    how: OpenHow,
    path: io::Result<CString>,
    at: &'static Location<'static>,
    why: fn(&CStr, Errno) -> io::Error,
) -> io::Result<File<C>> {
    assert_inside::<C>(at);
    // SAFETY: a C string is on the heap, where it stays when it moves.
    let operation: Operation<C, Open, _> = unsafe { Operation::new(path?, |path| Open { path: path.as_ptr(), how }) };
    let (opened, path) = operation.await;
    let file = opened.and_then(|raw| File::adopt(raw, at));
    file.map_err(|errno| why(&path, errno))
}

pub(super) fn not_opened(path: &CStr, errno: Errno) -> io::Error {
    failed("open", path, errno)
}

pub(super) fn not_opened_directly(path: &CStr, errno: Errno) -> io::Error {
    if errno != INVALID {
        return not_opened(path, errno);
    }
    let why = "the file system has no way around the system's memory: open the file without `direct`";
    about("open", Path::new(OsStr::from_bytes(path.to_bytes())), Error::from(errno).because(why).into())
}

/// What the system would take, and mean something else by.
pub(super) fn checked(how: OpenHow) -> io::Result<()> {
    let writes = how.write || how.append;
    let why = if !how.read && !writes {
        "a file is opened to be read, to be written, or to be appended to: say which"
    } else if !writes && (how.create || how.create_new) {
        "a file that is made must be opened to be written or appended to"
    } else if how.truncate && !how.write {
        "a file that is cut must be opened to be written"
    } else if how.truncate && how.append {
        "a file that is appended to cannot be cut"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

impl<C: Config> Default for OpenOptions<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Config> Clone for OpenOptions<C> {
    fn clone(&self) -> Self {
        OpenOptions { how: self.how, direct: self.direct, _config: PhantomData }
    }
}

impl<C: Config> fmt::Debug for OpenOptions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenOptions").field(&self.how).field(&self.direct).finish()
    }
}
