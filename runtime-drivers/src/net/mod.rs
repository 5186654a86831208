//! Sockets. Every type here is generic over the config: `T<C>`; a config's own module has the short names.
//!
//! | file | holds |
//! |---|---|
//! | `addresses` | [`ToSocketAddrs`]: what can be connected to |
//! | `lending` | descriptors, lent for calls that there is no method for |
//! | `listener` | [`TcpListener`] |
//! | `stream` | [`TcpStream`] |
//! | `tcp_socket` | [`TcpSocket`]: what is said before connecting or listening |
//! | `connecting` | to one address, or to several at once |
//! | `options` | its addresses and options |
//! | `split` | the halves of a stream |
//! | `standard` | sockets of the standard library become ours, and ours theirs |
//! | `unix` | `UnixListener`, `UnixStream` |
//! | `unix_datagram` | `UnixDatagram` |
//! | `passing` | descriptors that are passed to another process |
//! | [`pipe`] | pipes and FIFOs |
//! | `async_fd` | `AsyncFd`: descriptors that are somebody else's |
//! | `rehoming` | sockets move between workers |
//! | `reading`, `writing` | what the stream and its halves do alike |
//! | `sending` | files that are sent without a copy |
//! | `futures` | the futures of reads and writes |
//! | `datagrams` | the futures that receive and send datagrams |
//! | `udp` | `UdpSocket` |
//! | `udp_options` | its options and groups |
//!
//! # Confinement
//! A socket belongs to a worker, under every driver but those whose operations block. It may be moved and dropped anywhere; used,
//! on its worker. Where there are several, the first use on another one brings it there, if nobody waits for it where it is
//! (`rehoming`); where tasks move, any worker of the runtime uses it. It may outlive its runtime: every call then fails with
//! [`std::io::ErrorKind::BrokenPipe`] and says that the runtime is closed.

/// How the examples of the docs begin, hidden: both ends of a connection, `client` and `peer`.
macro_rules! connected {
    () => {
        "```\n\
         # use bespoke::net::{TcpListener, TcpStream};\n\
         # #[bespoke::main]\n\
         # async fn main() -> std::io::Result<()> {\n\
         # let listener = TcpListener::bind(\"127.0.0.1:0\").await?;\n\
         # let mut client = TcpStream::connect(listener.local_addr()?).await?;\n\
         # let (mut peer, _) = listener.accept().await?;"
    };
    (UnixStream) => {
        "```\n\
         # use bespoke::net::UnixStream;\n\
         # #[bespoke::main]\n\
         # async fn main() -> std::io::Result<()> {\n\
         # let (mut client, mut peer) = UnixStream::pair()?;"
    };
    (TcpSocket) => {
        "```\n\
         # use bespoke::net::TcpSocket;\n\
         # #[bespoke::main]\n\
         # async fn main() -> std::io::Result<()> {\n\
         # let client = TcpSocket::new_v4()?;"
    };
    ($other:ident) => {
        connected!()
    };
}

mod addresses;
#[cfg(unix)]
mod async_fd;
mod connecting;
#[cfg(unix)]
mod datagrams;
mod futures;
#[cfg(unix)]
mod lending;
mod listener;
mod options;
#[cfg(unix)]
mod passing;
#[cfg(unix)]
pub mod pipe;
mod reading;
mod rehoming;
#[cfg(target_os = "linux")]
mod sending;
#[cfg(target_os = "linux")]
mod splicing;
mod split;
mod standard;
mod stream;
mod tcp_socket;
#[cfg(unix)]
mod udp;
#[cfg(unix)]
mod udp_options;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod unix_datagram;
mod writing;

pub use addresses::{LookupAddrs, ToSocketAddrs, lookup_host};
#[cfg(unix)]
pub use async_fd::{AsyncFd, AsyncFdGuard, TryIoError};
pub use connecting::ConnectError;
#[cfg(unix)]
pub use datagrams::{Receive, ReceiveFrom, SendDatagram};
pub use futures::{Peek, Read, ReadInto, ReadLease, ReadVectored, Write, WriteAll, WriteVectored};
#[cfg(unix)]
pub(crate) use lending::{lends_its_fd, with_fd as lend};
pub use listener::TcpListener;
#[cfg(unix)]
pub use passing::{FdsLost, RecvFromWithFds, RecvWithFds, SendWithFds};
#[cfg(target_os = "linux")]
pub use sending::SendFile;
#[cfg(target_os = "linux")]
pub use splicing::{SpliceFrom, SpliceTo, Splicer};
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, Splits, WriteHalf};
pub use stream::TcpStream;
pub use tcp_socket::TcpSocket;
#[cfg(unix)]
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{UnixListener, UnixStream};
#[cfg(unix)]
pub use unix_datagram::UnixDatagram;

use crate::op::Sockets;
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::roles::{Kind, RawResource};
use core::marker::PhantomData;
use core::panic::Location;
use std::io;

/// A descriptor of the runtime's own on its way to a handle.
struct NobodysYet<D: Sockets>(RawResource, PhantomData<D>);

impl<D: Sockets> NobodysYet<D> {
    /// Somebody has it.
    fn taken(self) {
        core::mem::forget(self);
    }
}

impl<D: Sockets> Drop for NobodysYet<D> {
    fn drop(&mut self) {
        D::discard(self.0);
    }
}

/// As [`adopt`], of two that belong together.
#[cfg(unix)]
fn adopt_pair<C: Config<Driver: Sockets>>(
    (one, other): (RawResource, RawResource),
    kind: Kind,
    at: &'static Location<'static>,
) -> Result<(OwnedResource<C>, OwnedResource<C>), Errno> {
    let waiting = NobodysYet::<C::Driver>(other, PhantomData);
    let one = adopt(one, kind, at)?;
    waiting.taken();
    Ok((one, adopt(other, kind, at)?))
}

/// Takes charge of a new socket, or closes it: also when there is no runtime to give it to, which is a panic that names `at`.
fn adopt<C: Config<Driver: Sockets>>(
    raw: RawResource,
    kind: Kind,
    at: &'static Location<'static>,
) -> Result<OwnedResource<C>, Errno> {
    let socket = NobodysYet::<C::Driver>(raw, PhantomData);
    let adopted = OwnedResource::adopt_for(raw, kind, at)?;
    socket.taken();
    Ok(adopted)
}

/// As [`adopt`], of a connection that was accepted: for the worker that uses it first, which is another one in most servers.
fn adopt_accepted<C: Config<Driver: Sockets>>(
    raw: RawResource,
    kind: Kind,
    at: &'static Location<'static>,
) -> Result<OwnedResource<C>, Errno> {
    let socket = NobodysYet::<C::Driver>(raw, PhantomData);
    let adopted = OwnedResource::adopt_for_anyone(raw, kind, at)?;
    socket.taken();
    Ok(adopted)
}

/// Asks the driver's sockets for something that does not wait.
fn ask<C: Config, R>(socket: &OwnedResource<C>, call: impl FnOnce(RawResource) -> Result<R, Errno>) -> io::Result<R> {
    socket.while_open(call).flatten().map_err(io_error)
}

fn io_error(errno: Errno) -> io::Error {
    errno.into()
}

/// As [`io_error`], with what was tried in front: "too many open files" alone does not say what was to be opened.
fn tried(what: &'static str) -> impl Fn(Errno) -> io::Error + Copy {
    move |errno| in_context(io_error(errno), what)
}
