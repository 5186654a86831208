//! On the first of two, of which the machine has both: a ring for each worker.

pub(crate) type Driver = bespoke::driver::Fallback<bespoke::driver::IoUring<8>, bespoke::driver::Mio>;

#[path = "suite.rs"]
mod suite;
