//! The names of a program without an operating system and without `std`: what the facade is to other programs.
//!
//! The facade needs `std`. A program for a board depends on this crate with the feature `alloc`, on `bespoke-alloc` for a memory
//! strategy, and on `bespoke-macros`, whose attributes are told where the names are: `crate = bespoke_core::embedded`.
//!
//! | the config names | |
//! |---|---|
//! | `Scheduler` | [`SingleThread`](crate::scheduler::SingleThread) |
//! | `Driver` | [`Bare<B>`](crate::driver::Bare), of a [`Board`] that the program describes |
//! | `Clock` | one of the program's, which reads a counter of the board ([`Clock`](crate::roles::Clock)) |
//! | `Memory` | `bespoke_alloc::Fixed<BYTES>`: bytes inside the worker; `System`: the global allocator |
//! | `Threads`, `Topology` | [`NoThreads`](crate::roles::NoThreads), [`Uniform<1>`](crate::roles::Uniform) |
//! | `Watchdog` | [`Unwatched`](crate::roles::Unwatched) |
//! | `Entropy` | [`Seeded<SEED>`](crate::roles::Seeded) |
//! | `PANIC` | [`PanicPolicy::Abort`]: nothing unwinds |
//!
//! Another choice is refused when the program is built.
//!
//! # Interrupts
//! A handler may wake, clone and drop wakers, abort tasks, spawn by a [`Handle`], and use what is `Sync`:
//! a [`Notify`](crate::sync::Notify) or a sender of a channel that is `Shared`, and these only after the first runtime has
//! started. It never waits: what it does to tasks goes to the worker's inbox by one exchange, and what is locked is locked while
//! nothing interrupts. Everything else panics there, or does not compile. What it drops last it frees: a spawn takes memory from
//! the strategy there, and a handle or waker that outlives its runtime gives the worker's memory to the global allocator.
//!
//! # Memory
//! The worker and its tables are on the heap, made when the runtime starts: the queue has room for
//! [`LOCAL_QUEUE`](Config::LOCAL_QUEUE) tasks at once, the table of tasks and that of timers grow to as many as there were at a
//! time. A task is in a block of the strategy, or, of a function under `#[task(pool = N)]`, in a `static` of exactly its size.
//! [`Runtime::INFO`] says what the worker takes, and `INFO.fits(BYTES)` in a constant bounds it.
//!
//! # Example
//! The chapter [without an operating system][chapter] of the guide is one; `tests/guest/cortex-m` in the repository is a program
//! that runs on a Cortex-M4.
//!
//! [chapter]: https://docs.rs/bespoke/latest/bespoke/guide/without_std/index.html

pub use crate::config::{Config, PanicPolicy};
pub use crate::driver::Bare;
pub use crate::roles::Board;
pub use crate::runtime::{Handle, Runtime};
pub use crate::time::Instant;

/// Tasks.
pub mod task {
    pub use crate::runtime::{PoolFull, StaticTask, YieldNow};
    pub use crate::task::{AbortHandle, JoinError, JoinHandle};
}

/// What the expansions of the macros may name. Not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::check;
    pub use crate::config::{Sealed, SharingOf};
    pub use crate::future::machines;
    pub use crate::machine;
    pub use crate::runtime::{Admits, Ambient, Spawnable, StartTask, align_of, bytes_of};
    pub use crate::task::{JoinHandle, places};
    pub use crate::time::{Interval, Sleep, Timeout};
    pub use core;
}

/// The functions of a config: as those of the facade, without what needs threads.
#[doc(hidden)]
#[macro_export]
macro_rules! __embedded_ambient {
    ([$($generics:tt)*] $config:ty, [$($bounds:tt)*]) => {
        #[allow(dead_code, reason = "generated names, of which a program uses some")]
        impl<$($generics)*> $config
        where
            $($bounds)*
        {
            /// Spawns a task on the runtime that this task runs in: any `'static` future.
            #[track_caller]
            pub fn spawn<__F>(future: __F) -> $crate::embedded::__private::JoinHandle<__F::Output>
            where
                __F: ::core::future::Future + 'static,
                $crate::embedded::__private::SharingOf<$config>: $crate::embedded::__private::Admits<__F>,
            {
                $crate::embedded::__private::Spawnable::<$config>::start(future)
            }

            /// Spawns a task of a function under `#[task(pool = N)]`, in a place of its pool.
            #[track_caller]
            pub fn spawn_task<__F: ::core::future::Future, __P: $crate::embedded::__private::places::Pool>(
                task: $crate::embedded::task::StaticTask<__F, __P>,
            ) -> ::core::result::Result<
                $crate::embedded::__private::JoinHandle<__F::Output>,
                $crate::embedded::task::PoolFull<__F, __P>,
            >
            where
                $crate::embedded::task::StaticTask<__F, __P>:
                    $crate::embedded::__private::StartTask<$config, __F, __P>,
            {
                $crate::embedded::__private::StartTask::<$config, __F, __P>::start_task(task)
            }

            /// Waits for `duration`.
            #[track_caller]
            pub fn sleep(duration: ::core::time::Duration) -> $crate::embedded::__private::Sleep<$config> {
                <$config as $crate::embedded::__private::Ambient>::sleep(duration)
            }

            /// Waits until `deadline`.
            #[track_caller]
            pub fn sleep_until(deadline: $crate::embedded::Instant) -> $crate::embedded::__private::Sleep<$config> {
                <$config as $crate::embedded::__private::Ambient>::sleep_until(deadline)
            }

            /// Waits for `future`, but no longer than `duration`.
            #[track_caller]
            pub fn timeout<__F: ::core::future::Future>(
                duration: ::core::time::Duration,
                future: __F,
            ) -> $crate::embedded::__private::Timeout<$config, __F> {
                <$config as $crate::embedded::__private::Ambient>::timeout(duration, future)
            }

            /// Ticks every `period`, from now on.
            #[track_caller]
            pub fn interval(period: ::core::time::Duration) -> $crate::embedded::__private::Interval<$config> {
                <$config as $crate::embedded::__private::Ambient>::interval(period)
            }

            /// Lets every task that is ready now run first.
            pub fn yield_now() -> $crate::embedded::task::YieldNow {
                <$config as $crate::embedded::__private::Ambient>::yield_now()
            }

            /// The time now, by the clock of the runtime.
            #[track_caller]
            pub fn now() -> $crate::embedded::Instant {
                <$config as $crate::embedded::__private::Ambient>::now()
            }

            /// A random number: for spreading load, not for secrets.
            #[track_caller]
            pub fn random() -> u64 {
                <$config as $crate::embedded::__private::Ambient>::random()
            }

            /// The runtime for interrupts.
            #[track_caller]
            pub fn handle() -> $crate::embedded::Handle<$config> {
                <$config as $crate::embedded::__private::Ambient>::handle()
            }
        }
    };
}

/// There is no module of short names here.
#[doc(hidden)]
#[macro_export]
macro_rules! __embedded_module {
    ($($any:tt)*) => {
        ::core::compile_error! {
            "`module = …` is for programs with the facade; here the functions are those of the config: `App::spawn`"
        }
    };
}

#[doc(hidden)]
pub use {__embedded_ambient as __ambient, __embedded_module as __module};
