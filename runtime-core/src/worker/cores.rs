//! The workers of a scheduler that runs several, each on a thread of its own: which there are, whose turn it is, who has said
//! that it can run, and who has come to its end. Empty under every other scheduler.
//!
//! # Invariants
//! 1. `formed` is written once, before any of their threads is started. Their homes are a team ([`Home::follow`]): whoever
//!    holds a reference of one of them, or runs a worker of a runtime that is not dropped, may name all of them.
//! 2. Under the lock: a seat for each worker. It is taken for a thread before that is asked for, and by a runtime that closes
//!    for a worker whose thread nobody asked for. A thread leaves its seat when its
//!    worker is closed, and that is the last that it does with the runtime; so who waits until all have left finds nothing of
//!    theirs still going on. A thread that leaves has said before, or says thereby, whether it could run.
//! 3. No code of the user's runs under the lock.

mod load;

use super::{Common, Worker};
use crate::blocking::{Limits, Pool};
use crate::config::{Config, LiveQueueOf};
use crate::error::{Error, ErrorKind};
use crate::loom::{Condvar, Mutex, MutexGuard, Plant, planted};
use crate::roles::{Cpu, Drained, JoinThread, Scheduler, Threads, Topology, on_demand, steals};
use crate::task::home::Home;
use crate::task::steal::{Crew, Knobs};
use crate::topology::{Near, seating};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{OnceLock, PoisonError};
use std::time::Instant;

/// The workers of a runtime that has several. Allocates nothing before [`form`](Self::form).
pub(crate) struct Cores<C: Config> {
    formed: OnceLock<Formed<C>>,
    /// Of tasks.
    turn: AtomicUsize,
    /// Where tasks move: of what is watched. Where they stay: of what goes to who has least to do, among equals.
    watch: AtomicUsize,
    /// Threads that the system refused.
    refusals: AtomicUsize,
    state: Mutex<State<ThreadOf<C>>>,
    /// Rung when a thread has said whether it can run, and when one leaves; if somebody waits to hear it.
    told: Condvar,
}

/// Starts the thread of a worker, whose seat the caller has taken: the scheduler's. The error says whether it runs all the same.
type StartThread<C> = fn(&Arc<Common<C>>, usize) -> Result<(), (Error, bool)>;

type ThreadOf<C> = <<C as Config>::Threads as Threads>::Thread;

/// What is written once.
struct Formed<C: Config> {
    members: Box<[Member<C>]>,
    start: StartThread<C>,
    /// Under a scheduler whose workers take tasks from each other.
    moving: Option<Box<Moves<C>>>,
}

/// What workers have that take tasks from each other.
struct Moves<C: Config> {
    /// The homes name it, and this lives as long as any of them.
    _crew: Arc<Crew<LiveQueueOf<C>>>,
    /// The threads that run workers whose own threads block; made when the first one does.
    stand_ins: OnceLock<Pool<C::Threads>>,
}

/// One of the workers.
pub(crate) struct Member<C: Config> {
    pub(crate) worker: NonNull<Worker<C>>,
    /// The processor that its thread is to be pinned to.
    pub(crate) cpu: Option<Cpu>,
    /// It ended before its runtime: nothing is placed there any more.
    gone: AtomicBool,
    /// Its thread was started, so its driver is there.
    runs: AtomicBool,
}

impl<C: Config> Member<C> {
    /// Was its thread started?
    #[inline]
    pub(crate) fn runs(&self) -> bool {
        // Acquire: pairs with the release of `started`. Whoever chooses the worker may use its driver.
        self.runs.load(Ordering::Acquire)
    }
}

// SAFETY: a name of a worker; what is done with it by other threads than its own is what any thread may do that holds the home
// (invariant 1).
unsafe impl<C: Config> Send for Member<C> {}
// SAFETY: as above.
unsafe impl<C: Config> Sync for Member<C> {}

struct State<H> {
    seats: Vec<Seat<H>>,
    /// What the drivers that were dropped say, added up.
    drained: Drained,
    closed: bool,
    /// Since when, and for how long, a closing worker may wait for its operations. `None`: not at all.
    limit: Option<(Instant, Duration)>,
    /// How many wait to be told: a ring that nobody hears is a system call, too.
    waiting: usize,
    /// Why the last thread was refused, or the driver for it.
    refused: Option<Error>,
}

/// The seat of the thread of a worker.
struct Seat<H> {
    asked: Asked,
    /// There when its start has returned.
    thread: Option<H>,
    /// Whether it can run, as soon as it has said so.
    said: Option<Result<(), Error>>,
    left: bool,
}

/// Was a thread asked for?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nobody,
    /// Its start has not returned.
    Starts,
    /// It runs; or the runtime closes, and has taken the seat instead.
    Runs,
}

impl<H> State<H> {
    /// Those whose threads have not left, or whose start has not returned the handle by which they are joined.
    fn running(&self) -> impl Iterator<Item = usize> {
        let runs = |seat: &Seat<H>| seat.asked == Asked::Starts || seat.asked == Asked::Runs && !seat.left;
        self.seats.iter().enumerate().filter(move |(_, seat)| runs(seat)).map(|(index, _)| index)
    }
}

/// Where pinned workers are.
pub(crate) struct Pinned {
    /// The processor of each.
    at: Vec<Cpu>,
    /// Whom each meets first, if they take tasks from each other.
    near: Vec<Near>,
}

impl Pinned {
    /// Those of `count` workers on these processors, of which there is one at least.
    pub(crate) fn of<C: Config>(cpus: Vec<Cpu>, count: usize) -> Self {
        let at: Vec<Cpu> = seating(cpus).into_iter().cycle().take(count).collect();
        let near = if steals::<C::Scheduler>() { Near::all(&at, C::Topology::distance) } else { Vec::new() };
        Pinned { at, near }
    }
}

impl<C: Config> Cores<C> {
    pub(crate) fn new() -> Self {
        let state = State {
            seats: Vec::new(),
            drained: Drained::default(),
            closed: false,
            limit: None,
            waiting: 0,
            refused: None,
        };
        Cores {
            formed: OnceLock::new(),
            turn: AtomicUsize::new(0),
            watch: AtomicUsize::new(0),
            refusals: AtomicUsize::new(0),
            state: Mutex::new(state),
            told: Condvar::new(),
        }
    }

    /// Makes a team of `workers`, led by the first. `pinned`: where they are, if they are pinned. `start` starts a thread later.
    ///
    /// # Safety
    /// They are new, at least one, and known to the caller alone; each holds its own reference and no other. Called once.
    pub(crate) unsafe fn form(&self, workers: &[NonNull<Worker<C>>], pinned: Option<Pinned>, start: StartThread<C>) {
        let (at, near) = pinned.map_or((None, None), |pinned| (Some(pinned.at), Some(pinned.near)));
        debug_assert!(at.as_ref().is_none_or(|at| at.len() == workers.len()), "each worker has a processor");
        let lead = Worker::home_of(workers[0]);
        // SAFETY: the caller's own.
        unsafe { lead.as_ref() }.acquire_many(workers.len() - 1);
        for worker in workers {
            if !planted(Plant::TeamNotFormed) {
                // SAFETY: known to the caller alone; their references are counted at the lead, just above; the lead is given
                // back with all members (`Worker::free`).
                unsafe { Home::follow(Worker::home_of(*worker), lead) };
            }
        }
        let moving = <C::Scheduler as Scheduler>::STEALING.filter(|_| steals::<C::Scheduler>()).map(|stealing| {
            let knobs = Knobs { capacity: C::LOCAL_QUEUE, policy: stealing };
            // A home of `Moving`: see `steals`.
            let homes = workers.iter().map(|worker| Worker::home_of(*worker).cast());
            let near = near.unwrap_or_else(|| (0..workers.len()).map(|me| Near::anywhere(me, workers.len())).collect());
            // SAFETY: the homes are known to the caller alone; each has what holds the crew.
            let crew = unsafe { Crew::form(homes.zip(near), knobs) };
            Box::new(Moves { _crew: crew, stand_ins: OnceLock::new() })
        });
        let member = |(index, worker): (usize, &NonNull<Worker<C>>)| Member {
            worker: *worker,
            cpu: at.as_ref().map(|at| at[index]),
            gone: AtomicBool::new(false),
            runs: AtomicBool::new(false),
        };
        let members = workers.iter().enumerate().map(member).collect();
        let seat = |_| Seat { asked: Asked::Nobody, thread: None, said: None, left: false };
        self.lock().seats = (0..workers.len()).map(seat).collect();
        if self.formed.set(Formed { members, start, moving }).is_err() {
            unreachable!("a runtime forms its team once");
        }
    }

    /// All workers, in the order of their numbers; empty under a scheduler that has no team.
    #[inline(always)]
    pub(crate) fn members(&self) -> &[Member<C>] {
        self.formed.get().map_or(&[], |formed| &formed.members)
    }

    /// The threads that run workers whose own threads block. There is a team, whose workers take tasks from each other.
    pub(crate) fn stand_ins(&self) -> &Pool<C::Threads> {
        let Some(moving) = self.moving() else { unreachable!("a worker that is left is of a crew") };
        moving.stand_ins.get_or_init(|| Pool::new(const { &Self::STAND_INS }))
    }

    fn moving(&self) -> Option<&Moves<C>> {
        self.formed.get()?.moving.as_deref()
    }

    const STAND_INS: Limits = Limits {
        name: C::NAME,
        kind: "stand-in",
        // One that waited for a thread could wait for what it is to run.
        threads_max: usize::MAX,
        queue_max: 0,
        keep_alive: C::BLOCKING_KEEP_ALIVE,
    };

    /// Waits until those threads have ended, for at most `timeout`. All workers have left, so none of the threads runs one.
    pub(crate) fn end_stand_ins(&self, timeout: Duration) {
        if let Some(pool) = self.close_stand_ins() {
            pool.wait(timeout);
        }
    }

    fn close_stand_ins(&self) -> Option<&Pool<C::Threads>> {
        let pool = self.moving()?.stand_ins.get()?;
        pool.close();
        Some(pool)
    }

    /// The worker whose home counts for the team.
    pub(crate) fn lead(&self) -> Option<NonNull<Worker<C>>> {
        self.members().first().map(|member| member.worker)
    }

    /// The worker whose turn it is to get a task. There is a team.
    #[inline]
    pub(crate) fn in_turn(&self) -> NonNull<Worker<C>> {
        self.next(&self.turn)
    }

    /// The worker whose turn it is to watch a resource. A turn of its own: with that of tasks, one who accepts and spawns would
    /// give every second worker nothing but tasks. There is a team.
    #[inline]
    pub(crate) fn watches_in_turn(&self) -> NonNull<Worker<C>> {
        self.next(&self.watch)
    }

    #[inline]
    fn next(&self, turn: &AtomicUsize) -> NonNull<Worker<C>> {
        let members = self.members();
        for _ in 0..members.len() {
            // Relaxed: nothing hangs on it but the turn.
            let member = &members[turn.fetch_add(1, Ordering::Relaxed) % members.len()];
            let passed = member.gone.load(Ordering::Relaxed) || on_demand::<C::Scheduler>() && !member.runs();
            if !passed {
                return member.worker;
            }
        }
        self.out_of_turn()
    }

    /// One that has a thread, whoever's turn it is: others took turns meanwhile, so that none came to who looked, or all that
    /// have a thread have ended, of which one cancels what it is given. The first has its driver also without one.
    #[cold]
    fn out_of_turn(&self) -> NonNull<Worker<C>> {
        let members = self.members();
        let runs = |member: &&Member<C>| !on_demand::<C::Scheduler>() || member.runs();
        let goes_on = members.iter().filter(runs).find(|member| !member.gone.load(Ordering::Relaxed));
        goes_on.or_else(|| members.iter().find(runs)).unwrap_or(&members[0]).worker
    }

    /// Where threads start on demand: a worker whose thread was not asked for, if no other one has a thread and has not ended.
    #[inline]
    pub(crate) fn first_to_start(&self) -> Option<usize> {
        let members = self.members();
        if !on_demand::<C::Scheduler>()
            || members.iter().any(|member| member.runs() && !member.gone.load(Ordering::Relaxed))
        {
            return None;
        }
        members.iter().position(|member| !member.runs())
    }

    /// Worker `index` ends before its runtime: it gets no more tasks in turn.
    pub(crate) fn loses(&self, index: usize) {
        self.members()[index].gone.store(true, Ordering::Relaxed);
    }

    /// Takes seat `index` for a thread that is about to be started. `false`: it is taken, or the runtime closes.
    pub(crate) fn take(&self, index: usize) -> bool {
        Self::take_of(&mut self.lock(), index)
    }

    fn take_of(state: &mut State<ThreadOf<C>>, index: usize) -> bool {
        let free = !state.closed && state.seats[index].asked == Asked::Nobody;
        if free && !planted(Plant::ThreadAskedForTwice) {
            state.seats[index].asked = Asked::Starts;
        }
        free
    }

    /// As [`take`](Self::take), but waits while another thread starts that one, which may be refused.
    #[must_use]
    pub(crate) fn take_or_wait(&self, index: usize) -> bool {
        let starts = |state: &State<_>| !state.closed && state.seats[index].asked == Asked::Starts;
        Self::take_of(&mut self.until(self.lock(), Duration::MAX, starts), index)
    }

    /// Starts the thread of worker `index`, whose seat the caller has taken.
    ///
    /// # Errors
    /// What the system says, and whether the thread runs all the same.
    pub(super) fn start_thread(&self, common: &Arc<Common<C>>, index: usize) -> Result<(), (Error, bool)> {
        let Some(formed) = self.formed.get() else { unreachable!("there is a seat, so there is a team") };
        (formed.start)(common, index)
    }

    /// Thread `index` runs. `None`: its source has given no handle, and has said that there is no thread.
    pub(crate) fn started(&self, index: usize, thread: Option<ThreadOf<C>>) {
        let mut state = self.lock();
        let seat = &mut state.seats[index];
        (seat.asked, seat.thread) = (Asked::Runs, thread);
        // Release: pairs with the acquire of `runs`.
        self.members()[index].runs.store(true, Ordering::Release);
        self.tells(state);
    }

    /// There is no thread `index`, and `why`. `false`: the runtime closes meanwhile, so the caller is to close the worker and to
    /// leave.
    #[must_use]
    pub(crate) fn refused(&self, index: usize, why: Error) -> bool {
        let mut state = self.lock();
        let closed = state.closed;
        state.refused = Some(why);
        state.seats[index].asked = if closed { Asked::Runs } else { Asked::Nobody };
        self.tells(state);
        !closed
    }

    /// Why the last thread was refused, if one was.
    pub(crate) fn last_refusal(&self) -> Option<Error> {
        self.lock().refused
    }

    /// A thread was asked for on demand, and refused.
    pub(super) fn count_refusal(&self) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were.
    pub(crate) fn refusals(&self) -> usize {
        self.refusals.load(Ordering::Relaxed)
    }

    /// The runtime closes: takes the seats of those workers whose threads nobody has asked for. The caller closes them, and
    /// leaves.
    pub(crate) fn take_others(&self) -> Vec<usize> {
        let mut state = self.lock();
        debug_assert!(state.closed, "else another could be asked for");
        let is_free = |asked| asked == Asked::Nobody || asked == Asked::Starts && planted(Plant::StartsTaken);
        let free = (0..state.seats.len()).filter(|index| is_free(state.seats[*index].asked)).collect::<Vec<_>>();
        for index in &free {
            state.seats[*index].asked = Asked::Runs;
        }
        free
    }

    /// Thread `index` says whether it can run.
    pub(crate) fn says(&self, index: usize, said: Result<(), Error>) {
        let mut state = self.lock();
        state.seats[index].said = Some(said);
        self.tells(state);
    }

    /// Waits until every thread that was asked for has said whether it can run; why the first of them cannot.
    pub(crate) fn until_all_say(&self) -> Result<(), Error> {
        let silent =
            |state: &State<_>| state.seats.iter().any(|seat| seat.asked != Asked::Nobody && seat.said.is_none());
        let state = self.until(self.lock(), Duration::MAX, silent);
        state.seats.iter().find_map(|seat| seat.said.and_then(Result::err)).map_or(Ok(()), Err)
    }

    /// The last that thread `index` does with the runtime, after the close of its worker; or there is none.
    pub(crate) fn leave(&self, index: usize, drained: Drained) {
        let mut state = self.lock();
        state.drained.cancelled += drained.cancelled;
        state.drained.leaked += drained.leaked;
        let seat = &mut state.seats[index];
        seat.left = true;
        seat.said.get_or_insert(Err(Error::new(ErrorKind::Other).because("a worker panicked before it could run")));
        // Also those that have no thread, and may get one.
        let last = state.seats.iter().all(|seat| seat.left);
        if !planted(Plant::LeavesUnheard) {
            self.tells(state);
        }
        if last {
            // Whoever shut the runtime down may have waited long enough.
            self.close_stand_ins();
        }
    }

    /// The runtime closes. `limit`: since when, and how long, workers may wait for operations that the system still holds.
    pub(crate) fn close(&self, limit: Option<(Instant, Duration)>) {
        let mut state = self.lock();
        state.closed = true;
        state.limit = limit;
    }

    /// Is the runtime closing, or closed?
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How long a worker may wait for its operations that closes now.
    pub(crate) fn time_left(&self) -> Duration {
        let limit = self.lock().limit;
        limit.map_or(Duration::ZERO, |(start, limit)| limit.saturating_sub(start.elapsed()))
    }

    /// Waits until every thread has left, but for that of worker `own`, while there is time `left`; which have not, and what was
    /// drained. After [`close`](Self::close). Without any time it does not wait at all. Threads that are left end on their own.
    pub(crate) fn wait(&self, left: impl Fn() -> Duration, own: Option<usize>) -> (Box<[usize]>, Drained) {
        let waits = !left().is_zero();
        let mut state = self.lock();
        if waits {
            state = self.join_all(state, &left, own);
            state = self.until(state, left(), |state| state.running().count() > usize::from(own.is_some()));
        }
        let (mut ended, mut others) = (Vec::new(), Vec::new());
        for seat in &mut state.seats {
            let list = if seat.left { &mut ended } else { &mut others };
            list.extend(seat.thread.take());
        }
        let found = (state.running().collect(), state.drained);
        drop(state);
        if waits {
            ended.into_iter().for_each(JoinThread::join);
        }
        // Dropped, not joined.
        drop(others);
        found
    }

    /// Waits for the ends of all threads but `own`, one after the other, while these can be waited for with a limit: who has
    /// ended has left. What could not be waited for stays in its seat.
    fn join_all<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<ThreadOf<C>>>,
        left: &impl Fn() -> Duration,
        own: Option<usize>,
    ) -> MutexGuard<'a, State<ThreadOf<C>>> {
        for index in (0..state.seats.len()).filter(|index| Some(*index) != own) {
            let Some(thread) = state.seats[index].thread.take() else { continue };
            drop(state);
            let joined = thread.join_within(left());
            state = self.lock();
            if let Err(thread) = joined {
                state.seats[index].thread = Some(thread);
                break;
            }
        }
        state
    }

    /// Tells those that wait what was changed under the lock. *Without* it: one that is rung first wakes up only to wait for the
    /// lock. It began to wait under the lock, so the ring is not missed.
    fn tells(&self, state: MutexGuard<'_, State<ThreadOf<C>>>) {
        let waiting = state.waiting;
        drop(state);
        if waiting > 0 {
            self.told.notify_all();
        }
    }

    /// Waits while `not_yet`, for at most `timeout`.
    fn until<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<ThreadOf<C>>>,
        timeout: Duration,
        not_yet: impl Fn(&State<ThreadOf<C>>) -> bool,
    ) -> MutexGuard<'a, State<ThreadOf<C>>> {
        state.waiting += 1;
        let mut state = self.is_told(state, timeout, not_yet);
        state.waiting -= 1;
        state
    }

    #[cfg(not(loom))]
    fn is_told<'a>(
        &self,
        state: MutexGuard<'a, State<ThreadOf<C>>>,
        timeout: Duration,
        not_yet: impl Fn(&State<ThreadOf<C>>) -> bool,
    ) -> MutexGuard<'a, State<ThreadOf<C>>> {
        let waited = self.told.wait_timeout_while(state, timeout, |state| not_yet(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    #[cfg(loom)]
    fn is_told<'a>(
        &self,
        mut state: MutexGuard<'a, State<ThreadOf<C>>>,
        _: Duration,
        not_yet: impl Fn(&State<ThreadOf<C>>) -> bool,
    ) -> MutexGuard<'a, State<ThreadOf<C>>> {
        while not_yet(&state) {
            state = self.told.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State<ThreadOf<C>>> {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Config> core::fmt::Debug for Cores<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Cores").field("workers", &self.members().len()).finish_non_exhaustive()
    }
}
