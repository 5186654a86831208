//! What the machine looks like, as its files tell.

#[cfg(feature = "std")]
mod list;
#[cfg(feature = "std")]
mod sysfs;

#[cfg(feature = "std")]
pub use sysfs::{Source, Survey, Sysfs, Trouble};
