//! A worker closes while other threads spawn, and spawn, and spawn.

use crate::runtime::{Ambient, Handle, Runtime};
use crate::task::JoinHandle;
use crate::testing::{App, Census};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::Context;
use core::time::Duration;
use std::boxed::Box;
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::time::Instant;
use std::vec::Vec;

/// When it is dropped, another thread spawns the next of its kind: what the close waits for, if it waits for an inbox that
/// stays empty.
struct Chain {
    handle: Handle<App>,
    links: Arc<AtomicUsize>,
}

const LINKS_MAX: usize = 1000;

impl Drop for Chain {
    fn drop(&mut self) {
        let (handle, links) = (self.handle.clone(), self.links.clone());
        if links.fetch_add(1, SeqCst) >= LINKS_MAX || handle.is_closed() {
            return;
        }
        std::thread::scope(|scope| {
            scope.spawn(move || drop(spawn_chain(handle, links)));
        });
    }
}

fn spawn_chain(handle: Handle<App>, links: Arc<AtomicUsize>) -> JoinHandle<()> {
    let chain = Chain { handle: handle.clone(), links };
    handle.spawn(async move {
        let _chain = chain;
        core::future::pending::<()>().await;
    })
}

#[test]
fn a_close_does_not_wait_for_what_is_spawned_meanwhile() {
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let links = Arc::new(AtomicUsize::new(0));
    let first = spawn_chain(rt.handle(), links.clone());
    drop(rt);
    assert!(first.is_finished());
    drop(first);
    // One for each look into the inbox, and the one that finds it closed.
    let links = links.load(SeqCst);
    assert!((1..=5).contains(&links), "{links} tasks were taken in while the runtime closed");
    census.assert_all_freed();
}

/// Woken by the close, which ends all sleeps: has another thread spawn a task, and aborts it.
struct AbortsUnseen {
    handle: Handle<App>,
    aborted: Mutex<Option<JoinHandle<()>>>,
}

impl Wake for AbortsUnseen {
    fn wake(self: Arc<Self>) {
        let spawned = std::thread::scope(|scope| {
            let spawn = || self.handle.spawn(core::future::pending());
            scope.spawn(spawn).join().unwrap()
        });
        spawned.abort();
        *self.aborted.lock().unwrap() = Some(spawned);
    }
}

#[test]
fn a_task_that_is_aborted_while_its_worker_closes_is_freed() {
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let waker = Arc::new(AbortsUnseen { handle: rt.handle(), aborted: Mutex::default() });
    let sleep = rt.block_on(async {
        let mut sleep = Box::pin(App::sleep(Duration::from_secs(3600)));
        assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker.clone().into())).is_pending());
        sleep
    });
    drop(rt);
    let aborted = waker.aborted.lock().unwrap().take();
    assert!(aborted.unwrap().is_finished());
    drop((sleep, waker));
    census.assert_all_freed();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the threads give up by the machine's clock")]
fn a_close_ends_though_threads_spawn_for_ever() {
    /// The threads give up when the close has failed for good. Not sooner: how long a close takes that ends depends on how much
    /// of the machine it gets.
    const GIVES_UP: Duration = Duration::from_secs(60);
    /// From here on they spawn slowly: three that get all of the machine would fill its memory before the worker is through.
    const MANY: usize = 1_000_000;
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let [made, dropped] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let start = Instant::now();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (handle, stop, made, dropped) = (rt.handle(), stop.clone(), made.clone(), dropped.clone());
            std::thread::spawn(move || {
                let mut kept = Vec::new();
                while !stop.load(SeqCst) && start.elapsed() < GIVES_UP {
                    if made.fetch_add(1, SeqCst) > MANY {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    let value = Counted(dropped.clone());
                    let spawned = handle.spawn(async move {
                        let _value = value;
                        core::future::pending::<()>().await;
                    });
                    if kept.len() < 100 {
                        kept.push(spawned);
                    }
                }
                kept
            })
        })
        .collect();
    while made.load(SeqCst) < if cfg!(miri) { 10 } else { 1000 } {
        rt.block_on(async {});
    }
    drop(rt);
    let ended = start.elapsed();
    stop.store(true, SeqCst);
    for thread in threads {
        assert!(thread.join().unwrap().iter().all(JoinHandle::is_finished));
    }
    assert!(ended < GIVES_UP, "the close ended after the threads had given up: {ended:?}");
    assert_eq!(dropped.load(SeqCst), made.load(SeqCst));
    census.assert_all_freed();
}
