//! The names that a config's attribute makes: functions of the config itself, and the config's module.

/// The functions of a concrete config: everything that [`Ambient`](crate::rt::Ambient) has, without an import, and with the
/// bound that follows from its scheduler.
#[doc(hidden)]
#[macro_export]
macro_rules! __ambient {
    ([$($generics:tt)*] $config:ty, [$($bounds:tt)*]) => {
        impl<$($generics)*> $config
        where
            $($bounds)*
        {
            /// Spawns a task on the runtime that this task runs in: any `'static` future if the scheduler is local, a
            /// `Send` one if it moves tasks between threads.
            #[track_caller]
            pub fn spawn<__F>(future: __F) -> $crate::__private::JoinHandle<__F::Output>
            where
                __F: ::core::future::Future + 'static,
                $crate::__private::SharingOf<$config>: $crate::__private::Admits<__F>,
            {
                $crate::rt::Spawnable::<$config>::start(future)
            }

            /// Makes a future on a worker and keeps it there: the closure is `Send`, the future need not be.
            #[track_caller]
            pub fn spawn_pinned<__T: ::core::marker::Send + 'static>(
                make: impl ::core::ops::AsyncFnOnce() -> __T + ::core::marker::Send + 'static,
            ) -> $crate::__private::JoinHandle<__T> {
                <$config as $crate::__private::Ambient>::spawn_pinned(make)
            }

            /// Runs a closure that blocks on a thread of its own; see `Ambient::spawn_blocking`.
            #[track_caller]
            pub fn spawn_blocking<__T: ::core::marker::Send + 'static>(
                closure: impl ::core::ops::FnOnce() -> __T + ::core::marker::Send + 'static,
            ) -> $crate::__private::JoinHandle<__T>
            where
                <$config as $crate::Config>::Threads: $crate::__private::StartsThreadsFor<__T>,
            {
                const { $crate::__private::check::blocking::<$config>() };
                $crate::__private::spawn_blocking_unchecked::<$config, _, __T>(closure)
            }

            /// Waits for `duration`.
            #[track_caller]
            pub fn sleep(duration: ::core::time::Duration) -> $crate::rt::Sleep<$config> {
                <$config as $crate::__private::Ambient>::sleep(duration)
            }

            /// Waits until `deadline`.
            pub fn sleep_until(deadline: $crate::Instant) -> $crate::rt::Sleep<$config> {
                <$config as $crate::__private::Ambient>::sleep_until(deadline)
            }

            /// Waits for `future`, but no longer than `duration`.
            #[track_caller]
            pub fn timeout<__F: ::core::future::Future>(
                duration: ::core::time::Duration,
                future: __F,
            ) -> $crate::rt::Timeout<$config, __F> {
                <$config as $crate::__private::Ambient>::timeout(duration, future)
            }

            /// Waits for `future`, but no longer than until `deadline`.
            pub fn timeout_at<__F: ::core::future::Future>(
                deadline: $crate::Instant,
                future: __F,
            ) -> $crate::rt::Timeout<$config, __F> {
                <$config as $crate::__private::Ambient>::timeout_at(deadline, future)
            }

            /// Ticks every `period`, from now on.
            #[track_caller]
            pub fn interval(period: ::core::time::Duration) -> $crate::rt::Interval<$config> {
                <$config as $crate::__private::Ambient>::interval(period)
            }

            /// Ticks every `period`, from `start` on.
            #[track_caller]
            pub fn interval_at(start: $crate::Instant, period: ::core::time::Duration) -> $crate::rt::Interval<$config> {
                <$config as $crate::__private::Ambient>::interval_at(start, period)
            }

            /// Lets every task that is ready now run first.
            pub fn yield_now() -> $crate::task::YieldNow {
                $crate::task::yield_now()
            }

            /// The time now, by the clock of the runtime.
            #[track_caller]
            pub fn now() -> $crate::Instant {
                <$config as $crate::__private::Ambient>::now()
            }

            /// Moves a `Manual` clock forward.
            #[track_caller]
            pub fn advance<const __AUTO: bool>(by: ::core::time::Duration)
            where
                $config: $crate::Config<Clock = $crate::clock::Manual<__AUTO>>,
            {
                <$config as $crate::__private::Ambient>::advance(by)
            }

            /// A random number: for spreading load, not for secrets.
            #[track_caller]
            pub fn random() -> u64 {
                <$config as $crate::__private::Ambient>::random()
            }

            /// The runtime for other threads.
            #[track_caller]
            pub fn handle() -> $crate::Handle<$config> {
                <$config as $crate::__private::Ambient>::handle()
            }
        }
    };
}

/// The module of a config: the same names as at the root of this crate, for one config. No globs, and no names of the
/// user's but the path of the config.
#[doc(hidden)]
#[macro_export]
macro_rules! __module {
    ($visibility:vis $module:ident [$($config:tt)+]) => {
        /// The runtime's names, for this config.
        #[allow(unused, dead_code, missing_docs, unreachable_pub, reason = "generated names, of which a program uses some")]
        $visibility mod $module {
            #[doc(hidden)]
            pub mod __config {
                pub type C = $($config)+;
                pub type S = $crate::__private::SharingOf<C>;
            }

            /// The runtime of this config.
            pub type Runtime = $crate::Runtime<__config::C>;
            /// The runtime of this config, from any thread.
            pub type Handle = $crate::Handle<__config::C>;

            /// Tasks of this runtime, awaited in the order in which they complete.
            pub type JoinSet<T> = $crate::rt::JoinSet<T, __config::C>;

            /// Spawns a task on the runtime that this task runs in.
            #[track_caller]
            pub fn spawn<F>(future: F) -> $crate::__private::JoinHandle<F::Output>
            where
                F: ::core::future::Future + 'static,
                $crate::__private::SharingOf<__config::C>: $crate::__private::Admits<F>,
            {
                $crate::rt::Spawnable::<__config::C>::start(future)
            }

            /// Makes a future on a worker and keeps it there: the closure is `Send`, the future need not be.
            #[track_caller]
            pub fn spawn_pinned<T: ::core::marker::Send + 'static>(
                make: impl ::core::ops::AsyncFnOnce() -> T + ::core::marker::Send + 'static,
            ) -> $crate::__private::JoinHandle<T> {
                <__config::C as $crate::__private::Ambient>::spawn_pinned(make)
            }

            /// The runtime that this task runs in, for other threads.
            #[track_caller]
            pub fn handle() -> Handle {
                <__config::C as $crate::__private::Ambient>::handle()
            }

            /// Lets every task that is ready now run first.
            pub fn yield_now() -> $crate::task::YieldNow {
                $crate::task::yield_now()
            }

            /// Runs a closure that blocks on a thread of its own; see `Ambient::spawn_blocking`.
            #[track_caller]
            pub fn spawn_blocking<T: ::core::marker::Send + 'static>(
                closure: impl ::core::ops::FnOnce() -> T + ::core::marker::Send + 'static,
            ) -> $crate::__private::JoinHandle<T>
            where
                <__config::C as $crate::Config>::Threads: $crate::__private::StartsThreadsFor<T>,
            {
                const { $crate::__private::check::blocking::<__config::C>() };
                $crate::__private::spawn_blocking_unchecked::<__config::C, _, T>(closure)
            }

            /// Sockets.
            pub mod net {
                use super::__config::C;
                pub type TcpListener = $crate::rt::TcpListener<C>;
                pub type TcpStream = $crate::rt::TcpStream<C>;
                pub type ReadHalf<'a> = $crate::rt::ReadHalf<'a, C>;
                pub type WriteHalf<'a> = $crate::rt::WriteHalf<'a, C>;
                pub type OwnedReadHalf = $crate::rt::OwnedReadHalf<C>;
                pub type OwnedWriteHalf = $crate::rt::OwnedWriteHalf<C>;
                pub type Lease = $crate::rt::Lease<C>;
                pub type ReuniteError = $crate::rt::ReuniteError<C>;
                pub use $crate::rt::{Keepalive, LookupAddrs, TcpOptions, ToSocketAddrs};
                #[cfg(unix)]
                pub type AsyncFd<T> = $crate::rt::AsyncFd<C, T>;
                #[cfg(unix)]
                pub type AsyncFdGuard<'a, T> = $crate::rt::AsyncFdGuard<'a, C, T>;
                #[cfg(unix)]
                pub type UdpSocket = $crate::rt::UdpSocket<C>;
                #[cfg(unix)]
                pub type UnixListener = $crate::rt::UnixListener<C>;
                #[cfg(unix)]
                pub type UnixStream = $crate::rt::UnixStream<C>;
                #[cfg(unix)]
                pub use $crate::rt::{Credentials, UdpOptions, UnixAddr};
            }

            /// What tasks of this runtime wait for; see `bespoke::sync`. Under a local scheduler it stays on
            /// its thread, and uses no atomic instruction.
            pub mod sync {
                $crate::__sync! { [super::__config::S] }
            }

            /// Channels between tasks of this runtime; see `bespoke::channel`. Under a local scheduler they stay on their
            /// thread, and use no atomic instruction.
            pub mod channel {
                $crate::__channel! { [super::super::__config::S] }
            }

            /// Signals of the operating system. The first listener for one takes its default action away for ever.
            pub mod signal {
                use super::__config::C;
                #[cfg(unix)]
                pub use $crate::rt::SignalKind;
                #[cfg(unix)]
                pub type Signal = $crate::rt::Signal<C>;

                /// Listens for a signal from now on.
                #[cfg(unix)]
                #[track_caller]
                pub fn signal(kind: SignalKind) -> ::std::io::Result<Signal>
                where
                    // `for`: a bound that holds for no lifetime in particular is not looked at before it is used, so a
                    // config without such a driver may have this name.
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Foreign,
                {
                    $crate::rt::signal::<C>(kind)
                }

                /// Waits for the interrupt key, from the first poll on.
                #[track_caller]
                pub fn ctrl_c() -> impl ::core::future::Future<Output = ::std::io::Result<()>> + ::core::marker::Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Foreign,
                {
                    $crate::rt::ctrl_c::<C>()
                }
            }

            /// Time.
            pub mod time {
                use super::__config::C;
                use $crate::__private::Ambient;
                pub use ::core::time::Duration;
                pub use $crate::{Elapsed, Instant, MissedTickBehavior};
                pub type Sleep = $crate::rt::Sleep<C>;
                pub type Timeout<F> = $crate::rt::Timeout<C, F>;
                pub type Interval = $crate::rt::Interval<C>;

                /// Waits for `duration`.
                #[track_caller]
                pub fn sleep(duration: Duration) -> Sleep {
                    <C as Ambient>::sleep(duration)
                }
                /// Waits until `deadline`.
                pub fn sleep_until(deadline: Instant) -> Sleep {
                    <C as Ambient>::sleep_until(deadline)
                }
                /// Waits for `future`, but no longer than `duration`.
                #[track_caller]
                pub fn timeout<F: ::core::future::Future>(duration: Duration, future: F) -> Timeout<F> {
                    <C as Ambient>::timeout(duration, future)
                }
                /// Waits for `future`, but no longer than until `deadline`.
                pub fn timeout_at<F: ::core::future::Future>(deadline: Instant, future: F) -> Timeout<F> {
                    <C as Ambient>::timeout_at(deadline, future)
                }
                /// Ticks every `period`, from now on.
                #[track_caller]
                pub fn interval(period: Duration) -> Interval {
                    <C as Ambient>::interval(period)
                }
                /// Ticks every `period`, from `start` on.
                #[track_caller]
                pub fn interval_at(start: Instant, period: Duration) -> Interval {
                    <C as Ambient>::interval_at(start, period)
                }
                /// The time now, by the clock of the runtime.
                #[track_caller]
                pub fn now() -> Instant {
                    <C as Ambient>::now()
                }
                /// Moves a `Manual` clock forward.
                #[track_caller]
                pub fn advance<const AUTO_ADVANCE: bool>(by: Duration)
                where
                    C: $crate::Config<Clock = $crate::clock::Manual<AUTO_ADVANCE>>,
                {
                    <C as Ambient>::advance(by)
                }
            }
        }
    };
}

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
            /// Receives messages.
            pub type Receiver<T> = $crate::rt::mpsc::Receiver<T, $($sharing)+>;

            /// A queue of at most `capacity` messages.
            ///
            /// # Panics
            /// If `capacity` is 0.
            #[must_use]
            pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
                $crate::rt::mpsc::channel_in(capacity)
            }
        }
    };
}
