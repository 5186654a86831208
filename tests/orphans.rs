//! A worker that ends before its runtime, while others have operations on what it watches, or have just asked it for a socket:
//! each of them ends, with an error or with what it waited for, and the rest goes on. Nobody hangs.
//!
//! | file | holds |
//! |---|---|
//! | `alone` | schedulers without other workers: who runs the one worker hears of the panic, or the one task that it has |
//! | `ways` | how a worker is made to panic outside of any task: by the clock that it reads, or by a driver that cannot wait |
//! | `operations` | what is under way then, and what ends it from outside |
//! | `common/deny` | system calls that are refused to a thread |
//!
//! Under `WorkStealing` each worker watches half of what is open, and polls all of it. Under `PerCore` what a worker watches is
//! used by its own tasks, which are cancelled with it, until another worker asks for it: so here sockets are on their way from the
//! worker that ends. A trial ends one of two workers; there are 50, or 1,000 with `BESPOKE_DEEP=1`. Kinds of queue and threads on
//! demand are run on `Mio` alone, and `Mio` by `poll` where tasks stay, since they move by no other way of `Mio`.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "the peers and the measuring stand outside of any runtime")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

#[path = "orphans/alone.rs"]
mod alone;
#[path = "common/deny.rs"]
#[allow(dead_code, reason = "shared with tests that deny a whole runtime")]
mod deny;
#[path = "common/descriptors.rs"]
mod descriptors;
#[path = "orphans/operations.rs"]
mod operations;
#[path = "common/watchdog.rs"]
mod watchdog;
#[path = "orphans/ways.rs"]
mod ways;
#[path = "common/when.rs"]
#[allow(dead_code, reason = "shared with the suites of the drivers, which use the rest")]
mod when;

use bespoke::prelude::*;
use bespoke::rt::{Submit, TcpStream};
use bespoke::scheduler::Cores;
use bespoke::{Config, ErrorKind, JoinHandle, Runtime, driver, preset, scheduler};
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use operations::{Kind, Peer};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use ways::{Fuse, Way};

/// What must come comes by then, also on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// What every config of this file has.
trait Drives: driver::Driver + Net + Udp + Submit<driver::Timeout> {}
impl<D: driver::Driver + Net + Udp + Submit<driver::Timeout>> Drives for D {}

macro_rules! configs {
    ($($config:ident: $scheduler:ty, $driver:ty;)+) => { $(
        struct $config;

        #[bespoke::config(base = preset::Default)]
        impl Config for $config {
            type Scheduler = $scheduler;
            type Driver = $driver;
            type Clock = Fuse;
            const WORKERS_EXACT: bool = true;
        }
    )+ };
}

/// Threads on demand.
#[derive(Debug)]
struct Late;

impl scheduler::Policy for Late {
    const ON_DEMAND: bool = true;
}

configs! {
    Thieves: scheduler::WorkStealing<2>, driver::Mio;
    LateThieves: scheduler::WorkStealing<2, Late>, driver::Mio;
    ThievesOfClasses: scheduler::WorkStealing<2, scheduler::Balanced, scheduler::Classes>, driver::Mio;
    ThievesOnEither: scheduler::WorkStealing<2>, driver::Fallback<driver::IoUring<8>, driver::Mio>;
    // Few entries: what finds the queue full waits behind it.
    ThievesOnRings: scheduler::WorkStealing<2>, driver::IoUring<8>;
    TwoCores: scheduler::PerCore<2>, driver::Mio;
    CoresOnRings: scheduler::PerCore<2>, driver::IoUring<8>;
    CoresOnEither: scheduler::PerCore<2>, driver::Fallback<driver::IoUring<8>, driver::Mio>;
    CoresOnPoll: scheduler::PerCore<2>, driver::Mio<driver::PosixPoll>;
}

/// How the operations of all trials ended.
#[derive(Default)]
struct Ends {
    /// What they waited for came.
    done: usize,
    /// They said that the worker is gone.
    told: usize,
    /// Their tasks were that worker's.
    cancelled: usize,
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} came to their end, {} were told, {} were cancelled", self.done, self.told, self.cancelled)
    }
}

type Told = std::io::Result<()>;

impl Ends {
    /// Waits for the end of each, in time.
    fn take<C: Config>(&mut self, runtime: &Runtime<C>, tasks: Vec<(Kind, JoinHandle<Told>)>) {
        let begin = Instant::now();
        for (kind, task) in &tasks {
            while !task.is_finished() {
                assert!(begin.elapsed() < LONG, "{kind:?} hangs");
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        for (kind, task) in tasks {
            match runtime.block_on(task) {
                Ok(Ok(())) => self.done += 1,
                Ok(Err(error)) => {
                    // A ring that is broken cannot give a socket up, and says that it is in use.
                    let told = error.to_string().contains("the runtime that owned this is closed")
                        || ErrorKind::from(&error) == ErrorKind::ResourceBusy;
                    assert!(told, "{kind:?}: {error}");
                    self.told += 1;
                }
                Err(error) => {
                    assert!(error.is_cancelled(), "{kind:?}: {error}");
                    self.cancelled += 1;
                }
            }
        }
    }
}

/// The other worker runs what comes; the end waits for nobody.
fn goes_on_and_ends<C: Config>(runtime: Runtime<C>) {
    for n in 0..4 {
        let task = runtime.handle().spawn(async move { n });
        let got = runtime.block_on(async { C::timeout(LONG, task).await.expect("nobody runs it") });
        assert_eq!(got.unwrap(), n);
    }
    let shutdown = runtime.shutdown_timeout(LONG);
    assert_eq!(shutdown.running_workers, 0, "{shutdown}");
}

/// Waits until so many are under way.
fn until(begun: &AtomicUsize, many: usize) {
    let begin = Instant::now();
    while begun.load(SeqCst) < many {
        assert!(begin.elapsed() < LONG, "{} of {many} have begun", begun.load(SeqCst));
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Trials, alone in the process: what is left open is counted.
fn trials(name: &'static str, way: Way, mut trial: impl FnMut(usize) -> Ends) -> Ends {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let deep = std::env::var_os("BESPOKE_DEEP").is_some_and(|value| value == "1");
    let many = if deep { 1_000 } else { 50 };
    let _watched = watchdog::watch(name, if deep { Duration::from_secs(1_800) } else { Duration::from_secs(180) });
    let (mut all, before) = (Ends::default(), descriptors::fds());
    for n in 0..many {
        let Ends { done, told, cancelled } = trial(n);
        all.done += done;
        all.told += told;
        all.cancelled += cancelled;
    }
    let begin = Instant::now();
    // What the kernel closes with a ring goes a moment later than the ring.
    while descriptors::fds() > before && begin.elapsed() < LONG && way == Way::Clock {
        std::thread::sleep(Duration::from_millis(1));
    }
    let left = descriptors::fds().saturating_sub(before);
    println!("{name}: {many} workers ended, {left} descriptors are left; of the operations {all}");
    // What a ring that cannot be entered any more has in hand is never freed, and the ring with it.
    let most = if way == Way::Clock { 0 } else { many };
    assert!(left <= most, "{left} descriptors are left: {}", descriptors::open());
    all
}

/// A ring that cannot be entered any more keeps what it was given: a write whose bytes it has is never told, since its future
/// would have to give the buffer back.
fn can_be_told<C: Config>(runtime: &Runtime<C>, kind: Kind, way: Way) -> bool {
    let on_ring = runtime.driver_report().driver == <driver::IoUring as driver::Driver>::NAME;
    !(kind == Kind::Write && way == Way::Wait && on_ring)
}

/// Where tasks move: operations of tasks of both workers, on what both watch.
fn stealing<C: Config<Driver: Drives, Scheduler: scheduler::HandsOver>>(way: Way) -> Ends {
    let runtime = Runtime::<C>::new().unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let (mut tasks, mut peers) = (Vec::new(), Vec::new());
    for kind in Kind::ALL.into_iter().cycle().take(3 * Kind::ALL.len()) {
        if can_be_told(&runtime, kind, way) {
            let (peer, ours) = Peer::of(kind);
            tasks.push((kind, runtime.handle().spawn(operations::run::<C>(ours, begun.clone()))));
            peers.push(peer);
        }
    }
    until(&begun, tasks.len());
    ways::end_one(&runtime, way);
    let waits: Vec<_> = peers.into_iter().map(Peer::act).collect();
    let mut ends = Ends::default();
    ends.take(&runtime, tasks);
    goes_on_and_ends(runtime);
    drop(waits);
    ends
}

/// Where resources move: operations of each worker on its own, and sockets on their way from the worker that ends.
fn per_core<C: Config<Driver: Drives, Scheduler: Cores>>(way: Way, trial: usize) -> Ends {
    let runtime = Runtime::<C>::new().unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let (ends_alone, other) = (trial % 2, (trial + 1) % 2);
    let (mut tasks, mut peers) = (Vec::new(), Vec::new());
    for (n, kind) in Kind::ALL.into_iter().cycle().take(2 * Kind::ALL.len()).enumerate() {
        let (peer, ours) = Peer::of(kind);
        let mine = begun.clone();
        let task = async move || operations::run::<C>(ours, mine).await;
        // Each kind on each worker.
        tasks.push((kind, runtime.handle().spawn_on((n + n / Kind::ALL.len()) % 2, task)));
        peers.push(peer);
    }
    // Those that were read where the worker ends, and are read next where none does.
    let go = Arc::new(AtomicBool::new(false));
    let mut sent = Vec::new();
    for n in 0..6 {
        let (ours, mut theirs) = operations::pair();
        theirs.write_all(b"1").unwrap();
        let (hand, handed) = bespoke::channel::oneshot::channel();
        let first = runtime.handle().spawn_on(ends_alone, async move || {
            let mut stream = TcpStream::<C>::from_std(ours).unwrap();
            stream.read_exact(&mut [0; 1]).await.unwrap();
            assert!(hand.send(stream).is_ok(), "somebody waits for it");
        });
        let (go, begun) = (go.clone(), begun.clone());
        let next = runtime.handle().spawn_on(other, async move || {
            let mut stream = handed.await.expect("it was handed over");
            begun.fetch_add(1, SeqCst);
            while !go.load(SeqCst) {
                C::yield_now().await;
            }
            // Some ask while the worker ends, some before, some later.
            for _ in 0..50 * n * n {
                C::yield_now().await;
            }
            stream.read_exact(&mut [0; 1]).await
        });
        drop(first);
        tasks.push((Kind::Read, next));
        sent.push(theirs);
    }
    until(&begun, tasks.len());
    go.store(true, SeqCst);
    ways::end(&runtime, ends_alone, way);
    let waits: Vec<_> = peers.into_iter().map(Peer::act).collect();
    for peer in &mut sent {
        // It may be closed.
        let _ = peer.write_all(b"2");
    }
    let mut ends = Ends::default();
    ends.take(&runtime, tasks);
    goes_on_and_ends(runtime);
    drop(waits);
    ends
}

macro_rules! ends_alone {
    ($($test:ident: $how:ident::<$config:ident>(Way::$way:ident $(, $trial:ident)?);)+) => { $(
        #[test]
        fn $test() {
            if when::When::Always.leaves_out::<$config>("orphans", stringify!($test)) {
                return;
            }
            let all = trials(stringify!($test), Way::$way, |_trial| $how::<$config>(Way::$way $(, { let $trial = _trial; $trial })?));
            assert!(all.done > 0 && all.told > 0 && all.cancelled > 0, "too little was seen to show anything: {all}");
        }
    )+ };
}
ends_alone! {
    a_thief_that_panics_on_mio: stealing::<Thieves>(Way::Clock);
    a_thief_that_panics_on_a_ring: stealing::<ThievesOnRings>(Way::Clock);
    a_thief_whose_poll_breaks: stealing::<Thieves>(Way::Wait);
    a_thief_whose_ring_breaks: stealing::<ThievesOnRings>(Way::Wait);
    a_thief_that_panics_whose_thread_came_late: stealing::<LateThieves>(Way::Clock);
    a_thief_that_panics_with_two_classes: stealing::<ThievesOfClasses>(Way::Clock);
    a_thief_that_panics_on_either_driver: stealing::<ThievesOnEither>(Way::Clock);
    a_thief_whose_driver_of_two_breaks: stealing::<ThievesOnEither>(Way::Wait);
    a_core_that_panics_on_mio: per_core::<TwoCores>(Way::Clock, trial);
    a_core_that_panics_on_a_ring: per_core::<CoresOnRings>(Way::Clock, trial);
    a_core_that_panics_on_either_driver: per_core::<CoresOnEither>(Way::Clock, trial);
    a_core_that_panics_on_poll: per_core::<CoresOnPoll>(Way::Clock, trial);
    a_core_whose_driver_of_two_breaks: per_core::<CoresOnEither>(Way::Wait, trial);
    a_core_whose_poll_breaks: per_core::<TwoCores>(Way::Wait, trial);
    a_core_whose_ring_breaks: per_core::<CoresOnRings>(Way::Wait, trial);
}
