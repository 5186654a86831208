//! Datagrams: one call each.

use super::{RunBlocking, run_blocking};
use crate::blocking::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{RecvDatagram, RecvFrom, SendDatagram};
use crate::sys::datagram;
use bespoke_core::driver::Errno;
use core::net::SocketAddr;
use core::task::Poll;

run_blocking!(RecvDatagram, RecvFrom<SocketAddr>, SendDatagram<SocketAddr>);

impl RunBlocking for RecvDatagram {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { datagram::recv(self.socket.raw, self.to, self.len, self.peek, false) }
    }
}

impl RunBlocking for RecvFrom<SocketAddr> {
    fn run_blocking(&mut self) -> Result<(usize, SocketAddr), Errno> {
        let RecvDatagram { socket, to, len, peek } = self.datagram;
        // SAFETY: as above.
        let (len, sender) = unsafe { datagram::recv_from(socket.raw, to, len, peek, false) }?;
        Ok((len, sender.to_socket_addr()?))
    }
}

impl RunBlocking for SendDatagram<SocketAddr> {
    fn run_blocking(&mut self) -> Result<usize, Errno> {
        let to = self.to.map(Into::into);
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { datagram::send(self.socket.raw, self.from, self.len, to.as_ref(), false) }
    }
}
