//! One operation in flight: its cells, its state word, and the named transitions of the word.
//!
//! Nothing here decides: the verbs in `table` and `ticket` do. The numbers are those of the [contract](super).

use super::slab::Home;
use super::{Kept, Outcome, Token};
use crate::loom::{AtomicU32, Life, Ordering, Plant, UnsafeCell, planted};
use crate::sharing::Sharing;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::task::Waker;

/// The completion was seen and the outcome written.
pub(super) const COMPLETE: u32 = 1;
/// The waker cell holds a waker to wake.
pub(super) const WAKER: u32 = 2;
/// The future is gone.
pub(super) const ORPHAN: u32 = 4;

/// One operation in flight. Lives in a chunk of its table and never moves.
#[repr(C)]
pub(super) struct Slot<S: Sharing> {
    /// Invariant 5.
    link: UnsafeCell<*mut Slot<S>>,
    /// The owner.
    pub(super) home: NonNull<Home<S>>,
    /// Invariant 2.
    waker: UnsafeCell<MaybeUninit<Waker>>,
    /// Invariant 4.
    keep: UnsafeCell<Option<Kept>>,
    /// Written at submit; read by ticket and owner while in use.
    note: UnsafeCell<u64>,
    /// Invariant 3.
    outcome: UnsafeCell<Outcome>,
    pub(super) state: State<S>,
    pub(super) index: u32,
    /// Invariant 6.
    generation: UnsafeCell<u32>,
    /// Invariant 6.
    own: UnsafeCell<Own>,
    pub(super) life: Life,
}

/// What the owner alone knows of a slot.
#[derive(Clone, Copy, Default)]
pub(super) struct Own {
    pub(super) in_use: bool,
    pub(super) completion_seen: bool,
    pub(super) request_seen: bool,
}

// Four slots in five cache lines; on 32 bits less.
#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot<crate::sharing::Shared>>() <= 80);
#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot<crate::sharing::Local>>() <= 80);

impl<S: Sharing> Slot<S> {
    /// A free slot.
    pub(super) fn new(home: NonNull<Home<S>>, index: u32) -> Self {
        Slot {
            link: UnsafeCell::new(ptr::null_mut()),
            home,
            waker: UnsafeCell::new(MaybeUninit::uninit()),
            keep: UnsafeCell::new(None),
            note: UnsafeCell::new(0),
            outcome: UnsafeCell::new(Outcome::default()),
            state: State::new(),
            index,
            generation: UnsafeCell::new(0),
            own: UnsafeCell::new(Own::default()),
            life: Life::new(),
        }
    }

    /// Loom is told that the memory is freed.
    pub(super) fn end(&self) {
        #[cfg(loom)]
        self.life.end();
    }

    /// # Safety
    /// The caller holds the link (invariant 5).
    pub(super) unsafe fn link(&self) -> *mut Slot<S> {
        // SAFETY: nobody else touches the link (contract of this function).
        self.link.with(|link| unsafe { *link })
    }

    /// # Safety
    /// The caller holds the link (invariant 5).
    pub(super) unsafe fn set_link(&self, to: *mut Slot<S>) {
        // SAFETY: nobody else touches the link (contract of this function).
        self.link.with_mut(|link| unsafe { *link = to });
    }

    /// Copies the waker out of the cell.
    ///
    /// # Safety
    /// The caller may take the waker, and does so once (invariant 2).
    pub(super) unsafe fn take_waker(&self) -> Waker {
        // SAFETY: the cell holds the bytes of a waker that the caller may take (contract of this function). This is a read,
        // as a poll abroad may compare the bytes at the same time.
        self.waker.with(|waker| unsafe { waker.cast::<Waker>().read() })
    }

    /// Puts a waker into the cell; what was there is not dropped.
    ///
    /// # Safety
    /// The caller holds the cell: at submit, at home, or after it removed `WAKER` (invariant 2).
    pub(super) unsafe fn put_waker(&self, new: Waker) {
        // SAFETY: nobody else touches the cell (contract of this function).
        self.waker.with_mut(|waker| unsafe { waker.cast::<Waker>().write(new) });
    }

    /// Would the waker in the cell wake the same task? Runs no code of the user's.
    ///
    /// # Safety
    /// The caller holds the ticket. The cell may be taken at the same time: that leaves its bytes as they are.
    pub(super) unsafe fn will_wake(&self, other: &Waker) -> bool {
        self.waker.with(|waker| {
            // SAFETY: from submit on the cell holds the bytes of a waker, and only the ticket writes it (invariant 2). They are
            // compared, not used: the waker they were may be gone.
            let waker = unsafe { &*waker.cast::<Waker>() };
            waker.will_wake(other)
        })
    }

    /// # Safety
    /// The caller holds the keep cell (invariant 4).
    pub(super) unsafe fn put_keep(&self, kept: Kept) {
        // SAFETY: nobody else touches the cell (contract of this function). It was empty: a plain write drops nothing.
        self.keep.with_mut(|keep| unsafe { keep.write(Some(kept)) });
    }

    /// # Safety
    /// The caller holds the keep cell (invariant 4).
    pub(super) unsafe fn take_keep(&self) -> Option<Kept> {
        // SAFETY: nobody else touches the cell (contract of this function).
        self.keep.with_mut(|keep| unsafe { keep.replace(None) })
    }

    /// # Safety
    /// The caller holds the ticket, or is the owner; the slot is in use.
    pub(super) unsafe fn note(&self) -> u64 {
        // SAFETY: written at submit only (contract of this function).
        self.note.with(|note| unsafe { *note })
    }

    /// # Safety
    /// The caller is the owner and made this slot its own at submit.
    pub(super) unsafe fn set_note(&self, to: u64) {
        // SAFETY: nobody else knows the slot (contract of this function).
        self.note.with_mut(|note| unsafe { *note = to });
    }

    /// # Safety
    /// The caller saw `COMPLETE`, and the slot has not been given up (invariant 3).
    pub(super) unsafe fn outcome(&self) -> Outcome {
        // SAFETY: nobody writes after `COMPLETE` (invariant 3).
        self.outcome.with(|outcome| unsafe { *outcome })
    }

    /// # Safety
    /// The caller is the owner, and `COMPLETE` is not raised (invariant 3).
    pub(super) unsafe fn set_outcome(&self, to: Outcome) {
        // SAFETY: nobody reads before `COMPLETE` (invariant 3).
        self.outcome.with_mut(|outcome| unsafe { *outcome = to });
    }

    /// # Safety
    /// The caller is the owner, or holds the ticket (invariant 6).
    pub(super) unsafe fn token(&self) -> Token {
        // SAFETY: the owner does not write it while the ticket exists (invariant 6).
        let generation = self.generation.with(|generation| unsafe { *generation });
        Token::new(generation, self.index)
    }

    /// The next generation: tokens of this one are stale from now on.
    ///
    /// # Safety
    /// The caller is the owner, and the ticket is gone (invariant 6).
    pub(super) unsafe fn next_generation(&self) {
        if planted(Plant::SlotGenerationStays) {
            return;
        }
        self.generation.with_mut(|generation| {
            // SAFETY: nobody else touches it (contract of this function).
            let generation = unsafe { &mut *generation };
            *generation = generation.wrapping_add(1) & Token::GENERATION_MASK;
        });
    }

    /// # Safety
    /// The caller is the owner (invariant 6).
    pub(super) unsafe fn own(&self) -> Own {
        // SAFETY: the owner alone touches it (contract of this function).
        self.own.with(|own| unsafe { *own })
    }

    /// # Safety
    /// The caller is the owner (invariant 6).
    pub(super) unsafe fn set_own(&self, to: Own) {
        // SAFETY: the owner alone touches it (contract of this function).
        self.own.with_mut(|own| unsafe { *own = to });
    }
}

/// The state word. Under `Local` plain loads and stores by the owner; under `Shared` each transition names its ordering.
pub(super) struct State<S: Sharing> {
    word: AtomicU32,
    /// Under loom: accesses under `Local` go through a tracked cell, so that a foreign one is found.
    #[cfg(loom)]
    track: UnsafeCell<()>,
    sharing: PhantomData<S>,
}

impl<S: Sharing> State<S> {
    fn new() -> Self {
        State {
            word: AtomicU32::new(0),
            #[cfg(loom)]
            track: UnsafeCell::new(()),
            sharing: PhantomData,
        }
    }

    /// The word. Under `Shared` an acquire load, which pairs with `complete` and `orphan_abroad`.
    #[inline(always)]
    pub(super) fn get(&self) -> u32 {
        if S::SHARED {
            return self.word.load(Ordering::Acquire);
        }
        #[cfg(loom)]
        self.track.with(|_| ());
        self.word.load(Ordering::Relaxed)
    }

    /// Replaces the word where nobody else can change it: the owner, with the ticket at home or gone. A plain store.
    #[inline(always)]
    pub(super) fn set_at_home(&self, to: u32) {
        #[cfg(loom)]
        if !S::SHARED {
            self.track.with_mut(|_| ());
        }
        self.word.store(to, Ordering::Relaxed);
    }

    /// Raises `COMPLETE`; returns the word before. Releases the outcome (to `get`), acquires the waker (from
    /// `unlock_waker`) and the keep (from `orphan_abroad`).
    #[inline(always)]
    pub(super) fn complete(&self) -> u32 {
        if S::SHARED {
            let order = if planted(Plant::SlotRelaxedCompletion) { Ordering::Relaxed } else { Ordering::AcqRel };
            // Raised once (invariant 10), so adding raises it, in one instruction: x86 makes a loop of an `or` whose old value is
            // wanted.
            return self.word.fetch_add(COMPLETE, order);
        }
        let before = self.get();
        self.set_at_home(before | COMPLETE);
        before
    }

    /// Raises `ORPHAN` abroad; returns the word before. Releases the keep (to `complete`), acquires the outcome (from it).
    /// `Shared` only.
    pub(super) fn orphan_abroad(&self) -> u32 {
        let order = if planted(Plant::SlotRelaxedOrphan) { Ordering::Relaxed } else { Ordering::AcqRel };
        // Added, as the ticket that raises it ends.
        self.word.fetch_add(ORPHAN, order)
    }

    /// Removes `WAKER`, which gives the waker cell to the poll abroad. `false`: complete, and acquired. `Shared` only.
    pub(super) fn lock_waker(&self) -> bool {
        if planted(Plant::SlotWakerUnlocked) {
            return true;
        }
        // Success acquires nothing: the word was last changed by submit or a poll of the same ticket.
        self.word.compare_exchange(WAKER, 0, Ordering::Relaxed, Ordering::Acquire).is_ok()
    }

    /// Raises `WAKER` again and releases the new waker to `complete`. `false`: complete, and acquired; the waker is still the
    /// caller's. `Shared` only.
    pub(super) fn unlock_waker(&self) -> bool {
        if planted(Plant::SlotWakerUnlocked) {
            return true;
        }
        let unlocked = self.word.compare_exchange(0, WAKER, Ordering::Release, Ordering::Acquire).is_ok();
        unlocked || planted(Plant::SlotSecondLookSkipped)
    }
}
