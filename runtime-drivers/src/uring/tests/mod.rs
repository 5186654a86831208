//! The driver alone, without a runtime: operations are polled by hand, turns made one by one.
//!
//! | file | holds |
//! |---|---|
//! | `away` | threads that have left, and use the driver all the same |
//! | `batches` | how many calls of the system operations take; full queues |
//! | `drops` | writes of streams that are dropped at any point, and memory that is guarded when it is freed |
//! | `ends` | when descriptors are closed, and what becomes of what is left |
//! | `files` | transfers that are dropped at any point; opens that come too late; what goes to the pool |
//! | `handover` | a thread that leaves with operations under way, and one that stands in |
//! | `life` | threads, kernels that know less, stale completions, the end |
//! | `moving` | polls beside the thread that takes the turns |
//! | `notices` | sends that complete twice, and a thread that leaves meanwhile |
//! | `options` | a thread of the kernel's that takes entries; sleeps that end in batches |
//! | `order` | what comes first is told first; streams without a buffer on another thread |
//! | `regions` | memory that is registered, and comes and goes |
//! | `sending` | files that are sent: their pipes |
//! | `splicing` | bytes of a pipe that go on to a stream, given up on the way |
//! | `theirs` | values and wakers of the user's that panic, or that come back to the driver |
//! | `wakes` | wakes from other threads: messages, and the eventfd |
//! | `zero_copy` | sends that complete twice |

mod away;
mod batches;
mod drops;
mod ends;
mod files;
mod handover;
mod life;
mod moving;
mod notices;
mod options;
mod order;
mod regions;
mod sending;
mod splicing;
mod theirs;
mod wakes;
mod zero_copy;

use super::*;
use crate::op::{Recv, Transmit};
use crate::sys::ring as calls;
use bespoke_core::driver::{MaybeDangling, Op, Submit};
use core::ops::Range;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use io_uring::opcode;
use std::io::Write as _;
use std::os::fd::{IntoRawFd as _, RawFd};
use std::os::unix::net::UnixStream;

/// Says that a test, or the rest of it, is left out, and why, where the harness shows it.
fn skipped(why: impl core::fmt::Display) {
    let test = std::thread::current();
    // Not `println!`, which the harness keeps to itself.
    writeln!(std::io::stderr(), "skipped {}: {why}", test.name().unwrap_or_default())
        .expect("the terminal takes a line");
}

/// Held by who stops the process for a moment, and by who measures a sleep, which that interrupts.
static SLEEPS: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn sleeps_alone() -> std::sync::MutexGuard<'static, ()> {
    SLEEPS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Is io_uring denied to this process? Then a test says so, where the harness shows it, and ends.
///
/// The system is asked, not the driver: one that refuses where the system would not has to fail its tests.
fn denied() -> bool {
    let nothing = calls::RingName::Descriptor(-1);
    let codes = [
        ::io_uring::IoUring::new(1).err().and_then(|error| error.raw_os_error()),
        calls::submit(nothing, 0).err().map(Errno::code),
        calls::register_ring(-1).err().map(Errno::code),
    ];
    let denied = codes
        .into_iter()
        .flatten()
        .find(|code| matches!(*code, calls::code::NOT_PERMITTED | calls::code::NOT_IMPLEMENTED));
    if let Some(code) = denied {
        let error = std::io::Error::from_raw_os_error(code);
        skipped(format_args!("this system denies io_uring: {error}"));
    }
    denied.is_some()
}

/// A driver that this thread runs.
fn started<const ENTRIES: u32, O: RingOptions>() -> LiveUring<ENTRIES, O> {
    let live = LiveUring::start(StartCx::new(0)).expect("io_uring is there");
    live.arrive().expect("nobody ran it before");
    // The waker's poll is an entry as well: it goes with the first turn.
    live.park(Park::Poll).expect("a turn");
    live
}

/// The same for a test that needs no more than that: `None` if io_uring is denied.
fn driver<const ENTRIES: u32, O: RingOptions>() -> Option<LiveUring<ENTRIES, O>> {
    (!denied()).then(started)
}

/// Polls an operation with a waker that does nothing.
fn poll<const ENTRIES: u32, O: RingOptions, P: Op>(
    live: &LiveUring<ENTRIES, O>,
    op: &mut P,
    state: &mut <IoUring<ENTRIES, O> as Submit<P>>::InFlight<Local>,
) -> Poll<P::Output>
where
    IoUring<ENTRIES, O>: Submit<P, Live<Local> = LiveUring<ENTRIES, O>>,
{
    <IoUring<ENTRIES, O> as Submit<P>>::poll_op::<Local>(live, op, state, &mut Context::from_waker(Waker::noop()))
}

/// Gives an operation up.
fn abandon<const ENTRIES: u32, O: RingOptions, P: Op, K: Send + 'static>(
    live: &LiveUring<ENTRIES, O>,
    op: &mut P,
    state: &mut <IoUring<ENTRIES, O> as Submit<P>>::InFlight<Local>,
    keep: MaybeDangling<K>,
) where
    IoUring<ENTRIES, O>: Submit<P, Live<Local> = LiveUring<ENTRIES, O>>,
{
    <IoUring<ENTRIES, O> as Submit<P>>::abandon::<Local, K>(live, op, state, keep);
}

/// Streams of the driver, with the keys from 0 on, and their peers.
struct Streams {
    ours: Vec<Resource>,
    peers: Vec<UnixStream>,
}

impl Streams {
    fn of<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, count: u32) -> Self {
        Streams { ours: Vec::new(), peers: Vec::new() }.and(live, 0..count)
    }

    /// The same, each with a read that has been begun and has found nothing.
    fn armed<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, count: u32) -> Self {
        let streams = Streams::of(live, count);
        for stream in &streams.ours {
            assert!(poll(live, &mut recv(*stream, &mut [0; 8]), &mut ()).is_pending());
        }
        live.park(Park::Poll).expect("a turn");
        // What the kernel was asked for in vain is asked for otherwise.
        while live.has_work() {
            live.park(Park::Poll).expect("a turn");
        }
        streams
    }

    /// More of them, with these keys.
    fn and<const ENTRIES: u32, O: RingOptions>(mut self, live: &LiveUring<ENTRIES, O>, keys: Range<u32>) -> Self {
        for key in keys {
            let (ours, peer) = UnixStream::pair().expect("descriptors are free");
            let resource = Resource { raw: ours.into_raw_fd(), key };
            live.register(resource, Kind::Stream).expect("a stream");
            self.ours.push(resource);
            self.peers.push(peer);
        }
        self
    }

    fn close<const ENTRIES: u32, O: RingOptions>(self, live: &LiveUring<ENTRIES, O>) {
        self.ours.into_iter().for_each(|resource| live.close(resource));
    }
}

/// Has a ring learn what it asks its kernel by trying: one before 6.17 counts nothing of what a stream brings ahead, and the
/// entries that want it to are queued again. So what a turn does with a stream is seen from the second stream on.
fn learn<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>) {
    Streams::armed(live, 1).close(live);
    while in_kernel(live) > 0 {
        live.park(Park::Poll).expect("a turn");
    }
}

fn recv(stream: Resource, to: &mut [u8]) -> Recv {
    Recv { stream, to: to.as_mut_ptr(), len: to.len(), peek: false }
}

fn enters<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>) -> u64 {
    live.0.with(|state| state.ring.enters())
}

fn in_kernel<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>) -> u32 {
    live.0.with(|state| state.in_kernel)
}

/// Cancels all, and fails unless all of it comes back within twenty seconds.
#[track_caller]
fn ends<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>) {
    assert_eq!(live.drain(Nanos(20_000_000_000)).leaked, 0);
    assert_eq!(in_kernel(live), 0);
}

/// What a descriptor names, so that another that got its number is told apart; `None`: it is closed.
fn named_by(fd: RawFd) -> Option<std::path::PathBuf> {
    std::fs::read_link(std::format!("/proc/self/fd/{fd}")).ok()
}

fn write(mut peer: &UnixStream, bytes: &[u8]) {
    peer.write_all(bytes).expect("there is room");
}

/// `BESPOKE_DEEP=1`: the long counts.
fn count(short: u64, long: u64) -> u64 {
    if std::env::var_os("BESPOKE_DEEP").is_some_and(|value| value == "1") { long } else { short }
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % bound
    }
}

fn transmit(stream: Resource, from: &[u8]) -> Transmit {
    Transmit { stream, from: from.as_ptr(), len: from.len(), all: true }
}
