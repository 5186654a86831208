//! Readers made of readers: a part of one, one after the other.

use super::Reads;
use std::io;

/// A reader that ends after so many bytes, at the latest. Made by [`Reads::take`].
#[derive(Debug)]
pub struct Take<R> {
    inner: R,
    left: u64,
}

impl<R> Take<R> {
    pub(super) fn new(inner: R, left: u64) -> Self {
        Take { inner, left }
    }

    /// How many bytes are left until it ends. The reader below may end before.
    pub fn limit(&self) -> u64 {
        self.left
    }

    /// Ends it after `bytes` from here.
    pub fn set_limit(&mut self, bytes: u64) {
        self.left = bytes;
    }

    /// The reader below.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader below. What is read from it there does not count.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader below.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Reads> Reads for Take<R> {
    async fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<usize> {
        // What does not fit a `usize` is more than the buffer holds.
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..most]).await?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// One reader, and when it has ended the other. Made by [`Reads::chain`].
#[derive(Debug)]
pub struct Chain<A, B> {
    first: A,
    second: B,
    first_ended: bool,
}

impl<A, B> Chain<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        Chain { first, second, first_ended: false }
    }

    /// Both readers.
    pub fn get_ref(&self) -> (&A, &B) {
        (&self.first, &self.second)
    }

    /// Both readers.
    pub fn into_inner(self) -> (A, B) {
        (self.first, self.second)
    }
}

impl<A: Reads, B: Reads> Reads for Chain<A, B> {
    async fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<usize> {
        if !self.first_ended && !buffer.is_empty() {
            match self.first.read(&mut *buffer).await? {
                0 => self.first_ended = true,
                read => return Ok(read),
            }
        }
        self.second.read(buffer).await
    }
}
