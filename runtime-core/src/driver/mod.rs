//! Operations: plain data that a driver submits, completes and cancels.
//!
//! | file | holds |
//! |---|---|
//! | `op` | [`Op`], [`Submit`]: what an operation is, and "this driver can do it" |
//! | `errno` | the code with which the system refuses |
//! | [`inflight`] | operations in flight, while the tasks that wait for them move between workers |

mod errno;
#[cfg(feature = "alloc")]
pub mod inflight;
mod op;

pub use errno::Errno;
pub use op::{Late, Nop, Op, Submit};
