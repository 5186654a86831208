//! What lies outside the tasks and is dropped on another thread: sleeps, resources, boxed work, leases.

use super::*;
use crate::driver::{Errno, Lease, OwnedResource};
use crate::roles::{Kind, Resource};
use crate::testing::{Lent, descriptor};
use crate::time::Sleep;
use crate::util::link::Node;
use crate::worker::Worker;
use crate::worker::ambient;
use crate::worker::guests::{Work, drop_resource, post_work};
use ::loom::thread;
use core::ptr::NonNull;
use core::time::Duration;
use std::boxed::Box;

tests! {
    sleep_vs_close: local shared;
    sleep_vs_turn: local shared;
    resource_vs_close: local shared moving;
    number_vs_close: local shared moving;
    work_vs_close: local shared;
    work_vs_park: local;
    lease_vs_close: local shared moving;
    lease_vs_turn: local shared moving;
}

/// Lets a raw pointer cross; what it names holds itself.
struct Cross<T>(T);
// SAFETY: the tests give it to one thread, which then stands for the guest.
unsafe impl<T> Send for Cross<T> {}

impl<T> Cross<T> {
    fn into(self) -> T {
        self.0
    }
}

/// A sleep whose timer is in the wheel.
fn sleeping<C: Config>(rt: &Runtime<C>) -> core::pin::Pin<Box<Sleep<C>>> {
    rt.block_on(async {
        let mut sleep = Box::pin(Sleep::after(Duration::from_secs(3600)));
        poll_fn(|cx| {
            assert!(sleep.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        sleep
    })
}

fn sleep_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let sleep = sleeping(&rt);
    let other = thread::spawn(move || drop(sleep));
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// The timer is cancelled on the owner, and its slot used again.
fn sleep_vs_turn<C: Config>() {
    let rt = runtime::<C>();
    let sleep = sleeping(&rt);
    let other = thread::spawn(move || drop(sleep));
    turn(&rt);
    let again = sleeping(&rt);
    other.join().unwrap();
    drop(rt);
    drop(again);
    assert_all_freed();
}

fn resource_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let (worker, resource) = rt.block_on(async {
        let worker = ambient::worker::<C>();
        // SAFETY: the owner, in its context.
        let this = unsafe { worker.as_ref() };
        // SAFETY: the owner; nothing of the user's runs.
        let key = unsafe { this.with_resources(|resources| resources.open(3)) }.unwrap();
        // SAFETY: the owner.
        unsafe { this.home.caller_comes() };
        (worker, Resource { raw: 3, key })
    });
    let crossing = Cross(worker);
    let other = thread::spawn(move || {
        // SAFETY: this thread holds the one handle of the resource.
        unsafe { drop_resource::<C>(crossing.into(), resource) }
    });
    drop(rt);
    other.join().unwrap();
    assert_all_freed();
}

/// A call off the worker uses the descriptor of a resource, and the runtime closes it.
fn number_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let descriptor = descriptor::open();
    let resource = rt.block_on(async { OwnedResource::<C>::adopt(3, Kind::Stream) }).unwrap();
    let other = thread::spawn(move || match resource.while_open(|_| descriptor.call()) {
        Ok(()) | Err(Errno::RUNTIME_CLOSED) => resource,
        Err(errno) => panic!("{errno:?}"),
    });
    drop(rt);
    let resource = other.join().unwrap();
    assert_eq!(resource.while_open(|_| ()), Err(Errno::RUNTIME_CLOSED));
    drop(resource);
    assert_all_freed();
}

/// Work that drops a value and wakes.
struct DropsAndWakes(Tracked, Option<Waker>, Option<Arc<Data>>);

impl<C: Config> Work<C> for DropsAndWakes {
    fn run(self: Box<Self>, _: NonNull<Worker<C>>, _closed: bool) {
        let DropsAndWakes(value, waker, data) = *self;
        drop(value);
        if let Some(data) = data {
            data.publish();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A guest of the worker, for one piece of work.
fn guest<C: Config>(rt: &Runtime<C>) -> Cross<NonNull<Worker<C>>> {
    rt.block_on(async {
        let worker = ambient::worker::<C>();
        // SAFETY: alive: it runs this.
        let this = unsafe { worker.as_ref() };
        // SAFETY: the owner, in its context.
        unsafe { this.home.guest_comes() };
        Cross(worker)
    })
}

fn work_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let (crossing, value) = (guest(&rt), Tracked::new(&count));
    let other = thread::spawn(move || {
        // SAFETY: this thread stands for the guest.
        unsafe { post_work::<C>(crossing.into(), Box::new(DropsAndWakes(value, None, None))) }
    });
    drop(rt);
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}

fn work_vs_park<C: Config>() {
    let rt = runtime::<C>();
    let count = drops();
    let (data, joined, waker) = parked(&rt);
    let (crossing, value) = (guest(&rt), Tracked::new(&count));
    let other = thread::spawn(move || {
        let work = Box::new(DropsAndWakes(value, Some(waker), Some(data)));
        // SAFETY: this thread stands for the guest.
        unsafe { post_work::<C>(crossing.into(), work) }
    });
    assert_eq!(rt.block_on(joined).unwrap(), 7);
    drop(rt);
    other.join().unwrap();
    assert_eq!(count.load(SeqCst), 1);
    assert_all_freed();
}

/// A lease, the node of its buffer, and the count of buffers that are back.
fn lease<C: Config>(
    rt: &Runtime<C>,
    word: u32,
    ended: &std::sync::Arc<AtomicUsize>,
) -> Cross<(Lease<C>, NonNull<Node>)> {
    rt.block_on(async {
        let leased = Lent::lend(word, ended);
        let node = leased.node();
        let worker = ambient::worker::<C>();
        // SAFETY: the driver of this worker lent it just now.
        Cross((unsafe { Lease::of(worker, leased) }, node))
    })
}

/// Reads what is in the buffer, then lets it go.
fn read_and_drop<C: Config>(lease: Cross<(Lease<C>, NonNull<Node>)>, word: u32) {
    let (lease, node) = lease.into();
    // SAFETY: the lease is held.
    assert_eq!(unsafe { Lent::word(node) }, word);
    drop(lease);
}

fn lease_vs_close<C: Config>() {
    let rt = runtime::<C>();
    let ended = std::sync::Arc::default();
    let lease = lease(&rt, 1, &ended);
    let other = thread::spawn(move || read_and_drop(lease, 1));
    drop(rt);
    other.join().unwrap();
    assert_eq!(ended.load(SeqCst), 1, "the buffer was freed once");
    assert_all_freed();
}

/// What comes home is written to at once: the driver lends it again.
fn lease_vs_turn<C: Config>() {
    let rt = runtime::<C>();
    let ended = std::sync::Arc::default();
    let (one, two) = (lease(&rt, 1, &ended), lease(&rt, 2, &ended));
    let other = thread::spawn(move || read_and_drop(one, 1));
    turn(&rt);
    rt.block_on(async move { read_and_drop(two, 2) });
    other.join().unwrap();
    drop(rt);
    assert_eq!(ended.load(SeqCst), 2, "each buffer came back once");
    assert_all_freed();
}
