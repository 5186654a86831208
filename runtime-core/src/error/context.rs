//! Errors that say what was tried.

use super::Error;
use core::fmt;
use std::io;
use std::string::{String, ToString as _};

/// `error`, with what was tried in front of its text. Its kind and its code stay readable: [`Error::from`].
#[cold]
#[must_use]
pub fn in_context(error: io::Error, tried: impl fmt::Display) -> io::Error {
    let said = InContext { error: Error::from(&error), text: std::format!("{tried}: {error}") };
    io::Error::new(error.kind(), said)
}

impl Error {
    /// As an `io::Error` with a text of its own; kind and code stay readable, as with [`in_context`].
    #[cold]
    #[must_use]
    pub fn saying(self, text: impl fmt::Display) -> io::Error {
        io::Error::new(self.kind().into(), InContext { error: self, text: text.to_string() })
    }
}

/// Without a `source`: its text is in `text` already, and whoever prints a chain of sources would print it twice.
struct InContext {
    error: Error,
    text: String,
}

impl fmt::Debug for InContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl fmt::Display for InContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl core::error::Error for InContext {}

/// The error of the runtime that `error` was made of, if it was; or that of its cause, if it is of the same kind: some errors say
/// more than their cause, as what became of each address.
pub(super) fn inside(error: &io::Error) -> Option<Error> {
    let inner = error.get_ref()?;
    let ours = inner.downcast_ref::<Error>().copied();
    ours.or_else(|| inner.downcast_ref::<InContext>().map(|said| said.error)).or_else(|| {
        let cause = inner.source()?.downcast_ref::<io::Error>()?;
        (cause.kind() == error.kind()).then(|| Error::from(cause))
    })
}
