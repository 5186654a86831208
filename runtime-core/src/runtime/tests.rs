#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![allow(clippy::async_yields_async, reason = "handles and sleeps are made inside the runtime, and awaited elsewhere")]

use crate::runtime::{Ambient, Runtime};
use crate::task::JoinHandle;
use crate::testing::{App, Other};
use core::cell::Cell;
use core::future::{pending, poll_fn};
use core::task::{Poll, Waker};
use std::rc::Rc;
use std::string::{String, ToString};
use std::sync::mpsc;
use std::vec::Vec;

fn runtime() -> Runtime<App> {
    Runtime::new().unwrap()
}

/// What a panic said.
fn message(panic: &(dyn core::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&'static str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

fn panics<R>(f: impl FnOnce() -> R) -> String {
    match std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(panic) => message(&*panic),
    }
}

/// Sets its cell when it is dropped.
struct Flag(Rc<Cell<u32>>);
impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn a_ready_future_is_returned() {
    assert_eq!(runtime().block_on(async { 7 }), 7);
}

#[test]
fn tasks_run_and_yield_their_outputs() {
    let rt = runtime();
    let sum = rt.block_on(async {
        let handles: Vec<_> = (0..1000u64)
            .map(|i| {
                App::spawn(async move {
                    App::yield_now().await;
                    i
                })
            })
            .collect();
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 499_500);
    assert_eq!(rt.live_tasks(), 0);
}

#[test]
fn a_local_task_need_not_be_send() {
    let rt = runtime();
    let rc = Rc::new(5);
    let handle = rt.spawn({
        let rc = rc.clone();
        async move {
            App::yield_now().await;
            *rc
        }
    });
    assert_eq!(rt.block_on(handle).unwrap(), 5);
    assert_eq!(Rc::strong_count(&rc), 1);
}

#[test]
fn a_dropped_handle_detaches_the_task() {
    let rt = runtime();
    let done = Rc::new(Cell::new(0));
    rt.block_on(async {
        let done = done.clone();
        drop(rt.spawn(async move {
            App::yield_now().await;
            done.set(1);
        }));
        App::yield_now().await;
        App::yield_now().await;
    });
    assert_eq!(done.get(), 1);
}

#[test]
fn abort_drops_the_future_and_the_handle_says_cancelled() {
    let rt = runtime();
    let dropped = Rc::new(Cell::new(0));
    let flag = Flag(dropped.clone());
    rt.block_on(async {
        let handle = rt.spawn(async move {
            let _flag = flag;
            pending::<()>().await
        });
        App::yield_now().await;
        assert!(!handle.is_finished());
        let abort = handle.abort_handle();
        abort.abort();
        abort.clone().abort();
        let error = handle.await.unwrap_err();
        assert!(error.is_cancelled() && !error.is_panic());
        assert!(abort.is_finished());
    });
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_panic_ends_in_the_join_error_and_the_runtime_goes_on() {
    let rt = runtime();
    rt.block_on(async {
        let error = App::spawn(async { panic!("tea is cold") }).await.unwrap_err();
        assert!(error.is_panic());
        assert!(error.to_string().ends_with("panicked: tea is cold"), "{error}");
        assert_eq!(message(&*error.into_panic()), "tea is cold");
        assert_eq!(App::spawn(async { 1 }).await.unwrap(), 1);
    });
}

#[test]
fn a_panic_in_the_drop_of_an_output_does_not_kill_the_runtime() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop")
        }
    }
    let rt = runtime();
    rt.block_on(async {
        drop(rt.spawn(async { Bomb }));
        App::yield_now().await;
        App::yield_now().await;
    });
    assert_eq!(rt.live_tasks(), 0);
}

#[test]
fn tasks_that_are_not_ready_go_on_with_the_next_block_on() {
    let rt = runtime();
    let handle = rt.block_on(async {
        App::spawn(async {
            for _ in 0..10 {
                App::yield_now().await;
            }
            3
        })
    });
    assert_eq!(rt.block_on(handle).unwrap(), 3);
}

#[test]
fn dropping_the_runtime_drops_its_tasks_and_resolves_their_handles() {
    let rt = runtime();
    let dropped = Rc::new(Cell::new(0));
    let mut handles = Vec::new();
    for _ in 0..10 {
        let flag = Flag(dropped.clone());
        handles.push(rt.spawn(async move {
            let _flag = flag;
            pending::<()>().await
        }));
    }
    rt.block_on(App::yield_now());
    drop(rt);
    assert_eq!(dropped.get(), 10);
    let other = Runtime::<Other>::new().unwrap();
    other.block_on(async {
        for handle in handles {
            assert!(handle.is_finished());
            assert!(handle.await.unwrap_err().is_cancelled());
        }
    });
}

#[test]
fn a_spawn_while_the_runtime_closes_is_cancelled_at_once() {
    struct SpawnsOnDrop(mpsc::Sender<bool>);
    impl Drop for SpawnsOnDrop {
        fn drop(&mut self) {
            let handle = App::spawn(async {});
            self.0.send(handle.is_finished()).unwrap();
        }
    }
    let (told, heard) = mpsc::channel();
    let rt = runtime();
    drop(rt.spawn(async move {
        let _bomb = SpawnsOnDrop(told);
        pending::<()>().await
    }));
    rt.block_on(App::yield_now());
    drop(rt);
    assert!(heard.recv().unwrap());
}

#[test]
fn a_waker_works_from_another_thread_and_after_the_runtime_is_gone() {
    let rt = runtime();
    let (send, receive) = mpsc::channel::<Waker>();
    let thread = std::thread::Builder::new()
        .spawn(move || {
            let waker = receive.recv().unwrap();
            let clone = waker.clone();
            waker.wake_by_ref();
            drop(waker);
            clone
        })
        .unwrap();
    let mut polls = 0;
    rt.block_on(poll_fn(move |cx| {
        polls += 1;
        if polls == 1 {
            send.send(cx.waker().clone()).unwrap();
            return Poll::Pending;
        }
        Poll::Ready(())
    }));
    let clone = thread.join().unwrap();
    drop(rt);
    clone.wake_by_ref();
    #[expect(clippy::waker_clone_wake, reason = "a wake by value is what this tests")]
    clone.clone().wake();
}

#[test]
fn a_handle_spawns_from_another_thread() {
    let rt = runtime();
    let handle = rt.handle();
    let (send, receive) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .spawn(move || {
            let finished = handle.spawn(async move { send.send(1).unwrap() });
            drop(finished);
            handle
        })
        .unwrap();
    let handle = thread.join().unwrap();
    rt.block_on(async {
        App::yield_now().await;
        App::yield_now().await;
    });
    assert_eq!(receive.try_recv(), Ok(1));
    let here = handle.spawn(async { 4 });
    assert_eq!(rt.block_on(here).unwrap(), 4);
    assert!(!handle.is_closed());
    drop(rt);
    assert!(handle.is_closed());
    let late = handle.spawn(async { 5 });
    assert!(late.is_finished());
    let other = Runtime::<Other>::new().unwrap();
    assert!(other.block_on(late).unwrap_err().is_cancelled());
}

#[test]
fn a_join_handle_dropped_on_another_thread_detaches() {
    let rt = runtime();
    let ran = Rc::new(Cell::new(0));
    let flag = Flag(ran.clone());
    // A task whose handle is `Send` (its output is) though its future is not.
    let handle = rt.spawn(async move {
        let _flag = flag;
        std::vec![1u8; 10]
    });
    rt.block_on(App::yield_now());
    std::thread::scope(|scope| {
        scope.spawn(|| drop(handle));
    });
    rt.block_on(App::yield_now());
    assert_eq!(ran.get(), 1);
    assert_eq!(rt.live_tasks(), 0);
}

#[test]
fn a_join_handle_polled_elsewhere_panics_and_names_both() {
    let rt = runtime();
    let handle = rt.block_on(async { App::spawn(pending::<()>()) });
    let said = panics(|| Runtime::<Other>::new().unwrap().block_on(handle));
    assert!(said.starts_with("a `JoinHandle` of worker 0 of `App` was polled by worker 0 of `Other`: "), "{said}");
    assert!(said.contains("`Handle::spawn` makes") && said.ends_with("send the result through a channel"), "{said}");
    let again = rt.block_on(async { App::spawn(pending::<()>()) });
    let said = panics(|| runtime().block_on(again));
    assert!(said.contains(" of `App` was polled by worker 0 of another runtime `App`: "), "{said}");
    let poll = |mut handle: JoinHandle<()>| {
        panics(|| core::pin::Pin::new(&mut handle).poll(&mut core::task::Context::from_waker(Waker::noop())))
    };
    let again = rt.block_on(async { App::spawn(pending::<()>()) });
    let said = std::thread::scope(|scope| scope.spawn(|| poll(again)).join().unwrap());
    assert!(said.contains(" was polled on a thread without a runtime: "), "{said}");
    let again = rt.block_on(async { App::spawn(pending::<()>()) });
    let said = rt.block_on(rt.spawn_blocking(move || poll(again))).unwrap();
    assert!(said.contains(" was polled on a blocking thread of `App`: "), "{said}");
}

#[test]
fn no_runtime_and_the_wrong_one_are_named() {
    let none = panics(|| App::spawn(async {}));
    assert!(none.contains("no runtime on this thread: ") && none.contains("asks for `App`"), "{none}");
    assert!(none.contains("runtime/tests.rs"), "{none}");
    let rt = Runtime::<Other>::new().unwrap();
    let wrong = panics(|| rt.block_on(async { App::spawn(async {}) }));
    assert!(
        wrong.contains("this is a task of the runtime `Other`, but ") && wrong.contains("asks for `App`"),
        "{wrong}"
    );
}

#[test]
fn block_on_inside_itself_panics_and_other_runtimes_nest() {
    let rt = runtime();
    let said = panics(|| rt.block_on(async { rt.block_on(async {}) }));
    assert!(said.contains("`block_on` was called inside the runtime `App`"), "{said}");
    rt.block_on(async {
        let inner = Runtime::<Other>::new().unwrap();
        inner.block_on(async { Other::spawn(async {}).await.unwrap() });
        App::spawn(async {}).await.unwrap();
    });
}

#[test]
fn names_and_pinned_spawns() {
    let rt = runtime();
    rt.block_on(async {
        assert_eq!(App::spawn_named("tea", async { 2 }).await.unwrap(), 2);
        let pinned = App::spawn_pinned(async || {
            let rc = Rc::new(9);
            App::yield_now().await;
            *rc
        });
        assert_eq!(pinned.await.unwrap(), 9);
    });
}

#[test]
fn a_million_wakers_of_one_task() {
    let n = if cfg!(miri) { 1000 } else { 1_000_000 };
    let rt = runtime();
    rt.block_on(async {
        let wakers: Vec<Waker> = poll_fn(|cx| Poll::Ready((0..n).map(|_| cx.waker().clone()).collect())).await;
        drop(wakers);
    });
}

#[test]
fn a_budget_of_random_numbers_differs() {
    let rt = runtime();
    rt.block_on(async { assert_ne!(App::random(), App::random()) });
}

/// The seed of the config, and nothing else, decides which branch of a `select!` is looked at first.
#[test]
fn selects_follow_the_seed() {
    use crate::config::{Config, Sealed};
    use crate::roles::{NoThreads, Seeded, Uniform};
    use crate::scheduler::SingleThread;
    use crate::testing::{Heap, SleepOnly};
    use crate::time::Monotonic;
    use core::future::ready;

    struct Of<const SEED: u64>;
    impl<const SEED: u64> Config for Of<SEED> {
        type Scheduler = SingleThread;
        type Driver = SleepOnly;
        type Memory = Heap;
        type Clock = Monotonic;
        type Entropy = Seeded<SEED>;
        type Threads = NoThreads;
        type Topology = Uniform;
        type Watchdog = crate::roles::Unwatched;
        const NAME: &'static str = "Of";
        const BLOCKING_THREADS_MAX: usize = 0;
        const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
    }
    fn chosen<const SEED: u64>() -> Vec<u8> {
        let rt = Runtime::<Of<SEED>>::new().unwrap();
        rt.block_on(async {
            let mut chosen = Vec::new();
            for _ in 0..64 {
                chosen.push(crate::select! { _ = ready(()) => 0, _ = ready(()) => 1, _ = ready(()) => 2 });
                chosen.push(crate::race!(ready(0), ready(1), ready(2)));
            }
            chosen
        })
    }
    let first = chosen::<1>();
    assert_eq!(first, chosen::<1>());
    assert_ne!(first, chosen::<2>());
    // Outside of every runtime there is a choice all the same.
    let mut outside = core::pin::pin!(async {
        crate::select! { n = ready(3) => n, n = ready(3) => n }
    });
    let polled = outside.as_mut().poll(&mut core::task::Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(3));
}
