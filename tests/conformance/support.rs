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
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

#[cfg(target_os = "linux")]
#[path = "../common/deny.rs"]
mod deny;
#[path = "../common/descriptors.rs"]
mod open;

pub(crate) use self::open::fds;

/// Descriptors are counted per process, so one case runs at a time.
static ALONE: Mutex<()> = Mutex::new(());
static NAME: Mutex<&str> = Mutex::new("");

/// Runs a case: alone, watched, with its descriptors counted.
pub(crate) fn run(name: &'static str, case: fn()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    *NAME.lock().unwrap_or_else(PoisonError::into_inner) = name;
    let (done, watch) = mpsc::channel::<()>();
    let limit = if deep() { Duration::from_secs(1800) } else { Duration::from_secs(120) };
    let dog = std::thread::spawn(move || {
        if watch.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs: it has not ended after {limit:?}");
            std::process::abort();
        }
    });
    println!("{name}: BESPOKE_SEED={}", seed());
    let before = fds();
    without_what_is_denied(case);
    assert!(eventually(|| fds() == before), "{name} had {before} descriptors before and {} after", fds());
    drop(done);
    dog.join().expect("the watch ends with the case");
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

/// The name of the test that runs now, for one that starts itself again in a process of its own.
#[cfg(unix)]
pub(crate) fn name() -> &'static str {
    *NAME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The long counts?
pub(crate) fn deep() -> bool {
    std::env::var_os("BESPOKE_DEEP").is_some_and(|value| value == "1")
}

/// `short`, or `long` in a deep run.
pub(crate) fn count(short: u64, long: u64) -> u64 {
    if deep() { long } else { short }
}

/// The seed of this run.
pub(crate) fn seed() -> u64 {
    match std::env::var("BESPOKE_SEED") {
        Ok(text) => text.parse().expect("BESPOKE_SEED is a number"),
        Err(_) => 0x5EED_BE5B,
    }
}

/// Random numbers (xorshift64*); the same for the same seed and salt.
pub(crate) struct Random(u64);

impl Random {
    /// From the seed of the run; `salt` keeps the cases apart.
    pub(crate) fn new(salt: u64) -> Self {
        Random(seed().wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt) | 1)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % bound
    }

    /// Once in `times`.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// `len` bytes of the numbered stream, from byte `from` on. Any two stretches of eight bytes differ, so a gap or a
/// repetition shows.
pub(crate) fn bytes(from: u64, len: usize) -> Vec<u8> {
    let words = from / 8..=(from + len as u64) / 8;
    let mut bytes = Vec::with_capacity(len + 16);
    words.for_each(|word| bytes.extend_from_slice(&(word + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()));
    bytes.drain(..from as usize % 8);
    bytes.truncate(len);
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

/// Does `holds` become true within a second?
pub(crate) fn eventually(holds: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
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
    let (theirs, _) = listener.accept().expect("a connection waits");
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

/// The message of the panic that `f` ends with.
pub(crate) fn panic_of(f: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)).expect_err("this panics");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("panics carry text")).to_string(),
    }
}
