//! The smallest real parts, for the tests of this crate: a driver that only sleeps, and the system's memory.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![cfg_attr(loom, allow(dead_code, reason = "the models use some of it"))]

use crate::config::{Config, PanicPolicy, Sealed};
use crate::driver::{Errno, Leased};
use crate::error::Error;
use crate::loom::{Condvar, Mutex, UnsafeCell};
use crate::roles::{
    Allocate, Caps, Drained, Driver, DriverReport, Kind, Live, Memory, Nanos, OsEntropy, OsThreads, Park, RawResource,
    Resource, StartCx, Under, Uniform, Unpark,
};
use crate::roles::{Placement, Scheduler};
use crate::scheduler::{Ring, SingleThread};
use crate::sharing::{Local, Moving, Shared, Sharing};
use crate::time::{Manual, Monotonic};
use crate::util::link::Node;
use core::alloc::Layout;
use core::cell::RefCell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

// The real `Arc`, also under loom: what a freed worker holds is dropped after the model's execution, where loom's may not
// be touched.
use alloc::sync::Arc;

#[cfg(all(loom, not(shuttle)))]
pub(crate) mod models;
#[cfg(shuttle)]
pub(crate) mod schedules;

/// A driver without I/O.
#[derive(Debug)]
pub(crate) struct SleepOnly;

impl Driver for SleepOnly {
    type Live<S: Sharing> = Sleeper;
    const NAME: &'static str = "sleep-only";
    const CAPS: Caps = Caps::SUSPENDING;
    fn close_afloat(_: RawResource) {
        #[cfg(loom)]
        descriptor::close();
    }
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

impl Under<Local> for SleepOnly {}

impl Under<Shared> for SleepOnly {}

impl Under<Moving> for SleepOnly {}

#[derive(Debug)]
struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

// SAFETY: a lock and a condition variable; loom's are used by one real thread at a time.
#[cfg(loom)]
unsafe impl Send for Bell {}
// SAFETY: as above.
#[cfg(loom)]
unsafe impl Sync for Bell {}

#[derive(Clone, Debug)]
pub(crate) struct Sleeper(Arc<Bell>);

impl Unpark for Sleeper {
    fn unpark(&self) {
        *self.0.rung.lock().unwrap() = true;
        self.0.heard.notify_one();
    }
}

impl Live for Sleeper {
    const ARRIVES: bool = false;
    type Unparker = Sleeper;

    fn start(_: StartCx) -> Result<Self, Error> {
        Ok(Sleeper(Arc::new(Bell { rung: Mutex::new(false), heard: Condvar::new() })))
    }
    fn register(&self, _: Resource, _: Kind) -> Result<(), Errno> {
        Ok(())
    }
    fn close(&self, _: Resource) {
        #[cfg(loom)]
        descriptor::close();
    }
    fn release(&self, _: Resource) -> Result<(), Errno> {
        Ok(())
    }
    fn park(&self, park: Park) -> Result<(), Errno> {
        let mut rung = self.0.rung.lock().unwrap();
        match park {
            Park::Poll => {
                // A worker that looks again for what another one is about to queue lets that one go on.
                #[cfg(shuttle)]
                crate::loom::yield_thread(0);
            }
            Park::Forever => {
                while !*rung {
                    rung = self.0.heard.wait(rung).unwrap();
                }
            }
            #[cfg(not(loom))]
            Park::Until(Nanos(nanos)) => {
                if !*rung {
                    rung = self.0.heard.wait_timeout(rung, Duration::from_nanos(nanos)).unwrap().0;
                }
            }
            #[cfg(loom)]
            Park::Until(Nanos(_)) => unreachable!("no timers under loom: {:?}", Duration::ZERO),
        }
        *rung = false;
        Ok(())
    }
    fn has_work(&self) -> bool {
        false
    }
    fn unparker(&self) -> Sleeper {
        self.clone()
    }
    fn report(&self) -> DriverReport {
        DriverReport::named("sleeper", "a condition variable")
    }

    fn drain(&self, _: Nanos) -> Drained {
        Drained::default()
    }
    unsafe fn take_back(&self, buffer: NonNull<Node>) {
        // SAFETY: as the caller.
        unsafe { Lent::ends(buffer) }
    }
    unsafe fn free_buffer(buffer: NonNull<Node>) {
        // SAFETY: as the caller.
        unsafe { Lent::ends(buffer) }
    }
}

/// A buffer that the driver lent: counted, and written to as soon as it is back.
#[repr(C)]
pub(crate) struct Lent {
    node: Node,
    word: UnsafeCell<u32>,
    ended: Arc<AtomicUsize>,
}

impl Lent {
    /// One more, with `word` in it. `ended` counts when it is back or freed.
    pub(crate) fn lend(word: u32, ended: &Arc<AtomicUsize>) -> Leased {
        let lent = Lent { node: Node::new(), word: UnsafeCell::new(word), ended: ended.clone() };
        let lent = NonNull::from(alloc::boxed::Box::leak(alloc::boxed::Box::new(lent)));
        // SAFETY: the node is the first field, with the provenance of the whole; no bytes are named.
        unsafe { Leased::new(lent.cast(), lent.cast(), 0) }
    }

    /// The word in it, for whoever holds the lease.
    ///
    /// # Safety
    /// `node` is that of a `Lent` whose lease is held.
    pub(crate) unsafe fn word(node: NonNull<Node>) -> u32 {
        // SAFETY: as the caller.
        let word = unsafe { &(*node.cast::<Lent>().as_ptr()).word };
        // SAFETY: nobody writes while it is lent.
        word.with(|word| unsafe { *word })
    }

    /// # Safety
    /// `node` is that of a `Lent` whose lease is gone; once.
    unsafe fn ends(node: NonNull<Node>) {
        // SAFETY: made by `lend`.
        let lent = unsafe { alloc::boxed::Box::from_raw(node.cast::<Lent>().as_ptr()) };
        // The next one to be lent it writes there.
        // SAFETY: ours alone.
        lent.word.with_mut(|word| unsafe { *word = u32::MAX });
        lent.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(loom)]
pub(crate) mod descriptor {
    //! What a resource of a model stands for: the driver ends it, and loom sees who uses it then or afterwards.
    use super::{Arc, AtomicUsize, Ordering};
    use crate::loom::Life;
    use std::sync::{Mutex, PoisonError};

    pub(crate) struct Descriptor(Life);

    // SAFETY: loom checks who touches it.
    unsafe impl Send for Descriptor {}
    // SAFETY: as above.
    unsafe impl Sync for Descriptor {}

    impl Descriptor {
        /// A call that names it to the system.
        pub(crate) fn call(&self) {
            self.0.touch();
        }
    }

    /// That of the model that runs, if it has one.
    static OPEN: Mutex<Option<Arc<Descriptor>>> = Mutex::new(None);

    static CLOSED: AtomicUsize = AtomicUsize::new(0);

    /// How often a resource was closed since the last one was opened.
    #[cfg(test)]
    pub(crate) fn closed() -> usize {
        CLOSED.load(Ordering::SeqCst)
    }

    /// A new one, which the next close of a resource ends.
    pub(crate) fn open() -> Arc<Descriptor> {
        CLOSED.store(0, Ordering::SeqCst);
        let descriptor = Arc::new(Descriptor(Life::new()));
        *OPEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(descriptor.clone());
        descriptor
    }

    pub(super) fn close() {
        CLOSED.fetch_add(1, Ordering::SeqCst);
        let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(open) = open {
            open.0.end();
        }
    }
}

/// What the memory of the runtimes of one thread took and gave back.
#[derive(Debug, Default)]
pub(crate) struct Census {
    taken: AtomicUsize,
    given: AtomicUsize,
    started: AtomicUsize,
    ended: AtomicUsize,
}

std::thread_local!(static CENSUS: RefCell<Arc<Census>> = RefCell::default());

impl Census {
    /// A new one, for the runtimes that this thread starts from now on.
    pub(crate) fn start() -> Arc<Census> {
        CENSUS.with(|census| {
            *census.borrow_mut() = Arc::default();
            census.borrow().clone()
        })
    }

    /// Is it so by now? For a thread that nobody joins.
    pub(crate) fn is_balanced(&self) -> bool {
        self.ended.load(Ordering::SeqCst) == self.started.load(Ordering::SeqCst)
    }

    /// Is every block given back, and every worker gone?
    #[track_caller]
    pub(crate) fn assert_all_freed(&self) {
        let [taken, given, started, ended] =
            [&self.taken, &self.given, &self.started, &self.ended].map(|count| count.load(Ordering::SeqCst));
        assert!(started > 0, "nothing was counted");
        assert_eq!(given, taken, "tasks leaked");
        assert_eq!(ended, started, "workers leaked");
    }
}

/// The system's memory, counted.
#[derive(Debug)]
pub(crate) struct Heap;

#[derive(Debug)]
pub(crate) struct LiveHeap(Arc<Census>);

impl Memory for Heap {
    const NAME: &'static str = "heap";
    type Live<S: Sharing> = LiveHeap;
    fn start<S: Sharing>() -> Result<LiveHeap, Error> {
        let census = CENSUS.with(|census| census.borrow().clone());
        census.started.fetch_add(1, Ordering::SeqCst);
        Ok(LiveHeap(census))
    }
}

impl Drop for LiveHeap {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the strategy of the tests")]
mod heap {
    use super::*;

    // SAFETY: the global allocator keeps both promises.
    unsafe impl Allocate for LiveHeap {
        unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
            self.alloc_foreign(layout)
        }
        unsafe fn dealloc(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: as the caller.
            unsafe { self.release_foreign(block, layout) }
        }
        unsafe fn dealloc_foreign(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: as the caller.
            unsafe { self.release_foreign(block, layout) }
        }
        fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>> {
            self.0.taken.fetch_add(1, Ordering::SeqCst);
            // SAFETY: the size is above 0 (contract of the trait).
            NonNull::new(unsafe { std::alloc::alloc(layout) })
        }
        unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
            self.0.given.fetch_add(1, Ordering::SeqCst);
            // SAFETY: as the caller.
            unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
        }
    }
}

/// The loop of `SingleThread` with the words of `Shared`: what a scheduler of several workers does on each of them.
#[derive(Debug)]
pub(crate) struct OneShared;

impl Scheduler for OneShared {
    type Sharing = Shared;
    const NAME: &'static str = "one-shared";
    const WORKERS: usize = 1;
    type Queue = Ring;
    const PLACEMENT: Placement = Placement::ThisWorker;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

/// As [`OneShared`], with the words of `Moving`: others use what its worker watches.
#[cfg(loom)]
#[derive(Debug)]
pub(crate) struct OneMoving;

#[cfg(loom)]
impl Scheduler for OneMoving {
    type Sharing = Moving;
    const NAME: &'static str = "one-moving";
    const WORKERS: usize = 1;
    type Queue = Ring;
    const PLACEMENT: Placement = Placement::ThisWorker;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

macro_rules! config {
    (
        $(#[$doc:meta])* $name:ident: $scheduler:ty, $clock:ty, $panic:expr
        $(; const $figure:ident: $type:ty = $value:expr)*
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Config for $name {
            type Scheduler = $scheduler;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = $clock;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const PANIC: PanicPolicy = $panic;
            $(const $figure: $type = $value;)*
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    };
}

config! {
    /// Single thread, the system's clock.
    App: SingleThread, Monotonic, PanicPolicy::Catch
}
config! {
    /// Single thread, a clock that jumps.
    Jumping: SingleThread, Manual, PanicPolicy::Catch
}
config! {
    /// Looks at its driver after every poll.
    Eager: SingleThread, Monotonic, PanicPolicy::Catch; const EVENT_INTERVAL: u32 = 1
}
config! {
    /// One blocking thread, and room for two jobs that wait.
    Narrow: SingleThread, Monotonic, PanicPolicy::Catch;
        const BLOCKING_THREADS_MAX: usize = 1; const BLOCKING_QUEUE_MAX: usize = 2
}
config! {
    /// Another single thread, for the wrong-runtime tests.
    Other: SingleThread, Monotonic, PanicPolicy::Catch
}
#[cfg(loom)]
config! {
    /// One worker, with what tasks that move ask of it.
    MovingApp: OneMoving, Monotonic, PanicPolicy::Catch
}
config! {
    /// One worker whose tasks other threads share.
    SharedApp: OneShared, Monotonic, PanicPolicy::Catch
}
#[cfg(not(loom))]
config! {
    /// Two workers, each with its tasks. A slow interpreter is waited for.
    TwoCores: crate::scheduler::PerCore<2>, Monotonic, PanicPolicy::Catch;
        const WORKERS_EXACT: bool = true; const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(60)
}
#[cfg(not(loom))]
config! {
    /// Two workers that take tasks from each other. A slow interpreter is waited for.
    TwoThieves: crate::scheduler::WorkStealing<2>, Monotonic, PanicPolicy::Catch;
        const WORKERS_EXACT: bool = true; const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(60)
}
