//! Bytes of a stream on their way to another, through a pipe, without a copy in memory of ours: `splice(2)`. Linux.

use super::call::{check, count, retry};
use super::file::CALL_MAX;
use super::{pipe, transfer, would_block};
use bespoke_core::driver::Errno;

/// Moves at most `len` bytes that have come for `stream` into a pipe in which nothing is; 0: the stream has ended. `splice(2)`.
///
/// The stream is nonblocking, or something has come for it.
///
/// # Errors
/// [`would_block`]; those of `recv(2)`; `EINVAL` for what can be read and not spliced.
pub(crate) fn fill(stream: i32, pipe: i32, len: usize) -> Result<usize, Errno> {
    match splice(stream, pipe, len, libc::SPLICE_F_NONBLOCK) {
        // In front of an urgent byte it stops, and says what it says at the end, or what it says when nothing has come.
        Ok(0) => one_byte(stream, pipe),
        Err(errno) if would_block(errno) => one_byte(stream, pipe),
        result => result,
    }
}

/// As [`fill`], of a stream whose calls wait. `waits`: so does this one until something comes, as a splice into a pipe
/// that is nonblocking does of some streams only.
///
/// # Errors
/// As [`fill`].
pub(crate) fn fill_from_one_that_waits(stream: i32, pipe: i32, len: usize, waits: bool) -> Result<usize, Errno> {
    match see(stream, waits)? {
        None => Ok(0),
        // Nobody else reads it, so it stays there, and a call finds it.
        Some(_) => fill(stream, pipe, len),
    }
}

/// Copies the next byte of the stream into a pipe in which nothing is; 0: the end. A read goes past an urgent byte, and a
/// splice behind it goes on.
fn one_byte(stream: i32, pipe: i32) -> Result<usize, Errno> {
    let Some(byte) = see(stream, false)? else { return Ok(0) };
    // In this order: what the pipe has not taken is still the stream's.
    write(pipe, &[byte])?;
    let mut seen = 0_u8;
    // SAFETY: one byte, live and writable during the call, and nobody else's.
    let taken = unsafe { transfer::recv(stream, &raw mut seen, 1, true) };
    debug_assert_eq!((taken, seen), (Ok(1), byte), "nobody else reads the stream");
    Ok(1)
}

/// The next byte of a stream, which stays there; `None`: the end.
fn see(stream: i32, waits: bool) -> Result<Option<u8>, Errno> {
    let mut byte = 0_u8;
    // SAFETY: one byte, live and writable during the call, and nobody else's.
    let seen = unsafe { transfer::peek(stream, &raw mut byte, 1, !waits) }?;
    Ok((seen > 0).then_some(byte))
}

/// Moves at most `len` bytes of a pipe, in which there are so many, on to `stream`. Waits for room unless that is nonblocking.
/// `splice(2)`.
///
/// # Errors
/// [`would_block`]; those of `send(2)`. `EPIPE`, and `SIGPIPE` before it in a program that does not ignore that, as
/// [`sendfile`](super::send_file::send).
pub(crate) fn spill(pipe: i32, stream: i32, len: usize) -> Result<usize, Errno> {
    splice(pipe, stream, len, 0)
}

fn splice(from: i32, to: i32, len: usize, flags: libc::c_uint) -> Result<usize, Errno> {
    let none = core::ptr::null_mut::<libc::loff_t>();
    retry(|| {
        // SAFETY: no positions are given, so the call touches no memory of ours.
        let moved = unsafe { libc::splice(from, none, to, none, len.min(CALL_MAX), libc::SPLICE_F_MOVE | flags) };
        count(moved)
    })
}

/// Copies bytes into a pipe; how many it took.
///
/// # Errors
/// [`would_block`]: it is full; `ENOMEM`.
pub(crate) fn write(pipe: i32, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: borrowed during the call.
    unsafe { pipe::write(pipe, bytes.as_ptr(), bytes.len()) }
}

/// Copies what is in a pipe to `room`; how many bytes.
///
/// # Errors
/// [`would_block`]: nothing is in it.
pub(crate) fn read(pipe: i32, room: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: borrowed during the call, for us alone.
    unsafe { pipe::read(pipe, room.as_mut_ptr(), room.len(), false) }
}

/// How many bytes are in a pipe. `FIONREAD`, `pipe(7)`. It waits for a thread that splices out of the pipe, and waits for room.
pub(crate) fn held(pipe: i32) -> Result<usize, Errno> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the call writes one int, which is live and writable.
    let asked = unsafe { libc::ioctl(pipe, libc::FIONREAD, &raw mut bytes) };
    // A pipe never holds less than nothing.
    check(asked).map(|_| usize::try_from(bytes).unwrap_or_default())
}
