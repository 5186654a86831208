//! The readiness driver: epoll on Linux, kqueue on the BSDs and Apple systems, a completion port and the socket driver AFD
//! on Windows, by way of [mio](https://docs.rs/mio).
//!
//! Sockets are non-blocking and registered once. An operation tries its system call first if the source is thought ready;
//! "would block" clears that, leaves the waker, and the next event wakes. A read that was shorter than asked clears it as
//! well, which saves the call that would say "would block", unless the peer has hung up: on Unix, where an event is an
//! edge, the end of a stream makes no second one. On Windows an event is a level, asked for whenever a waker is left: see
//! [`entry`]. So it is with `poll(2)`, by which [`Mio<PosixPoll>`](PosixPoll) waits: see [`poller`].
//!
//! # Sleep
//! One `epoll_wait` per turn. Its timeout is rounded up to a millisecond, so on Linux a `timerfd` in the same epoll ends a
//! sleep to the nanosecond. It stays armed over turns as long as it would not ring too late; an early ring costs one turn.
//! On Windows the timeout is as fine as the system's timer, 15.6 ms unless a program asked for less.
//! The operation [`Timeout`](bespoke_core::driver::Timeout) has deadlines of its own, see `timeouts`.
//!
//! # Invariants
//! 1. `sources[key]` is the source of the resource with that key, from `register` to `close`.
//! 2. No reference into `sources` is held while a waker is cloned, woken or dropped, or anything of the user's is: those may
//!    come back here.
//! 3. An event carries the generation of its source; an event of an older one is ignored.
//!
//! # Where tasks move
//! Under [`Moving`] any worker makes the system calls of a source, and only its own waits for it. So an edge may come between a
//! call that would have blocked and what is done about that:
//! - what was found out before an edge does not undo it: each edge is a [`Tick`], and a source is cleared at the tick at which it
//!   was thought ready only;
//! - whoever has left a waker looks once more, under the lock by which an edge takes it.

mod entry;
#[cfg(unix)]
mod files;
mod lower;
mod poller;
mod source;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod timer;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod timer {
    //! Elsewhere the poll's own timeout ends a sleep.
    use bespoke_core::driver::Errno;
    use bespoke_core::roles::Nanos;

    #[derive(Debug)]
    pub(super) struct Timer;

    impl Timer {
        pub(super) const fn new() -> Self {
            Timer
        }
        /// Says how long the poll may take.
        pub(super) fn arm(&self, _: &mio::Registry, wait: Nanos) -> Result<Option<core::time::Duration>, Errno> {
            Ok(Some(core::time::Duration::from_nanos(wait.0)))
        }
        pub(super) fn rang(&self) {}
    }
}

mod timeouts;

#[cfg(unix)]
pub use self::poller::PosixPoll;
pub use self::poller::{OsPoller, Poller};

use self::poller::{Event, Place, Wanted};
use self::source::{More, Side, Source, Tick};
use crate::luggage::Held;
use crate::op::LEASE_BYTES;
#[cfg(unix)]
use crate::pooled::{OpenFile, OpenFiles};
use crate::sys;
use crate::theirs::wake;
use crate::wakers::Wakers;
use bespoke_core::driver::{Buffer, Buffers, Errno, Timeout};
use bespoke_core::error::{Error, ErrorKind};
#[cfg(unix)]
use bespoke_core::roles::SharedFile;
use bespoke_core::roles::{
    Caps, Drained, Driver, DriverReport, Kind, Live, Luggage, Nanos, Park, RawResource, Regions, Resource, StartCx,
    Under, Unpark,
};
use bespoke_core::sharing::{Local, Lock, Moving, Shared, Sharing};
use bespoke_core::util::link::Node;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
#[cfg(unix)]
use std::sync::Arc;
use std::vec::Vec;

/// The readiness driver of every system: epoll, kqueue, completion ports.
///
/// | | |
/// |---|---|
/// | needs | `epoll_create1` and its like; where a sandbox denies that, `Mio<PosixPoll>` needs `poll` only |
/// | does without | `eventfd`, for which a pipe stands in, and `timerfd`, for which the timeout of the poll does |
/// | system calls | per request: `recv`, `send` and a share of one `epoll_wait` |
/// | files | on the blocking pool, one allocation per operation; on Linux reads of what is in memory on the spot, none |
///
/// `P` is what tells what is ready: [`OsPoller`], which is the best that the system has, or `PosixPoll`, `poll(2)`, on Unix.
pub struct Mio<P: Poller = OsPoller>(PhantomData<fn() -> P>);

impl<P: Poller> core::fmt::Debug for Mio<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mio")
    }
}

impl<P: Poller> Driver for Mio<P> {
    type Live<S: Sharing> = LiveMio<P, S>;
    const NAME: &'static str = "mio";
    const CAPS: Caps = Caps::SUSPENDING;
    const LEASE_BYTES: usize = LEASE_BYTES;

    fn end_writes(stream: RawResource) {
        // A peer that is gone already makes this fail, which changes nothing.
        let _ = sys::socket::shutdown(stream, std::net::Shutdown::Write);
    }

    fn close_afloat(resource: RawResource) {
        // Its error, if any, is of no use: the descriptor is gone.
        let _ = sys::fd::close(resource);
    }

    #[cfg(unix)]
    #[inline]
    fn forks() -> u32 {
        sys::fork::forks()
    }

    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}

impl<P: Poller> Under<Local> for Mio<P> {}

/// As under [`Local`]: one worker uses it, whether its tasks are shared or not.
impl<P: Poller> Under<Shared> for Mio<P> {}

/// One worker waits, and all workers of the runtime use what is open here, inside the gate of that worker: the registry of the
/// poller, which is `Sync`, and apart from the poll that the worker borrows while it waits; what is behind the locks; and an
/// atomic. It is not `Sync`: `park`, `arrive`, `report` and `drain` are the worker's. Not over [`PosixPoll`], whose list is its
/// worker's.
impl Under<Moving> for Mio<OsPoller> {}

/// Nothing is done with it: the system calls name the memory each time.
impl<S: Sharing, P: Poller> Regions<S> for Mio<P> where Mio<P>: Under<S> {}

/// The running driver of one worker.
pub struct LiveMio<P: Poller = OsPoller, S: Sharing = Local> {
    poller: P,
    sources: S::DriverLock<Vec<Source<P::Entry>>>,
    timeouts: timeouts::Timeouts<S>,
    /// The buffers of leases, those that are at home.
    buffers: S::DriverLock<Buffers<LEASE_BYTES>>,
    /// Resources in the poll. Changed with the sources; read by the worker.
    registered: AtomicUsize,
}

impl<P: Poller, S: Sharing> core::fmt::Debug for LiveMio<P, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let registered = self.registered.load(Ordering::Relaxed);
        f.debug_struct("LiveMio").field("registered", &registered).finish_non_exhaustive()
    }
}

impl<P: Poller, S: Sharing> LiveMio<P, S> {
    /// Runs `f` on the sources. `f` runs nothing of the user's, nor clones or drops a waker (invariant 2).
    #[inline(always)]
    fn with_sources<R>(&self, f: impl FnOnce(&mut Vec<Source<P::Entry>>) -> R) -> R {
        // SAFETY: one thread, or a lock; and `f` does not come back here (invariant 2).
        unsafe { self.sources.with(f) }
    }

    /// Runs `f` on the source of `key`, as [`with_sources`](Self::with_sources).
    #[inline(always)]
    fn with_source<R>(&self, key: u32, f: impl FnOnce(&mut Source<P::Entry>) -> R) -> R {
        self.with_sources(|sources| f(&mut sources[key as usize]))
    }

    /// Runs `f` on the buffers that are at home.
    #[inline(always)]
    fn with_buffers<R>(&self, f: impl FnOnce(&Buffers<LEASE_BYTES>) -> R) -> R {
        // SAFETY: one thread, or a lock; nothing of the user's runs.
        unsafe { self.buffers.with(|buffers| f(buffers)) }
    }

    /// Polls a timeout.
    fn timeout(&self, op: &Timeout, state: &mut timeouts::Ticking, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
        self.timeouts.poll(op, state, cx, || {
            if S::MOVING {
                self.poller.unparker().unpark();
            }
        })
    }

    /// When is the source thought ready? If it is not, leaves the waker of `cx`.
    ///
    /// # Errors
    /// As [`watch`](Self::watch).
    #[inline]
    fn ready(&self, key: u32, side: Side, cx: &mut Context<'_>) -> Result<Option<Tick>, Errno> {
        loop {
            let (ready, tick) = self.with_source(key, |source| (source.is_ready(side), source.tick));
            if ready {
                return Ok(Some(Tick(tick)));
            }
            if self.watch(key, side, cx)? {
                return Ok(None);
            }
        }
    }

    /// Not ready until the next edge.
    #[inline]
    fn clear(&self, key: u32, side: Side) {
        self.with_source(key, |source| source.clear(side));
    }

    /// A call would have blocked, at a source that was thought ready at `tick`: not ready until the next edge, unless that came
    /// meanwhile; and what comes from now on is new.
    #[inline]
    fn drained(&self, key: u32, side: Side, tick: Tick) {
        let read = matches!(side, Side::Read | Side::ReadAmong);
        self.with_source(key, |source| {
            if source.is_at::<S>(tick) {
                source.clear(side);
            }
            self.poller.drained(&source.entry, Wanted { read, write: !read });
        });
    }

    /// Leaves the waker of `cx` with the source, and sees to it that an event comes. `false`: it became ready meanwhile, on
    /// another thread, which may have found no waker.
    ///
    /// # Errors
    /// What the poll was refused.
    fn watch(&self, key: u32, side: Side, cx: &mut Context<'_>) -> Result<bool, Errno> {
        match side {
            Side::Read => return self.leave(key, side, |source| &mut source.reader, cx),
            Side::Write => return self.leave(key, side, |source| &mut source.writer, cx),
            Side::ReadAmong => self.leave_among(key, |more| &mut more.readers, cx),
            Side::WriteAmong => self.leave_among(key, |more| &mut more.writers, cx),
        }
        self.with_source(key, |source| self.arm(source, key, side))
    }

    /// Who waits at the source is told of the next event. `false`: as [`watch`](Self::watch).
    #[inline(always)]
    fn arm(&self, source: &mut Source<P::Entry>, key: u32, side: Side) -> Result<bool, Errno> {
        let more = source.more.as_deref();
        let wanted = Wanted {
            read: source.reader.is_some() || more.is_some_and(|more| !more.readers.is_empty()),
            write: source.writer.is_some() || more.is_some_and(|more| !more.writers.is_empty()),
        };
        self.poller.arm(&mut source.entry, Place { key, generation: source.generation }, wanted)?;
        Ok(!S::MOVING || !source.is_ready(side))
    }

    /// Leaves the waker of `cx` in its place, and [arms](Self::arm).
    fn leave(
        &self,
        key: u32,
        side: Side,
        place: fn(&mut Source<P::Entry>) -> &mut Option<Waker>,
        cx: &mut Context<'_>,
    ) -> Result<bool, Errno> {
        // To compare wakers runs nothing of the user's.
        let known = self.with_source(key, |source| {
            place(source).as_ref().is_some_and(|waker| waker.will_wake(cx.waker())).then(|| self.arm(source, key, side))
        });
        if let Some(armed) = known {
            return armed;
        }
        let waker = cx.waker().clone();
        // The clone was the user's, which may have left one here in the meantime: what was here is dropped outside.
        let (old, armed) = self.with_source(key, |source| {
            let old = place(source).replace(waker);
            (old, self.arm(source, key, side))
        });
        drop(old);
        armed
    }

    /// Leaves the waker of `cx` beside those of other tasks.
    #[cold]
    fn leave_among(&self, key: u32, list: fn(&mut More) -> &mut Wakers, cx: &mut Context<'_>) {
        let (known, full) = self.with_source(key, |source| {
            let wakers = list(source.more());
            (wakers.has(cx.waker()), wakers.is_full())
        });
        if known {
            return;
        }
        if full {
            let mut all = self.with_source(key, |source| list(source.more()).take());
            all.ask();
            self.with_source(key, |source| list(source.more()).give_back(all)).let_go();
        }
        let waker = cx.waker().clone();
        self.with_source(key, |source| list(source.more()).push(waker));
    }

    /// Wakes those who wait beside each other. The list keeps its memory: a wait allocates once per source and direction,
    /// not once each time.
    #[cold]
    fn wake_among(&self, key: u32, generation: u32, list: fn(&mut More) -> &mut Wakers) {
        let of = |source: &mut Source<P::Entry>| match &mut source.more {
            Some(more) if source.generation == generation => Some(list(more).take()),
            _ => None, // closed since
        };
        let Some(mut all) = self.with_source(key, of) else { return };
        all.wake();
        let left = self.with_source(key, |source| match &mut source.more {
            Some(more) if source.generation == generation => list(more).give_back(all),
            _ => all,
        });
        left.let_go();
    }

    /// Puts a source in its place, which is free; a file leaves some room there.
    fn place(&self, key: u32, source: impl FnOnce(Option<Box<More>>) -> Source<P::Entry>) {
        self.with_sources(|sources| {
            let at = key as usize;
            if sources.len() <= at {
                sources.resize_with(at + 1, Source::default);
            }
            let Source { generation, more, .. } = core::mem::take(&mut sources[at]);
            sources[at] = Source { generation, ..source(more) };
        });
    }

    #[cfg(unix)]
    fn place_file(&self, key: u32, file: Arc<OpenFile>) {
        self.place(key, |room| Source::of_file(file, room));
    }

    /// The file of a source that was taken out. Its room stays, and holds nothing of the user's: each file that is sent is
    /// named, and named no more.
    #[cfg(unix)]
    fn file_of(&self, key: u32, old: &mut Source<P::Entry>) -> Option<Arc<OpenFile>> {
        let file = old.take_file()?;
        self.with_source(key, |source| source.more = old.more.take());
        Some(file)
    }

    /// Adds a descriptor to the poll.
    fn enlist(&self, resource: Resource) -> Result<(), Errno> {
        let Resource { raw, key, .. } = resource;
        self.with_source(key, |source| {
            self.poller.enlist(&mut source.entry, raw, Place { key, generation: source.generation })?;
            self.registered.store(self.registered.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Makes place for the next resource with this key. What was there is dropped by the caller: wakers and buffers may come
    /// back here.
    fn take_out(&self, key: u32) -> Source<P::Entry> {
        self.with_source(key, |source| {
            let next = Source { generation: source.generation.wrapping_add(1), ..Source::default() };
            let old = core::mem::replace(source, next);
            if P::is_enlisted(&old.entry) {
                self.registered.store(self.registered.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
            }
            old
        })
    }

    /// Treats what a wait of the poller has found.
    #[inline(always)]
    fn dispatch(&self, event: Event) {
        let Place { key, generation } = event.place;
        // The wakers are moved out, and woken afterwards (invariant 2).
        let told = self.with_sources(|sources| {
            let source = sources.get_mut(key as usize)?;
            if source.generation != generation {
                return None; // closed since
            }
            source.unsure |= event.unsure;
            if S::MOVING {
                source.tick = source.tick.wrapping_add(1);
            }
            let (mut reader, mut writer) = (None, None);
            if event.readable {
                source.readable = true;
                reader = source.reader.take();
            }
            if event.writable {
                source.writable = true;
                writer = source.writer.take();
            }
            Some((source.more.is_some(), reader, writer))
        });
        let Some((among, reader, writer)) = told else { return };
        if let Some(waker) = reader {
            wake(waker);
        }
        if let Some(waker) = writer {
            wake(waker);
        }
        if among && event.readable {
            self.wake_among(key, generation, |more| &mut more.readers);
        }
        if among && event.writable {
            self.wake_among(key, generation, |more| &mut more.writers);
        }
    }

    /// Waits as `park` says, and wakes what is ready.
    #[inline]
    fn sleep(&self, park: Park) -> Result<(), Errno> {
        self.poller.wait(park, |event| self.dispatch(event))
    }
}

impl<P: Poller, S: Sharing> Live for LiveMio<P, S> {
    const ARRIVES: bool = false;
    type Unparker = P::Unparker;

    fn start(_cx: StartCx) -> Result<Self, Error> {
        #[cfg(unix)]
        sys::fork::watch().map_err(Error::from)?;
        Ok(LiveMio {
            poller: P::start(S::MOVING)?,
            sources: Lock::new(Vec::new()),
            timeouts: timeouts::Timeouts::new(),
            buffers: Lock::new(Buffers::new()),
            registered: AtomicUsize::new(0),
        })
    }

    fn report(&self) -> DriverReport {
        DriverReport::named(Mio::<P>::NAME, self.poller.by())
    }

    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        #[cfg(unix)]
        if kind == Kind::File {
            // A poll knows no files: they are always ready, and block.
            self.place_file(resource.key, Arc::new(OpenFile::new(resource.raw)));
            return Ok(());
        }
        // SAFETY: the caller hands the resource over; `close` closes it, and it is released below if it is refused.
        let entry = unsafe { P::entry(resource.raw, kind) };
        let unix = kind == Kind::UnixStream;
        // The poll tells of what is in a pipe already, and does not tell of the end of one that nobody has written.
        let readable = kind != Kind::Pipe;
        self.place(resource.key, |_| Source { readable, writable: true, unix, entry, ..Source::default() });
        // A socket that is not connected would report a hang-up: it joins the poll when it connects.
        if kind == Kind::Unconnected {
            return Ok(());
        }
        let enlisted = self.enlist(resource);
        if enlisted.is_err() {
            let entry = self.with_source(resource.key, |source| core::mem::take(&mut source.entry));
            self.poller.release(entry, resource.raw);
        }
        enlisted
    }

    fn close(&self, resource: Resource) {
        let mut old = self.take_out(resource.key);
        #[cfg(unix)]
        if let Some(file) = self.file_of(resource.key, &mut old) {
            return drop(file); // which closes it, unless an operation on it is under way
        }
        self.poller.close(core::mem::take(&mut old.entry), resource.raw);
        if S::MOVING {
            // A worker that ends alone closes what tasks of others wait for.
            return old.wake();
        }
        old.let_go();
    }

    fn share(&self, resource: Resource) {
        self.with_source(resource.key, |source| P::share(&mut source.entry));
    }

    fn release(&self, resource: Resource) -> Result<(), Errno> {
        #[cfg(unix)]
        if self.with_source(resource.key, |source| {
            let file = source.more.as_deref_mut().and_then(|more| more.file.as_mut());
            file.is_some_and(|file| Arc::get_mut(file).is_none())
        }) {
            return Err(sys::fd::BUSY); // a thread of the pool is in a call on it
        }
        let mut old = self.take_out(resource.key);
        self.poller.release(core::mem::take(&mut old.entry), resource.raw);
        #[cfg(unix)]
        core::mem::forget(self.file_of(resource.key, &mut old).and_then(Arc::into_inner)); // open, and the caller's
        old.let_go();
        Ok(())
    }

    fn give_up(&self, resource: Resource, kind: Kind) -> Result<Luggage, Errno> {
        let (interrupted, kind) = self.with_source(resource.key, |source| {
            // A socket joins the poll when it connects.
            let connected = kind == Kind::Unconnected && P::is_enlisted(&source.entry);
            let kind = match (connected, source.unix) {
                (false, _) => kind,
                (true, false) => Kind::Stream,
                (true, true) => Kind::UnixStream,
            };
            (source.take_interrupted(), kind)
        });
        let mut held = Held::new(interrupted);
        if let Err(errno) = self.release(resource) {
            if let Some(taken) = held.interrupted.take() {
                self.with_source(resource.key, |source| source.more().interrupted = Some(taken));
            }
            return Err(errno);
        }
        Ok(held.pack(kind))
    }

    #[cfg(unix)]
    fn open_file(&self, first: Resource) -> Result<SharedFile, Errno> {
        let file = OpenFiles::open_file(self, first.key).ok_or(Errno::of(ErrorKind::Unsupported))?;
        Ok(file)
    }

    #[cfg(unix)]
    fn name(&self, second: Resource, file: SharedFile) -> Result<(), Errno> {
        let file = file.downcast().map_err(|_| Errno::of(ErrorKind::Unsupported))?;
        self.place_file(second.key, file);
        Ok(())
    }

    fn take_in(&self, resource: Resource, luggage: &mut Luggage) -> Result<(), Errno> {
        // What was read ahead has no place here.
        if luggage.held.is_some() && Held::of(luggage).is_none_or(|held| held.was_read_ahead()) {
            return Err(Errno::of(ErrorKind::Unsupported));
        }
        self.register(resource, luggage.kind)?;
        if let Some(taken) = Held::of(luggage).and_then(|held| held.interrupted.take()) {
            self.with_source(resource.key, |source| source.more().interrupted = Some(taken));
        }
        Ok(())
    }

    fn park(&self, park: Park) -> Result<(), Errno> {
        if self.timeouts.is_idle() {
            return self.sleep(park);
        }
        self.sleep(self.timeouts.earlier(park))?;
        self.timeouts.fire();
        Ok(())
    }

    fn has_work(&self) -> bool {
        self.registered.load(Ordering::Relaxed) > 0 || !self.timeouts.is_idle()
    }

    fn unparker(&self) -> P::Unparker {
        self.poller.unparker()
    }

    fn drain(&self, _by: Nanos) -> Drained {
        // Readiness leaves nothing with the system: an operation is either over or has not begun. But timeouts are ours.
        Drained { cancelled: self.timeouts.cancel_all(), leaked: 0 }
    }

    unsafe fn take_back(&self, buffer: NonNull<Node>) {
        // SAFETY: as the caller; `lower` lends no others.
        let buffer = unsafe { Buffer::of(buffer) };
        self.with_buffers(|buffers| buffers.put(buffer));
    }

    unsafe fn free_buffer(buffer: NonNull<Node>) {
        // SAFETY: as the caller; `lower` lends no others.
        drop(unsafe { Buffer::<LEASE_BYTES>::of(buffer) });
    }
}
