//! A whole file copied to another: one hand-over to a blocking thread.

use super::call::{call, keeping};
use super::errors::io_error;
use crate::op::Fs;
use bespoke_core::config::Config;
use bespoke_core::error::in_context;
use std::io;
use std::path::{Path, PathBuf};

/// Copies the bytes of a file to another, which is made, or cut first, and who may read, write and run it (the nine bits of
/// `chmod(1)`; not set-user-ID and its kin). Yields how many bytes. What has no length, a file of `/proc` or a pipe, is
/// copied to its end.
///
/// On Linux the system moves the bytes itself where it can (`copy_file_range(2)`, else `splice(2)`), and what it refuses, at
/// whatever byte, goes on through memory. Old bytes of the target are cut before its permissions change, and new ones come
/// after: nobody reads the old ones who could not before, and the new ones have the permission bits of the source, for the owner
/// and the group of the target, which it keeps. Who has the target open already reads on.
///
/// # Errors
/// As [`OpenOptions::open`](super::OpenOptions::open) for either, and what the system says while it copies; the message
/// names both paths. [`InvalidInput`](io::ErrorKind::InvalidInput), on Linux: both are one file.
/// [`IsADirectory`](io::ErrorKind::IsADirectory), there: the source is a folder. After an error the target may be cut, and
/// have a part.
///
/// # Cancel safety
/// A copy that has begun goes on to its end.
///
/// # Platform
/// On other systems it is [`std::fs::copy`], with what that promises.
///
/// # Example
#[doc = opened!()]
/// assert_eq!(fs::copy(&path, folder.join("copy")).await?, 10);
/// assert_eq!(fs::read(folder.join("copy")).await?, b"0123456789");
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn copy<C: Config<Driver: Fs>>(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
) -> impl Future<Output = io::Result<u64>> + Send {
    let both = (from.as_ref().to_path_buf(), to.as_ref().to_path_buf());
    keeping::<C, _, _, _>(Ok(both), |(from, to)| copy_paths::<C>(from, to))
}

async fn copy_paths<C: Config<Driver: Fs>>(source: PathBuf, target: PathBuf) -> io::Result<u64> {
    let done = call::<C, _, _>(move || {
        copied(&source, &target)
            .map_err(|error| in_context(error, format_args!("cannot copy {source:?} to {target:?}")))
    });
    done.await.map_err(io_error)?
}

#[cfg(target_os = "linux")]
fn copied(source: &Path, target: &Path) -> io::Result<u64> {
    use super::errors::c_path;
    use crate::sys::copy::{Failed, copy};
    copy(&c_path(source)?, &c_path(target)?).map_err(|failed| match failed {
        Failed::OneFile => io::Error::new(io::ErrorKind::InvalidInput, "both paths are one file"),
        Failed::Folder => io::ErrorKind::IsADirectory.into(),
        Failed::System(errno) => io_error(errno),
    })
}

#[cfg(not(target_os = "linux"))]
fn copied(source: &Path, target: &Path) -> io::Result<u64> {
    std::fs::copy(source, target)
}
