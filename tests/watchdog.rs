//! A watchdog names the task that holds a worker in one poll, and no other one, under every scheduler that has workers.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![expect(clippy::disallowed_methods, reason = "a test blocks a worker, and stands outside of the runtime")]

use bespoke::prelude::*;
use bespoke::scheduler::{PerCore, SingleThread, WorkStealing};
use bespoke::task::{Id, yield_now};
use bespoke::watchdog::{Blocked, BlockedAfter, OnBlocked, ToStderr};
use bespoke::{JoinHandle, Runtime};
use core::time::Duration;
use std::io::Write as _;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[path = "common/again.rs"]
mod again;

/// In milliseconds. What a test does that is not to be reported takes a few at most, and the rest is for the machine: a poll lasts as
/// well while its thread waits for a processor.
const BOUND: u64 = 200;
const BOUNDS: Duration = Duration::from_millis(4 * BOUND);
/// What must come takes at most so long on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// What was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    worker: usize,
    task: Option<Id>,
    name: String,
    line: Option<u32>,
    held: Duration,
    is_over: bool,
}

/// The reports of one config.
struct Reports(Mutex<Vec<Said>>, Condvar);

impl Reports {
    const fn new() -> Self {
        Reports(Mutex::new(Vec::new()), Condvar::new())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Said>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, blocked: &Blocked<'_>) {
        assert_eq!(blocked.bound(), Duration::from_millis(BOUND));
        if let Some(at) = blocked.location() {
            assert!(at.file().ends_with("watchdog.rs"), "{at}");
        }
        self.lock().push(Said {
            worker: blocked.worker(),
            task: blocked.task(),
            name: blocked.name().replace("watchdog::", ""),
            line: blocked.location().map(|at| at.line()),
            held: blocked.held(),
            is_over: blocked.is_over(),
        });
        self.1.notify_all();
    }

    /// The reports, when there are so many.
    fn wait(&self, count: usize) -> Vec<Said> {
        let (said, out) = self.1.wait_timeout_while(self.lock(), LONG, |said| said.len() < count).unwrap();
        assert!(!out.timed_out(), "{said:?}");
        said.clone()
    }
}

/// Holds the thread that calls it until so many reports are there.
fn hold(reports: &'static Reports, count: usize) {
    reports.wait(count);
}

const HOLDS: u32 = line!() + 3;
/// Comes to its second poll, and holds that.
#[bespoke::async_fn]
async fn holds(reports: &'static Reports) {
    yield_now().await;
    hold(reports, 1);
}

/// The same, made by rustc.
async fn holds_by_rustc(reports: &'static Reports, count: usize) {
    yield_now().await;
    hold(reports, count);
}

/// Never in one poll for long, and never at rest. The longest time between two of its looks at the clock, of which each poll has one:
/// so long it had no processor.
async fn is_polite(for_long: Duration) -> Duration {
    let begin = Instant::now();
    let (mut longest, mut last) = (Duration::ZERO, begin);
    while last - begin < for_long {
        yield_now().await;
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    longest
}

/// A pair of reports about one poll: that it lasts, and that it is over.
#[track_caller]
fn assert_pair(said: &[Said], task: Option<Id>, name: &str, line: Option<u32>) {
    let [is, was] = said else { panic!("{said:#?}") };
    assert_eq!((is.task, &*is.name, is.line, is.is_over), (task, name, line, false), "{said:#?}");
    assert_eq!(*was, Said { held: was.held, is_over: true, ..is.clone() });
    assert!(is.held >= Duration::from_millis(BOUND) && was.held >= is.held, "{said:#?}");
}

fn blocked<C: Config>(runtime: &Runtime<C>) -> Vec<u64> {
    runtime.metrics().workers.iter().map(|worker| worker.blocked).collect()
}

/// Each has a config of its own, so reports of one are not those of another.
macro_rules! config {
    ($name:ident, $scheduler:ty, $watchdog:ty) => {
        struct $name;
        #[bespoke::config(base = bespoke::preset::Default)]
        impl Config for $name {
            type Scheduler = $scheduler;
            type Watchdog = $watchdog;
            const WORKERS_EXACT: bool = true;
        }
    };
}

/// A config whose reports are in `REPORTS`.
macro_rules! reported {
    ($scheduler:ty) => {
        static REPORTS: Reports = Reports::new();
        struct Told;
        impl OnBlocked for Told {
            fn on_blocked(blocked: &Blocked<'_>) {
                REPORTS.add(blocked);
            }
        }
        config!(App, $scheduler, BlockedAfter<BOUND, Told>);
    };
}

macro_rules! suite {
    ($($name:ident: $scheduler:ty, $workers:literal;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn a_task_that_holds_its_worker_is_named_once_and_once_more_when_it_is_over() {
                reported!($scheduler);
                let runtime = Runtime::<App>::new().unwrap();
                let task: JoinHandle<()> = runtime.spawn(holds(&REPORTS));
                let id = task.id();
                runtime.block_on(task).unwrap();
                let said = REPORTS.wait(2);
                assert_eq!(blocked(&runtime).iter().sum::<u64>(), 1);
                drop(runtime);
                assert_eq!(REPORTS.lock().len(), 2);
                assert_pair(&said, Some(id), "holds", Some(HOLDS));
                assert!(said[0].worker < $workers);
            }

            #[test]
            fn a_task_of_rustcs_is_named_by_its_function_alone() {
                reported!($scheduler);
                let runtime = Runtime::<App>::new().unwrap();
                let task = runtime.spawn(holds_by_rustc(&REPORTS, 1));
                let id = task.id();
                runtime.block_on(task).unwrap();
                assert_pair(&REPORTS.wait(2), Some(id), "holds_by_rustc", None);
            }

            #[test]
            fn the_future_of_block_on_is_named_too() {
                reported!($scheduler);
                let runtime = Runtime::<App>::new().unwrap();
                runtime.block_on(holds(&REPORTS));
                assert_pair(&REPORTS.wait(2), None, "holds", Some(HOLDS));
                REPORTS.lock().clear();
                runtime.block_on(holds_by_rustc(&REPORTS, 1));
                assert_pair(&REPORTS.wait(2), None, "holds_by_rustc", None);
            }

            #[test]
            fn who_yields_or_sleeps_is_never_named() {
                reported!($scheduler);
                // A busy machine may hold who is polite: then once more.
                for _ in 0..20 {
                    REPORTS.lock().clear();
                    let runtime = Runtime::<App>::new().unwrap();
                    let polite = runtime.spawn(is_polite(BOUNDS));
                    let held = runtime.block_on(async {
                        let held = is_polite(BOUNDS).await.max(polite.await.unwrap());
                        App::sleep(BOUNDS).await;
                        held
                    });
                    // Nobody runs it, or nobody has work for it.
                    std::thread::sleep(BOUNDS);
                    // Whichever of them was the first to be there.
                    assert!(runtime.metrics().workers.iter().map(|worker| worker.polls).sum::<u64>() > 1000);
                    let said = REPORTS.lock().clone();
                    if said.is_empty() {
                        return assert_eq!(blocked(&runtime), vec![0; $workers]);
                    }
                    // A poll may lie on both sides of a look.
                    assert!(held >= Duration::from_millis(BOUND / 2), "held for {held:?}: {said:#?}");
                }
                panic!("the machine holds a thread each time");
            }

            #[test]
            fn each_long_poll_is_named_however_it_ends() {
                reported!($scheduler);
                let runtime = Runtime::<App>::new().unwrap();
                let task = runtime.spawn(async {
                    hold(&REPORTS, 1);
                    yield_now().await;
                    hold(&REPORTS, 3);
                    panic!("as it should");
                });
                assert!(runtime.block_on(task).unwrap_err().is_panic());
                let said = REPORTS.wait(4);
                assert_eq!(said.iter().map(|said| said.is_over).collect::<Vec<_>>(), [false, true, false, true]);
                assert_eq!(blocked(&runtime).iter().sum::<u64>(), 2);
            }

            #[test]
            fn a_close_waits_for_no_look() {
                config!(App, $scheduler, BlockedAfter<600_000>);
                let begin = Instant::now();
                for _ in 0..20 {
                    let runtime = Runtime::<App>::new().unwrap();
                    runtime.block_on(yield_now());
                    assert!(runtime.shutdown_timeout(LONG).is_clean());
                }
                assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
            }
        }
    )*};
}

suite! {
    single: SingleThread, 1;
    per_core: PerCore<2>, 2;
    stealing: WorkStealing<2>, 2;
}

#[test]
fn of_two_workers_the_one_is_named_that_is_held() {
    reported!(PerCore<2>);
    let runtime = Runtime::<App>::new().unwrap();
    for guilty in [1, 0] {
        let handle = runtime.handle();
        let polite = handle.spawn_on(1 - guilty, async || is_polite(BOUNDS).await);
        let holds = handle.spawn_on(guilty, async move || hold(&REPORTS, 1));
        let id = holds.id();
        runtime.block_on(async {
            holds.await.unwrap();
            polite.await.unwrap();
        });
        let said = REPORTS.wait(2);
        assert_eq!((said[0].worker, said[0].task, said.len()), (guilty, Some(id), 2), "{said:#?}");
        REPORTS.lock().clear();
    }
    assert_eq!(blocked(&runtime), [1, 1]);
}

#[test]
fn a_hook_that_panics_is_called_again() {
    static REPORTS: Reports = Reports::new();
    struct Panics;
    impl OnBlocked for Panics {
        fn on_blocked(blocked: &Blocked<'_>) {
            REPORTS.add(blocked);
            panic!("a hook that panics, as it should");
        }
    }
    config!(App, SingleThread, BlockedAfter<BOUND, Panics>);
    let runtime = Runtime::<App>::new().unwrap();
    runtime.block_on(holds(&REPORTS));
    assert_pair(&REPORTS.wait(2), None, "holds", Some(HOLDS));
    assert!(runtime.shutdown_timeout(LONG).is_clean());
}

/// What a hook waits for.
static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

#[test]
fn a_hook_that_does_not_return_holds_up_a_close_no_longer_than_it_may() {
    static REPORTS: Reports = Reports::new();
    struct Waits;
    impl OnBlocked for Waits {
        fn on_blocked(blocked: &Blocked<'_>) {
            REPORTS.add(blocked);
            drop(GATE.1.wait_while(GATE.0.lock().unwrap(), |open| !*open).unwrap());
        }
    }
    config!(App, SingleThread, BlockedAfter<BOUND, Waits>);
    let runtime = Runtime::<App>::new().unwrap();
    runtime.block_on(holds(&REPORTS));
    let begin = Instant::now();
    let shutdown = runtime.shutdown_timeout(Duration::from_millis(50));
    assert!(begin.elapsed() < LONG);
    assert_eq!((shutdown.running_hooks, shutdown.is_clean()), (1, false));
    assert_eq!(shutdown.to_string(), "1 report of the watchdog still runs");
    *GATE.0.lock().unwrap() = true;
    GATE.1.notify_all();
    // It ends what it has begun: the poll is over.
    assert_pair(&REPORTS.wait(2), None, "holds", Some(HOLDS));
}

#[test]
fn a_hook_may_end_the_runtime_that_called_it() {
    static RUNTIME: Mutex<Option<Runtime<App>>> = Mutex::new(None);
    static REPORTS: Reports = Reports::new();
    struct Ends;
    impl OnBlocked for Ends {
        fn on_blocked(blocked: &Blocked<'_>) {
            if blocked.is_over() {
                let begin = Instant::now();
                let runtime = RUNTIME.lock().unwrap().take().unwrap();
                let shutdown = runtime.shutdown_timeout(LONG);
                // It does not wait for itself.
                assert!(begin.elapsed() < LONG / 2, "{shutdown}");
                assert_eq!((shutdown.running_workers, shutdown.running_hooks), (0, 1));
            }
            REPORTS.add(blocked);
        }
    }
    config!(App, PerCore<1>, BlockedAfter<BOUND, Ends>);
    let runtime = Runtime::<App>::new().unwrap();
    let handle = runtime.handle();
    *RUNTIME.lock().unwrap() = Some(runtime);
    let id = handle.spawn(holds(&REPORTS)).id();
    assert_pair(&REPORTS.wait(2), Some(id), "holds", Some(HOLDS));
    assert!(handle.is_closed());
}

/// One at a time: what it counts is the process's.
/// Who blocks in place holds its thread, and not the worker: another thread runs that, and what it polls is watched.
#[test]
fn who_blocks_in_place_is_not_named_and_what_runs_meanwhile_is() {
    reported!(WorkStealing<1>);
    let runtime = Runtime::<App>::new().unwrap();
    let in_place = runtime.spawn(async {
        App::block_in_place(|| std::thread::sleep(BOUNDS));
        App::block_in_place(|| hold(&REPORTS, 2));
    });
    std::thread::sleep(BOUNDS);
    assert_eq!(*REPORTS.lock(), []);
    let task = runtime.spawn(holds(&REPORTS));
    let id = task.id();
    runtime.block_on(task).unwrap();
    runtime.block_on(in_place).unwrap();
    assert_pair(&REPORTS.wait(2), Some(id), "holds", Some(HOLDS));
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_of_a_hundred_runtimes() {
    if !again::is_child("nothing_is_left_of_a_hundred_runtimes") {
        return;
    }
    config!(Single, SingleThread, BlockedAfter<1>);
    config!(Stealing, WorkStealing<2>, BlockedAfter<1>);
    fn runs<C: Config>() {
        let runtime = Runtime::<C>::new().unwrap();
        runtime.block_on(is_polite(Duration::from_millis(2)));
        assert!(runtime.shutdown_timeout(LONG).is_clean());
    }
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = threads();
    for _ in 0..50 {
        runs::<Single>();
        runs::<Stealing>();
    }
    let begin = Instant::now();
    // The system counts a thread that was joined for a moment longer.
    while threads() != before {
        assert!(begin.elapsed() < LONG, "{} threads, and {before} before", threads());
    }
}

#[test]
fn without_a_hook_it_is_a_line_on_the_standard_error() {
    const TEST: &str = "without_a_hook_it_is_a_line_on_the_standard_error";
    config!(App, SingleThread, BlockedAfter<BOUND, ToStderr>);
    if again::is_here(TEST) {
        let runtime = Runtime::<App>::new().unwrap();
        let task = runtime.spawn(async {
            // A report may be late on a busy machine.
            std::thread::sleep(3 * BOUNDS);
        });
        println!("the task {}", task.id());
        runtime.block_on(task).unwrap();
        return;
    }
    let output = again::start(TEST).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    again::has_passed(output.status, &out);
    let id = out.split("the task ").nth(1).unwrap().lines().next().unwrap();
    let lines: Vec<_> = err.lines().filter(|line| line.starts_with("`App`: ")).collect();
    let [is, was] = lines[..] else { panic!("{err}") };
    assert!(is.starts_with("`App`: worker 0 is in one poll for "), "{is}");
    assert!(was.starts_with("`App`: worker 0 was in one poll for "), "{was}");
    let end = format!(" where {BOUND}ms are allowed: task {id}, watchdog::{TEST}");
    // In milliseconds, or in seconds if it is more than one.
    assert!(is.ends_with(&format!("s by now,{end}")) && was.ends_with(&format!("s,{end}")), "{err}");
}

/// In a forked child the runtime is a copy; nobody watches it there, and nobody waits for who does.
#[test]
fn a_forked_child_leaves_the_watchdog_alone() {
    if !again::is_child("a_forked_child_leaves_the_watchdog_alone") {
        return;
    }
    config!(App, SingleThread, BlockedAfter<1>);
    let runtime = Runtime::<App>::new().unwrap();
    for _ in 0..50 {
        let (mut says, say) = std::io::pipe().unwrap();
        runtime.block_on(async {
            // SAFETY: the child runs on with the one thread that it has; glibc sees to it that memory can be had there.
            match unsafe { libc::fork() } {
                0 => child(say),
                -1 => panic!("{}", std::io::Error::last_os_error()),
                pid => {
                    drop(say);
                    assert_eq!(std::io::read_to_string(&mut says).unwrap(), "a copy, and then a runtime");
                    // SAFETY: takes integers, and a null pointer for what nobody wants to know.
                    unsafe { libc::waitpid(pid, core::ptr::null_mut(), 0) };
                }
            }
        });
    }
    assert!(runtime.shutdown_timeout(LONG).is_clean());

    fn child(mut say: std::io::PipeWriter) -> ! {
        // SAFETY: takes an integer: a child that hangs ends.
        unsafe { libc::alarm(20) };
        std::panic::set_hook(Box::new(|_| {}));
        let panicked = std::panic::catch_unwind(|| {
            let runtime = Runtime::<App>::new().unwrap();
            runtime.block_on(is_polite(Duration::from_millis(3)));
            assert!(runtime.shutdown_timeout(LONG).is_clean());
        });
        let said = if panicked.is_ok() { "a copy, and then a runtime" } else { "a panic" };
        say.write_all(said.as_bytes()).unwrap();
        // SAFETY: nothing of this process is to be run any more.
        unsafe { libc::_exit(0) }
    }
}

/// Where there is no thread, there is no runtime either: not one that nobody watches.
#[test]
fn without_a_thread_for_it_the_runtime_does_not_start() {
    use bespoke::clock::{OsThreads, Threads};
    struct NoneForDogs;
    impl Threads for NoneForDogs {
        const NAME: &'static str = "none for dogs";
        const MAY_START: bool = true;
        type Thread = <OsThreads as Threads>::Thread;
        fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, bespoke::Error> {
            if name.ends_with("-watchdog") {
                return Err(bespoke::Error::from(std::io::Error::from_raw_os_error(libc::EAGAIN)));
            }
            OsThreads::start(name, main)
        }
    }
    struct App;
    #[bespoke::config(base = bespoke::preset::PerCore)]
    impl Config for App {
        type Threads = NoneForDogs;
        type Watchdog = BlockedAfter<BOUND>;
    }
    let error = Runtime::<App>::new().unwrap_err();
    assert_eq!(std::io::Error::from(error).raw_os_error(), Some(libc::EAGAIN));
}

/// The first poll of a future that is over with it, whose drop holds the worker.
struct HoldsInItsDrop(&'static Reports);

impl Future for HoldsInItsDrop {
    type Output = ();

    fn poll(self: core::pin::Pin<&mut Self>, _: &mut core::task::Context<'_>) -> core::task::Poll<()> {
        core::task::Poll::Ready(())
    }
}

impl Drop for HoldsInItsDrop {
    fn drop(&mut self) {
        hold(self.0, 1);
    }
}

/// The drop of what is over is a part of its last poll.
#[test]
fn who_holds_its_worker_in_its_drop_is_named() {
    reported!(SingleThread);
    let runtime = Runtime::<App>::new().unwrap();
    runtime.block_on(HoldsInItsDrop(&REPORTS));
    assert_pair(&REPORTS.wait(2), None, "HoldsInItsDrop", None);
    REPORTS.lock().clear();
    let task = runtime.spawn(HoldsInItsDrop(&REPORTS));
    let id = task.id();
    runtime.block_on(task).unwrap();
    assert_pair(&REPORTS.wait(2), Some(id), "HoldsInItsDrop", None);
}

/// A shutdown that does not wait says what is still to be told.
#[test]
fn after_a_clean_shutdown_nobody_is_told_of_anything() {
    reported!(SingleThread);
    for _ in 0..10 {
        REPORTS.lock().clear();
        let runtime = Runtime::<App>::new().unwrap();
        runtime.block_on(holds_by_rustc(&REPORTS, 1));
        let shutdown = runtime.shutdown_background();
        let said = REPORTS.lock().len();
        if shutdown.is_clean() {
            assert_eq!(said, 2, "{shutdown}");
        } else {
            assert_eq!(shutdown.running_hooks, 1, "{shutdown}");
            REPORTS.wait(2);
        }
    }
}

/// A watchdog asks what a function is called at any time, also when the process is forked: the child must not wait for its answer.
#[cfg(target_os = "linux")]
#[test]
fn a_child_that_is_forked_while_a_watchdog_asks_may_ask_too() {
    const TEST: &str = "a_child_that_is_forked_while_a_watchdog_asks_may_ask_too";
    if !again::is_child(TEST) {
        return;
    }
    use core::sync::atomic::{AtomicBool, Ordering};
    static OVER: AtomicBool = AtomicBool::new(false);
    struct Nobody;
    impl OnBlocked for Nobody {
        fn on_blocked(_: &Blocked<'_>) {}
    }
    config!(App, SingleThread, BlockedAfter<1, Nobody>);
    #[bespoke::async_fn]
    async fn sleeps() {
        std::thread::sleep(Duration::from_micros(2500));
    }
    let watched = || {
        let runtime = Runtime::<App>::new().unwrap();
        while !OVER.load(Ordering::Relaxed) {
            runtime.block_on(sleeps());
        }
    };
    let threads: Vec<_> = (0..16).map(|_| std::thread::spawn(watched)).collect();
    for _ in 0..300 {
        // SAFETY: the child makes a runtime of its own, which those of the parent do not touch, and ends.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: a number.
                unsafe { libc::alarm(20) };
                let runtime = Runtime::<bespoke::preset::Default>::new().unwrap();
                drop(runtime.spawn(sleeps()));
                let tasks = runtime.dump().tasks().len();
                // SAFETY: nothing of the parent's is to be dropped here.
                unsafe { libc::_exit(if tasks == 1 { 0 } else { 1 }) }
            }
            child => {
                let mut status = 0;
                // SAFETY: `status` is live over the call.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0, "the child hangs: who asked is missing there");
            }
        }
    }
    OVER.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
