//! The end of a thread, waited for with a limit. Linux with the C library of GNU. `pthread_clockjoin_np(3)`.

use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use core::time::Duration;
use std::os::unix::thread::JoinHandleExt;
use std::sync::OnceLock;
use std::thread::JoinHandle;

/// `pthread_clockjoin_np`. There since glibc 2.31, and not linked to: that would be the least that every program needs.
type ClockJoin =
    unsafe extern "C" fn(libc::pthread_t, *mut *mut c_void, libc::clockid_t, *const libc::timespec) -> c_int;

/// What `dlsym` answers: an address, or null.
#[derive(Clone, Copy)]
union Symbol {
    address: *mut c_void,
    call: Option<ClockJoin>,
}

const _: () = assert!(size_of::<Option<ClockJoin>>() == size_of::<*mut c_void>());

/// Waits until `thread` has ended, for at most `timeout` of `CLOCK_MONOTONIC`.
///
/// # Errors
/// The thread: it has not ended by then; or the C library has no such call, or the time is beyond what it counts, which is said
/// at once.
pub(crate) fn join_within(thread: JoinHandle<()>, timeout: Duration) -> Result<(), JoinHandle<()>> {
    let (Some(join), Some(deadline)) = (clock_join(), deadline(timeout)) else { return Err(thread) };
    // SAFETY: the handle says that the thread was neither joined nor detached; nothing is written through the null pointer, and
    // the deadline is there until this returns.
    let code = unsafe { join(thread.as_pthread_t(), null_mut(), libc::CLOCK_MONOTONIC, &raw const deadline) };
    if code != 0 {
        return Err(thread); // ETIMEDOUT; or it is this thread, or one that somebody else joins
    }
    // Joined: the handle is not to detach it.
    let _gone = thread.into_pthread_t();
    Ok(())
}

fn clock_join() -> Option<ClockJoin> {
    static FOUND: OnceLock<Option<ClockJoin>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        // SAFETY: the name ends with a zero.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"pthread_clockjoin_np".as_ptr()) };
        // SAFETY: null, or the C library's function of that name, which is of this type (pthread.h), which is as large.
        unsafe { Symbol { address }.call }
    })
}

/// `timeout` from now; `None`: later than the system counts.
fn deadline(timeout: Duration) -> Option<libc::timespec> {
    let mut now = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: valid for writes.
    let read = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, now.as_mut_ptr()) };
    if read != 0 {
        return None;
    }
    // SAFETY: written by the call, which succeeded.
    let now = unsafe { now.assume_init() };
    let whole = Duration::new(now.tv_sec.try_into().ok()?, now.tv_nsec.try_into().ok()?).checked_add(timeout)?;
    Some(libc::timespec { tv_sec: whole.as_secs().try_into().ok()?, tv_nsec: whole.subsec_nanos() as _ })
}
