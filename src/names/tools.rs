//! The tools between tasks in a config's module, by what its scheduler shares.

/// The names of `sync`, for one sharing.
#[doc(hidden)]
#[macro_export]
macro_rules! __sync {
    ([$($sharing:tt)+]) => {
        /// Tells one waiting task, or all.
        pub type Notify = $crate::rt::Notify<$($sharing)+>;
        /// Waits to be told; made by `Notify::notified`.
        pub type Notified<'a> = $crate::rt::Notified<'a, $($sharing)+>;
    };
}

/// The names of `channel`, for one sharing, as seen from two modules in.
#[doc(hidden)]
#[macro_export]
macro_rules! __channel {
    ([$($sharing:tt)+]) => {
        /// One value, once.
        pub mod oneshot {
            pub use $crate::rt::oneshot::{RecvError, TryRecvError};
            /// Sends one value.
            pub type Sender<T> = $crate::rt::oneshot::Sender<T, $($sharing)+>;
            /// Receives the value: await it.
            pub type Receiver<T> = $crate::rt::oneshot::Receiver<T, $($sharing)+>;

            /// A channel for one value.
            #[must_use]
            pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
                $crate::rt::oneshot::channel_in()
            }
        }

        /// A bounded queue: many senders, one receiver.
        pub mod mpsc {
            pub use $crate::rt::mpsc::{SendError, TryRecvError, TrySendError};
            /// Sends messages.
            pub type Sender<T> = $crate::rt::mpsc::Sender<T, $($sharing)+>;
            /// A sender that does not keep the queue open.
            pub type WeakSender<T> = $crate::rt::mpsc::WeakSender<T, $($sharing)+>;
            /// A place in the queue.
            pub type Permit<'a, T> = $crate::rt::mpsc::Permit<'a, T, $($sharing)+>;
            /// A place in the queue that holds its sender.
            pub type OwnedPermit<T> = $crate::rt::mpsc::OwnedPermit<T, $($sharing)+>;
            /// Receives messages.
            pub type Receiver<T> = $crate::rt::mpsc::Receiver<T, $($sharing)+>;

            /// A queue of at most `capacity` messages.
            ///
            /// # Panics
            /// If `capacity` is 0.
            #[must_use]
            #[track_caller]
            pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
                $crate::rt::mpsc::channel_in(capacity)
            }
        }
    };
}
