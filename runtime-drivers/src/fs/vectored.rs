//! The futures of reads and writes of several buffers.

use super::errors::not_moved;
use super::file::{Cursor, Dropped, Moving};
use super::transfers::{have_written, transfer};
use crate::op::{Fs, ReadVectoredAt, Stretches, WriteVectoredAt};
use bespoke_core::config::Config;
use bespoke_core::driver::{Op, Operation, OwnedResource};
use bespoke_core::io::{IoBufs, IoBufsMut};
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

transfer!(
    /// Reads some bytes of a file into several buffers. Made by `read_vectored` and `read_vectored_at`; see there.
    ReadFileVectored<L: IoBufsMut>, ReadVectoredAt, usize, for_read; |this, read, mut buffers| {
        if let Ok(bytes) = read {
            if let Some(cursor) = &mut this.cursor {
                cursor.have_read(bytes);
            }
            // SAFETY: the system wrote these, each buffer in turn, and was told of no more than each one's capacity.
            unsafe { buffers.set_len(bytes) };
        }
        (read.map_err(not_moved), buffers)
    }
);
transfer!(
    /// Writes some bytes of several buffers to a file. Made by `write_vectored` and `write_vectored_at`; see there.
    WriteFileVectored<L: IoBufs>, WriteVectoredAt, usize, for_write, |written| written.unwrap_or(0); |this, written, buffers| {
        if let Ok(bytes) = written {
            have_written(&mut this.cursor, bytes);
        }
        (written.map_err(not_moved), buffers)
    }
);

impl<'a, C: Config<Driver: Fs>, L: IoBufsMut> ReadFileVectored<'a, C, L> {
    pub(super) fn new(
        resource: &'a OwnedResource<C>,
        buffers: L,
        at: Option<u64>,
        cursor: Option<&'a mut Cursor>,
    ) -> Self {
        let op = |buffers: &mut L| {
            let mut to = Stretches::new();
            buffers.each_mut(|pointer, len| to.push_to_fill(pointer, len));
            ReadVectoredAt { file: resource.resource(), to, at }
        };
        // SAFETY: the buffers go along, and their bytes stay at their address when they move (contract of `IoBufsMut`); the
        // future borrows the resource as long as it lives.
        let operation = unsafe { resource.operation_with(buffers, op) };
        let cursor = cursor.map(|cursor| Moving { cursor, file: resource });
        ReadFileVectored { operation: Some(operation), cursor, _file: PhantomData }
    }
}

impl<'a, C: Config<Driver: Fs>, L: IoBufs> WriteFileVectored<'a, C, L> {
    pub(super) fn new(
        resource: &'a OwnedResource<C>,
        buffers: L,
        at: Option<u64>,
        cursor: Option<&'a mut Cursor>,
    ) -> Self {
        let op = |buffers: &mut L| {
            let mut from = Stretches::new();
            buffers.each(|bytes| from.push(bytes));
            WriteVectoredAt { file: resource.resource(), from, at }
        };
        // SAFETY: as above, by the contract of `IoBufs`.
        let operation = unsafe { resource.operation_with(buffers, op) };
        let cursor = cursor.map(|cursor| Moving { cursor, file: resource });
        WriteFileVectored { operation: Some(operation), cursor, _file: PhantomData }
    }
}
