//! The futures that receive and send datagrams, of whatever kind of socket.

use super::futures::told;
use super::io_error;
use crate::op::{self, Address, RecvDatagram, RecvFrom};
use bespoke_core::config::Config;
use bespoke_core::driver::{Borrows, Operation, OwnedResource, Submit};
use bespoke_core::io::IoBuf;
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

/// Receives a datagram. Made by [`UdpSocket::recv`](super::UdpSocket::recv) and its like; see there.
#[must_use = "a receive does nothing unless it is awaited"]
pub struct Receive<'a, C: Config>
where
    C::Driver: Submit<RecvDatagram>,
{
    operation: Operation<C, RecvDatagram>,
    _borrowed: Borrows<'a>,
}

told!(Receive, RecvDatagram => io::Result<usize>: |received, ()| received.map_err(io_error));

/// Receives a datagram, and says from whom. Made by [`UdpSocket::recv_from`](super::UdpSocket::recv_from) and its like; see
/// there.
#[must_use = "a receive does nothing unless it is awaited"]
pub struct ReceiveFrom<'a, C: Config, A: Address = core::net::SocketAddr>
where
    C::Driver: Submit<RecvFrom<A>>,
{
    operation: Operation<C, RecvFrom<A>>,
    _borrowed: Borrows<'a>,
}

told!(ReceiveFrom<A: Address>, RecvFrom<A> => io::Result<(usize, A)>: |received, ()| received.map_err(io_error));

fn datagram<C: Config>(resource: &OwnedResource<C>, buffer: &mut [u8], peek: bool) -> RecvDatagram {
    RecvDatagram { socket: resource.resource(), to: buffer.as_mut_ptr(), len: buffer.len(), peek }
}

impl<'a, C: Config> Receive<'a, C>
where
    C::Driver: Submit<RecvDatagram>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: &'a mut [u8], peek: bool) -> Self {
        let op = datagram(resource, buffer, peek);
        // SAFETY: the operation touches its memory inside `poll` only, and the future borrows buffer and resource as long as
        // it lives.
        Receive { operation: unsafe { resource.operation(op, ()) }, _borrowed: Borrows::default() }
    }
}

impl<'a, C: Config, A: Address> ReceiveFrom<'a, C, A>
where
    C::Driver: Submit<RecvFrom<A>>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: &'a mut [u8], peek: bool) -> Self {
        let op = RecvFrom { datagram: datagram(resource, buffer, peek), family: PhantomData };
        // SAFETY: as in `Receive::new`.
        ReceiveFrom { operation: unsafe { resource.operation(op, ()) }, _borrowed: Borrows::default() }
    }
}

/// Sends a datagram. Made by [`UdpSocket::send_to`](super::UdpSocket::send_to) and its like; see there.
#[must_use = "a send does nothing unless it is awaited"]
pub struct SendDatagram<'a, C: Config, B: IoBuf, A: Address = core::net::SocketAddr>
where
    C::Driver: Submit<op::SendDatagram<A>>,
{
    operation: Operation<C, op::SendDatagram<A>, B>,
    _borrowed: Borrows<'a>,
}

told!(SendDatagram<B: IoBuf, A: Address>, op::SendDatagram<A> => (io::Result<usize>, B):
    |sent, buffer| (sent.map_err(io_error), buffer));

impl<'a, C: Config, B: IoBuf, A: Address> SendDatagram<'a, C, B, A>
where
    C::Driver: Submit<op::SendDatagram<A>>,
{
    #[inline]
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: B, to: Option<A>) -> Self {
        let socket = resource.resource();
        let op = |buffer: &mut B| op::SendDatagram { socket, from: buffer.as_ptr(), len: buffer.len(), to };
        // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBuf`); the future
        // borrows the resource as long as it lives.
        SendDatagram { operation: unsafe { resource.operation_with(buffer, op) }, _borrowed: Borrows::default() }
    }
}
