//! Operations: plain data that a driver submits, completes and cancels.
//!
//! | file | holds |
//! |---|---|
//! | `op` | [`Op`], [`Submit`]: what an operation is, and "this driver can do it" |
//! | `errno` | the code with which the system refuses |

mod errno;
mod op;

pub use errno::Errno;
pub use op::{Late, Nop, Op, Submit};
