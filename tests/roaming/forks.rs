//! Children that are forked while other threads hold the locks of the drivers.

use super::{Stream, Thieves, ends, runtime};
use crate::{COUNTED, LONG, count};
use bespoke::rt::TcpListener;
use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::task::Poll;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Has the child ended?
fn is_over(child: libc::pid_t) -> bool {
    let mut status = 0;
    // SAFETY: a place for the status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
    waited == child
}

/// The child of a fork has ended by itself.
#[track_caller]
fn ends_by_itself(child: libc::pid_t, round: usize) {
    let begin = Instant::now();
    while !is_over(child) {
        if begin.elapsed() > LONG {
            // SAFETY: the child is ours, and not waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("child {round} waits for ever in a drop");
        }
        std::thread::yield_now();
    }
}

/// A child that a worker forks drops writes under way: other workers held the locks of that worker's driver, and are not there.
#[test]
fn a_child_of_a_worker_drops_its_copies_of_operations() {
    let _alone = COUNTED.write().unwrap_or_else(PoisonError::into_inner);
    let runtime = runtime();
    let over = Arc::new(AtomicBool::new(false));
    let forks = runtime.block_on(async {
        let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let mut pairs = Vec::new();
        for _ in 0..20 {
            let one = Stream::connect(address).await.expect("a listener is there");
            pairs.push((one, listener.accept().await.expect("it connects").0));
        }
        let stuck = pairs.split_off(16);
        // They ask for bytes that do not come, of streams that all workers watch.
        for (mut one, other) in pairs {
            let over = over.clone();
            drop(Thieves::spawn(async move {
                let _open = other;
                let mut buffer = [0; 4];
                let mut read = pin!(one.read(&mut buffer));
                while !over.load(SeqCst) {
                    for _ in 0..64 {
                        poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx).is_pending())).await;
                    }
                    Thieves::yield_now().await;
                }
            }));
        }
        let over = over.clone();
        Thieves::spawn(async move {
            let (mut writes, mut peers) = (Vec::new(), Vec::new());
            for (mut one, other) in stuck {
                let mut write = Box::pin(async move { one.write_all(vec![7; 16 << 20]).await.0.is_ok() });
                assert!(poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx).is_pending())).await, "nobody reads");
                writes.push(write);
                peers.push(other);
            }
            for round in 0..count(300, 5_000) {
                // SAFETY: the child drops what is its own, and ends.
                let child = unsafe { libc::fork() };
                assert!(child >= 0, "a process is free");
                if child == 0 {
                    writes.clear();
                    // SAFETY: it ends the child, and nothing of the parent's is run.
                    unsafe { libc::_exit(0) };
                }
                ends_by_itself(child, round);
            }
            over.store(true, SeqCst);
        })
    });
    runtime.block_on(forks).expect("every child ends");
    over.store(true, SeqCst);
    ends(runtime);
}

/// What a child drops asks no lock that a thread may hold which it does not have.
#[test]
fn a_forked_child_drops_its_copies_of_sockets() {
    let _alone = COUNTED.write().unwrap_or_else(PoisonError::into_inner);
    let runtime = runtime();
    let mut idle = runtime.block_on(async {
        let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        for _ in 0..6 {
            let mut one = Stream::connect(address).await.expect("a listener is there");
            let (mut other, _) = listener.accept().await.expect("it connects");
            // Until the runtime ends.
            drop(Thieves::spawn(async move {
                while one.write_all(vec![1]).await.0.is_ok() && one.read(&mut [0; 1]).await.is_ok() {}
            }));
            drop(Thieves::spawn(async move {
                while other.read(&mut [0; 1]).await.is_ok() && other.write_all(vec![1]).await.0.is_ok() {}
            }));
        }
        let mut idle = Vec::new();
        for _ in 0..8 {
            idle.push(TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free"));
        }
        idle
    });
    for round in 0..count(100, 3_000) {
        // SAFETY: the child drops what is its own, and ends.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "a process is free");
        if child == 0 {
            idle.clear();
            // SAFETY: it ends the child, and nothing of the parent's is run.
            unsafe { libc::_exit(0) };
        }
        ends_by_itself(child, round);
    }
    drop(idle);
    ends(runtime);
}
