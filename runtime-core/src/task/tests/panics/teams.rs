//! The same products where tasks are shared, and where they move: whoever polls, drops, wakes or cancels may be another thread
//! than the one that spawned, and each of them runs code of the user's.

use super::{Alive, At, ENDS, End, PLACES, Task, drop_loudly, elsewhere, loud, poll_with};
use crate::config::Config;
use crate::runtime::{Ambient, Runtime};
use crate::testing::{Census, SharedApp, TwoCores, TwoThieves};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::Waker;
use core::time::Duration;
use std::boxed::Box;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::vec::Vec;

/// Gives the runtime turns until it is so.
#[track_caller]
fn until<C: Config>(rt: &Runtime<C>, holds: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if holds() {
            return;
        }
        turns(rt);
    }
    panic!("nothing comes of it");
}

fn turns<C: Config>(rt: &Runtime<C>) {
    rt.block_on(async { C::sleep(Duration::from_micros(200)).await });
}

/// Does the runtime still run tasks? One for each worker.
fn goes_on<C: Config>(rt: &Runtime<C>) {
    let tasks: Vec<_> = (0..2)
        .map(|n| {
            rt.handle().spawn(async move {
                C::yield_now().await;
                n
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(rt.block_on(task).unwrap(), n);
    }
}

fn play<C: Config>(at: At, end: End) {
    let census = Census::start();
    let count = Arc::new(AtomicUsize::new(0));
    let rt = Runtime::<C>::new().unwrap();
    let waits = matches!(end, End::Aborted | End::AbortedElsewhere | End::ClosedWhileItWaits);
    // One that waits is polled for as long as it is there.
    let polls = if waits { u32::MAX } else { 1 };
    let handle = rt.handle().spawn(Task { at, polls, alive: Alive::new(&count) });
    match end {
        End::Joined => {
            let result = rt.block_on(handle);
            assert_eq!(result.is_ok(), matches!(at, At::Nowhere | At::OutputDrop), "{at:?} {end:?}");
            drop_loudly(result);
        }
        End::Detached => {
            drop(handle);
            until(&rt, || count.load(SeqCst) == 0);
        }
        End::DetachedElsewhere => {
            until(&rt, || handle.is_finished());
            elsewhere(move || drop(handle));
        }
        End::Aborted => {
            turns(&rt);
            handle.abort();
            assert!(rt.block_on(handle).is_err(), "{at:?}");
        }
        End::AbortedElsewhere => {
            turns(&rt);
            elsewhere(|| handle.abort());
            assert!(rt.block_on(handle).is_err(), "{at:?}");
        }
        End::ClosedBeforeItRan => {
            drop(handle);
            drop(rt);
            assert_eq!(count.load(SeqCst), 0, "{at:?} {end:?}");
            return census.assert_all_freed();
        }
        End::ClosedWhileItWaits => {
            turns(&rt);
            drop(handle);
        }
        End::HandleOutlives | End::HandleOutlivesElsewhere => {
            until(&rt, || handle.is_finished());
            goes_on(&rt);
            drop(rt);
            if end == End::HandleOutlives {
                drop(handle);
            } else {
                elsewhere(move || drop(handle));
            }
            assert_eq!(count.load(SeqCst), 0, "{at:?} {end:?}");
            return census.assert_all_freed();
        }
    }
    goes_on(&rt);
    drop(rt);
    assert_eq!(count.load(SeqCst), 0, "{at:?} {end:?}");
    census.assert_all_freed();
}

fn a_panic_at_every_place_and_every_end<C: Config>() {
    for (n, at) in PLACES.into_iter().enumerate() {
        for (k, end) in ENDS.into_iter().enumerate() {
            // Each place and each end; all pairs take Miri too long.
            if !cfg!(miri) || n == k % PLACES.len() {
                play::<C>(at, end);
            }
        }
    }
}

/// All at once, on all workers, while they run; and then the runtime closes on those that are left.
fn panics_of_many_tasks_at_once<C: Config>() {
    let rounds = if cfg!(miri) { 1 } else { 20 };
    for _ in 0..rounds {
        let census = Census::start();
        let count = Arc::new(AtomicUsize::new(0));
        let rt = Runtime::<C>::new().unwrap();
        let mut handles = Vec::new();
        for n in 0..6u32 {
            for at in PLACES {
                let polls = if n % 3 == 0 { u32::MAX } else { n };
                handles.push((at, rt.handle().spawn(Task { at, polls, alive: Alive::new(&count) })));
            }
        }
        turns(&rt);
        let (end, left) = (handles.split_off(PLACES.len() * 3), handles);
        for (n, (at, handle)) in end.into_iter().enumerate() {
            match n / PLACES.len() {
                // They wait for ever.
                0 => {
                    handle.abort();
                    assert!(rt.block_on(handle).is_err());
                }
                1 => {
                    let result = rt.block_on(handle);
                    assert_eq!(result.is_ok(), matches!(at, At::Nowhere | At::OutputDrop), "{at:?}");
                    drop_loudly(result);
                }
                _ => drop(handle),
            }
        }
        goes_on(&rt);
        drop(rt);
        drop(left);
        assert_eq!(count.load(SeqCst), 0);
        census.assert_all_freed();
    }
}

/// The task ends on a worker while a thread that is none has left its waker.
fn a_foreign_waker_that_panics_in_a_join_slot<C: Config>() {
    for verbs in [loud::CLONE, loud::WAKE, loud::DROP, loud::WAKE | loud::DROP] {
        for replaced in [false, true] {
            for close in [false, true] {
                let census = Census::start();
                let count = Arc::new(AtomicUsize::new(0));
                let rt = Runtime::<C>::new().unwrap();
                let go = Arc::new(AtomicBool::new(false));
                let may = go.clone();
                let mut handle = rt.handle().spawn(async move {
                    while !may.load(SeqCst) {
                        C::yield_now().await;
                    }
                    5
                });
                let polled = poll_with(&mut handle, loud::waker(verbs, &count));
                assert_eq!(polled.is_none(), verbs & loud::CLONE != 0);
                if replaced {
                    assert!(poll_with(&mut handle, Waker::noop().clone()).unwrap().is_pending());
                }
                if close {
                    drop(rt);
                    drop(handle);
                } else {
                    go.store(true, SeqCst);
                    until(&rt, || handle.is_finished());
                    assert_eq!(rt.block_on(handle).unwrap(), 5);
                    goes_on(&rt);
                    drop(rt);
                }
                assert_eq!(count.load(SeqCst), 0, "{verbs} {replaced} {close}");
                census.assert_all_freed();
            }
        }
    }
}

/// In a sleep of a task, which a worker's wheel wakes, or whose drop comes from elsewhere, or which the close of the worker ends.
fn a_foreign_waker_that_panics_in_the_wheel<C: Config>() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Ends {
        Rings,
        DroppedElsewhere,
        Closed,
    }
    for verbs in [loud::CLONE, loud::WAKE, loud::DROP] {
        for ends in [Ends::Rings, Ends::DroppedElsewhere, Ends::Closed] {
            let census = Census::start();
            let count = Arc::new(AtomicUsize::new(0));
            let rt = Runtime::<C>::new().unwrap();
            let counted = count.clone();
            let task = rt.handle().spawn(async move {
                let after = if ends == Ends::Closed { Duration::from_secs(3600) } else { Duration::from_millis(20) };
                let mut sleep = Box::pin(C::sleep(after));
                let polled = poll_with(&mut sleep, loud::waker(verbs, &counted));
                assert_eq!(polled.is_none(), verbs & loud::CLONE != 0);
                match ends {
                    Ends::Rings => {
                        C::sleep(Duration::from_millis(30)).await;
                        drop_loudly(sleep);
                    }
                    Ends::DroppedElsewhere => elsewhere(move || drop_loudly(sleep)),
                    Ends::Closed => core::future::pending().await,
                }
            });
            if ends == Ends::Closed {
                drop(task);
                turns(&rt);
            } else {
                rt.block_on(task).unwrap();
                goes_on(&rt);
            }
            drop(rt);
            assert_eq!(count.load(SeqCst), 0, "{verbs} {ends:?}");
            census.assert_all_freed();
        }
    }
}

/// The runtime, and then the handles, go while a panic unwinds this thread, and the workers drop tasks that panic.
fn a_runtime_closed_by_an_unwinding_panic_drops_tasks_that_panic<C: Config>() {
    let census = Census::start();
    let count = Arc::new(AtomicUsize::new(0));
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let rt = Runtime::<C>::new().unwrap();
        let _handles: Vec<_> = PLACES
            .into_iter()
            .map(|at| rt.handle().spawn(Task { at, polls: u32::MAX, alive: Alive::new(&count) }))
            .collect();
        turns(&rt);
        let _rt = rt;
        panic!("while the runtime is alive");
    }));
    assert!(unwound.is_err());
    assert_eq!(count.load(SeqCst), 0);
    census.assert_all_freed();
}

/// A line for each config.
macro_rules! suite {
    ($($name:ident: $config:ty;)+ => $tests:tt) => {
        $(suite!(@ $name $config; $tests);)+
    };
    (@ $name:ident $config:ty; [$($test:ident)+]) => {
        mod $name {
            $(#[test]
            fn $test() {
                super::$test::<$config>();
            })+
        }
    };
}
suite! {
    shared: super::SharedApp;
    per_core: super::TwoCores;
    stealing: super::TwoThieves;
    => [
        a_panic_at_every_place_and_every_end
        panics_of_many_tasks_at_once
        a_foreign_waker_that_panics_in_a_join_slot
        a_foreign_waker_that_panics_in_the_wheel
        a_runtime_closed_by_an_unwinding_panic_drops_tasks_that_panic
    ]
}
