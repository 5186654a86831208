//! A closure that blocks in the middle of a task, and the worker of that task, which another thread runs meanwhile.
//!
//! Who runs the worker is settled at its [helm](crate::task::steal). Here is what a thread does that goes away from it, and what
//! one does that stands in. See decision 0052.
//!
//! # Away
//! 1. The driver [leaves](Live::leave) this thread: what is under way is given back, if it is bound to that. *If there is nothing
//!    for a thread that comes*, the call panics, and nothing has changed.
//! 2. The thread gives up what it says by its thread-local words, the home and the seat: from now on it is as any other thread,
//!    and works *for* the runtime, as a thread of the blocking pool does. *First*: whoever has the helm next is the owner.
//! 3. It leaves the helm, and if nobody waits for that, it sends a stand-in. *If there is none*, it takes the helm back and
//!    panics: the closure could wait for something that only this worker would bring about.
//! 4. The closure runs.
//! 5. The thread comes back, also by a panic: it waits for the helm. Whoever has it gives it up between two turns.
//! 6. It is the worker's thread again. The poll goes on, with a new budget.
//!
//! # Standing in
//! 1. A thread of the pool of stand-ins takes the helm if it is free.
//! 2. It is the owner, and runs turns, but for the tasks that are kept on the worker: their futures need not be `Send`. It queues
//!    those, and does nothing else with them.
//! 3. Asked for the helm, it has the driver leave it, gives the helm up after a turn, and ends.
//!
//! # The base
//! While threads are away the loop of the base is this one, too: see [`attends`].

use super::super::per_core::outside_of_tasks;
use super::turn;
use crate::blocking::{Keep, Pool, job::Job};
use crate::config::{Config, LiveQueueOf, PanicPolicy};
use crate::error::Error;
use crate::roles::{Lanes, Leaves, Live, Topology};
use crate::sharing::{SeatWord, Sharing};
use crate::task::current::{Entered, Serving};
use crate::task::home::Home;
use crate::task::join::Rejected;
use crate::task::steal::{Reseated, Seat, Turn};
use crate::worker::pool::Held;
use crate::worker::shown::Shown;
use crate::worker::{Worker, ambient, close};
use core::ptr::NonNull;

type SeatOf<C> = Seat<LiveQueueOf<C>>;

/// Runs `closure` on this thread, and the worker of this thread on another one meanwhile. The config steals.
///
/// # Panics
/// If the system has no thread for that, or nothing that the driver needs there; in a forked child.
#[track_caller]
pub(crate) fn block_in_place<C: Config, T>(closure: impl FnOnce() -> T) -> T {
    let Some(worker) = ambient::try_worker::<C>() else { return closure() };
    // SAFETY: this thread is running it.
    let this = unsafe { worker.as_ref() };
    this.common.assert_no_copy();
    // SAFETY: a seat lives as long as its crew, which the worker holds, and is of the config's kind.
    let seat = unsafe { this.home.seat.get().cast::<SeatOf<C>>().as_ref() };
    // That of a `block_on` has no seat, and no tasks but that one's. And between two polls, or in its close, a worker is not
    // left.
    let Some(seat) = seat.filter(|seat| seat.may_be_left()) else {
        let _home = Outside::new(Worker::home_of(worker));
        return closure();
    };
    // What this wakes is the worker's own still, and may not come here in its turn.
    // SAFETY: the owner; the driver is there.
    if let Err(error) = seat.between(|| unsafe { Worker::driver(worker) }.leave(Leaves::InAPoll)) {
        no_driver(C::NAME, error);
    }
    let _home = Outside::new(Worker::home_of(worker));
    // SAFETY: inside a poll of the worker's loop, by the filter; the words of this thread are set aside.
    let _away = unsafe { Away::new(worker, seat) };
    closure()
}

/// This thread has set aside that it runs a worker, and works for its runtime instead.
struct Outside {
    _serves: Serving,
    _runs_none: Entered,
    _away: AwayFrom,
}

impl Outside {
    fn new<S: Sharing>(home: NonNull<Home<S>>) -> Self {
        let home = home.as_ptr().cast_const().cast();
        Outside { _serves: Serving::new(home), _runs_none: Entered::new(core::ptr::null()), _away: AwayFrom::new(home) }
    }
}

/// Until it is dropped `home` is the one that this thread has left, unless it had left another before: within a closure it may
/// run the worker of a `block_on`, which is nobody's but its own.
struct AwayFrom(*const ());

impl AwayFrom {
    fn new(home: *const ()) -> Self {
        let before = away::get();
        if before.is_null() {
            away::replace(home);
        }
        AwayFrom(before)
    }
}

impl Drop for AwayFrom {
    fn drop(&mut self) {
        if !crate::loom::given_up() {
            away::replace(self.0);
        }
    }
}

/// Is this thread inside of a closure that blocks in place?
pub(crate) fn is_away() -> bool {
    !away::get().is_null()
}

/// Is `home` that of a worker which this thread runs, but for the closure that it is inside of?
pub(crate) fn is_away_from(home: *const ()) -> bool {
    core::ptr::eq(away::get(), home)
}

mod away {
    //! The home of the worker that this thread has left for the time of a closure, or null. A thread runs one loop, so it is away
    //! from one worker.
    use core::cell::Cell;
    use core::ptr::null;

    #[cfg(not(loom))]
    std::thread_local!(static AWAY: Cell<*const ()> = const { Cell::new(null()) });
    #[cfg(loom)]
    crate::loom::thread_local!(static AWAY: Cell<*const ()> = Cell::new(null()));

    pub(super) fn get() -> *const () {
        AWAY.with(Cell::get)
    }
    pub(super) fn replace(home: *const ()) -> *const () {
        AWAY.with(|word| word.replace(home))
    }
}

/// A stand-in that is to be sent. Dropped: there is none.
struct Unsent<'a, Q: Lanes>(&'a Seat<Q>);

impl<Q: Lanes> Drop for Unsent<'_, Q> {
    fn drop(&mut self) {
        self.0.helm.unsent();
    }
}

/// This thread is away from the helm of a worker, in the middle of a poll.
struct Away<'a, C: Config> {
    worker: NonNull<Worker<C>>,
    seat: &'a SeatOf<C>,
    /// Is this thread a stand-in itself?
    stands_in: bool,
    /// Given back before the seat is: fields are dropped after the rest.
    _unseated: Reseated,
}

impl<'a, C: Config> Away<'a, C> {
    /// # Safety
    /// This thread runs a turn of `worker`, in the middle of a poll, and has set its home aside. `seat` is the worker's.
    #[track_caller]
    unsafe fn new(worker: NonNull<Worker<C>>, seat: &'a SeatOf<C>) -> Self {
        // SAFETY: this thread is its owner still.
        let this = unsafe { worker.as_ref() };
        let stands_in = this.home.stood_in.get();
        // The poll holds up this thread only, and not the worker: what is left of it after the closure is watched by nobody.
        // SAFETY: this thread is the owner still.
        unsafe { Shown::of_another(worker) }.ends();
        seat.begins_work();
        seat.tally().handed_over.add(1);
        // SAFETY: null.
        let unseated = unsafe { Reseated::new(core::ptr::null()) };
        // Whoever comes back says what it is; others stand in.
        this.home.stood_in.set(true);
        // SAFETY: this thread is at the helm, and does nothing with the worker from now on.
        let sends = unsafe { seat.helm.leaves() };
        // From here on the thread comes back, also by a panic of what starts threads.
        let away = Away { worker, seat, stands_in, _unseated: unseated };
        if sends {
            let unsent = Unsent(seat);
            let common = &this.common;
            let stand_in = StandIn(worker);
            let job = Job::new(move || stand_in.run(), PanicPolicy::Catch).0;
            // SAFETY: the worker is alive while a thread is away from it, and so is its runtime's team.
            let sent = common.cores.stand_ins().lend(job, || Stands(unsafe { Held::new(worker) }));
            match sent {
                Ok(()) => core::mem::forget(unsent),
                Err(error) => {
                    drop(unsent);
                    if seat.helm.is_free() {
                        drop(away);
                        no_thread(C::NAME, error);
                    }
                }
            }
        }
        away
    }
}

impl<C: Config> Drop for Away<'_, C> {
    fn drop(&mut self) {
        // A model that loom gives up unwinds through here, and may touch nothing of loom's any more.
        if crate::loom::given_up() {
            return;
        }
        // SAFETY: while a thread is away the worker does not close.
        let this = unsafe { self.worker.as_ref() };
        if this.common.is_copy() {
            // Whoever had the helm is missing here, and may have been in the middle of anything.
            crate::util::abort("a closure of `block_in_place` returned in a child that was forked inside of it");
        }
        let home = Worker::home_of(self.worker);
        // SAFETY: as above, until this thread has had the helm.
        let ring = || unsafe { (this.home.table.unpark)(home) };
        // SAFETY: this thread is away.
        unsafe { self.seat.helm.comes_back(ring) };
        this.home.stood_in.set(self.stands_in);
        // SAFETY: the owner again; the driver is there.
        let arrived = unsafe { Worker::driver(self.worker) }.arrive();
        if arrived.is_err() {
            // SAFETY: at the helm.
            unsafe { self.seat.helm.note_failure() };
        }
        // The loop of a stand-in looks before each turn.
        this.home.attends.set(true);
        Worker::<C>::grant_budget(&this.home);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn no_driver(config: &str, error: Error) -> ! {
    panic!("`block_in_place` of `{config}` has no I/O driver for the thread that runs the worker meanwhile: {error}")
}

/// Whoever has the helm next has left the worker before.
///
/// # Safety
/// The caller is at the helm, between two turns.
unsafe fn leaves_between_turns<C: Config>(worker: NonNull<Worker<C>>, seat: &SeatOf<C>, how: Leaves) {
    // SAFETY: the owner; the driver is there.
    if let Err(error) = seat.between(|| unsafe { Worker::driver(worker) }.leave(how)) {
        unreachable!("a driver has refused to be left between two turns: {error}");
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn no_thread(config: &str, error: Option<Error>) -> ! {
    match error {
        Some(error) => panic!("`block_in_place` of `{config}` has no thread that runs the worker meanwhile: {error}"),
        None => unreachable!("stand-ins end after the workers"),
    }
}

/// What a thread of the pool of stand-ins holds.
struct Stands<C: Config>(Held<C>);

impl<C: Config> Keep<C::Threads> for Stands<C> {
    fn pool(&self) -> &Pool<C::Threads> {
        self.0.common().cores.stand_ins()
    }
    /// It runs workers, and works for none.
    fn home(&self) -> *const () {
        core::ptr::null()
    }
    fn begins(&self) {
        Keep::<C::Threads>::begins(&self.0);
    }
}

/// A thread that is to run a worker while others of its threads are away.
struct StandIn<C: Config>(NonNull<Worker<C>>);

// SAFETY: a name of a worker, which is held by the thread that runs this (`Stands`), and by the one that is away. Whoever takes
// the helm is its one owner; what the worker holds may be used by another thread than made it, as for `Handed`, but for the tasks
// that are kept.
unsafe impl<C: Config> Send for StandIn<C> {}

impl<C: Config> StandIn<C> {
    /// *Standing in*.
    fn run(self) {
        let worker = self.0;
        // SAFETY: alive: see `Send`.
        let this = unsafe { worker.as_ref() };
        // SAFETY: a seat lives as long as its crew, which the worker holds, and is of the config's kind.
        let Some(seat) = (unsafe { this.home.seat.get().cast::<SeatOf<C>>().as_ref() }) else {
            unreachable!("a worker that is left has a seat")
        };
        if !seat.helm.stands_in() {
            return; // somebody came back before
        }
        // SAFETY: at the helm.
        let ran = outside_of_tasks(|| unsafe { stands_in(worker, seat) });
        if ran.is_err() {
            this.common.cores.loses(this.home.worker);
            let why = Rejected::WorkerGone { config: C::NAME, worker: this.home.worker };
            {
                let _context = Entered::new(worker.as_ptr().cast_const().cast());
                // Nobody runs the worker until a thread comes back, which may wait for what is here.
                // SAFETY: at the helm, in the worker's context, between two turns.
                unsafe { close::cancel_ahead(worker, Some(why), false) };
            }
            // SAFETY: at the helm: it panicked between two turns.
            unsafe { leaves_between_turns(worker, seat, Leaves::ForGood) };
            // SAFETY: as above.
            unsafe { seat.helm.fails() };
        }
    }
}

/// Runs the worker until somebody wants the helm.
///
/// # Safety
/// This thread is at the helm of `worker`, and not afterwards.
unsafe fn stands_in<C: Config>(worker: NonNull<Worker<C>>, seat: &SeatOf<C>) {
    // SAFETY: at the helm.
    let this = unsafe { worker.as_ref() };
    this.home.stood_in.set(true);
    let _context = Entered::new(worker.as_ptr().cast_const().cast());
    // SAFETY: this thread runs the worker until it gives the helm up, when it looks for nothing any more.
    let _seated = unsafe { Reseated::new(this.home.seat.get()) };
    if let Some(cpu) = this.common.cores.members()[this.home.worker].cpu {
        // Refused only if that processor went just now: then it runs where the system puts it.
        let _ = C::Topology::pin(&[cpu]);
    }
    // SAFETY: the owner; the driver is there.
    if let Err(error) = unsafe { Worker::driver(worker) }.arrive() {
        panic!("the I/O driver cannot run on this thread: {error}");
    }
    // SAFETY: the owner, until this returns; the base has entered the worker, and is there still.
    let shown = unsafe { Shown::of_another(worker) };
    let mut until_look = Worker::<C>::LOOK_INTERVAL;
    loop {
        if seat.helm.is_asked_for() {
            seat.begins_work();
            // SAFETY: at the helm, between two turns.
            unsafe { leaves_between_turns(worker, seat, Leaves::ForGood) };
            // SAFETY: as above.
            let Turn::End = (unsafe { seat.helm.at_turn(false) }) else {
                unreachable!("who asks waits until it has the helm")
            };
            return;
        }
        // SAFETY: the owner, between polls.
        unsafe { cancel_if_stopping(worker, seat, false) };
        // SAFETY: as above.
        unsafe { turn::<C, false>(worker, seat, &shown, &mut until_look, true) };
    }
}

/// The loop of the base while threads are away, or the worker is to end. `false`: it ends now; `true`: nobody is away any more.
///
/// # Safety
/// The caller is the base, at the helm, between two turns; `seat` is that of the worker.
///
/// # Panics
/// If a stand-in has failed: the worker ends.
#[cold]
#[inline(never)]
pub(super) unsafe fn attends<C: Config>(worker: NonNull<Worker<C>>, seat: &SeatOf<C>, shown: &Shown<C>) -> bool {
    // SAFETY: the owner.
    let home = unsafe { &worker.as_ref().home };
    let mut until_look = Worker::<C>::LOOK_INTERVAL;
    loop {
        // SAFETY: at the helm.
        assert!(!unsafe { seat.helm.has_failed() }, "the worker failed while another thread stood in for this one");
        // SAFETY: as above.
        if unsafe { seat.helm.all_are_here() } {
            home.attends.set(home.stopping.get());
            return !home.stopping.get();
        }
        // SAFETY: the owner, between polls.
        unsafe { cancel_if_stopping(worker, seat, true) };
        if seat.helm.is_asked_for() {
            seat.begins_work();
            // SAFETY: at the helm, between two turns.
            unsafe { leaves_between_turns(worker, seat, Leaves::BetweenTurns) };
            // SAFETY: as above.
            let Turn::Go = (unsafe { seat.helm.at_turn(true) }) else { unreachable!("the base gets the helm back") };
            home.stood_in.set(false);
            // SAFETY: the owner; the driver is there.
            if unsafe { Worker::driver(worker) }.arrive().is_err() {
                // SAFETY: at the helm.
                unsafe { seat.helm.note_failure() };
            }
            continue;
        }
        // SAFETY: the owner, between polls.
        unsafe { turn::<C, true>(worker, seat, shown, &mut until_look, true) };
    }
}

/// A worker that is to end and cannot yet cancels what it has: the closure of a thread that is away may wait for it.
///
/// # Safety
/// The caller is the owner, in its context, between polls. `base`: it is the thread that polls what is kept.
unsafe fn cancel_if_stopping<C: Config>(worker: NonNull<Worker<C>>, seat: &SeatOf<C>, base: bool) {
    // SAFETY: the owner.
    let stopping = unsafe { worker.as_ref() }.home.stopping.get();
    // SAFETY: at the helm.
    if stopping && unsafe { seat.helm.cancels(base) } {
        // SAFETY: as the caller.
        seat.between(|| unsafe { close::cancel_ahead(worker, None, base) });
    }
}

/// May whoever attends to a worker sleep? What it has not done about the request to end, it does first.
///
/// # Safety
/// The caller is the owner, between polls.
pub(super) unsafe fn may_sleep<C: Config>(worker: NonNull<Worker<C>>, seat: &SeatOf<C>) -> bool {
    // SAFETY: the owner.
    let home = unsafe { &worker.as_ref().home };
    // SAFETY: at the helm.
    let settled = !home.stopping.get() || unsafe { seat.helm.has_cancelled(!home.stood_in.get()) };
    // What is kept waits for the base.
    // SAFETY: the owner.
    settled && (home.stood_in.get() || unsafe { home.queue_is_empty() })
}

/// The worker ends, as its base failed outside of the tasks. Those that are away end their polls first: they need the worker.
///
/// # Safety
/// The caller is the base, at the helm, out of its loop. The config steals.
pub(crate) unsafe fn until_all_are_back<C: Config>(worker: NonNull<Worker<C>>, why: Rejected) {
    // SAFETY: the owner.
    let home = unsafe { &worker.as_ref().home };
    // SAFETY: a seat lives as long as its crew, which the worker holds, and is of the config's kind.
    let Some(seat) = (unsafe { home.seat.get().cast::<SeatOf<C>>().as_ref() }) else { return };
    // SAFETY: at the helm.
    if unsafe { seat.helm.all_are_here() } {
        return;
    }
    {
        let _context = Entered::new(worker.as_ptr().cast_const().cast());
        // SAFETY: the owner, in its context; the base.
        unsafe { close::cancel_ahead(worker, Some(why), true) };
    }
    // SAFETY: the base, at the helm.
    unsafe { leaves_between_turns(worker, seat, Leaves::BetweenTurns) };
    // SAFETY: as above.
    unsafe { seat.helm.until_all_are_back() };
    home.stood_in.set(false);
    // SAFETY: the owner again; the driver is there.
    if unsafe { Worker::driver(worker) }.arrive().is_err() {
        // It closes all the same, as far as that goes without a turn.
        // SAFETY: at the helm.
        unsafe { seat.helm.note_failure() };
    }
}
