//! How often a busy worker asks its driver: after `EVENT_INTERVAL` polls at the latest, in each loop that runs tasks.
//! RELIABILITY A26.

use crate::support::runtime;
use bespoke::clock::StartsThreads;
use bespoke::prelude::*;
use bespoke::scheduler::{HandsOver, PerCore, SingleThread, WorkStealing};
use bespoke::{Error, preset};
use bespoke_core::driver::Errno;
use bespoke_core::roles::{
    Caps, Drained, Driver, DriverReport, Kind, Live, Nanos, Park, Resource, Sealed, StartCx, Under,
};
use bespoke_core::sharing::{Local, Moving, Shared, Sharing};
use bespoke_drivers::{LiveMio, OsPoller};
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use std::collections::HashSet;
use std::sync::mpsc;
use std::thread::{self, ThreadId};

/// What must come comes by then, also on a busy machine.
const LONG: Duration = Duration::from_secs(20);

thread_local! {
    /// Polls of tasks on this thread since it asked its driver last.
    static POLLS: Cell<u32> = const { Cell::new(0) };
}

/// The most that there were, on any thread.
static MOST: AtomicU32 = AtomicU32::new(0);

/// `Mio`, which notes that it is asked.
struct Noting;

impl Driver for Noting {
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
    type Live<S: Sharing> = LiveNoting<S>;
    const NAME: &'static str = "noting";
    const CAPS: Caps = Caps::SUSPENDING;
}

impl Under<Local> for Noting {}
impl Under<Shared> for Noting {}
impl Under<Moving> for Noting {}

struct LiveNoting<S: Sharing>(LiveMio<OsPoller, S>);

impl<S: Sharing> Live for LiveNoting<S> {
    type Unparker = <LiveMio<OsPoller, S> as Live>::Unparker;

    fn start(cx: StartCx) -> Result<Self, Error> {
        LiveMio::start(cx).map(LiveNoting)
    }
    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        self.0.register(resource, kind)
    }
    fn close(&self, resource: Resource) {
        self.0.close(resource);
    }
    fn release(&self, resource: Resource) -> Result<(), Errno> {
        self.0.release(resource)
    }
    fn park(&self, park: Park) -> Result<(), Errno> {
        POLLS.set(0);
        self.0.park(park)
    }
    // So that a busy worker asks it: `has_work` is `true` by default.
    fn unparker(&self) -> Self::Unparker {
        self.0.unparker()
    }
    fn report(&self) -> DriverReport {
        DriverReport::named("noting", "Mio")
    }
    fn drain(&self, by: Nanos) -> Drained {
        self.0.drain(by)
    }
}

/// A config for each scheduler, which looks so often.
macro_rules! configs {
    ($($name:ident: $scheduler:ty;)+) => { $(
        struct $name<const INTERVAL: u32>;

        #[bespoke::config(base = preset::Default)]
        impl<const INTERVAL: u32> Config for $name<INTERVAL> {
            type Scheduler = $scheduler;
            type Driver = Noting;
            const WORKERS_EXACT: bool = true;
            const EVENT_INTERVAL: u32 = INTERVAL;
        }
    )+ };
}
configs! {
    One: SingleThread;
    // They do not share what is hot, so each of them has always some of it.
    Each: PerCore<2>;
    Thief: WorkStealing<1>;
}

/// On which threads a task was polled.
type Threads = HashSet<ThreadId>;

/// A task that never waits: it is polled five thousand times.
async fn hot<C: Config>() -> Threads {
    let mut threads = Threads::new();
    for _ in 0..5_000 {
        // Noted at each: of a worker that never looks nobody would hear.
        POLLS.set(POLLS.get() + 1);
        MOST.fetch_max(POLLS.get(), SeqCst);
        threads.insert(thread::current().id());
        C::yield_now().await;
    }
    threads
}

/// So many of them, and on which threads they were polled.
async fn several<C: Config>(tasks: usize) -> Threads {
    let hot: Vec<_> = (0..tasks).map(|_| C::spawn(hot::<C>())).collect();
    let mut threads = Threads::new();
    for task in hot {
        threads.extend(task.await.unwrap());
    }
    threads
}

/// On each worker's own thread, in the loop that it is in most of the time.
fn in_the_usual_loop<C: Config>() {
    let rt = runtime::<C>();
    let workers = rt.metrics().workers.len();
    let threads = rt.block_on(async { C::spawn(several::<C>(3 * workers)).await }).unwrap();
    assert_eq!(threads.len(), workers);
}

/// On a thread that stands in for the worker's own one, which blocks.
fn while_another_thread_stands_in<C: Config<Scheduler: HandsOver, Threads: StartsThreads>>() {
    let rt = runtime::<C>();
    let task = async {
        let (told, heard) = mpsc::channel();
        drop(C::spawn(async move { told.send(several::<C>(3).await).unwrap() }));
        let threads = C::block_in_place(|| heard.recv_timeout(LONG)).expect("somebody stands in for this thread");
        assert!(!threads.contains(&thread::current().id()), "nobody stood in for this thread");
        threads.len()
    };
    assert_eq!(rt.block_on(async { C::spawn(task).await }).unwrap(), 1);
}

/// On the worker's own thread, while one that stood in for it blocks in its turn.
fn while_another_thread_is_away<C: Config<Scheduler: HandsOver, Threads: StartsThreads>>() {
    let rt = runtime::<C>();
    let task = async {
        let (away, is_away) = mpsc::channel();
        let (over, is_over) = mpsc::channel::<()>();
        // By who stands in for this thread.
        let other = C::spawn(async move {
            C::block_in_place(|| {
                away.send(()).unwrap();
                is_over.recv_timeout(LONG)
            })
        });
        C::block_in_place(|| is_away.recv_timeout(LONG)).expect("somebody stands in for this thread");
        let threads = several::<C>(3).await;
        assert_eq!(threads, Threads::from([thread::current().id()]));
        assert!(!other.is_finished(), "nobody was away");
        over.send(()).unwrap();
        other.await.unwrap()
    };
    assert_eq!(rt.block_on(async { C::spawn(task).await }).unwrap(), Ok(()));
}

/// Asks for the most polls between two looks during each of these, whose config looks so often.
fn no_more_and_not_many_fewer(what: &str, runs: [(u32, fn()); 3]) {
    let most = runs.map(|(interval, run)| {
        MOST.store(0, SeqCst);
        // What the run before has left, whose worker may have been on this thread, too.
        POLLS.set(0);
        run();
        (interval, MOST.load(SeqCst))
    });
    println!("{what}: intervals and most polls between two looks: {most:?}");
    for (interval, most) in most {
        assert!(most <= interval, "{what}: {most} polls between two looks, the interval is {interval}");
        // Not much more often either: each look is a system call.
        assert!(most * 2 >= interval, "{what}: {most} polls between two looks, the interval is {interval}");
    }
}

pub(crate) fn every_event_interval() {
    macro_rules! each {
        ($config:ident, $run:ident) => {
            no_more_and_not_many_fewer(
                concat!(stringify!($config), ", ", stringify!($run)),
                [(1, $run::<$config<1>>), (61, $run::<$config<61>>), (1000, $run::<$config<1000>>)],
            )
        };
    }
    each!(One, in_the_usual_loop);
    each!(Each, in_the_usual_loop);
    each!(Thief, in_the_usual_loop);
    each!(Thief, while_another_thread_stands_in);
    each!(Thief, while_another_thread_is_away);
}
