//! What does it cost to let others run? `cargo bench --bench yields`
//!
//! Measured: `yield_now` of the only task, of each of 100 tasks, and with an open socket, so that every look at the driver asks the
//! system. Not measured: what the others do. Sketch: a push, a pop and a poll, 4 to 10 ns; the looks add a system call in
//! `EVENT_INTERVAL` yields.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]
#![cfg_attr(not(unix), allow(unused, reason = "there is no driver to measure"))]

#[cfg(not(unix))]
fn main() {
    eprintln!("yields: the default driver needs a Unix system");
    std::process::exit(1);
}

#[cfg(unix)]
fn main() {
    measured::main();
}

#[cfg(unix)]
mod measured {
    use bespoke::net::TcpListener;
    use bespoke::{Config, Runtime, preset};
    use criterion::Criterion;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::{Duration, Instant};

    /// The default, as a local config: its tasks may share a counter.
    struct App;
    #[bespoke::config(base = preset::Default)]
    impl Config for App {}

    /// `ops` yields in all, by `tasks` tasks.
    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    fn yields(runtime: &Runtime<App>, ops: u64, tasks: u64) -> Duration {
        let yielded = Rc::new(Cell::new(0));
        let counted = yielded.clone();
        let each = ops.div_ceil(tasks);
        let took = runtime.block_on(async move {
            let running: Vec<_> = (0..tasks)
                .map(|_| {
                    let yielded = counted.clone();
                    App::spawn(async move {
                        for _ in 0..each {
                            App::yield_now().await;
                            yielded.set(yielded.get() + 1);
                        }
                    })
                })
                .collect();
            let begin = Instant::now();
            for task in running {
                task.await.expect("the task ends");
            }
            begin.elapsed()
        });
        assert_eq!(yielded.get(), each * tasks, "yields were lost");
        took.mul_f64(ops as f64 / (each * tasks) as f64)
    }

    pub(super) fn main() {
        let mut criterion = Criterion::default().configure_from_args();
        let runtime = Runtime::<App>::new().expect("the runtime starts: this machine has descriptors left");
        for tasks in [1, 100] {
            criterion.bench_function(&format!("yield_now, {tasks} tasks"), |bencher| {
                bencher.iter_custom(|ops| yields(&runtime, ops, tasks));
            });
        }
        let plain = Runtime::<preset::Default>::new().expect("the runtime starts: this machine has descriptors left");
        let listener = plain.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        criterion.bench_function("yield_now, 1 task, a socket is open", |bencher| {
            bencher.iter_custom(|ops| {
                plain.block_on(async move {
                    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
                    let begin = Instant::now();
                    let mut yielded = 0;
                    for _ in 0..ops {
                        bespoke::yield_now().await;
                        yielded += 1;
                    }
                    let took = begin.elapsed();
                    assert_eq!(yielded, ops, "yields were lost");
                    took
                })
            });
        });
        drop(listener);
        criterion.final_summary();
    }
}
