//! What tells the driver which of its resources are ready, and ends its sleep: the one part of it that is not the same for
//! every [`Mio`](super::Mio).
//!
//! | file | holds |
//! |---|---|
//! | `os` | [`OsPoller`]: the best that the system has, by way of mio |
//! | `posix` | [`PosixPoll`]: `poll(2)`, where that best is denied |
//!
//! # Contract
//! 1. After [`arm`](Polls::arm) a resource that is ready in a wanted direction, or becomes so, is told by a wait that follows.
//!    It may be told once too often, and also without having been asked for.
//! 2. A resource is told with the place that it was enlisted with. What was closed since may be told: the generation shows it.
//! 3. A poller may tell late what has been ready ever since it was told, until [`drained`](Polls::drained) says that it has not.
//! 4. [`wait`](Polls::wait) runs `tell` while nothing of the poller is borrowed: a waker may come back here.

mod os;
#[cfg(unix)]
mod posix;

pub use self::os::OsPoller;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use self::os::TIMER;
#[cfg(unix)]
pub use self::posix::PosixPoll;

use bespoke_core::driver::Errno;
use bespoke_core::error::Error;
use bespoke_core::roles::{Kind, Park, RawResource, Unpark};

/// How [`Mio`](crate::Mio) learns what is ready: its type parameter. The types that there are: [`OsPoller`], `PosixPoll`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no way to wait for readiness",
    label = "expected `OsPoller` or `PosixPoll`",
    note = "`Mio` alone is `Mio<OsPoller>`: epoll, kqueue, completion ports"
)]
pub trait Poller: Polls {}

impl Poller for OsPoller {}
#[cfg(unix)]
impl Poller for PosixPoll {}

/// Where a resource stands in the driver, and how often that place was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) key: u32,
    pub(super) generation: u32,
}

/// What somebody waits for at a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// What a wait has found.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub(super) place: Place,
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// A short read need not have emptied it, and there may be no further event: the peer has ended its direction, the resource
    /// has failed, or an urgent byte is on its way, at which a read ends.
    pub(super) unsure: bool,
}

/// What a poller does. In a private module: the trait to name is [`Poller`].
pub trait Polls: Send + Sized + 'static {
    /// What ends a wait from another thread.
    type Unparker: Unpark;
    /// How one resource stands in it.
    type Entry: core::fmt::Debug + Default + Send;

    /// A new one, with nothing in it. `shared`: other threads than the one that waits put resources into it and take them out.
    ///
    /// # Errors
    /// What the system refused.
    fn start(shared: bool) -> Result<Self, Error>;

    /// What of the system it uses, in words.
    fn by(&self) -> &'static str;

    /// A resource that is not in it yet.
    ///
    /// # Safety
    /// The caller owns `raw`, and lets [`close`](Self::close) close it, or [`release`](Self::release)s it.
    unsafe fn entry(raw: RawResource, kind: Kind) -> Self::Entry;

    /// Puts a resource into it.
    ///
    /// # Errors
    /// What the system refused. The resource is not in it then.
    fn enlist(&self, entry: &mut Self::Entry, raw: RawResource, place: Place) -> Result<(), Errno>;

    /// Is it in it?
    fn is_enlisted(entry: &Self::Entry) -> bool;

    /// Somebody waits: `wanted` is all that is waited for at this resource.
    ///
    /// # Errors
    /// What the system refused.
    fn arm(&self, entry: &mut Self::Entry, place: Place, wanted: Wanted) -> Result<(), Errno>;

    /// A call has found the resource not ready in these directions: whatever is found there from now on is new.
    fn drained(&self, _entry: &Self::Entry, _of: Wanted) {}

    /// Other descriptors may name the same open file from now on.
    fn share(entry: &mut Self::Entry);

    /// Takes a resource out, if it is in it; the caller has it as before.
    fn release(&self, entry: Self::Entry, raw: RawResource);

    /// Takes a resource out, and closes it.
    fn close(&self, entry: Self::Entry, raw: RawResource);

    /// Waits as `park` says, and tells what was found.
    ///
    /// # Errors
    /// What the system refused. A signal that interrupts the wait is none.
    fn wait(&self, park: Park, tell: impl FnMut(Event)) -> Result<(), Errno>;

    /// What ends a wait.
    fn unparker(&self) -> Self::Unparker;
}
