use core::net::{SocketAddr, SocketAddrV6};

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE, HANDLE_FLAG_INHERIT};
use windows_sys::Win32::Networking::WinSock::{SOCKET, WSAEAFNOSUPPORT, WSAENOTCONN, WSAENOTSOCK};

use super::super::address::SockAddr;
use super::super::call;
use super::super::{fd, socket};
use super::{Owned, code, connect, listener, v4, v6};

#[test]
fn a_socket_has_a_number_if_32_bits_of_it_signify() {
    for (socket, number) in [
        (0x38, Some(0x38)),
        (0x7fff_fffc, Some(0x7fff_fffc)),
        (0x8000_0000, None), // read back as 0xffff_ffff_8000_0000
        (0x1_0000_0038, None),
        (usize::MAX - 3, Some(-4)),
    ] {
        assert_eq!(call::number(socket as SOCKET), number, "{socket:#x}");
        if let Some(number) = number {
            assert_eq!(call::socket(number), socket as SOCKET, "{socket:#x}");
        }
    }
    // A number that is nobody's is refused by the system, which is asked after the first socket only.
    let _started = listener(v4(), false);
    for nobody in [-4, 0, 0x7fff_fffc] {
        assert_eq!(code(fd::set_nonblocking(nobody, true)), WSAENOTSOCK);
        assert_eq!(code(fd::close(nobody)), WSAENOTSOCK);
    }
    // `INVALID_SOCKET` is the failure that was told last, and not the socket of number -1.
    assert_eq!(code(call::made(usize::MAX as SOCKET)), WSAENOTSOCK);
}

#[test]
fn addresses_round_trip() {
    let addresses: [SocketAddr; 5] = [
        "0.0.0.0:0".parse().unwrap(),
        "127.0.0.1:8080".parse().unwrap(),
        "255.1.2.3:65535".parse().unwrap(),
        "[2001:db8::1:2]:443".parse().unwrap(),
        SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0x000a_bcde, 7).into(),
    ];
    for address in addresses {
        assert_eq!(SockAddr::from(address).to_socket_addr(), Ok(address));
    }
    assert_eq!(code(SockAddr::empty().to_socket_addr()), WSAEAFNOSUPPORT);
    let mut short = SockAddr::from(v6());
    let (_, len) = short.as_raw_mut();
    // SAFETY: `len` points into `short`, which is live and not used in between.
    unsafe { len.write(16) };
    assert_eq!(code(short.to_socket_addr()), WSAEAFNOSUPPORT);
}

#[test]
fn both_ends_agree_on_their_addresses() {
    for on in [v4(), v6()] {
        let (listener, address) = listener(on, false);
        assert_eq!(address.ip(), on.ip());
        let client = connect(address, false);
        let (server, from) = socket::accept(listener.0, false).unwrap();
        let server = Owned(server);
        assert_eq!(socket::local_addr(client.0), Ok(from));
        assert_eq!(socket::peer_addr(server.0), Ok(from));
        assert_eq!(socket::peer_addr(client.0), Ok(address));
        assert_eq!(code(socket::peer_addr(listener.0)), WSAENOTCONN);
    }
}

#[test]
fn no_child_inherits_a_socket() {
    let (listener, address) = listener(v4(), false);
    let client = connect(address, true);
    let server = Owned(socket::accept(listener.0, true).unwrap().0);
    for socket in [&listener, &client, &server] {
        let mut flags = 0;
        // SAFETY: `flags` is live and writable, and of the type that the call fills.
        let got = unsafe { GetHandleInformation(call::socket(socket.0) as HANDLE, &raw mut flags) };
        assert_ne!(got, 0);
        assert_eq!(flags & HANDLE_FLAG_INHERIT, 0);
    }
}
