//! The pool as a part of a runtime.

use crate::config::Config;
use crate::runtime::{Ambient, Handle, LocalAmbient, Runtime};
use crate::task::JoinHandle;
use crate::testing::{App, Narrow, Other};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;
use std::panic::catch_unwind;
use std::string::String;
use std::sync::{Arc, mpsc};
use std::thread;
use std::vec::Vec;

fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().unwrap()
}

/// What `f` panics with.
fn panics<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(panic) => *panic.downcast::<String>().unwrap(),
    }
}

#[test]
fn a_task_waits_for_a_job_while_the_worker_sleeps() {
    let rt = runtime::<App>();
    let here = thread::current().id();
    rt.block_on(async {
        for i in 0..10 {
            let (there, output) = App::spawn_blocking(move || (thread::current().id(), i)).await.unwrap();
            assert_ne!(there, here);
            assert_eq!(output, i);
        }
    });
    assert_eq!(rt.block_on(rt.spawn_blocking(|| 1)).unwrap(), 1);
    assert_eq!(rt.block_on(rt.handle().spawn_blocking(|| 2)).unwrap(), 2);
}

#[test]
fn the_limits_are_those_of_the_config() {
    let rt = runtime::<Narrow>();
    let (open, opened) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel();
    let first = rt.spawn_blocking(move || {
        began.send(()).unwrap();
        let _ = opened.recv();
    });
    begun.recv().unwrap();
    let [second, third, fourth] = [(); 3].map(|()| rt.spawn_blocking(|| ()));
    drop(open);
    rt.block_on(async {
        assert!(fourth.await.unwrap_err().is_rejected());
        third.await.unwrap();
        second.await.unwrap();
        first.await.unwrap();
    });
}

#[test]
fn a_job_finds_its_runtime_by_name() {
    let rt = runtime::<App>();
    let outputs = rt.block_on(async {
        App::spawn_blocking(|| {
            let handle: Handle<App> = App::handle();
            let tasks: Vec<JoinHandle<thread::ThreadId>> = std::vec![
                <App as Ambient>::spawn(async { thread::current().id() }),
                App::spawn_named("named", async { thread::current().id() }),
                App::try_spawn(async { thread::current().id() }).ok().unwrap(),
                App::spawn_pinned(async || {
                    App::sleep(Duration::from_micros(1)).await;
                    thread::current().id()
                }),
                handle.spawn(async { thread::current().id() }),
            ];
            (tasks, App::spawn_blocking(|| App::spawn_blocking(|| 5)))
        })
        .await
        .unwrap()
    });
    let (tasks, nested) = outputs;
    rt.block_on(async {
        for task in tasks {
            assert_eq!(task.await.unwrap(), thread::current().id());
        }
        assert_eq!(nested.await.unwrap().await.unwrap(), 5);
    });
}

#[test]
fn what_a_job_may_not_do_panics_and_says_what_to_do() {
    let rt = runtime::<App>();
    rt.block_on(async {
        App::spawn_blocking(|| {
            let text = panics(|| <App as LocalAmbient>::spawn(async {}));
            assert!(text.contains("this is a blocking thread of `App`"), "{text}");
            assert!(text.contains("tests/runtime.rs") && text.contains("`App::handle().spawn(…)`"), "{text}");
            for text in [
                panics(|| App::now().as_nanos()),
                panics(|| App::random() + 1),
                panics(|| Other::spawn_blocking(|| ())),
                panics(|| <Other as LocalAmbient>::spawn(async {})),
                panics(|| <Other as Ambient>::spawn(async {})),
                panics(|| drop(Other::handle())),
            ] {
                assert!(text.starts_with("no runtime on this thread: "), "{text}");
                assert!(text.contains("tests/runtime.rs"), "{text}");
            }
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_runtime_inside_a_job_has_both_names() {
    let rt = runtime::<App>();
    let task = rt.block_on(async {
        App::spawn_blocking(|| {
            runtime::<Other>().block_on(async {
                assert_eq!(<Other as LocalAmbient>::spawn(async { 1 }).await.unwrap(), 1);
                assert_eq!(App::spawn_blocking(|| 2).await.unwrap(), 2);
                let text = panics(|| App::now().as_nanos());
                assert!(text.contains("this is a task of the runtime `Other`"), "{text}");
                Some(<App as Ambient>::spawn(async { 3 }))
            })
        })
        .await
        .unwrap()
    });
    assert_eq!(rt.block_on(task.unwrap()).unwrap(), 3);
}

#[test]
fn a_handle_of_a_job_may_be_awaited_by_another_runtime() {
    let rt = runtime::<App>();
    let (open, opened) = mpsc::channel::<()>();
    let handle = rt.spawn_blocking(move || {
        let _ = opened.recv();
        7
    });
    let there = thread::Builder::new().spawn(move || runtime::<Other>().block_on(handle).unwrap()).unwrap();
    drop(open);
    assert_eq!(there.join().unwrap(), 7);
}

#[test]
fn dropping_the_runtime_waits_for_the_job_that_runs() {
    let rt = runtime::<Narrow>();
    let done = Arc::new(AtomicBool::new(false));
    let (began, begun) = mpsc::channel();
    let handle = rt.handle();
    let running = rt.spawn_blocking({
        let (done, handle) = (done.clone(), handle.clone());
        move || {
            began.send(()).unwrap();
            // Over the whole close, but for its waiting.
            while !handle.is_closed() {
                thread::park_timeout(Duration::from_millis(1));
            }
            thread::park_timeout(Duration::from_millis(20));
            done.store(true, SeqCst);
        }
    });
    begun.recv().unwrap();
    let waiting = rt.spawn_blocking(|| ());
    drop(rt);
    assert!(done.load(SeqCst));
    let late = handle.spawn_blocking(|| ());
    runtime::<Other>().block_on(async {
        running.await.unwrap();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert!(late.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn a_job_may_outlive_its_runtime() {
    for wait in [Duration::ZERO, Duration::from_millis(2)] {
        let rt = runtime::<App>();
        let (open, opened) = mpsc::channel::<()>();
        let (began, begun) = mpsc::channel();
        let (over, end) = mpsc::channel::<()>();
        let job = rt.spawn_blocking(move || {
            // Dropped at the very end of the thread, after it let its runtime go: the test ends after that.
            END.set(Some(over));
            began.send(()).unwrap();
            let _ = opened.recv();
            (App::handle(), <App as Ambient>::spawn(async {}), App::spawn_blocking(|| ()))
        });
        begun.recv().unwrap();
        let shutdown = if wait.is_zero() { rt.shutdown_background() } else { rt.shutdown_timeout(wait) };
        assert_eq!(shutdown.running_jobs, 1);
        assert!(!shutdown.is_clean());
        assert!(!job.is_finished());
        drop(open);
        runtime::<Other>().block_on(async {
            let (handle, task, nested) = job.await.unwrap();
            assert!(handle.is_closed());
            assert!(task.await.unwrap_err().is_cancelled());
            assert!(nested.await.unwrap_err().is_cancelled());
        });
        assert!(end.recv().is_err());
    }
}

std::thread_local!(static END: core::cell::Cell<Option<mpsc::Sender<()>>> = const { core::cell::Cell::new(None) });

#[test]
fn what_close_drops_may_ask_for_a_job() {
    struct Asks(mpsc::Sender<JoinHandle<()>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            let _ = self.0.send(App::spawn_blocking(|| ()));
        }
    }
    let rt = runtime::<App>();
    let (to, from) = mpsc::channel();
    let asks = Asks(to);
    drop(rt.spawn(async move {
        let _asks = asks;
        core::future::pending::<()>().await
    }));
    rt.block_on(App::yield_now());
    drop(rt);
    assert!(runtime::<Other>().block_on(from.recv().unwrap()).unwrap_err().is_cancelled());
}

#[test]
fn two_runtimes_have_a_pool_each() {
    let (app, other) = (runtime::<App>(), runtime::<Other>());
    let a = app.block_on(app.spawn_blocking(|| thread::current().id())).unwrap();
    let b = other.block_on(other.spawn_blocking(|| thread::current().id())).unwrap();
    assert_ne!(a, b);
    drop(app);
    // One that tells its result may not be back for the next job yet: another one gets that.
    let again = || other.block_on(other.spawn_blocking(|| thread::current().id())).unwrap() == b;
    assert!((0..10_000).any(|_| again()));
}
