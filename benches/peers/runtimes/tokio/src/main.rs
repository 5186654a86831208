//! tokio: mio's epoll driver and its own blocking pool, under two schedulers; and flume's channel between its tasks.
//!
//! `tokio` is the current_thread scheduler as a `LocalRuntime`, which accepts futures that are not `Send` without a `LocalSet` in
//! between, so it is tokio at its best on one thread. `tokio-multi` is the multi_thread scheduler with one worker, so that it
//! does the same work on the same core as everybody. `tokio-flume` is the first with another channel. `tokio-mt2` is the
//! multi_thread scheduler with two workers, in the rows about those.

mod local;
mod multi;
mod parts;
mod two;

use std::process::ExitCode;

use harness::Variant;

fn main() -> ExitCode {
    harness::agent::main(&[
        Variant { name: "tokio", package: "tokio", notes: &[], start: local::start },
        Variant { name: "tokio-multi", package: "tokio", notes: multi::NOTES, start: multi::start },
        Variant { name: "tokio-flume", package: "flume", notes: &[], start: local::start_flume },
        Variant { name: "tokio-mt2", package: "tokio", notes: &[], start: two::start },
    ])
}
