//! The calls against the real kernel: loopback sockets, real signals, and child processes where a test would disturb the
//! others.
#![expect(clippy::disallowed_methods, reason = "these tests stand below the Config, and need a second thread")]

mod addresses;
mod descriptors;
mod files;
mod interrupted;
mod option_pairs;
mod poll_sets;
#[cfg(target_os = "linux")]
mod sending;
mod signals;
mod streams;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod threads;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod timers;
mod wakeups;

use core::net::SocketAddr;
use core::time::Duration;
use std::process::Command;

use bespoke_core::driver::Errno;

use super::address::SockAddr;
use super::poll::{Interest, poll_ready};
use super::{fd, socket, transfer};

/// Long enough for a loaded machine, short enough for a test that hangs.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

/// Closes on drop, and fails the test if that fails.
#[derive(Debug)]
struct Owned(i32);

impl Drop for Owned {
    fn drop(&mut self) {
        let closed = fd::close(self.0);
        if !std::thread::panicking() {
            closed.unwrap();
        }
    }
}

fn v4() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn v6() -> SocketAddr {
    "[::1]:0".parse().unwrap()
}

fn listener(on: SocketAddr) -> (Owned, SocketAddr) {
    let listener = Owned(socket::stream_socket(&on, true).unwrap());
    socket::bind(listener.0, &on.into()).unwrap();
    socket::listen(listener.0, 16).unwrap();
    let address = socket::local_addr(listener.0).unwrap();
    (listener, address)
}

fn connect(to: SocketAddr) -> Owned {
    let stream = Owned(socket::stream_socket(&to, true).unwrap());
    if socket::connect_start(stream.0, &SockAddr::from(to)).unwrap() == socket::Connect::InProgress {
        assert!(poll_ready(stream.0, Interest::Write, PATIENCE).unwrap());
        assert_eq!(socket::take_error(stream.0).unwrap(), None);
    }
    stream
}

fn accept(listener: &Owned) -> Owned {
    assert!(poll_ready(listener.0, Interest::Read, PATIENCE).unwrap());
    Owned(socket::accept(listener.0, true).unwrap().0)
}

/// Two nonblocking ends of one connection.
fn pair(on: SocketAddr) -> (Owned, Owned) {
    let (listener, address) = listener(on);
    let client = connect(address);
    (client, accept(&listener))
}

fn send(stream: &Owned, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: a live, initialised slice that nobody writes.
    unsafe { transfer::send(stream.0, bytes.as_ptr(), bytes.len(), true) }
}

fn recv(stream: &Owned, bytes: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: a live slice, borrowed for writing.
    unsafe { transfer::recv(stream.0, bytes.as_mut_ptr(), bytes.len(), true) }
}

/// Waits for the first thing to read, and reads it.
fn recv_soon(stream: &Owned, bytes: &mut [u8]) -> Result<usize, Errno> {
    assert!(poll_ready(stream.0, Interest::Read, PATIENCE).unwrap());
    recv(stream, bytes)
}

/// The number of the error; fails the test on success.
fn code<T: core::fmt::Debug>(result: Result<T, Errno>) -> i32 {
    result.expect_err("the call should fail").code()
}

fn is_close_on_exec(fd: i32) -> bool {
    // SAFETY: takes integers only.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    assert_ne!(flags, -1);
    flags & libc::FD_CLOEXEC != 0
}

fn is_nonblocking(fd: i32) -> bool {
    // SAFETY: takes integers only.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    assert_ne!(flags, -1);
    flags & libc::O_NONBLOCK != 0
}

/// Runs the test `name` (below `sys::unix::tests`) alone, in a process of its own. The parent gets `false` when the child has
/// passed; the child gets `true` and does the work.
fn in_child(name: &str) -> bool {
    const MARK: &str = "BESPOKE_SYS_TEST_CHILD";
    if std::env::var_os(MARK).is_some_and(|child| child == *name) {
        return true;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &std::format!("sys::unix::tests::{name}"), "--nocapture", "--test-threads=1"])
        .env(MARK, name)
        .output()
        .unwrap();
    let said = std::string::String::from_utf8_lossy(&child.stdout).into_owned();
    let complained = std::string::String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(child.status.success(), "{}: {said}{complained}", child.status);
    // A misspelt name would run nothing and succeed.
    assert!(said.contains("1 passed"), "{said}");
    false
}
