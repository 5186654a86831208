//! What is told to `tracing`, with the feature of that name.
//!
//! Without the feature every type here is of size 0 or an alias, and every function an empty one that is inlined: the same
//! instructions as if they were not called.
//!
//! | file | holds |
//! |---|---|
//! | `on` | spans of tasks, of blocking jobs, of the future of `block_on`; their events, and the driver's |
//! | `off` | the same names, for nothing |

#[cfg(not(feature = "tracing"))]
mod off;
#[cfg(feature = "tracing")]
mod on;

#[cfg(not(feature = "tracing"))]
#[cfg(all(not(feature = "tracing"), feature = "std"))]
pub(in crate::runtime) use off::job;
#[cfg(not(feature = "tracing"))]
pub(in crate::runtime) use off::{At, Traced, root, started, unwrap, wrap};
#[cfg(feature = "tracing")]
#[cfg(all(feature = "tracing", feature = "std"))]
pub(in crate::runtime) use on::job;
#[cfg(feature = "tracing")]
pub(in crate::runtime) use on::{At, Traced, root, started, unwrap, wrap};
