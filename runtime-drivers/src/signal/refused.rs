//! Why a signal is not listened for.

use super::SignalKind;
use crate::sys::signal::{Catch, can_catch};
use core::fmt;

/// A signal that cannot be listened for, and why. Inside of the [`io::Error`](std::io::Error) of [`signal`](super::signal).
///
/// # Example
/// ```
/// use bespoke::signal::{SignalKind, SignalRefused, signal};
///
/// # #[bespoke::main]
/// # async fn main() {
/// let error = signal(SignalKind::from_raw(9)).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// let why = error.get_ref().and_then(|why| why.downcast_ref()).unwrap();
/// assert_eq!(why, &SignalRefused::Uncatchable(SignalKind::from_raw(9)));
/// assert_eq!(error.to_string(), "cannot listen for signal 9: the system lets nobody catch it");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignalRefused {
    /// There is no such signal.
    Unknown(SignalKind),
    /// The system lets nobody catch it: `SIGKILL`, `SIGSTOP`.
    Uncatchable(SignalKind),
    /// It tells of a fault of the program (`SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL`), to which a handler would return for ever.
    Fault(SignalKind),
}

impl SignalRefused {
    /// Is it to be refused?
    pub(super) fn check(kind: SignalKind) -> Result<(), Self> {
        match can_catch(kind.as_raw_value()) {
            Catch::Yes => Ok(()),
            Catch::Unknown => Err(SignalRefused::Unknown(kind)),
            Catch::Never => Err(SignalRefused::Uncatchable(kind)),
            Catch::Fault => Err(SignalRefused::Fault(kind)),
        }
    }
}

impl fmt::Display for SignalRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, why) = match self {
            SignalRefused::Unknown(kind) => (kind, "there is none with this number"),
            SignalRefused::Uncatchable(kind) => (kind, "the system lets nobody catch it"),
            SignalRefused::Fault(kind) => (kind, "it tells of a fault, which a handler would return to"),
        };
        write!(f, "cannot listen for signal {}: {why}", kind.as_raw_value())
    }
}

impl core::error::Error for SignalRefused {}
