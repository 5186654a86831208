//! The same small pieces of work on several async runtimes, interleaved in one run.
//!
//! **How a row is measured.** One sample is a block of operations on one runtime. A round takes one sample of every runtime, forth
//! and back (A B C C B A), so slow drifts of the machine hit all alike; each round gives one ratio to each reference, and the
//! table shows the median of these ratios with a 95 % order-statistic interval. Each runtime is a process of its own, built
//! by itself, pinned to one core; rows about memory and lateness take each sample in a fresh process, and the servers of the echo
//! rows have a core of their own. Rows about two workers have both cores.
//!
//! | file | holds |
//! |---|---|
//! | `args` | the command line |
//! | `field` | which binaries there are, and what they offer |
//! | `build` | cargo, once per binary |
//! | `agent`, `server` | the two kinds of process that are asked for figures |
//! | `load`, `socket` | the load of the echo rows |
//! | `run` | rounds |
//! | `echo` | a sample from outside: echo rows, idle connections, system calls |
//! | `table`, `compare`, `machine`, `jsonl`, `plot` | what comes out |
//! | `sittings`, `json` | a run in several sittings: what was written before, read and joined |
//! | `guard` | whether a slowed build is noticed |
//! | `count` | instructions, by the processor or under callgrind |
//! | `hello` | bytes, crates and first builds |
//!
//! *Architecture invariant:* the driver links no runtime.

mod agent;
mod args;
mod build;
mod compare;
mod count;
mod echo;
mod field;
mod guard;
mod hello;
mod json;
mod jsonl;
mod load;
mod machine;
mod plot;
mod run;
mod server;
mod sittings;
mod socket;
mod table;

use std::process::ExitCode;

use crate::args::Command;

fn main() -> ExitCode {
    let line: Vec<String> = std::env::args().skip(1).collect();
    let command = match args::parse(&line) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("peers: {message} (see --help)");
            return ExitCode::from(2);
        }
    };
    let done = match command {
        Command::Help => {
            print!("{}", args::help());
            Ok(())
        }
        Command::Bench(plan) => run::bench(&plan, &line),
        Command::Planted(plan) => guard::guard(&plan),
        Command::Count(plan) => count::count(&plan),
        Command::Hello => hello::hello(),
        Command::Join(joined) => run::join(&joined),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("peers: {message}");
            ExitCode::FAILURE
        }
    }
}
