//! Passing descriptors to another process, beside bytes: futures, methods and the error. `SCM_RIGHTS`, `unix(7)`.

use super::futures::told;
use super::io_error;
use crate::op::{Received, RecvDescriptors, SendDescriptors, UnixAddr};
use bespoke_core::config::Config;
use bespoke_core::driver::{Borrows, Errno, Operation, OwnedResource, Submit};
use bespoke_core::io::IoBuf;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// Sends bytes and descriptors. Made by [`UnixStream::send_with_fds`](super::UnixStream::send_with_fds) and its like; see
/// there.
#[must_use = "a send does nothing unless it is awaited"]
pub struct SendWithFds<'a, C: Config, B: IoBuf>
where
    C::Driver: Submit<SendDescriptors>,
{
    operation: Operation<C, SendDescriptors, B>,
    _borrowed: Borrows<'a>,
}

told!(SendWithFds<B: IoBuf>, SendDescriptors => (io::Result<usize>, B): |sent, buffer| (sent.map_err(io_error), buffer));

impl<'a, C: Config, B: IoBuf> SendWithFds<'a, C, B>
where
    C::Driver: Submit<SendDescriptors>,
{
    pub(super) fn new(
        resource: &'a OwnedResource<C>,
        buffer: B,
        fds: &'a [BorrowedFd<'a>],
        datagram: Option<Option<UnixAddr>>,
    ) -> Self {
        let socket = resource.resource();
        let op = |buffer: &mut B| SendDescriptors {
            socket,
            from: buffer.as_ptr(),
            len: buffer.len(),
            descriptors: fds.as_ptr().cast(),
            count: fds.len(),
            datagram,
        };
        // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of `IoBuf`); the list of
        // descriptors is touched inside `poll` only, and the future borrows it and the resource as long as it lives.
        SendWithFds { operation: unsafe { resource.operation_with(buffer, op) }, _borrowed: Borrows::default() }
    }
}

/// Reads bytes and descriptors. Made by [`UnixStream::recv_with_fds`](super::UnixStream::recv_with_fds) and its like; see
/// there.
#[must_use = "a receive does nothing unless it is awaited"]
pub struct RecvWithFds<'a, C: Config>
where
    C::Driver: Submit<RecvDescriptors>,
{
    operation: Operation<C, RecvDescriptors>,
    _borrowed: Borrows<'a>,
}

told!(RecvWithFds, RecvDescriptors => io::Result<(usize, usize)>: |received, ()| {
    whole(received).map(|(bytes, fds, _)| (bytes, fds))
});

/// As [`RecvWithFds`], with the sender of the datagram. Made by
/// [`UnixDatagram::recv_from_with_fds`](super::UnixDatagram::recv_from_with_fds); see there.
#[must_use = "a receive does nothing unless it is awaited"]
pub struct RecvFromWithFds<'a, C: Config>
where
    C::Driver: Submit<RecvDescriptors>,
{
    operation: Operation<C, RecvDescriptors>,
    _borrowed: Borrows<'a>,
}

told!(RecvFromWithFds, RecvDescriptors => io::Result<(usize, usize, UnixAddr)>: |received, ()| {
    whole(received).map(|(bytes, fds, sender)| match sender {
        Some(sender) => (bytes, fds, sender),
        None => unreachable!("a datagram has a sender, if one without a name"),
    })
});

fn whole(received: Result<Received, Errno>) -> io::Result<(usize, usize, Option<UnixAddr>)> {
    let Received { bytes, descriptors, sender } = received.map_err(io_error)?;
    match descriptors {
        Some(fds) => Ok((bytes, fds, sender)),
        None => Err(io::Error::new(io::ErrorKind::InvalidData, FdsLost { bytes, sender })),
    }
}

fn receive<C: Config>(
    resource: &OwnedResource<C>,
    buffer: &mut [u8],
    fds: &mut [Option<OwnedFd>],
    datagram: bool,
) -> Operation<C, RecvDescriptors>
where
    C::Driver: Submit<RecvDescriptors>,
{
    let op = RecvDescriptors {
        socket: resource.resource(),
        to: buffer.as_mut_ptr(),
        len: buffer.len(),
        places: fds.as_mut_ptr(),
        count: fds.len(),
        datagram,
    };
    // SAFETY: the operation touches its memory inside `poll` only, and the futures above borrow buffer, places and resource
    // as long as they live.
    unsafe { resource.operation(op, ()) }
}

impl<'a, C: Config> RecvWithFds<'a, C>
where
    C::Driver: Submit<RecvDescriptors>,
{
    pub(super) fn new(
        resource: &'a OwnedResource<C>,
        buffer: &'a mut [u8],
        fds: &'a mut [Option<OwnedFd>],
        datagram: bool,
    ) -> Self {
        RecvWithFds { operation: receive(resource, buffer, fds, datagram), _borrowed: Borrows::default() }
    }
}

impl<'a, C: Config> RecvFromWithFds<'a, C>
where
    C::Driver: Submit<RecvDescriptors>,
{
    pub(super) fn new(resource: &'a OwnedResource<C>, buffer: &'a mut [u8], fds: &'a mut [Option<OwnedFd>]) -> Self {
        RecvFromWithFds { operation: receive(resource, buffer, fds, true), _borrowed: Borrows::default() }
    }
}

/// More descriptors came than there were places for, or than the process may have open: all that came are closed. Inside of
/// the [`io::Error`] of [`recv_with_fds`](super::UnixStream::recv_with_fds), whose kind is
/// [`InvalidData`](io::ErrorKind::InvalidData). The bytes are in the buffer.
#[derive(Clone, Debug)]
pub struct FdsLost {
    bytes: usize,
    sender: Option<UnixAddr>,
}

impl FdsLost {
    /// Finds it in an error.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// How many bytes came with them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Who sent them; `None` for a stream, which has one peer.
    #[must_use]
    pub fn sender(&self) -> Option<&UnixAddr> {
        self.sender.as_ref()
    }
}

impl fmt::Display for FdsLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "more descriptors came than there were places for, or than the process may have open: all of them are closed",
        )
    }
}

impl core::error::Error for FdsLost {}

/// Receiving descriptors, for Unix streams and their halves that read, which have a `resource()`.
macro_rules! receives_fds {
    ($name:ident $(<$life:lifetime>)? $(of $stream:ident)?) => {
        impl<$($life,)? C: Config> $name<$($life,)? C $(, $stream<C>)?> {
            /// Reads what has come, and the descriptors that were sent with it: how many bytes, and how many descriptors. Those
            /// are in the first places, each close-on-exec; what was in the places is closed. (0, 0): the peer has ended its
            /// direction, or the buffer is empty.
            ///
            /// A read stops at bytes that came with descriptors of their own. A plain read of such bytes closes the
            /// descriptors.
            ///
            /// # Errors
            /// What `recvmsg(2)` says. [`InvalidData`](std::io::ErrorKind::InvalidData) with [`FdsLost`](crate::net::FdsLost):
            /// there were too few places. All that came are closed, and the bytes are in the buffer.
            ///
            /// # Cancel safety
            /// Cancel safe, lossless, and free to drop: bytes and descriptors that nobody took stay for the next read.
            ///
            /// # Example
            #[doc = connected!(UnixStream)]
            /// # use std::io::Read;
            /// use std::os::fd::AsFd;
            ///
            /// let file = std::fs::File::open("Cargo.toml")?;
            /// peer.send_with_fds("a file", &[file.as_fd()]).await.0?;
            #[doc = reader!($name)]
            ///
            /// let (mut text, mut fds) = ([0; 64], [None]);
            /// let (bytes, count) = reader.recv_with_fds(&mut text, &mut fds).await?;
            /// assert_eq!((&text[..bytes], count), (&b"a file"[..], 1));
            /// let mut same = std::fs::File::from(fds[0].take().expect("one came"));
            /// # let mut text = String::new();
            /// # same.read_to_string(&mut text)?;
            /// # assert!(text.contains("[package]"));
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn recv_with_fds<'r>(
                &'r mut self,
                buffer: &'r mut [u8],
                fds: &'r mut [Option<std::os::fd::OwnedFd>],
            ) -> $crate::net::RecvWithFds<'r, C>
            where
                C::Driver: $crate::op::Descriptors,
            {
                $crate::net::RecvWithFds::new(self.resource(), buffer, fds, false)
            }
        }
    };
}
pub(super) use receives_fds;

/// Sending descriptors, for Unix streams and their halves that write, which have a `resource()`.
macro_rules! sends_fds {
    ($name:ident $(<$life:lifetime>)? $(of $stream:ident)?) => {
        impl<$($life,)? C: Config> $name<$($life,)? C $(, $stream<C>)?> {
            /// Sends what one send takes of the buffer, at least one byte, and all the descriptors with it. Yields how many bytes
            /// were taken, and the buffer; a rest is for [`write_all`](Self::write_all). The receiver gets descriptors of its
            /// own, which name the same open files: these here may be closed.
            ///
            /// # Errors
            /// As [`write`](Self::write). [`InvalidInput`](std::io::ErrorKind::InvalidInput): more than 253 descriptors, or an
            /// empty buffer. `ETOOMANYREFS`: too many are on their way already.
            ///
            /// # Cancel safety
            /// As [`write_vectored`](Self::write_vectored): nothing is sent, or what the system took is on its way.
            ///
            /// # Example
            #[doc = connected!(UnixStream)]
            /// use std::os::fd::AsFd;
            ///
            #[doc = writer!($name)]
            /// let (one, other) = std::io::pipe()?;
            /// writer.send_with_fds("two ends", &[one.as_fd(), other.as_fd()]).await.0?;
            /// drop((one, other)); // the peer has its own
            ///
            /// let mut fds = [const { None }; 2];
            /// assert_eq!(peer.recv_with_fds(&mut [0; 64], &mut fds).await?, (8, 2));
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn send_with_fds<'s, B: IoBuf>(
                &'s mut self,
                buffer: impl IntoIoBuf<Buf = B>,
                fds: &'s [std::os::fd::BorrowedFd<'s>],
            ) -> $crate::net::SendWithFds<'s, C, B>
            where
                C::Driver: $crate::op::Descriptors,
            {
                $crate::net::SendWithFds::new(self.resource(), buffer.into_io_buf(), fds, None)
            }
        }
    };
}
pub(super) use sends_fds;
