#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![expect(clippy::disallowed_methods, reason = "the test stands outside of the runtime")]

use super::*;
use crate::runtime::Ambient;
use crate::testing::{App, Narrow, SharedApp};
use alloc::string::ToString;
use core::time::Duration;
use std::sync::mpsc;

/// So long that a worker parks for it, also one that waits for a processor on its way. Under Miri a turn takes milliseconds of a
/// clock that counts steps.
const NAP: Duration = Duration::from_millis(if cfg!(miri) { 500 } else { 50 });

#[test]
fn a_single_thread_counts_polls_looks_parks_timers_and_tasks() {
    const YIELDS: usize = 1000;
    let runtime = Runtime::<App>::new().unwrap();
    let before = runtime.metrics();
    assert_eq!((before.config, before.workers.len(), before.tasks), ("App", 1, 0));
    assert_eq!((before.workers[0].polls, before.workers[0].stealing), (0, None));
    let task = runtime.spawn(async {
        for _ in 0..YIELDS {
            App::yield_now().await;
        }
    });
    runtime.block_on(async {
        task.await.unwrap();
        App::sleep(NAP).await;
    });
    let after = runtime.metrics();
    let worker = after.workers[0];
    // The task once more than it yields; the future of `block_on` at first, after the task, and after the sleep.
    assert_eq!(worker.polls, YIELDS as u64 + 1 + 3);
    assert_eq!(worker.looks, worker.polls / u64::from(App::EVENT_INTERVAL));
    assert_eq!(worker.timers, 1);
    assert!(worker.parks >= 1);
    assert_eq!(after.tasks, 0);
}

#[test]
fn a_handle_tells_another_thread_what_was_at_the_last_look() {
    let runtime = Runtime::<App>::new().unwrap();
    let tasks: alloc::vec::Vec<_> = (0..5).map(|_| runtime.spawn(core::future::pending::<()>())).collect();
    let (handle, (ask, asked)) = (runtime.handle(), mpsc::channel::<()>());
    let (answer, answered) = mpsc::channel();
    let other = std::thread::spawn(move || {
        asked.recv().unwrap();
        answer.send(handle.metrics()).unwrap();
    });
    let told = runtime.block_on(async {
        // Behind a look around.
        App::sleep(NAP).await;
        assert_eq!(App::handle().metrics().tasks, 5, "the worker itself knows");
        ask.send(()).unwrap();
        answered.recv().unwrap()
    });
    assert_eq!((told.tasks, runtime.metrics().tasks), (5, 5));
    assert_eq!(told.workers[0].timers, 1);
    other.join().unwrap();
    let handle = runtime.handle();
    assert_eq!(handle.metrics().tasks, 5);
    drop(runtime);
    assert_eq!(handle.metrics().tasks, 0, "a closed runtime has none");
    drop(tasks);
}

#[test]
fn tasks_that_threads_share_are_counted_from_anywhere() {
    let runtime = Runtime::<SharedApp>::new().unwrap();
    let task = runtime.spawn(core::future::pending::<()>());
    let handle = runtime.handle();
    let told = std::thread::spawn(move || handle.metrics().tasks).join().unwrap();
    assert_eq!(told, 1);
    task.abort();
}

#[test]
fn the_pool_says_what_runs_and_what_waits() {
    let runtime = Runtime::<Narrow>::new().unwrap();
    let (go, gone) = mpsc::channel::<()>();
    let (says, said) = mpsc::channel();
    let first = runtime.spawn_blocking(move || {
        says.send(()).unwrap();
        gone.recv().unwrap();
    });
    said.recv().unwrap();
    let second = runtime.spawn_blocking(|| ());
    assert_eq!(runtime.metrics().blocking, BlockingMetrics { threads: 1, idle: 0, queued: 1, running: 1 });
    go.send(()).unwrap();
    runtime.block_on(async {
        first.await.unwrap();
        second.await.unwrap();
    });
    assert_eq!(runtime.metrics().blocking.queued, 0);
}

#[test]
fn the_text_for_prometheus() {
    let stealing = StealingMetrics {
        queued: 1,
        searches: 2,
        searching: Some(Duration::new(26, 27)),
        woken: 28,
        from_core: Stolen { steals: 3, tasks: 4 },
        from_cache: Stolen { steals: 5, tasks: 6 },
        from_node: Stolen { steals: 7, tasks: 8 },
        from_machine: Stolen { steals: 9, tasks: 10 },
        taken: 11,
        given: 12,
        handed_over: 1,
    };
    let worker = WorkerMetrics {
        polls: 13,
        looks: 14,
        parks: 15,
        timers: 16,
        blocked: 25,
        resources: 17,
        stealing: Some(stealing),
    };
    let metrics = Metrics {
        config: "a \"quoted\\name\"",
        tasks: 17,
        resources: 18,
        queued: 19,
        workers: alloc::vec![worker, WorkerMetrics { polls: 20, ..worker }],
        threads: 26,
        threads_refused: 27,
        refused: None,
        blocking: BlockingMetrics { threads: 21, idle: 22, queued: 23, running: 24 },
    };
    let other = Metrics { config: "other", ..metrics.clone() };
    let both = [metrics, other];
    let text = Prometheus::of(&both).to_string();
    let [metrics, _] = both;
    let config = r#"config="a \"quoted\\name\"""#;
    for (line, times) in [
        ("# TYPE bespoke_tasks gauge".to_string(), 1),
        (alloc::format!("bespoke_tasks{{{config}}} 17"), 1),
        (alloc::format!("bespoke_open_resources{{{config}}} 18"), 1),
        (alloc::format!("bespoke_workers{{{config}}} 2"), 1),
        (alloc::format!("bespoke_worker_threads{{{config}}} 26"), 1),
        (alloc::format!("bespoke_worker_threads_refused_total{{{config}}} 27"), 1),
        (alloc::format!("bespoke_blocking_running_jobs{{{config}}} 24"), 1),
        ("# TYPE bespoke_worker_polls_total counter".to_string(), 1),
        ("bespoke_tasks{config=\"other\"} 17".to_string(), 1),
        ("bespoke_worker_polls_total{config=\"other\",worker=\"1\"} 20".to_string(), 1),
        (alloc::format!("bespoke_worker_polls_total{{{config},worker=\"0\"}} 13"), 1),
        (alloc::format!("bespoke_worker_polls_total{{{config},worker=\"1\"}} 20"), 1),
        (alloc::format!("bespoke_worker_blocked_polls_total{{{config},worker=\"0\"}} 25"), 1),
        (alloc::format!("bespoke_worker_searching_seconds_total{{{config},worker=\"1\"}} 26.000000027"), 1),
        (alloc::format!("bespoke_worker_wakes_total{{{config},worker=\"0\"}} 28"), 1),
        (alloc::format!("bespoke_worker_stolen_tasks_total{{{config},worker=\"1\",shared=\"node\"}} 8"), 1),
        (alloc::format!("bespoke_worker_steals_total{{{config},worker=\"0\",shared=\"machine\"}} 9"), 1),
    ] {
        assert_eq!(text.lines().filter(|found| **found == line).count(), times, "{line}\n{text}");
    }
    // Each name is described once, before its first line, all of its lines follow, and nothing else is there.
    let (mut described, mut last) = (std::collections::HashSet::new(), "");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            last = rest.split(' ').next().unwrap();
            assert!(described.insert(last), "{line} twice");
        } else if !line.starts_with("# HELP ") {
            let (name, rest) = line.split_once('{').unwrap();
            assert_eq!(name, last, "{line} is not described, or not among its own");
            let (_, value) = rest.rsplit_once("} ").unwrap();
            value.parse::<f64>().unwrap();
        }
    }
    assert!(text.ends_with('\n'));
    let untimed = StealingMetrics { searching: None, ..stealing };
    let untimed =
        Metrics { workers: alloc::vec![WorkerMetrics { stealing: Some(untimed), ..worker }], ..metrics.clone() };
    let untimed = untimed.prometheus().to_string();
    assert!(untimed.contains("bespoke_worker_steals_total") && !untimed.contains("searching"), "{untimed}");
    let single = Metrics { workers: alloc::vec![WorkerMetrics { stealing: None, ..worker }], ..metrics };
    assert!(!single.prometheus().to_string().contains("steals"));
}
