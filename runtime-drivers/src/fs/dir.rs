//! What is in a folder.

use super::errors::{about, io_error};
use super::metadata::{FileType, Metadata};
use super::paths::symlink_metadata;
use crate::op::{Call, Fs};
use bespoke_core::config::Config;
use bespoke_core::driver::Operation;
use bespoke_core::runtime::assert_inside;
use core::fmt;
use core::future::poll_fn;
use core::marker::PhantomData;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The entries of a folder, one after the other, in no order. Made by [`read_dir`].
///
/// They are fetched in batches, so what is made or removed meanwhile may be missing or still there.
pub struct ReadDir<C: Config<Driver: Fs>> {
    state: State<C>,
}

enum State<C: Config<Driver: Fs>> {
    Idle(Box<Listing>),
    /// The listing is with the operation.
    Fetching(Operation<C, Call, Box<Listing>>),
    /// Lost with a runtime that closed, or a call that panicked.
    Gone,
}

/// A folder that is being listed.
struct Listing {
    path: Arc<Path>,
    open: Option<std::fs::ReadDir>,
    batch: VecDeque<io::Result<Entry>>,
    /// There is nothing to fetch any more.
    ended: bool,
}

struct Entry {
    name: OsString,
    file_type: FileType,
}

/// Entries per batch: one hand-over for so many; the system itself gives them by the page.
const BATCH: usize = 64;

impl Listing {
    /// On a thread that may block: opens the folder at first, then fetches a batch.
    fn fetch(&mut self) {
        if self.open.is_none() {
            match std::fs::read_dir(&self.path) {
                Ok(open) => self.open = Some(open),
                Err(error) => {
                    self.ended = true;
                    self.batch.push_back(Err(about("list the folder", &self.path, error)));
                    return;
                }
            }
        }
        let Some(open) = &mut self.open else { return };
        while self.batch.len() < BATCH {
            let Some(entry) = open.next() else {
                self.ended = true;
                return;
            };
            // Some file systems do not tell the kind with the name: then this asks once more.
            let entry =
                entry.and_then(|entry| Ok(Entry { file_type: entry.file_type()?.into(), name: entry.file_name() }));
            self.batch.push_back(entry.map_err(|error| about("list the folder", &self.path, error)));
        }
    }
}

/// # Safety
/// `on` is a `Listing` that nobody else uses.
unsafe fn fetch(on: *mut ()) {
    // SAFETY: as the caller.
    unsafe { &mut *on.cast::<Listing>() }.fetch();
}

impl<C: Config<Driver: Fs>> ReadDir<C> {
    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// What the system says; the message names the folder.
    ///
    /// # Cancel safety
    /// Cancel safe: a batch that is being fetched comes with the next call.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry<C>>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry<C>>>> {
        ready!(self.poll_batch(cx))?;
        let State::Idle(listing) = &mut self.state else { return Poll::Ready(Ok(None)) };
        let Some(entry) = listing.batch.pop_front() else { return Poll::Ready(Ok(None)) };
        Poll::Ready(entry.map(|Entry { name, file_type }| {
            Some(DirEntry { folder: listing.path.clone(), name, file_type, _config: PhantomData })
        }))
    }

    /// Ready when there is an entry, or there are no more.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(&self.state, State::Idle(listing) if listing.batch.is_empty() && !listing.ended)
            && let State::Idle(listing) = core::mem::replace(&mut self.state, State::Gone)
        {
            let op = |listing: &mut Box<Listing>| Call { run: fetch, on: (&raw mut **listing).cast(), file: None };
            // SAFETY: the listing is in a box, which goes along, and `fetch` is for listings.
            self.state = State::Fetching(unsafe { Operation::new(listing, op) });
        }
        if let State::Fetching(operation) = &mut self.state {
            let (fetched, listing) = ready!(Pin::new(operation).poll(cx));
            self.state = State::Idle(listing);
            return Poll::Ready(fetched.map_err(io_error));
        }
        Poll::Ready(Ok(()))
    }
}

/// Lists a folder.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound), [`NotADirectory`](io::ErrorKind::NotADirectory),
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied); the message names the path.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Example
#[doc = opened!()]
/// let mut entries = fs::read_dir(&folder).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     assert_eq!((entry.path(), entry.file_type().is_file()), (path.clone(), true));
/// }
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn read_dir<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<ReadDir<C>>> + Send {
    let folder: Arc<Path> = path.as_ref().into();
    let at = Location::caller();
    async move {
        assert_inside::<C>(at);
        let listing = Box::new(Listing { path: folder, open: None, batch: VecDeque::new(), ended: false });
        let mut entries = ReadDir { state: State::Idle(listing) };
        poll_fn(|cx| entries.poll_batch(cx)).await?;
        if let State::Idle(listing) = &mut entries.state
            && listing.open.is_none()
            && let Some(Err(error)) = listing.batch.pop_front()
        {
            return Err(error);
        }
        Ok(entries)
    }
}

/// One entry of a folder.
pub struct DirEntry<C: Config> {
    folder: Arc<Path>,
    name: OsString,
    file_type: FileType,
    _config: PhantomData<fn() -> C>,
}

impl<C: Config> DirEntry<C> {
    /// The folder's path as it was given, and the name.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// The name alone.
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.name.clone()
    }

    /// What it was when the folder was listed; a link is a link.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// What the system knows about it; a link is not followed.
    ///
    /// # Errors
    /// As [`symlink_metadata`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn metadata(&self) -> io::Result<Metadata>
    where
        C::Driver: Fs,
    {
        symlink_metadata::<C>(self.path()).await
    }
}

impl<C: Config<Driver: Fs>> fmt::Debug for ReadDir<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle(listing) => return f.debug_tuple("ReadDir").field(&listing.path).finish(),
            State::Fetching(_) => "fetching",
            State::Gone => "gone",
        };
        f.debug_tuple("ReadDir").field(&state).finish()
    }
}

impl<C: Config> fmt::Debug for DirEntry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirEntry").field("path", &self.path()).field("file_type", &self.file_type).finish()
    }
}
