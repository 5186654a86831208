//! The slot protocol: unit tests for both sharings, threads under load, loom models.

#[cfg(loom)]
mod loom;
