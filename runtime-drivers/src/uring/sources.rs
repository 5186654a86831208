//! What is done with resources: opened, waited for, closed, given away.

use super::ring::Completion;
use super::source::{Arm, DroppedWrite, End, FileSource, Life, More, Side, Source};
use super::{State, Uring, generation, kind};
use crate::luggage::Held;
use crate::pooled::OpenFile;
use crate::sys::ring as calls;
use crate::sys::{fd, file};
use crate::theirs::{let_go, wake};
use crate::wakers::Wakers;
use bespoke_core::driver::Errno;
use bespoke_core::error::ErrorKind;
use bespoke_core::roles::{Kind, Luggage, RawResource, Resource};
use core::task::{Context, Waker};
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

/// So many turns a release waits for the kernel to let go.
const RELEASE_TURNS: u32 = 8;
/// The same where a thread of the kernel's has to come to it first: a tenth of a second.
const RELEASE_TURNS_BY_THREAD: u32 = 200;

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

impl Uring {
    pub(super) fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        if kind == Kind::Foreign {
            calls::check_pollable(resource.raw)?;
        }
        let file = match kind {
            Kind::File => Some((file::waits(resource.raw)?, file::position(resource.raw).is_ok())),
            _ => None,
        };
        self.with(|state| {
            let number = state.free.pop().unwrap_or_else(|| {
                state.sources.push(Source::default());
                state.sources.len() as u32 - 1
            });
            let at = resource.key as usize;
            if state.keys.len() <= at {
                state.keys.resize(at + 1, u32::MAX);
            }
            state.keys[at] = number;
            let source = &mut state.sources[number as usize];
            source.renew(resource.raw, kind);
            source.file = file.map(|(waits, seeks)| {
                let open = Arc::new(OpenFile(resource.raw));
                FileSource { open, waits, seeks }
            });
        });
        Ok(())
    }

    pub(super) fn close(&self, resource: Resource) {
        let left = self.with(|state| {
            let number = state.keys[resource.key as usize];
            let source = &mut state.sources[number as usize];
            source.life = Life::Closing;
            let wakers = (source.reader.take(), source.writer.take());
            let dropped = source.dropped.take();
            let more = source.more.as_mut().map(|more| {
                let connections: Vec<RawResource> = more.accepted.drain(..).map(|(raw, _)| raw).collect();
                (connections, more.read.wakers.take(), more.write.wakers.take())
            });
            source.stash.clear(|buffer| self.buffers.put(buffer));
            // In a forked child nothing is on its way: the number is the child's own, and the entries are the parent's.
            let pending = if state.ring.is_copy() { 0 } else { source.pending };
            // A file is closed with the last reference to it, which is not given up while the kernel has an entry of it.
            let file = if pending == 0 { source.file.take() } else { None };
            state.cancel_armed(number);
            let now = pending == 0 && file.is_none();
            if pending == 0 {
                state.retire(number);
            } else if state.sources[number as usize].shared {
                // Not in the next turn: until then it takes what comes for the others.
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
        reader.into_iter().chain(writer).for_each(let_go);
        if let Some((_, readers, writers)) = more {
            readers.let_go();
            writers.let_go();
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
        let holds = self.with(|state| {
            let source = &mut state.sources[number as usize];
            let accepted = source.more.as_ref().is_some_and(|more| !more.accepted.is_empty());
            accepted || !source.stash.is_empty() || source.dropped.is_some() || matches!(source.end, End::Error(_))
        });
        if holds || self.is_in_use(number) {
            return Err(fd::BUSY);
        }
        self.forget_source(number);
        Ok(())
    }

    /// As [`release`](Self::release), with all that came.
    ///
    /// # Errors
    /// Busy: the kernel has not let go of it, or a thread of the pool uses the file. It is as before then.
    pub(super) fn unload(&self, resource: Resource) -> Result<Luggage, Errno> {
        let (number, _) = self.with(|state| state.named(resource.key));
        self.end_requests(number)?;
        let writes = |state: &mut State| {
            matches!(state.sources[number as usize].dropped.as_deref(), Some(DroppedWrite::Ending { .. }))
        };
        if self.is_in_use(number) || self.with(writes) {
            return Err(fd::BUSY);
        }
        let (held, kind) = self.with(|state| {
            let source = &mut state.sources[number as usize];
            let mut held = Held::new(None);
            held.end = core::mem::take(&mut source.end);
            if let Some(more) = &mut source.more {
                held.accepted = core::mem::take(&mut more.accepted);
            }
            if let Some(DroppedWrite::Ended(taken)) = source.dropped.take().map(|dropped| *dropped) {
                held.interrupted = Some(taken);
            }
            held.bytes = core::mem::take(&mut source.stash);
            (held, source.kind)
        });
        self.forget_source(number);
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
            source.dropped = held.interrupted.take().map(|taken| Box::new(DroppedWrite::Ended(taken)));
            if !held.accepted.is_empty() {
                source.more.get_or_insert_default().accepted = core::mem::take(&mut held.accepted);
            }
            source.stash = core::mem::take(&mut held.bytes);
        });
        Ok(())
    }

    /// Does the kernel, or a thread of the pool, use it?
    fn is_in_use(&self, number: u32) -> bool {
        self.with(|state| {
            let source = &mut state.sources[number as usize];
            let file_in_use = source.file.as_mut().is_some_and(|file| Arc::get_mut(&mut file.open).is_none());
            file_in_use || source.pending > 0 && !state.ring.is_copy()
        })
    }

    /// Nothing names the source any more, and what it is of stays open.
    fn forget_source(&self, number: u32) {
        let file = self.with(|state| {
            let file = state.sources[number as usize].file.take();
            state.retire(number);
            file
        });
        // Open, and the caller's.
        let _ = file.and_then(|file| Arc::into_inner(file.open)).map(OpenFile::into_raw);
    }

    /// Has what the kernel does for a source end, in turns of its own. Nobody waits for it any more.
    fn end_requests(&self, number: u32) -> Result<(), Errno> {
        // Whoever left a waker has gone: else the handle would not be here. For a waker, what is cancelled is armed again.
        let (reader, writer, sides) = self.with(|state| {
            let source = &mut state.sources[number as usize];
            let sides = source.more.as_mut().map(|more| [more.read.wakers.take(), more.write.wakers.take()]);
            (source.reader.take(), source.writer.take(), sides)
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
            self.with(|state| {
                if is_early {
                    state.cancel_armed(number);
                }
                state.ring.enter_between(is_early)
            })?;
            self.dispatch_of(number);
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
            let Some(next) = self.table.next_incomplete(token) else { return };
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
                Some(more) if source.generation == generation => side(more).wakers.give_back(all),
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
        self.with(|state| {
            let source = &state.sources[number as usize];
            match (source.arm, source.watch) {
                (Arm::Idle, _) => state.arm_recv(number, false, &self.buffers),
                (_, Arm::Idle) => {
                    state.watch(number);
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    }

    /// Waits for a connection beside others.
    pub(super) fn wait_for_connection(&self, number: u32, cx: &mut Context<'_>) {
        self.leave_among(number, read_side, cx);
        self.with(|state| {
            if state.sources[number as usize].arm == Arm::Idle {
                state.arm_accept(number);
            }
        });
    }

    /// Waits until a direction is ready, beside others.
    pub(super) fn wait_for_side(&self, number: u32, write: bool, cx: &mut Context<'_>) {
        self.leave_among(number, if write { write_side } else { read_side }, cx);
        self.with(|state| state.arm_poll(number, write));
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
        let (number, generation) = (completion.user_data as u32, generation(completion.user_data));
        let kind = completion.user_data >> 60;
        let woken = self.with(|state| {
            let known = state
                .sources
                .get(number as usize)
                .is_some_and(|source| source.life != Life::Free && source.generation == generation);
            if !known {
                state.give_back(completion, kind, &self.buffers);
                return Woken::Nobody;
            }
            if !completion.more() {
                state.in_kernel -= 1;
                state.sources[number as usize].pending -= 1;
            }
            let woken = match kind {
                kind::RECV => Woken::One(state.received(number, completion, &self.buffers)),
                kind::ACCEPT => state.accepted(number, completion),
                kind::WATCH => {
                    state.gone(number, completion);
                    Woken::Nobody
                }
                _ => state.polled(number, kind == kind::POLL_WRITE, completion),
            };
            if state.sources[number as usize].life == Life::Closing {
                state.finish_close(number);
            }
            woken
        });
        match woken {
            Woken::Nobody | Woken::One(None) => {}
            Woken::One(Some(waker)) => wake(waker),
            Woken::Among(side) => self.wake_among(number, generation, side),
        }
    }
}
