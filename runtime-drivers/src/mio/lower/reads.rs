//! Reads: one call, and a short one has emptied the socket.

use super::{attempt_at, wait};
use crate::mio::{LiveMio, Poller, Side, Tick};
use crate::op::{LEASE_BYTES, Recv, RecvInto, RecvLease, RecvVectored};
use crate::sys::transfer::{self, IoVec};
use bespoke_core::driver::{Buffers, Errno, Leased};
#[cfg(unix)]
use bespoke_core::roles::Resource;
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};

wait!(Recv, |live, op, cx| recv(live, op, cx));

#[inline]
fn recv<P: Poller, S: Sharing>(live: &LiveMio<P, S>, op: &Recv, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    if op.len == 0 {
        // The system would wait for a byte before it says that there is no room for one.
        return Poll::Ready(Ok(0));
    }
    let (key, raw) = (op.stream.key, op.stream.raw);
    let read = attempt_at(live, key, Side::Read, cx, || {
        if op.peek {
            // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
            return unsafe { transfer::peek(raw, op.to, op.len, true) };
        }
        #[cfg(unix)]
        if live.with_source(key, |source| source.unix) {
            // SAFETY: as above.
            return unsafe { recv_unix(live, op.stream, &[IoVec::new(op.to, op.len)]) };
        }
        // SAFETY: as above.
        unsafe { transfer::recv(raw, op.to, op.len, true) }
    });
    note_read(live, key, read, if op.peek { 0 } else { op.len })
}

/// A read of a Unix stream, which says itself whether it may have ended before the bytes did.
///
/// # Safety
/// Each of `stretches` is writable, and nobody else's, during the call.
#[cfg(unix)]
#[inline(never)]
unsafe fn recv_unix<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    stream: Resource,
    stretches: &[IoVec],
) -> Result<usize, Errno> {
    // SAFETY: the caller's promise.
    let (got, early) = unsafe { transfer::recv_unix(stream.raw, stretches, true) }?;
    live.with_source(stream.key, |source| source.early = early);
    Ok(got)
}

/// A read that was shorter than asked has emptied the socket, unless it is one that ends reads early.
#[inline]
fn note_read<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    key: u32,
    read: Poll<Result<(usize, Tick), Errno>>,
    asked: usize,
) -> Poll<Result<usize, Errno>> {
    if let Poll::Ready(Ok((n, tick))) = read
        && n > 0
        && n < asked
    {
        live.with_source(key, |source| {
            if !source.unsure && !source.early && source.is_at::<S>(tick) {
                source.readable = false;
            }
        });
    }
    read.map(|read| read.map(|(n, _)| n))
}

wait!(RecvInto, |live, op, cx| {
    // The buffer is touched inside this call only, so it is a read like any other, and dropping it loses nothing.
    recv(live, &Recv { stream: op.stream, to: op.to, len: op.len, peek: false }, cx)
});

wait!(RecvVectored, |live, op, cx| recv_vectored(live, op, cx));

fn recv_vectored<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    op: &RecvVectored,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Errno>> {
    if op.len == 0 {
        return Poll::Ready(Ok(0));
    }
    let (key, raw) = (op.stream.key, op.stream.raw);
    let read = attempt_at(live, key, Side::Read, cx, || {
        // SAFETY: whoever made the operation promised that `to` is the start of `count` of them during the poll; an
        // `IoSliceMut` is an `iovec` on Unix and a `WSABUF` on Windows, as the library says.
        let stretches = unsafe { core::slice::from_raw_parts(op.to.cast::<IoVec>().cast_const(), op.count) };
        #[cfg(unix)]
        if live.with_source(key, |source| source.unix) {
            // SAFETY: as above: each of them is writable, and borrowed by nobody else.
            return unsafe { recv_unix(live, op.stream, stretches) };
        }
        // SAFETY: as above.
        unsafe { transfer::recv_vectored(raw, stretches, true) }
    });
    note_read(live, key, read, op.len)
}

wait!(RecvLease, |live, op, cx| recv_lease(live, op, cx));

/// A buffer is taken when the source is thought ready, and only kept if something came.
#[inline]
fn recv_lease<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    op: &RecvLease,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Leased>, Errno>> {
    if live.ready(op.stream.key, Side::Read, cx)?.is_none() {
        return Poll::Pending;
    }
    let Some(mut buffer) = live.with_buffers(Buffers::take) else { return Poll::Ready(Err(Errno::OUT_OF_MEMORY)) };
    match recv(live, &Recv { stream: op.stream, to: buffer.room(), len: LEASE_BYTES, peek: false }, cx) {
        // SAFETY: so many bytes were written.
        Poll::Ready(Ok(n)) if n > 0 => Poll::Ready(Ok(Some(unsafe { buffer.lend(n) }))),
        nothing => {
            live.with_buffers(|buffers| buffers.put(buffer));
            nothing.map(|read| read.map(|_| None))
        }
    }
}
