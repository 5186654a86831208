//! A test that starts itself again, in a process of its own: for what a process has one of, or few.

use std::process::{Command, ExitStatus};

const MARK: &str = "BESPOKE_TEST_AGAIN";

/// Is this the process in which the test `name` was started again?
pub(crate) fn is_here(name: &str) -> bool {
    std::env::var_os(MARK).is_some_and(|test| test == *name)
}

/// This program, to run the test `name` and no other.
pub(crate) fn start(name: &str) -> Command {
    let mut again = Command::new(std::env::current_exe().expect("this program has a path"));
    again.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(MARK, name);
    again
}

/// It has run, and passed; `said` is what it printed.
#[track_caller]
pub(crate) fn has_passed(status: ExitStatus, said: &str) {
    assert!(status.success(), "{status}: {said}");
    // A misspelt name would run nothing and succeed.
    assert!(said.contains("1 passed"), "{said}");
}

/// Runs the test `name` again, to its end. `true`: this is the process that does the work.
#[track_caller]
pub(crate) fn is_child(name: &str) -> bool {
    if is_here(name) {
        return true;
    }
    let output = start(name).output().expect("this program starts");
    let said = [output.stdout, output.stderr].concat();
    has_passed(output.status, &String::from_utf8_lossy(&said));
    false
}
