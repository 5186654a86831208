//! Children that are forked while other threads hold the locks of the drivers.

use super::{COUNTED, LONG, Stream, Thieves, ends, runtime};
use bespoke::rt::TcpListener;
use std::sync::PoisonError;
use std::time::Instant;

/// Has the child ended?
fn is_over(child: libc::pid_t) -> bool {
    let mut status = 0;
    // SAFETY: a place for the status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
    waited == child
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
    for round in 0..super::count(100, 3_000) {
        // SAFETY: the child drops what is its own, and ends.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "a process is free");
        if child == 0 {
            idle.clear();
            // SAFETY: it ends the child, and nothing of the parent's is run.
            unsafe { libc::_exit(0) };
        }
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
    drop(idle);
    ends(runtime);
}
