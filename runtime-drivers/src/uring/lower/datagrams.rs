//! Datagrams, and readiness. The call is tried while the direction is thought ready; when it would block, the ring polls.
//!
//! A datagram is as long as it is, and there is no end behind it: one that was received ahead would have to wait in a buffer
//! as large as the largest. So receiving is a call of the poll, as on `Mio`, and only the wait is the ring's.

use super::wait;
use crate::op::{Address, Direction, Ready, RecvDatagram, RecvFrom, SendDatagram, UnixAddr};
use crate::sys::address::SockAddr;
use crate::sys::{datagram, would_block};
use crate::uring::Uring;
use bespoke_core::driver::Errno;
use bespoke_core::roles::Resource;
use bespoke_core::sharing::Sharing;
use core::net::SocketAddr;
use core::task::{Context, Poll};

/// A direction was thought ready after so many edges.
#[derive(Clone, Copy)]
struct Edge(u32);

impl<S: Sharing> Uring<S> {
    /// Is the direction thought ready?
    pub(super) fn is_ready(&self, number: u32, write: bool) -> bool {
        self.ready_at(number, write).is_some()
    }

    fn ready_at(&self, number: u32, write: bool) -> Option<Edge> {
        self.with(|state| {
            let side = state.side(number, write);
            side.ready.then_some(Edge(side.edges))
        })
    }

    /// A call would have blocked: not until the next edge. Where tasks move, that may have come meanwhile.
    fn clear(&self, number: u32, write: bool, edge: Edge) {
        self.with(|state| {
            let side = state.side(number, write);
            if !S::MOVING || side.edges == edge.0 {
                side.ready = false;
            }
        });
    }
}

/// Tries `call` while the direction is thought ready.
pub(super) fn attempt<S: Sharing, T>(
    live: &Uring<S>,
    resource: Resource,
    write: bool,
    cx: &mut Context<'_>,
    call: impl FnOnce() -> Result<T, Errno>,
) -> Poll<Result<T, Errno>> {
    let (number, _) = live.with(|state| state.named(resource.key));
    if let Some(edge) = live.ready_at(number, write) {
        match call() {
            Err(errno) if would_block(errno) => live.clear(number, write, edge),
            result => return Poll::Ready(result),
        }
    }
    live.wait_for_side(number, write, cx);
    Poll::Pending
}

wait!(Ready, Readiness, |live, op, cx| ready(live, op, cx));

fn ready<S: Sharing>(live: &Uring<S>, op: &Ready, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
    let (number, _) = live.with(|state| state.named(op.resource.key));
    let write = op.direction == Direction::Write;
    let ready = live.with(|state| {
        // Before the caller looks: an edge from now on is told by the next call.
        let ready = core::mem::take(&mut state.side(number, write).ready);
        if ready {
            state.arm_poll(number, write);
        }
        ready
    });
    if ready {
        return Poll::Ready(Ok(()));
    }
    live.wait_for_side(number, write, cx);
    Poll::Pending
}

wait!(RecvDatagram, Readiness, |live, op, cx| {
    attempt(live, op.socket, false, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { datagram::recv(op.socket.raw, op.to, op.len, op.peek, true) }
    })
});

wait!(RecvFrom<SocketAddr>, Readiness, |live, op, cx| recv_from(live, op, cx, SockAddr::to_socket_addr));

fn recv_from<S: Sharing, A: Address>(
    live: &Uring<S>,
    op: &RecvFrom<A>,
    cx: &mut Context<'_>,
    told: fn(SockAddr) -> Result<A, Errno>,
) -> Poll<Result<(usize, A), Errno>> {
    let op = &op.datagram;
    let received = attempt(live, op.socket, false, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { datagram::recv_from(op.socket.raw, op.to, op.len, op.peek, true) }
    });
    received.map(|received| received.and_then(|(len, sender)| Ok((len, told(sender)?))))
}

wait!(RecvFrom<UnixAddr>, Readiness, |live, op, cx| recv_from(live, op, cx, SockAddr::to_unix_peer));

wait!(SendDatagram<SocketAddr>, Readiness, |live, op, cx| {
    let to = op.to.map(SockAddr::from);
    attempt(live, op.socket, true, cx, || {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { datagram::send(op.socket.raw, op.from, op.len, to.as_ref(), true) }
    })
});
