//! The smallest real parts, for the tests of this crate: a driver that only sleeps, and the system's memory.

use crate::config::{Config, PanicPolicy, Sealed};
use crate::driver::Errno;
use crate::error::Error;
use crate::roles::{
    Allocate, Caps, Drained, Driver, Kind, Live, Memory, Nanos, OsEntropy, OsThreads, Park, Resource, StartCx, Under,
    Uniform, Unpark,
};
use crate::scheduler::SingleThread;
use crate::sharing::Sharing;
use crate::time::{Manual, Monotonic};
use core::alloc::Layout;
use core::ptr::NonNull;
use core::time::Duration;

#[cfg(loom)]
use loom::sync::{Arc, Condvar, Mutex};
#[cfg(not(loom))]
use std::sync::{Arc, Condvar, Mutex};

/// A driver without I/O.
#[derive(Debug)]
pub(crate) struct SleepOnly;

impl Driver for SleepOnly {
    const NAME: &'static str = "sleep-only";
    const CAPS: Caps = Caps::SUSPENDING;
}

impl<S: Sharing> Under<S> for SleepOnly {
    type Live = Sleeper;
}

#[derive(Debug)]
struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

#[derive(Clone, Debug)]
pub(crate) struct Sleeper(Arc<Bell>);

impl Unpark for Sleeper {
    fn unpark(&self) {
        *self.0.rung.lock().unwrap() = true;
        self.0.heard.notify_one();
    }
}

impl Live for Sleeper {
    type Unparker = Sleeper;

    fn start(_: StartCx) -> Result<Self, Error> {
        Ok(Sleeper(Arc::new(Bell { rung: Mutex::new(false), heard: Condvar::new() })))
    }
    fn register(&self, _: Resource, _: Kind) -> Result<(), Errno> {
        Ok(())
    }
    fn close(&self, _: Resource) {}
    fn park(&self, park: Park) -> Result<(), Errno> {
        let mut rung = self.0.rung.lock().unwrap();
        match park {
            Park::Poll => {}
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
    fn drain(&self, _: Nanos) -> Drained {
        Drained::default()
    }
}

/// The system's memory, counted.
#[derive(Debug)]
pub(crate) struct Heap;

#[derive(Debug)]
pub(crate) struct LiveHeap;

impl Memory for Heap {
    const NAME: &'static str = "heap";
    type Live<S: Sharing> = LiveHeap;
    fn start<S: Sharing>() -> Result<LiveHeap, Error> {
        Ok(LiveHeap)
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
            unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
        }
        unsafe fn dealloc_foreign(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: as the caller.
            unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
        }
        fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>> {
            // SAFETY: the size is above 0 (contract of the trait).
            NonNull::new(unsafe { std::alloc::alloc(layout) })
        }
        unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: as the caller.
            unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
        }
    }
}

macro_rules! config {
    ($(#[$doc:meta])* $name:ident: $clock:ty, $panic:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Config for $name {
            type Scheduler = SingleThread;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = $clock;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = Uniform;
            const NAME: &'static str = stringify!($name);
            const PANIC: PanicPolicy = $panic;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    };
}

config! {
    /// Single thread, the system's clock.
    App: Monotonic, PanicPolicy::Catch
}
config! {
    /// Single thread, a clock that jumps.
    Jumping: Manual, PanicPolicy::Catch
}
config! {
    /// Another single thread, for the wrong-runtime tests.
    Other: Monotonic, PanicPolicy::Catch
}
