#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![allow(clippy::async_yields_async, reason = "handles and sleeps are made inside the runtime, and awaited elsewhere")]

use super::{Instant, MissedTickBehavior};
use crate::runtime::{Ambient, Runtime};
use crate::testing::{App, Jumping};
use core::future::pending;
use core::time::Duration;
use std::vec::Vec;

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_sleep_is_never_early_and_not_very_late() {
    let rt = Runtime::<App>::new().unwrap();
    rt.block_on(async {
        let start = App::now();
        App::sleep(20 * MS).await;
        let took = App::now() - start;
        assert!(took >= 20 * MS, "{took:?}");
    });
}

#[test]
fn sleeps_end_in_the_order_of_their_deadlines() {
    let rt = Runtime::<Jumping>::new().unwrap();
    let order = rt.block_on(async {
        let (send, receive) = std::sync::mpsc::channel();
        let handles: Vec<_> = [30u64, 10, 20, 3_600_000, 0]
            .into_iter()
            .map(|ms| {
                let send = send.clone();
                Jumping::spawn(async move {
                    Jumping::sleep(Duration::from_millis(ms)).await;
                    send.send(ms).unwrap();
                })
            })
            .collect();
        for handle in handles {
            handle.await.unwrap();
        }
        receive.try_iter().collect::<Vec<_>>()
    });
    assert_eq!(order, [0, 10, 20, 30, 3_600_000]);
}

#[test]
fn a_manual_clock_jumps_to_the_next_timer() {
    let rt = Runtime::<Jumping>::new().unwrap();
    rt.block_on(async {
        let start = Jumping::now();
        Jumping::sleep(Duration::from_secs(86_400)).await;
        assert_eq!(Jumping::now() - start, Duration::from_secs(86_400));
        Jumping::advance(Duration::from_secs(5));
        assert_eq!(Jumping::now() - start, Duration::from_secs(86_405));
    });
}

#[test]
fn a_timeout_is_up_or_not() {
    let rt = Runtime::<Jumping>::new().unwrap();
    rt.block_on(async {
        assert!(Jumping::timeout(10 * MS, pending::<()>()).await.is_err());
        assert_eq!(Jumping::timeout(10 * MS, async { 3 }).await, Ok(3));
        // The future wins a tie.
        assert!(Jumping::timeout(10 * MS, Jumping::sleep(10 * MS)).await.is_ok());
        assert!(Jumping::timeout(Duration::MAX, Jumping::sleep(10 * MS)).await.is_ok());
    });
}

#[test]
fn a_dropped_sleep_leaves_nothing_behind() {
    let rt = Runtime::<Jumping>::new().unwrap();
    rt.block_on(async {
        for _ in 0..100 {
            let _ = Jumping::timeout(MS, async {
                let mut sleep = Jumping::sleep(Duration::from_secs(1));
                core::future::poll_fn(|cx| {
                    assert!(core::pin::Pin::new(&mut sleep).poll(cx).is_pending());
                    core::task::Poll::Ready(())
                })
                .await;
            })
            .await;
        }
    });
    let handle = rt.block_on(async {
        let mut sleep = core::pin::pin!(Jumping::sleep(Duration::from_secs(1)));
        core::future::poll_fn(|cx| core::task::Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await
    });
    assert!(handle);
}

#[test]
fn a_sleep_dropped_on_another_thread_goes_home() {
    let rt = Runtime::<App>::new().unwrap();
    let sleep = rt.block_on(async {
        let mut sleep = App::sleep(Duration::from_secs(3600));
        core::future::poll_fn(|cx| {
            assert!(core::pin::Pin::new(&mut sleep).poll(cx).is_pending());
            core::task::Poll::Ready(())
        })
        .await;
        sleep
    });
    std::thread::scope(|scope| {
        scope.spawn(|| drop(sleep));
    });
    rt.block_on(App::yield_now());
}

#[test]
fn a_sleep_may_outlive_its_runtime() {
    let rt = Runtime::<App>::new().unwrap();
    let sleep = rt.block_on(async {
        let mut sleep = App::sleep(Duration::from_secs(3600));
        core::future::poll_fn(|cx| {
            assert!(core::pin::Pin::new(&mut sleep).poll(cx).is_pending());
            core::task::Poll::Ready(())
        })
        .await;
        sleep
    });
    drop(rt);
    drop(sleep);
}

#[test]
fn intervals_tick_and_treat_missed_ticks_as_told() {
    let rt = Runtime::<Jumping>::new().unwrap();
    for (behavior, expected) in [
        (MissedTickBehavior::Burst, [0, 10, 20, 30, 40, 50]),
        (MissedTickBehavior::Delay, [0, 10, 45, 55, 65, 75]),
        (MissedTickBehavior::Skip, [0, 10, 40, 50, 60, 70]),
    ] {
        let times = rt.block_on(async {
            let start = Jumping::now();
            let mut interval = Jumping::interval(10 * MS);
            interval.set_missed_tick_behavior(behavior);
            let mut times = Vec::new();
            for i in 0..6 {
                let tick = interval.tick().await;
                times.push((tick - start).as_millis());
                if i == 0 {
                    // Miss the second tick: it is due at 10 and taken at 35.
                    Jumping::advance(35 * MS);
                }
            }
            times
        });
        assert_eq!(times, expected, "{behavior:?}");
    }
}

/// Random periods, and pauses of random length between the ticks, most of them too short to miss one.
fn for_random_pauses(behavior: MissedTickBehavior, mut check: impl FnMut(&Tick)) {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut below = |n: u64| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D) % n
    };
    let rt = Runtime::<Jumping>::new().unwrap();
    for _ in 0..RUNS {
        let period = Duration::from_nanos(1 + below(40_000_000));
        rt.block_on(async {
            let start = Jumping::now();
            let mut interval = Jumping::interval(period);
            interval.set_missed_tick_behavior(behavior);
            let mut before = None;
            for _ in 0..100 {
                let due = interval.tick().await;
                let tick = Tick { start, period, due, taken: Jumping::now(), before };
                assert!(tick.taken >= due, "a tick came early");
                check(&tick);
                before = Some((due, tick.taken));
                let pause = if below(4) == 0 { 200_000_000 } else { 4_000_000 };
                Jumping::advance(Duration::from_nanos(below(pause)));
            }
        });
    }
}

/// Random runs of an interval, and how many interesting ticks they must have.
const RUNS: usize = if cfg!(miri) { 3 } else { 50 };
const ENOUGH: usize = if cfg!(miri) { 10 } else { 100 };

struct Tick {
    start: Instant,
    period: Duration,
    due: Instant,
    taken: Instant,
    /// When the tick before was due, and when it was taken.
    before: Option<(Instant, Instant)>,
}

impl Tick {
    /// How many periods after the start it was due; `None` if it does not lie on the grid.
    fn number(&self) -> Option<u128> {
        let after = (self.due - self.start).as_nanos();
        after.is_multiple_of(self.period.as_nanos()).then(|| after / self.period.as_nanos())
    }

    /// Was the tick before missed?
    fn missed_before(&self) -> bool {
        self.before.is_some_and(|(due, taken)| taken - due > 5 * MS)
    }
}

#[test]
fn burst_leaves_no_tick_out() {
    let mut next = 0;
    for_random_pauses(MissedTickBehavior::Burst, |tick| {
        next = if tick.before.is_none() { 0 } else { next + 1 };
        assert_eq!(tick.number(), Some(next));
    });
}

#[test]
fn delay_counts_from_the_late_tick() {
    let mut missed = 0;
    for_random_pauses(MissedTickBehavior::Delay, |tick| {
        let Some((due, taken)) = tick.before else { return assert_eq!(tick.due, tick.start) };
        missed += usize::from(tick.missed_before());
        assert_eq!(tick.due, if tick.missed_before() { taken } else { due } + tick.period);
    });
    assert!(missed > ENOUGH, "only {missed} ticks were missed");
}

#[test]
fn skip_stays_on_the_grid_and_leaves_out_what_has_passed() {
    let mut left_out = 0;
    for_random_pauses(MissedTickBehavior::Skip, |tick| {
        assert!(tick.number().is_some(), "off the grid");
        let Some((due, taken)) = tick.before else { return assert_eq!(tick.due, tick.start) };
        if tick.missed_before() {
            assert!(taken < tick.due && tick.due <= taken + tick.period, "not the first after the late one");
            left_out += usize::from(tick.due > due + tick.period);
        } else {
            assert_eq!(tick.due, due + tick.period);
        }
    });
    assert!(left_out > ENOUGH, "only {left_out} times ticks were left out");
}

#[test]
#[should_panic(expected = "must not be zero")]
fn an_interval_of_zero_is_refused() {
    let rt = Runtime::<Jumping>::new().unwrap();
    rt.block_on(async { drop(Jumping::interval(Duration::ZERO)) });
}
