//! The futures of reads and writes: an [`Operation`], and its output in the words of `std::io`.

use super::io_error;
use crate::op::{Recv, RecvInto, RecvLease, RecvVectored, Stretches, Transmit, TransmitVectored};
use bespoke_core::config::Config;
use bespoke_core::driver::{Borrows, Lease, Operation, OwnedResource, Submit};
use bespoke_core::io::{IoBuf, IoBufMut, IoBufs};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSliceMut};

/// A future of this room: polls its operation, and tells the output in its own words; with the future itself, if asked.
macro_rules! told {
    (
        $name:ident $(<$($buffer:ident: $bound:ident),+>)?, $op:ty => $output:ty:
        |$result:pat_param, $kept:pat_param $(, $this:ident)?| $told:expr
    ) => {
        impl<C: Config $($(, $buffer: $bound)+)?> Future for $name<'_, C $($(, $buffer)+)?>
        where
            C::Driver: Submit<$op>,
        {
            type Output = $output;

            #[inline]
            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<$output> {
                let polled = Pin::new(&mut self.operation).poll(cx);
                $(let $this = &*self;)?
                polled.map(|($result, $kept)| $told)
            }
        }

        impl<C: Config $($(, $buffer: $bound)+)?> fmt::Debug for $name<'_, C $($(, $buffer)+)?>
        where
            C::Driver: Submit<$op>,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.operation).finish()
            }
        }
    };
}

#[cfg(unix)]
pub(super) use told;

/// Reads what has come. Made by [`TcpStream::read`](super::TcpStream::read); see there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct Read<'a, C: Config>
where
    C::Driver: Submit<Recv>,
{
    operation: Operation<C, Recv>,
    _borrowed: Borrows<'a>,
}

told!(Read, Recv => io::Result<usize>: |read, ()| read.map_err(io_error));

/// Looks at what has come without taking it. Made by [`TcpStream::peek`](super::TcpStream::peek); see there.
pub type Peek<'a, C> = Read<'a, C>;

impl<'a, C: Config> Read<'a, C>
where
    C::Driver: Submit<Recv>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: &'a mut [u8], peek: bool) -> Self {
        let op = Recv { stream: resource.resource(), to: buffer.as_mut_ptr(), len: buffer.len(), peek };
        // SAFETY: `Recv` touches its memory inside `poll` only, and the future borrows buffer and resource as long as it
        // lives.
        Read { operation: unsafe { resource.operation(op, ()) }, _borrowed: Borrows::default() }
    }
}

/// Reads what has come to a buffer that it owns. Made by [`TcpStream::read_into`](super::TcpStream::read_into); see
/// there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct ReadInto<'a, C: Config, B: IoBufMut>
where
    C::Driver: Submit<RecvInto>,
{
    operation: Operation<C, RecvInto, B>,
    _borrowed: Borrows<'a>,
}

told!(ReadInto<B: IoBufMut>, RecvInto => (io::Result<usize>, B): |read, mut buffer| {
    if let Ok(len) = read {
        // SAFETY: the system wrote the first `len` bytes, and was told of no more than the capacity.
        unsafe { buffer.set_len(len) };
    }
    (read.map_err(io_error), buffer)
});

impl<'a, C: Config, B: IoBufMut> ReadInto<'a, C, B>
where
    C::Driver: Submit<RecvInto>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B) -> Self {
        let stream = resource.resource();
        let op = |buffer: &mut B| RecvInto { stream, len: buffer.capacity(), to: buffer.as_mut_ptr() };
        // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBufMut`); the
        // future borrows the resource as long as it lives.
        ReadInto { operation: unsafe { resource.operation_with(buffer, op) }, _borrowed: Borrows::default() }
    }
}

/// Reads what has come in a buffer of the driver's. Made by [`TcpStream::read_lease`](super::TcpStream::read_lease); see
/// there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct ReadLease<'a, C: Config>
where
    C::Driver: Submit<RecvLease>,
{
    operation: Operation<C, RecvLease>,
    resource: &'a OwnedResource<C>,
    _borrowed: Borrows<'a>,
}

told!(ReadLease, RecvLease => io::Result<Lease<C>>: |lent, (), this| {
    // SAFETY: the operation is one on this resource, and yielded it just now.
    lent.map(|lent| unsafe { this.resource.lease(lent) }).map_err(io_error)
});

impl<'a, C: Config> ReadLease<'a, C>
where
    C::Driver: Submit<RecvLease>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>) -> Self {
        let op = RecvLease { stream: resource.resource() };
        // SAFETY: the operation points at no memory, and the future borrows the resource as long as it lives.
        ReadLease { operation: unsafe { resource.operation(op, ()) }, resource, _borrowed: Borrows::default() }
    }
}

/// Reads what has come into several buffers. Made by [`TcpStream::read_vectored`](super::TcpStream::read_vectored); see
/// there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct ReadVectored<'a, C: Config>
where
    C::Driver: Submit<RecvVectored>,
{
    operation: Operation<C, RecvVectored>,
    _borrowed: Borrows<'a>,
}

told!(ReadVectored, RecvVectored => io::Result<usize>: |read, ()| read.map_err(io_error));

impl<'a, C: Config> ReadVectored<'a, C>
where
    C::Driver: Submit<RecvVectored>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffers: &'a mut [IoSliceMut<'_>]) -> Self {
        // A read that takes all that it was asked for must not look short: what the system would leave out is not asked for.
        let used = buffers.len().min(RecvVectored::MAX);
        let buffers = &mut buffers[..used];
        let len = buffers.iter().fold(0usize, |len, buffer| len.saturating_add(buffer.len()));
        let (to, count) = (buffers.as_mut_ptr().cast::<IoSliceMut<'static>>(), buffers.len());
        let op = RecvVectored { stream: resource.resource(), to, count, len };
        // SAFETY: `RecvVectored` touches its memory inside `poll` only, and the future borrows the list, what it names and
        // the resource as long as it lives.
        ReadVectored { operation: unsafe { resource.operation(op, ()) }, _borrowed: Borrows::default() }
    }
}

/// Writes what one send takes. Made by [`TcpStream::write`](super::TcpStream::write); see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct Write<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<Transmit>,
{
    operation: Operation<C, Transmit, B>,
    _borrowed: Borrows<'a>,
}

told!(Write<B: IoBuf>, Transmit => (io::Result<usize>, B): |(taken, result), buffer| match result {
    Err(errno) if taken == 0 => (Err(io_error(errno)), buffer),
    // What was taken is on its way; the next write tells of the error.
    _ => (Ok(taken), buffer),
});

/// Writes a whole buffer. Made by [`TcpStream::write_all`](super::TcpStream::write_all); see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WriteAll<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<Transmit>,
{
    operation: Operation<C, Transmit, B>,
    _borrowed: Borrows<'a>,
}

told!(WriteAll<B: IoBuf>, Transmit => (io::Result<()>, B): |(_, result), buffer| (result.map_err(io_error), buffer));

/// # Safety
/// The resource outlives the operation.
#[inline]
unsafe fn transmit<C: Config, B: IoBuf>(resource: &OwnedResource<C>, buffer: B, all: bool) -> Operation<C, Transmit, B>
where
    C::Driver: Submit<Transmit>,
{
    let stream = resource.resource();
    let op = |buffer: &mut B| Transmit { stream, from: buffer.as_ptr(), len: buffer.len(), all };
    // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBuf`); the rest is
    // the caller's promise.
    unsafe { resource.operation_with(buffer, op) }
}

impl<'a, C: Config, B: IoBuf> Write<'a, C, B>
where
    C::Driver: Submit<Transmit>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B) -> Self {
        // SAFETY: the future borrows the resource as long as it lives.
        Write { operation: unsafe { transmit(resource, buffer, false) }, _borrowed: Borrows::default() }
    }
}

impl<'a, C: Config, B: IoBuf> WriteAll<'a, C, B>
where
    C::Driver: Submit<Transmit>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B) -> Self {
        // SAFETY: the future borrows the resource as long as it lives.
        WriteAll { operation: unsafe { transmit(resource, buffer, true) }, _borrowed: Borrows::default() }
    }
}

/// Writes what one send takes of several buffers. Made by [`TcpStream::write_vectored`](super::TcpStream::write_vectored);
/// see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WriteVectored<'a, C: Config, L: IoBufs>
where
    C::Driver: Submit<TransmitVectored>,
{
    operation: Operation<C, TransmitVectored, L>,
    _borrowed: Borrows<'a>,
}

told!(WriteVectored<L: IoBufs>, TransmitVectored => (io::Result<usize>, L): |taken, buffers| (taken.map_err(io_error), buffers));

impl<'a, C: Config, L: IoBufs> WriteVectored<'a, C, L>
where
    C::Driver: Submit<TransmitVectored>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffers: L) -> Self {
        let stream = resource.resource();
        let op = |buffers: &mut L| {
            let mut from = Stretches::new();
            buffers.each(|bytes| from.push(bytes));
            TransmitVectored { stream, from }
        };
        // SAFETY: the buffers go along, and their bytes stay at their addresses when they move (contract of `IoBufs`); the
        // future borrows the resource as long as it lives.
        WriteVectored { operation: unsafe { resource.operation_with(buffers, op) }, _borrowed: Borrows::default() }
    }
}
