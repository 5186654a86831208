//! Signals, told by the handler in `sys::signal` through a descriptor.

use super::refused::SignalRefused;
use crate::io::Incoming;
use crate::op::{Direction, Foreign, Ready};
use crate::sys;
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::roles::Kind;
use core::fmt;
use core::panic::Location;
use std::io;
use sys::signal::number;

/// Which signal. `signal(7)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(i32);

impl SignalKind {
    /// The signal with this number. Whether it can be caught is for [`signal`] to say.
    #[must_use]
    pub const fn from_raw(number: i32) -> Self {
        SignalKind(number)
    }

    /// Its number.
    #[must_use]
    pub const fn as_raw_value(self) -> i32 {
        self.0
    }

    /// `SIGALRM`: a timer of the process ran out. Would end the program.
    #[must_use]
    pub const fn alarm() -> Self {
        SignalKind(number::ALARM)
    }

    /// `SIGCHLD`: a child stopped or ended. Would be ignored.
    ///
    /// Several children that end at once may be one delivery: ask each whether it has ended.
    #[must_use]
    pub const fn child() -> Self {
        SignalKind(number::CHILD)
    }

    /// `SIGHUP`: the terminal is gone; by custom, "read the configuration again". Would end the program.
    #[must_use]
    pub const fn hangup() -> Self {
        SignalKind(number::HANGUP)
    }

    /// `SIGINFO`: the status key, Ctrl-T. Would be ignored.
    ///
    /// # Platform
    /// Apple systems and the BSDs.
    #[cfg(any(
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "netbsd",
        target_os = "openbsd"
    ))]
    #[must_use]
    pub const fn info() -> Self {
        SignalKind(number::INFO)
    }

    /// `SIGINT`: the interrupt key, Ctrl-C. Would end the program.
    #[must_use]
    pub const fn interrupt() -> Self {
        SignalKind(number::INTERRUPT)
    }

    /// `SIGIO`: a descriptor that asked for it is ready. Would end the program on Linux.
    #[must_use]
    pub const fn io() -> Self {
        SignalKind(number::IO)
    }

    /// `SIGPIPE`: a write to a pipe or socket that nobody reads. Rust programs ignore it.
    #[must_use]
    pub const fn pipe() -> Self {
        SignalKind(number::PIPE)
    }

    /// `SIGQUIT`: the quit key, Ctrl-\. Would end the program with a core dump.
    #[must_use]
    pub const fn quit() -> Self {
        SignalKind(number::QUIT)
    }

    /// `SIGTERM`: the program shall end; what `kill`, service managers and container runtimes send. Would end it.
    #[must_use]
    pub const fn terminate() -> Self {
        SignalKind(number::TERMINATE)
    }

    /// `SIGUSR1`: what the program makes of it. Would end the program.
    #[must_use]
    pub const fn user_defined1() -> Self {
        SignalKind(number::USER_1)
    }

    /// `SIGUSR2`: what the program makes of it. Would end the program.
    #[must_use]
    pub const fn user_defined2() -> Self {
        SignalKind(number::USER_2)
    }

    /// `SIGWINCH`: the terminal has another size. Would be ignored.
    #[must_use]
    pub const fn window_change() -> Self {
        SignalKind(number::WINDOW_CHANGE)
    }
}

impl From<i32> for SignalKind {
    fn from(number: i32) -> Self {
        SignalKind(number)
    }
}

impl From<SignalKind> for i32 {
    fn from(kind: SignalKind) -> Self {
        kind.0
    }
}

/// A listener for one signal. Made by [`signal`].
///
/// Under a local scheduler it belongs to the worker that made it, like a socket: it may be moved and dropped anywhere, and
/// is received from on its worker.
///
/// # Invariants
/// 1. `resource` is a duplicate of the process's signal descriptor: an edge follows every raise.
/// 2. Every raise up to the count `seen` was delivered, or came before this was made.
pub struct Signal<C: Config> {
    resource: OwnedResource<C>,
    kind: SignalKind,
    seen: u32,
}

/// Listens for a signal from now on: whatever comes after this call is delivered, whatever came before is not.
///
/// See the [module](super) for what this takes away for ever. Costs a descriptor while the listener lives.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`SignalRefused`] inside: no such signal; one that cannot be caught
/// (`SIGKILL`, `SIGSTOP`); or one that tells of a fault in the program (`SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL`). The
/// process is out of descriptors or memory.
///
/// # Panics
/// Without a runtime of `C` on this thread; the message names the line of this call.
///
/// # Example
/// ```
/// use bespoke::signal::{SignalKind, signal};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut hangup = signal(SignalKind::hangup())?;
/// # std::process::Command::new("sh").args(["-c", "kill -HUP $PPID"]).status()?;
/// while let Some(()) = hangup.recv().await {
///     println!("reading the configuration again");
/// #   break;
/// }
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn signal<C: Config>(kind: SignalKind) -> io::Result<Signal<C>>
where
    C::Driver: Foreign,
{
    listen(kind, Location::caller())
}

/// As [`signal`], for a call that was made at `at`.
pub(crate) fn listen<C: Config>(kind: SignalKind, at: &'static Location<'static>) -> io::Result<Signal<C>>
where
    C::Driver: Foreign,
{
    let told = |errno: Errno| {
        let error = io::Error::from(errno);
        in_context(error, format_args!("cannot listen for signal {}", kind.0))
    };
    SignalRefused::check(kind).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    let copy = Copied(sys::signal::fd().and_then(sys::fd::duplicate).map_err(told)?);
    let resource = OwnedResource::adopt_for(copy.0, Kind::Foreign, at).map_err(told)?;
    core::mem::forget(copy);
    // Last: a call that fails or panics for want of a runtime leaves the signal what it was.
    sys::signal::install(kind.0).map_err(told)?;
    // With the descriptor in the driver: a raise from here on is a delivery.
    let seen = sys::signal::raises(kind.0);
    Ok(Signal { resource, kind, seen })
}

/// A descriptor on its way to the driver, which may refuse it, or panic because there is none.
struct Copied(i32);

impl Drop for Copied {
    fn drop(&mut self) {
        // Nothing is lost by a failure: there are others of the same open file.
        let _ = sys::fd::close(self.0);
    }
}

/// Waits for the interrupt key (`SIGINT`), from the first poll on. See the [module](super): from then on the key no longer
/// ends the program by itself, also after this future is gone.
///
/// # Errors
/// As [`signal`]; [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the runtime is closed meanwhile.
///
/// # Cancel safety
/// Cancel safe. A signal that comes when no such future is waiting, and no [`Signal`] exists, is lost: for a loop, make a
/// [`Signal`] once.
///
/// # Panics
/// When polled without a runtime of `C` on the thread; the message names the line of this call.
///
/// # Example
/// ```
/// use bespoke::signal::ctrl_c;
///
/// # async fn serve() { core::future::pending().await }
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let server = bespoke::spawn(serve());
/// # bespoke::spawn(async { std::process::Command::new("sh").args(["-c", "kill -INT $PPID"]).status() });
/// ctrl_c().await?;
/// server.abort();
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn ctrl_c<C: Config>() -> impl Future<Output = io::Result<()>> + Send
where
    C::Driver: Foreign,
{
    let at = Location::caller();
    async move { Ok(listen::<C>(SignalKind::interrupt(), at)?.delivered().await?) }
}

impl<C: Config> Signal<C> {
    /// Waits until the signal has come since the last delivery, or since the listener was made. `None`: the runtime is
    /// closed, or its driver has failed: nothing will come any more.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: a signal that nobody received yet is delivered by the next call.
    pub async fn recv(&mut self) -> Option<()>
    where
        C::Driver: Foreign,
    {
        self.delivered().await.ok()
    }

    /// As [`recv`](Self::recv), with the reason why nothing will come.
    pub(crate) async fn delivered(&mut self) -> Result<(), Errno>
    where
        C::Driver: Foreign,
    {
        loop {
            let raises = sys::signal::raises(self.kind.0);
            if raises != self.seen {
                self.seen = raises;
                return Ok(());
            }
            // A raise after that look makes an edge after it (inv. 1), and an edge from before it only costs a turn.
            let op = Ready { resource: self.resource.resource(), direction: Direction::Read, would_block: false };
            // SAFETY: `Ready` points at no memory, and this call borrows the listener.
            let (ready, ()) = unsafe { self.resource.operation(op, ()) }.await;
            ready?;
        }
    }

    /// The deliveries, one after another, as a stream of items: what [`recv`](Self::recv) yields. See [`Incoming`]; with the
    /// feature `futures-core` it is a `Stream`.
    #[must_use]
    pub fn into_incoming(self) -> Incoming<Self, ()>
    where
        C::Driver: Foreign,
    {
        Incoming::new(self, |mut signal| async move {
            let next = signal.recv().await;
            (signal, next)
        })
    }
}

impl<C: Config> fmt::Debug for Signal<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signal").field(&self.kind.0).finish()
    }
}
