//! Sockets of the standard library become ours, and ours theirs.
//!
//! One that comes may have other descriptors, made with `try_clone` or held by another process, so the driver is told that
//! it is shared. One that goes leaves the driver as it is: the same descriptor, with nothing of it left behind.

use super::{TcpListener, TcpStream, adopt, io_error, tried};
use crate::op::{Net, Sockets};
use crate::sys::fd::{self, Owned};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::roles::Kind;
use core::panic::Location;
use std::io;

#[cfg(unix)]
use super::{UdpSocket, UnixDatagram, UnixListener, UnixStream};
#[cfg(unix)]
use crate::op::{Udp, Unix};

/// Takes charge of a socket, or closes it.
fn enter<C: Config<Driver: Sockets>>(
    socket: Owned,
    kind: Kind,
    at: &'static Location<'static>,
) -> Result<OwnedResource<C>, Errno> {
    let raw = fd::number_of(socket)?;
    // Before it is registered: a driver that is one of two corrects the mode there.
    <C::Driver as Sockets>::enter(raw).inspect_err(|_| <C::Driver as Sockets>::discard(raw))?;
    let resource = adopt(raw, kind, at)?;
    resource.share()?;
    Ok(resource)
}

/// Gives a socket away, or closes it.
fn leave<C: Config<Driver: Sockets>>(resource: OwnedResource<C>) -> Result<Owned, Errno> {
    resource.while_open(<C::Driver as Sockets>::leave).flatten()?;
    let raw = resource.release()?;
    // SAFETY: it was this resource's alone, and is open.
    Ok(unsafe { fd::owned(raw) })
}

/// `$made` makes the socket of the standard library, `$used` uses ours and makes one of it again.
macro_rules! standard {
    ($name:ident: $theirs:ty, $capability:ident, $kind:ident, { $($more:tt)* }, $made:literal, $used:literal) => {
        impl<C: Config> $name<C> {
            #[doc = concat!("Takes charge of a [`", stringify!($theirs), "`].")]
            ///
            /// Whether calls on it wait is set as the driver needs it: there is nothing to prepare. That belongs to the open
            /// file, so other descriptors of it, those made by `try_clone`, change with it, and must not change it back.
            ///
            /// # Errors
            /// What the driver was refused; the socket is closed then.
            ///
            /// # Panics
            /// Without a runtime of `C` on the thread; the message names the line of this call. A driver whose operations
            /// block needs none.
            ///
            /// # Platform
            /// A driver whose operations block shuts its sockets down (`shutdown(2)`) when the runtime closes, and so those
            /// of other descriptors of the same open file.
            ///
            /// # Example
            /// ```
            #[doc = concat!("use bespoke::net::", stringify!($name), ";")]
            ///
            /// # #[bespoke::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $made]
            #[doc = $used]
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            pub fn from_std(socket: $theirs) -> io::Result<Self>
            where
                C::Driver: $capability,
            {
                let resource = enter(socket.into(), Kind::$kind, Location::caller())
                    .map_err(tried("cannot take charge of a socket"))?;
                Ok($name { resource, $($more)* })
            }

            #[doc = concat!("Gives the socket to the standard library, as a [`", stringify!($theirs), "`] whose calls wait.")]
            ///
            /// The descriptor is the same one, and the driver knows nothing of it any more. What has come and nobody has read is
            /// still there. Nothing can be under way: reads and writes borrow the socket, and halves are put together before.
            ///
            /// # Errors
            /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed. The socket is closed then, too.
            ///
            /// # Panics
            /// On another worker than the socket's: [`rehome`](Self::rehome) brings it to this one.
            ///
            /// # Example
            #[doc = concat!("See [`from_std`](", stringify!($name), "::from_std).")]
            pub fn into_std(self) -> io::Result<$theirs>
            where
                C::Driver: $capability,
            {
                leave(self.resource).map(<$theirs>::from).map_err(io_error)
            }
        }
    };
}

standard!(
    TcpStream: std::net::TcpStream, Net, Stream, {},
    "let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;\n\
     let stream = std::net::TcpStream::connect(listener.local_addr()?)?;",
    "let mut ours = TcpStream::from_std(stream)?;\n\
     ours.write_all(\"tea\").await.0?;\n\n\
     let again: std::net::TcpStream = ours.into_std()?; // for a library that blocks, say\n\
     # use std::io::{Read, Write};\n\
     # (&again).write_all(b\" for two\")?;\n\
     # drop(again);\n\
     # let mut all = String::new();\n\
     # listener.accept()?.0.read_to_string(&mut all)?;\n\
     # assert_eq!(all, \"tea for two\");"
);
standard!(
    TcpListener: std::net::TcpListener, Net, Listener, { back_off: Default::default() },
    "// Bound before the runtime started, as root, or by who started the process.\n\
     let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;\n\
     # let client = std::net::TcpStream::connect(listener.local_addr()?)?;",
    "let ours = TcpListener::from_std(listener)?;\n\
     let (stream, _) = ours.accept().await?;\n\
     # assert_eq!(stream.peer_addr()?, client.local_addr()?);\n\n\
     let again: std::net::TcpListener = ours.into_std()?;\n\
     # assert_eq!(again.local_addr()?, client.peer_addr()?);"
);
#[cfg(unix)]
standard!(
    UdpSocket: std::net::UdpSocket, Udp, Datagram, {},
    "let socket = std::net::UdpSocket::bind(\"127.0.0.1:0\")?;",
    "let ours = UdpSocket::from_std(socket)?;\n\
     ours.send_to(\"tea\", ours.local_addr()?).await.0?;\n\n\
     let again: std::net::UdpSocket = ours.into_std()?;\n\
     assert_eq!(again.recv(&mut [0; 16])?, 3);"
);
#[cfg(unix)]
standard!(
    UnixStream: std::os::unix::net::UnixStream, Unix, UnixStream, {},
    "let (one, other) = std::os::unix::net::UnixStream::pair()?;",
    "let mut ours = UnixStream::from_std(one)?;\n\
     ours.write_all(\"tea\").await.0?;\n\n\
     let again: std::os::unix::net::UnixStream = ours.into_std()?;\n\
     # drop(again);\n\
     # let mut all = String::new();\n\
     # std::io::Read::read_to_string(&mut &other, &mut all)?;\n\
     # assert_eq!(all, \"tea\");"
);
#[cfg(unix)]
standard!(
    UnixListener: std::os::unix::net::UnixListener, Unix, Listener, { back_off: Default::default() },
    "# let path = std::env::temp_dir().join(format!(\"bespoke-doc-from-std-{}\", std::process::id()));\n\
     let listener = std::os::unix::net::UnixListener::bind(&path)?;\n\
     # let client = std::os::unix::net::UnixStream::connect(&path)?;",
    "let ours = UnixListener::from_std(listener)?;\n\
     let (stream, _) = ours.accept().await?;\n\n\
     let again: std::os::unix::net::UnixListener = ours.into_std()?;\n\
     # assert_eq!(again.local_addr()?.as_pathname(), Some(&*path));\n\
     # std::fs::remove_file(&path)?;"
);
#[cfg(unix)]
standard!(
    UnixDatagram: std::os::unix::net::UnixDatagram, Unix, Datagram, {},
    "let (one, other) = std::os::unix::net::UnixDatagram::pair()?;",
    "let ours = UnixDatagram::from_std(one)?;\n\
     ours.send(\"tea\").await.0?;\n\n\
     let again: std::os::unix::net::UnixDatagram = ours.into_std()?;\n\
     # drop(again);\n\
     assert_eq!(other.recv(&mut [0; 16])?, 3);"
);
