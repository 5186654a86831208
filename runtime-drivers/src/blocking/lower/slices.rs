//! Waits in slices: between two of them the task looks at other things, among them at a request that it end.
//!
//! [`Ready`]: `poll(2)` tells levels, and the operation is about edges: a descriptor that nobody drains (that of the signals)
//! is ready for ever. And a program waits for several of them at once: for one signal or another. A descriptor that becomes
//! ready during a slice is told by the next poll, which follows at once; one that was ready before is told after a slice,
//! perhaps once too often.
//!
//! [`Connect`]: a program connects to several addresses at once, or gives up after a time. Until the connection stands its
//! socket is nonblocking.
//!
//! `SendDatagram` of Unix sockets: a sender waits at the receiver's socket, so that a shutdown of its own does not free it.
//!
//! [`Timeout`]: a sleep of the thread has no descriptor that a shutdown could end.
//!
//! In every case there is a "pending" before the answer: a task that does nothing else can be cancelled there.

use crate::blocking::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{Connect, Direction, Ready};
#[cfg(unix)]
use crate::op::{SendDatagram, UnixAddr};
use crate::sys::fd;
use crate::sys::poll::{Interest, poll_ready};
use crate::sys::socket::{self, Connect as Started};
#[cfg(unix)]
use crate::sys::{self, datagram};
use bespoke_core::driver::{Errno, Timeout};
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

/// How long a task looks at nothing else. It is also how late a signal may be after the first of the process, how late an
/// abort is, and bounds the cost: forty wake-ups a second for each such wait.
pub(super) const SLICE: Duration = Duration::from_millis(25);

fn sleep(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "this driver blocks its thread: that is what it is for")]
    std::thread::sleep(time);
}

/// Was the descriptor ready, before the slice or in it? Then the next poll says so.
#[derive(Debug, Default)]
pub struct Waited(bool);

leaves_nothing!(Blocking, Ready, Waited, Slices, |_, op, waited, cx| wait_a_slice(op, waited, cx));

fn wait_a_slice(op: &Ready, waited: &mut Waited, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
    if core::mem::take(&mut waited.0) {
        return Poll::Ready(Ok(()));
    }
    let interest = match op.direction {
        Direction::Read => Interest::Read,
        Direction::Write => Interest::Write,
    };
    let slice = |wait| poll_ready(op.resource.raw, interest, Some(wait));
    match slice(Duration::ZERO) {
        Err(errno) => return Poll::Ready(Err(errno)),
        Ok(true) => {
            sleep(SLICE);
            waited.0 = true;
        }
        Ok(false) => match slice(SLICE) {
            Ok(false) => {}
            Ok(true) => waited.0 = true,
            Err(errno) => return Poll::Ready(Err(errno)),
        },
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Has the connection been asked for?
#[derive(Debug, Default)]
pub struct Asked(bool);

leaves_nothing!(Blocking, Connect, Asked, Slices, |_, op, asked, cx| connect_a_slice(op, asked, cx));

fn connect_a_slice(op: &Connect, asked: &mut Asked, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
    let raw = op.socket.raw;
    if !asked.0 {
        let started = socket::connect_start(raw, &op.address.into())?;
        asked.0 = true;
        if started == Started::Connected {
            return Poll::Ready(fd::set_nonblocking(raw, false));
        }
    }
    let ready = poll_ready(raw, Interest::Write, Some(SLICE))?;
    // Asked in any case: before Windows 10 2004 its poll does not tell of a connect that failed.
    match socket::take_error(raw)? {
        Some(errno) => Poll::Ready(Err(errno)),
        None if ready => Poll::Ready(fd::set_nonblocking(raw, false)),
        None => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}

#[cfg(unix)]
leaves_nothing!(Blocking, SendDatagram<UnixAddr>, (), Slices, |_, op, _, cx| send_in_slices(op, cx));

#[cfg(unix)]
fn send_in_slices(op: &SendDatagram<UnixAddr>, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    let raw = op.socket.raw;
    let to = op.to.as_ref().map(Into::into);
    // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
    match unsafe { datagram::send(raw, op.from, op.len, to.as_ref(), true) } {
        Err(errno) if sys::would_block(errno) => {}
        sent => return Poll::Ready(sent),
    }
    if to.is_none() {
        poll_ready(raw, Interest::Write, Some(SLICE))?;
    } else {
        // The receiver has no room, of which a poll of this socket knows nothing.
        sleep(TRY_AGAIN);
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// How long a datagram waits for a receiver that is not the socket's peer, before it is tried again.
#[cfg(unix)]
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// When the timeout was first polled.
#[derive(Debug, Default)]
pub struct Began(Option<Instant>);

leaves_nothing!(Blocking, Timeout, Began, Slices, |_, op, began, cx| sleep_a_slice(op, began, cx));

fn sleep_a_slice(op: &Timeout, began: &mut Began, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
    #[expect(clippy::disallowed_methods, reason = "the clock of the operation is the system's")]
    let now = Instant::now();
    let passed = now.saturating_duration_since(*began.0.get_or_insert(now));
    // `u64::MAX` lies 584 years ahead: that is never.
    let left = Duration::from_nanos(op.after.0).saturating_sub(passed);
    if left.is_zero() {
        return Poll::Ready(Ok(()));
    }
    sleep(left.min(SLICE));
    cx.waker().wake_by_ref();
    Poll::Pending
}
