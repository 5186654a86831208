//! What the kernel reads or writes for operations with a slot besides their buffers: times, addresses, messages, lists.

use crate::sys::address::SockAddr;
use crate::sys::ring::Message;
use crate::sys::stat::StatRoom;
use crate::sys::transfer::IoVec;
use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;
use io_uring::types::Timespec;
use std::boxed::Box;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

/// What the kernel reads or writes for one slot besides its buffer: most operations need nothing, and then nothing is looked
/// up.
pub(super) struct Aside<'a> {
    all: &'a Asides,
    /// The slot's.
    index: u32,
    /// Is the entry to send without a copy?
    pub(super) zero_copy: bool,
    /// The place of the [region](super::regions) in which its memory lies.
    pub(super) fixed: Option<u16>,
}

/// Where that lies. It stays there as long as the driver.
///
/// 1. Between the push of the slot's entry and its terminal completion, only the kernel touches it.
struct Place {
    time: UnsafeCell<Timespec>,
    /// The result of a send without a copy, whose notice has not come.
    sent: Cell<i32>,
    /// The place of the region that its entry names.
    place: Cell<u16>,
    /// Kept for the next operation in this slot.
    large: Cell<Option<NonNull<Large>>>,
}

/// The bulky rest, which most slots never need.
pub(super) struct Large {
    pub(super) address: SockAddr,
    pub(super) message: Message,
    pub(super) stretches: [IoVec; crate::op::Stretches::MAX],
    pub(super) stat: StatRoom,
}

impl Large {
    /// Lists `stretches` where the kernel may read the list; where it begins.
    pub(super) fn list(&mut self, stretches: &crate::op::Stretches) -> *const IoVec {
        for (to, (pointer, len)) in self.stretches.iter_mut().zip(stretches.as_slice()) {
            *to = IoVec::new(pointer.cast_mut(), *len);
        }
        self.stretches.as_ptr()
    }
}

impl Aside<'_> {
    /// Writes a time, and says where it is.
    pub(super) fn time(&self, time: Timespec) -> *const Timespec {
        let place = self.all.place(self.index).time.get();
        // SAFETY: no entry of this slot is with the kernel yet (rule 1).
        unsafe { place.write(time) };
        place
    }

    /// What the first completion of a send without a copy said.
    pub(super) fn sent(&self) -> &Cell<i32> {
        &self.all.place(self.index).sent
    }

    /// The place of the region that the entry names, if that is noted with the slot.
    pub(super) fn place(&self) -> &Cell<u16> {
        &self.all.place(self.index).place
    }

    /// Runs `f` on the bulky rest. What `f` returns may point into it.
    pub(super) fn large<R>(&self, f: impl FnOnce(&mut Large) -> R) -> R {
        let place = &self.all.place(self.index).large;
        let mut large = place.get().unwrap_or_else(|| {
            let empty = IoVec::new(core::ptr::null_mut(), 0);
            let large = Large {
                address: SockAddr::empty(),
                message: Message::empty(),
                stretches: [empty; crate::op::Stretches::MAX],
                stat: StatRoom::new(),
            };
            let large = NonNull::from(Box::leak(Box::new(large)));
            place.set(Some(large));
            large
        });
        // SAFETY: no entry of this slot is with the kernel (rule 1), and this is its only name.
        f(unsafe { large.as_mut() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(large) = self.large.get() {
            // SAFETY: it came from a box, and nothing is with the kernel: else it would be leaked.
            drop(unsafe { Box::from_raw(large.as_ptr()) });
        }
    }
}

/// The asides of all slots, by index; made as far as they are needed.
pub(super) struct Asides {
    chunks: UnsafeCell<Vec<NonNull<[Place; CHUNK]>>>,
    /// Where several threads ask: who has it may touch the list. What lies at a place is its slot's.
    lock: Option<Mutex<()>>,
}

// SAFETY: the list is behind the lock, or one thread's; a place is used by whoever has the slot's ticket or, before the terminal
// completion, by the kernel and whoever takes its completions.
unsafe impl Send for Asides {}

const CHUNK: usize = 64;

impl Asides {
    /// `shared`: several threads ask for places.
    pub(super) const fn new(shared: bool) -> Self {
        let lock = if shared { Some(Mutex::new(())) } else { None };
        Asides { chunks: UnsafeCell::new(Vec::new()), lock }
    }

    /// That of a slot that was taken just now, or is in use.
    pub(super) fn of(&self, index: u32) -> Aside<'_> {
        Aside { all: self, index, zero_copy: false, fixed: None }
    }

    #[cold]
    fn place(&self, index: u32) -> &Place {
        // Nothing panics with it.
        let _alone = self.lock.as_ref().map(|lock| lock.lock().unwrap_or_else(PoisonError::into_inner));
        // SAFETY: one thread, or the lock, and nothing of the user's runs before the end of this function.
        let chunks = unsafe { &mut *self.chunks.get() };
        let chunk = index as usize / CHUNK;
        while chunks.len() <= chunk {
            let places = core::array::from_fn(|_| Place {
                time: UnsafeCell::new(Timespec::new()),
                sent: Cell::new(0),
                place: Cell::new(0),
                large: Cell::new(None),
            });
            chunks.push(NonNull::from(Box::leak(Box::new(places))));
        }
        // SAFETY: chunks never move, and live as long as `self`; nobody has a unique reference to one.
        let chunk = unsafe { chunks[chunk].as_ref() };
        &chunk[index as usize % CHUNK]
    }
}

impl Drop for Asides {
    fn drop(&mut self) {
        for chunk in self.chunks.get_mut().drain(..) {
            // SAFETY: it came from a box.
            drop(unsafe { Box::from_raw(chunk.as_ptr()) });
        }
    }
}
