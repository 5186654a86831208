//! `poll(2)`: what every Unix has, and what a sandbox that denies epoll leaves.
//!
//! The system keeps nothing between two waits: each wait hands it all descriptors that somebody waits for, and it looks at all
//! of them. So a wait costs more the more tasks wait, where epoll's cost is that of what happens.
//!
//! An event is a level, and is told once: who is told is no longer waited for, until it asks again. Another thread ends the
//! wait by a [`Nudge`]; sleeps need no timer, as the wait ends to the nanosecond where the system can do that.
//!
//! # What is ready for ever
//! A resource of somebody else's may be ready and stay so, because nobody reads it: the descriptor of the signals is. Who asks
//! for it again would be told at once, for ever. So what was told and has been ready ever since *rests*: it is told again
//! after [`REST`], once too often perhaps. Whoever finds it not ready ends the rest, a wait that looks or a call that would block
//! ([`drained`](Polls::drained)): what comes then is new.
//!
//! # Invariants
//! 1. `armed[n]` and `set[n + 1]` are of the same resource, and `slots[armed[n]].at` is `n`. `set[0]` is the nudge.
//! 2. The inner state is borrowed while nothing of the user's runs: events are collected first, and told after that.

use super::{Event, Place, Polls, Wanted};
use crate::sys;
use crate::sys::nudge::Nudge;
use crate::sys::poll::monotonic_ns;
use crate::sys::poll_set::{self, PollSet, Sides};
use bespoke_core::driver::Errno;
use bespoke_core::error::Error;
use bespoke_core::roles::{Kind, Nanos, Park, RawResource, Unpark};
use core::cell::{Cell, UnsafeCell};
use std::sync::Arc;
use std::vec::Vec;

/// `poll(2)`, for `Mio<PosixPoll>`: where epoll is denied, or not there. On Unix.
///
/// Every wait looks at every descriptor that a task waits for: right for some dozens of connections, not for thousands.
///
/// ```
/// use bespoke::Config;
/// use bespoke::driver::{Mio, PosixPoll};
///
/// struct Sandboxed;
///
/// #[bespoke::config]
/// impl Config for Sandboxed {
///     type Driver = Mio<PosixPoll>;
/// }
///
/// let runtime = bespoke::Runtime::<Sandboxed>::new().unwrap();
/// assert!(runtime.driver_report().by.contains("poll(2)"));
/// ```
pub struct PosixPoll {
    inner: UnsafeCell<Inner>,
    /// Taken out while events are told.
    events: Cell<Vec<Event>>,
    nudge: Arc<Nudge>,
}

impl core::fmt::Debug for PosixPoll {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PosixPoll").field("nudge", &self.nudge).finish_non_exhaustive()
    }
}

/// Ends a wait of a [`PosixPoll`].
#[derive(Clone, Debug)]
pub struct PosixUnparker(Arc<Nudge>);

impl Unpark for PosixUnparker {
    fn unpark(&self) {
        // It fails for no open descriptor.
        let _ = self.0.nudge();
    }
}

/// How long what stays ready rests before it is told again. It is also how late a signal may be after the first of the
/// process, and bounds what such a wait costs: forty wake-ups a second.
const REST: Nanos = Nanos(25_000_000);

/// A resource, or none.
#[derive(Debug, Default)]
pub struct Entry {
    /// Somebody else reads and writes it.
    foreign: bool,
    key: Option<u32>,
}

/// What is known of the resource with one key.
#[derive(Debug)]
struct Slot {
    raw: RawResource,
    generation: u32,
    foreign: bool,
    /// Where it is armed.
    at: Option<usize>,
    /// For what.
    wanted: Sides,
    /// What was told of a foreign resource and has been ready ever since, as far as anyone looked.
    told: Sides,
    told_at_ns: u64,
    /// Of what was told: what the wait under way does not look at.
    resting: Sides,
}

#[derive(Debug)]
struct Inner {
    set: PollSet,
    armed: Vec<u32>,
    slots: Vec<Option<Slot>>,
    /// May something armed have been told before?
    some_told: bool,
}

impl PosixPoll {
    /// Runs `f` on the inner state. `f` runs nothing of the user's, nor comes back here (invariant 2).
    fn with<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> R {
        // SAFETY: one thread, and `f` does not come back here (invariant 2).
        f(unsafe { &mut *self.inner.get() })
    }
}

impl Inner {
    fn arm(&mut self, key: u32, wanted: Sides) -> Result<(), Errno> {
        let Some(slot) = &mut self.slots[key as usize] else { unreachable!("who waits for it has enlisted it") };
        slot.wanted = wanted;
        self.some_told |= !slot.told.and(wanted).is_empty();
        if let Some(at) = slot.at {
            self.set.set(at + 1, wanted);
            return Ok(());
        }
        self.armed.try_reserve(1).map_err(|_| Errno::OUT_OF_MEMORY)?;
        self.set.push(slot.raw, wanted)?;
        slot.at = Some(self.armed.len());
        self.armed.push(key);
        Ok(())
    }

    fn disarm(&mut self, at: usize) {
        let key = self.armed.swap_remove(at);
        self.set.swap_remove(at + 1);
        self.slot(key).at = None;
        if let Some(&moved) = self.armed.get(at) {
            self.slot(moved).at = Some(at);
        }
    }

    fn slot(&mut self, key: u32) -> &mut Slot {
        self.slots[key as usize].as_mut().expect("what is enlisted or armed has a slot")
    }

    fn slot_at(&mut self, at: usize) -> &mut Slot {
        let key = self.armed[at];
        self.slot(key)
    }

    /// Waits, and leaves what is found in the set.
    fn wait(&mut self, timeout_ns: Option<u64>) -> Result<(), Errno> {
        if !self.some_told {
            return self.set.wait(timeout_ns);
        }
        self.set.wait(Some(0))?;
        let (new, rest_ns) = self.put_to_rest();
        if new || timeout_ns == Some(0) {
            return Ok(());
        }
        for at in 0..self.armed.len() {
            let &mut Slot { wanted, resting, .. } = self.slot_at(at);
            if !resting.is_empty() {
                self.set.set(at + 1, wanted.without(resting));
            }
        }
        self.set.wait(match (timeout_ns, rest_ns) {
            (Some(timeout), Some(rest)) => Some(timeout.min(rest)),
            (timeout, rest) => timeout.or(rest),
        })
    }

    /// After a look at everything: what rests from now on, whether the look found anything else, and how long the first rest is.
    fn put_to_rest(&mut self) -> (bool, Option<u64>) {
        let now_ns = monotonic_ns();
        let (mut new, mut rest_ns) = (!self.set.found(0).ready.is_empty(), None::<u64>);
        self.some_told = false;
        for at in 0..self.armed.len() {
            let ready = self.set.found(at + 1).ready;
            let slot = self.slot_at(at);
            let (wanted, left_ns) = (slot.wanted, slot.told_at_ns.saturating_add(REST.0).saturating_sub(now_ns));
            slot.told = slot.told.without(wanted.without(ready));
            let told = slot.told.and(wanted);
            slot.resting = if left_ns > 0 { told } else { Sides::NONE };
            new |= !ready.and(wanted).without(slot.resting).is_empty();
            if !slot.resting.is_empty() {
                rest_ns = Some(rest_ns.map_or(left_ns, |rest| rest.min(left_ns)));
            }
            self.some_told |= !told.is_empty();
        }
        (new, rest_ns)
    }

    /// Takes what the last wait found: it is no longer waited for.
    fn collect(&mut self, events: &mut Vec<Event>) {
        // From the end: what takes the place of one that is removed has been looked at.
        for at in (0..self.armed.len()).rev() {
            let (key, found) = (self.armed[at], self.set.found(at + 1));
            let slot = self.slot(key);
            let resting = core::mem::take(&mut slot.resting);
            let ready = found.ready.and(slot.wanted).without(resting);
            if ready.is_empty() && resting.is_empty() {
                continue;
            }
            slot.wanted = slot.wanted.without(ready);
            if slot.foreign && !ready.is_empty() {
                slot.told = slot.told.or(ready);
                slot.told_at_ns = monotonic_ns();
            }
            let (wanted, place) = (slot.wanted, Place { key, generation: slot.generation });
            if !ready.is_empty() {
                let (readable, writable) = (ready.has(Sides::READ), ready.has(Sides::WRITE));
                events.push(Event { place, readable, writable, unsure: found.hung_up });
            }
            if wanted.is_empty() {
                self.disarm(at);
            } else {
                self.set.set(at + 1, wanted);
            }
        }
    }
}

impl Polls for PosixPoll {
    type Unparker = PosixUnparker;
    type Entry = Entry;

    fn start(_shared: bool) -> Result<Self, Error> {
        let nudge = Nudge::new()?;
        let mut set = PollSet::default();
        set.push(nudge.fd(), Sides::READ)?;
        let inner = Inner { set, armed: Vec::new(), slots: Vec::new(), some_told: false };
        Ok(PosixPoll { inner: UnsafeCell::new(inner), events: Cell::default(), nudge: Arc::new(nudge) })
    }

    fn by(&self) -> &'static str {
        "poll(2), which looks at everything that is waited for"
    }

    unsafe fn entry(_raw: RawResource, kind: Kind) -> Entry {
        Entry { foreign: kind == Kind::Foreign, key: None }
    }

    fn enlist(&self, entry: &mut Entry, raw: RawResource, place: Place) -> Result<(), Errno> {
        if entry.foreign {
            // As epoll does, which takes no files: they are always ready.
            poll_set::can_wait(raw)?;
        }
        let at = place.key as usize;
        self.with(|inner| {
            if inner.slots.len() <= at {
                inner.slots.try_reserve(at + 1 - inner.slots.len()).map_err(|_| Errno::OUT_OF_MEMORY)?;
                inner.slots.resize_with(at + 1, || None);
            }
            inner.slots[at] = Some(Slot {
                raw,
                generation: place.generation,
                foreign: entry.foreign,
                at: None,
                wanted: Sides::NONE,
                told: Sides::NONE,
                resting: Sides::NONE,
                told_at_ns: 0,
            });
            Ok(())
        })?;
        entry.key = Some(place.key);
        Ok(())
    }

    fn is_enlisted(entry: &Entry) -> bool {
        entry.key.is_some()
    }

    fn arm(&self, entry: &mut Entry, _place: Place, wanted: Wanted) -> Result<(), Errno> {
        // A socket that never began to connect is never ready, and nobody is told.
        let Some(key) = entry.key else { return Ok(()) };
        self.with(|inner| inner.arm(key, Sides::new(wanted.read, wanted.write)))
    }

    fn drained(&self, entry: &Entry, of: Wanted) {
        if let Some(key) = entry.key.filter(|_| entry.foreign) {
            self.with(|inner| {
                let slot = inner.slot(key);
                slot.told = slot.told.without(Sides::new(of.read, of.write));
            });
        }
    }

    /// The system keeps nothing of them.
    fn share(_entry: &mut Entry) {}

    fn release(&self, entry: Entry, _raw: RawResource) {
        if let Some(key) = entry.key {
            self.with(|inner| {
                if let Some(at) = inner.slot(key).at {
                    inner.disarm(at);
                }
                inner.slots[key as usize] = None;
            });
        }
    }

    fn close(&self, entry: Entry, raw: RawResource) {
        self.release(entry, raw);
        // The descriptor is gone whatever it says; an error of an earlier write was told by that write.
        let _ = sys::fd::close(raw);
    }

    fn wait(&self, park: Park, mut tell: impl FnMut(Event)) -> Result<(), Errno> {
        let timeout_ns = match park {
            Park::Poll => Some(0),
            Park::Until(Nanos(ns)) => Some(ns),
            Park::Forever => None,
        };
        let mut events = self.events.take();
        let waited = self.with(|inner| {
            let waited = inner.wait(timeout_ns);
            // Also after an error, which has found nothing: what rested is looked at again.
            inner.collect(&mut events);
            waited.map(|()| !inner.set.found(0).ready.is_empty())
        });
        // Told also if the nudge fails, which it does for no open descriptor.
        events.drain(..).for_each(&mut tell);
        self.events.set(events);
        if waited? { self.nudge.drain().map(drop) } else { Ok(()) }
    }

    fn unparker(&self) -> PosixUnparker {
        PosixUnparker(self.nudge.clone())
    }
}
