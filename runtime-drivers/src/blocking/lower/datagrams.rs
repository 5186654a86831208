//! Datagrams: one call each.

use super::{RunBlocking, run_blocking};
use crate::blocking::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{RecvDatagram, RecvFrom, SendDatagram, UnixAddr};
use crate::sys::address::SockAddr;
use crate::sys::datagram;
use bespoke_core::driver::Errno;
use core::net::SocketAddr;
use core::task::Poll;

run_blocking!(Call: RecvDatagram, RecvFrom<SocketAddr>, RecvFrom<UnixAddr>, SendDatagram<SocketAddr>);

impl RunBlocking for RecvDatagram {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { datagram::recv(self.socket.raw, self.to, self.len, self.peek, false) }
    }
}

impl RunBlocking for RecvFrom<SocketAddr> {
    fn run_blocking(&mut self) -> Result<(usize, SocketAddr), Errno> {
        recv_from(&self.datagram, SockAddr::to_socket_addr)
    }
}

impl RunBlocking for RecvFrom<UnixAddr> {
    fn run_blocking(&mut self) -> Result<(usize, UnixAddr), Errno> {
        recv_from(&self.datagram, SockAddr::to_unix_peer)
    }
}

fn recv_from<A>(op: &RecvDatagram, told: fn(SockAddr) -> Result<A, Errno>) -> Result<(usize, A), Errno> {
    // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
    let (len, sender) = unsafe { datagram::recv_from(op.socket.raw, op.to, op.len, op.peek, false) }?;
    Ok((len, told(sender)?))
}

impl RunBlocking for SendDatagram<SocketAddr> {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        let to = self.to.map(Into::into);
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { datagram::send(self.socket.raw, self.from, self.len, to.as_ref(), false) }
    }
}
