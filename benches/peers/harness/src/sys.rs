//! Calls into libc that the driver and the peers' binaries share: affinity, resource usage, children.

use core::mem::MaybeUninit;
use core::time::Duration;
use std::io;
use std::sync::OnceLock;

static OTHER_CORE: OnceLock<usize> = OnceLock::new();

/// Remembers a second core, for rows that need two.
///
/// # Panics
/// When it was told already: a process has one.
pub fn set_other_core(core: usize) {
    assert!(OTHER_CORE.set(core).is_ok(), "the other core was told twice");
}

/// The second core; `None` where the machine grants one only.
pub fn other_core() -> Option<usize> {
    OTHER_CORE.get().copied()
}

/// The cores that this process may use, in ascending order (sched_getaffinity(2)).
///
/// # Errors
/// What the system call returns; a machine with more than 1024 cores answers `EINVAL`.
pub fn allowed_cores() -> io::Result<Vec<usize>> {
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
pub fn pin(core: usize) -> io::Result<()> {
    keep_to(&[core])
}

/// Keeps the calling thread, and with it every thread that it starts later, to these cores (sched_setaffinity(2)).
///
/// # Errors
/// `EINVAL` when there is none of them, or one does not exist.
pub fn keep_to(cores: &[usize]) -> io::Result<()> {
    if cores.iter().any(|core| *core >= libc::CPU_SETSIZE as usize) {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: `cpu_set_t` is an array of integers; zero is the empty set.
    let mut set = unsafe { MaybeUninit::<libc::cpu_set_t>::zeroed().assume_init() };
    for core in cores {
        // SAFETY: `core` was checked against CPU_SETSIZE above.
        unsafe { libc::CPU_SET(*core, &mut set) };
    }
    // SAFETY: `set` is readable for exactly the size that is passed.
    let rc = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) };
    if rc == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// User plus system time of all threads of this process (getrusage(2)).
///
/// The split between the two is sampled by ticks; the sum is exact, and only the sum is used.
pub fn process_cpu() -> Duration {
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
pub fn resident_bytes() -> io::Result<u64> {
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

/// Bytes of this process that are no file's (`/proc/self/smaps_rollup`, `Anonymous`).
///
/// # Errors
/// When procfs is not mounted or the file has another form.
pub fn anonymous_bytes() -> io::Result<u64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    let kib = kib.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "smaps_rollup has no line Anonymous"))?;
    Ok(kib * 1024)
}

/// Lets this process, and those that it starts, open as many descriptors as the system admits (setrlimit(2)).
///
/// # Errors
/// What the system calls return.
pub fn raise_descriptors() -> io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a writable `rlimit`.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is a readable `rlimit`.
    let rc = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    if rc == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Does this process have a child, running or ended, that nobody has waited for (waitid(2))? Takes no status.
///
/// # Errors
/// What the system call returns, but for the one that says that there is none.
pub fn has_children() -> io::Result<bool> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let look = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is a writable `siginfo_t`.
    let rc = unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), look) };
    match (rc, io::Error::last_os_error()) {
        (0, _) => Ok(true),
        (_, error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(false),
        (_, error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_to_the_cores_that_it_is_given() {
        let all = allowed_cores().unwrap();
        let check = move || {
            pin(all[0]).unwrap();
            assert_eq!(allowed_cores().unwrap(), [all[0]]);
            keep_to(&all).unwrap();
            assert_eq!(allowed_cores().unwrap(), all);
            assert!(keep_to(&[]).is_err() && keep_to(&[1 << 20]).is_err());
        };
        // A thread of its own: the others keep what they have.
        std::thread::Builder::new().spawn(check).unwrap().join().unwrap();
    }
}
