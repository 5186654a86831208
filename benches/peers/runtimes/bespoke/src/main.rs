//! bespoke on one thread, under several configs; those of the last four variants are on a ring.
//!
//! | variant | config |
//! |---|---|
//! | `bespoke` | `preset::Default`: pooled task memory, timers that may be 125 us late |
//! | `bespoke-prompt` | the same with timers on the point |
//! | `bespoke-lowlat` | `preset::LowLatency`: timers on the point, looks at its sockets after every 16 polls |
//! | `bespoke-cli` | `preset::Cli`: tasks from the system's allocator |
//! | `bespoke-uring` | `preset::Default` with the driver `IoUring`: sockets and files are entries of a ring |
//! | `bespoke-lease`, `bespoke-uring-lease` | as `bespoke` and `bespoke-uring`; the echo reads in the driver's buffers and writes those back |
//! | `bespoke-fallback` | `bespoke-uring` where the ring is the first choice of `Fallback`, beside `Mio`: what the choice costs |
//! | `bespoke-uring-fixed` | `bespoke-uring` with its buffers registered: rows of files past the page cache alone |
//!
//! `server` has two more, of which only the rows of TCP are asked. `workers` has two more, of two threads each. The fifth preset,
//! `Blocking`, gives each task a thread and asks for futures that are `Send`; the rows are not.

mod direct;
mod leases;
mod server;
mod variant;
mod workers;

use std::process::ExitCode;

use bespoke::driver::{Fallback, IoUring, Mio};
use bespoke::{Config, preset};
use harness::{Runner, Variant};

variant::variant! {
    /// The default preset, under a name of our own, so that `spawn` admits futures that are not `Send`.
    ByDefault, by_default, default_peer, base = preset::Default, {}
}
variant::variant! {
    /// Timers that fire as soon as they are due: lateness against CPU per sleep.
    Prompt, prompt, prompt_peer, base = preset::Default, { const TIMER_SLACK: core::time::Duration = core::time::Duration::ZERO; }
}
variant::variant! {
    /// The preset for answers within microseconds.
    LowLatency, low_latency, low_latency_peer, base = preset::LowLatency, {}
}
variant::variant! {
    /// The preset for tools of the command line.
    Cli, cli, cli_peer, base = preset::Cli, {}
}
variant::variant! {
    /// The default preset on a ring.
    OnRing, on_ring, ring_peer, base = preset::Default, { type Driver = IoUring; }
}
variant::variant! {
    /// The default preset on a ring where the machine allows one, else on epoll. Here it allows one: `bespoke-uring` fails
    /// elsewhere.
    OnEither, on_either, either_peer, base = preset::Default, { type Driver = Fallback<IoUring, Mio>; }
}

fn main() -> ExitCode {
    fn variant(name: &'static str, start: fn() -> Result<Box<dyn Runner>, String>) -> Variant {
        Variant { name, package: "bespoke", notes: &[], start }
    }
    harness::agent::main(&[
        variant("bespoke", default_peer::start),
        variant("bespoke-prompt", prompt_peer::start),
        variant("bespoke-lowlat", low_latency_peer::start),
        variant("bespoke-cli", cli_peer::start),
        variant("bespoke-uring", ring_peer::start),
        Variant { notes: leases::NOTES, ..variant("bespoke-lease", leases::start::<ByDefault>) },
        Variant { notes: leases::NOTES, ..variant("bespoke-uring-lease", leases::start::<OnRing>) },
        variant("bespoke-uring-fixed", direct::start_fixed),
        variant("bespoke-fallback", either_peer::start),
        Variant { notes: workers::PER_CORE_NOTES, ..variant("bespoke-percore2", workers::PerCore2::start) },
        variant("bespoke-server", server::on_epoll::start),
        variant("bespoke-server-uring", server::on_ring::start),
        variant("bespoke-steal2", workers::Steal2::start),
        variant("bespoke-deque2", workers::Deque2::start),
        Variant { notes: workers::LATE_NOTES, ..variant("bespoke-late2", workers::Late2::start) },
    ])
}
