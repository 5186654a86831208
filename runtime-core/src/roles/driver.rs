//! How I/O is done, and how a worker sleeps.
//!
//! A [`Driver`] in a config is a *name* without state. The running thing is [`Driver::Live`]: one per worker, owned and
//! used by that worker alone, and dropped by it when the runtime closes.

use crate::error::{Errno, Error};
use crate::sharing::Sharing;
#[cfg(feature = "alloc")]
use crate::util::link::Node;
use core::ptr::NonNull;
use core::time::Duration;

/// Nanoseconds from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

impl Nanos {
    /// As many; `u64::MAX` if it is longer than that.
    pub(crate) fn of(duration: Duration) -> Self {
        Nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// What the operating system calls the resource: a file descriptor on Unix, a `SOCKET` on Windows (whose 32 significant bits
/// these are), the index of a direct descriptor.
pub type RawResource = i32;

/// A resource of the operating system under a driver: which one (`raw`), and the slot that stands for it (`key`).
///
/// A `Resource` is a plain name: whoever holds a copy may name it in an operation, and only the typed layer closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What the operating system calls it.
    pub raw: RawResource,
    /// Its slot among the resources of its worker.
    pub key: u32,
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A connected stream.
    Stream,
    /// A socket that accepts connections.
    Listener,
    /// A file with a cursor.
    File,
    /// A stream socket that is to be connected.
    Unconnected,
    /// A connected stream of which a read may end before what is there: a Unix socket, at a message with descriptors.
    UnixStream,
    /// A socket of datagrams.
    Datagram,
    /// One end of a pipe. Before its first writer came it is not at its end, although a read says so.
    Pipe,
    /// Anything that signals readiness.
    Foreign,
}

/// What goes along with a resource that moves from one worker to another.
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub struct Luggage {
    /// What the resource is.
    pub kind: Kind,
    /// What the driver held of it, in its own terms: what came and nobody has read, say. `None`: nothing, and the resource may be
    /// registered as any other. Dropped, what came is lost.
    pub held: Option<alloc::boxed::Box<dyn core::any::Any + Send>>,
}

#[cfg(feature = "alloc")]
impl core::fmt::Debug for Luggage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Luggage").field("kind", &self.kind).field("held", &self.held.is_some()).finish()
    }
}

/// An open file of which several workers may have a name, in the terms of the drivers.
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub type SharedFile = alloc::sync::Arc<dyn core::any::Any + Send + Sync>;

/// How long to wait for something to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Park {
    /// Not at all: take what is ready.
    Poll,
    /// At most this long.
    Until(Nanos),
    /// Until something happens.
    Forever,
}

/// What a driver can do, as constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    /// Do operations suspend the task? `false`: they block the thread, and cancelling one means waiting for it.
    pub suspends: bool,
}

impl Caps {
    /// A driver whose operations suspend.
    pub const SUSPENDING: Caps = Caps { suspends: true };
    /// A driver whose operations block the thread.
    pub const BLOCKING: Caps = Caps { suspends: false };
}

/// How draining ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Operations that were cancelled and reaped.
    pub cancelled: usize,
    /// Operations that did not end in time; their memory is leaked, never freed.
    pub leaked: usize,
}

/// The name of a way to do I/O: a type without state, chosen in a config. Until 1.0 drivers are the project's own: this trait
/// and what builds on it, [`Under`] and [`Submit`](crate::driver::Submit), can be named in bounds, and not implemented
/// elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an I/O driver",
    label = "expected a driver",
    note = "drivers: `Mio`, `Blocking`, `NoIo`, on Linux `IoUring` and `Fallback`"
)]
pub trait Driver: 'static {
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints the name as advice")]
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: super::Sealed;

    /// The running driver of one worker. There is a type for every sharing, which is what lets a driver that is made of others
    /// name theirs; a runtime has one under what the driver is [`Under`] alone.
    type Live<S: Sharing>: Live;

    /// The name in `INFO`, in reports and in messages.
    const NAME: &'static str;
    /// What it can do.
    const CAPS: Caps;
    /// A sentence if the parameters of the driver are wrong; shown at compile time.
    const CHECK: Option<&'static str> = None;
    /// Bytes that the kernel and the driver share per worker; 0 without rings.
    const RING_BYTES: usize = 0;
    /// How many bytes a [`Lease`](crate::driver::Lease) holds at most; 0: the driver lends none.
    const LEASE_BYTES: usize = 0;
    /// Does it live without state, so that its resources belong to no worker, and any thread may use and close them?
    const STATELESS: bool = false;

    /// Is it a choice of several, and does somebody want to know if another than the first runs?
    #[doc(hidden)]
    const TELLS: bool = false;

    /// A runtime has started, and this is what [fell back](DriverReport::fell_back) first.
    #[doc(hidden)]
    fn tell(_report: &DriverReport) {}

    /// Ends the writing direction of an open stream; its peer reads the end. For the drop of a write half, which knows the
    /// driver's name and no capability of it.
    #[doc(hidden)]
    fn end_writes(_stream: RawResource) {}

    /// Closes a resource that no driver has, as its handle was dropped on the way from one worker to another.
    #[doc(hidden)]
    fn close_afloat(_resource: RawResource) {}

    /// How often the process was forked, counted from its first ancestor that started a driver: parent and child differ. A
    /// runtime compares, see [`worker::forked`](crate::worker::forked).
    #[doc(hidden)]
    #[inline]
    fn forks() -> u32 {
        0
    }

    /// The runtime closes: ends what blocks on an open resource, and makes what comes after fail or find its end. For drivers
    /// [without state](Self::STATELESS); the resource is closed later, by its handle.
    #[doc(hidden)]
    fn interrupt(_resource: RawResource) {}

    /// After this long [`interrupt`](Self::interrupt) is called again for what is still open, where one call misses a thread
    /// that is just about to wait. `None`: once is enough.
    #[doc(hidden)]
    const INTERRUPT_AGAIN: Option<Duration> = None;
}

/// The driver can live under a scheduler of the sharing `S`. Under [`Moving`](crate::sharing::Moving) that is a promise about its
/// [`Live`](Driver::Live): several threads use it at a time, as [`Live`] says.
#[diagnostic::on_unimplemented(
    // The compiler says this, and not that of `Driver`, of a type that is no driver at all: true of both.
    message = "`{Self}` cannot be the driver under a scheduler whose tasks are `{S}`",
    label = "not a driver for this scheduler",
    note = "`Local` is `SingleThread`, for every driver but `Blocking`; `Shared` is `PerCore<N>`, for all but that and `Bare`, \
            and `ThreadPerTask`, for `Blocking`; `Moving` is `WorkStealing<N>`, for `Mio`, `NoIo`, `IoUring`, and a `Fallback` \
            of these"
)]
pub trait Under<S: Sharing>: Driver {
    /// Runs `f` on the live driver of the current worker. `ambient` finds it; a driver without state does not ask.
    ///
    /// # Safety
    /// What `ambient` returns must be the live driver of the worker that runs on this thread, and stay so during `f`.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn with<R>(ambient: impl FnOnce() -> NonNull<Self::Live<S>>, f: impl FnOnce(&Self::Live<S>) -> R) -> R {
        // SAFETY: the caller promises that it is the live driver of this worker.
        f(unsafe { ambient().as_ref() })
    }
}

/// What a driver is told when it starts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StartCx {
    /// The index of the worker, from 0.
    pub worker: usize,
}

impl StartCx {
    /// For worker number `worker`.
    #[must_use]
    pub const fn new(worker: usize) -> Self {
        StartCx { worker }
    }
}

/// Ends a [`Live::park`] from any thread.
pub trait Unpark: Send + Sync + 'static {
    /// Ends the current park, or the next one if there is none. May be called after the driver is gone.
    fn unpark(&self);
}

/// How a running driver does its work, in words: for a line in a log or a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriverReport {
    /// The driver that runs. Not always the one that the config names: that may be a choice of several.
    pub driver: &'static str,
    /// What of the system it uses.
    pub by: &'static str,
    /// Why this one.
    pub why: &'static str,
    /// Did one that was to run before it not start? `why` says why not.
    pub fell_back: bool,
}

impl DriverReport {
    /// A driver that the config names and that had no choice.
    #[must_use]
    pub const fn named(driver: &'static str, by: &'static str) -> Self {
        DriverReport { driver, by, why: "named by the config", fell_back: false }
    }
}

impl core::fmt::Display for DriverReport {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}; {}", self.driver, self.by, self.why)
    }
}

/// How a thread [leaves](Live::leave) a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// In the middle of a poll, and comes back; a thread that is new to the driver may arrive before.
    InAPoll,
    /// Between two turns, to one that left before, and comes back.
    BetweenTurns,
    /// Between two turns, to one that left before, and ends.
    ForGood,
}

/// A running driver: one per worker, used by that worker only; where tasks move, also by the others of the runtime, but for
/// [`arrive`](Self::arrive), [`leave`](Self::leave), [`park`](Self::park), [`has_work`](Self::has_work) and
/// [`drain`](Self::drain). `Send`, because a scheduler may start a worker on one thread, run it on another and close it on a
/// third, one after the other.
pub trait Live: Send + Sized + 'static {
    /// What ends a park from another thread.
    type Unparker: Unpark;

    /// Starts the driver.
    ///
    /// # Errors
    /// What the system refused, by cause.
    fn start(cx: StartCx) -> Result<Self, Error>;

    /// How it does its work.
    fn report(&self) -> DriverReport;

    /// May [`arrive`](Self::arrive) refuse a thread? If not, nobody waits for the threads of the workers while a runtime starts.
    const ARRIVES: bool = true;

    /// This thread runs the worker from now on, until it [arrives](Self::arrive) elsewhere. The first call of all, and the
    /// first on each thread; it may come again on the same one.
    ///
    /// # Errors
    /// The driver cannot be used on this thread, and says why. Nothing of it has changed. [`close`](Self::close) and
    /// [`drain`](Self::drain) are called all the same when the runtime closes here.
    fn arrive(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Where tasks move: this thread, which runs the worker, leaves that to another one, which [arrives](Self::arrive) next, if
    /// this one is not back before. What is under way goes on there, or ends as if nothing had happened; what cannot, and is told
    /// when this thread is back, the driver says in its documentation.
    ///
    /// # Errors
    /// There would be nothing for another thread to arrive at, by cause. Nothing has changed then. Only
    /// [in a poll](Leaves::InAPoll): else somebody who has left before is next.
    #[doc(hidden)]
    fn leave(&self, _how: Leaves) -> Result<(), Error> {
        Ok(())
    }

    /// The worker closes: its tasks are dropped next, and with them what is under way, and in the end each resource is
    /// [closed](Self::close). On the worker's thread; other threads may still use the driver. A driver that can end many things
    /// by one request does so here.
    #[doc(hidden)]
    fn closes(&self) {}

    /// Takes charge of `resource`, whose `key` is new to this driver.
    ///
    /// # Errors
    /// The system's code. The resource is still the caller's then.
    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno>;

    /// Gives `resource` up and closes it. Never blocks: operations on it are cancelled first, and the system closes it
    /// after the last of them. Exactly once per registered resource.
    fn close(&self, resource: Resource);

    /// Other descriptors may name the open file of `resource` from now on. What the driver has asked the system about it,
    /// [`close`](Self::close) takes back itself: closing one of several descriptors does not end it.
    fn share(&self, _resource: Resource) {}

    /// As [`close`](Self::close), but the resource stays open, and is the caller's.
    ///
    /// # Errors
    /// The driver holds what belongs to the resource and would be lost, or the system still uses it. Nothing has changed
    /// then.
    fn release(&self, resource: Resource) -> Result<(), Errno>;

    /// As [`release`](Self::release), for another worker of this driver's type, which gets what is held of the resource along
    /// with it. No operation on it is under way, but for those that were dropped or forgotten; `kind` is what it was registered
    /// as.
    ///
    /// # Errors
    /// The system still uses it. Nothing has changed then.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    fn give_up(&self, resource: Resource, kind: Kind) -> Result<Luggage, Errno> {
        self.release(resource)?;
        Ok(Luggage { kind, held: None })
    }

    /// As [`register`](Self::register), of a resource that another worker gave up.
    ///
    /// # Errors
    /// As [`register`](Self::register); this driver does not know what to do with what the other one held. Nothing has changed
    /// then.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    fn take_in(&self, resource: Resource, luggage: &mut Luggage) -> Result<(), Errno> {
        match luggage.held {
            None => self.register(resource, luggage.kind),
            Some(_) => Err(Errno::of(crate::error::ErrorKind::Unsupported)),
        }
    }

    /// Where tasks move: takes charge of `second`, whose `key` is new to this driver, as one more name of what `there` has as
    /// `first`, so that an operation here may name it. It is closed when both are.
    ///
    /// # Errors
    /// There may be one name of it only; the system's code.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    fn second(&self, second: Resource, there: &Self, first: Resource) -> Result<(), Errno> {
        self.name(second, there.open_file(first)?)
    }

    /// Where tasks move: the open file that is here as `first`, for a [name](Self::name) at another worker.
    ///
    /// # Errors
    /// There may be one name of it only, which is what this says unless a driver knows better.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    fn open_file(&self, _first: Resource) -> Result<SharedFile, Errno> {
        Err(Errno::of(crate::error::ErrorKind::Unsupported))
    }

    /// Where tasks move: takes charge of `second`, whose `key` is new to this driver, as one more name of `file`, which another
    /// worker has, with this driver or another one. It is closed when all are.
    ///
    /// # Errors
    /// This driver does not know what to do with what the other one has; the system's code.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    fn name(&self, _second: Resource, _file: SharedFile) -> Result<(), Errno> {
        Err(Errno::of(crate::error::ErrorKind::Unsupported))
    }

    /// Lets the system know this memory for longer than one operation, until it is [given up](super::region::Lent::give_up): says
    /// whether that makes operations there any cheaper. On the worker's thread. The driver keeps `lent` for as long as the system
    /// knows it, if it does.
    ///
    /// # Errors
    /// What the system refused, by cause. Nothing has changed then.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    fn register_memory(&self, _lent: &alloc::sync::Arc<super::region::Lent>) -> Result<bool, Error> {
        Ok(false)
    }

    /// Submits what is queued, waits as `park` says, wakes what is ready. The only place where a worker blocks.
    ///
    /// # Errors
    /// The system's code; an interrupted wait is not an error.
    fn park(&self, park: Park) -> Result<(), Errno>;

    /// Could a park that does not sleep find anything? `false` saves a busy worker the system call.
    fn has_work(&self) -> bool {
        true
    }

    /// What ends a park from another thread.
    fn unparker(&self) -> Self::Unparker;

    /// Cancels all that is in flight and reaps it, for at most `by`. What is left then is leaked, never freed.
    fn drain(&self, by: Nanos) -> Drained;

    /// The lease of a buffer that this driver lent is gone: the buffer may be lent again. On the worker's thread, at once or
    /// when the buffer has come through the inbox; where tasks move, at once on any. `buffer` is the node that the driver keeps
    /// for it: in front of the bytes, or in a table beside them.
    ///
    /// Only drivers that lend are asked.
    ///
    /// # Safety
    /// This driver lent the buffer, and nobody uses it any more.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    unsafe fn take_back(&self, _buffer: NonNull<Node>) {
        unreachable!("a driver that lends no buffers is asked to take one back")
    }

    /// As [`take_back`](Self::take_back), when the driver is gone, or has no state: the memory goes back to where it came
    /// from. On any thread.
    ///
    /// # Safety
    /// A driver of this type lent the buffer, and nobody uses it any more.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    unsafe fn free_buffer(_buffer: NonNull<Node>) {
        unreachable!("a driver that lends no buffers is asked to free one")
    }
}
