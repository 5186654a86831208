//! Names that are given only if nothing has them, and names that are exchanged.

use super::call::keeping;
use super::errors::io_error;
use super::paths::{both, join_or};
use crate::op::{Fs, Join};
use crate::sys::file::UNKNOWN;
use bespoke_core::config::Config;
use bespoke_core::driver::Errno;
use core::ffi::CStr;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What [`rename_with`] does with what has the new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rename {
    /// Nothing may have it: the call fails if anything has, a link that leads nowhere too.
    NoReplace,
    /// It gets the old name. Both must be there, and need not be of one kind.
    Exchange,
}

impl Rename {
    pub(super) fn join(self) -> Join {
        match self {
            Rename::NoReplace => Join::RenameNew,
            Rename::Exchange => Join::Swap,
        }
    }
}

/// As [`rename`](super::rename), but nothing is lost: what has the new name stays, or gets the old one. In one step: others
/// see both names as they were, or both as they are. `renameat2(2)`.
///
/// # Errors
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) with [`Rename::NoReplace`]; [`NotFound`](io::ErrorKind::NotFound),
/// [`CrossesDevices`](io::ErrorKind::CrossesDevices), and what else the system says; the message names both paths.
/// [`InvalidInput`](io::ErrorKind::InvalidInput): the one path lies in the other.
/// [`Unsupported`](io::ErrorKind::Unsupported): the system or this file system cannot do it in one step. Nothing was renamed
/// then: it is never done in another way. (A path that leads through a link into the other one is taken for that, too.)
///
/// # Cancel safety
/// It may be done.
///
/// # Platform
/// Linux from 3.15 on, by file system; Apple systems by `renamex_np(2)`. Elsewhere it is `Unsupported`.
///
/// # Example
#[doc = opened!()]
/// use bespoke::fs::Rename;
///
/// fs::write(folder.join("next"), "new").await.0?;
/// let taken = fs::rename_with(folder.join("next"), &path, Rename::NoReplace).await.unwrap_err();
/// assert_eq!(taken.kind(), std::io::ErrorKind::AlreadyExists);
/// fs::rename_with(folder.join("next"), &path, Rename::Exchange).await?;
/// assert_eq!(fs::read(&path).await?, b"new");
/// assert_eq!(fs::read(folder.join("next")).await?, b"0123456789");
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn rename_with<C: Config<Driver: Fs>>(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    how: Rename,
) -> impl Future<Output = io::Result<()>> + Send {
    let how = how.join();
    keeping::<C, _, _, _>(both(from.as_ref(), to.as_ref()), move |paths| join_or::<C>(how, paths, refused))
}

fn refused(errno: Errno, paths: (&CStr, &CStr)) -> io::Error {
    if is_lacking(errno, paths) { io::Error::new(io::ErrorKind::Unsupported, LACKING) } else { io_error(errno) }
}

/// Does the system say with this code that there is no such call? A file system that does not know the flag says what it says
/// of a folder that is to be moved into itself.
pub(super) fn is_lacking(errno: Errno, (from, to): (&CStr, &CStr)) -> bool {
    let path = |text: &CStr| -> PathBuf {
        let path = Path::new(OsStr::from_bytes(text.to_bytes()));
        path.components().filter(|component| *component != Component::CurDir).collect()
    };
    let (from, to) = (path(from), path(to));
    UNKNOWN.contains(&errno) && !from.starts_with(&to) && !to.starts_with(&from)
}

/// What is told where the system, or the file system, has no such call.
pub(super) const LACKING: &str = "the system or this file system cannot do it in one step; where nobody else uses these names, \
                                  look first and then call `rename`, or for a file `hard_link` and `remove_file`";
