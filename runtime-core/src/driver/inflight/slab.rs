//! Where the slots of a table lie.
//!
//! In chunks that never move and are kept until the table goes, so a table is as large as its high-water mark.

use super::Token;
use super::slot::{Own, Slot};
use super::stack::Stack;
use super::table::Table;
use crate::loom::{AtomicU32, Life, Ordering, Plant, UnsafeCell, planted};
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
    /// When the table is gone: the slots that were in use then and did not end since (invariant 1). 0 until then.
    shares: AtomicU32,
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
    /// A home without slots; lives until [`Home::free`].
    pub(super) fn new(worker: usize, slots_max: u32) -> NonNull<Self> {
        let lists = Lists {
            chunks: Vec::new(),
            free: ptr::null_mut(),
            came_home: ptr::null_mut(),
            slots_max,
            in_flight: 0,
            stale: 0,
        };
        let home = Home {
            stack: Stack::new(),
            worker,
            lists: UnsafeCell::new(lists),
            shares: AtomicU32::new(0),
            life: Life::new(),
        };
        NonNull::from(Box::leak(Box::new(home)))
    }

    /// The table goes: its slots in use share what it leaves (invariant 1). If there are none, it is freed here.
    ///
    /// # Safety
    /// The caller is the owner, for the last time; every slot in use has its share.
    pub(super) unsafe fn leave(home: NonNull<Self>, slots: u32) {
        if slots == 0 {
            // SAFETY: no slot is in use, so nobody knows one, or the home (invariant 1), and the table goes (contract).
            return unsafe { Home::free(home) };
        }
        let slots = if planted(Plant::SlotShareMissing) { slots - 1 } else { slots };
        // SAFETY: a slot is in use, and no share is given up before this is over (contract of `give_share_up`).
        let home = unsafe { home.as_ref() };
        // Orders nothing: that the table went happened before a share is given up.
        home.shares.store(slots, Ordering::Relaxed);
    }

    /// Gives the share of a slot up: the last one frees slots and home.
    ///
    /// # Safety
    /// The table went, and that happened before this call. The share is the caller's, who uses neither the slot nor the home
    /// afterwards.
    pub(super) unsafe fn give_share_up(home: NonNull<Self>) {
        // SAFETY: our share keeps the home until the step below (invariant 1).
        unsafe { &(*home.as_ptr()).life }.touch();
        // SAFETY: as above. Of the count alone, in which every byte may change: others may free the home before the step
        // returns.
        let shares = unsafe { &(*home.as_ptr()).shares };
        // Releases what we did with the slot; the last one acquires what all others did with theirs.
        let order = if planted(Plant::SlotRelaxedShare) { Ordering::Relaxed } else { Ordering::AcqRel };
        if shares.fetch_sub(1, order) == 1 {
            // SAFETY: the last share: the table is gone, and every slot that it left in use has ended (invariant 1).
            unsafe { Home::free(home) };
        }
    }

    /// Frees the slots and the home.
    ///
    /// # Safety
    /// Nobody knows a slot or the home any more but the caller, and all that was done with them happened before this call.
    unsafe fn free(home: NonNull<Self>) {
        // SAFETY: allocated until here, and nobody else's (contract).
        let lists = unsafe { &(*home.as_ptr()).lists };
        // SAFETY: as above: no other borrow is live.
        let chunks = lists.with_mut(|lists| core::mem::take(unsafe { &mut (*lists).chunks }));
        for chunk in chunks {
            let chunk = NonNull::slice_from_raw_parts(chunk, CHUNK);
            // SAFETY: `grow` leaked a vector of this size, and nobody knows a slot of it (contract).
            let chunk = unsafe { Box::from_raw(chunk.as_ptr()) };
            release(chunk, |chunk| chunk.iter().for_each(|slot| slot.end()));
        }
        // SAFETY: `new` leaked it, and nobody knows it (contract): a push does not touch it once its slot has come home.
        let home = unsafe { Box::from_raw(home.as_ptr()) };
        release(home, |home| home.end());
    }

    fn end(&self) {
        #[cfg(loom)]
        self.life.end();
    }
}

impl<S: Sharing> Table<S> {
    #[inline(always)]
    pub(super) fn home(&self) -> &Home<S> {
        // SAFETY: not freed before the table is dropped (invariant 1).
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
}

/// Frees memory. Under loom it only ends, so that a use after free is found and does no harm.
#[cfg_attr(not(loom), expect(unused_variables, reason = "only loom is told of the end"))]
fn release<T: ?Sized>(memory: Box<T>, end: impl FnOnce(&T)) {
    #[cfg(loom)]
    end(Box::leak(memory));
    #[cfg(not(loom))]
    drop(memory);
}
