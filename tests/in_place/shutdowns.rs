//! A runtime that closes while closures block.

use super::{Blocks, LONG, ends, runtime};
use bespoke::rt::Ambient as _;
use core::future::pending;
use core::time::Duration;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Instant;

on_all! {
    what_a_closure_waits_for_is_cancelled
    a_task_that_comes_back_finds_its_worker
    a_closure_that_does_not_end_is_left_alone
    a_runtime_may_end_inside
    a_runtime_may_end_on_a_stand_in
    those_that_come_meanwhile_end_too
    what_is_kept_is_cancelled_by_the_base_after_a_stand_in_heard_of_the_end
    what_is_spawned_after_the_walk_is_cancelled
}

/// Says that it is dropped.
struct Drops(mpsc::Sender<()>);

impl Drop for Drops {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// A task that holds a sender, waits for ever, and is told about.
fn spawn_holder<C: Blocks>() -> mpsc::Receiver<()> {
    let (held, waits) = mpsc::channel();
    drop(C::spawn(async move {
        let _held: mpsc::Sender<()> = held;
        pending::<()>().await;
    }));
    waits
}

fn what_a_closure_waits_for_is_cancelled<C: Blocks>() {
    let runtime = runtime::<C>();
    let (begun, begins) = mpsc::channel();
    for _ in 0..6 {
        let begun = begun.clone();
        drop(runtime.handle().spawn(async move {
            let waits = spawn_holder::<C>();
            C::sleep(Duration::from_millis(1)).await;
            C::block_in_place(|| {
                begun.send(()).expect("somebody waits");
                assert_eq!(waits.recv_timeout(LONG), Err(mpsc::RecvTimeoutError::Disconnected));
            });
        }));
    }
    for _ in 0..6 {
        begins.recv_timeout(LONG).expect("it begins");
    }
    ends(runtime);
}

/// The rest of the poll, which the close waits for, uses what a poll may use.
fn a_task_that_comes_back_finds_its_worker<C: Blocks>() {
    let runtime = runtime::<C>();
    let (begun, begins) = mpsc::channel();
    let (over, ends_so) = mpsc::channel();
    drop(runtime.handle().spawn(async move {
        let waits = spawn_holder::<C>();
        let drops = Drops(over.clone());
        C::block_in_place(|| {
            begun.send(()).expect("somebody waits");
            let _ = waits.recv_timeout(LONG);
        });
        drop(C::spawn(async move { drop(drops) }));
        over.send(()).expect("somebody waits");
        C::sleep(LONG).await;
        unreachable!("it is cancelled when it waits");
    }));
    begins.recv_timeout(LONG).expect("it begins");
    ends(runtime);
    assert_eq!(ends_so.try_iter().count(), 2);
}

/// The shutdown is over when its time is, nothing is freed, and the worker closes when the closure returns.
fn a_closure_that_does_not_end_is_left_alone<C: Blocks>() {
    // On a busy machine the other workers may take more time for their end: then once more.
    let alone = [50, 1_000, 10_000].into_iter().any(|ms| left_alone::<C>(Duration::from_millis(ms)) == 1);
    assert!(alone, "other workers run on");
}

/// How many workers run when a shutdown has waited so long beside a closure.
fn left_alone<C: Blocks>(limit: Duration) -> usize {
    let runtime = runtime::<C>();
    let (begun, begins) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let (over, is_over) = mpsc::channel();
    drop(runtime.handle().spawn(async move {
        let _drops = Drops(over);
        C::block_in_place(|| {
            begun.send(()).expect("somebody waits");
            goes_on.recv_timeout(LONG).expect("the test goes on");
        });
        pending::<()>().await;
    }));
    begins.recv_timeout(LONG).expect("it begins");
    let handle = runtime.handle();
    let start = Instant::now();
    let shutdown = runtime.shutdown_timeout(limit);
    assert!(start.elapsed() < limit + LONG / 2);
    assert!(is_over.try_recv().is_err(), "nothing of it is dropped yet");
    go_on.send(()).expect("it waits");
    is_over.recv_timeout(LONG).expect("its worker closes");
    assert!(handle.is_closed());
    assert!(shutdown.running_workers > 0, "{shutdown}");
    shutdown.running_workers
}

/// The runtime is dropped inside of a closure: it does not wait for the worker that the closure is of.
fn a_runtime_may_end_inside<C: Blocks>() {
    let own = Arc::new(Mutex::new(None));
    let (over, is_over) = mpsc::channel();
    let inside = own.clone();
    let begin = Arc::new(Barrier::new(2));
    let begins = begin.clone();
    let (tell, told) = mpsc::channel();
    let runtime = runtime::<C>();
    drop(runtime.handle().spawn(async move {
        let _drops = Drops(over);
        C::block_in_place(|| {
            begins.wait();
            let runtime: bespoke::Runtime<C> = inside.lock().expect("no panic").take().expect("it is there");
            let start = Instant::now();
            let shutdown = runtime.shutdown_timeout(LONG);
            tell.send((start.elapsed(), shutdown.running_workers)).expect("somebody waits");
        });
        pending::<()>().await;
    }));
    *own.lock().expect("no panic") = Some(runtime);
    begin.wait();
    let (took, running) = told.recv_timeout(2 * LONG).expect("it ends");
    assert!(took < LONG / 2, "it waited for itself");
    assert_eq!(running, 1);
    is_over.recv_timeout(LONG).expect("its worker closes");
}

/// The same, by a task that a stand-in may run.
fn a_runtime_may_end_on_a_stand_in<C: Blocks>() {
    let own = Arc::new(Mutex::new(None));
    let (over, is_over) = mpsc::channel();
    let begin = Arc::new(Barrier::new(2));
    let (inside, begins) = (own.clone(), begin.clone());
    let (say, said) = mpsc::channel();
    let runtime = runtime::<C>();
    drop(runtime.handle().spawn(async move {
        let _drops = Drops(over);
        let (tell, told) = mpsc::channel();
        drop(C::spawn(async move {
            // Another worker may run this before the test has put it there.
            let runtime: bespoke::Runtime<C> = loop {
                if let Some(runtime) = inside.lock().expect("no panic").take() {
                    break runtime;
                }
                thread::yield_now();
            };
            let start = Instant::now();
            // Of two workers one may be that of the closure, which ends when this has.
            let limit = if C::handle().workers() == 1 { LONG } else { Duration::from_millis(200) };
            let shutdown = runtime.shutdown_timeout(limit);
            say.send((start.elapsed(), shutdown.running_workers)).expect("the test waits");
            tell.send(()).expect("somebody waits");
        }));
        C::block_in_place(|| {
            begins.wait();
            told.recv_timeout(LONG)
        })
        .expect("the other task goes on");
        pending::<()>().await;
    }));
    *own.lock().expect("no panic") = Some(runtime);
    begin.wait();
    let (took, running) = said.recv_timeout(2 * LONG).expect("it ends");
    assert!(took < LONG / 2, "it waited for itself");
    assert!(running >= 1);
    is_over.recv_timeout(LONG).expect("its worker closes");
}

/// Tasks block in place again and again while the runtime closes.
fn those_that_come_meanwhile_end_too<C: Blocks>() {
    for round in 0..20_u64 {
        let runtime = runtime::<C>();
        let (over, is_over) = mpsc::channel();
        for n in 0..6 {
            let drops = Drops(over.clone());
            drop(runtime.handle().spawn(async move {
                let _drops = drops;
                loop {
                    C::block_in_place(|| thread::sleep(Duration::from_micros(10 * n)));
                    C::yield_now().await;
                }
            }));
        }
        drop(over);
        thread::sleep(Duration::from_micros(137 * round));
        ends(runtime);
        assert_eq!(is_over.try_iter().count(), 6, "every future is dropped when the shutdown is over");
    }
}

/// The stand-in hears first, and cancels what moves; a closure on another one waits for what is kept.
fn what_is_kept_is_cancelled_by_the_base_after_a_stand_in_heard_of_the_end<C: Blocks>() {
    let runtime = runtime::<C>();
    if runtime.handle().workers() > 1 {
        return ends(runtime);
    }
    let (held, waits) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    let began = begun.clone();
    drop(runtime.handle().spawn_pinned(async move || {
        let _held = held;
        began.send(()).expect("as it should");
        pending::<()>().await;
    }));
    begins.recv_timeout(LONG).expect("as it should");
    let (go, goes) = mpsc::channel::<()>();
    let (got, gets) = mpsc::channel();
    drop(runtime.handle().spawn(async move {
        drop(C::spawn(async move {
            C::block_in_place(|| {
                begun.send(()).expect("as it should");
                got.send(waits.recv_timeout(LONG / 2)).expect("as it should");
            });
        }));
        C::block_in_place(|| goes.recv_timeout(LONG)).expect("as it should");
    }));
    begins.recv_timeout(LONG).expect("as it should");
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        go.send(()).expect("as it should");
    });
    ends(runtime);
    other.join().expect("as it should");
    assert_eq!(gets.recv_timeout(LONG), Ok(Err(mpsc::RecvTimeoutError::Disconnected)));
}

/// A task blocks twice in one poll, and spawns between what the second closure waits for.
fn what_is_spawned_after_the_walk_is_cancelled<C: Blocks>() {
    let runtime = runtime::<C>();
    let (begun, begins) = mpsc::channel();
    let (got, gets) = mpsc::channel();
    drop(runtime.handle().spawn(async move {
        let waits = spawn_holder::<C>();
        C::block_in_place(|| {
            begun.send(()).expect("as it should");
            let _ = waits.recv_timeout(LONG);
        });
        let waits = spawn_holder::<C>();
        C::block_in_place(|| got.send(waits.recv_timeout(LONG / 2)).expect("as it should"));
    }));
    begins.recv_timeout(LONG).expect("as it should");
    ends(runtime);
    assert_eq!(gets.recv_timeout(LONG), Ok(Err(mpsc::RecvTimeoutError::Disconnected)));
}
