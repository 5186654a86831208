//! Models of the helm: which thread runs a worker. The worker is a cell that whoever has the helm writes, its driver a bell.

use super::super::super::helm::{Helm, Turn};
use crate::loom::Plant;
use crate::testing::models::{STUCK, model_apart};
use ::loom::cell::UnsafeCell;
use ::loom::sync::{Arc, Notify};
use ::loom::thread;

const RACE: &str = "Causality violation";

struct Deck {
    helm: Helm,
    bell: Notify,
    /// How many turns were made; `None`: the worker is closed.
    turns: UnsafeCell<Option<u32>>,
}

// SAFETY: loom checks who touches the cell.
unsafe impl Send for Deck {}
// SAFETY: as above.
unsafe impl Sync for Deck {}

impl Deck {
    fn new() -> Arc<Deck> {
        Arc::new(Deck { helm: Helm::new(), bell: Notify::new(), turns: UnsafeCell::new(Some(0)) })
    }

    /// What the worker is used for.
    fn turn(&self) {
        self.turns.with_mut(|turns| {
            // SAFETY: loom checks that nobody else touches it now.
            let turns = unsafe { (*turns).as_mut() };
            *turns.expect("used after its close") += 1;
        });
    }

    fn close(&self) {
        // SAFETY: as above.
        self.turns.with_mut(|turns| unsafe { *turns = None });
    }

    /// From its coming to its end; `first`: what it does in its first turn.
    fn stand_in(&self, first: impl FnOnce()) {
        if !self.helm.stands_in() {
            return;
        }
        self.turn();
        first();
        self.stands_in();
    }

    fn stands_in(&self) {
        loop {
            // SAFETY: at the helm, between two turns.
            if self.helm.is_asked_for() && unsafe { self.helm.at_turn(false) } == Turn::End {
                return;
            }
            self.turn();
            self.bell.wait();
        }
    }

    /// The base runs the worker until all are there, and closes it.
    fn ends(&self) {
        loop {
            // SAFETY: at the helm.
            if unsafe { self.helm.all_are_here() } {
                return self.close();
            }
            if self.helm.is_asked_for() {
                // SAFETY: at the helm, between two turns.
                assert_eq!(unsafe { self.helm.at_turn(true) }, Turn::Go);
                continue;
            }
            self.turn();
            self.bell.wait();
        }
    }
}

/// A thread at the helm goes away and comes back; yields the stand-in that it sent.
fn away(deck: &Arc<Deck>) -> Option<thread::JoinHandle<()>> {
    deck.turn();
    // SAFETY: at the helm.
    let sends = unsafe { deck.helm.leaves() };
    let there = deck.clone();
    let sent = sends.then(|| thread::spawn(move || there.stand_in(|| ())));
    // SAFETY: away.
    unsafe { deck.helm.comes_back(|| deck.bell.notify()) };
    deck.turn();
    sent
}

/// A thread goes away twice, and comes back before its stand-in has come, or after: one is at the helm at a time.
#[test]
fn away_and_back() {
    model_apart(
        "task::steal::tests::loom::helms::away_and_back",
        || {
            let deck = Deck::new();
            let first = away(&deck);
            let second = away(&deck);
            first.into_iter().chain(second).for_each(|stand_in| stand_in.join().unwrap());
            deck.ends();
        },
        &[
            (Plant::HelmAskedSilently, &[STUCK]),
            (Plant::HelmGivenUnheard, &[STUCK]),
            (Plant::HelmTakenInTwoSteps, &[RACE, STUCK, "used after its close"]),
        ],
    );
}

/// The stand-in goes away as well. They come back in any order, and the worker closes when both have ended their polls.
#[test]
fn two_are_away() {
    model_apart(
        "task::steal::tests::loom::helms::two_are_away",
        || {
            let deck = Deck::new();
            // SAFETY: this thread, the base, is at the helm.
            assert!(unsafe { deck.helm.leaves() });
            let there = deck.clone();
            let other = thread::spawn(move || {
                let mut sent = None;
                there.stand_in(|| sent = away(&there));
                sent.into_iter().for_each(|stand_in| stand_in.join().unwrap());
            });
            // SAFETY: away.
            unsafe { deck.helm.comes_back(|| deck.bell.notify()) };
            deck.turn();
            deck.ends();
            other.join().unwrap();
        },
        &[
            (Plant::HelmAskedSilently, &[STUCK]),
            (Plant::HelmGivenUnheard, &[STUCK]),
            (Plant::ClosedWhileAway, &[STUCK, RACE, "used after its close"]),
        ],
    );
}

/// A stand-in fails, while the base is away, or waits: it gets the helm, and hears of it.
#[test]
fn a_stand_in_fails() {
    model_apart(
        "task::steal::tests::loom::helms::a_stand_in_fails",
        || {
            let deck = Deck::new();
            // SAFETY: this thread, the base, is at the helm.
            assert!(unsafe { deck.helm.leaves() });
            let there = deck.clone();
            let other = thread::spawn(move || {
                let came = there.helm.stands_in();
                if came {
                    there.turn();
                    // SAFETY: at the helm.
                    unsafe { there.helm.fails() };
                }
                came
            });
            // SAFETY: away.
            unsafe { deck.helm.comes_back(|| deck.bell.notify()) };
            deck.turn();
            // SAFETY: at the helm.
            let failed = unsafe { deck.helm.has_failed() };
            assert_eq!(failed, other.join().unwrap());
            deck.ends();
        },
        &[(Plant::HelmGivenUnheard, &[STUCK])],
    );
}

/// The base fails while another thread is away: it waits until that has ended its poll.
#[test]
fn the_base_fails() {
    model_apart(
        "task::steal::tests::loom::helms::the_base_fails",
        || {
            let deck = Deck::new();
            // SAFETY: this thread, the base, is at the helm.
            assert!(unsafe { deck.helm.leaves() });
            let there = deck.clone();
            let other = thread::spawn(move || {
                let mut sent = None;
                there.stand_in(|| sent = away(&there));
                sent.into_iter().for_each(|stand_in| stand_in.join().unwrap());
            });
            // SAFETY: away.
            unsafe { deck.helm.comes_back(|| deck.bell.notify()) };
            deck.turn();
            // SAFETY: the base, at the helm.
            unsafe { deck.helm.until_all_are_back() };
            deck.close();
            other.join().unwrap();
        },
        &[(Plant::HelmGivenUnheard, &[STUCK])],
    );
}
