//! The table of all tasks of a worker that are not freed yet: 8 bytes a task, and each operation touches only its slot.
//!
//! A task stays in the table until it is *freed*, not until it is complete: closing must merge what is left of complete
//! tasks, too. A free slot holds the number of the next free one, marked by an odd address; a header is never at one.

use super::header::Header;
use crate::sharing::Sharing;
use crate::util::abort;
use alloc::vec::Vec;
use core::ptr::{NonNull, without_provenance_mut};

/// The end of the list of free slots; also the `idx` of a task that is in no table.
pub(crate) const NO_SLOT: u32 = u32::MAX;

/// All tasks of a worker that are not freed yet.
pub(crate) struct Owned<S: Sharing> {
    slots: Vec<*mut Header<S>>,
    free: u32,
    live: usize,
    /// The runtime closed: from now on a task that is freed gives back a reference of the home (`Shared`).
    pub(crate) closed: bool,
    /// The walk of close has begun (`Shared`): who lists a task that any worker may run cancels it.
    pub(crate) closing: bool,
}

// SAFETY: the pointers are names of tasks; whoever uses one holds the right to the task by the task's own rules.
unsafe impl<S: Sharing> Send for Owned<S> {}

impl<S: Sharing> Owned<S> {
    pub(crate) fn new() -> Self {
        Owned { slots: Vec::new(), free: NO_SLOT, live: 0, closed: false, closing: false }
    }

    /// Tasks in the table.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// Slots, used or free: the bound of [`get`](Self::get).
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, task: NonNull<Header<S>>) -> u32 {
        self.live += 1;
        let index = self.free;
        if let Some(slot) = self.slots.get_mut(index as usize) {
            self.free = (slot.addr() >> 1) as u32;
            *slot = task.as_ptr();
            index
        } else {
            let index = self.slots.len() as u32;
            if self.slots.len() >= NO_SLOT as usize {
                // Four thousand million tasks: this one would pass for a task that was never visited.
                abort("too many tasks");
            }
            self.slots.push(task.as_ptr());
            index
        }
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, index: u32) {
        self.live -= 1;
        self.slots[index as usize] = without_provenance_mut((self.free as usize) << 1 | 1);
        self.free = index;
    }

    /// The task in slot `index`, if one is there.
    pub(crate) fn get(&self, index: usize) -> Option<NonNull<Header<S>>> {
        let slot = *self.slots.get(index)?;
        if slot.addr() & 1 == 1 { None } else { NonNull::new(slot) }
    }
}
