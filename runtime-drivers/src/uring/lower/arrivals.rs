//! Connections: those that a listener takes, and those that a socket makes.

use super::{slot, wait};
use crate::op::{Accept, AcceptUnix, Connect, ConnectUnix};
use crate::sys::address::SockAddr;
use crate::sys::ring::{self as calls, code};
use crate::sys::{fd, socket};
use crate::uring::Uring;
use crate::uring::slots::{Aside, End, Lower};
use crate::uring::source::End as SourceEnd;
use bespoke_core::driver::Errno;
use bespoke_core::roles::{Kind, RawResource, Resource};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};
use io_uring::squeue::Entry;
use io_uring::{opcode, types};

wait!(Accept, Completion, |live, op, cx| accept(live, op.listener, cx, SockAddr::to_socket_addr));
wait!(AcceptUnix, Completion, |live, op, cx| accept(live, op.listener, cx, SockAddr::to_unix_peer));

fn accept<S: Sharing, A>(
    live: &Uring<S>,
    listener: Resource,
    cx: &mut Context<'_>,
    told: fn(SockAddr) -> Result<A, Errno>,
) -> Poll<Result<(RawResource, A), Errno>> {
    let (number, _) = live.with(|state| state.named(listener.key));
    while let Some((raw, peer)) = live.with(|state| state.more(number).accepted.pop_front()) {
        // A multishot accept has no room for addresses.
        let peer = peer.map_or_else(|| socket::raw_peer_addr(raw), Ok);
        match peer.and_then(told) {
            Ok(peer) => return Poll::Ready(Ok((raw, peer))),
            // The peer is gone already: the next one.
            Err(_) => {
                let _ = fd::close(raw);
            }
        }
    }
    let end = live.with(|state| core::mem::take(&mut state.sources[number as usize].end));
    if let SourceEnd::Error(errno) = end {
        return Poll::Ready(Err(errno));
    }
    live.wait_for_connection(number, cx);
    Poll::Pending
}

slot!(Connect);

impl Lower for Connect {
    const LENDS: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.socket)
    }

    /// `asked`: how many entries asked for the connection, and left it on its way: one at most.
    fn entry(&self, asked: usize, aside: &Aside<'_>) -> Entry {
        match asked {
            0 => connect(self.socket, self.address.into(), aside),
            _ => opcode::PollAdd::new(types::Fd(self.socket.raw), calls::POLL_WRITE).build(),
        }
    }

    /// An entry that ends with its thread leaves the handshake under way: asking again is refused, so it is waited for.
    fn end(&self, asked: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        match result {
            Err(errno) if *asked == 0 && errno.code() == code::ALREADY => {
                *asked = 1;
                End::Rest
            }
            Ok(_) if *asked > 0 => {
                End::Over(socket::take_error(self.socket.raw).and_then(|error| error.map_or(Ok(()), Err)))
            }
            result => End::Over(result.map(drop)),
        }
    }
}

slot!(ConnectUnix);

impl Lower for ConnectUnix {
    const LENDS: bool = false;
    const BECOMES: Option<Kind> = Some(Kind::UnixStream);

    fn resource(&self) -> Option<Resource> {
        Some(self.socket)
    }

    fn entry(&self, _: usize, aside: &Aside<'_>) -> Entry {
        connect(self.socket, (&self.address).into(), aside)
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

fn connect(socket: Resource, address: SockAddr, aside: &Aside<'_>) -> Entry {
    let (address, len) = aside.large(|large| {
        large.address = address;
        calls::address_of(&large.address)
    });
    opcode::Connect::new(types::Fd(socket.raw), address.cast(), len).build()
}
