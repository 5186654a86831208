//! A connection of the load generator, over any of the three transports.

use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// TCP on this port of 127.0.0.1.
    Tcp(u16),
    /// UDP on this port of 127.0.0.1.
    Udp(u16),
    /// A Unix stream socket at this path.
    Unix(PathBuf),
}

/// A connected, non-blocking socket.
#[derive(Debug)]
pub(crate) enum Socket {
    /// A stream.
    Tcp(TcpStream),
    /// A datagram socket with one peer.
    Udp(UdpSocket),
    /// A stream.
    Unix(UnixStream),
}

impl Socket {
    /// Connects to `target`.
    ///
    /// # Errors
    /// What the system calls return.
    pub(crate) fn connect(target: &Target) -> io::Result<Self> {
        Ok(match target {
            Target::Tcp(port) => {
                let stream = TcpStream::connect(("127.0.0.1", *port))?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                Self::Tcp(stream)
            }
            Target::Udp(port) => {
                let socket = UdpSocket::bind(("127.0.0.1", 0))?;
                socket.connect(("127.0.0.1", *port))?;
                socket.set_nonblocking(true)?;
                Self::Udp(socket)
            }
            Target::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_nonblocking(true)?;
                Self::Unix(stream)
            }
        })
    }

    /// Sends a message whole; it fits, because the last one was answered.
    ///
    /// # Errors
    /// What the system call returns.
    pub(crate) fn send(&self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => (&mut &*stream).write_all(message),
            Self::Unix(stream) => (&mut &*stream).write_all(message),
            Self::Udp(socket) => match socket.send(message)? {
                sent if sent == message.len() => Ok(()),
                _ => Err(io::ErrorKind::WriteZero.into()),
            },
        }
    }

    /// Reads what there is; `None` for nothing yet.
    ///
    /// # Errors
    /// What the system call returns; `UnexpectedEof` from a stream that has ended.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let read = match self {
            Self::Tcp(stream) => (&mut &*stream).read(buffer),
            Self::Unix(stream) => (&mut &*stream).read(buffer),
            Self::Udp(socket) => socket.recv(buffer),
        };
        match read {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed a connection")),
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The descriptor, to watch it.
    pub(crate) fn fd(&self) -> RawFd {
        match self {
            Self::Tcp(stream) => stream.as_fd().as_raw_fd(),
            Self::Udp(socket) => socket.as_fd().as_raw_fd(),
            Self::Unix(stream) => stream.as_fd().as_raw_fd(),
        }
    }
}
