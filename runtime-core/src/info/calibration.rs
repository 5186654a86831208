//! Measured coefficients of the [model](super::model). Written by `cargo bench --bench calibrate -- --write`; not by hand.

/// The machine.
pub(super) const MACHINE: &str = "Intel(R) Xeon(R) Processor";
/// The commit that was measured.
pub(super) const COMMIT: &str = "fc435bb383cb";
/// Picoseconds to spawn and join a task, by who may run it and by memory strategy.
pub(super) const SPAWN_JOIN_PS: &[(&str, &str, u64)] = &[
    ("local", "pooled", 21530),
    ("local", "system", 33517),
    ("shared", "pooled", 195746),
    ("shared", "system", 200219),
    ("moving", "pooled", 197586),
    ("moving", "system", 228672),
];
/// Picoseconds from a wake to the poll of the woken task, by who may run it.
pub(super) const WAKE_PS: &[(&str, u64)] = &[("local", 14889), ("shared", 63591), ("moving", 85594)];
/// Picoseconds of a look at inbox, timers and driver.
pub(super) const LOOK_PS: u64 = 124930;
/// Picoseconds to start and join a thread.
pub(super) const THREAD_PS: u64 = 15645450;
