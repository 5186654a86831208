//! The conformance suite on rings: as small as they may be, with options, and as older kernels would have them; and on one of
//! two drivers, per core. The step `rings` runs it: `cargo test` does not.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "the peers and the measuring stand outside of any runtime")]

#[macro_use]
#[path = "conformance/suite.rs"]
mod suite;

use bespoke::driver::{Batch, Fallback, IoUring, Kernel, Mio, RingOptions, SqPoll};
use core::time::Duration;
use suite::*;

ring!(Stingy: 1, OneOfEach { const COMPLETIONS: u32 = 2; const BUFFERS: u16 = 2; } {
    const LOCAL_QUEUE: usize = 2;
    const EVENT_INTERVAL: u32 = 1;
    const POLL_BUDGET: u32 = 1;
});
ring!(Movable: 64, Moves { const MOVABLE: bool = true; } {});
ring!(ByThread: 64, HasThread { const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1))); } {});
ring!(InBatches: 64, HasBatches { const BATCH: Option<Batch> = Some(Batch::of(4, Duration::from_micros(200))); } {});
ring!(ByMessage: 64, HasMessages { const WAKES_BY_MESSAGE: bool = true; } {});
ring!(WithoutCopies: 64, SendsInPlace { const ZERO_COPY: Option<usize> = Some(8 << 10); } {});
ring!(Of515: 64, As515 { const KERNEL: Kernel = Kernel::V5_15; } {});
ring!(Of61: 64, As61 { const KERNEL: Kernel = Kernel::V6_1; } {});
ring!(Of612: 64, As612 { const KERNEL: Kernel = Kernel::V6_12; } {});

/// The first of two drivers, and a worker for each of two cores.
struct FirstOnCores;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for FirstOnCores {
    type Scheduler = bespoke::scheduler::PerCore<2>;
    type Driver = Fallback<IoUring, Mio>;
    const WORKERS_EXACT: bool = true;
}

suite!(fallback_per_core: crate::FirstOnCores);
suite!(uring_stingy: crate::Stingy);
suite!(uring_movable: crate::Movable);
suite!(uring_by_thread: crate::ByThread);
suite!(uring_in_batches: crate::InBatches);
suite!(uring_by_message: crate::ByMessage);
suite!(uring_without_copies: crate::WithoutCopies);
suite!(uring_5_15: crate::Of515);
suite!(uring_6_1: crate::Of61);
suite!(uring_6_12: crate::Of612);
suite_of_descriptors!(uring_stingy_descriptors: crate::Stingy);
suite_of_descriptors!(uring_by_thread_descriptors: crate::ByThread);
suite_of_descriptors!(uring_5_15_descriptors: crate::Of515);
suite_of_pipes!(uring_stingy_pipes: crate::Stingy);
suite_of_pipes!(uring_by_thread_pipes: crate::ByThread);
suite_of_pipes!(uring_5_15_pipes: crate::Of515);
