//! Making a task: allocate, write, list, queue.

use super::Worker;
#[cfg(feature = "std")]
use super::cell::Alone;
#[cfg(feature = "std")]
pub(crate) use super::cell::OfClass;
use super::cell::{Block, Of, OwnBlock};
pub(crate) use super::cell::{Extra, InPlace, Kept, Named, layout_in_place};
use crate::config::{Config, QueueOf, SharingOf};
use crate::error::{Error, ErrorKind};
use crate::loom::{Ordering, Plant, planted};
use crate::roles::{LocalQueue, Memory};
#[cfg(feature = "std")]
use crate::roles::{Placement, Scheduler};
use crate::sharing::{Lock, RemoteWord, Sharing, StateWord};
use crate::task::JoinHandle;
use crate::task::header::{Header, Task};
use crate::task::home::{Closed, Home, post_task};
use crate::task::join::Rejected;
use crate::task::owned::Owned;
use crate::task::refs::{self, R_MERGED, R_ONE, R_QUEUED, R_WAKE};
use crate::task::run;
use crate::task::state::{self, COMPLETE, FAILED, JOIN, MERGED, NOTIFIED, REF, RUNNING};
#[cfg(feature = "std")]
use crate::task::steal;
use core::alloc::Layout;
use core::ptr::NonNull;

/// A new task with the runtime's reference and the handle's.
const BORN: usize = (2 * REF) | JOIN;

/// Spawns a task on `worker`.
///
/// # Safety
/// The caller is the owner of `worker`, before its close is over. Under `Shared`, `F` is `Send`.
///
/// # Panics
/// If the memory strategy has no memory: see [`try_spawn_with`].
#[inline(always)]
pub(crate) unsafe fn spawn<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    future: F,
) -> JoinHandle<F::Output> {
    // SAFETY: as the caller.
    match unsafe { try_spawn_with::<C, F, ()>(worker, future, ()) } {
        Ok(handle) => handle,
        Err(_) => no_memory::<C>(Of::<C, F, (), OwnBlock>::LAYOUT),
    }
}

/// As [`spawn`], with a name.
///
/// # Safety
/// As [`spawn`].
pub(crate) unsafe fn spawn_named<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    named: Named,
    future: F,
) -> JoinHandle<F::Output> {
    // SAFETY: as the caller.
    match unsafe { try_spawn_with::<C, F, Named>(worker, future, named) } {
        Ok(handle) => handle,
        Err(_) => no_memory::<C>(Of::<C, F, Named, OwnBlock>::LAYOUT),
    }
}

#[cold]
fn no_memory<C: Config>(layout: Layout) -> ! {
    no_memory_left(C::Memory::NAME, C::NAME, layout.size())
}

/// What a spawn says that found no memory.
#[cold]
#[inline(never)]
fn no_memory_left(strategy: &str, config: &str, bytes: usize) -> ! {
    panic!(
        "the memory strategy `{strategy}` of `{config}` has no {bytes} bytes left for a task; `try_spawn` returns the \
         future instead"
    )
}

/// As [`spawn`], with what stands between header and future; gives the future back when there is no memory.
///
/// # Safety
/// As [`spawn`].
#[inline(always)]
pub(crate) unsafe fn try_spawn_with<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
) -> Result<JoinHandle<F::Output>, F> {
    // SAFETY: alive: the caller owns it.
    let this = unsafe { worker.as_ref() };
    // SAFETY: the caller is the owner.
    let block = unsafe { X::Own::alloc(&this.memory, Of::<C, F, X, X::Own>::LAYOUT) };
    let Some(block) = block else { return Err(future) };
    let header = Header::new(const { &Of::<C, F, X, X::Own>::TABLE }, Worker::home_of(worker), BORN | NOTIFIED);
    // SAFETY: the block is ours and has the layout.
    let task = unsafe { Of::<C, F, X, X::Own>::write(block, header, extra, future) };
    #[cfg(loom)]
    super::counts::spawned();
    // SAFETY: new, ours, listed nowhere.
    unsafe { admit::<_, QueueOf<C>>(&this.home, task) };
    // SAFETY: the handle's reference of `BORN`; the output is `F::Output`.
    Ok(unsafe { JoinHandle::new(task.cast()) })
}

/// Lists a new task and queues it; while the runtime closes, cancels it at once.
///
/// # Safety
/// The caller is the owner. The task is new, and of a config whose queues are `Q`.
#[inline(always)]
unsafe fn admit<S: Sharing, Q: LocalQueue>(home: &Home<S>, task: Task<S>) {
    // SAFETY: new.
    let header = unsafe { task.as_ref() };
    // SAFETY: the owner; nothing re-enters.
    let closing = unsafe {
        home.owned.with(|owned| {
            header.idx.set(owned.insert(task));
            home.lists(owned);
            // The walk that cancels ahead of a close is over, or may have missed it.
            S::MOVING && owned.closing
        })
    };
    if home.closing.get() || closing {
        header.state.update(|s| (Some(s & !NOTIFIED), ()));
        if S::MOVING && !home.closing.get() && !home.stopping.get() {
            // The worker is gone, and its runtime goes on.
            let why = Rejected::WorkerGone { config: home.tag.name, worker: home.worker };
            if let Some(queued) = state::seize(header) {
                // SAFETY: RUNNING is ours; new, and in the table.
                unsafe { run::cancel_because(task, queued, Some(why)) }
            }
        } else {
            // SAFETY: new: the runtime's reference, and it is not running.
            unsafe { run::cancel_unstarted(task) }
        }
    } else {
        #[cfg(feature = "std")]
        if S::MOVING && header.table.moves {
            // SAFETY: new: the pin of `BORN | NOTIFIED` is the queue's, and the caller holds the handle's reference.
            return unsafe { steal::schedule::<Q::Live>(task.cast()) };
        }
        // SAFETY: the owner; the pin of `BORN | NOTIFIED` is the queue's.
        unsafe { home.queue_push(task) }
    }
}

/// Spawns a task on `worker`, which this thread is not running. Under `Local` the task is listed by its first visit, under
/// `Shared` here.
///
/// # Safety
/// The caller holds a reference of the home. `F` and its output are `Send`.
pub(crate) unsafe fn spawn_foreign<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
) -> Result<JoinHandle<F::Output>, F> {
    // SAFETY: as the caller.
    let task = unsafe { make_foreign(worker, future, extra) }?;
    // SAFETY: alive: the caller holds its home.
    let this = unsafe { worker.as_ref() };
    if <SharingOf<C> as Sharing>::SHARED {
        // SAFETY: new and ours; the caller holds the home, and the future is `Send`.
        unsafe { hand_over_shared::<_, QueueOf<C>>(&this.home, task) };
    } else {
        // SAFETY: as above.
        unsafe { hand_over_local(&this.home, task) };
    }
    // SAFETY: the handle's reference of `BORN`; the output is `F::Output`.
    Ok(unsafe { JoinHandle::new(task.cast()) })
}

/// Makes a task of `worker`, which nobody knows yet.
///
/// # Safety
/// As [`spawn_foreign`].
#[inline(always)]
unsafe fn make_foreign<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
) -> Result<Task<SharingOf<C>>, F> {
    // SAFETY: alive: the caller holds its home.
    let this = unsafe { worker.as_ref() };
    // SAFETY: a block for any thread.
    let block = unsafe { X::Foreign::alloc(&this.memory, Of::<C, F, X, X::Foreign>::LAYOUT) };
    let Some(block) = block else { return Err(future) };
    let table = const { &Of::<C, F, X, X::Foreign>::TABLE };
    let born = if <SharingOf<C> as Sharing>::SHARED { BORN | NOTIFIED } else { BORN };
    let header = Header::new(table, Worker::home_of(worker), born);
    // SAFETY: the block is ours and has the layout.
    let task = unsafe { Of::<C, F, X, X::Foreign>::write(block, header, extra, future) };
    #[cfg(loom)]
    super::counts::spawned();
    Ok(task)
}

/// A task of a crew whose workers have no threads, and get none: it is cancelled, and its handle says `why`. Gives the future
/// back when there is no memory for it.
///
/// # Safety
/// As [`spawn_foreign`]; `worker` is of a crew.
#[cfg(feature = "std")]
#[cold]
pub(crate) unsafe fn spawn_unserved<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
    why: Rejected,
) -> Result<JoinHandle<F::Output>, F> {
    // SAFETY: as the caller.
    let task = unsafe { make_foreign(worker, future, extra) }?;
    // SAFETY: alive: the caller holds its home.
    let home = unsafe { &worker.as_ref().home };
    // SAFETY: new and ours.
    let header = unsafe { task.as_ref() };
    // In no queue. Before a close that walks over the table sees it.
    header.state.update(|s| (Some(s & !NOTIFIED), ()));
    // SAFETY: a real lock; nothing re-enters.
    unsafe { home.owned.with(|owned| list(home, owned, task)) };
    // That may have been faster.
    if let Some(queued) = state::seize(header) {
        // SAFETY: RUNNING is ours. The future is `Send`, and the table has a real lock.
        unsafe { run::cancel_because(task, queued, Some(why)) };
    }
    // SAFETY: the handle's reference of `BORN`; the output is `F::Output`.
    Ok(unsafe { JoinHandle::new(task.cast()) })
}

/// `Local`: hands a new task to its owner; if that is closed, does what close would have done.
///
/// # Safety
/// The task is new and ours, with the bits of `BORN`; its future is `Send`. The caller holds `home`.
unsafe fn hand_over_local<S: Sharing>(home: &Home<S>, task: Task<S>) {
    // SAFETY: new and ours.
    let header = unsafe { task.as_ref() };
    // Nobody else knows the task; the push publishes it.
    header.remote.word().store(R_QUEUED | R_WAKE, Ordering::Relaxed);
    // SAFETY: the pin was set just now.
    if let Err(Closed) = unsafe { post_task(task) } {
        if planted(Plant::ClosedPostForgotten) {
            return;
        }
        // The future goes here (it is `Send`), the task is complete and merged, the runtime's reference is gone, and the
        // task holds the home.
        home.acquire();
        header.state.update(|s| (Some(s | RUNNING), ()));
        // SAFETY: the task is ours alone; its future was never polled.
        unsafe { (header.table.cancel)(task.cast()) };
        header.state.update(|s| (Some((s & (JOIN)) | COMPLETE | FAILED | MERGED), ()));
        header.remote.word().store(R_ONE | R_MERGED, Ordering::Release);
    }
}

/// `Shared`: lists a new task, from any thread. Says whether the home closes.
fn list<S: Sharing>(home: &Home<S>, owned: &mut Owned<S>, task: Task<S>) -> bool {
    // SAFETY: new; the caller's.
    unsafe { task.as_ref() }.idx.set(owned.insert(task));
    home.lists(owned);
    // Close has counted the tasks that were listed before; this one brings its own reference of the home.
    if owned.closed && !planted(Plant::ListedWithoutReference) {
        home.acquire();
    }
    owned.closing
}

/// `Shared`: lists a new task and hands it to its owner. The table is shared, so the close of the owner may find the task
/// there, and cancel it before it comes; a task that the walk of close has missed is cancelled by its visit, or here, if the
/// inbox was closed before it.
///
/// # Safety
/// As [`hand_over_local`], with the bits of `BORN | NOTIFIED`. The task is of a config whose queues are `Q`.
unsafe fn hand_over_shared<S: Sharing, Q: LocalQueue>(home: &Home<S>, task: Task<S>) {
    // SAFETY: a real lock; nothing re-enters.
    let _closing = unsafe { home.owned.with(|owned| list(home, owned, task)) };
    #[cfg(feature = "std")]
    // SAFETY: new; the pin of `NOTIFIED` is ours until the push.
    if S::MOVING && unsafe { task.as_ref() }.table.moves {
        if _closing && !planted(Plant::LateTaskForgotten) {
            // The walk of close may have missed it, and other workers do not know that it is of one that closes.
            // SAFETY: the pin is ours.
            return unsafe { steal::drop_queued(task) };
        }
        // SAFETY: the pin is ours, and the caller holds the handle's reference.
        return unsafe { steal::schedule::<Q::Live>(task.cast()) };
    }
    // SAFETY: the pin is ours.
    if let Err(Closed) = unsafe { post_task(task) } {
        if !planted(Plant::ClosedPostForgotten) {
            // SAFETY: the handle's reference. Nothing runs on a worker whose inbox is closed.
            unsafe { run::cancel_unstarted(task) };
        }
        // SAFETY: the pin is still ours.
        unsafe { refs::unpin(task) };
    }
}

/// Makes the task that stands for the future of `block_on`: its waker, without a future of its own. Needs
/// [`root_bytes`] of the memory strategy.
///
/// # Errors
/// [`ErrorKind::OutOfMemory`]; the worker has no root then.
///
/// # Safety
/// The caller is the owner of the new `worker`.
pub(super) unsafe fn make_root<C: Config>(worker: NonNull<Worker<C>>) -> Result<(), Error> {
    let future = core::future::pending::<()>();
    // Where the tasks of the program are elsewhere, the worker of a `block_on` has few or none beside this one.
    #[cfg(feature = "std")]
    let made = if const { matches!(<C::Scheduler as Scheduler>::PLACEMENT, Placement::ThisWorker) } {
        // SAFETY: as the caller.
        unsafe { try_spawn_with(worker, future, Kept) }
    } else {
        // SAFETY: as the caller.
        unsafe { try_spawn_with(worker, future, Alone) }
    };
    #[cfg(not(feature = "std"))]
    // SAFETY: as the caller.
    let made = unsafe { try_spawn_with(worker, future, Kept) };
    let Ok(handle) = made else { return Err(Error::new(ErrorKind::OutOfMemory)) };
    // SAFETY: as the caller.
    let this = unsafe { worker.as_ref() };
    // SAFETY: the owner.
    let Some(task) = (unsafe { this.home.queue_pop() }) else { unreachable!("the root was queued just now") };
    core::mem::forget(handle);
    // SAFETY: the runtime's reference.
    let header = unsafe { task.as_ref() };
    // Parked, without a handle: the handle's reference goes, the runtime's stays until close cancels it.
    header.state.update(|s| (Some(s & !(NOTIFIED | JOIN)), ()));
    // SAFETY: the reference of the forgotten handle.
    unsafe { refs::release::<SharingOf<C>>(task) };
    this.root.set(Some(task));
    Ok(())
}

/// The bytes of the task that stands for the future of `block_on`.
#[cfg(feature = "std")]
pub(crate) const fn root_bytes<C: Config>() -> usize {
    Of::<C, core::future::Pending<()>, Kept, OwnBlock>::LAYOUT.size()
}
