//! What is asked of a stream without waiting: its addresses and its options.

use super::TcpStream;
use crate::op::{Keepalive, Net, Sockets};
use bespoke_core::config::Config;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::net::Shutdown;

/// Calls that do not wait, on any thread. Each fails with the system's code, and with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
#[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
impl<C: Config> TcpStream<C> {
    /// Ends one direction or both: of writing, the peer reads the end of the stream after all that was written; of reading,
    /// reads here find the end. Does not wait. `shutdown(2)`.
    ///
    /// # Example
    #[doc = connected!()]
    /// use std::net::Shutdown;
    ///
    /// client.write_all("tea").await.0?;
    /// client.shutdown(Shutdown::Write)?;
    /// let mut got = [0; 8];
    /// assert_eq!(peer.read(&mut got).await?, 3);
    /// assert_eq!(peer.read(&mut got).await?, 0); // the end
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()>
    where
        C::Driver: Net,
    {
        self.ask(|raw| <C::Driver as Sockets>::shutdown(raw, how))
    }

    /// The address of this end.
    ///
    /// # Example
    #[doc = connected!()]
    /// assert_eq!(client.local_addr()?, peer.peer_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Net,
    {
        self.ask(<C::Driver as Sockets>::local_addr)
    }

    /// The address of the peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Net,
    {
        self.ask(<C::Driver as Sockets>::peer_addr)
    }

    /// Closing resets the connection, and waits for nothing: unsent bytes are lost, and the peer's next call fails
    /// ([`ConnectionReset`](io::ErrorKind::ConnectionReset)). It leaves no `TIME_WAIT` behind.
    ///
    /// # Example
    #[doc = connected!()]
    /// client.set_zero_linger()?;
    /// assert_eq!(client.linger()?, Some(std::time::Duration::ZERO));
    /// drop(client); // `peer.read(…)` fails now
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_zero_linger(&self) -> io::Result<()>
    where
        C::Driver: Net,
    {
        self.set_linger(Some(Duration::ZERO))
    }
}

/// What every socket can be asked, of a type that has a `resource()`.
macro_rules! socket_options {
    ($name:ident) => {
        /// The system's buffers, and its pending error; on any thread. Each call fails with the system's code, and with
        /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) when the runtime is closed.
        #[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
        impl<C: Config> $name<C> {
            /// The size of the system's receive buffer in bytes.
            pub fn recv_buffer_size(&self) -> io::Result<usize>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), <C::Driver as Sockets>::recv_buffer_size)
            }

            /// Asks for a receive buffer; Linux doubles the figure.
            pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), |raw| <C::Driver as Sockets>::set_recv_buffer_size(raw, bytes))
            }

            /// The size of the system's send buffer in bytes.
            pub fn send_buffer_size(&self) -> io::Result<usize>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), <C::Driver as Sockets>::send_buffer_size)
            }

            /// Asks for a send buffer; Linux doubles the figure.
            pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), |raw| <C::Driver as Sockets>::set_send_buffer_size(raw, bytes))
            }

            /// Takes the pending error of the socket: what the system would tell the next call. `SO_ERROR`.
            pub fn take_error(&self) -> io::Result<Option<io::Error>>
            where
                C::Driver: Net,
            {
                let error = $crate::net::ask(self.resource(), <C::Driver as Sockets>::take_error)?;
                Ok(error.map($crate::net::io_error))
            }
        }
    };
}
pub(super) use socket_options;

/// What every socket of the internet can be asked, of a type that has a `resource()`.
macro_rules! inet_options {
    ($name:ident) => {
        /// Of the internet's sockets; on any thread. Each call fails with the system's code, and with
        /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) when the runtime is closed.
        #[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
        impl<C: Config> $name<C> {
            /// How many routers a packet may pass.
            pub fn ttl(&self) -> io::Result<u32>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), <C::Driver as Sockets>::ttl)
            }

            /// Says how many routers a packet may pass: 1 to 255.
            pub fn set_ttl(&self, hops: u32) -> io::Result<()>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), |raw| <C::Driver as Sockets>::set_ttl(raw, hops))
            }
        }
    };
}
pub(super) use inet_options;

/// What every socket of TCP can be asked, connected or not yet, of a type that has a `resource()`.
macro_rules! tcp_options {
    ($name:ident) => {
        /// Of TCP; on any thread. Each call fails with the system's code, and with
        /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) when the runtime is closed.
        #[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
        impl<C: Config> $name<C> {
            /// Are small writes sent at once (`TCP_NODELAY`)? Not by default.
            pub fn nodelay(&self) -> io::Result<bool>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), <C::Driver as Sockets>::nodelay)
            }

            /// Sends small writes at once, or gathers them while an earlier one is not acknowledged: on for requests and
            /// answers, off for streams of small pieces. `tcp(7)`.
            ///
            /// # Example
            #[doc = connected!($name)]
            /// client.set_nodelay(true)?;
            /// assert!(client.nodelay()?);
            /// # Ok(())
            /// # }
            /// ```
            pub fn set_nodelay(&self, on: bool) -> io::Result<()>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), |raw| <C::Driver as Sockets>::set_nodelay(raw, on))
            }

            /// How long closing waits for unsent bytes; `None`: the system sends them in the background.
            pub fn linger(&self) -> io::Result<Option<Duration>>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), <C::Driver as Sockets>::linger)
            }

            /// As [`linger`](Self::linger), in whole seconds, rounded up. Zero: closing resets the connection, as
            /// [`set_zero_linger`](Self::set_zero_linger) says.
            ///
            /// **With a time that is not zero, closing holds the thread**, and every task of its worker, until the bytes
            /// are sent or the time is over: the system waits in `close(2)`, and the drop of a stream closes it. Whoever
            /// wants to know that the peer has all of it ends the direction
            /// ([`shutdown`](crate::net::TcpStream::shutdown)) and reads to the peer's end instead, which is waited for as any
            /// read.
            pub fn set_linger(&self, time: Option<Duration>) -> io::Result<()>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), |raw| <C::Driver as Sockets>::set_linger(raw, time))
            }

            /// When an idle connection is probed; `None`: never.
            pub fn keepalive(&self) -> io::Result<Option<Keepalive>>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), <C::Driver as Sockets>::keepalive)
            }

            /// Probes the idle connection, or does not: a peer that is gone without a word is found out.
            ///
            /// # Example
            #[doc = connected!($name)]
            /// use bespoke::net::Keepalive;
            /// use std::time::Duration;
            ///
            /// let probes = Keepalive { idle: Some(Duration::from_secs(60)), ..Keepalive::default() };
            /// client.set_keepalive(Some(probes))?;
            /// assert_eq!(client.keepalive()?.and_then(|probes| probes.idle), Some(Duration::from_secs(60)));
            /// # Ok(())
            /// # }
            /// ```
            pub fn set_keepalive(&self, keepalive: Option<Keepalive>) -> io::Result<()>
            where
                C::Driver: Net,
            {
                $crate::net::ask(self.resource(), |raw| <C::Driver as Sockets>::set_keepalive(raw, keepalive))
            }
        }
    };
}
pub(super) use tcp_options;

socket_options!(TcpStream);
inet_options!(TcpStream);
tcp_options!(TcpStream);
