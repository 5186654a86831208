//! The requests of resources that stay with the kernel while somebody waits: how they are armed, and what their completions
//! mean. Nothing here runs code of the user's.

use super::provided::Provided;
use super::ring::Completion;
use super::source::{Arm, DroppedWrite, End, Life, More, Shots, Side, Source};
use super::sources::{Woken, read_side, write_side};
use super::{Kernel, State, generation, kind, named};
use crate::op::LEASE_BYTES;
use crate::pooled::OpenFile;
use crate::sys::ring::{self as calls, code};
use crate::sys::{fd, socket};
use bespoke_core::driver::{Buffer, Buffers, Errno};
use bespoke_core::roles::{Kind, RawResource};
use core::task::Waker;
use io_uring::squeue::{Entry, Flags};
use io_uring::{opcode, types};
use std::sync::Arc;

/// After so many bytes the kernel ends a multishot `recv` by itself, if it can: what one stream brings between two looks is
/// the kernel's choice otherwise, and can be all that lies ready.
const RECV_LIMIT: u32 = 64 << 10;

/// Sets the limit of bytes, `optlen`, for which the crate has no name.
fn limited(mut entry: Entry) -> Entry {
    const OPTLEN: usize = 44;
    const { assert!(size_of::<Entry>() == 64 && OPTLEN.is_multiple_of(align_of::<u32>())) };
    let entry_at = (&raw mut entry).cast::<u8>();
    // SAFETY: inside the entry, which is the kernel's structure of 64 bytes, in C's layout.
    let place = unsafe { entry_at.add(OPTLEN) }.cast::<u32>();
    // SAFETY: aligned: the entry is, and the offset is a multiple; of a `recv`, nothing else lies there.
    unsafe { place.write(RECV_LIMIT) };
    entry
}

/// At so many stashed buffers a stream that nobody reads is asked to bring no more.
const STASHED_MAX: u32 = 16;
/// At so many waiting connections a listener is.
const ACCEPTED_MAX: usize = 128;

impl State {
    /// What listeners, datagram sockets and foreign descriptors have; it is made for a stream that has none.
    pub(super) fn more(&mut self, number: u32) -> &mut More {
        self.sources[number as usize].more()
    }

    /// A direction of such a one.
    pub(super) fn side(&mut self, number: u32, write: bool) -> &mut Side {
        let more = self.more(number);
        if write { &mut more.write } else { &mut more.read }
    }

    pub(super) fn cancel(&mut self, user_data: u64) {
        let entry = opcode::AsyncCancel::new(user_data).build().user_data(named(kind::IGNORED, 0, 0));
        // SAFETY: a cancel points at no memory.
        unsafe { self.ring.push(entry, Kernel::V5_15) };
    }

    /// Asks the `recv` of a stream to end.
    pub(super) fn cancel_recv(&mut self, number: u32) {
        let source = &mut self.sources[number as usize];
        match source.arm {
            Arm::Armed(_) => {
                source.arm = Arm::Cancelling;
                let user_data = named(kind::RECV, source.generation, number);
                self.cancel(user_data);
            }
            // Nobody needs the buffer that it waits for.
            Arm::Starved => source.arm = Arm::Idle,
            Arm::Idle | Arm::Cancelling => {}
        }
    }

    /// Has the `recv` of a stream ended, and does somebody wait for that?
    pub(super) fn is_ended_for_somebody(&self, number: u32) -> bool {
        let source = &self.sources[number as usize];
        !source.arm.in_kernel() && source.more.as_ref().is_some_and(|more| !more.read.wakers.is_empty())
    }

    /// Asks the requests of a source to end that stay with the kernel.
    pub(super) fn cancel_armed(&mut self, number: u32) {
        // One that was asked before is asked again, as that may have missed it; not so where all were asked at once, which the
        // end of the driver does again.
        let again = !(self.all_cancelled && self.cancel_all);
        let source = &mut self.sources[number as usize];
        let recv = if source.kind == Kind::Listener { kind::ACCEPT } else { kind::RECV };
        let mut ending = [None; 4];
        for ((arm, kind), place) in
            source.arms().zip([recv, kind::WATCH, kind::POLL_READ, kind::POLL_WRITE]).zip(&mut ending)
        {
            let asks = matches!(arm, Arm::Armed(_)) || again && *arm == Arm::Cancelling;
            *place = asks.then_some(kind);
            arm.is_cancelled();
        }
        let generation = source.generation;
        for kind in ending.into_iter().flatten() {
            self.cancel(named(kind, generation, number));
        }
    }

    /// Nothing names the source any more.
    pub(super) fn retire(&mut self, number: u32) {
        let source = &mut self.sources[number as usize];
        drop(source.take_own());
        source.retire();
        self.free.push(number);
    }

    /// A request of a closing source has ended: if that was the last one, closes its descriptor. What is yielded is for the
    /// caller to close, once nothing of the state is borrowed or locked.
    ///
    /// Only sockets are closed by an entry. The close of anything else may have to tell a server first (NFS, FUSE): a thread of
    /// the kernel's makes it then, and a cancel of all can end that before it was begun. What the code of such a cancel looks
    /// like is also what a server may answer when the descriptor is closed, and its number another's. An idle file is closed by a
    /// call, too.
    #[cold]
    #[must_use]
    pub(super) fn finish_close(&mut self, number: u32) -> Option<RawResource> {
        let source = &mut self.sources[number as usize];
        if source.pending > 0 {
            return None;
        }
        let raw = match source.take_file() {
            // Where a job of the pool uses the file, the last of them closes it.
            Some(file) => Arc::into_inner(file.open).map(OpenFile::into_raw),
            None => Some(source.raw),
        };
        let is_socket = matches!(
            source.kind,
            Kind::Stream | Kind::UnixStream | Kind::Unconnected | Kind::Listener | Kind::Datagram
        );
        self.retire(number);
        if is_socket {
            self.close_socket(raw?);
            return None;
        }
        raw
    }

    /// Closes a socket, with the next call; at once while the driver ends, when a next call need not come.
    pub(super) fn close_socket(&mut self, raw: RawResource) {
        if self.draining {
            // No entry names it any more. An error of an earlier write was told by that write.
            let _ = fd::close(raw);
            return;
        }
        self.in_kernel += 1;
        let entry = opcode::Close::new(types::Fd(raw)).build().user_data(named(kind::CLOSE, 0, 0));
        // SAFETY: it points at no memory.
        unsafe { self.ring.push(entry, Kernel::V5_15) };
    }

    /// A socket is closed: the kernel did so as it took the entry, which no cancel finds.
    pub(super) fn closed(&mut self, completion: Completion) {
        debug_assert_ne!(completion.result, -code::CANCELED, "the close of a socket waits for nobody");
        self.in_kernel -= 1;
    }

    /// A completion of a source that is gone: gives back the connection that it brings.
    #[cold]
    pub(super) fn give_back(&mut self, completion: Completion, kind: u64) {
        if kind == kind::ACCEPT && completion.result >= 0 {
            self.close_socket(completion.result);
        }
    }

    /// Gives the kernel a request of the source.
    ///
    /// # Safety
    /// What `entry` points at belongs to the source until the terminal completion.
    unsafe fn arm(&mut self, number: u32, entry: Entry, kind: u64, since: Kernel) {
        let source = &mut self.sources[number as usize];
        source.pending += 1;
        self.in_kernel += 1;
        let user_data = named(kind, source.generation, number);
        // SAFETY: as the caller.
        unsafe { self.ring.push(entry.user_data(user_data), since) };
    }

    /// Has the kernel know of buffers that lie ready. With the first stream that waits for bytes: programs without one need none.
    /// `false`: nothing was asked, as this is not the thread whose ring it is.
    #[cold]
    pub(super) fn provide(&mut self, pool: &Buffers<LEASE_BYTES>) -> bool {
        let settings = self.ring.settings();
        // A forked child asks the kernel for nothing, least of all in the name of its parent's ring.
        if self.ring.is_copy() {
            return true;
        }
        if self.ring.is_of_another_thread() {
            return false;
        }
        self.provides = true;
        let others = !self.none_is_left();
        if settings.kernel > Kernel::V5_15 {
            self.provided = Provided::new(&self.ring, settings.buffers);
        }
        if let Some(provided) = &mut self.provided {
            // A stand-in's ring is there for a closure's time.
            let most = if others { provided.few() } else { usize::from(settings.buffers) };
            provided.refill(pool, most);
            provided.publish();
        }
        true
    }

    /// Arms the `recv` of an idle stream. `once`: for one buffer at most.
    #[inline(never)]
    pub(super) fn arm_recv(&mut self, number: u32, once: bool, pool: &Buffers<LEASE_BYTES>) -> Result<(), Errno> {
        if !self.provides && !self.provide(pool) {
            // Where tasks move, it waits for the next turn, as if it had found no buffer: the worker asks then, and arms it.
            self.sources[number as usize].arm = Arm::Starved;
            self.starved.push_back(number);
            return Ok(());
        }
        let source = &mut self.sources[number as usize];
        let fd = types::Fd(source.raw);
        // What others name as well is read for who waits, never ahead.
        let shots = match self.multi_recv && !once && !source.is_shared() {
            true if self.multi_limit => Shots::Limited,
            true => Shots::Many,
            false => Shots::One,
        };
        let (entry, since) = if self.provided.is_some() {
            source.arm = Arm::Armed(shots);
            match shots {
                Shots::Limited => (limited(opcode::RecvMulti::new(fd, super::provided::GROUP).build()), Kernel::Any),
                Shots::Many => (opcode::RecvMulti::new(fd, super::provided::GROUP).build(), Kernel::V6_1),
                Shots::One => {
                    let entry = opcode::Recv::new(fd, core::ptr::null_mut(), LEASE_BYTES as u32)
                        .buf_group(super::provided::GROUP)
                        .build();
                    (entry.flags(Flags::BUFFER_SELECT), Kernel::V6_1)
                }
            }
        } else {
            let mut buffer = match source.take_own() {
                Some(buffer) => buffer,
                None => pool.take().ok_or(Errno::OUT_OF_MEMORY)?,
            };
            let room = buffer.room();
            source.more().own = Some(buffer);
            source.arm = Arm::Armed(Shots::One);
            (opcode::Recv::new(fd, room, LEASE_BYTES as u32).build(), Kernel::V5_15)
        };
        // SAFETY: the buffer is a provided one, or the source's own.
        unsafe { self.arm(number, entry, kind::RECV, since) };
        Ok(())
    }

    /// Arms a stream again for who waits; what it finds wrong the reader finds, too.
    fn arm_recv_again(&mut self, number: u32, pool: &Buffers<LEASE_BYTES>) -> Option<Waker> {
        let source = &mut self.sources[number as usize];
        if source.reader.is_none() || source.life != Life::Open || self.draining {
            return None;
        }
        match self.arm_recv(number, false, pool) {
            Ok(()) => None,
            Err(errno) => {
                let source = &mut self.sources[number as usize];
                source.end = End::Error(errno);
                source.reader.take()
            }
        }
    }

    /// Arms those who found no buffer, one for each that is there.
    pub(super) fn feed(&mut self, pool: &Buffers<LEASE_BYTES>) {
        if self.starved.is_empty() {
            return;
        }
        // They found none in a ring that was left behind.
        if !self.provides {
            self.provide(pool);
        }
        let mut ready = match &mut self.provided {
            Some(provided) => {
                provided.refill(pool, provided.few());
                // Before the entries that ask for them: a thread of the kernel's may take those at once.
                provided.publish();
                provided.ready()
            }
            None => usize::MAX,
        };
        while ready > 0 {
            let Some(number) = self.starved.pop_front() else { return };
            let source = &mut self.sources[number as usize];
            if source.arm != Arm::Starved || source.life != Life::Open {
                continue;
            }
            source.arm = Arm::Idle;
            if source.reader.is_some() && !self.draining {
                ready -= 1;
                if self.arm_recv(number, true, pool).is_err() {
                    self.sources[number as usize].arm = Arm::Starved;
                    return self.starved.push_back(number);
                }
            }
        }
    }

    /// A `recv` of an open stream that brings bytes and goes on, and may go on: whom it wakes. `None`: it is anything else,
    /// and nothing was done; see [`received`](Self::received).
    #[inline]
    pub(super) fn brought(&mut self, completion: Completion) -> Option<Option<Waker>> {
        let source = self.sources.get_mut(completion.user_data as u32 as usize)?;
        let open = source.life == Life::Open && source.generation == generation(completion.user_data);
        let goes_on = completion.more() && source.stash.count() < STASHED_MAX - 1;
        if !open || !goes_on || completion.result <= 0 {
            return None;
        }
        let buffer = self.provided.as_mut()?.take(completion.buffer()?)?;
        // SAFETY: the kernel has written so many bytes.
        unsafe { source.stash.push(buffer, completion.result as u32) };
        Some(source.reader.take())
    }

    /// A `recv` has completed. `provided`: the buffer that it brings, if that is not the source's own.
    pub(super) fn received(
        &mut self,
        number: u32,
        completion: Completion,
        provided: Option<Buffer<LEASE_BYTES>>,
        pool: &Buffers<LEASE_BYTES>,
    ) -> Option<Waker> {
        let source = &mut self.sources[number as usize];
        let was = source.arm;
        if !completion.more() {
            source.arm = Arm::Idle;
        }
        // Also where another ring is in use by now, which may have none.
        let asked_for_provided = !source.has_own();
        let buffer = match completion.buffer() {
            Some(_) => provided,
            None if !completion.more() => source.take_own(),
            None => None,
        };
        if source.life != Life::Open {
            if let Some(buffer) = buffer {
                pool.put(buffer);
            }
            return None;
        }
        match buffer {
            Some(buffer) if completion.result > 0 => {
                // SAFETY: the kernel has written so many bytes.
                unsafe { source.stash.push(buffer, completion.result as u32) };
                let waker = source.reader.take();
                if completion.more() && source.stash.count() >= STASHED_MAX && was != Arm::Cancelling {
                    source.arm = Arm::Cancelling;
                    self.cancel(completion.user_data);
                }
                return waker;
            }
            Some(buffer) => pool.put(buffer),
            None => {}
        }
        if completion.more() {
            return None;
        }
        let source = &mut self.sources[number as usize];
        match -completion.result {
            0 => source.end = End::Stream,
            code::NO_BUFFERS if asked_for_provided => {
                source.arm = Arm::Starved;
                self.starved.push_back(number);
                return None;
            }
            // A kernel before 6.17 knows no limit; one before 6.0 one buffer at a time. Of several that were armed together
            // each finds the same.
            code::INVALID if was == Arm::Armed(Shots::Limited) => {
                self.multi_limit = false;
                return self.arm_recv_again(number, pool);
            }
            code::INVALID if was == Arm::Armed(Shots::Many) => {
                self.multi_recv = false;
                return self.arm_recv_again(number, pool);
            }
            code::AGAIN => {
                // A socket that came from elsewhere does not block: the kernel waits for blocking ones only.
                if let Err(errno) = fd::set_nonblocking(source.raw, false) {
                    source.end = End::Error(errno);
                } else {
                    return self.arm_recv_again(number, pool);
                }
            }
            // We asked for it, also where its kernel refused it before it was cancelled; or the thread that armed it is gone.
            code::CANCELED | code::INTERRUPTED | code::INVALID
                if was == Arm::Cancelling || -completion.result != code::INVALID =>
            {
                return if source.stash.is_empty() { self.arm_recv_again(number, pool) } else { source.reader.take() };
            }
            failed => source.end = Errno::new(failed).map_or(End::Stream, End::Error),
        }
        source.reader.take()
    }

    /// Has the kernel tell when the connection of a stream is gone, or an urgent byte lies ahead, beside a `recv` that has
    /// brought bytes and for which somebody waits again.
    ///
    /// A multishot `recv` that took bytes and found nothing behind them waits for the next event. One that came in the meantime
    /// can be lost, and a reset has no event behind it: of a thousand resets that follow bytes at once, one was not told on
    /// Linux 6.18, and its reader waited for ever (as in <https://github.com/axboe/liburing/issues/1549>). The end of the peer's
    /// direction is not lost: TCP says with the bytes that there is more. One poll, which is idle until the end.
    ///
    /// A `recv` ends in front of an urgent byte. The kernel asks again at once, which passes it, unless a signal is pending
    /// (`tcp_recvmsg`), as to a thread of the kernel's work for it is: then it waits for an event, and all has come already.
    #[cold]
    pub(super) fn watch(&mut self, number: u32) {
        let source = &mut self.sources[number as usize];
        let by_many = matches!(source.arm, Arm::Armed(Shots::Many | Shots::Limited));
        if !by_many || source.watch != Arm::Idle || self.draining {
            return;
        }
        source.watch = Arm::Armed(Shots::One);
        // It is told of errors and of the end without asking.
        let entry = opcode::PollAdd::new(types::Fd(source.raw), calls::POLL_URGENT).build();
        // SAFETY: a poll points at no memory.
        unsafe { self.arm(number, entry, kind::WATCH, Kernel::V5_15) };
    }

    /// The watch of a stream has ended: has its `recv` look again, unless it has ended, too.
    pub(super) fn gone(&mut self, number: u32, completion: Completion) {
        let source = &mut self.sources[number as usize];
        source.watch = Arm::Idle;
        let told = calls::POLL_GONE | calls::POLL_URGENT;
        let gone = completion.result >= 0 && completion.result as u32 & told != 0;
        if gone && source.life == Life::Open && matches!(source.arm, Arm::Armed(Shots::Many | Shots::Limited)) {
            // Its end arms it anew for who waits, and that one finds what is there.
            source.arm = Arm::Cancelling;
            let user_data = named(kind::RECV, source.generation, number);
            self.cancel(user_data);
        }
    }

    /// Arms the `accept` of an idle listener.
    pub(super) fn arm_accept(&mut self, number: u32) {
        let source = &mut self.sources[number as usize];
        // What others name as well takes no connection for which nobody waits: it would be theirs.
        let multi = self.multi_accept && !source.is_shared();
        source.arm = Arm::Armed(if multi { Shots::Many } else { Shots::One });
        let fd = types::Fd(source.raw);
        let (entry, since) = if multi {
            (opcode::AcceptMulti::new(fd).flags(calls::ACCEPT_FLAGS).build(), Kernel::V6_1)
        } else {
            let room = source.more().peer.room();
            // SAFETY: the kernel has no request that writes there: the source was idle.
            let (address, len) = calls::room_for_address(unsafe { &mut *room });
            (opcode::Accept::new(fd, address.cast(), len.cast()).flags(calls::ACCEPT_FLAGS).build(), Kernel::V5_15)
        };
        // SAFETY: the address is the source's.
        unsafe { self.arm(number, entry, kind::ACCEPT, since) };
    }

    /// Arms a listener again for those who wait.
    fn arm_accept_again(&mut self, number: u32) -> Woken {
        if !self.draining && !self.more(number).read.wakers.is_empty() {
            self.arm_accept(number);
        }
        Woken::Nobody
    }

    /// An `accept` has completed.
    pub(super) fn accepted(&mut self, number: u32, completion: Completion) -> Woken {
        let source = &mut self.sources[number as usize];
        let was = source.arm;
        if !completion.more() {
            source.arm = Arm::Idle;
        }
        if source.life != Life::Open {
            if completion.result >= 0 {
                self.close_socket(completion.result);
            }
            return Woken::Nobody;
        }
        let (raw, generation) = (source.raw, source.generation);
        if completion.result >= 0 {
            let more = source.more();
            let by_multi = was == Arm::Armed(Shots::Many) || completion.more();
            // SAFETY: the request has ended.
            let peer = (!by_multi && was != Arm::Cancelling).then(|| unsafe { more.peer.read() });
            more.accepted.push_back((completion.result, peer));
            if more.accepted.len() >= ACCEPTED_MAX && completion.more() && source.arm != Arm::Cancelling {
                source.arm = Arm::Cancelling;
                self.cancel(named(kind::ACCEPT, generation, number));
            }
            return Woken::Among(read_side);
        }
        match -completion.result {
            code::INVALID if was == Arm::Armed(Shots::Many) => {
                self.multi_accept = false;
                self.arm_accept_again(number)
            }
            // As for `recv`: it was cancelled before its kernel had refused it.
            code::INVALID if was == Arm::Cancelling => self.arm_accept_again(number),
            code::CANCELED | code::INTERRUPTED => self.arm_accept_again(number),
            code::AGAIN if fd::set_nonblocking(raw, false).is_ok() => self.arm_accept_again(number),
            failed => match Errno::new(failed) {
                // The peer is gone already: the next one.
                Some(errno) if socket::connection_lost(errno) => self.arm_accept_again(number),
                errno => {
                    self.sources[number as usize].end = errno.map_or(End::None, End::Error);
                    Woken::Among(read_side)
                }
            },
        }
    }

    /// Polls a direction, unless it is polled for.
    pub(super) fn arm_poll(&mut self, number: u32, write: bool) {
        let source = &mut self.sources[number as usize];
        // A socket of datagrams tells of room after each one that it sent: once is enough for who waits.
        let multi = !(write && source.kind == Kind::Datagram);
        let fd = types::Fd(source.raw);
        let more = source.more();
        let side = if write { &mut more.write } else { &mut more.read };
        if side.arm != Arm::Idle {
            return;
        }
        side.arm = Arm::Armed(if multi { Shots::Many } else { Shots::One });
        let (events, kind) =
            if write { (calls::POLL_WRITE, kind::POLL_WRITE) } else { (calls::POLL_READ, kind::POLL_READ) };
        let entry = opcode::PollAdd::new(fd, events).multi(multi).build();
        // SAFETY: a poll points at no memory.
        unsafe { self.arm(number, entry, kind, Kernel::V5_15) };
    }

    /// A poll has completed, or tells of one edge more.
    pub(super) fn polled(&mut self, number: u32, write: bool, completion: Completion) -> Woken {
        let draining = self.draining;
        let source = &mut self.sources[number as usize];
        let open = source.life == Life::Open;
        let Some(more) = &mut source.more else { return Woken::Nobody };
        let side = if write { &mut more.write } else { &mut more.read };
        if !completion.more() {
            side.arm = Arm::Idle;
        }
        if !open {
            return Woken::Nobody;
        }
        if completion.result == -code::CANCELED {
            if !side.wakers.is_empty() && !draining {
                self.arm_poll(number, write);
            }
            return Woken::Nobody;
        }
        // An error is told by the call that is tried next.
        side.ready = true;
        side.edges = side.edges.wrapping_add(1);
        Woken::Among(if write { write_side } else { read_side })
    }

    /// The write of a source whose future is gone has ended; `None` if the source is gone, too.
    pub(super) fn dropped_write(&mut self, number: u32, generation: u32) -> Option<&mut Source> {
        let source = self.sources.get_mut(number as usize)?;
        let there = source.generation == generation && source.life == Life::Open;
        (there && matches!(source.dropped(), Some(DroppedWrite::Ending { .. }))).then_some(source)
    }
}
