#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![allow(clippy::async_yields_async, reason = "handles and sleeps are made inside the runtime, and awaited elsewhere")]

use super::MissedTickBehavior;
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

#[test]
#[should_panic(expected = "must not be zero")]
fn an_interval_of_zero_is_refused() {
    let rt = Runtime::<Jumping>::new().unwrap();
    rt.block_on(async { drop(Jumping::interval(Duration::ZERO)) });
}
