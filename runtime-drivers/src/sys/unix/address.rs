//! Addresses in the shape that the kernel reads and writes.

use core::mem::MaybeUninit;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use std::ffi::OsStr;
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt as _;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::SocketAddr as UnixAddr;

use bespoke_core::driver::Errno;

use super::call::errno;

/// A `sockaddr_storage` and its length. `sockaddr(3type)`.
///
/// # Invariants
/// 1. All bytes of `storage` are initialised: it starts zeroed, and the kernel only overwrites.
/// 2. After a call that fills it, `len` is what the kernel reported, which may be *more* than `storage` holds.
#[derive(Clone, Copy)]
pub(crate) struct SockAddr {
    storage: Storage,
    len: libc::socklen_t,
}

#[derive(Clone, Copy)]
#[repr(C)]
union Storage {
    any: libc::sockaddr_storage,
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
    unix: libc::sockaddr_un,
}

impl SockAddr {
    /// Room for any address, for the kernel to fill.
    pub(crate) const fn empty() -> Self {
        let storage = MaybeUninit::<Storage>::zeroed();
        // SAFETY: every field of the union is made of integers and arrays of integers, for which zero is a value.
        let storage = unsafe { storage.assume_init() };
        Self { storage, len: STORAGE_LEN }
    }

    /// Where the address lies and how long it is, for a call that reads it: `bind`, `connect`, `sendto`.
    pub(crate) const fn as_raw(&self) -> (*const libc::sockaddr, libc::socklen_t) {
        ((&raw const self.storage).cast(), self.len)
    }

    /// Where the kernel may write an address and its length: `accept`, `getsockname`, `recvfrom`.
    ///
    /// The length says "all of it" when this returns. Both pointers hold as long as `self` is neither moved nor used.
    pub(crate) const fn as_raw_mut(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        self.len = STORAGE_LEN;
        ((&raw mut self.storage).cast(), &raw mut self.len)
    }

    /// How long the address is that the kernel wrote, where it says so elsewhere: `recvmsg`.
    pub(crate) const fn set_len(&mut self, len: libc::socklen_t) {
        self.len = len;
    }

    /// `AF_INET`, `AF_INET6`, …; `AF_UNSPEC` (0) if nothing was written.
    pub(crate) const fn family(&self) -> libc::c_int {
        // SAFETY: all bytes are initialised (inv. 1) and any bits are a value of an integer field.
        let any = unsafe { self.storage.any };
        any.ss_family as libc::c_int
    }

    /// The address as an IP address and a port.
    ///
    /// # Errors
    /// `EAFNOSUPPORT` if it is of another family, or too short for its own: so is a peer of a Unix socket, and on Apple
    /// systems a peer that is already gone.
    pub(crate) fn to_socket_addr(self) -> Result<SocketAddr, Errno> {
        match self.family() {
            libc::AF_INET if self.len >= V4_LEN => {
                // SAFETY: all bytes are initialised (inv. 1) and any bits are a value of `sockaddr_in`.
                let v4 = unsafe { self.storage.v4 };
                let ip = Ipv4Addr::from_bits(u32::from_be(v4.sin_addr.s_addr));
                Ok(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            libc::AF_INET6 if self.len >= V6_LEN => {
                // SAFETY: all bytes are initialised (inv. 1) and any bits are a value of `sockaddr_in6`.
                let v6 = unsafe { self.storage.v6 };
                let ip = Ipv6Addr::from_octets(v6.sin6_addr.s6_addr);
                let port = u16::from_be(v6.sin6_port);
                Ok(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id).into())
            }
            _ => Err(errno(libc::EAFNOSUPPORT)),
        }
    }
}

impl SockAddr {
    /// The address as one of a Unix socket. `unix(7)`.
    ///
    /// # Errors
    /// `EAFNOSUPPORT` if it is of another family; `EINVAL` if it is a path that `std` does not hold.
    pub(crate) fn to_unix_addr(self) -> Result<UnixAddr, Errno> {
        // A socket without a name has no more than its family, or, on the BSDs, not even that.
        if self.len as usize > PATH_AT && self.family() != libc::AF_UNIX {
            return Err(errno(libc::EAFNOSUPPORT));
        }
        // SAFETY: all bytes are initialised (inv. 1) and any bits are a value of `sockaddr_un`.
        let raw = unsafe { self.storage.unix };
        let path = raw.sun_path.map(|byte| byte as u8);
        let path = &path[..(self.len as usize).saturating_sub(PATH_AT).min(path.len())];
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let [0, name @ ..] = path {
            return UnixAddr::from_abstract_name(name).map_err(|_| UNNAMEABLE);
        }
        let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
        UnixAddr::from_pathname(OsStr::from_bytes(&path[..end])).map_err(|_| UNNAMEABLE)
    }
}

impl SockAddr {
    /// As [`to_unix_addr`](Self::to_unix_addr), of a peer that something came from: what came is not lost because of
    /// the peer's name. One that `std` does not hold is told as none: on Linux a path may fill its 108 bytes without a zero
    /// behind it.
    ///
    /// # Errors
    /// `EAFNOSUPPORT` if it is of another family.
    pub(crate) fn to_unix_peer(self) -> Result<UnixAddr, Errno> {
        match self.to_unix_addr() {
            Err(UNNAMEABLE) => UnixAddr::from_pathname("").map_err(|_| UNNAMEABLE),
            told => told,
        }
    }
}

/// A path, or a name, that `std` does not hold.
const UNNAMEABLE: Errno = errno(libc::EINVAL);

impl From<&UnixAddr> for SockAddr {
    fn from(address: &UnixAddr) -> Self {
        let mut raw = Self::empty();
        // SAFETY: a copy of the zeroed storage; any bits are a value of `sockaddr_un`.
        let mut unix = unsafe { raw.storage.unix };
        unix.sun_family = libc::AF_UNIX as libc::sa_family_t;
        let mut len = PATH_AT;
        let mut write = |bytes: &[u8], from: usize, more: usize| {
            // `std` holds no longer ones.
            for (to, byte) in unix.sun_path[from..].iter_mut().zip(bytes) {
                *to = *byte as libc::c_char;
            }
            len += from + bytes.len() + more;
        };
        if let Some(path) = address.as_pathname() {
            write(path.as_os_str().as_bytes(), 0, 1);
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(name) = address.as_abstract_name() {
            write(name, 1, 0);
        }
        raw.storage.unix = unix;
        raw.len = len as libc::socklen_t;
        raw
    }
}

impl From<SocketAddr> for SockAddr {
    /// `ip(7)`, `ipv6(7)`. The flow information is passed on bit by bit, as `std` does.
    ///
    /// The length byte that the BSDs put first stays 0: their kernels take the length from the call.
    fn from(address: SocketAddr) -> Self {
        let mut raw = Self::empty();
        match address {
            SocketAddr::V4(address) => {
                // SAFETY: a copy of the zeroed storage; any bits are a value of `sockaddr_in`.
                let mut v4 = unsafe { raw.storage.v4 };
                v4.sin_family = libc::AF_INET as libc::sa_family_t;
                v4.sin_port = address.port().to_be();
                v4.sin_addr.s_addr = address.ip().to_bits().to_be();
                raw.storage.v4 = v4;
                raw.len = V4_LEN;
            }
            SocketAddr::V6(address) => {
                // SAFETY: a copy of the zeroed storage; any bits are a value of `sockaddr_in6`.
                let mut v6 = unsafe { raw.storage.v6 };
                v6.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                v6.sin6_port = address.port().to_be();
                v6.sin6_flowinfo = address.flowinfo();
                v6.sin6_addr.s6_addr = address.ip().octets();
                v6.sin6_scope_id = address.scope_id();
                raw.storage.v6 = v6;
                raw.len = V6_LEN;
            }
        }
        raw
    }
}

/// The family of an address, as `socket(2)` takes it.
pub(super) const fn domain(address: &SocketAddr) -> libc::c_int {
    match address {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    }
}

const STORAGE_LEN: libc::socklen_t = size_of::<Storage>() as libc::socklen_t;
const V4_LEN: libc::socklen_t = size_of::<libc::sockaddr_in>() as libc::socklen_t;
const V6_LEN: libc::socklen_t = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
/// Where the path begins in a `sockaddr_un`.
const PATH_AT: usize = core::mem::offset_of!(libc::sockaddr_un, sun_path);
