//! The slot protocol: unit tests for both sharings, threads under load, loom models.

#[cfg(all(loom, not(shuttle)))]
mod loom;
#[cfg(all(not(loom), feature = "std"))]
mod stress;
#[cfg(all(not(loom), feature = "std"))]
mod unit;
