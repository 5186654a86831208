//! Wakes, clones and drops of wakers against a worker that parks, runs and frees.

use super::*;
use ::loom::thread;

tests! {
    wake_vs_park: local shared;
    owner_drops_two_foreign_clones: local shared;
    completed_task_freed_before_close: local shared;
    abort_vs_poll_vs_handle: local shared;
    two_wakers_each_publishes: local shared;
}

/// The wake carries the data, and ends the park.
fn wake_vs_park<C: Config>() {
    let rt = runtime::<C>();
    let (data, handle, waker) = parked(&rt);
    let other = thread::spawn(move || {
        data.publish();
        waker.wake();
    });
    assert_eq!(rt.block_on(handle).unwrap(), 7);
    other.join().unwrap();
    drop(rt);
    assert_all_freed();
}

/// References that were made over there and are dropped here.
fn owner_drops_two_foreign_clones<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, waker) = parked(&rt);
    let shelf = Shelf::new();
    let shelf_there = shelf.clone();
    let other = thread::spawn(move || {
        let clones = [waker.clone(), waker.clone(), waker.clone()];
        waker.wake();
        shelf_there.put(clones);
    });
    handle.abort();
    turn(&rt);
    drop(handle);
    rt.block_on(async { shelf.clear() });
    other.join().unwrap();
    rt.block_on(async { shelf.clear() });
    turn(&rt);
    assert_eq!(rt.live_tasks(), 0, "not freed");
    drop(rt);
    assert_all_freed();
}

/// A reference that was made here is dropped over there, after the task is complete: it is freed before the close.
fn completed_task_freed_before_close<C: Config>() {
    let rt = runtime::<C>();
    let (data, handle, waker) = parked(&rt);
    let shelf = Shelf::new();
    let shelf_there = shelf.clone();
    data.publish();
    let other = thread::spawn(move || {
        shelf_there.put([waker.clone()]);
        waker.wake_by_ref();
        drop(waker);
    });
    turn(&rt);
    drop(handle);
    rt.block_on(async { shelf.clear() });
    other.join().unwrap();
    rt.block_on(async { shelf.clear() });
    turn(&rt);
    turn(&rt);
    assert_eq!(rt.live_tasks(), 0, "not freed");
    drop(rt);
    assert_all_freed();
}

/// Abort from over there, while the task is woken, polled and detached here.
fn abort_vs_poll_vs_handle<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, waker) = parked(&rt);
    let abort = handle.abort_handle();
    let other = thread::spawn(move || {
        abort.abort();
        drop(abort);
    });
    waker.wake();
    turn(&rt);
    drop(handle);
    turn(&rt);
    other.join().unwrap();
    drop(rt);
    assert_all_freed();
}

/// Two threads, each with half of the condition: whichever wake is second may find the task woken already, and must
/// publish all the same.
fn two_wakers_each_publishes<C: Config>() {
    let rt = runtime::<C>();
    let halves = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let shown: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (watched, show) = (halves.clone(), shown.clone());
    let handle = spawn(
        &rt,
        poll_fn(move |cx| {
            if watched[0].load(Relaxed) && watched[1].load(Relaxed) {
                return Poll::Ready(());
            }
            *show.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        }),
    );
    turn(&rt);
    let first = shown.borrow_mut().take().unwrap();
    let second = first.clone();
    let others = [(0, first), (1, second)].map(|(half, waker)| {
        let halves = halves.clone();
        thread::spawn(move || {
            halves[half].store(true, Relaxed);
            // By reference: a wake by value always changes the count, and so always publishes.
            waker.wake_by_ref();
            drop(waker);
        })
    });
    rt.block_on(handle).unwrap();
    drop(shown);
    drop(rt);
    for other in others {
        other.join().unwrap();
    }
    assert_all_freed();
}
