//! How one resource stands in the poll: an `Entry`, with the same methods on every system.
//!
//! | system | in the poll | an event is |
//! |---|---|---|
//! | Unix | for both directions, from `enlist` to the end | an edge: the source has changed |
//! | Windows | for what is waited for, by `arm`, until the next event | a level: the source is ready, and is asked anew |

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(in crate::mio) use self::unix::Entry;
#[cfg(windows)]
pub(in crate::mio) use self::windows::Entry;
