//! Workers that wake each other by messages to their rings. They are denied the other way, so each wake that is seen was a
//! message; then they are denied messages, and the other way must do.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "children stand outside of any runtime")]

use bespoke::driver::{IoUring, RingOptions};
use bespoke::scheduler::{Cores, PerCore};
use bespoke::{Config, Runtime};
use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::io::Write as _;
use std::process::{Command, exit};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

#[path = "common/deny.rs"]
#[allow(dead_code, reason = "shared by tests, each of which uses a part")]
mod deny;
#[path = "common/ring.rs"]
mod ring;

const ROUNDS: usize = 2_000;

struct HasMessages;

impl RingOptions for HasMessages {
    const WAKES_BY_MESSAGE: bool = true;
}

struct ByMessage;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for ByMessage {
    type Scheduler = PerCore<2>;
    type Driver = IoUring<64, HasMessages>;
    const WORKERS_EXACT: bool = true;
}

struct ByEventfd;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for ByEventfd {
    type Scheduler = PerCore<2>;
    type Driver = IoUring<64>;
    const WORKERS_EXACT: bool = true;
}

/// Whose turn it is, and who waits for theirs.
static TURN: AtomicUsize = AtomicUsize::new(0);
static WAITS: [Mutex<Option<Waker>>; 2] = [const { Mutex::new(None) }; 2];

/// Takes every second turn: each is a wake of the other worker.
async fn play(me: usize) {
    for _ in 0..ROUNDS {
        poll_fn(|cx| {
            // First the waker: who makes it our turn after the look finds it.
            *WAITS[me].lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            if TURN.load(SeqCst) % 2 == me { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        TURN.fetch_add(1, SeqCst);
        let other = WAITS[1 - me].lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(other) = other {
            other.wake();
        }
    }
}

/// A child: ends with 0 if two workers that may not make `call` have played to the end within `limit`, with 2 if not.
fn child<C: Config<Scheduler: Cores>>(call: libc::c_long, limit: Duration) {
    // A shutdown that hangs is to be told, too.
    thread::spawn(move || {
        thread::sleep(limit + Duration::from_secs(30));
        exit(3);
    });
    let runtime = Runtime::<C>::new().expect("it starts");
    let handle = runtime.handle();
    let (tell, told) = mpsc::channel();
    for me in 0..2 {
        let tell = tell.clone();
        drop(handle.spawn_on(me, async move || {
            deny::deny(&[(call, libc::EPERM)]).expect("the system lets a thread filter its own calls");
            play(me).await;
            tell.send(()).expect("the child waits");
        }));
    }
    for _ in 0..2 {
        if told.recv_timeout(limit).is_err() {
            exit(2);
        }
    }
}

const CASE: &str = "BESPOKE_TEST_WAKES";
const NAME: &str = "workers_wake_each_other_by_messages_and_by_the_eventfd_where_a_message_fails";

#[test]
fn workers_wake_each_other_by_messages_and_by_the_eventfd_where_a_message_fails() {
    let long = Duration::from_secs(60);
    match std::env::var(CASE).as_deref() {
        Ok("no eventfd") => return child::<ByMessage>(libc::SYS_write, long),
        Ok("no message") => return child::<ByMessage>(libc::SYS_io_uring_register, long),
        Ok(_) => return child::<ByEventfd>(libc::SYS_write, Duration::from_secs(3)),
        Err(_) => {}
    }
    if ring::is_denied(NAME) {
        return;
    }
    let by = Runtime::<ByMessage>::new().expect("it starts").driver_report().by;
    if !by.ends_with("; woken by messages") {
        // Not `println!`, which the harness keeps to itself.
        writeln!(std::io::stderr(), "skipped {NAME}: {by}").expect("the terminal takes a line");
        return;
    }
    // The last shows that the first would be seen: without the option, and without the eventfd, wakes are lost.
    for (case, code) in [("no eventfd", 0), ("no message", 0), ("neither", 2)] {
        let child = Command::new(std::env::current_exe().expect("it runs"))
            .args(["--exact", "--nocapture", NAME])
            .env(CASE, case)
            .output()
            .expect("this program is there");
        let said = String::from_utf8_lossy(&child.stderr);
        assert_eq!(child.status.code(), Some(code), "{case}: {said}");
    }
}
