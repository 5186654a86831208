//! Connecting: to one address, or to several at once, of which the first that answers is used. RFC 8305, "Happy Eyeballs".
//!
//! # States
//! ```text
//!                1 begin                2 answered
//!   waiting ---------------> under way ------------> the stream; the others are dropped, which closes them
//!                               |  3 refused
//!                               v
//!                             failed
//! ```
//! An attempt begins when the one before it has had [`ATTEMPT_DELAY`], and at once when any fails. Over: when one has
//! answered, when all have failed, or when the time is up.

use super::addresses::{LookupAddrs, addresses};
use super::{TcpStream, io_error};
use crate::op::{Connect, Net, Sockets};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, Operation};
use bespoke_core::roles::Kind;
use bespoke_core::runtime::{Ambient, assert_on_worker, is_on_worker};
use bespoke_core::time::{Instant, Sleep};
use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::vec::Vec;

/// How long an attempt has for itself before the next begins. RFC 8305, section 8, "Connection Attempt Delay".
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to the first that answers of what `found` stands for.
pub(super) async fn connect<C: Config<Driver: Net>>(
    found: io::Result<LookupAddrs>,
    at: &'static Location<'static>,
) -> io::Result<TcpStream<C>> {
    let all = match found? {
        LookupAddrs::One(address) => {
            return Attempt::begin(address, at).map_err(|errno| alone(address, errno))?.run().await;
        }
        several => addresses::<C>(several, at).await?,
    };
    Race::new(all, None, at).run().await
}

/// As [`connect`], within `time`.
pub(super) async fn connect_within<C: Config<Driver: Net>>(
    found: io::Result<LookupAddrs>,
    time: Duration,
    at: &'static Location<'static>,
) -> io::Result<TcpStream<C>> {
    let found = found?;
    // Drivers without state connect without a runtime, but time is the runtime's.
    assert_on_worker::<C>(at);
    let until = C::now() + time;
    let Ok(all) = C::timeout_at(until, addresses::<C>(found, at)).await else {
        return Err(ConnectError { failed: Vec::new(), unanswered: Vec::new(), within: Some(time) }.into());
    };
    Race::new(all?, Some((until, time)), at).run().await
}

/// Says why the one address is not connected to.
fn alone(address: SocketAddr, errno: Errno) -> io::Error {
    ConnectError { failed: std::vec![(address, io_error(errno))], unanswered: Vec::new(), within: None }.into()
}

/// One socket that is being connected.
///
/// # Invariants
/// 1. `connecting` is an operation on `stream`. It is declared first, so it is dropped first.
pub(super) struct Attempt<C: Config<Driver: Net>> {
    connecting: Operation<C, Connect>,
    stream: TcpStream<C>,
    address: SocketAddr,
}

impl<C: Config<Driver: Net>> Attempt<C> {
    fn begin(address: SocketAddr, at: &'static Location<'static>) -> Result<Self, Errno> {
        let raw = <C::Driver as Sockets>::socket(address)?;
        let resource = super::adopt(raw, Kind::Unconnected, at)?;
        Ok(Self::on(TcpStream { resource }, address))
    }

    /// Connects a socket that is not connected.
    pub(super) fn on(stream: TcpStream<C>, address: SocketAddr) -> Self {
        let op = Connect { socket: stream.resource.resource(), address };
        // SAFETY: `Connect` points at no memory, and the stream outlives the operation (invariant 1).
        let connecting = unsafe { stream.resource.operation(op, ()) };
        Attempt { connecting, stream, address }
    }

    /// To the end, with an error that names the address.
    pub(super) async fn run(mut self) -> io::Result<TcpStream<C>> {
        poll_fn(|cx| self.poll(cx)).await.map_err(|errno| alone(self.address, errno))?;
        Ok(self.answered())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
        Pin::new(&mut self.connecting).poll(cx).map(|(connected, ())| connected)
    }

    fn answered(self) -> TcpStream<C> {
        let Attempt { connecting, stream, .. } = self;
        drop(connecting);
        stream
    }
}

/// Several attempts, of which one is to win.
struct Race<C: Config<Driver: Net>> {
    under_way: Vec<Attempt<C>>,
    /// In reverse: the next one is the last.
    waiting: Vec<SocketAddr>,
    failed: Vec<(SocketAddr, io::Error)>,
    /// When the next attempt begins at the latest. `None`: when one fails.
    next: Option<Sleep<C>>,
    /// When it is over, and how long that was meant to take.
    until: Option<(Sleep<C>, Duration)>,
    at: &'static Location<'static>,
}

impl<C: Config<Driver: Net>> Race<C> {
    fn new(all: Vec<SocketAddr>, until: Option<(Instant, Duration)>, at: &'static Location<'static>) -> Self {
        let mut waiting = interleaved(all);
        waiting.reverse();
        let until = until.map(|(until, time)| (C::sleep_until(until), time));
        Race { under_way: Vec::new(), waiting, failed: Vec::new(), next: None, until, at }
    }

    async fn run(mut self) -> io::Result<TcpStream<C>> {
        poll_fn(|cx| self.poll(cx)).await.map_err(Into::into)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<TcpStream<C>, ConnectError>> {
        loop {
            let before = self.failed.len();
            if let Some(stream) = self.poll_attempts(cx) {
                return Poll::Ready(Ok(stream));
            }
            if self.under_way.is_empty() && self.waiting.is_empty() {
                return Poll::Ready(Err(self.lost(None)));
            }
            if let Some((until, time)) = &mut self.until
                && Pin::new(until).poll(cx).is_ready()
            {
                let time = *time;
                return Poll::Ready(Err(self.lost(Some(time))));
            }
            let failed = self.failed.len() > before;
            let due = self.next.as_mut().is_some_and(|sleep| Pin::new(sleep).poll(cx).is_ready());
            if !(failed || due || self.under_way.is_empty()) {
                return Poll::Pending;
            }
            if !self.begin() && !self.under_way.is_empty() {
                return Poll::Pending;
            }
        }
    }

    /// The first that has answered; those that fail are noted.
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Option<TcpStream<C>> {
        let mut index = 0;
        while index < self.under_way.len() {
            match self.under_way[index].poll(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(Ok(())) => return Some(self.under_way.swap_remove(index).answered()),
                Poll::Ready(Err(errno)) => {
                    let Attempt { address, .. } = self.under_way.remove(index);
                    self.failed.push((address, io_error(errno)));
                }
            }
        }
        None
    }

    /// Begins the next attempt; `false`: there is none left.
    fn begin(&mut self) -> bool {
        self.next = None;
        while let Some(address) = self.waiting.pop() {
            match Attempt::begin(address, self.at) {
                Ok(attempt) => {
                    self.under_way.push(attempt);
                    // Outside of a runtime, which is for drivers that block, there is no time: one after the other.
                    if !self.waiting.is_empty() && is_on_worker::<C>() {
                        self.next = Some(C::sleep(ATTEMPT_DELAY));
                    }
                    return true;
                }
                Err(errno) => self.failed.push((address, io_error(errno))),
            }
        }
        false
    }

    fn lost(&mut self, within: Option<Duration>) -> ConnectError {
        let under_way = self.under_way.iter().map(|attempt| attempt.address);
        let unanswered = under_way.chain(self.waiting.iter().rev().copied()).collect();
        ConnectError { failed: core::mem::take(&mut self.failed), unanswered, within }
    }
}

/// The addresses in their order, but the two families in turn, beginning with that of the first. RFC 8305, section 4.
fn interleaved(all: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let len = all.len();
    let first_is_v6 = all.first().is_some_and(SocketAddr::is_ipv6);
    let (firsts, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut firsts, mut others) = (firsts.into_iter(), others.into_iter());
    let mut merged = Vec::with_capacity(len);
    while merged.len() < len {
        merged.extend(firsts.next());
        merged.extend(others.next());
    }
    merged
}

/// Why nothing was connected to: what became of each address. Inside of the [`io::Error`] of
/// [`TcpStream::connect`](super::TcpStream::connect) and its like, which has the kind of the last failure, or
/// [`TimedOut`](io::ErrorKind::TimedOut).
///
/// # Example
/// ```
/// use bespoke::net::{ConnectError, TcpListener, TcpStream};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let gone = [TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?];
/// # let replicas = [gone[0].local_addr()?, gone[1].local_addr()?];
/// # drop(gone);
/// let error = TcpStream::connect(&replicas[..]).await.unwrap_err();
/// for (address, why) in ConnectError::of(&error).expect("of connect").failed() {
///     println!("{address}: {why}");
/// #   assert_eq!(why.kind(), std::io::ErrorKind::ConnectionRefused);
/// }
/// # assert_eq!(ConnectError::of(&error).map(|error| error.failed().len()), Some(2));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ConnectError {
    failed: Vec<(SocketAddr, io::Error)>,
    unanswered: Vec<SocketAddr>,
    /// The time that was up.
    within: Option<Duration>,
}

impl ConnectError {
    /// Finds it in an error of `connect`. `None`: that failed before there was an address, or is of something else.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The addresses that failed, and why, in the order in which they did.
    #[must_use]
    pub fn failed(&self) -> &[(SocketAddr, io::Error)] {
        &self.failed
    }

    /// The addresses that had not answered, or were not tried yet, when the time was up.
    #[must_use]
    pub fn unanswered(&self) -> &[SocketAddr] {
        &self.unanswered
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect")?;
        let within = |f: &mut fmt::Formatter<'_>| self.within.map_or(Ok(()), |time| write!(f, " within {time:?}"));
        match (&*self.failed, &*self.unanswered) {
            ([(address, why)], []) => write!(f, " to {address}: {why}"),
            ([], [address]) => {
                write!(f, " to {address}")?;
                within(f)
            }
            ([], []) => {
                within(f)?;
                f.write_str(": the name is still being looked up")
            }
            (failed, unanswered) => {
                write!(f, " to any of {} addresses", failed.len() + unanswered.len())?;
                within(f)?;
                let mut between = ": ";
                for (address, why) in failed {
                    write!(f, "{between}{address}: {why}")?;
                    between = "; ";
                }
                for address in unanswered {
                    write!(f, "{between}{address}: no answer")?;
                    between = "; ";
                }
                Ok(())
            }
        }
    }
}

impl core::error::Error for ConnectError {
    /// Why the last one failed.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.failed.last().map(|(_, why)| why as _)
    }
}

impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        let kind = match error.failed.last() {
            Some((_, why)) if error.within.is_none() => why.kind(),
            _ => io::ErrorKind::TimedOut,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;

    fn v4(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }
    fn v6(port: u16) -> SocketAddr {
        ([0, 0, 0, 0, 0, 0, 0, 1], port).into()
    }

    #[test]
    fn families_take_turns() {
        let all = std::vec![v6(1), v6(2), v6(3), v4(4), v4(5)];
        assert_eq!(interleaved(all), [v6(1), v4(4), v6(2), v4(5), v6(3)]);
        let all = std::vec![v4(1), v4(2), v6(3), v6(4), v6(5)];
        assert_eq!(interleaved(all), [v4(1), v6(3), v4(2), v6(4), v6(5)]);
        assert_eq!(interleaved(std::vec![v4(1), v4(2)]), [v4(1), v4(2)]);
        assert_eq!(interleaved(Vec::new()), []);
    }

    #[test]
    fn messages_name_every_address() {
        let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "refused");
        let said = |failed, unanswered, within| ConnectError { failed, unanswered, within }.to_string();
        let second = Some(Duration::from_secs(1));
        assert_eq!(said(std::vec![(v4(1), refused())], Vec::new(), None), "cannot connect to 127.0.0.1:1: refused");
        assert_eq!(said(Vec::new(), std::vec![v4(1)], second), "cannot connect to 127.0.0.1:1 within 1s");
        assert_eq!(
            said(std::vec![(v4(1), refused())], std::vec![v6(2)], second),
            "cannot connect to any of 2 addresses within 1s: 127.0.0.1:1: refused; [::1]:2: no answer"
        );
        assert_eq!(said(Vec::new(), Vec::new(), second), "cannot connect within 1s: the name is still being looked up");
        let error: io::Error =
            ConnectError { failed: std::vec![(v4(1), refused())], unanswered: Vec::new(), within: second }.into();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(ConnectError::of(&error).map(|error| error.failed().len()), Some(1));
    }
}
