//! What every driver shares: so far, its errors.

mod errno;

pub use errno::Errno;
