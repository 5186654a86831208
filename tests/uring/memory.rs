//! A user who may lock little memory, or none. What counts as locked depends on the kernel: the ring itself before 5.12 and again in
//! 6.18, lists of buffers in some, what is sent out of a program's own memory in all.

use crate::{Either, Ring, again, echo, ring};
use bespoke::driver::{IoUring, RingOptions, SqPoll};
use bespoke::prelude::*;
use bespoke::{Config, Runtime};
use core::time::Duration;

struct WithoutCopies;

impl RingOptions for WithoutCopies {
    const ZERO_COPY: Option<usize> = Some(1);
}

struct Pinning;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Pinning {
    type Driver = IoUring<64, WithoutCopies>;
}

struct WithThread;

impl RingOptions for WithThread {
    const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1)));
}

struct Threaded;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Threaded {
    type Driver = IoUring<64, WithThread>;
}

struct Travelling;

impl RingOptions for Travelling {
    const MOVABLE: bool = true;
    const BUFFERS: u16 = 2048;
}

struct Movable;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Movable {
    type Driver = IoUring<8, Travelling>;
}

/// Whoever has no rights: what is locked is counted for a user, and root may lock what it likes.
pub(crate) fn become_nobody() {
    // SAFETY: no memory is passed.
    let gone = unsafe { libc::setresuid(NOBODY, NOBODY, NOBODY) };
    // SAFETY: as above.
    assert!(gone == 0 || unsafe { libc::geteuid() } != 0, "root may become anybody");
}

/// From now on this process may lock so much, and no more than it ever might.
fn lock_at_most(bytes: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is live over the call.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) }, 0, "the limit is there");
    limit.rlim_cur = bytes.min(limit.rlim_max);
    // SAFETY: as above.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit) }, 0, "below the highest it is ours");
}

/// What is sent without a copy counts as locked memory; where none may be locked, it is copied.
#[test]
fn without_locked_memory_sends_are_copied() {
    let name = "memory::without_locked_memory_sends_are_copied";
    if ring::is_denied(name) || !again::is_child(name) {
        return;
    }
    become_nobody();
    let runtime = Runtime::<Pinning>::new().expect("the machine has it");
    lock_at_most(0);
    echo(&runtime);
}

/// A ring that is there works, whatever else the kernel refuses it; where there is none, the limit is named. Tells which.
fn works_or_names_the_limit<C: Config<Driver = D>, D: Net>() -> bool {
    match Runtime::<C>::new() {
        Ok(runtime) => {
            echo(&runtime);
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("io_uring") && text.contains("`ulimit -l`"), "{text}");
            false
        }
    }
}

/// At each limit, as each of them may be met by another of the calls that lock.
#[test]
fn a_ring_works_or_names_the_limit_of_locked_memory() {
    let name = "memory::a_ring_works_or_names_the_limit_of_locked_memory";
    if ring::is_denied(name) || !again::is_child(name) {
        return;
    }
    become_nobody();
    for bytes in (0..=MANY_PAGES).map(|pages| pages * PAGE) {
        lock_at_most(bytes);
        let worked = [
            works_or_names_the_limit::<Ring, _>(),
            works_or_names_the_limit::<Pinning, _>(),
            works_or_names_the_limit::<Threaded, _>(),
            works_or_names_the_limit::<Movable, _>(),
        ];
        println!("{bytes} bytes may be locked: {worked:?}");
        let runtime = Runtime::<Either>::new().expect("one of the two is there");
        let report = runtime.driver_report();
        assert!(report.driver == "io_uring" || report.why.contains("`ulimit -l`"), "{report}");
        echo(&runtime);
    }
    // What was let go of counts for a moment longer.
    lock_at_most(u64::MAX);
    assert!(works_or_names_the_limit::<Ring, _>(), "nothing is short any more");
}

const NOBODY: libc::uid_t = 65_534;
const PAGE: u64 = 4096;
/// All that one ring takes of the kind that takes most.
const MANY_PAGES: u64 = 32;
