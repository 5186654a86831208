//! Measured coefficients of the [model](super::model). Written by `cargo bench --bench calibrate -- --write`; not by hand.

/// The machine.
pub(super) const MACHINE: &str = "not measured yet";
/// The commit that was measured.
pub(super) const COMMIT: &str = "none";
/// Picoseconds to spawn and join a task, by memory strategy.
pub(super) const SPAWN_JOIN_PS: &[(&str, u64)] = &[("pooled", 20_000), ("system", 40_000)];
/// Picoseconds from a wake to the poll of the woken task.
pub(super) const WAKE_PS: u64 = 11_000;
/// Picoseconds of a look at inbox, timers and driver.
pub(super) const LOOK_PS: u64 = 250_000;
/// Picoseconds to start and join a thread.
pub(super) const THREAD_PS: u64 = 20_000_000;
