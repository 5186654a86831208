//! The runtime: what owns the workers, and how code finds it.
//!
//! | file | holds |
//! |---|---|
//! | `mod` | [`Runtime`] |
//! | `handle` | [`Handle`]: the runtime from any thread |
//! | `ambient` | [`Ambient`], [`LocalConfig`]: the runtime from inside a task |
//! | `admit` | [`Admits`], [`Spawnable`]: what may be spawned where |
//! | `yields` | [`YieldNow`] |

mod admit;
mod ambient;
mod handle;
#[cfg(all(test, not(loom)))]
mod tests;
mod yields;

pub use admit::{Admits, Spawnable, spawn_unchecked};
pub use ambient::{Ambient, LocalAmbient, LocalConfig};
pub use handle::Handle;
#[cfg(feature = "std")]
#[doc(hidden)]
pub use handle::spawn_blocking_if_any;
pub use yields::YieldNow;

#[cfg(feature = "std")]
pub use owner::Runtime;

#[cfg(feature = "std")]
mod owner {
    use super::Handle;
    use crate::check;
    use crate::config::{Config, SharingOf};
    use crate::error::Error;
    use crate::info::{Info, Model};
    use crate::roles::{Drained, Nanos};
    use crate::scheduler::single;
    use crate::sharing::{Local, Sharing};
    use crate::task::JoinHandle;
    use crate::worker::{Common, Worker, close, spawn};
    use core::cell::Cell;
    use core::fmt;
    use core::marker::PhantomData;
    use core::ptr::NonNull;
    use core::time::Duration;

    /// Owns the workers of `C`. Under a local scheduler it stays on its thread, which is why its
    /// [`spawn`](Runtime::spawn) takes any future.
    ///
    /// Dropping it closes it: blocking jobs that wait are cancelled, every task is cancelled and dropped on its worker, open
    /// resources are closed, and operations that the system still holds and blocking jobs that run are waited for, for at
    /// most [`Config::SHUTDOWN_TIMEOUT`] together; operations that are left then are leaked, jobs run on until they end.
    /// Wakers, handles and resources may outlive it: they do nothing then.
    pub struct Runtime<C: Config, S: Sharing = SharingOf<C>> {
        worker: NonNull<Worker<C>>,
        running: Cell<bool>,
        closed: Cell<bool>,
        _confine: PhantomData<S::Confine>,
        _not_shared: PhantomData<*const ()>,
    }

    impl<C: Config> Runtime<C> {
        /// What this runtime is made of.
        pub const INFO: Info = Info::of::<C>();
        /// What this runtime is expected to do: a model from measured coefficients, not a promise.
        pub const MODEL: Model = Model::of::<C>();

        /// Starts the runtime.
        ///
        /// # Errors
        /// What the system refused: a descriptor for the driver, say.
        pub fn new() -> Result<Self, Error> {
            const { check::all::<C>() }
            Ok(Runtime {
                worker: Worker::start(Common::start(), 0)?,
                running: Cell::new(false),
                closed: Cell::new(false),
                _confine: PhantomData,
                _not_shared: PhantomData,
            })
        }

        /// Runs `future` and every spawned task until `future` is ready. Tasks that are not ready then stay, and go on
        /// with the next `block_on`.
        ///
        /// # Panics
        /// If this runtime is running already: inside one of its own tasks. And with what `future` panics with.
        pub fn block_on<F: Future>(&self, future: F) -> F::Output {
            assert!(
                !self.running.replace(true),
                "`block_on` was called inside the runtime `{}` that it would run; await the future instead",
                C::NAME
            );
            struct Leave<'a>(&'a Cell<bool>);
            impl Drop for Leave<'_> {
                fn drop(&mut self) {
                    self.0.set(false);
                }
            }
            let _leave = Leave(&self.running);
            // SAFETY: this thread owns the worker (the runtime is not `Send`), and it is not running.
            unsafe { single::block_on(self.worker, future) }
        }

        /// The runtime for other threads, and for tasks that outlive this value.
        #[must_use]
        pub fn handle(&self) -> Handle<C> {
            // SAFETY: the runtime holds its home.
            unsafe { Handle::new(self.worker) }
        }

        /// Runs `closure` on a thread of the blocking pool; see
        /// [`Ambient::spawn_blocking`](super::Ambient::spawn_blocking).
        pub fn spawn_blocking<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
            // SAFETY: the runtime holds its home.
            unsafe { super::handle::spawn_blocking(self.worker, closure) }
        }

        /// The tasks that are not freed yet, complete ones whose handle or waker still lives included.
        #[must_use]
        pub fn live_tasks(&self) -> usize {
            use crate::sharing::Lock;
            // SAFETY: the owner; nothing re-enters. The root is not a task of the user's.
            unsafe { self.worker().home.owned.with(|owned| owned.live() - 1) }
        }

        /// The resources that are open: sockets, listeners, files.
        #[must_use]
        pub fn open_resources(&self) -> usize {
            // SAFETY: the owner; nothing of the user's runs.
            unsafe { self.worker().with_resources(|resources| resources.len()) }
        }

        fn worker(&self) -> &Worker<C> {
            // SAFETY: the runtime holds its home until it is closed, which takes it by value.
            unsafe { self.worker.as_ref() }
        }

        /// Closes the runtime as a drop does, but waits for at most `timeout`.
        pub fn shutdown_timeout(self, timeout: Duration) -> Drained {
            self.close(timeout)
        }

        /// Closes the runtime without waiting: what the system still holds is leaked, and blocking jobs run on.
        pub fn shutdown_background(self) -> Drained {
            self.close(Duration::ZERO)
        }
    }

    impl<C: Config, S: Sharing> Runtime<C, S> {
        fn close(&self, timeout: Duration) -> Drained {
            if self.closed.replace(true) {
                return Drained::default();
            }
            let by = Nanos(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
            #[expect(
                clippy::disallowed_methods,
                reason = "jobs run in the system's time, whatever the clock of `C` says"
            )]
            let start = std::time::Instant::now();
            // SAFETY: this thread owns the worker. The worker may be gone after its close: the pool stays.
            let common = unsafe { self.worker.as_ref() }.common.clone();
            common.pool.close();
            // SAFETY: this thread owns the worker; `closed` keeps everything else away from it.
            let drained = unsafe { close::close(self.worker, by) };
            common.pool.wait(timeout.saturating_sub(start.elapsed()));
            drained
        }
    }

    impl<C: Config> Runtime<C, Local>
    where
        C: Config<Scheduler: crate::roles::Scheduler<Sharing = Local>>,
    {
        /// Spawns any `'static` future: this value cannot leave the thread that runs it.
        ///
        /// # Panics
        /// If the memory strategy has no memory for the task.
        pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
            // SAFETY: this thread owns the worker.
            unsafe { spawn::spawn(self.worker, future) }
        }
    }

    impl<C: Config, S: Sharing> Drop for Runtime<C, S> {
        fn drop(&mut self) {
            self.close(C::SHUTDOWN_TIMEOUT);
        }
    }

    impl<C: Config, S: Sharing> fmt::Debug for Runtime<C, S> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Runtime").field("config", &C::NAME).finish_non_exhaustive()
        }
    }
}
