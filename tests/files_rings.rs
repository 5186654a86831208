//! The suite of files on rings: as small as they may be, with options, and as older kernels would have them. The step `rings`
//! runs it: `cargo test` does not.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "the measuring stands outside of any runtime")]

#[macro_use]
#[path = "files/suite.rs"]
mod suite;

use bespoke::driver::{Batch, IoUring, Kernel, RingOptions, SqPoll};
use core::time::Duration;
use suite::*;

struct OneOfEach;
impl RingOptions for OneOfEach {
    const COMPLETIONS: u32 = 2;
    const BUFFERS: u16 = 2;
}

struct HasThread;
impl RingOptions for HasThread {
    const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1)));
}

struct HasBatches;
impl RingOptions for HasBatches {
    const BATCH: Option<Batch> = Some(Batch::of(4, Duration::from_micros(200)));
}

struct As515;
impl RingOptions for As515 {
    const KERNEL: Kernel = Kernel::V5_15;
}

struct As61;
impl RingOptions for As61 {
    const KERNEL: Kernel = Kernel::V6_1;
}

struct As612;
impl RingOptions for As612 {
    const KERNEL: Kernel = Kernel::V6_12;
}

ring!(Stingy: 1, OneOfEach {
    const LOCAL_QUEUE: usize = 2;
    const EVENT_INTERVAL: u32 = 1;
    const POLL_BUDGET: u32 = 1;
    const BLOCKING_THREADS_MAX: usize = 1;
});
ring!(ByThread: 64, HasThread {});
ring!(InBatches: 64, HasBatches {});
ring!(Of515: 64, As515 {});
ring!(Of61: 64, As61 {});
ring!(Of612: 64, As612 {});

suite!(uring_stingy: crate::Stingy);
suite!(uring_by_thread: crate::ByThread);
suite_on_rings!(uring_by_thread_alone: crate::ByThread);
suite!(uring_in_batches: crate::InBatches);
suite!(uring_5_15: crate::Of515);
suite_on_rings!(uring_5_15_alone: crate::Of515);
suite!(uring_6_1: crate::Of61);
suite!(uring_6_12: crate::Of612);
