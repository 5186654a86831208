//! Datagrams. A short one says nothing about the next, so the socket counts as ready until a call would block.

use super::{attempt, wait};
use crate::mio::{LiveMio, Poller, Side};
use crate::op::{Address, RecvDatagram, RecvFrom, SendDatagram, UnixAddr};
use crate::sys::address::SockAddr;
use crate::sys::datagram;
use bespoke_core::driver::Errno;
use bespoke_core::sharing::Sharing;
use core::net::SocketAddr;
use core::task::{Context, Poll};

wait!(RecvDatagram, |live, op, cx| recv(live, op, cx));

fn recv<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    op: &RecvDatagram,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Errno>> {
    attempt(live, op.socket.key, Side::ReadAmong, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { datagram::recv(op.socket.raw, op.to, op.len, op.peek, true) }
    })
}

wait!(RecvFrom<SocketAddr>, |live, op, cx| recv_from(live, op, cx, SockAddr::to_socket_addr));

fn recv_from<A: Address, P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
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

wait!(RecvFrom<UnixAddr>, |live, op, cx| recv_from(live, op, cx, SockAddr::to_unix_peer));

wait!(SendDatagram<SocketAddr>, |live, op, cx| send(live, op, cx, |to| to.into()));

fn send<A: Address, P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
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
