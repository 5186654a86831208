//! Measured coefficients of the [model](super::model). Written by `cargo bench --bench calibrate -- --write`; not by hand.

/// The machine.
pub(super) const MACHINE: &str = "Intel(R) Xeon(R) Processor";
/// The commit that was measured.
pub(super) const COMMIT: &str = "8712fe15002e";
/// Picoseconds to spawn and join a task, by who may run it and by memory strategy.
pub(super) const SPAWN_JOIN_PS: &[(&str, &str, u64)] = &[
    ("local", "pooled", 30335),
    ("local", "system", 46117),
    ("shared", "pooled", 180241),
    ("shared", "system", 163992),
    ("moving", "pooled", 192874),
    ("moving", "system", 186884),
];
/// Picoseconds from a wake to the poll of the woken task, by who may run it.
pub(super) const WAKE_PS: &[(&str, u64)] = &[("local", 18625), ("shared", 62338), ("moving", 78098)];
/// Picoseconds of a look at inbox, timers and driver.
pub(super) const LOOK_PS: u64 = 122054;
/// Picoseconds to start and join a thread.
pub(super) const THREAD_PS: u64 = 20862650;
