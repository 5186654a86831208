//! How many descriptors a process has open: for tests that compare it before and after.

/// How many descriptors the process has open.
#[cfg(unix)]
pub(crate) fn fds() -> usize {
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    // The one that lists the folder is counted each time.
    std::fs::read_dir(folder).expect("the system lists open descriptors").count()
}

/// The descriptors that were open at a time: what another test, or the harness, closes later is none of a case's business.
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared by suites, not all of which ask")]
pub(crate) struct Before(std::collections::BTreeSet<(std::ffi::OsString, std::path::PathBuf)>);

#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "as above")]
impl Before {
    pub(crate) fn now() -> Self {
        let links = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        let links = links.filter_map(|link| Some((link.file_name(), std::fs::read_link(link.path()).ok()?)));
        // Not the one that lists the folder.
        Before(links.filter(|(_, what)| !(what.starts_with("/proc") && what.ends_with("fd"))).collect())
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
