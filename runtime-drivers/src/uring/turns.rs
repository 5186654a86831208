//! What the thread does that enters the ring: its turns, and what has completed by them.

use super::ring::{Completion, Ring};
use super::{Kernel, Uring, kind, named};
use crate::sys::ring as calls;
use bespoke_core::driver::Errno;
use bespoke_core::driver::inflight::Token;
use bespoke_core::error::Error;
use bespoke_core::roles::{Nanos, Park};
use bespoke_core::sharing::Sharing;
use core::time::Duration;
use io_uring::{opcode, types};
use std::collections::VecDeque;

impl<S: Sharing> Uring<S> {
    /// This thread enters the ring from now on; where the ring is another thread's, a new one, if nothing is on its way.
    pub(super) fn arrive(&self) -> Result<(), Error> {
        let here = calls::thread();
        if S::MOVING && self.takes_over(here)? {
            return Ok(());
        }
        // What was given up does not come along.
        if self.with(|state| state.ring.thread() != here) {
            self.look_after_regions();
        }
        let left_behind = self.with(|state| -> Result<_, Error> {
            let mut left_behind = None;
            if state.ring.is_run_here() {
                return Ok(left_behind);
            }
            if state.ring.thread() != 0 && state.ring.flags().single_issuer && state.in_kernel == 0 {
                // Nothing is on its way: what was queued besides is cancels, and the waker's poll.
                let ring = Ring::new(self.settings)?;
                self.alarm.leave_ring();
                // The old one goes first: the kernel counts what both have registered twice.
                state.ring = ring;
                if let Some(regions) = &state.regions
                    && regions.register_again(state.ring.fd()).is_err()
                {
                    // Reads and writes mean the same without.
                    left_behind = state.regions.take();
                }
                (state.provided, state.provides) = (None, false);
                state.wake_armed = false;
            }
            state.ring.arrive(here)?;
            self.alarm.connect(state.ring.fd());
            Ok(left_behind)
        })?;
        if let Some(regions) = left_behind {
            regions.let_go();
        }
        Ok(())
    }

    /// Submits, waits, wakes.
    pub(super) fn park(&self, park: Park) -> Result<(), Errno> {
        self.look_after_regions();
        let mut next = self.in_turn(|state, pool| {
            if !state.wake_armed && !state.draining {
                state.wake_armed = true;
                let entry = opcode::PollAdd::new(types::Fd(self.alarm.fd()), calls::POLL_READ).multi(true).build();
                // SAFETY: a poll points at no memory.
                unsafe { state.ring.push(entry.user_data(named(kind::WAKE, 0, 0)), Kernel::V5_15) };
            }
            state.feed(pool);
            if let Some(provided) = &mut state.provided {
                provided.publish();
            }
            state.ring.turn(match park {
                Park::Poll => Some(Duration::ZERO),
                Park::Until(Nanos(nanos)) => Some(Duration::from_nanos(nanos)),
                Park::Forever => None,
            })
        })?;
        // Nothing is borrowed, nor locked, while the kernel has this thread.
        while let Some(call) = next {
            let told = call.make();
            next = self.in_turn(|state, _| state.ring.told(&call, told))?;
        }
        self.dispatch();
        Ok(())
    }

    #[inline(always)]
    fn completed(&self, completion: Completion) {
        match completion.user_data >> 60 {
            kind::SLOT => self.slot_completed(completion),
            kind::RECV => self.recv_completed(completion),
            _ => self.other_completed(completion),
        }
    }

    /// One that a turn has put off, or that is waited for outside of a turn.
    #[cold]
    fn completed_out_of_turn(&self, completion: Completion) {
        self.completed(completion);
    }

    /// What is neither of a slot nor bytes, which is rare beside those.
    #[inline(never)]
    fn other_completed(&self, completion: Completion) {
        match completion.user_data >> 60 {
            kind::WAKE if !completion.more() => self.with(|state| state.wake_armed = false),
            kind::CLOSE => self.with(|state| state.closed(completion)),
            kind::WAKE | kind::IGNORED => self.with(|state| {
                // A cancel by kind that the kernel does not know: the next one names each entry.
                state.cancel_all &= completion.result != -calls::code::INVALID;
            }),
            _ => self.source_completed(completion),
        }
    }

    /// Treats what has completed of one source, and puts all else off to the next turn. This is no turn: a poll further up
    /// may have looked, and be about to leave its waker, which nobody would wake then.
    #[cold]
    pub(super) fn dispatch_of(&self, number: u32) {
        let mut others = VecDeque::new();
        while let Some(completion) = self.with(|state| state.ring.put_off_before().or_else(|| state.ring.completion()))
        {
            let of = match completion.user_data >> 60 {
                kind::SLOT => self.source_of_slot(Token::from_bits(completion.user_data)),
                kind::WAKE | kind::CLOSE | kind::IGNORED => None,
                _ => Some(completion.user_data as u32),
            };
            if of == Some(number) {
                self.completed_out_of_turn(completion);
            } else {
                others.push_back(completion);
            }
        }
        self.with(|state| state.ring.put_off(others));
    }

    /// Treats what has completed.
    fn dispatch(&self) {
        while let Some(completion) = self.with(|state| state.ring.put_off_before()) {
            self.completed_out_of_turn(completion);
        }
        // What is put off meanwhile comes before what the kernel tells then.
        while let Some(completion) = self.with(|state| state.ring.next_in_turn()) {
            self.completed(completion);
        }
        self.with_pool(|state, pool| {
            if let Some(provided) = &mut state.provided {
                provided.refill(pool, provided.few());
            }
        });
    }
}
