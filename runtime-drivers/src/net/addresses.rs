//! What can be connected to or bound.

use bespoke_core::config::Config;
use bespoke_core::error::in_context;
use bespoke_core::runtime::spawn_blocking_if_any;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use core::panic::Location;
use std::io;
use std::string::String;
use std::vec::Vec;

/// One or more addresses. Literal ones are ready at once; a name is looked up by the system on a blocking thread.
///
/// Implemented for addresses, pairs of IP address and port, slices of addresses, and text: `"127.0.0.1:80"`,
/// `"[::1]:80"`, `"example.org:80"`, `("example.org", 80)`. Open: a list of servers of one's own implements it.
///
/// # Example
/// ```
/// use bespoke::net::{LookupAddrs, TcpListener, TcpStream, ToSocketAddrs};
/// use core::net::SocketAddr;
///
/// struct Replicas(Vec<SocketAddr>);
///
/// impl ToSocketAddrs for Replicas {
///     fn to_addrs(&self) -> std::io::Result<LookupAddrs> {
///         Ok(LookupAddrs::Many(self.0.clone()))
///     }
/// }
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let gone = TcpListener::bind("127.0.0.1:0").await?;
/// # let replicas = Replicas(vec![gone.local_addr()?, listener.local_addr()?]);
/// # drop(gone);
/// let stream = TcpStream::connect(&replicas).await?; // to the first that answers
/// assert_eq!(stream.peer_addr()?, replicas.0[1]);
/// # Ok(())
/// # }
/// ```
pub trait ToSocketAddrs {
    /// What it stands for: addresses, or a name and a port to look up.
    ///
    /// # Errors
    /// Text that is neither: [`io::ErrorKind::InvalidInput`].
    fn to_addrs(&self) -> io::Result<LookupAddrs>;
}

/// What a [`ToSocketAddrs`] stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupAddrs {
    /// One address.
    One(SocketAddr),
    /// Addresses, in the order in which to try them.
    Many(Vec<SocketAddr>),
    /// A name to look up, and a port.
    Name(String, u16),
}

macro_rules! one {
    ($($t:ty),*) => { $(
        impl ToSocketAddrs for $t {
            fn to_addrs(&self) -> io::Result<LookupAddrs> {
                Ok(LookupAddrs::One((*self).into()))
            }
        }
    )* };
}
one!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl ToSocketAddrs for [SocketAddr] {
    fn to_addrs(&self) -> io::Result<LookupAddrs> {
        Ok(LookupAddrs::Many(self.to_vec()))
    }
}

impl ToSocketAddrs for str {
    fn to_addrs(&self) -> io::Result<LookupAddrs> {
        if let Ok(address) = self.parse() {
            return Ok(LookupAddrs::One(address));
        }
        let (name, port) = self.rsplit_once(':').ok_or_else(|| bad_address(self))?;
        (name, port.parse().map_err(|_| bad_address(self))?).to_addrs()
    }
}

fn bad_address(text: &str) -> io::Error {
    let why = std::format!("\"{text}\" is not an address: write `host:port`, for example `127.0.0.1:8080`");
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

impl ToSocketAddrs for String {
    fn to_addrs(&self) -> io::Result<LookupAddrs> {
        self.as_str().to_addrs()
    }
}

impl ToSocketAddrs for (&str, u16) {
    fn to_addrs(&self) -> io::Result<LookupAddrs> {
        match self.0.parse::<IpAddr>() {
            Ok(ip) => Ok(LookupAddrs::One((ip, self.1).into())),
            Err(_) if self.0.is_empty() => Err(bad_address(self.0)),
            Err(_) => Ok(LookupAddrs::Name(self.0.into(), self.1)),
        }
    }
}

impl ToSocketAddrs for (String, u16) {
    fn to_addrs(&self) -> io::Result<LookupAddrs> {
        (self.0.as_str(), self.1).to_addrs()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    fn to_addrs(&self) -> io::Result<LookupAddrs> {
        (**self).to_addrs()
    }
}

/// Tries `each` of the addresses, one after the other, until one works; else the last error. Looks a name up by the runtime that
/// `at` asks for.
pub(super) async fn first_of<C: Config, T, F: Future<Output = io::Result<T>>>(
    found: io::Result<LookupAddrs>,
    at: &'static Location<'static>,
    mut each: impl FnMut(SocketAddr) -> F,
) -> io::Result<T> {
    let all = match found? {
        LookupAddrs::One(address) => return each(address).await,
        several => addresses::<C>(several, at).await?,
    };
    let mut last = None;
    for address in all {
        match each(address).await {
            Ok(made) => return Ok(made),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(none_at_all))
}

/// Looks up what a [`ToSocketAddrs`] names: the addresses, in the order in which the system has them, of which there is one at
/// least. A name is looked up on a blocking thread, by `getaddrinfo(3)`; an address is ready at once.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): no address. [`Unsupported`](io::ErrorKind::Unsupported): a name, in a config
/// without blocking threads. What the system says of a name that it does not know; the message names it.
///
/// # Cancel safety
/// Cancel safe; a lookup under way goes on and is forgotten.
///
/// # Panics
/// Without a runtime of `C` on the thread, for a name; the message names the line of this call.
///
/// # Example
/// ```
/// use bespoke::net::lookup_host;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// for address in lookup_host("localhost:80").await? {
///     assert!(address.ip().is_loopback());
/// }
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn lookup_host<C: Config>(
    host: impl ToSocketAddrs,
) -> impl Future<Output = io::Result<std::vec::IntoIter<SocketAddr>>> + Send {
    let (found, at) = (host.to_addrs(), Location::caller());
    async move { Ok(addresses::<C>(found?, at).await?.into_iter()) }
}

fn none_at_all() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no address: the list is empty, or the name has none")
}

/// The addresses, of which there is one at least. Looks a name up by the runtime that `at` asks for.
pub(super) async fn addresses<C: Config>(
    found: LookupAddrs,
    at: &'static Location<'static>,
) -> io::Result<Vec<SocketAddr>> {
    let all = match found {
        LookupAddrs::One(address) => std::vec![address],
        LookupAddrs::Many(all) => all,
        LookupAddrs::Name(name, port) => look_up::<C>(name, port, at).await?,
    };
    if all.is_empty() { Err(none_at_all()) } else { Ok(all) }
}

/// Looks a name up, on a blocking thread.
async fn look_up<C: Config>(name: String, port: u16, at: &'static Location<'static>) -> io::Result<Vec<SocketAddr>> {
    use std::net::ToSocketAddrs as _;
    let asked = name.clone();
    let look = move || (asked.as_str(), port).to_socket_addrs().map(Iterator::collect);
    let Some(looking) = spawn_blocking_if_any::<C, _, io::Result<Vec<SocketAddr>>>(look, at) else {
        let why = std::format!(
            "cannot look \"{name}\" up: this config has no blocking threads; connect to an address instead"
        );
        return Err(io::Error::new(io::ErrorKind::Unsupported, why));
    };
    let found = looking.await?;
    found.map_err(|error| in_context(error, format_args!("cannot find \"{name}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_an_address_or_a_name_or_an_error() {
        let one = LookupAddrs::One(([127, 0, 0, 1], 80).into());
        assert_eq!("127.0.0.1:80".to_addrs().unwrap(), one);
        assert_eq!(("127.0.0.1", 80).to_addrs().unwrap(), one);
        assert_eq!("[::1]:80".to_addrs().unwrap(), LookupAddrs::One("[::1]:80".parse().unwrap()));
        assert_eq!("tea:80".to_addrs().unwrap(), LookupAddrs::Name("tea".into(), 80));
        for bad in ["tea", "tea:hot", ":80", "tea:99999"] {
            let error = bad.to_addrs().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad}");
        }
    }
}
