//! Filled buffers in a row: what came for a stream and was not read.
//!
//! 1. There are `count` blocks, each with the next one in its `next`; that of the last one is the first. `last` is the last
//!    one, if there is any. The row is their only name.
//! 2. Of each, the bytes `start..start + len` are initialised, and `len > 0`.

use super::Leased;
use super::buffers::{Block, Buffer};
use core::fmt;
use core::ptr::NonNull;

/// A queue of filled buffers. It needs no memory but theirs: each says itself which of its bytes are meant, and what comes next.
pub struct Filled<const BYTES: usize> {
    last: Option<NonNull<Block<BYTES>>>,
    count: u32,
}

// SAFETY: blocks are plain memory, and the row is their only name (rule 1).
unsafe impl<const BYTES: usize> Send for Filled<BYTES> {}

impl<const BYTES: usize> Filled<BYTES> {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Filled { last: None, count: 0 }
    }

    /// Is there nothing in it?
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// How many buffers are in it.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Puts a buffer at the end, of which the first `len` bytes are meant.
    ///
    /// # Safety
    /// They are initialised, and `len` is at most `BYTES` and not 0.
    #[inline]
    pub unsafe fn push(&mut self, buffer: Buffer<BYTES>, len: u32) {
        let pointer = buffer.into_block();
        // SAFETY: the buffer was its only name, and is gone.
        let block = unsafe { &mut *pointer.as_ptr() };
        block.start = 0;
        block.len = len;
        block.next = match self.last {
            // SAFETY: the last one of the row (rule 1), and another block than the new one.
            Some(last) => unsafe { &mut *last.as_ptr() }.next.replace(pointer),
            None => Some(pointer),
        };
        self.last = Some(pointer);
        self.count += 1;
    }

    /// The first one.
    #[inline(always)]
    fn first(&self) -> Option<NonNull<Block<BYTES>>> {
        // SAFETY: of the row, which is its only name (rule 1).
        unsafe { self.last?.as_ref() }.next
    }

    /// Takes the first one out, behind which `next` comes.
    #[inline(always)]
    fn take_first(&mut self, next: Option<NonNull<Block<BYTES>>>) {
        self.count -= 1;
        match self.last {
            // SAFETY: the last one of the row, and not the first.
            Some(last) if self.count > 0 => unsafe { &mut *last.as_ptr() }.next = next,
            _ => self.last = None,
        }
    }

    /// Copies what is left in the first buffer to `to`, at most `len` bytes; how many, and the buffer, if it was read to its end.
    ///
    /// # Safety
    /// `to` is writable for `len` bytes.
    #[inline(always)]
    pub unsafe fn copy_first(&mut self, to: *mut u8, len: usize) -> (usize, Option<Buffer<BYTES>>) {
        let Some(pointer) = self.first() else { return (0, None) };
        // SAFETY: of the row, which is its only name (rule 1); the reference ends before the buffer is made.
        let block = unsafe { &mut *pointer.as_ptr() };
        let part = (block.len as usize).min(len);
        // SAFETY: so many are initialised (rule 2), and there is room for them (contract).
        unsafe { to.copy_from_nonoverlapping(block.filled(), part) };
        if part < block.len as usize {
            block.start += part as u32;
            block.len -= part as u32;
            return (part, None);
        }
        let next = block.next;
        self.take_first(next);
        // SAFETY: it left the row, which was its only name (rule 1).
        (part, Some(unsafe { Buffer::from_block(pointer) }))
    }

    /// Copies the first bytes to `to`, at most `len`, and returns how many; buffers that are read to their end go to `read`.
    ///
    /// # Safety
    /// `to` is writable for `len` bytes.
    pub unsafe fn copy(&mut self, to: *mut u8, len: usize, mut read: impl FnMut(Buffer<BYTES>)) -> usize {
        let mut done = 0;
        loop {
            // SAFETY: at most `len` bytes were copied (contract).
            let place = unsafe { to.add(done) };
            // SAFETY: there is room for so many (contract).
            let (part, buffer) = unsafe { self.copy_first(place, len - done) };
            done += part;
            match buffer {
                Some(buffer) => read(buffer),
                None => return done,
            }
        }
    }

    /// As [`copy`](Self::copy), and leaves all as it is.
    ///
    /// # Safety
    /// As [`copy`](Self::copy).
    pub unsafe fn peek(&self, to: *mut u8, len: usize) -> usize {
        let (mut done, mut next, mut left) = (0, self.first(), self.count);
        while done < len
            && left > 0
            && let Some(pointer) = next
        {
            // SAFETY: of the row, which is its only name (rule 1).
            let block = unsafe { &*pointer.as_ptr() };
            let part = (block.len as usize).min(len - done);
            // SAFETY: `done < len` (contract).
            let place = unsafe { to.add(done) };
            // SAFETY: so many are initialised (rule 2), and there is room for them (contract).
            unsafe { place.copy_from_nonoverlapping(block.filled(), part) };
            done += part;
            left -= 1;
            next = block.next;
        }
        done
    }

    /// Lends the first buffer, with what is left in it.
    pub fn lend(&mut self) -> Option<Leased> {
        let (buffer, start, len) = self.pop()?;
        // SAFETY: rule 2.
        Some(unsafe { buffer.lend_from(start as usize, len as usize) })
    }

    /// Throws away what is in it; the buffers go to `unread`.
    pub fn clear(&mut self, mut unread: impl FnMut(Buffer<BYTES>)) {
        while let Some((buffer, ..)) = self.pop() {
            unread(buffer);
        }
    }

    /// Takes the first buffer: where in it the bytes begin that are left, and how many they are.
    fn pop(&mut self) -> Option<(Buffer<BYTES>, u32, u32)> {
        let pointer = self.first()?;
        // SAFETY: of the row, which is its only name (rule 1).
        let block = unsafe { &*pointer.as_ptr() };
        let (start, len, next) = (block.start, block.len, block.next);
        self.take_first(next);
        // SAFETY: it left the row, which was its only name (rule 1).
        Some((unsafe { Buffer::from_block(pointer) }, start, len))
    }
}

impl<const BYTES: usize> Default for Filled<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Drop for Filled<BYTES> {
    fn drop(&mut self) {
        self.clear(drop);
    }
}

impl<const BYTES: usize> fmt::Debug for Filled<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filled").field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Buffers;
    use super::*;
    use alloc::vec::Vec;

    const BYTES: usize = 8;

    fn push(row: &mut Filled<BYTES>, pool: &Buffers<BYTES>, bytes: &[u8]) {
        let mut buffer = pool.take().expect("memory");
        // SAFETY: it has room for as many.
        unsafe { buffer.room().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        // SAFETY: so many were just written.
        unsafe { row.push(buffer, bytes.len() as u32) };
    }

    fn peek(row: &Filled<BYTES>, len: usize) -> Vec<u8> {
        let mut to = alloc::vec![0; len];
        // SAFETY: `to` is that long.
        let read = unsafe { row.peek(to.as_mut_ptr(), len) };
        to.truncate(read);
        to
    }

    fn copy(row: &mut Filled<BYTES>, len: usize, pool: &Buffers<BYTES>) -> Vec<u8> {
        let mut to = alloc::vec![0; len];
        // SAFETY: `to` is that long.
        let read = unsafe { row.copy(to.as_mut_ptr(), len, |buffer| pool.put(buffer)) };
        to.truncate(read);
        to
    }

    #[test]
    fn bytes_come_out_in_the_order_in_which_they_came_whatever_the_stretches() {
        let (pool, mut one, mut two) = (Buffers::new(), Filled::new(), Filled::new());
        for part in [&b"abc"[..], b"d", b"efgh"] {
            push(&mut one, &pool, part);
            push(&mut two, &pool, b"zz");
        }
        assert_eq!((peek(&one, 5), one.count()), (b"abcde".to_vec(), 3));
        assert_eq!((copy(&mut one, 2, &pool), one.count()), (b"ab".to_vec(), 3));
        assert_eq!(peek(&one, 16), b"cdefgh");
        let leased = one.lend().expect("something is left");
        assert_eq!(leased.as_bytes(), b"c");
        // SAFETY: lent by the row's buffer, and given up.
        pool.put(unsafe { Buffer::of(leased.node()) });
        assert_eq!((copy(&mut one, 5, &pool), one.is_empty()), (b"defgh".to_vec(), true));
        assert_eq!((copy(&mut one, 5, &pool), peek(&one, 5)), (Vec::new(), Vec::new()));
        assert!(one.lend().is_none());
        push(&mut one, &pool, b"again");
        assert_eq!((copy(&mut one, 0, &pool), copy(&mut one, 8, &pool)), (Vec::new(), b"again".to_vec()));
        let mut home = 0;
        two.clear(|_| home += 1);
        assert!(home == 3 && two.is_empty() && two.count() == 0);
    }

    #[test]
    fn what_was_not_read_is_freed_with_the_row() {
        let (pool, mut row) = (Buffers::new(), Filled::new());
        for _ in 0..if cfg!(miri) { 100 } else { 10_000 } {
            push(&mut row, &pool, b"x");
        }
        let moved = core::mem::take(&mut row);
        std::thread::scope(|scope| scope.spawn(move || drop(moved)).join()).expect("freed elsewhere");
        push(&mut row, &pool, b"y");
        assert_eq!(copy(&mut row, 8, &pool), b"y");
    }
}
