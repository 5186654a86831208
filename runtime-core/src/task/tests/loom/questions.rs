//! Questions of another thread, while the worker runs, sleeps and closes. Nobody waits for ever, and nothing leaks.

use super::*;
use ::loom::thread;
use core::future::pending;

tests! {
    question_vs_turn: local shared;
    question_vs_completion: local shared;
    question_vs_abort: local shared;
    question_vs_park: local shared;
    question_vs_close: local shared;
}

/// A handle is asked, and dropped, while its task is polled.
fn question_vs_turn<C: Config>() {
    let rt = runtime::<C>();
    let handle = spawn(&rt, pending::<()>());
    let other = thread::spawn(move || {
        let _ = handle.trace();
    });
    turn(&rt);
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// A handle is asked while its task comes to its end, and its output is dropped.
fn question_vs_completion<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let value = Tracked::new(&count);
    let handle = spawn(&rt, async move { value });
    let other = thread::spawn(move || {
        let _ = handle.trace();
    });
    turn(&rt);
    drop(rt);
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}

/// A handle is asked while its task is aborted, which drops the future.
fn question_vs_abort<C: Config>() {
    let rt = runtime::<C>();
    let handle = spawn(&rt, pending::<()>());
    turn(&rt);
    let abort = handle.abort_handle();
    let other = thread::spawn(move || {
        let _ = handle.trace();
    });
    abort.abort();
    turn(&rt);
    drop((abort, rt));
    other.join().unwrap();
    assert_all_freed();
}

/// The question comes to a worker that sleeps, and must wake it: the wake that ends the sleep comes after the answer.
fn question_vs_park<C: Config>() {
    let rt = runtime::<C>();
    let (data, handle, waker) = parked(&rt);
    let asker = rt.handle();
    let other = thread::spawn(move || {
        let dump = asker.dump();
        data.publish();
        waker.wake();
        dump.is_whole()
    });
    assert_eq!(rt.block_on(handle).unwrap(), 7);
    assert!(other.join().unwrap(), "the worker was running until it had answered");
    drop(rt);
    assert_all_freed();
}

/// The question meets every step of the close.
fn question_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let handle = spawn(&rt, pending::<()>());
    let asker = rt.handle();
    let other = thread::spawn(move || {
        let _ = asker.dump();
        let _ = handle.trace();
    });
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}
