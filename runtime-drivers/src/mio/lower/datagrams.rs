//! Datagrams. A short one says nothing about the next, so the socket counts as ready until a call would block.

use super::{attempt, of, wait};
use crate::mio::timeouts::Ticking;
use crate::mio::{LiveMio, Mio, Poller, Side};
use crate::op::{Address, RecvDatagram, RecvFrom, SendDatagram, UnixAddr};
use crate::sys::address::SockAddr;
use crate::sys::{self, datagram};
use bespoke_core::driver::{Errno, MaybeDangling, Served, Submit, Timeout};
use bespoke_core::roles::{Nanos, Under};
use bespoke_core::sharing::Sharing;
use core::net::SocketAddr;
use core::task::{Context, Poll};

wait!(RecvDatagram, |live, op, cx| recv(live, op, cx));

fn recv<P: Poller>(live: &LiveMio<P>, op: &RecvDatagram, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    attempt(live, op.socket.key, Side::ReadAmong, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { datagram::recv(op.socket.raw, op.to, op.len, op.peek, true) }
    })
}

wait!(RecvFrom<SocketAddr>, |live, op, cx| recv_from(live, op, cx, SockAddr::to_socket_addr));

fn recv_from<A: Address, P: Poller>(
    live: &LiveMio<P>,
    op: &RecvFrom<A>,
    cx: &mut Context<'_>,
    told: fn(SockAddr) -> Result<A, Errno>,
) -> Poll<Result<(usize, A), Errno>> {
    let op = &op.datagram;
    let received = attempt(live, op.socket.key, Side::ReadAmong, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { datagram::recv_from(op.socket.raw, op.to, op.len, op.peek, true) }
    });
    received.map(|received| received.and_then(|(len, sender)| Ok((len, told(sender)?))))
}

wait!(RecvFrom<UnixAddr>, |live, op, cx| recv_from(live, op, cx, SockAddr::to_unix_addr));

wait!(SendDatagram<SocketAddr>, |live, op, cx| send(live, op, cx, |to| to.into()));

fn send<A: Address, P: Poller>(
    live: &LiveMio<P>,
    op: &SendDatagram<A>,
    cx: &mut Context<'_>,
    named: fn(A) -> SockAddr,
) -> Poll<Result<usize, Errno>> {
    let to = op.to.clone().map(named);
    attempt(live, op.socket.key, Side::WriteAmong, cx, || {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { datagram::send(op.socket.raw, op.from, op.len, to.as_ref(), true) }
    })
}

/// How long a datagram waits for a receiver without room, before it is tried again.
const AGAIN: Timeout = Timeout { after: Nanos(1_000_000) };

impl<P: Poller> Submit<SendDatagram<UnixAddr>> for Mio<P> {
    type InFlight<S: Sharing> = Ticking;

    const SERVED: Served = Served::Readiness;

    /// To the peer, as any datagram. Another receiver does not tell the socket when it has room again: the socket counts as
    /// writable all the while, and each call that would block makes an edge of its own, as it gives back what it had taken of
    /// the socket's buffer. So nobody waits for an edge there: the datagram is tried again after a time. `unix_dgram_sendmsg`
    /// and `unix_dgram_poll` of Linux, net/unix/af_unix.c.
    fn poll_op<S: Sharing>(
        live: &<Self as Under<S>>::Live,
        op: &mut SendDatagram<UnixAddr>,
        state: &mut Ticking,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Errno>>
    where
        Self: Under<S>,
    {
        let live = of::<S, P>(live);
        let Some(to) = &op.to else { return send(live, op, cx, |to| (&to).into()) };
        if state.is_in_flight() && live.timeouts.poll(&AGAIN, state, cx)?.is_pending() {
            return Poll::Pending;
        }
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        match unsafe { datagram::send(op.socket.raw, op.from, op.len, Some(&to.into()), true) } {
            Err(errno) if sys::would_block(errno) => {
                // A timer that begins now is pending, or there is no memory for it.
                let _begun: Poll<()> = live.timeouts.poll(&AGAIN, state, cx)?;
                Poll::Pending
            }
            sent => Poll::Ready(sent),
        }
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Ticking) -> bool {
        state.is_in_flight()
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &<Self as Under<S>>::Live,
        _op: &mut SendDatagram<UnixAddr>,
        state: &mut Ticking,
        keep: MaybeDangling<K>,
    ) where
        Self: Under<S>,
    {
        of::<S, P>(live).timeouts.forget(state);
        drop(keep);
    }
}
