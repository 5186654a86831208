//! What outlives a runtime, and what it leaves behind: nothing.

use crate::instant::Instant;
use crate::runtime::{Ambient, Runtime};
use crate::task::JoinHandle;
use crate::testing::{App, Census, SharedApp};
use crate::time::Sleep;
use core::future::{pending, poll_fn};
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::sync::{Arc, Mutex, mpsc};
use std::vec::Vec;

/// On a thread of its own, to its end.
fn elsewhere<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(f).join().unwrap())
}

/// A parked task that never ends; its handle, and a waker of it.
fn parked(rt: &Runtime<App>) -> (JoinHandle<()>, Waker) {
    let (told, heard) = mpsc::channel();
    let handle = rt.spawn(poll_fn(move |cx| {
        told.send(cx.waker().clone()).unwrap();
        Poll::Pending
    }));
    rt.block_on(App::yield_now());
    (handle, heard.recv().unwrap())
}

#[test]
fn a_sleep_that_never_ends_does_not_keep_its_closed_runtime() {
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let sleep = rt.block_on(async {
        let mut sleep = Box::pin(Sleep::<App>::until(Instant::FAR_FUTURE));
        assert!(poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await);
        sleep
    });
    drop(rt);
    drop(sleep);
    census.assert_all_freed();
}

#[test]
fn a_clone_dropped_by_another_task_at_close_is_counted() {
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let (handle, here) = parked(&rt);
    let waker = here.clone();
    let both = elsewhere(move || [waker.clone(), waker]);
    let keeper = rt.spawn(async move {
        let _both = both;
        pending::<()>().await;
    });
    rt.block_on(App::yield_now());
    rt.block_on(async { here.wake() });
    drop((handle, keeper, rt));
    census.assert_all_freed();
}

#[test]
fn a_task_aborted_by_its_owner_before_its_first_visit_is_dropped_once() {
    for yields in 0..3 {
        let census = Census::start();
        let rt = Runtime::<App>::new().unwrap();
        let remote = rt.handle();
        let (told, heard) = mpsc::channel::<()>();
        rt.block_on(async {
            // The inbox is not looked at before `EVENT_INTERVAL` polls.
            let spawned = elsewhere(|| {
                remote.spawn(async move {
                    let _told = told;
                    pending::<()>().await;
                })
            });
            spawned.abort();
            for _ in 0..yields {
                App::yield_now().await;
            }
        });
        drop((rt, remote));
        assert_eq!(heard.try_recv(), Err(mpsc::TryRecvError::Disconnected));
        census.assert_all_freed();
    }
}

#[test]
fn wakers_handles_and_abort_handles_outlive_the_runtime() {
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let (handle, waker) = parked(&rt);
    let abort = handle.abort_handle();
    let detached = rt.spawn(async { Box::new(1) });
    rt.block_on(App::yield_now());
    drop(rt);
    elsewhere(move || {
        waker.wake_by_ref();
        let clones: Vec<_> = (0..100).map(|_| waker.clone()).collect();
        drop((waker, clones));
        abort.abort();
        assert!(abort.clone().is_finished());
        drop((handle, detached));
    });
    census.assert_all_freed();
}

#[test]
fn a_waker_dropped_by_the_end_of_its_thread_is_counted() {
    std::thread_local!(static KEPT: core::cell::RefCell<Vec<Waker>> = const { core::cell::RefCell::new(Vec::new()) });
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let (handle, waker) = parked(&rt);
    // Scoped threads are waited for without their thread-locals.
    std::thread::Builder::new().spawn(move || KEPT.with(|kept| kept.borrow_mut().push(waker))).unwrap().join().unwrap();
    drop((handle, rt));
    census.assert_all_freed();
}

#[test]
fn a_shared_task_may_be_woken_and_dropped_anywhere() {
    let census = Census::start();
    let rt = Runtime::<SharedApp>::new().unwrap();
    let shown = Arc::new(Mutex::new(None));
    let show = shown.clone();
    let handle = rt.block_on(async {
        SharedApp::spawn(poll_fn(move |cx| {
            let mut shown = show.lock().unwrap();
            if shown.is_some() {
                return Poll::Ready(7);
            }
            *shown = Some(cx.waker().clone());
            Poll::Pending
        }))
    });
    rt.block_on(SharedApp::yield_now());
    let waker = shown.lock().unwrap().clone().unwrap();
    elsewhere(move || waker.wake());
    assert_eq!(rt.block_on(handle).unwrap(), 7);
    drop(rt);
    elsewhere(move || drop(shown));
    census.assert_all_freed();
}
