//! The operations on the place of an open file: on its disk, and in the system's memory.

use super::file::{Blocks, plain_op};
use crate::sys::space::{self, Advice, Allocation};
use bespoke_core::driver::Errno;
use bespoke_core::roles::Resource;

/// Gives a range of a file its place on the disk, or takes it. `fallocate(2)`, Linux; elsewhere it fails with `ENOSYS`. Points at
/// no memory. Dropped: it may be done.
#[derive(Debug, Clone, Copy)]
pub struct Allocate {
    /// The file.
    pub file: Resource,
    /// What becomes of the range.
    pub how: Allocation,
    /// Where it begins.
    pub at: u64,
    /// Its length in bytes; 0 is refused.
    pub len: u64,
}
plain_op!(Allocate, "allocate", (), |op| Some(&mut op.file));

impl Blocks for Allocate {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        space::allocate(self.file.raw, self.how, self.at, self.len)
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

/// Tells the system what is done with a range of a file. `posix_fadvise(2)`, Linux; elsewhere it fails with `ENOSYS`. Points at
/// no memory. Dropped: it may be told.
#[derive(Debug, Clone, Copy)]
pub struct Advise {
    /// The file.
    pub file: Resource,
    /// What is told.
    pub advice: Advice,
    /// Where the range begins.
    pub at: u64,
    /// Its length in bytes; 0 is the rest of the file.
    pub len: u64,
}
plain_op!(Advise, "advise", (), |op| Some(&mut op.file));

impl Blocks for Advise {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        space::advise(self.file.raw, self.advice, self.at, self.len)
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}
