//! Timers while the wall clock jumps by ten years, several hundred times a second. RELIABILITY A14.
//!
//! The first and only process of a virtual machine: it sets the clock of the machine that it runs on, so it refuses to run as
//! anything but process 1. Its last line says whether all held, and then the machine is off.
//!
//! For each config, first without jumps, for what this machine can do, then with: every sleep, timeout and tick is
//! measured by `CLOCK_MONOTONIC`. None may be early, none late by more than a busy machine explains. At the end the same is
//! done with a config whose clock is the wall clock: if that passes, the check is worth nothing.

use bespoke::prelude::*;
use bespoke::{Config, Instant, Runtime, clock, driver, memory, preset, scheduler};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Monotonic, SystemTime};

/// One thread, readiness.
struct Plain;

#[bespoke::config(base = preset::Default)]
impl Config for Plain {
    type Driver = driver::Mio;
}

/// A thread for every task, blocking calls: timers ring by condition variables.
struct Threads;

#[bespoke::config(base = preset::Default)]
impl Config for Threads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
    type Memory = memory::System;
}

/// The mistake that is looked for: deadlines that follow the wall clock.
struct WallClock;

impl clock::Clock for WallClock {
    const NAME: &'static str = "wall";
    type Live = SystemTime;

    fn start() -> SystemTime {
        SystemTime::now()
    }
    fn now(start: &SystemTime) -> Instant {
        Instant::from_nanos(start.elapsed().map_or(0, |passed| passed.as_nanos() as u64))
    }
}

struct Wrong;

#[bespoke::config(base = Plain)]
impl Config for Wrong {
    type Clock = WallClock;
}

const TEN_YEARS: libc::time_t = 10 * 365 * 86_400;
/// A timer that waits for the clock to come back is later than this by years; a machine that is merely busy is not.
const LATE_MAX: Duration = Duration::from_secs(2);

/// Makes the wall clock jump forth and back until it is dropped.
struct Jumps {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<u64>>,
}

impl Jumps {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let thread = std::thread::spawn(move || {
            let mut jumps = 0;
            // Forth first; twice in a row now and then, so that the machine is twenty years away.
            for by in [TEN_YEARS, -TEN_YEARS, TEN_YEARS, TEN_YEARS, -TEN_YEARS, -TEN_YEARS, -TEN_YEARS, TEN_YEARS]
                .iter()
                .cycle()
            {
                if ends.load(Ordering::Acquire) && jumps % 8 == 0 {
                    return jumps;
                }
                let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                // SAFETY: `now` is live and writable.
                assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) }, 0);
                now.tv_sec += by;
                // SAFETY: `now` is live during the call.
                let set = unsafe { libc::clock_settime(libc::CLOCK_REALTIME, &raw const now) };
                assert_eq!(set, 0, "the wall clock cannot be set: {}", std::io::Error::last_os_error());
                jumps += 1;
                std::thread::sleep(Duration::from_millis(2));
            }
            unreachable!("the jumps go round")
        });
        Jumps { over, thread: Some(thread) }
    }

    fn end(mut self) -> u64 {
        self.over.store(true, Ordering::Release);
        self.thread.take().map_or(0, |thread| thread.join().expect("the clock can be set"))
    }
}

/// What was measured.
#[derive(Clone, Default)]
struct Report {
    early: Arc<AtomicU64>,
    late: Arc<Mutex<Vec<Duration>>>,
}

impl Report {
    /// Something that was to take `asked` began at `start` and is over.
    fn note(&self, start: Monotonic, asked: Duration) {
        match start.elapsed().checked_sub(asked) {
            Some(late) => self.late.lock().expect("no panic").push(late),
            None => drop(self.early.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn percentiles(&self) -> (usize, Duration, Duration, Duration) {
        let mut late = self.late.lock().expect("no panic").clone();
        late.sort_unstable();
        let at =
            |per_mille: usize| late.get((late.len().saturating_sub(1)) * per_mille / 1000).copied().unwrap_or_default();
        (late.len(), at(500), at(990), at(1000))
    }
}

/// Sleeps, timeouts and intervals of many lengths, side by side.
async fn timers<C: Config>(report: Report) {
    let mut tasks = Vec::new();
    for task in 0..24u64 {
        let report = report.clone();
        tasks.push(C::spawn(async move {
            for n in 0..30 {
                let asked = Duration::from_micros(500 + (task * 7919 + n * 4391) % 60_000);
                let start = Monotonic::now();
                if n % 3 == 0 {
                    let never = std::future::pending::<()>();
                    C::timeout(asked, never).await.expect_err("nothing is ready before its time");
                } else {
                    C::sleep(asked).await;
                }
                report.note(start, asked);
            }
        }));
    }
    for period in [3, 10] {
        let report = report.clone();
        tasks.push(C::spawn(async move {
            let period = Duration::from_millis(period);
            let (start, began) = (Monotonic::now(), C::now());
            let mut interval = C::interval(period);
            for _ in 0..100 {
                let due = interval.tick().await;
                // The first comes at once; each of the others not before its time.
                report.note(start, due.saturating_duration_since(began));
            }
        }));
    }
    let long = report.clone();
    tasks.push(C::spawn(async move {
        let (start, asked) = (Monotonic::now(), Duration::from_secs(3));
        C::sleep(asked).await;
        long.note(start, asked);
    }));
    for task in tasks {
        task.await.expect("no task panics");
    }
}

/// So many timers were early; the median, the 99th percentile and the most by which one was late.
fn measure<C: Config>(what: &str, jumping: bool) -> (u64, Duration, Duration) {
    let jumps = jumping.then(Jumps::start);
    let report = Report::default();
    Runtime::<C>::new().expect("a runtime starts").block_on(timers::<C>(report.clone()));
    let jumps = jumps.map_or(0, Jumps::end);
    let early = report.early.load(Ordering::Relaxed);
    let (count, p50, p99, most) = report.percentiles();
    println!(
        "{what}: {jumps} jumps; {early} early; {count} others late by {p50:?} (median), {p99:?} (p99), {most:?} (most)"
    );
    (early, p99, most)
}

/// Never early, never late by years; and as late as without jumps, in one of three tries: what else runs on the host of
/// this guest makes a timer later, never sooner.
fn holds<C: Config>(what: &str) -> bool {
    let (early, p99_still, _) = measure::<C>(what, false);
    let bound = (p99_still * 4).max(Duration::from_millis(20));
    let mut as_late = false;
    for _ in 0..3 {
        let (early, p99, most) = measure::<C>(what, true);
        if early > 0 || most > LATE_MAX {
            return false;
        }
        as_late = p99 < bound;
        if as_late {
            break;
        }
    }
    early == 0 && as_late
}

/// The check finds a runtime that follows the wall clock. It may never end, which is an answer as well.
fn finds_the_mistake() -> bool {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(measure::<Wrong>("on the wall clock, to be found", true)));
    told.recv_timeout(Duration::from_secs(20)).map_or(true, |(early, _, most)| early > 0 || most > LATE_MAX)
}

fn mount(what: &core::ffi::CStr, at: &core::ffi::CStr) {
    std::fs::create_dir_all(at.to_str().expect("a path of ours")).expect("the root is in memory");
    // SAFETY: the strings live during the call, and there is no data.
    let mounted = unsafe { libc::mount(what.as_ptr(), at.as_ptr(), what.as_ptr(), 0, core::ptr::null()) };
    assert_eq!(mounted, 0, "{what:?} cannot be mounted: {}", std::io::Error::last_os_error());
}

fn main() {
    // Nobody's clock but the guest's.
    assert_eq!(std::process::id(), 1, "this sets the clock of the machine: it runs as process 1 of a guest only");
    mount(c"proc", c"/proc");
    mount(c"sysfs", c"/sys");
    let plain = holds::<Plain>("one thread, mio");
    let threads = holds::<Threads>("a thread for every task, blocking");
    let found = finds_the_mistake();
    println!("one thread: {plain}; a thread for every task: {threads}; the wrong clock is found: {found}");
    println!("clock jumps: {}", if plain && threads && found { "ok" } else { "FAILED" });
    // SAFETY: takes nothing; there is nothing to keep.
    unsafe { libc::sync() };
    // SAFETY: ends the guest.
    unsafe { libc::reboot(libc::RB_POWER_OFF) };
}
