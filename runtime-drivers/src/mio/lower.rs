//! How each operation is expressed here: the system call first, readiness when it would block.

use super::{LiveMio, Mio, Side};
use crate::op::{
    Accept, Connect, Direction, Interrupted, Ready, Recv, RecvInto, RecvVectored, Stretches, Taken, Transmit,
    TransmitVectored,
};
use crate::sys::socket::Connect as Started;
use crate::sys::transfer::{self, IoVec};
use crate::sys::{self, socket};
use bespoke_core::driver::{Errno, Nop, Op, Submit};
use bespoke_core::roles::Under;
use bespoke_core::sharing::Sharing;
use core::net::SocketAddr;
use core::task::{Context, Poll};
use std::boxed::Box;

/// Tries `call` while the source is thought ready.
#[inline]
fn attempt<T>(
    live: &LiveMio,
    key: u32,
    side: Side,
    cx: &mut Context<'_>,
    mut call: impl FnMut() -> Result<T, Errno>,
) -> Poll<Result<T, Errno>> {
    if !live.ready(key, side, cx) {
        return Poll::Pending;
    }
    match call() {
        Err(errno) if sys::would_block(errno) => {
            live.clear(key, side);
            live.watch(key, side, cx);
            Poll::Pending
        }
        result => Poll::Ready(result),
    }
}

/// An operation that leaves nothing behind when it is dropped.
macro_rules! wait {
    ($op:ty, |$live:ident, $o:ident, $cx:ident| $body:expr) => {
        impl Submit<$op> for Mio {
            type InFlight<S: Sharing> = ();

            #[inline]
            fn poll_op<S: Sharing>(
                live: &<Self as Under<S>>::Live,
                $o: &mut $op,
                _state: &mut (),
                $cx: &mut Context<'_>,
            ) -> Poll<<$op as Op>::Output>
            where
                Self: Under<S>,
            {
                let $live = of::<S>(live);
                $body
            }

            #[inline(always)]
            fn in_flight<S: Sharing>(_state: &()) -> bool {
                false
            }

            fn abandon<S: Sharing, K: Send + 'static>(
                _live: &<Self as Under<S>>::Live,
                _op: &mut $op,
                _state: &mut (),
                keep: K,
            ) where
                Self: Under<S>,
            {
                drop(keep);
            }
        }
    };
}

/// `Mio` lives under `Local` only, but a signature that is generic over the sharing does not know that.
#[inline(always)]
fn of<S: Sharing>(live: &<Mio as Under<S>>::Live) -> &LiveMio
where
    Mio: Under<S>,
{
    let live: *const <Mio as Under<S>>::Live = live;
    const { assert!(!S::SHARED, "`Mio` lives under `Local` only") };
    // SAFETY: the one implementation of `Under` for `Mio` is that for `Local`, whose `Live` is `LiveMio`; `Sharing` is
    // sealed, and the assertion above rules its other type out.
    unsafe { &*live.cast::<LiveMio>() }
}

wait!(Nop, |_live, _op, _cx| Poll::Ready(()));

wait!(Accept, |live, op, cx| accept(live, op, cx));

fn accept(live: &LiveMio, op: &Accept, cx: &mut Context<'_>) -> Poll<Result<(i32, SocketAddr), Errno>> {
    attempt(live, op.listener.key, Side::Accept, cx, || {
        loop {
            match socket::accept(op.listener.raw, true) {
                // The peer is gone already: the next one.
                Err(errno) if socket::connection_lost(errno) => {}
                result => return result,
            }
        }
    })
}

wait!(Recv, |live, op, cx| recv(live, op, cx));

#[inline]
fn recv(live: &LiveMio, op: &Recv, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    if op.len == 0 {
        // The system would wait for a byte before it says that there is no room for one.
        return Poll::Ready(Ok(0));
    }
    let (key, raw) = (op.stream.key, op.stream.raw);
    let read = attempt(live, key, Side::Read, cx, || {
        if op.peek {
            // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
            unsafe { transfer::peek(raw, op.to, op.len, true) }
        } else {
            // SAFETY: as above.
            unsafe { transfer::recv(raw, op.to, op.len, true) }
        }
    });
    if !op.peek {
        note_read(live, key, read, op.len);
    }
    read
}

/// A read that was shorter than asked has emptied the socket.
#[inline]
fn note_read(live: &LiveMio, key: u32, read: Poll<Result<usize, Errno>>, asked: usize) {
    if let Poll::Ready(Ok(n)) = read
        && n > 0
        && n < asked
    {
        live.with_source(key, |source| {
            if !source.hung_up {
                source.readable = false;
            }
        });
    }
}

wait!(RecvInto, |live, op, cx| {
    // The buffer is touched inside this call only, so it is a read like any other, and dropping it loses nothing.
    recv(live, &Recv { stream: op.stream, to: op.to, len: op.len, peek: false }, cx)
});

wait!(RecvVectored, |live, op, cx| recv_vectored(live, op, cx));

fn recv_vectored(live: &LiveMio, op: &RecvVectored, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    if op.len == 0 {
        return Poll::Ready(Ok(0));
    }
    let (key, raw) = (op.stream.key, op.stream.raw);
    let read = attempt(live, key, Side::Read, cx, || {
        // SAFETY: whoever made the operation promised that `to` is the start of `count` of them during the poll; on Unix an
        // `IoSliceMut` is an `iovec`, as the library says.
        let stretches = unsafe { core::slice::from_raw_parts(op.to.cast::<IoVec>().cast_const(), op.count) };
        // SAFETY: as above: each of them is writable, and borrowed by nobody else.
        unsafe { transfer::recv_vectored(raw, stretches, true) }
    });
    note_read(live, key, read, op.len);
    read
}

wait!(TransmitVectored, |live, op, cx| transmit_vectored(live, op, cx));

/// One send: nothing is taken before the operation is over, so dropping it leaves nothing behind.
fn transmit_vectored(live: &LiveMio, op: &TransmitVectored, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    let mut list = [IoVec::new(core::ptr::null_mut(), 0); Stretches::MAX];
    let from = op.from.as_slice();
    for (to, (pointer, len)) in list.iter_mut().zip(from) {
        *to = IoVec::new(pointer.cast_mut(), *len);
    }
    attempt(live, op.stream.key, Side::Write, cx, || {
        // SAFETY: whoever made the operation keeps every stretch readable until it is over.
        unsafe { transfer::send_vectored(op.stream.raw, &list[..from.len()], true) }
    })
}

wait!(Ready, |live, op, cx| ready(live, op, cx));

fn ready(live: &LiveMio, op: &Ready, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
    let key = op.resource.key;
    let side = match op.direction {
        Direction::Read => Side::Read,
        Direction::Write => Side::Write,
    };
    if !live.ready(key, side, cx) {
        return Poll::Pending;
    }
    // Before the caller looks: an edge from now on is told by the next call.
    live.clear(key, side);
    Poll::Ready(Ok(()))
}

wait!(Interrupted, |live, op, _cx| Poll::Ready(live.with_source(op.stream.key, |source| source.interrupted.take())));

/// How much of a write was taken. 0: nothing, so dropping it is free.
#[derive(Debug, Default)]
pub struct Progress {
    taken: usize,
    /// Of the source. A write that another thread drops is told to the driver later: its stream may be closed by then, and
    /// the key may be that of another.
    generation: u32,
}

impl Submit<Transmit> for Mio {
    type InFlight<S: Sharing> = Progress;

    #[inline]
    fn poll_op<S: Sharing>(
        live: &<Self as Under<S>>::Live,
        op: &mut Transmit,
        state: &mut Progress,
        cx: &mut Context<'_>,
    ) -> Poll<<Transmit as Op>::Output>
    where
        Self: Under<S>,
    {
        let live = of::<S>(live);
        let (key, raw) = (op.stream.key, op.stream.raw);
        loop {
            let sent = attempt(live, key, Side::Write, cx, || {
                // SAFETY: in bounds: at most `len` bytes were taken.
                let from = unsafe { op.from.add(state.taken) };
                // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
                unsafe { transfer::send(raw, from, op.len - state.taken, true) }
            });
            match sent {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(errno)) => {
                    let taken = core::mem::take(&mut state.taken);
                    return Poll::Ready((taken, Err(errno)));
                }
                Poll::Ready(Ok(n)) => {
                    state.taken += n;
                    if state.taken >= op.len || !op.all {
                        let taken = core::mem::take(&mut state.taken);
                        return Poll::Ready((taken, Ok(())));
                    }
                    state.generation = live.with_source(key, |source| source.generation);
                }
            }
        }
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Progress) -> bool {
        state.taken > 0
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &<Self as Under<S>>::Live,
        op: &mut Transmit,
        state: &mut Progress,
        keep: K,
    ) where
        Self: Under<S>,
    {
        let taken = Taken { bytes: core::mem::take(&mut state.taken), kept: Box::new(keep) };
        let generation = state.generation;
        let old = of::<S>(live).with_source(op.stream.key, |source| {
            if source.generation == generation { source.interrupted.replace(taken) } else { Some(taken) }
        });
        drop(old);
    }
}

/// Has the connection been asked for?
#[derive(Debug, Default)]
pub struct Asked(bool);

impl Submit<Connect> for Mio {
    type InFlight<S: Sharing> = Asked;

    fn poll_op<S: Sharing>(
        live: &<Self as Under<S>>::Live,
        op: &mut Connect,
        state: &mut Asked,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Errno>>
    where
        Self: Under<S>,
    {
        let live = of::<S>(live);
        let socket = op.socket;
        if !state.0 {
            match socket::connect_start(socket.raw, &op.address.into()) {
                Ok(Started::Connected) => return Poll::Ready(live.enlist(socket)),
                Ok(Started::InProgress) => {}
                Err(errno) => return Poll::Ready(Err(errno)),
            }
            state.0 = true;
            live.clear(socket.key, Side::Write);
            if let Err(errno) = live.enlist(socket) {
                return Poll::Ready(Err(errno));
            }
        }
        if !live.ready(socket.key, Side::Write, cx) {
            return Poll::Pending;
        }
        Poll::Ready(match socket::take_error(socket.raw) {
            Ok(None) => Ok(()),
            Ok(Some(errno)) | Err(errno) => Err(errno),
        })
    }

    fn in_flight<S: Sharing>(_state: &Asked) -> bool {
        // The handle of the socket belongs to the caller and closes it; the driver holds nothing of the future's.
        false
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        _live: &<Self as Under<S>>::Live,
        _op: &mut Connect,
        _state: &mut Asked,
        keep: K,
    ) where
        Self: Under<S>,
    {
        drop(keep);
    }
}
