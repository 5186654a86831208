//! Several workers, each on a thread: start, placing, wakes and joins between them, and the shutdown.

use super::threads::Modelled;
use super::*;
use crate::config::Sealed;
use crate::roles::{OsEntropy, Uniform};
use crate::runtime::Ambient;
use crate::scheduler::PerCore;
use crate::testing::{Heap, SleepOnly};
use crate::time::Monotonic;
use ::loom::thread;
use core::time::Duration;

macro_rules! configs {
    ($($name:ident: $workers:literal;)+) => { $(
        #[derive(Debug)]
        pub(super) struct $name;

        impl Config for $name {
            type Scheduler = PerCore<$workers>;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = Modelled;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const WORKERS_EXACT: bool = true;
            // Under loom a shutdown waits for ever: time does not pass.
            const SHUTDOWN_TIMEOUT: Duration = Duration::MAX;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    Alone: 1;
    Two: 2;
}

/// A value that is dropped once, and a task that waits for ever with it.
fn holder(count: &std::sync::Arc<AtomicUsize>) -> impl Future<Output = ()> + Send + 'static {
    let value = Tracked::new(count);
    async move {
        let _value = value;
        core::future::pending::<()>().await;
    }
}

/// The shutdown finds its worker on its way to sleep.
#[test]
fn stop_vs_park() {
    model("cores::stop_vs_park", || {
        drop(runtime::<Alone>());
        counts::assert_all_freed(1);
    });
}

/// Another thread spawns a task that waits for ever, while the runtime closes: its future is dropped before that is over.
#[test]
fn spawn_vs_shutdown() {
    model("cores::spawn_vs_shutdown", || {
        let rt = runtime::<Alone>();
        let handle = rt.handle();
        let count = drops();
        let future = holder(&count);
        let other = thread::spawn(move || handle.spawn(future));
        drop(rt);
        let spawned = other.join().unwrap();
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        counts::assert_all_freed(1);
    });
}

/// What was spawned before the shutdown is over after it.
#[test]
fn task_vs_shutdown() {
    model("cores::task_vs_shutdown", || {
        let rt = runtime::<Alone>();
        let count = drops();
        let spawned = rt.spawn(holder(&count));
        drop(rt);
        assert_eq!(count.load(SeqCst), 1, "the future is dropped when the shutdown is over");
        assert!(spawned.is_finished());
        drop(spawned);
        counts::assert_all_freed(1);
    });
}

/// A task of one worker spawns on the other, which may have closed meanwhile.
#[test]
fn spawn_across_vs_shutdown() {
    model("cores::spawn_across_vs_shutdown", || {
        let rt = runtime::<Two>();
        let count = drops();
        let future = holder(&count);
        // To the first worker, in turn; and from there to the second.
        let spawned = rt.spawn(async move { drop(Two::spawn(future)) });
        drop(rt);
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        counts::assert_all_freed(2);
    });
}

/// A thread asks a team while it closes: a worker answers, or it is silent.
#[test]
fn question_vs_shutdown() {
    model("cores::question_vs_shutdown", || {
        let rt = runtime::<Alone>();
        let handle = rt.handle();
        let other = thread::spawn(move || {
            let dump = handle.dump();
            assert!(dump.is_whole() || dump.silent_workers() == [0], "{dump}");
        });
        drop(rt);
        other.join().unwrap();
        counts::assert_all_freed(1);
    });
}
