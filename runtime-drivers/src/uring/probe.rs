//! Does this machine have a ring for us, and if not, why?
//!
//! | who denies | code | how it is told apart |
//! |---|---|---|
//! | a kernel without it | `ENOSYS` | no `kernel.io_uring_disabled` in `/proc` |
//! | a seccomp filter: Docker, systemd, a browser | `ENOSYS`, `EPERM` | the setting is there and allows it |
//! | `kernel.io_uring_disabled` | `EPERM` | the setting says so |
//! | the limit of locked memory, before 5.12 and again in 6.18 | `ENOMEM` | |
//! | a security module, or the system's limits: the thread of `SQ_POLL` alone | several | a ring without it is made |

use super::options::Kernel;
use super::ring::Ring;
use crate::sys::ring::{self as calls, RingName, code, disabled_setting};
use bespoke_core::driver::Errno;
use bespoke_core::error::{Error, ErrorKind};
use io_uring::{Probe, opcode};
use std::os::fd::AsRawFd as _;

/// Why there is no ring: the system's code, and the cause with its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    code: i32,
    why: &'static str,
}

impl Denied {
    /// The kernel answered `code` to `io_uring_setup(2)`.
    #[cold]
    pub(super) fn by(code: i32) -> Self {
        Denied { code, why: cause(code, disabled_setting()) }
    }

    /// The same where a ring is made without the thread that [`SQ_POLL`](super::RingOptions::SQ_POLL) asks for. `on_cpu`: it
    /// was to stay on a processor.
    #[cold]
    pub(super) fn by_thread(code: i32, on_cpu: bool) -> Self {
        Denied { code, why: cause_of_thread(code, on_cpu) }
    }

    #[cold]
    pub(super) fn too_old() -> Self {
        Denied { code: code::INVALID, why: WHY_OLD }
    }

    pub(super) fn code(self) -> i32 {
        self.code
    }

    /// The cause and its remedy.
    #[must_use]
    pub fn why(self) -> &'static str {
        self.why
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Errno::new(denied.code).map_or(Error::new(ErrorKind::Unsupported), Error::from).because(denied.why)
    }
}

/// What a code of `io_uring_setup(2)`, or of the first other call, means, given `kernel.io_uring_disabled`.
fn cause(code: i32, disabled: Option<u8>) -> &'static str {
    match (code, disabled) {
        (code::NOT_PERMITTED, Some(2)) => "io_uring is denied to all: `kernel.io_uring_disabled` is 2; set it to 0",
        (code::NOT_PERMITTED, Some(1)) => {
            "io_uring is denied to this user: `kernel.io_uring_disabled` is 1; join the group of `kernel.io_uring_group`, \
             set it to 0"
        }
        (code::NOT_PERMITTED, _) => {
            "io_uring is denied, probably by a seccomp filter of the container; allow `io_uring_setup`, `io_uring_enter` and \
             `io_uring_register` there"
        }
        (code::NOT_IMPLEMENTED, Some(_)) => {
            "io_uring is hidden, probably by a seccomp filter of the container; allow `io_uring_setup`, `io_uring_enter` and \
             `io_uring_register` there"
        }
        (code::NOT_IMPLEMENTED, None) => {
            "this kernel has no io_uring, or a seccomp filter hides it; Linux 5.15 is the oldest that will do"
        }
        (code::NO_MEMORY, _) => {
            "no memory for an io_uring, which counts as locked before Linux 5.12 and in newest kernels: raise `ulimit -l`, or \
             take fewer entries"
        }
        (code::NO_DESCRIPTORS, _) => "no descriptor is left for an io_uring: raise `ulimit -n`",
        (code::INVALID, _) => WHY_OLD,
        _ => "io_uring is not available",
    }
}

/// What a code of `io_uring_setup(2)` means that a ring without a thread of the kernel's does not get.
fn cause_of_thread(code: i32, on_cpu: bool) -> &'static str {
    match code {
        code::NOT_PERMITTED | code::ACCESS => {
            "io_uring is there, but `RingOptions::SQ_POLL` is denied, probably by a security module as SELinux; allow it \
             `sqpoll`, or take the option out"
        }
        code::INVALID if on_cpu => {
            "the processor of `RingOptions::SQ_POLL` is not there, or not among those of this process; name another one, or none"
        }
        code::AGAIN => "no thread is left for `RingOptions::SQ_POLL`: raise `ulimit -u`",
        // The smaller ring that was made for the comparison had room.
        code::NO_MEMORY => {
            "no memory for an io_uring with the thread of `RingOptions::SQ_POLL`; the ring counts as locked before Linux 5.12 \
             and in newest kernels: raise `ulimit -l`, or take fewer entries"
        }
        _ => "io_uring is there, but not with the thread of `RingOptions::SQ_POLL`; take the option out",
    }
}

const WHY_OLD: &str = "the io_uring of this kernel lacks what the driver needs; Linux 5.15 is the oldest that will do";

/// Why a worker cannot go on here.
pub(super) const WHY_MOVED: &str = "operations are on their way in a ring that belongs to the thread which ran this worker \
                                    before; let them end there, or choose `RingOptions::MOVABLE`";

/// What not every kernel knows with which the driver runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// `ftruncate`, of 6.9.
    pub(super) set_len: bool,
    /// Sends without a copy: `send_zc` of 6.0, `sendmsg_zc` of 6.1.
    pub(super) zero_copy: bool,
    /// Cancel by kind, of 5.19, which no probe tells of; that knows what came with it.
    pub(super) cancel_all: bool,
}

/// Does the kernel know what the driver cannot do without? And what else? `newest`: what counts as known at most.
pub(super) fn check(ring: &Ring, newest: Kernel) -> Result<Known, Denied> {
    // A filter may let us make a ring and deny us to enter it. This one is not enabled yet, which is another code.
    match calls::submit(RingName::Descriptor(ring.queues().as_raw_fd()), 0) {
        Err(errno) if errno.code() != code::NOT_ENABLED => return Err(Denied::by(errno.code())),
        _ => {}
    }
    let mut probe = Probe::new();
    ring.queues()
        .submitter()
        .register_probe(&mut probe)
        .map_err(|error| Denied::by(error.raw_os_error().unwrap_or(code::INVALID)))?;
    let needed = [
        opcode::Nop::CODE,
        opcode::PollAdd::CODE,
        opcode::AsyncCancel::CODE,
        opcode::Accept::CODE,
        opcode::Connect::CODE,
        opcode::Recv::CODE,
        opcode::Send::CODE,
        opcode::Splice::CODE,
        opcode::SendMsg::CODE,
        opcode::Timeout::CODE,
        opcode::Close::CODE,
        opcode::Read::CODE,
        opcode::Write::CODE,
        opcode::Readv::CODE,
        opcode::Writev::CODE,
        opcode::Fsync::CODE,
        opcode::Fallocate::CODE,
        opcode::Fadvise::CODE,
        opcode::OpenAt::CODE,
        opcode::Statx::CODE,
        opcode::RenameAt::CODE,
        opcode::UnlinkAt::CODE,
        opcode::MkDirAt::CODE,
        opcode::SymlinkAt::CODE,
        opcode::LinkAt::CODE,
    ];
    if !needed.into_iter().all(|code| probe.is_supported(code)) {
        return Err(Denied::too_old());
    }
    let has = |since, code| newest >= since && probe.is_supported(code);
    Ok(Known {
        set_len: has(Kernel::V6_12, opcode::Ftruncate::CODE),
        zero_copy: has(Kernel::V6_1, opcode::SendZc::CODE) && has(Kernel::V6_1, opcode::SendMsgZc::CODE),
        cancel_all: has(Kernel::V6_1, opcode::Socket::CODE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;

    #[test]
    fn each_way_to_deny_is_told_with_a_remedy() {
        for (code, disabled, word) in [
            (code::NOT_PERMITTED, Some(2), "io_uring_disabled` is 2"),
            (code::NOT_PERMITTED, Some(1), "io_uring_group"),
            (code::NOT_PERMITTED, Some(0), "seccomp"),
            (code::NOT_PERMITTED, None, "seccomp"),
            (code::NOT_IMPLEMENTED, Some(0), "seccomp"),
            (code::NOT_IMPLEMENTED, None, "5.15"),
            (code::NO_MEMORY, Some(0), "ulimit -l"),
            (code::NO_DESCRIPTORS, Some(0), "ulimit -n"),
            (code::INVALID, Some(0), "5.15"),
        ] {
            let why = cause(code, disabled);
            assert!(why.contains(word), "{code} {disabled:?}: {why}");
            let error = Error::from(Denied { code, why });
            assert_eq!(error.code(), Some(code));
            assert!(error.to_string().ends_with(why), "{error}");
        }
    }

    #[test]
    fn a_thread_that_is_denied_is_told_apart_from_a_ring_that_is() {
        for (code, on_cpu, word) in [
            (code::NOT_PERMITTED, false, "SELinux"),
            (code::ACCESS, true, "SELinux"),
            (code::INVALID, true, "processor"),
            (code::INVALID, false, "take the option out"),
            (code::AGAIN, false, "ulimit -u"),
            (code::NO_MEMORY, true, "ulimit -l"),
        ] {
            let denied = Denied::by_thread(code, on_cpu);
            assert!(
                denied.why().contains(word) && denied.why().contains("SQ_POLL"),
                "{code} {on_cpu}: {}",
                denied.why()
            );
            assert_eq!(Error::from(denied).code(), Some(code));
        }
    }
}
