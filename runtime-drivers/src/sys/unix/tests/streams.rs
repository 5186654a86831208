use core::net::SocketAddr;
use core::time::Duration;
use std::net::Shutdown;
use std::os::fd::{AsFd as _, AsRawFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};

use bespoke_core::driver::Errno;

use super::super::address::SockAddr;
use super::super::poll::{Interest, poll_ready};
use super::super::transfer::{IoVec, peek, recv as recv_raw, recv_unix, recv_vectored, send_vectored};
use super::super::{fd, options, rights, socket, would_block};
use super::{
    Owned, PATIENCE, accept, code, connect, in_child, is_close_on_exec, is_nonblocking, listener, pair, recv,
    recv_soon, send, v4, v6,
};

#[test]
fn echo() {
    for on in [v4(), v6()] {
        let (client, server) = pair(on);
        let mut bytes = [0; 16];
        for round in 0..100_u8 {
            assert_eq!(send(&client, &[round; 7]), Ok(7));
            assert_eq!(recv_soon(&server, &mut bytes), Ok(7));
            assert_eq!(send(&server, &bytes[..7]), Ok(7));
            assert_eq!(recv_soon(&client, &mut bytes[8..]), Ok(7));
            assert_eq!(bytes[8..15], [round; 7]);
        }
    }
}

#[test]
fn nothing_to_read_would_block() {
    let (client, server) = pair(v4());
    assert!(would_block(recv(&client, &mut [0; 4]).unwrap_err()));
    assert!(!poll_ready(client.0, Interest::Read, Some(Duration::ZERO)).unwrap());
    // The call alone is nonblocking, too, when the descriptor is not.
    fd::set_nonblocking(server.0, false).unwrap();
    assert!(would_block(recv(&server, &mut [0; 4]).unwrap_err()));
    let (listener, _) = listener(v4());
    assert!(would_block(socket::accept(listener.0, true).unwrap_err()));
}

#[test]
fn a_full_socket_takes_a_part_then_would_block() {
    let (client, server) = pair(v4());
    let bytes = [5; 1 << 16];
    let mut sent = 0;
    let mut short = false;
    let last = loop {
        match send(&client, &bytes) {
            Ok(n) => {
                short |= n < bytes.len();
                sent += n;
            }
            Err(e) => break e,
        }
    };
    assert!(would_block(last));
    assert!(short, "no partial write was seen");
    assert!(!poll_ready(client.0, Interest::Write, Some(Duration::ZERO)).unwrap());
    socket::shutdown(client.0, Shutdown::Write).unwrap();
    let mut got = 0;
    let mut room = [0; 1 << 16];
    loop {
        match recv_soon(&server, &mut room).unwrap() {
            0 => break,
            n => got += n,
        }
    }
    assert_eq!(got, sent);
}

#[test]
fn half_close_leaves_the_other_direction() {
    let (client, server) = pair(v4());
    send(&client, b"last").unwrap();
    socket::shutdown(client.0, Shutdown::Write).unwrap();
    let mut bytes = [0; 8];
    assert_eq!(recv_soon(&server, &mut bytes), Ok(4));
    assert_eq!(recv_soon(&server, &mut bytes), Ok(0));
    assert_eq!(send(&server, b"answer"), Ok(6));
    assert_eq!(recv_soon(&client, &mut bytes), Ok(6));
    assert_eq!(code(send(&client, b"no")), libc::EPIPE);
}

#[test]
fn close_is_end_of_stream() {
    let (client, server) = pair(v4());
    drop(client);
    assert_eq!(recv_soon(&server, &mut [0; 8]), Ok(0));
    assert_eq!(recv(&server, &mut [0; 8]), Ok(0));
}

#[test]
fn linger_zero_resets() {
    let (client, server) = pair(v4());
    options::set_linger(client.0, Some(Duration::ZERO)).unwrap();
    drop(client);
    assert_eq!(code(recv_soon(&server, &mut [0; 8])), libc::ECONNRESET);
    assert_eq!(recv(&server, &mut [0; 8]), Ok(0));
}

#[test]
fn a_broken_pipe_does_not_kill() {
    if !in_child("streams::a_broken_pipe_does_not_kill") {
        return;
    }
    // SAFETY: the default action needs no handler. The test runner ignores the signal, which would hide it.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let (client, _server) = pair(v4());
    socket::shutdown(client.0, Shutdown::Write).unwrap();
    assert_eq!(code(send(&client, b"x")), libc::EPIPE);
    let mut byte = 1;
    let one = [IoVec::new(&raw mut byte, 1)];
    // SAFETY: one live byte.
    assert_eq!(code(unsafe { send_vectored(client.0, &one, true) }), libc::EPIPE);
}

#[test]
fn a_refused_connect_tells_once() {
    // Bound and not listening: nobody else gets the port meanwhile.
    let silent = Owned(socket::stream_socket(&v4(), true).unwrap());
    socket::bind(silent.0, &v4().into()).unwrap();
    let address = socket::local_addr(silent.0).unwrap();
    let client = Owned(socket::stream_socket(&address, true).unwrap());
    let refused = match socket::connect_start(client.0, &address.into()) {
        Ok(socket::Connect::InProgress) => {
            assert!(poll_ready(client.0, Interest::Write, PATIENCE).unwrap());
            socket::take_error(client.0).unwrap().unwrap()
        }
        Ok(socket::Connect::Connected) => panic!("connected to nobody"),
        Err(e) => e,
    };
    assert_eq!(refused.code(), libc::ECONNREFUSED);
    assert_eq!(socket::take_error(client.0), Ok(None));
    let blocking = Owned(socket::stream_socket(&address, false).unwrap());
    assert_eq!(code(socket::connect_start(blocking.0, &address.into())), libc::ECONNREFUSED);
}

#[test]
fn peek_leaves_the_bytes() {
    let (client, server) = pair(v4());
    send(&client, b"abc").unwrap();
    assert!(poll_ready(server.0, Interest::Read, PATIENCE).unwrap());
    let mut bytes = [0; 2];
    for _ in 0..2 {
        // SAFETY: a live array, borrowed for writing.
        assert_eq!(unsafe { peek(server.0, bytes.as_mut_ptr(), 2, true) }, Ok(2));
        assert_eq!(bytes, *b"ab");
    }
    let mut all = [0; 8];
    assert_eq!(recv(&server, &mut all), Ok(3));
    // SAFETY: a live array, borrowed for writing.
    assert!(would_block(unsafe { peek(server.0, bytes.as_mut_ptr(), 2, true) }.unwrap_err()));
}

#[test]
fn vectored_keeps_the_order() {
    let (client, server) = pair(v4());
    let (mut a, mut b, mut c) = (*b"one", *b"", *b"three");
    let out = [IoVec::new(a.as_mut_ptr(), 3), IoVec::new(b.as_mut_ptr(), 0), IoVec::new(c.as_mut_ptr(), 5)];
    // SAFETY: three live arrays that nobody writes.
    assert_eq!(unsafe { send_vectored(client.0, &out, true) }, Ok(8));
    assert!(poll_ready(server.0, Interest::Read, PATIENCE).unwrap());
    let (mut d, mut e) = ([0; 5], [0; 5]);
    let into = [IoVec::new(d.as_mut_ptr(), 5), IoVec::new(e.as_mut_ptr(), 5)];
    // SAFETY: two live arrays that nobody else touches.
    assert_eq!(unsafe { recv_vectored(server.0, &into, true) }, Ok(8));
    assert_eq!((&d, &e[..3]), (b"oneth", &b"ree"[..]));
    // SAFETY: two live arrays that nobody else touches.
    assert!(would_block(unsafe { recv_vectored(server.0, &into, true) }.unwrap_err()));
}

#[test]
fn more_stretches_than_one_call_takes() {
    let (client, server) = pair(v4());
    let mut byte = 9;
    let out = [IoVec::new(&raw mut byte, 1); 1500];
    // SAFETY: one live byte, only read.
    assert_eq!(unsafe { send_vectored(client.0, &out, true) }, Ok(1024));
    let mut bytes = [0; 2048];
    assert_eq!(recv_soon(&server, &mut bytes), Ok(1024));
}

#[test]
fn descriptors_are_born_with_their_flags() {
    for nonblocking in [false, true] {
        let (listener, address) = listener(v4());
        let stream = Owned(socket::stream_socket(&address, nonblocking).unwrap());
        assert!(is_close_on_exec(stream.0));
        assert_eq!(is_nonblocking(stream.0), nonblocking);
        let _client = connect(address);
        assert!(poll_ready(listener.0, Interest::Read, PATIENCE).unwrap());
        let (server, _) = socket::accept(listener.0, nonblocking).unwrap();
        let server = Owned(server);
        assert!(is_close_on_exec(server.0));
        assert_eq!(is_nonblocking(server.0), nonblocking);
    }
}

#[test]
fn systems_without_flags_do_the_same() {
    for nonblocking in [false, true] {
        let (listener, address) = listener(v6());
        let client = Owned(socket::socket_then_flags(libc::AF_INET6, libc::SOCK_STREAM, nonblocking).unwrap());
        assert!(is_close_on_exec(client.0));
        assert_eq!(is_nonblocking(client.0), nonblocking);
        assert!(would_block(socket::accept_then_flags(listener.0, nonblocking, SockAddr::to_socket_addr).unwrap_err()));
        let _ = socket::connect_start(client.0, &address.into()).unwrap();
        assert!(poll_ready(listener.0, Interest::Read, PATIENCE).unwrap());
        let (server, from) = socket::accept_then_flags(listener.0, nonblocking, SockAddr::to_socket_addr).unwrap();
        let server = Owned(server);
        assert_eq!(socket::local_addr(client.0), Ok(from));
        assert!(is_close_on_exec(server.0));
        assert_eq!(is_nonblocking(server.0), nonblocking);
    }
}

#[test]
fn an_error_is_ready() {
    let (client, server) = pair(v4());
    options::set_linger(client.0, Some(Duration::ZERO)).unwrap();
    drop(client);
    assert!(poll_ready(server.0, Interest::Read, PATIENCE).unwrap());
    assert!(poll_ready(server.0, Interest::Write, PATIENCE).unwrap());
}

#[test]
fn a_connection_given_up_in_the_queue() {
    // Linux accepts it and tells at the first read; others may say `ECONNABORTED`. Either way the next one is served.
    let (listener, address) = listener(v4());
    let first = connect(address);
    options::set_linger(first.0, Some(Duration::ZERO)).unwrap();
    drop(first);
    assert!(poll_ready(listener.0, Interest::Read, PATIENCE).unwrap());
    match socket::accept(listener.0, true) {
        Ok((stream, _)) => assert_eq!(code(recv_soon(&Owned(stream), &mut [0; 1])), libc::ECONNRESET),
        Err(e) => assert!(socket::connection_lost(e), "{e}"),
    }
    let second = connect(address);
    let server = accept(&listener);
    send(&second, b"x").unwrap();
    assert_eq!(recv_soon(&server, &mut [0; 1]), Ok(1));
}

#[test]
fn a_peer_without_an_internet_address_is_turned_away() {
    // Not even leaked: the peer sees the end of the stream.
    type Accept = fn(i32, bool) -> Result<(i32, SocketAddr), Errno>;
    let ways: [(&str, Accept); 2] = [
        ("flags", socket::accept),
        ("then", |fd, nonblocking| socket::accept_then_flags(fd, nonblocking, SockAddr::to_socket_addr)),
    ];
    for (name, accept) in ways {
        let path = std::env::temp_dir().join(std::format!("bespoke-sys-{name}-{}", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let client = UnixStream::connect(&path);
        std::fs::remove_file(&path).unwrap();
        let client = client.unwrap();
        assert_eq!(code(accept(listener.as_raw_fd(), true)), libc::EAFNOSUPPORT);
        assert!(poll_ready(client.as_raw_fd(), Interest::Read, PATIENCE).unwrap());
        let mut byte = 0;
        // SAFETY: one live byte.
        assert_eq!(unsafe { recv_raw(client.as_raw_fd(), &raw mut byte, 1, true) }, Ok(0));
    }
}

#[test]
fn bind_conflict() {
    let (_listener, address): (_, SocketAddr) = listener(v4());
    let second = Owned(socket::stream_socket(&address, true).unwrap());
    assert_eq!(code(socket::bind(second.0, &address.into())), libc::EADDRINUSE);
}

/// A read that may have ended early says so: behind descriptors, and where credentials are asked for.
#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
fn reads_of_unix_streams_tell_whether_they_ended_early() {
    let (client, server) = std::os::unix::net::UnixStream::pair().unwrap();
    let (from, to) = (client.as_raw_fd(), server.as_raw_fd());
    let mut bytes = [0; 8];
    let mut read = || {
        let into = [IoVec::new(bytes.as_mut_ptr(), 8)];
        // SAFETY: a live array that nobody else touches.
        unsafe { recv_unix(to, &into, true) }
    };
    let send = |bytes: &[u8], descriptors: &[BorrowedFd<'_>]| {
        // SAFETY: live bytes that nobody writes.
        let sent = unsafe { rights::send(from, bytes.as_ptr(), bytes.len(), descriptors, None, true) };
        assert_eq!(sent, Ok(bytes.len()));
    };
    send(b"ab", &[]);
    send(b"c", &[]);
    assert_eq!(read(), Ok((3, false)));
    send(b"ab", &[client.as_fd()]);
    send(b"cd", &[]);
    assert_eq!((read(), read()), (Ok((2, true)), Ok((2, false))));
    let on: libc::c_int = 1;
    let (option, len) = ((&raw const on).cast(), size_of_val(&on) as libc::socklen_t);
    // SAFETY: `option` is a live number of `len` bytes.
    assert_eq!(unsafe { libc::setsockopt(to, libc::SOL_SOCKET, libc::SO_PASSCRED, option, len) }, 0);
    send(b"e", &[]);
    assert_eq!(read(), Ok((1, true)));
    assert!(would_block(read().unwrap_err()));
}
