//! The machinery of [bespoke](https://docs.rs/bespoke): roles, configuration, tasks, time, schedulers.
//!
//! *Architecture Invariant:* this crate talks to no operating system but for what `std` gives it, and it depends on
//! no other crate of the project.
#![no_std]
#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod driver;
