//! What came for streams and was not read: queues of filled buffers, through one slab of the driver.
//!
//! 1. Each entry is in one queue, or in the list of free ones.
//! 2. An entry in a queue has a buffer, of which the bytes `start..start + len` are initialised, and `len > 0`.

use crate::luggage;
use crate::op::LEASE_BYTES;
use bespoke_core::driver::{Buffer, Buffers, Leased};
use std::collections::VecDeque;
use std::vec::Vec;

const NONE: u32 = u32::MAX;

struct Filled {
    buffer: Option<Buffer<LEASE_BYTES>>,
    start: u32,
    len: u32,
    next: u32,
}

/// The queue of one stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stash {
    first: u32,
    last: u32,
    /// Buffers in it.
    pub(super) count: u32,
}

impl Default for Stash {
    fn default() -> Self {
        Stash { first: NONE, last: NONE, count: 0 }
    }
}

impl Stash {
    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }
}

/// All queues.
pub(super) struct Stashes {
    filled: Vec<Filled>,
    free: u32,
}

impl Stashes {
    pub(super) const fn new() -> Self {
        Stashes { filled: Vec::new(), free: NONE }
    }

    /// Puts a buffer of `len` bytes at the end of `stash`.
    ///
    /// # Safety
    /// The first `len` bytes are initialised; `len` is not 0.
    pub(super) unsafe fn push(&mut self, stash: &mut Stash, buffer: Buffer<LEASE_BYTES>, len: u32) {
        // SAFETY: as the caller.
        unsafe { self.append(stash, buffer, 0, len) };
    }

    /// As [`push`](Self::push), of the bytes from `start` on.
    ///
    /// # Safety
    /// The bytes `start..start + len` are initialised; `len` is not 0.
    unsafe fn append(&mut self, stash: &mut Stash, buffer: Buffer<LEASE_BYTES>, start: u32, len: u32) {
        let entry = Filled { buffer: Some(buffer), start, len, next: NONE };
        let index = if self.free == NONE {
            self.filled.push(entry);
            self.filled.len() as u32 - 1
        } else {
            let index = self.free;
            let place = &mut self.filled[index as usize];
            self.free = place.next;
            *place = entry;
            index
        };
        if stash.count == 0 {
            stash.first = index;
        } else {
            self.filled[stash.last as usize].next = index;
        }
        stash.last = index;
        stash.count += 1;
    }

    /// Takes the first buffer of `stash`, which is not empty, and what is left in it.
    fn pop(&mut self, stash: &mut Stash) -> (Option<Buffer<LEASE_BYTES>>, u32, u32) {
        let index = stash.first;
        let entry = &mut self.filled[index as usize];
        stash.first = entry.next;
        stash.count -= 1;
        entry.next = self.free;
        self.free = index;
        (entry.buffer.take(), entry.start, entry.len)
    }

    /// Copies the first bytes of `stash` to `to`, at most `len`, and returns how many; buffers that are read go to `pool`.
    ///
    /// # Safety
    /// `to` is writable for `len` bytes.
    pub(super) unsafe fn copy(
        &mut self,
        stash: &mut Stash,
        to: *mut u8,
        len: usize,
        pool: &Buffers<LEASE_BYTES>,
    ) -> usize {
        let mut done = 0;
        while done < len && stash.count > 0 {
            let entry = &mut self.filled[stash.first as usize];
            let part = (entry.len as usize).min(len - done);
            let Some(buffer) = &mut entry.buffer else { unreachable!("a queued buffer is there") };
            // SAFETY: inside the buffer (rule 2).
            let from = unsafe { buffer.room().add(entry.start as usize) };
            // SAFETY: `done < len` (contract).
            let place = unsafe { to.add(done) };
            // SAFETY: so many are initialised (rule 2), and there is room for them (contract).
            unsafe { place.copy_from_nonoverlapping(from, part) };
            entry.start += part as u32;
            entry.len -= part as u32;
            done += part;
            if entry.len == 0
                && let (Some(buffer), ..) = self.pop(stash)
            {
                pool.put(buffer);
            }
        }
        done
    }

    /// As [`copy`](Self::copy), and leaves all as it is.
    ///
    /// # Safety
    /// As [`copy`](Self::copy).
    pub(super) unsafe fn peek(&mut self, stash: Stash, to: *mut u8, len: usize) -> usize {
        let (mut done, mut index, mut left) = (0, stash.first, stash.count);
        while done < len && left > 0 {
            let entry = &mut self.filled[index as usize];
            let part = (entry.len as usize).min(len - done);
            let Some(buffer) = &mut entry.buffer else { unreachable!("a queued buffer is there") };
            // SAFETY: inside the buffer (rule 2).
            let from = unsafe { buffer.room().add(entry.start as usize) };
            // SAFETY: `done < len` (contract).
            let place = unsafe { to.add(done) };
            // SAFETY: so many are initialised (rule 2), and there is room for them (contract).
            unsafe { place.copy_from_nonoverlapping(from, part) };
            done += part;
            index = entry.next;
            left -= 1;
        }
        done
    }

    /// Lends the first buffer of `stash`, with what is left in it.
    pub(super) fn lend(&mut self, stash: &mut Stash) -> Option<Leased> {
        if stash.count == 0 {
            return None;
        }
        let (buffer, start, len) = self.pop(stash);
        // SAFETY: rule 2.
        buffer.map(|buffer| unsafe { buffer.lend_from(start as usize, len as usize) })
    }

    /// Takes all that is in `stash`, for another driver.
    pub(super) fn unload(&mut self, stash: &mut Stash) -> VecDeque<luggage::Filled> {
        let mut all = VecDeque::with_capacity(stash.count as usize);
        while stash.count > 0 {
            if let (Some(buffer), start, len) = self.pop(stash) {
                all.push_back(luggage::Filled { buffer, start, len });
            }
        }
        all
    }

    /// Puts what another driver took behind what is in `stash`.
    pub(super) fn load(&mut self, stash: &mut Stash, all: VecDeque<luggage::Filled>) {
        for luggage::Filled { buffer, start, len } in all {
            // SAFETY: they are initialised, and there are some (rule 2 there).
            unsafe { self.append(stash, buffer, start, len) };
        }
    }

    /// Throws away what is in `stash`.
    pub(super) fn clear(&mut self, stash: &mut Stash, pool: &Buffers<LEASE_BYTES>) {
        while stash.count > 0 {
            if let (Some(buffer), ..) = self.pop(stash) {
                pool.put(buffer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pool: &Buffers<LEASE_BYTES>, bytes: &[u8]) -> Buffer<LEASE_BYTES> {
        let mut buffer = pool.take().expect("memory");
        // SAFETY: it has room for more.
        unsafe { buffer.room().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        buffer
    }

    fn push(stashes: &mut Stashes, stash: &mut Stash, pool: &Buffers<LEASE_BYTES>, bytes: &[u8]) {
        // SAFETY: so many were just written.
        unsafe { stashes.push(stash, filled(pool, bytes), bytes.len() as u32) };
    }

    #[test]
    fn bytes_come_out_in_the_order_in_which_they_came_whatever_the_stretches() {
        let (pool, mut stashes) = (Buffers::new(), Stashes::new());
        let (mut one, mut two) = (Stash::default(), Stash::default());
        for part in [&b"abc"[..], b"d", b"efgh"] {
            push(&mut stashes, &mut one, &pool, part);
            push(&mut stashes, &mut two, &pool, b"zz");
        }
        let mut to = [0; 16];
        // SAFETY: `to` is that long.
        assert_eq!(unsafe { stashes.peek(one, to.as_mut_ptr(), 5) }, 5);
        assert_eq!(&to[..5], b"abcde");
        // SAFETY: as above.
        assert_eq!(unsafe { stashes.copy(&mut one, to.as_mut_ptr(), 2, &pool) }, 2);
        let leased = stashes.lend(&mut one).expect("something is left");
        assert_eq!((&to[..2], leased.as_bytes()), (&b"ab"[..], &b"c"[..]));
        // SAFETY: lent by the pool's buffer, and given up.
        pool.put(unsafe { Buffer::of(leased.node()) });
        // SAFETY: as above.
        assert_eq!(unsafe { stashes.copy(&mut one, to.as_mut_ptr(), 16, &pool) }, 5);
        assert_eq!((&to[..5], one.is_empty(), two.count), (&b"defgh"[..], true, 3));
        assert!(stashes.lend(&mut one).is_none());
        stashes.clear(&mut two, &pool);
        assert!(two.is_empty());
        push(&mut stashes, &mut two, &pool, b"again");
        assert_eq!(stashes.filled.len(), 6, "places are used again");
        stashes.clear(&mut two, &pool);
    }
}
