//! Operations that have one entry at a time and one end: from the first poll to the result, or to the late result of one
//! that was dropped. The states are drawn in the module's page.

pub(super) use super::asides::Aside;
use super::asides::Asides;
use super::ring::Completion;
use super::source::{DroppedWrite, GENERATION_MASK, Life, Source};
use super::{Kernel, Uring};
use crate::op::Taken;
use crate::sys::fd;
use crate::sys::ring::code;
use crate::theirs::{let_go, wake};
use bespoke_core::driver::inflight::{Abandoned, Completed, LateResult, Outcome, Polled, Submitted, Ticket, Token};
use bespoke_core::driver::{Errno, Late, MaybeDangling, Op};
use bespoke_core::roles::{Kind, RawResource, Resource};
use bespoke_core::sharing::Sharing;
use core::any::Any;
use core::task::{Context, Poll};
use io_uring::squeue::Entry;
use std::boxed::Box;

/// How an operation with a slot is expressed.
pub(super) trait Lower: Op {
    /// Does it write to a stream, so that it must wait for a write before it that was dropped?
    const WRITES: bool = false;
    /// Is its result a descriptor, which is closed when nobody takes it?
    const OPENS: bool = false;
    /// Is it of a socket? Whether those block is the driver's to say, and an entry waits for one that does.
    const OF_A_SOCKET: bool = true;
    /// Does its entry point at memory of its future's?
    const LENDS: bool = true;
    /// What its resource is from now on, if it makes another of it.
    const BECOMES: Option<Kind> = None;

    /// How many bytes it writes out of memory, of one that [writes](Self::WRITES).
    fn bytes(&self) -> usize {
        0
    }

    /// The bytes that its entry is about, of an operation whose memory may lie in a [region](super::regions).
    fn memory(&self, _taken: usize) -> Option<(*const u8, usize)> {
        None
    }

    /// What it is about.
    fn resource(&self) -> Option<Resource> {
        None
    }

    /// The entry for what is left of it after `taken`; what the kernel reads besides the buffer is written to `aside`.
    fn entry(&self, taken: usize, aside: &Aside<'_>) -> Entry;

    /// What the kernel's result says. `taken`: what entries before this one took, for an operation that takes several.
    /// `aside`: that of the entry, as the kernel left it.
    fn end(&self, taken: &mut usize, result: Result<u32, Errno>, aside: &Aside<'_>) -> End<Self::Output>;
}

/// What a result says.
pub(super) enum End<T> {
    /// The operation is over.
    Over(T),
    /// It goes on with another entry.
    Rest,
}

/// What the future of an operation holds.
#[derive(Debug)]
pub struct Flight<S: Sharing> {
    ticket: Option<Ticket<S>>,
    /// What entries before this one took; of a connect, what they asked for.
    taken: usize,
}

impl<S: Sharing> Default for Flight<S> {
    fn default() -> Self {
        Flight { ticket: None, taken: 0 }
    }
}

/// What is kept for a dropped operation, whatever its type: until the terminal completion as it is, then, of a write, what was
/// the future's; `None`: how much was taken is told by somebody else.
pub(super) trait Unkept: Send {
    fn unkept(self: Box<Self>) -> Option<Box<dyn Any + Send>>;
}

impl<K: Send + 'static> Unkept for MaybeDangling<K> {
    fn unkept(self: Box<Self>) -> Option<Box<dyn Any + Send>> {
        Some(Box::new((*self).into_inner()))
    }
}

/// What is noted with a slot: the source's generation and number, whether it writes to a stream, whether it opens, whether
/// it lends the kernel nothing, and whether its entry names the place of a region.
const NOTE_WRITES: u64 = 1 << 63;
const NOTE_OPENS: u64 = 1 << 62;
const NOTE_LENDS_NOTHING: u64 = 1 << 61;
const NOTE_FIXED: u64 = 1 << 60;
/// The number of an operation that names no source.
const NO_SOURCE: u32 = u32::MAX;

fn note<O: Lower>(source: Option<(u32, u32)>) -> u64 {
    let (number, generation) = source.unwrap_or((NO_SOURCE, 0));
    let flag = |set, flag| if set { flag } else { 0 };
    let flags = flag(O::WRITES, NOTE_WRITES) | flag(O::OPENS, NOTE_OPENS) | flag(!O::LENDS, NOTE_LENDS_NOTHING);
    u64::from(number) | u64::from(generation) << 32 | flags
}

/// The source that an operation names.
#[inline(always)]
fn noted(note: u64) -> Option<u32> {
    Some(note as u32).filter(|number| *number != NO_SOURCE)
}

impl<S: Sharing> Uring<S> {
    /// Polls an operation with a slot; the first call submits it.
    #[inline(always)]
    pub(super) fn poll_slot<O: Lower>(
        &self,
        op: &mut O,
        flight: &mut Flight<S>,
        cx: &mut Context<'_>,
    ) -> Poll<O::Output> {
        if let Some(ticket) = &mut flight.ticket {
            // In place: the clone of a waker is the user's, and may panic. The flight has its ticket then.
            let Some(result) = self.look(ticket, cx) else { return Poll::Pending };
            let ended = match result {
                0.. => Some(Ok(result as u32)),
                failed => self.failure(op, failed).map(Err),
            };
            // As the kernel left it, until the slot is given back.
            let aside = self.asides.of(ticket.token().index());
            let over = ended.map(|ended| op.end(&mut flight.taken, ended, &aside));
            let _ = flight.ticket.take().map(|ticket| self.with_table(|table| table.release(ticket)));
            if let Some(End::Over(output)) = over {
                flight.taken = 0;
                return Poll::Ready(output);
            }
        }
        if self.begins(op, flight, cx) {
            return Poll::Pending;
        }
        // A value of its own, which is moved: the output of a poll stays in registers, as its place is given to no function.
        let output = full(op, flight);
        Poll::Ready(output)
    }

    /// The kernel's result, if the operation of a slot is complete.
    #[inline(always)]
    fn look(&self, ticket: &mut Ticket<S>, cx: &mut Context<'_>) -> Option<i32> {
        if S::MOVING {
            return result_of(ticket.poll(cx.waker())); // without the lock
        }
        match self.with_table(|table| table.poll_with(ticket, cx.waker(), &mut None)) {
            Some(polled) => result_of(polled),
            None => self.look_for_another(ticket, cx),
        }
    }

    /// The same, of an operation that somebody else is woken for.
    #[cold]
    fn look_for_another(&self, ticket: &mut Ticket<S>, cx: &mut Context<'_>) -> Option<i32> {
        // The user's code, which may complete this very operation.
        let mut waker = Some(cx.waker().clone());
        let polled = self.with_table(|table| table.poll_with(ticket, cx.waker(), &mut waker));
        drop(waker);
        polled.and_then(result_of)
    }

    /// Why an entry failed. `None`: it is made again.
    #[cold]
    fn failure<O: Lower>(&self, op: &O, result: i32) -> Option<Errno> {
        if O::WRITES && self.is_refused_zero_copy(op, result) {
            return None;
        }
        match retried(result).filter(|again| O::OF_A_SOCKET || *again != code::AGAIN) {
            // A socket that came from elsewhere does not block: the kernel waits for blocking ones only.
            Some(code::AGAIN) => fd::set_nonblocking(op.resource()?.raw, false).err(),
            // A signal; or the thread that submitted it is gone. Nobody asked for it: the future is there.
            Some(_) => None,
            None => Errno::new(-result),
        }
    }

    /// Submits the operation, or what is left of it, unless it has to wait for a write before it. `false`: there is no slot.
    #[inline(never)]
    fn begins<O: Lower>(&self, op: &mut O, flight: &mut Flight<S>, cx: &mut Context<'_>) -> bool {
        let source = op.resource().map(|resource| self.with(|state| state.named(resource.key)));
        // One that has begun is past this.
        if O::WRITES
            && flight.taken == 0
            && let Some((number, _)) = source
            && self.waits_for_dropped_write(number, cx)
        {
            return true;
        }
        if let (Some(kind), Some((number, _))) = (O::BECOMES, source) {
            self.with(|state| state.sources[number as usize].kind = kind);
        }
        // The user's code first.
        let mut waker = Some(cx.waker().clone());
        // No turn comes before the entry is queued, so the place stays.
        let fixed =
            op.memory(flight.taken).filter(|_| !S::MOVING).and_then(|bytes| self.with(|state| state.place_of(bytes)));
        let note = note::<O>(source) | if fixed.is_some() { NOTE_FIXED } else { 0 };
        let (ticket, token) = match self.with_table(|table| table.submit_with(&mut waker, note)) {
            Submitted::Tell(ticket, token) => (ticket, token),
            Submitted::Full => return false,
        };
        let mut aside = self.asides.of(token.index());
        aside.fixed = fixed;
        if let Some(place) = fixed {
            aside.place().set(place);
            self.with(|state| state.names_place(place));
        }
        if O::WRITES && self.sends_without_copy(|| op.bytes().saturating_sub(flight.taken), source) {
            self.begin_without_copy(op, flight, ticket, source, aside);
            return true;
        }
        let entry = op.entry(flight.taken, &aside);
        flight.ticket = Some(ticket);
        // SAFETY: the entry points at what the operation does, which its future or the orphan keeps, and at the aside.
        unsafe { self.submit::<O, true>(entry, Kernel::V5_15, token, source) };
        true
    }

    /// The end of [`begins`](Self::begins) for a send without a copy. Of its own: there the usual entry is written where it lies,
    /// field by field, as nothing else can be meant.
    #[inline(never)]
    fn begin_without_copy<O: Lower>(
        &self,
        op: &O,
        flight: &mut Flight<S>,
        ticket: Ticket<S>,
        source: Option<(u32, u32)>,
        mut aside: Aside<'_>,
    ) {
        aside.zero_copy = true;
        let (entry, token) = (op.entry(flight.taken, &aside), ticket.token());
        flight.ticket = Some(ticket);
        // SAFETY: as in `begins`.
        if unsafe { self.submit::<O, false>(entry, Kernel::V6_1, token, source) } {
            return;
        }
        // A thread has left its ring since it was asked.
        aside.zero_copy = false;
        let entry = op.entry(flight.taken, &aside);
        // SAFETY: as in `begins`.
        unsafe { self.submit::<O, true>(entry, Kernel::V5_15, token, source) };
    }

    /// Does a write of the stream have to wait for one before it that was dropped? Then the waker is left.
    #[inline]
    pub(super) fn waits_for_dropped_write(&self, number: u32, cx: &mut Context<'_>) -> bool {
        // Nearly never was one dropped.
        self.with(|state| state.sources[number as usize].dropped().is_some()) && self.waits_for_its_end(number, cx)
    }

    #[cold]
    fn waits_for_its_end(&self, number: u32, cx: &mut Context<'_>) -> bool {
        let waits =
            self.with(|state| matches!(state.sources[number as usize].dropped(), Some(DroppedWrite::Ending { .. })));
        if waits {
            self.wait_for_dropped_write(number, cx);
        }
        waits
    }

    /// Leaves the waker of who waits for a write that was dropped.
    #[cold]
    pub(super) fn wait_for_dropped_write(&self, number: u32, cx: &mut Context<'_>) {
        self.leave(number, |source| &mut source.more().writer, cx);
        let missed = self.looks_again(|state| {
            let source = &mut state.sources[number as usize];
            match source.dropped() {
                Some(DroppedWrite::Ending { .. }) => None,
                _ => source.take_writer(),
            }
        });
        missed.into_iter().for_each(wake);
    }

    /// Queues the entry of a slot. Of each kind of operation, and of entries that copy and those that do not, this is a
    /// function of its own: one that all of them call would be called, with the entry in memory. `false`: nothing was done, as
    /// the entry does not copy, and the ring is no longer the only one (invariant 6 of `handover`).
    ///
    /// # Safety
    /// What `entry` points at lives until the terminal completion of `token`.
    #[inline(always)]
    unsafe fn submit<O: Lower, const COPIES: bool>(
        &self,
        entry: Entry,
        since: Kernel,
        token: Token,
        source: Option<(u32, u32)>,
    ) -> bool {
        self.with(|state| {
            if S::MOVING && !COPIES && !state.none_is_left() {
                return false;
            }
            state.in_kernel += 1;
            if let Some((number, _)) = source {
                state.sources[number as usize].pending += 1;
            }
            // SAFETY: as the caller.
            unsafe { state.ring.push(entry.user_data(token.bits()), since) };
            true
        })
    }

    /// A completion of a slot: the terminal one, nearly always.
    #[inline(always)]
    pub(super) fn slot_completed(&self, completion: Completion) {
        #[cfg(test)]
        self.faults.fetch_add(u32::from(completion.result == -code::FAULT), core::sync::atomic::Ordering::Relaxed);
        if completion.is_of_two() {
            return self.one_of_two(completion, None);
        }
        let outcome = Outcome { result: completion.result, flags: completion.flags };
        self.ended(Token::from_bits(completion.user_data), outcome, |note| {
            let left = self.with(|state| {
                state.in_kernel -= 1;
                state.names_no_more(note)
            });
            close_left(left);
        });
    }

    /// The operation of a slot has ended. `landed`: the kernel is done with its entry.
    #[inline(always)]
    pub(super) fn ended(&self, token: Token, outcome: Outcome, landed: impl FnOnce(u64)) {
        // First: the slot may be another's as soon as anything of the user's runs.
        let no_more_fixed = |note: u64| {
            if note & NOTE_FIXED != 0 {
                self.fixed_has_ended(token);
            }
        };
        match self.with_table(|table| table.complete(token, outcome)) {
            Completed::Stale => {}
            Completed::Wake { waker, note } => {
                no_more_fixed(note);
                landed(note);
                wake(waker);
            }
            Completed::Noticed { note } => {
                no_more_fixed(note);
                landed(note);
            }
            Completed::Late(late) => {
                let note = late.note;
                no_more_fixed(note);
                // The write first: the source may go with its last request.
                self.late(late);
                landed(note);
            }
        }
    }

    /// The source that the operation of a completion names.
    #[cold]
    pub(super) fn source_of_slot(&self, token: Token) -> Option<u32> {
        self.with_table(|table| table.note(token)).and_then(noted)
    }

    /// The kernel tells no more. What it was lent nothing for ends as if it were cancelled, and whoever waits for it hears
    /// of the close; its entry stays the kernel's. What was lent memory never ends: its future would give that back.
    #[cold]
    pub(super) fn end_what_lends_nothing(&self) {
        let mut token = None;
        while let Some(next) = self.with_table(|table| table.next_incomplete(token)) {
            let note = self.with_table(|table| table.note(next));
            if note.is_some_and(|note| note & NOTE_LENDS_NOTHING != 0) {
                self.ended(next, Outcome { result: -code::CANCELED, flags: 0 }, |_| {});
            }
            token = Some(next);
        }
    }

    /// The result of an operation whose future is gone.
    #[cold]
    fn late(&self, late: LateResult) {
        self.unclaimed(late.note, late.outcome.result);
        if late.note & NOTE_WRITES == 0 {
            return let_go(late.keep);
        }
        match late.keep.downcast::<Box<dyn Unkept>>() {
            Ok(keep) => self.late_write(late.note, late.outcome.result, keep),
            Err(keep) => let_go(keep),
        }
    }

    /// Nobody takes what an operation opened: it is closed.
    fn unclaimed(&self, note: u64, result: i32) {
        if note & NOTE_OPENS != 0 {
            close_left((result >= 0).then_some(result));
        }
    }

    /// A dropped write has ended: its source keeps how far it got, and what it wrote from.
    #[cold]
    fn late_write(&self, note: u64, result: i32, keep: Box<dyn Unkept>) {
        let (number, generation) = (note as u32, (note >> 32) as u32 & GENERATION_MASK);
        self.a_dropped_one_ended(number, generation, result);
        let taken = self.with(|state| {
            let source = state.dropped_write(number, generation)?;
            match source.dropped() {
                Some(DroppedWrite::Ending { taken }) => Some(taken + usize::try_from(result).unwrap_or(0)),
                _ => None,
            }
        });
        // What was kept is the user's: nothing of ours is borrowed meanwhile.
        let taken = match taken {
            Some(bytes) if bytes > 0 => keep.unkept().map(|kept| Taken { bytes, kept }),
            _ => {
                let_go(keep);
                None
            }
        };
        let left = self.with(|state| {
            let Some(source) = state.dropped_write(number, generation) else { return (taken, None) };
            let more = source.more();
            more.dropped = taken.map(DroppedWrite::Ended);
            (None, more.writer.take())
        });
        let (unused, waker) = left;
        let_go(unused);
        if let Some(waker) = waker {
            wake(waker);
        }
    }

    /// A write was dropped when the stream had taken a part, and nothing of it is with the kernel.
    #[cold]
    pub(super) fn write_was_dropped(&self, (number, generation): (u32, u32), taken: Taken) {
        let taken = DroppedWrite::Ended(taken);
        let old = self.with(|state| match state.sources.get_mut(number as usize) {
            Some(source) if source.generation == generation && source.life == Life::Open => {
                source.more().dropped.replace(taken)
            }
            _ => Some(taken),
        });
        let_go(old);
    }

    /// The number and the generation of a resource's source.
    pub(super) fn source_of(&self, resource: Resource) -> (u32, u32) {
        self.with(|state| state.named(resource.key))
    }

    /// Gives a ticket up: cancels what the kernel has, or says how it has ended.
    fn give_up_ticket<K: Send + 'static>(&self, ticket: Ticket<S>, keep: K) -> Option<LateResult<K>> {
        let mut waker = None;
        let abandoned = self.with_table(|table| table.abandon_with(ticket, keep, &mut waker));
        let late = match abandoned {
            Abandoned::Late(late) => Some(late),
            Abandoned::Cancel(token) => {
                self.cancel(token.bits());
                None
            }
            Abandoned::Posted | Abandoned::Nudge(_) => unreachable!("a driver gives up what is its own"),
        };
        waker.into_iter().for_each(let_go);
        late
    }

    /// The future of an operation dies while the kernel may have its entry.
    #[cold]
    pub(super) fn abandon_slot<U: Unkept + 'static>(&self, late: Late, flight: &mut Flight<S>, keep: U) {
        let Some(ticket) = flight.ticket.take() else { return let_go(keep) };
        let taken = core::mem::take(&mut flight.taken);
        let note = ticket.note();
        if late != Late::CountWritten || note & NOTE_WRITES == 0 {
            if let Some(late) = self.give_up_ticket(ticket, keep) {
                self.unclaimed(note, late.outcome.result);
                let_go(late.keep);
            }
            return;
        }
        let (number, generation) = (note as u32, (note >> 32) as u32 & GENERATION_MASK);
        let ending = DroppedWrite::Ending { taken };
        let old = self.with(|state| match state.sources.get_mut(number as usize) {
            Some(source) if source.generation == generation && source.life == Life::Open => {
                source.more().dropped.replace(ending)
            }
            _ => None,
        });
        let keep: Box<dyn Unkept> = Box::new(keep);
        if let Some(late) = self.give_up_ticket(ticket, keep) {
            self.late_write(note, late.outcome.result, late.keep);
        }
        // Only now: it is the user's, and what the kernel reads from was still in our hands before.
        let_go(old);
    }
}

/// Is the result none, so that the entry is made again?
fn retried(result: i32) -> Option<i32> {
    match -result {
        again @ (code::AGAIN | code::INTERRUPTED | code::CANCELED | code::RESTART) => Some(again),
        _ => None,
    }
}

/// There is no slot for an operation: it ends, with what entries before this one took.
#[cold]
fn full<O: Lower, S: Sharing>(op: &O, flight: &mut Flight<S>) -> O::Output {
    let nowhere = Asides::new(false);
    let End::Over(output) = op.end(&mut flight.taken, Err(Errno::OUT_OF_MEMORY), &nowhere.of(0)) else {
        unreachable!("an operation that failed is over")
    };
    flight.taken = 0;
    output
}

/// What the kernel said of an operation.
#[inline(always)]
fn result_of(polled: Polled) -> Option<i32> {
    match polled {
        Polled::Ready(outcome) => Some(outcome.result),
        Polled::Pending => None,
    }
}

impl<S: Sharing> Flight<S> {
    pub(super) fn is_in_flight(&self) -> bool {
        self.ticket.is_some() || self.taken > 0
    }

    /// Has the kernel an entry of it, or has it told the end of one that nobody has read?
    pub(super) fn has_an_entry(&self) -> bool {
        self.ticket.is_some()
    }

    /// A new operation goes on with what others began, which took so much. Nothing is on its way.
    pub(super) fn begins_at(&mut self, taken: usize) {
        self.taken = taken;
    }

    /// The driver is gone. Pending: the kernel has not given back what the operation uses, and never tells any more.
    pub(super) fn poll_closed<O: Lower>(&mut self) -> Poll<Option<O::Output>> {
        let Some(ticket) = self.ticket.take() else { return Poll::Ready(None) };
        // SAFETY: the runtime is closed, so the driver was dropped, and its table with it.
        match unsafe { ticket.end_closed() } {
            Err(ticket) => {
                self.ticket = Some(ticket);
                return Poll::Pending;
            }
            Ok(outcome) if O::OPENS && outcome.result >= 0 => {
                // Nobody wrote to it, so there is nothing that this could tell of.
                let _ = fd::close(outcome.result);
            }
            Ok(_) => {}
        }
        *self = Flight::default();
        Poll::Ready(None)
    }

    /// The future dies after its driver.
    pub(super) fn abandon_closed<O: Lower, K>(&mut self, keep: MaybeDangling<K>) {
        match self.poll_closed::<O>() {
            Poll::Ready(_) => drop(keep),
            // The kernel may use it for ever.
            Poll::Pending => core::mem::forget(keep),
        }
    }
}

/// Closes what is left of a source. An error of an earlier write was told by that write.
#[inline]
pub(super) fn close_left(left: Option<RawResource>) {
    if let Some(raw) = left {
        let _ = fd::close(raw);
    }
}

impl super::State {
    /// The entry of a slot names the descriptor of its source no more; what is yielded is to be closed, see
    /// [`finish_close`](Self::finish_close).
    #[inline]
    #[must_use]
    pub(super) fn names_no_more(&mut self, note: u64) -> Option<RawResource> {
        let number = noted(note)?;
        let source = &mut self.sources[number as usize];
        source.pending -= 1;
        if source.life == Life::Closing { self.finish_close(number) } else { None }
    }

    /// The number and generation of the source of a key.
    #[inline]
    pub(super) fn named(&self, key: u32) -> (u32, u32) {
        let number = self.keys[key as usize];
        let source: &Source = &self.sources[number as usize];
        (number, source.generation)
    }
}
