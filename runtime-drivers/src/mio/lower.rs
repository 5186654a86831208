//! How each operation is expressed here: the system call first, readiness when it would block.
//!
//! | file | holds |
//! |---|---|
//! | `datagrams` | receiving and sending them |
//! | `pipes` | reading and writing pipes |
//! | `reads` | reading from a stream, in every form |
//! | `send_file` | sending a file without a copy |
//! | `splice` | streams to streams without a copy |
//! | `unix` | what only Unix sockets do |
//! | `writes` | writing to one, and what became of a write that was dropped |
//!
//! Here: what they share, connections, readiness, time.

#[cfg(unix)]
mod datagrams;
#[cfg(unix)]
mod pipes;
mod reads;
#[cfg(target_os = "linux")]
mod send_file;
#[cfg(target_os = "linux")]
mod splice;
#[cfg(unix)]
mod unix;
mod writes;

use super::poller::Wanted;
use super::timeouts::Ticking;
use super::{LiveMio, Mio, Poller, Side, Tick};
#[cfg(unix)]
use crate::op::AcceptUnix;
use crate::op::lower::leaves_nothing;
use crate::op::{Accept, Connect, Direction, Ready};
use crate::sys::socket::Connect as Started;
#[cfg(unix)]
use crate::sys::unix_socket;
use crate::sys::{self, socket};
use crate::theirs::let_go;
use bespoke_core::driver::{Errno, MaybeDangling, Nop, Served, Submit, Timeout};
use bespoke_core::roles::{RawResource, Resource};
use bespoke_core::sharing::Sharing;
use core::net::SocketAddr;
use core::task::{Context, Poll};

/// Tries `call` while the source is thought ready.
#[inline]
fn attempt<T, P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    key: u32,
    side: Side,
    cx: &mut Context<'_>,
    call: impl FnMut() -> Result<T, Errno>,
) -> Poll<Result<T, Errno>> {
    attempt_at(live, key, side, cx, call).map(|result| result.map(|(value, _)| value))
}

/// As [`attempt`]; says also at which tick the source was thought ready.
#[inline(always)]
fn attempt_at<T, P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    key: u32,
    side: Side,
    cx: &mut Context<'_>,
    mut call: impl FnMut() -> Result<T, Errno>,
) -> Poll<Result<(T, Tick), Errno>> {
    loop {
        let Some(tick) = live.ready(key, side, cx)? else { return Poll::Pending };
        match call() {
            Err(errno) if sys::would_block(errno) => {
                live.drained(key, side, tick);
                if live.watch(key, side, cx)? {
                    return Poll::Pending;
                }
                // Its worker has heard of it meanwhile.
            }
            result => return Poll::Ready(result.map(|value| (value, tick))),
        }
    }
}

/// An operation that leaves nothing behind and remembers nothing.
macro_rules! wait {
    ($op:ty, |$live:ident, $o:ident, $cx:pat_param| $poll:expr) => {
        $crate::mio::lower::wait!($op, Readiness, |$live, $o, $cx| $poll);
    };
    ($op:ty, $served:ident, |$live:ident, $o:ident, $cx:pat_param| $poll:expr) => {
        $crate::op::lower::leaves_nothing!(
            {P: $crate::mio::Poller} $crate::mio::Mio<P>, $op, (), $served, |$live, $o, _, $cx| $poll
        );
    };
}
use wait;

wait!(Nop, AtHand, |_live, _op, _| Poll::Ready(()));

wait!(Accept, |live, op, cx| accept(live, op, cx));

fn accept<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    op: &Accept,
    cx: &mut Context<'_>,
) -> Poll<Result<(i32, SocketAddr), Errno>> {
    accept_by(live, op.listener, cx, |raw| socket::accept(raw, true))
}

#[cfg(unix)]
wait!(AcceptUnix, |live, op, cx| accept_by(live, op.listener, cx, |raw| unix_socket::accept(raw, true)));

#[inline]
fn accept_by<A, P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    listener: Resource,
    cx: &mut Context<'_>,
    call: impl Fn(RawResource) -> Result<(RawResource, A), Errno>,
) -> Poll<Result<(RawResource, A), Errno>> {
    attempt(live, listener.key, Side::ReadAmong, cx, || {
        loop {
            match call(listener.raw) {
                // The peer is gone already: the next one.
                Err(errno) if socket::connection_lost(errno) => {}
                result => return result,
            }
        }
    })
}

wait!(Ready, |live, op, cx| ready(live, op, cx));

fn ready<P: Poller, S: Sharing>(live: &LiveMio<P, S>, op: &mut Ready, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
    let key = op.resource.key;
    let side = match op.direction {
        Direction::Read => Side::ReadAmong,
        Direction::Write => Side::WriteAmong,
    };
    if core::mem::take(&mut op.would_block) {
        live.with_source(key, |source| {
            let read = side == Side::ReadAmong;
            live.poller.drained(&source.entry, Wanted { read, write: !read });
        });
    }
    if live.ready(key, side, cx)?.is_none() {
        return Poll::Pending;
    }
    // Before the caller looks: an edge from now on is told by the next call.
    live.clear(key, side);
    Poll::Ready(Ok(()))
}

/// Has the connection been asked for?
#[derive(Debug, Default)]
pub struct Asked(bool);

// The handle of the socket belongs to the caller and closes it; the driver holds nothing of the future's.
leaves_nothing!({P: Poller} Mio<P>, Connect, Asked, Readiness, |live, op, asked, cx| {
    let address = op.address;
    connect(live, op.socket, asked, cx, |raw| socket::connect_start(raw, &address.into()))
});

fn connect<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    socket: Resource,
    asked: &mut Asked,
    cx: &mut Context<'_>,
    start: impl FnOnce(RawResource) -> Result<Started, Errno>,
) -> Poll<Result<(), Errno>> {
    if !asked.0 {
        match start(socket.raw) {
            Ok(Started::Connected) => return Poll::Ready(live.enlist(socket)),
            Ok(Started::InProgress) => {}
            Err(errno) => return Poll::Ready(Err(errno)),
        }
        asked.0 = true;
        live.clear(socket.key, Side::Write);
        if let Err(errno) = live.enlist(socket) {
            return Poll::Ready(Err(errno));
        }
    }
    if live.ready(socket.key, Side::Write, cx)?.is_none() {
        return Poll::Pending;
    }
    Poll::Ready(match socket::take_error(socket.raw) {
        Ok(None) => Ok(()),
        Ok(Some(errno)) | Err(errno) => Err(errno),
    })
}

impl<P: Poller> Submit<Timeout> for Mio<P> {
    type InFlight<S: Sharing> = Ticking;

    const SERVED: Served = Served::Deadline;

    fn poll_op<S: Sharing>(
        live: &Self::Live<S>,
        op: &mut Timeout,
        state: &mut Ticking,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Errno>> {
        live.timeout(op, state, cx)
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Ticking) -> bool {
        state.is_in_flight()
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &Self::Live<S>,
        _op: &mut Timeout,
        state: &mut Ticking,
        keep: MaybeDangling<K>,
    ) {
        live.timeouts.forget(state);
        let_go(keep);
    }
}
