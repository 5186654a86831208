//! The receiving side.

use super::error::TryRecvError;
use super::queue::{Queue, Received};
use crate::loom::{Plant, given_up, planted};
use crate::sharing::{Shared, Sharing};
#[cfg(feature = "std")]
use crate::sync::block;
use crate::sync::counted::Counted;
use crate::sync::waiters::{self, Look, Wakes, wake};
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

/// Receives messages, in the order in which they were sent. Dropped, it closes the queue and drops what lies there.
pub struct Receiver<T, S: Sharing = Shared> {
    queue: Counted<Queue<T, S>, S>,
}

impl<T, S: Sharing> Receiver<T, S> {
    pub(super) fn new(queue: Counted<Queue<T, S>, S>) -> Self {
        Receiver { queue }
    }

    /// Waits for the next message. `None`: every sender is gone, or the queue is [closed](Self::close), and what was sent
    /// was received.
    ///
    /// A message that is there is taken at once, whatever the task has done in this poll: a loop whose senders run on other
    /// threads and never leave it waiting lets others run by `yield_now`.
    ///
    /// # Cancel safety
    /// Cancel safe: a message is taken only by the poll that yields it.
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// As [`recv`](Self::recv), one poll of it. The waker of the last poll is woken.
    #[inline]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let queue = &*self.queue;
        let (look, next) = queue.with(|state| match queue.take(state) {
            (Received::Message(message), next) => (Look::Ready(Some(message)), next),
            (Received::End, next) => (Look::Ready(None), next),
            (Received::Nothing, next) if state.receiver_waits_with(cx.waker()) => (Look::Waits, next),
            (Received::Nothing, next) => (Look::NeedsWaker, next),
        });
        wake(next);
        match look {
            Look::Ready(message) => Poll::Ready(message),
            Look::Waits => Poll::Pending,
            Look::NeedsWaker => self.wait(cx.waker()),
        }
    }

    /// Looks again, and waits with `waker` if there is still nothing.
    #[cold]
    fn wait(&mut self, waker: &Waker) -> Poll<Option<T>> {
        let queue = &*self.queue;
        let mut next = None;
        let polled = waiters::poll_again(waker, |hand| {
            queue.with(|state| {
                let looks = !planted(Plant::ReceiveInTwoSteps);
                let (received, waker) = if looks { queue.take(state) } else { (Received::Nothing, None) };
                next = waker;
                match received {
                    Received::Message(message) => Look::Ready(Some(message)),
                    Received::End => Look::Ready(None),
                    Received::Nothing => state.wait_for_message(hand),
                }
            })
        });
        wake(next);
        polled
    }

    /// The next message, if there is one.
    ///
    /// # Errors
    /// [`TryRecvError`].
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let (received, next) = self.queue.with(|state| self.queue.take(state));
        wake(next);
        match received {
            Received::Message(message) => Ok(message),
            Received::Nothing => Err(TryRecvError::Empty),
            Received::End => Err(TryRecvError::Disconnected),
        }
    }

    /// Waits for a message, and appends up to `limit` that are there to `buffer`. How many; 0 means that no more will come,
    /// or that `limit` is 0.
    ///
    /// # Cancel safety
    /// Cancel safe: messages are taken only by the poll that yields them.
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
    }

    /// As [`recv_many`](Self::recv_many), one poll of it.
    pub fn poll_recv_many(&mut self, cx: &mut Context<'_>, buffer: &mut Vec<T>, limit: usize) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        // Room first: under the lock nothing is allocated.
        let room = limit.min(self.len()).max(1);
        buffer.reserve(room);
        let mut received = 0;
        while received < room {
            let mut wakes = Wakes::new();
            let more = self.queue.with(|state| {
                while received < room && !wakes.is_full() {
                    let (Received::Message(message), waker) = self.queue.take(state) else { return false };
                    buffer.push(message);
                    wakes.push(waker);
                    received += 1;
                }
                true
            });
            wakes.wake();
            if !more {
                break;
            }
        }
        if received > 0 {
            return Poll::Ready(received);
        }
        self.poll_recv(cx).map(|message| {
            let received = usize::from(message.is_some());
            buffer.extend(message);
            received
        })
    }

    /// Takes no new message: senders fail from now on, and those that wait are woken. What was sent, and what permits that
    /// are out still send, can be received.
    pub fn close(&mut self) {
        self.queue.close();
    }

    /// Did this receiver close the queue, or are all senders gone?
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.with(|state| state.closed || state.senders == 0)
    }

    /// Does no message lie there?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages lie there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.with(|state| state.len)
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
}

#[cfg(feature = "std")]
impl<T> Receiver<T> {
    /// As [`recv`](Self::recv), on a thread that runs no task. It needs `std`.
    ///
    /// # Panics
    /// Inside a runtime.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        block::on("blocking_recv", "recv()", self.recv())
    }
}

impl<T, S: Sharing> Drop for Receiver<T, S> {
    fn drop(&mut self) {
        if given_up() {
            return;
        }
        self.queue.close();
        // One at a time, and dropped without the lock: a message may be anybody's code.
        while let Ok(message) = self.try_recv() {
            drop(message);
        }
    }
}

/// Also where the sharing is not known: nothing in it is ever pinned.
impl<T, S: Sharing> Unpin for Receiver<T, S> {}

/// The messages, until [`recv`](Receiver::recv) would yield `None`.
#[cfg(feature = "futures-core")]
impl<T, S: Sharing> futures_core::Stream for Receiver<T, S> {
    type Item = T;

    fn poll_next(self: core::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_recv(cx)
    }
}

impl<T, S: Sharing> fmt::Debug for Receiver<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("len", &self.len()).field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}
