//! The place of a file: on its disk, and in the system's memory. Linux.

use super::errors::io_error;
use super::file::File;
use crate::op::{Advice, Advise, Allocate, Allocation, Fs};
use crate::sys::space::LACKING;
use bespoke_core::config::Config;
use bespoke_core::driver::Errno;
use bespoke_core::error::{Error, ErrorKind};
use std::io;

impl<C: Config> File<C> {
    /// Gives `len` bytes from `position` on their place on the disk, or takes it; [`Allocation`] says what becomes of them. The
    /// cursor stays where it is. `fallocate(2)`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): no length, or beyond what a position can say.
    /// [`StorageFull`](io::ErrorKind::StorageFull): no room, and some of it may be taken.
    /// [`FileTooLarge`](io::ErrorKind::FileTooLarge). [`Unsupported`](io::ErrorKind::Unsupported): the file system does not do
    /// it. What else the system says: not opened for writing, no regular file.
    ///
    /// # Cancel safety
    /// It may be done.
    ///
    /// # Platform
    /// Linux; what a file system does of it stands in `fallocate(2)`. On a ring it is an entry.
    ///
    /// # Example
    #[doc = opened!()]
    /// use bespoke::fs::Allocation;
    ///
    /// # if file.allocate(Allocation::KeepSize, 0, 1).await.is_err_and(|why| why.kind() == std::io::ErrorKind::Unsupported) {
    /// #     return Ok(()); // not on this file system
    /// # }
    /// file.allocate(Allocation::KeepSize, 0, 1 << 16).await?; // writes there find room
    /// assert_eq!(file.metadata().await?.len(), 10);
    /// file.allocate(Allocation::PunchHole, 2, 3).await?;
    /// assert_eq!(fs::read(&path).await?, b"01\0\0\056789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn allocate(&self, how: Allocation, position: u64, len: u64) -> io::Result<()>
    where
        C::Driver: Fs,
    {
        let op = Allocate { file: self.resource.resource(), how, at: position, len };
        // SAFETY: points at no memory, and this call borrows the file.
        unsafe { self.resource.operation(op, ()) }.await.0.map_err(not_allocated)
    }

    /// Tells the system what will be done with `len` bytes from `position` on, 0 is all that follow; [`Advice`] says what it
    /// makes of that. It is advice: the bytes stay what they are. `posix_fadvise(2)`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): beyond what a position can say.
    /// [`NotSeekable`](io::ErrorKind::NotSeekable): a pipe.
    ///
    /// # Cancel safety
    /// It may be told.
    ///
    /// # Platform
    /// Linux. On a ring it is an entry, but for 4 GiB and more at once.
    ///
    /// # Example
    #[doc = opened!()]
    /// use bespoke::fs::Advice;
    ///
    /// file.advise(Advice::Sequential, 0, 0).await?; // the whole file
    /// assert_eq!(file.read_to_end().await?, b"0123456789");
    /// file.sync_data().await?;
    /// file.advise(Advice::DontNeed, 0, 0).await?; // others have the memory
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn advise(&self, advice: Advice, position: u64, len: u64) -> io::Result<()>
    where
        C::Driver: Fs,
    {
        let op = Advise { file: self.resource.resource(), advice, at: position, len };
        // SAFETY: points at no memory, and this call borrows the file.
        unsafe { self.resource.operation(op, ()) }.await.0.map_err(io_error)
    }
}

fn not_allocated(errno: Errno) -> io::Error {
    if errno == LACKING {
        return Error::new(ErrorKind::Unsupported)
            .saying("the file system of this file does not do that with its disk: write zeroes, or leave it out");
    }
    io_error(errno)
}
