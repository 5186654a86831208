//! Reading a file: at a position, at the cursor, into several buffers.

use super::file::File;
use super::transfers::{ReadFile, ReadFileExact};
use super::vectored::ReadFileVectored;
use crate::op::Fs;
use bespoke_core::config::Config;
use bespoke_core::io::{IoBufMut, IoBufsMut};
use std::io;
use std::vec::Vec;

impl<C: Config> File<C> {
    /// Reads at `position`, into a buffer that it owns, from its beginning, at most its whole capacity: a `Vec` needs no
    /// zeroes, and is as long afterwards as what was read. Yields how much, and the buffer; may be less than there is. 0: the
    /// file ends there, or the buffer has no capacity. `pread(2)`.
    ///
    /// # Errors
    /// What the system says; the buffer comes back as long as it was; what is in it is not said.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost but the buffer.
    ///
    /// # Example
    #[doc = opened!()]
    /// let (read, buffer) = file.read_at(Vec::with_capacity(4), 8).await;
    /// assert_eq!((read?, &*buffer), (2, &b"89"[..])); // the file ends
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn read_at<B: IoBufMut>(&self, buffer: B, position: u64) -> ReadFile<'_, C, B>
    where
        C::Driver: Fs,
    {
        ReadFile::new(&self.resource, buffer, Some(position), None)
    }

    /// As [`read_at`](Self::read_at), until the buffer is full to its capacity. (To fill a part of a buffer: a slice of it.)
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): the file ends before. The buffer has what was read.
    ///
    /// # Cancel safety
    /// As [`read_at`](Self::read_at).
    ///
    /// # Example
    #[doc = opened!()]
    /// let (read, buffer) = file.read_exact_at(vec![0; 4], 3).await;
    /// read?;
    /// assert_eq!(buffer, b"3456");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn read_exact_at<B: IoBufMut>(&self, buffer: B, position: u64) -> ReadFileExact<'_, C, B>
    where
        C::Driver: Fs,
    {
        ReadFileExact::new(&self.resource, buffer, Some(position), None)
    }

    /// As [`read_at`](Self::read_at), into several buffers, each filled before the next. One call fills the first 16 that
    /// have any capacity. `preadv(2)`.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    ///
    /// # Cancel safety
    /// As [`read_at`](Self::read_at).
    ///
    /// # Example
    #[doc = opened!()]
    /// let (read, [head, body]) = file.read_vectored_at([vec![0; 3], vec![0; 16]], 0).await;
    /// assert_eq!((read?, &*head, &*body), (10, &b"012"[..], &b"3456789"[..]));
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn read_vectored_at<L: IoBufsMut>(&self, buffers: L, position: u64) -> ReadFileVectored<'_, C, L>
    where
        C::Driver: Fs,
    {
        ReadFileVectored::new(&self.resource, buffers, Some(position), None)
    }

    /// As [`read_at`](Self::read_at), at the cursor, which goes on by what was read.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    ///
    /// # Cancel safety
    /// Cancel safe: the cursor has not moved. (In a pipe or a terminal, what had been taken is lost.)
    ///
    /// # Example
    #[doc = opened!()]
    /// let (read, buffer) = file.read(Vec::with_capacity(4)).await;
    /// assert_eq!((read?, &*buffer), (4, &b"0123"[..]));
    /// let (read, buffer) = file.read(buffer).await;
    /// assert_eq!((read?, &*buffer), (4, &b"4567"[..]));
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn read<B: IoBufMut>(&mut self, buffer: B) -> ReadFile<'_, C, B>
    where
        C::Driver: Fs,
    {
        let at = self.cursor.for_read();
        ReadFile::new(&self.resource, buffer, at, Some(&mut self.cursor))
    }

    /// As [`read_exact_at`](Self::read_exact_at), at the cursor, which goes on by what was read.
    ///
    /// # Errors
    /// As [`read_exact_at`](Self::read_exact_at).
    ///
    /// # Cancel safety
    /// As [`read`](Self::read).
    ///
    /// # Example
    #[doc = opened!()]
    /// use bespoke::io::IoBuf;
    ///
    /// let (read, part) = file.read_exact(vec![0; 100].slice(..3)).await;
    /// read?;
    /// assert_eq!(&part.into_inner()[..3], b"012");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn read_exact<B: IoBufMut>(&mut self, buffer: B) -> ReadFileExact<'_, C, B>
    where
        C::Driver: Fs,
    {
        let at = self.cursor.for_read();
        ReadFileExact::new(&self.resource, buffer, at, Some(&mut self.cursor))
    }

    /// As [`read_vectored_at`](Self::read_vectored_at), at the cursor, which goes on by what was read.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    ///
    /// # Cancel safety
    /// As [`read`](Self::read).
    ///
    /// # Example
    #[doc = opened!()]
    /// let (read, list) = file.read_vectored([vec![0; 2], vec![0; 2]]).await;
    /// assert_eq!((read?, list.concat()), (4, b"0123".to_vec()));
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub fn read_vectored<L: IoBufsMut>(&mut self, buffers: L) -> ReadFileVectored<'_, C, L>
    where
        C::Driver: Fs,
    {
        let at = self.cursor.for_read();
        ReadFileVectored::new(&self.resource, buffers, at, Some(&mut self.cursor))
    }

    /// Reads from the cursor to the end of the file.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at); the cursor stays at what had been read.
    ///
    /// # Cancel safety
    /// **Not** cancel safe: what was read is lost with the future, and the cursor is behind it.
    ///
    /// # Example
    #[doc = opened!()]
    /// file.seek(std::io::SeekFrom::Start(7)).await?;
    /// assert_eq!(file.read_to_end().await?, b"789");
    /// # fs::remove_dir_all(&folder).await
    /// # }
    /// ```
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>>
    where
        C::Driver: Fs,
    {
        let mut all: Vec<u8> = Vec::new();
        let mut pieces = Pieces::of(self.metadata().await?.len(), self.cursor.at);
        loop {
            let (read, piece) = self.read(Vec::with_capacity(pieces.next)).await;
            let read = read?;
            if read == 0 {
                return Ok(all);
            }
            pieces.have_read(read);
            if all.is_empty() { all = piece } else { all.extend_from_slice(&piece) }
        }
    }
}

/// Reads to the end go in pieces: small enough not to hold a blocking thread for long, and to take no memory for a length
/// that is not true; not so small that the hand-over is most of the cost.
struct Pieces {
    next: usize,
    /// Bytes that the file's length says are left.
    left: usize,
    /// As pipes, devices, and the files of `/proc`.
    without_length: bool,
}

impl Pieces {
    fn of(len: u64, at: u64) -> Self {
        let left = usize::try_from(len.saturating_sub(at)).unwrap_or(usize::MAX);
        let next = if len == 0 { PIECE_WITHOUT_LENGTH } else { one_more(left) };
        Pieces { next, left, without_length: len == 0 }
    }

    /// What fills its piece is followed by one of twice the size: nobody knows how much there is.
    fn have_read(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
        self.next = match self.left {
            0 if bytes >= self.next => self.next.saturating_mul(2).min(PIECE_MAX),
            0 if self.without_length => self.next,
            left => one_more(left),
        };
    }
}

/// One more than is left, to see the end.
fn one_more(left: usize) -> usize {
    left.saturating_add(1).clamp(PIECE_MIN, PIECE_MAX)
}

const PIECE_MIN: usize = 32;
/// The system makes most files of `/proc` a page or two at a time.
const PIECE_WITHOUT_LENGTH: usize = 8 << 10;
const PIECE_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pieces it takes.
    fn pieces(len: u64, bytes: usize, per_call: usize) -> usize {
        let (mut pieces, mut left, mut count) = (Pieces::of(len, 0), bytes, 1);
        while left > 0 {
            let read = left.min(per_call).min(pieces.next);
            pieces.have_read(read);
            (left, count) = (left - read, count + 1);
        }
        count
    }

    #[test]
    fn what_has_no_length_is_read_in_growing_pieces() {
        assert!(pieces(0, 1 << 20, usize::MAX) < 12, "a device");
        assert_eq!(pieces(0, 1 << 20, 4096), 257, "a file that the system makes a page at a time");
        assert!(pieces(10, 1 << 20, usize::MAX) < 20, "a file that grows");
    }

    #[test]
    fn what_has_a_length_is_read_in_as_few_pieces_as_may_be() {
        assert_eq!(pieces(0, 0, usize::MAX), 1);
        assert_eq!(pieces(10, 10, usize::MAX), 2);
        assert_eq!(pieces(1 << 19, 1 << 19, usize::MAX), 2);
        assert_eq!(Pieces::of(10, 0).next, PIECE_MIN);
        assert_eq!(Pieces::of(u64::MAX, 0).next, PIECE_MAX, "a length that is not true");
    }
}
