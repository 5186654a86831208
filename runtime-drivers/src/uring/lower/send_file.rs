//! Sending a file: through a pipe, by `splice`, which moves pages and copies none.
//!
//! ```text
//!                    1                  2                 3
//!   file ── Fill ──────▶ pipe ── Room ─────▶ room ── Spill ─────▶ stream      4 more of the file: from the beginning
//!    ▲                    │ 5               │ 5            │ 6                 5 drop: what the pipe holds is not sent
//!    └──────── 4 ─────────┴─────────────────┴──────────────┘                  6 drop: cancelled; the result says what was sent
//! ```
//! One entry at a time, each with a slot of its own. Both splices are done by threads of the kernel's, which wait: for the disk,
//! and for room at the stream. A peer that reads slowly would hold such a thread, and with a thousand of them a thousand. So
//! the socket is asked how much it takes, a poll waits where that is too little, and no more is spliced than it takes.
//!
//! # What is counted
//! 1. `sent` is what the stream took: the results of the spills, and of nothing else. Bytes in the pipe are not sent: a dropped
//!    future takes them along, and who goes on begins behind `sent`.
//! 2. The pipe belongs to the future. While an entry names it, a dropped future leaves it to that entry's slot, as its
//!    numbers would be another's else; it is closed with the terminal completion. A thread that waits for room has the pipe
//!    locked, too, so a close would wait for it. An empty one goes back to the driver.
//! 3. Of the three entries, a spill alone writes to the stream: it waits for a write that was dropped before it, and what is
//!    called next waits for it.
//!
//! A thread of the kernel's may let go of the stream after its completion was taken, and from Linux 6.12 at the latest that is
//! seen to by our next call (6.1 did it at once): a stream that is closed right behind a splice can stay open for its peer until
//! then, as one whose request has yet to be cancelled does.

use crate::op::{SendFile, Taken};
use crate::sys::ring as calls;
use crate::sys::send_file::{self, Pipe};
use crate::theirs::let_go;
use crate::uring::slots::{Aside, End, Flight, Lower, Unkept};
use crate::uring::{IoUring, RingOptions, Uring};
use bespoke_core::driver::{Errno, Late, MaybeDangling, Op, Served, Submit};
use bespoke_core::roles::Resource;
use bespoke_core::sharing::Sharing;
use core::any::Any;
use core::task::{Context, Poll, ready};
use io_uring::squeue::Entry;
use io_uring::{opcode, types};
use std::boxed::Box;

/// A pipe has no position, and a socket has none.
const NOWHERE: i64 = -1;

/// What the future of a [`SendFile`] holds.
#[derive(Debug, Default)]
pub struct Splicing<S: Sharing> {
    /// There from the first fill to the end.
    pipe: Option<Pipe>,
    /// So many bytes are in it.
    held: usize,
    /// Rule 1.
    sent: usize,
    stage: Stage,
    flight: Flight<S>,
    /// The number and the generation of the stream's source, once something was sent.
    stream: Option<(u32, u32)>,
}

/// Which entry is on its way.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    None,
    Fill,
    Room,
    /// Of so many bytes.
    Spill(usize),
}

/// Brings bytes of a file into a pipe.
struct Fill {
    file: Resource,
    at: u64,
    pipe: i32,
    len: usize,
}

/// Waits until the stream is thought writable.
pub(super) struct Room {
    pub(super) stream: Resource,
}

/// Moves bytes of a pipe on to a stream.
pub(super) struct Spill {
    pub(super) stream: Resource,
    pub(super) pipe: i32,
    pub(super) len: usize,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Fill {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "splice from a file";
    const LATE: Late = Late::Forget;
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.file)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}

impl Lower for Fill {
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        // The position was looked at, and the length is at most that of a pipe.
        let (file, pipe) = (types::Fd(self.file.raw), types::Fd(self.pipe));
        opcode::Splice::new(file, self.at as i64, pipe, NOWHERE, self.len as u32).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Self::Output> {
        End::Over(result.map(|bytes| bytes as usize))
    }
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Room {
    type Output = Result<(), Errno>;
    const NAME: &'static str = "wait for room";
    const LATE: Late = Late::Forget;
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}

impl Lower for Room {
    const LENDS: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.stream)
    }

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        opcode::PollAdd::new(types::Fd(self.stream.raw), calls::POLL_WRITE).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Self::Output> {
        End::Over(result.map(drop))
    }
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Spill {
    /// How many bytes were sent, by spills before this one, too.
    type Output = (usize, Result<(), Errno>);
    const NAME: &'static str = "splice to a stream";
    const LATE: Late = Late::CountWritten;
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        (0, Err(errno))
    }
}

impl Lower for Spill {
    const WRITES: bool = true;

    fn resource(&self) -> Option<Resource> {
        Some(self.stream)
    }

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        let (pipe, stream) = (types::Fd(self.pipe), types::Fd(self.stream.raw));
        opcode::Splice::new(pipe, NOWHERE, stream, NOWHERE, self.len as u32).build()
    }

    fn end(&self, sent: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Self::Output> {
        End::Over(match result {
            Ok(bytes) => {
                *sent += bytes as usize;
                (*sent, Ok(()))
            }
            Err(errno) => (*sent, Err(errno)),
        })
    }
}

#[cfg(test)]
impl<S: Sharing> Splicing<S> {
    /// On its way to the stream with all that `pipe` holds, whether that has room or not.
    pub(in crate::uring) fn spilling(pipe: Pipe, held: usize) -> Self {
        Splicing { pipe: Some(pipe), held, stage: Stage::Spill(held), ..Splicing::default() }
    }

    /// The numbers that entries name.
    pub(in crate::uring) fn pipe_ends(&self) -> Option<[i32; 2]> {
        self.pipe.as_ref().map(|pipe| [pipe.read_end(), pipe.write_end()])
    }

    pub(in crate::uring) fn held(&self) -> usize {
        self.held
    }

    pub(in crate::uring) fn waits_for_room(&self) -> bool {
        matches!(self.stage, Stage::Room)
    }
}

/// What a dropped future leaves to the slot of its entry (rule 2).
struct WithPipe<K>(Pipe, MaybeDangling<K>);

impl<K: Send + 'static> Unkept for WithPipe<K> {
    fn unkept(self: Box<Self>) -> Option<Box<dyn Any + Send>> {
        let WithPipe(pipe, keep) = *self;
        drop(pipe);
        Some(Box::new(keep.into_inner()))
    }
}

impl<S: Sharing> Splicing<S> {
    fn poll(&mut self, live: &Uring<S>, op: &SendFile, cx: &mut Context<'_>) -> Poll<(usize, Result<(), Errno>)> {
        loop {
            self.stage = match self.stage {
                Stage::None if self.held > 0 => match room_for(op.stream, self.held) {
                    Some(room) => self.spill(room),
                    None => Stage::Room,
                },
                Stage::None if self.sent == op.len => return self.over(live, Ok(())),
                Stage::None => {
                    if i64::try_from(op.at).is_err() {
                        return self.over(live, Err(send_file::INVALID)); // −1 says something else
                    }
                    if self.pipe.is_none() {
                        match live.pipe() {
                            Ok(pipe) => self.pipe = Some(pipe),
                            Err(errno) => return self.over(live, Err(errno)),
                        }
                    }
                    Stage::Fill
                }
                Stage::Fill => {
                    let Some(pipe) = &self.pipe else { unreachable!("there since before the fill") };
                    let (at, len) = (op.at + self.sent as u64, (op.len - self.sent).min(pipe.room()));
                    let mut fill = Fill { file: op.file, at, pipe: pipe.write_end(), len };
                    let filled = ready!(live.poll_slot(&mut fill, &mut self.flight, cx));
                    self.stage = Stage::None;
                    match filled {
                        Ok(0) => return self.over(live, Ok(())), // the file ends
                        Ok(bytes) => self.held = bytes,
                        Err(errno) => return self.over(live, Err(errno)),
                    }
                    continue;
                }
                Stage::Room => {
                    let room = ready!(live.poll_slot(&mut Room { stream: op.stream }, &mut self.flight, cx));
                    if let Err(errno) = room {
                        self.stage = Stage::None;
                        return self.over(live, Err(errno));
                    }
                    self.spill(room_after_wait(op.stream))
                }
                Stage::Spill(len) => {
                    let Some(pipe) = &self.pipe else { unreachable!("there since before the fill") };
                    let mut spill = Spill { stream: op.stream, pipe: pipe.read_end(), len };
                    let (sent, ended) = ready!(live.poll_slot(&mut spill, &mut self.flight, cx));
                    self.stage = Stage::None;
                    let bytes = sent - self.sent;
                    (self.sent, self.held) = (sent, self.held - bytes);
                    self.stream = Some(live.source_of(op.stream));
                    // A stream that takes nothing of what is there, and does not say why, takes no more.
                    if ended.is_err() || bytes == 0 {
                        return self.over(live, ended);
                    }
                    continue;
                }
            };
        }
    }

    /// The next entry moves what the stream takes.
    fn spill(&mut self, room: usize) -> Stage {
        self.flight.begins_at(self.sent);
        Stage::Spill(self.held.min(room))
    }

    fn over(&mut self, live: &Uring<S>, ended: Result<(), Errno>) -> Poll<(usize, Result<(), Errno>)> {
        let sent = self.sent;
        self.let_pipe_go(live);
        *self = Splicing::default();
        Poll::Ready((sent, ended))
    }

    /// No entry names the pipe.
    fn let_pipe_go(&mut self, live: &Uring<S>) {
        if let Some(pipe) = self.pipe.take()
            && self.held == 0
        {
            live.take_pipe_back(pipe);
        }
    }

    fn is_in_flight(&self) -> bool {
        self.pipe.is_some()
    }

    #[cold]
    fn abandon<K: Send + 'static>(mut self, live: &Uring<S>, keep: MaybeDangling<K>) {
        if self.flight.has_an_entry() {
            match (self.stage, self.pipe.take()) {
                // It is counted when it ends.
                (Stage::Spill(_), Some(pipe)) => {
                    return live.abandon_slot(Late::CountWritten, &mut self.flight, WithPipe(pipe, keep));
                }
                (Stage::Fill, Some(pipe)) => {
                    live.abandon_slot(Late::Forget, &mut self.flight, MaybeDangling::new(pipe));
                }
                // A poll names no pipe.
                (_, pipe) => {
                    live.abandon_slot(Late::Forget, &mut self.flight, MaybeDangling::new(()));
                    self.pipe = pipe;
                }
            }
        }
        self.let_pipe_go(live);
        match self.stream {
            Some(stream) => {
                live.write_was_dropped(stream, Taken { bytes: self.sent, kept: Box::new(keep.into_inner()) })
            }
            None => let_go(keep),
        }
    }
}

/// How many bytes are to be spliced to a stream for which `held` lie in a pipe. `None`: a poll says when it has room.
pub(super) fn room_for(stream: Resource, held: usize) -> Option<usize> {
    match send_file::room(stream.raw) {
        Some((room, all)) if room < held && room < all / 3 => None,
        Some((room, _)) => Some(room.max(ROOM_MIN)),
        None => None,
    }
}

/// The same after that poll.
pub(super) fn room_after_wait(stream: Resource) -> usize {
    send_file::room(stream.raw).map_or(ROOM_MIN, |(room, _)| room.max(ROOM_MIN))
}

/// Of a stream that does not say how much it takes, so much is written at once; and of one that says that it takes none: the
/// thread of the kernel's waits.
const ROOM_MIN: usize = 4096;

impl<const ENTRIES: u32, P: RingOptions> Submit<SendFile> for IoUring<ENTRIES, P> {
    type InFlight<S: Sharing> = Splicing<S::Driven>;

    const SERVED: Served = Served::Completion;

    fn poll_op<S: Sharing>(
        live: &Self::Live<S>,
        op: &mut SendFile,
        state: &mut Splicing<S::Driven>,
        cx: &mut Context<'_>,
    ) -> Poll<<SendFile as Op>::Output> {
        state.poll(&live.0, op, cx)
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Splicing<S::Driven>) -> bool {
        state.is_in_flight()
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &Self::Live<S>,
        _op: &mut SendFile,
        state: &mut Splicing<S::Driven>,
        keep: MaybeDangling<K>,
    ) {
        core::mem::take(state).abandon(&live.0, keep);
    }

    fn poll_closed<S: Sharing>(
        state: &mut Splicing<S::Driven>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<<SendFile as Op>::Output>> {
        // None of the three opens anything, so they end alike.
        ready!(state.flight.poll_closed::<Spill>());
        *state = Splicing::default();
        Poll::Ready(None)
    }

    fn abandon_closed<S: Sharing, K: Send + 'static>(
        _op: &mut SendFile,
        state: &mut Splicing<S::Driven>,
        keep: MaybeDangling<K>,
    ) {
        if state.flight.poll_closed::<Spill>().is_pending() {
            // The kernel may use the pipe for ever.
            core::mem::forget(core::mem::take(state));
        }
        drop(keep);
    }
}
