//! A socket in a completion port, by way of the system's socket driver (AFD).
//!
//! Only sockets can be in it. mio asks the driver for events with one request per socket, which ends with the first of
//! them; what is asked for next goes into the request that mio makes just before the worker sleeps.

use crate::sys;
use bespoke_core::roles::{Kind, RawResource};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::windows::io::{FromRawSocket as _, IntoRawSocket as _};

/// A socket that mio owns, whatever its kind: mio asks its `TcpStream` for nothing but the number.
///
/// # Invariants
/// 1. `socket` is `None` only in an entry of no resource.
/// 2. The number that comes with the calls is that of `socket`.
#[derive(Debug, Default)]
pub struct Entry {
    socket: Option<TcpStream>,
    enlisted: bool,
}

impl Entry {
    /// Not in the poll.
    ///
    /// # Safety
    /// The caller owns `raw`, and lets [`close`](Self::close) close it, or [`release`](Self::release)s it.
    pub(crate) unsafe fn new(raw: RawResource, _kind: Kind) -> Self {
        // SAFETY: the caller owns the socket and hands it over.
        let socket = unsafe { TcpStream::from_raw_socket(sys::fd::as_os(raw)) };
        Entry { socket: Some(socket), enlisted: false }
    }

    /// Puts it into the poll, for reading, as that is what most wait for first.
    pub(crate) fn enlist(&mut self, _raw: RawResource, registry: &Registry, token: Token) -> io::Result<()> {
        if let Some(socket) = &mut self.socket {
            registry.register(socket, token, Interest::READABLE)?;
            self.enlisted = true;
        }
        Ok(())
    }

    /// Asks for an event when it is ready for `interest`, which is all that is waited for now. An event comes although
    /// it was ready before.
    pub(crate) fn arm(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        match &mut self.socket {
            Some(socket) => registry.reregister(socket, token, interest),
            None => Ok(()),
        }
    }

    /// Is it in the poll? A socket that never began to connect is not.
    pub(crate) fn is_enlisted(&self) -> bool {
        self.enlisted
    }

    /// Other handles may name the same socket. That changes nothing: a request of the poll is cancelled by its own name.
    pub(crate) fn share(&mut self) {}

    /// Takes the socket out of the poll, if that is given; the caller has it as before.
    pub(crate) fn release(self, _raw: RawResource, registry: Option<&Registry>) {
        if let Some(mut socket) = self.socket {
            if self.enlisted
                && let Some(registry) = registry
            {
                // The poll knows it, so this cannot fail.
                let _ = registry.deregister(&mut socket);
            }
            // The number that the caller knows.
            let _ = socket.into_raw_socket();
        }
    }

    /// Takes it out of the poll and closes it.
    pub(crate) fn close(self, _raw: RawResource, _registry: Option<&Registry>) {
        // mio cancels its request first, then closes.
        drop(self.socket);
    }
}
