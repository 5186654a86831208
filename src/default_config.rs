//! The zero-generics path: the same names as in every config's own module, for the default config, at the root.

use crate::{__private, JoinHandle, preset, rt, scheduler, task};

mod names {
    crate::__module! { pub root [crate::preset::Default] }
}
#[cfg(unix)]
pub use names::root::fs;
pub(crate) use names::root::io;
pub use names::root::{await_fn, handle, net, process, signal, spawn_blocking, spawn_pinned, time, yield_now};

/// Spawns a task on the runtime that this task runs in.
///
/// The future is `Send`: the default config keeps the right to move tasks between threads one day. A config of one's own
/// with a local scheduler takes any `'static` future.
///
/// # Panics
/// Without the default runtime on this thread: inside [`main`](macro@crate::main), [`test`](macro@crate::test) or
/// `Runtime::<preset::Default>::block_on` there is one. If it has no memory for the task.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + 'static,
    F: Send, // the default config may move tasks between threads one day. For other futures: a config of your own
{
    <preset::Default as rt::Ambient>::spawn(future)
}

/// Spawns a task of a function under [`#[task(pool = N)]`](macro@task) on the runtime that this task runs in, in a place of the
/// function's pool: nothing is allocated. As for [`spawn`](fn@spawn), the future is `Send`.
///
/// # Errors
/// All places are taken; the task is in the error.
///
/// # Panics
/// Without the default runtime on this thread.
#[track_caller]
pub fn spawn_task<F, P: __private::places::Pool>(
    task: task::StaticTask<F, P>,
) -> Result<JoinHandle<F::Output>, task::PoolFull<F, P>>
where
    F: Future<Output: Send> + 'static,
    F: Send, // the default config may move tasks between threads one day. For other futures: a config of your own
{
    <preset::Default as rt::Ambient>::spawn_task(task)
}

/// Tasks of the default runtime, awaited in the order in which they complete. Dropping the set aborts them.
///
/// As [`spawn`](fn@spawn), its `spawn` takes futures that are `Send`.
///
/// ```
/// use bespoke::JoinSet;
///
/// #[bespoke::main]
/// async fn main() {
///     let mut squares = JoinSet::new();
///     for n in 1..=3 {
///         squares.spawn(async move { n * n });
///     }
///     let mut sum = 0;
///     while let Some(square) = squares.join_next().await {
///         sum += square.unwrap();
///     }
///     assert_eq!(sum, 14);
/// }
/// ```
pub type JoinSet<T> = rt::JoinSet<T, preset::Default, scheduler::Shared>;
