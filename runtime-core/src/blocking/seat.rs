//! Where one idle thread of the pool waits. A job is handed to it directly: the woken thread asks nobody for a lock before
//! it runs the job.
//!
//! The word is null (awake) · `PARKED` · `END` · a job.
//! 1. The thread lists its seat as idle; whoever takes the seat off the list gives it one thing, once. The thread takes
//!    itself off when it has waited too long; if it is off already, something is on its way, and it must wait for that.
//! 2. The thread parks by an exchange that fails if something was given: so nothing is given to a thread that goes on to
//!    sleep without being woken.

use super::job::{Header, Job};
use crate::loom::{AtomicPtr, Ordering, Plant, planted, thread};
use core::ptr::{NonNull, null_mut, without_provenance_mut};
use core::time::Duration;

/// How long a thread looks for the next job before it parks, if its last wait was short. To be woken costs both sides a
/// system call, about as much as this.
#[cfg(not(loom))]
const SPIN_MAX: Duration = Duration::from_micros(20);
/// A parked wait up to this long would have been worth the look: being woken is a good part of it.
#[cfg(not(loom))]
const SHORT_MAX: Duration = Duration::from_micros(60);

/// May another thread run while this one spins? On one processor spinning keeps out whoever would give the job. Asked once
/// per process.
#[cfg(not(loom))]
fn worth_spinning() -> bool {
    static SEVERAL: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *SEVERAL.get_or_init(|| thread::available_parallelism().is_ok_and(|processors| processors.get() > 1))
}

fn parked() -> *mut Header {
    without_provenance_mut(1)
}
fn end() -> *mut Header {
    without_provenance_mut(2)
}

/// What a thread waits for.
#[derive(Debug)]
pub(super) enum Given {
    /// Run this.
    Job(Job),
    /// The pool is closed.
    End,
}

/// The place of one thread.
#[derive(Debug)]
pub(super) struct Seat {
    word: AtomicPtr<Header>,
    thread: thread::Thread,
}

impl Seat {
    /// The seat of this thread.
    pub(super) fn new() -> Self {
        Seat { word: AtomicPtr::new(null_mut()), thread: thread::current() }
    }

    /// Gives the thread what it waits for. The caller took the seat off the list of the idle ones.
    pub(super) fn give(&self, given: Given) {
        let word = match given {
            Given::Job(job) => job.into_raw().as_ptr(),
            Given::End => end(),
        };
        // Release: pairs with the acquire of `look`; what the caller wrote before goes with the job.
        if self.word.swap(word, Ordering::AcqRel) == parked() {
            self.thread.unpark();
        }
    }

    /// What was given, if something was.
    fn look(&self) -> Option<Given> {
        let word = self.word.load(Ordering::Acquire);
        if word == parked() {
            return None;
        }
        let job = NonNull::new(word)?;
        // Nobody gives before the seat is listed again.
        self.word.store(null_mut(), Ordering::Relaxed);
        if word == end() {
            return Some(Given::End);
        }
        // SAFETY: the giver's reference of the job, taken once: the word is cleared.
        Some(Given::Job(unsafe { Job::from_raw(job) }))
    }

    /// Says that the thread is about to sleep. `false`: something was given.
    fn to_parked(&self) -> bool {
        if planted(Plant::SeatInTwoSteps) {
            let empty = self.word.load(Ordering::Acquire).is_null();
            if empty {
                self.word.store(parked(), Ordering::Release);
            }
            return empty;
        }
        self.word.compare_exchange(null_mut(), parked(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Waits, for at most `keep_alive` if there is one. By the thread of the seat. `spin`: is it worth looking before it
    /// parks? It is after a short wait, and this decides about the next.
    #[cfg(not(loom))]
    #[expect(clippy::disallowed_methods, reason = "a thread of the system sleeps by the system's clock")]
    pub(super) fn wait(&self, keep_alive: Option<Duration>, spin: &mut bool) -> Option<Given> {
        let start = std::time::Instant::now();
        if *spin && worth_spinning() {
            while start.elapsed() < SPIN_MAX {
                for _ in 0..16 {
                    if let Some(given) = self.look() {
                        return Some(given);
                    }
                    core::hint::spin_loop();
                }
            }
        }
        let given = self.sleep(start, keep_alive);
        *spin = !*spin && start.elapsed() < SHORT_MAX;
        given
    }

    #[cfg(not(loom))]
    fn sleep(&self, start: std::time::Instant, keep_alive: Option<Duration>) -> Option<Given> {
        if !self.to_parked() {
            return self.look();
        }
        loop {
            match keep_alive {
                None => thread::park(),
                Some(keep_alive) => thread::park_timeout(keep_alive.saturating_sub(start.elapsed())),
            }
            if let Some(given) = self.look() {
                return Some(given);
            }
            if keep_alive.is_some_and(|keep_alive| start.elapsed() >= keep_alive) {
                return match self.word.compare_exchange(parked(), null_mut(), Ordering::AcqRel, Ordering::Relaxed) {
                    Ok(_) => None,
                    Err(_) => self.look(),
                };
            }
        }
    }

    /// As above. Under loom nobody waits too long, and nobody spins.
    #[cfg(loom)]
    pub(super) fn wait(&self, _: Option<Duration>, _: &mut bool) -> Option<Given> {
        if self.to_parked() {
            while self.word.load(Ordering::Acquire) == parked() {
                thread::park();
            }
        }
        self.look()
    }
}
