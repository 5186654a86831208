//! What the expansions of the macros may name. Not part of the interface.

pub use bespoke_core::check;
pub use bespoke_core::config::{Sealed, SharingOf};
pub use bespoke_core::runtime::{Admits, Ambient, spawn_unchecked};
pub use bespoke_core::task::JoinHandle;
pub use core;

/// Starts a runtime of `C`, runs `future` on it, closes it.
///
/// # Panics
/// If the runtime cannot start, with the system's reason.
#[track_caller]
pub fn run<C: crate::Config, F: Future>(future: F) -> F::Output {
    match crate::Runtime::<C>::new() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("the runtime `{}` cannot start: {error}", C::NAME),
    }
}
