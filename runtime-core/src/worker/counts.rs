//! Under loom: how many tasks and homes were made and freed, since loom's blocks are kept.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

static SPAWNED: AtomicUsize = AtomicUsize::new(0);
static FREED: AtomicUsize = AtomicUsize::new(0);
static HOMES_FREED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn spawned() {
    SPAWNED.fetch_add(1, SeqCst);
}
pub(crate) fn freed() {
    FREED.fetch_add(1, SeqCst);
}
pub(crate) fn home_freed() {
    HOMES_FREED.fetch_add(1, SeqCst);
}
pub(crate) fn reset() {
    SPAWNED.store(0, SeqCst);
    FREED.store(0, SeqCst);
    HOMES_FREED.store(0, SeqCst);
}
/// Is every task freed, and so many homes?
pub(crate) fn assert_all_freed(homes: usize) {
    assert_eq!(FREED.load(SeqCst), SPAWNED.load(SeqCst), "a task leaked");
    assert_eq!(HOMES_FREED.load(SeqCst), homes, "a home leaked");
}
