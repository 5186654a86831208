//! What only Unix sockets do: descriptors beside bytes, and datagrams whose receivers have no room.
//!
//! A stream of theirs is read by calls of the poll, each for what its reader asks for; only the wait is the ring's. What a
//! `recv` of the ring brings ahead of a reader has lost the descriptors that came with it, and one reader may ask for bytes
//! alone while the next asks for both.

use super::datagrams::attempt;
use super::wait;
use crate::op::{
    LEASE_BYTES, Received, RecvDescriptors, RecvLease, RecvVectored, SendDatagram, SendDescriptors, UnixAddr,
};
use crate::sys::address::SockAddr;
use crate::sys::transfer::{self, IoVec};
use crate::sys::{datagram, rights, would_block};
use crate::theirs::let_go;
use crate::uring::slots::Flight;
use crate::uring::{IoUring, RingOptions, Uring};
use bespoke_core::driver::{Errno, Late, Leased, MaybeDangling, Served, Submit, Timeout};
use bespoke_core::roles::{Kind, Nanos, Resource};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};

impl<S: Sharing> Uring<S> {
    /// Is it a stream that is read by calls?
    #[inline]
    pub(super) fn is_unix_stream(&self, number: u32) -> bool {
        self.with(|state| state.sources[number as usize].kind == Kind::UnixStream)
    }
}

/// Reads from a Unix stream. `len` is not 0.
pub(super) fn recv<S: Sharing>(
    live: &Uring<S>,
    stream: Resource,
    to: *mut u8,
    len: usize,
    peek: bool,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Errno>> {
    attempt(live, stream, false, cx, || {
        if peek {
            // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
            unsafe { transfer::peek(stream.raw, to, len, true) }
        } else {
            // SAFETY: as above.
            unsafe { transfer::recv(stream.raw, to, len, true) }
        }
    })
}

/// As [`recv`], into several stretches.
pub(super) fn recv_vectored<S: Sharing>(
    live: &Uring<S>,
    op: &RecvVectored,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Errno>> {
    attempt(live, op.stream, false, cx, || {
        // SAFETY: whoever made the operation promised that `to` is the start of `count` of them during the poll; an
        // `IoSliceMut` is an `iovec`, as the library says.
        let stretches = unsafe { core::slice::from_raw_parts(op.to.cast::<IoVec>().cast_const(), op.count) };
        // SAFETY: as above: each of them is writable, and borrowed by nobody else.
        unsafe { transfer::recv_vectored(op.stream.raw, stretches, true) }
    })
}

/// As [`recv`], into a buffer of the driver's, which is taken when the stream is thought ready.
pub(super) fn recv_lease<S: Sharing>(
    live: &Uring<S>,
    op: &RecvLease,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Leased>, Errno>> {
    let (number, _) = live.with(|state| state.named(op.stream.key));
    if !live.is_ready(number, false) {
        live.wait_for_side(number, false, cx);
        return Poll::Pending;
    }
    let Some(mut buffer) = live.with_pool(|_, pool| pool.take()) else { return Poll::Ready(Err(Errno::OUT_OF_MEMORY)) };
    match recv(live, op.stream, buffer.room(), LEASE_BYTES, false, cx) {
        // SAFETY: so many bytes were written.
        Poll::Ready(Ok(n)) if n > 0 => Poll::Ready(Ok(Some(unsafe { buffer.lend(n) }))),
        nothing => {
            live.with_pool(|_, pool| pool.put(buffer));
            nothing.map(|read| read.map(|_| None))
        }
    }
}

wait!(RecvDescriptors, Readiness, |live, op, cx| {
    // SAFETY: whoever made the operation promised that these are `count` places, and its alone, during the poll.
    let places = unsafe { core::slice::from_raw_parts_mut(op.places, op.count) };
    if op.asks_for_nothing() {
        return Poll::Ready(Ok(Received::nothing(places)));
    }
    let received = attempt(live, op.socket, false, cx, || {
        // SAFETY: as above: `to` is writable for `len` bytes.
        unsafe { rights::recv(op.socket.raw, op.to, op.len, places, true) }
    });
    received.map(|came| op.told(came?))
});

/// How long a datagram waits for a receiver without room, before it is tried again.
const AGAIN: Timeout = Timeout { after: Nanos(1_000_000) };

/// Sends a datagram. A receiver that is not the socket's peer does not tell when it has room again, so the datagram is tried
/// again after a time, as on `Mio`.
fn send_datagram<S: Sharing>(
    live: &Uring<S>,
    socket: Resource,
    to: Option<&UnixAddr>,
    state: &mut Flight<S>,
    cx: &mut Context<'_>,
    call: impl Fn(Option<&SockAddr>) -> Result<usize, Errno>,
) -> Poll<Result<usize, Errno>> {
    let Some(to) = to else { return attempt(live, socket, true, cx, || call(None)) };
    if state.is_in_flight() && live.poll_slot(&mut { AGAIN }, state, cx)?.is_pending() {
        return Poll::Pending;
    }
    match call(Some(&to.into())) {
        Err(errno) if would_block(errno) => {
            // A timer that begins now is pending, or there is no memory for it.
            let _begun: Poll<()> = live.poll_slot(&mut { AGAIN }, state, cx)?;
            Poll::Pending
        }
        sent => Poll::Ready(sent),
    }
}

/// An operation that may wait for [`AGAIN`], and leaves nothing but that behind.
macro_rules! tries_again {
    ($op:ty, |$live:ident, $o:ident, $state:ident, $cx:ident| $poll:expr) => {
        impl<const ENTRIES: u32, P: RingOptions> Submit<$op> for IoUring<ENTRIES, P> {
            type InFlight<S: Sharing> = Flight<S::Driven>;

            const SERVED: Served = Served::Readiness;

            fn poll_op<S: Sharing>(
                live: &Self::Live<S>,
                $o: &mut $op,
                $state: &mut Flight<S::Driven>,
                $cx: &mut Context<'_>,
            ) -> Poll<Result<usize, Errno>> {
                let $live = &live.0;
                $poll
            }

            #[inline(always)]
            fn in_flight<S: Sharing>(state: &Flight<S::Driven>) -> bool {
                state.is_in_flight()
            }

            fn abandon<S: Sharing, K: Send + 'static>(
                live: &Self::Live<S>,
                _op: &mut $op,
                state: &mut Flight<S::Driven>,
                keep: MaybeDangling<K>,
            ) {
                live.0.abandon_slot(Late::Forget, state, MaybeDangling::new(()));
                let_go(keep); // the timer points at nothing
            }
        }
    };
}

tries_again!(SendDatagram<UnixAddr>, |live, op, state, cx| {
    send_datagram(live, op.socket, op.to.as_ref(), state, cx, |to| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { datagram::send(op.socket.raw, op.from, op.len, to, true) }
    })
});

tries_again!(SendDescriptors, |live, op, state, cx| {
    if op.datagram.is_none() && op.len == 0 {
        return Poll::Ready(Err(rights::INVALID)); // nobody would get them
    }
    // SAFETY: whoever made the operation promised that these are `count` descriptors during the poll.
    let descriptors = unsafe { core::slice::from_raw_parts(op.descriptors, op.count) };
    let call = |to: Option<&SockAddr>| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { rights::send(op.socket.raw, op.from, op.len, descriptors, to, true) }
    };
    match &op.datagram {
        None if live.waits_for_dropped_write(live.source_of(op.socket).0, cx) => Poll::Pending,
        None => attempt(live, op.socket, true, cx, || call(None)),
        Some(to) => send_datagram(live, op.socket, to.as_ref(), state, cx, call),
    }
});
