//! Tasks that belong together.
//!
//! | file | holds |
//! |---|---|
//! | `join_set` | [`JoinSet`]: tasks that are awaited in the order in which they complete |
//! | `done` | how a task says that it is over: what a set and its tasks share |
//!
//! How a set spawns is in `runtime`, which knows where a task goes.

mod done;
mod join_set;

pub(crate) use done::Member;
pub use join_set::JoinSet;

#[cfg(all(test, feature = "std"))]
mod tests;
