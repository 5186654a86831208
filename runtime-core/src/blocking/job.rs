//! A job: a closure with a task's front, in one allocation.
//!
//! The front starts with the same word as a task's header, its vtable, and a [`JoinHandle`] asks no more of it. It has no
//! home: a job belongs to no worker, and its handle may be awaited on any thread, under every sharing.
//!
//! ```text
//!          claim [1]            finish [2]
//!  WAITING ─────────► RUNNING ─────────► COMPLETE, for good
//! ```
//! [1] [`claim`] by the thread that runs it, by an abort, or by whoever gives the job up: one of them wins, and the others
//! leave the job alone. [2] [`finish`] by the winner.
//!
//! # References
//! The pool's (a [`Job`]), the join handle's, and one for each abort handle. Whoever drops the last one frees.
//!
//! # Who may touch what
//! 1. The **stage** (closure, output, failure): whoever won the claim; once `COMPLETE`, the join handle if `JOIN`, else the
//!    winner.
//! 2. The **join slot**: as in a task, see rule 2 of [`task`](crate::task).
//! 3. `next`: who holds the lock of the queue that the job is in.

use crate::config::PanicPolicy;
use crate::loom::{self, Life, Plant, planted};
use crate::sharing::{SharedState, StateWord};
use crate::task::JoinHandle;
use crate::task::header::{Polled, Untyped, VTable, Verbs};
use crate::task::join::{Failure, Rejected, poll_slot};
use crate::task::run::guard;
use crate::task::state::{self, COMPLETE, FAILED, JOIN, JWAKER, REF, RUNNING};
use crate::task::trace::{TaskState, TaskTrace};
use crate::util::AbortOnUnwind;
use alloc::boxed::Box;
use core::alloc::Layout;
use core::any::Any;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit, offset_of};
use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::catch_unwind;

/// What stands in front of a closure.
#[repr(C)]
pub(super) struct Header {
    /// First, as in the header of a task.
    table: &'static VTable,
    state: SharedState,
    join: loom::UnsafeCell<MaybeUninit<Waker>>,
    /// The next job of the queue.
    pub(super) next: loom::UnsafeCell<Option<Job>>,
    life: Life,
}

const _: () = assert!(offset_of!(Header, table) == 0);
#[cfg(all(not(loom), target_pointer_width = "64"))]
const _: () = assert!(size_of::<Header>() == 40);

/// The pool's reference of a job. A job that is given up without having run resolves cancelled.
#[derive(Debug)]
pub(crate) struct Job(NonNull<Header>);

// SAFETY: `new` asks for a closure and an output that are `Send`; everything else of a job is atomic or ruled by the state.
unsafe impl Send for Job {}

impl Job {
    /// A job and its handle.
    #[inline]
    pub(crate) fn new<F, R>(closure: F, policy: PanicPolicy) -> (Job, JoinHandle<R>)
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let table = match policy {
            PanicPolicy::Catch => const { &Of::<F, R, true>::TABLE },
            PanicPolicy::Abort => const { &Of::<F, R, false>::TABLE },
        };
        let header = Header {
            table,
            state: SharedState::new((2 * REF) | JOIN),
            join: loom::UnsafeCell::new(MaybeUninit::uninit()),
            next: loom::UnsafeCell::new(None),
            life: Life::new(),
        };
        let stage = UnsafeCell::new(Stage { closure: ManuallyDrop::new(closure) });
        let job = NonNull::from(Box::leak(Box::new(Cell::<F, R> { header, stage }))).cast::<Header>();
        #[cfg(loom)]
        counts::made();
        // SAFETY: the handle's reference was counted above; the output is an `R`.
        (Job(job), unsafe { JoinHandle::new(job.cast()) })
    }

    /// Runs the closure, unless the job was aborted.
    pub(super) fn run(self) {
        let header = self.header();
        if claim(&header.state) {
            // SAFETY: the claim was won, so the closure is there and ours (rule 1).
            let polled = unsafe { (header.table.poll)(self.0.cast(), &mut Context::from_waker(Waker::noop())) };
            // SAFETY: the claim was won, and the stage is final.
            unsafe { finish(self.0, polled == Polled::Failure) };
        }
    }

    /// Drops the closure; the handle says why.
    #[cold]
    pub(super) fn reject(self, why: Rejected) {
        let header = self.header();
        if !claim(&header.state) {
            return;
        }
        // SAFETY: the claim was won, so the closure is there and ours (rule 1).
        unsafe { (header.table.cancel)(self.0.cast()) };
        // SAFETY: the stage is at this offset of the block.
        let failure = unsafe { self.0.byte_add(header.table.stage) }.cast::<Failure>();
        // SAFETY: `cancel` left a failure in the stage, which is ours.
        let failure = unsafe { &mut *failure.as_ptr() };
        // A panic while the closure was dropped is told rather than the rejection: nothing else would tell it.
        if failure.is_none() {
            *failure = Some(Box::new(Box::new(why)));
        }
        // SAFETY: the claim was won, and the stage is final.
        unsafe { finish(self.0, true) };
    }

    /// The front, while the pool's reference is held.
    pub(super) fn header(&self) -> &Header {
        // SAFETY: this is a reference.
        let header = unsafe { self.0.as_ref() };
        header.life.touch();
        header
    }

    /// Gives the reference to code that does not know jobs.
    pub(crate) fn into_untyped(self) -> Untyped {
        self.into_raw().cast()
    }

    /// # Safety
    /// `job` came from [`into_untyped`](Self::into_untyped), and is used once.
    pub(crate) unsafe fn from_untyped(job: Untyped) -> Job {
        // SAFETY: as the caller: it is the front of a job.
        unsafe { Self::from_raw(job.cast()) }
    }

    /// Gives the reference to a word.
    pub(super) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// `raw` came from [`into_raw`](Self::into_raw), and is used once.
    pub(super) unsafe fn from_raw(raw: NonNull<Header>) -> Job {
        Job(raw)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // SAFETY: the pool's reference. Does nothing to a job that ran.
        unsafe { abort(self.0.cast()) };
        // SAFETY: that reference.
        unsafe { release(self.0.cast()) }
    }
}

/// [1] Takes the right to the stage. `false`: somebody else has it, or the job is complete.
fn claim(word: &SharedState) -> bool {
    const TAKEN: usize = RUNNING | COMPLETE;
    if planted(Plant::ClaimInTwoSteps) {
        let free = word.load() & TAKEN == 0;
        word.update(|s| (free.then_some(s | RUNNING), ()));
        return free;
    }
    word.update(|s| if s & TAKEN != 0 { (None, false) } else { (Some(s | RUNNING), true) })
}

/// [2] Publishes the result and wakes who waits for it.
///
/// # Safety
/// The caller won the claim, and holds a reference; the stage is final.
unsafe fn finish(job: NonNull<Header>, failed: bool) {
    // SAFETY: the caller's reference.
    let header = unsafe { job.as_ref() };
    let before = state::complete(&header.state, failed, false);
    if before & JOIN == 0 {
        // SAFETY: no handle, so the output is ours (rule 1).
        unsafe { (header.table.drop_output)(job.cast(), failed) }
    } else if before & JWAKER != 0 {
        // SAFETY: ours since COMPLETE (rule 2): the handle can no longer take it back.
        let waker = unsafe { take_waker(header) };
        guard(|| waker.wake());
    }
}

/// # Safety
/// The join slot is the caller's, and filled; it is empty afterwards.
unsafe fn take_waker(header: &Header) -> Waker {
    // SAFETY: the contract.
    header.join.with(|join| unsafe { join.cast::<Waker>().read() })
}

/// The verbs of the handles of jobs.
const VERBS: Verbs = Verbs { poll_join, detach, abort, is_finished, acquire, release, trace };

/// # Safety
/// `job` is the front of a job, and the caller holds a reference.
#[inline(always)]
unsafe fn front<'a>(job: Untyped) -> &'a Header {
    // SAFETY: as the caller; the pointer has the provenance of the block.
    let header = unsafe { job.cast::<Header>().as_ref() };
    header.life.touch();
    header
}

unsafe fn poll_join(job: Untyped, cx: &mut Context<'_>) -> Poll<bool> {
    // SAFETY: the handle's reference.
    let header = unsafe { front(job) };
    // SAFETY: the caller is the join handle, and the slot is of the same job.
    unsafe { poll_slot(&header.state, &header.join, cx) }
}

unsafe fn detach(job: Untyped) {
    // SAFETY: the handle's reference.
    let header = unsafe { front(job) };
    let before = if planted(Plant::DetachInTwoSteps) {
        let seen = header.state.load();
        state::drop_join(&header.state);
        seen
    } else {
        state::drop_join(&header.state)
    };
    if before & COMPLETE != 0 {
        // SAFETY: complete, and the handle was there: the output is ours (rule 1).
        unsafe { (header.table.drop_output)(job, before & FAILED != 0) }
    } else if before & JWAKER != 0 {
        // SAFETY: not complete, so the slot is the handle's again (rule 2), and it is filled.
        let waker = unsafe { take_waker(header) };
        guard(|| drop(waker));
    }
    // SAFETY: the handle's reference.
    unsafe { release(job) }
}

/// A job that waits resolves cancelled here and now; one that runs cannot be stopped, and goes on.
unsafe fn abort(job: Untyped) {
    // SAFETY: the caller's reference.
    let header = unsafe { front(job) };
    if claim(&header.state) {
        // SAFETY: the claim was won, so the closure is there and ours (rule 1).
        unsafe { (header.table.cancel)(job) };
        // SAFETY: the claim was won, and the stage is final.
        unsafe { finish(job.cast(), true) }
    }
}

unsafe fn is_finished(job: Untyped) -> bool {
    // SAFETY: the handle's reference. A look: whoever acts on it polls, which orders.
    unsafe { front(job) }.state.peek() & COMPLETE != 0
}

/// What a job is doing, by its state word: there is nobody to ask, and nothing to be seen of a closure.
unsafe fn trace(job: Untyped, _: Duration) -> TaskTrace {
    // SAFETY: the handle's reference.
    let state = match unsafe { front(job) }.state.peek() {
        word if word & COMPLETE != 0 => TaskState::Complete,
        word if word & RUNNING != 0 => TaskState::Running,
        _ => TaskState::Ready,
    };
    // SAFETY: the handle's reference.
    let trace = unsafe { TaskTrace::without_levels(job, state) };
    if state == TaskState::Complete {
        return trace;
    }
    // SAFETY: as above; of a job no more than what it is called is looked at.
    unsafe { trace.with_levels(job) }
}

unsafe fn acquire(job: Untyped) {
    // SAFETY: the handle's reference.
    if unsafe { front(job) }.state.add(REF) > isize::MAX as usize {
        crate::util::abort("more abort handles of one job than can be counted");
    }
}

unsafe fn release(job: Untyped) {
    // SAFETY: the caller's reference.
    let header = unsafe { front(job) };
    let table = header.table;
    if header.state.sub(REF) < REF {
        // SAFETY: it was the last reference. The stage is gone: a job is complete before the pool's reference goes, and
        // its result was taken or dropped before the handle's did.
        unsafe { (table.dealloc)(job, true) }
    }
}

/// The closure, then its output or its failure: each at the start.
#[repr(C)]
union Stage<F, R> {
    closure: ManuallyDrop<F>,
    output: ManuallyDrop<R>,
    failure: ManuallyDrop<Failure>,
}

/// A job with its closure.
#[repr(C)]
struct Cell<F, R> {
    header: Header,
    stage: UnsafeCell<Stage<F, R>>,
}

/// The vtable of jobs that run `F`. `CATCH`: a panic ends in the `JoinError`; otherwise it ends the process.
struct Of<F, R, const CATCH: bool>(PhantomData<(F, R)>);

impl<F: FnOnce() -> R + Send + 'static, R: Send + 'static, const CATCH: bool> Of<F, R, CATCH> {
    const TABLE: VTable = VTable {
        verbs: &VERBS,
        poll: Self::run,
        cancel: Self::cancel,
        drop_output: Self::drop_output,
        dealloc: Self::dealloc,
        name: |_| None,
        spawned_at: |_| None,
        type_name: || "a job of the blocking pool",
        passes: || false,
        layout: Layout::new::<Cell<F, R>>(),
        stage: offset_of!(Cell<F, R>, stage),
        moves: false,
        latency: false,
    };

    #[inline(always)]
    fn stage(job: Untyped) -> *mut Stage<F, R> {
        let cell = job.cast::<Cell<F, R>>().as_ptr();
        // SAFETY: the vtable is in the header of a cell of this type, and the pointer has the provenance of the block.
        UnsafeCell::raw_get(unsafe { &raw const (*cell).stage })
    }

    /// A job is ready at its first and only poll, so nobody needs the context.
    unsafe fn run(job: Untyped, _: &mut Context<'_>) -> Polled {
        let stage = Self::stage(job);
        // SAFETY: the claim is the caller's, the closure is there, and it is taken once.
        let closure = unsafe { stage.cast::<F>().read() };
        let result = if CATCH {
            catch_unwind(AssertUnwindSafe(closure))
        } else {
            let bomb = AbortOnUnwind;
            let output = closure();
            core::mem::forget(bomb);
            Ok(output)
        };
        match result {
            Ok(output) => {
                // SAFETY: the stage is ours and holds nothing.
                unsafe { stage.cast::<R>().write(output) };
                Polled::Output
            }
            Err(panic) => {
                // SAFETY: as above.
                unsafe { Self::fail(stage, Some(panic)) };
                Polled::Failure
            }
        }
    }

    /// # Safety
    /// The stage is the caller's and holds nothing.
    unsafe fn fail(stage: *mut Stage<F, R>, panic: Option<Box<dyn Any + Send>>) {
        // SAFETY: the contract.
        unsafe { stage.cast::<Failure>().write(panic.map(Box::new)) };
    }

    unsafe fn cancel(job: Untyped) {
        let stage = Self::stage(job);
        // SAFETY: the claim is the caller's, the closure is there, and it is dropped once.
        let drop_closure = || unsafe { stage.cast::<F>().drop_in_place() };
        let panic =
            if core::mem::needs_drop::<F>() { catch_unwind(AssertUnwindSafe(drop_closure)).err() } else { None };
        // SAFETY: the stage is ours and holds nothing.
        unsafe { Self::fail(stage, panic) };
    }

    unsafe fn drop_output(job: Untyped, failed: bool) {
        let stage = Self::stage(job);
        if failed {
            // SAFETY: the stage is the caller's and holds a failure, dropped once.
            guard(|| unsafe { stage.cast::<Failure>().drop_in_place() });
        } else if core::mem::needs_drop::<R>() {
            // SAFETY: the stage is the caller's and holds an output, dropped once.
            guard(|| unsafe { stage.cast::<R>().drop_in_place() });
        }
    }

    unsafe fn dealloc(job: Untyped, _any_thread: bool) {
        #[cfg(loom)]
        {
            // Loom keeps the block, so that it can see a use after this.
            // SAFETY: not freed yet.
            unsafe { job.cast::<Header>().as_ref() }.life.end();
            counts::freed();
        }
        #[cfg(not(loom))]
        {
            // SAFETY: `new` leaked a box of this type, and the last reference is gone. Nothing in it drops anything.
            drop(unsafe { Box::from_raw(job.cast::<Cell<F, R>>().as_ptr()) });
        }
    }
}

#[cfg(loom)]
#[cfg_attr(shuttle, allow(dead_code, reason = "loom's models of jobs ask"))]
pub(super) mod counts {
    //! How many jobs were made and freed, since loom's blocks are kept.
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    static LIVE: AtomicUsize = AtomicUsize::new(0);

    pub(super) fn made() {
        LIVE.fetch_add(1, SeqCst);
    }
    pub(super) fn freed() {
        LIVE.fetch_sub(1, SeqCst);
    }
    pub(in crate::blocking) fn reset() {
        LIVE.store(0, SeqCst);
    }
    pub(in crate::blocking) fn live() -> usize {
        LIVE.load(SeqCst)
    }
}
