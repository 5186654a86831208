//! The blocking driver under the scheduler that gives every task a thread: what is particular to the two. What they have in
//! common with others is in `schedulers`.
//!
//! Threads and descriptors are counted for the whole process, so one test runs at a time.
#![cfg(any(target_os = "linux", windows))]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![expect(clippy::async_yields_async, reason = "a sleep is moved on purpose")]

use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::{Sleep, TcpListener, TcpStream};
use bespoke::{Error, ErrorKind, Instant, Runtime, clock, driver, memory, preset, scheduler};
use core::future::Future;
use core::net::SocketAddr;
use core::pin::Pin;
use core::time::Duration;
use std::io;
use std::net::TcpStream as StdStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

#[path = "common/descriptors.rs"]
mod open;

struct App;

#[bespoke::config(base = preset::Default)]
impl Config for App {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
    type Memory = memory::System;
    // What is asked for behind the drop of a runtime is of threads that have ended.
    const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);
}

/// A machine whose threads are used up.
struct Exhausted;

impl clock::Threads for Exhausted {
    const NAME: &'static str = "exhausted";
    const MAY_START: bool = true;
    type Thread = <clock::OsThreads as clock::Threads>::Thread;
    fn start(_: &str, _: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        Err(io::Error::from(io::ErrorKind::WouldBlock).into())
    }
}

impl clock::StartsThreads for Exhausted {}

struct Starved;

#[bespoke::config(base = App)]
impl Config for Starved {
    type Threads = Exhausted;
}

/// The process's threads and open descriptors, for one test at a time.
struct Counts {
    threads: usize,
    descriptors: usize,
    _one: MutexGuard<'static, ()>,
}

impl Counts {
    fn start() -> Counts {
        static ONE: Mutex<()> = Mutex::new(());
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        Counts { threads: 0, descriptors: open::fds(), _one: one }.settled()
    }

    /// The harness starts and ends threads of its own: a test counts those that have our names. On Windows nothing lists
    /// them: there only descriptors are counted.
    fn ours() -> usize {
        if cfg!(windows) {
            return 0;
        }
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.starts_with("App-") || name.starts_with("Starved-"))
            .count()
    }

    /// Without the threads of the test before: a joined one leaves `/proc` a moment after its join.
    fn settled(mut self) -> Self {
        Self::until(|| Self::ours() == 0);
        self.threads = Self::ours();
        self
    }

    /// Waits until it holds, and not for ever.
    fn until(holds: impl Fn() -> bool) {
        for _ in 0..4000 {
            if holds() {
                break;
            }
            pause(5);
        }
    }

    #[track_caller]
    fn assert_back(&self) {
        Self::until(|| Self::ours() == self.threads);
        assert_eq!(Self::ours(), self.threads, "threads are left");
        assert_eq!(open::fds(), self.descriptors, "descriptors are left");
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests themselves have no runtime to sleep on")]
fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

#[expect(clippy::disallowed_methods, reason = "this measures the runtime from outside")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

async fn answer<C: Config<Driver: Net>>(mut stream: TcpStream<C>) -> io::Result<u64> {
    let mut buffer = vec![0; 4096];
    let mut answered = 0;
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            return Ok(answered);
        }
        let (written, part) = stream.write_all(buffer.slice(..n)).await;
        written?;
        buffer = part.into_inner();
        answered += 1;
    }
}

async fn serve<C: Config<Driver: Net>>(listener: TcpListener<C>) -> io::Result<()> {
    loop {
        // As a server would: an error of one connection is not the end.
        if let Ok((stream, _)) = listener.accept().await {
            drop(C::spawn(answer(stream)));
        }
    }
}

async fn listen<C: Config<Driver: Net>>() -> (TcpListener<C>, SocketAddr) {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn fifty_connections_are_served_and_everything_goes_back() {
    let counts = Counts::start();
    let rt = Runtime::<App>::new().unwrap();
    rt.block_on(async {
        let (listener, address) = listen::<App>().await;
        drop(App::spawn(serve(listener)));
        let clients: Vec<_> = (0..50u8)
            .map(|id| {
                App::spawn(async move {
                    let mut stream = TcpStream::<App>::connect(address).await?;
                    for round in 0..50u8 {
                        let message = vec![id ^ round; 1 + 20 * usize::from(round)];
                        let (sent, message) = stream.write_all(message).await;
                        sent?;
                        let mut back = vec![0; message.len()];
                        stream.read_exact(&mut back).await?;
                        assert_eq!(back, message);
                    }
                    io::Result::Ok(())
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap().unwrap();
        }
    });
    assert_eq!(rt.shutdown_timeout(Duration::from_secs(60)).running_tasks, 0);
    counts.assert_back();
}

#[test]
fn more_than_one_send_takes_arrives_whole() {
    let _counts = Counts::start();
    Runtime::<App>::new().unwrap().block_on(async {
        let (listener, address) = listen::<App>().await;
        let sender = App::spawn(async move {
            let mut stream = TcpStream::<App>::connect(address).await.unwrap();
            let bytes: Vec<u8> = (0..8 << 20).map(|i: u32| (i % 251) as u8).collect();
            stream.write_all(bytes).await.0.unwrap();
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut buffer, mut at) = (vec![0; 100_000], 0);
        loop {
            let n = stream.read(&mut buffer).await.unwrap();
            if n == 0 {
                break;
            }
            assert!(buffer[..n].iter().enumerate().all(|(i, byte)| *byte == ((at + i) % 251) as u8));
            at += n;
        }
        assert_eq!(at, 8 << 20);
        sender.await.unwrap();
    });
}

#[test]
fn closing_frees_threads_that_are_blocked_in_accept_and_recv() {
    let counts = Counts::start();
    let rt = Runtime::<App>::new().unwrap();
    let mut peers = Vec::new();
    let (server, readers) = rt.block_on(async {
        let (listener, address) = listen::<App>().await;
        for _ in 0..3 {
            peers.push(StdStream::connect(address).unwrap());
        }
        let mut readers = Vec::new();
        for _ in 0..3 {
            let (stream, _) = listener.accept().await.unwrap();
            readers.push(App::spawn(answer(stream)));
        }
        let server = App::spawn(serve(listener));
        App::sleep(Duration::from_millis(50)).await;
        (server, readers)
    });
    assert_eq!(rt.live_tasks(), 4);
    assert_eq!(rt.open_resources(), 4);
    let start = now();
    let shutdown = rt.shutdown_timeout(Duration::from_secs(60));
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(shutdown.is_clean(), "{shutdown}");
    // The tasks saw nothing of it: neither an end of the stream nor an error, but their cancellation.
    let other = Runtime::<App>::new().unwrap();
    assert!(other.block_on(server).unwrap_err().is_cancelled());
    for reader in readers {
        assert!(other.block_on(reader).unwrap_err().is_cancelled());
    }
    drop((other, peers));
    counts.assert_back();
}

#[test]
fn a_thread_that_never_waits_is_left_and_counted() {
    let counts = Counts::start();
    let (end, ended) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel();
    let rt = Runtime::<App>::new().unwrap();
    drop(rt.spawn(async move {
        began.send(()).unwrap();
        let _ = ended.recv();
    }));
    begun.recv().unwrap();
    let shutdown = rt.shutdown_timeout(Duration::from_millis(30));
    assert_eq!((shutdown.running_tasks, shutdown.running_jobs, shutdown.leaked_ops), (1, 0, 0));
    drop(end);
    counts.assert_back();
}

#[test]
fn a_task_without_a_thread_is_rejected_and_its_future_dropped() {
    let counts = Counts::start();
    let held = Arc::new(());
    let inside = held.clone();
    let rt = Runtime::<Starved>::new().unwrap();
    let task = rt.spawn(async move { drop(inside) });
    assert!(task.is_finished());
    assert_eq!(Arc::strong_count(&held), 1);
    let error = rt.block_on(task).unwrap_err();
    assert!(error.is_rejected() && !error.is_cancelled() && !error.is_panic(), "{error}");
    assert!(error.to_string().contains("no thread could be started"), "{error}");
    assert_eq!(rt.live_tasks(), 0);
    assert_eq!(rt.shutdown_timeout(Duration::from_secs(60)).running_tasks, 0);
    counts.assert_back();
}

#[test]
fn several_threads_may_block_on_one_runtime() {
    let counts = Counts::start();
    let rt = Runtime::<App>::new().unwrap();
    let address = rt.block_on(async {
        let (listener, address) = listen::<App>().await;
        drop(App::spawn(serve(listener)));
        address
    });
    std::thread::scope(|scope| {
        for id in 0..8u8 {
            let rt = &rt;
            scope.spawn(move || {
                rt.block_on(async {
                    let mut stream = TcpStream::<App>::connect(address).await.unwrap();
                    for _ in 0..20 {
                        stream.write_all(vec![id; 10]).await.0.unwrap();
                        let mut back = [0; 10];
                        stream.read_exact(&mut back).await.unwrap();
                        assert_eq!(back, [id; 10]);
                    }
                    assert_eq!(App::spawn(async move { id }).await.unwrap(), id);
                });
            });
        }
    });
    // And it may be closed by another thread than started it.
    std::thread::scope(|scope| {
        scope.spawn(move || drop(rt));
    });
    counts.assert_back();
}

#[test]
fn a_socket_outlives_its_runtime_and_says_so() {
    let counts = Counts::start();
    let rt = Runtime::<App>::new().unwrap();
    let (mut stream, peer) = rt.block_on(async {
        let (listener, address) = listen::<App>().await;
        let peer = StdStream::connect(address).unwrap();
        (listener.accept().await.unwrap().0, peer)
    });
    drop(rt);
    let other = Runtime::<App>::new().unwrap();
    other.block_on(async {
        let mut buffer = [0; 8];
        assert_eq!(stream.read(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(stream.write_all("tea").await.0.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(stream.nodelay().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    });
    drop((stream, peer, other));
    counts.assert_back();
}

#[test]
fn a_sleep_may_be_moved_to_another_task_after_its_first_poll() {
    let _counts = Counts::start();
    Runtime::<App>::new().unwrap().block_on(async {
        let start = App::now();
        let first = App::spawn(async move {
            let mut sleep: Pin<Box<Sleep<App>>> = Box::pin(App::sleep(Duration::from_millis(40)));
            core::future::poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending());
                core::task::Poll::Ready(())
            })
            .await;
            sleep
        });
        let sleep = first.await.unwrap();
        let end: Instant = App::spawn(async move {
            sleep.await;
            App::now()
        })
        .await
        .unwrap();
        assert!(end - start >= Duration::from_millis(40));
    });
}

#[test]
fn a_refused_connection_says_so() {
    let counts = Counts::start();
    let rt = Runtime::<App>::new().unwrap();
    let error = rt.block_on(async {
        let (listener, address) = listen::<App>().await;
        drop(listener);
        TcpStream::<App>::connect(address).await.unwrap_err()
    });
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(rt.open_resources(), 0);
    drop(rt);
    counts.assert_back();
}

#[test]
fn a_runtime_without_io_or_tasks_starts_nothing() {
    let counts = Counts::start();
    let rt = Runtime::<App>::new().unwrap();
    assert_eq!(rt.block_on(async { 1 }), 1);
    assert_eq!(Counts::ours(), counts.threads);
    assert_eq!(open::fds(), counts.descriptors);
}

/// A signal or another: each is seen although the operations block.
#[cfg(unix)]
#[test]
fn two_listeners_for_signals_in_one_task_both_hear() {
    use bespoke::rt::{SignalKind, signal};
    let _counts = Counts::start();
    Runtime::<App>::new().unwrap().block_on(async {
        let (mut one, mut two) =
            (signal::<App>(SignalKind::user_defined1()).unwrap(), signal::<App>(SignalKind::user_defined2()).unwrap());
        for (number, heard) in [(libc::SIGUSR2, 2), (libc::SIGUSR1, 1), (libc::SIGUSR2, 2)] {
            // SAFETY: a signal of our own process, which has a handler.
            assert_eq!(unsafe { libc::raise(number) }, 0);
            let (mut first, mut second) = (core::pin::pin!(one.recv()), core::pin::pin!(two.recv()));
            let which = core::future::poll_fn(|cx| match first.as_mut().poll(cx) {
                core::task::Poll::Ready(told) => core::task::Poll::Ready((told, 1)),
                core::task::Poll::Pending => second.as_mut().poll(cx).map(|told| (told, 2)),
            });
            let which = App::timeout(Duration::from_secs(10), which).await.expect("the signal was not heard");
            assert_eq!(which, (Some(()), heard));
        }
    });
}

/// The kinds of error that are looked at above are those of the runtime, too.
#[test]
fn the_error_of_a_closed_runtime_is_a_broken_pipe() {
    assert_eq!(io::Error::from(Error::new(ErrorKind::RuntimeClosed)).kind(), io::ErrorKind::BrokenPipe);
}
