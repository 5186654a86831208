//! Children that nobody waits for any more: their status is taken when they have ended.
//!
//! ```text
//!            1 leave                2 sweep
//!   dropped ---------> an orphan -------------> gone
//! ```
//! 1. [`leave`]: the drop of a handle whose child still runs. Sees to it that the thread below runs, if the config starts any.
//! 2. [`sweep`]: by that thread after each end of a child. Without it, by whoever starts or drops a child.
//!
//! # The thread
//! One for the process, while there are orphans. It sleeps in `waitid(2)`, which tells of any child that has ended, also of one
//! that somebody else is about to wait for and that is therefore told again at once: then it comes back a little later. It
//! holds no descriptor, catches no signal, and knows no runtime.
//!
//! # A fork
//! A forked copy of the process has none of these children, nor the thread, and perhaps a lock that another thread held: it
//! begins with a list of its own. The parent's, of which it has a copy, is forgotten there.
//!
//! *Architecture Invariant:* nothing here waits for a process but by its own handle: the status of a child that is not an
//! orphan is never taken.

use crate::sys;
use bespoke_core::roles::Threads;
use core::sync::atomic::{AtomicPtr, Ordering};
use core::time::Duration;
use std::boxed::Box;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

struct Orphans {
    waiting: Vec<Child>,
    /// Is there the thread that takes their status?
    reaped: bool,
}

/// The list of the process that was forked so often.
struct OfProcess {
    forks: u32,
    orphans: Mutex<Orphans>,
}

/// Null, or a list that is never freed.
static ORPHANS: AtomicPtr<OfProcess> = AtomicPtr::new(core::ptr::null_mut());

/// How long the thread sleeps when it was told of an end that was no orphan's: at first, and at most.
const RETRY_MIN: Duration = Duration::from_millis(1);
const RETRY_MAX: Duration = Duration::from_millis(128);

fn lock() -> MutexGuard<'static, Orphans> {
    // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
    of_this_process().orphans.lock().unwrap_or_else(PoisonError::into_inner)
}

fn of_this_process() -> &'static OfProcess {
    let forks = sys::fork::forks();
    // Acquire: pairs with the exchange below, of which the list is the value.
    let mut known = ORPHANS.load(Ordering::Acquire);
    loop {
        // SAFETY: null, or a list that is never freed and is only shared.
        if let Some(list) = unsafe { known.as_ref() }.filter(|list| list.forks == forks) {
            return list;
        }
        let orphans = Mutex::new(Orphans { waiting: Vec::new(), reaped: false });
        let new = Box::into_raw(Box::new(OfProcess { forks, orphans }));
        match ORPHANS.compare_exchange(known, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => known = new,
            Err(other) => {
                known = other;
                // SAFETY: just made, and nobody has seen it.
                drop(unsafe { Box::from_raw(new) });
            }
        }
    }
}

/// Takes the status of those that have ended, unless the thread does: it looks at each of them.
pub(super) fn sweep() {
    let mut orphans = lock();
    if !orphans.reaped {
        orphans.sweep();
    }
}

/// From now on nobody waits for `child`, which may still run.
pub(super) fn leave<T: Threads>(mut child: Child) {
    if !still_runs(&mut child) {
        return;
    }
    let mut orphans = lock();
    orphans.waiting.push(child);
    if orphans.reaped {
        return;
    }
    orphans.sweep();
    if orphans.waiting.is_empty() {
        return;
    }
    // Under the lock: the thread sees the mark, and two do not start one each. Without a thread to be had the orphan waits
    // for the next sweep.
    if T::start("bespoke-orphans", reap).is_ok() {
        orphans.reaped = true;
    }
}

impl Orphans {
    /// How many have ended.
    fn sweep(&mut self) -> usize {
        let before = self.waiting.len();
        self.waiting.retain_mut(still_runs);
        before - self.waiting.len()
    }
}

/// If not, its status is taken now.
fn still_runs(child: &mut Child) -> bool {
    // An error: somebody else has taken the status.
    matches!(child.try_wait(), Ok(None))
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
            orphans.reaped = false;
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

#[cfg(test)]
mod tests {
    use super::*;
    use bespoke_core::error::Error;
    use bespoke_core::roles::{OsThreads, Threads};
    use std::process::{Command, Stdio};

    /// Says that it has started the thread; there is none.
    struct Says;

    impl Threads for Says {
        const NAME: &'static str = "Says";
        const MAY_START: bool = true;
        type Thread = <OsThreads as Threads>::Thread;

        fn start(_: &str, _: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
            OsThreads::start("nothing", || ())
        }
    }

    fn soon(what: &str, mut holds: impl FnMut() -> bool) {
        for _ in 0..10_000 {
            if holds() {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "a test outside of every runtime")]
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("still not so: {what}");
    }

    // One test: they share the list of the process.
    #[test]
    fn orphans_are_looked_at_by_one_and_are_the_process_s_own() {
        // With a thread that sees to them, nobody else looks at each of them.
        let mut cat = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a program that is there");
        let (input, pid) = (cat.stdin.take(), cat.id());
        leave::<Says>(cat);
        drop(input);
        soon("it has ended", || {
            let stat = std::fs::read_to_string(std::format!("/proc/{pid}/stat"));
            !cfg!(target_os = "linux") || stat.is_ok_and(|stat| stat.contains(") Z "))
        });
        sweep();
        assert_eq!(lock().waiting.len(), 1, "who starts a child looks at every orphan");
        // Without one, whoever comes does.
        lock().reaped = false;
        soon("it is reaped", || {
            sweep();
            lock().waiting.is_empty()
        });

        // A fork while another thread holds the lock: nobody is there to give it back.
        sys::fork::watch().expect("memory for a handler");
        let held = lock();
        let ended = sys::fork::in_a_copy(|| {
            sweep();
            u8::from(!lock().waiting.is_empty())
        });
        assert_eq!(
            ended,
            Some(0),
            "the copy waits for a lock that nobody gives back, or has the orphans of its parent"
        );
        drop(held);
    }
}
