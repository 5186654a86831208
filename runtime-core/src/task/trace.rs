//! What a task is doing, told to whoever asks: [`TaskTrace`].
//!
//! # Who may look
//! 1. A task's future is looked at by its *owner* alone, the thread that runs its home, while the task is not complete. It
//!    looks between polls, or in the poll of something else; then nobody polls, moves or drops the future, for only the owner
//!    does. Whoever asks on another thread sends a [`Question`](super::question::Question) through the inbox, and waits for
//!    so long.
//! 2. Of a task that is `RUNNING` the owner is inside of, and looks at the outermost function alone: see invariant 2 of
//!    [`machine::trace`](crate::machine::trace).
//! 3. What never changes (identity, name, where it was spawned), and a look at the state word: on any thread, by whoever holds a
//!    reference.
//! 4. A task that [moves](super::steal) has no owner in the sense of 1: any worker may begin to poll it. Of it no more
//!    than what 3 says is told.

use super::header::{Id, Polled, Task, Untyped, VTable};
use super::home::Home;
use super::join::JoinHandle;
use super::owned::Owned;
use super::question::PATIENCE;
use super::refs;
use super::state::{COMPLETE, NOTIFIED, REF, RUNNING};
use crate::machine::trace::ask::ask;
use crate::machine::trace::{Level, Tells, Walk, says};
use crate::sharing::{Lock, Sharing, StateWord};
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;
use core::ptr::NonNull;
use core::task::Context;
use core::time::Duration;

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// It waits for a wake.
    Waiting,
    /// It was woken, or was just spawned, and waits for its turn.
    Ready,
    /// It is being polled.
    Running,
    /// It is over.
    Complete,
    /// Its worker did not answer in time: it was busy with one poll all the while, or nobody runs it.
    Unknown,
}

impl TaskState {
    pub(super) fn of(word: usize) -> Self {
        match word {
            word if word & COMPLETE != 0 => TaskState::Complete,
            word if word & RUNNING != 0 => TaskState::Running,
            word if word & NOTIFIED != 0 => TaskState::Ready,
            _ => TaskState::Waiting,
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TaskState::Waiting => "waits",
            TaskState::Ready => "is ready to run",
            TaskState::Running => "is running",
            TaskState::Complete => "is complete",
            TaskState::Unknown => "did not answer",
        })
    }
}

/// What a task is doing, and the chain of functions in which it waits.
///
/// Functions under `#[async_fn]` are levels of the chain, each with the line and the text of its `.await`. It goes on inside of a
/// timeout, and in each of several futures that are awaited as one. It ends at the first future that is none of these: that one
/// is told of in its own words, or by the name of its type. Of a task that is running the
/// outermost function alone is there, with the `.await` from which it went on. Of a task that any worker may run (`WorkStealing`)
/// the state is told, and no level.
#[derive(Clone, Debug)]
pub struct TaskTrace {
    id: Id,
    worker: Option<usize>,
    name: Option<&'static str>,
    spawned_at: Option<&'static Location<'static>>,
    state: TaskState,
    levels: Vec<Level>,
}

impl TaskTrace {
    /// The task's identity.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// The number of its worker, counted from 0; none of a blocking job.
    #[must_use]
    pub fn worker(&self) -> Option<usize> {
        self.worker
    }

    /// The name that it was spawned with, if any.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Where it was spawned. Known of tasks with a name: the others pay nothing for it.
    #[must_use]
    pub fn spawned_at(&self) -> Option<&'static Location<'static>> {
        self.spawned_at
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.state
    }

    /// What it waits for, from its own future inwards.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Did its worker say what it is doing?
    pub(crate) fn is_known(&self) -> bool {
        self.state != TaskState::Unknown
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.state == TaskState::Complete
    }

    pub(crate) fn is_of(&self, task: Untyped) -> bool {
        self.id == Id::of(task)
    }

    /// What anybody who holds a reference may know.
    ///
    /// # Safety
    /// The caller holds a reference of the task or job.
    pub(crate) unsafe fn without_levels(task: Untyped, state: TaskState) -> Self {
        // SAFETY: the caller's reference; the table is the first word of the header.
        let table = unsafe { *task.as_ref() };
        // SAFETY: the table is the task's own.
        let name = unsafe { (table.name)(task) };
        // SAFETY: as above.
        let spawned_at = unsafe { (table.spawned_at)(task) };
        TaskTrace { id: Id::of(task), worker: None, name, spawned_at, state, levels: Vec::new() }
    }

    /// As [`without_levels`](Self::without_levels), of a task.
    ///
    /// # Safety
    /// The caller holds a reference.
    pub(crate) unsafe fn of_task<S: Sharing>(task: Task<S>, state: TaskState) -> Self {
        // SAFETY: the caller's reference.
        let worker = unsafe { task.as_ref() }.home().worker;
        // SAFETY: as above.
        TaskTrace { worker: Some(worker), ..unsafe { TaskTrace::without_levels(task.cast(), state) } }
    }

    /// Adds what the future or closure is and waits for.
    ///
    /// # Safety
    /// It is there, and the caller may look at it: rules 1 and 2.
    pub(crate) unsafe fn with_levels(mut self, task: Untyped) -> Self {
        // SAFETY: the caller's reference; the table is the first word of the header.
        let table = unsafe { *task.as_ref() };
        let mut walk = Walk::new(&mut self.levels, self.state == TaskState::Running);
        if !(table.passes)() {
            walk.is_called((table.type_name)());
            return self;
        }
        let poll = |stand_in: *mut (), cx: &mut Context<'_>| {
            let Some(stand_in) = NonNull::new(stand_in) else { unreachable!("memory has an address") };
            // SAFETY: a poll of a task looks at its stage alone, where the future is, which may lie in a stand-in (`passes`).
            let polled = unsafe { (table.poll)(stand_in.cast(), cx) };
            debug_assert_eq!(polled, Polled::Pending, "a question has no value");
        };
        // SAFETY: as above; the pointer is of the whole block, and the rest is the contract.
        unsafe { ask(task.as_ptr().cast_const().cast(), table.layout, poll, &mut walk) };
        self
    }

    /// Of a task, on its owner.
    ///
    /// # Safety
    /// The caller is the owner, and holds a reference, or has found the task in its table.
    pub(crate) unsafe fn of<S: Sharing>(task: Task<S>) -> Self {
        // SAFETY: the caller's reference.
        let state = TaskState::of(unsafe { task.as_ref() }.state.load());
        // SAFETY: as above.
        let trace = unsafe { TaskTrace::of_task(task, state) };
        // SAFETY: the caller's reference; the table is the first word of the header.
        let moves = unsafe { *task.cast::<&'static VTable>().as_ref() }.moves;
        if state == TaskState::Complete || moves {
            return trace; // what moves, any worker may be polling by now (rule 4)
        }
        // SAFETY: the caller's reference.
        if S::MOVING && unsafe { task.as_ref() }.home().stood_in.get() {
            return trace; // what is kept is another thread's, which may be inside of it
        }
        // SAFETY: the owner, of a task that is not complete: only the owner would complete it (rule 1).
        unsafe { trace.with_levels(task.cast()) }
    }
}

impl fmt::Display for TaskTrace {
    /// A line about the task, and one for each level; of several futures that are awaited as one, those of each further in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, " {}", self.state)?;
        if let Some(at) = self.spawned_at {
            write!(f, ", spawned at {}:{}", at.file(), at.line())?;
        }
        let seen = if self.state == TaskState::Running { "last seen " } else { "" };
        self.levels.iter().try_for_each(|level| level.write(f, 4, seen))
    }
}

/// A task of the table, seen by the owner: is it there to be looked at, that is, not complete? Under `Shared` the caller holds a
/// reference of it afterwards: anybody may free what is complete. Under `Local` only the owner frees.
fn hold<S: Sharing>(task: Task<S>) -> bool {
    // SAFETY: it is in the table, so it is not freed.
    let header = unsafe { task.as_ref() };
    header.state.update(|s| match s & COMPLETE {
        // The runtime's own reference is there until then, so the count was not 0.
        0 => (S::SHARED.then_some(s + REF), true),
        _ => (None, false),
    })
}

/// All tasks of a home that are not complete, without the `root`, which stands for the future of `block_on`.
///
/// # Safety
/// The caller is the owner.
pub(crate) unsafe fn all<S: Sharing>(home: &Home<S>, root: Option<Task<S>>) -> Vec<TaskTrace> {
    let mut traces = Vec::new();
    let mut index = 0;
    loop {
        let next = |owned: &mut Owned<S>| (owned.slots(), owned.get(index).filter(|task| hold(*task)));
        // SAFETY: the owner; nothing re-enters.
        let (slots, task) = unsafe { home.owned.with(next) };
        if index >= slots {
            break;
        }
        index += 1;
        let Some(task) = task else { continue };
        if Some(task) != root {
            // SAFETY: the owner; held just now.
            traces.push(unsafe { TaskTrace::of(task) });
        }
        if S::SHARED {
            // SAFETY: the reference of `hold`.
            unsafe { refs::release(task) };
        }
    }
    traces
}

impl<T> JoinHandle<T> {
    /// What the task is doing, and the chain of functions in which it waits.
    ///
    /// On the worker of the task this is answered at once; anywhere else it asks the worker and **blocks** until it answers,
    /// for at most a second. A worker answers between two polls; the state is [`Unknown`](TaskState::Unknown) if it came to
    /// none, or if nobody runs it.
    ///
    /// # Panics
    /// If this handle has yielded its output.
    #[must_use]
    pub fn trace(&self) -> TaskTrace {
        self.trace_within(PATIENCE)
    }

    /// As [`trace`](Self::trace), for at most `limit` instead of a second.
    ///
    /// # Panics
    /// If this handle has yielded its output.
    #[must_use]
    pub fn trace_within(&self, limit: Duration) -> TaskTrace {
        let task = self.task.expect("the handle has yielded its output");
        // SAFETY: the handle's reference; the table is the first word of the header.
        let table = unsafe { *task.as_ref() };
        // SAFETY: the handle's reference.
        unsafe { (table.verbs.trace)(task, limit) }
    }
}

// SAFETY: reads the pointer to the task, and of the task, which the handle holds, what never changes.
unsafe impl<T> Tells for JoinHandle<T> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the handle is there.
        let Some(task) = (unsafe { (*this).task }) else { return walk.is_a::<Self>() };
        // SAFETY: the handle's reference.
        let trace = unsafe { TaskTrace::without_levels(task, TaskState::Unknown) };
        match trace.name {
            Some(name) => walk.is(format_args!("the end of task {} `{name}`", trace.id)),
            None => walk.is(format_args!("the end of task {}", trace.id)),
        }
    }
}
says!([T] JoinHandle<T>);
