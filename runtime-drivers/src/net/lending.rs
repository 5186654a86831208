//! Descriptors of ours, lent for calls that there is no method for.
//!
//! Not by `AsFd`: a descriptor that is borrowed for as long as its socket lives may be closed with the runtime meanwhile, and its
//! number be a stranger's. Here the close waits.

use super::{TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use bespoke_core::config::Config;
use bespoke_core::driver::OwnedResource;
use std::io;
use std::os::fd::BorrowedFd;

/// Lends the descriptor to `f`.
pub(crate) fn with_fd<C: Config, R>(resource: &OwnedResource<C>, f: impl FnOnce(BorrowedFd<'_>) -> R) -> io::Result<R> {
    let lend = |raw| {
        // SAFETY: the descriptor is open, and stays this resource's, until `f` returns: that is what `while_open` is for.
        f(unsafe { BorrowedFd::borrow_raw(raw) })
    };
    resource.while_open(lend).map_err(super::io_error)
}

/// [`with_fd`] as a method, of a type with a `resource`.
macro_rules! lends_its_fd {
    ($($name:ident),+) => { $( $crate::net::lends_its_fd!($name: |this| &this.resource); )+ };
    // What is lent, where that is another field or may be gone: `return`s an error then.
    ($name:ident: |$this:ident| $resource:expr) => {
        impl<C: Config> $name<C> {
            /// Lends the descriptor to `f`, for what there is no method for: an option that is not wrapped, say. On any thread;
            /// off the worker, the close of the runtime waits for it.
            ///
            /// `f` makes a call that does not wait. It leaves the open file as it is: whoever makes it block stops the worker.
            /// A duplicate that stays is for `into_std` and its like: the driver does not know of one that is made here.
            ///
            /// # Errors
            /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) when the runtime is closed.
            ///
            /// # Platform
            /// Unix.
            pub fn with_fd<R>(&self, f: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> R) -> std::io::Result<R> {
                let $this = self;
                $crate::net::lend($resource, f)
            }
        }
    };
}
pub(crate) use lends_its_fd;

lends_its_fd!(TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream);
