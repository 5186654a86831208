//! The load generator of the echo rows: one thread, plain epoll, closed loop, 64-byte messages.
//!
//! Written once and used for every server, on a core of its own, so its cost is never a peer's. Closed loop means that
//! each connection has one message under way and sends the next when the last is back, whole and unchanged. Numbers of
//! requests per second are therefore a joint property of server and generator; CPU per request is the server's alone.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

use crate::args::Load;
use crate::clock::now;
use crate::sys::Epoll;

/// Bytes of a message.
const MESSAGE: usize = 64;
/// A server that is silent for so long has failed.
const SILENCE_MS: i32 = 10_000;

/// When a run stops sending. Replies under way are always awaited.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After this many requests.
    Requests(u64),
}

/// Open connections to one server.
#[derive(Debug)]
pub(crate) struct Generator {
    epoll: Epoll,
    links: Vec<Link>,
}

/// One connection and the reply that it is receiving.
#[derive(Debug)]
struct Link {
    stream: TcpStream,
    number: u64,
    reply: [u8; MESSAGE],
    received: usize,
}

impl Generator {
    /// Opens `connections` connections to 127.0.0.1:`port`.
    ///
    /// # Errors
    /// What the sockets return.
    pub(crate) fn connect(port: u16, connections: usize) -> io::Result<Self> {
        let epoll = Epoll::new(connections)?;
        let mut links = Vec::with_capacity(connections);
        for key in 0..connections {
            let stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll.watch(stream.as_raw_fd(), key)?;
            links.push(Link { stream, number: key as u64, reply: [0; MESSAGE], received: 0 });
        }
        Ok(Self { epoll, links })
    }

    /// Runs the closed loop and returns how many requests were answered; no message is under way afterwards.
    ///
    /// # Errors
    /// What the sockets return; `InvalidData` for a wrong reply, `TimedOut` for none.
    pub(crate) fn run(&mut self, until: Until) -> io::Result<u64> {
        let begin = now();
        let (mut sent, mut answered) = (0, 0);
        let over = |sent| match until {
            Until::Elapsed(limit) => begin.elapsed() >= limit,
            Until::Requests(limit) => sent >= limit,
        };
        for link in &mut self.links {
            if !over(sent) {
                link.send()?;
                sent += 1;
            }
        }
        while answered < sent {
            let before = answered;
            self.epoll.wait(SILENCE_MS, |key| {
                if self.links[key].receive()? {
                    answered += 1;
                    if !over(sent) {
                        self.links[key].send()?;
                        sent += 1;
                    }
                }
                Ok(())
            })?;
            if answered == before && begin.elapsed() > Duration::from_millis(SILENCE_MS as u64) {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"));
            }
        }
        Ok(answered)
    }
}

impl Link {
    fn message(&self) -> [u8; MESSAGE] {
        let mut message = [b'.'; MESSAGE];
        message[..8].copy_from_slice(&self.number.to_le_bytes());
        message
    }

    /// Sends the next message; 64 bytes always fit, because the last one was answered.
    fn send(&mut self) -> io::Result<()> {
        self.number += 1 << 16;
        self.received = 0;
        let message = self.message();
        (&self.stream).write_all(&message)
    }

    /// Reads what there is; true when the reply is whole.
    fn receive(&mut self) -> io::Result<bool> {
        let count = match (&self.stream).read(&mut self.reply[self.received..]) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed a connection")),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        self.received += count;
        if self.received < MESSAGE {
            return Ok(false);
        }
        if self.reply == self.message() {
            Ok(true)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the server's reply differs from the request"))
        }
    }
}

/// Runs the generator as a process of its own, for a server whose instructions are being counted.
///
/// # Errors
/// One line about the first failure.
pub(crate) fn child(load: &Load) -> Result<(), String> {
    let answered =
        Generator::connect(load.port, load.connections).and_then(|mut g| g.run(Until::Requests(load.requests)));
    answered.map(drop).map_err(|error| format!("load: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server of one connection that answers with what `reply` makes of a message.
    fn server(reply: fn(&mut [u8; MESSAGE])) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::Builder::new()
            .spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut message = [0; MESSAGE];
                while stream.read_exact(&mut message).is_ok() {
                    reply(&mut message);
                    // Two writes, so that a reply may arrive in pieces.
                    stream.write_all(&message[..10]).unwrap();
                    stream.write_all(&message[10..]).unwrap();
                }
            })
            .unwrap();
        port
    }

    #[test]
    fn counts_the_requests_that_were_asked_for() {
        let mut generator = Generator::connect(server(|_| ()), 1).unwrap();
        assert_eq!(generator.run(Until::Requests(25)).unwrap(), 25);
        assert_eq!(generator.run(Until::Requests(3)).unwrap(), 3);
    }

    #[test]
    fn a_changed_byte_is_an_error() {
        let mut generator = Generator::connect(server(|message| message[63] ^= 1), 1).unwrap();
        assert_eq!(generator.run(Until::Requests(1)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
