//! What may be spawned where: "`spawn` takes any `'static` future where the compiler can see that the scheduler is local,
//! and a `Send` one everywhere else."

use super::place;
use super::traced::At;
use crate::config::{Config, SharingOf};
#[cfg(feature = "std")]
use crate::roles::{Class, Placement, steals};
#[cfg(feature = "std")]
use crate::scheduler::stealing::in_place;
use crate::sharing::{Local, Moving, Shared};
use crate::task::JoinHandle;
use crate::worker::ambient;
use alloc::boxed::Box;
#[cfg(feature = "std")]
use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Context, Poll};

/// What a kind of sharing may run: [`Local`] every `'static` future, [`Shared`] and [`Moving`] those that are `Send`.
// Shown where the sharing is not known; where it is, the compiler says why the future is not `Send`.
#[diagnostic::on_unimplemented(
    message = "`{F}` cannot be spawned by a runtime that is not known here",
    label = "a scheduler that moves tasks between threads does not take every future",
    note = "in code that is generic over the config, ask for `F: Spawnable<C>`, or for `F: Send` and call `C::spawn`"
)]
pub trait Admits<F> {}
// No `do_not_recommend` here: rustc's notes about values held across an await need to see through these.
impl<F: Future + 'static> Admits<F> for Local {}
impl<F: Future<Output: Send> + Send + 'static> Admits<F> for Shared {}
impl<F: Future<Output: Send> + Send + 'static> Admits<F> for Moving {}

/// A future that the runtime `C` can spawn, decided where `C` is known. For libraries that spawn what their caller made.
// No message of its own: the compiler looks through the implementation below, at what the future lacks.
pub trait Spawnable<C: Config>: Future + Sized + 'static {
    /// Spawns it on the runtime of this thread.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread.
    #[track_caller]
    fn start(self) -> JoinHandle<Self::Output>;
}

impl<C: Config, F: Future + 'static> Spawnable<C> for F
where
    SharingOf<C>: Admits<F>,
{
    #[track_caller]
    fn start(self) -> JoinHandle<F::Output> {
        // SAFETY: the sharing of `C` admits `F`.
        unsafe { spawn_unchecked::<C, F>(self) }
    }
}

/// Spawns on the runtime of this thread.
///
/// # Safety
/// The sharing of `C` [admits](Admits) `F`.
///
/// # Panics
/// Without a runtime of `C` on this thread, also on its blocking threads; if its memory strategy has no memory.
#[doc(hidden)]
#[inline]
#[track_caller]
pub unsafe fn spawn_unchecked<C: Config, F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    // SAFETY: as the caller.
    unsafe { spawn_unchecked_at::<C, F>(future, At::caller()) }
}

/// As [`spawn_unchecked`], for whoever calls it in a closure, where the line of the caller is no longer known.
///
/// # Safety
/// As [`spawn_unchecked`].
#[inline]
#[track_caller]
pub(super) unsafe fn spawn_unchecked_at<C: Config, F: Future + 'static>(future: F, at: At) -> JoinHandle<F::Output> {
    if const { place::elsewhere::<C>() } {
        // SAFETY: this thread runs the worker, or works for it; `Shared` admits only what is `Send`, with such an output.
        return unsafe { place::try_spawn_foreign(ambient::near::<C>(), future, (), at) }
            .unwrap_or_else(|_| place::no_memory::<C>());
    }
    let worker = ambient::spawner::<C>();
    // SAFETY: the ambient worker is this thread's own.
    unsafe { place::spawn(worker, future, at) }
}

/// As [`Ambient::spawn_on`](super::Ambient::spawn_on), for functions of one config, which have asked for workers in another way:
/// so that the compiler shows the call, and not this.
///
/// # Panics
/// As `Ambient::spawn_on`.
#[cfg(feature = "std")]
#[doc(hidden)]
#[track_caller]
pub fn spawn_on_unasked<C: Config, T: Send + 'static>(
    core: usize,
    make: impl AsyncFnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    const { assert!(keeps_tasks::<C>(), "asked for by the caller, by a bound") }
    // SAFETY: this thread runs the worker, or works for it, so the runtime is alive; tasks are kept, by the assertion.
    unsafe { place::spawn_on(ambient::near::<C>(), core, make, At::caller()) }
}

/// As [`Ambient::spawn_on_each`](super::Ambient::spawn_on_each), for functions of one config; see [`spawn_on_unasked`].
///
/// # Panics
/// As `Ambient::spawn_on_each`.
#[cfg(feature = "std")]
#[doc(hidden)]
#[track_caller]
pub fn spawn_on_each_unasked<C: Config, T: Send + 'static>(
    make: impl AsyncFnOnce(usize) -> T + Clone + Send + 'static,
) -> Vec<JoinHandle<T>> {
    const { assert!(keeps_tasks::<C>(), "asked for by the caller, by a bound") }
    // SAFETY: this thread runs the worker, or works for it, so the runtime is alive; tasks are kept, by the assertion.
    unsafe { place::spawn_on_each(ambient::near::<C>(), make, At::caller()) }
}

/// As [`Ambient::spawn_least_loaded`](super::Ambient::spawn_least_loaded), for functions of one config; see [`spawn_on_unasked`].
///
/// # Panics
/// As `Ambient::spawn_least_loaded`.
#[cfg(feature = "std")]
#[doc(hidden)]
#[track_caller]
pub fn spawn_least_loaded_unasked<C: Config, F: Future<Output: Send> + Send + 'static>(
    future: F,
) -> JoinHandle<F::Output> {
    const { assert!(keeps_tasks::<C>(), "asked for by the caller, by a bound") }
    // SAFETY: this thread runs the worker, or works for it, so the runtime is alive; tasks are kept, by the assertion, and the
    // bounds say `Send`.
    unsafe { place::spawn_least_loaded(ambient::near::<C>(), future, At::caller()) }
}

/// As [`Ambient::spawn_here`](super::Ambient::spawn_here), for functions of one config; see [`spawn_on_unasked`].
///
/// # Panics
/// As `Ambient::spawn_here`.
#[cfg(feature = "std")]
#[doc(hidden)]
#[track_caller]
pub fn spawn_here_unasked<C: Config, F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    const { assert!(keeps_tasks::<C>(), "asked for by the caller, by a bound") }
    // SAFETY: the ambient worker is this thread's own; tasks are kept, by the assertion.
    unsafe { place::spawn_here(ambient::spawner::<C>(), future, At::caller()) }
}

/// As [`Ambient::block_in_place`](super::Ambient::block_in_place), for functions of one config, which have asked for the
/// scheduler in another way; see [`spawn_on_unasked`].
///
/// # Panics
/// As `Ambient::block_in_place`.
#[cfg(feature = "std")]
#[doc(hidden)]
#[track_caller]
pub fn block_in_place_unasked<C: Config, T>(closure: impl FnOnce() -> T) -> T {
    const { assert!(steals::<C::Scheduler>(), "asked for by the caller, by a bound") }
    in_place::block_in_place::<C, T>(closure)
}

/// As [`Ambient::spawn_with`](super::Ambient::spawn_with), for functions of one config; see [`spawn_on_unasked`].
///
/// # Panics
/// As `Ambient::spawn_with`.
#[cfg(feature = "std")]
#[doc(hidden)]
#[track_caller]
pub fn spawn_with_unasked<C: Config, K: Class, F: Future<Output: Send> + Send + 'static>(
    class: K,
    future: F,
) -> JoinHandle<F::Output> {
    const { assert!(steals::<C::Scheduler>(), "asked for by the caller, by a bound") }
    super::ambient::spawn_with::<C, K, F>(class, future, At::caller())
}

/// Do the tasks of `C` stay on the worker on which they are placed?
#[cfg(feature = "std")]
const fn keeps_tasks<C: Config>() -> bool {
    matches!(place::placement::<C>(), Placement::InTurn)
}

/// A future that is made by its first poll: the maker crosses threads, the future does not.
///
/// 1. `future` is `None` until the first poll. From then on the task does not move to another thread: a scheduler that
///    moves tasks pins this one.
#[derive(Debug)]
pub(crate) struct Pinned<M, T> {
    make: Option<M>,
    future: Option<Confined<T>>,
}

/// A future that stays where it was made.
struct Confined<T>(Pin<Box<dyn Future<Output = T>>>);

impl<T> core::fmt::Debug for Confined<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Confined")
    }
}

// SAFETY: made by a poll, and polled and dropped by the same worker ever after (invariant 1 of `Pinned`): its task is spawned as
// one that is kept, and a worker drops those itself, on the thread that runs it.
unsafe impl<T> Send for Confined<T> {}

impl<M: AsyncFnOnce() -> T + Send + 'static, T: 'static> Pinned<M, T> {
    pub(crate) fn new(make: M) -> Self {
        Pinned { make: Some(make), future: None }
    }
}

// Nothing is pinned in place: the future is boxed.
impl<M, T> Unpin for Pinned<M, T> {}

impl<M: AsyncFnOnce() -> T + Send + 'static, T: 'static> Future for Pinned<M, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        if let Some(make) = self.make.take() {
            self.future = Some(Confined(Box::pin(async move { make().await })));
        }
        match &mut self.future {
            Some(future) => future.0.as_mut().poll(cx),
            None => unreachable!("the first poll made the future"),
        }
    }
}
