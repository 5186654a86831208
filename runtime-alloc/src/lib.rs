//! The memory strategies of [bespoke](https://docs.rs/bespoke): where tasks, queues and buffers come from, and what the
//! machine looks like.
//!
//! | strategy | own blocks | foreign blocks | bound |
//! |---|---|---|---|
//! | [`System`] | the global allocator | the global allocator | none |
//! | [`Pooled`] | free lists of the worker | the global allocator | none |
//! | [`Fixed`] | the bytes inside the live value | the same bytes | `BYTES` |
//!
//! Besides, what a program takes itself: a [`BufferPool`], buffers for I/O out of one block.
//!
//! *Architecture Invariant:* nothing here talks to an operating system but for the files that [`Sysfs`] reads through `std`, and
//! the one call that pins a thread, in `topology/sys.rs`. Beside `bespoke-core` the crate depends on `libc`, on Linux.
//!
//! Features add interfaces and never change behaviour: `alloc` brings [`System`], [`Pooled`] and [`BufferPool`], `std` [`Sysfs`].
#![no_std]
#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", loom, test))]
extern crate std;

mod bitmap;
#[cfg(feature = "alloc")]
mod buffers;
mod fixed;
mod loom;
#[cfg(feature = "alloc")]
mod pooled;
#[cfg(feature = "alloc")]
mod system;
mod topology;

#[cfg(feature = "alloc")]
pub use buffers::{BufferPool, NoBuffer, PoolBuffer};
#[cfg(not(loom))]
pub use fixed::{Fixed, FixedPool};
#[cfg(feature = "alloc")]
pub use pooled::{Pool, Pooled};
#[cfg(feature = "alloc")]
pub use system::System;
#[cfg(feature = "std")]
pub use topology::{Source, Survey, Sysfs, Trouble};
