//! What an operation is, and which driver can do it.
//!
//! An [`Op`] is plain data: a resource, a pointer and a length, flags. It is not generic over the buffer. The typed layer
//! owns the buffer and keeps it alive; the operation only says which memory the system may touch, and when:
//!
//! - **poll-time**: the memory is touched inside `poll` only, so a borrowed slice is sound on every driver;
//! - **kernel-time**: the system may touch the memory from the first poll to the terminal completion, so the buffer is
//!   owned by the future and handed to the driver when the future is dropped in between.
//!
//! No address that the system is given lies inside a future.

use crate::error::Errno;
use crate::roles::{Driver, Nanos, Resource};
use crate::sharing::Sharing;
use crate::util::dangling::MaybeDangling;
use core::task::{Context, Poll};

/// What becomes of a result that arrives after its future was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Late {
    /// Nothing can arrive: the operation belongs to its resource, and what comes waits there for the next call.
    Wait,
    /// Bytes read: kept for the next read of the same stream.
    KeepBytes,
    /// Bytes written: counted, and told by `take_interrupted`.
    CountWritten,
    /// Nothing is lost by dropping it: the operation has a position of its own.
    Forget,
    /// A resource: closed.
    CloseResource,
}

/// An operation: plain data with one meaning on every driver.
///
/// # Safety
/// Implementers promise that
/// - sending the value to another thread moves no right to the memory that it points at: the memory is touched by the
///   driver that it was submitted to, and by nobody else until then;
/// - the value owns nothing: forgetting it, or reading it twice, is harmless.
pub unsafe trait Op: Send + 'static {
    /// What it yields.
    type Output: Send;
    /// The name in tables and messages.
    const NAME: &'static str;
    /// What becomes of a late result.
    const LATE: Late;

    /// The resource that it is about; `None`: it is about none. Where resources move between workers, the key of one is not the
    /// same on each, so an operation is told it anew before it begins.
    fn about(&mut self) -> Option<&mut Resource>;

    /// The output that says that it was refused before it began: the runtime is closed, say.
    fn refused(errno: Errno) -> Self::Output;

    /// Did it fail, or find the end of its resource? Then what it says may be the doing of a runtime that closes and has
    /// interrupted it. Asked under drivers whose operations block only.
    #[doc(hidden)]
    #[inline(always)]
    fn ended(_output: &Self::Output) -> bool {
        false
    }
}

/// By what a driver does an operation: what one waits for, and what it costs.
///
/// The cells of the table in `docs/drivers.md`, which is made from [`Submit::SERVED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Served {
    /// From what the driver has at hand: no system call, no wait.
    AtHand,
    /// The system call, which does not block. Where it would, the task waits until the system says that the resource is
    /// ready, and it is made again.
    Readiness,
    /// As `Readiness` for what is in memory; what is not, a thread of the blocking pool brings there first.
    ReadinessOrPool,
    /// The system call, which blocks the task's thread until it is over.
    Call,
    /// Short waits of the task's thread, between which the task can be cancelled.
    Slices,
    /// The system call, on a thread of the blocking pool.
    Pool,
    /// Handed to the system, which says when it is over.
    Completion,
    /// As `Completion` where the system knows the operation, which is asked when a worker starts; else as `Pool`.
    CompletionOrPool,
    /// A time that the driver keeps itself: its sleep ends then.
    Deadline,
    /// In the way of one of two drivers: which one is chosen when a worker starts, and they differ here.
    Either,
}

impl Served {
    /// In words, as the table has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Served::AtHand => "at hand",
            Served::Readiness => "readiness",
            Served::ReadinessOrPool => "readiness or pool",
            Served::Call => "call",
            Served::Slices => "slices",
            Served::Pool => "pool",
            Served::Completion => "completion",
            Served::CompletionOrPool => "completion or pool",
            Served::Deadline => "deadline",
            Served::Either => "either",
        }
    }
}

/// The driver can do the operation `O`.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` cannot perform the operation `{O}`",
    label = "`{O}` is missing from this driver",
    note = "choose another `type Driver` in the config, or do not call the function that needs `{O}`"
)]
pub trait Submit<O: Op>: Driver {
    /// What the future holds while the operation is in flight. `Send + Sync` always: that is what lets code that is
    /// generic over the config spawn futures which hold it.
    type InFlight<S: Sharing>: Default + Unpin + Send + Sync + 'static;

    /// By what it is done.
    const SERVED: Served;

    /// Polls the operation; the first call submits it.
    fn poll_op<S: Sharing>(
        live: &Self::Live<S>,
        op: &mut O,
        state: &mut Self::InFlight<S>,
        cx: &mut Context<'_>,
    ) -> Poll<O::Output>;

    /// May the driver or the system still know of `state`? `false`: dropping the future is free.
    fn in_flight<S: Sharing>(state: &Self::InFlight<S>) -> bool;

    /// The future dies while `state` is in flight: cancels, keeps `keep` until the terminal completion, and treats a late
    /// result as [`Op::LATE`] says. The only place that may allocate. While the
    /// system may use what is kept, it stays in its [`MaybeDangling`].
    fn abandon<S: Sharing, K: Send + 'static>(
        live: &Self::Live<S>,
        op: &mut O,
        state: &mut Self::InFlight<S>,
        keep: MaybeDangling<K>,
    );

    /// Polls what a runtime that is closed, and whose driver is gone, has left of an operation. `Ready(None)`: nothing is in
    /// use any more, and nothing came of it. Most drivers leave nothing behind when they are drained.
    ///
    /// As long as it is pending, something may still use what the future keeps. It may be called on any thread.
    #[doc(hidden)]
    fn poll_closed<S: Sharing>(_state: &mut Self::InFlight<S>, _cx: &mut Context<'_>) -> Poll<Option<O::Output>> {
        Poll::Ready(None)
    }

    /// As [`abandon`](Self::abandon), when the runtime is closed and its driver gone. It may be called on any thread.
    #[doc(hidden)]
    fn abandon_closed<S: Sharing, K: Send + 'static>(
        _op: &mut O,
        _state: &mut Self::InFlight<S>,
        keep: MaybeDangling<K>,
    ) {
        drop(keep);
    }
}

/// Does nothing; completes at once. What an operation costs when the work is free.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nop;

// SAFETY: points at no memory.
unsafe impl Op for Nop {
    type Output = ();
    const NAME: &'static str = "nop";
    const LATE: Late = Late::Forget;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        None
    }
    fn refused(_: Errno) {}
}

/// Is over when so much time has passed, by the clock of the system: never earlier. `u64::MAX` nanoseconds and what lies
/// beyond the clock's range never end.
///
/// For what a driver times itself. A sleep of the program is [`Sleep`](crate::time::Sleep), which follows the clock of the
/// config, and costs the driver nothing.
///
/// Dropped: the driver forgets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout {
    /// From its first poll.
    pub after: Nanos,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Timeout {
    type Output = Result<(), Errno>;
    const NAME: &'static str = "timeout";
    const LATE: Late = Late::Forget;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        None
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}
