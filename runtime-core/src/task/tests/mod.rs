//! Tests of tasks as a whole.

#[cfg(loom)]
mod loom;
