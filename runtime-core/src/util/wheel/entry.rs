//! What the wheel keeps for one timer, and the names that others have for it.

use core::task::Waker;

use crate::util::link::Node;
use crate::util::slab::NONE;

/// Names one timer of one wheel: the token inside a `Sleep`.
///
/// A key is *stale* once its timer was cancelled: the slot may serve another timer, under another generation. The
/// wheel ignores stale keys. A generation returns after 2³² timers in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Index into the worker's timer slab.
    pub slot: u32,
    /// How often the slot was freed before.
    pub generation: u32,
}

/// The allocator had no memory for another chunk of timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl core::fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no memory for another timer: the allocator refused a chunk of the timer slab")
    }
}

impl core::error::Error for OutOfMemory {}

/// One slot of the timer slab. `remote` comes first: a pointer to it is a pointer to the entry.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Entry {
    /// Belongs to the runtime.
    pub(super) remote: Node,
    /// Belongs to the owner of the wheel. Never borrowed together with `remote`.
    pub(super) timer: Timer,
}

/// # Invariants
/// 1. `home` is the list that `prev` and `next` are links of, or [`FIRED`] or [`FREE`], and then they mean nothing.
/// 2. `waker` is `None` while `home` is [`FIRED`] or [`FREE`].
#[derive(Debug)]
pub(super) struct Timer {
    pub(super) waker: Option<Waker>,
    pub(super) deadline: u64,
    pub(super) prev: u32,
    pub(super) next: u32,
    pub(super) generation: u32,
    /// Its own index, for whoever holds only the address.
    pub(super) slot: u32,
    pub(super) home: u16,
}

/// `home` of a timer whose deadline has come.
pub(super) const FIRED: u16 = u16::MAX - 1;
/// `home` of a slot that no key names.
pub(super) const FREE: u16 = u16::MAX;

impl Default for Entry {
    fn default() -> Self {
        let timer = Timer { waker: None, deadline: 0, prev: NONE, next: NONE, generation: 0, slot: NONE, home: FREE };
        Self { remote: Node::new(), timer }
    }
}

// With the slab's free link an entry fills one cache line.
#[cfg(all(not(loom), target_pointer_width = "64"))]
const _: () = assert!(size_of::<Entry>() == 56 && align_of::<Entry>() == 8, "a timer must fit a cache line");
