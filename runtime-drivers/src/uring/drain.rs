//! The end of a driver: everything is cancelled and reaped, for so long; what is left then is given up, never freed.

use super::source::{Arm, FileSource, Life, Source};
use super::{Kernel, State, Uring, kind, named};
use crate::sys::ring as calls;
use crate::sys::{fd, socket};
use bespoke_core::roles::{Drained, Kind, Nanos, Park, RawResource};
use bespoke_core::sharing::Sharing;
use core::mem;
use core::time::Duration;
use io_uring::{opcode, types};
use std::time::Instant;
use std::vec::Vec;

impl<S: Sharing> Uring<S> {
    /// One entry ends all that waits: the kernel looks for what a cancel names among all that it has, so that thousands of
    /// streams, each with cancels of its own, would take a time that grows with their square.
    pub(super) fn closes(&self) {
        self.with(|state| {
            let here = state.ring.thread() == calls::thread() || !state.ring.flags().single_issuer;
            if !here || !state.cancel_all || state.in_kernel == 0 || state.ring.is_copy() {
                return;
            }
            state.push_cancel_of_all();
            state.all_cancelled = true;
            state.sources.iter_mut().flat_map(Source::arms).for_each(Arm::is_cancelled);
        });
    }

    /// Cancels all and reaps it.
    pub(super) fn drain(&self, by: Nanos) -> Drained {
        let (before, here, by_thread) = self.with(|state| {
            state.draining = true;
            let flags = state.ring.flags();
            (state.in_kernel, state.ring.thread() == calls::thread() || !flags.single_issuer, flags.sq_poll)
        });
        // A call of ours cancels, and takes what ends by that: without such a call it takes a moment.
        let least = if by_thread { THREAD_CANCELS } else { Duration::ZERO };
        let end = Duration::from_nanos(by.0).max(least);
        let start = now();
        // One turn at least: what is ready already costs no time.
        while here && self.with(|state| state.in_kernel) > 0 {
            let by_kind = self.cancel_everything();
            let left = end.saturating_sub(now().saturating_duration_since(start));
            // Each turn cancels anew: what was cancelled while it ran elsewhere in the kernel is found by a later one.
            let wait = left.min(Duration::from_millis(1));
            let parked =
                self.park(if wait.is_zero() { Park::Poll } else { Park::Until(Nanos(wait.as_nanos() as u64)) });
            // A kernel that said in this turn that it cannot cancel by kind has cancelled nothing yet.
            let asked = by_kind == self.with(|state| state.cancel_all);
            if parked.is_err() || left.is_zero() && asked {
                break;
            }
        }
        let left = self.with(|state| state.in_kernel);
        if left > 0 {
            self.give_up();
        }
        Drained { cancelled: before.saturating_sub(left) as usize, leaked: left as usize }
    }

    /// Asks the kernel to end all that it has. By one entry, by kind?
    fn cancel_everything(&self) -> bool {
        let by_kind = self.with(|state| {
            if state.cancel_all {
                state.push_cancel_of_all();
            }
            state.cancel_all
        });
        if by_kind {
            return true;
        }
        let mut token = None;
        while let Some(next) = self.with_table(|table| table.next_incomplete(token)) {
            self.cancel(next.bits());
            token = Some(next);
        }
        self.with(|state| {
            for source in 0..state.sources.len() as u32 {
                state.cancel_armed(source);
            }
        });
        false
    }

    /// The kernel keeps what it has, and so do we: but peers should hear that nobody is here any more, and so should those who
    /// wait for what it was lent nothing for.
    #[cold]
    fn give_up(&self) {
        // In a forked child nobody waits: it is the parent's, and what a waker asks may be held by a thread that is missing.
        if !self.with(|state| state.ring.is_copy()) {
            self.end_what_lends_nothing();
        }
        let (open, files, goes_on) = self.with(|state| {
            let closing = state.sources.iter_mut().filter(|source| source.life == Life::Closing);
            let (files, open): (Vec<_>, Vec<_>) = closing.partition(|source| source.file().is_some());
            let ours = |source: &mut Source| (source.raw, source.kind != Kind::Listener && !source.is_shared());
            let open: Vec<(RawResource, bool)> = open.into_iter().map(ours).collect();
            let files: Vec<FileSource> = files.into_iter().filter_map(Source::take_file).collect();
            // An entry that the kernel has not taken is never submitted: the ring is leaked. But a thread that takes them
            // goes on, and must find under each number what the entry was made for.
            if state.ring.goes_on() {
                state.ring.submit_now(); // the last cancel is only queued
            }
            (open, files, state.ring.goes_on())
        });
        if goes_on {
            mem::forget(files);
        } else {
            drop(files); // closed, or the last job of the pool closes them
        }
        for (raw, ours) in open {
            // A listener has no peer to tell, and what others name as well is theirs to end.
            if ours {
                let _ = socket::shutdown(raw, std::net::Shutdown::Both);
            }
            // The number is ours until here; entries that the kernel has hold the file itself.
            if !goes_on {
                let _ = fd::close(raw);
            }
        }
    }
}

impl State {
    fn push_cancel_of_all(&mut self) {
        let entry = opcode::AsyncCancel2::new(types::CancelBuilder::any()).build();
        // SAFETY: a cancel points at no memory.
        unsafe { self.ring.push(entry.user_data(named(kind::IGNORED, 0, 0)), Kernel::V6_1) };
    }
}

/// So long a drain waits at least where a thread of the kernel's takes the entries: a busy machine lets it wait for a processor.
const THREAD_CANCELS: Duration = Duration::from_millis(100);

#[expect(clippy::disallowed_methods, reason = "how long a drain may take is the system's time")]
fn now() -> Instant {
    Instant::now()
}
