//! The futures of reads and writes.

use super::sender::ended;
use crate::net::futures::told;
use crate::net::io_error;
use crate::op;
use bespoke_core::config::Config;
use bespoke_core::driver::{Borrows, Operation, OwnedResource, Submit};
use bespoke_core::io::IoBuf;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

/// Reads what is in the pipe. Made by [`Receiver::read`](super::Receiver::read); see there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct ReadPipe<'a, C: Config>
where
    C::Driver: Submit<op::ReadPipe>,
{
    operation: Operation<C, op::ReadPipe>,
    _borrowed: Borrows<'a>,
}

told!(ReadPipe, op::ReadPipe => io::Result<usize>: |read, ()| read.map_err(io_error));

impl<'a, C: Config> ReadPipe<'a, C>
where
    C::Driver: Submit<op::ReadPipe>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: &'a mut [u8]) -> Self {
        let (to, len) = (buffer.as_mut_ptr(), buffer.len());
        let op = op::ReadPipe { pipe: resource.resource(), to, len, shared: false };
        // SAFETY: the operation touches its memory inside `poll` only, and the future borrows buffer and resource as long as
        // it lives.
        ReadPipe { operation: unsafe { resource.operation(op, ()) }, _borrowed: Borrows::default() }
    }
}

/// A write on its way, or one that comes after the end.
enum Writing<C: Config, B: IoBuf>
where
    C::Driver: Submit<op::WritePipe>,
{
    Begun(Operation<C, op::WritePipe, B>),
    /// The buffer, until it is given back.
    Ended(Option<B>),
}

/// Nothing in it is ever pointed at: an operation may move, and so may a buffer.
impl<C: Config, B: IoBuf> Unpin for Writing<C, B> where C::Driver: Submit<op::WritePipe> {}

impl<C: Config, B: IoBuf> Writing<C, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    /// # Safety
    /// The resource outlives what is made of it.
    unsafe fn new(resource: Option<&OwnedResource<C>>, buffer: B, all: bool) -> Self {
        let Some(resource) = resource else { return Writing::Ended(Some(buffer)) };
        let pipe = resource.resource();
        let op = |buffer: &mut B| op::WritePipe { pipe, from: buffer.as_ptr(), len: buffer.len(), all };
        // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBuf`); the rest is
        // the caller's promise.
        Writing::Begun(unsafe { resource.operation_with(buffer, op) })
    }
}

impl<C: Config, B: IoBuf> Future for Writing<C, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    /// How many bytes were taken.
    type Output = ((usize, io::Result<()>), B);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Writing::Begun(operation) => Pin::new(operation)
                .poll(cx)
                .map(|((taken, result), buffer)| ((taken, result.map_err(io_error)), buffer)),
            Writing::Ended(buffer) => {
                let buffer = buffer.take().expect("a write is polled until it is ready, and not after");
                Poll::Ready(((0, Err(ended())), buffer))
            }
        }
    }
}

impl<C: Config, B: IoBuf> fmt::Debug for Writing<C, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Writing::Begun(operation) => operation.fmt(f),
            Writing::Ended(_) => f.write_str("Ended"),
        }
    }
}

/// Writes what one call takes. Made by [`Sender::write`](super::Sender::write); see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WritePipe<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<op::WritePipe>,
{
    operation: Writing<C, B>,
    _borrowed: Borrows<'a>,
}

told!(WritePipe<B: IoBuf>, op::WritePipe => (io::Result<usize>, B): |(taken, result), buffer| match result {
    Err(error) if taken == 0 => (Err(error), buffer),
    // What was taken is in the pipe; the next write tells of the error.
    _ => (Ok(taken), buffer),
});

/// Writes a whole buffer. Made by [`Sender::write_all`](super::Sender::write_all); see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WritePipeAll<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<op::WritePipe>,
{
    operation: Writing<C, B>,
    _borrowed: Borrows<'a>,
}

told!(WritePipeAll<B: IoBuf>, op::WritePipe => (io::Result<()>, B): |(_, result), buffer| (result, buffer));

impl<'a, C: Config, B: IoBuf> WritePipe<'a, C, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    pub(super) fn new(resource: Option<&'a OwnedResource<C>>, buffer: B) -> Self {
        // SAFETY: the future borrows the resource as long as it lives.
        WritePipe { operation: unsafe { Writing::new(resource, buffer, false) }, _borrowed: Borrows::default() }
    }
}

impl<'a, C: Config, B: IoBuf> WritePipeAll<'a, C, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    pub(super) fn new(resource: Option<&'a OwnedResource<C>>, buffer: B) -> Self {
        // SAFETY: the future borrows the resource as long as it lives.
        WritePipeAll { operation: unsafe { Writing::new(resource, buffer, true) }, _borrowed: Borrows::default() }
    }
}
