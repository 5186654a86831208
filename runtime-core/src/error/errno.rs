//! The code with which the system refuses.

use core::fmt;
use core::num::NonZeroI32;

/// The code with which the system refuses: `errno` on Unix, the last error on Windows. Never 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(NonZeroI32);

impl Errno {
    /// Not the system's: the runtime that owned the resource is closed.
    pub const RUNTIME_CLOSED: Errno = Errno(NonZeroI32::MIN);
    /// Not the system's: the runtime has no memory for what the call needs.
    pub const OUT_OF_MEMORY: Errno = Errno(match NonZeroI32::new(i32::MIN + 1) {
        Some(code) => code,
        None => NonZeroI32::MIN,
    });
    /// Not the system's: what was asked for takes a blocking thread, and the config has none.
    pub const NO_THREADS: Errno = Errno(match NonZeroI32::new(i32::MIN + 2) {
        Some(code) => code,
        None => NonZeroI32::MIN,
    });
    /// Not the system's: what was asked for takes a blocking thread, and too much waits for one already.
    pub const QUEUE_FULL: Errno = Errno(match NonZeroI32::new(i32::MIN + 3) {
        Some(code) => code,
        None => NonZeroI32::MIN,
    });

    /// The code, unless it is 0, which is no error.
    #[must_use]
    pub const fn new(code: i32) -> Option<Self> {
        match NonZeroI32::new(code) {
            Some(code) => Some(Errno(code)),
            None => None,
        }
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> i32 {
        self.0.get()
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Errno::RUNTIME_CLOSED => f.write_str("the runtime that owned this is closed"),
            Errno::OUT_OF_MEMORY => f.write_str("out of memory"),
            Errno::NO_THREADS => f.write_str("this config has no blocking threads"),
            Errno::QUEUE_FULL => f.write_str("the queue of the blocking threads is full"),
            Errno(code) => write!(f, "os error {code}"),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({})", self.0)
    }
}

impl core::error::Error for Errno {}

impl From<Errno> for crate::error::Error {
    fn from(errno: Errno) -> Self {
        use crate::error::{Error, ErrorKind};
        match errno {
            Errno::RUNTIME_CLOSED => Error::new(ErrorKind::RuntimeClosed),
            Errno::OUT_OF_MEMORY => Error::new(ErrorKind::OutOfMemory),
            Errno::NO_THREADS => Error::new(ErrorKind::Unsupported),
            Errno::QUEUE_FULL => Error::new(ErrorKind::Full),
            Errno(code) => Error::system(code),
        }
    }
}

#[cfg(feature = "std")]
impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> Self {
        crate::error::Error::from(errno).into()
    }
}
