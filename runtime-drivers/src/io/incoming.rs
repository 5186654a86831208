//! What comes again and again, as a function that polls.

use super::reused::Reused;
use core::fmt;
use core::task::{Context, Poll, ready};

/// The connections of a listener, or the deliveries of a signal, one after another: for code that takes a stream of items.
///
/// Made by `TcpListener::into_incoming` and its kin. Two allocations when it is made, none after. With the feature
/// `futures-core` it is a `Stream`.
///
/// # Cancel safety
/// Lossless: a poll that is not repeated leaves its wait under way, and the next poll goes on with it. What came and was not
/// taken when this is dropped is not accepted, and stays where it waits.
pub struct Incoming<L, T> {
    idle: Option<L>,
    next: Reused<L, (L, Option<T>)>,
    ended: bool,
}

impl<L: Send + 'static, T: 'static> Incoming<L, T> {
    pub(crate) fn new<F>(of: L, next: impl FnMut(L) -> F + Send + 'static) -> Self
    where
        F: Future<Output = (L, Option<T>)> + Send + 'static,
    {
        Incoming { idle: Some(of), next: Reused::new(next), ended: false }
    }

    /// What comes next. `None`: the runtime is closed, and nothing will come any more.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(idle) = self.idle.take() {
            self.next.start(idle);
        }
        let (of, next) = ready!(self.next.poll(cx));
        self.idle = Some(of);
        self.ended = next.is_none();
        Poll::Ready(next)
    }

    /// As [`poll_next`](Self::poll_next), to be awaited.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless.
    pub async fn next(&mut self) -> Option<T> {
        core::future::poll_fn(|cx| self.poll_next(cx)).await
    }
}

/// Nothing in it is ever pointed at: a wait pins the box that it is in.
impl<L, T> Unpin for Incoming<L, T> {}

#[cfg(feature = "futures-core")]
impl<L: Send + 'static, T: 'static> futures_core::Stream for Incoming<L, T> {
    type Item = T;

    fn poll_next(self: core::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Incoming::poll_next(self.get_mut(), cx)
    }
}

#[cfg(feature = "futures-core")]
impl<L: Send + 'static, T: 'static> futures_core::FusedStream for Incoming<L, T> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<L: fmt::Debug, T> fmt::Debug for Incoming<L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("of", &self.idle).field("ended", &self.ended).finish_non_exhaustive()
    }
}
