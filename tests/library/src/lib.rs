//! A library as users write it: it is generic over the config, spawns, sleeps and serves, and names no runtime.
//!
//! | module | needs |
//! |---|---|
//! | [`pace`] | the core with `alloc`: compiles for machines without an operating system |
//! | [`serve`] | sockets: the feature `net` |
#![no_std]

extern crate alloc;

pub mod pace;
#[cfg(feature = "net")]
pub mod serve;
