use core::time::Duration;
use std::net::Shutdown;
use std::time::Instant;

use windows_sys::Win32::Foundation::{ERROR_NO_DATA, ERROR_OPERATION_ABORTED};
use windows_sys::Win32::Networking::WinSock::{WSABUF, WSAECONNREFUSED, WSAEWOULDBLOCK};

use super::super::address::SockAddr;
use super::super::poll::{Interest, poll_ready};
use super::super::transfer::{self, IoVec};
use super::super::{fd, out_of_resources, socket, would_block};
use super::{Owned, PATIENCE, code, connect, listener, pair, recv, recv_soon, send, v4, v6};

#[test]
fn bytes_arrive_and_so_does_the_end() {
    for on in [v4(), v6()] {
        for nonblocking in [true, false] {
            let (one, other) = pair(on, nonblocking);
            assert_eq!(send(&one, b"tea"), Ok(3));
            let mut bytes = [0; 8];
            assert_eq!(recv_soon(&other, &mut bytes[..2]), Ok(2));
            // SAFETY: a live array, borrowed for writing.
            let peeked = unsafe { transfer::peek(other.0, bytes.as_mut_ptr(), 8, nonblocking) };
            assert_eq!((peeked, bytes[0]), (Ok(1), b'a'), "what is looked at stays");
            assert_eq!(recv_soon(&other, &mut bytes), Ok(1));
            if nonblocking {
                let nothing = recv(&other, &mut bytes).expect_err("nothing was sent");
                assert!(would_block(nothing) && !out_of_resources(nothing));
            }
            socket::shutdown(one.0, Shutdown::Write).unwrap();
            assert_eq!(code(send(&one, b"late")), ERROR_NO_DATA as i32, "a broken pipe");
            assert_eq!(recv_soon(&other, &mut bytes), Ok(0));
            assert_eq!(recv(&other, &mut bytes), Ok(0), "the end stays");
            socket::shutdown(other.0, Shutdown::Read).unwrap();
            assert_eq!(recv(&other, &mut bytes), Ok(0), "so does that of one's own making");
        }
    }
}

#[test]
fn several_stretches_are_one_row() {
    let (one, other) = pair(v4(), true);
    let (mut a, mut b) = (*b"abc", *b"defg");
    let list = [IoVec::new(a.as_mut_ptr(), 3), IoVec::new(a.as_mut_ptr(), 0), IoVec::new(b.as_mut_ptr(), 4)];
    // SAFETY: both arrays are live and initialised, and nobody writes them meanwhile.
    assert_eq!(unsafe { transfer::send_vectored(one.0, &list, true) }, Ok(7));
    assert!(poll_ready(other.0, Interest::Read, PATIENCE).unwrap());
    let (mut a, mut b) = ([0; 5], [0; 5]);
    let list = [IoVec::new(a.as_mut_ptr(), 5), IoVec::new(b.as_mut_ptr(), 5)];
    // SAFETY: both arrays are live and borrowed by nobody.
    assert_eq!(unsafe { transfer::recv_vectored(other.0, &list, true) }, Ok(7));
    assert_eq!((&a, &b[..2]), (b"abcde", &b"fg"[..]));
    // SAFETY: as above.
    assert_eq!(code(unsafe { transfer::recv_vectored(other.0, &list, true) }), WSAEWOULDBLOCK);
}

/// An `IoSliceMut` of the standard library is what `IoVec` is.
#[test]
fn slices_of_the_library_have_the_layout() {
    let mut bytes = [1, 2, 3];
    let pointer = bytes.as_mut_ptr();
    let slices = [std::io::IoSliceMut::new(&mut bytes)];
    assert_eq!(size_of::<IoVec>(), size_of::<std::io::IoSliceMut<'_>>());
    // SAFETY: what the library promises: it is one; and it is live.
    let slice = unsafe { slices.as_ptr().cast::<WSABUF>().read() };
    assert_eq!((slice.len, slice.buf), (3, pointer));
}

#[test]
fn accept_and_full_sockets_would_block() {
    let (listener, address) = listener(v4(), true);
    assert_eq!(code(socket::accept(listener.0, true)), WSAEWOULDBLOCK);
    assert_eq!(poll_ready(listener.0, Interest::Read, Some(Duration::from_millis(20))), Ok(false));
    let client = connect(address, true);
    assert!(poll_ready(listener.0, Interest::Read, PATIENCE).unwrap());
    // The mode of the accepted socket is the one asked for, not that of the listener.
    let server = Owned(socket::accept(listener.0, false).unwrap().0);
    fd::set_nonblocking(server.0, true).unwrap();
    let chunk = std::vec![7; 1 << 20];
    let mut sent = 0;
    loop {
        match send(&client, &chunk) {
            Ok(n) => sent += n,
            Err(errno) => break assert!(would_block(errno), "{errno:?}"),
        }
        assert!(sent < 1 << 30, "a socket holds everything");
    }
    assert_eq!(poll_ready(client.0, Interest::Write, Some(Duration::ZERO)), Ok(false));
    let mut read = std::vec![0; 1 << 20];
    let mut got = 0;
    while got < sent {
        got += recv_soon(&server, &mut read).unwrap();
    }
    assert!(poll_ready(client.0, Interest::Write, PATIENCE).unwrap());
}

#[test]
fn refused_connections_say_so() {
    let (nobody, address) = listener(v4(), false);
    drop(nobody);
    let blocking = Owned(socket::stream_socket(&address, false).unwrap());
    assert_eq!(code(socket::connect_start(blocking.0, &SockAddr::from(address))), WSAECONNREFUSED);
    let stream = Owned(socket::stream_socket(&address, true).unwrap());
    match socket::connect_start(stream.0, &SockAddr::from(address)) {
        Ok(_) => {
            assert!(poll_ready(stream.0, Interest::Write, PATIENCE).unwrap());
            assert_eq!(socket::take_error(stream.0).unwrap().map(|errno| errno.code()), Some(WSAECONNREFUSED));
        }
        refused => assert_eq!(code(refused), WSAECONNREFUSED),
    }
}

/// What frees the threads of a runtime that closes: one that waits for bytes, one that waits for a connection.
#[test]
fn interrupting_frees_who_waits_and_who_comes_after() {
    let (one, _peer) = pair(v4(), false);
    let (listener, _) = listener(v4(), false);
    std::thread::scope(|scope| {
        let reads = scope.spawn(|| recv(&one, &mut [0; 8]));
        let accepts = scope.spawn(|| socket::accept(listener.0, false));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!reads.is_finished() && !accepts.is_finished());
        let start = Instant::now();
        socket::interrupt(one.0);
        socket::interrupt(listener.0);
        let aborted = ERROR_OPERATION_ABORTED as i32;
        assert!([Ok(0), Err(aborted)].contains(&reads.join().unwrap().map_err(|errno| errno.code())));
        assert_eq!(code(accepts.join().unwrap()), aborted);
        assert!(start.elapsed() < Duration::from_secs(5));
    });
    assert_eq!(recv(&one, &mut [0; 8]), Ok(0));
    assert_eq!(code(socket::accept(listener.0, false)), WSAEWOULDBLOCK);
}
