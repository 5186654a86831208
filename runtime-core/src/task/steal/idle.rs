//! Who sleeps, who searches, and who is woken for new work.
//!
//! A worker without work *searches*: it looks into the queues of all. At most half of the workers search at once, rounded up,
//! so that the last crumbs of work are not fought over by everybody. One that finds nothing *sleeps*, in its driver. Whoever
//! queues work that may have to wait for its owner calls [`Idle::wants_one`], and wakes a sleeper, unless somebody searches
//! already.
//!
//! # No lost wake-up
//! 1. Who queues work: first the push, then a fence, then a look at `word`.
//! 2. Who goes to sleep: first `word` says so (sleeping one more, searching one less), then a fence, then a look at all queues.
//!    Of two fences one is first (C++ `[atomics.fences]`; both are `SeqCst`), so the push is seen by the sleeper, or the
//!    sleeper by the push. That a local queue does not hide it then is invariant 5 of [`LiveQueue`](crate::roles::LiveQueue);
//!    it may show what is gone, which costs a sleeper a look more.
//! 3. A push that sees a searcher relies on it. A searcher ends in one of three ways: it goes to sleep, by 2; or it finds
//!    work, and if it was the last, it does for others what a push does: it wakes one, who searches on; or its look of 2 finds
//!    work, of which it may take a part, or nothing: then it does what a push does as well. So work that was passed over is
//!    looked for again.
//! 4. A sleeper that is chosen counts as a searcher from that moment on, before it is awake: other pushes need not wake another.
//!    It is woken by the unparker of its driver, which also ends a sleep that has not begun.
//! 5. A sleeper that awakes by itself, by its driver or its inbox, asks whether it was chosen ([`Idle::rises`]).
//! 6. A worker whose thread starts on demand sleeps from the beginning, and its first wake starts the thread. If the system
//!    refuses it, whoever wanted to wake it says so ([`Idle::refused`]): it is a sleeper and a searcher no more, and another one
//!    is chosen in its place. A searcher that was the last, and does what a push does, does not choose one without a thread if
//!    it sees no work: after the fence it sees every push that saw it search, as by 2.
//! 7. One whose thread was refused is chosen again when nobody else sleeps, but not by each push: after a refusal so many that
//!    would choose it do not (`patience`), twice as many after each, until a thread starts. Nothing hangs on it but how
//!    soon: while one was refused, another one runs, or the next spawn asks for a thread.
//!
//! # A worker that does not come back
//! The newest task of a worker, in its LIFO slot, is not taken by a search: it is about to run where its data is. A push there
//! wakes nobody. If that worker stays inside a poll instead, the task would wait with it. So while anybody is awake one sleeper
//! is the *watcher*: it sleeps no longer than [`WATCH`](crate::roles::Policy::WATCH), then looks for workers that are in the
//! same poll as at its last look, and takes their newest task as well. Who fills an empty slot sees to it that there is a watcher
//! (`WATCHED`), which costs a look, and an unpark once in a while. A watcher that rises to work finds another one in its place,
//! however it became the watcher; and a worker that filled its own slot while it still counted as asleep looks again when it
//! rises.

use crate::loom::{AtomicUsize, Ordering, Plant, planted};
use crate::sharing::{Lock, Locked};
use alloc::vec::Vec;

/// `word`: how many search, how many sleep, and whether one of these is the watcher.
const SEARCHING: usize = 1;
const SLEEPING: usize = 1 << 14;
const WATCHED: usize = 1 << 28;
const MASK: usize = SLEEPING - 1;
/// The greatest number of sleepers has room for more than there are workers: this bit of it says that some were refused their
/// threads, and a push finds them by the look that it makes anyway.
const REFUSED: usize = 1 << 27;
const SLEEPERS: usize = REFUSED - SLEEPING;

/// So many pushes at most pass by one whose thread was refused. The system is asked for a thread then, which takes it as long
/// as some hundred of those take.
const PATIENCE_MAX: u32 = 1023;

/// Who sleeps and who searches.
pub(super) struct Idle {
    /// Changed under the lock, but for the number of those that search.
    word: AtomicUsize,
    sleepers: Locked<Sleepers>,
}

struct Sleepers {
    /// First those that have no thread yet, then the others in the order in which they went to sleep.
    list: Vec<usize>,
    /// How many of the list have no thread yet.
    unborn: usize,
    /// Those whose thread was refused, the one that was refused first in front.
    refused: Vec<usize>,
    /// So many pushes more pass by them.
    patience: u32,
    /// What `patience` was after the last refusal.
    waited: u32,
    watcher: Option<usize>,
    /// Workers that have not left, but for those whose thread was refused.
    present: usize,
}

/// How a worker is to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sleep {
    /// As long as it likes.
    Long,
    /// As the watcher: no longer than the policy says.
    Watch,
}

/// What a worker was that sleeps no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Risen {
    /// It was chosen, and counts as a searcher. If it was the watcher, nobody else sleeps.
    Searching,
    /// It was the watcher until now.
    Watcher,
    /// Neither.
    ByItself,
}

impl Idle {
    /// For so many workers; none of them sleeps, or all do, as their threads start on demand.
    pub(super) fn new(workers: usize, on_demand: bool) -> Self {
        debug_assert!(workers < REFUSED / SLEEPING);
        let unborn = if on_demand { workers } else { 0 };
        let mut list = Vec::with_capacity(workers);
        // The first worker is the first to be chosen.
        list.extend((0..unborn).rev());
        let refused = Vec::with_capacity(unborn);
        let sleepers = Sleepers { list, unborn, refused, patience: 0, waited: 0, watcher: None, present: workers };
        Idle { word: AtomicUsize::new(unborn * SLEEPING), sleepers: Locked::new(sleepers) }
    }

    fn with<R>(&self, f: impl FnOnce(&mut Sleepers) -> R) -> R {
        // SAFETY: a real lock; `f` is ours.
        unsafe { self.sleepers.with(f) }
    }

    fn add(&self, n: usize) {
        self.word.fetch_add(n, Ordering::AcqRel);
    }

    fn sub(&self, n: usize) {
        self.word.fetch_sub(n, Ordering::AcqRel);
    }

    /// After a push: does somebody sleep, and nobody search?
    #[inline(always)]
    pub(super) fn wants_one(&self) -> bool {
        if !planted(Plant::PushWithoutFence) {
            crate::loom::fence(Ordering::SeqCst);
        }
        let word = self.word.load(Ordering::Relaxed);
        word & MASK == 0 && (word / SLEEPING) & MASK > 0
    }

    /// Chooses a sleeper, or one whose thread was refused, which searches from now on; the caller unparks it. `None`: there is
    /// none any more, or somebody searches; or those that there are have no thread, and `has_work` says that none is needed,
    /// or it is not time to ask for one again.
    #[cold]
    pub(super) fn choose(&self, has_work: impl FnOnce() -> bool) -> Option<usize> {
        self.with(|sleepers| {
            // The one that fell asleep last has the warmest cache; the watcher only if there is no other.
            let watcher = sleepers.watcher;
            let (list, unborn) = (&sleepers.list, sleepers.unborn);
            let warm = list[unborn..].iter().rposition(|worker| Some(*worker) != watcher).map(|at| unborn + at);
            let Some(at) = warm.or(list.len().checked_sub(1)) else { return self.choose_refused(sleepers, has_work) };
            if at < unborn && !has_work() {
                return None;
            }
            // A searcher is counted for a sleeper that there is, who ends the search.
            if !self.searches_if(|searching| searching == 0) {
                return None;
            }
            let worker = sleepers.remove(at);
            self.no_sleeper_any_more(sleepers, worker);
            Some(worker)
        })
    }

    /// One whose thread was refused, if it is time to ask for it again. Nobody sleeps.
    fn choose_refused(&self, sleepers: &mut Sleepers, has_work: impl FnOnce() -> bool) -> Option<usize> {
        if sleepers.refused.is_empty() || !has_work() {
            return None;
        }
        if sleepers.patience > 0 {
            sleepers.patience -= 1;
            return None;
        }
        if !self.searches_if(|searching| searching == 0) {
            return None;
        }
        let worker = sleepers.refused[0];
        self.refused_no_more(sleepers, 0);
        Some(worker)
    }

    /// It is a worker like the others again, and its thread is asked for.
    fn refused_no_more(&self, sleepers: &mut Sleepers, at: usize) {
        sleepers.refused.remove(at);
        sleepers.present += 1;
        self.none_refused(sleepers);
    }

    fn none_refused(&self, sleepers: &Sleepers) {
        if sleepers.refused.is_empty() {
            self.sub(REFUSED);
        }
    }

    /// A thread has started: the next one that is refused is asked for again soon.
    #[cold]
    pub(super) fn has_thread(&self) {
        self.with(|sleepers| (sleepers.patience, sleepers.waited) = (0, 0));
    }

    /// May this worker search? From now on it counts as one that does, if so.
    pub(super) fn may_search(&self, workers: usize) -> bool {
        self.searches_if(|searching| 2 * searching < workers)
    }

    /// One searcher more, if the number of those that there are allows it.
    fn searches_if(&self, may: impl Fn(usize) -> bool) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        while may(word & MASK) {
            if planted(Plant::SearchInTwoSteps) {
                self.add(SEARCHING);
                return true;
            }
            match self.word.compare_exchange(word, word + SEARCHING, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// A searcher has found work, or ends. `true`: it was the last, and must wake another one if it leaves work behind.
    pub(super) fn ends_search(&self) -> bool {
        let searching = self.word.fetch_sub(SEARCHING, Ordering::AcqRel) & MASK;
        debug_assert!(searching > 0, "who ends a search was counted");
        searching == SEARCHING && !planted(Plant::LastSearcherSilent)
    }

    /// `worker` goes to sleep, if a look at all queues, after this, finds nothing. `searched`: it counts as a searcher.
    pub(super) fn sleeps(&self, worker: usize, searched: bool) -> Sleep {
        let how = self.with(|sleepers| {
            sleepers.list.push(worker);
            let watch = sleepers.watcher.is_none() && sleepers.list.len() < sleepers.present;
            let mut change = SLEEPING;
            if watch {
                sleepers.watcher = Some(worker);
                change += WATCHED;
            }
            self.add(change.wrapping_sub(if searched { SEARCHING } else { 0 }));
            if watch { Sleep::Watch } else { Sleep::Long }
        });
        if !planted(Plant::SleepWithoutFence) {
            crate::loom::fence(Ordering::SeqCst);
        }
        how
    }

    /// Do all sleep, or have no thread?
    #[cfg(all(test, not(loom)))]
    pub(super) fn all_sleep(&self) -> bool {
        let sleeping = self.with(|sleepers| sleepers.list.len() == sleepers.present);
        sleeping && self.word.load(Ordering::Relaxed) & MASK == 0
    }

    /// `worker` sleeps no more.
    pub(super) fn rises(&self, worker: usize) -> Risen {
        self.with(|sleepers| self.gets_up(sleepers, worker))
    }

    /// Chooses `worker`, which has no thread and is about to get one: it searches from now on. Also if that was refused before.
    #[cold]
    pub(super) fn calls(&self, worker: usize) {
        self.with(|sleepers| {
            if let Some(at) = sleepers.refused.iter().position(|other| *other == worker) {
                self.refused_no_more(sleepers, at);
                self.add(SEARCHING);
            } else if self.gets_up(sleepers, worker) != Risen::Searching {
                self.add(SEARCHING);
            }
        });
    }

    /// The thread of `worker` is about to be asked for, as it was chosen: it searches, also if another one asked meanwhile and
    /// was refused.
    #[cold]
    pub(super) fn is_asked_for(&self, worker: usize) {
        self.with(|sleepers| {
            if let Some(at) = sleepers.refused.iter().position(|other| *other == worker) {
                self.refused_no_more(sleepers, at);
                self.add(SEARCHING);
            }
        });
    }

    /// The thread of `worker`, which has none, was refused. What it was: what it was chosen for is another's to do.
    #[cold]
    pub(super) fn refused(&self, worker: usize) -> Risen {
        self.with(|sleepers| {
            if sleepers.refused.contains(&worker) {
                return Risen::ByItself;
            }
            let was = self.gets_up(sleepers, worker);
            if sleepers.refused.is_empty() {
                self.add(REFUSED);
            }
            sleepers.refused.push(worker);
            sleepers.waited = (2 * sleepers.waited + 1).min(PATIENCE_MAX);
            sleepers.patience = sleepers.waited;
            sleepers.present -= 1;
            was
        })
    }

    /// Does it neither sleep, nor is it among those whose thread was refused?
    #[cold]
    pub(super) fn is_up(&self, worker: usize) -> bool {
        self.with(|sleepers| !sleepers.list.contains(&worker) && !sleepers.refused.contains(&worker))
    }

    fn gets_up(&self, sleepers: &mut Sleepers, worker: usize) -> Risen {
        let Some(at) = sleepers.list.iter().position(|other| *other == worker) else {
            // One that was refused is neither.
            return if sleepers.refused.contains(&worker) { Risen::ByItself } else { Risen::Searching };
        };
        sleepers.remove(at);
        let watched = sleepers.watcher == Some(worker);
        self.no_sleeper_any_more(sleepers, worker);
        if watched { Risen::Watcher } else { Risen::ByItself }
    }

    fn no_sleeper_any_more(&self, sleepers: &mut Sleepers, worker: usize) {
        let watched = sleepers.watcher == Some(worker);
        if watched {
            sleepers.watcher = None;
        }
        self.sub(SLEEPING + if watched { WATCHED } else { 0 });
    }

    /// Does somebody sleep, and nobody watch?
    #[inline(always)]
    pub(super) fn wants_watcher(&self) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        word & WATCHED == 0 && word & SLEEPERS != 0
    }

    /// A sleeper that the caller unparks, so that it sleeps as the watcher. It counts as that from now on: who fills a slot
    /// before it is awake need not choose another.
    #[cold]
    pub(super) fn choose_watcher(&self) -> Option<usize> {
        self.with(|sleepers| {
            if sleepers.watcher.is_some() {
                return None;
            }
            // The one that has slept longest, of those that have a thread.
            let list = &sleepers.list;
            sleepers.watcher = Some(*list.get(sleepers.unborn).or(list.last())?);
            self.add(WATCHED);
            sleepers.watcher
        })
    }

    /// `worker` is gone.
    pub(super) fn leaves(&self, worker: usize) {
        self.with(|sleepers| match sleepers.refused.iter().position(|other| *other == worker) {
            Some(at) => {
                sleepers.refused.remove(at);
                self.none_refused(sleepers);
            }
            None => sleepers.present -= 1,
        });
    }
}

impl Sleepers {
    fn remove(&mut self, at: usize) -> usize {
        self.unborn -= usize::from(at < self.unborn);
        self.list.remove(at)
    }
}
