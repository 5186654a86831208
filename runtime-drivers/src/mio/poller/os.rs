//! The best that the system has: epoll, kqueue, a completion port, by way of mio.
//!
//! A `timerfd` ends sleeps on Linux, see `timer`. Another thread ends them as mio does it, by an `eventfd` on Linux; where
//! that is denied, by a pipe.

use super::{Event, Place, Polls, Wanted};
use crate::mio::entry::Entry;
use crate::mio::timer::Timer;
#[cfg(unix)]
use crate::sys::{self, nudge::Nudge};
use bespoke_core::driver::Errno;
use bespoke_core::error::{Error, ErrorKind};
use bespoke_core::roles::{Kind, Nanos, Park, RawResource, Unpark};
use core::cell::{Cell, UnsafeCell};
use core::time::Duration;
use mio::{Events, Interest, Poll, Registry, Token};
use std::io;
use std::sync::Arc;

#[cfg(mio_unsupported_force_poll_poll)]
compile_error!(
    "the driver `Mio` expects edges, which mio does not give with `mio_unsupported_force_poll_poll`; `Mio<PosixPoll>` is the \
     driver over poll(2)"
);

/// epoll on Linux, kqueue on the BSDs and Apple systems, a completion port and AFD on Windows.
pub struct OsPoller {
    poll: UnsafeCell<Poll>,
    /// Where other threads use it: what they use of it, while this one waits.
    shared: Option<Registry>,
    /// Taken out while events are told.
    events: Cell<Option<Events>>,
    timer: Timer,
    bell: Bell,
    /// [`forks`] at the start.
    forks: u32,
}

/// How often this process has become a forked child.
fn forks() -> u32 {
    #[cfg(unix)]
    let forks = sys::fork::forks();
    #[cfg(not(unix))]
    let forks = 0;
    forks
}

impl core::fmt::Debug for OsPoller {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OsPoller").field("bell", &self.bell).finish_non_exhaustive()
    }
}

/// The token of the waker; sources have smaller ones.
const WAKE: Token = Token(usize::MAX);
/// The token of the timer.
pub(in crate::mio) const TIMER: Token = Token(usize::MAX - 1);
/// Events taken per `epoll_wait`.
const EVENTS: usize = 1024;

/// Ends a wait of an [`OsPoller`].
#[derive(Clone, Debug)]
pub struct OsUnparker(Bell);

#[derive(Clone, Debug)]
enum Bell {
    /// As mio does it.
    Own(Arc<mio::Waker>),
    /// By a pipe in the poll.
    #[cfg(unix)]
    Pipe(Arc<Nudge>),
}

impl Bell {
    fn new(registry: &Registry) -> io::Result<Self> {
        let refused = match mio::Waker::new(registry, WAKE) {
            Ok(waker) => return Ok(Bell::Own(Arc::new(waker))),
            Err(refused) => refused,
        };
        #[cfg(unix)]
        if let Ok(pipe) = Nudge::pipe()
            && registry.register(&mut mio::unix::SourceFd(&pipe.fd()), WAKE, Interest::READABLE).is_ok()
        {
            return Ok(Bell::Pipe(Arc::new(pipe)));
        }
        Err(refused)
    }

    /// It was rung. An edge: an `eventfd` makes the next one whether or not it is read, a pipe is emptied for it.
    fn rang(&self) {
        #[cfg(unix)]
        if let Bell::Pipe(pipe) = self {
            // It fails for no open pipe.
            let _ = pipe.drain();
        }
    }
}

impl Unpark for OsUnparker {
    fn unpark(&self) {
        match &self.0 {
            // Else the write can fail only when the counter is full, and then the worker is woken already.
            Bell::Own(waker) => while waker.wake().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {},
            #[cfg(unix)]
            Bell::Pipe(pipe) => {
                // It fails for no open pipe.
                let _ = pipe.nudge();
            }
        }
    }
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().and_then(Errno::new).unwrap_or(Errno::OUT_OF_MEMORY)
}

impl OsPoller {
    fn registry(&self) -> &Registry {
        match &self.shared {
            Some(registry) => registry,
            // SAFETY: one thread; the poll is borrowed otherwise only while it polls, which runs nothing of ours.
            None => unsafe { &*self.poll.get() }.registry(),
        }
    }

    /// `None` in a forked child: there the poll is the parent's, and what is registered in it as well.
    fn own_registry(&self) -> Option<&Registry> {
        (self.forks == forks()).then(|| self.registry())
    }

    #[inline(always)]
    fn tell(&self, events: &Events, mut tell: impl FnMut(Event)) {
        for event in events {
            match event.token() {
                WAKE => self.bell.rang(),
                TIMER => self.timer.rang(),
                token => {
                    let hung_up = event.is_read_closed() || event.is_error();
                    tell(Event {
                        place: place(token),
                        readable: event.is_readable() || hung_up,
                        writable: event.is_writable() || event.is_write_closed() || event.is_error(),
                        unsure: hung_up || event.is_priority(),
                    });
                }
            }
        }
    }
}

/// There is no poll to be had.
#[cold]
fn refused(error: &io::Error) -> Error {
    let refused = Error::from(error);
    match refused.kind() {
        ErrorKind::PermissionDenied | ErrorKind::Unsupported if cfg!(unix) => refused.because(DENIED),
        _ => refused,
    }
}

/// What a sandbox means that refuses the poll of the system.
const DENIED: &str = "a sandbox denies this program `epoll_create1(2)`, or what this system has in its place; allow it \
                      there, or choose `Mio<PosixPoll>`, which needs `poll(2)` only";

impl Polls for OsPoller {
    type Unparker = OsUnparker;
    type Entry = Entry;

    fn start(shared: bool) -> Result<Self, Error> {
        let poll = Poll::new().map_err(|error| refused(&error))?;
        let shared = if shared { Some(poll.registry().try_clone()?) } else { None };
        let bell = Bell::new(poll.registry())?;
        Ok(OsPoller {
            poll: UnsafeCell::new(poll),
            shared,
            events: Cell::new(Some(Events::with_capacity(EVENTS))),
            timer: Timer::new(),
            bell,
            forks: forks(),
        })
    }

    fn by(&self) -> &'static str {
        if cfg!(windows) {
            "a completion port and AFD"
        } else if cfg!(not(any(target_os = "linux", target_os = "android"))) {
            "kqueue"
        } else {
            "epoll, and a timerfd for sleeps"
        }
    }

    unsafe fn entry(raw: RawResource, kind: Kind) -> Entry {
        // SAFETY: as the caller.
        unsafe { Entry::new(raw, kind) }
    }

    fn enlist(&self, entry: &mut Entry, raw: RawResource, place: Place) -> Result<(), Errno> {
        entry.enlist(raw, self.registry(), token(place)).map_err(|error| errno(&error))
    }

    fn is_enlisted(entry: &Entry) -> bool {
        entry.is_enlisted()
    }

    #[inline(always)]
    fn arm(&self, entry: &mut Entry, place: Place, wanted: Wanted) -> Result<(), Errno> {
        let interest = match wanted {
            Wanted { read: true, write: false } => Interest::READABLE,
            Wanted { read: false, write: true } => Interest::WRITABLE,
            _ => Interest::READABLE | Interest::WRITABLE,
        };
        entry.arm(self.registry(), token(place), interest).map_err(|error| errno(&error))
    }

    fn share(entry: &mut Entry) {
        entry.share();
    }

    fn release(&self, entry: Entry, raw: RawResource) {
        entry.release(raw, self.own_registry());
    }

    fn close(&self, entry: Entry, raw: RawResource) {
        entry.close(raw, self.own_registry());
    }

    #[inline]
    fn wait(&self, park: Park, tell: impl FnMut(Event)) -> Result<(), Errno> {
        let timeout = match park {
            Park::Poll | Park::Until(Nanos(0)) => Some(Duration::ZERO),
            Park::Forever => None,
            Park::Until(nanos) => self.timer.arm(self.registry(), nanos)?,
        };
        let Some(mut events) = self.events.take() else { unreachable!("a worker parked inside its own dispatch") };
        // SAFETY: one thread; the poll is borrowed for this call, which runs nothing of the user's.
        let poll = unsafe { &mut *self.poll.get() };
        let result = match poll.poll(&mut events, timeout) {
            Ok(()) => {
                self.tell(&events, tell);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(errno(&error)),
        };
        self.events.set(Some(events));
        result
    }

    fn unparker(&self) -> OsUnparker {
        OsUnparker(self.bell.clone())
    }
}

fn token(Place { key, generation }: Place) -> Token {
    // 64 bits hold both; on 32-bit targets the generation is cut, and a stale event is a spurious wake-up at worst.
    Token((generation as u64 as usize).wrapping_shl(usize::BITS / 2) ^ key as usize)
}

fn place(token: Token) -> Place {
    #[cfg(target_pointer_width = "64")]
    {
        Place { key: token.0 as u32, generation: (token.0 >> 32) as u32 }
    }
    #[cfg(not(target_pointer_width = "64"))]
    {
        compile_error!("the mio driver packs key and generation into 64 bits: this target has fewer");
        Place { key: token.0 as u32, generation: 0 }
    }
}
