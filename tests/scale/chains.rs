//! A million awaits, one behind the other, on a stack that has no room for a thousandth of them.
//!
//! A future that holds the next one, and that the next one, is polled through all of them: that is a call within a call for each
//! link, whatever runs it, so its depth is that of the stack, in every runtime. What a runtime may not do is to add calls of its
//! own: where an await is ready, where one task awaits another, where a wake reaches a task whose end wakes the next one.

use crate::{LONG, count, ends, runtime};
use bespoke::channel::oneshot;
use bespoke::prelude::*;
use bespoke::{Config, JoinHandle};
use core::future::{Future, poll_fn, ready};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

crate::on! { chains:
    ready_awaits_on_one_thread = ready_awaits::<One>;
    ready_awaits_on_one_ring = ready_awaits::<OneRing>;
    ready_awaits_per_core = ready_awaits::<Cores>;
    ready_awaits_stealing = ready_awaits::<Thieves>;
    tasks_on_one_thread = tasks_that_await_tasks::<One>;
    tasks_on_one_ring = tasks_that_await_tasks::<OneRing>;
    tasks_per_core = tasks_that_await_tasks::<Cores>;
    tasks_per_core_on_rings = tasks_that_await_tasks::<CoresOnRings>;
    tasks_stealing = tasks_that_await_tasks::<Thieves>;
    tasks_stealing_on_rings = tasks_that_await_tasks::<ThievesOnRings>;
}

/// The stack of the thread that is inside `block_on`, and of `SingleThread`'s one worker. The others' have two megabytes, the
/// system's usual: twenty bytes for each of a hundred thousand links.
const STACK: usize = 128 << 10;

fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(test).unwrap().join().unwrap();
}

fn links() -> usize {
    count(100_000, 1_000_000)
}

/// In one poll, one behind the other: futures of the language's, and the runtime's own that are ready.
fn ready_awaits<C: Config>() {
    on_a_small_stack(|| {
        let rt = runtime::<C>();
        let links = links();
        let chain = async move {
            let mut sum = 0;
            for n in 0..links {
                let (sender, receiver) = oneshot::channel();
                sender.send(n).unwrap();
                sum += ready(1).await + receiver.await.unwrap() - n;
            }
            sum
        };
        // In a task, and outside of one.
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = |chain: Pin<Box<dyn Future<Output = usize> + Send>>| {
            let (polls, mut chain) = (polls.clone(), chain);
            poll_fn(move |cx| {
                polls.fetch_add(1, SeqCst);
                chain.as_mut().poll(cx)
            })
        };
        let task = rt.handle().spawn(counted(Box::pin(chain)));
        assert_eq!(rt.block_on(async { C::timeout(LONG, task).await }).expect("it runs").unwrap(), links);
        assert_eq!(polls.load(SeqCst), 1, "a ready await gives the thread back");
        ends(rt);
    });
}

/// Spawns the next one and awaits it: `n` deep.
fn spawns_and_awaits<C: Config>(n: usize) -> impl Future<Output = usize> + Send {
    type Boxed = Pin<Box<dyn Future<Output = usize> + Send>>;
    async move { if n == 0 { 0 } else { C::spawn(Box::pin(spawns_and_awaits::<C>(n - 1)) as Boxed).await.unwrap() + 1 } }
}

/// The last of a chain of tasks, each of which awaits the one before; the first one awaits `go`.
fn chain<C: Config>(links: usize, go: oneshot::Receiver<()>, dropped: &Arc<AtomicUsize>) -> JoinHandle<usize> {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let mut last = C::spawn(async move { go.await.map_or(0, |()| 0) });
    for _ in 0..links {
        let (before, counted) = (last, Counted(dropped.clone()));
        last = C::spawn(async move {
            let _counted = counted;
            before.await.unwrap() + 1
        });
    }
    last
}

fn tasks_that_await_tasks<C: Config>() {
    on_a_small_stack(|| {
        let links = links();
        let rt = runtime::<C>();
        let dropped = Arc::new(AtomicUsize::new(0));
        // All wait: the end of each wakes the next.
        let (go, gone) = oneshot::channel();
        rt.block_on(async {
            let mut last = pin!(chain::<C>(links, gone, &dropped));
            // The last one was spawned last, so all wait when this is so; under workers that steal, nearly all.
            for _ in 0..10 {
                C::yield_now().await;
            }
            assert!(!last.is_finished());
            go.send(()).unwrap();
            assert_eq!(C::timeout(LONG, &mut last).await.expect("each wakes the next").unwrap(), links);
        });
        assert_eq!(dropped.swap(0, SeqCst), links);
        // Each is complete before it is awaited.
        rt.block_on(async {
            let mut last = C::spawn(async { 0 });
            for _ in 0..links / 10 {
                let before = last;
                last = C::spawn(async move { before.await.unwrap() + 1 });
                if !last.is_finished() {
                    C::yield_now().await;
                }
            }
            assert_eq!(C::timeout(LONG, last).await.expect("it is there").unwrap(), links / 10);
        });
        // Each is spawned by the one that awaits it.
        let deep = rt.handle().spawn(spawns_and_awaits::<C>(links));
        let deep = rt.block_on(async { C::timeout(LONG, deep).await });
        assert_eq!(deep.expect("each wakes the one that spawned it").unwrap(), links);
        // All wait when the runtime closes, which drops them.
        let (go, gone) = oneshot::channel();
        let last = rt.block_on(async { chain::<C>(links, gone, &dropped) });
        ends(rt);
        assert_eq!(dropped.load(SeqCst), links);
        assert!(last.is_finished());
        drop(go);
    });
}
