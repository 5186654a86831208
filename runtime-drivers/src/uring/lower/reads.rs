//! Reads: what came for the stream is taken from its source; when there is nothing, a `recv` is armed. Those of Unix streams
//! are in `unix`.

use super::{unix, wait};
use crate::op::{LEASE_BYTES, Recv, RecvInto, RecvLease, RecvVectored};
use crate::sys::transfer::{self, IoVec};
use crate::sys::would_block;
use crate::uring::provided::Provided;
use crate::uring::source::{Arm, End};
use crate::uring::{Pool, State, Uring, read};
use bespoke_core::driver::{Errno, Filled, Leased};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};

/// From so many bytes on a read of a stream for which nothing is armed tries to take them without a copy.
const BULK: usize = 16 << 10;

wait!(Recv, Completion, |live, op, cx| recv(live, op, cx));

wait!(RecvInto, Completion, |live, op, cx| {
    // The buffer is touched inside this call only, so it is a read like any other, and dropping it loses nothing.
    recv(live, &Recv { stream: op.stream, to: op.to, len: op.len, peek: false }, cx)
});

wait!(RecvVectored, Completion, |live, op, cx| recv_vectored(live, op, cx));

wait!(RecvLease, Completion, |live, op, cx| recv_lease(live, op, cx));

/// What a source has for a reader instead of bytes.
pub(super) enum Found {
    End(Result<usize, Errno>),
    /// Bytes after all: where tasks move, they came since the last look. An end comes behind them.
    Bytes,
    /// Nothing; is nothing armed either?
    Nothing {
        idle: bool,
    },
}

impl<S: Sharing> Uring<S> {
    /// What there is instead of bytes: an error is told once.
    #[inline]
    pub(super) fn end_of(&self, number: u32) -> Found {
        self.with(|state| {
            let source = &mut state.sources[number as usize];
            if S::MOVING && !source.stash.is_empty() {
                return Found::Bytes;
            }
            match source.end {
                End::None => Found::Nothing { idle: source.arm == Arm::Idle },
                End::Stream => Found::End(Ok(0)),
                End::Error(errno) => {
                    source.end = End::None;
                    Found::End(Err(errno))
                }
            }
        })
    }

    /// Takes bytes. Nearly always what is there is one buffer.
    ///
    /// # Safety
    /// `to` is writable for `len` bytes.
    #[inline(never)]
    pub(super) unsafe fn take(&self, number: u32, to: *mut u8, len: usize) -> usize {
        self.with_pool(|state, pool| {
            let State { sources, provided, .. } = state;
            let stash = &mut sources[number as usize].stash;
            // SAFETY: as the caller.
            let (taken, buffer) = unsafe { stash.copy_first(to, len) };
            if let Some(buffer) = buffer {
                read(provided, pool, buffer);
            }
            if taken == len || stash.is_empty() {
                return taken;
            }
            // SAFETY: as the caller, of what is left.
            taken + unsafe { take_more(stash, provided, pool, to.wrapping_add(taken), len - taken) }
        })
    }
}

/// # Safety
/// As [`take`](Uring::take).
#[inline(never)]
unsafe fn take_more(
    stash: &mut Filled<LEASE_BYTES>,
    provided: &mut Option<Provided>,
    pool: &Pool,
    to: *mut u8,
    len: usize,
) -> usize {
    // SAFETY: as the caller.
    unsafe { stash.copy(to, len, |buffer| read(provided, pool, buffer)) }
}

#[inline(always)]
fn recv<S: Sharing>(live: &Uring<S>, op: &Recv, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    let (number, nothing) = live.with(|state| {
        let (number, _) = state.named(op.stream.key);
        (number, state.sources[number as usize].stash.is_empty())
    });
    if nothing || op.peek {
        // Two cases, and not what the function wrote as it is: the place of this result is then given to no function, and what is
        // read stays in registers.
        return match wait_or_end(live, number, op, cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(read) => Poll::Ready(read),
        };
    }
    // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
    Poll::Ready(Ok(unsafe { live.take(number, op.to, op.len) }))
}

/// The rest of [`recv`]: nothing is there, or nothing is to be taken.
#[inline(never)]
fn wait_or_end<S: Sharing>(
    live: &Uring<S>,
    number: u32,
    op: &Recv,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Errno>> {
    if !op.peek
        && op.len > 0
        && let Some(armed) = live.waits_as_before(number, cx)
    {
        armed?;
        return Poll::Pending;
    }
    what_there_is(live, number, op, cx)
}

/// The same of a stream of which more is to be known.
#[inline(never)]
fn what_there_is<S: Sharing>(
    live: &Uring<S>,
    number: u32,
    op: &Recv,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Errno>> {
    let Recv { stream, to, len, peek } = *op;
    if len == 0 {
        // The system would wait for a byte before it says that there is no room for one.
        return Poll::Ready(Ok(0));
    }
    if live.is_unix_stream(number) {
        return unix::recv(live, stream, to, len, peek, cx);
    }
    if peek {
        // SAFETY: as in `recv`.
        let seen = live.with(|state| unsafe { state.sources[number as usize].stash.peek(to, len) });
        if seen > 0 {
            return Poll::Ready(Ok(seen));
        }
    }
    match live.end_of(number) {
        Found::End(end) => Poll::Ready(end),
        Found::Bytes => again(live, op, cx),
        Found::Nothing { idle } => {
            if idle && len >= BULK && !peek {
                // SAFETY: as in `recv`; nothing is armed, so nobody else takes bytes.
                match unsafe { transfer::recv(stream.raw, to, len, true) } {
                    Err(errno) if would_block(errno) => {}
                    result => return Poll::Ready(result),
                }
            }
            live.wait_for_bytes(number, cx)?;
            Poll::Pending
        }
    }
}

#[cold]
fn again<S: Sharing>(live: &Uring<S>, op: &Recv, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    recv(live, op, cx)
}

fn recv_vectored<S: Sharing>(live: &Uring<S>, op: &RecvVectored, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    if op.len == 0 {
        return Poll::Ready(Ok(0));
    }
    let (number, _) = live.with(|state| state.named(op.stream.key));
    if live.is_unix_stream(number) {
        return unix::recv_vectored(live, op, cx);
    }
    // SAFETY: whoever made the operation promised that `to` is the start of `count` of them during the poll; an `IoSliceMut`
    // is an `iovec`, as the library says.
    let stretches = unsafe { core::slice::from_raw_parts(op.to.cast::<IoVec>().cast_const(), op.count) };
    let mut done = 0;
    for stretch in stretches {
        let (to, len) = stretch.parts();
        // SAFETY: each of them is writable, and borrowed by nobody else.
        let taken = unsafe { live.take(number, to, len) };
        done += taken;
        if taken < len {
            break;
        }
    }
    if done > 0 {
        return Poll::Ready(Ok(done));
    }
    match live.end_of(number) {
        Found::End(end) => Poll::Ready(end),
        Found::Bytes => recv_vectored(live, op, cx),
        Found::Nothing { .. } => {
            live.wait_for_bytes(number, cx)?;
            Poll::Pending
        }
    }
}

fn recv_lease<S: Sharing>(
    live: &Uring<S>,
    op: &RecvLease,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Leased>, Errno>> {
    let (number, leased) = live.with(|state| {
        let (number, _) = state.named(op.stream.key);
        // Nothing is ever stashed for a Unix stream.
        (number, state.sources[number as usize].stash.lend())
    });
    if leased.is_some() {
        return Poll::Ready(Ok(leased));
    }
    if let Some(armed) = live.waits_as_before(number, cx) {
        armed?;
        return Poll::Pending;
    }
    if live.is_unix_stream(number) {
        return unix::recv_lease(live, op, cx);
    }
    match live.end_of(number) {
        Found::End(end) => Poll::Ready(end.map(|_| None)),
        Found::Bytes => recv_lease(live, op, cx),
        Found::Nothing { .. } => {
            live.wait_for_bytes(number, cx)?;
            Poll::Pending
        }
    }
}
