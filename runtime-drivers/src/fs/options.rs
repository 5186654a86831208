//! How a file is opened.

use super::errors::{c_path, failed};
use super::file::File;
use crate::op::{Fs, Open, OpenHow};
use bespoke_core::config::Config;
use bespoke_core::driver::Operation;
use bespoke_core::runtime::assert_inside;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use std::ffi::CString;
use std::io;
use std::path::Path;

/// How a file is opened: nothing is allowed and nothing is made, unless said.
///
/// Files are opened close-on-exec, always.
pub struct OpenOptions<C: Config> {
    how: OpenHow,
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
        OpenOptions { how, _config: PhantomData }
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
        open(self.how, checked(self.how).and_then(|()| c_path(path.as_ref())), Location::caller())
    }
}

async fn open<C: Config<Driver: Fs>>(
    how: OpenHow,
    path: io::Result<CString>,
    at: &'static Location<'static>,
) -> io::Result<File<C>> {
    assert_inside::<C>(at);
    // SAFETY: a C string is on the heap, where it stays when it moves.
    let operation: Operation<C, Open, _> = unsafe { Operation::new(path?, |path| Open { path: path.as_ptr(), how }) };
    let (opened, path) = operation.await;
    let file = opened.and_then(|raw| File::adopt(raw, at));
    file.map_err(|errno| failed("open", &path, errno))
}

/// What the system would take, and mean something else by.
fn checked(how: OpenHow) -> io::Result<()> {
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
        OpenOptions { how: self.how, _config: PhantomData }
    }
}

impl<C: Config> fmt::Debug for OpenOptions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenOptions").field(&self.how).finish()
    }
}
