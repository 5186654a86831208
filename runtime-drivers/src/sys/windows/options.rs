//! Socket options, each a pair of functions over one [`get`] and one [`set`].
//!
//! Times are whole seconds in the system. They are rounded *up* here, so that a short time never becomes zero, which means
//! something else.

use core::mem::MaybeUninit;
use core::time::Duration;

use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use windows_sys::Win32::Foundation::ERROR_CALL_NOT_IMPLEMENTED;
use windows_sys::Win32::Networking::WinSock::{
    self as winsock, AF_INET, AF_INET6, IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPV6_UNICAST_HOPS, IPV6_V6ONLY,
    LINGER, SO_EXCLUSIVEADDRUSE, SO_KEEPALIVE, SO_LINGER, SO_PROTOCOL_INFOW, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET,
    TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_NODELAY, WSAEAFNOSUPPORT, WSAEINVAL, WSAENOPROTOOPT,
    WSAPROTOCOL_INFOW,
};

use super::call::{check, errno, socket};

/// The type of an option's value.
///
/// # Safety
/// - Any bits are a value of the type.
/// - It has no padding, as the system reads all of it.
pub(super) unsafe trait OptionValue: Copy {}

// SAFETY: an integer.
unsafe impl OptionValue for i32 {}

// SAFETY: two integers of one size.
unsafe impl OptionValue for LINGER {}

// SAFETY: integers and arrays of them, each at a multiple of its size, and an even number of two-byte ones.
unsafe impl OptionValue for WSAPROTOCOL_INFOW {}

/// Reads an option. `getsockopt`.
///
/// A value that is shorter than `T` fills its low end: the system answers some flags with one byte.
///
/// # Errors
/// `WSAENOTSOCK`, `WSAENOPROTOOPT`.
pub(super) fn get<T: OptionValue>(fd: RawResource, level: i32, name: i32) -> Result<T, Errno> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as i32;
    // SAFETY: `value` is live and writable, and `len` says how long it is.
    let got = unsafe { winsock::getsockopt(socket(fd), level, name, value.as_mut_ptr().cast(), &raw mut len) };
    check(got)?;
    // SAFETY: zeroed, then overwritten by the system; any bits are a value of `T` (`OptionValue`).
    Ok(unsafe { value.assume_init() })
}

/// Writes an option. `setsockopt`.
///
/// # Errors
/// `WSAENOTSOCK`, `WSAENOPROTOOPT`; `WSAEINVAL` if the value is out of the option's range.
pub(super) fn set<T: OptionValue>(fd: RawResource, level: i32, name: i32, value: T) -> Result<(), Errno> {
    let len = size_of::<T>() as i32;
    // SAFETY: `value` is live, `len` bytes long and initialised throughout (`OptionValue`).
    let done = unsafe { winsock::setsockopt(socket(fd), level, name, (&raw const value).cast(), len) };
    check(done).map(drop)
}

fn get_bool(fd: RawResource, level: i32, name: i32) -> Result<bool, Errno> {
    Ok(get::<i32>(fd, level, name)? != 0)
}

fn set_bool(fd: RawResource, level: i32, name: i32, on: bool) -> Result<(), Errno> {
    set(fd, level, name, i32::from(on))
}

/// Whether small writes go out at once (`TCP_NODELAY`) instead of waiting for the acknowledgement of earlier ones.
pub(crate) fn nodelay(fd: RawResource) -> Result<bool, Errno> {
    get_bool(fd, IPPROTO_TCP, TCP_NODELAY)
}

/// Sets [`nodelay`].
pub(crate) fn set_nodelay(fd: RawResource, on: bool) -> Result<(), Errno> {
    set_bool(fd, IPPROTO_TCP, TCP_NODELAY, on)
}

/// How long `close` waits for what was sent to be acknowledged; `None`: it does not wait. `SO_LINGER`.
pub(crate) fn linger(fd: RawResource) -> Result<Option<Duration>, Errno> {
    let linger: LINGER = get(fd, SOL_SOCKET, SO_LINGER)?;
    Ok((linger.l_onoff != 0).then(|| Duration::from_secs(u64::from(linger.l_linger))))
}

/// Sets [`linger`], to 65535 seconds at most. `Some(0)` makes `close` drop what is unsent and reset the connection.
pub(crate) fn set_linger(fd: RawResource, time: Option<Duration>) -> Result<(), Errno> {
    let seconds = time.map_or(0, |time| u16::try_from(whole_seconds(time)).unwrap_or(u16::MAX));
    set(fd, SOL_SOCKET, SO_LINGER, LINGER { l_onoff: u16::from(time.is_some()), l_linger: seconds })
}

pub(crate) use crate::op::Keepalive;

/// Whether and when the socket probes a silent peer. `SO_KEEPALIVE`; `TCP_KEEPIDLE` and its like, which are of Windows 10:
/// a figure that the system does not know is `None`.
pub(crate) fn keepalive(fd: RawResource) -> Result<Option<Keepalive>, Errno> {
    if !get_bool(fd, SOL_SOCKET, SO_KEEPALIVE)? {
        return Ok(None);
    }
    let figure = |name| match get::<i32>(fd, IPPROTO_TCP, name) {
        Ok(figure) => Ok(Some(figure.unsigned_abs())),
        Err(e) if e.code() == WSAENOPROTOOPT => Ok(None),
        Err(e) => Err(e),
    };
    Ok(Some(Keepalive {
        idle: figure(TCP_KEEPIDLE)?.map(|seconds| Duration::from_secs(u64::from(seconds))),
        interval: figure(TCP_KEEPINTVL)?.map(|seconds| Duration::from_secs(u64::from(seconds))),
        count: figure(TCP_KEEPCNT)?,
    }))
}

/// Sets [`keepalive`]. The figures go first, so that probing never starts with others.
///
/// # Errors
/// `WSAENOPROTOOPT` if the system does not know a figure that is asked for; `WSAEINVAL` if one is beyond its range. Figures
/// before it are set by then.
pub(crate) fn set_keepalive(fd: RawResource, keepalive: Option<Keepalive>) -> Result<(), Errno> {
    if let Some(figures) = keepalive {
        let seconds = |time| int(u32::try_from(whole_seconds(time)).unwrap_or(u32::MAX)).max(1);
        if let Some(idle) = figures.idle {
            set(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds(idle))?;
        }
        if let Some(interval) = figures.interval {
            set(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds(interval))?;
        }
        if let Some(count) = figures.count {
            set(fd, IPPROTO_TCP, TCP_KEEPCNT, int(count).max(1))?;
        }
    }
    set_bool(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive.is_some())
}

/// Bytes that the system keeps for what is received and not yet read. `SO_RCVBUF`.
pub(crate) fn recv_buffer(fd: RawResource) -> Result<usize, Errno> {
    get::<i32>(fd, SOL_SOCKET, SO_RCVBUF).map(|bytes| bytes.unsigned_abs() as usize)
}

/// Asks for a [`recv_buffer`].
pub(crate) fn set_recv_buffer(fd: RawResource, bytes: usize) -> Result<(), Errno> {
    set(fd, SOL_SOCKET, SO_RCVBUF, i32::try_from(bytes).unwrap_or(i32::MAX))
}

/// Bytes that the system keeps for what is sent and not yet acknowledged. `SO_SNDBUF`.
pub(crate) fn send_buffer(fd: RawResource) -> Result<usize, Errno> {
    get::<i32>(fd, SOL_SOCKET, SO_SNDBUF).map(|bytes| bytes.unsigned_abs() as usize)
}

/// Asks for a [`send_buffer`].
pub(crate) fn set_send_buffer(fd: RawResource, bytes: usize) -> Result<(), Errno> {
    set(fd, SOL_SOCKET, SO_SNDBUF, i32::try_from(bytes).unwrap_or(i32::MAX))
}

/// Whether `bind` may take an address that closed connections still hold. It may by default; the opposite is
/// `SO_EXCLUSIVEADDRUSE`. (`SO_REUSEADDR` of this system would take the address from whoever listens there.)
pub(crate) fn reuse_address(fd: RawResource) -> Result<bool, Errno> {
    get_bool(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE).map(|exclusive| !exclusive)
}

/// Sets [`reuse_address`]; before `bind`.
pub(crate) fn set_reuse_address(fd: RawResource, on: bool) -> Result<(), Errno> {
    // What it is by default is left alone.
    if on && reuse_address(fd) != Ok(false) { Ok(()) } else { set_bool(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, !on) }
}

/// Whether several sockets may share one address: never.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it is a call")]
pub(crate) fn reuse_port(_fd: RawResource) -> Result<bool, Errno> {
    Ok(false)
}

/// Sets whether several sockets may share one address: this system cannot spread connections over them.
///
/// # Errors
/// `ERROR_CALL_NOT_IMPLEMENTED`, if asked for.
pub(crate) fn set_reuse_port(_fd: RawResource, on: bool) -> Result<(), Errno> {
    if on { Err(errno(ERROR_CALL_NOT_IMPLEMENTED as i32)) } else { Ok(()) }
}

/// How many routers a packet may pass. `IP_TTL` or `IPV6_UNICAST_HOPS`, by the family of the socket.
pub(crate) fn ttl(fd: RawResource) -> Result<u32, Errno> {
    let (level, name) = ttl_option(fd)?;
    get::<i32>(fd, level, name).map(i32::unsigned_abs)
}

/// Sets [`ttl`], from 1 to 255. `WSAEINVAL` beyond.
pub(crate) fn set_ttl(fd: RawResource, hops: u32) -> Result<(), Errno> {
    let (level, name) = ttl_option(fd)?;
    if !(1..=255).contains(&hops) {
        return Err(errno(WSAEINVAL));
    }
    set(fd, level, name, int(hops))
}

fn ttl_option(fd: RawResource) -> Result<(i32, i32), Errno> {
    // `getsockname` would fail for a socket that is not bound.
    let info: WSAPROTOCOL_INFOW = get(fd, SOL_SOCKET, SO_PROTOCOL_INFOW)?;
    match u16::try_from(info.iAddressFamily) {
        Ok(AF_INET) => Ok((IPPROTO_IP, IP_TTL)),
        Ok(AF_INET6) => Ok((IPPROTO_IPV6, IPV6_UNICAST_HOPS)),
        _ => Err(errno(WSAEAFNOSUPPORT)),
    }
}

/// Sets whether a v6 socket leaves v4 alone, instead of taking it as mapped addresses; before `bind`. It does by default.
/// `IPV6_V6ONLY`.
pub(crate) fn set_only_v6(fd: RawResource, on: bool) -> Result<(), Errno> {
    set_bool(fd, IPPROTO_IPV6, IPV6_V6ONLY, on)
}

/// Whole seconds, rounded up.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() != 0))
}

/// The nearest value that the system's type holds; it refuses what is beyond an option's range.
fn int(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
