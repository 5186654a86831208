//! Unix sockets: as those of the internet, by another address.

use super::slices::send_in_slices;
use super::{RunBlocking, accept_by, run_blocking};
use crate::blocking::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{AcceptUnix, ConnectUnix, Received, RecvDescriptors, SendDatagram, SendDescriptors, UnixAddr};
use crate::sys::address::SockAddr;
use crate::sys::poll::{Interest, poll_ready};
use crate::sys::socket::Connect as Started;
use crate::sys::{datagram, rights, socket, unix_socket};
use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use core::task::Poll;

run_blocking!(Call: AcceptUnix, ConnectUnix, RecvDescriptors);

leaves_nothing!(Blocking, SendDatagram<UnixAddr>, (), Slices, |_, op, _, cx| {
    send_in_slices(op.socket.raw, op.to.as_ref(), cx, |to| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { datagram::send(op.socket.raw, op.from, op.len, to, true) }
    })
});

leaves_nothing!(Blocking, SendDescriptors, (), Slices, |_, op, _, cx| {
    let raw = op.socket.raw;
    if op.datagram.is_none() && op.len == 0 {
        return Poll::Ready(Err(rights::INVALID)); // nobody would get them
    }
    // SAFETY: whoever made the operation promised that these are `count` descriptors during the poll.
    let descriptors = unsafe { core::slice::from_raw_parts(op.descriptors, op.count) };
    let call = |to: Option<&SockAddr>| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        unsafe { rights::send(raw, op.from, op.len, descriptors, to, op.datagram.is_some()) }
    };
    match &op.datagram {
        None => Poll::Ready(call(None)),
        Some(to) => send_in_slices(raw, to.as_ref(), cx, call),
    }
});

impl RunBlocking for RecvDescriptors {
    fn run_blocking(&mut self) -> Result<Received, Errno> {
        // SAFETY: whoever made the operation promised that these are `count` places, and its alone, during the poll.
        let places = unsafe { core::slice::from_raw_parts_mut(self.places, self.count) };
        if self.asks_for_nothing() {
            return Ok(Received::nothing(places));
        }
        // SAFETY: as above: `to` is writable for `len` bytes.
        let came = unsafe { rights::recv(self.socket.raw, self.to, self.len, places, false) }?;
        self.told(came)
    }
}

impl RunBlocking for AcceptUnix {
    fn run_blocking(&mut self) -> Result<(RawResource, UnixAddr), Errno> {
        accept_by(|| unix_socket::accept(self.listener.raw, false))
    }
}

impl RunBlocking for ConnectUnix {
    fn run_blocking(&mut self) -> Result<(), Errno> {
        let raw = self.socket.raw;
        match socket::connect_start(raw, &(&self.address).into())? {
            Started::Connected => Ok(()),
            // A signal interrupted the call; the system goes on.
            Started::InProgress => {
                poll_ready(raw, Interest::Write, None)?;
                socket::take_error(raw)?.map_or(Ok(()), Err)
            }
        }
    }
}
