//! What does a task cost that does nothing? `cargo bench --bench spawn`
//!
//! Measured: spawn and join of one task at a time, and in batches of 100, per task; on both memory strategies of programs, and
//! through a handle as another thread would. Not measured: what the task's future costs (it is empty), several workers.
//! Sketch: one allocation from a free list, a push, a pop, a poll and a join: 15 to 50 ns; the system's allocator adds 10 to 20.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]
#![cfg_attr(not(unix), allow(unused, reason = "there is no driver to measure"))]

#[cfg(not(unix))]
fn main() {
    eprintln!("spawn: the default driver needs a Unix system");
    std::process::exit(1);
}

#[cfg(unix)]
fn main() {
    measured::main();
}

#[cfg(unix)]
mod measured {
    use bespoke::memory::System;
    use bespoke::{Config, LocalConfig, Runtime, preset};
    use criterion::{BatchSize, Criterion};
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::{Duration, Instant};

    /// The default.
    struct OnPooled;
    #[bespoke::config(base = preset::Default)]
    impl Config for OnPooled {}

    /// Tasks from the system's allocator.
    struct OnSystem;
    #[bespoke::config(base = preset::Default)]
    impl Config for OnSystem {
        type Memory = System;
    }

    /// `ops` tasks, `batch` at a time.
    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    fn spawn_join<C: LocalConfig>(runtime: &Runtime<C>, ops: u64, batch: usize) -> Duration {
        let ran = Rc::new(Cell::new(0));
        let counted = ran.clone();
        let took = runtime.block_on(async move {
            let mut tasks = Vec::with_capacity(batch);
            let begin = Instant::now();
            let mut left = ops as usize;
            while left > 0 {
                for _ in 0..batch.min(left) {
                    let ran = counted.clone();
                    tasks.push(C::spawn(async move { ran.set(ran.get() + 1) }));
                }
                left -= tasks.len();
                for task in tasks.drain(..) {
                    task.await.expect("the task ends");
                }
            }
            begin.elapsed()
        });
        assert_eq!(ran.get(), ops, "tasks were lost");
        took
    }

    fn both<C: LocalConfig>(criterion: &mut Criterion, memory: &str) {
        let runtime = Runtime::<C>::new().expect("the runtime starts: this machine has descriptors left");
        for batch in [1, 100] {
            criterion.bench_function(&format!("spawn and join, {batch} at a time, {memory}"), |bencher| {
                bencher.iter_custom(|ops| spawn_join(&runtime, ops, batch));
            });
        }
    }

    fn by_handle(criterion: &mut Criterion) {
        let runtime = Runtime::<OnPooled>::new().expect("the runtime starts: this machine has descriptors left");
        let handle = runtime.handle();
        criterion.bench_function("spawn by a handle and join", |bencher| {
            bencher.iter_batched(
                || (),
                |()| {
                    let task = handle.spawn(async { 7 });
                    assert_eq!(runtime.block_on(task).expect("the task ends"), 7);
                },
                BatchSize::SmallInput,
            );
        });
    }

    pub(super) fn main() {
        let mut criterion = Criterion::default().configure_from_args();
        both::<OnPooled>(&mut criterion, OnPooled::INFO_MEMORY);
        both::<OnSystem>(&mut criterion, OnSystem::INFO_MEMORY);
        by_handle(&mut criterion);
        criterion.final_summary();
    }

    trait Named: Config {
        const INFO_MEMORY: &'static str = Runtime::<Self>::INFO.memory;
    }
    impl<C: Config> Named for C {}
}
