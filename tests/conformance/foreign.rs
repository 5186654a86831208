//! Descriptors of which the driver knows nothing but when they are ready.

use crate::support::{again, assert_numbered, bytes, count, poll_once, runtime};
use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::prelude::*;
use bespoke::rt::AsyncFd;
use bespoke::rt::SharingOf;
use bespoke::scheduler::Sharing;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;
use std::time::Instant;

/// Both ends of a pipe; those who wait for one make it nonblocking.
fn pipe() -> (PipeReader, PipeWriter) {
    std::io::pipe().expect("descriptors are free")
}

fn nonblocking(fd: &impl AsFd) {
    // SAFETY: takes integers only, and the descriptor is open.
    let set = unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
}

/// Is it ready within `limit`?
async fn ready_within<C: Config<Driver: Foreign>, T: AsFd>(fd: &AsyncFd<C, T>, limit: Duration) -> bool {
    C::timeout(limit, fd.readable()).await.is_ok_and(|guard| guard.is_ok())
}

pub(crate) fn fd_stays_ready_until_a_call_would_block<C: Config<Driver: Foreign>>() {
    let (soon, long) = (Duration::from_millis(50), Duration::from_secs(10));
    runtime::<C>().block_on(async {
        let (ours, mut theirs) = StdStream::pair().expect("descriptors are free");
        ours.set_nonblocking(true).expect("open");
        let ours = AsyncFd::<C, _>::new(ours).expect("it can be waited for");
        let mut got = [0; 64];
        let mut read = |of: &StdStream| again(|| (&*of).read(&mut got));
        // Whatever it says at first, a call finds out.
        if let Ok(Ok(mut guard)) = C::timeout(soon, ours.readable()).await {
            guard.try_io(&mut read).expect_err("nothing has come");
        }
        assert!(!ready_within(&ours, soon).await, "nothing has come");
        for _ in 0..3 {
            theirs.write_all(b"ab").expect("open");
            assert!(ready_within(&ours, long).await);
            assert!(ready_within(&ours, long).await, "nobody has read: it is ready still");
            let mut guard = ours.readable().await.expect("open");
            assert_eq!(guard.try_io(&mut read).expect("it is there").expect("open"), 2);
            guard.try_io(&mut read).expect_err("there is no more");
            drop(guard);
            assert!(!ready_within(&ours, soon).await, "there is no more");
        }
        drop(theirs);
        let mut guard = ours.readable().await.expect("the end is told, too");
        assert_eq!(guard.try_io(&mut read).expect("the end").expect("the end"), 0);
        let mut writable = ours.writable().await.expect("open");
        let error =
            writable.try_io(|mut of| again(|| of.write(b"x"))).expect("an error is no wait").expect_err("nobody reads");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(ours.into_inner().peer_addr().is_ok() || cfg!(not(target_os = "linux")), "it is the owner's again");
    });
}

/// More bytes than a pipe holds: the writer waits for room, the reader for bytes.
pub(crate) fn fd_pipe_in_both_directions<C: Config<Driver: Foreign>>() {
    let total = count(1 << 20, 1 << 26);
    let (read, write) = pipe();
    nonblocking(&read);
    nonblocking(&write);
    runtime::<C>().block_on(async {
        let full = Arc::new(AtomicBool::new(false));
        let filled = full.clone();
        let writer = C::spawn(async move {
            let write = AsyncFd::<C, _>::new(write).expect("it can be waited for");
            let (mut sent, mut waits) = (0, 0);
            while sent < total {
                let part = bytes(sent, (total - sent).min(10_000) as usize);
                match write.writable().await.expect("open").try_io(|mut pipe| again(|| pipe.write(&part))) {
                    Ok(n) => sent += n.expect("open") as u64,
                    Err(_) => {
                        waits += 1;
                        filled.store(true, Ordering::Relaxed);
                    }
                }
            }
            waits
        });
        let reader = C::spawn(async move {
            let read = AsyncFd::<C, _>::new(read).expect("it can be waited for");
            let (mut got, mut buffer) = (0, vec![0; 3_000]);
            // A reader that keeps up would never let the writer wait.
            while !full.load(Ordering::Relaxed) {
                C::sleep(Duration::from_millis(1)).await;
            }
            loop {
                match read.readable().await.expect("open").try_io(|mut pipe| again(|| pipe.read(&mut buffer))) {
                    Ok(Ok(0)) => return got,
                    Ok(n) => {
                        let n = n.expect("open");
                        assert_numbered(got, &buffer[..n]);
                        got += n as u64;
                    }
                    Err(_) => {}
                }
            }
        });
        let waits = writer.await.expect("no panic");
        assert_eq!(reader.await.expect("no panic"), total);
        assert!(waits > 0, "the pipe was never full, so this showed nothing");
    });
}

/// Several tasks wait for one descriptor: each is woken, and those that come too late wait on.
pub(crate) fn fd_many_tasks_wait<C: Config<Driver: Foreign>>() {
    const TASKS: u8 = 6;
    let (read, mut write) = pipe();
    nonblocking(&read);
    runtime::<C>().block_on(async {
        let read = Arc::new(AsyncFd::<C, _>::new(read).expect("it can be waited for"));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let read = read.clone();
                C::spawn(async move {
                    let mut byte = [0];
                    loop {
                        let mut guard = read.readable().await.expect("open");
                        if let Ok(n) = guard.try_io(|mut pipe| again(|| pipe.read(&mut byte))) {
                            assert_eq!(n.expect("open"), 1);
                            return byte[0];
                        }
                    }
                })
            })
            .collect();
        C::sleep(Duration::from_millis(5)).await; // all of them wait
        for number in 0..TASKS {
            write.write_all(&[number]).expect("open");
            if number % 2 == 0 {
                C::sleep(Duration::from_millis(1)).await;
            }
        }
        let mut numbers = Vec::new();
        for task in tasks {
            numbers.push(C::timeout(Duration::from_secs(10), task).await.expect("each is woken").expect("no panic"));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..TASKS).collect::<Vec<_>>());
    });
}

/// The system does not tell when a file on disk is ready.
pub(crate) fn fd_of_a_file<C: Config<Driver: Foreign>>() {
    runtime::<C>().block_on(async {
        let file = std::fs::File::open(std::env::current_exe().expect("it runs")).expect("it is there");
        let made = AsyncFd::<C, _>::new(file);
        if <C::Driver as Driver>::STATELESS {
            drop(made.expect("always ready").readable().await.expect("open"));
        } else if cfg!(target_os = "linux") {
            let error = made.expect_err("not of files");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            assert!(error.to_string().contains("`fs::File`"), "{error}");
        }
    });
}

pub(crate) fn fd_outlives_its_runtime<C: Config<Driver: Foreign>>() {
    let (read, mut write) = pipe();
    nonblocking(&read);
    let runtime = runtime::<C>();
    let read = runtime.block_on(async { AsyncFd::<C, _>::new(read).expect("it can be waited for") });
    drop(runtime);
    write.write_all(b"x").expect("its own descriptor is open still");
    let later = crate::support::runtime::<C>();
    if !<C::Driver as Driver>::STATELESS {
        let error = later.block_on(async { read.readable().await.map(drop) }).expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
    let mut got = [0; 8];
    let read = std::thread::spawn(move || read.into_inner()).join().expect("it only moves");
    assert_eq!(again(|| (&read).read(&mut got)).expect("it is the owner's"), 1);
}

/// A task has looked, and says late what it saw; meanwhile an edge was told to one that is gone.
pub(crate) fn fd_a_late_clear_loses_no_edge<C: Config<Driver: Foreign>>() {
    runtime::<C>().block_on(async {
        let (ours, mut theirs) = StdStream::pair().expect("descriptors are free");
        ours.set_nonblocking(true).expect("open");
        let ours = AsyncFd::<C, _>::new(ours).expect("it can be waited for");
        let long = Duration::from_secs(10);
        theirs.write_all(b"a").expect("open");
        let mut late = ours.readable().await.expect("open");
        let read = || again(|| late.get_ref().read(&mut [0; 8]));
        assert_eq!(read().expect("it is there"), 1);
        read().expect_err("there is no more");
        // Another one has seen the same, and said so; then there is more, of which a third is told.
        ours.readable().await.expect("open").clear_ready();
        theirs.write_all(b"b").expect("open");
        drop(C::timeout(long, ours.readable()).await.expect("it is there").expect("open"));
        late.clear_ready();
        assert!(ready_within(&ours, long).await, "a byte is there");
    });
}

/// What is new is told at once, also when it comes soon after a call that would have blocked, before the worker looks.
pub(crate) fn fd_what_is_new_is_told_at_once<C: Config<Driver: Foreign>>() {
    const ROUNDS: usize = 20;
    runtime::<C>().block_on(async {
        let (ours, mut theirs) = StdStream::pair().expect("descriptors are free");
        ours.set_nonblocking(true).expect("open");
        let ours = AsyncFd::<C, _>::new(ours).expect("it can be waited for");
        let read = |of: &StdStream| again(|| (&*of).read(&mut [0; 8]));
        let mut at_once = 0;
        theirs.write_all(b"a").expect("open");
        // What waits for a look is late in each round; a busy machine in some, or in all for a while: then once more.
        for round in 0..10 * ROUNDS {
            if round % ROUNDS == 0 {
                if at_once > ROUNDS / 2 {
                    break;
                }
                at_once = 0;
            }
            let next = loop {
                while ours.readable().await.expect("open").try_io(read).is_ok() {}
                let mut next = Box::pin(ours.readable());
                if poll_once(next.as_mut()).is_pending() {
                    break next;
                }
                // Another worker may tell late of what has been read since.
                assert!(<SharingOf<C> as Sharing>::MOVING, "nothing has come");
            };
            theirs.write_all(b"a").expect("open");
            let begin = Instant::now();
            drop(next.await.expect("open"));
            at_once += usize::from(begin.elapsed() < Duration::from_millis(10));
        }
        assert!(at_once > ROUNDS / 2, "{at_once} of {ROUNDS}");
    });
}
