//! One end of a pipe, in the driver.

use crate::op::{Process, ReadPipe, WritePipe};
use crate::sys::fd;
use bespoke_core::config::Config;
use bespoke_core::driver::{Borrows, Errno, Operation, OwnedResource};
use bespoke_core::io::{IoBuf, IoBufMut};
use bespoke_core::roles::Kind;
use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::vec::Vec;

/// One end of a pipe, or a terminal.
///
/// # Invariants
/// 1. Unless it is `shared`, the open file is nonblocking.
/// 2. The driver knows it as foreign: other descriptors may name the same open file, so it is taken out of the driver before
///    it is closed.
pub(crate) struct Pipe<C: Config> {
    resource: OwnedResource<C>,
    shared: bool,
}

impl<C: Config> Pipe<C> {
    pub(super) fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }
}

impl<C: Config<Driver: Process>> Pipe<C> {
    /// Takes charge of a descriptor. `shared`: its open file stays as it is, as it is somebody else's as well.
    ///
    /// # Errors
    /// What the driver was refused; the descriptor is closed then.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread; the message names `at`.
    pub(crate) fn adopt(fd: OwnedFd, shared: bool, at: &'static Location<'static>) -> io::Result<Self> {
        if !shared {
            fd::set_nonblocking(fd.as_raw_fd(), true)?;
        }
        let resource = OwnedResource::adopt_for(fd.as_raw_fd(), Kind::Foreign, at)?;
        core::mem::forget(fd);
        Ok(Pipe { resource, shared })
    }

    /// Takes it out of the driver, and makes it block.
    ///
    /// # Errors
    /// The runtime is closed.
    ///
    /// # Panics
    /// On another worker than the pipe's.
    pub(crate) fn into_owned_fd(self) -> io::Result<OwnedFd> {
        let raw = self.resource.release()?;
        // SAFETY: the driver has given it up.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        fd::set_nonblocking(fd.as_raw_fd(), false)?;
        Ok(fd)
    }

    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A driver without state knows nothing of a runtime that is closed.
        self.resource.check_open()?;
        let op = self.read_op(buffer.as_mut_ptr(), buffer.len());
        // SAFETY: `ReadPipe` touches its memory inside `poll` only, and this call borrows the buffer and the resource.
        let (read, ()) = unsafe { self.resource.operation(op, ()) }.await;
        Ok(read?)
    }

    pub(crate) async fn read_into<B: IoBufMut>(&mut self, buffer: B) -> (io::Result<usize>, B) {
        if let Err(errno) = self.resource.check_open() {
            return (Err(errno.into()), buffer);
        }
        let op = |buffer: &mut B| self.read_op(buffer.as_mut_ptr(), buffer.capacity());
        // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBufMut`); this
        // call borrows the resource.
        let (read, mut buffer) = unsafe { self.resource.operation_with(buffer, op) }.await;
        if let Ok(len) = read {
            // SAFETY: the system wrote the first `len` bytes, and was told of no more than the capacity.
            unsafe { buffer.set_len(len) };
        }
        (read.map_err(Errno::into), buffer)
    }

    /// Reads to the end, behind what `bytes` holds already.
    pub(crate) async fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let before = bytes.len();
        self.resource.check_open()?;
        loop {
            bytes.try_reserve(READ_AT_ONCE_MIN)?;
            let room = bytes.spare_capacity_mut();
            let op = self.read_op(room.as_mut_ptr().cast(), room.len());
            // SAFETY: as in `read`.
            let (read, ()) = unsafe { self.resource.operation(op, ()) }.await;
            match read? {
                0 => return Ok(bytes.len() - before),
                // SAFETY: the system wrote so many bytes behind the length.
                n => unsafe { bytes.set_len(bytes.len() + n) },
            }
        }
    }

    fn read_op(&self, to: *mut u8, len: usize) -> ReadPipe {
        ReadPipe { pipe: self.resource.resource(), to, len, shared: self.shared }
    }
}

/// Writes: one call, or all of the buffer. `Err`: it is refused, and this is the buffer.
pub(super) struct Writing<'a, C: Config<Driver: Process>, B: IoBuf> {
    state: Result<Operation<C, WritePipe, B>, Option<(io::Error, B)>>,
    _borrowed: Borrows<'a>,
}

impl<'a, C: Config<Driver: Process>, B: IoBuf> Writing<'a, C, B> {
    pub(super) fn new(pipe: Option<&'a mut Pipe<C>>, buffer: B, all: bool) -> Self {
        let refused = |error, buffer| Writing { state: Err(Some((error, buffer))), _borrowed: Borrows::default() };
        let Some(pipe) = pipe else { return refused(ended(), buffer) };
        if let Err(errno) = pipe.resource.check_open() {
            return refused(errno.into(), buffer);
        }
        let resource = pipe.resource.resource();
        let op = |buffer: &mut B| WritePipe { pipe: resource, from: buffer.as_ptr(), len: buffer.len(), all };
        // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBuf`); the future
        // borrows the resource as long as it lives.
        Writing { state: Ok(unsafe { pipe.resource.operation_with(buffer, op) }), _borrowed: Borrows::default() }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<((usize, io::Result<()>), B)> {
        match &mut self.state {
            Ok(operation) => Pin::new(operation)
                .poll(cx)
                .map(|((taken, result), buffer)| ((taken, result.map_err(Errno::into)), buffer)),
            Err(refused) => {
                let (error, buffer) = refused.take().expect("a write is polled until it is ready, and not after");
                Poll::Ready(((0, Err(error)), buffer))
            }
        }
    }
}

/// The input of a child was ended before.
#[cold]
pub(super) fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the child's input was ended before")
}

impl<C: Config> fmt::Debug for Pipe<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pipe").field(&self.resource.raw()).finish()
    }
}

/// Room for at least so many bytes is made before a read: what a pipe holds by default on Linux is sixteen times that.
const READ_AT_ONCE_MIN: usize = 4096;
