//! Streams to streams without a copy in the program's memory.

mod between;

use self::between::{Between, Lent};
use super::io_error;
use super::split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, Splits, WriteHalf};
use super::{TcpStream, UnixStream, tried};
use crate::op::{FillPipe, SpillPipe, ZeroCopy};
use crate::sys::splice;
use bespoke_core::config::Config;
use core::fmt;
use core::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::vec::Vec;

mod sealed {
    use bespoke_core::config::Config;
    use bespoke_core::driver::OwnedResource;

    pub trait Named<C: Config>: Send {
        fn named(&self) -> &OwnedResource<C>;
    }
}

/// A stream that a [`Splicer`] takes bytes from: a `TcpStream`, a `UnixStream`, a half of one that reads, or a mutable borrow
/// of any of these.
#[diagnostic::on_unimplemented(
    message = "a `Splicer` takes no bytes from `{Self}`",
    label = "not a stream, nor a half of one that reads",
    note = "a `TcpStream`, a `UnixStream`, their halves that read, and `&mut` of these; `bespoke::io::copy` takes every reader"
)]
pub trait SpliceFrom: sealed::Named<Self::Config> {
    /// The config whose stream it is.
    type Config: Config;
}

/// A stream that a [`Splicer`] gives bytes to: a `TcpStream`, a `UnixStream`, a half of one that writes, or a mutable borrow
/// of any of these.
#[diagnostic::on_unimplemented(
    message = "a `Splicer` gives no bytes to `{Self}`",
    label = "not a stream, nor a half of one that writes",
    note = "a `TcpStream`, a `UnixStream`, their halves that write, and `&mut` of these; `bespoke::io::copy` takes every writer"
)]
pub trait SpliceTo: sealed::Named<Self::Config> {
    /// The config whose stream it is.
    type Config: Config;
}

impl<C: Config, T: sealed::Named<C>> sealed::Named<C> for &mut T {
    #[inline]
    fn named(&self) -> &bespoke_core::driver::OwnedResource<C> {
        (**self).named()
    }
}

impl<T: SpliceFrom> SpliceFrom for &mut T {
    type Config = T::Config;
}

impl<T: SpliceTo> SpliceTo for &mut T {
    type Config = T::Config;
}

/// A type that has a `resource()`, and what it does.
macro_rules! splices {
    ($($name:ident $(<$life:lifetime>)? $(of $stream:ident)?: $($role:ident)+;)+) => { $(
        impl<$($life,)? C: Config $(, $stream: Splits<C>)?> sealed::Named<C> for $name<$($life,)? C $(, $stream)?> {
            #[inline]
            fn named(&self) -> &bespoke_core::driver::OwnedResource<C> {
                self.resource()
            }
        }

        splices!(@ $($role)+, $name $(<$life>)? $(of $stream)?);
    )+ };
    (@ $first:ident $second:ident, $name:ident) => {
        splices!(@ $first, $name);
        splices!(@ $second, $name);
    };
    (@ $role:ident, $name:ident $(<$life:lifetime>)? $(of $stream:ident)?) => {
        impl<$($life,)? C: Config $(, $stream: Splits<C>)?> $role for $name<$($life,)? C $(, $stream)?> {
            type Config = C;
        }
    };
}

splices! {
    TcpStream: SpliceFrom SpliceTo;
    UnixStream: SpliceFrom SpliceTo;
    ReadHalf<'a> of T: SpliceFrom;
    OwnedReadHalf of T: SpliceFrom;
    WriteHalf<'a> of T: SpliceTo;
    OwnedWriteHalf of T: SpliceTo;
}

/// Moves bytes from one stream to another without a copy in the program's memory: through a pipe, which it holds. `splice(2)`.
///
/// It is made of the two streams, or of mutable borrows of them, so what lies in the pipe belongs to that pair. For both
/// directions of a pair, as in a proxy, there are two, made of the halves; see the example.
///
/// # What is held
/// Bytes leave the source before the target takes them. Those in between are in the pipe, at most 256 KiB, and **stay there**
/// when a future of [`forward`](Self::forward) is dropped, and when the target fails: the next call goes on with them.
/// [`held`](Self::held) says how many they are, and [`take_held`](Self::take_held) takes them out. Dropped, a splicer loses
/// what it holds.
///
/// # What is copied
/// Nothing, but what a driver has read ahead of the program (`IoUring` does, of TCP streams that were read before): that comes
/// first, as a copy, and then the driver reads ahead no more until the stream is read again. And the byte behind an urgent one.
/// What the system copies inside is its own: of a Unix stream, small messages; of a loopback connection, nothing.
///
/// # Platform
/// Linux: drivers that are [`ZeroCopy`]; code for another does not compile. Elsewhere, and on every driver,
/// [`copy`](crate::io::copy) copies. In a program that does not ignore `SIGPIPE`, as Rust programs do, a peer that is gone
/// raises it. Descriptors that come beside bytes of a Unix stream are closed, as by a read. A forked child polls none of its
/// parent's; it makes its own.
///
/// # Example
/// ```
/// use bespoke::net::{Splicer, TcpListener, TcpStream};
///
/// /// Passes on what either side says, until both have ended.
/// async fn proxy(mut client: TcpStream, mut server: TcpStream) -> std::io::Result<(u64, u64)> {
///     let (from_client, to_client) = client.split();
///     let (from_server, to_server) = server.split();
///     let (mut there, mut back) = (Splicer::new(from_client, to_server)?, Splicer::new(from_server, to_client)?);
///     let there = async move {
///         let moved = there.forward_all().await?;
///         there.target().shutdown()?;
///         std::io::Result::Ok(moved)
///     };
///     let back = async move {
///         let moved = back.forward_all().await?;
///         back.target().shutdown()?;
///         std::io::Result::Ok(moved)
///     };
///     bespoke::try_join!(there, back)
/// }
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (front, behind) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
/// # let mut client = TcpStream::connect(front.local_addr()?).await?;
/// # let (ours, _) = front.accept().await?;
/// # let to_server = TcpStream::connect(behind.local_addr()?).await?;
/// # let (mut server, _) = behind.accept().await?;
/// let proxied = bespoke::spawn(proxy(ours, to_server));
/// client.write_all("tea").await.0?;
/// client.shutdown(std::net::Shutdown::Write)?;
/// let mut got = [0; 8];
/// assert_eq!(server.read(&mut got).await?, 3);
/// drop(server);
/// assert_eq!(proxied.await??, (3, 0));
/// # Ok(())
/// # }
/// ```
#[must_use = "a splicer does nothing unless it is told to forward"]
pub struct Splicer<F, T> {
    from: F,
    to: T,
    between: Arc<Between>,
    /// `None`: an operation that moves bytes out of the pipe has not said how many, and the pipe is asked once it has ended.
    held: Option<usize>,
    taken: u64,
}

impl<F, T> Splicer<F, T> {
    /// Of a source and a target. The pipe is one that another splicer has left empty, or a new one.
    ///
    /// # Errors
    /// No descriptors are left: `EMFILE`, `ENFILE`. Then both are dropped; made of borrows, they are not.
    ///
    /// # Example
    /// See the [type](Self).
    pub fn new(from: F, to: T) -> io::Result<Self>
    where
        F: SpliceFrom,
        T: SpliceTo<Config = F::Config>,
        <F::Config as Config>::Driver: ZeroCopy,
    {
        let between = Between::new().map_err(tried("cannot make a pipe between two streams"))?;
        Ok(Splicer { from, to, between, held: Some(0), taken: 0 })
    }

    /// How many bytes it has taken from the source in all. What the target has got is this, less what is [held](Self::held).
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The source. What is read from it now comes behind what is [held](Self::held).
    #[must_use]
    pub fn source(&mut self) -> &mut F {
        &mut self.from
    }

    /// The target. What is written to it now comes before what is [held](Self::held).
    #[must_use]
    pub fn target(&mut self) -> &mut T {
        &mut self.to
    }

    /// Gives both back. What is [held](Self::held) is lost.
    #[must_use]
    pub fn into_inner(self) -> (F, T) {
        (self.from, self.to)
    }

    /// How many bytes have left the source and not reached the target. Waits for a dropped [`forward`](Self::forward) that the
    /// system is about to end; a peer that does not read does not make it wait.
    ///
    /// # Errors
    /// None that the system is known to give for a pipe.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is moved.
    ///
    /// # Example
    /// As of [`take_held`](Self::take_held).
    pub async fn held(&mut self) -> io::Result<usize> {
        if let Some(held) = self.held {
            return Ok(held);
        }
        poll_fn(|cx| self.between.poll_returned(cx)).await;
        let held = self.between.held().map_err(io_error)?;
        self.held = Some(held);
        Ok(held)
    }

    /// Takes out the bytes that have left the source and not reached the target, by a copy: to give up splicing, say, or to send
    /// them to somebody else.
    ///
    /// # Errors
    /// As [`held`](Self::held).
    ///
    /// # Cancel safety
    /// Cancel safe: what is not given out stays.
    ///
    /// # Example
    /// ```
    /// use bespoke::net::{Splicer, UnixStream};
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut says, source) = UnixStream::pair()?;
    /// let (target, gone) = UnixStream::pair()?;
    /// says.write_all("tea").await.0?;
    /// drop(gone);
    /// let mut splicer = Splicer::new(source, target)?;
    /// let error = splicer.forward_all().await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    /// assert_eq!(splicer.held().await?, 3);
    /// assert_eq!(splicer.take_held().await?, b"tea");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn take_held(&mut self) -> io::Result<Vec<u8>> {
        let held = self.held().await?;
        let mut all = std::vec![0; held];
        let mut filled = 0;
        // Counted anew, if a read fails.
        self.held = None;
        // No await from here on: what was read goes out.
        while filled < held {
            filled += splice::read(self.between.pipe().read_end(), &mut all[filled..]).map_err(io_error)?;
        }
        self.held = Some(0);
        Ok(all)
    }
}

impl<C: Config<Driver: ZeroCopy>, F: SpliceFrom<Config = C>, T: SpliceTo<Config = C>> Splicer<F, T> {
    /// Moves bytes until the target has got `len` of them, or the source ends. Yields how many the target got: fewer than `len`
    /// where the source has ended. What is [held](Self::held) goes first, and counts.
    ///
    /// No more leaves the source than the target is to get. It passes on what there is, as it comes. The target's writes are
    /// not ended when the source has ended: call its `shutdown`.
    ///
    /// # Errors
    /// As [`read`](TcpStream::read) of the source, and as [`write`](TcpStream::write) of the target; the message says which of
    /// them failed. At once: what was moved before, [`taken`](Self::taken) and [`held`](Self::held) tell.
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the system splices no streams of that kind.
    ///
    /// Where sockets move between workers, each is brought to the one that polls:
    /// [`ResourceBusy`](io::ErrorKind::ResourceBusy), another uses it.
    ///
    /// # Panics
    /// Where sockets do not move, when polled on another worker than theirs.
    ///
    /// # Cancel safety
    /// Cancel safe, and lossless: what has left the source and not reached the target stays [held](Self::held), and the next call
    /// goes on with it. How many bytes the target got, a dropped call does not say: that is [`taken`](Self::taken) less
    /// `held`. Nor can the target say it: `take_interrupted` of a target knows nothing after a dropped call, also of a write that
    /// was dropped before the call.
    ///
    /// # Example
    /// ```
    /// use bespoke::net::{Splicer, UnixStream};
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut says, mut source) = UnixStream::pair()?;
    /// let (mut target, mut hears) = UnixStream::pair()?;
    /// says.write_all("5:tea, then more").await.0?;
    /// source.read_exact(&mut [0; 2]).await?; // the length is ours to read
    /// let mut splicer = Splicer::new(&mut source, &mut target)?;
    /// assert_eq!(splicer.forward(5).await?, 5);
    /// let mut got = [0; 16];
    /// assert_eq!(hears.read(&mut got).await?, 5);
    /// assert_eq!(&got[..5], b"tea, ");
    /// drop(splicer);
    /// assert_eq!(source.read(&mut got).await?, 9); // the rest is where it was
    /// # Ok(())
    /// # }
    /// ```
    pub async fn forward(&mut self, len: u64) -> io::Result<u64> {
        let mut moved = 0;
        while moved < len {
            let rest = usize::try_from(len - moved).unwrap_or(usize::MAX);
            let held = match self.held().await? {
                0 => self.fill(rest).await?,
                held => held,
            };
            if held == 0 {
                break;
            }
            moved += self.spill(held, rest).await? as u64;
        }
        Ok(moved)
    }

    /// Moves bytes until the source ends. Yields how many the target got. As [`forward`](Self::forward).
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    ///
    /// # Cancel safety
    /// As [`forward`](Self::forward).
    ///
    /// # Example
    /// See the [type](Self).
    pub async fn forward_all(&mut self) -> io::Result<u64> {
        self.forward(u64::MAX).await
    }

    /// Takes at most `len` bytes from the source. The pipe is empty. How many; 0: the end.
    async fn fill(&mut self, len: usize) -> io::Result<usize> {
        let (stream, pipe) = (self.from.named(), self.between.pipe());
        let op = FillPipe { stream: stream.resource(), pipe: pipe.write_end(), len: len.min(pipe.room()) };
        // SAFETY: it points at no memory; source and pipe are borrowed until it is over.
        let (filled, ()) = unsafe { stream.operation(op, ()) }.await;
        let filled = filled.map_err(tried("cannot splice from the source"))?;
        self.held = Some(filled);
        self.taken += filled as u64;
        Ok(filled)
    }

    /// Gives the target at most `len` bytes of the `held` ones that the pipe holds. How many it took.
    async fn spill(&mut self, held: usize, len: usize) -> io::Result<usize> {
        let stream = self.to.named();
        let op = SpillPipe { stream: stream.resource(), pipe: self.between.pipe().read_end(), len: held.min(len) };
        // SAFETY: it points at no memory; the target is borrowed until it is over, and the pipe is kept for it.
        let spilling = unsafe { stream.operation(op, Lent::new(&self.between)) };
        self.held = None;
        let (spilled, lent) = spilling.await;
        drop(lent);
        // Of one that failed, too, the pipe says what it has left.
        let spilled = spilled.map_err(tried("cannot splice to the target"))?;
        self.held = Some(held - spilled);
        if spilled == 0 {
            // It would be asked for ever.
            return Err(io::Error::new(io::ErrorKind::WriteZero, "the target took none of the bytes that are there"));
        }
        Ok(spilled)
    }
}

impl<F: fmt::Debug, T: fmt::Debug> fmt::Debug for Splicer<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Splicer { from, to, held, taken, .. } = self;
        f.debug_struct("Splicer").field("from", from).field("to", to).field("held", held).field("taken", taken).finish()
    }
}
