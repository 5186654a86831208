//! The futures of reads and writes: an [`Operation`], and the output in the words of `std::io`.

use crate::net::io_error;
use crate::op::{Recv, RecvInto, Transmit};
use bespoke_core::config::Config;
use bespoke_core::driver::{Operation, OwnedResource, Submit};
use bespoke_core::io::{IoBuf, IoBufMut};
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

/// Reads what has come. Made by `read`; see there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct Read<'a, C: Config>
where
    C::Driver: Submit<Recv>,
{
    operation: Operation<C, Recv>,
    _buffer: PhantomData<&'a mut [u8]>,
}

impl<'a, C: Config> Read<'a, C>
where
    C::Driver: Submit<Recv>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: &'a mut [u8], peek: bool) -> Self {
        let op = Recv { stream: resource.resource(), to: buffer.as_mut_ptr(), len: buffer.len(), peek };
        // SAFETY: `Recv` touches its memory inside `poll` only, and the future borrows buffer and resource as long as it
        // lives.
        Read { operation: unsafe { resource.operation(op, ()) }, _buffer: PhantomData }
    }
}

impl<C: Config> Future for Read<'_, C>
where
    C::Driver: Submit<Recv>,
{
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.operation).poll(cx).map(|(read, ())| read.map_err(io_error))
    }
}

/// Looks at what has come without taking it. Made by `peek`; see there.
pub type Peek<'a, C> = Read<'a, C>;

/// Reads what has come to a buffer that it owns. Made by `read_into`; see there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct ReadInto<'a, C: Config, B: IoBufMut>
where
    C::Driver: Submit<RecvInto>,
{
    operation: Operation<C, RecvInto, B>,
    _stream: PhantomData<&'a mut ()>,
}

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
        ReadInto { operation: unsafe { resource.operation_with(buffer, op) }, _stream: PhantomData }
    }
}

impl<C: Config, B: IoBufMut> Future for ReadInto<'_, C, B>
where
    C::Driver: Submit<RecvInto>,
{
    type Output = (io::Result<usize>, B);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.operation).poll(cx).map(|(read, mut buffer)| {
            if let Ok(len) = read {
                // SAFETY: the system wrote the first `len` bytes, and was told of no more than the capacity.
                unsafe { buffer.set_len(len) };
            }
            (read.map_err(io_error), buffer)
        })
    }
}

/// Writes what one send takes. Made by `write`; see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct Write<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<Transmit>,
{
    operation: Operation<C, Transmit, B>,
    _stream: PhantomData<&'a mut ()>,
}

fn transmit<C: Config, B: IoBuf>(resource: &OwnedResource<C>, buffer: B, all: bool) -> Operation<C, Transmit, B>
where
    C::Driver: Submit<Transmit>,
{
    let stream = resource.resource();
    let op = |buffer: &mut B| Transmit { stream, from: buffer.as_ptr(), len: buffer.len(), all };
    // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBuf`); the futures
    // below borrow the resource as long as they live.
    unsafe { resource.operation_with(buffer, op) }
}

impl<'a, C: Config, B: IoBuf> Write<'a, C, B>
where
    C::Driver: Submit<Transmit>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B) -> Self {
        Write { operation: transmit(resource, buffer, false), _stream: PhantomData }
    }
}

impl<C: Config, B: IoBuf> Future for Write<'_, C, B>
where
    C::Driver: Submit<Transmit>,
{
    type Output = (io::Result<usize>, B);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.operation).poll(cx).map(|((taken, result), buffer)| match result {
            Err(errno) if taken == 0 => (Err(io_error(errno)), buffer),
            // What was taken is on its way; the next write tells of the error.
            _ => (Ok(taken), buffer),
        })
    }
}

/// Writes a whole buffer. Made by `write_all`; see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WriteAll<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<Transmit>,
{
    operation: Operation<C, Transmit, B>,
    _stream: PhantomData<&'a mut ()>,
}

impl<'a, C: Config, B: IoBuf> WriteAll<'a, C, B>
where
    C::Driver: Submit<Transmit>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B) -> Self {
        WriteAll { operation: transmit(resource, buffer, true), _stream: PhantomData }
    }
}

impl<C: Config, B: IoBuf> Future for WriteAll<'_, C, B>
where
    C::Driver: Submit<Transmit>,
{
    type Output = (io::Result<()>, B);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.operation).poll(cx).map(|((_, result), buffer)| (result.map_err(io_error), buffer))
    }
}

impl<C: Config> fmt::Debug for Read<'_, C>
where
    C::Driver: Submit<Recv>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Read").field(&self.operation).finish()
    }
}

impl<C: Config, B: IoBufMut> fmt::Debug for ReadInto<'_, C, B>
where
    C::Driver: Submit<RecvInto>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadInto").field(&self.operation).finish()
    }
}

impl<C: Config, B: IoBuf> fmt::Debug for Write<'_, C, B>
where
    C::Driver: Submit<Transmit>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Write").field(&self.operation).finish()
    }
}

impl<C: Config, B: IoBuf> fmt::Debug for WriteAll<'_, C, B>
where
    C::Driver: Submit<Transmit>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteAll").field(&self.operation).finish()
    }
}
