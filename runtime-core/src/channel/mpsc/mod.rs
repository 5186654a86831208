//! A bounded queue: many [`Sender`]s, one [`Receiver`].
//!
//! The queue is one block, allocated when it is made, `capacity` messages long. Sending and receiving allocate nothing.
//! A full queue makes senders wait, in their order: a place that becomes free belongs to who has waited longest, and
//! [`try_send`](Sender::try_send) does not overtake.
//!
//! ```
//! use bespoke_core::channel::mpsc;
//!
//! let (sender, mut receiver) = mpsc::channel(2);
//! std::thread::scope(|scope| {
//!     scope.spawn(move || (1..=5).for_each(|n| sender.blocking_send(n).unwrap()));
//!     let mut sum = 0;
//!     while let Some(n) = receiver.blocking_recv() {
//!         sum += n;
//!     }
//!     assert_eq!(sum, 15);
//! });
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `queue` | what both sides share: the ring, permits, and who waits for what |
//! | `sender` | [`Sender`], [`WeakSender`], the futures of sending, [`Permit`], [`OwnedPermit`] |
//! | `receiver` | [`Receiver`] |
//! | `error` | why something could not be sent or received |

mod error;
mod queue;
mod receiver;
mod sender;

pub use error::{SendError, TryRecvError, TrySendError};
pub use receiver::Receiver;
pub use sender::{Closed, OwnedPermit, Permit, Reserve, Sender, Sending, WeakSender};

use crate::sharing::Sharing;

/// A bounded queue between threads, or within one.
///
/// # Panics
/// If `capacity` is 0, or so large that no memory could hold the queue.
#[must_use]
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    channel_in(capacity)
}

/// As [`channel`], with the sharing that follows from the types: a `Local` queue stays on its thread.
///
/// # Panics
/// As [`channel`].
#[must_use]
#[track_caller]
pub fn channel_in<T, S: Sharing>(capacity: usize) -> (Sender<T, S>, Receiver<T, S>) {
    assert!(capacity > 0, "a bounded queue holds one message at least");
    let queue = crate::sync::counted::Counted::new(queue::Queue::new(capacity));
    (Sender::first(queue.clone()), Receiver::new(queue))
}
