//! Connecting to several addresses at once, and for a limited time.
//!
//! An address that does not answer is a listener whose queue is full: Linux then leaves a connection that is asked for
//! without a word.

use crate::addresses::nobody;
use crate::support::{runtime, std_listener};
use bespoke::prelude::*;
use bespoke::rt::{ConnectError, TcpStream};
use bespoke::{Config, Runtime};
use core::time::Duration;
use std::io::ErrorKind;

/// A time that no connection on one machine takes, and nobody waits for.
const LONG: Duration = Duration::from_secs(60);

pub(crate) fn connect_names_all_that_refused<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let gone = [nobody(), nobody(), nobody()];
        for error in [TcpStream::<C>::connect(&gone[..]).await, TcpStream::<C>::connect_timeout(&gone[..], LONG).await]
        {
            let error = error.expect_err("nobody is there");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let told = ConnectError::of(&error).expect("it says which");
            assert!(told.unanswered().is_empty());
            let (named, kinds): (Vec<_>, Vec<_>) = told.failed().iter().map(|(at, why)| (*at, why.kind())).unzip();
            assert_eq!((&named[..], &kinds[..]), (&gone[..], &[ErrorKind::ConnectionRefused; 3][..]));
            for address in gone {
                assert!(error.to_string().contains(&address.to_string()), "{error}");
            }
        }
        let error = TcpStream::<C>::connect(gone[0]).await.expect_err("nobody is there");
        assert_eq!(ConnectError::of(&error).expect("one is told as well").failed()[0].0, gone[0]);
        let error = TcpStream::<C>::connect("tea").await.expect_err("no address");
        assert!(ConnectError::of(&error).is_none());
    });
}

pub(crate) fn connect_within_a_time<C: Config<Driver: Net>>() {
    let (_listener, address) = std_listener();
    let runtime: Runtime<C> = runtime();
    runtime.block_on(async {
        let stream = TcpStream::<C>::connect_timeout(address, LONG).await.expect("a listener is there");
        assert_eq!(stream.peer_addr().expect("connected"), address);
        let stream =
            TcpStream::<C>::connect_timeout(&[nobody(), address][..], LONG).await.expect("a listener is there");
        assert_eq!(stream.peer_addr().expect("connected"), address);
        let text = address.to_string();
        drop(TcpStream::<C>::connect_timeout(&text, LONG).await.expect("a listener is there"));
        let error = TcpStream::<C>::connect_timeout("tea", LONG).await.expect_err("no address");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::holes::{connect_given_up, connect_out_of_time, connect_past_who_does_not_answer};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod holes {
    use super::*;
    use crate::support::at_most;
    use core::net::SocketAddr;
    use core::pin::pin;
    use std::net::{TcpListener as StdListener, TcpStream as StdStream};

    /// An address that does not answer, as long as this lives.
    struct Hole {
        address: SocketAddr,
        _listener: StdListener,
        _queue: Vec<StdStream>,
    }

    impl Hole {
        fn dig() -> Self {
            let (listener, address) = std_listener();
            let fd = std::os::fd::AsRawFd::as_raw_fd(&listener);
            // SAFETY: takes integers only. A listener that listens again has the new length of queue.
            assert_eq!(unsafe { libc::listen(fd, 0) }, 0);
            let mut queue = Vec::new();
            loop {
                match StdStream::connect_timeout(&address, Duration::from_millis(100)) {
                    Ok(stream) => queue.push(stream),
                    Err(error) if error.kind() == ErrorKind::TimedOut => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => panic!("{error}"),
                }
                assert!(queue.len() < 64, "a queue of no length is never full");
            }
            Hole { address, _listener: listener, _queue: queue }
        }
    }

    /// The second answers, and the first is given up.
    pub(crate) fn connect_past_who_does_not_answer<C: Config<Driver: Net>>() {
        let hole = Hole::dig();
        let (_listener, address) = std_listener();
        let runtime: Runtime<C> = runtime();
        runtime.block_on(async {
            for all in [vec![hole.address, address], vec![hole.address, nobody(), address, nobody()]] {
                let stream = TcpStream::<C>::connect(&all[..]).await.expect("a listener is there");
                assert_eq!(stream.peer_addr().expect("connected"), address);
                assert_eq!(runtime.open_resources(), 1, "the other attempt is closed");
            }
            let all = [hole.address, address];
            let stream = TcpStream::<C>::connect_timeout(&all[..], LONG).await.expect("a listener is there");
            assert_eq!(stream.peer_addr().expect("connected"), address);
        });
        assert_eq!(runtime.open_resources(), 0);
    }

    pub(crate) fn connect_out_of_time<C: Config<Driver: Net>>() {
        const SHORT: Duration = Duration::from_millis(60);
        let hole = Hole::dig();
        let runtime: Runtime<C> = runtime();
        runtime.block_on(async {
            let error = TcpStream::<C>::connect_timeout(hole.address, SHORT).await.expect_err("nobody answers");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(error.to_string(), format!("cannot connect to {} within 60ms", hole.address));

            let (gone, later) = (nobody(), nobody());
            let all = [gone, hole.address, later];
            let error = TcpStream::<C>::connect_timeout(&all[..], SHORT).await.expect_err("nobody answers");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            let told = ConnectError::of(&error).expect("it says which");
            assert_eq!(told.failed().iter().map(|(at, _)| *at).collect::<Vec<_>>(), [gone]);
            assert_eq!(told.unanswered(), [hole.address, later]);
            assert_eq!(runtime.open_resources(), 0, "the attempts are closed");
        });
    }

    /// Dropped with one attempt under way, and with two.
    pub(crate) fn connect_given_up<C: Config<Driver: Net>>() {
        let (hole, other) = (Hole::dig(), Hole::dig());
        let runtime: Runtime<C> = runtime();
        runtime.block_on(async {
            let all = [hole.address, other.address];
            {
                let mut connecting = pin!(TcpStream::<C>::connect(&all[..]));
                assert!(at_most(connecting.as_mut(), 1, || ()).await.is_none(), "nobody answers");
                assert_eq!(runtime.open_resources(), 1, "one under way");
            }
            assert_eq!(runtime.open_resources(), 0);
            {
                let mut connecting = pin!(TcpStream::<C>::connect(&all[..]));
                while runtime.open_resources() < 2 {
                    let slice = C::timeout(Duration::from_millis(50), connecting.as_mut()).await;
                    assert!(slice.is_err(), "nobody answers");
                }
            }
            assert_eq!(runtime.open_resources(), 0, "both are closed");
        });
    }
}
