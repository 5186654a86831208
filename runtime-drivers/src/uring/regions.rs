//! Memory that the kernel knows for longer than one entry: `Registration` of the core, transfers of files there.
//!
//! ```text
//!              1                      2                       3
//!   nobody's ────▶ known to the kernel ────▶ given up, in use ────▶ nobody's
//!                           │                                          ▲
//!                           └──────────────────── 2, 3 ────────────────┘
//!
//!   1 register   2 the registration is dropped, on any thread   3 a turn, when no entry uses it
//! ```
//! The ring has a table of [`PLACES`] buffers, empty at first, which is made with the first registration. An entry that names a
//! place says an address in it besides. So **the memory of an operation is looked for by its address**: no buffer and no
//! operation has to say what region it is in. That is sound by rule 1: while an address lies in a region of the table, that
//! memory is the region's and nobody else's.
//!
//! The kernel looks at the table when it comes to an entry, which may be long after that was queued: an entry that finds
//! its place empty, or another's, fails. So entries are counted (rule 2). A place that cannot be cleared is overwritten
//! by the next who gets it; until then the kernel keeps the pages locked, and nothing names them.
//!
//! # Rules
//! 1. A place is `Some` from its registration until the kernel was told to forget it, and its region lives as long.
//! 2. `in_flight` of a place counts the entries that name it and whose terminal completion was not taken. It is 0 when
//!    the kernel is told to forget the place. No entry names a region that was given up.

use super::{State, Uring};
use crate::sys::fd;
use crate::sys::ring::{self as calls, code};
use crate::theirs::let_go;
use bespoke_core::driver::Errno;
use bespoke_core::driver::inflight::Token;
use bespoke_core::error::{Error, ErrorKind};
use bespoke_core::roles::Lent;
use bespoke_core::sharing::Sharing;
use std::boxed::Box;
use std::sync::Arc;

/// The regions of a ring, by their places in the kernel's table.
pub(super) struct Regions([Option<Place>; PLACES]);

struct Place {
    lent: Arc<Lent>,
    in_flight: u32,
}

impl Place {
    fn has(&self, at: usize, len: usize) -> bool {
        let start = self.lent.start().addr().get();
        // It does not wrap around: `at` is not before `start`, and a region has an end.
        at >= start && len <= self.lent.bytes() && at - start <= self.lent.bytes() - len
    }
}

impl Regions {
    /// The regions of a ring that has none yet, and the table for them.
    fn of(fd: i32) -> Result<Box<Self>, Error> {
        calls::register_buffers(fd, PLACES).map_err(why_not)?;
        Ok(Box::new(Regions([const { None }; PLACES])))
    }

    fn register(&mut self, fd: i32, lent: &Arc<Lent>) -> Result<(), Error> {
        let free = self.0.iter().position(Option::is_none);
        let index = free.ok_or(Error::new(ErrorKind::Full).because(WHY_FULL))?;
        calls::update_buffer(fd, index as u32, lent.start().as_ptr(), lent.bytes()).map_err(why_not)?;
        self.0[index] = Some(Place { lent: lent.clone(), in_flight: 0 });
        Ok(())
    }

    /// Registers all with another ring, to which the driver goes over. Nothing is on its way.
    pub(super) fn register_again(&self, fd: i32) -> Result<(), Errno> {
        calls::register_buffers(fd, PLACES)?;
        for (index, place) in self.0.iter().enumerate() {
            if let Some(Place { lent, .. }) = place {
                calls::update_buffer(fd, index as u32, lent.start().as_ptr(), lent.bytes())?;
            }
        }
        Ok(())
    }

    /// The driver ends, and nothing is on its way: has the kernel forget all, if it does at the word of this thread. It does so
    /// with the ring otherwise, which a thread that has entered it may keep until it ends.
    pub(super) fn forget_all(&self, fd: i32) {
        for (index, place) in self.0.iter().enumerate() {
            if place.is_some() {
                let _ = calls::update_buffer(fd, index as u32, core::ptr::null_mut(), 0);
            }
        }
    }

    /// Gives each back, which is the user's.
    pub(super) fn let_go(self) {
        self.0.into_iter().for_each(let_go);
    }

    /// The place of the region in which these bytes lie; `None`: in none.
    fn place_of(&self, (at, len): (*const u8, usize)) -> Option<u16> {
        let has = |place: &Place| place.has(at.addr(), len) && !place.lent.is_given_up();
        let index = self.0.iter().position(|place| place.as_ref().is_some_and(has))?;
        Some(index as u16)
    }

    /// Has the kernel forget one that was given up and is not used.
    fn forget_one(&mut self, fd: i32) -> Option<Arc<Lent>> {
        let is_over = |place: &Place| place.in_flight == 0 && place.lent.is_given_up();
        let (index, place) = self.0.iter_mut().enumerate().find(|(_, place)| place.as_ref().is_some_and(is_over))?;
        // If it fails, the next who gets the place overwrites it, and until then no entry names it.
        let _ = calls::update_buffer(fd, index as u32, core::ptr::null_mut(), 0);
        place.take().map(|place| place.lent)
    }
}

impl State {
    /// The place of the region in which these bytes lie.
    #[inline]
    pub(super) fn place_of(&self, bytes: (*const u8, usize)) -> Option<u16> {
        self.regions.as_ref()?.place_of(bytes)
    }

    /// An entry was queued that names the place.
    pub(super) fn names_place(&mut self, place: u16) {
        if let Some(place) = self.place(place) {
            place.in_flight += 1;
        }
    }

    /// It has ended.
    fn names_place_no_more(&mut self, place: u16) {
        if let Some(place) = self.place(place) {
            place.in_flight -= 1;
        }
    }

    fn place(&mut self, place: u16) -> Option<&mut Place> {
        self.regions.as_mut()?.0.get_mut(usize::from(place))?.as_mut()
    }
}

impl<S: Sharing> Uring<S> {
    /// Lets the kernel know the memory, until it is given up. `false`: where tasks move, the thread that polls is not the
    /// ring's.
    #[cold]
    pub(super) fn register_memory(&self, lent: &Arc<Lent>) -> Result<bool, Error> {
        if S::MOVING {
            return Ok(false);
        }
        if lent.bytes() == 0 {
            return Err(Error::new(ErrorKind::InvalidInput).because(WHY_EMPTY));
        }
        if lent.bytes() > LONGEST {
            return Err(Error::new(ErrorKind::InvalidInput).because(WHY_LONG));
        }
        self.forget_regions();
        let registered = self.with(|state| {
            if state.ring.is_copy() {
                return Err(Error::from(fd::BUSY));
            }
            let fd = state.ring.fd();
            if state.regions.is_none() {
                state.regions = Some(Regions::of(fd)?);
            }
            state.regions.as_mut().map_or(Ok(()), |regions| regions.register(fd, lent))
        });
        registered.map(|()| true)
    }

    /// Has the kernel forget what was given up and is not used any more.
    #[inline(always)]
    pub(super) fn look_after_regions(&self) {
        if !S::MOVING && self.with(|state| state.regions.is_some()) {
            self.forget_regions();
        }
    }

    #[inline(never)]
    fn forget_regions(&self) {
        let forget_one = |state: &mut State| {
            let fd = state.ring.fd();
            // In a forked child it is the parent's ring.
            let regions = state.regions.as_mut().filter(|_| !state.ring.is_copy())?;
            regions.forget_one(fd)
        };
        while let Some(lent) = self.with(forget_one) {
            // What it belongs to is the user's.
            let_go(lent);
        }
    }

    /// The entry of a slot has ended that names a place. Before the slot is anybody else's.
    #[cold]
    pub(super) fn fixed_has_ended(&self, token: Token) {
        let place = self.asides.of(token.index()).place().get();
        self.with(|state| state.names_place_no_more(place));
    }
}

pub(super) fn why_not(errno: Errno) -> Error {
    let error = Error::from(errno);
    match errno.code() {
        code::NO_MEMORY => error.because(WHY_LOCKED),
        code::NOT_PERMITTED | code::ACCESS | code::NOT_IMPLEMENTED => error.because(WHY_DENIED),
        code::FAULT | code::NOT_SUPPORTED => error.because(WHY_NOT_MEMORY),
        _ => error,
    }
}

const WHY_LOCKED: &str = "memory that is registered counts as locked, and this process may lock no more: raise `ulimit -l` \
                          (RLIMIT_MEMLOCK), or register less";
const WHY_DENIED: &str = "`io_uring_register` is denied, probably by a seccomp filter of the container; allow it there";
const WHY_NOT_MEMORY: &str =
    "the kernel cannot lock this memory: it is not mapped, or not to be written, or belongs to a file";
const WHY_EMPTY: &str = "a region has a byte at least";
const WHY_LONG: &str = "the kernel registers 1 GiB at most as one region; take several";
const WHY_FULL: &str =
    "16 regions are registered with this worker, which is all that it has places for; take larger ones";

/// How many regions a ring has at most: each transfer looks through them.
pub(super) const PLACES: usize = 16;

/// The kernel takes no more at a time.
const LONGEST: usize = 1 << 30;
