//! One loop of one peer, for an instruction counter outside (`valgrind --tool=callgrind`, `perf stat`).
//!
//! Counting is told to begin at [`count_loop`], so start-up is not in the figure; what a row sets up inside its sample
//! (a million timers) is, and falls out of the difference of two runs with different `--ops`. For an echo row this
//! process is the server, and the load generator is a child that the counter does not follow.

use std::process::Command;

use crate::args::Loop;
use crate::rows::Work;

/// Runs the loop.
///
/// # Errors
/// When the peer does not start, or the row fails.
pub(crate) fn count(what: &Loop) -> Result<(), String> {
    let mut runner = (what.peer.start)()?;
    let (work, ops) = (what.row.work, what.ops);
    let mut result = Ok(());
    let Work::Echo(connections) = work else {
        count_loop(&mut || result = runner.sample(work, ops).map(drop));
        return result;
    };
    let ready = move |port| {
        let spawned = std::thread::Builder::new().spawn(move || {
            std::process::exit(match generate(port, connections, ops) {
                Ok(()) => 0,
                Err(message) => {
                    eprintln!("bespoke-peers: {message}");
                    1
                }
            })
        });
        if let Err(error) = spawned {
            eprintln!("bespoke-peers: cannot start a thread: {error}");
            std::process::exit(1);
        }
    };
    let mut ready = Some(Box::new(ready));
    count_loop(&mut || {
        if let Some(ready) = ready.take() {
            result = runner.serve(ready).map_err(|error| format!("echo: {error}"));
        }
    });
    result
}

/// The function that a counter is told to watch; its name is part of the documented command.
#[inline(never)]
fn count_loop(body: &mut dyn FnMut()) {
    body();
    core::hint::black_box(());
}

/// Runs the load generator in a child and waits for it.
fn generate(port: u16, connections: usize, requests: u64) -> Result<(), String> {
    let exe = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let status = Command::new(exe)
        .args(["--load", &port.to_string(), &connections.to_string(), &requests.to_string()])
        .status()
        .map_err(|error| format!("cannot start the load generator: {error}"))?;
    if status.success() { Ok(()) } else { Err("the load generator failed".into()) }
}
