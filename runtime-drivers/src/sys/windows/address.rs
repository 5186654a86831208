//! Internet addresses in the shape that the system reads and writes.

use core::mem::MaybeUninit;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use bespoke_core::driver::Errno;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, SOCKADDR, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_STORAGE, WSAEAFNOSUPPORT,
};

use super::call::errno;

/// A `SOCKADDR_STORAGE` and its length.
///
/// # Invariants
/// 1. All bytes of `storage` are initialised: it starts zeroed, and the system only overwrites.
#[derive(Clone, Copy)]
pub(crate) struct SockAddr {
    storage: Storage,
    len: i32,
}

#[derive(Clone, Copy)]
#[repr(C)]
union Storage {
    any: SOCKADDR_STORAGE,
    v4: SOCKADDR_IN,
    v6: SOCKADDR_IN6,
}

impl SockAddr {
    /// Room for any address, for the system to fill.
    pub(crate) const fn empty() -> Self {
        let storage = MaybeUninit::<Storage>::zeroed();
        // SAFETY: every field of the union is made of integers and arrays of integers, for which zero is a value.
        let storage = unsafe { storage.assume_init() };
        Self { storage, len: STORAGE_LEN }
    }

    /// Where the address lies and how long it is, for a call that reads it: `bind`, `connect`.
    pub(crate) const fn as_raw(&self) -> (*const SOCKADDR, i32) {
        ((&raw const self.storage).cast(), self.len)
    }

    /// Where the system may write an address and its length: `accept`, `getsockname`.
    ///
    /// The length says "all of it" when this returns. Both pointers hold as long as `self` is neither moved nor used.
    pub(crate) const fn as_raw_mut(&mut self) -> (*mut SOCKADDR, *mut i32) {
        self.len = STORAGE_LEN;
        ((&raw mut self.storage).cast(), &raw mut self.len)
    }

    /// The address as an IP address and a port.
    ///
    /// # Errors
    /// `WSAEAFNOSUPPORT` if it is of another family, or too short for its own.
    pub(crate) fn to_socket_addr(self) -> Result<SocketAddr, Errno> {
        // SAFETY: all bytes are initialised (inv. 1) and any bits are a value of an integer field.
        let any = unsafe { self.storage.any };
        match any.ss_family {
            AF_INET if self.len >= V4_LEN => {
                // SAFETY: all bytes are initialised (inv. 1) and any bits are a value of `SOCKADDR_IN`.
                let v4 = unsafe { self.storage.v4 };
                // SAFETY: a union of integers, all of them initialised.
                let ip = Ipv4Addr::from_bits(u32::from_be(unsafe { v4.sin_addr.S_un.S_addr }));
                Ok(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            AF_INET6 if self.len >= V6_LEN => {
                // SAFETY: all bytes are initialised (inv. 1) and any bits are a value of `SOCKADDR_IN6`.
                let v6 = unsafe { self.storage.v6 };
                // SAFETY: a union of integers, all of them initialised.
                let ip = Ipv6Addr::from_octets(unsafe { v6.sin6_addr.u.Byte });
                // SAFETY: as above.
                let scope = unsafe { v6.Anonymous.sin6_scope_id };
                Ok(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), v6.sin6_flowinfo, scope).into())
            }
            _ => Err(errno(WSAEAFNOSUPPORT)),
        }
    }
}

impl From<SocketAddr> for SockAddr {
    /// The flow information is passed on bit by bit, as `std` does.
    fn from(address: SocketAddr) -> Self {
        let mut raw = Self::empty();
        match address {
            SocketAddr::V4(address) => {
                // SAFETY: a copy of the zeroed storage; any bits are a value of `SOCKADDR_IN`.
                let mut v4 = unsafe { raw.storage.v4 };
                v4.sin_family = AF_INET;
                v4.sin_port = address.port().to_be();
                v4.sin_addr.S_un.S_addr = address.ip().to_bits().to_be();
                raw.storage.v4 = v4;
                raw.len = V4_LEN;
            }
            SocketAddr::V6(address) => {
                // SAFETY: a copy of the zeroed storage; any bits are a value of `SOCKADDR_IN6`.
                let mut v6 = unsafe { raw.storage.v6 };
                v6.sin6_family = AF_INET6;
                v6.sin6_port = address.port().to_be();
                v6.sin6_flowinfo = address.flowinfo();
                v6.sin6_addr.u.Byte = address.ip().octets();
                v6.Anonymous.sin6_scope_id = address.scope_id();
                raw.storage.v6 = v6;
                raw.len = V6_LEN;
            }
        }
        raw
    }
}

/// The family of an address, as `WSASocketW` takes it.
pub(super) const fn domain(address: &SocketAddr) -> i32 {
    (match address {
        SocketAddr::V4(_) => AF_INET,
        SocketAddr::V6(_) => AF_INET6,
    }) as i32
}

const STORAGE_LEN: i32 = size_of::<Storage>() as i32;
const V4_LEN: i32 = size_of::<SOCKADDR_IN>() as i32;
const V6_LEN: i32 = size_of::<SOCKADDR_IN6>() as i32;
