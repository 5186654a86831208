//! A folder by its handle, and what is done beneath it. Linux.

use super::call::{call, keeping};
use super::dir::{Listing, ReadDir, list};
use super::errors::{about, c_path, io_error};
use super::file::File;
use super::metadata::Metadata;
use super::options::{OpenOptions, checked};
use super::renaming::{self, Rename};
use crate::op::{Fs, Join};
use crate::sys::beneath::{self, Refusal};
use crate::sys::fd::Owned;
use crate::sys::{file, remove_all, stat};
use bespoke_core::config::Config;
use bespoke_core::driver::Errno;
use bespoke_core::error::{Error, ErrorKind, in_context};
use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::{AsRawFd as _, IntoRawFd as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A folder that is open. What is done with it is done beneath it: no path and no link leads out, whoever changes the tree
/// meanwhile. So a program uses names that others gave it, without a look first that might be wrong a moment later.
///
/// Paths are relative to it. One that is absolute, has a `..` in it or is empty is refused with
/// [`InvalidInput`](io::ErrorKind::InvalidInput), before the system is asked. `.` is the folder itself. A link on the way,
/// or at the end where links are followed, may lead to another place beneath the folder; one that leads out is refused with
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied), and so is a magic link of `/proc`, with the error of too many links.
/// Other file systems that are mounted beneath it are beneath it.
///
/// The handle goes on naming its folder when that is renamed. It is cheap to clone, belongs to no worker, may outlive its
/// runtime, and is closed with the last of its clones and what is under way with them.
///
/// # Where the work is done
/// Each call is one job of a thread that may block, on rings too: it is several calls of the system, one after the other.
///
/// # Platform
/// Linux: `openat2(2)`, with `RESOLVE_BENEATH` and `RESOLVE_NO_MAGICLINKS`. Where that is missing (before 5.6) or denied by a
/// filter, paths are walked name by name, with the same promise.
///
/// # Source
/// `openat2(2)`, `path_resolution(7)`.
///
/// # Example
#[doc = opened!()]
/// use bespoke::fs::Dir;
///
/// let dir = Dir::open(&folder).await?;
/// let mut file = dir.open_file("digits", File::options().read(true)).await?;
/// assert_eq!(file.read_to_end().await?, b"0123456789");
///
/// let out = dir.open_file("../passwords", File::options().read(true)).await.unwrap_err();
/// assert_eq!(out.kind(), std::io::ErrorKind::InvalidInput);
/// fs::symlink("/etc", folder.join("link")).await?; // by somebody else, say
/// let out = dir.metadata("link/passwd").await.unwrap_err();
/// assert_eq!(out.kind(), std::io::ErrorKind::PermissionDenied);
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
pub struct Dir<C: Config> {
    folder: Arc<Owned>,
    /// As it was given, for messages.
    path: Arc<Path>,
    _config: PhantomData<fn() -> C>,
}

/// A path that cannot mean anything above its beginning: names alone, or nothing but `.`.
pub(super) struct Beneath {
    /// The folder that the last name is in; `.` for the one where it begins.
    folder: CString,
    /// Nothing: the path is `.`.
    name: Option<CString>,
    pub(super) whole: CString,
}

impl fmt::Debug for Beneath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.whole.fmt(f)
    }
}

impl Beneath {
    fn new(path: &Path) -> io::Result<Self> {
        let refused = |why: &str| {
            let why = std::format!("the path {path:?} {why}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, why))
        };
        if path.as_os_str().is_empty() {
            return refused("is empty; the folder itself is `.`");
        }
        let mut names = PathBuf::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::ParentDir => {
                    return refused("has a `..` in it, which may lead out of the folder of the handle");
                }
                Component::RootDir | Component::Prefix(_) => {
                    return refused("is absolute; those that are used with the handle of a folder begin there");
                }
            }
        }
        let or_here = |path: &Path| c_path(if path.as_os_str().is_empty() { Path::new(".") } else { path });
        let name = names.file_name().map(|name| c_path(Path::new(name))).transpose()?;
        let folder = or_here(names.parent().unwrap_or(Path::new("")))?;
        Ok(Beneath { folder, name, whole: or_here(&names)? })
    }

    /// Does `f` with the open folder of the last name, and that.
    fn at<T>(&self, root: &Owned, f: impl FnOnce(&Owned, &CStr) -> Result<T, Errno>) -> Result<T, Refusal> {
        // `.` has no name in a folder that could be given or taken.
        let Some(name) = &self.name else { return Err(Refusal::System(file::INVALID)) };
        let folder = beneath::open(root, &self.folder, beneath::AS_FOLDER, 0)?;
        Ok(f(&folder, name)?)
    }
}

impl<C: Config> Dir<C> {
    /// Opens a folder, by a path from where the process is; links are followed. What is done with the handle is done beneath
    /// it. Its folder need not be readable, unless it is listed. `open(2)`, `O_PATH`.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound), [`NotADirectory`](io::ErrorKind::NotADirectory),
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied), and what else the system says; the message names the path.
    ///
    /// # Cancel safety
    /// Cancel safe: a folder that is opened all the same is closed. So for all calls here that yield something.
    #[track_caller]
    pub fn open<P: AsRef<Path>>(path: P) -> impl Future<Output = io::Result<Self>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        let shown: Arc<Path> = path.as_ref().into();
        keeping::<C, _, _, _>(c_path(&shown), |path| async move {
            let opened = call::<C, _, _>(move || beneath::open_folder(&path)).await.and_then(|opened| opened);
            let folder = opened.map_err(|errno| about("open the folder", &shown, io_error(errno)))?;
            Ok(Dir::of(folder, shown))
        })
    }

    fn of(folder: Owned, path: Arc<Path>) -> Self {
        Dir { folder: Arc::new(folder), path, _config: PhantomData }
    }

    /// Opens a file, as the options say. `openat2(2)`. A FIFO that somebody put there is waited for on a blocking thread
    /// until it has another end, as [`OpenOptions::open`] waits.
    ///
    /// # Errors
    /// As [`OpenOptions::open`]; and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// Cancel safe: a file that is opened all the same is closed. It may have been made.
    #[track_caller]
    pub fn open_file<P: AsRef<Path>>(
        &self,
        path: P,
        options: &OpenOptions<C>,
    ) -> impl Future<Output = io::Result<File<C>>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        let (how, at) = (options.how_to_open(), Location::caller());
        let path = checked(how).and_then(|()| Beneath::new(path.as_ref()));
        let opened = self.start(path, "open", move |root, path: &Beneath| {
            beneath::open(root, &path.whole, file::open_flags(&how), how.mode)
        });
        async move { File::adopt(opened.await?.into_raw_fd(), at).map_err(io_error) }
    }

    /// Opens a folder beneath this one, whose handle leads no further than that. `openat2(2)`.
    ///
    /// # Errors
    /// As [`open`](Self::open); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// Cancel safe.
    #[track_caller]
    pub fn open_dir<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<Self>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        let shown: Arc<Path> = self.path.join(path.as_ref()).into();
        let opened = self.start(Beneath::new(path.as_ref()), "open the folder", |root, path: &Beneath| {
            beneath::open(root, &path.whole, beneath::AS_FOLDER, 0)
        });
        async move { Ok(Dir::of(opened.await?, shown)) }
    }

    /// What the system knows about what the path leads to, links followed. `statx(2)`.
    ///
    /// # Errors
    /// As [`metadata`](super::metadata); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// Cancel safe.
    #[track_caller]
    pub fn metadata<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<Metadata>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        self.start(Beneath::new(path.as_ref()), "look at", |root, path: &Beneath| {
            Ok(look_at(&beneath::open(root, &path.whole, beneath::TO_LOOK_AT, 0)?)?)
        })
    }

    /// As [`metadata`](Self::metadata), but of a link itself.
    ///
    /// # Errors
    /// As [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    /// Cancel safe.
    #[track_caller]
    pub fn symlink_metadata<P: AsRef<Path>>(
        &self,
        path: P,
    ) -> impl Future<Output = io::Result<Metadata>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        self.start(Beneath::new(path.as_ref()), "look at", |root, path: &Beneath| {
            Ok(look_at(&beneath::open(root, &path.whole, beneath::TO_LOOK_AT | beneath::NO_FOLLOW, 0)?)?)
        })
    }

    /// Lists a folder; `.` is this one. Each [`DirEntry`](super::DirEntry) keeps the folder open that it is in, and its
    /// `metadata` is asked there. Its `path` is the one that was given, and the name.
    ///
    /// # Errors
    /// As [`read_dir`](super::read_dir); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Example
    #[doc = opened!()]
    /// let dir = fs::Dir::open(&folder).await?;
    /// let mut entries = dir.read_dir(".").await?;
    /// while let Some(entry) = entries.next_entry().await? {
    ///     assert_eq!((entry.file_name(), entry.metadata().await?.len()), ("digits".into(), 10));
    /// }
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn read_dir<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<ReadDir<C>>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        let (shown, root) = (path.as_ref().into(), self.folder.clone());
        keeping::<C, _, _, _>(Beneath::new(path.as_ref()), move |path| list::<C>(Listing::beneath(shown, root, path)))
    }

    /// Makes a folder. `mkdirat(2)`.
    ///
    /// # Errors
    /// As [`create_dir`](super::create_dir); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// It may be made.
    #[track_caller]
    pub fn create_dir<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<()>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        self.start(Beneath::new(path.as_ref()), "make the folder", |root, path: &Beneath| {
            path.at(root, |folder, name| beneath::make_dir(folder, name, 0o777))
        })
    }

    /// Removes a file, or a link to anything. `unlinkat(2)`.
    ///
    /// # Errors
    /// As [`remove_file`](super::remove_file); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// It may be gone.
    #[track_caller]
    pub fn remove_file<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<()>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        self.start(Beneath::new(path.as_ref()), "remove", |root, path: &Beneath| {
            path.at(root, |folder, name| beneath::remove(folder, name, false))
        })
    }

    /// Removes an empty folder. `unlinkat(2)`, `AT_REMOVEDIR`.
    ///
    /// # Errors
    /// As [`remove_dir`](super::remove_dir); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// It may be gone.
    #[track_caller]
    pub fn remove_dir<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<()>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        self.start(Beneath::new(path.as_ref()), "remove the folder", |root, path: &Beneath| {
            path.at(root, |folder, name| beneath::remove(folder, name, true))
        })
    }

    /// Removes a folder and all that is in it. Links are removed, not followed.
    ///
    /// # Errors
    /// As [`remove_dir_all`](super::remove_dir_all); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// It may go on.
    #[track_caller]
    pub fn remove_dir_all<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<()>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        self.start(Beneath::new(path.as_ref()), "remove the folder", |root, path: &Beneath| {
            path.at(root, remove_all::remove_all)
        })
    }

    /// Gives a file or folder another name beneath this folder, in place of what has it. `renameat(2)`.
    ///
    /// # Errors
    /// As [`rename`](super::rename); and of both paths, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// It may be done.
    #[track_caller]
    pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(
        &self,
        from: P,
        to: Q,
    ) -> impl Future<Output = io::Result<()>> + Send + use<C, P, Q>
    where
        C::Driver: Fs,
    {
        self.start(both(from.as_ref(), to.as_ref()), "rename", |root, paths| renamed(root, paths, Join::Rename))
    }

    /// As [`rename`](Self::rename), but nothing is lost: what has the new name stays, or gets the old one. `renameat2(2)`.
    ///
    /// # Errors
    /// As [`rename_with`](super::rename_with); and of both paths, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// It may be done.
    #[track_caller]
    pub fn rename_with<P: AsRef<Path>, Q: AsRef<Path>>(
        &self,
        from: P,
        to: Q,
        how: Rename,
    ) -> impl Future<Output = io::Result<()>> + Send + use<C, P, Q>
    where
        C::Driver: Fs,
    {
        let how = how.join();
        self.start(both(from.as_ref(), to.as_ref()), "rename", move |root, paths| renamed(root, paths, how))
    }

    /// Makes a link at `link` that says `original`: any text, also a path that leads out, which is then not followed beneath this
    /// folder. `symlinkat(2)`.
    ///
    /// # Errors
    /// As [`symlink`](super::symlink); and of `link`, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// It may be done.
    #[track_caller]
    pub fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(
        &self,
        original: P,
        link: Q,
    ) -> impl Future<Output = io::Result<()>> + Send + use<C, P, Q>
    where
        C::Driver: Fs,
    {
        let both = c_path(original.as_ref()).and_then(|says| Ok((says, Beneath::new(link.as_ref())?)));
        self.start(both, "link to", |root, (says, link): &(CString, Beneath)| {
            link.at(root, |folder, name| beneath::symlink(says, folder, name))
        })
    }

    /// What a link says. `readlinkat(2)`.
    ///
    /// # Errors
    /// As [`read_link`](super::read_link); and of the path, as [`Dir`] says.
    ///
    /// # Cancel safety
    /// Cancel safe.
    #[track_caller]
    pub fn read_link<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<PathBuf>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        self.start(Beneath::new(path.as_ref()), "read the link", |root, path: &Beneath| {
            path.at(root, |folder, name| beneath::read_link(folder, name).map(|says| OsString::from_vec(says).into()))
        })
    }

    /// A job with the folder and paths; the error names those.
    #[track_caller]
    fn start<K, T, F>(
        &self,
        paths: io::Result<K>,
        what: &'static str,
        f: F,
    ) -> impl Future<Output = io::Result<T>> + Send + use<C, K, T, F>
    where
        C::Driver: Fs,
        K: fmt::Debug + Send + 'static,
        T: Send + 'static,
        F: FnOnce(&Owned, &K) -> Result<T, Refusal> + Send + 'static,
    {
        let (folder, path) = (self.folder.clone(), self.path.clone());
        keeping::<C, _, _, _>(paths, move |paths| within::<C, _, _, _>(folder, path, paths, what, f))
    }
}

/// Does `f`, on a thread that may block, with the folder and the paths; the error names those.
async fn within<C, K, T, F>(folder: Arc<Owned>, path: Arc<Path>, paths: K, what: &'static str, f: F) -> io::Result<T>
where
    F: FnOnce(&Owned, &K) -> Result<T, Refusal> + Send + 'static,
    C: Config<Driver: Fs>,
    K: fmt::Debug + Send + 'static,
    T: Send + 'static,
{
    let done = call::<C, _, _>(move || {
        let done = f(&folder, &paths);
        (done, paths)
    });
    let (done, paths) = done.await.map_err(io_error)?;
    done.map_err(|refusal| in_context(because(refusal), format_args!("cannot {what} {paths:?} in {path:?}")))
}

fn both(from: &Path, to: &Path) -> io::Result<(Beneath, Beneath)> {
    Ok((Beneath::new(from)?, Beneath::new(to)?))
}

fn renamed(root: &Owned, (from, to): &(Beneath, Beneath), how: Join) -> Result<(), Refusal> {
    // A path that is `.` has no name to give or take.
    let name = |path: &Beneath| path.name.clone().ok_or(Refusal::System(file::INVALID));
    let (old, new) = (name(from)?, name(to)?);
    let from_folder = beneath::open(root, &from.folder, beneath::AS_FOLDER, 0)?;
    let to_folder = beneath::open(root, &to.folder, beneath::AS_FOLDER, 0)?;
    beneath::rename(how, (&from_folder, &old), (&to_folder, &new)).map_err(|errno| {
        let is_lacking = how != Join::Rename && renaming::is_lacking(errno, (&from.whole, &to.whole));
        if is_lacking { Refusal::Lacking } else { Refusal::System(errno) }
    })
}

/// What the system knows about what is open.
fn look_at(opened: &Owned) -> Result<Metadata, Errno> {
    // SAFETY: there is no path.
    unsafe { stat::stat(stat::Of::File(opened.as_raw_fd())) }.map(Metadata::of)
}

/// What the system knows about an entry of a folder; a link is not followed.
pub(super) async fn look_in<C: Config<Driver: Fs>>(folder: Arc<Owned>, entry: PathBuf) -> io::Result<Metadata> {
    let name = c_path(Path::new(entry.file_name().unwrap_or_default()))?;
    let found = call::<C, _, _>(move || look_at_entry(&folder, &name)).await.map_err(io_error).and_then(|found| found);
    found.map_err(|error| about("look at", &entry, error))
}

/// As above, on a thread that may block.
pub(super) fn look_at_entry(folder: &Owned, name: &CStr) -> io::Result<Metadata> {
    let entry = beneath::open_here(folder, name, beneath::TO_LOOK_AT | beneath::NO_FOLLOW);
    entry.and_then(|entry| look_at(&entry)).map_err(io_error)
}

pub(super) fn because(refusal: Refusal) -> io::Error {
    match refusal {
        Refusal::Outside => Error::new(ErrorKind::PermissionDenied)
            .saying("a link on the way is absolute, or leads above the folder of the handle"),
        Refusal::Lacking => io::Error::new(io::ErrorKind::Unsupported, renaming::LACKING),
        Refusal::System(errno) => io_error(errno),
    }
}

impl<C: Config> Clone for Dir<C> {
    /// Another handle of the same folder, without a descriptor of its own.
    fn clone(&self) -> Self {
        Dir { folder: self.folder.clone(), path: self.path.clone(), _config: PhantomData }
    }
}

impl<C: Config> fmt::Debug for Dir<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dir").field("raw", &self.folder.as_raw_fd()).field("path", &self.path).finish()
    }
}
