//! A worker that closes, and wakers and handles that outlive it.

use super::*;
use ::loom::thread;

tests! {
    wake_unjoined_vs_close: local shared;
    wake_by_value_vs_park_close: local shared;
    shutdown_vs_wake: local shared;
    turn_shutdown_vs_clone_drop: local shared;
    two_last_wakers_vs_close: local shared;
    abort_vs_close: local shared;
    last_handle_vs_close: local shared;
    clone_dropped_by_another_cancelled_task: local shared;
}

/// The worker may close before the waker's thread is through.
fn wake_unjoined_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let (data, handle, waker) = parked(&rt);
    let other = thread::spawn(move || {
        data.publish();
        waker.wake_by_ref();
        drop(waker);
    });
    assert_eq!(rt.block_on(handle).unwrap(), 7);
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// After the push nothing of the waker's pins the home: the unpark needs a reference of its own.
fn wake_by_value_vs_park_close<C: Config>() {
    let rt = runtime::<C>();
    let (data, handle, waker) = parked(&rt);
    let other = thread::spawn(move || {
        data.publish();
        waker.wake();
    });
    assert_eq!(rt.block_on(handle).unwrap(), 7);
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// A wake meets every step of the close.
fn shutdown_vs_wake<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, waker) = parked(&rt);
    drop(handle);
    let other = thread::spawn(move || waker.wake());
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// Clones and drops on both sides, over a turn and a close.
fn turn_shutdown_vs_clone_drop<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, waker) = parked(&rt);
    drop(handle);
    let here = waker.clone();
    let other = thread::spawn(move || {
        let clone = waker.clone();
        drop(waker);
        drop(clone);
    });
    drop(here);
    turn(&rt);
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// Two threads with the last two references of a task, and of the home through it.
fn two_last_wakers_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, waker) = parked(&rt);
    drop(handle);
    let second = waker.clone();
    let others = [thread::spawn(move || drop(waker)), thread::spawn(move || drop(second))];
    drop(rt);
    for other in others {
        other.join().unwrap();
    }
    assert_all_freed();
}

/// An abort handle over there is the last reference.
fn abort_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, waker) = parked(&rt);
    let abort = handle.abort_handle();
    drop((handle, waker));
    let other = thread::spawn(move || {
        abort.abort();
        // Once complete, it stays so.
        if abort.is_finished() {
            assert!(abort.clone().is_finished());
        }
    });
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// A `Handle` over there holds the husk.
fn last_handle_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let handle = rt.handle();
    let other = thread::spawn(move || {
        let clone = handle.clone();
        drop(handle);
        let _ = clone.is_closed();
    });
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// A queued task is cancelled at close; a clone of its waker that was made over there lies in another task's future.
fn clone_dropped_by_another_cancelled_task<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, here) = parked(&rt);
    let waker = here.clone();
    let shelf = Shelf::new();
    let shelf_there = shelf.clone();
    let kept = shelf.clone();
    // Cancelled after the first task, because it was spawned after it.
    let keeper = spawn(&rt, async move {
        let _cleared = Clears(kept);
        core::future::pending::<()>().await;
    });
    turn(&rt);
    let other = thread::spawn(move || {
        let clone = waker.clone();
        shelf_there.put([waker, clone]);
    });
    // Queued, and left in the queue.
    rt.block_on(async { here.wake() });
    drop((handle, keeper));
    drop(rt);
    other.join().unwrap();
    shelf.clear();
    assert_all_freed();
}

struct Clears(Shelf);

impl Drop for Clears {
    fn drop(&mut self) {
        self.0.clear();
    }
}
