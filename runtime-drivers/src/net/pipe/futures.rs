//! The futures of reads and writes.

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

/// Writes what one call takes. Made by [`Sender::write`](super::Sender::write); see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WritePipe<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<op::WritePipe>,
{
    operation: Operation<C, op::WritePipe, B>,
    _borrowed: Borrows<'a>,
}

told!(WritePipe<B: IoBuf>, op::WritePipe => (io::Result<usize>, B): |(taken, result), buffer| match result {
    Err(errno) if taken == 0 => (Err(io_error(errno)), buffer),
    // What was taken is in the pipe; the next write tells of the error.
    _ => (Ok(taken), buffer),
});

/// Writes a whole buffer. Made by [`Sender::write_all`](super::Sender::write_all); see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WritePipeAll<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<op::WritePipe>,
{
    operation: Operation<C, op::WritePipe, B>,
    _borrowed: Borrows<'a>,
}

told!(WritePipeAll<B: IoBuf>, op::WritePipe => (io::Result<()>, B): |(_, result), buffer| {
    (result.map_err(io_error), buffer)
});

/// # Safety
/// The resource outlives the operation.
unsafe fn transmit<C: Config, B: IoBuf>(
    resource: &OwnedResource<C>,
    buffer: B,
    all: bool,
) -> Operation<C, op::WritePipe, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    let pipe = resource.resource();
    let op = |buffer: &mut B| op::WritePipe { pipe, from: buffer.as_ptr(), len: buffer.len(), all };
    // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBuf`); the rest is
    // the caller's promise.
    unsafe { resource.operation_with(buffer, op) }
}

impl<'a, C: Config, B: IoBuf> WritePipe<'a, C, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B) -> Self {
        // SAFETY: the future borrows the resource as long as it lives.
        WritePipe { operation: unsafe { transmit(resource, buffer, false) }, _borrowed: Borrows::default() }
    }
}

impl<'a, C: Config, B: IoBuf> WritePipeAll<'a, C, B>
where
    C::Driver: Submit<op::WritePipe>,
{
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B) -> Self {
        // SAFETY: the future borrows the resource as long as it lives.
        WritePipeAll { operation: unsafe { transmit(resource, buffer, true) }, _borrowed: Borrows::default() }
    }
}
