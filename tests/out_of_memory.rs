//! Every allocation of building a runtime and of using sockets, refused in turn. RELIABILITY A22.
//!
//! What may come of it: an error of the kind `OutOfMemory`, the panic that `spawn` and `sleep` have for it, or the abort of the standard
//! library, which names the bytes. What may not: another signal, another panic, a hang, a lost descriptor, a runtime that is
//! of no use afterwards.
//!
//! Each refusal is a process of its own, this program again, as the usual end is an abort. In one mode a single allocation is
//! refused, and then everything is done again; in the other all that follow are refused as well.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "the watch stands outside of any runtime")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

use bespoke::driver::{Blocking, Mio, PosixPoll};
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream, UdpSocket, UnixStream};
use bespoke::{Config, Runtime, preset, scheduler};
use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::alloc::System;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

#[path = "common/descriptors.rs"]
mod open;

/// Counts the allocations of the process, and refuses some.
struct Refusing;

#[global_allocator]
static GLOBAL: Refusing = Refusing;

/// How many allocations are left before the refusal; counted down from `usize::MAX`, it never comes.
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);
static COUNTS: AtomicBool = AtomicBool::new(false);
/// Are all that follow refused, too?
static FOR_GOOD: AtomicBool = AtomicBool::new(false);

// SAFETY: every block is the system's; counting allocates nothing. What is not written here goes by `alloc`.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            let left = LEFT.fetch_sub(1, Ordering::Relaxed);
            // Past the refusal the count has wrapped, and is huge.
            if left == 0 || (FOR_GOOD.load(Ordering::Relaxed) && left > usize::MAX / 2) {
                return core::ptr::null_mut();
            }
        }
        // SAFETY: the contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the contract is the same.
        unsafe { System.dealloc(block, layout) }
    }
}

/// No refusal, but the count: half of what there is, so that `FOR_GOOD` does not take it for a wrapped one.
const NEVER: usize = usize::MAX / 2;

struct Polling;

#[bespoke::config(base = preset::Default)]
impl Config for Polling {
    type Driver = Mio<PosixPoll>;
}

struct Threads;

#[bespoke::config(base = preset::Blocking)]
impl Config for Threads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = Blocking;
}

/// A runtime, and a bit of everything that a program does with sockets.
fn sockets<C: Config<Driver: Udp + Unix>>() -> io::Result<()> {
    let runtime = Runtime::<C>::new()?;
    runtime.block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        // It waits before anybody connects, and keeps the listener if it fails: else the connect would be refused.
        let accepting = C::handle().spawn(async move { (listener.accept().await, listener) });
        C::sleep(Duration::from_millis(1)).await;
        let mut ours = TcpStream::<C>::connect(address).await?;
        let (accepted, _listener) = accepting.await.expect("an accept does not panic");
        let (mut theirs, _) = accepted?;
        let mut buffer = [0; 5];
        ours.write_all("hello").await.0?;
        theirs.read_exact(&mut buffer).await?;
        theirs.write_all(buffer.to_vec()).await.0?;
        let lease = ours.read_lease().await?;
        assert_eq!(&lease[..], b"hello");
        theirs.write_all("again").await.0?;
        let (read, again) = ours.read_into(Vec::with_capacity(16)).await;
        assert_eq!((read?, again.as_slice()), (5, b"again".as_slice()));
        drop(lease);
        let (mut read, mut write) = ours.into_split();
        write.write_all("halves").await.0?;
        theirs.read_exact(&mut [0; 6]).await?;
        drop(theirs);
        assert_eq!(read.read(&mut buffer).await?, 0);

        let datagrams = UdpSocket::<C>::bind("127.0.0.1:0").await?;
        datagrams.send_to("to myself", datagrams.local_addr()?).await.0?;
        assert_eq!(datagrams.recv_from(&mut [0; 16]).await?.0, 9);

        let (mut one, mut other) = UnixStream::<C>::pair()?;
        one.write_all("unix").await.0?;
        other.read_exact(&mut [0; 4]).await
    })
}

const CHILD: &str = "BESPOKE_REFUSE";

/// The test `name` for one config: the parent, which tries every allocation, or one of its children.
fn each_allocation<C: Config<Driver: Udp + Unix>>(name: &str) {
    if let Ok(what) = std::env::var(CHILD) {
        return refuse_one::<C>(&what);
    }
    let run = |what: &str| -> Output {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(CHILD, what)
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap()
    };
    let said = |output: &Output| {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let counted = run("never");
    let text = said(&counted);
    assert!(counted.status.success(), "{text}");
    let all: usize = text.split_once("allocations: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok()).unwrap();
    let (mut errors, mut panics, mut aborts, mut nothing) = (0, 0, 0, 0);
    for k in 0..all {
        for mode in ["once", "for good"] {
            let ended = run(&format!("{k} {mode}"));
            let text = said(&ended);
            let aborted = ended.status.signal() == Some(libc::SIGABRT);
            match (ended.status.success(), aborted) {
                (true, _) if text.contains("outcome: error") => errors += 1,
                (true, _) if text.contains("outcome: panic") => panics += 1,
                (true, _) if text.contains("outcome: done") => nothing += 1,
                (_, true) if text.contains("memory allocation of ") && !text.contains("in a destructor") => aborts += 1,
                _ => panic!("allocation {k} of {all} refused {mode}: {}\n{text}", ended.status),
            }
        }
    }
    println!("{name}: {all} allocations; {errors} errors, {panics} panics, {aborts} aborts, {nothing} without effect");
    assert!(all > 10 && errors > 0 && aborts > 0, "the refusals were not met");
}

/// The child: uses sockets while one allocation is refused, or all from there on.
fn refuse_one<C: Config<Driver: Udp + Unix>>(what: &str) {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(60));
        eprintln!("it hangs");
        std::process::abort();
    });
    // What the process keeps for ever is made before.
    sockets::<C>().expect("nothing is refused");
    let before = open::fds();
    let (k, mode) = what.split_once(' ').unwrap_or((what, "once"));
    LEFT.store(k.parse().unwrap_or(NEVER), Ordering::Relaxed);
    FOR_GOOD.store(mode == "for good", Ordering::Relaxed);
    COUNTS.store(true, Ordering::Relaxed);
    let outcome = std::panic::catch_unwind(sockets::<C>);
    COUNTS.store(false, Ordering::Relaxed);
    println!("allocations: {}", NEVER.wrapping_sub(LEFT.load(Ordering::Relaxed)));
    match outcome {
        Ok(Ok(())) => println!("outcome: done"),
        Ok(Err(error)) => {
            assert_eq!(error.kind(), io::ErrorKind::OutOfMemory, "{error:?}");
            println!("outcome: error: {error}");
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            let text = text.expect("panics carry text");
            let about_memory = ["bytes left for", "no memory left for a task", "no memory for another timer"];
            assert!(about_memory.iter().any(|known| text.contains(known)), "another panic: {text}");
            println!("outcome: panic: {text}");
        }
    }
    sockets::<C>().expect("memory is there again");
    assert_eq!(open::fds(), before, "descriptors");
}

#[test]
fn mio() {
    each_allocation::<preset::Default>("mio");
}

#[test]
fn mio_poll() {
    each_allocation::<Polling>("mio_poll");
}

#[test]
fn blocking() {
    each_allocation::<Threads>("blocking");
}

/// With every allocation refused, tasks of a pool are spawned, run and joined.
#[test]
fn tasks_in_places_ask_for_no_memory() {
    #[bespoke::task(pool = 3)]
    #[bespoke::async_fn]
    async fn adds(a: u64, b: u64) -> u64 {
        bespoke::yield_now().await;
        a + b
    }
    async fn three() {
        let tasks = [(1, 2), (3, 4), (5, 6)].map(|(a, b)| bespoke::spawn_task(adds(a, b)).unwrap());
        assert!(bespoke::spawn_task(adds(7, 8)).is_err());
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        assert_eq!(sum, 21);
    }

    const NAME: &str = "tasks_in_places_ask_for_no_memory";
    if std::env::var(CHILD).is_err() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let child = child.args(["--exact", NAME, "--nocapture", "--test-threads=1"]).env(CHILD, "all");
        let ended = child.output().unwrap();
        let text = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && text.contains("refused, and not asked"), "{}\n{text}", ended.status);
        return;
    }
    Runtime::<preset::Default>::new().unwrap().block_on(async {
        three().await; // the table of tasks and the queue have their sizes
        LEFT.store(0, Ordering::Relaxed);
        FOR_GOOD.store(true, Ordering::Relaxed);
        COUNTS.store(true, Ordering::Relaxed);
        for _ in 0..100 {
            three().await;
        }
        COUNTS.store(false, Ordering::Relaxed);
    });
    println!("refused, and not asked");
}
