//! Under loom: how many tasks and homes were made and freed, and the graveyard.
//!
//! Freed memory is kept until the next execution of the model starts, so that loom sees a use after a free: the `life`
//! cells in it are loom's. It is given back in the order in which it was freed.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::boxed::Box;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

static SPAWNED: AtomicUsize = AtomicUsize::new(0);
static FREED: AtomicUsize = AtomicUsize::new(0);
static HOMES_FREED: AtomicUsize = AtomicUsize::new(0);
static GRAVES: Mutex<Vec<Grave>> = Mutex::new(Vec::new());

/// What gives one block back.
struct Grave(#[cfg_attr(not(test), expect(dead_code, reason = "models are tests"))] Box<dyn FnOnce()>);

// SAFETY: what it names was freed, so it is nobody's; models run one at a time.
unsafe impl Send for Grave {}

fn bury(give_back: impl FnOnce() + 'static) {
    GRAVES.lock().unwrap_or_else(PoisonError::into_inner).push(Grave(Box::new(give_back)));
}

pub(crate) fn spawned() {
    SPAWNED.fetch_add(1, SeqCst);
}
pub(crate) fn task_freed(give_back: impl FnOnce() + 'static) {
    FREED.fetch_add(1, SeqCst);
    bury(give_back);
}
pub(crate) fn home_freed(give_back: impl FnOnce() + 'static) {
    HOMES_FREED.fetch_add(1, SeqCst);
    bury(give_back);
}
/// Before each execution of a model.
#[cfg(test)]
pub(crate) fn reset() {
    let graves = core::mem::take(&mut *GRAVES.lock().unwrap_or_else(PoisonError::into_inner));
    for grave in graves {
        (grave.0)();
    }
    SPAWNED.store(0, SeqCst);
    FREED.store(0, SeqCst);
    HOMES_FREED.store(0, SeqCst);
}
/// Is every task freed, and so many homes?
#[cfg(test)]
pub(crate) fn assert_all_freed(homes: usize) {
    assert_eq!(FREED.load(SeqCst), SPAWNED.load(SeqCst), "a task leaked");
    assert_eq!(HOMES_FREED.load(SeqCst), homes, "a home leaked");
}
