//! The machinery of [bespoke](https://docs.rs/bespoke): roles, configuration, tasks, time, schedulers.
//!
//! Programs use the facade, `bespoke`; this crate is for those who write a memory strategy or a clock, and for the project's
//! own drivers.
//!
//! *Architecture Invariant:* this crate talks to no operating system but for what `std` gives it, and it depends on
//! no other crate of the project.
//!
//! *Architecture Invariant:* a module uses only modules to its left: `util, loom, error, instant, machine → sharing →
//! roles → config → topology → task → blocking → worker → time, sync, driver, io → channel, future → scheduler → choice, info,
//! check → scope → runtime → embedded`.
//!
//! Features add interfaces and never change behaviour: `alloc` brings tasks and timers, `std` threads and clocks.
#![no_std]
#![cfg_attr(
    not(feature = "alloc"),
    allow(dead_code, reason = "without `alloc` there is no runtime; what needs no heap is compiled all the same")
)]
#![cfg_attr(
    not(feature = "std"),
    allow(clippy::extra_unused_type_parameters, reason = "the kind of queue is for workers that have threads")
)]
#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
mod blocking;
#[cfg(feature = "alloc")]
pub mod channel;
pub mod check;
pub mod choice;
pub mod config;
pub mod driver;
#[cfg(feature = "alloc")]
pub mod embedded;
pub mod error;
pub mod future;
pub mod info;
pub mod instant;
pub mod io;
#[cfg(feature = "alloc")]
mod loom;
pub mod machine;
pub mod roles;
#[cfg(feature = "alloc")]
pub mod runtime;
pub mod scheduler;
#[cfg(feature = "alloc")]
pub mod scope;
pub mod sharing;
#[cfg(feature = "alloc")]
pub mod sync;
#[cfg(feature = "alloc")]
pub mod task;
#[cfg(feature = "alloc")]
pub mod time;
#[cfg(feature = "std")]
mod topology;
pub mod util;
#[cfg(feature = "alloc")]
pub mod worker;

#[cfg(all(test, feature = "std"))]
mod testing;
