//! The error of the runtime's own interface: a kind, and the system's code where there is one.
//!
//! | file | holds |
//! |---|---|
//! | `kind` | [`ErrorKind`]: what can go wrong, one table |
//! | `errno` | [`Errno`]: the word in which operations fail |
//! | `context` | an `io::Error` that says what was tried, and still knows kind and code |
//!
//! An operation fails with an `Errno`, 4 bytes. The typed layers make of it an `io::Error`, as the standard library's users
//! expect, or an [`Error`]. Whatever lies in between, [`ErrorKind`] and the system's code can be read off the result.

#[cfg(feature = "std")]
mod context;
mod errno;
mod kind;

#[cfg(feature = "std")]
pub use context::in_context;
pub use errno::Errno;
pub use kind::ErrorKind;

use core::fmt;
use core::num::NonZeroI32;

/// An error of the runtime: a kind, and the system's code where there is one.
///
/// ```
/// # fn main() {
/// use bespoke_core::error::{Error, ErrorKind};
/// use std::io;
///
/// // Made of any `io::Error`; the kind is that of its code: that of a file that is not there.
/// let missing = Error::from(io::Error::from_raw_os_error(2));
/// assert_eq!(missing.kind(), ErrorKind::NotFound);
/// assert!(missing.code().is_some());
/// // What only this runtime has a word for comes back as itself.
/// let there = io::Error::from(Error::new(ErrorKind::Cancelled));
/// assert_eq!((there.kind(), ErrorKind::from(&there)), (io::ErrorKind::Other, ErrorKind::Cancelled));
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    code: Option<NonZeroI32>,
    /// The likely cause and what can be done, if the part that failed knows them.
    why: Option<&'static str>,
}

impl Error {
    /// An error without a code of the system.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Error { kind, code: None, why: None }
    }

    /// The system refused with `code`: the kind is what the system means by that. Without the feature `std` nothing here knows
    /// which system it is, and the kind is [`Other`](ErrorKind::Other); see [`with_code`](Self::with_code).
    #[must_use]
    pub fn system(code: NonZeroI32) -> Self {
        Error { kind: kind::of_code(code.get()), code: Some(code), why: None }
    }

    /// The system refused with `code`, and the caller knows what it means by that.
    #[must_use]
    pub const fn with_code(kind: ErrorKind, code: NonZeroI32) -> Self {
        Error { kind, code: Some(code), why: None }
    }

    /// The same error with its likely cause and what can be done about it: a clause in lower case, without a full stop.
    #[must_use]
    pub const fn because(self, why: &'static str) -> Self {
        Error { why: Some(why), ..self }
    }

    /// Its likely cause and what can be done about it, if the part that failed knows.
    #[must_use]
    pub const fn why(&self) -> Option<&'static str> {
        self.why
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
        match self.code {
            #[cfg(feature = "std")]
            Some(code) => fmt::Display::fmt(&std::io::Error::from_raw_os_error(code.get()), f),
            #[cfg(not(feature = "std"))]
            Some(code) => match self.kind {
                ErrorKind::Other => write!(f, "the system refused with code {code}"),
                kind => write!(f, "{kind} (code {code} of the system)"),
            },
            None => fmt::Display::fmt(&self.kind, f),
        }?;
        match self.why {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(feature = "std")]
impl From<&std::io::Error> for Error {
    /// Kind and code: those that the error was made of, also where it says what was tried.
    fn from(error: &std::io::Error) -> Self {
        if let Some(code) = error.raw_os_error().and_then(NonZeroI32::new) {
            return Error::system(code);
        }
        context::inside(error).unwrap_or_else(|| Error::new(error.kind().into()))
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for Error {
    /// Kind and code: those that the error was made of, also where it says what was tried.
    fn from(error: std::io::Error) -> Self {
        Error::from(&error)
    }
}

#[cfg(feature = "std")]
impl From<&std::io::Error> for ErrorKind {
    fn from(error: &std::io::Error) -> Self {
        Error::from(error).kind()
    }
}

#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        match error.code {
            // An error of `std` has either a code or a text: what the code does not say is worth more.
            Some(code) if error.why.is_some() => {
                std::io::Error::new(std::io::Error::from_raw_os_error(code.get()).kind(), error)
            }
            Some(code) => std::io::Error::from_raw_os_error(code.get()),
            None => std::io::Error::new(error.kind.into(), error),
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
