//! The error of the runtime's own interface: a kind, and the system's code where there is one.

mod errno;

pub use errno::Errno;

use core::fmt;
use core::num::NonZeroI32;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused; its code says why.
    System,
    /// No memory, or none left of the budget.
    OutOfMemory,
    /// The part does not do this: the config chose one that starts no threads, say.
    Unsupported,
    /// The runtime that owned this is gone.
    RuntimeClosed,
    /// A queue with a bound is full.
    Full,
}

/// An error of the runtime: a kind, and the system's code where there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    code: Option<NonZeroI32>,
}

impl Error {
    /// An error without a code of the system.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Error { kind, code: None }
    }

    /// The system refused with `code`.
    #[must_use]
    pub const fn system(code: NonZeroI32) -> Self {
        Error { kind: ErrorKind::System, code: Some(code) }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The system's code, if the system refused.
    #[must_use]
    pub const fn code(&self) -> Option<i32> {
        match self.code {
            Some(code) => Some(code.get()),
            None => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            #[cfg(feature = "std")]
            ErrorKind::System => match self.code {
                Some(code) => fmt::Display::fmt(&std::io::Error::from_raw_os_error(code.get()), f),
                None => f.write_str("the system refused and gave no code"),
            },
            #[cfg(not(feature = "std"))]
            ErrorKind::System => match self.code {
                Some(code) => write!(f, "the system refused with code {code}"),
                None => f.write_str("the system refused and gave no code"),
            },
            ErrorKind::OutOfMemory => f.write_str("out of memory"),
            ErrorKind::Unsupported => f.write_str("not supported by a part of this runtime's configuration"),
            ErrorKind::RuntimeClosed => f.write_str("the runtime that owned this is closed"),
            ErrorKind::Full => f.write_str("the queue is full"),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(feature = "std")]
impl From<std::io::Error> for Error {
    /// Keeps the system's code; an error without one becomes the nearest kind.
    fn from(error: std::io::Error) -> Self {
        match error.raw_os_error().and_then(NonZeroI32::new) {
            Some(code) => Error::system(code),
            None => Error::new(match error.kind() {
                std::io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
                std::io::ErrorKind::Unsupported => ErrorKind::Unsupported,
                _ => ErrorKind::System,
            }),
        }
    }
}

#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        match error.code {
            Some(code) => std::io::Error::from_raw_os_error(code.get()),
            None => {
                let kind = match error.kind {
                    ErrorKind::OutOfMemory => std::io::ErrorKind::OutOfMemory,
                    ErrorKind::Unsupported => std::io::ErrorKind::Unsupported,
                    ErrorKind::RuntimeClosed => std::io::ErrorKind::BrokenPipe,
                    ErrorKind::Full => std::io::ErrorKind::WouldBlock,
                    ErrorKind::System => std::io::ErrorKind::Other,
                };
                std::io::Error::new(kind, error)
            }
        }
    }
}
