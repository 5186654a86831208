//! How a case is run, and what the cases share.

use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use bespoke::{Config, Runtime};
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::sync::LazyLock;
use std::time::Instant;

#[cfg(target_os = "linux")]
#[path = "../common/deny.rs"]
mod deny;
#[path = "../common/runs.rs"]
#[allow(dead_code, reason = "shared by suites, each of which uses a part")]
mod runs;

#[allow(unused_imports, reason = "for the suites beside this one, each of which uses a part")]
pub(crate) use self::runs::{Random, count, deep, fds, leaves, name, panic_of, seed, skipped};

/// Runs a case: alone, watched, with its descriptors counted.
pub(crate) fn run(name: &'static str, case: fn()) {
    runs::alone(name, || {
        without_what_is_denied(case);
        0
    });
}

/// Runs a case without the system calls that `BESPOKE_DENY` names.
#[cfg(target_os = "linux")]
fn without_what_is_denied(case: fn()) {
    let Ok(names) = std::env::var("BESPOKE_DENY") else { return case() };
    let number = |name: &str| match name {
        "epoll_create1" => libc::SYS_epoll_create1,
        "eventfd2" => libc::SYS_eventfd2,
        "timerfd_create" => libc::SYS_timerfd_create,
        other => panic!("BESPOKE_DENY does not know {other}"),
    };
    let denied: Vec<_> = names.split(',').map(|name| (number(name), libc::EPERM)).collect();
    deny::without(&denied, case);
}

#[cfg(not(target_os = "linux"))]
fn without_what_is_denied(case: fn()) {
    case();
}

/// After so many bytes the numbered stream begins anew: a prime, which nothing loses or repeats by accident.
const PERIOD: usize = 999_983;

/// A period of the numbered stream, made once: unoptimized, the making takes longer than what the cases do with it.
static NUMBERED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let words = (1..=PERIOD as u64).map(|word| word.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    words.flatten().take(PERIOD).collect()
});

/// `len` bytes of the numbered stream, from byte `from` on. Any two stretches of eight bytes of a period differ, so a gap or a
/// repetition shows.
pub(crate) fn bytes(from: u64, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len);
    let mut at = (from % PERIOD as u64) as usize;
    while bytes.len() < len {
        let part = (len - bytes.len()).min(PERIOD - at);
        bytes.extend_from_slice(&NUMBERED[at..at + part]);
        at = 0;
    }
    bytes
}

/// Fails unless `got` is what stands at `at` in the numbered stream.
#[track_caller]
pub(crate) fn assert_numbered(at: u64, got: &[u8]) {
    let wanted = bytes(at, got.len());
    if got != wanted {
        let wrong = got.iter().zip(&wanted).position(|(got, wanted)| got != wanted).unwrap_or_default();
        panic!("byte {} of the stream is lost, repeated or changed", at + wrong as u64);
    }
}

/// Does `holds` become true within twenty seconds?
pub(crate) fn eventually(holds: impl Fn() -> bool) -> bool {
    runs::within(Duration::from_secs(20), holds)
}

/// Closes a runtime in which all that is under way can be ended: it ends before the time that it may take, so it waits in vain for
/// nothing. How long it took.
#[track_caller]
pub(crate) fn closes<C: Config>(runtime: Runtime<C>) -> Duration {
    const LIMIT: Duration = Duration::from_secs(60);
    let start = Instant::now();
    let shutdown = runtime.shutdown_timeout(LIMIT);
    let took = start.elapsed();
    assert!(shutdown.is_clean(), "{shutdown}");
    assert!(took < LIMIT / 2, "closing took {took:?}");
    took
}

/// A runtime.
pub(crate) fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().expect("a runtime starts")
}

/// A listener of `std`, and where it is.
pub(crate) fn std_listener() -> (StdListener, SocketAddr) {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a bound socket has an address");
    (listener, address)
}

/// A stream of the runtime and its peer, a socket of `std`.
pub(crate) async fn pair<C: Config<Driver: Net>>() -> (TcpStream<C>, StdStream) {
    let (listener, address) = std_listener();
    let ours = TcpStream::connect(address).await.expect("a listener is there");
    let here = ours.local_addr().expect("connected");
    let theirs = loop {
        // A connect that was begun elsewhere may come to a port that is this listener's by now.
        let (theirs, from) = listener.accept().expect("a connection waits");
        if from == here {
            break theirs;
        }
    };
    theirs.set_nodelay(true).expect("a connected socket takes options");
    theirs.set_read_timeout(Some(Duration::from_secs(10))).expect("a connected socket takes options");
    (ours, theirs)
}

/// Makes a call of a peer again as long as a signal interrupts it: `std` leaves that to its callers.
pub(crate) fn again<T>(mut call: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Polls `future` at most `polls` times, and calls `between` when it is pending and will be polled again. `None`: it was
/// not ready by then.
pub(crate) async fn at_most<F: Future>(
    mut future: Pin<&mut F>,
    polls: u32,
    mut between: impl FnMut(),
) -> Option<F::Output> {
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => {
                between();
                Poll::Pending
            }
        }
    })
    .await
}

/// Polls `future` once, on whatever thread this is, with a waker that does nothing.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
