//! The memory strategy fails at every allocation of a runtime's life in turn: an error, the future back or a panic that says
//! so; nothing leaks, and nothing is dropped twice.

use crate::config::{Config, Sealed};
use crate::error::{Error, ErrorKind};
use crate::roles::{
    Allocate, Caps, Driver, Memory, OsEntropy, OsThreads, Placement, Scheduler, StartsThreads, Under, Uniform,
};
use crate::runtime::{Ambient, Runtime};
use crate::scheduler::{SingleThread, ThreadPerTask};
use crate::sharing::{Local, Shared, Sharing};
use crate::task::JoinHandle;
use crate::testing::Sleeper;
use crate::time::Monotonic;
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::string::String;
use std::sync::Arc;

/// Allocations that still succeed; blocks and strategies that were taken and given back. The process's: the test below is one.
static LEFT: AtomicUsize = AtomicUsize::new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static GIVEN: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Rationed;

impl Memory for Rationed {
    const NAME: &'static str = "rationed";
    type Live<S: Sharing> = Rationed;
    fn start<S: Sharing>() -> Result<Rationed, Error> {
        TAKEN.fetch_add(1, SeqCst);
        Ok(Rationed)
    }
}

impl Drop for Rationed {
    fn drop(&mut self) {
        GIVEN.fetch_add(1, SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the strategy of the tests")]
mod heap {
    use super::*;

    // SAFETY: the global allocator keeps both promises.
    unsafe impl Allocate for Rationed {
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
            LEFT.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).ok()?;
            TAKEN.fetch_add(1, SeqCst);
            // SAFETY: the size is above 0 (contract of the trait).
            NonNull::new(unsafe { std::alloc::alloc(layout) })
        }
        unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
            GIVEN.fetch_add(1, SeqCst);
            // SAFETY: as the caller.
            unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
        }
    }
}

/// A driver that only sleeps; `SUSPENDS` as its scheduler wants it.
#[derive(Debug)]
struct Sleeps<const SUSPENDS: bool>;

impl<const SUSPENDS: bool> Driver for Sleeps<SUSPENDS> {
    type Live<S: Sharing> = Sleeper;
    const NAME: &'static str = "sleeps";
    const CAPS: Caps = if SUSPENDS { Caps::SUSPENDING } else { Caps::BLOCKING };
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

impl<const SUSPENDS: bool> Under<Local> for Sleeps<SUSPENDS> {}

impl<const SUSPENDS: bool> Under<Shared> for Sleeps<SUSPENDS> {}

macro_rules! configs {
    ($($name:ident: $scheduler:ty, $suspends:expr;)+) => { $(
        #[derive(Debug)]
        struct $name;

        impl Config for $name {
            type Scheduler = $scheduler;
            type Driver = Sleeps<{ $suspends }>;
            type Memory = Rationed;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    OnOne: SingleThread, true;
    OnThreads: ThreadPerTask, false;
}

/// Futures and outputs that were made and dropped.
#[derive(Clone, Default)]
struct Values(Arc<[AtomicUsize; 2]>);

struct Value(Values);

impl Values {
    fn make(&self) -> Value {
        self.0[0].fetch_add(1, SeqCst);
        Value(self.clone())
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.0.0[1].fetch_add(1, SeqCst);
    }
}

/// What the spawn of a task came to: done, or refused.
async fn end<F>(spawned: Result<JoinHandle<Value>, F>, refused: &mut usize) {
    match spawned {
        Ok(handle) => drop(handle.await.unwrap()),
        Err(future) => {
            *refused += 1;
            drop(future);
        }
    }
}

fn panic_of<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)).map_err(|panic| *panic.downcast::<String>().unwrap())
}

/// A runtime's life with so many allocations. Says how many spawns were refused, or that the runtime was not to be had.
fn life<C: Config<Threads: StartsThreads>>(left: usize, values: &Values) -> Option<usize> {
    LEFT.store(left, SeqCst);
    let rt = match Runtime::<C>::new() {
        Ok(rt) => rt,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::OutOfMemory);
            return None;
        }
    };
    let remote = rt.handle();
    let task = |values: &Values| {
        let value = values.make();
        async move {
            C::yield_now().await;
            value
        }
    };
    let ran = panic_of(|| {
        rt.block_on(async {
            let mut refused = 0;
            end(C::try_spawn(task(values)), &mut refused).await;
            // Left to the shutdown.
            end_later(C::try_spawn(task(values)), &mut refused);
            let from_a_blocking_thread = C::spawn_blocking({
                let values = values.clone();
                move || C::try_spawn(task(&values)).map_err(drop)
            });
            end(from_a_blocking_thread.await.unwrap(), &mut refused).await;
            let named = panic_of(|| C::spawn_named("named", task(values)));
            if let Err(said) = &named {
                assert!(said.contains("the memory strategy `rationed` of `On"), "{said}");
            }
            end(named, &mut refused).await;
            refused
        })
    });
    let mut refused = match ran {
        Ok(refused) => refused,
        Err(said) => {
            assert!(matches!(C::Scheduler::PLACEMENT, Placement::OwnThread), "{said}");
            assert!(said.contains("cannot start a worker: the memory strategy `rationed` has no"), "{said}");
            1
        }
    };
    let foreign = std::thread::scope(|scope| scope.spawn(|| panic_of(|| remote.spawn(task(values)))).join().unwrap());
    end_later(foreign, &mut refused);
    Some(refused)
}

fn end_later<T, E>(spawned: Result<JoinHandle<T>, E>, refused: &mut usize) {
    *refused += usize::from(spawned.is_err());
}

fn every_allocation_fails_in_turn<C: Config<Threads: StartsThreads>>() {
    let values = Values::default();
    for left in 0.. {
        let refused = life::<C>(left, &values);
        let [made, dropped] = [&values.0[0], &values.0[1]].map(|count| count.load(SeqCst));
        assert_eq!((left, dropped), (left, made), "a value leaked or was dropped twice");
        assert_eq!((left, GIVEN.load(SeqCst)), (left, TAKEN.load(SeqCst)), "a block or a worker leaked");
        assert_eq!(refused.is_none(), left == 0, "the first block is the root's");
        if refused == Some(0) {
            return;
        }
        assert!(left < 50, "refused at {left} allocations");
    }
}

#[test]
fn every_allocation_may_fail() {
    every_allocation_fails_in_turn::<OnOne>();
    every_allocation_fails_in_turn::<OnThreads>();
}
