//! The threads of a scheduler that gives every task one: who runs, how to end it, and who has to be joined.
//!
//! # Invariants, under the lock
//! 1. `members` has an entry for each thread that is reserved, started or alive, and for each whose start has not returned.
//!    Who comes last takes the entry out, as the last thing under the lock: the thread, when it leaves, or its starter, with
//!    the handle that has to be joined. So whoever waits until there is no entry finds every handle.
//! 2. `closed` is looked at and the entry is made in one hold of the lock: a thread that is entered is found by the close
//!    that comes after.
//! 3. No code of the user's runs under the lock, and no reference of a task is given up there: the last one may free the
//!    worker, and this with it.

use crate::loom::{Condvar, Mutex, MutexGuard, Plant, planted};
use crate::roles::{JoinThread, Threads};
use crate::task::AbortHandle;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::PoisonError;

/// The running task threads of a runtime. Allocates nothing before the first.
pub(crate) struct TaskThreads<T: Threads> {
    state: Mutex<State<T::Thread>>,
    /// Rung when an entry is taken out while this is closed.
    went: Condvar,
    workers: AtomicUsize,
}

struct State<H> {
    members: BTreeMap<usize, Member<H>>,
    /// Threads that are gone, to be joined by the next one that goes, or by `wait`.
    gone: Vec<H>,
    next_id: usize,
    closed: bool,
}

/// A thread that is reserved, started or alive.
struct Member<H> {
    task: AbortHandle,
    /// Its start has returned.
    started: bool,
    /// There from then on, if it did start.
    thread: Option<H>,
    /// It has left, before its start returned.
    left: bool,
}

impl<H> State<H> {
    /// The entry of a thread that has not left, or whose start has not returned.
    fn member(&mut self, id: usize) -> &mut Member<H> {
        let Some(member) = self.members.get_mut(&id) else { unreachable!("who comes last takes the entry out") };
        member
    }

    /// Threads that are reserved, started or alive.
    fn alive(&self) -> usize {
        self.members.values().filter(|member| !member.left).count()
    }
}

impl<T: Threads> TaskThreads<T> {
    pub(crate) fn new() -> Self {
        let state = State { members: BTreeMap::new(), gone: Vec::new(), next_id: 0, closed: false };
        TaskThreads { state: Mutex::new(state), went: Condvar::new(), workers: AtomicUsize::new(1) }
    }

    /// The number of the next worker. The runtime's own is 0.
    pub(crate) fn next_worker(&self) -> usize {
        self.workers.fetch_add(1, Ordering::Relaxed)
    }

    /// Reserves the entry of a thread that is to be started. `None`: closed.
    pub(crate) fn enter(&self, task: &AbortHandle) -> Option<usize> {
        let task = task.clone();
        let mut state = self.lock();
        let closed = state.closed;
        if planted(Plant::EnterInTwoSteps) {
            drop(state);
            state = self.lock();
        }
        if closed {
            drop(state);
            drop(task);
            return None;
        }
        let id = state.next_id;
        state.next_id += 1;
        state.members.insert(id, Member { task, started: false, thread: None, left: false });
        Some(id)
    }

    /// The start of thread `id` has returned: with a handle, or saying that there is no thread.
    pub(crate) fn started(&self, id: usize, thread: Option<T::Thread>) {
        let mut state = self.lock();
        let member = state.member(id);
        if !member.left {
            member.started = true;
            member.thread = thread;
            return;
        }
        // It was faster than its start.
        if !planted(Plant::FasterThreadForgotten) {
            state.gone.extend(thread);
        }
        let task = state.members.remove(&id);
        if state.closed {
            self.went.notify_all();
        }
        drop(state);
        drop(task);
    }

    /// The last that thread `id` does here; also when it could not be started.
    pub(crate) fn leave(&self, id: usize) {
        let mut state = self.lock();
        let closed = state.closed;
        if planted(Plant::LeaveInTwoSteps) {
            drop(state);
            state = self.lock();
        }
        // A thread that ended holds its stack until it is joined: each one that goes joins those that went before it.
        let before = if closed { Vec::new() } else { core::mem::take(&mut state.gone) };
        let member = state.member(id);
        let task = if member.started {
            let thread = member.thread.take();
            state.gone.extend(thread);
            state.members.remove(&id)
        } else {
            member.left = true;
            None
        };
        if closed {
            self.went.notify_all();
        }
        drop(state);
        drop(task);
        before.into_iter().for_each(JoinThread::join);
    }

    /// From now on no thread is entered. Asks every task to end; does not wait.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let tasks: Vec<AbortHandle> = state.members.values().map(|member| member.task.clone()).collect();
        drop(state);
        tasks.iter().for_each(AbortHandle::abort);
    }

    /// Waits until every thread is gone, for at most `timeout`; whether they are. After [`close`](Self::close).
    pub(crate) fn are_gone_within(&self, timeout: Duration) -> bool {
        self.until_gone(self.lock(), timeout).members.is_empty()
    }

    /// Waits until every thread is gone, for at most `timeout`; returns how many are not. After [`close`](Self::close).
    /// With a timeout of zero it does not wait at all. Threads that are left end on their own.
    pub(crate) fn wait(&self, timeout: Duration) -> usize {
        let mut state = self.lock();
        if !timeout.is_zero() {
            state = self.until_gone(state, timeout);
        }
        let gone = core::mem::take(&mut state.gone);
        let left: Vec<T::Thread> = state.members.values_mut().filter_map(|member| member.thread.take()).collect();
        let count = state.alive();
        drop(state);
        if !timeout.is_zero() {
            gone.into_iter().for_each(JoinThread::join);
        }
        // Dropped, not joined.
        drop(left);
        count
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

    /// Was it closed?
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The tasks of all threads that are reserved, started or alive.
    pub(crate) fn tasks(&self) -> Vec<AbortHandle> {
        let state = self.lock();
        state.members.values().filter(|member| !member.left).map(|member| member.task.clone()).collect()
    }

    /// Threads that are reserved, started or alive.
    pub(crate) fn len(&self) -> usize {
        self.lock().alive()
    }

    fn lock(&self) -> MutexGuard<'_, State<T::Thread>> {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Threads> core::fmt::Debug for TaskThreads<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TaskThreads").finish_non_exhaustive()
    }
}
