//! The seams: functions that are as small as a use of a config can be, compiled under several configs, and run once.
//!
//! The source of a seam is one function, generic over the config. Each config has a module with an instance of each, never inlined, so
//! that its code stands alone under a name of its own.

use bespoke::memory::System;
use bespoke::rt::{Ambient, Nop, Operation, Submit};
use bespoke::scheduler::PerCore;
use bespoke::time::{Duration, Instant};
use bespoke::{Config, JoinHandle, PanicPolicy, Runtime, clock, driver, preset};
use core::future::{Future, poll_fn};
use core::hint::black_box;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};

static PLANT: AtomicUsize = AtomicUsize::new(0);

/// What is planted into a seam: nothing, but under one config.
trait Plant: Ambient {
    #[inline(always)]
    fn work() {}
}

/// Makes a task that yields once: allocate, write, list, queue.
#[inline(always)]
fn spawn<C: Plant>(n: u64) -> JoinHandle<u64> {
    C::work();
    C::spawn(async move {
        C::work();
        C::yield_now().await;
        n
    })
}

/// Runs a runtime whose main future yields `rounds` times.
#[inline(always)]
fn turns<C: Plant>(runtime: &Runtime<C>, rounds: u64) -> u64 {
    runtime.block_on(async move {
        for _ in 0..rounds {
            C::work();
            C::yield_now().await;
        }
        rounds
    })
}

/// Polls an operation that asks the driver for nothing.
#[inline(always)]
fn operate<C: Plant<Driver: Submit<Nop>>>(op: Pin<&mut Operation<C, Nop>>, cx: &mut Context<'_>) -> bool {
    C::work();
    op.poll(cx).is_ready()
}

/// What time it is.
#[inline(always)]
fn now<C: Plant>() -> Instant {
    C::work();
    C::now()
}

/// A random number of the worker's.
#[inline(always)]
fn random<C: Plant>() -> u64 {
    C::work();
    C::random()
}

/// Configs, and for each a module with an instance of every seam. `operations`: how many of a thousand one poll completes.
macro_rules! configs {
    ($($(#[$doc:meta])* $config:ident in $module:ident, operations = $operations:literal, { $($item:item)* } { $($planted:item)* })*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $config;

            #[bespoke::config(base = preset::Default)]
            impl Config for $config {
                $($item)*
            }

            impl Plant for $config {
                $($planted)*
            }

            mod $module {
                use super::*;

                #[inline(never)]
                fn spawn(n: u64) -> JoinHandle<u64> {
                    super::spawn::<$config>(n)
                }

                #[inline(never)]
                fn turns(runtime: &Runtime<$config>, rounds: u64) -> u64 {
                    super::turns(runtime, rounds)
                }

                #[inline(never)]
                fn operate(operation: Pin<&mut Operation<$config, Nop>>, cx: &mut Context<'_>) -> bool {
                    super::operate(operation, cx)
                }

                #[inline(never)]
                fn now() -> Instant {
                    super::now::<$config>()
                }

                #[inline(never)]
                fn random() -> u64 {
                    super::random::<$config>()
                }

                /// Each seam does what it is read for.
                pub(super) fn run() {
                    let runtime = Runtime::<$config>::new().expect("the runtime starts: this machine has descriptors left");
                    assert_eq!(turns(&runtime, black_box(3)), 3);
                    let done = runtime.block_on(async {
                        assert_eq!(spawn(black_box(7)).await.expect("the task ends"), 7);
                        let first = now();
                        assert!(now() >= first, "the clock went back");
                        assert_ne!(random(), random(), "two numbers of 64 bits are the same");
                        poll_fn(|cx| {
                            let mut done = 0;
                            while done < 1000 {
                                // SAFETY: a nop points at no memory.
                                let operation = unsafe { Operation::<$config, _, _>::new((), |()| Nop) };
                                if !operate(pin!(operation), cx) {
                                    break;
                                }
                                done += 1;
                            }
                            Poll::Ready(done)
                        })
                        .await
                    });
                    assert_eq!(done, $operations, "the budget of a poll is another");
                }
            }
        )*

        /// Runs every seam under every config.
        pub(crate) fn run() {
            $( $module::run(); )*
        }
    };
}

configs! {
    /// What the others differ from: one thread, epoll, a pool, the system's clock and entropy.
    Base in base, operations = 128, {} {}

    /// Other numbers.
    Numbers in numbers, operations = 33, {
        const EVENT_INTERVAL: u32 = 17;
        const POLL_BUDGET: u32 = 33;
        const BLOCKING_THREADS_MAX: usize = 3;
        const TIMER_SLACK: Duration = Duration::ZERO;
    } {}

    /// No budget of operations.
    Unbudgeted in unbudgeted, operations = 1000, {
        const POLL_BUDGET: u32 = u32::MAX;
    } {}

    /// A clock that is moved by hand, and the same random numbers in every run.
    Simulated in simulated, operations = 128, {
        type Clock = clock::Manual;
        type Entropy = clock::Seeded<7>;
    } {}

    /// No driver: nothing but tasks and time.
    Driverless in driverless, operations = 128, {
        type Driver = driver::NoIo;
    } {}

    /// Tasks from the system's allocator.
    Plain in plain, operations = 128, {
        type Memory = System;
    } {}

    /// A panic of a task ends the process.
    Fatal in fatal, operations = 128, {
        const PANIC: PanicPolicy = PanicPolicy::Abort;
    } {}

    /// Two workers, and so tasks that threads share.
    Several in several, operations = 128, {
        type Scheduler = PerCore<2>;
        const WORKERS_EXACT: bool = true;
    } {}

    /// As `Base`, but for a locked instruction in every seam: what `--planted` reads in its place.
    Planted in planted, operations = 128, {} {
        #[inline(always)]
        fn work() {
            PLANT.fetch_add(1, Ordering::Relaxed);
        }
    }
}
