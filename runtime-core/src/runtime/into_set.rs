//! Spawning into a [`JoinSet`]: what each kind of set takes.

use super::admit::spawn_unchecked_at;
use super::traced::At;
#[cfg(feature = "std")]
use super::{ambient as tasks, handle};
use crate::config::{Config, SharingOf};
use crate::roles::Scheduler;
#[cfg(feature = "std")]
use crate::roles::{Class, Classed, StartsThreads};
#[cfg(feature = "std")]
use crate::scope::Noted;
use crate::scope::{JoinSet, Member};
use crate::sharing::{Local, Sharing, Threaded};
use crate::task::AbortHandle;
use crate::worker::ambient;

impl<T: 'static, C: Config<Scheduler: Scheduler<Sharing = Local>>> JoinSet<T, C, Local> {
    /// Spawns any `'static` future into the set, on the runtime that this task runs in.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread; if the set has tasks of another worker; if there is no memory for the task.
    #[track_caller]
    pub fn spawn<F: Future<Output = T> + 'static>(&mut self, future: F) -> AbortHandle {
        // SAFETY: `Local` admits every `'static` future.
        unsafe { spawn_into(self, future) }
    }
}

impl<T: Send + 'static, C: Config, S: Threaded> JoinSet<T, C, S> {
    /// Spawns a future that is `Send` into the set, on the runtime that this task runs in.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread; if there is no memory for the task; under a local scheduler, if the set has
    /// tasks of another worker.
    #[track_caller]
    pub fn spawn<F: Future<Output = T> + Send + 'static>(&mut self, future: F) -> AbortHandle {
        // SAFETY: what is `Send` is admitted by every sharing.
        unsafe { spawn_into(self, future) }
    }
}

#[cfg(feature = "std")]
impl<T: Send + 'static, C: Config<Scheduler: Classed>, S: Threaded> JoinSet<T, C, S> {
    /// As [`spawn`](Self::spawn), in a class; see [`Ambient::spawn_with`](super::Ambient::spawn_with).
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn).
    #[track_caller]
    pub fn spawn_with<K: Class, F>(&mut self, class: K, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        let at = At::caller();
        self.insert(|note| tasks::spawn_with::<C, K, _>(class, Member::new(future, note), at))
    }
}

#[cfg(feature = "std")]
impl<T: Send + 'static, C: Config, S> JoinSet<T, C, S> {
    /// Runs `closure` on a thread of the blocking pool, as [`Ambient::spawn_blocking`](super::Ambient::spawn_blocking)
    /// does, and awaits it with the other tasks; where both are over, jobs come before tasks. One that runs cannot be
    /// stopped: [`abort_all`](Self::abort_all) and the drop of the set let it go on.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread. A blocking thread of the runtime has one.
    #[track_caller]
    pub fn spawn_blocking(&mut self, closure: impl FnOnce() -> T + Send + 'static) -> AbortHandle
    where
        C::Threads: StartsThreads,
    {
        let (worker, at) = (ambient::near::<C>(), At::caller());
        self.insert_job(|note| {
            let job = Noted::new(closure, note);
            // SAFETY: this thread runs the worker, or works for it: it is alive.
            unsafe { handle::spawn_blocking(worker, move || job.run(), at) }
        })
    }
}

/// Spawning into a [`JoinSet`] in code that is generic over the config. The prelude has it.
pub trait SpawnInto<T> {
    /// Spawns a future into the set, on the runtime that this task runs in.
    ///
    /// # Panics
    /// Without a runtime of the set's config on this thread; if there is no memory for the task; under a local scheduler, if
    /// the set has tasks of another worker.
    #[track_caller]
    fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
        F: Send; // the scheduler may be work-stealing. To spawn futures that are not `Send`: `C: LocalConfig`
}

impl<T: Send + 'static, C: Config, S> SpawnInto<T> for JoinSet<T, C, S> {
    #[track_caller]
    fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
        F: Send,
    {
        // SAFETY: what is `Send` is admitted by every sharing.
        unsafe { spawn_into(self, future) }
    }
}

/// # Safety
/// The sharing of `C` admits `F`.
#[track_caller]
unsafe fn spawn_into<T: 'static, C: Config, S, F: Future<Output = T> + 'static>(
    set: &mut JoinSet<T, C, S>,
    future: F,
) -> AbortHandle {
    if const { !<SharingOf<C> as Sharing>::SHARED } {
        set.bind(ambient::spawner::<C>());
    }
    let at = At::caller();
    // SAFETY: as the caller. A member is `Send` if its future is: its note is (invariant 3 of `done`).
    set.insert(|note| unsafe { spawn_unchecked_at::<C, _>(Member::new(future, note), at) })
}
