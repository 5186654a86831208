//! Questions about tasks, of threads that do not run them.
//!
//! A question is a box of its own, whose node lies in the inbox like any other. Who visits the inbox answers and frees it; close
//! answers nothing and frees it. What the asker and the question share is the [`Reply`], so the asker may go before the answer
//! comes. A question about one task holds a reference of it; one about all needs none, since it is answered inside the home.
//!
//! What the answer may look at is in [`trace`](super::trace).

use super::header::{Task, Untyped};
use super::home::Home;
use super::inbox::{Node, NodeKind};
use super::join::AbortHandle;
use super::refs::{self, on_owner};
use super::trace::{TaskState, TaskTrace, all};
use crate::loom::{Condvar, Mutex, MutexGuard, Plant, planted};
use crate::sharing::{Sharing, StateWord};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ptr::NonNull;
use core::time::Duration;
use std::sync::PoisonError;

pub(crate) use self::__bespoke_cold_trace as trace;

/// So long a question waits for its answer, if nothing else is said.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// What an asker waits for, and its questions fill.
pub(crate) struct Reply {
    told: Mutex<Told>,
    /// Rung when no question is left.
    rung: Condvar,
}

struct Told {
    traces: Vec<TaskTrace>,
    /// Questions that were neither answered nor given up.
    left: usize,
    /// The numbers of the workers that answered, in the order in which they did.
    by: Vec<usize>,
}

impl Reply {
    pub(crate) fn new() -> Arc<Self> {
        let told = Told { traces: Vec::new(), left: 0, by: Vec::new() };
        Arc::new(Reply { told: Mutex::new(told), rung: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was told when all questions are done with, or the time is over, and by which workers.
    pub(crate) fn wait(&self, limit: Duration) -> (Vec<TaskTrace>, Vec<usize>) {
        let mut told = self.until_done(self.lock(), limit);
        (core::mem::take(&mut told.traces), core::mem::take(&mut told.by))
    }

    #[cfg(not(loom))]
    fn until_done<'a>(&self, told: MutexGuard<'a, Told>, limit: Duration) -> MutexGuard<'a, Told> {
        let waited = self.rung.wait_timeout_while(told, limit, |told| told.left > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// A model has no time.
    #[cfg(loom)]
    fn until_done<'a>(&self, mut told: MutexGuard<'a, Told>, _: Duration) -> MutexGuard<'a, Told> {
        while told.left > 0 {
            told = self.rung.wait(told).unwrap_or_else(PoisonError::into_inner);
        }
        told
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// A question in an inbox.
#[repr(C)]
pub(crate) struct Question {
    /// First: a pointer to it is a pointer to the whole.
    node: Node,
    /// About one task; `None`: about all of the home.
    about: Option<AbortHandle>,
    reply: Arc<Reply>,
}

impl Question {
    fn answer(&self, worker: usize, traces: Vec<TaskTrace>) {
        let mut told = self.reply.lock();
        told.traces.extend(traces);
        told.by.push(worker);
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if crate::loom::given_up() {
            return;
        }
        let mut told = self.reply.lock();
        told.left -= 1;
        if told.left == 0 {
            self.reply.rung.notify_all();
        }
    }
}

/// Asks the owner of `home`, from any thread. `about`: one of its tasks; `None`: all.
///
/// # Safety
/// The caller holds a reference of the home, or of a task of it.
pub(crate) unsafe fn send<S: Sharing>(home: NonNull<Home<S>>, about: Option<AbortHandle>, reply: &Arc<Reply>) {
    reply.lock().left += 1;
    let question = Box::new(Question { node: Node::new(), about, reply: reply.clone() });
    let question = NonNull::from(Box::leak(question));
    // SAFETY: a new node is pinned by its maker; the caller holds the home.
    if unsafe { Home::post(home, question.cast(), NodeKind::Question) }.is_err() {
        // SAFETY: the node was not taken, so the box is still ours.
        drop(unsafe { Box::from_raw(question.as_ptr()) });
    }
}

/// Owner: a question out of the inbox. `closed`: it comes too late for an answer.
///
/// # Safety
/// The caller is the owner of `home` and took the node from its inbox.
pub(crate) unsafe fn visit<S: Sharing>(home: &Home<S>, root: Option<Task<S>>, node: NonNull<Node>, closed: bool) {
    // SAFETY: `send` leaked the box, and the node is its first field.
    let question = unsafe { Box::from_raw(node.cast::<Question>().as_ptr()) };
    if closed {
        if planted(Plant::QuestionForgotten) {
            core::mem::forget(question);
        }
        return;
    }
    let traces = match &question.about {
        // SAFETY: the owner of the home that the task is of; the question holds a reference.
        Some(task) => alloc::vec![unsafe { TaskTrace::of(task.task::<S>()) }],
        // SAFETY: as the caller.
        None => unsafe { all(home, root) },
    };
    question.answer(home.worker, traces);
}

/// The verb of handles: what the task is doing, asked on any thread, for at most `limit`.
///
/// # Safety
/// The caller holds a reference.
#[cold]
#[inline(never)]
pub(crate) unsafe fn __bespoke_cold_trace<S: Sharing>(untyped: Untyped, limit: Duration) -> TaskTrace {
    let task: Task<S> = refs::typed(untyped);
    // SAFETY: the caller's reference.
    if unsafe { on_owner(task) } || planted(Plant::TraceAbroad) {
        // SAFETY: the owner, and the caller's reference.
        return unsafe { TaskTrace::of(task) };
    }
    // SAFETY: the caller's reference.
    if let Some(trace) = unsafe { at_a_glance(task) } {
        return trace;
    }
    let reply = Reply::new();
    // SAFETY: the caller's reference; the table is the first word of the header.
    let table = unsafe { *untyped.as_ref() };
    // SAFETY: the caller's reference. The new one is the handle's.
    unsafe { (table.verbs.acquire)(untyped) };
    let handle = AbortHandle { task: untyped };
    // SAFETY: the caller's reference.
    let home = unsafe { task.as_ref() }.home;
    // SAFETY: a task of it is held.
    unsafe { send(home, Some(handle), &reply) };
    let told = reply.wait(limit).0.pop();
    // SAFETY: the caller's reference.
    told.unwrap_or_else(|| unsafe { unanswered(task) })
}

/// What is known without asking its worker: that it is complete, or, of a shared one, that its thread is inside of a poll, and so
/// would not answer now.
///
/// # Safety
/// The caller holds a reference.
pub(crate) unsafe fn at_a_glance<S: Sharing>(task: Task<S>) -> Option<TaskTrace> {
    // SAFETY: the caller's reference. A look: nothing of the future is read by it.
    let state = TaskState::of(unsafe { task.as_ref() }.state.peek());
    let known = state == TaskState::Complete || (S::SHARED && state == TaskState::Running);
    // SAFETY: the caller's reference.
    known.then(|| unsafe { TaskTrace::of_task(task, state) })
}

/// What is known of a task whose worker did not answer.
///
/// # Safety
/// The caller holds a reference.
pub(crate) unsafe fn unanswered<S: Sharing>(task: Task<S>) -> TaskTrace {
    // SAFETY: as the caller.
    let glance = unsafe { at_a_glance(task) };
    // SAFETY: as the caller.
    glance.unwrap_or_else(|| unsafe { TaskTrace::of_task(task, TaskState::Unknown) })
}
