//! The operations that pass descriptors between processes, beside bytes. `SCM_RIGHTS`, `unix(7)`.

use super::UnixAddr;
use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::Resource;
use std::os::fd::{BorrowedFd, OwnedFd};

/// Sends bytes and descriptors: of a stream as many bytes as one send takes, and all descriptors with the first of them; of a
/// socket of datagrams one datagram. `sendmsg(2)`.
///
/// Kernel-time memory: a driver may read `from` until the operation is over. The list of descriptors is poll-time memory: a
/// driver whose system reads it later makes duplicates first, which it closes. Dropped: what the system took is on its way.
#[derive(Debug)]
pub struct SendDescriptors {
    /// The socket.
    pub socket: Resource,
    /// Where the bytes are.
    pub from: *const u8,
    /// How many.
    pub len: usize,
    /// The first of the descriptors.
    pub descriptors: *const BorrowedFd<'static>,
    /// How many there are; at most [`MAX`](Self::MAX).
    pub count: usize,
    /// One datagram? And where to send it; `None`: to whom the socket is connected.
    pub datagram: Option<Option<UnixAddr>>,
}

impl SendDescriptors {
    /// How many descriptors one message may carry, on every system: what Linux takes.
    pub const MAX: usize = crate::sys::rights::DESCRIPTORS_MAX;
}

// SAFETY: `from` and `descriptors` are read by the driver only, the latter in `poll`, by whoever polls; the value
// owns nothing but its address.
unsafe impl Send for SendDescriptors {}
// SAFETY: as above; an address is plain data.
unsafe impl Op for SendDescriptors {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "send_descriptors";
    const LATE: Late = Late::CountWritten;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.socket)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        output.is_err()
    }
}

/// Reads what has come, bytes and descriptors: of a stream at most as far as the next bytes that came with descriptors of
/// their own. `recvmsg(2)`.
///
/// Poll-time memory: `to` and `places` are touched inside `poll` only. A wait: dropping it loses neither byte nor descriptor.
#[derive(Debug, Clone, Copy)]
pub struct RecvDescriptors {
    /// The socket.
    pub socket: Resource,
    /// Where the bytes are to go.
    pub to: *mut u8,
    /// How many at most.
    pub len: usize,
    /// The first place for a descriptor. What is in the places is closed.
    pub places: *mut Option<OwnedFd>,
    /// How many places there are.
    pub count: usize,
    /// Is it a socket of datagrams?
    pub datagram: bool,
}

impl RecvDescriptors {
    /// A stream's system would wait for a byte before it says that there is no room for one.
    pub(crate) fn asks_for_nothing(&self) -> bool {
        self.len == 0 && !self.datagram
    }

    /// What the system said, as the operation tells it.
    pub(crate) fn told(&self, came: crate::sys::rights::Came) -> Result<Received, Errno> {
        let sender = if self.datagram { Some(came.sender.to_unix_peer()?) } else { None };
        Ok(Received { bytes: came.bytes, descriptors: came.descriptors, sender })
    }
}

/// What a [`RecvDescriptors`] came to.
#[derive(Debug)]
pub struct Received {
    /// How many bytes.
    pub bytes: usize,
    /// How many descriptors; `None`: more came than there were places, or than the process may have open. All are closed.
    pub descriptors: Option<usize>,
    /// The sender of a datagram.
    pub sender: Option<UnixAddr>,
}

impl Received {
    /// No byte, and no descriptor.
    pub(crate) fn nothing(places: &mut [Option<OwnedFd>]) -> Self {
        places.iter_mut().for_each(|place| *place = None);
        Received { bytes: 0, descriptors: Some(0), sender: None }
    }
}

// SAFETY: `to` and `places` are touched by the driver in `poll`, by whoever polls; the value owns nothing.
unsafe impl Send for RecvDescriptors {}
// SAFETY: as above.
unsafe impl Op for RecvDescriptors {
    type Output = Result<Received, Errno>;
    const NAME: &'static str = "recv_descriptors";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.socket)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        !matches!(output, Ok(Received { bytes: 1.., .. }))
    }
}
