//! What is done with a path. Relative paths begin in the working folder of the process.

use super::call::{call, call_on_path, keeping};
use super::errors::{about, c_path, failed, io_error};
use super::metadata::Metadata;
use crate::op::{Fs, Join, JoinPaths, MakeDir, Of, Remove, Statx};
#[cfg(target_os = "linux")]
use crate::sys::{beneath, remove_all};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, Operation};
use bespoke_core::error::in_context;
use core::ffi::CStr;
use std::ffi::CString;
use std::fs::Permissions;
use std::io;
use std::path::{Path, PathBuf};

/// What the system knows about what a path leads to, links followed. `statx(2)`, `stat(2)`.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound), [`PermissionDenied`](io::ErrorKind::PermissionDenied), and what else the system
/// says; the message names the path.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Example
#[doc = opened!()]
/// let metadata = fs::metadata(&path).await?;
/// assert!(metadata.is_file() && metadata.modified()? <= std::time::SystemTime::now());
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn metadata<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> + Send {
    keeping::<C, _, _, _>(c_path(path.as_ref()), |path| ask::<C>(path, true))
}

/// As [`metadata`], but of a link itself. `lstat(2)`.
///
/// # Errors
/// As [`metadata`].
///
/// # Cancel safety
/// Cancel safe.
///
/// # Example
#[doc = opened!()]
/// fs::symlink(&path, folder.join("link")).await?;
/// assert!(fs::symlink_metadata(folder.join("link")).await?.is_symlink());
/// assert!(fs::metadata(folder.join("link")).await?.is_file());
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn symlink_metadata<C: Config<Driver: Fs>>(
    path: impl AsRef<Path>,
) -> impl Future<Output = io::Result<Metadata>> + Send {
    keeping::<C, _, _, _>(c_path(path.as_ref()), |path| ask::<C>(path, false))
}

async fn ask<C: Config<Driver: Fs>>(path: CString, follow: bool) -> io::Result<Metadata> {
    // SAFETY: a C string is on the heap, where it stays when it moves.
    let operation: Operation<C, Statx, _> =
        unsafe { Operation::new(path, |path| Statx { of: Of::Path { path: path.as_ptr(), follow } }) };
    let (found, path) = operation.await;
    found.map(Metadata::of).map_err(|errno| failed("look at", &path, errno))
}

/// Does the path lead to anything? `false` only if the system says that it does not.
///
/// # Errors
/// What keeps the system from knowing, [`PermissionDenied`](io::ErrorKind::PermissionDenied) on the way, say.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Example
#[doc = opened!()]
/// assert!(fs::try_exists(&path).await?);
/// assert!(!fs::try_exists(folder.join("nothing")).await?);
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn try_exists<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<bool>> + Send {
    keeping::<C, _, _, _>(c_path(path.as_ref()), |path| async {
        match ask::<C>(path, true).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    })
}

/// Makes a folder; the one that it is to lie in must exist. `mkdir(2)`.
///
/// # Errors
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists), [`NotFound`](io::ErrorKind::NotFound), and what else the system says;
/// the message names the path.
///
/// # Cancel safety
/// It may be made.
///
/// # Example
#[doc = opened!()]
/// fs::create_dir(folder.join("sub")).await?;
/// assert!(fs::metadata(folder.join("sub")).await?.is_dir());
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn create_dir<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send {
    keeping::<C, _, _, _>(c_path(path.as_ref()), make_dir::<C>)
}

async fn make_dir<C: Config<Driver: Fs>>(path: CString) -> io::Result<()> {
    // SAFETY: a C string is on the heap, where it stays when it moves.
    let operation: Operation<C, MakeDir, _> =
        unsafe { Operation::new(path, |path| MakeDir { path: path.as_ptr(), mode: 0o777 }) };
    let (made, path) = operation.await;
    made.map_err(|errno| failed("make the folder", &path, errno))
}

/// Removes a file, or a link to anything. `unlink(2)`.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound), [`IsADirectory`](io::ErrorKind::IsADirectory) (on Apple systems
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied)), and what else the system says; the message names the path.
///
/// # Cancel safety
/// It may be gone.
///
/// # Example
#[doc = opened!()]
/// fs::remove_file(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn remove_file<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send {
    keeping::<C, _, _, _>(c_path(path.as_ref()), |path| remove::<C>(path, false))
}

/// Removes an empty folder. `rmdir(2)`.
///
/// # Errors
/// [`DirectoryNotEmpty`](io::ErrorKind::DirectoryNotEmpty), [`NotFound`](io::ErrorKind::NotFound), and what else the system
/// says; the message names the path.
///
/// # Cancel safety
/// It may be gone.
///
/// # Example
#[doc = opened!()]
/// let full = fs::remove_dir(&folder).await.unwrap_err();
/// assert_eq!(full.kind(), std::io::ErrorKind::DirectoryNotEmpty);
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn remove_dir<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send {
    keeping::<C, _, _, _>(c_path(path.as_ref()), |path| remove::<C>(path, true))
}

async fn remove<C: Config<Driver: Fs>>(path: CString, dir: bool) -> io::Result<()> {
    // SAFETY: a C string is on the heap, where it stays when it moves.
    let operation: Operation<C, Remove, _> =
        unsafe { Operation::new(path, |path| Remove { path: path.as_ptr(), dir }) };
    let (removed, path) = operation.await;
    removed.map_err(|errno| failed(if dir { "remove the folder" } else { "remove" }, &path, errno))
}

/// Gives a file or folder another name, in place of the file, or the empty folder, that has it. In one step: others see
/// the one or the other. On one file system only. `rename(2)`.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound), [`CrossesDevices`](io::ErrorKind::CrossesDevices), and what else the system says;
/// the message names both paths.
///
/// # Cancel safety
/// It may be done.
///
/// # Example
#[doc = opened!()]
/// // A file that others read is replaced in one step.
/// fs::write(folder.join("new"), "whole").await.0?;
/// fs::rename(folder.join("new"), &path).await?;
/// assert_eq!(fs::read(&path).await?, b"whole");
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn rename<C: Config<Driver: Fs>>(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> + Send {
    keeping::<C, _, _, _>(both(from.as_ref(), to.as_ref()), |paths| join::<C>(Join::Rename, paths))
}

/// Gives a file one name more. `link(2)`.
///
/// # Errors
/// As [`rename`]; [`AlreadyExists`](io::ErrorKind::AlreadyExists).
///
/// # Cancel safety
/// It may be done.
///
/// # Example
#[doc = opened!()]
/// fs::hard_link(&path, folder.join("same")).await?;
/// assert_eq!(fs::metadata(&path).await?.stat().links, 2);
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn hard_link<C: Config<Driver: Fs>>(
    original: impl AsRef<Path>,
    link: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> + Send {
    keeping::<C, _, _, _>(both(original.as_ref(), link.as_ref()), |paths| join::<C>(Join::Link, paths))
}

/// Makes a link that leads to `original`, which need not exist; a relative path begins in the link's folder. `symlink(2)`.
///
/// # Errors
/// As [`hard_link`].
///
/// # Cancel safety
/// It may be done.
///
/// # Example
#[doc = opened!()]
/// fs::symlink(&path, folder.join("link")).await?;
/// assert_eq!(fs::read(folder.join("link")).await?, b"0123456789");
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn symlink<C: Config<Driver: Fs>>(
    original: impl AsRef<Path>,
    link: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> + Send {
    keeping::<C, _, _, _>(both(original.as_ref(), link.as_ref()), |paths| join::<C>(Join::Symlink, paths))
}

pub(super) fn both(from: &Path, to: &Path) -> io::Result<(CString, CString)> {
    Ok((c_path(from)?, c_path(to)?))
}

async fn join<C: Config<Driver: Fs>>(how: Join, paths: (CString, CString)) -> io::Result<()> {
    join_or::<C>(how, paths, |errno, _| io_error(errno)).await
}

/// Renames or links; `why` makes the error of what the operation said, about these paths.
pub(super) async fn join_or<C: Config<Driver: Fs>>(
    how: Join,
    paths: (CString, CString),
    why: fn(Errno, (&CStr, &CStr)) -> io::Error,
) -> io::Result<()> {
    // SAFETY: C strings are on the heap, where they stay when they move.
    let operation: Operation<C, JoinPaths, _> =
        unsafe { Operation::new(paths, |(from, to)| JoinPaths { how, from: from.as_ptr(), to: to.as_ptr() }) };
    let (joined, (from, to)) = operation.await;
    joined.map_err(|errno| {
        let error = why(errno, (&from, &to));
        let what = match how {
            Join::Rename | Join::RenameNew => "rename",
            Join::Swap => "exchange the names of",
            Join::Link | Join::Symlink => "link to",
        };
        let word = if how == Join::Swap { "and" } else { "as" };
        in_context(error, format_args!("cannot {what} {from:?} {word} {to:?}"))
    })
}

/// Makes a folder, and those on the way to it that are not there.
///
/// # Errors
/// As [`create_dir`], but a folder that exists is none.
///
/// # Cancel safety
/// They may be made.
///
/// # Example
#[doc = opened!()]
/// fs::create_dir_all(folder.join("a/b/c")).await?;
/// fs::create_dir_all(folder.join("a/b/c")).await?; // there already: no error
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn create_dir_all<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send {
    call_on_path::<C, _>("make the folder", path.as_ref(), |path| std::fs::create_dir_all(path))
}

/// Removes a folder and all that is in it; of a link to one, the link. Links are removed, not followed, also those that somebody
/// puts in the place of a folder meanwhile: on Linux what has a name when its turn comes is removed as what it is then. Where
/// others fill a folder as fast as it is emptied, it is given up after some rounds. It keeps a descriptor for each level of the
/// tree that it is in.
///
/// # Errors
/// As [`remove_dir`]; a part may be gone then. [`NotADirectory`](io::ErrorKind::NotADirectory): a file.
/// [`InvalidInput`](io::ErrorKind::InvalidInput), on Linux: the path ends with `.` or `..`, is empty, or is the root.
/// [`DirectoryNotEmpty`](io::ErrorKind::DirectoryNotEmpty): given up.
///
/// # Cancel safety
/// It may go on.
///
/// # Example
#[doc = opened!()]
/// fs::create_dir_all(folder.join("a/b/c")).await?;
/// fs::remove_dir_all(folder.join("a")).await?;
/// assert!(!fs::try_exists(folder.join("a")).await?);
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn remove_dir_all<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send {
    call_on_path::<C, _>("remove the folder", path.as_ref(), remove_all)
}

#[cfg(target_os = "linux")]
fn remove_all(path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not end with a name"));
    };
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (above, name) = (c_path(above)?, c_path(Path::new(name))?);
    beneath::open_folder(&above).and_then(|above| remove_all::remove_all(&above, &name)).map_err(io_error)
}

#[cfg(not(target_os = "linux"))]
fn remove_all(path: &Path) -> io::Result<()> {
    std::fs::remove_dir_all(path)
}

/// What a link says. `readlink(2)`.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): no link. [`NotFound`](io::ErrorKind::NotFound), and what else the system
/// says; the message names the path.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Example
#[doc = opened!()]
/// fs::symlink("anywhere", folder.join("link")).await?;
/// assert_eq!(fs::read_link(folder.join("link")).await?, std::path::Path::new("anywhere"));
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn read_link<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> + Send {
    call_on_path::<C, _>("read the link", path.as_ref(), |path| std::fs::read_link(path))
}

/// The path from the root, without links, `.` or `..`. `realpath(3)`.
///
/// # Errors
/// As [`metadata`].
///
/// # Cancel safety
/// Cancel safe.
///
/// # Example
#[doc = opened!()]
/// let odd = folder.join(".").join("..").join(folder.file_name().unwrap());
/// assert_eq!(fs::canonicalize(odd).await?, fs::canonicalize(&folder).await?);
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn canonicalize<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> + Send {
    call_on_path::<C, _>("find", path.as_ref(), |path| std::fs::canonicalize(path))
}

/// Says who may do what with what a path leads to. `chmod(2)`.
///
/// # Errors
/// As [`metadata`].
///
/// # Cancel safety
/// It may be done.
///
/// # Example
#[doc = opened!()]
/// let mut permissions = fs::metadata(&path).await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions(&path, permissions).await?;
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn set_permissions<C: Config<Driver: Fs>>(
    path: impl AsRef<Path>,
    permissions: Permissions,
) -> impl Future<Output = io::Result<()>> + Send {
    keeping::<C, _, _, _>(Ok(path.as_ref().to_path_buf()), |path| set::<C>(path, permissions))
}

async fn set<C: Config<Driver: Fs>>(path: PathBuf, permissions: Permissions) -> io::Result<()> {
    let done = call::<C, _, _>(move || {
        let set = std::fs::set_permissions(&path, permissions);
        set.map_err(|error| about("change the permissions of", &path, error))
    });
    done.await.map_err(io_error)?
}
