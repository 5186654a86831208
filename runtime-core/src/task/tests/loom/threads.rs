//! A thread for every task: spawn, start, end and join against the shutdown.

use super::*;
use crate::config::Sealed;
use crate::error::{Error, ErrorKind};
use crate::roles::{Caps, Driver, JoinThread, OsEntropy, Sealed as Ours, StartsThreads, Threads, Under, Uniform};
use crate::scheduler::ThreadPerTask;
use crate::sharing::{Shared, Sharing};
use crate::testing::{Heap, Sleeper};
use crate::time::Monotonic;
use ::loom::thread;
use core::time::Duration;

/// Sleeps, and says that it blocks, as the drivers of this scheduler do.
#[derive(Debug)]
struct Blocks;

impl Driver for Blocks {
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Ours = Ours::OURS;
    type Live<S: Sharing> = Sleeper;
    const NAME: &'static str = "blocks";
    const CAPS: Caps = Caps::BLOCKING;
}

impl Under<Shared> for Blocks {}

static STARTED: AtomicUsize = AtomicUsize::new(0);
static JOINED: AtomicUsize = AtomicUsize::new(0);

/// The model's threads.
#[derive(Debug)]
pub(super) struct Modelled;

pub(super) struct Thread(thread::JoinHandle<()>);

// SAFETY: loom's threads are taken in turns by one real thread.
unsafe impl Sync for Thread {}

impl JoinThread for Thread {
    fn join(self) {
        self.0.join().unwrap();
        JOINED.fetch_add(1, SeqCst);
    }
    fn is_finished(&self) -> bool {
        unreachable!("nothing asks it here")
    }
}

impl StartsThreads for Modelled {}

impl Threads for Modelled {
    const NAME: &'static str = "loom";
    const MAY_START: bool = true;
    type Thread = Thread;
    fn start(_: &str, main: impl FnOnce() + Send + 'static) -> Result<Thread, Error> {
        STARTED.fetch_add(1, SeqCst);
        Ok(Thread(thread::spawn(main)))
    }
}

/// Threads that start although their start is reported as failed: what the claim of a worker is for.
#[derive(Debug)]
struct Lying;

std::thread_local!(static STARTED_ALL_THE_SAME: RefCell<Option<thread::JoinHandle<()>>> = const { RefCell::new(None) });

impl Threads for Lying {
    const NAME: &'static str = "lying";
    const MAY_START: bool = true;
    type Thread = Thread;
    fn start(_: &str, main: impl FnOnce() + Send + 'static) -> Result<Thread, Error> {
        let thread = thread::spawn(main);
        STARTED_ALL_THE_SAME.with(|place| *place.borrow_mut() = Some(thread));
        Err(Error::new(ErrorKind::Unsupported))
    }
}

macro_rules! configs {
    ($($name:ident: $threads:ty;)+) => { $(
        #[derive(Debug)]
        struct $name;

        impl Config for $name {
            type Scheduler = ThreadPerTask;
            type Driver = Blocks;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = $threads;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            // Under loom a shutdown waits for ever: time does not pass.
            const SHUTDOWN_TIMEOUT: Duration = Duration::MAX;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    OnThreads: Modelled;
    OnLying: Lying;
}

/// A task with a value that is dropped once.
fn holder(count: &std::sync::Arc<AtomicUsize>, ends: bool) -> impl Future<Output = ()> + Send + 'static {
    let value = Tracked::new(count);
    async move {
        let _value = value;
        if !ends {
            core::future::pending::<()>().await;
        }
    }
}

fn reset() {
    STARTED.store(0, SeqCst);
    JOINED.store(0, SeqCst);
}

/// Every thread was joined, and the runtime's worker and one more are freed with their tasks.
fn assert_all_over() {
    assert_eq!(JOINED.load(SeqCst), STARTED.load(SeqCst), "a thread was not joined");
    counts::assert_all_freed(2);
}

/// A task that waits for ever is spawned by another thread: the shutdown finds its thread and ends it, or it gets none.
#[test]
fn spawn_vs_shutdown() {
    model("threads::spawn_vs_shutdown", || {
        reset();
        let rt = runtime::<OnThreads>();
        let handle = rt.handle();
        let count = drops();
        let future = holder(&count, false);
        let other = thread::spawn(move || handle.spawn(future));
        drop(rt);
        let spawned = other.join().unwrap();
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        assert_all_over();
    });
}

/// A thread ends while the shutdown begins, and perhaps before its start has returned.
#[test]
fn end_vs_shutdown() {
    model("threads::end_vs_shutdown", || {
        reset();
        let rt = runtime::<OnThreads>();
        let count = drops();
        let spawned = rt.spawn(holder(&count, true));
        drop(rt);
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        assert_all_over();
    });
}

/// The thread and the spawner, who was told that there is none, both want the worker.
#[test]
fn thread_vs_failed_start() {
    model("threads::thread_vs_failed_start", || {
        reset();
        let rt = runtime::<OnLying>();
        let count = drops();
        let spawned = rt.spawn(holder(&count, true));
        drop(rt);
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        let thread = STARTED_ALL_THE_SAME.with(|place| place.borrow_mut().take());
        thread.unwrap().join().unwrap();
        assert_all_over();
    });
}
