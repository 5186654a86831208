//! Writing to a file: at a position, at the cursor or the end, from several buffers.

use super::file::File;
use super::transfers::{WriteFile, WriteFileAll};
use super::vectored::WriteFileVectored;
use crate::op::Fs;
use bespoke_core::config::Config;
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufs};

impl<C: Config> File<C> {
    /// Writes at `position`; what lies between the end of the file and there becomes zeroes. Yields how much, which may be
    /// less than all, and the buffer. `pwrite(2)`.
    ///
    /// # Errors
    /// What the system says: [`StorageFull`](std::io::ErrorKind::StorageFull), say.
    ///
    /// # Cancel safety
    /// Any part of the bytes may have been written, and may be written later still, while the file is open elsewhere.
    ///
    /// # Example
    #[doc = opened!()]
    /// let (written, buffer) = file.write_at(b"XYZ".to_vec(), 4).await;
    /// assert_eq!((written?, &*buffer), (3, &b"XYZ"[..]));
    /// assert_eq!(fs::read(&path).await?, b"0123XYZ789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn write_at<B: IoBuf>(&self, buffer: impl IntoIoBuf<Buf = B>, position: u64) -> WriteFile<'_, C, B>
    where
        C::Driver: Fs,
    {
        WriteFile::new(&self.resource, buffer.into_io_buf(), Some(position), None)
    }

    /// As [`write_at`](Self::write_at), all of the buffer.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at); a part may have been written.
    ///
    /// # Cancel safety
    /// As [`write_at`](Self::write_at).
    ///
    /// # Example
    #[doc = opened!()]
    /// file.write_all_at("end", 12).await.0?;
    /// assert_eq!(fs::read(&path).await?, b"0123456789\0\0end");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn write_all_at<B: IoBuf>(&self, buffer: impl IntoIoBuf<Buf = B>, position: u64) -> WriteFileAll<'_, C, B>
    where
        C::Driver: Fs,
    {
        WriteFileAll::new(&self.resource, buffer.into_io_buf(), Some(position), None)
    }

    /// As [`write_at`](Self::write_at), several buffers, one after the other. One call writes from the first 16 that are
    /// not empty. `pwritev(2)`.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    ///
    /// # Cancel safety
    /// As [`write_at`](Self::write_at).
    ///
    /// # Example
    #[doc = opened!()]
    /// use bespoke::io::Static;
    ///
    /// let (written, _buffers) = file.write_vectored_at((Static::from("head "), b"body".to_vec()), 0).await;
    /// assert_eq!(written?, 9); // may be less: it is one call
    /// assert_eq!(fs::read(&path).await?, b"head body9");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn write_vectored_at<L: IoBufs>(&self, buffers: L, position: u64) -> WriteFileVectored<'_, C, L>
    where
        C::Driver: Fs,
    {
        WriteFileVectored::new(&self.resource, buffers, Some(position), None)
    }

    /// As [`write_at`](Self::write_at), at the cursor, which goes on by what was written; at the end, if the file was opened
    /// to append.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    ///
    /// # Cancel safety
    /// Nothing was written; or, once it is under way, it goes on as if it had not been dropped, and the next call at the cursor
    /// waits for it: bytes are in order, and its error is lost.
    ///
    /// # Example
    #[doc = opened!()]
    /// let (written, _buffer) = file.write("ab").await;
    /// assert_eq!(written?, 2);
    /// assert_eq!(fs::read(&path).await?, b"ab23456789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn write<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> WriteFile<'_, C, B>
    where
        C::Driver: Fs,
    {
        let at = self.cursor.for_write();
        WriteFile::new(&self.resource, buffer.into_io_buf(), at, Some(&mut self.cursor))
    }

    /// As [`write`](Self::write), all of the buffer.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at); a part may have been written, and the cursor is after it.
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    ///
    /// # Example
    #[doc = opened!()]
    /// file.write_all("abc").await.0?;
    /// file.write_all(vec![b'd'; 2]).await.0?;
    /// assert_eq!(fs::read(&path).await?, b"abcdd56789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn write_all<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> WriteFileAll<'_, C, B>
    where
        C::Driver: Fs,
    {
        let at = self.cursor.for_write();
        WriteFileAll::new(&self.resource, buffer.into_io_buf(), at, Some(&mut self.cursor))
    }

    /// As [`write_vectored_at`](Self::write_vectored_at), at the cursor, which goes on by what was written.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    ///
    /// # Example
    #[doc = opened!()]
    /// let lines = vec![b"a\n".to_vec(), b"b\n".to_vec()];
    /// let (written, _lines) = file.write_vectored(lines).await;
    /// assert_eq!(written?, 4);
    /// assert_eq!(fs::read(&path).await?, b"a\nb\n456789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn write_vectored<L: IoBufs>(&mut self, buffers: L) -> WriteFileVectored<'_, C, L>
    where
        C::Driver: Fs,
    {
        let at = self.cursor.for_write();
        WriteFileVectored::new(&self.resource, buffers, at, Some(&mut self.cursor))
    }
}
