//! # Invariants
//! 1. `idle` holds what is read from and the buffer exactly while nothing is under way; else the operation has both.
//! 2. `start ≤ end ≤ buffer.len()` of the buffer in `idle`; the bytes in between were read and taken by nobody.

use std::vec;
use std::vec::Vec;

/// A reader and what was read ahead of its caller, or the place of both while an operation has them.
pub(super) struct Held<T> {
    idle: Option<Idle<T>>,
    start: usize,
    end: usize,
}

/// What is read from, and the buffer that it reads into.
pub(super) type Idle<T> = (T, Vec<u8>);

impl<T> Held<T> {
    pub(super) fn new(inner: T, bytes: usize) -> Self {
        Held { idle: Some((inner, vec![0; bytes])), start: 0, end: 0 }
    }

    /// For an operation, which gives it back to [`put`](Self::put).
    pub(super) fn take(&mut self) -> Option<Idle<T>> {
        self.idle.take()
    }

    pub(super) fn put(&mut self, idle: Idle<T>) {
        self.idle = Some(idle);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.idle.is_some()
    }

    /// The whole buffer, for whoever has nothing read ahead.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        self.idle.as_mut().map_or(&mut [], |(_, buffer)| buffer)
    }

    /// How many bytes were read and taken by nobody.
    pub(super) fn ahead(&self) -> usize {
        self.end - self.start
    }

    /// The first `bytes` of the buffer were read just now.
    pub(super) fn filled(&mut self, bytes: usize) {
        (self.start, self.end) = (0, bytes);
    }

    pub(super) fn buffer(&self) -> &[u8] {
        match &self.idle {
            Some((_, buffer)) => &buffer[self.start..self.end],
            None => &[],
        }
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        let there = self.buffer().len();
        assert!(bytes <= there, "{bytes} bytes were consumed of a buffer that holds {there}");
        self.start += bytes;
    }

    /// Takes as much as `to` holds. Yields how many bytes that were.
    pub(super) fn take_into(&mut self, to: &mut [u8]) -> usize {
        let there = self.buffer();
        let taken = there.len().min(to.len());
        to[..taken].copy_from_slice(&there[..taken]);
        self.start += taken;
        taken
    }

    pub(super) fn get_ref(&self) -> Option<&T> {
        self.idle.as_ref().map(|(inner, _)| inner)
    }
}
