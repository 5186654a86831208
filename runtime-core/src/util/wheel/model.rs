//! The wheel against a sorted map: random operations on a manual clock, the same answers in the same order.
//!
//! `BESPOKE_DEEP=1` runs 10⁷ operations instead of 2·10⁵, `BESPOKE_SEED` sets the seed. Either way the clock runs for
//! 400 days.

extern crate std;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::tests::{SECOND, id_of, numbered};
use super::*;

#[test]
fn random_operations_agree_with_a_sorted_map() {
    let seed = match std::env::var("BESPOKE_SEED") {
        Ok(seed) => seed.parse().expect("BESPOKE_SEED is a number"),
        Err(_) => 0x5EED_0001,
    };
    let ops = match () {
        () if cfg!(miri) => 1_500,
        () if std::env::var_os("BESPOKE_DEEP").is_some() => 10_000_000,
        () => 200_000,
    };
    let _print_on_failure = Seed(seed);
    Model::new(seed, ops).run(ops);
}

struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::eprintln!("the failing seed: BESPOKE_SEED={}", self.0);
        }
    }
}

struct Model {
    wheel: Wheel,
    now: u64,
    rng: Rng,
    /// Mean length of a long step of the clock.
    stride: u64,
    seq: u64,
    /// What waits, in the order in which it must fire.
    waiting: BTreeMap<(u64, u64), usize>,
    /// Every live key, by nothing in particular.
    live: Vec<Live>,
    /// Where in `live` a timer is, by its number.
    places: BTreeMap<usize, usize>,
    dead: Vec<Key>,
    next_id: usize,
    /// Cancels and resets: how many early wake-ups are allowed.
    disturbed: u64,
    early: u64,
    fired: u64,
    /// Sum over all operations of the timers alive.
    crowd: u64,
}

#[derive(Clone, Copy)]
struct Live {
    key: Key,
    id: usize,
    /// `None`: fired.
    waiting: Option<(u64, u64)>,
    watched: bool,
}

impl Model {
    fn new(seed: u64, ops: u64) -> Self {
        Self {
            wheel: Wheel::new(),
            now: 0,
            rng: Rng(seed),
            // One operation in 50 is a long step.
            stride: DAYS_400 / (ops / 50),
            seq: 0,
            waiting: BTreeMap::new(),
            live: Vec::new(),
            places: BTreeMap::new(),
            dead: Vec::new(),
            next_id: 1,
            disturbed: 0,
            early: 0,
            fired: 0,
            crowd: 0,
        }
    }

    fn run(&mut self, ops: u64) {
        for _ in 0..ops {
            match self.rng.below(100) {
                0..40 if self.live.len() < LIVE_MAX => self.insert(),
                0..55 => self.cancel(),
                55..67 => self.reset(),
                67..72 => self.poll(),
                72..75 => self.poke_stale(),
                75..85 => self.wake_up(),
                85..88 => self.step_and_expire(1, self.stride * 2),
                88..90 => {
                    // Leaves due timers in the wheel while other operations go on.
                    self.now += self.rng.below(SECOND);
                    let some = self.rng.below(4);
                    self.expire(some as usize);
                }
                _ => {
                    let most = 1 << self.rng.below(34);
                    self.step_and_expire(0, most);
                }
            }
            self.check();
            self.crowd += self.live.len() as u64;
        }
        if ops >= 200_000 {
            assert!(self.fired > ops / 10, "too few timers fired to tell anything: {}", self.fired);
            assert!(self.crowd / ops > LIVE_MAX as u64 / 2, "too few timers at a time: {}", self.crowd / ops);
        }
        while self.now < DAYS_400 {
            self.wake_up();
            self.step_and_expire(1, self.stride * 20);
        }
        self.now = u64::MAX;
        self.expire(usize::MAX);
        assert!(self.waiting.range(..(u64::MAX, 0)).next().is_none());
        self.check();
        assert!(self.early <= self.disturbed, "{} early wake-ups, {} cancels and resets", self.early, self.disturbed);
    }

    fn insert(&mut self) {
        let deadline = self.deadline();
        let id = self.next_id;
        self.next_id += 1;
        let key = self.wheel.insert(deadline, numbered(id)).expect("memory for a timer");
        let at = (deadline, self.next_seq());
        self.waiting.insert(at, id);
        self.places.insert(id, self.live.len());
        self.live.push(Live { key, id, waiting: Some(at), watched: true });
    }

    fn cancel(&mut self) {
        let Some(i) = self.any() else { return };
        let Live { key, id, waiting, watched } = self.live.swap_remove(i);
        self.places.remove(&id);
        if let Some(moved) = self.live.get(i) {
            self.places.insert(moved.id, i);
        }
        let waker = self.wheel.cancel(key);
        assert_eq!(waker.map(|waker| id_of(&waker)), (waiting.is_some() && watched).then_some(id));
        if let Some(at) = waiting {
            self.waiting.remove(&at);
            self.disturbed += 1;
        }
        if self.dead.len() < 100 { self.dead.push(key) } else { self.dead[i % 100] = key }
    }

    fn reset(&mut self) {
        let Some(i) = self.any() else { return };
        let deadline = self.deadline();
        let at = (deadline, self.next_seq());
        let live = &mut self.live[i];
        assert!(self.wheel.reset(live.key, deadline));
        match live.waiting.replace(at) {
            Some(old) => {
                self.waiting.remove(&old);
                self.disturbed += 1;
            }
            None => live.watched = false,
        }
        self.waiting.insert(at, live.id);
    }

    fn poll(&mut self) {
        let Some(i) = self.any() else { return };
        let live = &mut self.live[i];
        let waker = numbered(live.id);
        let expected = match live.waiting {
            None => Polled::Fired,
            Some(_) if live.watched => Polled::Pending,
            Some(_) => Polled::Unwatched,
        };
        assert_eq!(self.wheel.poll(live.key, &waker), expected);
        if expected == Polled::Unwatched {
            assert!(self.wheel.replace_waker(live.key, waker).is_none());
            live.watched = true;
        }
    }

    fn poke_stale(&mut self) {
        if self.dead.is_empty() {
            return;
        }
        let key = self.dead[self.rng.below(self.dead.len() as u64) as usize];
        assert!(self.wheel.cancel(key).is_none());
        assert!(!self.wheel.reset(key, self.now));
        assert_eq!(self.wheel.poll(key, &numbered(1)), Polled::Stale);
    }

    /// What a worker does: sleeps until the wheel says, but here not further than the test is to last.
    fn wake_up(&mut self) {
        let Some(at) = self.wheel.next_deadline() else { return };
        if at > self.now + self.stride * 4 {
            return;
        }
        self.now = self.now.max(at);
        if self.expire(usize::MAX) == 0 {
            self.early += 1;
        }
    }

    fn step_and_expire(&mut self, least: u64, most: u64) {
        self.now += self.rng.between(least, most.max(1));
        self.expire(usize::MAX);
    }

    /// Fires up to `most` timers in both, and compares; returns how many fired, silent ones included. All of them: many at a
    /// time, every other time.
    fn expire(&mut self, most: usize) -> usize {
        let (mut count, mut due) = (0, [const { None }; BATCH]);
        let (together, mut batch) = (most == usize::MAX && self.rng.between(0, 1) == 0, Vec::new().into_iter());
        for _ in 0..most {
            if together && batch.len() == 0 {
                let count = self.wheel.expire_some(self.now, &mut due);
                let wakers = due.iter_mut().take(count).map(|waker| waker.take().expect("as many as it said"));
                batch = wakers.collect::<Vec<_>>().into_iter();
                assert!(due.iter().all(Option::is_none), "more than it said");
            }
            let got = if together { batch.next() } else { self.wheel.expire(self.now) };
            let got = got.map(|waker| id_of(&waker));
            let expected = loop {
                let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= self.now) else {
                    break None;
                };
                if first.key().0 == u64::MAX {
                    break None;
                }
                let id = first.remove();
                count += 1;
                self.fired += 1;
                let live = &mut self.live[self.places[&id]];
                live.waiting = None;
                if live.watched {
                    break Some(id);
                }
            };
            assert_eq!(got, expected, "fired at {}", self.now);
            if got.is_none() {
                break;
            }
        }
        count
    }

    fn check(&self) {
        let earliest = self.waiting.keys().next().map(|at| at.0).filter(|&deadline| deadline != u64::MAX);
        match (self.wheel.next_deadline(), earliest) {
            (None, None) => {}
            (Some(told), Some(earliest)) => assert!(told <= earliest, "told {told}, but {earliest} is due"),
            (told, earliest) => panic!("told {told:?}, but {earliest:?} is due"),
        }
        assert_eq!(self.wheel.len(), self.live.len());
    }

    /// Deadlines of all kinds: near, far, past, on the edges of the wheel, equal to others.
    fn deadline(&mut self) -> u64 {
        let rng = &mut self.rng;
        match rng.below(20) {
            0 => 0,
            1 => u64::MAX,
            2 => u64::MAX - rng.below(3),
            // 2^30..2^36 ms.
            3 => self.now.saturating_add((1 << rng.between(30, 36)) * 1_000_000 + rng.below(3)),
            // k * 64^n ± 1, from the epoch.
            4 => {
                let width = 1u64 << (6 * rng.below(11));
                width.saturating_mul(rng.between(1, 64)).wrapping_add(rng.below(3)).wrapping_sub(1)
            }
            // The next edges of each level, ± 1.
            5..8 => {
                let width = 1u64 << (6 * rng.below(10));
                let edge = (self.now / width).saturating_add(rng.between(1, 65)).saturating_mul(width);
                edge.wrapping_add(rng.below(3)).wrapping_sub(1)
            }
            8 => self.now - rng.below(self.now + 1),
            9 => self.now.saturating_sub(rng.below(100)),
            10 => self.now,
            // The deadline of a timer that waits.
            11..14 if !self.live.is_empty() => {
                let i = rng.below(self.live.len() as u64) as usize;
                self.live[i].waiting.map_or(self.now, |at| at.0)
            }
            _ => {
                let most = 1 << rng.between(1, 55);
                self.now.saturating_add(rng.below(most))
            }
        }
    }

    fn any(&mut self) -> Option<usize> {
        let count = self.live.len() as u64;
        (count > 0).then(|| self.rng.below(count) as usize)
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }
}

/// splitmix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }
}

const DAYS_400: u64 = 400 * 86_400 * SECOND;
const LIVE_MAX: usize = 2000;
