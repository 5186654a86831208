use core::time::Duration;

use windows_sys::Win32::Foundation::ERROR_CALL_NOT_IMPLEMENTED;
use windows_sys::Win32::Networking::WinSock::{WSAEACCES, WSAEADDRINUSE, WSAEINVAL, WSAENOPROTOOPT};

use super::super::options::{self, Keepalive};
use super::super::socket;
use super::{Owned, code, v4, v6};

fn both() -> [Owned; 2] {
    [v4(), v6()].map(|on| Owned(socket::stream_socket(&on, true).unwrap()))
}

#[test]
fn switches() {
    for socket in both() {
        for on in [true, false, true] {
            options::set_nodelay(socket.0, on).unwrap();
            assert_eq!(options::nodelay(socket.0), Ok(on));
        }
    }
}

#[test]
fn linger_rounds_up_to_seconds() {
    for socket in both() {
        assert_eq!(options::linger(socket.0), Ok(None));
        let cases = [(0, 0), (1, 1), (1000, 1), (1001, 2), (30_000, 30), (100_000_000, 65_535)];
        for (set_ms, got_s) in cases {
            options::set_linger(socket.0, Some(Duration::from_millis(set_ms))).unwrap();
            assert_eq!(options::linger(socket.0), Ok(Some(Duration::from_secs(got_s))), "{set_ms} ms");
        }
        options::set_linger(socket.0, None).unwrap();
        assert_eq!(options::linger(socket.0), Ok(None));
    }
}

#[test]
fn keepalive_has_figures_where_the_system_knows_them() {
    for socket in both() {
        assert_eq!(options::keepalive(socket.0), Ok(None));
        options::set_keepalive(socket.0, Some(Keepalive::default())).unwrap();
        assert!(options::keepalive(socket.0).unwrap().is_some());
        let asked =
            Keepalive { idle: Some(Duration::from_secs(77)), interval: Some(Duration::from_secs(11)), count: Some(5) };
        match options::set_keepalive(socket.0, Some(asked)) {
            Ok(()) => assert_eq!(options::keepalive(socket.0), Ok(Some(asked))),
            Err(errno) => {
                assert_eq!(errno.code(), WSAENOPROTOOPT);
                assert_eq!(options::keepalive(socket.0), Ok(Some(Keepalive::default())), "nothing is made up");
            }
        }
        options::set_keepalive(socket.0, None).unwrap();
        assert_eq!(options::keepalive(socket.0), Ok(None));
    }
}

#[test]
fn buffers_and_hops() {
    for socket in both() {
        options::set_recv_buffer(socket.0, 50_000).unwrap();
        assert!(options::recv_buffer(socket.0).unwrap() >= 50_000);
        options::set_send_buffer(socket.0, 60_000).unwrap();
        assert!(options::send_buffer(socket.0).unwrap() >= 60_000);
        // It is bound to no address, so the family is asked otherwise.
        options::set_ttl(socket.0, 42).unwrap();
        assert_eq!(options::ttl(socket.0), Ok(42));
        for beyond in [0, 256, u32::MAX] {
            assert_eq!(code(options::set_ttl(socket.0, beyond)), WSAEINVAL);
        }
    }
}

/// An address is taken by the first listener, whoever may reuse it; and sharing is refused rather than pretended.
#[test]
fn an_address_is_not_taken_from_its_listener() {
    for reuse in [true, false] {
        let first = Owned(socket::stream_socket(&v4(), false).unwrap());
        options::set_reuse_address(first.0, reuse).unwrap();
        socket::bind(first.0, &v4().into()).unwrap();
        socket::listen(first.0, 1).unwrap();
        let taken = socket::local_addr(first.0).unwrap();
        let second = Owned(socket::stream_socket(&taken, false).unwrap());
        options::set_reuse_address(second.0, true).unwrap();
        let refused = code(socket::bind(second.0, &taken.into()).and_then(|()| socket::listen(second.0, 1)));
        assert!([WSAEADDRINUSE, WSAEACCES].contains(&refused), "{refused}");
        options::set_reuse_port(second.0, false).unwrap();
        assert_eq!(code(options::set_reuse_port(second.0, true)), ERROR_CALL_NOT_IMPLEMENTED as i32);
    }
    let [_, v6] = both();
    options::set_only_v6(v6.0, false).unwrap();
    options::set_only_v6(v6.0, true).unwrap();
}
