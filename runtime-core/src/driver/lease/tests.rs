//! Where a lease may go, and that its buffer comes back once from each place. How bytes come into it is tested with the
//! drivers; the races are loom models, in `task::tests`.

#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use super::{Lease, Leased};
use crate::config::Config;
use crate::runtime::Runtime;
use crate::testing::{App, Census, Lent, SharedApp};
use crate::util::link::Node;
use crate::worker::ambient;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Leases that hold 0, 1, 2, …; and how many buffers are back.
struct Case<C: Config> {
    runtime: Runtime<C>,
    back: Arc<AtomicUsize>,
}

impl<C: Config> Case<C> {
    fn new() -> Self {
        Case { runtime: Runtime::new().unwrap(), back: Arc::default() }
    }

    fn leases(&self, count: u32) -> Vec<(Lease<C>, Word)> {
        self.runtime.block_on(async {
            (0..count)
                .map(|word| {
                    let leased = Lent::lend(word, &self.back);
                    let word = Word(leased.node(), word);
                    // SAFETY: the driver of this worker lent it just now.
                    (unsafe { Lease::of(ambient::worker::<C>(), leased) }, word)
                })
                .collect()
        })
    }

    fn turn(&self) {
        self.runtime.block_on(async {});
    }

    fn back(&self) -> usize {
        self.back.load(Ordering::SeqCst)
    }
}

/// Where the word of a lease is, and what it is.
struct Word(NonNull<Node>, u32);
// SAFETY: read by whoever holds the lease.
unsafe impl Send for Word {}

/// Looks at the buffer, and gives it back.
fn give_back<C: Config>((lease, word): (Lease<C>, Word)) {
    // SAFETY: the lease is held.
    assert_eq!(unsafe { Lent::word(word.0) }, word.1);
    drop(lease);
}

fn on_another_thread(f: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(f).join().unwrap());
}

fn every_way_home<C: Config>() {
    let census = Census::start();
    let case = Case::<C>::new();
    let mut leases = case.leases(9);
    let mut take = |n: usize| leases.split_off(leases.len() - n);
    // On the worker: at once.
    let here = take(2);
    case.runtime.block_on(async { here.into_iter().for_each(give_back) });
    assert_eq!(case.back(), 2);
    // On its thread, outside of it, and on another: with the next turn.
    take(2).into_iter().for_each(give_back);
    let elsewhere = take(2);
    on_another_thread(|| elsewhere.into_iter().for_each(give_back));
    assert_eq!(case.back(), 2);
    case.turn();
    assert_eq!(case.back(), 6);
    // In the inbox when the runtime closes, and held longer than it.
    let posted = take(1);
    on_another_thread(|| posted.into_iter().for_each(give_back));
    let (back, mut outlive) = (case.back.clone(), take(2));
    drop(case);
    assert_eq!(back.load(Ordering::SeqCst), 7);
    give_back(outlive.remove(0));
    on_another_thread(|| give_back(outlive.remove(0)));
    assert_eq!(back.load(Ordering::SeqCst), 9);
    census.assert_all_freed();
}

#[test]
fn every_way_home_of_one_worker() {
    every_way_home::<App>();
}

#[test]
fn every_way_home_under_shared_tasks() {
    every_way_home::<SharedApp>();
}

#[test]
fn a_lease_is_four_words_and_the_empty_one_is_nobodys() {
    assert_eq!(size_of::<Lease<App>>(), 4 * size_of::<usize>());
    assert_eq!(size_of::<Option<Leased>>(), 3 * size_of::<usize>());
}
