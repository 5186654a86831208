//! The same small pieces of work on several async runtimes, interleaved in one run.
//!
//! **How a row is measured.** One sample is a block of operations on one peer. A round takes one sample of every peer
//! (A B C, A B C, …), so slow drifts of the machine hit all peers alike; each round gives one ratio to the reference
//! (tokio), and the table shows the median of these ratios with a 95 % order-statistic interval. The bench runs on one
//! pinned core; rows about memory and lateness take each sample in a fresh child process, and the echo rows put the
//! server in a child on a core of its own.
//!
//! **Map.** `args` the command line · `peers/` one file per runtime behind the `Peer` seam · `rows/` one file per
//! question · `run` rounds and children · `load` the load generator of the echo rows · `stats` medians and intervals ·
//! `report` Markdown and JSON · `sys` all calls into libc.
//!
//! *Architecture invariant:* a row knows no peer, and a peer knows no row; both know only `peers::Peer`.

#[cfg(not(target_os = "linux"))]
compile_error!("the bench of the peers needs Linux: affinity, /proc, epoll and io_uring");

mod args;
mod clock;
mod count;
mod load;
mod peers;
mod report;
mod rows;
mod run;
mod stats;
mod sys;

use std::process::ExitCode;

use crate::args::Command;

fn main() -> ExitCode {
    let line: Vec<String> = std::env::args().skip(1).collect();
    let command = match args::parse(&line) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("bespoke-peers: {message} (see --help)");
            return ExitCode::from(2);
        }
    };
    let done = match command {
        Command::Help => {
            print!("{}", args::help());
            Ok(())
        }
        Command::Bench(plan) => run::bench(&plan, &line),
        Command::Count(loop_) => count::count(&loop_),
        Command::Child(child) => run::child(&child),
        Command::Load(load) => load::child(&load),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("bespoke-peers: {message}");
            ExitCode::FAILURE
        }
    }
}
