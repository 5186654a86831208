//! What only Unix sockets do: receivers and listeners without room, of which the system does not tell, and descriptors beside
//! bytes.

use super::{Asked, attempt, connect, wait};
use crate::mio::timeouts::Ticking;
use crate::mio::{LiveMio, Mio, Poller, Side};
use crate::op::{ConnectUnix, Received, RecvDescriptors, SendDatagram, SendDescriptors, UnixAddr};
use crate::sys::address::SockAddr;
use crate::sys::{self, datagram, rights, socket};
use bespoke_core::driver::{Errno, MaybeDangling, Served, Submit, Timeout};
use bespoke_core::roles::Nanos;
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};

/// How long a datagram waits for a receiver without room, and a connection for a listener, before it is tried again.
const AGAIN: Timeout = Timeout { after: Nanos(1_000_000) };

/// Sends a datagram of a Unix socket. To the peer, as any datagram. Another receiver does not tell the socket when it has room
/// again: the socket counts as writable all the while, and each call that would block makes an edge of its own, as it gives
/// back what it had taken of the socket's buffer. So nobody waits for an edge there: the datagram is tried again after a
/// time. `unix_dgram_sendmsg` and `unix_dgram_poll` of Linux, net/unix/af_unix.c.
fn send_unix<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    key: u32,
    to: Option<&UnixAddr>,
    state: &mut Ticking,
    cx: &mut Context<'_>,
    call: impl Fn(Option<&SockAddr>) -> Result<usize, Errno>,
) -> Poll<Result<usize, Errno>> {
    let Some(to) = to else { return attempt(live, key, Side::WriteAmong, cx, || call(None)) };
    if state.is_in_flight() && live.timeout(&AGAIN, state, cx)?.is_pending() {
        return Poll::Pending;
    }
    match call(Some(&to.into())) {
        Err(errno) if sys::would_block(errno) => {
            // A timer that begins now is pending, or there is no memory for it.
            let _begun: Poll<()> = live.timeout(&AGAIN, state, cx)?;
            Poll::Pending
        }
        sent => Poll::Ready(sent),
    }
}

/// Connects. A listener whose queue is full makes the call fail on Linux, and is not told of when it has room: it is tried again
/// after a time. `unix_stream_connect` of Linux, net/unix/af_unix.c.
fn connect_unix<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    op: &ConnectUnix,
    state: &mut Ticking,
    asked: &mut Asked,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Errno>> {
    if state.is_in_flight() && live.timeout(&AGAIN, state, cx)?.is_pending() {
        return Poll::Pending;
    }
    live.with_source(op.socket.key, |source| source.unix = true);
    match connect(live, op.socket, asked, cx, |raw| socket::connect_start(raw, &(&op.address).into())) {
        Poll::Ready(Err(errno)) if sys::would_block(errno) => {
            // A timer that begins now is pending, or there is no memory for it.
            let _begun: Poll<()> = live.timeout(&AGAIN, state, cx)?;
            Poll::Pending
        }
        polled => polled,
    }
}

/// How an operation that may wait for [`AGAIN`] stands.
#[derive(Debug, Default)]
pub struct Trying {
    again: Ticking,
    asked: Asked,
}

/// An operation that may wait for [`AGAIN`], and leaves nothing but that behind.
macro_rules! tries_again {
    ($op:ty => $output:ty, |$live:ident, $o:ident, $state:ident, $cx:ident| $poll:expr) => {
        impl<P: Poller> Submit<$op> for Mio<P> {
            type InFlight<S: Sharing> = Trying;

            const SERVED: Served = Served::Readiness;

            fn poll_op<S: Sharing>(
                $live: &Self::Live<S>,
                $o: &mut $op,
                $state: &mut Trying,
                $cx: &mut Context<'_>,
            ) -> Poll<Result<$output, Errno>> {
                $poll
            }

            #[inline(always)]
            fn in_flight<S: Sharing>(state: &Trying) -> bool {
                state.again.is_in_flight()
            }

            fn abandon<S: Sharing, K: Send + 'static>(
                live: &Self::Live<S>,
                _op: &mut $op,
                state: &mut Trying,
                keep: MaybeDangling<K>,
            ) {
                live.timeouts.forget(&mut state.again);
                crate::theirs::let_go(keep);
            }
        }
    };
}

tries_again!(ConnectUnix => (), |live, op, state, cx| {
    let Trying { again, asked } = state;
    connect_unix(live, op, again, asked, cx)
});

tries_again!(SendDatagram<UnixAddr> => usize, |live, op, state, cx| {
    send_unix(live, op.socket.key, op.to.as_ref(), &mut state.again, cx, |to| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { datagram::send(op.socket.raw, op.from, op.len, to, true) }
    })
});

tries_again!(SendDescriptors => usize, |live, op, state, cx| {
    let (key, raw) = (op.socket.key, op.socket.raw);
    if op.datagram.is_none() && op.len == 0 {
        return Poll::Ready(Err(rights::INVALID)); // nobody would get them
    }
    // SAFETY: whoever made the operation promised that these are `count` descriptors during the poll.
    let descriptors = unsafe { core::slice::from_raw_parts(op.descriptors, op.count) };
    let call = |to: Option<&SockAddr>| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { rights::send(raw, op.from, op.len, descriptors, to, true) }
    };
    match &op.datagram {
        None => attempt(live, key, Side::Write, cx, || call(None)),
        Some(to) => send_unix(live, key, to.as_ref(), &mut state.again, cx, call),
    }
});

wait!(RecvDescriptors, |live, op, cx| recv_descriptors(live, op, cx));

fn recv_descriptors<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    op: &RecvDescriptors,
    cx: &mut Context<'_>,
) -> Poll<Result<Received, Errno>> {
    let side = if op.datagram { Side::ReadAmong } else { Side::Read };
    // SAFETY: whoever made the operation promised that these are `count` places, and its alone, during the poll.
    let places = unsafe { core::slice::from_raw_parts_mut(op.places, op.count) };
    if op.asks_for_nothing() {
        return Poll::Ready(Ok(Received::nothing(places)));
    }
    let received = attempt(live, op.socket.key, side, cx, || {
        // SAFETY: as above: `to` is writable for `len` bytes.
        unsafe { rights::recv(op.socket.raw, op.to, op.len, places, true) }
    });
    received.map(|came| op.told(came?))
}
