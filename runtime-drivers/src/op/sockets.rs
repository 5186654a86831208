//! What is asked of a socket without waiting: making one, its addresses and its options. A simulated network answers these
//! in its own way, so the typed layer calls them through the driver's name.

use bespoke_core::driver::Errno;
use bespoke_core::roles::{Driver, RawResource};
use core::net::SocketAddr;
use core::time::Duration;
use std::net::Shutdown;

/// When an idle connection is probed; `None` leaves the system's value. Times are in whole seconds, rounded up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keepalive {
    /// How long the connection is idle before the first probe.
    pub idle: Option<Duration>,
    /// The time between probes.
    pub interval: Option<Duration>,
    /// How many probes may go unanswered.
    pub count: Option<u32>,
}

/// How a listener is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// May the address be one that a closed connection still holds (`SO_REUSEADDR`)? Yes by default. On Windows that is what
    /// the system does by itself; "no" is `SO_EXCLUSIVEADDRUSE`.
    pub reuse_address: bool,
    /// May several listeners share the address (`SO_REUSEPORT`)? Windows cannot do that:
    /// [`Unsupported`](std::io::ErrorKind::Unsupported).
    pub reuse_port: bool,
    /// An IPv6 listener: without IPv4? `None` leaves the system's value.
    pub only_v6: Option<bool>,
    /// Connections that wait to be accepted, at most.
    pub backlog: i32,
}

impl Default for TcpOptions {
    fn default() -> Self {
        TcpOptions { reuse_address: true, reuse_port: false, only_v6: None, backlog: 1024 }
    }
}

/// What is asked of a socket without waiting. Errors are the system's codes.
#[expect(clippy::missing_errors_doc, reason = "every function here fails with the system's code, as the trait says")]
pub trait Sockets: Driver {
    /// Are its sockets in the non-blocking mode?
    #[doc(hidden)]
    const NONBLOCKING: bool;

    /// A listener on `address`. `socket(2)`, `bind(2)`, `listen(2)`.
    fn listen(address: SocketAddr, options: TcpOptions) -> Result<RawResource, Errno>;
    /// A socket that can be connected to `address`, by [`Connect`](super::Connect), which gives it the mode that the driver
    /// wants.
    fn socket(address: SocketAddr) -> Result<RawResource, Errno>;
    /// Gives a socket its own address. `bind(2)`.
    fn bind(socket: RawResource, address: SocketAddr) -> Result<(), Errno>;
    /// Lets a socket that is bound take connections. `listen(2)`.
    fn listen_on(socket: RawResource, backlog: i32) -> Result<(), Errno>;
    /// `SO_REUSEADDR`; on Windows the opposite of `SO_EXCLUSIVEADDRUSE`.
    fn reuse_address(socket: RawResource) -> Result<bool, Errno>;
    /// `SO_REUSEADDR`; on Windows the opposite of `SO_EXCLUSIVEADDRUSE`.
    fn set_reuse_address(socket: RawResource, on: bool) -> Result<(), Errno>;
    /// `SO_REUSEPORT`.
    fn reuse_port(socket: RawResource) -> Result<bool, Errno>;
    /// `SO_REUSEPORT`.
    fn set_reuse_port(socket: RawResource, on: bool) -> Result<(), Errno>;
    /// Closes a socket that no handle owns yet.
    fn discard(socket: RawResource);
    /// A socket that somebody else made: gives it the mode that the driver wants.
    fn enter(socket: RawResource) -> Result<(), Errno>;
    /// A socket that leaves the driver: gives it the mode in which the standard library makes its own, which waits.
    fn leave(socket: RawResource) -> Result<(), Errno>;
    /// The address of this end.
    fn local_addr(socket: RawResource) -> Result<SocketAddr, Errno>;
    /// The address of the other end.
    fn peer_addr(socket: RawResource) -> Result<SocketAddr, Errno>;
    /// Ends one direction or both.
    fn shutdown(socket: RawResource, how: Shutdown) -> Result<(), Errno>;
    /// `TCP_NODELAY`.
    fn nodelay(socket: RawResource) -> Result<bool, Errno>;
    /// `TCP_NODELAY`.
    fn set_nodelay(socket: RawResource, on: bool) -> Result<(), Errno>;
    /// `SO_LINGER`.
    fn linger(socket: RawResource) -> Result<Option<Duration>, Errno>;
    /// `SO_LINGER`.
    fn set_linger(socket: RawResource, time: Option<Duration>) -> Result<(), Errno>;
    /// `SO_KEEPALIVE` and its times.
    fn keepalive(socket: RawResource) -> Result<Option<Keepalive>, Errno>;
    /// `SO_KEEPALIVE` and its times.
    fn set_keepalive(socket: RawResource, keepalive: Option<Keepalive>) -> Result<(), Errno>;
    /// `SO_RCVBUF`.
    fn recv_buffer_size(socket: RawResource) -> Result<usize, Errno>;
    /// `SO_RCVBUF`.
    fn set_recv_buffer_size(socket: RawResource, bytes: usize) -> Result<(), Errno>;
    /// `SO_SNDBUF`.
    fn send_buffer_size(socket: RawResource) -> Result<usize, Errno>;
    /// `SO_SNDBUF`.
    fn set_send_buffer_size(socket: RawResource, bytes: usize) -> Result<(), Errno>;
    /// `IP_TTL`, or the unicast hops of IPv6.
    fn ttl(socket: RawResource) -> Result<u32, Errno>;
    /// `IP_TTL`, or the unicast hops of IPv6.
    fn set_ttl(socket: RawResource, hops: u32) -> Result<(), Errno>;
    /// Takes the pending error of the socket (`SO_ERROR`).
    fn take_error(socket: RawResource) -> Result<Option<Errno>, Errno>;
}

/// Implements [`Sockets`] by the operating system's sockets. `nonblocking`: the mode in which the driver wants them; `enters`:
/// the mode that one of the user's is given, or `None`: that which it has.
macro_rules! os_sockets {
    ($({$($generics:tt)*})? $driver:ty, nonblocking = $nonblocking:literal, enters = $enters:expr) => {
        impl$(<$($generics)*>)? $crate::op::Sockets for $driver {
            const NONBLOCKING: bool = $nonblocking;
            fn listen(address: SocketAddr, options: TcpOptions) -> Result<RawResource, Errno> {
                sys_listen(address, options, $nonblocking)
            }
            fn socket(address: SocketAddr) -> Result<RawResource, Errno> {
                // A connection is waited for by its operation, never in the call.
                socket::stream_socket(&address, true)
            }
            fn bind(socket: RawResource, address: SocketAddr) -> Result<(), Errno> {
                socket::bind(socket, &address.into())
            }
            fn listen_on(socket: RawResource, backlog: i32) -> Result<(), Errno> {
                socket::listen(socket, backlog)
            }
            fn reuse_address(socket: RawResource) -> Result<bool, Errno> {
                options::reuse_address(socket)
            }
            fn set_reuse_address(socket: RawResource, on: bool) -> Result<(), Errno> {
                options::set_reuse_address(socket, on)
            }
            fn reuse_port(socket: RawResource) -> Result<bool, Errno> {
                options::reuse_port(socket)
            }
            fn set_reuse_port(socket: RawResource, on: bool) -> Result<(), Errno> {
                options::set_reuse_port(socket, on)
            }
            fn discard(socket: RawResource) {
                // Its error, if any, is of no use: the descriptor is gone.
                let _ = fd::close(socket);
            }
            fn enter(socket: RawResource) -> Result<(), Errno> {
                socket::enter(socket, $enters)
            }
            fn leave(socket: RawResource) -> Result<(), Errno> {
                fd::set_nonblocking(socket, false)
            }
            fn local_addr(socket: RawResource) -> Result<SocketAddr, Errno> {
                socket::local_addr(socket)
            }
            fn peer_addr(socket: RawResource) -> Result<SocketAddr, Errno> {
                socket::peer_addr(socket)
            }
            fn shutdown(socket: RawResource, how: Shutdown) -> Result<(), Errno> {
                socket::shutdown(socket, how)
            }
            fn nodelay(socket: RawResource) -> Result<bool, Errno> {
                options::nodelay(socket)
            }
            fn set_nodelay(socket: RawResource, on: bool) -> Result<(), Errno> {
                options::set_nodelay(socket, on)
            }
            fn linger(socket: RawResource) -> Result<Option<Duration>, Errno> {
                options::linger(socket)
            }
            fn set_linger(socket: RawResource, time: Option<Duration>) -> Result<(), Errno> {
                options::set_linger(socket, time)
            }
            fn keepalive(socket: RawResource) -> Result<Option<Keepalive>, Errno> {
                options::keepalive(socket)
            }
            fn set_keepalive(socket: RawResource, keepalive: Option<Keepalive>) -> Result<(), Errno> {
                options::set_keepalive(socket, keepalive)
            }
            fn recv_buffer_size(socket: RawResource) -> Result<usize, Errno> {
                options::recv_buffer(socket)
            }
            fn set_recv_buffer_size(socket: RawResource, bytes: usize) -> Result<(), Errno> {
                options::set_recv_buffer(socket, bytes)
            }
            fn send_buffer_size(socket: RawResource) -> Result<usize, Errno> {
                options::send_buffer(socket)
            }
            fn set_send_buffer_size(socket: RawResource, bytes: usize) -> Result<(), Errno> {
                options::set_send_buffer(socket, bytes)
            }
            fn ttl(socket: RawResource) -> Result<u32, Errno> {
                options::ttl(socket)
            }
            fn set_ttl(socket: RawResource, hops: u32) -> Result<(), Errno> {
                options::set_ttl(socket, hops)
            }
            fn take_error(socket: RawResource) -> Result<Option<Errno>, Errno> {
                socket::take_error(socket)
            }
        }
    };
}

use crate::sys::{fd, options, socket};

fn sys_listen(address: SocketAddr, options: TcpOptions, nonblocking: bool) -> Result<RawResource, Errno> {
    let raw = socket::stream_socket(&address, nonblocking)?;
    let made = (|| {
        options::set_reuse_address(raw, options.reuse_address)?;
        if options.reuse_port {
            options::set_reuse_port(raw, true)?;
        }
        if let (SocketAddr::V6(_), Some(only)) = (address, options.only_v6) {
            options::set_only_v6(raw, only)?;
        }
        socket::bind(raw, &address.into())?;
        socket::listen(raw, options.backlog)
    })();
    match made {
        Ok(()) => Ok(raw),
        Err(errno) => {
            // The first error is the one to tell.
            let _ = fd::close(raw);
            Err(errno)
        }
    }
}

os_sockets!({P: crate::Poller} crate::Mio<P>, nonblocking = true, enters = Some(true));
os_sockets!(crate::Blocking, nonblocking = false, enters = Some(false));
// An entry waits in the kernel only for a socket that blocks.
#[cfg(target_os = "linux")]
os_sockets!({const ENTRIES: u32, O: crate::RingOptions} crate::IoUring<ENTRIES, O>, nonblocking = false, enters = Some(false));
// Which driver they are for is not known yet: what wants another mode sets it when it is given one.
#[cfg(target_os = "linux")]
// Whoever is to watch it sets the mode that it needs (`LiveFallback::set_mode`). Not before: the mode is that of the open file,
// and another descriptor of it may be watched already, by a driver whose calls would block then.
os_sockets!({A: Sockets, B: Sockets, T: crate::OnFallback} crate::Fallback<A, B, T>, nonblocking = false, enters = None);
