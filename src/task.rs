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
pub use bespoke_core::task::{AbortHandle, Id, JoinError, JoinHandle, Level, TaskState};

/// Lets every task that is ready now run first.
pub fn yield_now() -> YieldNow {
    <YieldNow as Default>::default()
}
