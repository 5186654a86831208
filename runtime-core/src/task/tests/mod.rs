//! Tests of tasks as a whole.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![allow(clippy::async_yields_async, reason = "handles and sleeps are made inside the runtime, and awaited elsewhere")]

#[cfg(not(loom))]
mod ends;
#[cfg(all(loom, not(shuttle)))]
mod loom;
#[cfg(not(loom))]
mod memory;
#[cfg(not(loom))]
mod panics;
#[cfg(not(loom))]
mod storms;
#[cfg(not(loom))]
mod stress;
#[cfg(not(loom))]
mod traces;
