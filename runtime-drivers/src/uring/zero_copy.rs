//! Sends without a copy: [`RingOptions::ZERO_COPY`](super::RingOptions::ZERO_COPY).
//!
//! ```text
//!             1                         2
//!   in kernel ──▶ taken, and read still ──▶ complete     1 the first completion: how many bytes the stream took
//!                                                        2 the second, the notice: nobody reads the memory any more
//! ```
//! Between the two the entry names no descriptor any more, so that the stream may be closed; it points at the memory still, so
//! that the operation is not over: its buffer goes back to who wrote it, and that of one that was dropped is freed. A failed
//! one completes once or twice; the flag `MORE` of the first says which.
//!
//! The kernel notifies when the last of the bytes is acknowledged, or has been copied on its way to a peer of the same machine.

use super::Uring;
use super::ring::Completion;
use super::slots::{Lower, close_left};
use crate::sys::ring::code;
use bespoke_core::driver::inflight::{Outcome, Token};
use bespoke_core::roles::Kind;
use bespoke_core::sharing::Sharing;

impl<S: Sharing> Uring<S> {
    /// Is so much sent to this stream without a copy?
    #[inline]
    pub(super) fn sends_without_copy(&self, bytes: impl FnOnce() -> usize, source: Option<(u32, u32)>) -> bool {
        let Some(least) = self.settings.zero_copy else { return false };
        let Some((number, _)) = source else { return false };
        bytes() >= least
            && self.with(|state| {
                let source = &state.sources[number as usize];
                let copies = source.more.as_deref().is_some_and(|more| more.copies);
                // Unix streams would refuse.
                let takes_it = state.known.zero_copy && source.kind == Kind::Stream && !copies;
                takes_it && (!S::MOVING || state.none_is_left())
            })
    }

    /// Did the kernel refuse to send without a copy? Then the stream copies from now on.
    #[cold]
    pub(super) fn is_refused_zero_copy<O: Lower>(&self, op: &O, result: i32) -> bool {
        // What moves no bytes of memory has failed for another reason.
        let Some(stream) = op.resource().filter(|_| op.bytes() > 0 && self.refuses(result)) else { return false };
        self.with(|state| {
            let (number, _) = state.named(stream.key);
            let copies = &mut state.sources[number as usize].more().copies;
            // Of a stream that copies already, it is a failure of its own.
            state.known.zero_copy && !core::mem::replace(copies, true)
        })
    }

    /// The same of a write that was dropped. The next ones would else be refused, too, and be dropped before anybody hears of it.
    #[cold]
    pub(super) fn a_dropped_one_ended(&self, number: u32, generation: u32, result: i32) {
        if self.refuses(result) {
            self.with(|state| match state.sources.get_mut(number as usize) {
                Some(source) if source.generation == generation => source.more().copies = true,
                _ => {}
            });
        }
    }

    /// Is it what the kernel says where it does not send without a copy?
    fn refuses(&self, result: i32) -> bool {
        matches!(-result, code::NO_MEMORY | code::NO_BUFFERS | code::NOT_SUPPORTED) && self.settings.zero_copy.is_some()
    }

    /// One of the two completions of a send without a copy. `notices`: those that are due at its ring, if that is not the one in
    /// use.
    #[cold]
    pub(super) fn one_of_two(&self, completion: Completion, notices: Option<&mut u32>) {
        let token = Token::from_bits(completion.user_data);
        let aside = self.asides.of(token.index());
        if completion.more() {
            if let Some(note) = self.with_table(|table| table.note(token)) {
                aside.sent().set(completion.result);
                let left = self.with(|state| {
                    *notices.unwrap_or(&mut state.notices) += 1;
                    state.names_no_more(note)
                });
                close_left(left);
            }
            return;
        }
        let outcome = Outcome { result: aside.sent().get(), flags: completion.flags };
        self.ended(token, outcome, |_| {
            self.with(|state| {
                state.in_kernel -= 1;
                *notices.unwrap_or(&mut state.notices) -= 1;
            });
        });
    }
}
