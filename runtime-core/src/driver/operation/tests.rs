//! The system writes into a buffer through the address that an operation gave it, while the future, and with it the box of
//! the buffer, moves. Miri says whether that is allowed, under both of its models of aliasing.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use super::{Op, Operation, Submit};
use crate::config::{Config, Sealed};
use crate::driver::{Late, MaybeDangling, Served};
use crate::error::Errno;
use crate::io::{IoBuf, IoBufMut};
use crate::roles::{Caps, Driver, OsEntropy, OsThreads, Resource, Under, Uniform};
use crate::runtime::Runtime;
use crate::scheduler::SingleThread;
use crate::sharing::{Local, Sharing};
use crate::testing::{Heap, Sleeper};
use crate::time::Monotonic;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::vec::Vec;

/// Fills its buffer at the second poll, or when its future is gone.
#[derive(Debug)]
struct Fill {
    to: *mut u8,
    len: usize,
}

// SAFETY: a pointer and a length, used by the driver below only.
unsafe impl Send for Fill {}
// SAFETY: as above; it owns nothing.
unsafe impl Op for Fill {
    type Output = Option<usize>;
    const NAME: &'static str = "fill";
    const LATE: Late = Late::Forget;
    fn about(&mut self) -> Option<&mut Resource> {
        None
    }
    fn refused(_: Errno) -> Option<usize> {
        None
    }
}

impl Fill {
    /// What the system does, when it wants to.
    fn now(&mut self) {
        for at in 0..self.len {
            // SAFETY: inside the buffer, which whoever keeps it has not freed.
            let place = unsafe { self.to.add(at) };
            // SAFETY: as above.
            unsafe { place.write(at as u8 + 1) };
        }
    }
}

#[derive(Debug)]
struct LateDriver;

impl Driver for LateDriver {
    type Live<S: Sharing> = Sleeper;
    const NAME: &'static str = "late";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

impl Under<Local> for LateDriver {}

impl Submit<Fill> for LateDriver {
    type InFlight<S: Sharing> = bool;
    const SERVED: Served = Served::Completion;

    fn poll_op<S: Sharing>(
        _: &Self::Live<S>,
        op: &mut Fill,
        submitted: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<usize>> {
        if !core::mem::replace(submitted, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        op.now();
        *submitted = false;
        Poll::Ready(Some(op.len))
    }

    fn in_flight<S: Sharing>(submitted: &bool) -> bool {
        *submitted
    }

    fn abandon<S: Sharing, K: Send + 'static>(_: &Self::Live<S>, op: &mut Fill, _: &mut bool, keep: MaybeDangling<K>) {
        let keep = Box::new(keep);
        op.now();
        drop(*keep);
    }
}

#[derive(Debug)]
struct App;

impl Config for App {
    type Scheduler = SingleThread;
    type Driver = LateDriver;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = OsThreads;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = "App";
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

fn fill<B: IoBufMut>(buffer: B) -> Operation<App, Fill, B> {
    let op = |buffer: &mut B| Fill { len: buffer.capacity(), to: buffer.as_mut_ptr() };
    // SAFETY: the buffer goes along, and its bytes stay.
    unsafe { Operation::new(buffer, op) }
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

fn filled_while_it_moves<B: IoBufMut>(buffer: B) -> Vec<u8> {
    let rt = Runtime::<App>::new().unwrap();
    let (len, mut buffer) = rt.block_on(async {
        let mut operation = Box::new(fill(buffer));
        assert!(poll_once(&mut operation).await.is_pending());
        let operation = *operation;
        let moved = operation;
        moved.await
    });
    // SAFETY: the operation filled it.
    unsafe { buffer.set_len(len.unwrap()) };
    buffer.as_bytes().to_vec()
}

fn filled_when_it_is_gone<B: IoBufMut>(buffer: B) {
    let rt = Runtime::<App>::new().unwrap();
    rt.block_on(async {
        let mut operation = fill(buffer);
        assert!(poll_once(&mut operation).await.is_pending());
        drop(operation);
    });
}

#[test]
fn a_buffer_may_be_written_while_its_future_moves() {
    assert_eq!(filled_while_it_moves(Vec::with_capacity(3)), [1, 2, 3]);
    assert_eq!(filled_while_it_moves(std::vec![0u8; 3].into_boxed_slice()), [1, 2, 3]);
    assert_eq!(filled_while_it_moves(Box::new([0u8; 3])), [1, 2, 3]);
    assert_eq!(filled_while_it_moves(Box::new([0u8; 5]).slice(1..4)), [1, 2, 3]);
}

#[test]
fn a_buffer_may_be_written_after_its_future_is_gone() {
    filled_when_it_is_gone(Vec::with_capacity(3));
    filled_when_it_is_gone(std::vec![0u8; 3].into_boxed_slice());
    filled_when_it_is_gone(Box::new([0u8; 3]));
    filled_when_it_is_gone(Box::new([0u8; 5]).slice(1..4));
}

/// A safe caller may poll a future again after it yielded, though it must not: the operation panics then, and the driver, to
/// which the buffer is gone, hears nothing of it.
#[test]
fn an_operation_that_yielded_is_not_submitted_again() {
    let rt = Runtime::<App>::new().unwrap();
    rt.block_on(async {
        let mut operation = fill(std::vec![0u8; 3].into_boxed_slice());
        assert!(poll_once(&mut operation).await.is_pending());
        let Poll::Ready((_, buffer)) = poll_once(&mut operation).await else { panic!("it is filled") };
        drop(buffer);
        let again = poll_fn(|cx| {
            let mut poll = || {
                std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| Pin::new(&mut operation).poll(cx).is_ready()))
            };
            Poll::Ready((poll(), poll()))
        });
        let again = again.await;
        assert!(again.0.is_err() && again.1.is_err(), "{again:?}");
    });
}

/// The system does not let go of what it was given: a shutdown says so (`leaked`), and the memory is never freed. That is the
/// contract of [`Live::drain`], also for an operation that is held outside of the tasks when its runtime closes.
mod stuck {
    use super::*;
    use crate::error::Error;
    use crate::roles::{Drained, Kind, Live, Nanos, Park, Resource, StartCx};
    use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[derive(Debug)]
    struct Stuck;
    struct LiveStuck(Sleeper);
    impl Driver for Stuck {
        type Live<S: Sharing> = LiveStuck;
        const NAME: &'static str = "stuck";
        const CAPS: Caps = Caps::SUSPENDING;
        const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
    }
    impl Under<Local> for Stuck {}
    impl Live for LiveStuck {
        type Unparker = Sleeper;
        fn report(&self) -> crate::roles::DriverReport {
            self.0.report()
        }
        fn start(cx: StartCx) -> Result<Self, Error> {
            Ok(LiveStuck(Sleeper::start(cx)?))
        }
        fn register(&self, _: Resource, _: Kind) -> Result<(), Errno> {
            Ok(())
        }
        fn close(&self, _: Resource) {}
        fn release(&self, _: Resource) -> Result<(), Errno> {
            Ok(())
        }
        fn park(&self, park: Park) -> Result<(), Errno> {
            self.0.park(park)
        }
        fn unparker(&self) -> Sleeper {
            self.0.unparker()
        }
        fn drain(&self, _: Nanos) -> Drained {
            Drained { cancelled: 0, leaked: 1 }
        }
    }
    impl Submit<Fill> for Stuck {
        type InFlight<S: Sharing> = bool;
        const SERVED: Served = Served::Completion;
        fn poll_op<S: Sharing>(
            _: &Self::Live<S>,
            _: &mut Fill,
            submitted: &mut bool,
            _: &mut Context<'_>,
        ) -> Poll<Option<usize>> {
            *submitted = true;
            Poll::Pending
        }
        fn in_flight<S: Sharing>(submitted: &bool) -> bool {
            *submitted
        }
        fn abandon<S: Sharing, K: Send + 'static>(
            _: &Self::Live<S>,
            _: &mut Fill,
            _: &mut bool,
            keep: MaybeDangling<K>,
        ) {
            core::mem::forget(keep);
        }
        fn poll_closed<S: Sharing>(_: &mut bool, _: &mut Context<'_>) -> Poll<Option<Option<usize>>> {
            Poll::Pending
        }
        fn abandon_closed<S: Sharing, K: Send + 'static>(_: &mut Fill, _: &mut bool, keep: MaybeDangling<K>) {
            core::mem::forget(keep);
        }
    }
    #[derive(Debug)]
    struct StuckApp;
    impl Config for StuckApp {
        type Scheduler = SingleThread;
        type Driver = Stuck;
        type Memory = Heap;
        type Clock = Monotonic;
        type Entropy = OsEntropy;
        type Threads = OsThreads;
        type Topology = Uniform;
        type Watchdog = crate::roles::Unwatched;
        const NAME: &'static str = "StuckApp";
        const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
    }

    static FREED: AtomicUsize = AtomicUsize::new(0);
    /// What is kept for good is no memory, so that a check for leaks has nothing to say.
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            FREED.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn what_the_system_holds_is_not_freed_with_its_operation() {
        let rt = Runtime::<StuckApp>::new().unwrap();
        // SAFETY: it points at no memory.
        let mut operation: Operation<StuckApp, Fill, Counted> =
            unsafe { Operation::new(Counted, |_| Fill { len: 0, to: core::ptr::dangling_mut() }) };
        rt.block_on(async { assert!(poll_once(&mut operation).await.is_pending()) });
        let left = rt.shutdown_timeout(core::time::Duration::ZERO);
        assert_eq!(left.leaked_ops, 1);
        let mut cx = Context::from_waker(core::task::Waker::noop());
        assert!(
            Pin::new(&mut operation).poll(&mut cx).is_pending(),
            "the buffer is given back while the system has it"
        );
        drop(operation);
        assert_eq!(FREED.load(SeqCst), 0, "the system may still write there");
    }
}
