//! A descriptor in epoll or kqueue.

use crate::sys;
use bespoke_core::roles::{Kind, RawResource};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;

/// Of what the poll tells. Where it can tell of an urgent byte, that is for streams: a read ends there, though more has come.
/// kqueue has no such event that mio would tell of.
const ALL: Interest = {
    let all = Interest::READABLE.add(Interest::WRITABLE);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let all = all.add(Interest::PRIORITY);
    all
};

/// A descriptor and whether the poll knows it. The number is the caller's: it comes with each call.
#[derive(Debug, Default)]
pub struct Entry {
    /// Other descriptors may name the same open file: closing this one would leave it in the poll.
    shared: bool,
    enlisted: bool,
}

impl Entry {
    /// Not in the poll.
    ///
    /// # Safety
    /// The caller owns `raw`, and lets [`close`](Self::close) close it, or [`release`](Self::release)s it.
    pub(crate) unsafe fn new(_raw: RawResource, kind: Kind) -> Self {
        Entry { shared: kind == Kind::Foreign, enlisted: false }
    }

    /// Puts it into the poll: an event follows each change from now on.
    pub(crate) fn enlist(&mut self, raw: RawResource, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&raw), token, ALL)?;
        self.enlisted = true;
        Ok(())
    }

    /// Asks for an event when it is ready for `interest`. It is asked for already, for ever.
    #[inline(always)]
    #[expect(clippy::unnecessary_wraps, reason = "on Windows it is a call")]
    pub(crate) fn arm(&mut self, _registry: &Registry, _token: Token, _interest: Interest) -> io::Result<()> {
        Ok(())
    }

    /// Is it in the poll? A socket that never began to connect is not.
    pub(crate) fn is_enlisted(&self) -> bool {
        self.enlisted
    }

    /// Other descriptors may name the same open file.
    pub(crate) fn share(&mut self) {
        self.shared = true;
    }

    /// Takes it out of the poll, if that is given; the caller has it as before.
    pub(crate) fn release(self, raw: RawResource, registry: Option<&Registry>) {
        if self.enlisted
            && let Some(registry) = registry
        {
            // The poll knows it, so this cannot fail.
            let _ = registry.deregister(&mut SourceFd(&raw));
        }
    }

    /// Takes it out of the poll, if that is given, and closes it.
    pub(crate) fn close(self, raw: RawResource, registry: Option<&Registry>) {
        if self.shared
            && self.enlisted
            && let Some(registry) = registry
        {
            // The poll knows it, so this cannot fail.
            let _ = registry.deregister(&mut SourceFd(&raw));
        }
        // Closing takes it out of the poll: nobody else holds the same open file, unless it is shared. The descriptor is gone
        // whatever it says; an error of an earlier write was told by that write.
        let _ = sys::fd::close(raw);
    }
}
