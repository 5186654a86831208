//! A driver that is one of two: the first if the machine has it, else the second.
//!
//! The choice falls when a worker starts, and stays. It costs one branch per operation, the same way every time, and one
//! look at the mode of each socket, as the two may want different ones.
//!
//! # Two in one runtime
//! Each worker chooses for itself: where what is denied is denied to a thread, or a limit is reached, one worker has a ring and
//! its neighbour has none. Whatever goes from one to the other is in the terms of both:
//! - a socket that moves takes [`Luggage`] along;
//! - where tasks move, a socket is used with the driver of the worker that watches it, by whichever worker;
//! - a file that is to have a name on a second worker (`Live::second`) is shared as what both keep of it, the open file itself.
//!
//! # Invariants
//! 1. Both choices lend the buffers of this crate: whichever lent one, `free_buffer` of either frees it.
//! 2. The state of an operation that is in flight is that of the driver with which it is polled. It is a guest of the worker that
//!    polled it, by rule 5 of `driver/operation.rs` in the core, so that worker's driver is the one of every later poll, on
//!    whatever thread; and what a worker runs is chosen once.
//! 3. A state that is not in flight holds nothing of a driver's. One that was polled by a worker which runs the other of the two
//!    (it is about no resource, or that has moved) begins anew.

mod lower;
mod told;

pub use self::told::{OnFallback, ToStandardError, Unheard};
use crate::op::{LEASE_BYTES, Sockets};
use crate::sys::{self, fd};
use bespoke_core::driver::Errno;
use bespoke_core::error::Error;
use bespoke_core::roles::{
    Caps, Drained, Driver, DriverReport, Kind, Leaves, Lent, Live, Luggage, Nanos, Park, RawResource, Regions,
    Resource, Sealed, SharedFile, StartCx, Under, Unpark,
};
use bespoke_core::sharing::{Local, Sharing};
use bespoke_core::util::link::Node;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use std::sync::Arc;

/// The driver `A` where the machine allows it, else `B`: `Fallback<IoUring, Mio>` runs in every container.
///
/// Which one runs, and why, is in [`driver_report`](bespoke_core::runtime::Runtime::driver_report). Each worker chooses for
/// itself, and works with those that have chosen the other. A driver that starts and
/// fails later is not replaced: what can be denied is asked for at the start. `T` is told of a runtime that runs the second:
/// nobody, or [`ToStandardError`], or a type of the program's with [`OnFallback`].
pub struct Fallback<A, B, T = Unheard>(PhantomData<Names<A, B, T>>);

/// Names without values: a `Fallback` is `Send` whatever they are.
type Names<A, B, T> = fn() -> (A, B, T);

impl<A, B, T> Clone for Fallback<A, B, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A, B, T> Copy for Fallback<A, B, T> {}

impl<A: Driver, B: Driver, T> fmt::Debug for Fallback<A, B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fallback<{}, {}>", A::NAME, B::NAME)
    }
}

impl<A: Sockets, B: Sockets, T: OnFallback> Driver for Fallback<A, B, T> {
    type Live<S: Sharing> = LiveFallback<A, B, S>;
    const NAME: &'static str = "fallback";
    const CAPS: Caps = Caps::SUSPENDING;
    const CHECK: Option<&'static str> = match (A::CHECK, B::CHECK) {
        (Some(wrong), _) | (None, Some(wrong)) => Some(wrong),
        (None, None) if !A::CAPS.suspends || !B::CAPS.suspends => {
            Some("both drivers of a `Fallback` suspend their tasks, which `Blocking` does not")
        }
        // Invariant 1.
        (None, None) if A::LEASE_BYTES != LEASE_BYTES || B::LEASE_BYTES != LEASE_BYTES => {
            Some("both drivers of a `Fallback` lend buffers of the same kind")
        }
        (None, None) => None,
    };
    const RING_BYTES: usize = if A::RING_BYTES > B::RING_BYTES { A::RING_BYTES } else { B::RING_BYTES };
    const LEASE_BYTES: usize = LEASE_BYTES;
    const TELLS: bool = true;

    fn tell(report: &DriverReport) {
        T::fell_back(report);
    }

    fn end_writes(stream: RawResource) {
        A::end_writes(stream);
    }

    fn close_afloat(resource: RawResource) {
        A::close_afloat(resource);
    }

    /// A process has one count, whichever driver asks.
    #[inline]
    fn forks() -> u32 {
        sys::fork::forks()
    }

    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
}

/// Whatever both can live under: each is told of the sharing, and nothing is added to them that another thread might use.
impl<S: Sharing, A: Sockets + Under<S>, B: Sockets + Under<S>, T: OnFallback> Under<S> for Fallback<A, B, T> {}

/// What the one that runs does with it.
impl<S: Sharing, A: Sockets + Regions<S>, B: Sockets + Regions<S>, T: OnFallback> Regions<S> for Fallback<A, B, T> {}

/// The running driver of one worker.
pub enum LiveFallback<A: Driver, B: Driver, S: Sharing = Local> {
    /// The machine has the first.
    First(A::Live<S>),
    /// It has not, for this reason.
    Second(B::Live<S>, &'static str),
}

impl<A: Driver, B: Driver, S: Sharing> fmt::Debug for LiveFallback<A, B, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiveFallback::First(_) => f.debug_tuple("First").field(&A::NAME).finish(),
            LiveFallback::Second(_, why) => f.debug_tuple("Second").field(&B::NAME).field(why).finish(),
        }
    }
}

/// Calls the same on whichever runs.
macro_rules! either {
    ($self:ident, $live:ident => $call:expr) => {
        match $self {
            LiveFallback::First($live) => $call,
            LiveFallback::Second($live, _) => $call,
        }
    };
}

impl<A: Sockets, B: Sockets, S: Sharing> LiveFallback<A, B, S> {
    /// Gives a socket the mode of the driver that runs: it is made before anybody knows which one it is for.
    fn set_mode(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        let nonblocking = match self {
            LiveFallback::First(_) => A::NONBLOCKING,
            LiveFallback::Second(..) => B::NONBLOCKING,
        };
        if nonblocking && kind != Kind::File && kind != Kind::Foreign {
            fd::set_nonblocking(resource.raw, true)?;
        }
        Ok(())
    }
}

impl<A: Sockets, B: Sockets, S: Sharing> Live for LiveFallback<A, B, S> {
    const ARRIVES: bool = A::Live::<S>::ARRIVES || B::Live::<S>::ARRIVES;
    type Unparker = FallbackUnparker<<A::Live<S> as Live>::Unparker, <B::Live<S> as Live>::Unparker>;

    fn start(cx: StartCx) -> Result<Self, Error> {
        match A::Live::<S>::start(cx) {
            Ok(live) => Ok(LiveFallback::First(live)),
            Err(error) => {
                let why = error.why().unwrap_or("the driver that was the first choice did not start");
                Ok(LiveFallback::Second(B::Live::<S>::start(cx)?, why))
            }
        }
    }

    fn report(&self) -> DriverReport {
        match self {
            LiveFallback::First(live) => {
                let mut report = live.report();
                // It may be a choice itself, and have a cause to tell.
                if !report.fell_back {
                    report.why = "the first choice of the config, and the machine has it";
                }
                report
            }
            LiveFallback::Second(live, why) => {
                let mut report = live.report();
                (report.why, report.fell_back) = (why, true);
                report
            }
        }
    }

    fn arrive(&self) -> Result<(), Error> {
        either!(self, live => live.arrive())
    }

    fn leave(&self, how: Leaves) -> Result<(), Error> {
        either!(self, live => live.leave(how))
    }

    fn closes(&self) {
        either!(self, live => live.closes());
    }

    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        self.set_mode(resource, kind)?;
        either!(self, live => live.register(resource, kind))
    }

    fn close(&self, resource: Resource) {
        either!(self, live => live.close(resource));
    }

    fn share(&self, resource: Resource) {
        either!(self, live => live.share(resource));
    }

    fn release(&self, resource: Resource) -> Result<(), Errno> {
        either!(self, live => live.release(resource))
    }

    fn give_up(&self, resource: Resource, kind: Kind) -> Result<Luggage, Errno> {
        either!(self, live => live.give_up(resource, kind))
    }

    /// The other worker may run the other of the two.
    fn take_in(&self, resource: Resource, luggage: &mut Luggage) -> Result<(), Errno> {
        self.set_mode(resource, luggage.kind)?;
        either!(self, live => live.take_in(resource, luggage))
    }

    fn second(&self, second: Resource, there: &Self, first: Resource) -> Result<(), Errno> {
        match (self, there) {
            (LiveFallback::First(live), LiveFallback::First(there)) => live.second(second, there, first),
            (LiveFallback::Second(live, _), LiveFallback::Second(there, _)) => live.second(second, there, first),
            (LiveFallback::First(live), LiveFallback::Second(there, _)) => live.name(second, there.open_file(first)?),
            (LiveFallback::Second(live, _), LiveFallback::First(there)) => live.name(second, there.open_file(first)?),
        }
    }

    fn open_file(&self, first: Resource) -> Result<SharedFile, Errno> {
        either!(self, live => live.open_file(first))
    }

    fn name(&self, second: Resource, file: SharedFile) -> Result<(), Errno> {
        either!(self, live => live.name(second, file))
    }

    fn register_memory(&self, lent: &Arc<Lent>) -> Result<bool, Error> {
        either!(self, live => live.register_memory(lent))
    }

    fn park(&self, park: Park) -> Result<(), Errno> {
        either!(self, live => live.park(park))
    }

    fn has_work(&self) -> bool {
        either!(self, live => live.has_work())
    }

    fn unparker(&self) -> Self::Unparker {
        match self {
            LiveFallback::First(live) => FallbackUnparker::First(live.unparker()),
            LiveFallback::Second(live, _) => FallbackUnparker::Second(live.unparker()),
        }
    }

    fn drain(&self, by: Nanos) -> Drained {
        either!(self, live => live.drain(by))
    }

    unsafe fn take_back(&self, buffer: NonNull<Node>) {
        // SAFETY: as the caller: the driver that runs lent it.
        either!(self, live => unsafe { live.take_back(buffer) });
    }

    unsafe fn free_buffer(buffer: NonNull<Node>) {
        // SAFETY: as the caller; whichever lent it (invariant 1).
        unsafe { A::Live::<S>::free_buffer(buffer) };
    }
}

/// Ends the park of a [`LiveFallback`].
#[derive(Clone, Debug)]
pub enum FallbackUnparker<A, B> {
    /// Of the first choice.
    First(A),
    /// Of the second.
    Second(B),
}

impl<A: Unpark, B: Unpark> Unpark for FallbackUnparker<A, B> {
    fn unpark(&self) {
        match self {
            FallbackUnparker::First(unparker) => unparker.unpark(),
            FallbackUnparker::Second(unparker) => unparker.unpark(),
        }
    }
}
