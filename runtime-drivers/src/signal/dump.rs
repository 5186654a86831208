//! What every task is doing, on standard error, when a signal asks for it.

use super::unix::{SignalKind, listen};
use crate::op::Foreign;
use bespoke_core::config::Config;
use bespoke_core::runtime::Ambient;
use core::panic::Location;
use std::io::{self, Write};

/// Prints what every task of this runtime is doing on standard error, each time the signal comes, from now on: see
/// [`Dump`](bespoke_core::runtime::Dump). Spawn what this yields; aborting that task ends it, and so does the end of the
/// runtime.
///
/// The customary signal is `SIGUSR1`. What this takes away is in the [module](super): without it the signal ends the program.
///
/// A worker that is busy with one poll prints nothing until that is over. Whoever writes to a standard error that nobody reads
/// waits, here with the worker.
///
/// # Errors
/// As [`signal`](super::signal).
///
/// # Panics
/// Without a runtime of `C` on this thread; the message names the line of this call.
///
/// # Cancel safety
/// Cancel safe: dropped, it listens no more.
///
/// # Platform
/// Unix.
///
/// # Example
/// ```
/// use bespoke::signal::{SignalKind, dump_on};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// bespoke::spawn(dump_on(SignalKind::user_defined1())?);
/// // From now on: kill -USR1 <pid>
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn dump_on<C: Config>(kind: SignalKind) -> io::Result<impl Future<Output = ()> + Send + use<C>>
where
    C::Driver: Foreign,
{
    let mut signal = listen::<C>(kind, Location::caller())?;
    Ok(async move {
        let runtime = C::handle();
        while let Some(()) = signal.recv().await {
            let text = format!("{}\n", runtime.dump());
            // Where nobody can be told, nobody can be told so.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    })
}
