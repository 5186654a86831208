//! The code with which an operation fails.

use super::{Error, ErrorKind};
use core::fmt;
use core::num::NonZeroI32;

/// The code with which the system refuses: `errno` on Unix, the last error on Windows. Never 0.
///
/// Far below every code of a system lie those that say an [`ErrorKind`] themselves: of the runtime's own, and of drivers
/// without a system under them ([`of`](Self::of)).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(NonZeroI32);

impl Errno {
    /// Not the system's: the runtime that owned the resource is closed.
    pub const RUNTIME_CLOSED: Errno = Errno::of(ErrorKind::RuntimeClosed);
    /// Not the system's: the runtime has no memory for what the call needs.
    pub const OUT_OF_MEMORY: Errno = Errno::of(ErrorKind::OutOfMemory);
    /// Not the system's: what was asked for takes a blocking thread, and the config has none.
    pub const NO_THREADS: Errno = Errno::above_kinds(0);
    /// Not the system's: what was asked for takes a blocking thread, and too much waits for one already.
    pub const QUEUE_FULL: Errno = Errno::above_kinds(1);

    /// Not the system's: the resource belongs to another worker, which uses it.
    pub const NOT_IDLE: Errno = Errno::above_kinds(2);

    /// The code, unless it is 0, which is no error.
    #[must_use]
    pub const fn new(code: i32) -> Option<Self> {
        match NonZeroI32::new(code) {
            Some(code) => Some(Errno(code)),
            None => None,
        }
    }

    /// What a driver says that has no system to say it, or knows better.
    #[must_use]
    pub const fn of(kind: ErrorKind) -> Self {
        match Errno::new(i32::MIN + kind as i32) {
            Some(errno) => errno,
            None => panic!("a kind lies far below 0"),
        }
    }

    const fn above_kinds(n: i32) -> Self {
        match Errno::new(i32::MIN + KINDS_MAX + n) {
            Some(errno) => errno,
            None => panic!("it lies far below 0"),
        }
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> i32 {
        self.0.get()
    }

    /// The kind that the code says itself. `None`: it is the system's.
    fn said(self) -> Option<ErrorKind> {
        match self {
            Errno::NO_THREADS => Some(ErrorKind::Unsupported),
            Errno::QUEUE_FULL => Some(ErrorKind::Full),
            Errno::NOT_IDLE => Some(ErrorKind::ResourceBusy),
            // The distance from the lowest code, as the number without a sign that it is.
            Errno(code) => ErrorKind::ALL.get(code.get().wrapping_sub(i32::MIN) as u32 as usize).copied(),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Errno::NO_THREADS => f.write_str("this config has no blocking threads"),
            Errno::QUEUE_FULL => f.write_str("the queue of the blocking threads is full"),
            Errno::NOT_IDLE => f.write_str(NOT_IDLE),
            errno => match errno.said() {
                Some(kind) => fmt::Display::fmt(&kind, f),
                None => write!(f, "os error {}", self.0),
            },
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({})", self.0)
    }
}

impl core::error::Error for Errno {}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        match errno.said() {
            Some(kind) if errno == Errno::NOT_IDLE => Error::new(kind).because(NOT_IDLE),
            Some(kind) => Error::new(kind),
            None => Error::system(errno.0),
        }
    }
}

#[cfg(feature = "std")]
impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> Self {
        match errno.said() {
            Some(_) => Error::from(errno).into(),
            None => std::io::Error::from_raw_os_error(errno.code()),
        }
    }
}

const NOT_IDLE: &str = "it belongs to another worker, which uses it";

/// More than there will ever be kinds.
const KINDS_MAX: i32 = 1 << 10;
