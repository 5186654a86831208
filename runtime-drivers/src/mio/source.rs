//! What the driver knows of one resource, and what an operation waits for there.

use crate::op::Taken;
#[cfg(unix)]
use crate::pooled::OpenFile;
use crate::theirs::{let_go, wake};
use crate::wakers::Wakers;
use bespoke_core::sharing::Sharing;
use core::task::Waker;
use std::boxed::Box;
#[cfg(unix)]
use std::sync::Arc;

/// What the driver knows of one resource.
#[derive(Debug, Default)]
pub(super) struct Source<E> {
    pub(super) generation: u32,
    /// How often the poll has told of it, where other workers use it: what one of them found before that is old.
    pub(super) tick: u32,
    /// Thought ready: the next call is tried.
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// A short read is no sign that nothing is left. The peer has ended its direction, or both, and no further edge need
    /// come; or the system ends reads of such a source early, as at an urgent byte (`tcp(7)`).
    pub(super) unsure: bool,
    /// A Unix stream: each read says itself whether the system may have ended it early.
    pub(super) unix: bool,
    /// The last read may have ended early.
    pub(super) early: bool,
    pub(super) entry: E,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    /// What a stream that only waits has not: made when it is needed first, and kept. Each event looks.
    pub(super) more: Option<Box<More>>,
}

// Less than a line of the cache, and most of what the driver has of an idle connection.
#[cfg(all(unix, target_pointer_width = "64"))]
const _: () = assert!(size_of::<Source<super::entry::Entry>>() == 56);

/// What few sources have.
#[derive(Debug, Default)]
pub(super) struct More {
    /// Tasks that wait beside each other, for one listener, say: each edge wakes all, as it may stand for several connections.
    pub(super) readers: Wakers,
    pub(super) writers: Wakers,
    /// A write that was dropped under way.
    pub(super) interrupted: Option<Taken>,
    /// A file: it is not in the poll.
    #[cfg(unix)]
    pub(super) file: Option<Arc<OpenFile>>,
}

/// When a source was thought ready.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tick(pub(super) u32);

impl<E> Source<E> {
    /// Has the poll told nothing of it since then? Where one thread uses it, it has not: that thread waits, or asks.
    #[inline(always)]
    pub(super) fn is_at<S: Sharing>(&self, tick: Tick) -> bool {
        !S::MOVING || self.tick == tick.0
    }

    /// What few have; it is made for that.
    pub(super) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// A write that was dropped under way.
    pub(super) fn take_interrupted(&mut self) -> Option<Taken> {
        self.more.as_deref_mut()?.interrupted.take()
    }

    /// What a file is.
    #[cfg(unix)]
    pub(super) fn of_file(file: Arc<OpenFile>, room: Option<Box<More>>) -> Self
    where
        E: Default,
    {
        let mut more = room.unwrap_or_default();
        more.file = Some(file);
        Source { more: Some(more), ..Source::default() }
    }

    #[cfg(unix)]
    pub(super) fn take_file(&mut self) -> Option<Arc<OpenFile>> {
        self.more.as_deref_mut()?.file.take()
    }

    #[inline(always)]
    pub(super) fn is_ready(&self, side: Side) -> bool {
        match side {
            Side::Read | Side::ReadAmong => self.readable,
            Side::Write | Side::WriteAmong => self.writable,
        }
    }

    #[inline(always)]
    pub(super) fn clear(&mut self, side: Side) {
        match side {
            Side::Read | Side::ReadAmong => self.readable = false,
            Side::Write | Side::WriteAmong => self.writable = false,
        }
    }

    /// Wakes all who wait at a source that is gone, and drops what else is the user's.
    #[cold]
    pub(super) fn wake(self) {
        self.reader.into_iter().chain(self.writer).for_each(wake);
        if let Some(mut more) = self.more {
            more.readers.wake();
            more.writers.wake();
            let_go(more.interrupted);
        }
    }

    /// Drops what is the user's of a source that is gone.
    pub(super) fn let_go(self) {
        self.reader.into_iter().chain(self.writer).for_each(let_go);
        if let Some(more) = self.more {
            more.readers.let_go();
            more.writers.let_go();
            let_go(more.interrupted);
        }
    }
}

/// What an operation waits for at a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Read,
    Write,
    /// As `Read`, but for any number of tasks at once.
    ReadAmong,
    /// As `Write`, but for any number of tasks at once.
    WriteAmong,
}
