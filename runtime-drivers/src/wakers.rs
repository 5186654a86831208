//! Wakers of tasks that wait beside each other, for one listener or one socket of datagrams.
//!
//! A wait that is dropped tells nobody, so its waker stays: for ever, where nothing comes. A task that polls by a waker of its
//! own each time, as a set of futures makes them, would leave one after the other. So when the list is about to grow, those
//! that are there are *asked*: woken. Who still waits leaves its waker once more, which says so; who has not by the next
//! time is let go. It is nobody's, or its poll is still to come, which leaves it anew.
//!
//! The latter must not go on for ever: more tasks than there are places would wake each other in turn. So one of those that
//! were let go is remembered. When it comes back, it was let go too early, and the list gets twice as many places.

use crate::theirs::{let_go, wake, wake_by_ref};
use core::mem;
use core::task::Waker;
use std::vec::Vec;

/// Wakers of tasks that wait beside each other.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    wakers: Vec<Waker>,
    /// So many at the front were asked, and have not answered.
    asked: usize,
    /// One that was let go without an answer, kept so that no other is where it was.
    remembered: Option<Waker>,
    /// So many times others were asked since.
    since: u32,
    /// Has it come back?
    too_early: bool,
}

impl Wakers {
    pub(crate) fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }

    /// Is this one there? If so, it has answered.
    pub(crate) fn has(&mut self, waker: &Waker) -> bool {
        let Some(at) = self.wakers.iter().position(|known| known.will_wake(waker)) else {
            self.too_early |= self.remembered.as_ref().is_some_and(|known| known.will_wake(waker));
            return false;
        };
        if at < self.asked {
            self.asked -= 1;
            self.wakers.swap(at, self.asked);
        }
        true
    }

    /// Would one more make the list grow, so that those who are there have to be [asked](Self::ask) first?
    pub(crate) fn is_full(&self) -> bool {
        self.wakers.len() >= FEW && self.wakers.len() == self.wakers.capacity()
    }

    pub(crate) fn push(&mut self, waker: Waker) {
        self.wakers.push(waker);
    }

    /// All of them, so that the user's code may run. They come back through [`give_back`](Self::give_back).
    pub(crate) fn take(&mut self) -> Self {
        mem::take(self)
    }

    /// Lets those go that did not answer, and asks the rest. Runs code of the user's.
    #[cold]
    pub(crate) fn ask(&mut self) {
        let mut silent = self.wakers.drain(..mem::take(&mut self.asked));
        self.since += 1;
        if self.remembered.is_none() || self.too_early || self.since > REMEMBERED {
            self.since = 0;
            let old = mem::replace(&mut self.remembered, silent.next());
            let_go(old);
        }
        silent.for_each(let_go);
        if mem::take(&mut self.too_early) {
            self.wakers.reserve_exact(2 * self.wakers.capacity() - self.wakers.len());
        }
        self.wakers.iter().for_each(wake_by_ref);
        self.asked = self.wakers.len();
    }

    /// Wakes all. Runs code of the user's. The memory stays.
    pub(crate) fn wake(&mut self) {
        self.asked = 0;
        self.wakers.drain(..).for_each(wake);
    }

    /// Drops all. Runs code of the user's.
    pub(crate) fn let_go(self) {
        self.wakers.into_iter().chain(self.remembered).for_each(let_go);
    }

    /// Puts back what was taken, before what came meanwhile. What is left over may hold a waker: it is let go later.
    #[must_use]
    pub(crate) fn give_back(&mut self, mut taken: Self) -> Self {
        taken.wakers.append(&mut self.wakers);
        mem::replace(self, taken)
    }
}

/// So many are few: nobody is asked.
const FEW: usize = 32;
/// So many times others are asked before another is remembered: this one is nobody's.
const REMEMBERED: u32 = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    /// A task that leaves its waker whenever it is polled: it waits for something that does not come.
    struct Task {
        number: usize,
        woken: Arc<Woken>,
    }

    #[derive(Default)]
    struct Woken {
        /// Tasks with a smaller number are polled when they are woken; the others are gone.
        tasks: usize,
        queue: Mutex<VecDeque<usize>>,
        count: AtomicUsize,
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.woken.count.fetch_add(1, Ordering::Relaxed);
            let mut queue = self.woken.queue.lock().expect("one thread");
            if self.number < self.woken.tasks && !queue.contains(&self.number) {
                queue.push_back(self.number);
            }
        }
    }

    /// As the drivers do it.
    fn leave(list: &mut Wakers, waker: &Waker) {
        if list.has(waker) {
            return;
        }
        if list.is_full() {
            let mut all = list.take();
            all.ask();
            list.give_back(all).let_go();
        }
        list.push(waker.clone());
    }

    /// So many tasks wait, and so many waits are dropped beside them, while `per_turn` tasks are polled after each. How long
    /// did the list get, and how many were woken?
    fn run(tasks: usize, dropped: usize, per_turn: usize) -> (usize, usize) {
        let woken = Arc::new(Woken { tasks, ..Woken::default() });
        let waker = |number| Waker::from(Arc::new(Task { number, woken: woken.clone() }));
        let wakers: Vec<Waker> = (0..tasks).map(waker).collect();
        let mut list = Wakers::default();
        let next = || woken.queue.lock().expect("one thread").pop_front();
        let mut longest = 0;
        wakers.iter().for_each(|waker| leave(&mut list, waker));
        for number in 0..dropped {
            leave(&mut list, &waker(tasks + number));
            longest = longest.max(list.wakers.capacity());
            (0..per_turn).map_while(|_| next()).for_each(|number| leave(&mut list, &wakers[number]));
        }
        let mut polls = 0;
        while let Some(number) = next() {
            polls += 1;
            assert!(polls < 100 * (tasks + dropped), "tasks wake each other for ever");
            leave(&mut list, &wakers[number]);
        }
        for waker in &wakers {
            assert!(list.has(waker), "a task that waits is not known");
        }
        (longest.max(list.wakers.capacity()), woken.count.load(Ordering::Relaxed))
    }

    #[test]
    fn tasks_that_wait_are_woken_a_few_times_whatever_their_number() {
        for tasks in [1, 31, 32, 33, 64, 1000] {
            let (longest, woken) = run(tasks, 0, 1);
            assert!(longest <= 64.max(4 * tasks), "{longest} places for {tasks}");
            assert!(woken <= 20 * tasks, "{tasks} were woken {woken} times");
        }
    }

    #[test]
    fn wakers_of_nobody_are_few_whoever_waits_beside_them() {
        for (tasks, per_turn) in [(0, 1), (1, 1), (33, 1), (63, 2), (64, 1), (1000, 1), (1000, 50)] {
            let (longest, woken) = run(tasks, 10_000, per_turn);
            assert!(longest <= 256.max(8 * tasks), "{longest} places for {tasks}");
            assert!(woken <= 10 * (10_000 + tasks), "{tasks} and 10000 that are gone were woken {woken} times");
        }
    }
}
