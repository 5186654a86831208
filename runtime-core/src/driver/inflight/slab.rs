//! Where the slots of a table lie.
//!
//! In chunks that never move and are kept until the table goes, so a table is as large as its high-water mark.

use super::Token;
use super::slot::{Own, Slot};
use super::stack::Stack;
use super::table::Table;
use crate::loom::{Life, UnsafeCell};
use crate::sharing::Sharing;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::{self, NonNull};

/// The part that slots point at.
pub(super) struct Home<S: Sharing> {
    pub(super) stack: Stack<S>,
    /// The number that the driver gave its worker.
    pub(super) worker: usize,
    /// Touched by the owner only, in short steps that run nobody else's code.
    lists: UnsafeCell<Lists<S>>,
    pub(super) life: Life,
}

/// What the owner alone touches.
pub(super) struct Lists<S: Sharing> {
    /// The chunks of `CHUNK` slots each.
    chunks: Vec<NonNull<Slot<S>>>,
    /// Free slots, last freed first.
    free: *mut Slot<S>,
    /// Slots that came home and were not looked at yet.
    pub(super) came_home: *mut Slot<S>,
    slots_max: u32,
    pub(super) in_flight: u32,
    pub(super) stale: u64,
}

/// Slots per chunk: 5 KiB at most. Loom's are small, for its memory is checked slot by slot.
const CHUNK: usize = if cfg!(loom) { 2 } else { 64 };

impl<S: Sharing> Home<S> {
    /// A home without slots; lives until [`Table::free_all`].
    pub(super) fn new(worker: usize, slots_max: u32) -> NonNull<Self> {
        let lists = Lists {
            chunks: Vec::new(),
            free: ptr::null_mut(),
            came_home: ptr::null_mut(),
            slots_max,
            in_flight: 0,
            stale: 0,
        };
        let home = Home { stack: Stack::new(), worker, lists: UnsafeCell::new(lists), life: Life::new() };
        NonNull::from(Box::leak(Box::new(home)))
    }

    fn end(&self) {
        #[cfg(loom)]
        self.life.end();
    }
}

impl<S: Sharing> Table<S> {
    #[inline(always)]
    pub(super) fn home(&self) -> &Home<S> {
        // SAFETY: freed when the table is dropped, not before (invariant 1).
        let home = unsafe { self.home.as_ref() };
        home.life.touch();
        home
    }

    /// `f` runs no code of anybody else's, so it does not come back here.
    #[inline(always)]
    pub(super) fn lists<R>(&self, f: impl FnOnce(&mut Lists<S>) -> R) -> R {
        // SAFETY: we are the owner, and no other borrow is live: `f` does not come back here.
        self.home().lists.with_mut(|lists| f(unsafe { &mut *lists }))
    }

    /// The slot with this index, if it exists.
    pub(super) fn slot_at(&self, index: u32) -> Option<NonNull<Slot<S>>> {
        let chunk = self.lists(|lists| lists.chunks.get(index as usize / CHUNK).copied())?;
        // SAFETY: a chunk has `CHUNK` slots.
        Some(unsafe { chunk.add(index as usize % CHUNK) })
    }

    /// The slot whose terminal completion `token` is (invariant 10).
    #[inline]
    pub(super) fn find(&self, token: Token) -> Option<NonNull<Slot<S>>> {
        let pointer = self.slot_at(token.index())?;
        // SAFETY: the slot belongs to this table, which is allocated.
        let slot = unsafe { pointer.as_ref() };
        // SAFETY: we are the owner (invariant 6).
        let issued = unsafe { slot.token() };
        // SAFETY: as above.
        let own = unsafe { slot.own() };
        (issued == token && own.in_use && !own.completion_seen).then_some(pointer)
    }

    /// A free slot, off the list and counted.
    #[inline]
    pub(super) fn take_free(&self) -> Option<NonNull<Slot<S>>> {
        if self.lists(|lists| lists.free.is_null()) {
            self.grow()?;
        }
        self.lists(|lists| {
            let slot = NonNull::new(lists.free)?;
            // SAFETY: a slot of this table, which is allocated.
            let node = unsafe { slot.as_ref() };
            // SAFETY: a free slot is the owner's (invariant 5).
            lists.free = unsafe { node.link() };
            lists.in_flight += 1;
            Some(slot)
        })
    }

    /// One more chunk; `None` at the bound, or without memory.
    #[cold]
    fn grow(&self) -> Option<()> {
        let first = self.slots();
        let full = self.lists(|lists| first >= lists.slots_max || lists.chunks.try_reserve(1).is_err());
        let end = first.checked_add(CHUNK as u32)?;
        let mut chunk = Vec::new();
        if full || chunk.try_reserve_exact(CHUNK).is_err() {
            return None;
        }
        chunk.extend((first..end).map(|index| Slot::new(self.home, index)));
        let chunk = NonNull::from(chunk.leak()).cast::<Slot<S>>();
        self.lists(|lists| {
            lists.chunks.push(chunk);
            // From the last to the first, so that the first is taken first.
            for at in (0..CHUNK).rev() {
                // SAFETY: the chunk has `CHUNK` slots.
                let slot = unsafe { chunk.add(at) };
                // SAFETY: just made, and only known here.
                let node = unsafe { slot.as_ref() };
                // SAFETY: a free slot is the owner's (invariant 5).
                unsafe { node.set_link(lists.free) };
                lists.free = slot.as_ptr();
            }
        });
        Some(())
    }

    /// The end of a use: ticket, system and stack know the slot no more.
    pub(super) fn free(&self, pointer: NonNull<Slot<S>>) {
        // SAFETY: the slot belongs to this table, which is allocated.
        let slot = unsafe { pointer.as_ref() };
        slot.life.touch();
        // SAFETY: we are the owner, and the ticket is gone (invariant 6).
        unsafe { slot.next_generation() };
        // SAFETY: we are the owner (invariant 6).
        unsafe { slot.set_own(Own::default()) };
        slot.state.set_at_home(0);
        self.lists(|lists| {
            // SAFETY: the slot is no node of the stack, so the link is the owner's (invariant 5).
            unsafe { slot.set_link(lists.free) };
            lists.free = pointer.as_ptr();
            lists.in_flight -= 1;
        });
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> u32 {
        self.lists(|lists| (lists.chunks.len() * CHUNK) as u32)
    }

    /// Frees the slots and the home.
    ///
    /// # Safety
    /// Nothing is in flight, and the table is not used again.
    pub(super) unsafe fn free_all(&mut self) {
        for chunk in self.lists(|lists| core::mem::take(&mut lists.chunks)) {
            let chunk = NonNull::slice_from_raw_parts(chunk, CHUNK);
            // SAFETY: `grow` leaked a vector of this size; nothing is in flight, so nobody knows a slot of it.
            let chunk = unsafe { Box::from_raw(chunk.as_ptr()) };
            release(chunk, |chunk| chunk.iter().for_each(|slot| slot.end()));
        }
        // SAFETY: `Home::new` leaked it; nothing is in flight, so no slot points at it, and a push does not touch it once its
        // slot has come home.
        let home = unsafe { Box::from_raw(self.home.as_ptr()) };
        release(home, |home| home.end());
    }
}

/// Frees memory. Under loom it only ends, so that a use after free is found and does no harm.
#[cfg_attr(not(loom), expect(unused_variables, reason = "only loom is told of the end"))]
fn release<T: ?Sized>(memory: Box<T>, end: impl FnOnce(&T)) {
    #[cfg(loom)]
    end(Box::leak(memory));
    #[cfg(not(loom))]
    drop(memory);
}
