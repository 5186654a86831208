//! Random functions through `#[async_fn]` and through rustc's own `async fn`, and every trace of them compared.

pub mod batch;
pub mod bench;
pub mod check;
pub mod grammar;
pub mod harness;
pub mod instructions;
pub mod miri;
pub mod planted;
pub mod random;
pub mod reduce;
pub mod refused;
pub mod rows;
pub mod session;
pub mod toolchain;
pub mod traps;
pub mod tree;

/// What expansions of `#[async_fn(crate = bespoke_test_generated)]` are made of.
#[doc(hidden)]
pub mod __private {
    pub use bespoke_core::future::machines;
    pub use bespoke_core::machine;
}
