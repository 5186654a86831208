//! Blocking jobs in a [`JoinSet`], on a local and on a shared runtime.

use crate::channel::oneshot;
use crate::config::Config;
use crate::roles::StartsThreads;
use crate::runtime::{Ambient, Runtime, SpawnInto};
use crate::scope::JoinSet;
use crate::testing::{App, Narrow, SharedApp};
use core::future::pending;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, mpsc};
use std::thread;
use std::vec::Vec;

/// What they yield, a panic among it, while the set waits for tasks as well.
fn jobs_among_tasks<C: Config<Threads: StartsThreads>>() {
    Runtime::<C>::new().unwrap().block_on(async {
        let mut set = JoinSet::<usize, C>::new();
        for round in 0..if cfg!(miri) { 2 } else { 50 } {
            for n in 0..3 {
                set.spawn_blocking(move || 10 * round + n);
                set.spawn(async move {
                    for _ in 0..n {
                        C::yield_now().await;
                    }
                    10 * round + 3 + n
                });
            }
            let id = set.spawn_blocking(|| panic!("on purpose")).id();
            assert_eq!(set.len(), 7);
            let mut got = Vec::new();
            while let Some(next) = set.join_next().await {
                match next {
                    Ok(n) => got.push(n),
                    Err(error) => assert_eq!((error.id(), error.is_panic()), (id, true)),
                }
            }
            got.sort_unstable();
            assert_eq!(got, (0..6).map(|n| 10 * round + n).collect::<Vec<_>>());
        }
    });
}

#[test]
fn jobs_come_with_the_tasks() {
    jobs_among_tasks::<App>();
    jobs_among_tasks::<SharedApp>();
}

#[test]
fn waiting_jobs_are_aborted_or_rejected_and_a_running_one_goes_on() {
    Runtime::<Narrow>::new().unwrap().block_on(async {
        let mut set = JoinSet::<u8, Narrow>::new();
        let (release, wait) = mpsc::channel::<()>();
        let (started, starts) = oneshot::channel();
        set.spawn_blocking(move || {
            started.send(()).unwrap();
            wait.recv().map_or(1, |()| 2)
        });
        starts.await.unwrap();
        for _ in 0..3 {
            set.spawn_blocking(|| unreachable!("it never runs"));
        }
        assert!(set.join_next().await.unwrap().unwrap_err().is_rejected(), "no room");
        set.abort_all();
        for _ in 0..2 {
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
        }
        assert!(set.try_join_next().is_none());
        release.send(()).unwrap();
        assert_eq!(set.join_next().await.unwrap().unwrap(), 2, "it ran to its end");
        assert!(set.join_next().await.is_none());
    });
}

/// A thread of the pool ends the job when nobody owns the set's worker any more.
fn outlives<C: Config<Threads: StartsThreads>>(set_is_kept: bool) {
    let runtime = Runtime::<C>::new().unwrap();
    let mut set = JoinSet::<Arc<()>, C>::new();
    let (task, job) = (Arc::new(()), Arc::new(()));
    let (release, wait) = mpsc::channel::<()>();
    let (started, starts) = oneshot::channel();
    let (in_task, in_job) = (task.clone(), job.clone());
    let mut set = runtime.block_on(async move {
        set.spawn(async move {
            pending::<()>().await;
            in_task
        });
        set.spawn_blocking(move || {
            started.send(()).unwrap();
            wait.recv().expect_err("released by the drop of the other end");
            in_job
        });
        starts.await.unwrap();
        Some(set)
    });
    assert_eq!(runtime.shutdown_background().running_jobs, 1);
    set = set.filter(|_| set_is_kept);
    drop(release);
    if let Some(mut set) = set {
        let waits = thread::spawn(move || {
            let mut ended = Vec::new();
            while !set.is_empty() {
                match set.poll_join_next(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(next) => ended.push(next.unwrap().is_ok()),
                    Poll::Pending => thread::yield_now(),
                }
            }
            ended.sort_unstable();
            ended
        });
        assert_eq!(waits.join().unwrap(), [false, true]);
    }
    while Arc::strong_count(&task) + Arc::strong_count(&job) > 2 {
        thread::yield_now();
    }
}

#[test]
fn a_job_outlives_its_runtime_and_its_set() {
    for set_is_kept in [true, false] {
        outlives::<App>(set_is_kept);
        outlives::<SharedApp>(set_is_kept);
    }
}

#[test]
fn a_set_of_jobs_is_awaited_on_any_thread() {
    let runtime = Runtime::<App>::new().unwrap();
    let set = runtime.block_on(async {
        let mut set = JoinSet::<u8, App>::new();
        set.spawn_blocking(|| 1);
        let more = move || {
            set.spawn_blocking(|| 2);
            set
        };
        App::spawn_blocking(more).await.unwrap()
    });
    let all = thread::spawn(move || Runtime::<App>::new().unwrap().block_on(set.join_all()));
    let mut all = all.join().unwrap();
    all.sort_unstable();
    assert_eq!(all, [1, 2]);
}
