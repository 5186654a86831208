//! Children that nobody waits for any more: their status is taken when they have ended.
//!
//! ```text
//!            1 leave                2 sweep
//!   dropped ---------> an orphan -------------> gone
//! ```
//! 1. [`leave`]: the drop of a handle whose child still runs. Sees to it that the thread below runs, if the config starts any.
//! 2. [`sweep`]: by that thread after each end of a child, and by whoever starts or drops a child.
//!
//! # The thread
//! One for the process, while there are orphans. It sleeps in `waitid(2)`, which tells of any child that has ended, also of one
//! that somebody else is about to wait for and that is therefore told again at once: then it comes back a little later. It
//! holds no descriptor, catches no signal, and knows no runtime.
//!
//! *Architecture Invariant:* nothing here waits for a process but by its own handle: the status of a child that is not an
//! orphan is never taken.

use crate::sys;
use bespoke_core::roles::Threads;
use core::time::Duration;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

struct Orphans {
    waiting: Vec<Child>,
    /// The process whose thread takes their status; `None`: there is no such thread. A fork does not copy the thread.
    reaper_of: Option<u32>,
}

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans { waiting: Vec::new(), reaper_of: None });

/// How long the thread sleeps when it was told of an end that was no orphan's: at first, and at most.
const RETRY_MIN: Duration = Duration::from_millis(1);
const RETRY_MAX: Duration = Duration::from_millis(128);

fn lock() -> MutexGuard<'static, Orphans> {
    // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the status of those that have ended.
pub(super) fn sweep() {
    lock().sweep();
}

/// From now on nobody waits for `child`, which may still run.
pub(super) fn leave<T: Threads>(child: Child) {
    let mut orphans = lock();
    orphans.waiting.push(child);
    orphans.sweep();
    let this_process = std::process::id();
    if orphans.waiting.is_empty() || orphans.reaper_of == Some(this_process) {
        return;
    }
    // Under the lock: the thread sees the mark, and two do not start one each. Without a thread to be had the orphan waits
    // for the next sweep.
    if T::start("bespoke-orphans", reap).is_ok() {
        orphans.reaper_of = Some(this_process);
    }
}

impl Orphans {
    /// How many have ended.
    fn sweep(&mut self) -> usize {
        let before = self.waiting.len();
        // An error: somebody else has taken the status.
        self.waiting.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        before - self.waiting.len()
    }
}

/// The thread.
fn reap() {
    let mut retry = RETRY_MIN;
    loop {
        // An error: no child is left, of which the sweep is told as well.
        let _ = sys::process::wait_for_any_end();
        let mut orphans = lock();
        let ended = orphans.sweep();
        if orphans.waiting.is_empty() {
            orphans.reaper_of = None;
            return;
        }
        drop(orphans);
        if ended > 0 {
            retry = RETRY_MIN;
            continue;
        }
        // It was somebody else's.
        #[expect(
            clippy::disallowed_methods,
            reason = "a thread of the process, outside of every runtime and its clock"
        )]
        std::thread::sleep(retry);
        retry = (retry * 2).min(RETRY_MAX);
    }
}
