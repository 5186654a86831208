//! Who is told that the second choice runs: once for each runtime, whatever its workers and its `block_on`s do.

use crate::{Nowhere, again, echo, ring};
use bespoke::driver::{DriverReport, Fallback, IoUring, Kernel, Mio, OnFallback, RingOptions, ToStandardError};
use bespoke::{Config, Runtime, scheduler};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::time::Instant;

/// A config on a choice, of which somebody is told.
macro_rules! choice {
    ($($config:ident: $scheduler:ty, $driver:ty;)+) => { $(
        struct $config;

        #[bespoke::config(base = bespoke::preset::Default)]
        impl Config for $config {
            type Scheduler = $scheduler;
            type Driver = $driver;
            const WORKERS_EXACT: bool = true;
        }
    )+ };
}

/// Counts how often it was told; a number for each test.
struct Counted<const TEST: usize>;

static TOLD: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

impl<const TEST: usize> OnFallback for Counted<TEST> {
    fn fell_back(report: &DriverReport) {
        assert!(report.fell_back && report.driver == "mio" && report.why.contains("io_uring"), "{report}");
        TOLD[TEST].fetch_add(1, SeqCst);
    }
}

struct OnEven;

impl RingOptions for OnEven {
    const KERNEL: Kernel = Kernel::OfEvenWorkers;
}

type Twice<T> = Fallback<Fallback<IoUring<8, Nowhere>, IoUring<64, Nowhere>, Panics>, Mio, T>;

choice! {
    Several: scheduler::WorkStealing<3>, Fallback<IoUring<64, Nowhere>, Mio, Counted<0>>;
    Some: scheduler::WorkStealing<3>, Fallback<IoUring<64, OnEven>, Mio, Counted<1>>;
    Nested: scheduler::SingleThread, Twice<Counted<2>>;
    WithRing: scheduler::WorkStealing<2>, Fallback<IoUring, Mio, Panics>;
    Alone: scheduler::SingleThread, Fallback<IoUring<64, Nowhere>, Mio, Panics>;
    Crew: scheduler::WorkStealing<2>, Fallback<IoUring<64, Nowhere>, Mio, Panics>;
    Heard: scheduler::PerCore<2>, Fallback<IoUring<64, Nowhere>, Mio, ToStandardError>;
    NotHeard: scheduler::PerCore<2>, Fallback<IoUring<64, Nowhere>, Mio>;
}

/// Starts two runtimes and blocks on them often; says how often somebody was told after each.
fn told_of_two<C: Config<Driver: bespoke::prelude::Net>>(told: &AtomicUsize) -> [usize; 2] {
    [(); 2].map(|()| {
        let runtime = Runtime::<C>::new().expect("it falls back");
        for _ in 0..3 {
            echo(&runtime);
        }
        told.load(SeqCst)
    })
}

#[test]
fn several_workers_tell_once_for_each_runtime() {
    assert_eq!(told_of_two::<Several>(&TOLD[0]), [1, 2]);
}

/// The first worker has its first choice, and one of the others has not.
#[test]
fn a_worker_that_is_not_the_first_tells() {
    if ring::is_denied("told::a_worker_that_is_not_the_first_tells") {
        return;
    }
    assert_eq!(told_of_two::<Some>(&TOLD[1]), [1, 2]);
}

#[test]
fn of_choices_in_choices_the_outermost_tells() {
    assert_eq!(told_of_two::<Nested>(&TOLD[2]), [1, 2]);
}

struct Panics;

impl OnFallback for Panics {
    fn fell_back(_report: &DriverReport) {
        panic!("{NOT_THIS_WAY}");
    }
}

const NOT_THIS_WAY: &str = "nobody runs this without a ring";

#[test]
fn where_the_first_runs_nobody_is_told() {
    if ring::is_denied("told::where_the_first_runs_nobody_is_told") {
        return;
    }
    let runtime = Runtime::<WithRing>::new().expect("it starts");
    assert!(!runtime.driver_report().fell_back);
    echo(&runtime);
}

/// Descriptors and threads of this process.
fn held() -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).expect("Linux has it").count();
    (count("/proc/self/fd"), count("/proc/self/task"))
}

fn ends_with_the_panic<C: Config>() {
    let before = held();
    for _ in 0..10 {
        let panic = std::panic::catch_unwind(Runtime::<C>::new).map(drop).expect_err("it panics");
        assert_eq!(panic.downcast_ref::<String>().map(String::as_str), core::option::Option::Some(NOT_THIS_WAY));
    }
    let begin = Instant::now();
    // A thread is seen for a moment after it was joined.
    while held() != before {
        assert!(begin.elapsed() < Duration::from_secs(20), "left: {:?}, before: {before:?}", held());
        std::thread::yield_now();
    }
}

#[test]
fn a_panic_of_who_is_told_ends_the_start_and_leaves_nothing() {
    if again::is_child("told::a_panic_of_who_is_told_ends_the_start_and_leaves_nothing") {
        ends_with_the_panic::<Alone>();
        ends_with_the_panic::<Crew>();
    }
}

/// What a process with two runtimes of the config writes about drivers.
fn written_by<C: Config<Driver: bespoke::prelude::Net>>(name: &str) -> Vec<String> {
    if again::is_here(name) {
        told_of_two::<C>(&AtomicUsize::new(0));
        return Vec::new();
    }
    let output = again::start(name).output().expect("this program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    again::has_passed(output.status, &String::from_utf8_lossy(&output.stdout));
    said.lines().filter(|line| line.contains("io_uring")).map(String::from).collect()
}

#[test]
fn standard_error_has_a_line_for_each_runtime() {
    let name = "told::standard_error_has_a_line_for_each_runtime";
    let lines = written_by::<Heard>(name);
    if again::is_here(name) {
        return;
    }
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in lines {
        assert!(line.starts_with("bespoke: the driver mio runs, the second choice: "), "{line}");
    }
}

#[test]
fn nothing_is_written_unasked() {
    let name = "told::nothing_is_written_unasked";
    assert_eq!(written_by::<NotHeard>(name), Vec::<String>::new());
}
