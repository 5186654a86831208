//! Readers and writers without a system: nothing, one byte for ever, bytes that are there.
//!
//! They never wait.

use super::{Reads, Writes};
use bespoke_core::io::IoBuf;
use core::future::ready;
use std::io;
use std::vec::Vec;

/// Has ended already. Made by [`empty`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty(());

/// A reader that has ended already; what is written to it is gone, as with [`sink`].
pub fn empty() -> Empty {
    Empty(())
}

/// Takes everything and keeps nothing. Made by [`sink`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Sink(());

/// A writer that takes everything and keeps nothing.
///
/// ```
/// use bespoke::io::{copy, sink};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let mut body = &b"tea"[..];
/// let thrown_away = copy(&mut body, &mut sink()).await?;
/// # assert_eq!(thrown_away, 3);
/// # Ok(())
/// # }
/// ```
pub fn sink() -> Sink {
    Sink(())
}

/// The same byte, for ever. Made by [`repeat`].
#[derive(Clone, Copy, Debug)]
pub struct Repeat(u8);

/// A reader of the same byte, for ever.
pub fn repeat(byte: u8) -> Repeat {
    Repeat(byte)
}

impl Reads for Empty {
    fn read<'a>(&'a mut self, _: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        ready(Ok(0))
    }
}

impl Reads for Repeat {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        buffer.fill(self.0);
        ready(Ok(buffer.len()))
    }
}

/// Reads from its front, which moves on.
impl Reads for &[u8] {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        let read = self.len().min(buffer.len());
        let (taken, rest) = self.split_at(read);
        buffer[..read].copy_from_slice(taken);
        *self = rest;
        ready(Ok(read))
    }
}

macro_rules! takes_all {
    ($($writer:ty, |$this:ident, $bytes:ident| $take:expr;)*) => { $(
        impl Writes for $writer {
            fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
                let $this = self;
                let $bytes = buffer.as_bytes();
                let taken: io::Result<()> = $take;
                ready((taken.map(|()| buffer.len()), buffer))
            }
            fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
                ready(Ok(()))
            }
        }
    )* };
}

takes_all! {
    Empty, |_this, _bytes| Ok(());
    Sink, |_this, _bytes| Ok(());
    // At its end; grows.
    Vec<u8>, |this, bytes| match this.try_reserve(bytes.len()) {
        Ok(()) => {
            this.extend_from_slice(bytes);
            Ok(())
        }
        Err(error) => Err(error.into()),
    };
}
