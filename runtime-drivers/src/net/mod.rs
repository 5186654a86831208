//! Sockets. Every type here is generic over the config: `T<C>`; a config's own module has the short names.
//!
//! | file | holds |
//! |---|---|
//! | `addresses` | [`ToSocketAddrs`]: what can be connected to |
//! | `listener` | [`TcpListener`] |
//! | `stream` | [`TcpStream`] and its reads and writes |
//! | `split` | the halves of a stream |
//! | `futures` | the futures of reads and writes |
//!
//! # Confinement
//! Under a local scheduler a socket belongs to the worker that opened it. It may be moved and dropped anywhere; used, on its
//! worker. It may outlive its runtime: every call then fails with [`std::io::ErrorKind::BrokenPipe`] and says that the
//! runtime is closed.

mod addresses;
mod futures;
mod listener;
mod split;
mod stream;

pub use addresses::{LookupAddrs, ToSocketAddrs};
pub use futures::{Peek, Read, Write, WriteAll};
pub use listener::TcpListener;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use stream::TcpStream;

use bespoke_core::driver::Errno;
use std::io;

fn io_error(errno: Errno) -> io::Error {
    errno.into()
}
