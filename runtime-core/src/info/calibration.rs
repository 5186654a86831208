//! Measured coefficients of the [model](super::model). Written by `cargo bench --bench calibrate -- --write`; not by hand.

/// The machine.
pub(super) const MACHINE: &str = "AMD EPYC";
/// The commit that was measured.
pub(super) const COMMIT: &str = "9b29d459c49a";
/// Picoseconds to spawn and join a task, by memory strategy.
pub(super) const SPAWN_JOIN_PS: &[(&str, u64)] = &[("pooled", 12696), ("system", 16658)];
/// Picoseconds from a wake to the poll of the woken task.
pub(super) const WAKE_PS: u64 = 5481;
/// Picoseconds of a look at inbox, timers and driver.
pub(super) const LOOK_PS: u64 = 50952;
/// Picoseconds to start and join a thread.
pub(super) const THREAD_PS: u64 = 7308000;
