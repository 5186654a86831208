//! What a runtime with a worker per core does beside what every scheduler does (`tests/schedulers.rs`): where tasks go and stay,
//! what workers have to do with each other, and that nothing is left of it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![expect(clippy::disallowed_methods, reason = "some threads stand outside of any runtime")]
#![expect(clippy::async_yields_async, reason = "handles leave the runtime that made them on purpose")]

use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpOptions, TcpStream};
use bespoke::{Handle, JoinHandle, Runtime, channel, driver, preset, scheduler};
use core::cell::Cell;
use core::future::pending;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

#[path = "common/descriptors.rs"]
mod descriptors;
#[cfg(target_os = "linux")]
#[path = "common/ring.rs"]
mod ring;

const WORKERS: usize = 2;

struct App;

#[bespoke::config(base = preset::Default)]
impl Config for App {
    type Scheduler = scheduler::PerCore<WORKERS>;
    type Driver = driver::Mio;
    const WORKERS_EXACT: bool = true;
    // What is asked for behind the drop of a runtime is of workers that have ended.
    const SHUTDOWN_TIMEOUT: Duration = LONG;
}

/// What an event that must come may take on a busy machine.
const LONG: Duration = Duration::from_secs(20);

fn runtime() -> Runtime<App> {
    Runtime::new().unwrap()
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    App::timeout(LONG, future).await.expect("it did not come in time")
}

fn here() -> ThreadId {
    thread::current().id()
}

/// The thread of each worker.
fn threads(runtime: &Runtime<App>) -> Vec<ThreadId> {
    let handle = runtime.handle();
    runtime.block_on(async {
        let mut threads = Vec::new();
        for core in 0..WORKERS {
            threads.push(soon(handle.spawn_on(core, async || here())).await.unwrap());
        }
        threads
    })
}

/// What is not `Send`, and says where it is dropped: it must be where it was made.
struct Stays {
    made: ThreadId,
    dropped: Arc<AtomicUsize>,
    _not_send: Rc<()>,
}

impl Stays {
    fn new(dropped: &Arc<AtomicUsize>) -> Self {
        Stays { made: here(), dropped: dropped.clone(), _not_send: Rc::new(()) }
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        // A panic in a drop would be caught by the worker: the count tells.
        if here() == self.made {
            self.dropped.fetch_add(1, SeqCst);
        }
    }
}

#[test]
fn spawned_tasks_go_to_the_workers_in_turn_and_stay_there() {
    let rt = runtime();
    assert_eq!((rt.workers(), rt.handle().workers()), (WORKERS, WORKERS));
    let threads = threads(&rt);
    /// Spawns tasks that look where they are, and counts them by that.
    async fn spawn_all() -> BTreeMap<String, usize> {
        let mut tasks = Vec::new();
        for _ in 0..101 {
            tasks.push(App::spawn(async {
                let at = here();
                for _ in 0..20 {
                    App::yield_now().await;
                    assert_eq!(here(), at, "a task never moves");
                }
                at
            }));
        }
        let mut counts = BTreeMap::<String, usize>::new();
        for task in tasks {
            *counts.entry(format!("{:?}", soon(task).await.unwrap())).or_default() += 1;
        }
        counts
    }
    for spawner in [None, Some(0), Some(1)] {
        let counts = rt.block_on(async {
            match spawner {
                None => spawn_all().await,
                Some(core) => soon(App::spawn_on(core, spawn_all)).await.unwrap(),
            }
        });
        assert_eq!(counts.len(), WORKERS);
        for thread in &threads {
            let count = counts[&format!("{thread:?}")];
            assert!((50..=51).contains(&count), "{counts:?}");
        }
    }
}

#[test]
fn a_worker_can_be_named_and_its_futures_need_not_be_send() {
    let rt = runtime();
    let threads = threads(&rt);
    rt.block_on(async {
        for (core, thread) in threads.iter().enumerate() {
            let dropped = Arc::new(AtomicUsize::new(0));
            let drops = dropped.clone();
            let at = soon(App::spawn_on(core, async move || {
                let stays = Stays::new(&drops);
                let shared = Rc::new(Cell::new(0));
                // Spawned from there, on there: what it captures, and what it yields, need not be `Send` either.
                let task = App::spawn_here({
                    let shared = shared.clone();
                    async move {
                        App::yield_now().await;
                        shared.set(7);
                        shared
                    }
                });
                assert_eq!(task.await.unwrap().get(), 7);
                assert_eq!(Rc::strong_count(&shared), 1);
                App::sleep(Duration::from_millis(1)).await;
                stays.made
            }))
            .await
            .unwrap();
            assert_eq!(at, *thread);
            assert_eq!(dropped.load(SeqCst), 1, "dropped where it was made");
        }
    });
}

/// Aborted from elsewhere, detached, complete, and alive when the runtime closes.
#[test]
fn what_is_not_send_is_dropped_where_it_was_made() {
    for _ in 0..200 {
        let rt = runtime();
        let handle = rt.handle();
        let (made, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<JoinHandle<()>> = (0..8)
            .map(|n| {
                let (made, drops) = (made.clone(), dropped.clone());
                handle.spawn_on(n % WORKERS, async move || {
                    let _stays = Stays::new(&drops);
                    made.fetch_add(1, SeqCst);
                    if n < 6 {
                        pending::<()>().await;
                    }
                })
            })
            .collect();
        let rest = rt.block_on(async {
            while made.load(SeqCst) < 8 {
                App::yield_now().await;
            }
            let mut rest = Vec::new();
            for (n, task) in tasks.into_iter().enumerate() {
                match n {
                    0 | 1 => {
                        task.abort();
                        assert!(soon(task).await.unwrap_err().is_cancelled());
                    }
                    2 | 3 => drop(task),
                    6 | 7 => soon(task).await.unwrap(),
                    _ => rest.push(task),
                }
            }
            rest
        });
        drop(rt);
        assert!(rest.iter().all(JoinHandle::is_finished));
        assert_eq!(dropped.load(SeqCst), 8, "something was dropped on another thread");
    }
}

#[test]
fn workers_wake_and_await_each_others_tasks() {
    let rt = runtime();
    let sum = rt.block_on(async {
        let (to, mut from) = channel::mpsc::channel::<u64>(1);
        let receiver = App::spawn_on(0, async move || {
            let mut sum = 0;
            while let Some(n) = from.recv().await {
                sum += n;
            }
            sum
        });
        let sender = App::spawn_on(1, async move || {
            for n in 1..=2000 {
                to.send(n).await.unwrap();
            }
            drop(to);
            // Awaited here, although it runs over there.
            receiver.await.unwrap()
        });
        soon(sender).await.unwrap()
    });
    assert_eq!(sum, 2_001_000);
}

#[test]
fn tasks_run_whether_or_not_anybody_is_inside() {
    let rt = runtime();
    let (told, heard) = std::sync::mpsc::channel();
    let handle = rt.handle();
    for core in 0..WORKERS {
        let told = told.clone();
        handle.spawn_on(core, async move || {
            App::sleep(Duration::from_millis(2)).await;
            told.send(core).unwrap();
        });
    }
    let mut got = [heard.recv_timeout(LONG).unwrap(), heard.recv_timeout(LONG).unwrap()];
    got.sort_unstable();
    assert_eq!(got, [0, 1]);
    // And several threads may be inside at once.
    let together = std::sync::Barrier::new(3);
    thread::scope(|scope| {
        for n in 0..3 {
            let (rt, together) = (&rt, &together);
            scope.spawn(move || {
                let twice = rt.block_on(async {
                    together.wait();
                    soon(App::spawn(async move { 2 * n })).await.unwrap()
                });
                assert_eq!(twice, 2 * n);
            });
        }
    });
}

#[test]
fn what_stays_with_a_caller_ends_with_its_block_on() {
    let rt = runtime();
    let dropped = Arc::new(AtomicUsize::new(0));
    let task = rt.block_on(async {
        let stays = Stays::new(&dropped);
        let task = App::spawn_here(async move {
            let _stays = stays;
            pending::<()>().await;
        });
        App::yield_now().await;
        task
    });
    assert_eq!(dropped.load(SeqCst), 1);
    assert!(rt.block_on(task).unwrap_err().is_cancelled());
}

fn panic_of(f: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)).unwrap_err();
    match panic.downcast::<String>() {
        Ok(said) => *said,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_string(),
    }
}

#[test]
fn a_worker_that_is_not_there_cannot_be_named() {
    let rt = runtime();
    let said = panic_of(|| drop(rt.handle().spawn_on(WORKERS, async || ())));
    assert!(said.starts_with("there is no worker 2 in the runtime `App`: it has 2, counted from 0"), "{said}");
}

#[test]
fn a_socket_moves_by_way_of_the_standard_library() {
    let rt = runtime();
    rt.block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        let first = App::spawn_on(0, async move || {
            let mut stream = TcpStream::<App>::from_std(stream).unwrap();
            stream.write_all("one").await.0.unwrap();
            stream.into_std().unwrap()
        });
        let stream = soon(first).await.unwrap();
        let second = App::spawn_on(1, async move || {
            let mut stream = TcpStream::<App>::from_std(stream).unwrap();
            stream.write_all("two").await.0.unwrap();
        });
        soon(second).await.unwrap();
        let mut got = [0; 6];
        std::io::Read::read_exact(&mut peer, &mut got).unwrap();
        assert_eq!(&got, b"onetwo");
    });
}

/// Listens on its worker, and serves each connection there, on a task of its own, until it is told to stop.
async fn serve(address: core::net::SocketAddr, served: Arc<[AtomicUsize; WORKERS]>, core: usize) {
    let options = TcpOptions { reuse_port: true, ..TcpOptions::default() };
    let listener = TcpListener::<App>::bind_with(address, options).await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        served[core].fetch_add(1, SeqCst);
        App::spawn_here(async move {
            let mut buffer = [0; 64];
            while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(buffer[..n].to_vec()).await.0.is_err() {
                    break;
                }
            }
        });
    }
}

#[cfg(target_os = "linux")]
#[test]
fn each_worker_accepts_on_one_port() {
    const CONNECTIONS: usize = 64;
    let rt = runtime();
    let served: Arc<[AtomicUsize; WORKERS]> = Arc::default();
    // Held until all have theirs: so that the port is nobody else's.
    let options = TcpOptions { reuse_port: true, ..TcpOptions::default() };
    let address = rt.block_on(async {
        let first = TcpListener::<App>::bind_with("127.0.0.1:0", options).await.unwrap();
        let address = first.local_addr().unwrap();
        for core in 0..WORKERS {
            let served = served.clone();
            drop(App::spawn_on(core, async move || serve(address, served, core).await));
        }
        // Nobody accepts from this one, so it must be closed before somebody connects to it: until both others listen.
        while rt.open_resources() < WORKERS {
            App::sleep(Duration::from_millis(1)).await;
        }
        address
    });
    rt.block_on(async {
        let mut clients = bespoke::rt::JoinSet::<(), App>::new();
        for n in 0..CONNECTIONS {
            clients.spawn(async move {
                let mut stream = TcpStream::<App>::connect(address).await.unwrap();
                let said = format!("connection {n}");
                stream.write_all(said.clone()).await.0.unwrap();
                let mut got = vec![0; said.len()];
                stream.read_exact(&mut got).await.unwrap();
                assert_eq!(got, said.as_bytes());
            });
        }
        while let Some(client) = soon(clients.join_next()).await {
            client.unwrap();
        }
    });
    let counts: Vec<usize> = served.iter().map(|count| count.load(SeqCst)).collect();
    assert_eq!(counts.iter().sum::<usize>(), CONNECTIONS, "{counts:?}");
    // The system chooses by the addresses: each port is as good as any other.
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}

#[test]
fn sockets_and_sleeps_of_every_worker_end_with_the_runtime() {
    for _ in 0..100 {
        let rt = runtime();
        let handle = rt.handle();
        let gone = Arc::new(AtomicUsize::new(0));
        struct Gone(Arc<AtomicUsize>);
        impl Drop for Gone {
            fn drop(&mut self) {
                self.0.fetch_add(1, SeqCst);
            }
        }
        let mut open = Vec::new();
        for n in 0..12 {
            let gone = Gone(gone.clone());
            open.push(handle.spawn_on(n % WORKERS, async move || {
                let _gone = gone;
                match n % 3 {
                    0 => drop(TcpListener::<App>::bind("127.0.0.1:0").await.unwrap().accept().await),
                    1 => App::sleep(Duration::from_secs(3600)).await,
                    _ => loop {
                        App::yield_now().await;
                    },
                }
            }));
        }
        let shutdown = rt.shutdown_timeout(LONG);
        assert!(shutdown.is_clean(), "{shutdown}");
        assert_eq!(gone.load(SeqCst), 12);
        assert!(open.iter().all(JoinHandle::is_finished));
    }
}

#[test]
fn spawns_from_everywhere_meet_the_shutdown() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Counted {
        fn new() -> Self {
            MADE.fetch_add(1, SeqCst);
            Counted
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ENDED.fetch_add(1, SeqCst);
        }
    }
    /// Spawns two of itself on the workers in turn, for ever.
    #[expect(clippy::manual_async_fn, reason = "the bound breaks the cycle of the proof")]
    fn breed(left: u32) -> impl Future<Output = ()> + Send {
        async move {
            let _counted = Counted::new();
            if left > 0 {
                drop(App::spawn(Box::pin(breed(left - 1)) as Boxed));
                drop(App::spawn(Box::pin(breed(left - 1)) as Boxed));
            }
            pending::<()>().await;
        }
    }
    type Boxed = core::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
    for round in 0..100 {
        let rt = runtime();
        let handles: Vec<Handle<App>> = (0..2).map(|_| rt.handle()).collect();
        let over = Arc::new(AtomicBool::new(false));
        let others: Vec<_> = handles
            .into_iter()
            .map(|handle| {
                let over = over.clone();
                thread::spawn(move || {
                    let mut tasks = Vec::new();
                    while !over.load(SeqCst) || tasks.len() < 10 {
                        let counted = Counted::new();
                        tasks.push(handle.spawn(async move {
                            let _counted = counted;
                            pending::<()>().await;
                        }));
                        if tasks.len() > 3000 {
                            break;
                        }
                    }
                    tasks
                })
            })
            .collect();
        drop(rt.spawn(breed(7)));
        if round % 3 > 0 {
            thread::sleep(Duration::from_micros(300 * (round % 3)));
        }
        drop(rt);
        over.store(true, SeqCst);
        for other in others {
            for task in other.join().unwrap() {
                assert!(task.is_finished(), "a task was forgotten");
            }
        }
    }
    assert_eq!(MADE.load(SeqCst), ENDED.load(SeqCst), "futures leaked");
}

/// Threads of this process.
#[cfg(target_os = "linux")]
fn tasks() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// In a process of its own: other tests start threads and open sockets.
#[cfg(target_os = "linux")]
#[test]
fn a_thousand_starts_leave_nothing() {
    const CHILD: &str = "BESPOKE_PER_CORE_STARTS";
    if std::env::var_os(CHILD).is_none() {
        let test = "a_thousand_starts_leave_nothing";
        let out = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(said.contains("running 1 test"), "{said}");
        return assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    }
    let cycle = |n: usize| {
        let rt = runtime();
        if n.is_multiple_of(2) {
            let echoed = rt.block_on(async { soon(App::spawn(async { 5 })).await.unwrap() });
            assert_eq!(echoed, 5);
        }
        if n.is_multiple_of(10) {
            let blocking = rt.block_on(async { soon(App::spawn_blocking(|| 6)).await.unwrap() });
            assert_eq!(blocking, 6);
        }
        let shutdown = rt.shutdown_timeout(LONG);
        assert!(shutdown.is_clean(), "{shutdown}");
    };
    // A thread that was joined is listed for a moment more.
    let settled = |threads: usize| {
        let begin = std::time::Instant::now();
        while tasks() != threads && begin.elapsed() < LONG {
            thread::sleep(Duration::from_millis(1));
        }
        (tasks(), descriptors::fds())
    };
    let threads = tasks();
    (0..10).for_each(cycle);
    let before = settled(threads);
    (0..1000).for_each(cycle);
    assert_eq!((settled(threads), before.0), (before, threads));
}

/// A worker on each processor.
#[cfg(target_os = "linux")]
struct Pinned;

#[cfg(target_os = "linux")]
#[bespoke::config(base = preset::PerCore)]
impl Config for Pinned {
    const PIN_WORKERS: bool = true;
}

#[cfg(target_os = "linux")]
#[test]
fn pinned_workers_have_a_processor_each_and_their_blocking_threads_all() {
    fn allowed() -> String {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        line.trim().to_string()
    }
    let mine = allowed();
    let rt = Runtime::<Pinned>::new().unwrap();
    let cpus = thread::available_parallelism().unwrap().get();
    assert_eq!(rt.workers(), cpus.min(64), "as many as the machine has");
    let lists: Vec<String> = rt.block_on(async {
        let mut lists = Vec::new();
        for core in 0..rt.workers() {
            let list = Pinned::spawn_on(core, async || {
                let blocking = Pinned::spawn_blocking(allowed).await.unwrap();
                (allowed(), blocking)
            });
            let (worker, blocking) = list.await.unwrap();
            assert_eq!(blocking, mine);
            lists.push(worker);
        }
        lists
    });
    for (n, list) in lists.iter().enumerate() {
        assert!(list.parse::<u32>().is_ok(), "one processor: {list}");
        assert!(!lists[..n].contains(list), "another for each: {lists:?}");
    }
    assert_eq!(allowed(), mine, "the caller is left alone");
}

#[test]
fn every_worker_reports_its_driver() {
    let rt = runtime();
    let reports: Vec<_> = rt.driver_reports().collect();
    assert_eq!(reports, vec![rt.driver_report(); WORKERS]);
    let info = Runtime::<App>::INFO;
    assert_eq!((info.scheduler, info.sharing, info.workers), ("per-core", "shared", WORKERS));
    assert_eq!(Runtime::<App>::MODEL.scalability_per_mille, 1000 * WORKERS as u64);
    assert_eq!(rt.live_tasks(), 0);
    let task = rt.spawn(pending::<()>());
    assert_eq!(rt.live_tasks(), 1);
    drop(task);
}

/// A ring for each worker.
#[cfg(target_os = "linux")]
struct Rings;

#[cfg(target_os = "linux")]
#[bespoke::config(base = preset::Default)]
impl Config for Rings {
    type Scheduler = scheduler::PerCore<WORKERS>;
    type Driver = driver::Fallback<driver::IoUring<64>, driver::Mio>;
    const WORKERS_EXACT: bool = true;
}

#[cfg(target_os = "linux")]
#[test]
fn every_worker_has_a_ring_of_its_own() {
    let rt = Runtime::<Rings>::new().unwrap();
    let denied = ring::is_denied("every_worker_has_a_ring_of_its_own");
    for report in rt.driver_reports() {
        assert_eq!(report.driver == "mio", denied, "{report}");
    }
    rt.block_on(async {
        let mut tasks = Vec::new();
        for core in 0..WORKERS {
            tasks.push(Rings::spawn_on(core, async || {
                let listener = TcpListener::<Rings>::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let client = Rings::spawn_here(async move {
                    let mut stream = TcpStream::<Rings>::connect(address).await.unwrap();
                    stream.write_all("tea").await.0.unwrap();
                });
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut got = [0; 3];
                stream.read_exact(&mut got).await.unwrap();
                client.await.unwrap();
                // Files go to the blocking threads, whichever driver asks.
                let path = std::env::temp_dir().join(format!("bespoke-per-core-{}", std::process::id()));
                drop(bespoke::rt::fs::metadata::<Rings>(path).await);
                got
            }));
        }
        for task in tasks {
            assert_eq!(&Rings::timeout(LONG, task).await.unwrap().unwrap(), b"tea");
        }
    });
}

static TOLD: Mutex<Vec<usize>> = Mutex::new(Vec::new());

#[test]
fn the_preset_runs_on_every_processor() {
    type C = preset::PerCore;
    const { assert!(Runtime::<C>::ADVICE.is_empty()) };
    let info = Runtime::<C>::INFO;
    assert_eq!((info.name, info.scheduler, info.driver, info.memory), ("PerCore", "per-core", "mio", "pooled"));
    let rt = Runtime::<C>::new().unwrap();
    assert_eq!(rt.workers(), thread::available_parallelism().unwrap().get().min(64));
    rt.block_on(async {
        let mut set = bespoke::rt::JoinSet::<(), C>::new();
        for n in 0..10 {
            set.spawn(async move { TOLD.lock().unwrap().push(n) });
        }
        set.join_all().await;
    });
    assert_eq!(TOLD.lock().unwrap().len(), 10);
}
