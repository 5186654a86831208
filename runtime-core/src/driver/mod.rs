//! Operations: plain data that a driver submits, completes and cancels.
//!
//! | file | holds |
//! |---|---|
//! | `op` | [`Op`], [`Submit`]: what an operation is, and "this driver can do it" |
//! | `operation` | [`Operation`]: the future of one |
//! | `resource` | [`OwnedResource`]: what typed handles are made of |
//! | `inflight` | operations in flight, while the tasks that wait for them move between workers |

#[cfg(feature = "alloc")]
pub mod inflight;
mod op;
#[cfg(feature = "alloc")]
mod operation;
#[cfg(feature = "alloc")]
mod resource;

pub use crate::error::Errno;
pub use crate::util::dangling::MaybeDangling;
pub use op::{Late, Nop, Op, Submit, Timeout};
#[cfg(feature = "alloc")]
pub use operation::Operation;
#[cfg(feature = "alloc")]
pub use resource::OwnedResource;
