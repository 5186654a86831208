//! What is in a folder.

use super::errors::{about, io_error};
#[cfg(target_os = "linux")]
use super::folder::{Beneath, because, look_at_entry, look_in};
use super::metadata::{FileType, Metadata};
use super::paths::symlink_metadata;
use crate::op::{Call, Fs};
#[cfg(target_os = "linux")]
use crate::sys::{beneath, fd::Owned, listing};
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
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStringExt as _;
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
pub(super) struct Listing {
    path: Arc<Path>,
    /// Where it is looked for, if not from where the process is.
    #[cfg(target_os = "linux")]
    beneath: Option<(Arc<Owned>, Beneath)>,
    open: Option<Source>,
    batch: VecDeque<io::Result<Entry>>,
    /// There is nothing to fetch any more.
    ended: bool,
}

/// A folder that is open.
enum Source {
    Named(std::fs::ReadDir),
    #[cfg(target_os = "linux")]
    Beneath(Arc<Owned>, listing::Listing),
}

struct Entry {
    name: OsString,
    file_type: FileType,
}

/// Entries per batch: one hand-over for so many; the system itself gives them by the page.
const BATCH: usize = 64;

impl Listing {
    fn named(path: Arc<Path>) -> Self {
        Listing {
            path,
            #[cfg(target_os = "linux")]
            beneath: None,
            open: None,
            batch: VecDeque::new(),
            ended: false,
        }
    }

    /// Of a folder that is looked for beneath `root`; `path` is what its entries show.
    #[cfg(target_os = "linux")]
    pub(super) fn beneath(path: Arc<Path>, root: Arc<Owned>, from_there: Beneath) -> Self {
        Listing { beneath: Some((root, from_there)), ..Listing::named(path) }
    }

    fn open(&self) -> io::Result<Source> {
        #[cfg(target_os = "linux")]
        if let Some((root, path)) = &self.beneath {
            let opened = beneath::open(root, &path.whole, beneath::TO_LIST, 0).map_err(because)?;
            return Ok(Source::Beneath(Arc::new(opened), listing::Listing::new()));
        }
        std::fs::read_dir(&self.path).map(Source::Named)
    }

    /// On a thread that may block: opens the folder at first, then fetches a batch.
    fn fetch(&mut self) {
        if self.open.is_none() {
            match self.open() {
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
            self.batch.push_back(entry.map_err(|error| about("list the folder", &self.path, error)));
        }
    }
}

impl Source {
    fn next(&mut self) -> Option<io::Result<Entry>> {
        // Some file systems do not tell the kind with the name: then this asks once more.
        match self {
            Source::Named(open) => {
                let of = |entry: std::fs::DirEntry| {
                    Ok(Entry { file_type: entry.file_type()?.into(), name: entry.file_name() })
                };
                open.next().map(|entry| entry.and_then(of))
            }
            #[cfg(target_os = "linux")]
            Source::Beneath(folder, left) => loop {
                let found = match left.next(folder)? {
                    Ok(found) => found,
                    Err(errno) => return Some(Err(io_error(errno))),
                };
                let kind = match found.kind {
                    Some(kind) => FileType::of(kind),
                    None => match look_at_entry(folder, &found.name) {
                        Ok(metadata) => metadata.file_type(),
                        // Gone since, as it would be a moment later.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                        Err(error) => return Some(Err(error)),
                    },
                };
                let name = OsString::from_vec(found.name.into_bytes());
                return Some(Ok(Entry { name, file_type: kind }));
            },
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
            Some(DirEntry {
                folder: listing.path.clone(),
                #[cfg(target_os = "linux")]
                open: match &listing.open {
                    Some(Source::Beneath(folder, _)) => Some(folder.clone()),
                    _ => None,
                },
                name,
                file_type,
                _config: PhantomData,
            })
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
        list(Listing::named(folder)).await
    }
}

/// Opens the folder, and fetches its first batch.
pub(super) async fn list<C: Config<Driver: Fs>>(listing: Listing) -> io::Result<ReadDir<C>> {
    let mut entries = ReadDir { state: State::Idle(Box::new(listing)) };
    poll_fn(|cx| entries.poll_batch(cx)).await?;
    if let State::Idle(listing) = &mut entries.state
        && listing.open.is_none()
        && let Some(Err(error)) = listing.batch.pop_front()
    {
        return Err(error);
    }
    Ok(entries)
}

/// One entry of a folder. On Linux, one of a listing that `Dir::read_dir` made keeps its folder open.
pub struct DirEntry<C: Config> {
    folder: Arc<Path>,
    /// The folder that it is in, if it was looked for beneath another one.
    #[cfg(target_os = "linux")]
    open: Option<Arc<Owned>>,
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
        #[cfg(target_os = "linux")]
        if let Some(folder) = &self.open {
            return look_in::<C>(folder.clone(), self.path()).await;
        }
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
