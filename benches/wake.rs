//! What does it cost that one task wakes another? `cargo bench --bench wake`
//!
//! Measured: a round trip (two wakes) of two tasks on one thread; and from a thread of its own to a runtime that sleeps in its
//! driver, there and back, which is what a wake costs that has to wake a thread, too. Not measured: wakes between workers.
//! Sketch: on one thread a push, a pop and a poll per wake, 10 ns; between threads an eventfd write, a sleeper that the kernel
//! schedules, 5 to 50 microseconds, the kernel's for the most part.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]
#![cfg_attr(not(unix), allow(unused, reason = "there is no driver to measure"))]

#[cfg(not(unix))]
fn main() {
    eprintln!("wake: the default driver needs a Unix system");
    std::process::exit(1);
}

#[cfg(unix)]
fn main() {
    measured::main();
}

#[cfg(unix)]
mod measured {
    use bespoke::{Config, Runtime, preset};
    use criterion::Criterion;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::rc::Rc;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::sync::{Arc, Mutex, mpsc};
    use std::task::{Poll, Waker};
    use std::time::{Duration, Instant};

    /// The default, as a local config: its tasks may share cells.
    struct App;
    #[bespoke::config(base = preset::Default)]
    impl Config for App {}

    fn runtime() -> Runtime<App> {
        Runtime::new().expect("the runtime starts: this machine has descriptors left")
    }

    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    fn round_trips(runtime: &Runtime<App>, ops: u64) -> Duration {
        let turn = Rc::new(Cell::new(0u64));
        let wakers: Rc<[Cell<Option<Waker>>; 2]> = Rc::default();
        let player = |side: u64| {
            let (turn, wakers) = (turn.clone(), wakers.clone());
            poll_fn(move |cx| {
                while turn.get() < 2 * ops {
                    if turn.get() % 2 != side {
                        wakers[side as usize].set(Some(cx.waker().clone()));
                        return Poll::Pending;
                    }
                    turn.set(turn.get() + 1);
                    if let Some(other) = wakers[1 - side as usize].take() {
                        other.wake();
                    }
                }
                Poll::Ready(())
            })
        };
        let took = runtime.block_on(async {
            let begin = Instant::now();
            let (one, two) = (App::spawn(player(0)), App::spawn(player(1)));
            one.await.expect("the task ends");
            two.await.expect("the task ends");
            begin.elapsed()
        });
        assert_eq!(turn.get(), 2 * ops, "turns were lost");
        took
    }

    /// A thread asks, a task answers; both sleep in between.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench reads the machine's clock, and wants a thread outside of the runtime"
    )]
    fn from_a_thread(runtime: &Runtime<App>, ops: u64) -> Duration {
        let asked = Arc::new((AtomicU64::new(0), Mutex::new(None::<Waker>)));
        let (answers, answered) = mpsc::channel();
        let asker = {
            let asked = asked.clone();
            std::thread::spawn(move || {
                let begin = Instant::now();
                for n in 1..=ops {
                    asked.0.store(n, SeqCst);
                    if let Some(waker) = asked.1.lock().expect("nobody panics with it").take() {
                        waker.wake();
                    }
                    assert_eq!(answered.recv(), Ok(n), "an answer to another question");
                }
                begin.elapsed()
            })
        };
        runtime.block_on(async {
            for n in 1..=ops {
                poll_fn(|cx| {
                    *asked.1.lock().expect("nobody panics with it") = Some(cx.waker().clone());
                    if asked.0.load(SeqCst) >= n { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                answers.send(n).expect("the asker waits");
            }
        });
        asker.join().expect("the asker ends")
    }

    pub(super) fn main() {
        let mut criterion = Criterion::default().configure_from_args();
        let runtime = runtime();
        criterion.bench_function("round trip of two tasks, one thread", |bencher| {
            bencher.iter_custom(|ops| round_trips(&runtime, ops));
        });
        criterion.bench_function("round trip of a thread and a task, both asleep", |bencher| {
            bencher.iter_custom(|ops| from_a_thread(&runtime, ops));
        });
        criterion.final_summary();
    }
}
