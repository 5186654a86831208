//! What the wheel keeps for one timer, and the names that others have for it.

use core::task::Waker;

use crate::util::link::Node;

/// Names one timer of one wheel: the token inside a `Sleep`.
///
/// A key is *stale* once its timer was cancelled: the slot may serve another timer, under another generation. The
/// wheel ignores stale keys.
///
/// A generation returns after 2³¹ timers in the same slot. The runtime cannot meet that: a `Sleep` is the only holder of its
/// key, and the slot is freed by that sleep or, once the sleep is gone, by the visit of its node; so no key of the runtime is
/// ever stale, and the generation only checks that it is so. Whoever else keeps a stale key for that long may at worst see
/// another timer of this wheel: no memory is touched that is not the wheel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Index into the worker's timer slab.
    pub slot: u32,
    /// Which of the timers in the slot; odd.
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

/// One slot of the timer slab: what a key leads to. `remote` comes first: a pointer to it is a pointer to the entry.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Entry {
    /// Belongs to the runtime.
    pub(super) remote: Node,
    /// Belongs to the owner of the wheel. Never borrowed together with `remote`.
    pub(super) watch: Watch,
}

/// # Invariants
/// 1. `waker` is `None` while the timer is fired or the slot free.
/// 2. `generation` is odd while a key names the slot, and even while it is free.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) waker: Option<Waker>,
    pub(super) generation: u32,
}

impl Default for Entry {
    fn default() -> Self {
        let remote = Node::new();
        Self { remote, watch: Watch { waker: None, generation: 0 } }
    }
}

/// The place of a timer in time. Kept apart from the entry: cancelling touches two neighbours and dealing out a list
/// touches each timer in it, and a million places fit a cache where a million entries do not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) deadline: u64,
    /// The timer before it in its list, or [`NONE`](crate::util::slab::NONE).
    pub(super) prev: u32,
    /// The timer behind it in its list, or [`NONE`](crate::util::slab::NONE); itself: the timer is in no list.
    pub(super) next: u32,
}

// With the slab's free link two entries fill a cache line; so do four places.
#[cfg(all(target_pointer_width = "64", not(loom)))]
const _: () = assert!(size_of::<Entry>() <= 32 && size_of::<Place>() == 16, "a timer must fit 48 bytes");
