//! Tasks whose memory is part of the program: `#[bespoke::task(pool = N)]` on every scheduler.
//!
//! A pool is the whole process's, so each test has functions of its own: a module is made for each config.
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![forbid(unsafe_code)]

use bespoke::Runtime;
use bespoke::prelude::*;
use bespoke::task::{Pool, PoolFull, StaticTask};
use core::future::pending;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

#[path = "common/each_scheduler.rs"]
mod each_scheduler;

use each_scheduler::{LONG, ManyThreads, OneThread, Thieves, TwoCores, one_thread};

async fn soon<C: Config, T>(future: impl Future<Output = T>) -> T {
    C::timeout(LONG, future).await.expect("it did not come in time")
}

/// A place comes back when the last of the task goes, which another thread may do a moment after the handle has told.
async fn when_free<C: Config, F, P>(mut task: StaticTask<F, P>) -> bespoke::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
    P: Pool,
{
    let from = C::now();
    loop {
        task = match C::spawn_task(task) {
            Ok(handle) => return handle,
            Err(full) => full.into_task(),
        };
        assert!(C::now().saturating_duration_since(from) < LONG, "the place did not come back in time");
        C::yield_now().await;
    }
}

/// Counts itself when it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

macro_rules! suite {
    ($($scheduler:ident: $config:ident;)+) => {$(
        mod $scheduler {
            use super::*;
            type C = super::$config;

            /// Three run, the fourth is given back whole and runs later.
            #[test]
            fn a_full_pool_gives_the_task_back() {
                #[bespoke::task(pool = 3)]
                #[bespoke::async_fn]
                async fn adds(sum: Arc<Mutex<u64>>, n: u64) -> u64 {
                    C::yield_now().await;
                    *sum.lock().unwrap() += n;
                    n
                }

                Runtime::<C>::new().unwrap().block_on(async {
                    let sum = Arc::new(Mutex::new(0));
                    let all: Vec<_> = {
                        // Held, so that none of them ends before the fourth is refused.
                        let held = sum.lock().unwrap();
                        let three: Vec<_> = (1..=3).map(|n| C::spawn_task(adds(sum.clone(), n)).unwrap()).collect();
                        let full = C::spawn_task(adds(sum.clone(), 4)).unwrap_err();
                        let says = "the pool of `adds` is full: all of its 3 places are taken";
                        assert_eq!(full.to_string(), says);
                        drop(held);
                        (three, full.into_task())
                    }
                    .into_all::<C>()
                    .await;
                    assert_eq!(all, [1, 2, 3, 4]);
                    assert_eq!(*sum.lock().unwrap(), 10);
                });
            }

            /// A task that panics, one that is aborted and one that is detached give their places back.
            #[test]
            fn every_end_gives_the_place_back() {
                #[bespoke::task]
                #[bespoke::async_fn]
                async fn ends(how: u8, counted: Counted) {
                    let _counted = counted;
                    match how {
                        0 => panic!("on purpose"),
                        1 => pending::<()>().await,
                        _ => C::yield_now().await,
                    }
                }

                let drops = Arc::new(AtomicUsize::new(0));
                Runtime::<C>::new().unwrap().block_on(async {
                    let task = |how| ends(how, Counted(drops.clone()));
                    let panics = when_free::<C, _, _>(task(0)).await;
                    assert!(soon::<C, _>(panics).await.unwrap_err().is_panic());
                    let aborted = when_free::<C, _, _>(task(1)).await;
                    aborted.abort();
                    assert!(soon::<C, _>(aborted).await.unwrap_err().is_cancelled());
                    drop(when_free::<C, _, _>(task(2)).await);
                    drop(when_free::<C, _, _>(task(2)).await);
                });
                assert_eq!(drops.load(SeqCst), 4);
            }

            /// A runtime that closes gives all places back, and what outlives it keeps one.
            #[test]
            fn close_gives_places_back_and_a_waker_keeps_one() {
                #[bespoke::task(pool = 2)]
                async fn waits(wakers: Arc<Mutex<Vec<core::task::Waker>>>, keep: bool) {
                    core::future::poll_fn(|cx| {
                        if keep {
                            wakers.lock().unwrap().push(cx.waker().clone());
                        }
                        core::task::Poll::<()>::Pending
                    })
                    .await
                }

                let wakers = Arc::new(Mutex::new(Vec::new()));
                let runtime = Runtime::<C>::new().unwrap();
                runtime.block_on(async {
                    let (_, _) = (
                        C::spawn_task(waits(wakers.clone(), true)).unwrap(),
                        C::spawn_task(waits(wakers.clone(), false)).unwrap(),
                    );
                    soon::<C, _>(async {
                        while wakers.lock().unwrap().is_empty() {
                            C::yield_now().await;
                        }
                    })
                    .await;
                });
                drop(runtime);
                Runtime::<C>::new().unwrap().block_on(async {
                    let one = when_free::<C, _, _>(waits(wakers.clone(), false)).await;
                    let full = C::spawn_task(waits(wakers.clone(), false)).unwrap_err();
                    wakers.lock().unwrap().clear();
                    let two = when_free::<C, _, _>(full.into_task()).await;
                    one.abort();
                    two.abort();
                });
            }

            /// Threads that are no workers spawn, and drop what is left of a task.
            #[test]
            #[expect(clippy::disallowed_methods, reason = "the thread stands outside of any runtime")]
            fn other_threads_spawn_and_free() {
                #[bespoke::task(pool = 4)]
                #[bespoke::async_fn]
                async fn counts(sum: Arc<AtomicUsize>) {
                    C::yield_now().await;
                    sum.fetch_add(1, SeqCst);
                }

                let runtime = Runtime::<C>::new().unwrap();
                let (sum, handle) = (Arc::new(AtomicUsize::new(0)), runtime.handle());
                let thread = std::thread::spawn({
                    let sum = sum.clone();
                    move || {
                        for _ in 0..100 {
                            let mut task = counts(sum.clone());
                            while let Err(full) = handle.spawn_task(task) {
                                task = full.into_task();
                                std::thread::yield_now();
                            }
                        }
                    }
                });
                runtime.block_on(soon::<C, _>(async {
                    while sum.load(SeqCst) < 100 {
                        C::yield_now().await;
                    }
                }));
                thread.join().unwrap();
            }
        }
    )+};
}
suite! {
    single_thread: OneThread;
    per_core: TwoCores;
    thread_per_task: ManyThreads;
    work_stealing: Thieves;
}

/// Three that run and one that waits for a place.
trait IntoAll {
    async fn into_all<C: Config>(self) -> Vec<u64>;
}

impl<F, P> IntoAll for (Vec<bespoke::JoinHandle<u64>>, StaticTask<F, P>)
where
    F: Future<Output = u64> + Send + 'static,
    P: Pool,
{
    async fn into_all<C: Config>(self) -> Vec<u64> {
        let (three, fourth) = self;
        let mut all = Vec::new();
        for task in three {
            all.push(soon::<C, _>(task).await.unwrap());
        }
        all.push(soon::<C, _>(when_free::<C, _, _>(fourth).await).await.unwrap());
        all
    }
}

#[bespoke::task(pool = 2)]
#[bespoke::async_fn]
async fn sized(_buffer: [u8; 1000]) {
    bespoke::yield_now().await;
}

#[bespoke::async_fn]
async fn sized_alone(_buffer: [u8; 1000]) {
    bespoke::yield_now().await;
}

/// A place is header and future, rounded up to their alignment.
#[test]
fn a_place_is_as_large_as_its_task() {
    fn place<F, P: Pool>(_: &StaticTask<F, P>) -> usize {
        use bespoke::__private::places::Store;
        P::Store::PLACE.size()
    }
    let exact = Runtime::<OneThread>::INFO.task_header + bespoke::async_fn_size!(sized_alone);
    let task = sized([0; 1000]);
    if cfg!(feature = "tracing") {
        assert!(place(&task) > exact, "the span of a task lies beside its future");
    } else {
        assert_eq!(place(&task), exact.next_multiple_of(align_of::<usize>()));
    }
    assert_eq!(format!("{task:?}"), "StaticTask { function: \"sized\", .. }");
}

/// Under a local config a task need not be `Send`, and may spawn its like.
#[test]
fn a_local_task_holds_an_rc_and_spawns_its_like() {
    #[bespoke::task(pool = 10)]
    #[bespoke::async_fn]
    async fn counts_down(n: u32, seen: Rc<core::cell::Cell<u32>>) {
        seen.set(seen.get() + 1);
        one_thread::yield_now().await;
        if n > 0 {
            drop(one_thread::spawn_task(counts_down(n - 1, seen.clone())).unwrap());
        }
    }

    Runtime::<OneThread>::new().unwrap().block_on(async {
        let seen = Rc::new(core::cell::Cell::new(0));
        drop(OneThread::spawn_task(counts_down(9, seen.clone())).unwrap());
        soon::<OneThread, _>(async {
            while seen.get() < 10 {
                OneThread::yield_now().await;
            }
        })
        .await;
    });
}

/// Awaited it takes no place; patterns, attributes and expressions for the number are as everywhere.
#[test]
fn a_task_may_be_awaited_in_place() {
    const PLACES: usize = 1;

    /// With docs.
    #[bespoke::task(pool = PLACES * 2 - 1)]
    #[allow(clippy::similar_names, reason = "attributes stay")]
    async fn adds((a, b): (u32, u32), mut c: u32, _: &'static str) -> u32 {
        c += a;
        one_thread::yield_now().await;
        b + c
    }

    Runtime::<OneThread>::new().unwrap().block_on(async {
        let held = OneThread::spawn_task(adds((1, 2), 3, "")).unwrap();
        assert!(OneThread::spawn_task(adds((1, 2), 3, "")).is_err());
        assert_eq!(adds((1, 2), 4, "").await, 7);
        assert_eq!(held.await.unwrap(), 6);
    });
}

/// A trace tells the function as it was written, and the task by its name.
#[test]
fn a_trace_names_the_function() {
    #[bespoke::task]
    #[bespoke::async_fn]
    async fn waits() {
        pending::<()>().await;
    }

    Runtime::<OneThread>::new().unwrap().block_on(async {
        let task = OneThread::spawn_task(waits()).unwrap();
        OneThread::yield_now().await;
        let told = task.trace().to_string();
        assert!(
            told.contains(" `waits` waits") && told.contains("in static_tasks::a_trace_names_the_function::waits, "),
            "{told}"
        );
        assert!(!told.contains("__task"), "{told}");
        task.abort();
    });
}

/// The error is one of the standard library's, for `?`.
#[test]
fn a_full_pool_is_an_error() {
    #[bespoke::task]
    async fn one() {}

    fn twice() -> Result<(), Box<dyn core::error::Error>> {
        let _one = OneThread::spawn_task(one())?;
        let _two = OneThread::spawn_task(one())?;
        Ok(())
    }
    let error = Runtime::<OneThread>::new().unwrap().block_on(async { twice().unwrap_err() });
    assert!(error.to_string().starts_with("the pool of `one` is full"), "{error}");

    /// Its future is `Send`, and not `Sync`, as that of many a task.
    #[bespoke::task]
    async fn counts(cell: core::cell::Cell<u32>) {
        one_thread::yield_now().await;
        cell.set(1);
    }
    let full: PoolFull<_, _> = Runtime::<OneThread>::new().unwrap().block_on(async {
        let _first = OneThread::spawn_task(counts(0.into())).unwrap();
        OneThread::spawn_task(counts(0.into())).unwrap_err()
    });
    let full: Box<dyn core::error::Error + Send + Sync> = full.into();
    assert_eq!(
        full.to_string(),
        "the pool of `counts` is full: its one place is taken, and `#[task(pool = N)]` makes N"
    );
}

/// Names as they are spoken, and functions of a type.
#[test]
fn odd_functions_are_tasks() {
    struct App;
    impl App {
        const PLACES: usize = 2;

        #[bespoke::task(pool = App::PLACES)]
        #[bespoke::async_fn]
        async fn r#match(n: u32) -> u32 {
            n
        }
    }
    Runtime::<OneThread>::new().unwrap().block_on(async {
        let task = OneThread::spawn_task(App::r#match(3)).unwrap();
        assert_eq!(task.name(), Some("match"));
        assert_eq!(task.await.unwrap(), 3);
        let waited = OneThread::timeout(LONG, App::r#match(4).into_future()).await;
        assert_eq!(waited.unwrap(), 4);
    });
}
