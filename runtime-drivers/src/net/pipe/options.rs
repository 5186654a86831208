//! How a FIFO is opened.

use super::{End, Receiver, Sender, enter};
use crate::net::io_error;
use crate::op::{PipeCalls, Pipes};
use crate::sys::pipe;
use bespoke_core::config::Config;
use bespoke_core::error::in_context;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::path::Path;

/// How a FIFO, a pipe with a name, is opened. Opening never waits for the other end.
///
/// # Example
/// ```
/// use bespoke::net::pipe;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("bespoke-doc-fifo-{}", std::process::id()));
/// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
/// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
/// let mut sender = pipe::OpenOptions::new().open_sender(&path)?; // somebody reads, so this works
/// sender.write_all("tea").await.0?;
/// assert_eq!(receiver.read(&mut [0; 16]).await?, 3);
/// # std::fs::remove_file(&path)
/// # }
/// ```
///
/// # Platform
/// Unix.
pub struct OpenOptions<C: Config> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    read_write: bool,
    unchecked: bool,
    _config: PhantomData<fn() -> C>,
}

impl<C: Config> OpenOptions<C> {
    /// One direction, and only a FIFO.
    #[must_use]
    pub fn new() -> Self {
        OpenOptions {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            read_write: false,
            unchecked: false,
            _config: PhantomData,
        }
    }

    /// Opens for both directions: a receiver then never finds the end, although the last writer has gone, and a sender needs
    /// nobody who reads. Not by default.
    ///
    /// # Platform
    /// Linux: POSIX does not say what it means.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Opens the file without asking whether it is a FIFO: who knows, saves a system call. Of another file, reads and writes
    /// fail, or never end. Not by default.
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the FIFO at `path` to read it.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound), [`PermissionDenied`](io::ErrorKind::PermissionDenied): as `open(2)`.
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not a FIFO. The message names the path.
    ///
    /// # Panics
    /// As [`pipe`](super::pipe).
    ///
    /// # Example
    /// See the [type](Self).
    #[track_caller]
    pub fn open_receiver(&self, path: impl AsRef<Path>) -> io::Result<Receiver<C>>
    where
        C::Driver: Pipes,
    {
        let at = Location::caller();
        let path = path.as_ref();
        self.open(path, End::Read, at).map(Receiver::of).map_err(|error| named(path, error))
    }

    /// Opens the FIFO at `path` to write to it.
    ///
    /// # Errors
    /// As [`open_receiver`](Self::open_receiver). `ENXIO`: nobody has it open to read. Whoever waits for a reader looks for that
    /// code (`Error::from(&error).code()`), and tries again after a time.
    ///
    /// # Panics
    /// As [`pipe`](super::pipe).
    ///
    /// # Example
    /// See the [type](Self).
    #[track_caller]
    pub fn open_sender(&self, path: impl AsRef<Path>) -> io::Result<Sender<C>>
    where
        C::Driver: Pipes,
    {
        let at = Location::caller();
        let path = path.as_ref();
        self.open(path, End::Write, at).map(Sender::of).map_err(|error| {
            if pipe::nobody_reads(&error) {
                return in_context(error, format_args!("cannot open `{}`: nobody has it open to read", path.display()));
            }
            named(path, error)
        })
    }

    fn open(
        &self,
        path: &Path,
        end: End,
        at: &'static Location<'static>,
    ) -> io::Result<bespoke_core::driver::OwnedResource<C>>
    where
        C::Driver: Pipes,
    {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let both = self.read_write;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let both = false;
        let (read, write) = (both || end == End::Read, both || end == End::Write);
        let raw = <C::Driver as PipeCalls>::open_fifo(path, read, write).map_err(io_error)?;
        // SAFETY: just opened, and nobody else's.
        enter(unsafe { OwnedFd::from_raw_fd(raw) }, end, !self.unchecked, at)
    }
}

fn named(path: &Path, error: io::Error) -> io::Error {
    in_context(error, format_args!("cannot open `{}`", path.display()))
}

impl<C: Config> Default for OpenOptions<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Config> Clone for OpenOptions<C> {
    fn clone(&self) -> Self {
        OpenOptions { ..*self }
    }
}

impl<C: Config> fmt::Debug for OpenOptions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("OpenOptions");
        #[cfg(any(target_os = "linux", target_os = "android"))]
        shown.field("read_write", &self.read_write);
        shown.field("unchecked", &self.unchecked).finish()
    }
}
