//! The slot protocol: unit tests for both sharings, threads under load, loom models.

#[cfg(loom)]
mod loom;
#[cfg(all(not(loom), feature = "std"))]
mod stress;
#[cfg(all(not(loom), feature = "std"))]
mod unit;
