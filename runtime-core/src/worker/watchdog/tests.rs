//! What the thread makes of what it sees, look by look, without the thread. With it: `tests/watchdog.rs` of the facade.

use super::{Inside, Report, State, Watch, Watched};
use crate::config::{Config, Sealed};
use crate::machine::trace::Level;
use crate::machine::trace::tests::{calls, waits_for};
use crate::roles::{BlockedAfter, Caps, Driver, OsEntropy, OsThreads, RawResource, Threads, Under, Uniform, Watchdog};
use crate::runtime::Runtime;
use crate::scheduler::SingleThread;
use crate::sharing::{Local, Sharing};
use crate::task::line::{Root, Subject};
use crate::testing::{Heap, Sleeper};
use crate::time::Monotonic;
use crate::worker::ambient;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Ready;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use std::sync::MutexGuard;
use std::sync::mpsc::channel;

type Thread = <OsThreads as Threads>::Thread;

/// A worker that is inside, and will poll a root.
fn enters(watch: &Watch<Thread>) -> Arc<Watched> {
    let watched = Arc::<Watched>::default();
    watched.line.is_under(Root::of::<Ready<()>>());
    watch.enters(&watched);
    watched
}

/// A look behind a whole pause: of each report whether its poll is over.
fn look(watch: &Watch<Thread>) -> Vec<bool> {
    over(watch.lock().look(true))
}

fn over(reports: Vec<Report>) -> Vec<bool> {
    reports.iter().map(|report| report.is_over).collect()
}

#[test]
fn a_poll_is_reported_at_the_third_look_that_meets_it_and_when_it_is_over() {
    let watch = Watch::default();
    let watched = enters(&watch);
    assert_eq!(look(&watch), []);
    watched.line.begins_root();
    assert_eq!((look(&watch), look(&watch)), (Vec::new(), Vec::new()));
    assert_eq!((look(&watch), watched.blocked.get()), (alloc::vec![false], 1));
    assert_eq!((look(&watch), look(&watch)), (Vec::new(), Vec::new()), "it is reported once");
    watched.line.ends();
    assert_eq!((look(&watch), look(&watch)), (alloc::vec![true], Vec::new()));
    assert_eq!(watched.blocked.get(), 1);
}

#[test]
fn the_next_poll_is_another_one_though_nobody_saw_the_first_end() {
    let watch = Watch::default();
    let watched = enters(&watch);
    for _ in 0..10 {
        watched.line.begins_root();
        assert_eq!((look(&watch), look(&watch)), (Vec::new(), Vec::new()));
        watched.line.ends();
    }
    watched.line.begins_root();
    assert_eq!((look(&watch), look(&watch), look(&watch)), (Vec::new(), Vec::new(), alloc::vec![false]));
    watched.line.ends();
    watched.line.begins_root();
    assert_eq!(look(&watch), [true]);
    assert_eq!((look(&watch), look(&watch)), (Vec::new(), alloc::vec![false]));
}

#[test]
fn a_look_behind_a_pause_that_was_cut_short_ends_reports_and_begins_none() {
    let watch = Watch::default();
    let (reported, other) = (enters(&watch), enters(&watch));
    reported.line.begins_root();
    let _ = look(&watch);
    other.line.begins_root();
    let _ = look(&watch);
    assert_eq!(look(&watch), [false]);
    reported.line.ends();
    assert_eq!(over(watch.lock().look(false)), [true]);
    assert_eq!((reported.blocked.get(), other.blocked.get()), (1, 0));
}

#[test]
fn who_leaves_is_forgotten_and_a_report_of_it_is_ended_first() {
    let inside =
        |state: MutexGuard<'_, State<Thread>>| state.inside.iter().map(|inside| inside.gone).collect::<Vec<_>>();
    let watch = Watch::default();
    let (reported, other) = (enters(&watch), enters(&watch));
    reported.line.begins_root();
    let _ = (look(&watch), look(&watch), look(&watch));
    for watched in [&other, &reported] {
        watched.line.ends();
        watch.leaves(watched);
    }
    assert_eq!(inside(watch.lock()), [true]);
    // It is back, in a poll with a number of its own, before anybody has looked.
    watch.enters(&reported);
    reported.line.begins_root();
    assert_eq!(look(&watch), [true]);
    assert_eq!(inside(watch.lock()), [false]);
    let seen = |inside: &Inside| inside.seen.as_ref().map(|seen| seen.looks);
    assert_eq!(watch.lock().inside.iter().map(seen).collect::<Vec<_>>(), [Some(1)]);
}

#[test]
fn what_is_told_is_held_for_as_long_as_it_was_seen() {
    let watch = Watch::<Thread>::default();
    let watched = enters(&watch);
    watched.number.set(3);
    watched.line.begins_root();
    let _ = (look(&watch), look(&watch));
    let pause = Duration::from_millis(3);
    drop(watch.pause(watch.lock(), pause));
    let reports = watch.lock().look(true);
    let [report] = &reports[..] else { panic!("{}", reports.len()) };
    assert!(report.held >= pause && report.worker == 3, "{:?}", report.held);
    assert_eq!((report.subject.task(), report.subject.type_name()), (None, core::any::type_name::<Ready<()>>()));
}

/// From a thread that runs no task, of a future that nobody may touch: none is there.
#[test]
fn a_type_is_told_of_without_a_future_of_it() {
    fn of<F: Future>(_: &F) -> Subject {
        Subject::Root(Root::of::<F>())
    }
    let line = line!() + 1;
    let machine = of(&calls(waits_for(core::future::pending())));
    let Some(Level::NotBegun { name, location }) = machine.level() else { panic!("{:?}", machine.level()) };
    assert!(name.starts_with("bespoke_core::machine::trace::tests::calls"), "{name}");
    assert!(location.file().ends_with("trace/tests.rs") && location.line() != line, "{location}");
    let block = of(&async {});
    assert!(matches!(block.level(), Some(Level::Rustc { name }) if name.ends_with("without_a_future_of_it")));
    assert_eq!(of(&core::future::ready(1)).level(), Some(Level::Leaf { what: "Ready<i32>".into() }));
}

/// A driver that says that the process was forked when the test does.
struct Forks;

static FORKS: AtomicU32 = AtomicU32::new(0);

impl Driver for Forks {
    type Live<S: Sharing> = Sleeper;
    const NAME: &'static str = "forks";
    const CAPS: Caps = Caps::SUSPENDING;
    fn close_afloat(_: RawResource) {}
    fn forks() -> u32 {
        FORKS.load(SeqCst)
    }
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

impl Under<Local> for Forks {}

struct Copied;

impl Config for Copied {
    type Scheduler = SingleThread;
    type Driver = Forks;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = OsThreads;
    type Topology = Uniform;
    type Watchdog = BlockedAfter<600_000>;
    const NAME: &'static str = "Copied";
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

/// The lock may have been the watching thread's when the process was forked: then nobody gives it back there.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test stands outside of the runtime")]
fn who_leaves_a_copy_takes_no_lock() {
    let (lend, lent) = channel();
    let (fork, forked) = channel();
    let (leave, left) = channel();
    let (close, closed) = channel();
    let child = std::thread::spawn(move || {
        let runtime = Runtime::<Copied>::new().unwrap();
        runtime.block_on(async {
            let worker = ambient::worker::<Copied>();
            // SAFETY: this thread is running it.
            let common = unsafe { worker.as_ref() }.common.clone();
            let watch = <Copied as Config>::Watchdog::kept(&common.watch).map(Arc::clone);
            lend.send(watch.unwrap()).unwrap();
            forked.recv().unwrap();
        });
        leave.send(()).unwrap();
        closed.recv().unwrap();
    });
    let watch: Arc<Watch<Thread>> = lent.recv().unwrap();
    let lock = watch.lock();
    FORKS.store(1, SeqCst);
    fork.send(()).unwrap();
    left.recv_timeout(Duration::from_secs(20)).expect("it waits for a lock that nobody gives back");
    // It was no copy after all, and ends.
    drop(lock);
    FORKS.store(0, SeqCst);
    close.send(()).unwrap();
    child.join().unwrap();
}
