//! What does a timer cost? `cargo bench --bench timer`
//!
//! Measured: arming and cancelling a sleep while 100, 10,000 and a million others are armed; and a sleep that fires, on a clock that
//! jumps, so that nothing waits. Not measured: how late timers are on a real clock (`benches/peers`, row `lateness`). Sketch: a
//! wheel links and unlinks in 20 to 60 ns, plus a cache miss or two among a million.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]
#![cfg_attr(not(unix), allow(unused, reason = "there is no driver to measure"))]

#[cfg(not(unix))]
fn main() {
    eprintln!("timer: the default driver needs a Unix system");
    std::process::exit(1);
}

#[cfg(unix)]
fn main() {
    measured::main();
}

#[cfg(unix)]
mod measured {
    use bespoke::time::sleep;
    use bespoke::{Runtime, preset};
    use criterion::Criterion;
    use std::future::{Future, poll_fn};
    use std::pin::{Pin, pin};
    use std::task::Poll;
    use std::time::{Duration, Instant};

    const HOUR: Duration = Duration::from_secs(3600);

    /// Polls a sleep once, which arms it.
    async fn arm(mut sleep: Pin<&mut impl Future<Output = ()>>) {
        poll_fn(|cx| {
            assert!(sleep.as_mut().poll(cx).is_pending(), "a sleep of seconds was over at once");
            Poll::Ready(())
        })
        .await;
    }

    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    async fn arm_and_cancel(ops: u64) -> Duration {
        let begin = Instant::now();
        for n in 0..ops {
            arm(pin!(sleep(Duration::from_millis(10_000 + n * 7919 % 50_000)))).await;
        }
        begin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    fn fire(runtime: &Runtime<preset::Paused>, ops: u64) -> Duration {
        runtime.block_on(async {
            let (first, begin) = (bespoke::paused::time::now(), Instant::now());
            for n in 0..ops {
                bespoke::paused::time::sleep(Duration::from_millis(1 + n % 100)).await;
            }
            let least = Duration::from_millis((0..ops).map(|n| 1 + n % 100).sum());
            assert!(bespoke::paused::time::now() - first >= least, "a sleep ended early");
            begin.elapsed()
        })
    }

    pub(super) fn main() {
        let mut criterion = Criterion::default().configure_from_args();
        for live in [100u64, 10_000, 1_000_000] {
            let runtime =
                Runtime::<preset::Default>::new().expect("the runtime starts: this machine has descriptors left");
            let armed = runtime.block_on(async {
                let mut armed = Vec::with_capacity(live as usize);
                for n in 0..live {
                    let mut sleep = Box::pin(sleep(HOUR + Duration::from_millis(n * 7919 % 3_600_000)));
                    arm(sleep.as_mut()).await;
                    armed.push(sleep);
                }
                armed
            });
            criterion.bench_function(&format!("arm and cancel among {live}"), |bencher| {
                bencher.iter_custom(|ops| runtime.block_on(arm_and_cancel(ops)));
            });
            drop(armed);
        }
        let runtime = Runtime::<preset::Paused>::new().expect("the runtime starts: this machine has descriptors left");
        criterion.bench_function("a sleep fires, on a clock that jumps", |bencher| {
            bencher.iter_custom(|ops| fire(&runtime, ops));
        });
        criterion.final_summary();
    }
}
