//! On both of two: workers with an even number have a ring, the others readiness, and each uses what the others watch.

use bespoke::driver::{Fallback, IoUring, Kernel, Mio, RingOptions};

pub(crate) struct Somewhere;

impl RingOptions for Somewhere {
    const KERNEL: Kernel = Kernel::OfEvenWorkers;
}

pub(crate) type Driver = Fallback<IoUring<8, Somewhere>, Mio>;

#[path = "choices.rs"]
mod choices;
#[path = "suite.rs"]
mod suite;
