//! How many descriptors a process has open: for tests that compare it before and after.

/// How many descriptors the process has open.
#[cfg(all(unix, not(target_os = "linux")))]
#[allow(dead_code, reason = "shared by suites, not all of which ask")]
pub(crate) fn fds() -> usize {
    // The one that lists the folder is counted each time.
    std::fs::read_dir("/dev/fd").expect("the system lists open descriptors").count()
}

/// How many descriptors the process has open, but for what [comes and goes](comes_and_goes).
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared by suites, not all of which ask")]
pub(crate) fn fds() -> usize {
    links().count()
}

/// As [`fds`], but for the timers of workers: a worker makes one when it first sleeps for a time, which the one among several
/// does that watches the others, so while a runtime runs that may be at any moment.
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared by suites, not all of which ask")]
pub(crate) fn fds_but_timers() -> usize {
    links().filter(|(_, what)| what.as_os_str() != "anon_inode:[timerfd]").count()
}

#[cfg(not(target_os = "linux"))]
#[allow(dead_code, reason = "as above")]
pub(crate) fn fds_but_timers() -> usize {
    fds()
}

/// The open descriptors and what they are of.
#[cfg(target_os = "linux")]
fn links() -> impl Iterator<Item = (std::ffi::OsString, std::path::PathBuf)> {
    let links = std::fs::read_dir("/proc/self/fd").expect("the system lists open descriptors").flatten();
    let links = links.filter_map(|link| Some((link.file_name(), std::fs::read_link(link.path()).ok()?)));
    links.filter(|(_, what)| !comes_and_goes(what))
}

/// The C library and the standard library ask the system for the number of processors when a thread needs it first, and close
/// what they read; and the one that lists the folder is there.
#[cfg(target_os = "linux")]
fn comes_and_goes(what: &std::path::Path) -> bool {
    what.starts_with("/proc") || what.starts_with("/sys")
}

/// The descriptors that were open at a time: what another test, or the harness, closes later is none of a case's business.
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared by suites, not all of which ask")]
pub(crate) struct Before(std::collections::BTreeSet<(std::ffi::OsString, std::path::PathBuf)>);

#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "as above")]
impl Before {
    pub(crate) fn now() -> Self {
        Before(links().collect())
    }

    /// How many are open that were not then.
    pub(crate) fn more(&self) -> usize {
        Self::now().0.difference(&self.0).count()
    }
}

/// How many descriptors were open at a time.
#[cfg(not(target_os = "linux"))]
#[allow(dead_code, reason = "shared by suites, not all of which ask")]
pub(crate) struct Before(usize);

#[cfg(not(target_os = "linux"))]
#[allow(dead_code, reason = "as above")]
impl Before {
    pub(crate) fn now() -> Self {
        Before(fds())
    }

    pub(crate) fn more(&self) -> usize {
        fds().saturating_sub(self.0)
    }
}

/// What the open descriptors are, for who has to find out which are too many.
#[cfg(unix)]
#[allow(dead_code, reason = "shared by suites, not all of which tell")]
pub(crate) fn open() -> String {
    let links = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let links = links.filter_map(|link| Some((link.file_name(), std::fs::read_link(link.path()).ok()?)));
    format!("{:?}", links.collect::<Vec<_>>())
}

/// Handles have no names.
#[cfg(windows)]
#[allow(dead_code, reason = "shared by suites, not all of which tell")]
pub(crate) fn open() -> String {
    String::from("not listed")
}

/// How many sockets the process has open. The system lists no handles, but numbers them densely, in steps of 4: they are
/// asked one by one, until many in a row are none.
#[cfg(windows)]
#[allow(dead_code, reason = "shared by suites, not all of which ask")]
pub(crate) fn fds() -> usize {
    use windows_sys::Win32::Networking::WinSock::{SO_TYPE, SOL_SOCKET, getsockopt};
    const NONE_IN_A_ROW: usize = 256;
    let (mut sockets, mut others, mut handle) = (0, 0, 0);
    while others < NONE_IN_A_ROW {
        handle += 4;
        let (mut kind, mut len) = (0_i32, 4_i32);
        // SAFETY: `kind` is live and writable, and `len` says how long it is; a handle that is no socket is refused.
        let got = unsafe { getsockopt(handle, SOL_SOCKET, SO_TYPE, (&raw mut kind).cast(), &raw mut len) };
        (sockets, others) = if got == 0 { (sockets + 1, 0) } else { (sockets, others + 1) };
    }
    sockets
}
