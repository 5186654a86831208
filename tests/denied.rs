//! What a sandbox denies, and how the drivers go on without it: epoll, `eventfd`, `timerfd`.
//!
//! A test that hangs ends the process with its name. Each test runs on a thread that denies itself the call; a first look shows that it is denied indeed. The suite of the
//! drivers runs in the same way, `BESPOKE_DENY=eventfd2,timerfd_create cargo test --test conformance mio`; `.ci/check.sh fallbacks`.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "the measuring stands outside of any runtime")]

use bespoke::driver::{Mio, PosixPoll};
use bespoke::prelude::*;
use bespoke::preset::Default as Preset;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Config, Runtime};
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;
use std::time::Instant;

#[path = "common/deny.rs"]
mod deny;
#[path = "common/watchdog.rs"]
mod watchdog;

use deny::without;

/// What stands in for a denied call may be a sleep that nobody ends.
const LIMIT: Duration = Duration::from_secs(120);

/// By `poll(2)`.
struct Polling;

#[bespoke::config(base = bespoke::preset::Default, module = polling)]
impl Config for Polling {
    type Driver = Mio<PosixPoll>;
}

const EPOLL: libc::c_long = libc::SYS_epoll_create1;
const EVENTFD: libc::c_long = libc::SYS_eventfd2;
const TIMERFD: libc::c_long = libc::SYS_timerfd_create;

/// Fails unless this thread is denied `call`, which would make a descriptor of no arguments.
fn is_denied(call: libc::c_long, errno: libc::c_int) {
    // SAFETY: takes integers only; a descriptor that is made all the same fails the test.
    let made = unsafe { libc::syscall(call, 0, 0) };
    assert_eq!((made, std::io::Error::last_os_error().raw_os_error()), (-1, Some(errno)));
}

/// What a program asks of a driver: connections, what another thread ends, time.
fn works<C: Config<Driver: Net, Threads: bespoke::clock::StartsThreads>>() {
    let runtime = Runtime::<C>::new().expect("it starts");
    println!("{}", runtime.driver_report());
    runtime.block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let server = C::handle().spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection comes");
            let mut buffer = [0; 4];
            for _ in 0..100 {
                stream.read_exact(&mut buffer).await.expect("it comes");
                stream.write_all(buffer.to_vec()).await.0.expect("open");
            }
        });
        let mut stream = TcpStream::<C>::connect(address).await.expect("somebody listens");
        for number in 0..100_u32 {
            stream.write_all(number.to_le_bytes().to_vec()).await.0.expect("open");
            let mut buffer = [0; 4];
            stream.read_exact(&mut buffer).await.expect("it comes back");
            assert_eq!(u32::from_le_bytes(buffer), number);
        }
        server.await.expect("no panic");
        let worker = std::thread::current().id();
        for _ in 0..100 {
            let woken_by = C::handle().spawn_blocking(|| std::thread::current().id()).await.expect("no panic");
            assert_ne!(woken_by, worker, "another thread wakes the worker, which sleeps");
        }
        for micros in [100, 1_500, 5_000] {
            let (start, wait) = (Instant::now(), Duration::from_micros(micros));
            C::sleep(wait).await;
            assert!(start.elapsed() >= wait, "{wait:?} were over after {:?}", start.elapsed());
        }
    });
}

#[test]
fn without_epoll() {
    let _watched = watchdog::watch("without_epoll", LIMIT);
    for errno in [libc::EPERM, libc::ENOSYS] {
        without(&[(EPOLL, errno)], || {
            is_denied(EPOLL, errno);
            let refused = Runtime::<Preset>::new().expect_err("there is no epoll");
            assert_eq!(refused.code(), Some(errno), "{refused}");
            // A sandbox is not what a program sees of it: the message says what to do.
            assert!(
                refused.to_string().ends_with("or choose `Mio<PosixPoll>`, which needs `poll(2)` only"),
                "{refused}"
            );
            works::<Polling>();
        });
    }
}

#[test]
fn without_eventfd() {
    let _watched = watchdog::watch("without_eventfd", LIMIT);
    for errno in [libc::EPERM, libc::ENOSYS] {
        without(&[(EVENTFD, errno)], || {
            is_denied(EVENTFD, errno);
            works::<Preset>();
            works::<Polling>();
        });
    }
}

#[test]
fn without_timerfd() {
    let _watched = watchdog::watch("without_timerfd", LIMIT);
    without(&[(TIMERFD, libc::EPERM)], || {
        is_denied(TIMERFD, libc::EPERM);
        works::<Preset>();
        works::<Polling>();
    });
}

#[test]
fn without_any_of_them() {
    let _watched = watchdog::watch("without_any_of_them", LIMIT);
    without(&[(EPOLL, libc::EPERM), (EVENTFD, libc::EPERM), (TIMERFD, libc::EPERM)], works::<Polling>);
}

/// Bare "too many open files" says nothing: each error names what was not opened, and keeps kind and code.
fn names_what_it_cannot_open<C: Config<Driver: Net + Unix + Pipes + Process>>() {
    use bespoke::rt::{Command, TcpSocket, UnixDatagram, UnixStream, pipe};
    let runtime = Runtime::<C>::new().expect("it starts");
    let mut child = runtime.block_on(async { Command::<C>::new("true").spawn() }).expect("it is there");
    let calls = [libc::SYS_socket, libc::SYS_socketpair, libc::SYS_pipe2, libc::SYS_pidfd_open];
    deny::deny(&calls.map(|call| (call, libc::EMFILE))).expect("the system lets a thread filter its own calls");
    let said = |error: std::io::Error, what: &str| {
        let told = bespoke::Error::from(&error);
        assert_eq!((told.kind(), told.code()), (bespoke::ErrorKind::TooManyOpenFiles, Some(libc::EMFILE)));
        assert!(error.to_string().starts_with(what), "{error}");
    };
    runtime.block_on(async {
        said(TcpSocket::<C>::new_v4().expect_err("denied"), "cannot make a TCP socket: ");
        said(UnixStream::<C>::pair().expect_err("denied"), "cannot make a pair of Unix sockets: ");
        said(UnixDatagram::<C>::pair().expect_err("denied"), "cannot make a pair of Unix datagram sockets: ");
        said(UnixDatagram::<C>::unbound().expect_err("denied"), "cannot make a Unix datagram socket: ");
        said(pipe::pipe::<C>().expect_err("denied"), "cannot make a pipe: ");
        said(TcpListener::<C>::bind("127.0.0.1:0").await.expect_err("denied"), "cannot listen on 127.0.0.1:0: ");
        let pid = child.id().expect("nobody has waited");
        said(child.wait().await.expect_err("denied"), &format!("cannot wait for child {pid}: "));
    });
}

#[test]
fn what_cannot_be_opened_is_named() {
    let _watched = watchdog::watch("what_cannot_be_opened_is_named", LIMIT);
    without(&[], names_what_it_cannot_open::<Preset>);
    without(&[], names_what_it_cannot_open::<bespoke::preset::Blocking>);
}

/// The system watches only so many descriptors for a user: a connection that is accepted and not watched is closed, and the next one
/// is tried later.
#[test]
fn accept_backs_off_when_nothing_more_is_watched() {
    const ATTEMPTS: u32 = 10;
    let _watched = watchdog::watch("accept_backs_off_when_nothing_more_is_watched", LIMIT);
    without(&[], || {
        let runtime = Runtime::<Preset>::new().expect("it starts");
        runtime.block_on(async {
            let listener = TcpListener::<Preset>::bind("127.0.0.1:0").await.expect("a port is free");
            let path = std::env::temp_dir().join(format!("bespoke-denied-{}", std::process::id()));
            let other = bespoke::rt::UnixListener::<Preset>::bind(&path).expect("a new path");
            // The timer is watched from the first sleep on.
            Preset::sleep(Duration::from_millis(1)).await;
            deny::deny(&[(libc::SYS_epoll_ctl, libc::ENOSPC)]).expect("the system lets a thread filter its own calls");
            let address = listener.local_addr().expect("bound");
            let clients: Vec<_> = (0..ATTEMPTS).map(|_| std::net::TcpStream::connect(address)).collect();
            let others: Vec<_> = (0..ATTEMPTS).map(|_| std::os::unix::net::UnixStream::connect(&path)).collect();
            let told = |error: std::io::Error| {
                assert_eq!(bespoke::Error::from(&error).code(), Some(libc::ENOSPC), "{error}");
                assert!(error.to_string().contains("max_user_watches"), "{error}");
            };
            let start = Instant::now();
            for _ in 0..ATTEMPTS {
                told(listener.accept().await.expect_err("nothing more is watched"));
            }
            let (first, start) = (start.elapsed(), Instant::now());
            for _ in 0..ATTEMPTS {
                told(other.accept().await.expect_err("nothing more is watched"));
            }
            for took in [first, start.elapsed()] {
                assert!(took >= Duration::from_millis(80), "{ATTEMPTS} connections were closed in {took:?}");
            }
            drop((clients, others));
            std::fs::remove_file(path).expect("it is there");
        });
    });
}

/// A child is ended by the descriptor of its process, whether it is being waited for or not, and never by a number.
#[test]
fn children_are_ended_without_their_number() {
    let _watched = watchdog::watch("children_are_ended_without_their_number", LIMIT);
    without(&[(libc::SYS_kill, libc::EPERM)], || {
        use bespoke::rt::Command;
        Runtime::<Preset>::new().expect("it starts").block_on(async {
            let child = || Command::<Preset>::new("sleep").arg("1000").kill_on_drop(true).spawn().expect("it is there");
            let mut asleep = child();
            asleep.kill().await.expect("by its descriptor");
            let mut waited_for = child();
            Preset::timeout(Duration::from_millis(1), waited_for.wait()).await.expect_err("it sleeps");
            waited_for.kill().await.expect("by its descriptor");
            let dropped = child();
            let folder = format!("/proc/{}", dropped.id().expect("it sleeps"));
            drop(dropped);
            while std::path::Path::new(&folder).exists() {
                Preset::sleep(Duration::from_millis(1)).await;
            }
        });
    });
}

/// Counts wake-ups.
struct Wakes(AtomicUsize, Waker);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.wake_by_ref();
    }
}

/// The descriptor of the signals stays ready for ever, and `poll(2)` tells levels. It rests between two tellings.
#[test]
fn signals_by_poll_without_eventfd() {
    let _watched = watchdog::watch("signals_by_poll_without_eventfd", LIMIT);
    use polling::signal::{SignalKind, signal};
    without(&[(EVENTFD, libc::EPERM)], || {
        let runtime = Runtime::<Polling>::new().expect("it starts");
        runtime.block_on(async {
            let mut listener = signal(SignalKind::user_defined1()).expect("a signal that can be caught");
            for _ in 0..20 {
                // SAFETY: its handler is installed.
                assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
                listener.recv().await.expect("open");
            }
            let mut wakes = None;
            let mut waiting = pin!(listener.recv());
            let counted = core::future::poll_fn(|cx| -> Poll<_> {
                let wakes = wakes.get_or_insert_with(|| Arc::new(Wakes(AtomicUsize::new(0), cx.waker().clone())));
                waiting.as_mut().poll(&mut Context::from_waker(&Waker::from(wakes.clone())))
            });
            let start = Instant::now();
            assert!(Polling::timeout(Duration::from_millis(300), counted).await.is_err(), "no signal came");
            let most = usize::try_from(start.elapsed().as_millis() / 25).expect("a short test") + 3;
            let wakes = wakes.expect("it was polled").0.load(Ordering::Relaxed);
            assert!(wakes <= most, "{wakes} wake-ups for nothing new, of at most {most}");
        });
    });
}
