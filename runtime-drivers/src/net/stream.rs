//! A TCP connection.

use super::addresses::{LookupAddrs, ToSocketAddrs, first_of};
use super::futures::{Peek, Read, ReadInto, ReadVectored, Write, WriteAll, WriteVectored};
use super::io_error;
use super::reading::{read_exact, reading};
use super::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use super::writing::{take_interrupted, writing};
use crate::op::{Connect, Net, Sockets, Taken};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs};
use bespoke_core::roles::{Kind, RawResource};
use bespoke_core::runtime::spawn_blocking_if_any;
use core::fmt;
use core::net::SocketAddr;
use std::io::{self, IoSliceMut};
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
        super::adopt(raw, kind).map(|resource| TcpStream { resource }).map_err(io_error)
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

    /// Two halves that borrow the stream: one reads while the other writes, in one task.
    pub fn split(&mut self) -> (ReadHalf<'_, C>, WriteHalf<'_, C>) {
        split::borrow(self)
    }

    /// Two halves that own the stream together: for two tasks. Dropping the write half ends that direction; dropping both
    /// closes the stream. One allocation.
    pub fn into_split(self) -> (OwnedReadHalf<C>, OwnedWriteHalf<C>) {
        split::own(self)
    }

    #[inline]
    pub(super) fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }

    /// Asks the driver's sockets for something that does not wait.
    pub(super) fn ask<R>(&self, call: impl FnOnce(RawResource) -> Result<R, Errno>) -> io::Result<R> {
        self.resource.check_open().and_then(|()| call(self.resource.raw())).map_err(io_error)
    }
}

reading!(TcpStream);
writing!(TcpStream);

impl<C: Config> fmt::Debug for TcpStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpStream").field(&self.resource.raw()).finish()
    }
}
