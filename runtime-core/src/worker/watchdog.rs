//! The thread that looks whether a worker comes back from its polls, of a config with a [`Watchdog`].
//!
//! # What it looks at
//! Each worker has a [`Line`], on which it writes at the begin and at the end of a poll. While it runs it is in the list, and the
//! thread looks at each that is listed, every half of the bound. A poll that two looks meet lasted from the one to the other; so
//! one that three looks in a row meet has taken longer than the bound. *Looks and not times*: were the process stopped for an
//! hour, or the machine asleep, two looks at a short poll would be an hour apart.
//!
//! # The life of the thread
//! ```text
//!          [1]             [2]                    [3]           [4]
//!  started ───► nobody is inside ◄──► looks ◄──► tells … ───► left
//! ```
//! [1] by `Runtime::new`, behind all that it watches · [2] the first worker that enters rings · [3] with the lock given back ·
//! [4] `closed`: it looks once more, tells what is over, and leaves.
//!
//! # Invariants
//! 1. No code of the program runs under the lock, but for its allocator.
//! 2. `runs` and `tells` are written by the thread. `left` is the last that it does under the lock, so who waits for that finds a
//!    thread that is about to return.
//! 3. What is listed is a count of a worker's [`Watched`], and not the worker: that may be freed while the thread looks.
//! 4. In a forked child nobody takes the lock of a copy: it may have been the thread's when the process was forked.

#[cfg(all(test, not(loom)))]
mod tests;

use super::{Common, Worker};
use crate::config::Config;
use crate::error::Error;
use crate::machine::trace::Level;
use crate::roles::{Blocked, Driver, JoinThread, Threads, Watchdog};
use crate::task::line::{Line, Subject};
use crate::task::run::guard;
use crate::util::count::Count;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::panic::Location;
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{ThreadId, current};
use std::time::Instant;

/// What the runtimes of `C` have, if they are watched.
pub(super) type WatchOf<C> =
    <<C as Config>::Watchdog as Watchdog>::Kept<Arc<Watch<<<C as Config>::Threads as Threads>::Thread>>>;

/// What the workers of `C` have, if they are watched.
pub(super) type WatchedOf<C> = <<C as Config>::Watchdog as Watchdog>::Kept<Arc<Watched>>;

/// A worker, for the thread.
#[derive(Default)]
pub(crate) struct Watched {
    /// Written by the worker.
    pub(super) line: Line,
    /// Its number.
    number: Count,
    /// Polls that were reported: written by the thread.
    blocked: Count,
}

/// The list of those that are inside a worker, and the thread.
pub(crate) struct Watch<H> {
    state: Mutex<State<H>>,
    /// Rung when the first worker enters, when the runtime closes, and when the thread leaves.
    bell: Condvar,
}

struct State<H> {
    inside: Vec<Inside>,
    thread: Option<H>,
    /// The thread, when it runs.
    runs: Option<ThreadId>,
    /// It calls the program's code.
    tells: bool,
    closed: bool,
    left: bool,
    /// It waits until somebody is inside.
    sleeps: bool,
}

/// A worker that runs, and what the thread has seen of it.
struct Inside {
    watched: Arc<Watched>,
    /// It runs no more, and a report of it is still to be ended.
    gone: bool,
    seen: Option<Seen>,
}

/// A poll that the last look met.
struct Seen {
    turn: usize,
    subject: Subject,
    /// From the first look that met it to the last.
    since: Instant,
    last: Instant,
    /// Looks that met it.
    looks: u32,
}

impl Seen {
    /// Looks that a poll of the bound can have met, and one more.
    const TOO_MANY: u32 = 3;

    fn is_reported(&self) -> bool {
        self.looks >= Self::TOO_MANY
    }
}

/// Something to tell.
struct Report {
    worker: usize,
    subject: Subject,
    held: Duration,
    is_over: bool,
}

impl<H> Default for Watch<H> {
    fn default() -> Self {
        let state = State {
            inside: Vec::new(),
            thread: None,
            runs: None,
            tells: false,
            closed: false,
            left: false,
            sleeps: false,
        };
        Watch { state: Mutex::new(state), bell: Condvar::new() }
    }
}

/// What of a close of the watchdog was left.
pub(crate) enum Ended {
    /// The thread has ended, or is about to.
    Yes,
    /// It is in the program's code still, or about to tell of a poll that was reported.
    Tells,
}

impl<H: JoinThread> Watch<H> {
    /// A worker runs from now on.
    fn enters(&self, watched: &Arc<Watched>) {
        let mut state = self.lock();
        state.inside.push(Inside { watched: watched.clone(), gone: false, seen: None });
        let sleeps = state.sleeps;
        drop(state);
        if sleeps {
            self.bell.notify_all();
        }
    }

    /// The worker does not run any more.
    fn leaves(&self, watched: &Arc<Watched>) {
        let mut state = self.lock();
        let is_it = |inside: &Inside| !inside.gone && Arc::ptr_eq(&inside.watched, watched);
        let Some(at) = state.inside.iter().position(is_it) else { unreachable!("who runs is in the list") };
        if state.inside[at].seen.as_ref().is_some_and(Seen::is_reported) {
            state.inside[at].gone = true;
        } else {
            state.inside.swap_remove(at);
        }
    }

    /// What the thread does from its start to its end.
    /// `forks`: how often the process was forked.
    fn run(&self, config: &'static str, bound: Duration, tell: fn(&Blocked<'_>), forks: fn() -> u32) {
        let forks_before = forks();
        let mut state = self.lock();
        state.runs = Some(current().id());
        loop {
            // 2.
            state.sleeps = true;
            state = self
                .bell
                .wait_while(state, |state| !state.closed && state.inside.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            state.sleeps = false;
            state = self.pause(state, bound / 2);
            let closed = state.closed;
            let reports = state.look(!closed);
            if !reports.is_empty() {
                // 3.
                state.tells = true;
                drop(state);
                reports.iter().for_each(|report| guard(|| report.tell(config, bound, tell)));
                if forks() != forks_before {
                    return; // in a child that the program's code has forked (invariant 4)
                }
                state = self.lock();
                state.tells = false;
            }
            // 4.
            if closed {
                break;
            }
        }
        state.left = true;
        drop(state);
        self.bell.notify_all();
    }

    /// Waits for `time`, all of it, or until the runtime closes.
    fn pause<'a>(&self, state: MutexGuard<'a, State<H>>, time: Duration) -> MutexGuard<'a, State<H>> {
        let waited = self.bell.wait_timeout_while(state, time, |state| !state.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Ends the thread, and waits for that, for at most `timeout`. Once.
    pub(crate) fn close(&self, timeout: Duration) -> Ended {
        let mut state = self.lock();
        state.closed = true;
        self.bell.notify_all();
        let Some(thread) = state.thread.take() else { return Ended::Yes };
        // The program's code may end the runtime that has called it.
        if !timeout.is_zero() && state.runs != Some(current().id()) {
            let waited = self.bell.wait_timeout_while(state, timeout, |state| !state.left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let (left, tells) = (state.left, state.tells || state.owes());
        drop(state);
        if left {
            thread.join();
        }
        // Else it is dropped, and ends by itself.
        if !left && tells { Ended::Tells } else { Ended::Yes }
    }

    fn lock(&self) -> MutexGuard<'_, State<H>> {
        // Nothing of the program's runs under this lock, so a poisoned one has a whole value all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H> State<H> {
    /// Is there somebody whose report is still to be ended?
    fn owes(&self) -> bool {
        self.inside.iter().any(|inside| inside.seen.as_ref().is_some_and(Seen::is_reported))
    }

    /// One look at each that is inside. `whole`: the pause before it was not cut short.
    fn look(&mut self, whole: bool) -> Vec<Report> {
        let mut reports = Vec::new();
        let before = now();
        self.inside.retain_mut(|inside| {
            inside.look(before, whole, &mut reports);
            !inside.gone
        });
        reports
    }
}

impl Inside {
    /// `before`: a time before the look.
    fn look(&mut self, before: Instant, whole: bool, reports: &mut Vec<Report>) {
        let watched = &self.watched;
        let report = |seen: &Seen, is_over| Report {
            worker: watched.number.get(),
            subject: seen.subject,
            held: seen.last.saturating_duration_since(seen.since),
            is_over,
        };
        // What has gone showed that it is in no poll, and shows other ones if it is back.
        match (&mut self.seen, watched.line.look()) {
            (Some(seen), Some(look)) if seen.turn == look.turn => {
                if !whole {
                    return;
                }
                seen.looks = seen.looks.saturating_add(1);
                seen.last = before;
                if seen.looks == Seen::TOO_MANY {
                    watched.blocked.add(1);
                    reports.push(report(seen, false));
                }
            }
            (seen, look) => {
                if let Some(seen) = seen.as_ref().filter(|seen| seen.is_reported()) {
                    reports.push(report(seen, true));
                }
                *seen = look.map(|look| {
                    let since = now();
                    Seen { turn: look.turn, subject: look.subject, since, last: since, looks: 1 }
                });
            }
        }
    }
}

impl Report {
    fn tell(&self, config: &'static str, bound: Duration, tell: fn(&Blocked<'_>)) {
        let (name, location) = named(self.subject);
        tell(&Blocked {
            config,
            worker: self.worker,
            task: self.subject.task(),
            name: &name,
            type_name: self.subject.type_name(),
            location,
            bound,
            held: self.held,
            is_over: self.is_over,
        });
    }
}

/// What a future is called, and where its function is.
fn named(subject: Subject) -> (String, Option<&'static Location<'static>>) {
    match subject.level() {
        Some(Level::NotBegun { name, location }) => (name, Some(location)),
        Some(Level::Rustc { name }) => (name, None),
        Some(Level::Leaf { what }) => (what, None),
        // A type is told of by one of these.
        _ => (subject.type_name().into(), None),
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a worker is held is a matter of the machine's time")]
fn now() -> Instant {
    Instant::now()
}

impl<C: Config> Common<C> {
    /// Starts the thread that watches, if the config has one. Once.
    ///
    /// # Errors
    /// What the source of threads says.
    pub(crate) fn watch(&self) -> Result<(), Error> {
        let Some((watch, bound)) = C::Watchdog::kept(&self.watch).zip(C::Watchdog::BOUND) else { return Ok(()) };
        let watched = watch.clone();
        let main = move || watched.run(C::NAME, bound, C::Watchdog::tell, <C::Driver as Driver>::forks);
        let thread = C::Threads::start(&alloc::format!("{}-watchdog", C::NAME), main)?;
        watch.lock().thread = Some(thread);
        Ok(())
    }

    /// Ends it, and waits for that, for at most `timeout`.
    pub(crate) fn stop_watching(&self, timeout: Duration) -> Ended {
        C::Watchdog::kept(&self.watch).map_or(Ended::Yes, |watch| watch.close(timeout))
    }
}

impl<C: Config> Worker<C> {
    /// What the worker has for a watchdog.
    pub(super) fn watched(index: usize) -> WatchedOf<C> {
        let watched = WatchedOf::<C>::default();
        if let Some(watched) = C::Watchdog::kept(&watched) {
            watched.number.set(index);
        }
        watched
    }

    /// Polls that were reported.
    pub(crate) fn blocked_polls(&self) -> usize {
        C::Watchdog::kept(&self.watched).map_or(0, |watched| watched.blocked.get())
    }

    /// The owner begins to run it. Under whom it is, its own thread or a `block_on`, is over when it [leaves](Self::leaves).
    pub(super) fn enters(&self) {
        if let Some((watch, watched)) = C::Watchdog::kept(&self.common.watch).zip(C::Watchdog::kept(&self.watched)) {
            watch.enters(watched);
        }
    }

    /// The owner runs it no more, perhaps because it unwinds.
    pub(super) fn leaves(&self) {
        if let Some((watch, watched)) = C::Watchdog::kept(&self.common.watch).zip(C::Watchdog::kept(&self.watched)) {
            watched.line.ends();
            if !self.common.is_copy() {
                watch.leaves(watched);
            }
        }
    }
}

impl<H> core::fmt::Debug for Watch<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Watch")
    }
}
