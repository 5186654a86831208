//! What the system has in memory of a file.

#[cfg(not(target_os = "linux"))]
use super::call::errno;
#[cfg(target_os = "linux")]
use super::call::{check, count, retry};
#[cfg(target_os = "linux")]
use super::file::{CALL_MAX, offset};
#[cfg(target_os = "linux")]
use super::transfer::IoVec;
use bespoke_core::driver::Errno;

/// Reads what the system has in memory of `len` bytes from `at` on, to `to`; 0 is the end of the file, or `len` was 0. It does
/// not wait for the disk. `preadv2(2)`, `RWF_NOWAIT`.
///
/// # Errors
/// [`would_block`](super::would_block): the first of them is not there. `EOPNOTSUPP`, and others: the file system does not say.
///
/// # Safety
/// As [`read`](super::file::read).
#[cfg(target_os = "linux")]
#[inline]
pub(crate) unsafe fn read_at_hand(fd: i32, to: *mut u8, len: usize, at: u64) -> Result<usize, Errno> {
    let stretch = IoVec::new(to, len.min(CALL_MAX));
    let (low, high) = (offset(at)? as libc::c_long, 0 as libc::c_long);
    // The call itself, which not every C library has. A position is one register on machines of 64 bits; the other is unused.
    const { assert!(size_of::<libc::c_long>() == size_of::<libc::off_t>()) };
    retry(|| {
        // SAFETY: the list has one stretch, which the caller vouches for.
        let read = unsafe { libc::syscall(libc::SYS_preadv2, fd, &raw const stretch, 1, low, high, libc::RWF_NOWAIT) };
        count(read as isize)
    })
}

/// Elsewhere no system does that.
///
/// # Safety
/// As [`read`](super::file::read).
#[cfg(not(target_os = "linux"))]
pub(crate) unsafe fn read_at_hand(_: i32, _: *mut u8, _: usize, _: u64) -> Result<usize, Errno> {
    Err(errno(libc::ENOSYS))
}

/// For tests: does the system tell what is in memory of this file, which is not empty? Asked without [`read_at_hand`], so
/// that a mistake there leaves no test out. Not of tmpfs, say, and of what lies over other file systems.
#[cfg(all(test, target_os = "linux"))]
pub(crate) fn the_system_tells(fd: i32) -> bool {
    let mut byte = 0_u8;
    let room = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: one byte, live and writable during the call.
    unsafe { libc::preadv2(fd, &raw const room, 1, 0, libc::RWF_NOWAIT) == 1 }
}

/// Does [`read_at_hand`] tell what is in memory of it? Not so of a file that was opened with `O_DIRECT`. `fcntl(2)`, `F_GETFL`.
/// Does not wait.
#[cfg(target_os = "linux")]
pub(crate) fn is_cached(fd: i32) -> bool {
    // SAFETY: the command takes no argument and touches no memory of ours.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    check(flags).is_ok_and(|flags| flags & libc::O_DIRECT == 0)
}

/// Elsewhere no system does.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_cached(_: i32) -> bool {
    false
}

/// Can [`read_at_hand`] be believed? Linux 5.9 and 5.10 may say 0 before the end of the file (`preadv2(2)`, bugs). `uname(2)`,
/// once in a process.
#[cfg(target_os = "linux")]
pub(crate) fn tells_what_is_at_hand() -> bool {
    use std::sync::OnceLock;
    static TELLS: OnceLock<bool> = OnceLock::new();
    *TELLS.get_or_init(|| {
        let mut names = core::mem::MaybeUninit::<libc::utsname>::uninit();
        // SAFETY: valid for writes.
        if unsafe { libc::uname(names.as_mut_ptr()) } != 0 {
            return false;
        }
        // SAFETY: written by the call, which succeeded.
        let names = unsafe { names.assume_init() };
        tells(names.release.map(|letter| letter as u8).as_slice())
    })
}

/// The same of the release that is called so.
#[cfg(target_os = "linux")]
fn tells(release: &[u8]) -> bool {
    let mut numbers = release.split(|letter| !letter.is_ascii_digit());
    !matches!((numbers.next(), numbers.next()), (Some(b"5"), Some(b"9" | b"10")) | (None | Some(b""), _))
}

/// Elsewhere there is nothing to believe.
#[cfg(not(target_os = "linux"))]
pub(crate) fn tells_what_is_at_hand() -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::tells;

    #[test]
    fn two_releases_tell_of_ends_that_are_none() {
        for (release, is_told) in [
            ("4.19.0-27-amd64", true),
            ("5.1.21", true),
            ("5.8.18-300.fc33.x86_64", true),
            ("5.9.0", false),
            ("5.9-rc1", false),
            ("5.10.0-32-cloud-amd64", false),
            ("5.10.226+", false),
            ("5.11.0", true),
            ("5.15.167.4-microsoft-standard-WSL2", true),
            ("5.100", true),
            ("6.9.3", true),
            ("6.10", true),
            ("15.9", true),
            ("unknown", false),
            ("", false),
        ] {
            assert_eq!(tells(release.as_bytes()), is_told, "{release}");
            let padded = [release.as_bytes(), &[0; 8]].concat();
            assert_eq!(tells(&padded), is_told, "{release}, as the call writes it");
        }
    }
}
