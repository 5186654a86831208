//! The calls against the system, or what stands for it: loopback sockets, threads that wait.
#![expect(clippy::disallowed_methods, reason = "these tests stand below the Config, and need a second thread")]

mod numbers;
mod option_pairs;
mod streams;

use core::net::SocketAddr;
use core::time::Duration;

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

fn listener(on: SocketAddr, nonblocking: bool) -> (Owned, SocketAddr) {
    let listener = Owned(socket::stream_socket(&on, nonblocking).unwrap());
    socket::bind(listener.0, &on.into()).unwrap();
    socket::listen(listener.0, 16).unwrap();
    let address = socket::local_addr(listener.0).unwrap();
    (listener, address)
}

fn connect(to: SocketAddr, nonblocking: bool) -> Owned {
    let stream = Owned(socket::stream_socket(&to, nonblocking).unwrap());
    if socket::connect_start(stream.0, &SockAddr::from(to)).unwrap() == socket::Connect::InProgress {
        assert!(nonblocking);
        assert!(poll_ready(stream.0, Interest::Write, PATIENCE).unwrap());
        assert_eq!(socket::take_error(stream.0), Ok(None));
    }
    stream
}

/// Two ends of one connection.
fn pair(on: SocketAddr, nonblocking: bool) -> (Owned, Owned) {
    let (listener, address) = listener(on, nonblocking);
    let client = connect(address, nonblocking);
    assert!(poll_ready(listener.0, Interest::Read, PATIENCE).unwrap());
    (client, Owned(socket::accept(listener.0, nonblocking).unwrap().0))
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
