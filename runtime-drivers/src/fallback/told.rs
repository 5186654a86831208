//! Who is told that the second choice runs.

use bespoke_core::roles::DriverReport;
use std::io::Write as _;

/// Is told that a runtime runs its second driver, as the first did not start: the third parameter of a
/// [`Fallback`](crate::Fallback).
///
/// Once for each runtime, however many of its workers fell back, by the thread that starts it and after all of them have
/// started. Not told of are workers that come later: that of a thread that blocks on the runtime, since threads come and go
/// and each would be told of again, and those whose threads start on demand (`Policy::ON_DEMAND`), but for the first. Of
/// choices in choices the outermost tells.
///
/// ```
/// use bespoke::driver::{DriverReport, Fallback, IoUring, Mio, OnFallback};
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// static WITHOUT_RING: AtomicUsize = AtomicUsize::new(0);
///
/// struct Count;
///
/// impl OnFallback for Count {
///     fn fell_back(_report: &DriverReport) {
///         WITHOUT_RING.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// struct App;
///
/// #[bespoke::config(base = bespoke::preset::Default)]
/// impl bespoke::Config for App {
///     type Driver = Fallback<IoUring, Mio, Count>;
/// }
///
/// let runtime = bespoke::Runtime::<App>::new()?;
/// assert_eq!(WITHOUT_RING.load(Ordering::Relaxed), usize::from(runtime.driver_report().fell_back));
/// # Ok::<(), bespoke::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told that a `Fallback` runs its second driver",
    label = "expected who is told",
    note = "`Unheard`, `ToStandardError`, or a type of your own with `OnFallback`"
)]
pub trait OnFallback: 'static {
    /// The driver of `report` runs, and its `why` says why the first does not: the cause, and its remedy.
    ///
    /// # Panics
    /// A panic goes on to who starts the runtime, which has closed by then as if it had been dropped.
    fn fell_back(report: &DriverReport);
}

/// Nobody: who wants to know asks the [report](bespoke_core::runtime::Runtime::driver_report), or has the feature `tracing`,
/// which tells of each start. A library prints nothing unless it is asked to, so this is the usual choice.
#[derive(Clone, Copy, Debug)]
pub struct Unheard;

impl OnFallback for Unheard {
    #[inline(always)]
    fn fell_back(_report: &DriverReport) {}
}

/// Whoever reads the standard error of the process: a line.
///
/// It is written with one call, and what keeps it from being written is ignored: a runtime does not fail for want of a terminal.
#[derive(Clone, Copy, Debug)]
pub struct ToStandardError;

impl OnFallback for ToStandardError {
    #[cold]
    fn fell_back(report: &DriverReport) {
        let line = std::format!("bespoke: the driver {} runs, the second choice: {}\n", report.driver, report.why);
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
