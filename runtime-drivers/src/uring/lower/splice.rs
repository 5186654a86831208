//! Streams to streams: `splice` from a stream into a pipe, and out of it.
//!
//! **Into the pipe** goes what has come, by a call of the poll; only the wait is the ring's, as with datagrams. A call copies
//! nothing, and does not wait for what is there, while the kernel makes each such entry on a thread of its own: two hand-overs,
//! and a future that is dropped would not know how much was moved. What a `recv` of the ring has brought ahead is copied first,
//! and that `recv` is ended, or it would bring more.
//!
//! **Out of the pipe** go entries, as when a file is sent: a socket of the ring's blocks, so a call would, too.
//!
//! ```text
//!                      1                2
//!   pipe ── Room ────────▶ room ── Spill ─────▶ stream      1, 2 as in `send_file`      3 drop: the poll names no pipe
//!            │ 3                    │ 4                     4 drop: cancelled; the pipe is kept until the end, and tells
//! ```
//! A spill that was dropped holds back what is written to the stream next, as every write does, and leaves no count with
//! the stream: what is still in the pipe is what was not taken.

use super::datagrams::attempt;
use super::reads::Found;
use super::send_file::{Room, Spill, room_after_wait, room_for};
use super::wait;
use crate::op::{FillPipe, SpillPipe};
use crate::sys::splice;
use crate::theirs::let_go;
use crate::uring::slots::{Flight, Unkept};
use crate::uring::{IoUring, RingOptions, Uring};
use bespoke_core::driver::{Errno, Late, MaybeDangling, Op, Served, Submit};
use bespoke_core::sharing::Sharing;
use core::any::Any;
use core::task::{Context, Poll, ready};
use std::boxed::Box;

wait!(FillPipe, Readiness, |live, op, cx| fill(live, op, cx));

/// So much of what was read ahead is copied at once.
const COPIED: usize = 4096;

fn fill<S: Sharing>(live: &Uring<S>, op: &FillPipe, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    let number = live.source_of(op.stream).0;
    loop {
        let moved = read_ahead(live, number, op)?;
        if moved > 0 {
            return Poll::Ready(Ok(moved));
        }
        match live.end_of(number) {
            Found::End(end) => return Poll::Ready(end),
            Found::Bytes => {}
            Found::Nothing { idle: true } => break,
            Found::Nothing { idle: false } => ready!(live.end_recv(number, cx)),
        }
    }
    live.with(|state| {
        if state.sources[number as usize].more.is_none() {
            // Nobody has looked whether something is there.
            state.side(number, false).ready = true;
        }
    });
    attempt(live, op.stream, false, cx, || splice::fill_from_one_that_waits(op.stream.raw, op.pipe, op.len, false))
}

/// Copies what a `recv` has brought into the pipe; how much.
fn read_ahead<S: Sharing>(live: &Uring<S>, number: u32, op: &FillPipe) -> Result<usize, Errno> {
    let mut moved = 0;
    let mut room = [0; COPIED];
    while moved < op.len {
        let most = COPIED.min(op.len - moved);
        let to = room.as_mut_ptr();
        // SAFETY: `room` has so many bytes.
        let seen = live.with(|state| unsafe { state.sources[number as usize].stash.peek(to, most) });
        if seen == 0 {
            break;
        }
        // In this order: what the pipe has not taken stays with the source.
        let taken = match splice::write(op.pipe, &room[..seen]) {
            Err(errno) if moved == 0 => return Err(errno),
            Err(_) => break, // full, or without memory: what was moved is told first
            Ok(taken) => taken,
        };
        let (mut passed, to) = (0, room.as_mut_ptr());
        while passed < taken {
            // SAFETY: `room` has so many bytes, and these were seen there: one task reads.
            passed += unsafe { live.take(number, to, taken - passed) };
        }
        moved += taken;
        if taken < seen {
            break;
        }
    }
    Ok(moved)
}

/// What the future of a [`SpillPipe`] holds.
#[derive(Debug, Default)]
pub struct Spilling<S: Sharing> {
    stage: Stage,
    flight: Flight<S>,
}

/// Which entry is on its way, or is next.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    None,
    Room,
    /// Of so many bytes.
    Spill(usize),
}

/// What a dropped future leaves to the slot of its entry. The pipe is named until the end, and no longer.
struct Untold<K>(MaybeDangling<K>);

impl<K: Send + 'static> Unkept for Untold<K> {
    fn unkept(self: Box<Self>) -> Option<Box<dyn Any + Send>> {
        let_go(self.0);
        None
    }
}

#[cfg(test)]
impl<S: Sharing> Spilling<S> {
    /// On its way to the stream with so many bytes, whether that has room or not.
    pub(in crate::uring) fn of_all(held: usize) -> Self {
        Spilling { stage: Stage::Spill(held), ..Spilling::default() }
    }
}

impl<S: Sharing> Spilling<S> {
    fn poll(&mut self, live: &Uring<S>, op: &SpillPipe, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
        loop {
            self.stage = match self.stage {
                Stage::None => match room_for(op.stream, op.len) {
                    Some(room) => Stage::Spill(room),
                    None => Stage::Room,
                },
                Stage::Room => {
                    let room = ready!(live.poll_slot(&mut Room { stream: op.stream }, &mut self.flight, cx));
                    if let Err(errno) = room {
                        self.stage = Stage::None;
                        return Poll::Ready(Err(errno));
                    }
                    Stage::Spill(room_after_wait(op.stream))
                }
                Stage::Spill(room) => {
                    let mut spill = Spill { stream: op.stream, pipe: op.pipe, len: op.len.min(room) };
                    let (sent, ended) = ready!(live.poll_slot(&mut spill, &mut self.flight, cx));
                    self.stage = Stage::None;
                    return Poll::Ready(ended.map(|()| sent));
                }
            };
        }
    }
}

impl<const ENTRIES: u32, P: RingOptions> Submit<SpillPipe> for IoUring<ENTRIES, P> {
    type InFlight<S: Sharing> = Spilling<S::Driven>;

    const SERVED: Served = Served::Completion;

    fn poll_op<S: Sharing>(
        live: &Self::Live<S>,
        op: &mut SpillPipe,
        state: &mut Spilling<S::Driven>,
        cx: &mut Context<'_>,
    ) -> Poll<<SpillPipe as Op>::Output> {
        state.poll(&live.0, op, cx)
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Spilling<S::Driven>) -> bool {
        state.flight.is_in_flight()
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &Self::Live<S>,
        _op: &mut SpillPipe,
        state: &mut Spilling<S::Driven>,
        keep: MaybeDangling<K>,
    ) {
        let Spilling { stage, mut flight } = core::mem::take(state);
        match stage {
            // A write of the stream: the next one waits for it.
            Stage::Spill(_) => live.0.abandon_slot(Late::CountWritten, &mut flight, Untold(keep)),
            // A poll names no pipe.
            Stage::None | Stage::Room => {
                live.0.abandon_slot(Late::Forget, &mut flight, MaybeDangling::new(()));
                let_go(keep);
            }
        }
    }

    fn poll_closed<S: Sharing>(
        state: &mut Spilling<S::Driven>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<<SpillPipe as Op>::Output>> {
        // None of the two opens anything, so they end alike.
        ready!(state.flight.poll_closed::<Spill>());
        Poll::Ready(None)
    }

    fn abandon_closed<S: Sharing, K: Send + 'static>(
        _op: &mut SpillPipe,
        state: &mut Spilling<S::Driven>,
        keep: MaybeDangling<K>,
    ) {
        state.flight.abandon_closed::<Spill, K>(keep);
    }
}
