//! An epoll instance without a runtime around it, for the load generator and for the floor of the echo rows.

use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A level-triggered epoll instance that watches for readable sockets.
#[derive(Debug)]
pub struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    /// Opens an instance that reports up to `batch` sockets per wait.
    ///
    /// # Errors
    /// What epoll_create1(2) returns.
    pub fn new(batch: usize) -> io::Result<Self> {
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
    pub fn watch(&self, fd: RawFd, key: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: key as u64 };
        // SAFETY: `event` is a readable `epoll_event`; the kernel copies it.
        let rc = unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &mut event) };
        if rc == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Waits up to `timeout_ms` and calls `ready` with the key of each readable socket.
    ///
    /// # Errors
    /// What epoll_wait(2) returns, `EINTR` excepted, or the first error of `ready`.
    pub fn wait(&mut self, timeout_ms: i32, mut ready: impl FnMut(usize) -> io::Result<()>) -> io::Result<()> {
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

/// Whether `fd` can be read, or has ended, within `limit` (poll(2)).
///
/// # Errors
/// What the system call returns, `EINTR` excepted.
pub fn readable(fd: RawFd, limit: Duration) -> io::Result<bool> {
    let mut entry = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    loop {
        // SAFETY: one writable entry is passed, and the count says one.
        let count = unsafe { libc::poll(&mut entry, 1, limit.as_millis() as i32) };
        if count >= 0 {
            return Ok(count > 0);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
