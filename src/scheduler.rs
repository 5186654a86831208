//! Schedulers: which task runs next, and where.
//!
//! ```
//! use bespoke::scheduler::{Scheduler, SingleThread};
//!
//! assert_eq!((SingleThread::NAME, SingleThread::WORKERS), ("single-thread", 1));
//! ```
//!
//! Workers that take tasks from each other, for a program that computes:
//!
//! ```
//! use bespoke::scheduler::{Policy, WorkStealing};
//! use bespoke::{Config, Runtime, driver::NoIo};
//!
//! /// First in, first out: no task overtakes another on its worker.
//! struct InOrder;
//!
//! impl Policy for InOrder {
//!     const LIFO_RUNS_MAX: u32 = 0;
//! }
//!
//! struct App;
//!
//! #[bespoke::config]
//! impl Config for App {
//!     type Scheduler = WorkStealing<8, InOrder>;
//!     type Driver = NoIo;
//! }
//!
//! let runtime = Runtime::<App>::new()?;
//! let parts: Vec<_> = (0..100u64).map(|n| runtime.spawn(async move { n * n })).collect();
//! let sum = runtime.block_on(async {
//!     let mut sum = 0;
//!     for part in parts {
//!         sum += part.await.expect("no part panics");
//!     }
//!     sum
//! });
//! assert_eq!(sum, 328_350);
//! # Ok::<(), bespoke::Error>(())
//! ```
//!
//! Workers that keep what they have, each of which is told of something; and what lives long goes to who has least to do:
//!
//! ```
//! use bespoke::{Config, Runtime, preset, scheduler::PerCore};
//!
//! struct App;
//!
//! #[bespoke::config(base = preset::Default)]
//! impl Config for App {
//!     type Scheduler = PerCore<3>;
//!     const WORKERS_EXACT: bool = true;
//! }
//!
//! let runtime = Runtime::<App>::new()?;
//! let handle = runtime.handle();
//! let told = handle.spawn_on_each(async |core| format!("worker {core} has heard it"));
//! assert_eq!(told.len(), 3);
//! for (core, task) in told.into_iter().enumerate() {
//!     assert_eq!(runtime.block_on(task)?, format!("worker {core} has heard it"));
//! }
//!
//! let long: Vec<_> = (0..9).map(|_| handle.spawn_least_loaded(std::future::pending::<()>())).collect();
//! let next = handle.least_loaded(); // each has three by now
//! assert!(next < 3 && long.iter().all(|task| !task.is_finished()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A task may block where it is ([`block_in_place`](crate::rt::Ambient::block_in_place)): another thread runs its worker
//! meanwhile.
//!
//! ```
//! # use bespoke::{Config, Runtime, scheduler::WorkStealing};
//! # struct App;
//! # #[bespoke::config(base = bespoke::preset::Default)] impl Config for App { type Scheduler = WorkStealing<1>; }
//! let runtime = Runtime::<App>::new()?;
//! let got = runtime.block_on(runtime.spawn(async {
//!     let (sender, receiver) = std::sync::mpsc::channel();
//!     App::spawn(async move { sender.send(7) }); // on this worker, of which there is one
//!     App::block_in_place(|| receiver.recv())
//! }));
//! # assert_eq!(got.expect("no panic"), Ok(7)); Ok::<(), bespoke::Error>(())
//! ```
//!
//! What each worker keeps its queued tasks in is a third parameter: a [`Ring`], or with the feature `crossbeam-deque` a
//! `Deque`; see [the guide](crate::guide::threads). With [`Classes`] it keeps two classes of tasks apart, and those for which
//! somebody waits run first:
//!
//! ```
//! use bespoke::scheduler::{Balanced, Classes, Latency, WorkStealing};
//! use bespoke::{Config, Runtime};
//! use std::sync::{Arc, Mutex};
//!
//! struct App;
//!
//! #[bespoke::config]
//! impl Config for App {
//!     type Scheduler = WorkStealing<1, Balanced, Classes>;
//! }
//!
//! let ran = Arc::new(Mutex::new(Vec::new()));
//! let runtime = Runtime::<App>::new()?;
//! let order = ran.clone();
//! let first = runtime.spawn(async move {
//!     let (sum, answer) = (order.clone(), order);
//!     let sum = App::spawn(async move { sum.lock().unwrap().push("sum") });
//!     let answer = App::spawn_with(Latency, async move { answer.lock().unwrap().push("answer") });
//!     (sum.await, answer.await)
//! });
//! let (sum, answer) = runtime.block_on(first).expect("no task panics");
//! assert_eq!((sum.is_ok(), answer.is_ok()), (true, true));
//! assert_eq!(*ran.lock().unwrap(), ["answer", "sum"]);
//! # Ok::<(), bespoke::Error>(())
//! ```

pub use bespoke_core::choice::{Count, Selected, Workers};
pub use bespoke_core::roles::{
    Balanced, Class, Classed, Cores, HandsOver, Latency, LocalQueue, NamedClass, Order, Policy, Scheduler, Throughput,
};
#[cfg(feature = "crossbeam-deque")]
pub use bespoke_core::scheduler::Deque;
pub use bespoke_core::scheduler::{Classes, PerCore, Ring, SingleThread, ThreadPerTask, WorkStealing};
pub use bespoke_core::sharing::{Local, Moving, Shared, Sharing};
