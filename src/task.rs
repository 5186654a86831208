//! Tasks, whatever the config.
//!
//! ```
//! use bespoke::task::{JoinHandle, yield_now};
//!
//! /// A struct that holds tasks is not generic: a handle does not know its config.
//! struct Job {
//!     task: JoinHandle<u32>,
//! }
//!
//! #[bespoke::main]
//! async fn main() {
//!     let task = bespoke::spawn(async {
//!         yield_now().await;
//!         7
//!     });
//!     let job = Job { task };
//!     assert!(!job.task.is_finished());
//!     assert_eq!(job.task.await.unwrap(), 7);
//! }
//! ```

/// ```
/// # #[bespoke::main]
/// # async fn main() {
/// let task = bespoke::spawn(std::future::pending::<()>());
/// bespoke::yield_now().await;
/// let dump = bespoke::handle().dump();
/// assert!(dump.is_whole());
/// let waiting = dump.tasks().iter().find(|trace| trace.id() == task.id()).unwrap();
/// assert!(waiting.to_string().ends_with("waits\n    at Pending<()>"));
/// println!("{dump}");
/// # }
/// ```
pub use bespoke_core::runtime::Dump;
/// ```
/// #[bespoke::task(pool = 2)]
/// async fn square(n: u32) -> u32 {
///     bespoke::yield_now().await;
///     n * n
/// }
///
/// #[bespoke::main]
/// async fn main() {
///     let (two, three) = (bespoke::spawn_task(square(2)).unwrap(), bespoke::spawn_task(square(3)).unwrap());
///     let full = bespoke::spawn_task(square(4)).unwrap_err();
///     assert_eq!(two.await.unwrap(), 4); // its place is free again
///     let four = bespoke::spawn_task(full.into_task()).unwrap();
///     assert_eq!(three.await.unwrap() + four.await.unwrap(), 9 + 16);
/// }
/// ```
pub use bespoke_core::runtime::StaticTask;
pub use bespoke_core::runtime::{PoolFull, YieldNow};
/// ```
/// use bespoke::task::{Level, TaskState, yield_now};
/// use bespoke::channel::oneshot;
///
/// #[bespoke::async_fn]
/// async fn add_one(number: oneshot::Receiver<u32>) -> u32 {
///     number.await.unwrap_or(0) + 1
/// }
///
/// #[bespoke::main]
/// async fn main() {
///     let (send, receive) = oneshot::channel();
///     let sum = bespoke::spawn(add_one(receive));
///     yield_now().await; // it begins
///     let trace = sum.trace();
///     assert_eq!(trace.state(), TaskState::Waiting);
///     let Level::Function { name, awaited, .. } = &trace.levels()[0] else { panic!("{trace}") };
///     assert!(name.ends_with("add_one"));
///     assert_eq!(awaited, "number.await");
///     send.send(1).unwrap();
///     assert_eq!(sum.await.unwrap(), 2);
/// }
/// ```
pub use bespoke_core::task::TaskTrace;
pub use bespoke_core::task::locals::{AccessError, LocalKey, Scope};
pub use bespoke_core::task::places::Pool;
/// ```
/// use bespoke::task::WorkerLocal;
/// use bespoke::{Config, Runtime, preset, scheduler::PerCore};
/// use std::{cell::RefCell, collections::HashMap, rc::Rc};
///
/// /// What each worker remembers, for itself: without a lock, and not `Send`.
/// static NAMES: WorkerLocal<RefCell<HashMap<u32, Rc<str>>>> = WorkerLocal::new(RefCell::default);
///
/// struct App;
///
/// #[bespoke::config(base = preset::Default)]
/// impl Config for App {
///     type Scheduler = PerCore<2>;
///     const WORKERS_EXACT: bool = true;
/// }
///
/// async fn name_of(user: u32) -> Rc<str> {
///     if let Some(name) = NAMES.with(|names| names.borrow().get(&user).cloned()) {
///         return name;
///     }
///     App::yield_now().await; // it is asked for somewhere
///     let name: Rc<str> = format!("user {user}").into();
///     NAMES.with(|names| names.borrow_mut().insert(user, name.clone()));
///     name
/// }
///
/// let runtime = Runtime::<App>::new()?;
/// let tasks = runtime.handle().spawn_on_each(async |core| {
///     name_of(core as u32).await;
///     name_of(7).await;
///     NAMES.with(|names| names.borrow().len())
/// });
/// for task in tasks {
///     assert_eq!(runtime.block_on(task)?, 2); // 7, and its own number
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub use bespoke_core::task::worker_locals::WorkerLocal;
pub use bespoke_core::task::worker_locals::WorkerLocalError;
pub use bespoke_core::task::{AbortHandle, Id, JoinError, JoinHandle, Level, TaskState};

/// Lets the other tasks that are ready now run first: where there are several workers, those in the queue of this one.
pub fn yield_now() -> YieldNow {
    <YieldNow as Default>::default()
}
