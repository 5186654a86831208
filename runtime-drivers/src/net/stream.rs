//! A TCP connection.

use super::addresses::{LookupAddrs, ToSocketAddrs, first_of};
use super::futures::{Peek, Read, ReadInto, Write, WriteAll};
use super::io_error;
use super::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use super::vectored::{ReadVectored, WriteVectored};
use crate::op::{Connect, Interrupted, Keepalive, Net, Sockets, Taken};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs};
use bespoke_core::roles::Kind;
use bespoke_core::runtime::spawn_blocking_if_any;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::net::Shutdown;
use std::string::String;
use std::vec::Vec;

/// A TCP connection. Dropping it closes it; [`shutdown`](Self::shutdown) ends one direction.
///
/// Reads and writes take `&mut self`: one read and one write at a time. [`split`](Self::split) and
/// [`into_split`](Self::into_split) let two tasks read and write at once.
pub struct TcpStream<C: Config> {
    resource: OwnedResource<C>,
}

/// Looks a name up, on a blocking thread.
pub(super) async fn look_up<C: Config>(name: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    use std::net::ToSocketAddrs as _;
    let asked = name.clone();
    let look = move || (asked.as_str(), port).to_socket_addrs().map(Iterator::collect);
    let Some(looking) = spawn_blocking_if_any::<C, _, io::Result<Vec<SocketAddr>>>(look) else {
        let why = std::format!(
            "cannot look \"{name}\" up: this config has no blocking threads; connect to an address instead"
        );
        return Err(io::Error::new(io::ErrorKind::Unsupported, why));
    };
    let found = looking.await?;
    found.map_err(|error| io::Error::new(error.kind(), std::format!("cannot find \"{name}\": {error}")))
}

impl<C: Config> TcpStream<C> {
    pub(super) fn adopt(raw: i32, kind: Kind) -> io::Result<Self>
    where
        C::Driver: Net,
    {
        super::adopt(raw, kind).map(Self::from_resource).map_err(io_error)
    }

    /// Connects to the first of the addresses that answers.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not an address. [`ConnectionRefused`](io::ErrorKind::ConnectionRefused)
    /// and the other codes of `connect(2)`; the message names the address. A name that is not found.
    ///
    /// # Cancel safety
    /// Cancel safe: a connection under way is given up and its socket closed.
    pub async fn connect(addresses: impl ToSocketAddrs) -> io::Result<Self>
    where
        C::Driver: Net,
    {
        let found = addresses.to_addrs();
        drop(addresses);
        match found? {
            LookupAddrs::One(address) => Self::connect_to(address).await,
            LookupAddrs::Many(all) => first_of(all, Self::connect_to).await,
            LookupAddrs::Name(name, port) => first_of(look_up::<C>(name, port).await?, Self::connect_to).await,
        }
    }

    async fn connect_to(address: SocketAddr) -> io::Result<Self>
    where
        C::Driver: Net,
    {
        let told = |errno: Errno| {
            let error = io_error(errno);
            io::Error::new(error.kind(), std::format!("cannot connect to {address}: {error}"))
        };
        let raw = <C::Driver as Sockets>::socket(address).map_err(told)?;
        let stream = Self::adopt(raw, Kind::Unconnected)?;
        let op = Connect { socket: stream.resource.resource(), address };
        // SAFETY: `Connect` points at no memory, and the stream outlives the operation.
        let (connected, ()) = unsafe { stream.resource.operation(op, ()) }.await;
        connected.map_err(told)?;
        Ok(stream)
    }

    /// Reads what has come, at most as much as the buffer holds. 0: the peer has ended its direction, or the buffer is empty.
    ///
    /// # Errors
    /// What `recv(2)` says: [`ConnectionReset`](io::ErrorKind::ConnectionReset), say.
    ///
    /// # Cancel safety
    /// Cancel safe, lossless, and free to drop: bytes that nobody took stay for the next read.
    #[inline]
    pub fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> Read<'a, C>
    where
        C::Driver: Net,
    {
        Read::new(&self.resource, buffer, false)
    }

    /// As [`read`](Self::read), but leaves the bytes for the next read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    /// As [`read`](Self::read).
    pub fn peek<'a>(&'a mut self, buffer: &'a mut [u8]) -> Peek<'a, C>
    where
        C::Driver: Net,
    {
        Read::new(&self.resource, buffer, true)
    }

    /// Reads what has come into a buffer that it owns, from its beginning, at most its whole capacity: a `Vec` needs no zeroes,
    /// and is as long afterwards as what was read. Yields how much, and the buffer. 0: the peer has ended its direction, or the
    /// buffer has no capacity.
    ///
    /// # Errors
    /// As [`read`](Self::read); the buffer comes back as it was.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: bytes that nobody took stay for the next read. The buffer goes with the future.
    #[inline]
    pub fn read_into<B: IoBufMut>(&mut self, buffer: B) -> ReadInto<'_, C, B>
    where
        C::Driver: Net,
    {
        ReadInto::new(&self.resource, buffer)
    }

    /// As [`read`](Self::read), into several buffers: each is filled before the next. One call uses the
    /// first 1024 of them. `recvmsg(2)`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    /// As [`read`](Self::read).
    #[inline]
    pub fn read_vectored<'a>(&'a mut self, buffers: &'a mut [io::IoSliceMut<'_>]) -> ReadVectored<'a, C>
    where
        C::Driver: Net,
    {
        ReadVectored::new(&self.resource, buffers)
    }

    /// Reads until the buffer is full.
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the peer ends before; as [`read`](Self::read) else.
    ///
    /// # Cancel safety
    /// **Not** cancel safe: how much of the buffer was filled is lost with the future.
    pub async fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()>
    where
        C::Driver: Net,
    {
        split::read_exact(&self.resource, buffer).await
    }

    /// Writes what one send takes of the buffer; may be less than all. Yields how much, and the buffer.
    ///
    /// # Errors
    /// What `send(2)` says: [`BrokenPipe`](io::ErrorKind::BrokenPipe), [`ConnectionReset`](io::ErrorKind::ConnectionReset).
    ///
    /// # Cancel safety
    /// *Accounted*: what the system took is on its way, in order. [`take_interrupted`](Self::take_interrupted) tells how much
    /// that was; a caller that writes again without asking may send bytes twice.
    #[inline]
    pub fn write<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> Write<'_, C, B>
    where
        C::Driver: Net,
    {
        Write::new(&self.resource, buffer.into_io_buf())
    }

    /// Writes what one send takes of several buffers, one after the other; may be less than all. Yields how much, and the
    /// buffers. `sendmsg(2)`.
    ///
    /// The buffers are an array, a vector, or a tuple of different kinds: `(head, body)`. One call writes from the first 16
    /// that are not empty ([`Stretches::MAX`](crate::op::Stretches::MAX)). Nothing is allocated.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    #[inline]
    pub fn write_vectored<L: IoBufs>(&mut self, buffers: L) -> WriteVectored<'_, C, L>
    where
        C::Driver: Net,
    {
        WriteVectored::new(&self.resource, buffers)
    }

    /// Writes the whole buffer. Yields the buffer.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    #[inline]
    pub fn write_all<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> WriteAll<'_, C, B>
    where
        C::Driver: Net,
    {
        WriteAll::new(&self.resource, buffer.into_io_buf())
    }

    /// What became of the last write that was dropped under way: how many bytes the system took, and the buffer. `None`: no
    /// write was interrupted since the last write or question, or none of its bytes were taken.
    pub async fn take_interrupted(&mut self) -> Option<Taken>
    where
        C::Driver: Net,
    {
        let op = Interrupted { stream: self.resource.resource() };
        // SAFETY: points at no memory, and this call borrows the stream.
        unsafe { self.resource.operation(op, ()) }.await.0
    }

    /// Two halves that borrow the stream: one reads while the other writes, in one task.
    pub fn split(&mut self) -> (ReadHalf<'_, C>, WriteHalf<'_, C>) {
        split::borrow(&self.resource)
    }

    /// Two halves that own the stream together: for two tasks. Dropping the write half ends that direction; dropping both
    /// closes the stream. One allocation.
    pub fn into_split(self) -> (OwnedReadHalf<C>, OwnedWriteHalf<C>) {
        split::own(self.resource)
    }

    pub(super) fn from_resource(resource: OwnedResource<C>) -> Self {
        TcpStream { resource }
    }

    fn raw(&self) -> io::Result<i32> {
        self.resource.check_open().map_err(io_error)?;
        Ok(self.resource.raw())
    }
}

/// Calls that do not wait. Each fails with the system's code, and when the runtime is closed.
#[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
impl<C: Config> TcpStream<C>
where
    C: Config,
{
    /// Ends one direction or both: the peer reads the end of the stream. `shutdown(2)`.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::shutdown(self.raw()?, how).map_err(io_error)
    }

    /// The address of this end.
    pub fn local_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::local_addr(self.raw()?).map_err(io_error)
    }

    /// The address of the peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::peer_addr(self.raw()?).map_err(io_error)
    }

    /// Are small writes sent at once (`TCP_NODELAY`)? Not by default.
    pub fn nodelay(&self) -> io::Result<bool>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::nodelay(self.raw()?).map_err(io_error)
    }

    /// Sends small writes at once, or gathers them.
    pub fn set_nodelay(&self, on: bool) -> io::Result<()>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::set_nodelay(self.raw()?, on).map_err(io_error)
    }

    /// How long closing waits for unsent bytes; `None`: the system sends them in the background.
    pub fn linger(&self) -> io::Result<Option<Duration>>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::linger(self.raw()?).map_err(io_error)
    }

    /// As [`linger`](Self::linger), in whole seconds, rounded up. Zero: closing resets the connection.
    pub fn set_linger(&self, time: Option<Duration>) -> io::Result<()>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::set_linger(self.raw()?, time).map_err(io_error)
    }

    /// When an idle connection is probed; `None`: never.
    pub fn keepalive(&self) -> io::Result<Option<Keepalive>>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::keepalive(self.raw()?).map_err(io_error)
    }

    /// Probes the idle connection, or does not.
    pub fn set_keepalive(&self, keepalive: Option<Keepalive>) -> io::Result<()>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::set_keepalive(self.raw()?, keepalive).map_err(io_error)
    }

    /// The size of the system's receive buffer in bytes.
    pub fn recv_buffer_size(&self) -> io::Result<usize>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::recv_buffer_size(self.raw()?).map_err(io_error)
    }

    /// Asks for a receive buffer; Linux doubles the figure.
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::set_recv_buffer_size(self.raw()?, bytes).map_err(io_error)
    }

    /// The size of the system's send buffer in bytes.
    pub fn send_buffer_size(&self) -> io::Result<usize>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::send_buffer_size(self.raw()?).map_err(io_error)
    }

    /// Asks for a send buffer; Linux doubles the figure.
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::set_send_buffer_size(self.raw()?, bytes).map_err(io_error)
    }

    /// How many routers a packet may pass.
    pub fn ttl(&self) -> io::Result<u32>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::ttl(self.raw()?).map_err(io_error)
    }

    /// Says how many routers a packet may pass: 1 to 255.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()>
    where
        C::Driver: Net,
    {
        <C::Driver as Sockets>::set_ttl(self.raw()?, hops).map_err(io_error)
    }

    /// Takes the pending error of the socket.
    pub fn take_error(&self) -> io::Result<Option<io::Error>>
    where
        C::Driver: Net,
    {
        let error = <C::Driver as Sockets>::take_error(self.raw()?).map_err(io_error)?;
        Ok(error.map(io_error))
    }
}

impl<C: Config> fmt::Debug for TcpStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpStream").field(&self.resource.raw()).finish()
    }
}
