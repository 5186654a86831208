//! Loom models of the wait list and of [`Notify`], on the real code, with the mistakes that they must find.

use crate::loom::Plant;
use crate::sync::Notify;
use crate::testing::models::{STUCK, block_on, model};
use ::loom::thread;
use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

fn notify() -> Arc<Notify> {
    Arc::new(Notify::new())
}

/// A task looks and waits while another thread tells it: it hears.
fn wait_vs_notify_one() {
    let notify = notify();
    let other = thread::spawn({
        let notify = notify.clone();
        move || notify.notify_one()
    });
    block_on(notify.notified());
    other.join().unwrap();
}

/// Two wait, one of them is dropped while it is told: the other hears.
fn drop_vs_notify_one() {
    let notify = notify();
    let other = thread::spawn({
        let notify = notify.clone();
        move || notify.notify_one()
    });
    let heard = {
        let mut first = pin!(notify.notified());
        first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    };
    if !heard {
        block_on(notify.notified());
    }
    other.join().unwrap();
}

/// Once a call to all has begun, a call to one is not for those whom the first reaches: it stays for who comes.
fn notify_waiters_vs_notify_one() {
    let notify = notify();
    let mut waits = pin!(notify.notified());
    assert!(!waits.as_mut().enable());
    let probe = pin!(notify.notified());
    let other = thread::spawn({
        let notify = notify.clone();
        move || notify.notify_waiters()
    });
    if probe.enable() {
        notify.notify_one();
        block_on(notify.notified());
    }
    block_on(waits);
    other.join().unwrap();
}

/// What was written before a call to all is seen by who is told by it, also by who made its future during the call.
fn condition_vs_notify_waiters() {
    let (notify, ready) = (notify(), Arc::new(::loom::sync::atomic::AtomicBool::new(false)));
    let other = thread::spawn({
        let (notify, ready) = (notify.clone(), ready.clone());
        move || {
            ready.store(true, ::loom::sync::atomic::Ordering::Relaxed);
            notify.notify_waiters();
        }
    });
    loop {
        let told = notify.notified();
        if ready.load(::loom::sync::atomic::Ordering::Relaxed) {
            break;
        }
        block_on(told);
    }
    other.join().unwrap();
}

/// Two threads wait, and each is told once.
fn two_waiters_two_calls() {
    let (notify, heard) = (notify(), Arc::new(AtomicUsize::new(0)));
    let other = thread::spawn({
        let (notify, heard) = (notify.clone(), heard.clone());
        move || {
            block_on(notify.notified());
            heard.fetch_add(1, SeqCst);
        }
    });
    notify.notify_one();
    other.join().unwrap();
    // The waker changes between two polls, as it does when a task moves.
    let mut late = pin!(notify.notified());
    assert_eq!(late.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    let other = thread::spawn({
        let notify = notify.clone();
        move || notify.notify_one()
    });
    block_on(poll_fn(|cx| late.as_mut().poll(cx)));
    other.join().unwrap();
    assert_eq!(heard.load(SeqCst), 1);
}

#[test]
fn wait_vs_notify_one_model() {
    model("wait_vs_notify_one", wait_vs_notify_one, &[(Plant::WaitInTwoSteps, &[STUCK])]);
}

#[test]
fn drop_vs_notify_one_model() {
    model("drop_vs_notify_one", drop_vs_notify_one, &[(Plant::NotificationDropped, &[STUCK])]);
}

#[test]
fn notify_waiters_vs_notify_one_model() {
    model("notify_waiters_vs_notify_one", notify_waiters_vs_notify_one, &[(Plant::AllTakesOne, &[STUCK])]);
}

#[test]
fn condition_vs_notify_waiters_model() {
    model("condition_vs_notify_waiters", condition_vs_notify_waiters, &[(Plant::CallsRelaxed, &[STUCK])]);
}

#[test]
fn two_waiters_two_calls_model() {
    model("two_waiters_two_calls", two_waiters_two_calls, &[]);
}
