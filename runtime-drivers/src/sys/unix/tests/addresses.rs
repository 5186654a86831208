use core::net::{SocketAddr, SocketAddrV6};

use super::super::address::SockAddr;
use super::super::socket;
use super::{code, connect, listener, v4, v6};

#[test]
fn round_trip() {
    let addresses: [SocketAddr; 6] = [
        "0.0.0.0:0".parse().unwrap(),
        "127.0.0.1:8080".parse().unwrap(),
        "255.1.2.3:65535".parse().unwrap(),
        "[::]:1".parse().unwrap(),
        "[2001:db8::1:2]:443".parse().unwrap(),
        SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0x000a_bcde, 7).into(),
    ];
    for address in addresses {
        assert_eq!(SockAddr::from(address).to_socket_addr(), Ok(address));
    }
}

#[test]
fn bytes_are_in_network_order() {
    let raw = SockAddr::from(SocketAddr::from(([1, 2, 3, 4], 0x1234)));
    let (pointer, len) = raw.as_raw();
    assert_eq!(len, 16);
    // SAFETY: `raw` is live and 16 bytes of it are initialised.
    let bytes = unsafe { core::slice::from_raw_parts(pointer.cast::<u8>(), 16) };
    assert_eq!(bytes[2..8], [0x12, 0x34, 1, 2, 3, 4]);
    assert_eq!(bytes[8..], [0; 8]);
}

#[test]
fn other_families_are_refused() {
    assert_eq!(code(SockAddr::empty().to_socket_addr()), libc::EAFNOSUPPORT);
    let mut ends = [-1; 2];
    // SAFETY: `ends` is live and holds two ints.
    assert_eq!(unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr()) }, 0);
    let ends = ends.map(super::Owned);
    assert_eq!(code(socket::peer_addr(ends[0].0)), libc::EAFNOSUPPORT);
}

#[test]
fn a_short_address_is_refused() {
    let mut raw = SockAddr::from(v6());
    let (_, len) = raw.as_raw_mut();
    // SAFETY: `len` points into `raw`, which is live and not used in between.
    unsafe { len.write(16) };
    assert_eq!(code(raw.to_socket_addr()), libc::EAFNOSUPPORT);
}

#[test]
fn both_ends_agree() {
    for on in [v4(), v6()] {
        let (listener, address) = listener(on);
        assert_eq!(address.ip(), on.ip());
        assert_ne!(address.port(), 0);
        let client = connect(address);
        let (server, from) = socket::accept(listener.0, false).unwrap();
        let server = super::Owned(server);
        assert_eq!(socket::local_addr(client.0), Ok(from));
        assert_eq!(socket::peer_addr(server.0), Ok(from));
        assert_eq!(socket::peer_addr(client.0), Ok(address));
        assert_eq!(socket::local_addr(server.0), Ok(address));
        assert_eq!(code(socket::peer_addr(listener.0)), libc::ENOTCONN);
    }
}
