//! The end of a pipe that is read.

use super::{ReadPipe, either_end};
use crate::io::Reads;
use crate::op::Pipes;
use bespoke_core::config::Config;
use bespoke_core::driver::OwnedResource;
use core::fmt;
use core::panic::Location;
use std::io;
use std::os::fd::OwnedFd;

/// The end of a pipe that is read. Dropping it closes it: when the last is gone, writes at the other end fail with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe).
///
/// It [`Reads`], so that `BufReader` and `copy` take it.
///
/// # Example
/// ```
/// use bespoke::io::BufReader;
/// use bespoke::net::pipe;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut sender, receiver) = pipe::pipe()?;
/// sender.write_all("tea\nbiscuits\n").await.0?;
/// let mut lines = BufReader::new(receiver).lines();
/// assert_eq!(lines.next_line().await?, Some("tea"));
/// # Ok(())
/// # }
/// ```
///
/// # Platform
/// Unix.
pub struct Receiver<C: Config> {
    resource: OwnedResource<C>,
}

either_end!(
    Receiver,
    Read,
    "read",
    "use std::os::fd::OwnedFd;\n\n\
     let mut child = std::process::Command::new(\"echo\").arg(\"tea\").stdout(std::process::Stdio::piped()).spawn()?;\n\
     let out = OwnedFd::from(child.stdout.take().expect(\"it is piped\"));\n\
     let mut out = Receiver::from_owned_fd(out)?;\n\
     let mut got = [0; 16];\n\
     assert_eq!(out.read(&mut got).await?, 4);\n\
     child.wait()?;"
);

impl<C: Config> Receiver<C> {
    pub(super) fn of(resource: OwnedResource<C>) -> Self {
        Receiver { resource }
    }

    /// As with the sender, of which this end is never ended.
    pub(super) fn resource(&self) -> io::Result<&OwnedResource<C>> {
        Ok(&self.resource)
    }

    fn into_resource(self) -> io::Result<OwnedResource<C>> {
        Ok(self.resource)
    }

    /// Reads what is in the pipe, at most as much as the buffer holds. 0: nobody can write any more, or the buffer is empty. Of a
    /// FIFO that nobody has opened to write yet, a read waits.
    ///
    /// # Errors
    /// What `read(2)` says. [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
    ///
    /// # Cancel safety
    /// Cancel safe, lossless, and free to drop: bytes that nobody took stay for the next read.
    ///
    /// # Example
    /// See [`pipe`](super::pipe).
    #[inline]
    pub fn read<'r>(&'r mut self, buffer: &'r mut [u8]) -> ReadPipe<'r, C>
    where
        C::Driver: Pipes,
    {
        ReadPipe::new(&self.resource, buffer)
    }

    /// Reads until the buffer is full.
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the pipe ends before; as [`read`](Self::read) else.
    ///
    /// # Cancel safety
    /// **Not** cancel safe: how much of the buffer was filled is lost with the future.
    pub async fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()>
    where
        C::Driver: Pipes,
    {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..]).await? {
                0 => {
                    let why = std::format!("the pipe ended after {filled} of {} bytes", buffer.len());
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
                }
                n => filled += n,
            }
        }
        Ok(())
    }
}

impl<C: Config<Driver: Pipes>> Reads for Receiver<C> {
    fn read<'r>(&'r mut self, buffer: &'r mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        Receiver::read(self, buffer)
    }
}
