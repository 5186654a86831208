//! Pipes: one-way, between processes or within one, with a name (a FIFO) or without. `pipe(7)`, `fifo(7)`.
//!
//! | file | holds |
//! |---|---|
//! | `sender` | [`Sender`]: the end that is written |
//! | `receiver` | [`Receiver`]: the end that is read |
//! | `options` | [`OpenOptions`]: how a FIFO is opened |
//! | `futures` | the futures of reads and writes |
//!
//! # Platform
//! Unix. Writing to a pipe that nobody can read any more raises `SIGPIPE`. A Rust program ignores that signal from its start, and
//! the write fails with [`BrokenPipe`](std::io::ErrorKind::BrokenPipe); one that gives the signal its first meaning back is
//! ended by it.

mod futures;
mod options;
mod receiver;
mod sender;

pub use futures::{ReadPipe, WritePipe, WritePipeAll};
pub use options::OpenOptions;
pub use receiver::Receiver;
pub use sender::Sender;

use super::{io_error, lends_its_fd, tried};
use crate::op::PipeCalls;
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::roles::{Kind, RawResource};
use core::marker::PhantomData;
use core::panic::Location;
use std::io;
use std::os::fd::{FromRawFd as _, IntoRawFd as _, OwnedFd};

/// A pipe: what is written to the one is read from the other.
///
/// # Errors
/// The process is out of descriptors.
///
/// # Panics
/// Without a runtime of `C` on the thread; the message names the line of this call. A driver whose operations block needs
/// none.
///
/// # Example
/// ```
/// use bespoke::net::pipe;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut sender, mut receiver) = pipe::pipe()?;
/// sender.write_all("tea").await.0?;
/// drop(sender);
///
/// let mut got = [0; 16];
/// assert_eq!(receiver.read(&mut got).await?, 3);
/// assert_eq!(receiver.read(&mut got).await?, 0); // the end: nobody can write any more
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn pipe<C: Config<Driver: PipeCalls>>() -> io::Result<(Sender<C>, Receiver<C>)> {
    let at = Location::caller();
    let told = tried("cannot make a pipe");
    let (read, write) = <C::Driver as PipeCalls>::pipe().map_err(told)?;
    let waiting = NobodysYet::<C::Driver>(write, PhantomData);
    let receiver = adopt(read, at).map_err(told)?;
    core::mem::forget(waiting);
    let sender = adopt(write, at).map_err(told)?;
    Ok((Sender::of(sender), Receiver::of(receiver)))
}

/// An end on its way to a handle.
struct NobodysYet<D: PipeCalls>(RawResource, PhantomData<D>);

impl<D: PipeCalls> Drop for NobodysYet<D> {
    fn drop(&mut self) {
        D::discard_pipe(self.0);
    }
}

/// Takes charge of an end, or closes it: also when there is no runtime to give it to, which is a panic that names `at`.
fn adopt<C: Config<Driver: PipeCalls>>(
    raw: RawResource,
    at: &'static Location<'static>,
) -> Result<OwnedResource<C>, Errno> {
    let end = NobodysYet::<C::Driver>(raw, PhantomData);
    let adopted = OwnedResource::adopt_for(raw, Kind::Pipe, at)?;
    core::mem::forget(end);
    Ok(adopted)
}

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Read,
    Write,
}

/// Takes charge of a descriptor that somebody else made, if it is such an end; closes it if not.
fn enter<C: Config<Driver: PipeCalls>>(
    descriptor: OwnedFd,
    end: End,
    checked: bool,
    at: &'static Location<'static>,
) -> io::Result<OwnedResource<C>> {
    let raw = descriptor.into_raw_fd();
    let new = NobodysYet::<C::Driver>(raw, PhantomData);
    if checked {
        if !<C::Driver as PipeCalls>::is_pipe(raw).map_err(io_error)? {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a pipe"));
        }
        match (<C::Driver as PipeCalls>::pipe_access(raw).map_err(io_error)?, end) {
            ((false, _), End::Read) => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the end of a pipe that cannot be read"));
            }
            ((_, false), End::Write) => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the end of a pipe that cannot be written"));
            }
            _ => {}
        }
    }
    <C::Driver as PipeCalls>::set_pipe_waits(raw, false).map_err(io_error)?;
    core::mem::forget(new);
    let resource = adopt(raw, at).map_err(tried("cannot take charge of a pipe"))?;
    resource.share().map_err(io_error)?;
    Ok(resource)
}

/// Gives an end away, or closes it.
fn leave<C: Config<Driver: PipeCalls>>(resource: OwnedResource<C>, waits: bool) -> io::Result<OwnedFd> {
    let set = resource.while_open(|raw| <C::Driver as PipeCalls>::set_pipe_waits(raw, waits));
    set.flatten().map_err(io_error)?;
    let raw = resource.release().map_err(io_error)?;
    // SAFETY: it was this resource's alone, and is open.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// What both ends do alike. `$other` is what the other end can do, for the sentence of `capacity`.
macro_rules! either_end {
    ($name:ident, $end:ident, $can:literal, $made:literal) => {
        impl<C: Config> $name<C> {
            #[doc = concat!("Takes charge of a descriptor of a pipe that can be ", $can, ": of a child process, say.")]
            /// It is made nonblocking, and so are other descriptors of the same open file.
            ///
            /// # Errors
            #[doc = concat!("[`InvalidInput`](io::ErrorKind::InvalidInput): it is none, or cannot be ", $can, ".")]
            /// It is closed then.
            ///
            /// # Panics
            /// As [`pipe`](super::pipe).
            ///
            /// # Example
            /// ```
            #[doc = concat!("use bespoke::net::pipe::", stringify!($name), ";")]
            ///
            /// # #[bespoke::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $made]
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            pub fn from_owned_fd(descriptor: OwnedFd) -> io::Result<Self>
            where
                C::Driver: Pipes,
            {
                super::enter(descriptor, super::End::$end, true, Location::caller()).map(Self::of)
            }

            /// As [`from_owned_fd`](Self::from_owned_fd), of an open file.
            ///
            /// # Errors
            /// As [`from_owned_fd`](Self::from_owned_fd).
            ///
            /// # Panics
            /// As [`pipe`](super::pipe).
            #[track_caller]
            pub fn from_file(file: std::fs::File) -> io::Result<Self>
            where
                C::Driver: Pipes,
            {
                super::enter(file.into(), super::End::$end, true, Location::caller()).map(Self::of)
            }

            /// Gives the descriptor away; calls on it wait. What is in the pipe stays there.
            ///
            /// # Errors
            /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed. The descriptor is closed then, too.
            ///
            /// # Panics
            /// On another worker than the pipe's.
            pub fn into_blocking_fd(self) -> io::Result<OwnedFd>
            where
                C::Driver: Pipes,
            {
                super::leave(self.into_resource()?, true)
            }

            /// As [`into_blocking_fd`](Self::into_blocking_fd), but calls on it do not wait.
            ///
            /// # Errors
            /// As [`into_blocking_fd`](Self::into_blocking_fd).
            ///
            /// # Panics
            /// On another worker than the pipe's.
            pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd>
            where
                C::Driver: Pipes,
            {
                super::leave(self.into_resource()?, false)
            }

            /// How many bytes the pipe holds: 64 KiB as a rule. `F_GETPIPE_SZ`.
            ///
            /// # Errors
            /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
            ///
            /// # Platform
            /// Linux.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            pub fn capacity(&self) -> io::Result<usize>
            where
                C::Driver: Pipes,
            {
                $crate::net::ask(self.resource()?, <C::Driver as $crate::op::PipeCalls>::pipe_capacity)
            }

            /// Asks for a pipe that holds so many bytes; the system rounds up to a power of two of pages. `F_SETPIPE_SZ`.
            ///
            /// # Errors
            /// [`ResourceBusy`](io::ErrorKind::ResourceBusy): there is more in it.
            /// [`PermissionDenied`](io::ErrorKind::PermissionDenied): more than `/proc/sys/fs/pipe-max-size`.
            /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
            ///
            /// # Platform
            /// Linux.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            pub fn set_capacity(&self, bytes: usize) -> io::Result<()>
            where
                C::Driver: Pipes,
            {
                let set = |raw| <C::Driver as $crate::op::PipeCalls>::set_pipe_capacity(raw, bytes);
                $crate::net::ask(self.resource()?, set)
            }
        }

        impl<C: Config> fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_tuple(stringify!($name));
                match self.resource() {
                    Ok(resource) => shown.field(&resource.raw()).finish(),
                    Err(_) => shown.field(&"ended").finish(),
                }
            }
        }
    };
}
use either_end;

lends_its_fd!(Receiver: |this| this.resource()?);
lends_its_fd!(Sender: |this| this.resource()?);
