//! What the machine looks like, as its files tell, and on which of its processors a thread runs.

#[cfg(feature = "std")]
mod list;
#[cfg(all(feature = "std", any(target_os = "linux", target_os = "android")))]
mod sys;
#[cfg(feature = "std")]
mod sysfs;

#[cfg(feature = "std")]
pub use sysfs::{Source, Survey, Sysfs, Trouble};
