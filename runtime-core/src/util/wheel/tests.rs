extern crate std;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec;
use alloc::vec::Vec;
use core::task::{RawWaker, RawWakerVTable, Waker};

use super::geometry::{BITS, LEVELS};
use super::*;

/// A waker that does nothing and carries a number: [`id_of`] reads it back.
pub(super) fn numbered(id: usize) -> Waker {
    const TABLE: RawWakerVTable = RawWakerVTable::new(|data| RawWaker::new(data, &TABLE), |_| (), |_| (), |_| ());
    // SAFETY: no function of the table looks at the data.
    unsafe { Waker::new(core::ptr::without_provenance(id), &TABLE) }
}

pub(super) fn id_of(waker: &Waker) -> usize {
    waker.data().addr()
}

static_assertions::assert_impl_all!(Wheel: Send);
// `&mut Wheel` must not claim the directory that foreign threads read.
static_assertions::assert_not_impl_any!(Wheel: Unpin);
static_assertions::assert_not_impl_any!(ChunkSlab<u8>: Unpin);

fn insert(wheel: &mut Wheel, deadline: u64, id: usize) -> Key {
    wheel.insert(deadline, numbered(id)).expect("memory for a timer")
}

fn fired(wheel: &mut Wheel, now: u64) -> Vec<usize> {
    core::iter::from_fn(|| wheel.expire(now)).map(|waker| id_of(&waker)).collect()
}

#[test]
fn nothing_fires_early_and_everything_in_time() {
    let deadlines =
        [1, 2, 63, 64, 65, 4095, 4096, 1 << 18, (1 << 30) - 1, 1 << 30, (1 << 36) + 5, 400 * 86_400 * SECOND];
    for deadline in deadlines {
        let mut wheel = Wheel::new();
        insert(&mut wheel, deadline, 1);
        assert_eq!(wheel.next_deadline(), Some(deadline));
        assert_eq!(fired(&mut wheel, deadline - 1), [], "{deadline} is early");
        assert_eq!(wheel.next_deadline(), Some(deadline));
        assert_eq!(fired(&mut wheel, deadline), [1], "{deadline} is late");
        assert_eq!(wheel.next_deadline(), None);
    }
}

#[test]
fn order_of_deadlines_then_of_insertion() {
    let mut wheel = Wheel::new();
    for (id, deadline) in [70, 5, 70, 4096, 5, 70, 4095, 5].into_iter().enumerate() {
        insert(&mut wheel, deadline, id);
    }
    assert_eq!(fired(&mut wheel, 69), [1, 4, 7]);
    insert(&mut wheel, 70, 8);
    assert_eq!(fired(&mut wheel, 5000), [0, 2, 5, 8, 6, 3]);
}

/// The slots of one level are narrower than those above: the timer that was inserted in the wide one stays first.
#[test]
fn ties_keep_their_order_across_levels() {
    let mut wheel = Wheel::new();
    let deadline = 5 * SECOND + 123_456_789;
    let mut expected = vec![];
    for (id, now) in [0, SECOND, 5 * SECOND, 5 * SECOND + 123_000_000, deadline - 1].into_iter().enumerate() {
        insert(&mut wheel, now, 100);
        assert_eq!(fired(&mut wheel, now), [100]);
        insert(&mut wheel, deadline, id);
        insert(&mut wheel, deadline + 1, 50 + id);
        expected.push(id);
    }
    assert_eq!(fired(&mut wheel, deadline), expected);
    assert_eq!(fired(&mut wheel, u64::MAX), [50, 51, 52, 53, 54]);
}

#[test]
fn zero_is_due_at_once() {
    let mut wheel = Wheel::new();
    insert(&mut wheel, 0, 1);
    assert_eq!(wheel.next_deadline(), Some(0));
    assert_eq!(fired(&mut wheel, 0), [1]);
    assert_eq!(fired(&mut wheel, 1000), []);
    insert(&mut wheel, 0, 2);
    assert_eq!(wheel.next_deadline(), Some(0));
    assert_eq!(fired(&mut wheel, 1000), [2]);
}

#[test]
fn past_deadlines_fire_in_order_before_the_present() {
    let mut wheel = Wheel::new();
    assert_eq!(fired(&mut wheel, 1000), []);
    for (id, deadline) in [1000, 900, 500, 500, 999, 0, 1001, 500].into_iter().enumerate() {
        insert(&mut wheel, deadline, id);
    }
    assert_eq!(wheel.expire(1000).map(|waker| id_of(&waker)), Some(5));
    insert(&mut wheel, 1, 8);
    let key = insert(&mut wheel, 700, 9);
    assert!(wheel.cancel(key).is_some());
    assert_eq!(fired(&mut wheel, 1000), [8, 2, 3, 7, 1, 4, 0]);
    assert_eq!(fired(&mut wheel, 1001), [6]);
}

#[test]
fn many_fire_together_in_their_order() {
    for (count, deadline) in [(1, 9), (BATCH, 9), (BATCH + 1, 9), (5 * BATCH, 9), (3 * BATCH, 1 << 30)] {
        let mut wheel = Wheel::new();
        // Of one slot, of several slots, and in an order that is none.
        for id in 0..count {
            insert(&mut wheel, deadline + (id as u64 * 7) % 11 * 100, id);
        }
        let mut expected: Vec<usize> = (0..count).collect();
        expected.sort_by_key(|id| id * 7 % 11);
        let mut got = Vec::new();
        loop {
            let mut due = [const { None }; BATCH];
            let fired = wheel.expire_some(deadline + 1_000, &mut due);
            assert!(due[..fired].iter().all(Option::is_some) && due[fired..].iter().all(Option::is_none));
            got.extend(due.iter().flatten().map(id_of));
            if fired == 0 {
                break;
            }
            assert!(fired == BATCH || got.len() == count, "{fired} of {count}");
        }
        assert_eq!(got, expected);
    }
}

#[test]
fn timers_that_fired_without_a_waker_are_passed_over() {
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..3 * BATCH).map(|id| insert(&mut wheel, 100, id)).collect();
    assert_eq!(fired(&mut wheel, 100).len(), keys.len());
    // A whole batch of them, and one that somebody watches.
    keys.iter().for_each(|key| assert!(wheel.reset(*key, 200)));
    assert!(wheel.replace_waker(keys[2 * BATCH], numbered(7)).is_none());
    let mut due = [const { None }; BATCH];
    assert_eq!(wheel.expire_some(199, &mut due), 0);
    assert_eq!(wheel.expire_some(200, &mut due), 1);
    assert_eq!(due[0].as_ref().map(id_of), Some(7));
    assert_eq!(wheel.next_deadline(), None);
}

#[test]
fn ten_thousand_past_deadlines_in_the_worst_order() {
    let count = if cfg!(miri) { 100 } else { 10_000 };
    let mut wheel = Wheel::new();
    assert_eq!(fired(&mut wheel, u64::from(u32::MAX)), []);
    for id in 0..count {
        insert(&mut wheel, ((count - id) / 3) as u64, id);
    }
    let mut expected: Vec<_> = (0..count).collect();
    expected.sort_by_key(|id| (count - id) / 3);
    assert_eq!(fired(&mut wheel, u64::from(u32::MAX)), expected);
}

#[test]
fn max_never_fires() {
    let mut wheel = Wheel::new();
    let key = insert(&mut wheel, u64::MAX, 1);
    insert(&mut wheel, u64::MAX - 1, 2);
    assert_eq!(wheel.next_deadline(), Some(u64::MAX - 1));
    assert_eq!(fired(&mut wheel, u64::MAX - 2), []);
    assert_eq!(fired(&mut wheel, u64::MAX), [2]);
    assert_eq!(fired(&mut wheel, u64::MAX), []);
    assert_eq!(wheel.next_deadline(), None);
    assert_eq!(wheel.poll(key, &numbered(1)), Polled::Pending);
    assert!(wheel.reset(key, 3));
    assert_eq!(fired(&mut wheel, u64::MAX), [1]);
}

/// tokio#8334: after a timer that never fires, short sleeps must stay exact for years.
#[test]
fn a_far_timer_does_not_disturb_the_near_ones() {
    let mut wheel = Wheel::new();
    insert(&mut wheel, u64::MAX, 1);
    insert(&mut wheel, u64::MAX - 1, 2);
    insert(&mut wheel, 400 * 86_400 * SECOND, 3);
    for day in 1..400 {
        let now = day * 86_400 * SECOND;
        assert_eq!(fired(&mut wheel, now), []);
        insert(&mut wheel, now + 1_000_000, 4);
        assert_eq!(wheel.next_deadline(), Some(now + 1_000_000));
        assert_eq!(fired(&mut wheel, now + 999_999), []);
        assert_eq!(fired(&mut wheel, now + 1_000_000), [4]);
    }
    assert_eq!(wheel.next_deadline(), Some(400 * 86_400 * SECOND));
}

#[test]
fn edges_of_every_level() {
    for level in 0..LEVELS as u32 {
        let width = 1u64 << (level * BITS);
        for k in [1, 2, 15] {
            let Some(edge) = width.checked_mul(k) else { continue };
            for now in [0, edge / 2, edge.saturating_sub(2)] {
                let mut wheel = Wheel::new();
                assert_eq!(fired(&mut wheel, now), []);
                for (id, deadline) in [edge + 1, edge, edge.saturating_sub(1)].into_iter().enumerate() {
                    insert(&mut wheel, deadline, id);
                }
                assert_eq!(fired(&mut wheel, edge - 1), [2], "edge {edge} from {now}");
                assert_eq!(fired(&mut wheel, edge), [1], "edge {edge} from {now}");
                assert_eq!(fired(&mut wheel, edge + 1), [0], "edge {edge} from {now}");
            }
        }
    }
}

#[test]
fn cancel_returns_the_waker_and_frees_the_slot() {
    let mut wheel = Wheel::new();
    let keys: Vec<_> = (0..3).map(|id| insert(&mut wheel, 100, id)).collect();
    for id in [1, 0, 2] {
        assert_eq!(wheel.cancel(keys[id]).map(|waker| id_of(&waker)), Some(id));
        assert!(wheel.cancel(keys[id]).is_none());
    }
    assert!(wheel.is_empty());
    assert_eq!(wheel.next_deadline(), None);
    assert_eq!(fired(&mut wheel, 100), []);
    assert_eq!(insert(&mut wheel, 5, 9).slot, keys[2].slot, "the slot freed last is used first");
}

#[test]
fn stale_keys_do_nothing() {
    let mut wheel = Wheel::new();
    let old = insert(&mut wheel, 10, 1);
    assert!(wheel.cancel(old).is_some());
    assert_eq!(wheel.poll(old, &numbered(1)), Polled::Stale);
    let new = insert(&mut wheel, 20, 2);
    assert_eq!(old.slot, new.slot);
    let never_used = Key { slot: new.slot + 1, generation: 1 };
    let absurd = Key { slot: u32::MAX, generation: 1 };
    for stale in [old, never_used, absurd] {
        assert_eq!(wheel.poll(stale, &numbered(1)), Polled::Stale);
        assert!(wheel.cancel(stale).is_none());
        assert!(!wheel.reset(stale, 0));
        assert_eq!(wheel.replace_waker(stale, numbered(7)).map(|waker| id_of(&waker)), Some(7));
    }
    assert_eq!(fired(&mut wheel, 20), [2]);
    assert_eq!(wheel.len(), 1);
}

/// No key that somebody could guess works on a free slot.
#[test]
fn every_key_of_a_free_slot_is_stale() {
    let mut wheel = Wheel::new();
    let old = insert(&mut wheel, 10, 1);
    assert!(wheel.cancel(old).is_some());
    for generation in 0..5 {
        let guess = Key { generation, ..old };
        assert!(!wheel.reset(guess, 5));
        assert!(wheel.cancel(guess).is_none());
    }
    assert_eq!(insert(&mut wheel, 10, 2), Key { generation: old.generation + 2, ..old });
}

#[test]
fn poll_asks_for_a_waker_only_when_it_changed() {
    let mut wheel = Wheel::new();
    let key = insert(&mut wheel, 10, 1);
    assert_eq!(wheel.poll(key, &numbered(1)), Polled::Pending);
    assert_eq!(wheel.poll(key, &numbered(2)), Polled::Unwatched);
    assert_eq!(wheel.replace_waker(key, numbered(2)).map(|waker| id_of(&waker)), Some(1));
    assert_eq!(wheel.poll(key, &numbered(2)), Polled::Pending);
    assert_eq!(fired(&mut wheel, 10), [2]);
    assert_eq!(wheel.poll(key, &numbered(2)), Polled::Fired);
    assert_eq!(wheel.replace_waker(key, numbered(3)).map(|waker| id_of(&waker)), Some(3));
    assert_eq!(wheel.len(), 1, "a fired timer keeps its slot");
    assert!(wheel.cancel(key).is_none());
    assert!(wheel.is_empty());
}

#[test]
fn reset_moves_a_timer_and_rearms_a_fired_one() {
    let mut wheel = Wheel::new();
    let a = insert(&mut wheel, 10, 1);
    let b = insert(&mut wheel, 20, 2);
    assert!(wheel.reset(a, 20));
    assert_eq!(fired(&mut wheel, 19), []);
    assert_eq!(fired(&mut wheel, 20), [2, 1], "a reset timer comes after those that were there");
    assert!(wheel.reset(a, 30));
    assert!(wheel.reset(b, 31));
    assert_eq!(wheel.poll(a, &numbered(1)), Polled::Unwatched);
    assert!(wheel.replace_waker(a, numbered(3)).is_none());
    assert_eq!(fired(&mut wheel, 40), [3], "a timer without a waker fires silently");
    assert_eq!(wheel.poll(b, &numbered(2)), Polled::Fired);
    assert!(wheel.reset(a, 0));
    assert_eq!(wheel.poll(a, &numbered(3)), Polled::Unwatched);
    assert!(wheel.cancel(a).is_none());
    assert!(wheel.cancel(b).is_none());
}

#[test]
fn one_cancelled_timer_costs_at_most_one_early_wake_up() {
    let mut wheel = Wheel::new();
    let far = 3600 * SECOND;
    insert(&mut wheel, far + SECOND, 1);
    insert(&mut wheel, far + 2 * SECOND, 2);
    let key = insert(&mut wheel, far, 3);
    assert_eq!(wheel.next_deadline(), Some(far));
    assert!(wheel.cancel(key).is_some());
    let mut wake_ups = 0;
    while wheel.next_deadline() != Some(far + SECOND) {
        let now = wheel.next_deadline().unwrap();
        assert!(now <= far + SECOND, "the worker would be late");
        assert_eq!(fired(&mut wheel, now), []);
        wake_ups += 1;
    }
    assert!(wake_ups <= 1);
}

/// 100 and 101 share a slot, which still remembers 100.
#[test]
fn a_cancelled_timer_does_not_make_its_neighbour_early() {
    let mut wheel = Wheel::new();
    let key = insert(&mut wheel, 100, 1);
    insert(&mut wheel, 101, 2);
    assert!(wheel.cancel(key).is_some());
    assert_eq!(wheel.next_deadline(), Some(100));
    assert_eq!(fired(&mut wheel, 100), []);
    assert_eq!(wheel.next_deadline(), Some(101), "a second early wake-up for one cancelled timer");
    assert_eq!(fired(&mut wheel, 101), [2]);
}

/// Without that, near deadlines share the wide slots of long ago.
#[test]
fn the_wheel_follows_the_clock_while_nothing_fires() {
    let mut wheel = Wheel::new();
    assert_eq!(fired(&mut wheel, SECOND), []);
    assert_eq!(wheel.elapsed, SECOND);
    let slot = 1 << 36;
    insert(&mut wheel, slot + 500, 1);
    assert_eq!(fired(&mut wheel, slot / 2), []);
    assert_eq!(wheel.elapsed, slot / 2);
    assert_eq!(fired(&mut wheel, slot + 499), []);
    assert_eq!(wheel.elapsed, slot - 1, "up to the slot of the first timer, not into it");
}

#[test]
fn a_clock_that_goes_back_fires_nothing_early() {
    let mut wheel = Wheel::new();
    assert_eq!(fired(&mut wheel, 1000), []);
    insert(&mut wheel, 600, 1);
    insert(&mut wheel, 500, 2);
    assert_eq!(fired(&mut wheel, 400), []);
    assert_eq!(fired(&mut wheel, 500), [2]);
    assert_eq!(fired(&mut wheel, 599), []);
    assert_eq!(fired(&mut wheel, 600), [1]);
}

struct Flag;
impl Wake for Flag {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn wakers_are_neither_leaked_nor_dropped_twice() {
    let flag = Arc::new(Flag);
    let waker = Waker::from(flag.clone());
    let mut wheel = Wheel::new();
    let keys: Vec<_> = (0..50).map(|i| wheel.insert(i * 1000, waker.clone()).unwrap()).collect();
    drop(wheel.cancel(keys[3]));
    drop(wheel.replace_waker(keys[4], waker.clone()));
    while let Some(waker) = wheel.expire(20_000) {
        waker.wake();
    }
    assert_eq!(Arc::strong_count(&flag), 2 + 29);
    drop(wheel);
    assert_eq!(Arc::strong_count(&flag), 2);
}

/// Miri checks that the link stays apart from what the owner borrows.
#[test]
fn a_foreign_thread_posts_a_timer_while_the_owner_works() {
    struct Shared(*mut Wheel);
    // SAFETY: the foreign thread uses the pointer for `Wheel::node` only.
    unsafe impl Send for Shared {}

    let wheel = Box::into_raw(Box::new(Wheel::new()));
    // SAFETY: the owner's only borrow until the thread has ended.
    let owner = unsafe { &mut *wheel };
    let key = insert(owner, 50, 1);
    let shared = Shared(wheel);
    let poster = std::thread::Builder::new()
        .spawn(move || {
            let shared = shared;
            // SAFETY: the wheel outlives the thread, and the key came from `insert`.
            let node = unsafe { Wheel::node(shared.0, key.slot) };
            // SAFETY: the entry is live.
            let link = unsafe { &(*node).link };
            // SAFETY: this thread is the only user of the link until it ends.
            assert!(link.with(|link| unsafe { *link }).is_null());
            // SAFETY: as above.
            link.with_mut(|link| unsafe { *link = shared.0.cast() });
            node.addr()
        })
        .unwrap();
    for id in 2..200 {
        let other = insert(owner, 50, id);
        assert!(owner.reset(key, 40));
        if id % 2 == 0 {
            assert!(owner.cancel(other).is_some());
        }
    }
    let address = poster.join().unwrap();
    // SAFETY: as in the thread.
    let node = unsafe { Wheel::node(wheel, key.slot) };
    assert_eq!(node.addr(), address);
    // SAFETY: the entry is live.
    let link = unsafe { &(*node).link };
    // SAFETY: the thread has ended.
    assert_eq!(link.with(|link| unsafe { *link }), wheel.cast());
    assert_eq!(owner.key_of(node), Some(key));
    assert_eq!(owner.key_of(node.wrapping_byte_add(1)), None);
    assert_eq!(owner.key_of(core::ptr::null()), None);
    assert_eq!(owner.cancel(key).map(|waker| id_of(&waker)), Some(1));
    assert_eq!(fired(owner, 50).len(), 99);
    // SAFETY: made by `into_raw` above, and no borrow is used any more.
    drop(unsafe { Box::from_raw(wheel) });
}

pub(super) const SECOND: u64 = 1_000_000_000;
