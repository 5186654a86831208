//! Where a runtime with a worker per core puts tasks by load, what it makes on every worker, and the values of workers; the
//! rest of it is in `tests/per_core.rs`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

use bespoke::channel::oneshot::channel;
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::task::{WorkerLocal, WorkerLocalError};
use bespoke::{JoinHandle, Runtime, driver, preset, scheduler};
use core::cell::Cell;
use core::future::pending;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

const WORKERS: usize = 2;

struct App;

#[bespoke::config(base = preset::Default)]
impl Config for App {
    type Scheduler = scheduler::PerCore<WORKERS>;
    type Driver = driver::Mio;
    const WORKERS_EXACT: bool = true;
}

/// What an event that must come may take on a busy machine.
const LONG: Duration = Duration::from_secs(20);

fn runtime() -> Runtime<App> {
    Runtime::new().unwrap()
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    App::timeout(LONG, future).await.expect("it did not come in time")
}

/// Waits until it is so.
async fn until(what: &str, so: impl Fn() -> bool) {
    let wait = async {
        while !so() {
            App::sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(App::timeout(LONG, wait).await.is_ok(), "{what} did not come in time");
}

/// The number of the worker that this thread runs, which `spawn_on_each` told it.
static NUMBER: WorkerLocal<Cell<Option<usize>>> = WorkerLocal::new(|| Cell::new(None));

fn here() -> usize {
    NUMBER.with(Cell::get).expect("only what the workers run asks")
}

/// Tells every worker its number.
async fn number_all(rt: &Runtime<App>) {
    for task in App::spawn_on_each(async |core| NUMBER.with(|number| number.set(Some(core)))) {
        soon(task).await.unwrap();
    }
    // A task is freed after it was awaited.
    until("their end", || rt.live_tasks() == 0).await;
}

/// A task for ever, which counts where it is.
fn parked(at: &Arc<[AtomicUsize; WORKERS]>) -> impl Future<Output = ()> + Send + 'static {
    let at = at.clone();
    async move {
        at[here()].fetch_add(1, SeqCst);
        pending().await
    }
}

fn counts(at: &[AtomicUsize; WORKERS]) -> [usize; WORKERS] {
    core::array::from_fn(|core| at[core].load(SeqCst))
}

#[test]
fn each_worker_makes_its_own_and_the_handles_are_in_order() {
    let rt = runtime();
    let threads: Vec<ThreadId> = rt.block_on(async {
        let mut threads = Vec::new();
        let tasks = App::spawn_on_each(async |core| {
            let not_send = Rc::new(core); // made, kept and dropped over there
            App::yield_now().await;
            (*not_send, thread::current().id())
        });
        for (core, task) in tasks.into_iter().enumerate() {
            let (told, thread) = soon(task).await.unwrap();
            assert_eq!(told, core);
            threads.push(thread);
        }
        threads
    });
    assert_eq!(threads.iter().collect::<HashSet<_>>().len(), WORKERS);
    assert!(!threads.contains(&thread::current().id()));
    // From a worker, from a blocking thread, and from outside: the same.
    async fn all(core: usize) -> (usize, ThreadId) {
        App::sleep(Duration::from_millis(1)).await;
        (core, thread::current().id())
    }
    let lists = rt.block_on(async {
        let from_worker = soon(App::spawn(async { App::spawn_on_each(all) })).await.unwrap();
        let from_blocking = soon(App::spawn_blocking(|| App::spawn_on_each(all))).await.unwrap();
        [from_worker, from_blocking, App::handle().spawn_on_each(all)]
    });
    for list in lists {
        assert_eq!(list.len(), WORKERS);
        for (core, task) in list.into_iter().enumerate() {
            assert_eq!(rt.block_on(soon(task)).unwrap(), (core, threads[core]));
        }
    }
}

/// One for each worker, made before anything runs.
#[test]
fn what_makes_them_is_cloned_before_the_first_of_them_is_made() {
    struct Three;
    #[bespoke::config(base = preset::Default)]
    impl Config for Three {
        type Scheduler = scheduler::PerCore<3>;
        const WORKERS_EXACT: bool = true;
    }
    static MADE: AtomicUsize = AtomicUsize::new(0);
    struct Clones(Arc<AtomicUsize>, usize);
    impl Clone for Clones {
        fn clone(&self) -> Self {
            let clones = self.0.fetch_add(1, SeqCst) + 1;
            assert!(clones < self.1, "no more clones");
            Clones(self.0.clone(), self.1)
        }
    }
    let rt = Runtime::<Three>::new().unwrap();
    let make = |most: usize| {
        let clones = Clones(Arc::default(), most);
        let counted = clones.0.clone();
        let tasks = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            rt.handle().spawn_on_each(async move |_| {
                let _clones = &clones;
                MADE.fetch_add(1, SeqCst);
            })
        }));
        (tasks, counted)
    };
    let (tasks, counted) = make(usize::MAX);
    for task in tasks.unwrap() {
        rt.block_on(task).unwrap();
    }
    assert_eq!((counted.load(SeqCst), MADE.load(SeqCst)), (2, 3), "the last one is moved");
    // The second clone panics.
    assert!(make(2).0.is_err());
    drop(rt);
    assert_eq!(MADE.load(SeqCst), 3);
}

#[test]
fn on_a_closed_runtime_all_of_them_are_cancelled() {
    let rt = runtime();
    let handle = rt.handle();
    drop(rt);
    let tasks = handle.spawn_on_each(async |core| core);
    assert_eq!(tasks.len(), WORKERS);
    assert!(tasks.iter().all(JoinHandle::is_finished));
    assert!(handle.spawn_least_loaded(async {}).is_finished());
    assert!(handle.least_loaded() < WORKERS);
}

#[test]
fn equals_are_chosen_in_turn_and_else_who_has_less() {
    let rt = runtime();
    let at = Arc::default();
    let handle = rt.handle();
    rt.block_on(async {
        number_all(&rt).await;
        let mut tasks: Vec<_> = (0..10).map(|_| App::spawn_least_loaded(parked(&at))).collect();
        until("ten tasks", || counts(&at).iter().sum::<usize>() == 10).await;
        assert_eq!(counts(&at), [5, 5]);
        // What waited to run counts until its worker looks around again.
        until("a turn of equals", || App::least_loaded() != App::least_loaded()).await;
        // A load that came in another way.
        for _ in 0..6 {
            let parked = parked(&at);
            tasks.push(App::spawn_on(0, async move || parked.await));
        }
        until("six more", || counts(&at) == [11, 5]).await;
        for _ in 0..3 {
            assert_eq!(App::least_loaded(), 1);
        }
        tasks.extend((0..8).map(|_| handle.spawn_least_loaded(parked(&at))));
        until("eight more", || counts(&at).iter().sum::<usize>() == 24).await;
        assert_eq!(counts(&at), [12, 12]);
        // Who lost them has least again.
        for task in tasks.drain(10..16) {
            task.abort();
            assert!(soon(task).await.unwrap_err().is_cancelled());
        }
        until("the end of six", || rt.live_tasks() == 18).await;
        for _ in 0..3 {
            assert_eq!(App::least_loaded(), 0);
        }
    });
}

#[test]
fn what_is_open_and_what_waits_to_run_counts() {
    let rt = runtime();
    let handle = rt.handle();
    rt.block_on(async {
        let open = App::spawn_on(1, async || {
            let mut open = Vec::new();
            for _ in 0..5 {
                open.push(TcpListener::<App>::bind("127.0.0.1:0").await.unwrap());
            }
            pending::<()>().await;
        });
        until("five listeners", || rt.open_resources() == 5).await;
        let three: Vec<_> = (0..3).map(|_| handle.spawn_on(0, async || pending::<()>().await)).collect();
        // Until they have run they count twice.
        until("three that wait", || (0..3).all(|_| App::least_loaded() == 0)).await;
        open.abort();
        drop(soon(open).await);
        until("their close", || rt.open_resources() == 0 && rt.live_tasks() == 3).await;
        // Ten that are never done are twenty, of which one or none runs at the moment of a look.
        let busy: Vec<_> = (0..10)
            .map(|_| {
                handle.spawn_on(1, async || {
                    loop {
                        App::yield_now().await;
                    }
                })
            })
            .collect();
        let idle: Vec<_> = (0..11).map(|_| handle.spawn_on(0, async || pending::<()>().await)).collect();
        until("a look around", || App::least_loaded() == 0).await;
        assert_eq!((three.len() + idle.len(), busy.len()), (14, 10), "more tasks, and less to do");
        drop((three, idle, busy));
    });
}

/// The loop of the guide: one worker accepts, and each connection goes to who has least to do.
#[test]
fn connections_go_to_who_has_least_to_do() {
    const CONNECTIONS: usize = 20;
    let rt = runtime();
    let handle = rt.handle();
    let at: Arc<[AtomicUsize; WORKERS]> = Arc::default();
    rt.block_on(async {
        number_all(&rt).await;
        // What makes worker 1 the wrong one for the first ten.
        let load: Vec<_> = (0..20).map(|_| handle.spawn_on(1, async || pending::<()>().await)).collect();
        let (told, address) = channel();
        let places = at.clone();
        let server = App::spawn_on(0, async move || {
            let listener = TcpListener::<App>::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            for _ in 0..CONNECTIONS {
                let (mut stream, _) = listener.accept().await.unwrap();
                let places = places.clone();
                App::spawn_least_loaded(async move {
                    let mut buffer = [0; 4];
                    stream.read_exact(&mut buffer).await.unwrap();
                    places[here()].fetch_add(1, SeqCst);
                    stream.write_all(buffer.to_vec()).await.0.unwrap();
                    drop(stream.read(&mut buffer).await); // until the client goes
                });
            }
            pending::<()>().await;
        });
        let address = soon(address).await.unwrap();
        let mut clients = Vec::new();
        for n in 0..CONNECTIONS {
            let mut client = soon(TcpStream::<App>::connect(address)).await.unwrap();
            client.write_all("ping").await.0.unwrap();
            let mut pong = [0; 4];
            soon(client.read_exact(&mut pong)).await.unwrap();
            assert_eq!(&pong, b"ping");
            clients.push(client);
            if n == 5 {
                assert_eq!(counts(&at), [6, 0]);
            }
        }
        // Twenty tasks there; a task, a listener, and two for each connection here.
        let [here, there] = counts(&at);
        assert!(here + there == CONNECTIONS && here.abs_diff(there) >= 7 && there > 3, "{here} and {there}");
        assert!(!server.is_finished() && load.iter().all(|task| !task.is_finished()));
    });
}

#[test]
fn a_value_of_a_worker_is_seen_by_its_tasks_alone() {
    static SEEN: WorkerLocal<Cell<u32>> = WorkerLocal::new(|| Cell::new(0));
    let see = || {
        SEEN.with(|seen| {
            seen.set(seen.get() + 1);
            seen.get()
        })
    };
    let rt = runtime();
    rt.block_on(async {
        for n in 1..=100 {
            for task in App::spawn_on_each(async move |_| see()) {
                assert_eq!(soon(task).await.unwrap(), n);
            }
        }
        assert_eq!(see(), 1, "the worker of a `block_on` has its own");
        let blocking = App::spawn_blocking(|| SEEN.try_with(Cell::get));
        assert_eq!(soon(blocking).await.unwrap(), Err(WorkerLocalError::NoWorker));
    });
    assert_eq!(rt.block_on(async move { see() }), 1, "and each of them");
}

/// A thread for each task.
struct Threads;

#[bespoke::config(base = preset::Default)]
impl Config for Threads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
}

#[test]
fn under_a_thread_per_task_each_task_has_a_value_and_drops_it_there() {
    struct Made(ThreadId);
    impl Drop for Made {
        fn drop(&mut self) {
            ENDED.lock().unwrap().push(thread::current().id() == self.0);
        }
    }
    static ENDED: Mutex<Vec<bool>> = Mutex::new(Vec::new());
    static MADE: WorkerLocal<(Made, Cell<u32>)> = WorkerLocal::new(|| (Made(thread::current().id()), Cell::new(0)));
    let count = || MADE.with(|(_, count)| count.replace(count.get() + 1));
    let rt = Runtime::<Threads>::new().unwrap();
    rt.block_on(async {
        for _ in 0..10 {
            let task = Threads::spawn(async move {
                let first = count();
                Threads::yield_now().await;
                (first, count())
            });
            assert_eq!(task.await.unwrap(), (0, 1));
        }
        assert_eq!(count(), 0);
    });
    assert!(rt.shutdown_timeout(LONG).is_clean());
    assert_eq!(*ENDED.lock().unwrap(), [true; 11]);
}

/// What is not `Send`, has opened something, and says where it is dropped.
struct Kept {
    made: ThreadId,
    _listener: TcpListener<App>,
    _not_send: Rc<()>,
}

static DROPPED: Mutex<Vec<bool>> = Mutex::new(Vec::new());

impl Drop for Kept {
    fn drop(&mut self) {
        DROPPED.lock().unwrap().push(thread::current().id() == self.made);
    }
}

#[test]
fn what_a_worker_keeps_is_dropped_by_it_while_its_driver_is_there() {
    static KEPT: WorkerLocal<Cell<Option<Kept>>> = WorkerLocal::new(Cell::default);
    for round in 1..=50 {
        let rt = runtime();
        rt.block_on(async {
            let tasks = App::spawn_on_each(async |_| {
                let listener = TcpListener::<App>::bind("127.0.0.1:0").await.unwrap();
                let kept = Kept { made: thread::current().id(), _listener: listener, _not_send: Rc::new(()) };
                KEPT.with(|there| there.set(Some(kept)));
            });
            for task in tasks {
                soon(task).await.unwrap();
            }
        });
        assert_eq!(rt.open_resources(), WORKERS);
        assert!(rt.shutdown_timeout(LONG).is_clean());
        let dropped = DROPPED.lock().unwrap();
        assert!(dropped.len() == WORKERS * round && dropped.iter().all(|there| *there), "{dropped:?}");
    }
}
