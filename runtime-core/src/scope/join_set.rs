//! Tasks that are awaited in the order in which they complete.

use super::done::Note;
#[cfg(feature = "std")]
use super::line::Jobs;
use super::line::Line;
use crate::config::{Config, SharingOf};
use crate::loom::{Plant, given_up, planted};
#[cfg(feature = "std")]
use crate::sharing::Shared;
use crate::sharing::Sharing;
use crate::task::home::Home;
use crate::task::{AbortHandle, Id, JoinError, JoinHandle};
use crate::worker::Worker;
use crate::worker::guests::{Work, post_work};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker, ready};

/// Tasks of the runtime `C`, awaited in the order in which they complete. Dropping the set aborts them.
///
/// A task that completes costs the set the same, however many there are: nothing looks at those that run. A set takes 20
/// bytes for each task at its peak, in blocks that double.
///
/// `S` says what `spawn` takes: any `'static` future for `Local`, a `Send` one for `Shared`. In code that is generic over
/// `C`, `spawn` is a method of the trait `SpawnInto`, which the prelude has. `spawn_blocking` gives a closure to the
/// blocking pool; the set awaits it with the others.
///
/// As everything that mentions `C`, a set is `Send` and `Sync` if `T: Send`. Under a local scheduler it is *confined* to the
/// worker of its first task, until it is empty: it may be held, dropped and aborted anywhere. One of blocking jobs alone is not.
///
/// # Invariants
/// 1. `slots[n]` is `Held` or `Reserved` iff the note of number `n` is out, or `n` is in the queue, or it is `completing`.
/// 2. Under `Local`, `guest` is the worker that owns `done`; it is there as soon as `done` is.
/// 3. Every handle is that of a task whose output is a `T`.
pub struct JoinSet<T, C: Config, S = SharingOf<C>> {
    tasks: Tasks<SharingOf<C>>,
    guest: Option<Guest<C>>,
    _handles: PhantomData<JoinHandle<T>>,
    _spawns: PhantomData<fn() -> S>,
}

/// The set, whatever its tasks yield: one copy of this code for all.
struct Tasks<S: Sharing> {
    slots: Vec<Slot>,
    /// The first free slot, or [`NONE`].
    free: u32,
    held: usize,
    /// A task whose future is gone and which is not complete yet: another thread is about to say so.
    completing: Option<u32>,
    done: Option<Line<S>>,
    #[cfg(feature = "std")]
    jobs: Jobs,
}

enum Slot {
    /// The next free one, or [`NONE`].
    Free(u32),
    /// Its task is being spawned, or could not be.
    Reserved,
    Held(JoinHandle<()>),
}

const NONE: u32 = u32::MAX;

/// A worker that counts this set among its guests.
struct Guest<C: Config>(NonNull<Worker<C>>);

// SAFETY: a guest's pointer is compared, and used for what any thread may do that holds the home.
unsafe impl<C: Config> Send for Guest<C> {}
// SAFETY: as above.
unsafe impl<C: Config> Sync for Guest<C> {}

impl<C: Config> Guest<C> {
    /// May this thread use what the worker owns: does it run the worker, or is that closed and everything on it over?
    fn is_usable(&self) -> bool {
        // SAFETY: a guest holds the home.
        Home::is_current(Worker::home_of(self.0)) || unsafe { self.0.as_ref() }.home.inbox.is_closed()
    }
}

impl<T, C: Config, S> JoinSet<T, C, S> {
    /// No tasks. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        JoinSet { tasks: Tasks::new(), guest: None, _handles: PhantomData, _spawns: PhantomData }
    }

    /// How many tasks there are that were not awaited yet, also if they are over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.held
    }

    /// Is there no task?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.held == 0
    }

    /// Waits for the next task that completes. `None`: there is none.
    ///
    /// # Errors
    /// [`JoinError`], if the task panicked or was aborted.
    ///
    /// # Cancel safety
    /// Cancel safe: a task leaves the set only with the poll that yields it.
    ///
    /// # Panics
    /// Under a local scheduler, on another worker than that of the tasks, before their runtime is closed.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// As [`join_next`](Self::join_next), with the identity of the task.
    ///
    /// # Errors
    /// As [`join_next`](Self::join_next); the error has the identity.
    ///
    /// # Cancel safety
    /// As [`join_next`](Self::join_next).
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let (id, output) = poll_fn(|cx| self.poll(Some(cx.waker()))).await?;
        Some(output.map(|output| (id, output)))
    }

    /// As [`join_next`](Self::join_next), one poll of it.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll(Some(cx.waker())).map(|next| next.map(|(_, output)| output))
    }

    /// A task that has completed, if there is one.
    ///
    /// # Errors
    /// As [`join_next`](Self::join_next).
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        match self.poll(None) {
            Poll::Ready(next) => next.map(|(_, output)| output),
            Poll::Pending => None,
        }
    }

    /// Waits for all tasks: what they yield, in the order in which they complete.
    ///
    /// # Cancel safety
    /// Dropped, it aborts the tasks that are left, and drops what the others yielded. To keep that, call
    /// [`join_next`](Self::join_next) in a loop.
    ///
    /// # Panics
    /// With the panic of the first task that panics, and when one was aborted: the tasks that are left are aborted then. And as
    /// [`join_next`](Self::join_next).
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(output) = self.join_next().await {
            outputs.push(match output {
                Ok(output) => output,
                Err(error) => fail(error),
            });
        }
        outputs
    }

    /// Asks every task to stop. They stay in the set, and yield cancelled errors, or what they completed with before.
    pub fn abort_all(&self) {
        for handle in self.tasks.handles() {
            handle.abort();
        }
    }

    /// Aborts every task, and waits until all are over. What they yield is dropped.
    ///
    /// # Cancel safety
    /// Cancel safe: the tasks are aborted by the first poll, and stay in the set until they are over.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Lets every task go: they run on, and the set is empty.
    pub fn detach_all(&mut self) {
        // Their notes go to a queue that nobody looks into any more.
        self.let_go(Tasks::detach);
    }

    /// Takes the tasks out, and does `end` to them where that may be done.
    fn let_go(&mut self, end: fn(Tasks<SharingOf<C>>)) {
        let tasks = core::mem::replace(&mut self.tasks, Tasks::new());
        match self.guest.take() {
            None => end(tasks),
            Some(guest) if Home::is_current(Worker::home_of(guest.0)) || planted(Plant::SetDroppedInPlace) => {
                // SAFETY: this thread runs the worker.
                let home = unsafe { &guest.0.as_ref().home };
                // First: what is dropped below may be the user's and may panic.
                // SAFETY: the owner; the set was a guest.
                unsafe { home.guest_goes() };
                end(tasks);
            }
            Some(guest) => __bespoke_cold_let_go_elsewhere(guest, tasks, end),
        }
    }

    /// Under `Local`: the set is of `worker` from now on, which this thread runs.
    ///
    /// # Panics
    /// If it is another's.
    #[track_caller]
    pub(crate) fn bind(&mut self, worker: NonNull<Worker<C>>) {
        match &self.guest {
            Some(guest) if guest.0 == worker => {}
            Some(_) if self.tasks.held == 0 => {
                // What is left of the other worker's is empty.
                self.detach_all();
                self.bind(worker);
            }
            Some(_) => belongs_elsewhere(C::NAME),
            None => {
                // SAFETY: this thread runs the worker, so it is alive.
                let home = unsafe { &worker.as_ref().home };
                // SAFETY: the owner.
                unsafe { home.guest_comes() };
                self.guest = Some(Guest(worker));
            }
        }
    }

    /// Spawns a task by `spawn`, whose future holds the note.
    pub(crate) fn insert(&mut self, spawn: impl FnOnce(Note<SharingOf<C>>) -> JoinHandle<T>) -> AbortHandle {
        let (number, note) = self.tasks.reserve();
        // Should this panic, the note goes all the same, and the reserved slot is free when it is found in the queue.
        let handle = spawn(note);
        let abort = handle.abort_handle();
        // SAFETY: it is polled as what it is (`poll`).
        self.tasks.hold(number, unsafe { handle.retyped() });
        abort
    }

    /// Spawns a blocking job by `spawn`, whose closure holds the note.
    #[cfg(feature = "std")]
    pub(crate) fn insert_job(&mut self, spawn: impl FnOnce(Note<Shared>) -> JoinHandle<T>) -> AbortHandle {
        let (number, note) = self.tasks.reserve_job();
        // As in `insert`.
        let handle = spawn(note);
        let abort = handle.abort_handle();
        // SAFETY: it is polled as what it is (`poll`).
        self.tasks.hold(number, unsafe { handle.retyped() });
        abort
    }

    /// One look for a task that is over; without a waker, nothing waits.
    fn poll(&mut self, waker: Option<&Waker>) -> Poll<Option<(Id, Result<T, JoinError>)>> {
        if self.guest.as_ref().is_some_and(|guest| !guest.is_usable()) {
            polled_elsewhere(C::NAME);
        }
        while let Some(number) = ready!(self.tasks.next(waker)) {
            let Some(handle) = self.tasks.take(number) else { continue };
            // SAFETY: invariant 3.
            let mut handle = unsafe { handle.retyped::<T>() };
            let id = handle.id();
            match Pin::new(&mut handle).poll(&mut Context::from_waker(waker.unwrap_or(Waker::noop()))) {
                Poll::Ready(output) => {
                    self.tasks.free(number);
                    return Poll::Ready(Some((id, output)));
                }
                Poll::Pending => {
                    // It completes on another thread just now, and wakes this task then.
                    // SAFETY: polled here only.
                    self.tasks.hold(number, unsafe { handle.retyped() });
                    self.tasks.completing = Some(number);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<S: Sharing> Tasks<S> {
    const fn new() -> Self {
        Tasks {
            slots: Vec::new(),
            free: NONE,
            held: 0,
            completing: None,
            done: None,
            #[cfg(feature = "std")]
            jobs: Jobs::new(),
        }
    }

    fn handles(&self) -> impl Iterator<Item = &JoinHandle<()>> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Held(handle) => Some(handle),
            _ => None,
        })
    }

    /// A number for a task, and its note.
    fn reserve(&mut self) -> (u32, Note<S>) {
        let number = self.number();
        (number, self.done.get_or_insert_with(Line::new).note(number, self.slots.len()))
    }

    /// As [`reserve`](Self::reserve), for a blocking job.
    #[cfg(feature = "std")]
    fn reserve_job(&mut self) -> (u32, Note<Shared>) {
        let number = self.number();
        (number, self.jobs.note(number, self.slots.len()))
    }

    /// A number whose slot is reserved.
    fn number(&mut self) -> u32 {
        match self.free {
            NONE => {
                let number = u32::try_from(self.slots.len()).ok().filter(|n| *n != NONE);
                let number = number.expect("a set holds fewer than 2^32 tasks");
                self.slots.push(Slot::Reserved);
                number
            }
            number => {
                let slot = &mut self.slots[number as usize];
                if let Slot::Free(next) = *slot {
                    self.free = next;
                }
                *slot = Slot::Reserved;
                number
            }
        }
    }

    fn hold(&mut self, number: u32, handle: JoinHandle<()>) {
        self.slots[number as usize] = Slot::Held(handle);
        self.held += 1;
    }

    /// Takes the handle of a task that is over; a reserved slot, whose spawn panicked, is free then.
    fn take(&mut self, number: u32) -> Option<JoinHandle<()>> {
        match core::mem::replace(&mut self.slots[number as usize], Slot::Reserved) {
            Slot::Held(handle) => {
                self.held -= 1;
                Some(handle)
            }
            _ => {
                self.free(number);
                None
            }
        }
    }

    fn free(&mut self, number: u32) {
        self.slots[number as usize] = Slot::Free(self.free);
        self.free = number;
    }

    /// The number of a task that is over; `None` if there is no task. Without a waker, nothing waits.
    fn next(&mut self, waker: Option<&Waker>) -> Poll<Option<u32>> {
        if let Some(number) = self.completing.take() {
            return Poll::Ready(Some(number));
        }
        if self.held == 0 {
            return Poll::Ready(None);
        }
        #[cfg(feature = "std")]
        if let Poll::Ready(number) = self.jobs.next(waker) {
            return Poll::Ready(Some(number));
        }
        self.done.as_ref().map_or(Poll::Pending, |done| done.next(waker).map(Some))
    }

    /// Aborts all.
    fn abort(self) {
        self.handles().for_each(JoinHandle::abort);
        self.detach();
    }

    fn detach(self) {
        if let Some(line) = &self.done {
            line.forget_waker();
        }
        #[cfg(feature = "std")]
        self.jobs.forget_waker();
        drop(self.slots);
    }

    /// Was there never a task?
    fn is_untouched(&self) -> bool {
        #[cfg(feature = "std")]
        if self.jobs.were_any() {
            return false;
        }
        self.done.is_none()
    }
}

/// The tasks of a set that was dropped off their worker, or outside of its runtime.
struct Orphans<S: Sharing> {
    tasks: Tasks<S>,
    end: fn(Tasks<S>),
}

impl<C: Config> Work<C> for Orphans<SharingOf<C>> {
    fn run(self: Box<Self>, _: NonNull<Worker<C>>, _: bool) {
        // Closed or not: on a closed runtime all tasks are over, and no note is out.
        (self.end)(self.tasks);
    }
}

/// Hands the tasks of a set to their worker.
#[cold]
#[inline(never)]
fn __bespoke_cold_let_go_elsewhere<C: Config>(
    guest: Guest<C>,
    tasks: Tasks<SharingOf<C>>,
    end: fn(Tasks<SharingOf<C>>),
) {
    // SAFETY: the set is a guest of the worker.
    unsafe { post_work(guest.0, Box::new(Orphans { tasks, end })) }
}

impl<T, C: Config, S> Default for JoinSet<T, C, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, C: Config, S> Drop for JoinSet<T, C, S> {
    fn drop(&mut self) {
        if !given_up() && !self.tasks.is_untouched() {
            self.let_go(Tasks::abort);
        }
    }
}

/// Also where the sharing is not known: nothing in it is ever pinned.
impl<T, C: Config, S> Unpin for JoinSet<T, C, S> {}

/// The tasks' results, as [`join_next`](JoinSet::join_next) yields them. Ends when the set is empty, and goes on when
/// another task is spawned into it.
#[cfg(feature = "futures-core")]
impl<T: 'static, C: Config, S: Sharing> futures_core::Stream for JoinSet<T, C, S> {
    type Item = Result<T, JoinError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_join_next(cx)
    }
}

impl<T, C: Config, S> fmt::Debug for JoinSet<T, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Goes on with the panic of a task, where panics unwind.
#[cold]
fn fail(error: JoinError) -> ! {
    #[cfg(feature = "std")]
    let error = match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => error,
    };
    panic!("a task of a `JoinSet` did not complete: {error}")
}

#[cold]
#[inline(never)]
#[track_caller]
fn belongs_elsewhere(config: &str) -> ! {
    panic!(
        "this `JoinSet` holds tasks of another worker of `{config}`: under a local scheduler a set belongs to the worker of \
         its first task"
    )
}

#[cold]
#[inline(never)]
fn polled_elsewhere(config: &str) -> ! {
    panic!(
        "the tasks of this `JoinSet` belong to another worker of `{config}`: its scheduler is local, so only that worker may \
         wait for them"
    )
}
