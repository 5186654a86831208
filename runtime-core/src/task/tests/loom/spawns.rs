//! `Handle::spawn` from another thread.

use super::*;
use ::loom::thread;

tests! {
    spawn_vs_park: local shared;
    spawn_vs_close: local shared;
    spawn_and_detach_vs_close: local shared;
    spawn_and_abort_vs_close: local shared;
    handle_crosses_before_the_task: local shared;
}

/// The task that another thread spawned ends the park.
fn spawn_vs_park<C: Config>() {
    let rt = runtime::<C>();
    let (data, joined, waker) = parked(&rt);
    let handle = rt.handle();
    let other = thread::spawn(move || {
        let spawned = handle.spawn(async move {
            data.publish();
            waker.wake();
        });
        drop(handle);
        drop(spawned);
    });
    assert_eq!(rt.block_on(joined).unwrap(), 7);
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// The future is dropped once, here or there, and the handle yields a cancelled error or the output.
fn spawn_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let handle = rt.handle();
    let count = drops();
    let value = Tracked::new(&count);
    let other = thread::spawn(move || {
        let spawned = handle.spawn(async move {
            let _value = value;
            core::future::pending::<()>().await;
        });
        drop(handle);
        spawned
    });
    drop(rt);
    let spawned = other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert!(spawned.is_finished());
    drop(spawned);
    assert_all_freed();
}

/// The handle goes at once.
fn spawn_and_detach_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let handle = rt.handle();
    let count = drops();
    let value = Tracked::new(&count);
    let other = thread::spawn(move || {
        drop(handle.spawn(async move {
            let _value = value;
            core::future::pending::<()>().await;
        }));
    });
    turn(&rt);
    drop(rt);
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}

/// The task is aborted before its first visit.
fn spawn_and_abort_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let handle = rt.handle();
    let count = drops();
    let value = Tracked::new(&count);
    let other = thread::spawn(move || {
        let spawned = handle.spawn(async move {
            let _value = value;
        });
        spawned.abort();
        drop(handle);
    });
    drop(rt);
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}

/// The join handle reaches the owner before the task does: the owner aborts a task that is in no table yet.
fn handle_crosses_before_the_task<C: Config>() {
    let rt = runtime::<C>();
    let handle = rt.handle();
    let count = drops();
    let value = Tracked::new(&count);
    let crossing = Arc::new(::loom::sync::Mutex::new(None));
    let there = crossing.clone();
    let other = thread::spawn(move || {
        let spawned = handle.spawn(async move {
            let _value = value;
            core::future::pending::<()>().await;
        });
        *there.lock().unwrap() = Some(spawned);
    });
    rt.block_on(async {
        let spawned = crossing.lock().unwrap().take();
        if let Some(spawned) = spawned {
            spawned.abort();
        }
    });
    drop(rt);
    other.join().unwrap();
    let left = crossing.lock().unwrap().take();
    drop(left);
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}
