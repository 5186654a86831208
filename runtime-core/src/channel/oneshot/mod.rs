//! One value, once: from a [`Sender`] to a [`Receiver`].
//!
//! ```
//! use bespoke_core::channel::oneshot;
//!
//! let (sender, receiver) = oneshot::channel();
//! std::thread::scope(|scope| {
//!     scope.spawn(|| sender.send("done").unwrap());
//!     assert_eq!(receiver.blocking_recv(), Ok("done"));
//! });
//! ```

mod state;

use crate::sharing::{Shared, Sharing};
#[cfg(feature = "std")]
use crate::sync::block;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use state::{End, Heard};

/// A channel for one value, between threads or within one. One allocation, of which both ends are part.
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    channel_in()
}

/// As [`channel`], with the sharing that follows from the types: a `Local` channel stays on its thread.
#[must_use]
pub fn channel_in<T, S: Sharing>() -> (Sender<T, S>, Receiver<T, S>) {
    let (sender, receiver) = End::pair();
    (Sender { end: Some(sender) }, Receiver { end: Some(receiver) })
}

/// Sends one value. Dropped without, the receiver gets [`RecvError`].
pub struct Sender<T, S: Sharing = Shared> {
    end: Option<End<T, S>>,
}

impl<T, S: Sharing> Sender<T, S> {
    fn end(&self) -> &End<T, S> {
        self.end.as_ref().expect("only `send` and the drop take it")
    }

    /// Sends `value`. Does not wait. `Ok` does not say that it will be received: the receiver may be dropped before it looks.
    ///
    /// # Errors
    /// The value, if the receiver was dropped or [closed](Receiver::close).
    #[inline]
    pub fn send(mut self, value: T) -> Result<(), T> {
        let end = self.end.take().expect("only `send` and the drop take it");
        end.send(value)
    }

    /// Was the receiver dropped or [closed](Receiver::close)? Once `true`, it stays so.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.end().is_closed()
    }

    /// Waits until the receiver is dropped or [closed](Receiver::close): for work that nobody will ask for any more.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// As [`closed`](Self::closed), one poll of it. The waker of the last poll is woken.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.end().poll_closed(cx.waker())
    }
}

impl<T, S: Sharing> Drop for Sender<T, S> {
    #[inline]
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.leave_unsent();
        }
    }
}

impl<T, S: Sharing> fmt::Debug for Sender<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// Receives the value: await it.
///
/// # Cancel safety
/// Cancel safe when it is awaited as `&mut receiver`: the value stays until it is taken. A dropped receiver drops the value.
///
/// # Panics
/// When it is polled after it was ready.
pub struct Receiver<T, S: Sharing = Shared> {
    end: Option<End<T, S>>,
}

impl<T, S: Sharing> Receiver<T, S> {
    /// The value, if it was sent. After that, and after the sender was dropped, [`TryRecvError::Closed`].
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if it may still come.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(end) = &self.end else { return Err(TryRecvError::Closed) };
        match end.look() {
            Heard::Nothing => Err(TryRecvError::Empty),
            heard => self.finish(heard).map_err(|_| TryRecvError::Closed),
        }
    }

    /// Takes no value any more: a later [`send`](Sender::send) fails, and [`Sender::closed`] is ready. A value that was sent
    /// before can still be received.
    pub fn close(&mut self) {
        if let Some(end) = &self.end {
            end.close();
        }
    }

    /// Takes what was heard, and gives the end up.
    #[inline]
    fn finish(&mut self, heard: Heard) -> Result<T, RecvError> {
        let end = self.end.take().expect("looked at before");
        // SAFETY: `heard` is what this end looked up, and the end is used no more.
        unsafe { end.receive(heard) }.ok_or(RecvError)
    }
}

#[cfg(feature = "std")]
impl<T> Receiver<T> {
    /// Waits for the value on this thread, which runs no task. It needs `std`.
    ///
    /// # Errors
    /// [`RecvError`] if the sender is dropped without sending.
    ///
    /// # Panics
    /// Inside a runtime; when the value was received already.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        block::on("blocking_recv", "receiver", self)
    }
}

// Nothing is pinned in place: the value lies in the block.
impl<T, S: Sharing> Unpin for Receiver<T, S> {}

impl<T, S: Sharing> Future for Receiver<T, S> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let end = self.end.as_ref().expect("a `Receiver` was polled after it yielded");
        let heard = ready!(end.poll_heard(cx.waker()));
        Poll::Ready(self.finish(heard))
    }
}

impl<T, S: Sharing> Drop for Receiver<T, S> {
    #[inline]
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.leave_unheard();
        }
    }
}

impl<T, S: Sharing> fmt::Debug for Receiver<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// The sender was dropped without sending, or the receiver closed the channel first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed, and nothing was sent")
    }
}

impl core::error::Error for RecvError {}

/// Why there is no value now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// It may still be sent.
    Empty,
    /// It will not be: the sender is gone, the channel was closed, or the value was received already.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "nothing was sent yet",
            TryRecvError::Closed => "the channel is closed, and nothing was sent",
        })
    }
}

impl core::error::Error for TryRecvError {}
