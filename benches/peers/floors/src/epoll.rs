//! An echo server on level-triggered epoll: a read and a write per message, a buffer per connection, as everybody has.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;

use harness::epoll::Epoll;
use harness::{Refusal, Row, Runner, Sampled, Service, Transport};

/// The key of the listener; connections have their index.
const LISTENER: usize = usize::MAX;

struct Raw;

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Raw))
}

impl Runner for Raw {
    fn sample(&mut self, _: &Row, _: u64) -> Sampled {
        Err(Refusal::Absent)
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        match transport {
            Transport::Tcp => {
                let listener = TcpListener::bind(("127.0.0.1", 0))?;
                listener.set_nonblocking(true)?;
                ready(listener.local_addr()?.port());
                streams(listener.as_raw_fd(), buffer, || {
                    let (stream, _) = listener.accept()?;
                    stream.set_nodelay(true)?;
                    stream.set_nonblocking(true)?;
                    Ok(stream.into())
                })
            }
            Transport::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                listener.set_nonblocking(true)?;
                ready(0);
                streams(listener.as_raw_fd(), buffer, || {
                    let (stream, _) = listener.accept()?;
                    stream.set_nonblocking(true)?;
                    Ok(stream.into())
                })
            }
            // One socket has nobody to be told apart from: it blocks.
            Transport::Udp => {
                let socket = UdpSocket::bind(("127.0.0.1", 0))?;
                ready(socket.local_addr()?.port());
                let mut buffer = vec![0; buffer];
                loop {
                    let (count, from) = socket.recv_from(&mut buffer)?;
                    socket.send_to(&buffer[..count], from)?;
                }
            }
        }
    }
}

/// A connection; a `File` is what reads and writes a descriptor, whatever it is.
struct Connection {
    stream: File,
    buffer: Vec<u8>,
}

fn streams(listener: RawFd, buffer: usize, mut accept: impl FnMut() -> io::Result<OwnedFd>) -> Result<(), Refusal> {
    let mut epoll = Epoll::new(512)?;
    epoll.watch(listener, LISTENER)?;
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut opened = Vec::new();
    loop {
        epoll.wait(-1, |key| {
            if key == LISTENER {
                opened.push(accept()?);
                return Ok(());
            }
            let slot = &mut connections[key];
            let Some(connection) = slot else { return Ok(()) };
            let Connection { stream, buffer } = connection;
            match stream.read(buffer)? {
                0 => *slot = None,
                // The last reply was taken before this message was sent, so there is room.
                count => stream.write_all(&buffer[..count])?,
            }
            Ok(())
        })?;
        for stream in opened.drain(..) {
            epoll.watch(stream.as_raw_fd(), connections.len())?;
            connections.push(Some(Connection { stream: File::from(stream), buffer: vec![0; buffer] }));
        }
    }
}
