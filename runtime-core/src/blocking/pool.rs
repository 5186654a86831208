//! The pool: which thread takes which job.
//!
//! # The life of a thread
//! ```text
//!            [1]          [2]              [3]                 [4]
//!  reserved ─────► takes ─────► runs a job ─────► takes … idle ─────► gone
//! ```
//! [1] [`Pool::start`] · [2] from the queue, under the lock · [3] [`Job::run`] · [4] idle for `keep_alive`, or the pool is
//! closed and the queue is empty.
//!
//! # Invariants, under the lock
//! 1. A thread lists its seat as idle only when the queue is empty, and a job is queued only when no seat is idle. So the
//!    queue holds jobs only while every thread is busy or on its way.
//! 2. `closed` is looked at and the job is placed in one hold of the lock: a job that is placed finds a thread, or the
//!    close that comes after finds the job.
//! 3. `threads` counts the threads that are reserved, started or alive, and `members` has an entry for each, and for each
//!    whose start has not returned. A thread that is gone has given up its count as the last thing that it did under the
//!    lock. Whoever waits until there is no entry finds every handle that has to be joined.
//! 4. `running` counts the jobs that were taken out of the queue, or handed over, and have not come back.
//! 5. `starting` counts the threads that have not taken for the first time. So many queued jobs do not wait for a thread:
//!    their thread is coming.

use super::Keep;
use super::job::Job;
use super::queue::Queue;
use super::seat::{Given, Seat};
use crate::error::Error;
use crate::loom::{Condvar, Mutex, MutexGuard, Plant, planted};
use crate::roles::{JoinThread, Threads};
use crate::task::current::Serving;
use crate::task::join::Rejected;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::PoisonError;

/// The numbers of a pool.
#[derive(Debug)]
pub(crate) struct Limits {
    /// The name of the config, for the names of the threads.
    pub(crate) name: &'static str,
    /// What they are for, in their names.
    pub(crate) kind: &'static str,
    /// The most threads.
    pub(crate) threads_max: usize,
    /// The most jobs that wait.
    pub(crate) queue_max: usize,
    /// How long a thread waits for the next job before it ends.
    pub(crate) keep_alive: Duration,
}

/// Threads for blocking jobs. Starts none, and allocates nothing, before the first job.
pub(crate) struct Pool<T: Threads> {
    limits: &'static Limits,
    state: Mutex<State<T::Thread>>,
    /// Rung when a thread goes, or its entry, while the pool is closed.
    went: Condvar,
}

struct State<H> {
    queue: Queue,
    /// The threads that wait, the one that began last on top.
    idle: Vec<Arc<Seat>>,
    members: Vec<Member<H>>,
    /// Threads that are gone, to be joined by the next one that goes, or by `wait`.
    gone: Vec<H>,
    threads: usize,
    starting: usize,
    running: usize,
    next_id: usize,
    closed: bool,
}

/// What a pool is doing, in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) threads: usize,
    pub(crate) idle: usize,
    /// Jobs that wait for a thread.
    pub(crate) queued: usize,
    /// Jobs that run.
    pub(crate) running: usize,
}

/// A thread that is reserved, started or alive.
struct Member<H> {
    id: usize,
    /// It runs.
    begun: bool,
    /// Its start has returned.
    started: bool,
    /// There from then on, until `wait` takes it.
    handle: Option<H>,
    /// It is gone, and its start has not returned yet.
    gone: bool,
}

/// Where a job went.
enum Placed {
    /// To a thread, into the queue, or back.
    Done,
    /// Into the queue, and a thread is reserved that its caller must start.
    Start(usize),
}

impl<T: Threads> Pool<T> {
    pub(crate) fn new(limits: &'static Limits) -> Self {
        let state = State {
            queue: Queue::default(),
            idle: Vec::new(),
            members: Vec::new(),
            gone: Vec::new(),
            threads: 0,
            starting: 0,
            running: 0,
            next_id: 0,
            closed: false,
        };
        Pool { limits, state: Mutex::new(state), went: Condvar::new() }
    }

    /// Finds a thread for `job`, or a place to wait, or tells its handle why there is none. `keep`: what a thread holds
    /// that has to be started.
    #[inline]
    pub(crate) fn submit<K: Keep<T>>(&self, job: Job, keep: impl FnOnce() -> K) {
        if let Placed::Start(id) = self.place(job) {
            self.start(id, keep());
        }
    }

    fn place(&self, job: Job) -> Placed {
        let mut state = self.lock();
        if planted(Plant::SubmitInTwoSteps) {
            let closed = state.closed;
            drop(state);
            if closed {
                return Placed::Done;
            }
            state = self.lock();
        } else if state.closed {
            drop(state);
            drop(job); // which cancels it
            return Placed::Done;
        }
        if let Some(seat) = state.idle.pop() {
            state.running += 1;
            drop(state);
            seat.give(Given::Job(job));
            return Placed::Done;
        }
        if state.threads < self.limits.threads_max {
            let id = state.reserve();
            state.queue.push(job);
            return Placed::Start(id);
        }
        let waiting = state.queue.len().saturating_sub(state.starting);
        if waiting >= self.limits.queue_max {
            let threads = state.threads;
            drop(state);
            job.reject(Rejected::QueueFull { waiting, threads });
            return Placed::Done;
        }
        state.queue.push(job);
        Placed::Done
    }

    #[cold]
    fn start<K: Keep<T>>(&self, id: usize, keep: K) {
        match self.start_thread(keep, move |pool| pool.work(id, None)) {
            Ok(handle) => self.started(id, handle),
            Err(error) => self.not_started(id, error),
        }
    }

    fn start_thread<K: Keep<T>>(&self, keep: K, work: impl FnOnce(&Self) + Send + 'static) -> Result<T::Thread, Error> {
        T::start(&alloc::format!("{}-{}", self.limits.name, self.limits.kind), move || {
            keep.begins();
            let _serving = Serving::new(keep.home());
            work(keep.pool());
        })
    }

    /// Finds a thread for `job` now, however many there are, and never a place to wait. A pool is used by this, or by
    /// [`submit`](Self::submit).
    ///
    /// # Errors
    /// The system has no thread: the job resolves cancelled. So it does on a closed pool, which is `None`.
    pub(crate) fn lend<K: Keep<T>>(&self, job: Job, keep: impl FnOnce() -> K) -> Result<(), Option<Error>> {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            drop(job); // which cancels it
            return Err(None);
        }
        if let Some(seat) = state.idle.pop() {
            state.running += 1;
            drop(state);
            seat.give(Given::Job(job));
            return Ok(());
        }
        let id = state.reserve();
        drop(state);
        // The job goes with its thread: one that waits in the queue may be taken by a thread that another one was started for.
        let started = self.start_thread(keep(), move |pool| pool.work(id, Some(job)));
        match started {
            Ok(handle) => self.started(id, handle),
            Err(error) => {
                if self.give_up(id).is_some() {
                    return Err(Some(error));
                }
            }
        }
        Ok(())
    }

    fn started(&self, id: usize, handle: T::Thread) {
        let mut state = self.lock();
        let Some(at) = state.members.iter().position(|member| member.id == id) else {
            unreachable!("a thread whose start has not returned keeps its entry");
        };
        if state.members[at].gone {
            state.members.swap_remove(at);
            state.gone.push(handle);
            self.ring(&state);
        } else {
            state.members[at].started = true;
            state.members[at].handle = Some(handle);
        }
    }

    /// The system has no thread for us. While there is another one, the jobs wait for it.
    #[cold]
    fn not_started(&self, id: usize, error: Error) {
        let Some(mut state) = self.give_up(id) else { return };
        let stranded = if state.threads == 0 { core::mem::take(&mut state.queue) } else { Queue::default() };
        drop(state);
        for job in stranded {
            job.reject(Rejected::NoThread(error));
        }
    }

    /// `Threads` says that there is no such thread. `None`: it runs all the same.
    #[cold]
    fn give_up(&self, id: usize) -> Option<MutexGuard<'_, State<T::Thread>>> {
        let mut state = self.lock();
        let Some(at) = state.members.iter().position(|member| member.id == id) else {
            unreachable!("a thread whose start has not returned keeps its entry");
        };
        if state.members[at].begun {
            // `Threads` says that there is none, and it runs: then it is one that nobody joins.
            if state.members[at].gone {
                state.members.swap_remove(at);
                self.ring(&state);
            } else {
                state.members[at].started = true;
            }
            return None;
        }
        state.members.swap_remove(at);
        state.starting -= 1;
        state.threads -= 1;
        self.ring(&state);
        Some(state)
    }

    /// What a thread does from its start to its end. `first`: the job that it brings along.
    fn work(&self, id: usize, mut first: Option<Job>) {
        let seat = Arc::new(Seat::new());
        let mut spin = false;
        let mut state = self.lock();
        let Some(member) = state.members.iter_mut().find(|member| member.id == id) else {
            // `Threads` said that there is no such thread: it was given up. What it brings is dropped without the lock.
            return drop(state);
        };
        member.begun = true;
        state.starting -= 1;
        loop {
            let job = if let Some(job) = first.take().or_else(|| state.queue.pop()) {
                state.running += 1;
                drop(state);
                job
            } else {
                if state.closed {
                    return self.leave(state, id);
                }
                state.idle.push(seat.clone());
                drop(state);
                match self.sit(&seat, &mut spin) {
                    Ok(Given::Job(job)) => job,
                    Ok(Given::End) => return self.leave(self.lock(), id),
                    Err(state) => return self.leave(state, id),
                }
            };
            job.run();
            state = self.lock();
            state.running -= 1;
        }
    }

    /// Waits for the next job. `Err`: it did not come in time, and the seat is off the list.
    fn sit(&self, seat: &Arc<Seat>, spin: &mut bool) -> Result<Given, MutexGuard<'_, State<T::Thread>>> {
        let mut keep_alive = Some(self.limits.keep_alive);
        loop {
            if let Some(given) = seat.wait(keep_alive, spin) {
                return Ok(given);
            }
            let mut state = self.lock();
            if let Some(at) = state.idle.iter().position(|idle| Arc::ptr_eq(idle, seat)) {
                state.idle.remove(at);
                return Err(state);
            }
            // Somebody took the seat off the list just now: what it gives is on its way (rule 1 of `seat`).
            keep_alive = None;
        }
    }

    /// The last that a thread does here.
    fn leave(&self, mut state: MutexGuard<'_, State<T::Thread>>, id: usize) {
        state.threads -= 1;
        // A thread that ended holds its stack until it is joined: each one that goes joins those that went before it.
        let before = if state.closed { Vec::new() } else { core::mem::take(&mut state.gone) };
        if let Some(at) = state.members.iter().position(|member| member.id == id) {
            if state.members[at].started {
                let member = state.members.swap_remove(at);
                state.gone.extend(member.handle);
            } else {
                state.members[at].gone = true;
            }
        }
        self.ring(&state);
        drop(state);
        before.into_iter().for_each(JoinThread::join);
    }

    /// Tells `wait` that there is one entry less.
    fn ring(&self, state: &State<T::Thread>) {
        if state.closed {
            self.went.notify_all();
        }
    }

    /// From now on every job resolves cancelled that does not run yet. Does not wait, and does nothing the second time.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let queue = core::mem::take(&mut state.queue);
        let idle = core::mem::take(&mut state.idle);
        drop(state);
        for seat in idle {
            seat.give(Given::End);
        }
        // Cancels them: here, outside the lock.
        drop(queue);
    }

    /// Waits until every thread is gone, for at most `timeout`; returns the number of jobs that still run. After
    /// [`close`](Self::close). With a timeout of zero it does not wait at all, and the threads end on their own.
    pub(crate) fn wait(&self, timeout: Duration) -> usize {
        let mut state = self.lock();
        debug_assert!(state.closed);
        if !timeout.is_zero() {
            state = self.until_gone(state, timeout);
        }
        let gone = core::mem::take(&mut state.gone);
        let left: Vec<T::Thread> = state.members.iter_mut().filter_map(|member| member.handle.take()).collect();
        let running = state.running;
        drop(state);
        if !timeout.is_zero() {
            gone.into_iter().for_each(JoinThread::join);
        }
        // Dropped, not joined: these run still, or end on their own.
        drop(left);
        running
    }

    #[cfg(not(loom))]
    fn until_gone<'a>(
        &self,
        state: MutexGuard<'a, State<T::Thread>>,
        timeout: Duration,
    ) -> MutexGuard<'a, State<T::Thread>> {
        let waited = self.went.wait_timeout_while(state, timeout, |state| !state.members.is_empty());
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    #[cfg(loom)]
    fn until_gone<'a>(
        &self,
        mut state: MutexGuard<'a, State<T::Thread>>,
        _: Duration,
    ) -> MutexGuard<'a, State<T::Thread>> {
        while !state.members.is_empty() {
            state = self.went.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State<T::Thread>> {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it is doing.
    pub(crate) fn load(&self) -> Load {
        let state = self.lock();
        Load { threads: state.threads, idle: state.idle.len(), queued: state.queue.len(), running: state.running }
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    #[cfg(all(test, not(shuttle)))]
    pub(super) fn threads(&self) -> usize {
        self.lock().threads
    }

    #[cfg(all(test, not(shuttle)))]
    pub(super) fn waiting(&self) -> usize {
        self.lock().queue.len()
    }
}

impl<H> State<H> {
    /// Makes an entry for a thread that its caller starts.
    fn reserve(&mut self) -> usize {
        let id = self.next_id;
        self.next_id += 1;
        self.threads += 1;
        self.starting += 1;
        self.members.push(Member { id, begun: false, started: false, handle: None, gone: false });
        id
    }
}

impl<T: Threads> core::fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pool").field("limits", self.limits).finish_non_exhaustive()
    }
}
