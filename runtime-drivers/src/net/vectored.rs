//! The futures of reads and writes of several buffers.

use super::io_error;
use crate::op::{RecvVectored, Stretches, TransmitVectored};
use bespoke_core::config::Config;
use bespoke_core::driver::{Operation, OwnedResource, Submit};
use bespoke_core::io::IoBufs;
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSliceMut};

/// Reads what has come into several buffers. Made by `read_vectored`; see there.
#[must_use = "a read does nothing unless it is awaited"]
pub struct ReadVectored<'a, C: Config>
where
    C::Driver: Submit<RecvVectored>,
{
    operation: Operation<C, RecvVectored>,
    _buffers: PhantomData<&'a mut [u8]>,
}

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
        ReadVectored { operation: unsafe { resource.operation(op, ()) }, _buffers: PhantomData }
    }
}

impl<C: Config> Future for ReadVectored<'_, C>
where
    C::Driver: Submit<RecvVectored>,
{
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.operation).poll(cx).map(|(read, ())| read.map_err(io_error))
    }
}

/// Writes what one send takes of several buffers. Made by `write_vectored`; see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WriteVectored<'a, C: Config, L: IoBufs>
where
    C::Driver: Submit<TransmitVectored>,
{
    operation: Operation<C, TransmitVectored, L>,
    _stream: PhantomData<&'a mut ()>,
}

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
        WriteVectored { operation: unsafe { resource.operation_with(buffers, op) }, _stream: PhantomData }
    }
}

impl<C: Config, L: IoBufs> Future for WriteVectored<'_, C, L>
where
    C::Driver: Submit<TransmitVectored>,
{
    type Output = (io::Result<usize>, L);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.operation).poll(cx).map(|(taken, buffers)| (taken.map_err(io_error), buffers))
    }
}

impl<C: Config> fmt::Debug for ReadVectored<'_, C>
where
    C::Driver: Submit<RecvVectored>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadVectored").field(&self.operation).finish()
    }
}

impl<C: Config, L: IoBufs> fmt::Debug for WriteVectored<'_, C, L>
where
    C::Driver: Submit<TransmitVectored>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteVectored").field(&self.operation).finish()
    }
}
