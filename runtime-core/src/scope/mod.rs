//! Tasks that belong together.
//!
//! | file | holds |
//! |---|---|
//! | `join_set` | [`JoinSet`]: tasks that are awaited in the order in which they complete |
//! | `done` | how a task says that it is over: what a set and its tasks share |
//! | `line` | the queues of a set: of its tasks, and of its blocking jobs |
//!
//! How a set spawns is in `runtime`, which knows where a task goes.

mod done;
mod join_set;
mod line;

pub(crate) use done::Member;
#[cfg(feature = "std")]
pub(crate) use done::Noted;
pub use join_set::JoinSet;

#[cfg(all(test, feature = "std"))]
mod tests;
