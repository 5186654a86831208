//! A worker that ends before its runtime, as its driver cannot wait any more.

use super::suite::{Thieves, runtime};
use crate::{COUNTED, LONG};
use bespoke::rt::TcpListener;
use std::os::fd::{AsRawFd as _, RawFd};
use std::sync::PoisonError;
use std::time::Instant;

/// The descriptors that are polls.
fn polls() -> Vec<RawFd> {
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux has it").filter_map(Result::ok);
    let polls = open
        .filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| to.as_os_str() == "anon_inode:[eventpoll]"));
    let mut polls: Vec<RawFd> = polls.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    polls.sort_unstable();
    polls
}

/// Who waits for what it watched hears of it, and all other listeners go on.
#[test]
fn a_worker_that_ends_alone_tells_all_who_wait_for_what_it_watched() {
    // Alone: it breaks a descriptor of its own runtime, and must not meet another's.
    let _alone = COUNTED.write().unwrap_or_else(PoisonError::into_inner);
    let before = polls();
    let runtime = runtime();
    let mine: Vec<RawFd> = polls().into_iter().filter(|fd| !before.contains(fd)).collect();
    let (addresses, tasks) = runtime.block_on(async {
        let (mut addresses, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..16 {
            let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
            addresses.push(listener.local_addr().expect("bound"));
            tasks.push(Thieves::spawn(async move {
                loop {
                    if let Err(error) = listener.accept().await {
                        return error.to_string();
                    }
                }
            }));
        }
        (addresses, tasks)
    });
    // The poll of one worker is something else from now on: its next wait fails.
    let null = std::fs::File::open("/dev/null").expect("it is there");
    // SAFETY: both are open; what the number named is closed, and the worker that has it finds that it cannot wait.
    let put = unsafe { libc::dup2(null.as_raw_fd(), mine[0]) };
    assert_eq!(put, mine[0], "both are open");
    // Connections wake the workers.
    let begin = Instant::now();
    let over = || tasks.iter().filter(|task| task.is_finished()).count();
    while over() == 0 {
        assert!(begin.elapsed() < LONG, "no worker has ended");
        for address in &addresses {
            drop(std::net::TcpStream::connect(address));
        }
    }
    std::thread::sleep(core::time::Duration::from_millis(100));
    // Each listener is either accepted from, or closed and known to be: when the others have run those who are told.
    for (address, task) in addresses.iter().zip(&tasks) {
        while std::net::TcpStream::connect(address).is_err() != task.is_finished() {
            assert!(begin.elapsed() < 2 * LONG, "a task waits for a listener that is closed");
            std::thread::sleep(core::time::Duration::from_millis(1));
        }
    }
    assert!(over() < tasks.len(), "the other workers go on");
    let shutdown = runtime.shutdown_timeout(LONG);
    assert_eq!(shutdown.running_workers, 0, "{shutdown}");
}
