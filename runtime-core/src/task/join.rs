//! Waiting for a task, and ending it: [`JoinHandle`], [`AbortHandle`], [`JoinError`].
//!
//! The handles do not know the sharing: their verbs go through the task's vtable. Under `Local` each verb compares the
//! ambient word with the task's home, as a waker does.

use super::current::current;
#[cfg(feature = "std")]
use super::current::served;
use super::header::{Id, Task, Untyped, Verbs};
use super::home::{Home, identity};
use super::refs::{self, R_ABORT, R_WAKE, on_owner, typed};
use super::run::guard;
use super::state::{self, COMPLETE, FAILED, JWAKER};
use crate::error::{Error, ErrorKind};
use crate::loom::UnsafeCell;
use crate::roles::LocalQueue;
use crate::sharing::{Sharing, StateWord};
use alloc::boxed::Box;
use alloc::string::String;
use core::any::Any;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

/// Why a task has no output: `None` for cancelled, else what it panicked with. One thin pointer, so that the stage of a
/// small future stays small.
pub(crate) type Failure = Option<Box<Box<dyn Any + Send>>>;

/// The verbs of tasks under `S` of a config whose queues are `Q`.
pub(crate) const fn verbs<S: Sharing, Q: LocalQueue>() -> &'static Verbs {
    &Verbs {
        poll_join: poll_join::<S>,
        detach: detach::<S>,
        abort: abort::<S, Q>,
        is_finished: is_finished::<S>,
        acquire: acquire::<S>,
        release: release::<S>,
        #[cfg(feature = "std")]
        trace: super::question::trace::<S>,
    }
}

unsafe fn poll_join<S: Sharing>(task: Untyped, cx: &mut Context<'_>) -> Poll<bool> {
    let task: Task<S> = typed(task);
    // SAFETY: the handle's reference.
    if !S::SHARED && !unsafe { on_owner(task) } {
        // SAFETY: as above.
        return unsafe { take_after_close(task, cx) };
    }
    // SAFETY: as above.
    let header = unsafe { task.as_ref() };
    // SAFETY: the caller is the join handle, and on the task's owner under `Local`.
    unsafe { poll_slot(&header.state, &header.join, cx) }
}

/// The join protocol of a handle: ready, or the waker of `cx` is in the slot. Rules 1 and 2 of the [module](super).
///
/// # Safety
/// The caller is the join handle of the task or job that `word` and `slot` are of; under `Local` it is the owner.
#[inline(always)]
pub(crate) unsafe fn poll_slot<W: StateWord>(
    word: &W,
    slot: &UnsafeCell<MaybeUninit<Waker>>,
    cx: &mut Context<'_>,
) -> Poll<bool> {
    let now = word.load();
    if now & COMPLETE != 0 {
        return Poll::Ready(now & FAILED != 0);
    }
    if now & JWAKER != 0 {
        // SAFETY: while JWAKER is set and the task is not complete, the completer only reads the slot, as we do.
        if slot.with(|slot| unsafe { &*slot.cast::<Waker>() }.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        if !state::clear_join_waker(word) {
            return Poll::Ready(word.load() & FAILED != 0);
        }
        // SAFETY: JWAKER was ours to clear, so the slot is ours and filled (rule 2).
        let old = slot.with(|slot| unsafe { slot.cast::<Waker>().read() });
        guard(|| drop(old));
    }
    let waker = cx.waker().clone();
    // SAFETY: JWAKER is clear, so the slot is ours (rule 2).
    slot.with_mut(|slot| unsafe { slot.cast::<Waker>().write(waker) });
    if state::set_join_waker(word) {
        return Poll::Pending;
    }
    // SAFETY: the task is complete and JWAKER is clear, so the slot is still ours.
    let unused = slot.with(|slot| unsafe { slot.cast::<Waker>().read() });
    guard(|| drop(unused));
    Poll::Ready(word.load() & FAILED != 0)
}

/// Off the owner, the output can be taken only after the runtime closed: then every task is complete.
#[cold]
#[inline(never)]
#[track_caller]
unsafe fn take_after_close<S: Sharing>(task: Task<S>, cx: &Context<'_>) -> Poll<bool> {
    // SAFETY: the handle's reference.
    if unsafe { refs::is_merged(task) } {
        // SAFETY: as above; after the merge the state word is the join handle's (rule 3).
        return Poll::Ready(unsafe { task.as_ref() }.state.load() & FAILED != 0);
    }
    // SAFETY: the handle's reference keeps the home.
    let home: &Home<S> = unsafe { task.as_ref() }.home();
    if home.inbox.is_closed() {
        // The runtime is between the steps 6 and 7 of its close, after which the task is merged: soon.
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    foreign_poll("a `JoinHandle`", home.tag.name, home.worker)
}

/// Panics: something confined was polled off its owner. Names both places.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn foreign_poll(what: &str, config: &str, worker: usize) -> ! {
    polled_elsewhere(
        what,
        config,
        worker,
        "its scheduler is local, so only that worker may wait for it; wait in a task over there, which `Handle::spawn` makes \
         from any thread, and send the result through a channel",
    )
}

/// As [`foreign_poll`], with a reason and a remedy of the caller's.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn polled_elsewhere(what: &str, config: &str, worker: usize, why: &str) -> ! {
    panic!("{what} of worker {worker} of `{config}` was polled {}: {why}", Here { other: config })
}

/// What this thread is, in the words of [`foreign_poll`].
struct Here<'a> {
    /// The config of another runtime.
    other: &'a str,
}

impl fmt::Display for Here<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(home) = NonNull::new(current().cast_mut()) {
            // SAFETY: the ambient word names a living home.
            let (tag, worker) = unsafe { identity(home) };
            let another = if tag.name == self.other { "another runtime " } else { "" };
            return write!(f, "by worker {worker} of {another}`{}`", tag.name);
        }
        #[cfg(feature = "std")]
        if let Some(home) = NonNull::new(served().cast_mut()) {
            // SAFETY: a blocking thread holds the home that it works for.
            return write!(f, "on a blocking thread of `{}`", unsafe { identity(home) }.0.name);
        }
        f.write_str("on a thread without a runtime")
    }
}

unsafe fn detach<S: Sharing>(task: Untyped) {
    let task: Task<S> = typed(task);
    // SAFETY: the handle's reference.
    if !S::SHARED && !unsafe { on_owner(task) } {
        // SAFETY: the handle gives itself up.
        return unsafe { refs::foreign_detach(task) };
    }
    // SAFETY: the handle gives itself up, and holds its reference.
    unsafe { refs::drop_join_handle(task) };
    // SAFETY: that reference.
    unsafe { refs::release(task) }
}

unsafe fn abort<S: Sharing, Q: LocalQueue>(task: Untyped) {
    let task: Task<S> = typed(task);
    // SAFETY: the handle's reference.
    let owner = unsafe { on_owner(task) };
    if !S::SHARED && !owner {
        // SAFETY: the handle's reference stays.
        return unsafe { refs::foreign(task, R_WAKE | R_ABORT, false) };
    }
    // SAFETY: the handle's reference.
    let header = unsafe { task.as_ref() };
    if !state::abort(header) {
        return;
    }
    #[cfg(feature = "std")]
    if S::MOVING && header.table.moves {
        // SAFETY: we turned the pin on, and the handle holds the task; the queues of its crew are those of its config.
        return unsafe { super::steal::schedule::<Q::Live>(task.cast()) };
    }
    if owner {
        // SAFETY: the owner; the new pin is the queue's.
        unsafe { header.home().queue_push(task) }
    } else {
        // SAFETY: we turned the pin on.
        if unsafe { super::home::post_task(task) }.is_err() {
            // SAFETY: the pin is still ours.
            unsafe { refs::unpin(task) }
        }
    }
}

unsafe fn is_finished<S: Sharing>(task: Untyped) -> bool {
    // SAFETY: the handle's reference. A look: whoever acts on it polls, which orders.
    unsafe { typed::<S>(task).as_ref() }.state.peek() & COMPLETE != 0
}

unsafe fn acquire<S: Sharing>(task: Untyped) {
    let task: Task<S> = typed(task);
    // SAFETY: the handle's reference.
    if !S::SHARED && !unsafe { on_owner(task) } {
        // SAFETY: as above.
        unsafe { refs::foreign_acquire(task) }
    } else {
        // SAFETY: as above.
        unsafe { refs::acquire(task) }
    }
}

unsafe fn release<S: Sharing>(task: Untyped) {
    let task: Task<S> = typed(task);
    // SAFETY: the handle's reference.
    if !S::SHARED && !unsafe { on_owner(task) } {
        // SAFETY: the handle's reference.
        unsafe { refs::foreign(task, 0, true) }
    } else {
        // SAFETY: the handle's reference.
        unsafe { refs::release(task) }
    }
}

/// A spawned task: await it for its output.
///
/// Dropping the handle *detaches* the task: it runs on, and its output is dropped.
///
/// `Send` and `Sync` whenever `T: Send`. Under a local scheduler the handle is *confined* all the same: it may be held,
/// dropped and aborted anywhere, but awaited on the worker of its task only.
///
/// # Cancel safety
/// Cancel safe: a dropped wait loses nothing; await `&mut handle` to keep the handle.
///
/// # Panics
/// When it is polled again after it was ready; and under a local scheduler, when it is polled by another worker before
/// the runtime of its task is closed.
pub struct JoinHandle<T> {
    pub(super) task: Option<Untyped>,
    _output: PhantomData<T>,
}

// SAFETY: the verbs may be called from any thread (module doc); the output crosses threads only as `T: Send`.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: `&JoinHandle` gives `abort`, `is_finished`, `id` and `abort_handle`, which any thread may call at any time.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// `task` has a join handle's reference that nobody else stands for, and its output is a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(task: Untyped) -> Self {
        JoinHandle { task: Some(task), _output: PhantomData }
    }

    /// The same handle, of a task whose output is said to be a `U`. Everything but a poll goes through the task's own table,
    /// so it may be said to be anything while the handle is kept, dropped or aborted.
    ///
    /// # Safety
    /// The handle is polled only when it is said to be what the task yields.
    pub(crate) unsafe fn retyped<U>(self) -> JoinHandle<U> {
        let task = self.task;
        core::mem::forget(self);
        JoinHandle { task, _output: PhantomData }
    }

    /// Asks the task to stop: its future is dropped at its next turn, and the handle yields a cancelled [`JoinError`].
    /// Does nothing to a task that is complete. Does not wait.
    pub fn abort(&self) {
        if let Some(task) = self.task {
            // SAFETY: the handle's reference.
            unsafe { (verbs_of(task).abort)(task) }
        }
    }

    /// A handle that can end the task, but not wait for it.
    ///
    /// # Panics
    /// If this handle has yielded its output.
    pub fn abort_handle(&self) -> AbortHandle {
        let task = self.task.expect("the handle has yielded its output");
        // SAFETY: the handle's reference.
        unsafe { (verbs_of(task).acquire)(task) };
        AbortHandle { task }
    }

    /// Is the task complete? Right after an abort it may not be yet.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        // SAFETY: the handle's reference.
        self.task.is_none_or(|task| unsafe { (verbs_of(task).is_finished)(task) })
    }

    /// The name that it was spawned with, if any.
    ///
    /// # Panics
    /// If this handle has yielded its output.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        name_of(self.task.expect("the handle has yielded its output"))
    }

    /// The identity of the task.
    ///
    /// # Panics
    /// If this handle has yielded its output.
    #[must_use]
    pub fn id(&self) -> Id {
        Id::of(self.task.expect("the handle has yielded its output"))
    }
}

#[inline(always)]
fn verbs_of(task: Untyped) -> &'static Verbs {
    // SAFETY: the caller's handle holds a reference; the table is the first word of the header.
    let table = unsafe { *task.as_ref() };
    table.verbs
}

fn name_of(task: Untyped) -> Option<&'static str> {
    // SAFETY: the caller's handle holds a reference; the table is the first word of the header.
    let table = unsafe { *task.as_ref() };
    // SAFETY: the table is the task's own.
    unsafe { (table.name)(task) }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.task.expect("a `JoinHandle` was polled after it yielded");
        let verbs = verbs_of(task);
        // SAFETY: the handle's reference.
        let Poll::Ready(failed) = (unsafe { (verbs.poll_join)(task, cx) }) else { return Poll::Pending };
        self.task = None;
        // SAFETY: the handle's reference; the table is the first word.
        let at = unsafe { *task.as_ref() }.stage;
        // SAFETY: the stage is at this offset of the block.
        let stage = unsafe { task.cast::<u8>().add(at) };
        let result = if failed {
            // SAFETY: complete and failed: the stage is ours and holds a failure, read once.
            let failure = unsafe { stage.cast::<Failure>().read() };
            Err(JoinError { id: Id::of(task), panic: failure.map(|panic| *panic) })
        } else {
            // SAFETY: complete: the stage is ours and holds a `T`, read once.
            Ok(unsafe { stage.cast::<T>().read() })
        };
        // SAFETY: the handle's reference; the output is gone, so this is all that is left to give up.
        unsafe { (verbs.release)(task) };
        Poll::Ready(result)
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(task) = self.task {
            // SAFETY: the handle gives itself up.
            unsafe { (verbs_of(task).detach)(task) }
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.task.map(Id::of)).finish()
    }
}

/// Ends a task from anywhere; see [`JoinHandle::abort_handle`]. Dropping it does nothing to the task.
pub struct AbortHandle {
    pub(super) task: NonNull<&'static super::header::VTable>,
}

// SAFETY: each verb may be called from any thread at any time, under every sharing.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}

impl AbortHandle {
    /// The task of a scheduler of sharing `S`, which the caller knows.
    #[cfg(feature = "std")]
    pub(crate) fn task<S: Sharing>(&self) -> Task<S> {
        typed(self.task)
    }

    /// As [`JoinHandle::abort`].
    pub fn abort(&self) {
        // SAFETY: the handle's reference.
        unsafe { (verbs_of(self.task).abort)(self.task) }
    }

    /// As [`JoinHandle::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        // SAFETY: the handle's reference.
        unsafe { (verbs_of(self.task).is_finished)(self.task) }
    }

    /// As [`JoinHandle::name`].
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        name_of(self.task)
    }

    /// The identity of the task.
    #[must_use]
    pub fn id(&self) -> Id {
        Id::of(self.task)
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        // SAFETY: the handle's reference.
        unsafe { (verbs_of(self.task).acquire)(self.task) };
        AbortHandle { task: self.task }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        // SAFETY: the handle's reference.
        unsafe { (verbs_of(self.task).release)(self.task) }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("id", &self.id()).finish()
    }
}

/// Why the blocking pool did not take a job, a task found no thread, or lost its worker. It travels as a panic's payload does,
/// so that a failure stays one thin pointer; the type is private, so no panic can be taken for it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "std"), expect(dead_code, reason = "without threads there is no pool that could refuse"))]
pub(crate) enum Rejected {
    /// So many jobs wait for so many threads.
    QueueFull { waiting: usize, threads: usize },
    /// There is no thread, and the system starts none.
    NoThread(Error),
    /// It was accepted, and cancelled before its runtime closed: its worker is gone.
    WorkerGone { config: &'static str, worker: usize },
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejected::QueueFull { waiting, threads } => write!(
                f,
                "the blocking queue is full: {waiting} jobs wait for {threads} threads; raise BLOCKING_QUEUE_MAX or \
                 BLOCKING_THREADS_MAX"
            ),
            Rejected::NoThread(error) => write!(f, "no thread could be started: {error}"),
            Rejected::WorkerGone { config, worker } => {
                write!(f, "worker {worker} of `{config}` is gone: it panicked outside of its tasks")
            }
        }
    }
}

/// Why a task has no output: it panicked, it was cancelled, or it found no thread to run on.
pub struct JoinError {
    id: Id,
    /// What it panicked with, or [`Rejected`]; nothing if it was cancelled and there is no more to say.
    panic: Option<Box<dyn Any + Send>>,
}

// SAFETY: a shared reference gives the payload only as `&str` (see `text`) or as `&Rejected`, and `str`, `String` and
// `Rejected` are `Sync`.
unsafe impl Sync for JoinError {}

impl JoinError {
    /// Did it panic?
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.panic.is_some() && self.rejected().is_none()
    }

    /// Was it cancelled: aborted, or alive when its runtime closed or its worker ended? A worker ends before its runtime only if
    /// it panics outside of its tasks, when its driver cannot wait any more, say; the message says so.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.panic.is_none() || matches!(self.rejected(), Some(Rejected::WorkerGone { .. }))
    }

    /// Was it never accepted: a blocking job for which the queue was full, or a job or task for which no thread could be
    /// started? The message says which. Its closure or future was dropped.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.rejected().is_some() && !self.is_cancelled()
    }

    /// What the task panicked with; for `std::panic::resume_unwind`.
    ///
    /// # Panics
    /// If the task did not panic.
    #[must_use]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        self.try_into_panic().expect("the task did not panic")
    }

    /// What the task panicked with, or the error itself if it did not panic.
    ///
    /// # Errors
    /// Itself, if the task did not panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, JoinError> {
        match self.panic {
            Some(panic) if !panic.is::<Rejected>() => Ok(panic),
            panic => Err(JoinError { id: self.id, panic }),
        }
    }

    /// [`Cancelled`](ErrorKind::Cancelled); for a task that was never accepted [`Full`](ErrorKind::Full), or why no thread could
    /// be started; for a panic [`Other`](ErrorKind::Other).
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.as_error().kind()
    }

    fn as_error(&self) -> Error {
        match (&self.panic, self.rejected()) {
            (None, _) => Error::new(ErrorKind::Cancelled),
            (_, Some(Rejected::QueueFull { .. })) => Error::new(ErrorKind::Full),
            (_, Some(Rejected::NoThread(why))) => *why,
            (_, Some(Rejected::WorkerGone { .. })) => {
                Error::new(ErrorKind::Cancelled).because("the worker of the task is gone")
            }
            (Some(_), None) => Error::new(ErrorKind::Other),
        }
    }

    /// The identity of the task.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// Why it was never accepted, or by what it was cancelled, if there is more to say than that.
    pub(crate) fn rejected(&self) -> Option<&Rejected> {
        self.panic.as_deref()?.downcast_ref()
    }

    fn text(&self) -> Option<&str> {
        let panic = self.panic.as_deref()?;
        panic.downcast_ref::<&'static str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str))
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = self.rejected() {
            let what = if self.is_cancelled() { "cancelled" } else { "rejected" };
            return write!(f, "task {} was {what}: {why}", self.id);
        }
        match (&self.panic, self.text()) {
            (None, _) => write!(f, "task {} was cancelled", self.id),
            (Some(_), Some(text)) => write!(f, "task {} panicked: {text}", self.id),
            (Some(_), None) => write!(f, "task {} panicked", self.id),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = self.rejected() {
            let what = if self.is_cancelled() { "Cancelled" } else { "Rejected" };
            return write!(f, "JoinError::{what}({}, {why})", self.id);
        }
        match (&self.panic, self.text()) {
            (None, _) => write!(f, "JoinError::Cancelled({})", self.id),
            (Some(_), text) => write!(f, "JoinError::Panic({}, {:?})", self.id, text.unwrap_or("…")),
        }
    }
}

impl core::error::Error for JoinError {}

#[cfg(feature = "std")]
impl From<JoinError> for std::io::Error {
    /// Its [`ErrorKind`] is that of the `JoinError`. A panic stays inside, for `downcast`.
    fn from(error: JoinError) -> Self {
        if error.is_panic() { std::io::Error::other(error) } else { error.as_error().saying(error) }
    }
}
