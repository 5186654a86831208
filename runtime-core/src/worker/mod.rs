//! The worker: a home, and what is typed by the config behind it.
//!
//! | file | holds |
//! |---|---|
//! | `cell` | the typed task: the future, its output, its failure; the vtable of a future |
//! | `spawn` | making a task: allocate, list, queue |
//! | `ambient` | finding the worker of this thread, or saying which one is missing |
//! | `guests` | open resources, and boxed work for the owner |
//! | `forked` | a runtime in a forked child, which is none |
//! | `rehome` | where a resource is that may move to another worker, and its way there |
//! | `gate` | who may use a resource's number off the worker |
//! | `reach` | what any thread may do with a worker's driver |
//! | `turn` | what a worker does between polls: inbox, timers, driver, sleep |
//! | `close` | the numbered shutdown protocol |
//! | `task_threads` | the threads of a scheduler that gives every task one |
//! | `cores` | the workers of a scheduler that runs several |
//! | `open` | what is open under a driver without state |
//! | `tally` | what a worker has done, in numbers |
//! | `shown` | what a loop shows of its polls |
//! | `watchdog` | the thread that looks at what is shown |
//! | `pool` | the blocking pool: what its threads hold, how a job gets there |
//!
//! # Life
//! A worker is started, run and closed by one thread at a time, its *owner*. Where tasks move that may be another one while the
//! worker's own blocks, [at the helm](crate::task::steal): it does what the owner does, but for what is kept on the worker and
//! need not be `Send`, and it does not close it. (`Home::stood_in`.) After close it is a husk: its inbox, its count, its memory
//! and its clock stay until the last task, guest and handle is gone, and then any thread frees it.
//!
//! 1. `live` is there from start to step 5 of close, and only the owner touches it; where tasks move, also who is
//!    [`inside`](guests::inside), which nobody is from step 4 on. A worker whose thread starts on demand may have none before
//!    somebody has its seat, to start that ([`demand`]): nobody is inside of it until then.
//! 2. `wheel` and `resources` are the owner's, the latter also theirs; their nodes may be pushed by others, by the rules of the
//!    inbox.
//! 3. No reference to `wheel`, `resources` or `home.queue` is held while code of the user's may run.
//! 4. `memory`, `clock` and `reach` are shared: their types say so. `reach` is there when `live` is, and stays.

pub(crate) mod ambient;
mod cell;
pub(crate) mod close;
#[cfg(feature = "std")]
pub(crate) mod cores;
#[cfg(loom)]
pub(crate) mod counts;
#[cfg(feature = "std")]
pub(crate) mod demand;
mod forked;
pub(crate) mod gate;
pub(crate) mod guests;
#[cfg(feature = "std")]
pub(crate) mod open;
#[cfg(feature = "std")]
pub(crate) mod pool;
mod reach;
pub(crate) mod rehome;
pub(crate) mod shown;
pub(crate) mod spawn;
mod tally;
#[cfg(feature = "std")]
pub(crate) mod task_threads;
pub(crate) mod turn;
#[cfg(feature = "std")]
pub(crate) mod watchdog;

#[cfg(feature = "std")]
use crate::blocking::{Limits, Pool};
use crate::config::{ClockOf, Config, LiveOf, MemoryOf, SharingOf};
use crate::error::Error;
use crate::instant::Instant;
#[cfg(feature = "std")]
use crate::loom::{Plant, planted};
#[cfg(feature = "std")]
use crate::roles::on_demand;
use crate::roles::{Clock, Driver, DriverReport, Entropy, Live, Memory, Nanos, StartCx, steals};
#[cfg(feature = "std")]
use crate::roles::{Placement, Scheduler};
#[cfg(feature = "std")]
use crate::sharing::SeatWord;
use crate::sharing::{Lock, Sharing};
use crate::task::header::{Task, task_of};
use crate::task::home::{Home, HomeTable, Tag};
use crate::task::inbox::{Node, NodeKind};
use crate::task::refs;
#[cfg(feature = "std")]
use crate::task::worker_locals::Values;
use crate::util::wheel::Wheel;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::TypeId;
use core::cell::{Cell, UnsafeCell};
#[cfg(feature = "std")]
use core::mem::offset_of;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use guests::Resources;
use reach::Reach;

/// What all workers and all blocking threads of a runtime share.
pub(crate) struct Common<C: Config> {
    /// What the driver said of forks at the start.
    forks: u32,
    pub(crate) clock: ClockOf<C>,
    #[cfg(feature = "std")]
    pub(crate) pool: Pool<C::Threads>,
    /// Empty but under a scheduler that gives every task a thread.
    #[cfg(feature = "std")]
    pub(crate) task_threads: task_threads::TaskThreads<C::Threads>,
    /// Empty but under a scheduler that runs several workers.
    #[cfg(feature = "std")]
    pub(crate) cores: cores::Cores<C>,
    /// Empty but under a driver without state.
    #[cfg(feature = "std")]
    pub(crate) open: open::Open,
    /// Who watches the workers; of no size, unless the config says so.
    #[cfg(feature = "std")]
    watch: watchdog::WatchOf<C>,
}

impl<C: Config> Common<C> {
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Common {
            forks: <C::Driver as Driver>::forks(),
            clock: C::Clock::start(),
            #[cfg(feature = "std")]
            pool: Pool::new(const { &Self::LIMITS }),
            #[cfg(feature = "std")]
            task_threads: task_threads::TaskThreads::new(),
            #[cfg(feature = "std")]
            cores: cores::Cores::new(),
            #[cfg(feature = "std")]
            open: open::Open::default(),
            #[cfg(feature = "std")]
            watch: Default::default(),
        })
    }

    /// How many workers run the tasks of the runtime, where these do not have workers of their own.
    pub(crate) fn workers(&self) -> usize {
        #[cfg(feature = "std")]
        {
            self.cores.members().len().max(1)
        }
        #[cfg(not(feature = "std"))]
        {
            1
        }
    }

    /// The number of a worker that is started later than the runtime.
    #[cfg(feature = "std")]
    pub(crate) fn next_worker(&self) -> usize {
        self.workers() - 1 + self.task_threads.next_worker()
    }

    #[cfg(feature = "std")]
    const LIMITS: Limits = Limits {
        name: C::NAME,
        kind: "blocking",
        threads_max: C::BLOCKING_THREADS_MAX,
        queue_max: C::BLOCKING_QUEUE_MAX,
        keep_alive: C::BLOCKING_KEEP_ALIVE,
    };
}

/// Tasks that are kept on a worker while others move are few.
const KEPT_QUEUE: usize = 16;

/// A worker of `C`.
#[doc(hidden)]
#[repr(C)]
pub struct Worker<C: Config> {
    /// First: a pointer to it is a pointer to the worker.
    pub(crate) home: Home<SharingOf<C>>,
    pub(crate) memory: MemoryOf<C>,
    pub(crate) common: Arc<Common<C>>,
    /// Any thread.
    reach: Reach<LiveOf<C>>,
    live: UnsafeCell<Option<LiveOf<C>>>,
    wheel: UnsafeCell<Wheel>,
    pub(crate) resources: UnsafeCell<Resources>,
    /// Of `resources`, where tasks move.
    table: <SharingOf<C> as Sharing>::DriverLock<()>,
    /// How many of them are open: written with the table, read by any thread.
    open_resources: AtomicUsize,
    /// What asks the worker to end, see [`stop`](Self::stop).
    stop: Node,
    /// Any thread.
    pub(crate) gate: gate::Gate,
    pub(crate) tally: tally::Tally,
    /// What it shows to a watchdog; of no size without one.
    #[cfg(feature = "std")]
    watched: watchdog::WatchedOf<C>,
    random: Cell<u64>,
    /// Has it a root, until it closes?
    pub(super) rooted: bool,
    /// The task that stands for the future of `block_on`.
    root: Cell<Option<Task<SharingOf<C>>>>,
    /// The worker's values of the program's keys.
    #[cfg(feature = "std")]
    locals: Values,
}

impl<C: Config> Worker<C> {
    const TABLE: HomeTable<SharingOf<C>> = HomeTable {
        unpark: Self::unpark,
        free: Self::free,
        #[cfg(feature = "std")]
        offload: if pool::any::<C>() { Some(pool::offload::<C>) } else { None },
    };
    const TAG: Tag = Tag {
        id: TypeId::of::<C>(),
        name: C::NAME,
        #[cfg(feature = "std")]
        locals: if Self::ENTERED_BY_ONE { Some(offset_of!(Self, locals)) } else { None },
    };
    /// Is a worker entered by one thread only, from its first turn to its close? By which depends on who calls
    /// [`Entered::new`](crate::task::current::Entered::new).
    #[cfg(feature = "std")]
    const ENTERED_BY_ONE: bool = match <C::Scheduler as Scheduler>::PLACEMENT {
        // A runtime that may leave its thread is run by one thread after the other.
        Placement::ThisWorker => !<SharingOf<C> as Sharing>::SHARED,
        // Whoever wins the claim of a worker runs and closes it; that of a `block_on` is started, run and closed there; and the
        // one by which the runtime of a thread per task is named is entered by its close alone.
        Placement::OwnThread | Placement::InTurn => true,
        // A worker whose thread blocks in place is run by another one.
        Placement::AnyWorker => false,
    };
    /// What the worker's own queue holds before it grows. Where workers take tasks from each other it has only those that are
    /// kept, and `LOCAL_QUEUE` is the capacity of the other one.
    pub(crate) const QUEUE: usize =
        if steals::<C::Scheduler>() && C::LOCAL_QUEUE > KEPT_QUEUE { KEPT_QUEUE } else { C::LOCAL_QUEUE };

    /// The tag of `C`.
    #[inline(always)]
    pub(crate) fn tag() -> &'static Tag {
        const { &Self::TAG }
    }

    /// Starts a worker, of which a `block_on` may be run. The caller is its owner, and must close it.
    ///
    /// # Errors
    /// What memory strategy and driver say; [`ErrorKind::OutOfMemory`](crate::error::ErrorKind::OutOfMemory) if the strategy
    /// has no room for the root.
    pub(crate) fn start(common: Arc<Common<C>>, index: usize) -> Result<NonNull<Self>, Error> {
        let worker = Self::make(common, index, true, true)?;
        // SAFETY: new, and ours.
        if let Err(error) = unsafe { spawn::make_root(worker) } {
            // SAFETY: ours, and nobody is inside.
            unsafe { close::close(worker, Nanos(0)) };
            return Err(error);
        }
        Ok(worker)
    }

    /// Starts a worker of a team, which runs no `block_on` and so has no root: what its memory strategy takes is taken by its own
    /// thread first. `equipped`: with its driver; else it gets that by [`equip`](Self::equip). As [`start`](Self::start).
    ///
    /// # Errors
    /// What memory strategy and driver say.
    #[cfg(feature = "std")]
    pub(crate) fn member(common: Arc<Common<C>>, index: usize, equipped: bool) -> Result<NonNull<Self>, Error> {
        Self::make(common, index, equipped, false)
    }

    /// Gives the worker its driver, unless it has one.
    ///
    /// # Errors
    /// What the driver says; then it has none, as before.
    ///
    /// # Safety
    /// The caller is the owner, and nobody is [`inside`](guests::inside).
    #[cfg(feature = "std")]
    pub(crate) unsafe fn equip(&self) -> Result<(), Error> {
        if self.reach.is_there() {
            return Ok(());
        }
        let live = LiveOf::<C>::start(StartCx::new(self.home.worker))?;
        // SAFETY: invariant 1: there is no driver that anybody could refer to, and nobody else looks (contract).
        let live = unsafe { &mut *self.live.get() }.insert(live);
        self.reach.comes(live);
        Ok(())
    }

    /// What `start` and `member` make.
    fn make(common: Arc<Common<C>>, index: usize, equipped: bool, rooted: bool) -> Result<NonNull<Self>, Error> {
        let memory = C::Memory::start()?;
        let live = if equipped { Some(LiveOf::<C>::start(StartCx::new(index))?) } else { None };
        let home = Home::new(const { &Self::TABLE }, Self::tag(), index, Self::QUEUE);
        let seed = C::Entropy::seed(index);
        // The upper half of a product: seeds that are neighbours begin far from each other.
        home.turn.set((seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32);
        let reach = Reach::default();
        if let Some(live) = &live {
            reach.comes(live);
        }
        // Written in place: a worker is some 2 KB, and would be copied twice on its way to the heap.
        let mut place = Box::<Self>::new_uninit();
        let at = place.as_mut_ptr();
        macro_rules! put {
            ($($(#[$condition:meta])? $field:ident: $value:expr),+ $(,)?) => {{
                $($(#[$condition])? {
                    // SAFETY: in bounds of the allocation.
                    let field = unsafe { &raw mut (*at).$field };
                    // SAFETY: valid for writes, and nobody else's yet.
                    unsafe { field.write($value) };
                })+
                // Every field is named above: this does not compile when one is missing.
                let _all = |worker: &Self| {
                    let Worker { $($(#[$condition])? $field: _),+ } = worker;
                };
            }};
        }
        put! {
            home: home,
            memory: memory,
            common: common,
            reach: reach,
            live: UnsafeCell::new(live),
            wheel: UnsafeCell::new(Wheel::new()),
            resources: UnsafeCell::new(Resources::new()),
            table: Lock::new(()),
            open_resources: AtomicUsize::new(0),
            stop: Node::new(),
            gate: gate::Gate::new(),
            tally: tally::Tally::default(),
            #[cfg(feature = "std")]
            watched: Self::watched(index),
            random: Cell::new(seed | 1),
            rooted: rooted,
            root: Cell::new(None),
            #[cfg(feature = "std")]
            locals: Values::default(),
        }
        // SAFETY: every field was written.
        let worker = unsafe { place.assume_init() };
        let worker = NonNull::from(Box::leak(worker));
        // SAFETY: new, and ours; it counts its own references.
        unsafe { Home::follow(Self::home_of(worker), Self::home_of(worker)) };
        Ok(worker)
    }

    /// The worker whose front is `home`.
    #[inline(always)]
    pub(crate) fn of(home: NonNull<Home<SharingOf<C>>>) -> NonNull<Self> {
        home.cast()
    }

    /// Its front, with the provenance of the worker.
    #[inline(always)]
    pub(crate) fn home_of(worker: NonNull<Self>) -> NonNull<Home<SharingOf<C>>> {
        worker.cast()
    }

    /// The live driver.
    ///
    /// # Safety
    /// The caller is the owner, before step 5 of close; no longer than until then. Or it is [`inside`](guests::inside).
    #[inline(always)]
    pub(crate) unsafe fn live(worker: NonNull<Self>) -> NonNull<LiveOf<C>> {
        // SAFETY: the worker is alive.
        let cell = unsafe { &worker.as_ref().live };
        // SAFETY: invariant 1: nobody writes it before step 5.
        let live = unsafe { &*cell.get() };
        match live {
            Some(live) => NonNull::from(live),
            None => unreachable!("the driver is used after it was dropped"),
        }
    }

    /// The live driver, for a call.
    ///
    /// # Safety
    /// As [`live`](Self::live); the reference is not kept over anything that may close the worker.
    #[inline(always)]
    pub(crate) unsafe fn driver<'a>(worker: NonNull<Self>) -> &'a LiveOf<C> {
        // SAFETY: as the caller.
        let live = unsafe { Self::live(worker) };
        // SAFETY: alive, and shared references to it are all there are.
        unsafe { live.as_ref() }
    }

    /// The live driver, for a call, if it was made.
    ///
    /// # Safety
    /// As [`driver`](Self::driver), of the owner.
    unsafe fn driver_if_any<'a>(worker: NonNull<Self>) -> Option<&'a LiveOf<C>> {
        // SAFETY: the worker is alive.
        let made = unsafe { worker.as_ref() }.reach.is_there();
        // SAFETY: as the caller.
        made.then(|| unsafe { Self::driver(worker) })
    }

    /// What the driver says of itself; `None` if none was made.
    pub(crate) fn report(&self) -> Option<DriverReport> {
        self.reach.report()
    }

    /// Takes the driver out: step 5 of close.
    ///
    /// # Safety
    /// The caller is the owner, and no reference to the driver is held.
    unsafe fn take_live(&self) -> Option<LiveOf<C>> {
        // SAFETY: invariant 1, and the caller's promise.
        unsafe { &mut *self.live.get() }.take()
    }

    /// Runs `f` on the wheel.
    ///
    /// # Safety
    /// The caller is the owner; `f` runs nothing of the user's (invariant 3).
    #[inline(always)]
    pub(crate) unsafe fn with_wheel<R>(&self, f: impl FnOnce(&mut Wheel) -> R) -> R {
        // SAFETY: owner only, and nothing re-enters (contract).
        f(unsafe { &mut *self.wheel.get() })
    }

    /// Where the wheel is, for a foreign thread that wants the node of a timer.
    pub(crate) fn wheel_ptr(worker: NonNull<Self>) -> *const Wheel {
        // SAFETY: the worker is alive; this computes an address.
        unsafe { worker.as_ref() }.wheel.get()
    }

    /// Runs `f` on the table of open resources.
    ///
    /// # Safety
    /// As [`with_wheel`](Self::with_wheel); or the caller is [`inside`](guests::inside).
    #[inline(always)]
    pub(crate) unsafe fn with_resources<R>(&self, f: impl FnOnce(&mut Resources) -> R) -> R {
        let f = |(): &mut ()| {
            // SAFETY: the owner alone or, where tasks move, whoever has the lock; nothing re-enters (contract).
            f(unsafe { &mut *self.resources.get() })
        };
        // SAFETY: as above.
        unsafe { self.table.with(f) }
    }

    /// As [`with_resources`](Self::with_resources), for what opens or closes one.
    ///
    /// # Safety
    /// As [`with_resources`](Self::with_resources).
    pub(crate) unsafe fn change_resources<R>(&self, f: impl FnOnce(&mut Resources) -> R) -> R {
        // SAFETY: as the caller.
        unsafe {
            self.with_resources(|resources| {
                let result = f(resources);
                self.open_resources.store(resources.len(), Ordering::Relaxed);
                result
            })
        }
    }

    /// How many resources are open, as far as this thread knows.
    pub(crate) fn open_resources(&self) -> usize {
        self.open_resources.load(Ordering::Relaxed)
    }

    /// The worker by which a handle holds the runtime: that one, or the lead of the team, where there is one. A worker of a
    /// `block_on` is not of the team, and what holds it does not hold the others.
    ///
    /// # Safety
    /// `worker` is alive, and so is its runtime: this thread runs the worker, or it is of the team.
    pub(crate) unsafe fn anchor(worker: NonNull<Self>) -> NonNull<Self> {
        #[cfg(feature = "std")]
        {
            // SAFETY: alive (contract).
            unsafe { worker.as_ref() }.common.cores.lead().unwrap_or(worker)
        }
        #[cfg(not(feature = "std"))]
        {
            worker
        }
    }

    /// Asks the worker to end, from any thread; once. It hears it by its inbox.
    ///
    /// # Safety
    /// The caller holds the home.
    #[cfg(feature = "std")]
    pub(crate) unsafe fn stop(worker: NonNull<Self>) {
        // SAFETY: alive (contract).
        let this = unsafe { worker.as_ref() };
        if planted(Plant::StopUnheard) {
            return this.home.stops();
        }
        // With the provenance of the worker.
        // SAFETY: computes an address inside the worker.
        let node = unsafe { &raw const (*worker.as_ptr()).stop };
        let Some(node) = NonNull::new(node.cast_mut()) else { unreachable!("a node has an address") };
        // A worker that closed its inbox has come to its end already.
        // SAFETY: the one push of this node; the caller holds the home.
        let _ = unsafe { Home::post(Self::home_of(worker), node, NodeKind::Stop) };
    }

    /// The task that stands for the future of `block_on`; none once the worker is closed.
    pub(crate) fn root(&self) -> Option<Task<SharingOf<C>>> {
        self.root.get()
    }

    /// The time now.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        C::Clock::now(&self.common.clock)
    }

    /// The next number of the worker's generator (xorshift64*).
    pub(crate) fn random(&self) -> u64 {
        let mut x = self.random.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    unsafe fn unpark(home: NonNull<Home<SharingOf<C>>>) {
        // SAFETY: the caller holds the home.
        let this = unsafe { Self::of(home).as_ref() };
        this.home.life.touch();
        #[cfg(feature = "std")]
        if on_demand::<C::Scheduler>() && !this.home.seat.get().is_null() {
            // SAFETY: as the caller; a home with a seat is of a crew.
            unsafe { demand::rouse(Self::of(home)) };
        }
        // One whose thread is about to start, and has no driver yet, looks at everything before it sleeps.
        this.reach.unpark();
        // The unparker is used to its end, also after the sleeper has heard it.
        this.home.life.touch();
    }

    /// The last reference of `home` is gone, and of the team, if it leads one.
    unsafe fn free(home: NonNull<Home<SharingOf<C>>>) {
        #[cfg(feature = "std")]
        {
            // SAFETY: not freed yet.
            let common = unsafe { Self::of(home).as_ref() }.common.clone();
            if common.cores.lead() == Some(Self::of(home)) {
                for member in &common.cores.members()[1..] {
                    // SAFETY: its references were counted at `home`.
                    unsafe { Self::give_back(Self::home_of(member.worker)) };
                }
            }
        }
        // SAFETY: the last reference is gone.
        unsafe { Self::give_back(home) };
    }

    unsafe fn give_back(home: NonNull<Home<SharingOf<C>>>) {
        let give_back = move || {
            // SAFETY: `start` leaked the box, and the last reference is gone.
            drop(unsafe { Box::from_raw(Self::of(home).as_ptr()) });
        };
        #[cfg(not(loom))]
        give_back();
        #[cfg(loom)]
        {
            // SAFETY: not freed yet.
            unsafe { home.as_ref() }.life.end();
            counts::home_freed(give_back);
        }
    }

    unsafe fn visit_guest(home: NonNull<Home<SharingOf<C>>>, node: NonNull<Node>, kind: NodeKind, closed: bool) {
        // SAFETY: the caller is the owner and took the node.
        unsafe { guests::visit::<C>(Self::of(home), node, kind, closed) }
    }

    /// Owner: what came out of the inbox, oldest first. `closing`: nothing runs any more. `closed`: the inbox is closed.
    ///
    /// # Safety
    /// The caller is the owner and took it from this worker's inbox.
    pub(crate) unsafe fn visit_all(
        worker: NonNull<Self>,
        taken: crate::task::inbox::Taken,
        closing: bool,
        closed: bool,
    ) {
        for (node, kind) in taken {
            if kind == NodeKind::Task {
                // SAFETY: nodes of this kind are fields of headers.
                let task = unsafe { task_of::<SharingOf<C>>(node) };
                // SAFETY: the owner; taken from the inbox.
                unsafe { refs::visit(task, closing) };
            } else {
                // SAFETY: the owner; taken from the inbox.
                unsafe { Self::visit_guest(Self::home_of(worker), node, kind, closed) };
            }
        }
    }
}

impl<C: Config> core::fmt::Debug for Worker<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Worker").field("home", &self.home).finish_non_exhaustive()
    }
}
