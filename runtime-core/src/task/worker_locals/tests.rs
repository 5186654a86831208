#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use super::{WorkerLocal, WorkerLocalError};
use crate::config::{Config, Sealed};
use crate::roles::{OsEntropy, OsThreads, Uniform};
use crate::runtime::{Ambient, Runtime};
use crate::scheduler::{PerCore, WorkStealing};
use crate::testing::{App, Heap, Other, SharedApp, SleepOnly};
use crate::time::Monotonic;
use core::cell::{Cell, RefCell};
use core::future::pending;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::rc::Rc;
use std::string::{String, ToString};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::vec::Vec;

macro_rules! config {
    ($name:ident: $scheduler:ty) => {
        #[derive(Debug)]
        struct $name;

        impl Config for $name {
            type Scheduler = $scheduler;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const WORKERS_EXACT: bool = true;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    };
}

const WORKERS: usize = 3;

config!(Team: PerCore<WORKERS>);
config!(Thieves: WorkStealing<2>);

fn start<C: Config>() -> Runtime<C> {
    Runtime::new().unwrap()
}

/// Adds one to what this worker has counted; what it is then.
fn count(key: &'static WorkerLocal<Cell<u32>>) -> u32 {
    key.with(|count| {
        count.set(count.get() + 1);
        count.get()
    })
}

fn panic_of(f: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)).unwrap_err();
    match panic.downcast::<String>() {
        Ok(said) => *said,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_string(),
    }
}

#[test]
fn a_value_is_its_runtimes_and_stays_between_two_block_ons() {
    static COUNT: WorkerLocal<Cell<u32>> = WorkerLocal::new(|| Cell::new(10));
    let (one, two, three) = (start::<App>(), start::<App>(), start::<Other>());
    assert_eq!(one.block_on(async { App::spawn(async { count(&COUNT) }).await.unwrap() }), 11);
    assert_eq!(one.block_on(async { count(&COUNT) }), 12);
    assert_eq!(two.block_on(async { count(&COUNT) }), 11, "another runtime of the same config");
    let (inside, here) = one.block_on(async { (three.block_on(async { count(&COUNT) }), count(&COUNT)) });
    assert_eq!((inside, here), (11, 13), "a runtime inside of a task has its own");
}

#[test]
fn keys_are_many_and_of_many_types() {
    static TEXT: WorkerLocal<RefCell<String>> = WorkerLocal::new(RefCell::default);
    static NUMBER: WorkerLocal<u64> = WorkerLocal::new(|| 7);
    static OTHER_NUMBER: WorkerLocal<u64> = WorkerLocal::new(|| 8);
    static OF_OTHERS: WorkerLocal<u64> =
        WorkerLocal::new(|| NUMBER.with(|seven| OTHER_NUMBER.with(|eight| seven * eight)));
    static RC: WorkerLocal<Rc<()>> = WorkerLocal::new(Rc::default);
    start::<App>().block_on(async {
        TEXT.with(|text| text.borrow_mut().push_str("tea"));
        assert_eq!(OF_OTHERS.with(|product| *product), 56, "its maker asks for others");
        assert_eq!((NUMBER.with(|n| *n), OTHER_NUMBER.with(|n| *n)), (7, 8));
        assert_eq!(RC.with(Rc::clone).as_ref(), &());
        // Inside of itself, too.
        TEXT.with(|outer| TEXT.with(|inner| assert!(core::ptr::eq(outer, inner))));
        assert_eq!(TEXT.with(|text| text.borrow().clone()), "tea");
    });
}

/// Says on which threads it was made and dropped, if not on the same one.
struct Stays {
    made: ThreadId,
    told: Arc<Mutex<Vec<bool>>>,
    _not_send: Rc<()>,
}

impl Stays {
    fn new(told: &Arc<Mutex<Vec<bool>>>) -> Self {
        Stays { made: thread::current().id(), told: told.clone(), _not_send: Rc::new(()) }
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        self.told.lock().unwrap().push(thread::current().id() == self.made);
    }
}

#[test]
fn each_worker_drops_its_value_itself_when_it_closes_after_its_tasks() {
    static PLACE: WorkerLocal<RefCell<Vec<Stays>>> = WorkerLocal::new(RefCell::default);
    static TASKS_AT_DROP: AtomicUsize = AtomicUsize::new(0);
    /// Asks for the value while it is dropped.
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            if PLACE.try_with(|place| place.borrow().len()) == Ok(1) {
                TASKS_AT_DROP.fetch_add(1, SeqCst);
            }
        }
    }
    for _ in 0..if cfg!(miri) { 3 } else { 100 } {
        TASKS_AT_DROP.store(0, SeqCst);
        let told: Arc<Mutex<Vec<bool>>> = Arc::default();
        // Not under the lock, which what is dropped late takes.
        let heard = || told.lock().unwrap().clone();
        let runtime = start::<Team>();
        let ready = Arc::new(AtomicUsize::new(0));
        let is_ready = ready.clone();
        let teller = Arc::clone(&told);
        let tasks = runtime.handle().spawn_on_each(async move |core| {
            PLACE.with(|place| place.borrow_mut().push(Stays::new(&teller)));
            let _asks = Asks;
            is_ready.fetch_add(1, SeqCst);
            pending::<()>().await;
            core
        });
        while ready.load(SeqCst) < WORKERS {
            thread::yield_now();
        }
        // A `block_on` has a worker of its own, whose value ends with it.
        runtime.block_on(async { PLACE.with(|place| place.borrow_mut().push(Stays::new(&told))) });
        assert_eq!(heard(), [true]);
        assert!(runtime.shutdown_timeout(Duration::from_secs(20)).is_clean());
        assert_eq!(heard(), [true; WORKERS + 1], "dropped where they were made, each once");
        assert_eq!(TASKS_AT_DROP.load(SeqCst), WORKERS, "the values outlived the tasks");
        assert!(tasks.iter().all(|task| task.is_finished()));
    }
}

#[test]
fn what_a_value_drops_finds_no_value_any_more() {
    static FIRST: WorkerLocal<RefCell<Option<Last>>> = WorkerLocal::new(RefCell::default);
    static SECOND: WorkerLocal<RefCell<Option<Last>>> = WorkerLocal::new(RefCell::default);
    static HEARD: Mutex<Vec<WorkerLocalError>> = Mutex::new(Vec::new());
    static CANCELLED: AtomicUsize = AtomicUsize::new(0);
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            for key in [&FIRST, &SECOND] {
                HEARD.lock().unwrap().push(key.try_with(|_| ()).unwrap_err());
            }
            // What is spawned here is cancelled, and dropped at once.
            CANCELLED.fetch_add(usize::from(App::spawn(async {}).is_finished()), SeqCst);
        }
    }
    let runtime = start::<App>();
    runtime.block_on(async {
        for key in [&SECOND, &FIRST] {
            key.with(|value| value.replace(Some(Last)));
        }
    });
    drop(runtime);
    assert_eq!(*HEARD.lock().unwrap(), [WorkerLocalError::Closed { config: "App" }; 4]);
    assert_eq!(CANCELLED.load(SeqCst), 2);
}

#[test]
fn a_value_that_panics_while_it_is_dropped_does_not_keep_the_others() {
    static BAD: WorkerLocal<Bad> = WorkerLocal::new(|| Bad);
    static GOOD: WorkerLocal<Cell<Option<Rc<()>>>> = WorkerLocal::new(Cell::default);
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("as it is meant to");
        }
    }
    let rc = Rc::new(());
    let runtime = start::<App>();
    runtime.block_on(async {
        BAD.with(|_| ());
        GOOD.with(|good| good.set(Some(rc.clone())));
    });
    drop(runtime);
    assert_eq!(Rc::strong_count(&rc), 1);
}

#[test]
fn a_maker_that_panics_or_asks_for_itself_leaves_nothing() {
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    static LATE: WorkerLocal<usize> = WorkerLocal::new(|| match TRIES.fetch_add(1, SeqCst) {
        0 => panic!("not yet"),
        1 => LATE.with(|late| *late),
        n => n,
    });
    start::<App>().block_on(async {
        assert_eq!(panic_of(|| LATE.with(|_| ())), "not yet");
        assert_eq!(panic_of(|| LATE.with(|_| ())), "the maker of a `WorkerLocal` asks for the value that it makes");
        assert_eq!(LATE.with(|late| *late), 2);
        assert_eq!(LATE.with(|late| *late), 2);
    });
}

static NUMBER: WorkerLocal<u32> = WorkerLocal::new(|| 7);

#[test]
fn outside_of_a_worker_there_is_no_value_and_the_text_says_what_to_do() {
    assert_eq!(NUMBER.try_with(|n| *n), Err(WorkerLocalError::NoWorker));
    let said = panic_of(|| NUMBER.with(|_| ()));
    assert_eq!(
        said,
        "a `WorkerLocal` has no value here: this thread runs no worker; ask inside `block_on` or a spawned task, and give a \
         blocking thread what it needs"
    );
    let blocking = start::<App>().block_on(async { App::spawn_blocking(|| NUMBER.try_with(|n| *n)).await.unwrap() });
    assert_eq!(blocking, Err(WorkerLocalError::NoWorker));
}

/// A value need not be `Send`, and these workers are run by one thread after the other.
#[test]
fn where_several_threads_enter_a_worker_there_is_no_value() {
    let runtime = start::<Thieves>();
    let refused = Err(WorkerLocalError::TasksMove { config: "Thieves" });
    runtime.block_on(async {
        assert_eq!(NUMBER.try_with(|n| *n), refused);
        assert_eq!(Thieves::spawn(async { NUMBER.try_with(|n| *n) }).await.unwrap(), refused);
        assert_eq!(Thieves::spawn_pinned(async || NUMBER.try_with(|n| *n)).await.unwrap(), refused);
    });
    assert_eq!(
        WorkerLocalError::TasksMove { config: "Thieves" }.to_string(),
        "a `WorkerLocal` has no value here: the tasks of `Thieves` move between its workers; use `thread_local!`, or a \
         scheduler whose tasks stay, as `PerCore`"
    );
    // One worker, of a runtime that may go from thread to thread.
    let shared = start::<SharedApp>();
    assert_eq!(
        shared.block_on(async { NUMBER.try_with(|n| *n) }).map_err(|error| error.to_string().is_empty()),
        Err(false)
    );
}
