//! Join handles: who takes or drops the output, and who gives the handle's reference back.

use super::*;
use ::loom::sync::{Condvar, Mutex};
use ::loom::thread;

tests! {
    join_vs_complete: shared;
    detach_vs_complete: local shared;
    detach_vs_close: local shared;
    detach_and_wake_vs_close: local shared;
    detach_after_output_vs_close: local shared;
    output_taken_after_close: local shared;
}

/// Blocks a thread of the model on a future.
fn wait_for<F: Future>(future: F) -> F::Output {
    struct Bell {
        rung: Mutex<bool>,
        heard: Condvar,
    }
    // SAFETY: a lock and a condition variable.
    unsafe impl Send for Bell {}
    // SAFETY: as above.
    unsafe impl Sync for Bell {}
    impl std::task::Wake for Bell {
        fn wake(self: std::sync::Arc<Self>) {
            *self.rung.lock().unwrap() = true;
            self.heard.notify_one();
        }
    }
    let bell = std::sync::Arc::new(Bell { rung: Mutex::new(false), heard: Condvar::new() });
    let waker = Waker::from(bell.clone());
    let mut future = core::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut core::task::Context::from_waker(&waker)) {
            return output;
        }
        let mut rung = bell.rung.lock().unwrap();
        while !*rung {
            rung = bell.heard.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// A task that makes a value when it is first polled; queued.
fn maker<C: Config>(rt: &Runtime<C>, drops: &std::sync::Arc<AtomicUsize>) -> JoinHandle<Tracked> {
    let drops = drops.clone();
    spawn(rt, async move { Tracked::new(&drops) })
}

/// `Shared`: another thread waits, with first one waker and then another, while the task completes.
fn join_vs_complete<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let mut handle = maker(&rt, &count);
    let other = thread::spawn(move || {
        // A first poll with a waker of its own: the second has to take the slot back.
        let first = core::pin::Pin::new(&mut handle).poll(&mut core::task::Context::from_waker(Waker::noop()));
        let output = match first {
            Poll::Ready(output) => output,
            Poll::Pending => wait_for(handle),
        };
        drop(output.unwrap());
    });
    turn(&rt);
    other.join().unwrap();
    drop(rt);
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}

/// The handle goes over there while the task completes here.
fn detach_vs_complete<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let handle = maker(&rt, &count);
    let other = thread::spawn(move || drop(handle));
    turn(&rt);
    other.join().unwrap();
    turn(&rt);
    assert_eq!(count.load(SeqCst), 1);
    assert_eq!(rt.live_tasks(), 0, "not freed");
    drop(rt);
    assert_all_freed();
}

/// The handle of a task that has not run goes over there while the worker closes.
fn detach_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let handle = maker(&rt, &count);
    let other = thread::spawn(move || drop(handle));
    drop(rt);
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 0);
    assert_all_freed();
}

/// The handle of a complete task goes over there while the worker closes: the output goes once, by whoever.
fn detach_after_output_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let handle = maker(&rt, &count);
    turn(&rt);
    let other = thread::spawn(move || drop(handle));
    drop(rt);
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}

/// One thread has the pin for a wake, another lets the handle go: the detach rides on the first one's pin.
fn detach_and_wake_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let (_data, handle, waker) = parked(&rt);
    let others = [thread::spawn(move || waker.wake()), thread::spawn(move || drop(handle))];
    drop(rt);
    for other in others {
        other.join().unwrap();
    }
    assert_all_freed();
}

/// After the close any thread may take the output.
fn output_taken_after_close<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let (done, mut cancelled) = (maker(&rt, &count), spawn(&rt, core::future::pending::<()>()));
    turn(&rt);
    let handle = rt.handle();
    rt.block_on(poll_fn(|_| {
        let mut cx = core::task::Context::from_waker(Waker::noop());
        assert!(core::pin::Pin::new(&mut cancelled).poll(&mut cx).is_pending());
        Poll::Ready(())
    }));
    drop(rt);
    assert!(handle.is_closed());
    drop(handle);
    let other = thread::spawn(move || {
        drop(wait_for(done).unwrap());
        assert!(wait_for(cancelled).unwrap_err().is_cancelled());
    });
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}
