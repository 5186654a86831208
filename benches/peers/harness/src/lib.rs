//! What the binaries of the peers share.
//!
//! A runtime's binary implements [`Peer`] and [`Runner`] and calls [`agent::main`]; the driver starts it once per variant and asks
//! for samples, one line each, so that the samples of all runtimes interleave.
//!
//! | file | holds |
//! |---|---|
//! | `peer` | the seam that a runtime fills: `Peer`, and one small trait per part that not all have |
//! | `rows/` | the rows, one file per question |
//! | `runner` | a started runtime as the driver sees it; what it refuses |
//! | `agent` | the command line of a peer's binary |
//! | `server` | the echo server's side of its pipe |
//! | `count` | one loop, for a counter of instructions |
//! | `instructions` | the processor's counter of them |
//! | `plant` | the slowness that the guard must notice |
//! | `stats`, `clock`, `sys`, `epoll` | medians; the one clock; the calls into libc |
//!
//! *Architecture invariant:* a row knows no runtime, and a runtime knows no row.

#[cfg(not(target_os = "linux"))]
compile_error!("the bench of the peers needs Linux: affinity, /proc, epoll and io_uring");

pub mod agent;
pub mod clock;
mod count;
pub mod epoll;
mod instructions;
pub mod peer;
mod plant;
pub mod rows;
mod runner;
mod server;
pub mod stats;
pub mod sys;

pub use instructions::Retired;
pub use peer::{
    Direct, Files, Mpsc, Nops, Notify, O_DIRECT, Oneshot, PAGE, Page, Peer, Processes, Service, Tasks, Transport,
    WORKERS, Workers, future_size, open_direct, whole,
};
pub use plant::{planted, planted_call};
pub use rows::{OnWorkers, Row, Work};
pub use runner::{Refusal, Runner, Sampled, Variant};
