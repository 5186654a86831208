//! How much memory does a started runtime take before it has anything to do?
//!
//! Measured: growth of the anonymous memory of the process per runtime, over 16 of them that were started on one thread beside
//! the first, each having run one ready task, all alive. So what a process has once (a reactor, tables of the C library) falls
//! out, and code and files do not count. Not measured: kernel memory behind rings and epoll instances, threads that start with
//! the first need, stacks of threads that were not used.
//! Sketch: queues and slabs of 256 entries are 4 to 30 KiB; glommio registers 10 MiB by default, which counts once it is touched.

use crate::{Refusal, Sampled, Tasks, sys};

/// Runtimes beside the first.
const COUNT: usize = 16;

/// KiB per started runtime.
pub(super) fn kib<P: Tasks>() -> Sampled {
    let start = || -> Result<P, Refusal> {
        let mut peer = P::start().map_err(Refusal::Failed)?;
        peer.run(core::future::ready(()));
        Ok(peer)
    };
    let first = start()?;
    let before = sys::anonymous_bytes()?;
    let others = (0..COUNT).map(|_| start()).collect::<Result<Vec<P>, Refusal>>()?;
    let grown = sys::anonymous_bytes()?.saturating_sub(before);
    // They are not dropped: the process ends after this sample, and a runtime's end is another question.
    core::mem::forget((first, others));
    Ok(vec![grown as f64 / COUNT as f64 / 1024.0])
}
