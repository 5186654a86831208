//! The code with which the system refuses.

use core::fmt;
use core::num::NonZeroI32;

/// The code with which the system refuses: `errno` on Unix, the last error on Windows. Never 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(NonZeroI32);

impl Errno {
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
        write!(f, "os error {}", self.0)
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
        crate::error::Error::system(errno.0)
    }
}

#[cfg(feature = "std")]
impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> Self {
        std::io::Error::from_raw_os_error(errno.code())
    }
}
