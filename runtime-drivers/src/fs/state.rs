//! Where a file's cursor is, what the system knows of the file, and what reaches its disk.

use super::call::call_on;
use super::errors::io_error;
use super::file::{File, Positions};
use super::metadata::Metadata;
use crate::op::{Files, Fs, Of, SetLen, Statx, Sync};
use bespoke_core::config::Config;
use core::mem::ManuallyDrop;
use std::fs::Permissions;
use std::io::{self, SeekFrom};
use std::os::fd::FromRawFd;

impl<C: Config> File<C> {
    /// Moves the cursor; may go beyond the end. Yields where it is, from the beginning. Only from the end the system is
    /// asked.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): before the beginning, or further than a position can say.
    /// [`NotSeekable`](io::ErrorKind::NotSeekable): a pipe, a terminal.
    ///
    /// # Cancel safety
    /// Cancel safe: the cursor has not moved.
    ///
    /// # Example
    #[doc = opened!()]
    /// use std::io::SeekFrom;
    ///
    /// assert_eq!(file.seek(SeekFrom::End(-3)).await?, 7);
    /// assert_eq!(file.read(vec![0; 8]).await.1, b"789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn seek(&mut self, to: SeekFrom) -> io::Result<u64>
    where
        C::Driver: Fs,
    {
        self.after_dropped().await;
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.stream_position()?, by),
            SeekFrom::End(by) => (self.end().await?, by),
        };
        self.stream_position()?;
        let at = from.checked_add_signed(by).filter(|at| i64::try_from(*at).is_ok());
        self.cursor.at = at.ok_or_else(|| {
            let why = std::format!("there is no position {by} bytes from {from}");
            io::Error::new(io::ErrorKind::InvalidInput, why)
        })?;
        Ok(self.cursor.at)
    }

    /// Where its end is. A block device has one of which its metadata says nothing. The system's cursor, which moves there, is
    /// nobody's where positions are ours; a file on a disk may have been opened to append, and then it is read after each
    /// write.
    async fn end(&self) -> io::Result<u64>
    where
        C::Driver: Fs,
    {
        let metadata = self.metadata().await?;
        if metadata.is_file() || metadata.is_dir() {
            return Ok(metadata.len());
        }
        self.ask(C::Driver::end)
    }

    /// Where the cursor is, from the beginning. What a dropped write has written counts when the next call at the cursor is over.
    ///
    /// # Errors
    /// [`NotSeekable`](io::ErrorKind::NotSeekable): a pipe, a terminal.
    ///
    /// # Example
    #[doc = opened!()]
    /// file.write_all("abc").await.0?;
    /// assert_eq!(file.stream_position()?, 3);
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn stream_position(&self) -> io::Result<u64>
    where
        C::Driver: Fs,
    {
        if self.cursor.positions == Positions::None {
            return self.ask(C::Driver::position);
        }
        Ok(self.cursor.at)
    }

    /// Waits until the file is on its disk, with all that is known of it. `fsync(2)`; on Apple systems `F_FULLFSYNC`.
    ///
    /// # Errors
    /// What the system says: also that earlier writes failed.
    ///
    /// # Cancel safety
    /// Cancel safe; it may go on.
    ///
    /// # Example
    #[doc = opened!()]
    /// file.write_all("important").await.0?;
    /// file.sync_all().await?; // also if the power goes now
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn sync_all(&self) -> io::Result<()>
    where
        C::Driver: Fs,
    {
        self.sync(false).await
    }

    /// As [`sync_all`](Self::sync_all), but of the metadata only what is needed to read the bytes. `fdatasync(2)`.
    ///
    /// # Errors
    /// As [`sync_all`](Self::sync_all).
    ///
    /// # Cancel safety
    /// As [`sync_all`](Self::sync_all).
    ///
    /// # Example
    #[doc = opened!()]
    /// file.write_all_at("x", 0).await.0?;
    /// file.sync_data().await?;
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn sync_data(&self) -> io::Result<()>
    where
        C::Driver: Fs,
    {
        self.sync(true).await
    }

    async fn sync(&self, data_only: bool) -> io::Result<()>
    where
        C::Driver: Fs,
    {
        let op = Sync { file: self.resource.resource(), data_only };
        // SAFETY: points at no memory, and this call borrows the file.
        unsafe { self.resource.operation(op, ()) }.await.0.map_err(io_error)
    }

    /// Cuts the file to `len` bytes, or fills it up to them with zeroes. The cursor stays where it is. `ftruncate(2)`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not opened for writing, or too long.
    ///
    /// # Cancel safety
    /// It may be done.
    ///
    /// # Example
    #[doc = opened!()]
    /// file.set_len(3).await?;
    /// assert_eq!(fs::read(&path).await?, b"012");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn set_len(&self, len: u64) -> io::Result<()>
    where
        C::Driver: Fs,
    {
        let op = SetLen { file: self.resource.resource(), len };
        // SAFETY: points at no memory, and this call borrows the file.
        unsafe { self.resource.operation(op, ()) }.await.0.map_err(io_error)
    }

    /// What the system knows about the file.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Example
    #[doc = opened!()]
    /// let metadata = file.metadata().await?;
    /// assert!(metadata.is_file() && metadata.len() == 10);
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata>
    where
        C::Driver: Fs,
    {
        let op = Statx { of: Of::File(self.resource.resource()) };
        // SAFETY: points at no memory, and this call borrows the file.
        unsafe { self.resource.operation(op, ()) }.await.0.map(Metadata::of).map_err(io_error)
    }

    /// Says who may do what with the file. `fchmod(2)`.
    ///
    /// # Errors
    /// What the system says: [`PermissionDenied`](io::ErrorKind::PermissionDenied).
    ///
    /// # Cancel safety
    /// It may be done.
    ///
    /// # Example
    #[doc = opened!()]
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// assert!(fs::metadata(&path).await?.permissions().readonly());
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn set_permissions(&self, permissions: Permissions) -> io::Result<()>
    where
        C::Driver: Fs,
    {
        let raw = self.resource.resource().raw;
        let set = move || {
            // SAFETY: the call is about this resource, which is open until it is over; it is closed by its owner, not here.
            let file = ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(raw) });
            file.set_permissions(permissions)
        };
        call_on(&self.resource, set).await.map_err(io_error)?
    }
}
