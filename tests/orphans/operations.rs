//! What is under way while a worker ends: an operation of each kind, and the peer that ends it from outside, if it can be.

use crate::Drives;
use crate::ways::polls;
use bespoke::Config;
use bespoke::driver::{Nanos, Timeout};
use bespoke::prelude::*;
use bespoke::rt::{Operation, TcpListener, TcpStream, UdpSocket};
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener as StdListener, TcpStream as StdStream, UdpSocket as StdUdp};
use std::sync::Arc;
use std::thread::JoinHandle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Lease,
    Write,
    Accept,
    Datagram,
    /// Of the driver's own, which no resource is behind.
    Timeout,
    Sleep,
}

impl Kind {
    pub(crate) const ALL: [Kind; 7] =
        [Kind::Read, Kind::Lease, Kind::Write, Kind::Accept, Kind::Datagram, Kind::Timeout, Kind::Sleep];
}

/// So long last those that end by themselves: longer than it takes to end a worker.
const AFTER: Duration = Duration::from_millis(20);
/// More than the system takes of a write that nobody reads.
const WRITTEN: usize = 8 << 20;

/// What an operation is about, before it belongs to a worker.
pub(crate) enum Ours {
    Read(StdStream),
    Lease(StdStream),
    Write(StdStream),
    Accept(StdListener),
    Datagram(StdUdp),
    Timeout,
    Sleep,
}

/// The other side of an operation.
pub(crate) enum Peer {
    Writes(StdStream),
    Reads(StdStream),
    Connects(SocketAddr),
    Sends(StdUdp, SocketAddr),
    Nobody,
}

/// A connection.
pub(crate) fn pair() -> (StdStream, StdStream) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let ours = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

impl Peer {
    pub(crate) fn of(kind: Kind) -> (Peer, Ours) {
        let ((ours, theirs), udp) = (pair(), || StdUdp::bind("127.0.0.1:0").unwrap());
        match kind {
            Kind::Read => (Peer::Writes(theirs), Ours::Read(ours)),
            Kind::Lease => (Peer::Writes(theirs), Ours::Lease(ours)),
            Kind::Write => (Peer::Reads(theirs), Ours::Write(ours)),
            Kind::Accept => {
                let listener = StdListener::bind("127.0.0.1:0").unwrap();
                (Peer::Connects(listener.local_addr().unwrap()), Ours::Accept(listener))
            }
            Kind::Datagram => {
                let ours = udp();
                (Peer::Sends(udp(), ours.local_addr().unwrap()), Ours::Datagram(ours))
            }
            Kind::Timeout => (Peer::Nobody, Ours::Timeout),
            Kind::Sleep => (Peer::Nobody, Ours::Sleep),
        }
    }

    /// Ends the operation, unless that is closed. What is kept goes when all is over: a stream, or whoever reads it.
    pub(crate) fn act(self) -> Kept {
        match self {
            Peer::Writes(mut stream) => {
                let _ = stream.write_all(b"x");
                Kept(Some(stream), None)
            }
            Peer::Reads(mut stream) => {
                let kept = stream.try_clone().unwrap();
                let reads = std::thread::spawn(move || while matches!(stream.read(&mut [0; 65_536]), Ok(1..)) {});
                Kept(Some(kept), Some(reads))
            }
            Peer::Connects(address) => Kept(StdStream::connect(address).ok(), None),
            Peer::Sends(socket, address) => {
                let _ = socket.send_to(b"x", address);
                Kept(None, None)
            }
            Peer::Nobody => Kept(None, None),
        }
    }
}

pub(crate) struct Kept(Option<StdStream>, Option<JoinHandle<()>>);

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(stream) = &self.0 {
            // What a broken ring has in hand stays open, and its peer is not told: others may name what came by `from_std`.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        if let Some(reads) = self.1.take() {
            reads.join().unwrap();
        }
    }
}

/// Counts itself when it was polled first, and waits.
pub(crate) async fn begun<F: Future>(future: F, count: &AtomicUsize) -> F::Output {
    let (mut future, mut counted) = (pin!(future), false);
    poll_fn(|cx| {
        let polled = polls(|| future.as_mut().poll(cx));
        if !core::mem::replace(&mut counted, true) {
            count.fetch_add(1, SeqCst);
        }
        polled
    })
    .await
}

/// The operation, in a task.
pub(crate) async fn run<C: Config<Driver: Drives>>(ours: Ours, count: Arc<AtomicUsize>) -> std::io::Result<()> {
    match ours {
        Ours::Read(stream) => {
            let mut stream = TcpStream::<C>::from_std(stream)?;
            begun(stream.read(&mut [0; 8]), &count).await.map(drop)
        }
        Ours::Lease(stream) => {
            let mut stream = TcpStream::<C>::from_std(stream)?;
            begun(stream.read_lease(), &count).await.map(drop)
        }
        Ours::Write(stream) => {
            let mut stream = TcpStream::<C>::from_std(stream)?;
            let (written, buffer) = begun(stream.write_all(vec![7; WRITTEN]), &count).await;
            assert_eq!(buffer.len(), WRITTEN, "the buffer comes back");
            written
        }
        Ours::Accept(listener) => {
            let listener = TcpListener::<C>::from_std(listener)?;
            begun(listener.accept(), &count).await.map(drop)
        }
        Ours::Datagram(socket) => {
            let socket = UdpSocket::<C>::from_std(socket)?;
            begun(socket.recv(&mut [0; 8]), &count).await.map(drop)
        }
        Ours::Timeout => {
            let timeout = Operation::<C, Timeout>::timeout(Nanos(AFTER.as_nanos() as u64));
            begun(timeout, &count).await.0.map_err(|errno| bespoke::Error::from(errno).into())
        }
        Ours::Sleep => {
            begun(C::sleep(AFTER), &count).await;
            Ok(())
        }
    }
}
