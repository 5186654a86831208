//! The reference meaning of each operation: `run_blocking`, its system call.
//!
//! Another driver may do it in another way, but what a caller sees is this, apart from the waiting.
//!
//! What may wait for longer than a peer takes, and for which the system has nothing to interrupt, waits in slices; see
//! `slices`.

#[cfg(unix)]
mod datagrams;
#[cfg(unix)]
mod pipes;
mod slices;
#[cfg(unix)]
mod unix;

use super::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{
    Accept, Interrupted, LEASE_BYTES, Recv, RecvInto, RecvLease, RecvVectored, Stretches, Taken, Transmit,
    TransmitVectored,
};
use crate::sys::transfer::IoVec;
use crate::sys::{socket, transfer};
use bespoke_core::driver::{Buffer, Errno, Leased, Nop, Op};
use bespoke_core::roles::RawResource;
use core::net::SocketAddr;
use core::task::Poll;

/// An operation that is over when its call returns.
trait RunBlocking: Op {
    /// Does it, on this thread.
    fn run_blocking(&mut self) -> Self::Output;
}

macro_rules! run_blocking {
    ($served:ident: $($op:ty),+) => {
        $(leaves_nothing!(Blocking, $op, (), $served, |_, op, _, _| Poll::Ready(op.run_blocking()));)+
    };
}
#[cfg(unix)]
use run_blocking;
run_blocking!(Call: Accept, Recv, RecvInto, RecvVectored, RecvLease, Transmit, TransmitVectored);
#[cfg(target_os = "linux")]
run_blocking!(Call: crate::op::SendFile, crate::op::FillPipe, crate::op::SpillPipe);
run_blocking!(AtHand: Nop, Interrupted);

impl RunBlocking for Nop {
    #[inline(always)]
    fn run_blocking(&mut self) {}
}

impl RunBlocking for Accept {
    fn run_blocking(&mut self) -> Result<(RawResource, SocketAddr), Errno> {
        accept_by(|| socket::accept(self.listener.raw, false))
    }
}

fn accept_by<A>(call: impl Fn() -> Result<A, Errno>) -> Result<A, Errno> {
    loop {
        match call() {
            // The peer is gone already: the next one.
            Err(errno) if socket::connection_lost(errno) => {}
            result => return result,
        }
    }
}

impl RunBlocking for Recv {
    #[inline]
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        if self.len == 0 {
            return Ok(0); // the system would wait for a byte that has no place
        }
        if self.peek {
            // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
            unsafe { transfer::peek(self.stream.raw, self.to, self.len, false) }
        } else {
            // SAFETY: as above.
            unsafe { transfer::recv(self.stream.raw, self.to, self.len, false) }
        }
    }
}

impl RunBlocking for RecvLease {
    /// The buffer is a new one: the system must know where to before it waits. Who waits has a thread, so that a buffer more
    /// is little.
    fn run_blocking(&mut self) -> Result<Option<Leased>, Errno> {
        let mut buffer = Buffer::<LEASE_BYTES>::new().ok_or(Errno::OUT_OF_MEMORY)?;
        // SAFETY: the buffer is ours, and has room for so many.
        let n = unsafe { transfer::recv(self.stream.raw, buffer.room(), LEASE_BYTES, false) }?;
        // SAFETY: so many bytes were written.
        Ok((n > 0).then(|| unsafe { buffer.lend(n) }))
    }
}

impl RunBlocking for RecvInto {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        Recv { stream: self.stream, to: self.to, len: self.len, peek: false }.run_blocking()
    }
}

impl RunBlocking for RecvVectored {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        if self.len == 0 {
            return Ok(0);
        }
        // SAFETY: whoever made the operation promised that `to` is the start of `count` of them during the poll; an
        // `IoSliceMut` is an `iovec` on Unix and a `WSABUF` on Windows, as the library says.
        let stretches = unsafe { core::slice::from_raw_parts(self.to.cast::<IoVec>().cast_const(), self.count) };
        // SAFETY: as above: each of them is writable, and borrowed by nobody else.
        unsafe { transfer::recv_vectored(self.stream.raw, stretches, false) }
    }
}

impl RunBlocking for TransmitVectored {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        let mut list = [IoVec::new(core::ptr::null_mut(), 0); Stretches::MAX];
        let from = self.from.as_slice();
        for (to, (pointer, len)) in list.iter_mut().zip(from) {
            *to = IoVec::new(pointer.cast_mut(), *len);
        }
        // SAFETY: whoever made the operation keeps every stretch readable until it is over.
        unsafe { transfer::send_vectored(self.stream.raw, &list[..from.len()], false) }
    }
}

impl RunBlocking for Transmit {
    #[inline]
    fn run_blocking(&mut self) -> (usize, Result<(), Errno>) {
        let mut taken = 0;
        loop {
            // SAFETY: in bounds: at most `len` bytes were taken.
            let from = unsafe { self.from.add(taken) };
            // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
            match unsafe { transfer::send(self.stream.raw, from, self.len - taken, false) } {
                Ok(n) => taken += n,
                Err(errno) => return (taken, Err(errno)),
            }
            if taken >= self.len || !self.all {
                return (taken, Ok(()));
            }
        }
    }
}

#[cfg(target_os = "linux")]
impl RunBlocking for crate::op::SendFile {
    /// By calls of some length each: while it is in one, the system tells nobody how far it is.
    fn run_blocking(&mut self) -> (usize, Result<(), Errno>) {
        const STEP: usize = 1 << 20;
        let mut taken = 0;
        while taken < self.len {
            let (at, len) = (self.at.saturating_add(taken as u64), (self.len - taken).min(STEP));
            match crate::sys::send_file::send(self.stream.raw, self.file.raw, at, len) {
                Ok(0) => break,
                Ok(n) => taken += n,
                Err(errno) => return (taken, Err(errno)),
            }
        }
        (taken, Ok(()))
    }
}

#[cfg(target_os = "linux")]
impl RunBlocking for crate::op::FillPipe {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        crate::sys::splice::fill_from_one_that_waits(self.stream.raw, self.pipe, self.len, true)
    }
}

#[cfg(target_os = "linux")]
impl RunBlocking for crate::op::SpillPipe {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        crate::sys::splice::spill(self.pipe, self.stream.raw, self.len)
    }
}

impl RunBlocking for Interrupted {
    /// A write is over before anything can drop it.
    fn run_blocking(&mut self) -> Option<Taken> {
        None
    }
}
