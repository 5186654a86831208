//! What is pinned to a worker is on its thread, and waits there.

use super::{Blocks, LONG, ends, runtime};
use bespoke::rt::Ambient as _;
use core::future::pending;
use core::time::Duration;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread::{self, ThreadId};

on_all! {
    a_pinned_task_is_polled_and_dropped_by_one_thread
    an_abort_meanwhile_drops_on_that_thread
    a_dump_meanwhile_does_not_look_inside
    a_shutdown_meanwhile_drops_on_that_thread
    a_pinned_task_may_block
}

/// Not `Send`, and says by whom it is dropped.
struct Bound(Rc<ThreadId>, mpsc::Sender<(ThreadId, ThreadId)>);

impl Bound {
    fn new(tell: mpsc::Sender<(ThreadId, ThreadId)>) -> Self {
        Bound(Rc::new(thread::current().id()), tell)
    }
    fn check(&self) {
        assert_eq!(*self.0, thread::current().id());
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = self.1.send((*self.0, thread::current().id()));
    }
}

#[track_caller]
fn by_their_own(dropped: &mpsc::Receiver<(ThreadId, ThreadId)>, count: usize) {
    for _ in 0..count {
        let (made, dropped) = dropped.recv_timeout(LONG).expect("it is dropped");
        assert_eq!(made, dropped);
    }
}

fn a_pinned_task_is_polled_and_dropped_by_one_thread<C: Blocks>() {
    let (tell, dropped) = mpsc::channel();
    let runtime = runtime::<C>();
    let pinned: Vec<_> = (0..4)
        .map(|n| {
            let tell = tell.clone();
            runtime.handle().spawn_pinned(async move || {
                let bound = Bound::new(tell);
                for _ in 0..20 {
                    bound.check();
                    C::sleep(Duration::from_micros(300)).await;
                    bound.check();
                    C::yield_now().await;
                }
                if n == 3 {
                    pending::<()>().await;
                }
            })
        })
        .collect();
    runtime.block_on(async {
        for _ in 0..20 {
            let task = C::spawn(async { C::block_in_place(|| thread::sleep(Duration::from_millis(1))) });
            // Made while a stand-in may run the worker that gets it.
            let tell = tell.clone();
            let late = C::spawn_pinned(async move || Bound::new(tell).check());
            task.await.expect("no panic");
            late.await.expect("no panic");
        }
        for pinned in pinned.into_iter().take(3) {
            pinned.await.expect("no panic");
        }
    });
    ends(runtime);
    by_their_own(&dropped, 24);
}

fn an_abort_meanwhile_drops_on_that_thread<C: Blocks>() {
    let (tell, dropped) = mpsc::channel();
    let runtime = runtime::<C>();
    let (begun, begins) = mpsc::channel();
    let pinned: Vec<_> = (0..4)
        .map(|_| {
            let (tell, begun) = (tell.clone(), begun.clone());
            runtime.handle().spawn_pinned(async move || {
                let _bound = Bound::new(tell);
                begun.send(()).expect("somebody waits");
                pending::<()>().await;
            })
        })
        .collect();
    for _ in 0..4 {
        begins.recv_timeout(LONG).expect("it begins");
    }
    runtime.block_on(async {
        let task = C::spawn(async move {
            let (tell, told) = mpsc::channel();
            // By a stand-in, perhaps.
            drop(C::spawn(async move {
                pinned.iter().for_each(bespoke::task::JoinHandle::abort);
                tell.send(())
            }));
            C::block_in_place(|| told.recv_timeout(LONG)).expect("they are aborted");
        });
        task.await.expect("no panic");
    });
    by_their_own(&dropped, 4);
    ends(runtime);
}

fn a_dump_meanwhile_does_not_look_inside<C: Blocks>() {
    let (tell, dropped) = mpsc::channel();
    let runtime = runtime::<C>();
    let pinned = runtime.handle().spawn_pinned(async move || {
        let _bound = Bound::new(tell);
        pending::<()>().await;
    });
    let handle = runtime.handle();
    runtime.block_on(async {
        let task = C::spawn(async move {
            C::block_in_place(|| {
                let dump = handle.dump_within(LONG);
                assert!(dump.tasks().len() >= 2, "{dump}");
                assert!(dump.silent_workers().is_empty(), "whoever runs the worker answers: {dump}");
                // Of one worker the thread is away, and so is who may look.
                let looked = dump.tasks().iter().any(|task| !task.levels().is_empty());
                assert!(!looked || handle.workers() > 1, "{dump}");
            });
        });
        task.await.expect("no panic");
    });
    let dump = runtime.handle().dump_within(LONG);
    assert!(dump.tasks().iter().any(|task| !task.levels().is_empty()), "now it is looked at: {dump}");
    pinned.abort();
    by_their_own(&dropped, 1);
    ends(runtime);
}

/// What waits for the closure's worker is cancelled, but for what another thread must not touch.
fn a_shutdown_meanwhile_drops_on_that_thread<C: Blocks>() {
    let (tell, dropped) = mpsc::channel();
    let runtime = runtime::<C>();
    let (begun, begins) = mpsc::channel();
    for _ in 0..8 {
        let (tell, begun) = (tell.clone(), begun.clone());
        drop(runtime.handle().spawn_pinned(async move || {
            let _bound = Bound::new(tell);
            begun.send(()).expect("somebody waits");
            pending::<()>().await;
        }));
    }
    for _ in 0..8 {
        begins.recv_timeout(LONG).expect("it begins");
    }
    drop(runtime.handle().spawn(async move {
        let (held, waits) = mpsc::channel::<()>();
        drop(C::spawn(async move {
            let _held = held;
            pending::<()>().await;
        }));
        C::yield_now().await;
        C::block_in_place(|| {
            begun.send(()).expect("somebody waits");
            waits.recv_timeout(LONG)
        })
        .expect_err("it is cancelled");
        // Whoever stood in for this thread has cancelled what it may.
        C::block_in_place(|| thread::sleep(Duration::from_millis(5)));
    }));
    begins.recv_timeout(LONG).expect("it begins");
    ends(runtime);
    by_their_own(&dropped, 8);
}

/// A pinned task that blocks: its worker goes on but for itself, and what is pinned beside it.
fn a_pinned_task_may_block<C: Blocks>() {
    let runtime = runtime::<C>();
    let pinned = runtime.handle().spawn_pinned(async || {
        let here = Rc::new(thread::current().id());
        for n in 0..10 {
            let (tell, told) = mpsc::channel();
            drop(C::spawn(async move {
                C::sleep(Duration::from_micros(100)).await;
                tell.send(n)
            }));
            assert_eq!(C::block_in_place(|| told.recv_timeout(LONG)), Ok(n));
            assert_eq!(*here, thread::current().id());
            C::yield_now().await;
        }
    });
    runtime.block_on(pinned).expect("no panic");
    ends(runtime);
}
