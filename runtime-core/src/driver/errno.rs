//! The number by which a system call says why it failed.

use core::fmt;
use core::num::NonZeroI32;

/// An error number of the operating system: `errno` on Unix, `GetLastError` on Windows. Never zero.
///
/// Drivers and ops return this instead of `std::io::Error`: it is 4 bytes, `Result<(), Errno>` too, and it exists
/// without `std`. The typed layer turns it into `std::io::Error`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Errno(NonZeroI32);

impl Errno {
    /// The error with this number; `None` for 0, which is no error.
    pub const fn new(code: i32) -> Option<Self> {
        match NonZeroI32::new(code) {
            Some(code) => Some(Self(code)),
            None => None,
        }
    }

    /// The number, as the operating system gave it.
    pub const fn code(self) -> i32 {
        self.0.get()
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "os error {}", self.0)
    }
}

impl core::error::Error for Errno {}

#[cfg(feature = "std")]
impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Errno;

    #[test]
    fn zero_is_no_error() {
        assert_eq!(Errno::new(0), None);
        assert_eq!(Errno::new(-7).map(Errno::code), Some(-7));
        assert_eq!(size_of::<Result<(), Errno>>(), 4);
    }

    #[cfg(feature = "std")]
    #[test]
    fn keeps_its_number_as_io_error() {
        let errno = Errno::new(11).unwrap();
        assert_eq!(std::io::Error::from(errno).raw_os_error(), Some(11));
        assert_eq!(std::format!("{errno}"), "os error 11");
    }
}
