//! A runtime that closes with operations under way, and files that outlive it. RELIABILITY A7.

use crate::support::{
    CANARY, Canary, Random, both_ends, closes, count, eventually, fds, fifo, file_of, in_the_system, now, poll_once,
    runtime, touched,
};
use bespoke::Config;
use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::{File, fs};
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Instant;

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

fn says_closed(error: &std::io::Error) {
    assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    assert!(error.to_string().contains("the runtime that owned this is closed"), "{error}");
}

/// Is it done, or refused because the runtime is closed?
fn done_or_closed<T>(result: std::io::Result<T>) {
    if let Err(error) = result {
        assert!(error.to_string().contains("the runtime that owned this is closed"), "{error}");
    }
}

/// An operation of every kind, as a future that owns what it is about.
fn operation<C: Config<Driver: Fs>>(kind: u64, path: &Path) -> Held {
    let path = path.to_path_buf();
    let open = async |path| File::<C>::options().read(true).write(true).open(path).await;
    match kind {
        0 => Box::pin(async move { done_or_closed(open(path).await) }),
        1 => Box::pin(async move { done_or_closed(fs::read::<C>(path).await) }),
        2 => Box::pin(async move { done_or_closed(fs::metadata::<C>(path).await) }),
        3 => Box::pin(async move {
            if let Ok(file) = open(path).await {
                done_or_closed(file.read_at(Canary::new(&[0; 4096]), 0).await.0);
            }
        }),
        4 => Box::pin(async move {
            if let Ok(file) = open(path).await {
                done_or_closed(file.write_all_at(Canary::new(&[9; 4096]), 0).await.0);
            }
        }),
        5 => Box::pin(async move {
            if let Ok(file) = open(path).await {
                done_or_closed(file.sync_all().await);
                done_or_closed(file.set_len(8192).await);
            }
        }),
        _ => Box::pin(async move { done_or_closed(fs::read_dir::<C>(path.parent().expect("a folder")).await) }),
    }
}

pub(crate) fn operations_under_way<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    std::fs::write(&path, vec![7; 8192]).expect("new");
    let mut random = Random::new(8);
    let mut slowest = Duration::ZERO;
    let rounds = count(100, 10_000);
    for _ in 0..rounds {
        let before = fds();
        let runtime = runtime::<C>();
        let (mut held, mut tasks) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            for _ in 0..random.below(24) {
                let mut future = operation::<C>(random.below(7), &path);
                if random.once_in(2) {
                    for _ in 0..=random.below(3) {
                        if touched(future.as_mut()).await.is_ready() {
                            break;
                        }
                        C::yield_now().await;
                    }
                    held.push(future);
                } else {
                    tasks.push(C::spawn(future));
                }
            }
            for _ in 0..random.below(4) {
                C::yield_now().await;
            }
        });
        slowest = slowest.max(closes(runtime));
        // All calls ended in time: nothing is left but the futures.
        let freed = Canary::freed();
        drop((held, tasks));
        assert!(Canary::freed() >= freed);
        assert!(eventually(|| fds() == before));
    }
    Canary::check();
    assert!(!std::fs::read(&path).expect("there").contains(&CANARY), "freed memory was written to the file");
    println!("{rounds} runtimes closed, the slowest took {slowest:?}");
}

/// A call that the system does not end is not waited for, and what it uses stays: with the future while that lives, else
/// with the call.
#[expect(clippy::async_yields_async, reason = "a future leaves its runtime on purpose")]
#[allow(dead_code, reason = "for drivers that have files on the pool, which not every program has")]
pub(crate) fn kept_futures_wait_for_their_call<C: Config<Driver: Fs>>(folder: &Path) {
    let path = fifo(&folder.join("pipe"));
    let mut theirs = both_ends(&path);
    let before = fds();
    let runtime = runtime::<C>();
    let reading = |file: File<C>, to: Canary| {
        let mut file = file;
        async move { file.read(to).await }
    };
    let open = async || File::<C>::options().read(true).write(true).open(&path).await.expect("there");
    let freed = Canary::freed();
    let mut kept = runtime.block_on(async {
        let mut kept = Box::pin(reading(open().await, Canary::new(&[0; 3])));
        in_the_system::<C, _>(kept.as_mut()).await;
        kept
    });
    let start = Instant::now();
    let _left = runtime.shutdown_timeout(Duration::from_millis(50));
    assert!(start.elapsed() < Duration::from_secs(20), "the call is not waited for");

    let polled = poll_once(kept.as_mut());
    assert!(polled.is_pending(), "the system may still write to the buffer, and the future gives it back: {polled:?}");
    // The pipe's, and that by which the worker is woken, which the future and the blocking thread hold.
    assert_eq!((Canary::freed(), fds()), (freed, before + 2));
    theirs.write_all(b"tea").expect("open");
    let mut ended = None;
    let start = Instant::now();
    while ended.is_none() && start.elapsed() < Duration::from_secs(10) {
        if let Poll::Ready((read, buffer)) = poll_once(kept.as_mut()) {
            assert_eq!(read.expect("it came to its end"), 3);
            assert_eq!(buffer.as_bytes(), b"tea");
            ended = Some(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    ended.expect("the future is ready when the call is over");
    drop(kept);
    assert!(eventually(|| fds() == before));

    // The same, dropped while the call runs, on another thread than the worker's.
    let runtime = crate::support::runtime::<C>();
    let kept = runtime.block_on(async {
        let mut kept = Box::pin(reading(open().await, Canary::new(&[0; 3])));
        in_the_system::<C, _>(kept.as_mut()).await;
        kept
    });
    let _left = runtime.shutdown_timeout(Duration::ZERO);
    let freed = Canary::freed();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(kept));
    });
    assert_eq!((Canary::freed(), fds()), (freed, before + 2), "the call holds the buffer and the descriptor");
    theirs.write_all(b"tea").expect("open");
    assert!(eventually(|| Canary::freed() == freed + 1 && fds() == before));
    Canary::check();
}

/// What a ring has is cancelled when its runtime closes: its futures are over, and give their buffers back as they were.
pub(crate) fn kept_futures_end_with_their_ring<C: Config<Driver: Fs>>(folder: &Path) {
    let path = fifo(&folder.join("pipe"));
    let mut theirs = both_ends(&path);
    let (plain, lonely) = (folder.join("file"), fifo(&folder.join("lonely")));
    std::fs::write(&plain, "0123").expect("new");
    let before = fds();
    let runtime = runtime::<C>();
    let open = async |path: &Path| File::<C>::options().read(true).write(true).open(path).await.expect("there");
    let freed = Canary::freed();
    let (mut waits, mut opens, mut alone) = runtime.block_on(async {
        let mut file = open(&path).await;
        let mut waits = Box::pin(async move { file.read(Canary::new(&[5; 3])).await });
        in_the_system::<C, _>(waits.as_mut()).await;
        // Nobody writes to it, and so it is not open yet.
        let mut alone = Box::pin(File::<C>::open(&lonely));
        in_the_system::<C, _>(alone.as_mut()).await;
        // Opened when the runtime closes, and nobody knows.
        let mut opens = Box::pin(File::<C>::open(&plain));
        assert!(touched(opens.as_mut()).await.is_pending());
        C::sleep(Duration::from_millis(20)).await;
        (waits, opens, alone)
    });
    // Both that wait are cancelled.
    closes(runtime);
    theirs.write_all(b"tea").expect("open");
    let Poll::Ready((read, buffer)) = poll_once(waits.as_mut()) else { panic!("the kernel is done with it") };
    says_closed(&read.expect_err("cancelled"));
    assert_eq!(buffer.as_bytes(), [5; 3], "as it was");
    for open in [&mut opens, &mut alone] {
        let Poll::Ready(opened) = poll_once(open.as_mut()) else { panic!("the kernel is done with it") };
        says_closed(&opened.expect_err("nobody could use it"));
    }
    drop((waits, opens, alone, buffer));
    assert_eq!((Canary::freed(), fds()), (freed + 1, before));
    Canary::check();
}

pub(crate) fn files_outlive_their_runtime<C: Config<Driver: Fs>>(folder: &Path) {
    let runtime = runtime::<C>();
    let mut file = runtime.block_on(file_of::<C>(&folder.join("file"), b"0123456789"));
    drop(runtime);
    says_closed(&file.try_clone().expect_err("closed"));
    if <C::Driver as bespoke::driver::Driver>::STATELESS {
        // Nothing of the driver's closes with the runtime: the call is made, and does what it does.
        assert_eq!(now(file.read_at(vec![0; 4], 0)).1, b"0123");
        return;
    }
    let (read, buffer) = now(file.read_at(vec![5; 4], 0));
    says_closed(&read.expect_err("closed"));
    assert_eq!(buffer, [5; 4], "the buffer comes back as it was");
    let (written, buffer) = now(file.write_all("tea"));
    says_closed(&written.expect_err("closed"));
    assert_eq!(buffer, "tea");
    says_closed(&now(file.read_vectored([vec![0; 4]])).0.expect_err("closed"));
    says_closed(&now(file.metadata()).expect_err("closed"));
    says_closed(&now(file.sync_all()).expect_err("closed"));
    says_closed(&now(file.set_len(0)).expect_err("closed"));
    says_closed(&now(file.read_to_end()).expect_err("closed"));
    assert_eq!(std::fs::read(folder.join("file")).expect("there"), b"0123456789");
}
