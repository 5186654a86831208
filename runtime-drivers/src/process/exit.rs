//! What tells of the end of a child.

use crate::op::Foreign;
#[cfg(any(target_os = "linux", target_os = "android"))]
use crate::op::{Direction, Ready};
use crate::signal::{Signal, SignalKind, listen};
use bespoke_core::config::Config;
#[cfg(any(target_os = "linux", target_os = "android"))]
use bespoke_core::driver::OwnedResource;
use core::panic::Location;
use std::io;

/// Told that a child may have ended.
///
/// # Invariants
/// 1. It was made before the look that found the child running; so an end after that look is told.
pub(super) enum Exit<C: Config> {
    /// The descriptor of the process.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    PidFd(OwnedResource<C>),
    /// `SIGCHLD`: some child has ended, or stopped.
    Signal(Signal<C>),
}

impl<C: Config> Exit<C> {
    /// Is told of the child `pid`, which nobody has waited for yet, from now on.
    ///
    /// # Errors
    /// No descriptor left; what the driver was refused.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread; the message names `at`.
    pub(super) fn of(pid: u32, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Foreign,
    {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(exit) = Self::pidfd(pid, at)? {
            return Ok(exit);
        }
        let _ = pid;
        Ok(Exit::Signal(listen(SignalKind::child(), at)?))
    }

    /// `None`: the system has no such descriptors.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn pidfd(pid: u32, at: &'static Location<'static>) -> io::Result<Option<Self>>
    where
        C::Driver: Foreign,
    {
        use crate::sys::{out_of_resources, process};
        use bespoke_core::roles::Kind;
        use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

        let raw = match process::pidfd(pid) {
            Ok(raw) => raw,
            // A signal's listener costs a descriptor, too.
            Err(errno) if out_of_resources(errno) => return Err(errno.into()),
            Err(_) => return Ok(None),
        };
        // SAFETY: new, and nobody else's. Closed if the driver refuses it, or panics because there is none.
        let pidfd = unsafe { OwnedFd::from_raw_fd(raw) };
        let resource = OwnedResource::adopt_for(pidfd.as_raw_fd(), Kind::Foreign, at)?;
        core::mem::forget(pidfd);
        Ok(Some(Exit::PidFd(resource)))
    }

    /// Ends the child at once, by its descriptor, which is that of no other process. `None`: there is none any more, or the
    /// system has no such call.
    pub(super) fn kill(&self) -> Option<io::Result<()>> {
        match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Exit::PidFd(pidfd) => {
                let sent = pidfd.while_open(crate::sys::process::kill_by_fd).ok()??;
                Some(sent.map_err(io::Error::from))
            }
            Exit::Signal(_) => None,
        }
    }

    /// Waits until it is told.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed; what the driver was refused.
    ///
    /// # Cancel safety
    /// Not on its own: what was told is told once. Whoever looks first and waits then loses nothing.
    pub(super) async fn told(&mut self) -> io::Result<()>
    where
        C::Driver: Foreign,
    {
        match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Exit::PidFd(pidfd) => {
                let op = Ready { resource: pidfd.resource(), direction: Direction::Read, would_block: false };
                // SAFETY: `Ready` points at no memory, and this call borrows the resource.
                let (ready, ()) = unsafe { pidfd.operation(op, ()) }.await;
                Ok(ready?)
            }
            Exit::Signal(signal) => Ok(signal.delivered().await?),
        }
    }
}
