//! The load generator of the echo rows: one thread, plain epoll, closed loop.
//!
//! Written once and used for every server, on a core of its own, so its cost is never a runtime's. Closed loop means that
//! each connection has one message under way and sends the next when the last is back, whole and unchanged. Numbers of
//! requests per second, and latencies, are therefore a joint property of server and generator; CPU per request is the server's
//! alone. A latency lasts from the send to the moment the reply is whole.

use core::time::Duration;
use std::io;
use std::time::Instant;

use harness::clock::now;

use crate::socket::{Socket, Target};
use harness::epoll::Epoll;

/// A server that is silent for so long has failed.
const SILENCE: Duration = Duration::from_secs(10);
/// Connections opened before each has had a reply: fewer than the shortest backlog of a listener.
const GROUP: usize = 64;
/// Sockets that one wait reports.
const BATCH: usize = 512;

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
    target: Target,
    message: usize,
    links: Vec<Link>,
    latencies: Vec<u64>,
}

/// One connection and the reply that it is receiving.
#[derive(Debug)]
struct Link {
    socket: Socket,
    sent: Instant,
    message: Vec<u8>,
    reply: Vec<u8>,
    received: usize,
}

impl Generator {
    /// No connection yet, to `target`, for messages of `message` bytes (8 or more).
    ///
    /// # Errors
    /// What epoll_create1(2) returns.
    pub(crate) fn new(target: Target, message: usize) -> io::Result<Self> {
        Ok(Self { epoll: Epoll::new(BATCH)?, target, message, links: Vec::new(), latencies: Vec::new() })
    }

    /// Opens connections until there are `connections`, and has one reply from each new one: the server has accepted them.
    ///
    /// # Errors
    /// What the sockets return.
    pub(crate) fn grow(&mut self, connections: usize) -> io::Result<()> {
        while self.links.len() < connections {
            let old = self.links.len();
            for key in old..connections.min(old + GROUP) {
                let socket = Socket::connect(&self.target)?;
                self.epoll.watch(socket.fd(), key)?;
                let mut message = vec![b'.'; self.message];
                message[..8].copy_from_slice(&(key as u64).to_le_bytes());
                self.links.push(Link { socket, sent: now(), message, reply: vec![0; self.message], received: 0 });
            }
            self.drive(old, Until::Requests((self.links.len() - old) as u64))?;
        }
        Ok(())
    }

    /// Runs the closed loop over all connections and returns how many requests were answered; no message is under way
    /// afterwards.
    ///
    /// # Errors
    /// What the sockets return; `InvalidData` for a wrong reply, `TimedOut` for none.
    pub(crate) fn run(&mut self, until: Until) -> io::Result<u64> {
        self.latencies.clear();
        self.drive(0, until)
    }

    /// The latencies of the last run, sorted, in nanoseconds.
    pub(crate) fn latencies(&mut self) -> &[u64] {
        self.latencies.sort_unstable();
        &self.latencies
    }

    fn drive(&mut self, first: usize, until: Until) -> io::Result<u64> {
        let Self { epoll, links, latencies, .. } = self;
        let begin = now();
        let (mut sent, mut answered) = (0, 0);
        let over = |sent, now: Instant| match until {
            Until::Elapsed(limit) => now.duration_since(begin) >= limit,
            Until::Requests(limit) => sent >= limit,
        };
        for link in &mut links[first..] {
            let at = now();
            if !over(sent, at) {
                link.send(at)?;
                sent += 1;
            }
        }
        let mut heard = now();
        while answered < sent {
            let before = answered;
            epoll.wait(SILENCE.as_millis() as i32, |key| {
                let link = &mut links[key];
                if link.receive()? {
                    let at = now();
                    answered += 1;
                    latencies.push(at.duration_since(link.sent).as_nanos() as u64);
                    if !over(sent, at) {
                        link.send(at)?;
                        sent += 1;
                    }
                }
                Ok(())
            })?;
            match answered > before {
                true => heard = now(),
                false if heard.elapsed() >= SILENCE => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"));
                }
                false => (),
            }
        }
        Ok(answered)
    }
}

impl Link {
    /// Sends the next message, another one than the last.
    fn send(&mut self, at: Instant) -> io::Result<()> {
        // The low two bytes are the connection's, the rest is a count.
        let number = self.message.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)).wrapping_add(1 << 16);
        self.message[..8].copy_from_slice(&number.to_le_bytes());
        self.received = 0;
        self.sent = at;
        self.socket.send(&self.message)
    }

    /// Reads what there is; true when the reply is whole.
    fn receive(&mut self) -> io::Result<bool> {
        let Some(count) = self.socket.receive(&mut self.reply[self.received..])? else { return Ok(false) };
        self.received += count;
        if self.received < self.reply.len() {
            return Ok(false);
        }
        if self.reply == self.message {
            Ok(true)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the server's reply differs from the request"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, UdpSocket};

    const MESSAGE: usize = 64;

    /// A server of one connection that answers with what `reply` makes of a message.
    fn server(reply: fn(&mut [u8; MESSAGE])) -> Target {
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
        Target::Tcp(port)
    }

    #[test]
    fn counts_the_requests_that_were_asked_for() {
        let mut generator = Generator::new(server(|_| ()), MESSAGE).unwrap();
        generator.grow(1).unwrap();
        assert_eq!(generator.run(Until::Requests(25)).unwrap(), 25);
        assert_eq!(generator.latencies().len(), 25);
        assert_eq!(generator.run(Until::Requests(3)).unwrap(), 3);
        assert_eq!(generator.latencies().len(), 3);
    }

    #[test]
    fn a_changed_byte_is_an_error() {
        let mut generator = Generator::new(server(|message| message[63] ^= 1), MESSAGE).unwrap();
        assert_eq!(generator.grow(1).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn an_old_reply_is_an_error() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        std::thread::Builder::new()
            .spawn(move || {
                let mut first = [0; MESSAGE];
                let mut again = [0; MESSAGE];
                let (_, from) = socket.recv_from(&mut first).unwrap();
                socket.send_to(&first, from).unwrap();
                socket.recv_from(&mut again).unwrap();
                socket.send_to(&first, from).unwrap();
            })
            .unwrap();
        let mut generator = Generator::new(Target::Udp(port), MESSAGE).unwrap();
        generator.grow(1).unwrap();
        assert_eq!(generator.run(Until::Requests(1)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
