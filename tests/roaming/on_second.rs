//! On the second of two, of which the machine does not have the first: readiness for each worker.

use bespoke::driver::{Fallback, IoUring, Kernel, Mio, RingOptions};

pub(crate) struct Nowhere;

impl RingOptions for Nowhere {
    const KERNEL: Kernel = Kernel::Without;
}

pub(crate) type Driver = Fallback<IoUring<8, Nowhere>, Mio>;

#[path = "suite.rs"]
mod suite;
