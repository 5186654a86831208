//! [`JoinSet`] on a local and on a shared runtime.

use crate::channel::oneshot;
use crate::config::Config;
use crate::runtime::{Ambient, Runtime, SpawnInto};
use crate::scope::JoinSet;
use crate::sharing::{Local, Shared};
use crate::testing::{App, Census, SharedApp};
use core::future::{pending, poll_fn};
use core::panic::AssertUnwindSafe;
use core::task::{Context, Poll, Waker};
use std::panic::catch_unwind;
use std::rc::Rc;
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;

fn run<C: Config, F: Future>(future: F) -> F::Output {
    Runtime::<C>::new().unwrap().block_on(future)
}

macro_rules! both {
    ($($name:ident)+) => {$(
        #[test]
        fn $name() {
            let census = Census::start();
            cases::$name::<App>();
            cases::$name::<SharedApp>();
            census.assert_all_freed();
        }
    )+};
}

both! {
    tasks_come_as_they_complete
    panics_and_aborts_come_too
    a_dropped_set_aborts_its_tasks
    a_dropped_join_next_loses_nothing
    detached_tasks_run_on
    shutdown_waits_until_all_are_gone
    try_join_next_takes_what_is_there
    join_all_gives_every_output
    join_all_goes_on_with_a_panic_and_aborts_the_rest
    numbers_are_used_again
    identities_are_told
    a_set_outlives_its_runtime
    a_set_is_dropped_on_another_thread
    spawned_while_the_runtime_closes
}

/// Gives every other task a turn, some times.
async fn turns<C: Config>(n: usize) {
    for _ in 0..n {
        C::yield_now().await;
    }
}

mod cases {
    use super::*;

    pub(super) fn tasks_come_as_they_complete<C: Config>() {
        let order = run::<C, _>(async {
            let mut set = JoinSet::<usize, C>::new();
            assert!(set.join_next().await.is_none());
            for n in [3, 0, 2, 1] {
                set.spawn(async move {
                    turns::<C>(10 * n).await;
                    n
                });
            }
            assert_eq!(set.len(), 4);
            let mut order = Vec::new();
            while let Some(n) = set.join_next().await {
                order.push(n.unwrap());
            }
            assert!(set.is_empty());
            order
        });
        assert_eq!(order, [0, 1, 2, 3]);
    }

    pub(super) fn panics_and_aborts_come_too<C: Config>() {
        run::<C, _>(async {
            let mut set = JoinSet::<u8, C>::new();
            set.spawn(async { panic!("on purpose") });
            assert!(set.join_next().await.unwrap().unwrap_err().is_panic());
            let abort = set.spawn(pending());
            set.spawn(pending());
            abort.abort();
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            set.abort_all();
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            assert!(set.join_next().await.is_none());
        });
    }

    pub(super) fn a_dropped_set_aborts_its_tasks<C: Config>() {
        run::<C, _>(async {
            let alive = Arc::new(());
            let mut set = JoinSet::<Arc<()>, C>::new();
            for n in 0..10 {
                let alive = alive.clone();
                set.spawn(async move {
                    if n % 2 == 0 {
                        pending::<()>().await;
                    }
                    alive
                });
            }
            turns::<C>(3).await;
            drop(set);
            turns::<C>(3).await;
            assert_eq!(Arc::strong_count(&alive), 1);
        });
    }

    pub(super) fn a_dropped_join_next_loses_nothing<C: Config>() {
        const COUNT: usize = 200;
        let mut got = run::<C, _>(async {
            let mut set = JoinSet::<usize, C>::new();
            let mut got = Vec::new();
            for n in 0..COUNT {
                set.spawn(async move {
                    turns::<C>(n % 7).await;
                    n
                });
            }
            while got.len() < COUNT {
                // Polled once, and dropped.
                let next = poll_fn(|cx| Poll::Ready(core::pin::pin!(set.join_next()).poll(cx))).await;
                match next {
                    Poll::Ready(n) => got.push(n.unwrap().unwrap()),
                    Poll::Pending => turns::<C>(1).await,
                }
            }
            got
        });
        got.sort_unstable();
        assert_eq!(got, (0..COUNT).collect::<Vec<_>>());
    }

    pub(super) fn detached_tasks_run_on<C: Config>() {
        run::<C, _>(async {
            let mut set = JoinSet::<u8, C>::new();
            let (sender, receiver) = oneshot::channel();
            set.spawn(async move {
                turns::<C>(3).await;
                sender.send(5).unwrap();
                0
            });
            set.detach_all();
            assert!(set.is_empty() && set.join_next().await.is_none());
            // What is spawned now has the number of the detached one, and is not taken for it.
            for (turn, n) in [(60, 1), (20, 2)] {
                set.spawn(async move {
                    turns::<C>(turn).await;
                    n
                });
            }
            assert_eq!(receiver.await, Ok(5));
            assert_eq!(set.join_next().await.unwrap().unwrap(), 2);
            assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
        });
    }

    pub(super) fn shutdown_waits_until_all_are_gone<C: Config>() {
        run::<C, _>(async {
            let alive = Arc::new(());
            let mut set = JoinSet::<(), C>::new();
            for _ in 0..5 {
                let alive = alive.clone();
                set.spawn(async move {
                    pending::<()>().await;
                    drop(alive);
                });
            }
            turns::<C>(1).await;
            set.shutdown().await;
            assert_eq!((Arc::strong_count(&alive), set.len()), (1, 0));
        });
    }

    pub(super) fn try_join_next_takes_what_is_there<C: Config>() {
        run::<C, _>(async {
            let mut set = JoinSet::<u8, C>::new();
            assert!(set.try_join_next().is_none());
            set.spawn(async { 1 });
            assert!(set.try_join_next().is_none());
            turns::<C>(2).await;
            assert_eq!(set.try_join_next().unwrap().unwrap(), 1);
            assert!(set.try_join_next().is_none());
        });
    }

    pub(super) fn join_all_gives_every_output<C: Config>() {
        let all = run::<C, _>(async {
            let mut set = JoinSet::<usize, C>::new();
            for n in 0..5 {
                set.spawn(async move {
                    turns::<C>(10 - 2 * n).await;
                    n
                });
            }
            set.join_all().await
        });
        assert_eq!(all, [4, 3, 2, 1, 0]);
        assert!(run::<C, _>(JoinSet::<(), C>::new().join_all()).is_empty());
    }

    pub(super) fn join_all_goes_on_with_a_panic_and_aborts_the_rest<C: Config>() {
        let alive = Arc::new(());
        let panic = catch_unwind(AssertUnwindSafe(|| {
            run::<C, _>(async {
                let mut set = JoinSet::<(), C>::new();
                let alive = alive.clone();
                set.spawn(async move {
                    pending::<()>().await;
                    drop(alive);
                });
                set.spawn(async { panic!("with this") });
                set.join_all().await
            })
        }));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"with this"));
        assert_eq!(Arc::strong_count(&alive), 1);

        let said = catch_unwind(AssertUnwindSafe(|| {
            run::<C, _>(async {
                let mut set = JoinSet::<(), C>::new();
                set.spawn(pending()).abort();
                set.join_all().await
            })
        }));
        let said = said.unwrap_err().downcast::<String>().unwrap();
        assert!(said.starts_with("a task of a `JoinSet` did not complete: "), "{said}");
    }

    pub(super) fn numbers_are_used_again<C: Config>() {
        run::<C, _>(async {
            let mut set = JoinSet::<usize, C>::new();
            let (mut spawned, mut sum) = (0, 0);
            for round in 0..30 {
                for _ in 0..(round * 7) % 23 {
                    set.spawn(async move { round });
                    spawned += round;
                }
                for _ in 0..(round * 5) % 19 {
                    if let Some(n) = set.join_next().await {
                        sum += n.unwrap();
                    }
                }
            }
            while let Some(n) = set.join_next().await {
                sum += n.unwrap();
            }
            assert_eq!(sum, spawned);
        });
    }

    pub(super) fn identities_are_told<C: Config>() {
        run::<C, _>(async {
            let mut set = JoinSet::<u8, C>::new();
            let id = set.spawn(async { 1 }).id();
            assert_eq!(set.join_next_with_id().await.unwrap().unwrap(), (id, 1));
            let id = set.spawn(async { panic!("on purpose") }).id();
            assert_eq!(set.join_next_with_id().await.unwrap().unwrap_err().id(), id);
        });
    }

    pub(super) fn a_set_outlives_its_runtime<C: Config>() {
        let mut set = JoinSet::<Arc<()>, C>::new();
        let alive = Arc::new(());
        run::<C, _>(async {
            let done = alive.clone();
            set.spawn(async move { done });
            set.spawn(pending());
            turns::<C>(3).await;
        });
        // On another thread: the runtime is closed, so that is allowed.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut cx = Context::from_waker(Waker::noop());
                let mut next = || match set.poll_join_next(&mut cx) {
                    Poll::Ready(Some(next)) => next,
                    _ => panic!("nothing came"),
                };
                assert!(next().is_ok());
                assert!(next().unwrap_err().is_cancelled());
                assert_eq!(Arc::strong_count(&alive), 1);
            });
        });
        drop(set);
    }

    pub(super) fn a_set_is_dropped_on_another_thread<C: Config>() {
        let alive = Arc::new(());
        run::<C, _>(async {
            let mut set = JoinSet::<Arc<()>, C>::new();
            for n in 0..20 {
                let alive = alive.clone();
                set.spawn(async move {
                    turns::<C>(n).await;
                    if n % 2 == 0 {
                        pending::<()>().await;
                    }
                    alive
                });
            }
            turns::<C>(5).await;
            let other = std::thread::spawn(move || drop(set));
            while !other.is_finished() {
                turns::<C>(1).await;
            }
            other.join().unwrap();
            // What was dropped there comes home with the inbox.
            while Arc::strong_count(&alive) > 1 {
                turns::<C>(1).await;
            }
        });
        // And between the runtime's runs.
        let runtime = Runtime::<C>::new().unwrap();
        let mut set = JoinSet::<Arc<()>, C>::new();
        runtime.block_on(async {
            let alive = alive.clone();
            set.spawn(async move {
                pending::<()>().await;
                alive
            });
            turns::<C>(2).await;
        });
        drop(set);
        runtime.block_on(turns::<C>(3));
        drop(runtime);
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    pub(super) fn spawned_while_the_runtime_closes<C: Config>() {
        struct SpawnsAtLast<C: Config>(Option<JoinSet<(), C>>);
        impl<C: Config> Drop for SpawnsAtLast<C> {
            fn drop(&mut self) {
                let mut set = self.0.take().unwrap();
                set.spawn(async {});
                assert!(set.try_join_next().unwrap().unwrap_err().is_cancelled());
                set.spawn(async {});
            }
        }
        run::<C, _>(async {
            C::spawn(async {
                let _last = SpawnsAtLast::<C>(Some(JoinSet::new()));
                pending::<()>().await;
            });
            turns::<C>(2).await;
        });
    }
}

#[test]
fn a_local_set_takes_what_is_not_send() {
    run::<App, _>(async {
        let mut set: JoinSet<Rc<u8>, App, Local> = JoinSet::new();
        let shared = Rc::new(1);
        let other = shared.clone();
        set.spawn(async move { other });
        assert_eq!(set.join_next().await.unwrap().unwrap(), shared);
        // One that keeps the right to move takes `Send` only, on every scheduler.
        let mut set: JoinSet<u8, App, Shared> = JoinSet::new();
        set.spawn(async { 1 });
        assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
    });
}

#[test]
fn only_the_worker_of_its_tasks_waits_for_a_local_set() {
    let said = run::<App, _>(async {
        let mut set = JoinSet::<u8, App>::new();
        SpawnInto::spawn(&mut set, pending());
        let other = std::thread::spawn(move || {
            let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
                let _ = set.poll_join_next(&mut Context::from_waker(Waker::noop()));
            }));
            let polled = panic.unwrap_err().downcast_ref::<std::string::String>().unwrap().clone();
            let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
                run::<App, _>(async { SpawnInto::spawn(&mut set, async { 1 }).id() });
            }));
            (polled, panic.unwrap_err().downcast_ref::<std::string::String>().unwrap().to_string())
        });
        other.join().unwrap()
    });
    assert!(said.0.contains("only that worker may wait for them"), "{said:?}");
    assert!(said.1.contains("belongs to the worker of its first task"), "{said:?}");
}

#[test]
fn a_spawn_that_panics_leaves_the_set_whole() {
    let mut set = JoinSet::<u8, App>::new();
    // No runtime on this thread.
    let spawned =
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| SpawnInto::spawn(&mut set, async { 1 }).id()));
    assert!(spawned.is_err() && set.is_empty());
    let mut shared = JoinSet::<u8, SharedApp>::new();
    let spawned = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| shared.spawn(async { 1 }).id()));
    assert!(spawned.is_err() && shared.is_empty());
    run::<SharedApp, _>(async {
        shared.spawn(async { 2 });
        assert_eq!(shared.join_next().await.unwrap().unwrap(), 2);
        assert!(shared.join_next().await.is_none());
    });
}

#[test]
fn an_empty_set_goes_to_the_next_runtime() {
    let census = Census::start();
    let mut set = JoinSet::<u32, App>::new();
    for n in 0..2 {
        run::<App, _>(async {
            set.spawn(async move { n });
            assert_eq!(set.join_next().await.unwrap().unwrap(), n);
            assert!(set.is_empty());
        });
    }
    drop(set);
    census.assert_all_freed();
}
