//! What the machine allows without a runtime: each floor does the work of a row with the least that does it.
//!
//! | file | floors |
//! |---|---|
//! | `executor` | `floor-executor`: futures on one thread without any atomic instruction, timers or I/O |
//! | `memory` | `floor-malloc`, `floor-mimalloc`, `floor-jemalloc`: the allocation of a small task |
//! | `switch` | `floor-coroutine`: a switch of stacks, by corosensei |
//! | `epoll` | `floor-epoll`: an echo server on epoll |
//! | `uring` | `floor-uring`: the same on io_uring, an operation at a time; and how fast a ring takes operations |
//! | `direct` | `floor-uring`, `floor-uring-fixed`: reads past the page cache on a ring, into registered memory and other |
//! | `multishot` | `floor-uring-multi`: the same with multishot receives into provided buffers |
//! | `wakes` | `floor-futex`, `floor-eventfd`, `floor-spin`: two threads on two cores |
//! | `threads` | `floor-threads`: two threads without tasks, in the rows about two workers |
//! | `disk` | `floor-pread`: a read of a cached file |
//! | `nap` | `floor-nap`: a thread that sleeps until deadlines |
//! | `child` | `floor-process`: a child and its end |
//!
//! A floor is no goal: it has no tasks to keep apart, nothing to cancel, and one answer to every error, which is to stop.

mod child;
mod direct;
mod disk;
mod epoll;
mod executor;
mod memory;
mod multishot;
mod nap;
mod switch;
mod threads;
mod uring;
mod wakes;

use std::process::ExitCode;

use harness::{Runner, Variant};

fn main() -> ExitCode {
    fn floor(name: &'static str, package: &'static str, start: fn() -> Result<Box<dyn Runner>, String>) -> Variant {
        Variant { name, package, notes: &[], start }
    }
    harness::agent::main(&[
        floor("floor-executor", "peers-floors", executor::start),
        floor("floor-malloc", "libc", memory::start::<memory::Malloc>),
        floor("floor-mimalloc", "mimalloc", memory::start::<memory::Mimalloc>),
        floor("floor-jemalloc", "tikv-jemallocator", memory::start::<memory::Jemalloc>),
        floor("floor-coroutine", "corosensei", switch::start),
        floor("floor-epoll", "libc", epoll::start),
        floor("floor-uring", "io-uring", uring::start),
        floor("floor-uring-fixed", "io-uring", direct::start_fixed),
        floor("floor-uring-multi", "io-uring", multishot::start),
        floor("floor-futex", "libc", wakes::start::<wakes::Futex>),
        floor("floor-eventfd", "libc", wakes::start::<wakes::EventFd>),
        floor("floor-spin", "libc", wakes::start::<wakes::Spin>),
        floor("floor-threads", "peers-floors", threads::start),
        floor("floor-pread", "libc", disk::start),
        floor("floor-nap", "libc", nap::start),
        floor("floor-process", "libc", child::start),
    ])
}
