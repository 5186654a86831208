//! What is done with resources: opened, waited for, closed, given away.

use super::handover::MOST;
use super::ring::Completion;
use super::slots::close_left;
use super::source::{Arm, DroppedWrite, End, FileSource, Life, More, Side, Source};
use super::{State, Uring, generation, kind};
use crate::luggage::Held;
use crate::op::LEASE_BYTES;
use crate::pooled::OpenFile;
use crate::sys::ring as calls;
use crate::sys::{fd, file};
use crate::theirs::{let_go, wake};
use crate::wakers::Wakers;
use bespoke_core::driver::{Buffer, Errno};
use bespoke_core::error::ErrorKind;
use bespoke_core::roles::{Kind, Luggage, RawResource, Resource};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::vec::Vec;

/// So many turns a release waits for the kernel to let go.
const RELEASE_TURNS: u32 = 8;
/// The same where a thread of the kernel's has to come to it first: a tenth of a second.
const RELEASE_TURNS_BY_THREAD: u32 = 200;

/// So often a thread that is not the worker's looks whether the kernel has let go, and after how long: a tenth of a second.
const RELEASE_LOOKS: u32 = 1_000;
const LOOKS_AFTER: Duration = Duration::from_micros(100);
/// So often more while nobody runs the worker: a thread that leaves may take [`MOST`] to empty its ring, and the next one as long
/// again to come on a busy machine.
const LEFT_LOOKS: u32 = (2 * MOST.as_micros() / LOOKS_AFTER.as_micros()) as u32;

#[expect(clippy::disallowed_methods, reason = "the worker's turn is not this thread's to wait for")]
fn wait_for_the_worker() {
    std::thread::sleep(LOOKS_AFTER);
}

/// Whom a completion wakes.
pub(super) enum Woken {
    Nobody,
    One(Option<Waker>),
    /// Those who wait beside each other for this direction.
    Among(fn(&mut More) -> &mut Side),
}

pub(super) fn read_side(more: &mut More) -> &mut Side {
    &mut more.read
}

pub(super) fn write_side(more: &mut More) -> &mut Side {
    &mut more.write
}

impl State {
    /// The number of a source for a resource that has none.
    fn new_source(&mut self, resource: Resource, kind: Kind) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.sources.push(Source::default());
            self.sources.len() as u32 - 1
        });
        let at = resource.key as usize;
        if self.keys.len() <= at {
            self.keys.resize(at + 1, u32::MAX);
        }
        self.keys[at] = number;
        self.sources[number as usize].renew(resource.raw, kind);
        number
    }

    /// Does the kernel, or a thread of the pool, use it?
    fn is_in_use(&mut self, number: u32) -> bool {
        let source = &mut self.sources[number as usize];
        let file = source.more.as_deref_mut().and_then(|more| more.file.as_mut());
        let file_in_use = file.is_some_and(|file| Arc::get_mut(&mut file.open).is_none());
        file_in_use || source.pending > 0 && !self.ring.is_copy()
    }

    /// Nothing names the source any more, and what it is of stays open.
    fn forget(&mut self, number: u32) -> Option<FileSource> {
        let file = self.sources[number as usize].take_file();
        self.retire(number);
        file
    }
}

/// What a file is asked once, when it comes: does a transfer wait, and has it a position?
fn asked_of_file(raw: RawResource) -> Result<(bool, bool), Errno> {
    Ok((file::waits(raw)?, file::position(raw).is_ok()))
}

/// It is the caller's.
fn leave_open(file: Option<FileSource>) {
    let _ = file.and_then(|file| Arc::into_inner(file.open)).map(OpenFile::into_raw);
}

impl<S: Sharing> Uring<S> {
    pub(super) fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        if kind == Kind::Foreign {
            calls::check_pollable(resource.raw)?;
        }
        let file = match kind {
            Kind::File => Some(asked_of_file(resource.raw)?),
            _ => None,
        };
        self.with(|state| {
            let number = state.new_source(resource, kind);
            if let Some((waits, seeks)) = file {
                let open = Arc::new(OpenFile::new(resource.raw));
                state.more(number).file = Some(FileSource { open, waits, seeks });
            }
        });
        Ok(())
    }

    /// One more name of a file that `there` has as `first`.
    pub(super) fn second(&self, second: Resource, there: &Self, first: Resource) -> Result<(), Errno> {
        let file = there.with(|state| {
            let (number, _) = state.named(first.key);
            let file = state.sources[number as usize].file();
            file.map(|file| FileSource { open: file.open.clone(), waits: file.waits, seeks: file.seeks })
        });
        let Some(file) = file else { return Err(Errno::of(ErrorKind::Unsupported)) };
        self.place_file(second, file);
        Ok(())
    }

    /// The same, of a file that a worker without a ring has.
    pub(super) fn name(&self, second: Resource, open: Arc<OpenFile>) -> Result<(), Errno> {
        let (waits, seeks) = asked_of_file(open.raw())?;
        self.place_file(second, FileSource { open, waits, seeks });
        Ok(())
    }

    fn place_file(&self, resource: Resource, file: FileSource) {
        self.with(|state| {
            let number = state.new_source(resource, Kind::File);
            state.more(number).file = Some(file);
        });
    }

    pub(super) fn close(&self, resource: Resource) {
        let left = self.with_pool(|state, pool| {
            let number = state.keys[resource.key as usize];
            let source = &mut state.sources[number as usize];
            source.life = Life::Closing;
            let wakers = (source.reader.take(), source.take_writer());
            let dropped = source.more.as_mut().and_then(|more| more.dropped.take());
            let more = source.more.as_mut().map(|more| {
                let connections: Vec<RawResource> = more.accepted.drain(..).map(|(raw, _)| raw).collect();
                (connections, more.read.wakers.take(), more.write.wakers.take())
            });
            source.stash.clear(|buffer| pool.put(buffer));
            // In a forked child nothing is on its way: the number is the child's own, and the entries are the parent's.
            let pending = if state.ring.is_copy() { 0 } else { source.pending };
            // A file is closed with the last reference to it, which is not given up while the kernel has an entry of it.
            let file = if pending == 0 { source.take_file() } else { None };
            state.cancel_armed(number);
            let now = pending == 0 && file.is_none();
            if pending == 0 {
                state.retire(number);
            } else if state.sources[number as usize].is_shared() && (!S::MOVING || state.ring.is_run_here()) {
                // Not in the next turn: until then it takes what comes for the others. Elsewhere the turn has to do.
                state.ring.submit_now();
            }
            (file, wakers, dropped, more, now.then_some(resource.raw), number)
        });
        let (file, wakers, dropped, more, now, number) = left;
        if let Some(raw) = now {
            // The descriptor is gone whatever it says; an error of an earlier write was told by that write.
            let _ = fd::close(raw);
        } else if file.is_none() {
            self.cancel_slots_of(number);
        }
        if let Some((connections, ..)) = &more {
            for raw in connections {
                let _ = fd::close(*raw);
            }
        }
        drop(file);
        let (reader, writer) = wakers;
        // Where tasks move, a worker that ends alone closes what tasks of others wait for.
        reader.into_iter().chain(writer).for_each(if S::MOVING { wake } else { let_go });
        if let Some((_, readers, writers)) = more {
            for mut wakers in [readers, writers] {
                if S::MOVING {
                    wakers.wake();
                }
                wakers.let_go();
            }
        }
        let_go(dropped);
    }

    /// Gives a resource up that stays open. What is armed is cancelled first, in turns of its own.
    ///
    /// # Errors
    /// Busy: bytes or connections came that nobody has read, or the kernel has not let go of it. It is as before then.
    pub(super) fn release(&self, resource: Resource) -> Result<(), Errno> {
        let (number, _) = self.with(|state| state.named(resource.key));
        self.end_requests(number)?;
        // In one look: elsewhere something may still come.
        let file = self.with(|state| {
            let source = &mut state.sources[number as usize];
            let accepted = source.more.as_ref().is_some_and(|more| !more.accepted.is_empty());
            let holds = accepted || source.has_bytes_or_error() || source.dropped().is_some();
            if holds || state.is_in_use(number) { Err(fd::BUSY) } else { Ok(state.forget(number)) }
        })?;
        leave_open(file);
        Ok(())
    }

    /// As [`release`](Self::release), with all that came.
    ///
    /// # Errors
    /// Busy: the kernel has not let go of it, or a thread of the pool uses the file. It is as before then.
    pub(super) fn unload(&self, resource: Resource) -> Result<Luggage, Errno> {
        let (number, _) = self.with(|state| state.named(resource.key));
        self.end_requests(number)?;
        let (held, kind, file) = self.with(|state| {
            let writes = matches!(state.sources[number as usize].dropped(), Some(DroppedWrite::Ending { .. }));
            if writes || state.is_in_use(number) {
                return Err(fd::BUSY);
            }
            let source = &mut state.sources[number as usize];
            let mut held = Held::new(None);
            held.end = core::mem::take(&mut source.end);
            if let Some(more) = &mut source.more {
                held.accepted = core::mem::take(&mut more.accepted);
                if let Some(DroppedWrite::Ended(taken)) = more.dropped.take() {
                    held.interrupted = Some(taken);
                }
            }
            held.bytes = core::mem::take(&mut source.stash);
            let kind = source.kind;
            Ok((held, kind, state.forget(number)))
        })?;
        leave_open(file);
        Ok(held.pack(kind))
    }

    /// Registers what another driver gave up, with all that came there.
    pub(super) fn take_in(&self, resource: Resource, luggage: &mut Luggage) -> Result<(), Errno> {
        if luggage.held.is_some() && Held::of(luggage).is_none() {
            return Err(Errno::of(ErrorKind::Unsupported));
        }
        self.register(resource, luggage.kind)?;
        let Some(held) = Held::of(luggage) else { return Ok(()) };
        self.with(|state| {
            let (number, _) = state.named(resource.key);
            let source = &mut state.sources[number as usize];
            source.end = core::mem::take(&mut held.end);
            if let Some(taken) = held.interrupted.take() {
                source.more().dropped = Some(DroppedWrite::Ended(taken));
            }
            if !held.accepted.is_empty() {
                source.more().accepted = core::mem::take(&mut held.accepted);
            }
            source.stash = core::mem::take(&mut held.bytes);
        });
        Ok(())
    }

    /// Has what the kernel does for a source end, in turns of its own. Nobody waits for it any more.
    fn end_requests(&self, number: u32) -> Result<(), Errno> {
        // Whoever left a waker has gone: else the handle would not be here. For a waker, what is cancelled is armed again.
        let (reader, writer, sides) = self.with(|state| {
            let source = &mut state.sources[number as usize];
            let sides = source.more.as_mut().map(|more| [more.read.wakers.take(), more.write.wakers.take()]);
            (source.reader.take(), source.take_writer(), sides)
        });
        reader.into_iter().chain(writer).for_each(let_go);
        sides.into_iter().flatten().for_each(Wakers::let_go);
        let pending = || self.with(|state| !state.ring.is_copy() && state.sources[number as usize].pending > 0);
        let by_thread = self.with(|state| state.ring.flags().sq_poll);
        let most = if by_thread { RELEASE_TURNS_BY_THREAD } else { RELEASE_TURNS };
        // The first turn submits the cancel, and has what it ends finished; more only where the kernel takes its time.
        let mut turns = 0;
        while pending() && turns < most {
            let is_early = turns < RELEASE_TURNS;
            turns += 1;
            let entered = self.with(|state| {
                // Whoever takes completions is the worker, also where others may call.
                if S::MOVING && !state.ring.is_run_here() {
                    return None;
                }
                if is_early {
                    state.cancel_armed(number);
                }
                Some(state.ring.enter_between(is_early))
            });
            let Some(entered) = entered else { return self.end_requests_from_elsewhere(number, pending) };
            entered?;
            self.dispatch_of(number);
        }
        Ok(())
    }

    /// The same on a thread that cannot take turns: the worker does, which is woken if it sleeps. It may be in a poll that
    /// takes its time, so this waits for so long only; and nobody may run it for a while, which does not count.
    #[cold]
    fn end_requests_from_elsewhere(&self, number: u32, pending: impl Fn() -> bool) -> Result<(), Errno> {
        if pending() {
            self.with(|state| state.cancel_armed(number));
        }
        let (mut looks, mut left_looks) = (0, 0);
        while pending() && looks < RELEASE_LOOKS {
            if left_looks < LEFT_LOOKS && self.with(|state| state.ring.is_left()) {
                left_looks += 1;
            } else {
                looks += 1;
            }
            wait_for_the_worker();
        }
        Ok(())
    }

    /// Operations of a source that are with the kernel though their handle goes: forgotten ones, those of a runtime that
    /// closes, and dropped ones, which were cancelled then, and may be told so once more.
    #[cold]
    fn cancel_slots_of(&self, number: u32) {
        let slots = self.with(|state| {
            let source = &state.sources[number as usize];
            let sides = source
                .more
                .as_deref()
                .map_or(0, |more| u32::from(more.read.arm.in_kernel()) + u32::from(more.write.arm.in_kernel()));
            source.pending - sides - u32::from(source.arm.in_kernel()) - u32::from(source.watch.in_kernel())
        });
        let (mut left, mut token) = (slots, None);
        while left > 0 {
            let Some(next) = self.with_table(|table| table.next_incomplete(token)) else { return };
            if self.source_of_slot(next) == Some(number) {
                self.cancel(next.bits());
                left -= 1;
            }
            token = Some(next);
        }
    }

    /// Asks the kernel to end the entry of this user data.
    pub(super) fn cancel(&self, user_data: u64) {
        self.with(|state| state.cancel(user_data));
    }

    /// Leaves the waker of `cx` in its place at a source.
    #[inline]
    pub(super) fn leave(&self, number: u32, place: fn(&mut Source) -> &mut Option<Waker>, cx: &mut Context<'_>) {
        if self.with(|state| place(&mut state.sources[number as usize]).is_some()) {
            return self.leave_instead(number, place, cx);
        }
        let waker = cx.waker().clone();
        // The clone was the user's, which may have left one here in the meantime: that is dropped out here.
        let other = self.with(|state| place(&mut state.sources[number as usize]).replace(waker));
        drop(other);
    }

    /// The same, in the place of the one that is there.
    #[cold]
    fn leave_instead(&self, number: u32, place: fn(&mut Source) -> &mut Option<Waker>, cx: &mut Context<'_>) {
        let old = self.with(|state| place(&mut state.sources[number as usize]).take());
        let (waker, unused) = match old {
            Some(waker) if waker.will_wake(cx.waker()) => (waker, None),
            old => (cx.waker().clone(), old),
        };
        // As above.
        let other = self.with(|state| place(&mut state.sources[number as usize]).replace(waker));
        drop(unused);
        drop(other);
    }

    /// Leaves the waker of `cx` beside those of other tasks.
    fn leave_among(&self, number: u32, side: fn(&mut More) -> &mut Side, cx: &mut Context<'_>) {
        let (known, full) = self.with(|state| {
            let wakers = &mut side(state.more(number)).wakers;
            (wakers.has(cx.waker()), wakers.is_full())
        });
        if known {
            return;
        }
        if full {
            let mut all = self.with(|state| side(state.more(number)).wakers.take());
            all.ask();
            self.with(|state| side(state.more(number)).wakers.give_back(all)).let_go();
        }
        let waker = cx.waker().clone();
        self.with(|state| side(state.more(number)).wakers.push(waker));
    }

    /// Wakes those who wait beside each other. The list keeps its memory.
    fn wake_among(&self, number: u32, generation: u32, side: fn(&mut More) -> &mut Side) {
        let of = |state: &mut State| {
            let source = &mut state.sources[number as usize];
            (source.generation == generation && source.life == Life::Open)
                .then(|| source.more.as_mut().map(|more| side(more).wakers.take()))
                .flatten()
        };
        let Some(mut all) = self.with(of) else { return };
        all.wake();
        let left = self.with(|state| {
            let source = &mut state.sources[number as usize];
            match &mut source.more {
                Some(more) if source.generation == generation && source.life == Life::Open => {
                    side(more).wakers.give_back(all)
                }
                _ => all,
            }
        });
        left.let_go();
    }

    /// Waits for bytes of a stream: leaves the waker, and sees to it that a `recv` is with the kernel.
    ///
    /// # Errors
    /// There is no memory for its buffer.
    #[inline]
    pub(super) fn wait_for_bytes(&self, number: u32, cx: &mut Context<'_>) -> Result<(), Errno> {
        self.leave(number, |source| &mut source.reader, cx);
        self.see_to_recv(number)
    }

    /// The same of a stream that was waited for before: the kernel has its requests, nothing came, and nobody else waits.
    /// `None`: it is not so, and nothing was done.
    ///
    /// # Errors
    /// As [`wait_for_bytes`](Self::wait_for_bytes).
    #[inline(always)]
    pub(super) fn waits_as_before(&self, number: u32, cx: &mut Context<'_>) -> Option<Result<(), Errno>> {
        if S::MOVING || !self.with(|state| state.sources[number as usize].has_nothing_but_requests()) {
            return None;
        }
        let waker = cx.waker().clone();
        // As in `leave`. What the clone did may have changed more than that.
        let (other, is_seen_to) = self.with(|state| {
            let source = &mut state.sources[number as usize];
            (source.reader.replace(waker), source.is_seen_to())
        });
        if other.is_none() && is_seen_to {
            return Some(Ok(()));
        }
        drop(other);
        Some(self.see_to_recv(number))
    }

    /// Somebody waits for bytes of a stream: sees to it that its requests are with the kernel.
    #[inline(never)]
    fn see_to_recv(&self, number: u32) -> Result<(), Errno> {
        let (missed, armed) = self.with_pool(|state, pool| {
            let source = &mut state.sources[number as usize];
            if S::MOVING && source.has_something() {
                return (source.reader.take(), Ok(()));
            }
            let armed = match (source.arm, source.watch) {
                (Arm::Idle, _) => state.arm_recv(number, false, pool),
                (_, Arm::Idle) => {
                    state.watch(number);
                    Ok(())
                }
                _ => Ok(()),
            };
            (None, armed)
        });
        missed.into_iter().for_each(wake);
        armed
    }

    /// Has the `recv` of a stream end: what comes stays with the system from then on. Nobody waits for bytes of the stream but
    /// who calls this.
    pub(super) fn end_recv(&self, number: u32, cx: &mut Context<'_>) -> Poll<()> {
        // For a waker, what is cancelled is armed again.
        let reader = self.with(|state| {
            state.cancel_recv(number);
            state.sources[number as usize].reader.take()
        });
        reader.into_iter().for_each(let_go);
        let ends = || self.with(|state| state.sources[number as usize].arm.in_kernel());
        if !ends() {
            return Poll::Ready(());
        }
        self.leave_among(number, read_side, cx);
        // Where tasks move, it may have ended meanwhile.
        if ends() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Waits for a connection beside others.
    pub(super) fn wait_for_connection(&self, number: u32, cx: &mut Context<'_>) {
        self.leave_among(number, read_side, cx);
        let missed = self.with(|state| {
            let source = &mut state.sources[number as usize];
            let generation = source.generation;
            let came = source.more.as_ref().is_some_and(|more| !more.accepted.is_empty());
            if S::MOVING && (came || !matches!(source.end, End::None)) {
                return Some(generation);
            }
            if source.arm == Arm::Idle {
                state.arm_accept(number);
            }
            None
        });
        if let Some(generation) = missed {
            self.wake_among(number, generation, read_side);
        }
    }

    /// Waits until a direction is ready, beside others.
    pub(super) fn wait_for_side(&self, number: u32, write: bool, cx: &mut Context<'_>) {
        let side = if write { write_side } else { read_side };
        self.leave_among(number, side, cx);
        let missed = self.with(|state| {
            if S::MOVING && side(state.more(number)).ready {
                return Some(state.sources[number as usize].generation);
            }
            state.arm_poll(number, write);
            None
        });
        if let Some(generation) = missed {
            self.wake_among(number, generation, side);
        }
    }

    /// Where tasks move, the worker may have found nobody to wake between a look and the waker that was left: looks once more.
    #[inline(always)]
    pub(super) fn looks_again<R>(&self, look: impl FnOnce(&mut State) -> Option<R>) -> Option<R> {
        if S::MOVING { self.with(look) } else { None }
    }

    /// A `recv` has completed: nearly always it brings bytes, and will bring more.
    #[inline(always)]
    pub(super) fn recv_completed(&self, completion: Completion) {
        match self.with(|state| state.brought(completion)) {
            Some(waker) => {
                if let Some(waker) = waker {
                    wake(waker);
                }
            }
            None => self.source_completed(completion),
        }
    }

    /// A request of a source has completed, or completes once more.
    #[inline(never)]
    pub(super) fn source_completed(&self, completion: Completion) {
        let taken = |id| self.with(|state| state.provided.as_mut()?.take(id));
        self.source_completed_with(completion, completion.buffer().and_then(taken));
    }

    /// The same, with the provided buffer that it brings.
    #[inline(never)]
    pub(super) fn source_completed_with(&self, completion: Completion, buffer: Option<Buffer<LEASE_BYTES>>) {
        let (number, generation) = (completion.user_data as u32, generation(completion.user_data));
        let kind = completion.user_data >> 60;
        let (woken, left) = self.with_pool(|state, pool| {
            let known = state
                .sources
                .get(number as usize)
                .is_some_and(|source| source.life != Life::Free && source.generation == generation);
            if !known {
                state.give_back(completion, kind);
                if let Some(buffer) = buffer {
                    pool.put(buffer);
                }
                return (Woken::Nobody, None);
            }
            if !completion.more() {
                state.in_kernel -= 1;
                state.sources[number as usize].pending -= 1;
            }
            let woken = match kind {
                kind::RECV => match state.received(number, completion, buffer, pool) {
                    // Who had it end waits there.
                    None if state.is_ended_for_somebody(number) => Woken::Among(read_side),
                    reader => Woken::One(reader),
                },
                kind::ACCEPT => state.accepted(number, completion),
                kind::WATCH => {
                    state.gone(number, completion);
                    Woken::Nobody
                }
                _ => state.polled(number, kind == kind::POLL_WRITE, completion),
            };
            let closing = state.sources[number as usize].life == Life::Closing;
            (woken, if closing { state.finish_close(number) } else { None })
        });
        close_left(left);
        match woken {
            Woken::Nobody | Woken::One(None) => {}
            Woken::One(Some(waker)) => wake(waker),
            Woken::Among(side) => self.wake_among(number, generation, side),
        }
    }
}
