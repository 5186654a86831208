//! Tests of tasks as a whole.

#[cfg(not(loom))]
mod ends;
#[cfg(loom)]
mod loom;
#[cfg(not(loom))]
mod panics;
#[cfg(not(loom))]
mod stress;
