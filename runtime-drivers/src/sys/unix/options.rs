//! Socket options, each a pair of functions over one [`get`] and one [`set`]. `socket(7)`, `tcp(7)`, `ip(7)`, `ipv6(7)`.
//!
//! Times are whole seconds in the kernel. They are rounded *up* here, so that a short time never becomes zero, which
//! means something else.

use core::mem::MaybeUninit;
use core::time::Duration;

use bespoke_core::driver::Errno;

use super::call::{check, errno};
use super::socket::raw_local_addr;

/// The type of an option's value.
///
/// # Safety
/// - Any bits are a value of the type.
/// - It has no padding, as the kernel reads all of it.
pub(super) unsafe trait OptionValue: Copy {}

// SAFETY: an integer.
unsafe impl OptionValue for libc::c_int {}

// SAFETY: two ints.
unsafe impl OptionValue for libc::linger {}

/// Reads an option. `getsockopt(2)`.
///
/// # Errors
/// `EBADF`, `ENOTSOCK`, `ENOPROTOOPT`; `EINVAL` if the kernel's value is not as long as `T`.
pub(super) fn get<T: OptionValue>(fd: i32, level: libc::c_int, name: libc::c_int) -> Result<T, Errno> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as libc::socklen_t;
    // SAFETY: `value` is live and writable, and `len` says how long it is.
    let got = unsafe { libc::getsockopt(fd, level, name, value.as_mut_ptr().cast(), &raw mut len) };
    check(got)?;
    if len as usize != size_of::<T>() {
        return Err(errno(libc::EINVAL));
    }
    // SAFETY: zeroed, then overwritten by the kernel; any bits are a value of `T` (`OptionValue`).
    Ok(unsafe { value.assume_init() })
}

/// Writes an option. `setsockopt(2)`.
///
/// # Errors
/// `EBADF`, `ENOTSOCK`, `ENOPROTOOPT`; `EINVAL` or `EDOM` if the value is out of the option's range.
pub(super) fn set<T: OptionValue>(fd: i32, level: libc::c_int, name: libc::c_int, value: T) -> Result<(), Errno> {
    let len = size_of::<T>() as libc::socklen_t;
    // SAFETY: `value` is live, `len` bytes long and initialised throughout (`OptionValue`).
    let done = unsafe { libc::setsockopt(fd, level, name, (&raw const value).cast(), len) };
    check(done).map(drop)
}

pub(super) fn get_bool(fd: i32, level: libc::c_int, name: libc::c_int) -> Result<bool, Errno> {
    // Apple systems answer with the bit of the option, not with 1.
    Ok(get::<libc::c_int>(fd, level, name)? != 0)
}

pub(super) fn set_bool(fd: i32, level: libc::c_int, name: libc::c_int, on: bool) -> Result<(), Errno> {
    set(fd, level, name, libc::c_int::from(on))
}

/// Whether small writes go out at once (`TCP_NODELAY`) instead of waiting for the acknowledgement of earlier ones.
pub(crate) fn nodelay(fd: i32) -> Result<bool, Errno> {
    get_bool(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY)
}

/// Sets [`nodelay`].
pub(crate) fn set_nodelay(fd: i32, on: bool) -> Result<(), Errno> {
    set_bool(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, on)
}

/// How long `close` waits for what was sent to be acknowledged; `None`: it does not wait. `SO_LINGER`.
pub(crate) fn linger(fd: i32) -> Result<Option<Duration>, Errno> {
    let linger: libc::linger = get(fd, libc::SOL_SOCKET, LINGER)?;
    Ok((linger.l_onoff != 0).then(|| seconds_from_kernel(linger.l_linger)))
}

/// Sets [`linger`]. `Some(0)` makes `close` drop what is unsent and reset the connection.
pub(crate) fn set_linger(fd: i32, time: Option<Duration>) -> Result<(), Errno> {
    let value =
        libc::linger { l_onoff: libc::c_int::from(time.is_some()), l_linger: time.map_or(0, seconds_to_kernel) };
    set(fd, libc::SOL_SOCKET, LINGER, value)
}

pub(crate) use crate::op::Keepalive;

/// Whether and when the socket probes a silent peer; all three figures are filled in. `SO_KEEPALIVE`, `tcp(7)`.
pub(crate) fn keepalive(fd: i32) -> Result<Option<Keepalive>, Errno> {
    if !get_bool(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE)? {
        return Ok(None);
    }
    let idle = get(fd, libc::IPPROTO_TCP, KEEP_IDLE)?;
    let interval = get(fd, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL)?;
    let count: libc::c_int = get(fd, libc::IPPROTO_TCP, libc::TCP_KEEPCNT)?;
    Ok(Some(Keepalive {
        idle: Some(seconds_from_kernel(idle)),
        interval: Some(seconds_from_kernel(interval)),
        count: Some(count.unsigned_abs()),
    }))
}

/// Sets [`keepalive`]. The figures go first, so that probing never starts with others.
///
/// # Errors
/// `EINVAL` if a figure is beyond the system's range (Linux: 32767 s, 127 probes). Figures before it are set by then.
pub(crate) fn set_keepalive(fd: i32, keepalive: Option<Keepalive>) -> Result<(), Errno> {
    if let Some(figures) = keepalive {
        if let Some(idle) = figures.idle {
            set(fd, libc::IPPROTO_TCP, KEEP_IDLE, seconds_to_kernel(idle).max(1))?;
        }
        if let Some(interval) = figures.interval {
            set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, seconds_to_kernel(interval).max(1))?;
        }
        if let Some(count) = figures.count {
            set(fd, libc::IPPROTO_TCP, libc::TCP_KEEPCNT, int(count).max(1))?;
        }
    }
    set_bool(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE, keepalive.is_some())
}

/// Bytes that the kernel keeps for what is received and not yet read. `SO_RCVBUF`. On Linux twice what was set.
pub(crate) fn recv_buffer(fd: i32) -> Result<usize, Errno> {
    get::<libc::c_int>(fd, libc::SOL_SOCKET, libc::SO_RCVBUF).map(|bytes| bytes.unsigned_abs() as usize)
}

/// Asks for a [`recv_buffer`]. Linux cuts it to `net.core.rmem_max` without saying so; set it before connect or listen.
pub(crate) fn set_recv_buffer(fd: i32, bytes: usize) -> Result<(), Errno> {
    set(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX))
}

/// Bytes that the kernel keeps for what is sent and not yet acknowledged. `SO_SNDBUF`. On Linux twice what was set.
pub(crate) fn send_buffer(fd: i32) -> Result<usize, Errno> {
    get::<libc::c_int>(fd, libc::SOL_SOCKET, libc::SO_SNDBUF).map(|bytes| bytes.unsigned_abs() as usize)
}

/// Asks for a [`send_buffer`]. Linux cuts it to `net.core.wmem_max` without saying so.
pub(crate) fn set_send_buffer(fd: i32, bytes: usize) -> Result<(), Errno> {
    set(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX))
}

/// Whether `bind` may take an address that closed connections still hold (`TIME_WAIT`). `SO_REUSEADDR`.
pub(crate) fn reuse_address(fd: i32) -> Result<bool, Errno> {
    get_bool(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR)
}

/// Sets [`reuse_address`]; before `bind`.
pub(crate) fn set_reuse_address(fd: i32, on: bool) -> Result<(), Errno> {
    set_bool(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, on)
}

/// Whether several sockets with this option may bind one address. `SO_REUSEPORT`.
///
/// Linux spreads connections over the listeners; Apple systems give them all to the last.
pub(crate) fn reuse_port(fd: i32) -> Result<bool, Errno> {
    get_bool(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT)
}

/// Sets [`reuse_port`]; before `bind`.
pub(crate) fn set_reuse_port(fd: i32, on: bool) -> Result<(), Errno> {
    set_bool(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, on)
}

/// How many routers a packet may pass. `IP_TTL` or `IPV6_UNICAST_HOPS`, by the family of the socket.
pub(crate) fn ttl(fd: i32) -> Result<u32, Errno> {
    let (level, name) = ttl_option(fd)?;
    get::<libc::c_int>(fd, level, name).map(libc::c_int::unsigned_abs)
}

/// Sets [`ttl`], from 1 to 255. `EINVAL` beyond.
pub(crate) fn set_ttl(fd: i32, hops: u32) -> Result<(), Errno> {
    let (level, name) = ttl_option(fd)?;
    // Refused here because systems differ on 0, and because `IPV6_UNICAST_HOPS` takes -1 for "the default".
    if !(1..=255).contains(&hops) {
        return Err(errno(libc::EINVAL));
    }
    set(fd, level, name, int(hops))
}

fn ttl_option(fd: i32) -> Result<(libc::c_int, libc::c_int), Errno> {
    // `SO_DOMAIN` would be the direct question; Apple systems lack it.
    match raw_local_addr(fd)?.family() {
        libc::AF_INET => Ok((libc::IPPROTO_IP, libc::IP_TTL)),
        libc::AF_INET6 => Ok((libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS)),
        _ => Err(errno(libc::EAFNOSUPPORT)),
    }
}

/// Whether a v6 socket leaves v4 alone, instead of taking it as mapped addresses. `IPV6_V6ONLY`.
///
/// # Errors
/// `ENOPROTOOPT` or `EINVAL`, by system, on a v4 socket.
pub(crate) fn only_v6(fd: i32) -> Result<bool, Errno> {
    get_bool(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY)
}

/// Sets [`only_v6`]; before `bind`.
pub(crate) fn set_only_v6(fd: i32, on: bool) -> Result<(), Errno> {
    set_bool(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, on)
}

/// No `SIGPIPE` from this socket: what `MSG_NOSIGNAL` says per call elsewhere. `SO_NOSIGPIPE`, `setsockopt(2)` of macOS.
#[cfg(target_vendor = "apple")]
pub(super) fn set_no_sigpipe(fd: i32) -> Result<(), Errno> {
    set_bool(fd, libc::SOL_SOCKET, libc::SO_NOSIGPIPE, true)
}

/// Whole seconds, rounded up, as many as the kernel's type holds.
fn seconds_to_kernel(time: Duration) -> libc::c_int {
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() != 0));
    libc::c_int::try_from(seconds).unwrap_or(libc::c_int::MAX)
}

fn seconds_from_kernel(seconds: libc::c_int) -> Duration {
    Duration::from_secs(u64::from(seconds.unsigned_abs()))
}

/// The nearest value that the kernel's type holds; it refuses what is beyond an option's range.
fn int(value: u32) -> libc::c_int {
    libc::c_int::try_from(value).unwrap_or(libc::c_int::MAX)
}

/// Plain `SO_LINGER` counts in clock ticks on Apple systems.
#[cfg(target_vendor = "apple")]
const LINGER: libc::c_int = libc::SO_LINGER_SEC;
#[cfg(not(target_vendor = "apple"))]
const LINGER: libc::c_int = libc::SO_LINGER;

#[cfg(target_vendor = "apple")]
const KEEP_IDLE: libc::c_int = libc::TCP_KEEPALIVE;
#[cfg(not(target_vendor = "apple"))]
const KEEP_IDLE: libc::c_int = libc::TCP_KEEPIDLE;
