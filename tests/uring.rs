//! The choice of a driver where io_uring is there, and where it is denied: in children of this process that deny it to
//! themselves. RELIABILITY A21.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "peers and children stand outside of any runtime")]

use bespoke::driver::{Fallback, IoUring, Kernel, Mio, RingOptions, SqPoll};
use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use bespoke::{Config, Runtime};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::process::Command;

#[path = "common/again.rs"]
#[allow(dead_code, reason = "shared by tests, each of which uses a part")]
mod again;
#[path = "common/deny.rs"]
#[allow(dead_code, reason = "shared by tests, each of which uses a part")]
mod deny;
#[path = "uring/memory.rs"]
mod memory;
#[path = "common/ring.rs"]
mod ring;
#[path = "uring/told.rs"]
mod told;

struct Ring;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Ring {
    type Driver = IoUring;
}

struct Either;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Either {
    type Driver = Fallback<IoUring, Mio>;
}

struct Nowhere;

impl RingOptions for Nowhere {
    const KERNEL: Kernel = Kernel::Without;
}

struct Neither;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Neither {
    type Driver = Fallback<IoUring<64, Nowhere>, Fallback<IoUring<8, Nowhere>, IoUring<256, Nowhere>>>;
}

/// Sends and reads back.
fn echo<C: Config<Driver: Net>>(runtime: &Runtime<C>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("bound");
    let peer = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().expect("a connection waits");
        let mut got = [0; 5];
        peer.read_exact(&mut got).expect("sent");
        peer.write_all(&got).expect("open");
    });
    runtime.block_on(async {
        let mut stream = TcpStream::<C>::connect(address).await.expect("it listens");
        stream.write_all("hello").await.0.expect("open");
        let mut got = [0; 5];
        stream.read_exact(&mut got).await.expect("it echoes");
        assert_eq!(&got, b"hello");
    });
    peer.join().expect("it echoed");
}

#[test]
fn the_first_choice_runs_where_the_machine_has_it() {
    if ring::is_denied("the_first_choice_runs_where_the_machine_has_it") {
        return;
    }
    let runtime = Runtime::<Either>::new().expect("it starts");
    let report = runtime.driver_report();
    assert_eq!(report.driver, "io_uring");
    assert!(report.why.contains("first choice"), "{report}");
    echo(&runtime);
}

/// Two workers that take tasks from each other.
struct Thieves;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Thieves {
    type Scheduler = bespoke::scheduler::WorkStealing<2>;
    type Driver = Fallback<IoUring, Mio>;
    const WORKERS_EXACT: bool = true;
}

const NO_RING: [deny::Denied; 1] = [(libc::SYS_io_uring_setup, libc::EPERM)];

/// [`echo`], and a file that is written and read back.
fn echo_and_file(runtime: &Runtime<Thieves>, name: &str) {
    echo(runtime);
    let path = std::env::temp_dir().join(format!("bespoke-{name}-{}", std::process::id()));
    runtime.block_on(async {
        bespoke::rt::fs::write::<Thieves, _>(&path, "tea").await.0.expect("the folder is there");
        let file = bespoke::rt::File::<Thieves>::open(&path).await.expect("it is there");
        assert_eq!(file.metadata().await.expect("open").len(), 3);
        assert_eq!(bespoke::rt::fs::read::<Thieves>(&path).await.expect("it is there"), b"tea");
    });
    std::fs::remove_file(&path).expect("it is there");
}

/// Where it is denied to all threads, the second choice runs on all workers, and for who blocks on the runtime.
#[test]
fn where_it_is_denied_thieves_have_the_second_choice() {
    deny::without(&NO_RING, || {
        let runtime = Runtime::<Thieves>::new().expect("it falls back");
        for report in runtime.driver_reports() {
            assert_eq!(report.driver, "mio", "{report}");
            assert!(report.why.contains("seccomp"), "{report}");
        }
        echo_and_file(&runtime, "denied-to-thieves");
    });
}

/// What is denied to a thread is not denied to the workers: who blocks on the runtime there has epoll, and uses what rings watch.
#[test]
fn a_thread_that_is_denied_rings_uses_what_rings_watch() {
    if ring::is_denied("a_thread_that_is_denied_rings_uses_what_rings_watch") {
        return;
    }
    let runtime = Runtime::<Thieves>::new().expect("it starts");
    assert!(runtime.driver_reports().all(|report| report.driver == "io_uring"));
    deny::without(&NO_RING, || echo_and_file(&runtime, "denied-to-a-thread"));
}

/// The other way round: the workers are denied them, and who blocks on the runtime is not.
#[test]
fn a_thread_with_a_ring_uses_what_workers_without_watch() {
    let runtime = deny::without(&NO_RING, || Runtime::<Thieves>::new().expect("it falls back"));
    assert!(runtime.driver_reports().all(|report| report.driver == "mio"));
    echo_and_file(&runtime, "denied-to-workers");
}

#[test]
fn none_of_several_is_an_error_that_says_why() {
    let error = Runtime::<Neither>::new().map(drop).expect_err("no machine has any of them");
    assert!(error.to_string().contains("seccomp"), "{error}");
}

/// A thread of the kernel's on a processor that no machine has.
struct OnNoProcessor;

impl RingOptions for OnNoProcessor {
    const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1)).on_cpu(1_000_000));
}

struct Threaded;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Threaded {
    type Driver = IoUring<64, OnNoProcessor>;
}

struct ThreadedOrNot;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for ThreadedOrNot {
    type Driver = Fallback<IoUring<64, OnNoProcessor>, Mio>;
}

#[test]
fn a_thread_of_the_kernels_that_is_refused_is_the_cause_that_is_told() {
    if ring::is_denied("a_thread_of_the_kernels_that_is_refused_is_the_cause_that_is_told") {
        return;
    }
    let text = Runtime::<Threaded>::new().map(drop).expect_err("no machine has so many processors").to_string();
    assert!(text.contains("SQ_POLL") && text.contains("processor"), "{text}");
    let runtime = Runtime::<ThreadedOrNot>::new().expect("it falls back");
    let report = runtime.driver_report();
    assert_eq!(report.driver, "mio");
    assert!(report.why.contains("SQ_POLL"), "{report}");
    echo(&runtime);
}

const DENIED: &str = "BESPOKE_TEST_DENIED";

/// No ring is to be had here: who wants one is told why, and who has a second choice goes on with it. `word` is of the cause.
fn is_told(word: &str) {
    let error = Runtime::<Ring>::new().map(drop).expect_err("it is denied");
    let text = error.to_string();
    assert!(text.contains("io_uring") && text.contains(word), "{text}");
    let runtime = Runtime::<Either>::new().expect("it falls back");
    let report = runtime.driver_report();
    assert_eq!(report.driver, "mio");
    assert!(report.why.contains(word), "{report}");
    echo(&runtime);
}

#[test]
fn where_it_is_denied_the_second_choice_runs_and_a_forced_one_names_the_cause() {
    // What denies it already may do so with a code of its own, and before the call that is denied here.
    if std::env::var_os(DENIED).is_none()
        && ring::is_denied("where_it_is_denied_the_second_choice_runs_and_a_forced_one_names_the_cause")
    {
        return;
    }
    let calls = [
        ("set-up", libc::SYS_io_uring_setup),
        ("first call", libc::SYS_io_uring_enter),
        ("registering", libc::SYS_io_uring_register),
    ];
    let codes = [(libc::ENOSYS, "seccomp"), (libc::EPERM, "seccomp"), (libc::ENOMEM, "ulimit -l")];
    if let Ok(case) = std::env::var(DENIED) {
        let case: usize = case.parse().expect("a number");
        let ((_, call), (code, word)) = (calls[case / 3], codes[case % 3]);
        deny::deny(&[(call, code)]).expect("the system lets a thread filter its own calls");
        return is_told(word);
    }
    for case in 0..calls.len() * codes.len() {
        let child = Command::new(std::env::current_exe().expect("it runs"))
            .args([
                "--exact",
                "--nocapture",
                "where_it_is_denied_the_second_choice_runs_and_a_forced_one_names_the_cause",
            ])
            .env(DENIED, case.to_string())
            .output()
            .expect("this program is there");
        let (what, code) = (calls[case / 3].0, codes[case % 3].0);
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{what} denied with {code}: {said}");
        assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"), "the child ran the test");
    }
}

/// What the machine's owner has set: 1 denies it to all but root and a group, 2 to all. Not seen by a test of a machine that has
/// other things to do, and run alone: it gives its process up to nobody.
#[test]
#[ignore = "wants a machine where `kernel.io_uring_disabled` is 1 or 2: `.ci/check.sh qemu` makes one"]
fn where_the_setting_denies_it_the_setting_is_named() {
    let setting = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled").expect("Linux 6.6");
    match setting.trim() {
        "1" => {
            // Root has it still.
            assert_eq!(Runtime::<Either>::new().expect("it starts").driver_report().driver, "io_uring");
            memory::become_nobody();
            is_told("`kernel.io_uring_disabled` is 1; join the group of `kernel.io_uring_group`");
        }
        "2" => is_told("`kernel.io_uring_disabled` is 2; set it to 0"),
        other => panic!("`kernel.io_uring_disabled` is {other}"),
    }
}
