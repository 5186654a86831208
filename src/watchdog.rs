//! Watchdogs: who is told of a task that holds a worker in one poll for too long.
//!
//! ```
//! use bespoke::watchdog::{Blocked, BlockedAfter, OnBlocked};
//! use bespoke::{Config, Runtime};
//! use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
//! use std::time::{Duration, Instant};
//!
//! static REPORTS: AtomicUsize = AtomicUsize::new(0);
//!
//! struct ToLog;
//!
//! impl OnBlocked for ToLog {
//!     fn on_blocked(blocked: &Blocked<'_>) {
//!         println!("{blocked}");
//!         REPORTS.fetch_add(1, Relaxed);
//!     }
//! }
//!
//! struct App;
//!
//! #[bespoke::config]
//! impl Config for App {
//!     type Watchdog = BlockedAfter<10, ToLog>; // milliseconds
//! }
//!
//! let runtime = Runtime::<App>::new()?;
//! runtime.block_on(async {
//!     let begin = Instant::now();
//!     while REPORTS.load(Relaxed) == 0 && begin.elapsed() < Duration::from_secs(20) {} // never comes to an `.await`
//! });
//! assert_eq!(runtime.metrics().workers[0].blocked, 1);
//! # Ok::<(), bespoke::Error>(())
//! ```
//!
//! More in [the guide](crate::guide::threads).

pub use bespoke_core::roles::{Blocked, BlockedAfter, OnBlocked, ToStderr, Unwatched, Watchdog};
