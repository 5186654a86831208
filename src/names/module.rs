//! A config's module: its names, short.

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

            /// Spawns a task of a function under `#[task(pool = N)]`, in a place of its pool.
            #[track_caller]
            pub fn spawn_task<F: ::core::future::Future, P: $crate::__private::places::Pool>(
                task: $crate::task::StaticTask<F, P>,
            ) -> ::core::result::Result<$crate::__private::JoinHandle<F::Output>, $crate::task::PoolFull<F, P>>
            where
                $crate::task::StaticTask<F, P>: $crate::__private::StartTask<__config::C, F, P>,
            {
                $crate::__private::StartTask::<__config::C, F, P>::start_task(task)
            }

            /// Makes a future on a worker and keeps it there: the closure is `Send`, the future need not be.
            #[track_caller]
            pub fn spawn_pinned<T: ::core::marker::Send + 'static>(
                make: impl ::core::ops::AsyncFnOnce() -> T + ::core::marker::Send + 'static,
            ) -> $crate::__private::JoinHandle<T> {
                <__config::C as $crate::__private::Ambient>::spawn_pinned(make)
            }

            /// Waits for an asynchronous function in code that is not: on a blocking thread of the runtime, as a task of it; on a
            /// thread without a runtime, there. On a worker it panics: write `.await`. See `Ambient::await_fn`.
            #[track_caller]
            pub fn await_fn<T: ::core::marker::Send + 'static>(
                function: impl ::core::ops::AsyncFnOnce() -> T + ::core::marker::Send + 'static,
            ) -> T {
                <__config::C as $crate::__private::Ambient>::await_fn(function)
            }

            /// The runtime that this task runs in, for other threads.
            #[track_caller]
            pub fn handle() -> Handle {
                <__config::C as $crate::__private::Ambient>::handle()
            }

            /// Lets the other tasks that are ready now run first: of several workers', those in the queue of this one.
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
                pub type TcpSocket = $crate::rt::TcpSocket<C>;
                pub type TcpStream = $crate::rt::TcpStream<C>;
                pub type ReadHalf<'a> = $crate::rt::ReadHalf<'a, C>;
                pub type WriteHalf<'a> = $crate::rt::WriteHalf<'a, C>;
                pub type OwnedReadHalf = $crate::rt::OwnedReadHalf<C>;
                pub type OwnedWriteHalf = $crate::rt::OwnedWriteHalf<C>;
                pub type Lease = $crate::rt::Lease<C>;
                pub type ReuniteError = $crate::rt::ReuniteError<C>;
                pub use $crate::rt::{ConnectError, Keepalive, LookupAddrs, TcpOptions, ToSocketAddrs};

                /// Looks up what names one or more addresses; see `bespoke::rt::lookup_host`.
                #[track_caller]
                pub fn lookup_host(
                    host: impl ToSocketAddrs,
                ) -> impl ::core::future::Future<Output = ::std::io::Result<::std::vec::IntoIter<::core::net::SocketAddr>>>
                + ::core::marker::Send {
                    $crate::rt::lookup_host::<C>(host)
                }
                #[cfg(unix)]
                pub type AsyncFd<T> = $crate::rt::AsyncFd<C, T>;
                #[cfg(unix)]
                pub type AsyncFdGuard<'a, T> = $crate::rt::AsyncFdGuard<'a, C, T>;
                /// Pipes and FIFOs; see `bespoke::rt::pipe`.
                #[cfg(unix)]
                pub mod pipe {
                    use super::C;
                    use ::std::io;
                    pub type Sender = $crate::rt::pipe::Sender<C>;
                    pub type Receiver = $crate::rt::pipe::Receiver<C>;
                    pub type OpenOptions = $crate::rt::pipe::OpenOptions<C>;

                    /// A pipe: what is written to the one is read from the other.
                    #[track_caller]
                    pub fn pipe() -> io::Result<(Sender, Receiver)>
                    where
                        // As in `signal::signal`.
                        for<'any> <C as $crate::Config>::Driver: $crate::rt::Pipes,
                    {
                        $crate::rt::pipe::pipe::<C>()
                    }
                }
                #[cfg(unix)]
                pub type UdpSocket = $crate::rt::UdpSocket<C>;
                #[cfg(unix)]
                pub type UnixDatagram = $crate::rt::UnixDatagram<C>;
                #[cfg(unix)]
                pub type UnixListener = $crate::rt::UnixListener<C>;
                #[cfg(unix)]
                pub type UnixStream = $crate::rt::UnixStream<C>;
                #[cfg(unix)]
                pub use $crate::rt::{Credentials, FdsLost, UdpOptions, UnixAddr};
                #[cfg(target_os = "linux")]
                pub use $crate::rt::Splicer;
                /// The halves of a `UnixStream`.
                #[cfg(unix)]
                pub mod unix {
                    use super::{C, UnixStream};
                    pub type ReadHalf<'a> = $crate::rt::ReadHalf<'a, C, UnixStream>;
                    pub type WriteHalf<'a> = $crate::rt::WriteHalf<'a, C, UnixStream>;
                    pub type OwnedReadHalf = $crate::rt::OwnedReadHalf<C, UnixStream>;
                    pub type OwnedWriteHalf = $crate::rt::OwnedWriteHalf<C, UnixStream>;
                    pub type ReuniteError = $crate::rt::ReuniteError<C, UnixStream>;
                }
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

            /// Files, folders, paths. See `bespoke::rt::File`, and `bespoke::rt::fs` for what the functions promise.
            #[cfg(unix)]
            pub mod fs {
                use super::__config::C;
                use ::core::convert::AsRef;
                use ::core::future::Future;
                use ::core::marker::Send;
                use ::std::fs::Permissions;
                use ::std::path::{Path, PathBuf};
                use ::std::{io, string::String, vec::Vec};
                pub type File = $crate::rt::File<C>;
                pub type OpenOptions = $crate::rt::OpenOptions<C>;
                pub type ReadDir = $crate::rt::ReadDir<C>;
                pub type DirEntry = $crate::rt::DirEntry<C>;
                pub use $crate::rt::{FileType, Metadata, Rename};
                #[cfg(target_os = "linux")]
                pub use $crate::rt::{Advice, Allocation};
                #[cfg(target_os = "linux")]
                pub type Dir = $crate::rt::Dir<C>;

                /// The path from the root, without links, `.` or `..`.
                #[track_caller]
                pub fn canonicalize(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> + Send
                where
                    // As in `signal::signal`.
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::canonicalize::<C>(path)
                }

                /// Copies the bytes and the permissions of a file; yields how many bytes.
                #[track_caller]
                pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> impl Future<Output = io::Result<u64>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::copy::<C>(from, to)
                }

                /// Makes a folder.
                #[track_caller]
                pub fn create_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::create_dir::<C>(path)
                }

                /// Makes a folder, and those on the way to it.
                #[track_caller]
                pub fn create_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::create_dir_all::<C>(path)
                }

                /// Gives a file one name more.
                #[track_caller]
                pub fn hard_link(
                    original: impl AsRef<Path>,
                    link: impl AsRef<Path>,
                ) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::hard_link::<C>(original, link)
                }

                /// What the system knows about what a path leads to.
                #[track_caller]
                pub fn metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::metadata::<C>(path)
                }

                /// Reads a whole file.
                #[track_caller]
                pub fn read(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Vec<u8>>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::read::<C>(path)
                }

                /// Lists a folder.
                #[track_caller]
                pub fn read_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<ReadDir>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::read_dir::<C>(path)
                }

                /// What a link says.
                #[track_caller]
                pub fn read_link(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::read_link::<C>(path)
                }

                /// Reads a whole file of text.
                #[track_caller]
                pub fn read_to_string(path: impl AsRef<Path>) -> impl Future<Output = io::Result<String>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::read_to_string::<C>(path)
                }

                /// Removes an empty folder.
                #[track_caller]
                pub fn remove_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::remove_dir::<C>(path)
                }

                /// Removes a folder and all that is in it.
                #[track_caller]
                pub fn remove_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::remove_dir_all::<C>(path)
                }

                /// Removes a file.
                #[track_caller]
                pub fn remove_file(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::remove_file::<C>(path)
                }

                /// Gives a file or folder another name.
                #[track_caller]
                pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::rename::<C>(from, to)
                }

                /// Gives a file or folder a name that nothing has, or exchanges two names.
                #[track_caller]
                pub fn rename_with(
                    from: impl AsRef<Path>,
                    to: impl AsRef<Path>,
                    how: Rename,
                ) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::rename_with::<C>(from, to, how)
                }

                /// Says who may do what with a file.
                #[track_caller]
                pub fn set_permissions(
                    path: impl AsRef<Path>,
                    permissions: Permissions,
                ) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::set_permissions::<C>(path, permissions)
                }

                /// Makes a link that leads to `original`.
                #[track_caller]
                pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::symlink::<C>(original, link)
                }

                /// What the system knows about a link itself.
                #[track_caller]
                pub fn symlink_metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::symlink_metadata::<C>(path)
                }

                /// Does the path lead to anything?
                #[track_caller]
                pub fn try_exists(path: impl AsRef<Path>) -> impl Future<Output = io::Result<bool>> + Send
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::try_exists::<C>(path)
                }

                /// Writes a whole file: makes it, or cuts it first. Yields the buffer.
                #[track_caller]
                pub fn write<B: $crate::io::IoBuf>(
                    path: impl AsRef<Path>,
                    buffer: impl $crate::io::IntoIoBuf<Buf = B>,
                ) -> $crate::rt::WriteWhole<C, B>
                where
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Fs,
                {
                    $crate::rt::fs::write::<C, B>(path, buffer)
                }
            }

            /// The standard streams of the process. See `bespoke::rt::Stdin` and `bespoke::rt::Stdout`.
            pub mod io {
                $crate::__stdio! { [super::__config::C] }
            }

            /// Child processes. See `bespoke::rt::Command`.
            pub mod process {
                use super::__config::C;
                pub use ::std::process::{ExitStatus, Output, Stdio};
                pub type Command = $crate::rt::Command<C>;
                #[cfg(unix)]
                pub type Child = $crate::rt::Child<C>;
                #[cfg(unix)]
                pub type ChildStdin = $crate::rt::ChildStdin<C>;
                #[cfg(unix)]
                pub type ChildStdout = $crate::rt::ChildStdout<C>;
                #[cfg(unix)]
                pub type ChildStderr = $crate::rt::ChildStderr<C>;
                #[cfg(unix)]
                pub use $crate::rt::SpawnError;
            }

            /// Signals of the operating system. The first listener for one takes its default action away for ever.
            pub mod signal {
                use super::__config::C;
                #[cfg(unix)]
                pub use $crate::rt::{SignalKind, SignalRefused};
                #[cfg(unix)]
                pub type Signal = $crate::rt::Signal<C>;

                /// Listens for a signal from now on.
                ///
                /// # Errors
                /// `InvalidInput`: no such signal, or one that cannot be listened for. No descriptor left.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread.
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

                /// Prints what every task of this runtime is doing on standard error, each time the signal comes. Spawn
                /// what it yields.
                ///
                /// # Errors
                /// As `signal`.
                ///
                /// # Panics
                /// As `signal`.
                #[cfg(unix)]
                #[track_caller]
                pub fn dump_on(
                    kind: SignalKind,
                ) -> ::std::io::Result<impl ::core::future::Future<Output = ()> + ::core::marker::Send>
                where
                    // As in `signal`.
                    for<'any> <C as $crate::Config>::Driver: $crate::rt::Foreign,
                {
                    $crate::rt::dump_on::<C>(kind)
                }

                /// Waits for the interrupt key, from the first poll on.
                ///
                /// # Errors
                /// As `signal`; `BrokenPipe` if the runtime is closed meanwhile.
                ///
                /// # Cancel safety
                /// Cancel safe. A key that comes while nobody waits is lost: in a loop, use one `Signal`.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread, at the first poll.
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
                ///
                /// # Cancel safety
                /// Cancel safe.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread.
                #[track_caller]
                pub fn sleep(duration: Duration) -> Sleep {
                    <C as Ambient>::sleep(duration)
                }
                /// Waits until `deadline`.
                ///
                /// # Cancel safety
                /// Cancel safe.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread, at the first poll.
                #[track_caller]
                pub fn sleep_until(deadline: Instant) -> Sleep {
                    <C as Ambient>::sleep_until(deadline)
                }
                /// Waits for `future`, but no longer than `duration`.
                ///
                /// # Errors
                /// `Elapsed`, which `?` makes an `io::Error` of the kind `TimedOut`.
                ///
                /// # Cancel safety
                /// As `future`, which is dropped with the `Timeout`; give it `&mut future` to keep it.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread.
                #[track_caller]
                pub fn timeout<F: ::core::future::Future>(duration: Duration, future: F) -> Timeout<F> {
                    <C as Ambient>::timeout(duration, future)
                }
                /// Waits for `future`, but no longer than until `deadline`.
                ///
                /// # Errors
                /// As `timeout`.
                ///
                /// # Cancel safety
                /// As `future`, which is dropped with the `Timeout`; give it `&mut future` to keep it.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread, at the first poll that finds `future` not ready.
                #[track_caller]
                pub fn timeout_at<F: ::core::future::Future>(deadline: Instant, future: F) -> Timeout<F> {
                    <C as Ambient>::timeout_at(deadline, future)
                }
                /// Ticks every `period`, from now on.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread; if `period` is zero.
                #[track_caller]
                pub fn interval(period: Duration) -> Interval {
                    <C as Ambient>::interval(period)
                }
                /// Ticks every `period`, from `start` on.
                ///
                /// # Panics
                /// If `period` is zero. A tick panics without a runtime of this config on its thread.
                #[track_caller]
                pub fn interval_at(start: Instant, period: Duration) -> Interval {
                    <C as Ambient>::interval_at(start, period)
                }
                /// The time now, by the clock of the runtime.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread.
                #[track_caller]
                pub fn now() -> Instant {
                    <C as Ambient>::now()
                }
                /// Moves a `Manual` clock forward.
                ///
                /// # Panics
                /// Without a runtime of this config on this thread.
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
