//! How the operations on files are expressed here: entries of the ring, and what no entry means, jobs of the pool.
//!
//! | goes to the pool | why |
//! |---|---|
//! | [`Call`] | a function is no entry |
//! | [`SetLen`] on a kernel that does not know it | `ftruncate` came with 6.9 |
//! | [`Advise`] about 4 GiB and more | an entry has 32 bits for the length |
//! | a transfer of a file that was opened not to wait, `O_NONBLOCK` | an entry waits all the same, or fails for a plain file, by the kernel |
//! | a transfer at a position of a file that has none, or at one that no file has | an entry takes the file's own cursor instead |
//!
//! The last two of the table are decided by what the source was asked when the file came; see [`FileSource`].
//!
//! | file | holds |
//! |---|---|
//! | `transfers` | bytes of open files: read, written, brought to the disk |
//! | `space` | the place of open files: on the disk, in memory |
//! | `paths` | what is done with names, and what is known of a file |

mod paths;
mod space;
mod transfers;

use super::options::{IoUring, RingOptions};
use super::slots::{Flight, Lower};
use super::source::FileSource;
use super::{LiveUring, Uring};
use crate::op::{
    Advise, Allocate, Blocks, Call, JoinPaths, MakeDir, Open, ReadAt, ReadVectoredAt, Remove, SetLen, Statx, Sync,
    WriteAt, WriteVectoredAt,
};
use crate::pooled::{self, OnThePool, OpenFile, OpenFiles, pooled};
use crate::theirs::let_go;
use bespoke_core::driver::{MaybeDangling, Served, Submit};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};
use std::sync::Arc;

/// An operation on files that an entry may mean.
pub(super) trait OfFiles: Blocks + Lower {
    /// By what it is done.
    const SERVED: Served = Served::Completion;

    /// Is its entry the same as the call? `file`: the file that it is about, if it is about one that is open. `cuts`: the
    /// kernel can set lengths.
    fn is_entry(&self, file: Option<&FileSource>, cuts: bool) -> bool;
}

/// What the future of an operation on files holds.
#[derive(Debug, Default)]
pub enum FileFlight<O: Blocks, S: Sharing> {
    /// It was not polled yet.
    #[default]
    New,
    /// An entry.
    Ring(Flight<S>),
    /// A job.
    Pool(OnThePool<O>),
}

impl<S: Sharing> OpenFiles for Uring<S> {
    #[inline]
    fn with_file<R>(&self, key: u32, look: impl FnOnce(&Arc<OpenFile>) -> R) -> Option<R> {
        self.with(|state| {
            let (number, _) = state.named(key);
            Some(look(&state.sources[number as usize].file()?.open))
        })
    }
}

impl<S: Sharing> Uring<S> {
    /// Polls an operation; the first call decides how it is done.
    fn poll_file<O: OfFiles>(&self, op: &mut O, state: &mut FileFlight<O, S>, cx: &mut Context<'_>) -> Poll<O::Output> {
        if let FileFlight::New = state {
            *state = if self.is_entry(op) {
                let mut flight = Flight::default();
                // The call takes less than an entry, its completion, and a second poll. But where a thread of the kernel's takes
                // the entries, that copies meanwhile.
                if O::TRIED && !self.with(|state| state.ring.flags().sq_poll) {
                    // SAFETY: what the operation points at, and what it is about, is there while it is polled.
                    match unsafe { pooled::at_hand(self, op) } {
                        Ok(output) => return Poll::Ready(output),
                        Err(taken) => flight.begins_at(taken),
                    }
                }
                FileFlight::Ring(flight)
            } else {
                FileFlight::Pool(OnThePool::default())
            };
        }
        match state {
            FileFlight::Ring(flight) => self.poll_slot(op, flight, cx),
            FileFlight::Pool(job) => pooled::poll::<O>(self, op, job, cx),
            FileFlight::New => unreachable!("decided above"),
        }
    }

    pub(super) fn is_entry<O: OfFiles>(&self, op: &O) -> bool {
        self.with(|state| {
            let file = op.file().map(|of| state.named(of.key).0);
            let file = file.and_then(|number| state.sources[number as usize].file());
            op.is_entry(file, state.known.set_len)
        })
    }

    fn abandon_file<O: OfFiles, K: Send + 'static>(&self, state: &mut FileFlight<O, S>, keep: MaybeDangling<K>) {
        match state {
            FileFlight::Ring(flight) => self.abandon_slot(O::LATE, flight, keep),
            FileFlight::Pool(job) => job.abandon(keep),
            FileFlight::New => let_go(keep),
        }
    }
}

impl<O: Blocks, S: Sharing> FileFlight<O, S> {
    fn is_in_flight(&self) -> bool {
        match self {
            FileFlight::New => false,
            FileFlight::Ring(flight) => flight.is_in_flight(),
            FileFlight::Pool(job) => job.is_started(),
        }
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Option<O::Output>>
    where
        O: OfFiles,
    {
        match self {
            FileFlight::New => Poll::Ready(None),
            FileFlight::Ring(flight) => flight.poll_closed::<O>(),
            FileFlight::Pool(job) => job.poll(cx).map(|ended| ended.map(pooled::taken)),
        }
    }

    fn abandon_closed<K: Send + 'static>(&mut self, keep: MaybeDangling<K>)
    where
        O: OfFiles,
    {
        match self {
            FileFlight::New => let_go(keep),
            FileFlight::Ring(flight) => flight.abandon_closed::<O, K>(keep),
            FileFlight::Pool(job) => job.abandon(keep),
        }
    }
}

macro_rules! entry_or_job {
    ($($op:ty),+ $(,)?) => { $(
        impl<const ENTRIES: u32, P: RingOptions> Submit<$op> for IoUring<ENTRIES, P> {
            type InFlight<S: Sharing> = FileFlight<$op, S::Driven>;

            const SERVED: Served = <$op as OfFiles>::SERVED;

            fn poll_op<S: Sharing>(
                live: &Self::Live<S>,
                op: &mut $op,
                state: &mut FileFlight<$op, S::Driven>,
                cx: &mut Context<'_>,
            ) -> Poll<<$op as bespoke_core::driver::Op>::Output> {
                live.0.poll_file::<$op>(op, state, cx)
            }

            fn in_flight<S: Sharing>(state: &FileFlight<$op, S::Driven>) -> bool {
                state.is_in_flight()
            }

            fn abandon<S: Sharing, K: Send + 'static>(
                live: &Self::Live<S>,
                _op: &mut $op,
                state: &mut FileFlight<$op, S::Driven>,
                keep: MaybeDangling<K>,
            ) {
                live.0.abandon_file(state, keep);
            }

            fn poll_closed<S: Sharing>(
                state: &mut FileFlight<$op, S::Driven>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<<$op as bespoke_core::driver::Op>::Output>> {
                state.poll_closed(cx)
            }

            fn abandon_closed<S: Sharing, K: Send + 'static>(
                _op: &mut $op,
                state: &mut FileFlight<$op, S::Driven>,
                keep: MaybeDangling<K>,
            ) {
                state.abandon_closed(keep);
            }
        }
    )+ };
}
entry_or_job!(
    Open,
    ReadAt,
    WriteAt,
    ReadVectoredAt,
    WriteVectoredAt,
    Sync,
    SetLen,
    Allocate,
    Advise,
    Statx,
    MakeDir,
    Remove,
    JoinPaths,
);

impl<const ENTRIES: u32, P: RingOptions, S: Sharing> OpenFiles for LiveUring<ENTRIES, P, S> {
    fn with_file<R>(&self, key: u32, look: impl FnOnce(&Arc<OpenFile>) -> R) -> Option<R> {
        self.0.with_file(key, look)
    }
}

pooled!({const ENTRIES: u32, P: RingOptions} IoUring<ENTRIES, P>: Call);
