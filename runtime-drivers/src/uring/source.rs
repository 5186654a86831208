//! What the driver knows of one resource: what came for it, who waits, what the kernel has of it.
//!
//! ```text
//!              1                  2
//!   free ────────────▶ open ────────────▶ closing ──┐      1 open
//!    ▲                   │ 3 (nothing with           │     2 close, with requests in the kernel: they are cancelled
//!    └───────────────────┴─── the kernel) ──◀────────┘     3 close, or the last terminal completion
//! ```
//! The core gives the key of a resource to another as soon as `close` returns. So a source has a number of its own, and
//! the key leads to it until then.
//!
//! # One direction of it
//! ```text
//!            1                      2
//!   Idle ─────────▶ Armed ─────────────────▶ Cancelling     1 a waiter finds nothing
//!    ▲ ▲              │ 3                     │ 3           2 close; enough was stashed
//!    │ └──────────────┴───────────────────────┘             3 the terminal completion
//!    └── 5 ── Starved ◀── 4                                 4 it says that no buffer was left; from Idle: none was provided
//!                                                             yet, and this is not the worker, who alone can provide some
//!                                                           5 the next park, when there are some
//! ```

pub(super) use crate::luggage::End;
use crate::op::{LEASE_BYTES, Taken};
use crate::pooled::OpenFile;
use crate::sys::address::SockAddr;
use crate::wakers::Wakers;
use bespoke_core::driver::{Buffer, Filled};
use bespoke_core::roles::{Kind, RawResource};
use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::task::Waker;
use std::boxed::Box;
use std::collections::VecDeque;
use std::sync::Arc;

/// A request of a source that stays with the kernel while somebody waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Arm {
    /// The kernel has none.
    #[default]
    Idle,
    /// It has one.
    Armed(Shots),
    /// It has one that is asked to end.
    Cancelling,
    /// It found no buffer; armed again by the next park.
    Starved,
}

/// How often a request completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shots {
    One,
    Many,
    /// Many, and it ends by itself after so many bytes.
    Limited,
}

impl Arm {
    pub(super) fn in_kernel(self) -> bool {
        matches!(self, Arm::Armed(_) | Arm::Cancelling)
    }

    /// It is asked to end, if the kernel has it.
    pub(super) fn is_cancelled(&mut self) {
        if self.in_kernel() {
            *self = Arm::Cancelling;
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    #[default]
    Free,
    Open,
    Closing,
}

/// One resource.
pub(super) struct Source {
    pub(super) life: Life,
    pub(super) generation: u32,
    pub(super) raw: RawResource,
    pub(super) kind: Kind,
    /// Requests that name it and whose terminal completion was not taken.
    pub(super) pending: u32,
    /// Its `recv` or `accept`.
    pub(super) arm: Arm,
    /// A poll that tells when the connection is gone ([`State::watch`](super::State::watch)).
    pub(super) watch: Arm,
    pub(super) end: End,
    /// What came and was not read.
    pub(super) stash: Filled<LEASE_BYTES>,
    pub(super) reader: Option<Waker>,
    /// What a stream that only waits has not: made when it is needed first, and kept.
    pub(super) more: Option<Box<More>>,
}

// A line of the cache, and most of what the driver has of an idle connection.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Source>() == 64);

/// A file. Its descriptor is closed with the last reference to it: jobs of the pool hold some while they use it, the source
/// this one until it is closed and the kernel has ended its requests.
pub(super) struct FileSource {
    pub(super) open: Arc<OpenFile>,
    /// Do its calls wait? An entry always does.
    pub(super) waits: bool,
    /// Has it positions? Where there are none, an entry ignores the one that it is given, and a call refuses it.
    pub(super) seeks: bool,
}

/// A write whose future is gone.
pub(super) enum DroppedWrite {
    /// The kernel has it still. So many bytes were taken by entries before this one.
    Ending { taken: usize },
    /// How it ended.
    Ended(Taken),
}

/// What listeners, sockets of datagrams, foreign descriptors and files need, and streams sometimes.
#[derive(Default)]
pub(super) struct More {
    /// Other descriptors may name the same open file: what is armed here would take what comes for them.
    pub(super) shared: bool,
    /// The kernel refused to send without a copy here.
    pub(super) copies: bool,
    /// The buffer of an armed `recv` that brings its own: the kernel's until the terminal completion.
    pub(super) own: Option<Buffer<LEASE_BYTES>>,
    /// Who waits for the end of a write that was dropped under way.
    pub(super) writer: Option<Waker>,
    /// That write.
    pub(super) dropped: Option<DroppedWrite>,
    /// What is known of a file.
    pub(super) file: Option<FileSource>,
    /// Connections that came, and whose they are, if the kernel wrote it.
    pub(super) accepted: VecDeque<(RawResource, Option<SockAddr>)>,
    pub(super) peer: Peer,
    pub(super) read: Side,
    pub(super) write: Side,
}

/// A direction whose readiness is polled for.
#[derive(Default)]
pub(super) struct Side {
    pub(super) arm: Arm,
    /// Thought ready: the next call is tried.
    pub(super) ready: bool,
    /// How often it became so.
    pub(super) edges: u32,
    pub(super) wakers: Wakers,
}

/// Room for the address of a peer, at an address of its own: an armed `accept` writes there.
#[derive(Default)]
pub(super) struct Peer(Option<NonNull<UnsafeCell<SockAddr>>>);

impl Peer {
    /// Where the kernel may write, from now to the terminal completion.
    pub(super) fn room(&mut self) -> *mut SockAddr {
        let made = *self.0.get_or_insert_with(|| {
            let room = Box::new(UnsafeCell::new(SockAddr::empty()));
            NonNull::from(Box::leak(room))
        });
        UnsafeCell::raw_get(made.as_ptr())
    }

    /// What it wrote.
    ///
    /// # Safety
    /// No request that writes there is with the kernel.
    pub(super) unsafe fn read(&self) -> SockAddr {
        match self.0 {
            Some(room) => {
                let address = UnsafeCell::raw_get(room.as_ptr());
                // SAFETY: ours alone (contract), and initialised by `room`.
                unsafe { *address }
            }
            None => SockAddr::empty(),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(room) = self.0 {
            // SAFETY: it came from a box. A source is dropped after the last of its requests, or leaked.
            drop(unsafe { Box::from_raw(room.as_ptr()) });
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Source {
            life: Life::Free,
            generation: 0,
            raw: -1,
            kind: Kind::Stream,
            pending: 0,
            arm: Arm::Idle,
            watch: Arm::Idle,
            end: End::None,
            stash: Filled::new(),
            reader: None,
            more: None,
        }
    }
}

impl Source {
    /// A fresh one, in the place of this, which nothing names any more.
    pub(super) fn renew(&mut self, raw: RawResource, kind: Kind) {
        let generation = self.generation;
        let ready = match kind {
            Kind::Listener | Kind::Datagram | Kind::Foreign | Kind::UnixStream => Some((true, true)),
            // Of a FIFO that had no writer yet a read would say that it has ended.
            Kind::Pipe => Some((false, true)),
            _ => None,
        };
        let (read, write) = ready.unwrap_or_default();
        let side = |ready| Side { ready, ..Side::default() };
        // In the room of the one before, if this needs some: each file that is sent is named, and named no more.
        let needs_more = ready.is_some() || kind == Kind::File;
        let more = needs_more.then(|| {
            let mut more = self.more.take().unwrap_or_default();
            *more = More { read: side(read), write: side(write), ..More::default() };
            more
        });
        *self = Source { life: Life::Open, generation, raw, kind, more, ..Source::default() };
    }

    /// What few have; it is made for that.
    pub(super) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// All that may stay with the kernel, each in its direction.
    pub(super) fn arms(&mut self) -> impl Iterator<Item = &mut Arm> {
        let sides = self.more.as_deref_mut().map(|more| [&mut more.read.arm, &mut more.write.arm]);
        [&mut self.arm, &mut self.watch].into_iter().chain(sides.into_iter().flatten())
    }

    /// May other descriptors name the same open file?
    pub(super) fn is_shared(&self) -> bool {
        self.more.as_deref().is_some_and(|more| more.shared)
    }

    /// A write that was dropped under way.
    #[inline]
    pub(super) fn dropped(&self) -> Option<&DroppedWrite> {
        self.more.as_deref()?.dropped.as_ref()
    }

    /// What is known of a file.
    pub(super) fn file(&self) -> Option<&FileSource> {
        self.more.as_deref()?.file.as_ref()
    }

    pub(super) fn take_file(&mut self) -> Option<FileSource> {
        self.more.as_deref_mut()?.file.take()
    }

    /// Has its armed `recv` a buffer of its own?
    pub(super) fn has_own(&self) -> bool {
        self.more.as_deref().is_some_and(|more| more.own.is_some())
    }

    pub(super) fn take_own(&mut self) -> Option<Buffer<LEASE_BYTES>> {
        self.more.as_deref_mut()?.own.take()
    }

    /// Who waits for the end of a write that was dropped.
    pub(super) fn take_writer(&mut self) -> Option<Waker> {
        self.more.as_deref_mut()?.writer.take()
    }

    /// Is a request of each kind that a stream has somewhere: with the kernel, or waiting for a buffer?
    #[inline]
    pub(super) fn is_seen_to(&self) -> bool {
        self.arm != Arm::Idle && self.watch != Arm::Idle
    }

    /// Is nothing to be told to a reader of this stream, nor to be done for one? Not so of a Unix stream, which has no `recv`.
    #[inline]
    pub(super) fn has_nothing_but_requests(&self) -> bool {
        !self.has_something() && self.is_seen_to() && self.reader.is_none()
    }

    /// Is there something for a reader: bytes, the end, an error?
    pub(super) fn has_something(&self) -> bool {
        !self.stash.is_empty() || !matches!(self.end, End::None)
    }

    /// Is there something that would be lost with it?
    pub(super) fn has_bytes_or_error(&self) -> bool {
        !self.stash.is_empty() || matches!(self.end, End::Error(_))
    }

    /// The next generation: completions of this one are stale from now on.
    pub(super) fn retire(&mut self) {
        self.generation = (self.generation + 1) & GENERATION_MASK;
        self.life = Life::Free;
    }
}

/// Generations have as many bits as those of tokens.
pub(super) const GENERATION_MASK: u32 = (1 << 28) - 1;
