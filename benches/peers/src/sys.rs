//! Every call into libc: affinity, resource usage, and the epoll instance of the load generator.
//!
//! The load generator speaks epoll directly so that it is nobody's runtime: its cost lies on its own core and is the
//! same whichever peer serves.

use core::mem::MaybeUninit;
use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The cores that this process may use, in ascending order (sched_getaffinity(2)).
///
/// # Errors
/// What the system call returns; a machine with more than 1024 cores answers `EINVAL`.
pub(crate) fn allowed_cores() -> io::Result<Vec<usize>> {
    let mut set = MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: `set` is writable for exactly the size that is passed.
    let rc = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), set.as_mut_ptr()) };
    if rc != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all-zero bytes are a valid (empty) `cpu_set_t`, and the call above filled them.
    let set = unsafe { set.assume_init() };
    // SAFETY: the index stays below CPU_SETSIZE, which is what `CPU_ISSET` may read.
    Ok((0..libc::CPU_SETSIZE as usize).filter(|&core| unsafe { libc::CPU_ISSET(core, &set) }).collect())
}

/// Pins the calling thread, and with it every thread that it starts later, to one core (sched_setaffinity(2)).
///
/// # Errors
/// `EINVAL` when the core does not exist or is not allowed here.
pub(crate) fn pin(core: usize) -> io::Result<()> {
    if core >= libc::CPU_SETSIZE as usize {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: `cpu_set_t` is an array of integers; zero is the empty set.
    let mut set = unsafe { MaybeUninit::<libc::cpu_set_t>::zeroed().assume_init() };
    // SAFETY: `core` was checked against CPU_SETSIZE above.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: `set` is readable for exactly the size that is passed.
    let rc = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) };
    if rc == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// User plus system time of all threads of this process (getrusage(2)).
///
/// The split between the two is sampled by ticks; the sum is exact, and only the sum is used.
pub(crate) fn process_cpu() -> Duration {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` is a writable `rusage`.
    let rc = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    assert_eq!(rc, 0, "getrusage: RUSAGE_SELF with a valid pointer cannot fail");
    // SAFETY: zero bytes are a valid `rusage`, and the call above filled them.
    let usage = unsafe { usage.assume_init() };
    let time = |t: libc::timeval| Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Resident bytes of this process (`/proc/self/statm`, second field, in pages).
///
/// # Errors
/// When procfs is not mounted or the file has another form.
pub(crate) fn resident_bytes() -> io::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/self/statm has no second number"))?;
    // SAFETY: sysconf takes no pointer.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Ok(pages * page as u64)
}

/// A level-triggered epoll instance that watches for readable sockets.
#[derive(Debug)]
pub(crate) struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    /// Opens an instance that reports up to `batch` sockets per wait.
    ///
    /// # Errors
    /// What epoll_create1(2) returns.
    pub(crate) fn new(batch: usize) -> io::Result<Self> {
        // SAFETY: epoll_create1 takes no pointer.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just opened, and nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd, events: vec![libc::epoll_event { events: 0, u64: 0 }; batch.max(1)] })
    }

    /// Reports `key` whenever `fd` can be read.
    ///
    /// # Errors
    /// What epoll_ctl(2) returns.
    pub(crate) fn watch(&self, fd: RawFd, key: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: key as u64 };
        // SAFETY: `event` is a readable `epoll_event`; the kernel copies it.
        let rc = unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &mut event) };
        if rc == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Waits up to `timeout_ms` and calls `ready` with the key of each readable socket.
    ///
    /// # Errors
    /// What epoll_wait(2) returns, `EINTR` excepted, or the first error of `ready`.
    pub(crate) fn wait(&mut self, timeout_ms: i32, mut ready: impl FnMut(usize) -> io::Result<()>) -> io::Result<()> {
        let (fd, batch) = (self.fd.as_raw_fd(), self.events.len() as i32);
        // SAFETY: `events` is writable for `batch` entries.
        let count = unsafe { libc::epoll_wait(fd, self.events.as_mut_ptr(), batch, timeout_ms) };
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        self.events[..count as usize].iter().try_for_each(|event| ready(event.u64 as usize))
    }
}
