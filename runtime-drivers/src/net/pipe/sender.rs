//! The end of a pipe that is written.

use super::{WritePipe, WritePipeAll, either_end};
use crate::io::Writes;
use crate::op::Pipes;
use bespoke_core::config::Config;
use bespoke_core::driver::OwnedResource;
use bespoke_core::io::{IntoIoBuf, IoBuf};
use core::fmt;
use core::panic::Location;
use std::io;
use std::os::fd::OwnedFd;

/// The end of a pipe that is written. Dropping it closes it: when the last is gone, who reads at the other end reads the end.
///
/// It [`Writes`], so that `copy` takes it. To end the writes ([`Writes::end_writes`]) closes this end, which needs no descriptor
/// and no runtime and does not fail; every later call fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe).
///
/// # Example
/// See [`pipe`](super::pipe).
///
/// # Platform
/// Unix.
pub struct Sender<C: Config> {
    /// `None`: its writes were ended.
    resource: Option<OwnedResource<C>>,
}

either_end!(
    Sender,
    Write,
    "written",
    "use std::os::fd::OwnedFd;\n\n\
     let piped = std::process::Stdio::piped;\n\
     let mut child = std::process::Command::new(\"cat\").stdin(piped()).stdout(piped()).spawn()?;\n\
     let to = OwnedFd::from(child.stdin.take().expect(\"it is piped\"));\n\
     let mut to = Sender::from_owned_fd(to)?;\n\
     to.write_all(\"tea\").await.0?;\n\
     drop(to); // `cat` reads the end\n\
     assert_eq!(child.wait_with_output()?.stdout, b\"tea\");"
);

impl<C: Config> Sender<C> {
    pub(super) fn of(resource: OwnedResource<C>) -> Self {
        Sender { resource: Some(resource) }
    }

    pub(super) fn resource(&self) -> io::Result<&OwnedResource<C>> {
        self.resource.as_ref().ok_or_else(ended)
    }

    fn into_resource(self) -> io::Result<OwnedResource<C>> {
        self.resource.ok_or_else(ended)
    }

    /// Writes what one call takes; may be less than all. Yields how much, and the buffer. Writes of at most
    /// `PIPE_BUF` bytes (4096 on Linux) are whole: those of others come before or after.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe): nobody can read any more, the writes were ended
    /// ([`Writes::end_writes`]), or the runtime is closed.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: a write that is dropped has put nothing into the pipe.
    ///
    /// # Example
    /// ```
    /// # use bespoke::net::pipe;
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// let (written, buffer) = sender.write(vec![0; 1 << 20]).await;
    /// assert!(written? < buffer.len()); // a pipe holds less
    ///
    /// drop(receiver);
    /// let error = sender.write("tea").await.0.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn write<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> WritePipe<'_, C, B>
    where
        C::Driver: Pipes,
    {
        WritePipe::new(self.resource.as_ref(), buffer.into_io_buf())
    }

    /// Writes the whole buffer, and yields it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// **Not** cancel safe. A call that is dropped may have put a beginning of the buffer into the pipe, in order, and does
    /// not say how much; another call begins with the first byte of its buffer, so who repeats it sends that beginning
    /// twice. Who drops writes calls [`write`](Self::write), which puts nothing into the pipe when it is dropped, until all
    /// is taken:
    ///
    /// ```
    /// use bespoke::io::IoBuf;
    /// use bespoke::time::{Duration, timeout};
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut sender, mut receiver) = bespoke::net::pipe::pipe()?;
    /// # let reader = bespoke::spawn(async move {
    /// #     let (mut all, mut part) = (Vec::new(), vec![0; 1 << 16]);
    /// #     while let n @ 1.. = receiver.read(&mut part).await? {
    /// #         all.extend_from_slice(&part[..n]);
    /// #     }
    /// #     std::io::Result::Ok(all)
    /// # });
    /// let message: std::sync::Arc<[u8]> = vec![b'.'; 1 << 20].into();
    /// let mut taken = 0;
    /// while taken < message.len() {
    ///     match timeout(Duration::from_millis(1), sender.write(message.clone().slice(taken..))).await {
    ///         Ok((written, _)) => taken += written?,
    ///         Err(_elapsed) => {} // nothing more is in the pipe than before
    ///     }
    /// }
    /// # drop(sender);
    /// # assert_eq!(reader.await??.len(), message.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Example
    /// See [`pipe`](super::pipe).
    #[inline]
    pub fn write_all<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> WritePipeAll<'_, C, B>
    where
        C::Driver: Pipes,
    {
        WritePipeAll::new(self.resource.as_ref(), buffer.into_io_buf())
    }
}

impl<C: Config<Driver: Pipes>> Writes for Sender<C> {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        Sender::write(self, buffer)
    }

    fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
        Sender::write_all(self, buffer)
    }

    async fn end_writes(&mut self) -> io::Result<()> {
        self.resource = None;
        Ok(())
    }
}

/// What every call says after the end.
#[cold]
pub(super) fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the writes to this pipe were ended")
}
