//! Files without a name, and the name that one is given. Linux.

use super::call::call_on;
use super::errors::{about, c_path, failed, io_error};
use super::file::File;
use super::options::{OpenOptions, open};
use crate::op::{Fs, OpenHow};
use crate::sys::file::{self, LACKS_NAMELESS, NAMELESS};
use bespoke_core::config::Config;
use bespoke_core::driver::Errno;
use bespoke_core::error::{Error, ErrorKind};
use core::panic::Location;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

impl<C: Config> OpenOptions<C> {
    /// Makes a file without a name on the file system of `folder`, and opens it. It is gone with its last handle, also when the
    /// program ends in any way; [`File::link_to`] gives it a name. So a file is written whole before anybody sees it. `open(2)`,
    /// `O_TMPFILE`.
    ///
    /// Of the options, [`write`](Self::write) or [`append`](Self::append) must be set; the mode is that of the file.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not opened for writing, or an option that is about a name: `create`,
    /// `create_new`, `truncate`. [`Unsupported`](io::ErrorKind::Unsupported): the file system has no such files. What else
    /// [`open`](Self::open) says; the message names the folder.
    ///
    /// # Cancel safety
    /// Cancel safe: a file that is made all the same is gone.
    ///
    /// # Platform
    /// Linux, by file system: ext4, XFS, Btrfs, tmpfs; overlayfs from 6.1 on.
    ///
    /// # Example
    #[doc = opened!()]
    /// let new = File::options().write(true).open_nameless(&folder).await;
    /// # if new.as_ref().is_err_and(|why| why.kind() == std::io::ErrorKind::Unsupported) {
    /// #     return Ok(()); // not on this file system
    /// # }
    /// let mut new = new?;
    /// new.write_all("whole").await.0?;
    /// new.link_to(folder.join("new")).await?;
    /// assert_eq!(fs::read(folder.join("new")).await?, b"whole");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    #[track_caller]
    pub fn open_nameless<P: AsRef<Path>>(
        &self,
        folder: P,
    ) -> impl Future<Output = io::Result<File<C>>> + Send + use<C, P>
    where
        C::Driver: Fs,
    {
        let how = self.how_to_open();
        let why = if !how.write && !how.append {
            Some("a file without a name is opened to be written or appended to: nobody else can fill it")
        } else if how.create || how.create_new || how.truncate {
            Some("a file without a name is new: `create`, `create_new` and `truncate` are for those that have one")
        } else {
            None
        };
        let path = match why {
            Some(why) => Err(io::Error::new(io::ErrorKind::InvalidInput, why)),
            None => c_path(folder.as_ref()),
        };
        let how = OpenHow { flags: how.flags | NAMELESS, ..how };
        open(how, path, Location::caller(), |folder, errno| {
            if !LACKS_NAMELESS.contains(&errno) {
                return failed("make a file without a name in", folder, errno);
            }
            let path = Path::new(OsStr::from_bytes(folder.to_bytes()));
            about("make a file without a name in", path, Error::new(ErrorKind::Unsupported).saying(LACKING))
        })
    }
}

impl<C: Config> File<C> {
    /// Gives the file a name, one more if it has some. Nothing may have that name: what has it stays. `linkat(2)`.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), [`CrossesDevices`](io::ErrorKind::CrossesDevices).
    /// [`NotFound`](io::ErrorKind::NotFound): the folder of the name is not there; or the file had names, and has lost the last
    /// one: such a file gets no other. What else the system says; the message names the path.
    ///
    /// # Cancel safety
    /// It may be done.
    ///
    /// # Platform
    /// Linux. Before 6.10 it takes `/proc`, or the right `CAP_DAC_READ_SEARCH`.
    ///
    /// # Example
    #[doc = opened!()]
    /// file.link_to(folder.join("same")).await?;
    /// file.write_all("----").await.0?;
    /// assert_eq!(fs::read(folder.join("same")).await?, b"----456789");
    /// let taken = file.link_to(&path).await.unwrap_err();
    /// assert_eq!(taken.kind(), std::io::ErrorKind::AlreadyExists);
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn link_to<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<()>> + Send + use<'_, C, P>
    where
        C::Driver: Fs,
    {
        let path = c_path(path.as_ref());
        async move {
            let (path, raw) = (path?, self.resource.resource().raw);
            let linked = call_on(&self.resource, move || {
                let linked: Result<(), Errno> = file::link_open(raw, &path);
                (linked, path)
            });
            let (linked, path) = linked.await.map_err(io_error)?;
            linked.map_err(|errno| failed("name the file", &path, errno))
        }
    }
}

const LACKING: &str =
    "this file system has no files without a name: make one with a name that nothing has (`create_new`)";
