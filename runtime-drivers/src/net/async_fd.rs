//! Descriptors that are somebody else's: of a library, of a device, of a pipe.

use super::io_error;
use crate::op::{Direction, Foreign, Ready};
use crate::sys;
use crate::wakers::Wakers;
use bespoke_core::config::{Config, SharingOf};
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::roles::{Kind, RawResource};
use bespoke_core::sharing::{Lock, Sharing};
use core::fmt;
use core::panic::Location;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::{Context, Poll};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

/// Waits until a descriptor that the runtime knows nothing else of is ready, for calls that its owner makes.
///
/// The descriptor must be nonblocking (`O_NONBLOCK`), or the calls would hold the thread. Any number of tasks may wait, for
/// either direction. Readiness stays until a call would block: [`AsyncFdGuard::try_io`] sees to that.
///
/// Costs one descriptor more, which names the same open file, so that `T` may be closed or moved by whoever has it.
///
/// # Example
/// ```
/// use bespoke::net::AsyncFd;
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream; // stands for a library's
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let (library, mut device) = UnixStream::pair()?;
/// library.set_nonblocking(true)?;
/// let library = AsyncFd::new(library)?;
/// device.write_all(b"tea")?;
///
/// let mut buffer = [0; 16];
/// let n = loop {
///     let mut guard = library.readable().await?;
///     if let Ok(read) = guard.try_io(|mut stream| stream.read(&mut buffer)) {
///         break read?;
///     }
///     // It was not ready after all: the guard has noted that.
/// };
/// assert_eq!(&buffer[..n], b"tea");
/// # Ok(())
/// # }
/// ```
///
/// # Platform
/// Unix.
///
/// # Invariants
/// 1. `resource` is a duplicate of the descriptor of `inner`, made when this was.
/// 2. A wait that the driver has told of readiness has taken that edge from the driver, and counts it in `ready`. A guard has
///    seen the count, and clears no later one: so no edge is lost, although others may take one between a guard's call and its
///    clearing, and be gone. An edge that comes later is the driver's to tell.
/// 3. Where tasks move, who takes an edge counts it and then wakes `waiting`; who finds none leaves its waker there and then
///    looks at the count. Both go through the lock, so one of them sees the other.
pub struct AsyncFd<C: Config, T: AsFd> {
    // Before `inner`: it leaves the driver first.
    pub(super) resource: OwnedResource<C>,
    inner: T,
    /// For reading and for writing.
    ready: [AtomicU32; 2],
    /// Of each direction: who has found neither the edge nor its count, which are two steps of another worker's.
    waiting: <SharingOf<C> as Sharing>::DriverLock<[Wakers; 2]>,
}

/// What is known of a direction: flags, and how many edges were told.
#[derive(Clone, Copy)]
struct Known(u32);

impl Known {
    /// Thought ready.
    const READY: u32 = 1;
    /// A call would have blocked since the last edge.
    const WOULD_BLOCK: u32 = 2;
    const EDGE: u32 = 4;

    fn told(self) -> Self {
        Known((self.0 | Self::READY).wrapping_add(Self::EDGE) & !Self::WOULD_BLOCK)
    }

    fn cleared(self) -> Self {
        Known(self.0 & !Self::READY | Self::WOULD_BLOCK)
    }

    fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// A descriptor that was ready. Made by [`AsyncFd::readable`] and [`AsyncFd::writable`].
#[must_use = "without `try_io` or `clear_ready` the descriptor counts as ready for ever"]
pub struct AsyncFdGuard<'a, C: Config, T: AsFd> {
    of: &'a AsyncFd<C, T>,
    direction: Direction,
    seen: Known,
}

/// The call would have blocked: wait again. Made by [`AsyncFdGuard::try_io`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call would have blocked")
    }
}

impl core::error::Error for TryIoError {}

/// A duplicate on its way to the driver, which may refuse it, or panic because there is none.
struct Copied(RawResource);

impl Drop for Copied {
    fn drop(&mut self) {
        // Nothing is lost by a failure: there are others of the same open file.
        let _ = sys::fd::close(self.0);
    }
}

#[cold]
fn refused(errno: Errno) -> io::Error {
    let error = io_error(errno);
    if error.kind() == io::ErrorKind::PermissionDenied {
        let why = "cannot wait for this descriptor: the system does not tell when a file on a disk is ready; `fs::File` reads \
                   and writes those";
        return in_context(error, why);
    }
    in_context(error, "cannot wait for this descriptor")
}

impl<C: Config, T: AsFd> AsyncFd<C, T> {
    /// Waits for `inner` from now on.
    ///
    /// # Errors
    /// The process is out of descriptors or memory. [`PermissionDenied`](io::ErrorKind::PermissionDenied): the system does
    /// not tell when such a file is ready, as of files on disk (Linux; a driver whose operations block takes them, and
    /// they are always ready).
    ///
    /// # Panics
    /// Without a runtime of `C` on the thread; the message names the line of this call. A driver whose operations block
    /// needs none.
    #[track_caller]
    pub fn new(inner: T) -> io::Result<Self>
    where
        C::Driver: Foreign,
    {
        let copy = Copied(sys::fd::duplicate(inner.as_fd().as_raw_fd()).map_err(refused)?);
        let resource = OwnedResource::adopt_for(copy.0, Kind::Foreign, Location::caller()).map_err(refused)?;
        core::mem::forget(copy);
        Ok(AsyncFd { resource, inner, ready: Default::default(), waiting: Lock::new(Default::default()) })
    }

    /// Waits until there is something to read, or nothing more to come.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed; what the driver was refused.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: readiness stays until a call would block.
    ///
    /// # Example
    /// See the [type](Self).
    pub async fn readable(&self) -> io::Result<AsyncFdGuard<'_, C, T>>
    where
        C::Driver: Foreign,
    {
        self.wait(Direction::Read).await
    }

    /// Waits until there is room to write.
    ///
    /// # Errors
    /// As [`readable`](Self::readable).
    ///
    /// # Cancel safety
    /// As [`readable`](Self::readable).
    pub async fn writable(&self) -> io::Result<AsyncFdGuard<'_, C, T>>
    where
        C::Driver: Foreign,
    {
        self.wait(Direction::Write).await
    }

    async fn wait(&self, direction: Direction) -> io::Result<AsyncFdGuard<'_, C, T>>
    where
        C::Driver: Foreign,
    {
        let ready = self.ready(direction);
        let would_block = Known(ready.load(Ordering::Relaxed)).has(Known::WOULD_BLOCK);
        let op = Ready { resource: self.resource.resource(), direction, would_block };
        // SAFETY: `Ready` points at no memory, and this call borrows the resource.
        let mut told = core::pin::pin!(unsafe { self.resource.operation(op, ()) });
        let seen = core::future::poll_fn(|cx| {
            // Another task that waited may have been told meanwhile: the driver tells each edge once.
            let known = Known(ready.load(Ordering::Relaxed));
            if known.has(Known::READY) {
                return Poll::Ready(self.resource.check_open().map(|()| known));
            }
            match told.as_mut().poll(cx) {
                Poll::Ready((told, ())) => Poll::Ready(told.map(|()| self.count_edge(direction))),
                Poll::Pending => self.beside_others(direction, cx).map(Ok),
            }
        })
        .await
        .map_err(io_error)?;
        Ok(AsyncFdGuard { of: self, direction, seen })
    }

    /// The driver has told of an edge: it is counted, and where tasks move, who has found neither the edge nor the count is
    /// woken.
    fn count_edge(&self, direction: Direction) -> Known {
        // It cannot fail. Who clears meanwhile clears what is no longer so.
        let tell = |known| Some(Known(known).told().0);
        let known = self.ready(direction).fetch_update(Ordering::Relaxed, Ordering::Relaxed, tell);
        if <SharingOf<C> as Sharing>::MOVING {
            let mut waiting = self.with_waiting(direction, Wakers::take);
            waiting.wake();
            self.with_waiting(direction, |list| list.give_back(waiting)).let_go();
        }
        Known(known.unwrap_or_else(|known| known)).told()
    }

    /// The driver has no edge. Where tasks move, another worker may have taken it, and not have counted it yet: leaves the waker
    /// for that one, then looks once more.
    fn beside_others(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<Known> {
        if !<SharingOf<C> as Sharing>::MOVING {
            return Poll::Pending;
        }
        let (known, full) = self.with_waiting(direction, |list| (list.has(cx.waker()), list.is_full()));
        if !known {
            if full {
                let mut all = self.with_waiting(direction, Wakers::take);
                all.ask();
                self.with_waiting(direction, |list| list.give_back(all)).let_go();
            }
            let waker = cx.waker().clone();
            self.with_waiting(direction, |list| list.push(waker));
        }
        let known = Known(self.ready(direction).load(Ordering::Relaxed));
        if known.has(Known::READY) { Poll::Ready(known) } else { Poll::Pending }
    }

    /// Runs `f`, which runs nothing of the user's, on those who wait beside each other.
    fn with_waiting<R>(&self, direction: Direction, f: impl FnOnce(&mut Wakers) -> R) -> R {
        let of = usize::from(direction == Direction::Write);
        // SAFETY: nobody but where tasks move, and there it is a lock.
        unsafe { self.waiting.with(|waiting| f(&mut waiting[of])) }
    }

    fn ready(&self, direction: Direction) -> &AtomicU32 {
        match direction {
            Direction::Read => &self.ready[0],
            Direction::Write => &self.ready[1],
        }
    }

    /// What was given to [`new`](Self::new), for calls that do not wait.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// As [`get_ref`](Self::get_ref). Whoever puts another descriptor in its place waits for the old one.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Gives it back; nobody waits for it any more.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<C: Config, T: AsFd> AsyncFdGuard<'_, C, T> {
    /// Makes a call that does not wait. If it says that it would block, the descriptor counts as ready no more, and the next
    /// wait waits.
    ///
    /// # Errors
    /// [`TryIoError`]: it would have blocked. The call's own result is inside of `Ok`.
    ///
    /// # Example
    /// See [`AsyncFd`].
    pub fn try_io<R>(&mut self, call: impl FnOnce(&T) -> io::Result<R>) -> Result<io::Result<R>, TryIoError> {
        match call(&self.of.inner) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            result => Ok(result),
        }
    }

    /// Says that a call found it not ready. Only then: an edge that was taken and not used up is not told again. Readiness of
    /// which another wait was told since this guard was made stays.
    pub fn clear_ready(&mut self) {
        let ready = self.of.ready(self.direction);
        let cleared = self.seen.cleared();
        if ready.compare_exchange(self.seen.0, cleared.0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.seen = cleared;
        }
    }

    /// What was given to [`AsyncFd::new`].
    pub fn get_ref(&self) -> &T {
        &self.of.inner
    }
}

impl<C: Config, T: AsFd + fmt::Debug> fmt::Debug for AsyncFd<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncFd").field(&self.inner).finish()
    }
}

impl<C: Config, T: AsFd + fmt::Debug> fmt::Debug for AsyncFdGuard<'_, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdGuard").field("of", self.of).field("direction", &self.direction).finish()
    }
}
