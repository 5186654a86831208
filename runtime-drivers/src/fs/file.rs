//! An open file.

use super::errors::io_error;
use super::options::OpenOptions;
use crate::net::lends_its_fd;
use crate::op::{Files, Foreign, Fs};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::roles::{Kind, RawResource};
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::path::Path;
use std::vec::Vec;

/// An open file. Dropping it closes it, after the last operation on it.
///
/// `read_at`, `write_at` and their kin take a position, and `&self`: any number of them at once. `read`, `write` and their
/// kin go on at a cursor, and take `&mut self`. The cursor is this value's own, and moves when the future is ready: a read
/// that is dropped has read nothing. A write that is dropped under way goes on, and what is called next at the cursor comes
/// behind it.
///
/// A file without positions (a pipe, a terminal) has only the system's cursor: what a dropped read of it had taken is lost.
/// To wait for one of those, prefer what waits without a thread.
///
/// Closing tells no error: what must be on the disk is brought there by [`sync_all`](Self::sync_all).
///
/// # Example
#[doc = opened!()]
/// let (a, b) = (file.read_at(vec![0; 2], 0), file.read_at(vec![0; 2], 8));
/// let ((a_read, a), (b_read, b)) = bespoke::join!(a, b); // both at once
/// assert_eq!((a_read?, b_read?), (2, 2));
/// assert_eq!((&*a, &*b), (&b"01"[..], &b"89"[..]));
///
/// assert_eq!(file.read(vec![0; 4]).await.1, b"0123"); // at the cursor
/// file.write_all("----").await.0?;
/// assert_eq!(file.read(vec![0; 4]).await.1, b"89");
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
pub struct File<C: Config> {
    // Before the resource: an operation on it may be kept there.
    pub(super) cursor: Cursor,
    pub(crate) resource: OwnedResource<C>,
    /// What reads into borrowed slices go through; none before the first.
    pub(super) scratch: Vec<u8>,
}

/// Where reads and writes go on.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) at: u64,
    pub(super) positions: Positions,
    /// A write at the cursor whose future was dropped under way. What is called next waits for it: so writes are in order, and
    /// the cursor is behind all that was written.
    pub(super) dropped: Option<Dropped>,
}

/// An operation whose future was dropped under way; yields how many bytes it has written.
pub(super) struct Dropped(Box<dyn Future<Output = usize> + Send + Sync + Unpin>);

impl Dropped {
    #[cold]
    pub(super) fn new(written: impl Future<Output = usize> + Send + Sync + Unpin + 'static) -> Self {
        Dropped(Box::new(written))
    }
}

impl fmt::Debug for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a write under way")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Positions {
    /// All calls say where.
    Ours,
    /// Reads say where; writes go to the end, and take the cursor there.
    Append,
    /// None: a pipe, a terminal.
    None,
}

impl Cursor {
    fn of<D: Files>(raw: RawResource) -> Result<Self, Errno> {
        Ok(match D::position(raw) {
            Err(_) => Cursor::new(0, Positions::None),
            Ok(at) if D::appends(raw)? => Cursor::new(at, Positions::Append),
            Ok(at) => Cursor::new(at, Positions::Ours),
        })
    }

    fn new(at: u64, positions: Positions) -> Self {
        Cursor { at, positions, dropped: None }
    }

    pub(super) fn for_read(&self) -> Option<u64> {
        (self.positions != Positions::None).then_some(self.at)
    }

    pub(super) fn for_write(&self) -> Option<u64> {
        (self.positions == Positions::Ours).then_some(self.at)
    }
}

/// The cursor of a file, on the way with a transfer.
pub(super) struct Moving<'a, C: Config> {
    pub(super) cursor: &'a mut Cursor,
    pub(super) file: &'a OwnedResource<C>,
}

impl<C: Config> Moving<'_, C> {
    pub(super) fn have_read(&mut self, bytes: usize) {
        self.cursor.at += bytes as u64;
    }

    /// Ready when no write whose future was dropped is under way any more. What it says of an error nobody hears.
    pub(super) fn poll_dropped(&mut self, cx: &mut Context<'_>) -> Poll<()>
    where
        C::Driver: Files,
    {
        if let Some(Dropped(write)) = &mut self.cursor.dropped {
            let bytes = ready!(Pin::new(write).poll(cx));
            self.cursor.dropped = None;
            self.have_written(bytes);
        }
        Poll::Ready(())
    }

    pub(super) fn have_written(&mut self, bytes: usize)
    where
        C::Driver: Files,
    {
        self.cursor.at += bytes as u64;
        if self.cursor.positions == Positions::Append
            && let Ok(Ok(end)) = self.file.while_open(C::Driver::position)
        {
            self.cursor.at = end;
        }
    }
}

impl<C: Config> File<C> {
    /// Opens `path` for reading.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    ///
    /// # Cancel safety
    /// Cancel safe: a file that is opened all the same is closed.
    ///
    /// # Example
    #[doc = opened!()]
    /// let mut file = File::open(&path).await?;
    /// assert_eq!(file.read_to_end().await?, b"0123456789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Fs,
    {
        OpenOptions::new().read(true).open(path)
    }

    /// Opens `path` for writing: makes it if it is not there, cuts it to no bytes if it is.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    ///
    /// # Cancel safety
    /// As [`OpenOptions::open`].
    ///
    /// # Example
    #[doc = opened!()]
    /// let mut file = File::create(&path).await?; // what was there is gone
    /// file.write_all("new").await.0?;
    /// assert_eq!(fs::read(&path).await?, b"new");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Fs,
    {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// Makes `path` and opens it for reading and writing; fails if it is there.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    ///
    /// # Cancel safety
    /// As [`OpenOptions::open`].
    ///
    /// # Example
    #[doc = opened!()]
    /// let taken = File::create_new(&path).await.unwrap_err();
    /// assert_eq!(taken.kind(), std::io::ErrorKind::AlreadyExists);
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Fs,
    {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// How else a file is opened.
    #[must_use]
    ///
    /// # Example
    #[doc = opened!()]
    /// let mut log = File::options().append(true).create(true).open(&path).await?;
    /// log.write_all("more").await.0?;
    /// assert_eq!(fs::read(&path).await?, b"0123456789more");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn options() -> OpenOptions<C> {
        OpenOptions::new()
    }

    /// Takes charge of a descriptor, or closes it: also when there is no runtime to give it to, which is a panic.
    pub(super) fn adopt(raw: RawResource, at: &'static Location<'static>) -> Result<Self, Errno>
    where
        C::Driver: Files,
    {
        struct NobodysYet<D: Files>(RawResource, PhantomData<D>);
        impl<D: Files> Drop for NobodysYet<D> {
            fn drop(&mut self) {
                D::discard(self.0);
            }
        }
        let file = NobodysYet::<C::Driver>(raw, PhantomData);
        let cursor = Cursor::of::<C::Driver>(raw)?;
        let resource = OwnedResource::adopt_for(raw, Kind::File, at)?;
        core::mem::forget(file);
        Ok(File { cursor, resource, scratch: Vec::new() })
    }

    /// A second handle of the same open file, with a cursor of its own, which begins where this one is.
    ///
    /// # Errors
    /// No descriptor left; the runtime is closed.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread.
    ///
    /// # Example
    #[doc = opened!()]
    /// let mut other = file.try_clone()?;
    /// assert_eq!(file.read(vec![0; 4]).await.1, b"0123");
    /// assert_eq!(other.read(vec![0; 2]).await.1, b"01"); // a cursor of its own
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn try_clone(&self) -> io::Result<Self>
    where
        C::Driver: Fs,
    {
        const TRIED: &str = "cannot clone the handle of a file";
        let raw = self.ask(C::Driver::duplicate).map_err(|error| in_context(error, TRIED))?;
        let mut copy = Self::adopt(raw, Location::caller()).map_err(|errno| in_context(io_error(errno), TRIED))?;
        copy.cursor = Cursor::new(self.cursor.at, self.cursor.positions);
        Ok(copy)
    }

    /// Takes charge of a file of the standard library. The cursor begins where the file's is.
    ///
    /// # Errors
    /// What the driver was refused; the file is closed then.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread.
    ///
    /// # Example
    #[doc = opened!()]
    /// let mut file = File::from_std(std::fs::File::open(&path)?)?;
    /// assert_eq!(file.read(vec![0; 4]).await.1, b"0123");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(file: std::fs::File) -> io::Result<Self>
    where
        C::Driver: Fs + Foreign,
    {
        Self::adopt(file.into_raw_fd(), Location::caller())
            .map_err(|errno| in_context(io_error(errno), "cannot take charge of a file"))
    }

    /// A file of the standard library in place of this one: another descriptor of the same open file, with the cursor where
    /// this one's is. What is under way on this one comes to its end.
    ///
    /// # Errors
    /// No descriptor left; the runtime is closed.
    ///
    /// # Example
    #[doc = opened!()]
    /// file.write_all("abc").await.0?;
    /// let mut rest = String::new();
    /// std::io::Read::read_to_string(&mut file.into_std()?, &mut rest)?;
    /// assert_eq!(rest, "3456789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::fs::File>
    where
        C::Driver: Fs + Foreign,
    {
        let raw = self.ask(C::Driver::duplicate)?;
        // SAFETY: new, and nobody else's.
        let file = unsafe { std::fs::File::from_raw_fd(raw) };
        if self.cursor.positions != Positions::None {
            <C::Driver as Files>::set_position(raw, self.cursor.at).map_err(io_error)?;
        }
        Ok(file)
    }

    /// Waits for a write at the cursor whose future was dropped.
    pub(super) async fn after_dropped(&mut self)
    where
        C::Driver: Files,
    {
        let mut moving = Moving { cursor: &mut self.cursor, file: &self.resource };
        core::future::poll_fn(|cx| moving.poll_dropped(cx)).await;
    }

    /// Asks the system what it answers at once.
    pub(super) fn ask<T>(&self, what: impl FnOnce(RawResource) -> Result<T, Errno>) -> io::Result<T> {
        self.resource.while_open(what).and_then(|answer| answer).map_err(io_error)
    }
}

lends_its_fd!(File);

impl<C: Config> fmt::Debug for File<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("raw", &self.resource.raw()).field("cursor", &self.cursor).finish()
    }
}
