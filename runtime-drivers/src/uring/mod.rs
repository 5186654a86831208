//! The completion driver of Linux: operations are entries of a ring that the kernel takes, and each tells its end once.
//!
//! | file | holds |
//! |---|---|
//! | `options` | [`IoUring`], the driver's name, and what it is cut to |
//! | `probe` | whether this machine has a ring for us, and why not |
//! | `alarm` | what ends the sleep of a worker from other threads |
//! | `ring` | one ring: set-up, queues, the one call of a turn; where a thread of the kernel's takes the entries |
//! | `report` | what it says of itself |
//! | `source`, `provided` | what is known of a resource, and what came for it; the buffers that lie ready for that |
//! | `sources` | what is done with resources: opened, waited for, closed, given away |
//! | `turns` | what the thread does that enters the ring, and what has completed by it |
//! | `arming` | their requests that stay with the kernel, and what the completions of those mean |
//! | `zero_copy` | sends that complete twice |
//! | `regions` | memory that the kernel knows for longer than one entry |
//! | `asides` | what the kernel reads and writes for those besides their buffers |
//! | `slots` | operations that have one entry and one end, and what becomes of them when they are dropped |
//! | `handover` | a thread that leaves the worker, and comes back; one that stands in |
//! | `drain` | the end: all is cancelled and reaped, or given up |
//! | `lower`, `files` | how each operation is expressed here |
//!
//! # Two shapes of operation
//! A **wait** (`Recv`, `RecvLease`, `Accept`, `Ready`, datagrams) belongs to the resource's source. Its future owns nothing
//! here: it looks into the source, else leaves its waker and arms the source. Dropped, it leaves nothing behind; what comes
//! then waits in the source for the next call.
//!
//! A **slot** operation (`Transmit`, `Connect`, `Timeout`, `Nop`, those on files) has an entry, and a slot of the core's
//! [`Table`](bespoke_core::driver::inflight):
//!
//! ```text
//!         1               2               3                4
//!   new ──────▶ queued ──────▶ in kernel ──────▶ complete ──────▶ over     1 poll: slot, entry
//!    ▲             │               │ 5              │ 5                    2 park   3 terminal completion
//!    │ 6           └───── 5 ───────┤                ▼                      4 poll: reads, frees the slot
//!    └──────────────────────       ▼             late result               5 drop: cancels, the slot keeps what it uses
//!                               orphan ── 3 ──▶ (`Op::LATE`)               6 the kernel did a part: the rest is new
//! ```
//!
//! A write waits for one before it that was *dropped*. One whose future was forgotten (`mem::forget`) tells nobody: it goes on,
//! and the bytes of the next may come between its own. Its memory is kept for ever, so nothing is read that is not its own.
//!
//! # A turn
//! `park` makes one call: it submits all that polls queued, waits, and has the kernel finish what is ready. With
//! `DEFER_TASKRUN` one call finishes at most `max(20, want)` completions, and says whether it has more (`TASKRUN`). A turn that
//! waits asks for one, and one that does not wait for none; both call again, without waiting, until there are no more or there
//! is no room for more.
//!
//! With [`RingOptions::BATCH`] a turn that waits asks
//! for so many, and for a least time after which one is enough. It gives a last moment, too, where the worker has none: without
//! one the kernel ends the sleep at the least time, and a worker without work would go round.
//!
//! With [`RingOptions::SQ_POLL`] a thread of the kernel's submits what lies in the queue, whenever it comes to it, and `park`
//! calls only to wake it, or to sleep. Nothing here is over then because a call returned: an entry that was queued may be
//! taken later, and what it names and points at is kept as if the kernel had it (`in_kernel` has counted it since it was
//! pushed).
//!
//! # Threads
//! With `SINGLE_ISSUER` a ring belongs to the thread that first runs the worker. When the worker is run by another, the
//! driver makes a new ring, provided that nothing is on its way in the old one; see [`RingOptions::MOVABLE`]. A thread names its
//! rings by an index of its own, of which it has sixteen, and only itself can give one back: a ring that was left behind is
//! freed when its thread ends. Where tasks move, a thread may leave with operations under way: see `handover`.
//!
//! # Where tasks move
//! Under [`Moving`] each worker has its ring, and any worker polls what any ring has, inside the gate of that worker. So
//! - what the driver keeps is behind locks: `state`, `table`, and the list of the asides. Nothing of the user's runs under one,
//!   and a thread has one of them at a time;
//! - **one thread makes calls**: the worker's. Others queue entries, and what they queue is submitted by its next turn. While
//!   it is about to sleep, or sleeps, `asleep` says so: it is set under the lock under which the turn has counted the queue, so
//!   whoever queues afterwards sees it, and sounds the alarm once the lock is free;
//! - **one thread registers**: the same, with a ring of one issuer. The first stream that waits for bytes on another thread waits
//!   for the next turn, which provides buffers and arms it;
//! - who has left a waker **looks once more** under the lock under which it sees to the request: what came between the first
//!   look and the waker found nobody to wake. Of what it finds at a source, bytes come before the end, in one look;
//! - a direction that is thought ready is cleared only **at the edge at which it was thought so**
//!   ([`Side::edges`](source::Side));
//! - an operation with a slot stays on the ring that took it, which is that of its resource. Who polls looks at the slot
//!   without a lock, and reads beside it before giving it back.
//!
//! # Forked children
//! The queues are not mapped there (`MADV_DONTFORK`), so that no child writes into those of its parent. A copy of a driver
//! asks the kernel for nothing any more, and closes its own descriptors at once.
//!
//! # Invariants
//! 1. `in_kernel` counts the entries whose terminal completion was not taken, but for cancels and the waker's poll, which
//!    point at no memory. `pending` of a source counts those among them that name its descriptor.
//! 2. Memory that an entry points at belongs to the driver, or is kept by a future or its orphan, until that terminal
//!    completion. When the driver is dropped with `in_kernel > 0`, ring, sources, buffers and asides are leaked together; the
//!    table sees to the slots.
//! 3. A descriptor is closed when `pending` of its source is 0, so no entry ever names the number of another: that of a
//!    socket by an entry, which no cancel finds, and any other by a call (`State::finish_close`). That of a file is closed with
//!    the last reference to it, of which the source gives up its own no earlier than that: jobs of the pool have some
//!    ([`FileSource`](source::FileSource)).
//! 4. A completion names its source by number and generation, a slot by its token: one of an older generation changes
//!    nothing, and the buffer or descriptor that it brings is given back. So is the descriptor of a file that was opened for
//!    a future which is gone.
//! 5. No reference into `state`, `table` or `pipes`, nor a lock of theirs, is held while a waker is cloned, woken or dropped, or
//!    anything of the user's is: those may come back here.
//!
//! # Platform
//! Linux 5.15 and newer, on the architectures that the crate `io-uring` has bindings for.

mod alarm;
mod arming;
mod asides;
mod drain;
mod files;
mod handover;
mod lower;
mod options;
mod probe;
mod provided;
mod regions;
mod report;
mod ring;
mod slots;
mod source;
mod sources;
#[cfg(test)]
mod tests;
mod turns;
mod zero_copy;

pub use self::options::{Batch, IoUring, Kernel, RingOptions, SqPoll, Usual};
pub use self::probe::Denied;

use self::alarm::Alarm;
use self::asides::Asides;
use self::handover::Others;
use self::options::Settings;
use self::probe::Known;
use self::provided::Provided;
use self::regions::Regions;
use self::ring::{Call, Ring};
use self::source::Source;
use crate::op::LEASE_BYTES;
use crate::pooled::OpenFiles;
use crate::sys::fd;
use crate::sys::fork;
use crate::sys::send_file::Pipe;
use crate::sys::socket;
use bespoke_core::driver::inflight::Table;
use bespoke_core::driver::{Buffer, Buffers, Errno};
use bespoke_core::error::{Error, ErrorKind};
use bespoke_core::roles::{
    self, Caps, Drained, Driver, DriverReport, Kind, Leaves, Lent, Live, Luggage, Nanos, Park, RawResource, Resource,
    Sealed, SharedFile, StartCx, Under, Unpark,
};
use bespoke_core::sharing::{Local, Lock, Moving, Shared, Sharing};
use bespoke_core::util::link::Node;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use std::boxed::Box;
use std::collections::VecDeque;
use std::sync::Arc;
use std::vec::Vec;

impl<const ENTRIES: u32, O: RingOptions> Driver for IoUring<ENTRIES, O> {
    type Live<S: Sharing> = LiveUring<ENTRIES, O, S::Driven>;
    const NAME: &'static str = "io_uring";
    const CAPS: Caps = Caps::SUSPENDING;
    const CHECK: Option<&'static str> = Settings::of::<ENTRIES, O>().wrong();
    const RING_BYTES: usize = {
        let settings = Settings::of::<ENTRIES, O>();
        let queues = settings.entries as usize * 64 + settings.completions as usize * 16;
        queues + settings.buffers as usize * (16 + LEASE_BYTES)
    };
    const LEASE_BYTES: usize = LEASE_BYTES;

    fn end_writes(stream: RawResource) {
        // A peer that is gone already makes this fail, which changes nothing.
        let _ = socket::shutdown(stream, std::net::Shutdown::Write);
    }

    fn close_afloat(resource: RawResource) {
        // Its error, if any, is of no use: the descriptor is gone.
        let _ = fd::close(resource);
    }

    #[inline]
    fn forks() -> u32 {
        fork::forks()
    }

    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
}

impl<const ENTRIES: u32, O: RingOptions> Under<Local> for IoUring<ENTRIES, O> {}

/// The same: one worker uses it, whether its tasks are shared or not.
impl<const ENTRIES: u32, O: RingOptions> Under<Shared> for IoUring<ENTRIES, O> {}

/// One worker enters the ring and takes what completes, and all workers of the runtime queue entries there, inside the gate of
/// that worker; see *Where tasks move* above.
impl<const ENTRIES: u32, O: RingOptions> Under<Moving> for IoUring<ENTRIES, O> {}

/// The kernel has a table of it.
impl<const ENTRIES: u32, O: RingOptions> roles::Regions<Local> for IoUring<ENTRIES, O> {}

/// Each worker registers for its ring.
impl<const ENTRIES: u32, O: RingOptions> roles::Regions<Shared> for IoUring<ENTRIES, O> {}

/// The running driver of one worker.
pub struct LiveUring<const ENTRIES: u32, O: RingOptions, S: Sharing = Local>(Uring<S>, PhantomData<fn() -> O>);

impl<const ENTRIES: u32, O: RingOptions, S: Sharing> core::fmt::Debug for LiveUring<ENTRIES, O, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (flags, in_kernel) = self.0.with(|state| (state.ring.flags(), state.in_kernel));
        f.debug_struct("LiveUring").field("flags", &flags).field("in_kernel", &in_kernel).finish_non_exhaustive()
    }
}

/// What is the same for every [`LiveUring`] of a sharing: [`Local`] or [`Moving`].
pub(crate) struct Uring<S: Sharing = Local> {
    state: ManuallyDrop<S::DriverLock<(State, Pool)>>,
    /// The operations that have a slot; tickets that outlive it free what it leaves.
    table: S::DriverLock<Slots<S>>,
    /// What the kernel reads for them besides their buffers, by the index of the slot.
    asides: ManuallyDrop<Asides>,
    /// Pipes that files were sent through, and nothing is in; at most [`PIPES_MAX`].
    pipes: S::DriverLock<Vec<Pipe>>,
    alarm: Arc<Alarm>,
    settings: Settings,
    /// Results that say that memory was not there.
    #[cfg(test)]
    faults: core::sync::atomic::AtomicU32,
}

/// The buffers that are neither with the kernel, nor stashed, nor lent.
type Pool = Buffers<LEASE_BYTES>;

/// What only the driver itself touches, by one thread at a time.
struct State {
    ring: Ring,
    known: Known,
    sources: Vec<Source>,
    free: Vec<u32>,
    /// The source of each key.
    keys: Vec<u32>,
    /// `None`: nobody waited for bytes yet, or the kernel has no such rings, and a `recv` brings its own buffer.
    provided: Option<Provided>,
    /// Was the kernel asked for such a ring?
    provides: bool,
    /// Sources that found no buffer, in the order in which they did.
    starved: VecDeque<u32>,
    /// `None`: nobody registered memory with this ring.
    regions: Option<Box<Regions>>,
    /// Invariant 1.
    in_kernel: u32,
    /// Sends without a copy that the stream has taken, and whose notices are due at the ring in use.
    notices: u32,
    /// `None`: no thread has left this worker in the middle of a poll.
    others: Option<Box<Others>>,
    /// Does the kernel know multishot `recv`, multishot `accept`, cancel by kind? Yes until it says no.
    multi_recv: bool,
    multi_accept: bool,
    cancel_all: bool,
    /// The worker closes, and one entry has asked all to end that waited then, by kind.
    all_cancelled: bool,
    /// Does it know a multishot `recv` that ends after so many bytes?
    multi_limit: bool,
    /// Is the waker's poll with the kernel?
    wake_armed: bool,
    /// Nothing is armed any more.
    draining: bool,
    /// Where tasks move: the worker is about to sleep in a call, or does, and looks into nothing that is queued from now on.
    asleep: bool,
}

// SAFETY: a thread uses it after the other: under `Moving` by a lock, else as `Live` says. What its sources and buffers point at
// is theirs alone, or the kernel's. The ring itself says which thread may enter it, and is asked.
unsafe impl Send for State {}

/// What a completion is of: the upper four bits of its user data. 0 is an operation with a slot, as its token has them.
mod kind {
    pub(super) const SLOT: u64 = 0;
    pub(super) const RECV: u64 = 1;
    pub(super) const ACCEPT: u64 = 2;
    pub(super) const POLL_READ: u64 = 3;
    pub(super) const POLL_WRITE: u64 = 4;
    pub(super) const WAKE: u64 = 5;
    pub(super) const CLOSE: u64 = 6;
    /// Nobody waits for it, and it holds nothing: cancels.
    pub(super) const IGNORED: u64 = 7;
    pub(super) const WATCH: u64 = 8;
}

/// The user data of a request of a source.
const fn named(kind: u64, generation: u32, source: u32) -> u64 {
    kind << 60 | (generation as u64) << 32 | source as u64
}

/// The generation in that.
const fn generation(user_data: u64) -> u32 {
    (user_data >> 32) as u32 & source::GENERATION_MASK
}

impl<S: Sharing> Uring<S> {
    fn start(cx: StartCx, settings: Settings) -> Result<Self, Error> {
        fork::watch().map_err(Error::from)?;
        let settings = settings.of_worker(cx.worker);
        let ring = Ring::new(settings)?;
        let known = probe::check(&ring, settings.kernel)?;
        let alarm = Arc::new(Alarm::new(settings.wakes_by_message && ring.takes_messages())?);
        let state = State {
            ring,
            known,
            sources: Vec::new(),
            free: Vec::new(),
            keys: Vec::new(),
            provided: None,
            provides: false,
            starved: VecDeque::new(),
            regions: None,
            in_kernel: 0,
            notices: 0,
            others: None,
            multi_recv: true,
            multi_accept: true,
            cancel_all: known.cancel_all,
            all_cancelled: false,
            multi_limit: true,
            wake_armed: false,
            draining: false,
            asleep: false,
        };
        Ok(Uring {
            state: ManuallyDrop::new(Lock::new((state, Buffers::new()))),
            table: Lock::new(Slots(Table::new(cx.worker, SLOTS_MAX))),
            asides: ManuallyDrop::new(Asides::new(S::MOVING)),
            pipes: Lock::new(Vec::new()),
            alarm,
            settings,
            #[cfg(test)]
            faults: core::sync::atomic::AtomicU32::new(0),
        })
    }

    /// Runs `f` on the state. `f` runs nothing of the user's, nor clones or drops a waker (invariant 5).
    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        self.with_pool(|state, _| f(state))
    }

    /// Runs `f` on the state and the buffers, as [`with`](Self::with). Where a sleeping worker has to see what `f` did, it wakes.
    #[inline(always)]
    fn with_pool<R>(&self, f: impl FnOnce(&mut State, &Pool) -> R) -> R {
        // SAFETY: one thread, or a lock; and `f` does not come back here (invariant 5).
        let (told, oversleeps) = unsafe {
            self.state.with(|(state, pool)| {
                let told = f(state, pool);
                (told, S::MOVING && state.oversleeps())
            })
        };
        if oversleeps {
            self.alarm.sound();
        }
        told
    }

    /// As [`with_pool`](Self::with_pool), of the worker, which does next what `f` says: is that a sleep?
    #[inline(always)]
    fn in_turn(&self, f: impl FnOnce(&mut State, &Pool) -> Result<Option<Call>, Errno>) -> Result<Option<Call>, Errno> {
        // SAFETY: as in `with_pool`.
        unsafe {
            self.state.with(|(state, pool)| {
                let next = f(state, pool);
                state.asleep = S::MOVING && matches!(&next, Ok(Some(call)) if call.sleeps());
                next
            })
        }
    }

    /// Runs `f` on the table, which runs nothing of the user's (invariant 5).
    #[inline(always)]
    fn with_table<R>(&self, f: impl FnOnce(&Table<S>) -> R) -> R {
        // SAFETY: one thread, or a lock; and `f` does not come back here (invariant 5).
        unsafe { self.table.with(|slots| f(&slots.0)) }
    }

    /// Runs `f` on the pipes in which nothing is.
    fn with_pipes<R>(&self, f: impl FnOnce(&mut Vec<Pipe>) -> R) -> R {
        // SAFETY: one thread, or a lock; a pipe is no value of the user's.
        unsafe { self.pipes.with(f) }
    }

    /// An empty pipe.
    fn pipe(&self) -> Result<Pipe, Errno> {
        self.with_pipes(Vec::pop).map_or_else(Pipe::new, Ok)
    }

    /// Nothing is in it, and no entry names it.
    fn take_pipe_back(&self, pipe: Pipe) {
        let _too_many = self.with_pipes(|pipes| {
            if pipes.len() < PIPES_MAX {
                pipes.push(pipe);
                return None;
            }
            Some(pipe)
        });
    }

    #[cfg(test)]
    fn faults(&self) -> u32 {
        self.faults.load(core::sync::atomic::Ordering::Relaxed)
    }

    #[cfg(test)]
    fn idle_pipes(&self) -> usize {
        self.with_pipes(|pipes| pipes.len())
    }
}

impl State {
    /// Does the worker sleep, without knowing of what was queued meanwhile, or of a stream that found no buffer, when there may
    /// be one now? It is told once.
    fn oversleeps(&mut self) -> bool {
        let oversleeps = self.asleep && (self.ring.has_fresh() || !self.starved.is_empty());
        self.asleep &= !oversleeps;
        oversleeps
    }
}

/// A buffer was read: it lies ready again where one is missing, else it goes home.
#[inline]
fn read(provided: &mut Option<Provided>, pool: &Pool, buffer: Buffer<LEASE_BYTES>) {
    let left = match provided {
        Some(provided) => provided.give(buffer),
        None => Err(buffer),
    };
    if let Err(buffer) = left {
        pool.put(buffer);
    }
}

/// A [`Table`]: who has the lock that it is behind is its owner for so long.
struct Slots<S: Sharing>(Table<S>);

// SAFETY: a table belongs to whoever is its owner; here that is one thread at a time. Its tickets are polled without it.
unsafe impl<S: Sharing> Send for Slots<S> {}

impl<S: Sharing> Drop for Uring<S> {
    fn drop(&mut self) {
        // The unparkers may stay, and none of them is to keep the ring.
        self.alarm.disconnect();
        let (left, goes_on) = self.with(|state| (state.in_kernel, state.ring.goes_on()));
        if left > 0 {
            if goes_on {
                // The waker's poll is to find its descriptor, and not another of the same number.
                core::mem::forget(self.alarm.clone());
            }
            return; // leaked, never freed (invariant 2)
        }
        let regions = self.with(|state| {
            let regions = state.regions.take();
            if let Some(regions) = regions.as_ref().filter(|_| !state.ring.is_copy()) {
                regions.forget_all(state.ring.fd());
            }
            regions
        });
        // SAFETY: dropped once, here; nothing is with the kernel. The ring goes first, and with it the kernel's interest in the
        // provided buffers.
        unsafe { ManuallyDrop::drop(&mut self.state) };
        // SAFETY: as above.
        unsafe { ManuallyDrop::drop(&mut self.asides) };
        // What they belong to is the user's, and the ring is gone.
        if let Some(regions) = regions {
            regions.let_go();
        }
    }
}

impl<const ENTRIES: u32, O: RingOptions, S: Sharing> Live for LiveUring<ENTRIES, O, S> {
    type Unparker = UringUnparker;

    fn start(cx: StartCx) -> Result<Self, Error> {
        Ok(LiveUring(Uring::start(cx, Settings::of::<ENTRIES, O>())?, PhantomData))
    }

    fn report(&self) -> DriverReport {
        DriverReport::named(
            "io_uring",
            self.0.with(|state| report::by(&state.ring, self.0.alarm.is_by_message(), state.known.zero_copy)),
        )
    }

    fn arrive(&self) -> Result<(), Error> {
        self.0.arrive()
    }

    fn leave(&self, how: Leaves) -> Result<(), Error> {
        self.0.leaves(how)
    }

    fn closes(&self) {
        self.0.closes();
    }

    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        self.0.register(resource, kind)
    }

    fn close(&self, resource: Resource) {
        self.0.close(resource);
    }

    fn share(&self, resource: Resource) {
        self.0.with(|state| {
            let (number, _) = state.named(resource.key);
            state.more(number).shared = true;
        });
    }

    fn release(&self, resource: Resource) -> Result<(), Errno> {
        self.0.release(resource)
    }

    fn second(&self, second: Resource, there: &Self, first: Resource) -> Result<(), Errno> {
        self.0.second(second, &there.0, first)
    }

    fn open_file(&self, first: Resource) -> Result<SharedFile, Errno> {
        let file = OpenFiles::open_file(&self.0, first.key).ok_or(Errno::of(ErrorKind::Unsupported))?;
        Ok(file)
    }

    fn name(&self, second: Resource, file: SharedFile) -> Result<(), Errno> {
        let file = file.downcast().map_err(|_| Errno::of(ErrorKind::Unsupported))?;
        self.0.name(second, file)
    }

    fn give_up(&self, resource: Resource, _kind: Kind) -> Result<Luggage, Errno> {
        // What it became since it was registered, the source knows.
        self.0.unload(resource)
    }

    fn take_in(&self, resource: Resource, luggage: &mut Luggage) -> Result<(), Errno> {
        self.0.take_in(resource, luggage)
    }

    fn register_memory(&self, lent: &Arc<Lent>) -> Result<bool, Error> {
        self.0.register_memory(lent)
    }

    fn park(&self, park: Park) -> Result<(), Errno> {
        self.0.park(park)
    }

    fn has_work(&self) -> bool {
        // A stream that found no buffer is armed again by a turn, and nothing else tells of it.
        self.0.with(|state| state.ring.has_work() || !state.starved.is_empty() && !state.ring.is_copy())
    }

    fn unparker(&self) -> UringUnparker {
        UringUnparker(self.0.alarm.clone())
    }

    fn drain(&self, by: Nanos) -> Drained {
        self.0.drain(by)
    }

    unsafe fn take_back(&self, buffer: NonNull<Node>) {
        // SAFETY: as the caller; `lower` lends no others.
        let buffer = unsafe { Buffer::of(buffer) };
        self.0.with_pool(|_, pool| pool.put(buffer));
    }

    unsafe fn free_buffer(buffer: NonNull<Node>) {
        // SAFETY: as the caller; `lower` lends no others.
        drop(unsafe { Buffer::<LEASE_BYTES>::of(buffer) });
    }
}

/// Ends the park of a [`LiveUring`].
#[derive(Clone, Debug)]
pub struct UringUnparker(Arc<Alarm>);

impl Unpark for UringUnparker {
    fn unpark(&self) {
        self.0.sound();
    }
}

/// So many idle pipes stay open: two descriptors each.
const PIPES_MAX: usize = 8;

/// How many operations with slots one worker has at most.
const SLOTS_MAX: u32 = 1 << 24;
