//! What every task of a runtime is doing: [`Dump`].

use super::{Handle, place};
use crate::config::{Config, SharingOf};
use crate::roles::{Placement, on_demand};
use crate::task::AbortHandle;
use crate::task::home::Home;
pub(super) use crate::task::question::PATIENCE;
use crate::task::question::{Reply, at_a_glance, send, unanswered};
use crate::task::refs::on_owner;
use crate::task::trace::{self, TaskTrace};
use crate::worker::cores::Member;
use crate::worker::{Common, Worker, ambient};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ptr::NonNull;
use core::time::Duration;

/// What every task of a runtime is doing, at one moment of each worker: see [`TaskTrace`]. Its `Display` is for a log.
#[derive(Clone, Debug)]
pub struct Dump {
    config: &'static str,
    /// How many workers were asked, this thread's own included.
    workers: usize,
    tasks: Vec<TaskTrace>,
    silent: Vec<usize>,
}

impl Dump {
    /// The tasks that are not complete, in the order of their workers. The future of `block_on` is no task.
    #[must_use]
    pub fn tasks(&self) -> &[TaskTrace] {
        &self.tasks
    }

    /// The numbers of the workers that did not answer in time: they were busy with one poll all the while, or nobody runs them,
    /// or they are closed. Their tasks are missing.
    #[must_use]
    pub fn silent_workers(&self) -> &[usize] {
        &self.silent
    }

    /// Was everybody heard? If not, tasks are missing, or, under a scheduler that gives every task a thread, are there without
    /// what they wait for.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.silent.is_empty() && self.tasks.iter().all(TaskTrace::is_known)
    }
}

impl fmt::Display for Dump {
    /// A line about the runtime, one about each worker if there are several, and a few about each task.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks = self.tasks.len();
        write!(f, "runtime `{}`: {tasks} task{}", self.config, if tasks == 1 { "" } else { "s" })?;
        for worker in &self.silent {
            write!(
                f,
                "\nworker {worker} did not answer: it is busy with one poll, or nobody runs it, or it is closed"
            )?;
        }
        let mut of = None;
        for trace in &self.tasks {
            if self.workers > 1 && of != Some(trace.worker()) {
                of = Some(trace.worker());
                if let Some(worker) = trace.worker() {
                    write!(f, "\nworker {worker}:")?;
                }
            }
            write!(f, "\n{trace}")?;
        }
        Ok(())
    }
}

impl<C: Config> Handle<C> {
    /// What every task is doing, and the chain of functions in which it waits.
    ///
    /// The worker of this thread, if it is one of the runtime, tells at once. Every other one is asked through its inbox, and
    /// this **blocks** until they answer, for at most a second for all of them: a worker answers between two polls, also if
    /// it slept. One that does not is said to be [silent](Dump::silent_workers): two workers that ask each other at the same time
    /// are, each to the other. Where nobody runs the worker nobody answers: outside of `block_on` ask the `Runtime`.
    ///
    /// Where every task has a thread (`ThreadPerTask`) each is asked on its own. One whose thread is inside of a poll,
    /// blocked in an operation, is told to be running, and no more.
    ///
    /// The future of `block_on` is no task, and is not told of; tasks that stay inside a `block_on` with a worker of its own
    /// are, to whoever asks from inside. Memory for the answer comes from the global allocator, and for a moment as much as the
    /// largest task takes.
    #[must_use]
    pub fn dump(&self) -> Dump {
        self.dump_within(PATIENCE)
    }

    /// As [`dump`](Self::dump), for at most `limit` instead of a second.
    #[must_use]
    pub fn dump_within(&self, limit: Duration) -> Dump {
        // SAFETY: the handle holds the home.
        unsafe { of(self.worker(), false, limit) }
    }
}

/// # Safety
/// The caller holds the home of `worker`. `owner`: this thread owns the worker, and it may be that nobody runs it.
pub(super) unsafe fn of<C: Config>(worker: NonNull<Worker<C>>, owner: bool, limit: Duration) -> Dump {
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    if const { matches!(place::placement::<C>(), Placement::OwnThread) } {
        // Of a copy in a child that was forked, nobody is here who could answer.
        let tasks = if common.is_copy() { Vec::new() } else { each::<C>(&common.task_threads.tasks(), limit) };
        let silent = if common.is_copy() { alloc::vec![0] } else { Vec::new() };
        return Dump { config: C::NAME, workers: 1, tasks, silent };
    }
    let workers = workers(common, worker);
    let (mut tasks, silent) = if common.is_copy() {
        (Vec::new(), workers.iter().map(|worker| number(*worker)).collect())
    } else {
        // SAFETY: as the caller; the others are named by it, or are this thread's.
        unsafe { ask(&workers, owner, limit) }
    };
    tasks.sort_by_key(TaskTrace::worker); // stable: the tasks of one worker stay in their order
    Dump { config: C::NAME, workers: workers.len(), tasks, silent }
}

/// The workers of the runtime of `worker`, that of this thread's `block_on` included.
fn workers<C: Config>(common: &Arc<Common<C>>, worker: NonNull<Worker<C>>) -> Vec<NonNull<Worker<C>>> {
    // One without a thread has no tasks, and answers nobody.
    let asked = |member: &&Member<C>| !on_demand::<C::Scheduler>() || member.runs();
    let members = common.cores.members();
    let mut workers: Vec<_> = members.iter().filter(asked).map(|member| member.worker).collect();
    if members.is_empty() {
        workers.push(worker);
    }
    if let Some(here) = ambient::worker_in(common)
        && !workers.contains(&here)
    {
        workers.push(here);
    }
    workers
}

fn number<C: Config>(worker: NonNull<Worker<C>>) -> usize {
    // SAFETY: it is one of `workers`, which the caller of `of` holds.
    unsafe { worker.as_ref() }.home.worker
}

/// What the tasks of `workers` are doing, and which of them did not say.
///
/// # Safety
/// The caller may name the workers. `owner`: this thread owns them, and it may be that nobody runs them.
unsafe fn ask<C: Config>(workers: &[NonNull<Worker<C>>], owner: bool, limit: Duration) -> (Vec<TaskTrace>, Vec<usize>) {
    let (reply, mut silent) = (Reply::new(), Vec::new());
    let is_own = |worker: &NonNull<Worker<C>>| owner || Home::is_current(Worker::home_of(*worker));
    for worker in workers.iter().filter(|worker| !is_own(worker)) {
        silent.push(number(*worker));
        // SAFETY: as the caller.
        unsafe { send(Worker::home_of(*worker), None, &reply) };
    }
    // While they answer.
    let mut tasks = Vec::new();
    for worker in workers.iter().filter(|worker| is_own(worker)) {
        // SAFETY: alive (contract).
        let worker = unsafe { worker.as_ref() };
        // SAFETY: this thread owns the worker.
        tasks.extend(unsafe { trace::all(&worker.home, worker.root()) });
    }
    if !silent.is_empty() {
        let (told, by) = reply.wait(limit);
        tasks.extend(told);
        silent.retain(|worker| !by.contains(worker));
    }
    (tasks, silent)
}

/// Asks each of these tasks, which have workers of their own.
fn each<C: Config>(tasks: &[AbortHandle], limit: Duration) -> Vec<TaskTrace> {
    let reply: Arc<Reply> = Reply::new();
    let mut traces = Vec::new();
    let mut asked = Vec::new();
    for handle in tasks {
        let task = handle.task::<SharingOf<C>>();
        // SAFETY: the handle holds a reference.
        if unsafe { on_owner(task) } {
            // SAFETY: the owner, and the handle's reference.
            traces.push(unsafe { TaskTrace::of(task) });
        // SAFETY: the handle holds a reference.
        } else if let Some(trace) = unsafe { at_a_glance(task) } {
            traces.push(trace);
        } else {
            // SAFETY: the handle's reference.
            let home = unsafe { task.as_ref() }.home;
            // SAFETY: the handle holds a task of it.
            unsafe { send(home, Some(handle.clone()), &reply) };
            asked.push(task);
        }
    }
    traces.extend(reply.wait(limit).0);
    for task in asked {
        if !traces.iter().any(|trace| trace.is_of(task.cast())) {
            // SAFETY: its handle is in `tasks`.
            traces.push(unsafe { unanswered(task) });
        }
    }
    traces.retain(|trace| !trace.is_complete());
    traces
}
