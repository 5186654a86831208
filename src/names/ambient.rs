//! The functions of a config itself.

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

            /// Spawns a task of a function under `#[task(pool = N)]`, in a place of its pool; see `Ambient::spawn_task`. Which
            /// futures: as `spawn`.
            #[track_caller]
            pub fn spawn_task<__F: ::core::future::Future, __P: $crate::__private::places::Pool>(
                task: $crate::task::StaticTask<__F, __P>,
            ) -> ::core::result::Result<
                $crate::__private::JoinHandle<__F::Output>,
                $crate::task::PoolFull<__F, __P>,
            >
            where
                $crate::task::StaticTask<__F, __P>: $crate::__private::StartTask<$config, __F, __P>,
            {
                $crate::__private::StartTask::<$config, __F, __P>::start_task(task)
            }

            /// Makes a future on a worker and keeps it there: the closure is `Send`, the future need not be.
            #[track_caller]
            pub fn spawn_pinned<__T: ::core::marker::Send + 'static>(
                make: impl ::core::ops::AsyncFnOnce() -> __T + ::core::marker::Send + 'static,
            ) -> $crate::__private::JoinHandle<__T> {
                <$config as $crate::__private::Ambient>::spawn_pinned(make)
            }

            /// Makes a future on worker `core` of the runtime and keeps it there: the closure is `Send`, the future need not
            /// be. For schedulers with several workers; see `Ambient::spawn_on`.
            #[track_caller]
            pub fn spawn_on<__T: ::core::marker::Send + 'static>(
                core: usize,
                make: impl ::core::ops::AsyncFnOnce() -> __T + ::core::marker::Send + 'static,
            ) -> $crate::__private::JoinHandle<__T>
            where
                <$config as $crate::Config>::Scheduler: $crate::__private::CoresFor<__T>,
            {
                $crate::__private::spawn_on_unasked::<$config, __T>(core, make)
            }

            /// Makes a future on every worker of the runtime and keeps it there; the handles are in the order of the workers'
            /// numbers. For schedulers with several workers; see `Ambient::spawn_on_each`.
            #[track_caller]
            pub fn spawn_on_each<__T: ::core::marker::Send + 'static>(
                make: impl ::core::ops::AsyncFnOnce(usize) -> __T
                + ::core::clone::Clone
                + ::core::marker::Send
                + 'static,
            ) -> ::std::vec::Vec<$crate::__private::JoinHandle<__T>>
            where
                <$config as $crate::Config>::Scheduler: $crate::__private::CoresFor<__T>,
            {
                $crate::__private::spawn_on_each_unasked::<$config, __T>(make)
            }

            /// Spawns a task on the worker that has least to do, where it stays. For schedulers with several workers; see
            /// `Ambient::spawn_least_loaded`.
            #[track_caller]
            pub fn spawn_least_loaded<__F>(future: __F) -> $crate::__private::JoinHandle<__F::Output>
            where
                __F: ::core::future::Future + ::core::marker::Send + 'static,
                __F::Output: ::core::marker::Send,
                <$config as $crate::Config>::Scheduler: $crate::__private::CoresFor<__F>,
            {
                $crate::__private::spawn_least_loaded_unasked::<$config, __F>(future)
            }

            /// The number of the worker that has least to do. For schedulers with several workers; see
            /// `Ambient::least_loaded`.
            #[track_caller]
            pub fn least_loaded() -> usize
            where
                // `for`: a bound that holds for no lifetime in particular is not looked at before it is used.
                for<'any> <$config as $crate::Config>::Scheduler: $crate::__private::Cores,
            {
                <$config as $crate::__private::Ambient>::least_loaded()
            }

            /// Spawns a task that stays on the worker of this thread: any `'static` future. For schedulers with several
            /// workers; see `Ambient::spawn_here`.
            #[track_caller]
            pub fn spawn_here<__F: ::core::future::Future + 'static>(
                future: __F,
            ) -> $crate::__private::JoinHandle<__F::Output>
            where
                <$config as $crate::Config>::Scheduler: $crate::__private::CoresFor<__F>,
            {
                $crate::__private::spawn_here_unasked::<$config, __F>(future)
            }

            /// Spawns a task in a class: before, or after, those of the other class that are ready. For `WorkStealing` with
            /// `Classes`; see `Ambient::spawn_with`.
            #[track_caller]
            pub fn spawn_with<__K: $crate::__private::Class, __F>(
                class: __K,
                future: __F,
            ) -> $crate::__private::JoinHandle<__F::Output>
            where
                __F: ::core::future::Future<Output: ::core::marker::Send> + ::core::marker::Send + 'static,
                <$config as $crate::Config>::Scheduler: $crate::__private::ClassedFor<__K>,
            {
                $crate::__private::spawn_with_unasked::<$config, __K, __F>(class, future)
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

            /// Runs a closure that blocks here, and this worker on another thread meanwhile. For `WorkStealing`; see
            /// `Ambient::block_in_place`.
            #[track_caller]
            pub fn block_in_place<__T>(closure: impl ::core::ops::FnOnce() -> __T) -> __T
            where
                <$config as $crate::Config>::Scheduler: $crate::__private::HandsOverFor<__T>,
            {
                $crate::__private::block_in_place_unasked::<$config, __T>(closure)
            }

            /// Waits for an asynchronous function in code that is not; see `Ambient::await_fn`.
            #[track_caller]
            pub fn await_fn<__T: ::core::marker::Send + 'static>(
                function: impl ::core::ops::AsyncFnOnce() -> __T + ::core::marker::Send + 'static,
            ) -> __T {
                <$config as $crate::__private::Ambient>::await_fn(function)
            }

            /// Waits for `duration`.
            #[track_caller]
            pub fn sleep(duration: ::core::time::Duration) -> $crate::rt::Sleep<$config> {
                <$config as $crate::__private::Ambient>::sleep(duration)
            }

            /// Waits until `deadline`.
            #[track_caller]
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
            #[track_caller]
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

            /// Lets the other tasks that are ready now run first: of several workers', those in the queue of this one.
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
