//! What tasks say of themselves, to their own thread and to others. The chains are those of machines by hand; what the macro
//! makes of functions is tested in `tests/async_trace.rs` of the facade.
#![expect(clippy::disallowed_methods, reason = "the asking side stands outside the runtime, with its own threads")]

use crate::machine::trace::tests::{calls, poll_once, waits_for};
use crate::runtime::{Ambient, Runtime, YieldNow};
use crate::scope::JoinSet;
use crate::task::{Level, TaskState, TaskTrace};
use crate::testing::{App, SharedApp};
use core::future::pending;
use core::time::Duration;
use std::string::ToString;
use std::sync::mpsc;
use std::thread;

/// What an answer that must come may take on a busy machine.
const LONG: Duration = Duration::from_secs(60);

fn words(trace: &TaskTrace) -> Option<&str> {
    match trace.levels() {
        [Level::Function { .. }, Level::Function { .. }, Level::Leaf { what }] => Some(what),
        _ => None,
    }
}

#[test]
fn a_local_runtime_tells_of_all_its_tasks() {
    let runtime = Runtime::<App>::new().unwrap();
    let tasks = [(); 3].map(|()| runtime.spawn(calls(waits_for(pending()))));
    runtime.block_on(YieldNow::default());
    let dump = runtime.dump();
    assert_eq!(dump.tasks().len(), 3);
    for (task, trace) in tasks.iter().zip(dump.tasks()) {
        assert_eq!((task.id(), TaskState::Waiting), (trace.id(), trace.state()));
        assert_eq!(words(trace), Some("Pending<()>"), "{trace}");
    }
    drop(tasks);
    // Detached, they are there all the same; and asked again after they were polled again.
    assert_eq!(runtime.dump().to_string(), dump.to_string());
}

#[test]
fn another_thread_asks_while_tasks_come_and_go() {
    let runtime = Runtime::<App>::new().unwrap();
    let handle = runtime.handle();
    let (stop, stopped) = mpsc::channel();
    let asker = thread::spawn(move || {
        for _ in 0..if cfg!(miri) { 3 } else { 200 } {
            let dump = handle.dump_within(LONG);
            assert!(dump.is_whole(), "{dump}");
            assert!(dump.tasks().iter().all(|trace| trace.levels().len() <= 3), "{dump}");
        }
        stop.send(()).unwrap();
    });
    runtime.block_on(async {
        let mut set = JoinSet::<(), App>::new();
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            set.spawn(waits_for(poll_once()));
            set.spawn(calls(waits_for(pending())));
            App::yield_now().await;
            set.abort_all();
            while set.join_next().await.is_some() {}
        }
    });
    asker.join().unwrap();
}

#[test]
fn a_shared_worker_answers_as_well() {
    let runtime = Runtime::<SharedApp>::new().unwrap();
    let task = runtime.block_on(async { SharedApp::spawn(calls(waits_for(pending()))) });
    let handle = runtime.handle();
    let (stop, stopped) = mpsc::channel();
    let asker = thread::spawn(move || {
        let mut trace = task.trace_within(LONG);
        while trace.state() != TaskState::Waiting {
            trace = task.trace_within(LONG);
        }
        let dump = handle.dump_within(LONG);
        stop.send(()).unwrap();
        (trace, dump)
    });
    runtime.block_on(async {
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            SharedApp::yield_now().await;
        }
    });
    let (trace, dump) = asker.join().unwrap();
    assert_eq!(words(&trace), Some("Pending<()>"), "{trace}");
    assert_eq!(dump.tasks().len(), 1, "{dump}");
    assert!(words(&dump.tasks()[0]).is_some(), "{dump}");
}
