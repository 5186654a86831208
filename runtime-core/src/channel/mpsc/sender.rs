//! The sending side.

use super::error::{SendError, TrySendError};
use super::queue::{Asked, Queue};
use crate::loom::given_up;
use crate::sharing::{Shared, Sharing};
#[cfg(feature = "std")]
use crate::sync::block;
use crate::sync::counted::Counted;
use crate::sync::waiters::{self, Hand, Look, Waiter, wake};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

/// Sends messages; clone it for several senders. When all are dropped, the receiver gets what was sent, and then `None`.
pub struct Sender<T, S: Sharing = Shared> {
    queue: Counted<Queue<T, S>, S>,
}

impl<T, S: Sharing> Sender<T, S> {
    pub(super) fn first(queue: Counted<Queue<T, S>, S>) -> Self {
        Sender { queue }
    }

    /// Sends `message`, and waits for a place first if there is none.
    ///
    /// # Errors
    /// [`SendError`] with the message, if the receiver is gone or closed the queue.
    ///
    /// # Cancel safety
    /// A future that is dropped before it was ready sent nothing, and its message is dropped with it. To keep the message,
    /// wait by [`reserve`](Self::reserve), which is cancel safe. A place that it was given goes to the next who waits.
    pub fn send(&self, message: T) -> Sending<'_, T, S> {
        Sending { reserve: self.reserve(), message: Some(message) }
    }

    /// Sends `message` if there is a place.
    ///
    /// # Errors
    /// [`TrySendError`] with the message.
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let sent = self.queue.with(|state| match state.try_take_permit() {
            // SAFETY: with that permit.
            Ok(()) => Ok(unsafe { self.queue.put(state, message) }),
            Err(error) => Err(error.with(message)),
        });
        sent.map(wake)
    }

    /// Waits for a place, and takes it: [`Permit::send`] cannot fail.
    ///
    /// # Errors
    /// [`SendError`] if the receiver is gone or closed the queue.
    ///
    /// # Cancel safety
    /// Cancel safe. Dropped, it loses its turn; a place that it was given goes to the next who waits.
    pub fn reserve(&self) -> Reserve<'_, T, S> {
        Reserve { queue: &self.queue, waiter: Waiter::new(0) }
    }

    /// Takes a place if there is one.
    ///
    /// # Errors
    /// [`TrySendError`].
    pub fn try_reserve(&self) -> Result<Permit<'_, T, S>, TrySendError<()>> {
        self.queue.with(super::queue::State::try_take_permit)?;
        Ok(Permit { queue: &self.queue })
    }

    /// As [`reserve`](Self::reserve), for a place that outlives the borrow: it holds the sender.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve); the sender is dropped then.
    ///
    /// # Cancel safety
    /// A future that is dropped drops the sender, and loses nothing else.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T, S>, SendError<()>> {
        // Its place is the owned permit's from here on.
        core::mem::forget(self.reserve().await?);
        Ok(OwnedPermit { sender: Some(self) })
    }

    /// As [`try_reserve`](Self::try_reserve), for a place that outlives the borrow.
    ///
    /// # Errors
    /// [`TrySendError`] with the sender.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T, S>, TrySendError<Self>> {
        match self.queue.with(super::queue::State::try_take_permit) {
            Ok(()) => Ok(OwnedPermit { sender: Some(self) }),
            Err(error) => Err(error.with(self)),
        }
    }

    /// Waits until the receiver is gone or closed the queue.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub fn closed(&self) -> Closed<'_, T, S> {
        Closed { queue: &self.queue, waiter: Waiter::new(0) }
    }

    /// Is the receiver gone, or did it close the queue? Once `true`, it stays so.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.with(|state| state.closed)
    }

    /// How many messages could be sent now.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.queue.with(|state| state.free)
    }

    /// How many messages the queue holds at most.
    #[must_use]
    pub fn max_capacity(&self) -> usize {
        self.queue.capacity()
    }

    /// Do both send into one queue?
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.queue.is(&other.queue)
    }

    /// A sender that does not keep the queue open.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T, S> {
        WeakSender { queue: self.queue.clone() }
    }
}

#[cfg(feature = "std")]
impl<T> Sender<T> {
    /// As [`send`](Self::send), on a thread that runs no task. It needs `std`.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Panics
    /// Inside a runtime.
    #[track_caller]
    pub fn blocking_send(&self, message: T) -> Result<(), SendError<T>> {
        block::on("blocking_send", "send(…)", self.send(message))
    }
}

impl<T, S: Sharing> Clone for Sender<T, S> {
    fn clone(&self) -> Self {
        let queue = self.queue.clone();
        queue.with(|state| state.senders += 1);
        Sender { queue }
    }
}

impl<T, S: Sharing> Drop for Sender<T, S> {
    fn drop(&mut self) {
        if !given_up() {
            wake(self.queue.with(super::queue::State::sender_goes));
        }
    }
}

impl<T, S: Sharing> fmt::Debug for Sender<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

/// A [`Sender`] that does not keep the queue open; see [`Sender::downgrade`].
pub struct WeakSender<T, S: Sharing = Shared> {
    queue: Counted<Queue<T, S>, S>,
}

impl<T, S: Sharing> WeakSender<T, S> {
    /// A sender, if there is still one.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T, S>> {
        let queue = self.queue.clone();
        let any = queue.with(|state| {
            let any = state.senders > 0;
            state.senders += usize::from(any);
            any
        });
        any.then(|| Sender { queue })
    }
}

impl<T, S: Sharing> Clone for WeakSender<T, S> {
    fn clone(&self) -> Self {
        WeakSender { queue: self.queue.clone() }
    }
}

impl<T, S: Sharing> fmt::Debug for WeakSender<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

/// Waits for a place; made by [`Sender::reserve`].
#[must_use = "`reserve` does nothing unless it is awaited"]
pub struct Reserve<'a, T, S: Sharing = Shared> {
    queue: &'a Queue<T, S>,
    waiter: Waiter,
}

impl<T, S: Sharing> Reserve<'_, T, S> {
    fn waiter(self: Pin<&Self>) -> Pin<&Waiter> {
        // SAFETY: the waiter is pinned with its future and never moved out.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }
}

impl<'a, T, S: Sharing> Future for Reserve<'a, T, S> {
    type Output = Result<Permit<'a, T, S>, SendError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.into_ref();
        let asked = ready!(waiters::poll(Some(cx.waker()), |hand| {
            // SAFETY: this future's waiter, which its drop lets go.
            this.queue.with(|state| unsafe { state.ask(this.waiter(), hand) })
        }));
        Poll::Ready(match asked {
            Asked::Given => Ok(Permit { queue: this.get_ref().queue }),
            Asked::Closed => Err(SendError(())),
        })
    }
}

impl<T, S: Sharing> Drop for Reserve<'_, T, S> {
    fn drop(&mut self) {
        if given_up() || !self.waiter.is_pending() {
            return;
        }
        // SAFETY: this future's waiter.
        let (next, gone) = self.queue.with(|state| unsafe { state.leave(&self.waiter) });
        drop(gone);
        wake(next);
    }
}

impl<T, S: Sharing> fmt::Debug for Reserve<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").finish_non_exhaustive()
    }
}

/// Sends a message; made by [`Sender::send`].
#[must_use = "a send does nothing unless it is awaited"]
pub struct Sending<'a, T, S: Sharing = Shared> {
    /// Pinned with this.
    reserve: Reserve<'a, T, S>,
    /// Not pinned.
    message: Option<T>,
}

impl<T, S: Sharing> Future for Sending<'_, T, S> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: `reserve` stays where it is, and `message` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        let (message, queue) = (&mut this.message, this.reserve.queue);
        // Mostly there is a place: then one lock, no waiter, and no waker.
        if message.is_some() && !this.reserve.waiter.is_pending() {
            let sent = queue.with(|state| {
                state.try_take_permit().ok()?;
                // SAFETY: with that permit.
                Some(unsafe { queue.put(state, message.take()?) })
            });
            if let Some(receiver) = sent {
                wake(receiver);
                return Poll::Ready(Ok(()));
            }
        }
        this.wait(cx.waker())
    }
}

impl<T, S: Sharing> Sending<'_, T, S> {
    /// One look, which waits if there is no place. This is pinned.
    #[cold]
    fn wait(&mut self, waker: &Waker) -> Poll<Result<(), SendError<T>>> {
        assert!(self.message.is_some(), "a future of sending was polled after it yielded");
        // SAFETY: pinned with this.
        let reserve = unsafe { Pin::new_unchecked(&self.reserve) };
        let (message, queue) = (&mut self.message, reserve.queue);
        let waits = reserve.waiter.is_pending();
        // Asked and sent in one section.
        let look = |hand: &mut Hand<'_>| {
            queue.with(|state| {
                // SAFETY: this future's waiter, which the drop of `reserve` lets go.
                let asked = match unsafe { state.ask(reserve.waiter(), hand) } {
                    Look::Ready(asked) => asked,
                    Look::Waits => return Look::Waits,
                    Look::NeedsWaker => return Look::NeedsWaker,
                };
                let message = message.take().expect("looked at above");
                Look::Ready(match asked {
                    // SAFETY: with the permit that was given.
                    Asked::Given => (Ok(()), unsafe { queue.put(state, message) }),
                    Asked::Closed => (Err(SendError(message)), None),
                })
            })
        };
        let asked = if waits { waiters::poll(Some(waker), look) } else { waiters::poll_again(waker, look) };
        let (sent, receiver) = ready!(asked);
        wake(receiver);
        Poll::Ready(sent)
    }
}

impl<T, S: Sharing> fmt::Debug for Sending<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}

/// A place in the queue. Dropped, it is free again.
#[must_use = "a permit that is dropped sends nothing"]
pub struct Permit<'a, T, S: Sharing = Shared> {
    queue: &'a Queue<T, S>,
}

impl<T, S: Sharing> Permit<'_, T, S> {
    /// Sends `message`, at once. If the receiver was dropped since, the message is dropped with the queue.
    pub fn send(self, message: T) {
        let queue = self.queue;
        core::mem::forget(self);
        // SAFETY: with this permit, which is not given back.
        wake(queue.with(|state| unsafe { queue.put(state, message) }));
    }
}

impl<T, S: Sharing> Drop for Permit<'_, T, S> {
    fn drop(&mut self) {
        if !given_up() {
            wake(self.queue.with(super::queue::State::give_back));
        }
    }
}

impl<T, S: Sharing> fmt::Debug for Permit<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// A place in the queue that holds its sender; see [`Sender::reserve_owned`]. Dropped, both are given back.
#[must_use = "a permit that is dropped sends nothing"]
pub struct OwnedPermit<T, S: Sharing = Shared> {
    /// There until the permit is used; with it there is a permit of its queue's.
    sender: Option<Sender<T, S>>,
}

impl<T, S: Sharing> OwnedPermit<T, S> {
    /// Sends `message`, at once, and gives the sender back. If the receiver was dropped since, the message is dropped with the
    /// queue.
    pub fn send(mut self, message: T) -> Sender<T, S> {
        let sender = self.sender.take().expect("only what uses the permit up takes it");
        Permit { queue: &sender.queue }.send(message);
        sender
    }

    /// Gives the place back, and the sender.
    pub fn release(mut self) -> Sender<T, S> {
        let sender = self.sender.take().expect("only what uses the permit up takes it");
        drop(Permit { queue: &sender.queue });
        sender
    }
}

impl<T, S: Sharing> Drop for OwnedPermit<T, S> {
    fn drop(&mut self) {
        // The place first: the last sender's end says that nothing is out.
        if let Some(sender) = self.sender.take() {
            drop(Permit { queue: &sender.queue });
        }
    }
}

impl<T, S: Sharing> fmt::Debug for OwnedPermit<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}

/// Waits for the close; made by [`Sender::closed`].
#[must_use = "`closed` does nothing unless it is awaited"]
pub struct Closed<'a, T, S: Sharing = Shared> {
    queue: &'a Queue<T, S>,
    waiter: Waiter,
}

impl<T, S: Sharing> Future for Closed<'_, T, S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.into_ref();
        // SAFETY: the waiter is pinned with its future and never moved out.
        let waiter = unsafe { this.map_unchecked(|this| &this.waiter) };
        waiters::poll(Some(cx.waker()), |hand| {
            // SAFETY: this future's waiter, which its drop lets go.
            this.queue.with(|state| unsafe { state.watch(waiter, hand) })
        })
    }
}

impl<T, S: Sharing> Drop for Closed<'_, T, S> {
    fn drop(&mut self) {
        if !given_up() && self.waiter.is_pending() {
            // SAFETY: this future's waiter.
            drop(self.queue.with(|state| unsafe { state.unwatch(&self.waiter) }));
        }
    }
}

impl<T, S: Sharing> fmt::Debug for Closed<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
