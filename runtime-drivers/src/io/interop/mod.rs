//! Seams to the traits of other crates, each behind a feature that adds its crate and nothing else.
//!
//! | file | feature | ours as theirs | theirs as ours |
//! |---|---|---|---|
//! | `tokio_io` | `tokio-io` | tokio's `AsyncRead`, `AsyncBufRead`, `AsyncWrite` of [`PollReader`](super::PollReader) and its kin, `AsyncSeek` of [`PollFile`](super::PollFile) | [`FromTokio`] |
//! | `futures_io` | `futures-io` | the traits of the same names of futures-io | [`FromFutures`] |
//!
//! The foreign streams must be `Unpin`, as their own helpers ask, too: `Box::pin` makes any of them so.

#[cfg(feature = "futures-io")]
mod futures_io;
#[cfg(feature = "tokio-io")]
mod tokio_io;

#[cfg(feature = "futures-io")]
pub use futures_io::{FromFutures, FromFuturesHalf};
#[cfg(feature = "tokio-io")]
pub use tokio_io::{FromTokio, FromTokioHalf};

/// A foreign stream as ours: all that does not depend on whose it is. `$read` and `$write` and so on are its functions.
macro_rules! foreign {
    (
        $(#[$doc:meta])*
        $name:ident, $half:ident, $reads:path, $writes:path,
        read: |$r:ident, $rcx:ident, $to:ident| $read:expr,
        write: |$w:ident, $wcx:ident, $from:ident| $write:expr,
        flush: $flush:path,
        close: $close:path,
    ) => {
        $(#[$doc])*
        ///
        /// # Cancel safety
        /// Reads are lossless, and a dropped write has taken nothing, as far as the foreign stream keeps the promise of its
        /// trait: one that says "pending" has done nothing.
        pub struct $name<T>(Mutex<T>);

        /// A half of a foreign stream; borrows it. Lent by [`Duplex::halves`]. Both halves share the stream through a lock,
        /// which is held while one of them is polled.
        #[derive(Debug)]
        pub struct $half<'a, T>(&'a Mutex<T>);

        impl<T> $name<T> {
            /// The stream, as ours.
            pub fn new(stream: T) -> Self {
                $name(Mutex::new(stream))
            }

            /// The foreign stream.
            pub fn get_mut(&mut self) -> &mut T {
                self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
            }

            /// The foreign stream.
            pub fn into_inner(self) -> T {
                self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
            }
        }

        impl<T: core::fmt::Debug> core::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }

        fn poll_read<T: $reads + Unpin>(of: &mut T, $rcx: &mut Context<'_>, $to: &mut [u8]) -> Poll<io::Result<usize>> {
            let $r = Pin::new(of);
            $read
        }

        fn poll_write<T: $writes + Unpin>(of: &mut T, $wcx: &mut Context<'_>, $from: &[u8]) -> Poll<io::Result<usize>> {
            let $w = Pin::new(of);
            $write
        }

        impl<T: $reads + Unpin + Send> Reads for $name<T> {
            fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
                poll_fn(|cx| poll_read(self.get_mut(), cx, buffer))
            }
        }

        impl<T: $writes + Unpin + Send> Writes for $name<T> {
            fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
                lends(buffer, |cx, bytes| poll_write(self.get_mut(), cx, bytes))
            }
            fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
                poll_fn(|cx| $flush(Pin::new(self.get_mut()), cx))
            }
            fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
                poll_fn(|cx| $close(Pin::new(self.get_mut()), cx))
            }
        }

        impl<T> $half<'_, T> {
            fn lock(&self) -> MutexGuard<'_, T> {
                self.0.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }

        impl<T: $reads + Unpin + Send> Reads for $half<'_, T> {
            fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
                poll_fn(|cx| poll_read(&mut *self.lock(), cx, buffer))
            }
        }

        impl<T: $writes + Unpin + Send> Writes for $half<'_, T> {
            fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
                lends(buffer, |cx, bytes| poll_write(&mut *self.lock(), cx, bytes))
            }
            fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
                poll_fn(|cx| $flush(Pin::new(&mut *self.lock()), cx))
            }
            fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
                poll_fn(|cx| $close(Pin::new(&mut *self.lock()), cx))
            }
        }

        impl<T: $reads + $writes + Unpin + Send> Duplex for $name<T> {
            type Reader<'a>
                = $half<'a, T>
            where
                Self: 'a;
            type Writer<'a>
                = $half<'a, T>
            where
                Self: 'a;

            fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
                ($half(&self.0), $half(&self.0))
            }
        }
    };
}
use foreign;
