//! The calls of Windows Sockets and of the console that ops and drivers make, one thin function for each.
//!
//! *Architecture Invariant:* `windows_sys` is named below this folder only. Nothing here holds state but `signal`, because
//! the console's handlers are process-wide, and the flag that Windows Sockets was started.
//!
//! # Contract
//! As that of `sys/unix`, with these differences.
//!
//! 1. A socket is a plain `i32`: the `SOCKET`, whose handle value has 32 significant bits on 64-bit Windows, too, where it is
//!    sign-extended. [`call::made`] checks that for each socket that the system makes, and refuses what does not fit with
//!    `ERROR_INVALID_HANDLE`; [`call::socket`] is the way back. A wrong number is never a breach of memory safety here:
//!    the system answers `WSAENOTSOCK`.
//! 2. Every socket made here is not inherited by child processes: from its birth, or by a second call when it was accepted.
//! 3. A failure is `Err(Errno)`, with the number that `WSAGetLastError` gave. One is translated, so that its kind is that
//!    which Unix has: to send after one's own shutdown is `ERROR_NO_DATA` (a broken pipe), not `WSAESHUTDOWN`. To receive
//!    after it is the end of the stream.
//! 4. Nothing interrupts a call but [`socket::interrupt`].
//! 5. No call allocates or locks, but `signal` and the first socket of the process.
//! 6. There is no flag that makes one call nonblocking: `nonblocking` is not looked at by the calls that have it, and the
//!    mode of the socket decides.
//!
//! # Platform
//! Run by the tests under wine 8, which is not Windows; type-checked on every change.

mod address;
mod call;
pub(crate) mod fd;
pub(crate) mod options;
pub(crate) mod poll;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod transfer;

pub(crate) use call::{out_of_resources, out_of_watches, would_block};

#[cfg(test)]
mod tests;
