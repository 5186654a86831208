//! What the expansions of the macros may name. Not part of the interface.

pub use bespoke_core::check;
pub use bespoke_core::config::{Sealed, SharingOf};
pub use bespoke_core::future::machines;
pub use bespoke_core::machine;
pub use bespoke_core::roles::{Class, Classed, Cores, HandsOver, StartsThreads};
pub use bespoke_core::runtime::{
    Admits, Ambient, StartTask, align_of, block_in_place_unasked, bytes_of, spawn_blocking_unchecked,
    spawn_here_unasked, spawn_least_loaded_unasked, spawn_on_each_unasked, spawn_on_unasked, spawn_unchecked,
    spawn_with_unasked,
};
pub use bespoke_core::task::{JoinHandle, places};
pub use core;

/// [`StartsThreads`], for functions of one config: a bound that no parameter appears in would be an error where the function
/// is written, not where it is called. For the same reason `StartsThreads` is no supertrait.
#[diagnostic::on_unimplemented(
    message = "the source of threads `{Self}` starts none, so nothing can run on a blocking thread",
    label = "`spawn_blocking` needs threads, and this config has none",
    note = "in the config choose `type Threads = OsThreads`, and set BLOCKING_THREADS_MAX above 0"
)]
pub trait StartsThreadsFor<T> {}

#[diagnostic::do_not_recommend]
impl<T, S: StartsThreads> StartsThreadsFor<T> for S {}

/// [`Cores`], for functions of one config; see [`StartsThreadsFor`].
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` has no workers to choose from",
    label = "this asks for workers that keep their tasks",
    note = "`PerCore<N>` has them; `spawn_pinned` keeps a future where it was made on every scheduler"
)]
pub trait CoresFor<T> {}

#[diagnostic::do_not_recommend]
impl<T, S: Cores> CoresFor<T> for S {}

/// [`Classed`], for functions of one config; see [`StartsThreadsFor`].
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` has one class of tasks",
    label = "`spawn_with` asks for workers that keep two classes apart",
    note = "`WorkStealing<N, P, Classes>` has them; `spawn` needs none"
)]
pub trait ClassedFor<T> {}

#[diagnostic::do_not_recommend]
impl<T, S: Classed> ClassedFor<T> for S {}

/// [`HandsOver`], for functions of one config; see [`StartsThreadsFor`].
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` cannot hand a worker over to another thread",
    label = "`block_in_place` asks for workers whose tasks may run on any thread",
    note = "`WorkStealing<N>` has them; `spawn_blocking` runs a closure on a thread of its own under every scheduler"
)]
pub trait HandsOverFor<T> {}

#[diagnostic::do_not_recommend]
impl<T, S: HandsOver> HandsOverFor<T> for S {}

/// Starts a runtime of `C`, runs `future` on it, closes it.
///
/// # Panics
/// If the runtime cannot start, with the system's reason.
#[track_caller]
pub fn run<C: crate::Config, F: Future>(future: F) -> F::Output {
    match crate::Runtime::<C>::new() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("the runtime `{}` cannot start: {error}", C::NAME),
    }
}
