//! What the tests of processes are made of.

use bespoke::Runtime;
use bespoke::prelude::*;
use core::time::Duration;
use std::process::Stdio;
use std::time::Instant;

pub(crate) use bespoke::rt::Command;

/// Long enough for a loaded machine, short enough for a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the tests ask of a config.
pub(crate) trait Tested: Config<Driver: Process + Fs, Threads: StartsThreads> {}
impl<C: Config<Driver: Process + Fs, Threads: StartsThreads>> Tested for C {}

pub(crate) fn run<C: Tested, F: Future>(future: F) -> F::Output {
    Runtime::<C>::new().unwrap().block_on(future)
}

/// A line of shell.
pub(crate) fn sh<C: Tested>(line: &str) -> Command<C> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).stdin(Stdio::null());
    command
}

/// Looks until it holds.
pub(crate) fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "still not so: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Is there such a process, alive or a zombie?
pub(crate) fn exists(pid: u32) -> bool {
    // SAFETY: takes integers only; signal 0 is none.
    unsafe { libc::kill(pid.try_into().unwrap(), 0) == 0 }
}

/// Runs the test `name` of the driver of `C` alone, in a process of its own: for tests that count what the process has. The
/// parent gets `false` when the child has passed; the child gets `true` and does the work.
pub(crate) fn in_a_process_of_its_own<C: Tested>(name: &str) -> bool {
    crate::again::is_child(&format!("{}::{name}", <C::Driver as bespoke::driver::Driver>::NAME))
}
