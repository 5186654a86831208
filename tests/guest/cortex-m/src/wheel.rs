//! The timer wheel against a sorted map: the same timers in the same order, over 400 days.

use crate::random::Random;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use bespoke_core::util::wheel::{Key, Polled, Wheel};
use core::task::{RawWaker, RawWakerVTable, Waker};

const DAY: u64 = 86_400_000_000_000;
const OPERATIONS: usize = 60_000;
const LIVE_MAX: usize = 400;

static TABLE: RawWakerVTable =
    RawWakerVTable::new(|id| RawWaker::new(id, &TABLE), drop_nothing, drop_nothing, drop_nothing);

fn drop_nothing(_: *const ()) {}

/// A waker that is a number.
fn numbered(id: usize) -> Waker {
    // SAFETY: the table does nothing with the pointer, which is a number.
    unsafe { Waker::from_raw(RawWaker::new(core::ptr::without_provenance(id), &TABLE)) }
}

struct Timer {
    key: Key,
    id: usize,
    /// Where it waits in the map; `None`: it has fired.
    at: Option<(u64, u64)>,
}

pub(crate) fn check() {
    let mut random = Random::new(0x5EED_0002);
    let mut wheel = Wheel::new();
    let mut waiting: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    let mut timers: Vec<Timer> = Vec::new();
    let (mut now, mut sequence, mut next, mut fired) = (0u64, 0u64, 1usize, 0usize);
    for _ in 0..OPERATIONS {
        match random.below(100) {
            0..45 if timers.len() < LIVE_MAX => {
                let deadline = deadline(&mut random, now);
                sequence += 1;
                let Ok(key) = wheel.insert(deadline, numbered(next)) else { panic!("no memory for a timer") };
                waiting.insert((deadline, sequence), next);
                timers.push(Timer { key, id: next, at: Some((deadline, sequence)) });
                next += 1;
            }
            0..60 if !timers.is_empty() => {
                let timer = timers.swap_remove(random.below(timers.len() as u64) as usize);
                let waker = wheel.cancel(timer.key);
                assert_eq!(waker.map(|waker| waker.data().addr()), timer.at.map(|_| timer.id));
                assert_eq!(wheel.poll(timer.key, &numbered(timer.id)), Polled::Stale);
                if let Some(at) = timer.at {
                    waiting.remove(&at);
                }
            }
            60..70 if !timers.is_empty() => {
                let at = random.below(timers.len() as u64) as usize;
                let deadline = deadline(&mut random, now);
                let timer = &mut timers[at];
                assert!(wheel.reset(timer.key, deadline));
                sequence += 1;
                if let Some(at) = timer.at.replace((deadline, sequence)) {
                    waiting.remove(&at);
                } else {
                    // A fired one waits again, without a waker until it is shown one.
                    assert!(wheel.replace_waker(timer.key, numbered(timer.id)).is_none());
                }
                waiting.insert((deadline, sequence), timer.id);
            }
            _ => {
                let most = random.below(48);
                now += random.below(1 << most);
                fired += expire(&mut wheel, &mut waiting, &mut timers, now);
            }
        }
        assert_eq!(wheel.len(), timers.len());
    }
    assert!(now > 400 * DAY, "the clock went {} days", now / DAY);
    assert!(fired > OPERATIONS / 10, "{fired} timers fired");
    #[cfg(feature = "planted")]
    {
        let Ok(_) = wheel.insert(now + 1, numbered(next)) else { panic!("no memory for a timer") };
    }
    expire(&mut wheel, &mut waiting, &mut timers, u64::MAX);
    assert!(waiting.keys().all(|(deadline, _)| *deadline == u64::MAX));
}

/// Near, far, past, never.
fn deadline(random: &mut Random, now: u64) -> u64 {
    match random.below(20) {
        0 => u64::MAX,
        1 => now.saturating_sub(random.below(1 << 40)),
        2 => now,
        _ => {
            let most = random.below(56);
            now + random.below(1 << most)
        }
    }
}

/// Fires what is due, and compares it with the map, one by one.
fn expire(wheel: &mut Wheel, waiting: &mut BTreeMap<(u64, u64), usize>, timers: &mut [Timer], now: u64) -> usize {
    let mut fired = 0;
    while let Some(waker) = wheel.expire(now) {
        let Some((at, id)) = waiting.pop_first() else { panic!("a timer fired that is not there") };
        assert!(at.0 <= now, "a timer fired {} ns early", at.0 - now);
        assert_eq!(waker.data().addr(), id, "the timers fire in another order");
        let Some(timer) = timers.iter_mut().find(|timer| timer.id == id) else { panic!("timer {id} is gone") };
        timer.at = None;
        fired += 1;
    }
    let late = waiting.keys().next().is_some_and(|(deadline, _)| *deadline <= now && *deadline != u64::MAX);
    assert!(!late, "a timer that is due did not fire");
    fired
}
