//! An async runtime cut to the program at compile time.
//!
//! One type, the program's [`Config`], names the scheduler, the I/O driver, the memory strategy and the clock;
//! [`Runtime<C>`](Runtime) is monomorphised over it, so nothing that was decided when the program was written is decided
//! again while it runs. With the default config there is no generic in sight:
//!
//! ```
//! # mod program {
//! use bespoke::net::{TcpListener, TcpStream};
//!
//! #[bespoke::main]
//! # pub
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     let server = bespoke::spawn(async move {
//!         let (mut stream, _) = listener.accept().await?;
//!         let mut buffer = [0; 5];
//!         stream.read_exact(&mut buffer).await?;
//!         stream.write_all(buffer.to_vec()).await.0
//!     });
//!     let mut stream = TcpStream::connect(address).await?;
//!     stream.write_all("hello").await.0?;
//!     let mut echo = [0; 5];
//!     stream.read_exact(&mut echo).await?;
//!     assert_eq!(&echo, b"hello");
//!     server.await?
//! }
//! # }
//! # program::main().unwrap();
//! ```
//!
//! | to … | see |
//! |---|---|
//! | learn | [`guide`], a chapter per subject |
//! | write a program on the defaults | [`main`](macro@main), [`spawn`], [`net`], [`fs`], [`process`], [`time`], [`signal`], [`task`](mod@task) |
//! | let tasks talk to each other | [`channel`], [`sync`], [`select!`], [`join!`], [`race!`] |
//! | choose parts | [`macro@config`], [`preset`], [`Builder`], [`scheduler`], [`driver`], [`memory`], [`clock`], [`watchdog`] |
//! | write a library for every config | [`prelude`], [`rt`], [`Config`], [`LocalConfig`] |
//! | test | [`macro@test`], [`paused`] |
//!
//! *Architecture Invariant:* names and presets only; the mechanism is in the crates below.

extern crate self as bespoke;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod builder;
mod default_config;
pub mod guide;
pub mod io;
mod names;
pub mod preset;
pub mod scheduler;
pub mod task;
pub mod watchdog;

pub use bespoke_core::config::{Config, PanicPolicy};
pub use bespoke_core::error::{Error, ErrorKind};
pub use bespoke_core::info::{Advice, Info, Model, Note, Part, Setting};
/// A runtime, as other threads see it: they spawn with it, and ask whether it is closed.
///
/// A result of a task of another thread comes through a channel, or the join handle goes to where it may be awaited:
///
/// ```
/// # fn main() -> Result<(), bespoke::Error> {
/// use bespoke::{Handle, JoinHandle, Runtime, preset::Default};
/// use std::{sync::mpsc, thread};
///
/// let runtime = Runtime::<Default>::new()?;
/// let handle: Handle<Default> = runtime.handle();
/// let other = thread::spawn(move || {
///     let (send, receive) = mpsc::channel();
///     handle.spawn(async move { send.send(6 * 7).unwrap() });
///     let here: i32 = receive.recv().unwrap(); // waits on this thread
///
///     let over_there: JoinHandle<i32> = handle.spawn(async move { here + 1 });
///     over_there // is awaited by the runtime's own thread, below
/// });
/// let sum = runtime.block_on(async {
///     while !other.is_finished() {
///         bespoke::yield_now().await;
///     }
///     other.join().unwrap().await.unwrap()
/// });
/// assert_eq!(sum, 43);
/// # Ok(())
/// # }
/// ```
pub use bespoke_core::runtime::Handle;
pub use bespoke_core::runtime::{LocalConfig, Runtime, Shutdown};
pub use bespoke_core::time::{Elapsed, Instant, MissedTickBehavior};
pub use bespoke_core::{async_fn_size, join, race, select, task_local, try_join};
pub use bespoke_macros::{async_fn, config, main, task, test};
pub use builder::{
    Builder, Built, Chosen, FreeDriver, FreeMemory, FreeScheduler, HasDriver, NoDriver, NoMemory, NoScheduler,
    OrSystem, Pick,
};
#[cfg(unix)]
pub use default_config::fs;
pub use default_config::{
    JoinSet, await_fn, handle, net, process, signal, spawn, spawn_blocking, spawn_pinned, spawn_task, time, yield_now,
};
pub use task::{JoinError, JoinHandle};

/// What code that is generic over the config imports.
///
/// ```
/// use bespoke::prelude::*;
/// use std::time::Duration;
///
/// async fn count<C: Config>() -> u32 {
///     let task = C::spawn(async { 1 });
///     C::sleep(Duration::from_millis(1)).await;
///     task.await.unwrap() + 1
/// }
///
/// # {
/// use bespoke::{Runtime, preset::Default};
/// assert_eq!(Runtime::<Default>::new()?.block_on(count::<Default>()), 2);
/// # }
/// # Ok::<(), bespoke::Error>(())
/// ```
pub mod prelude {
    #[cfg(unix)]
    pub use crate::rt::Fs;
    #[cfg(target_os = "linux")]
    pub use crate::rt::ZeroCopy;
    #[cfg(unix)]
    pub use crate::rt::{Descriptors, Pipes, Udp, Unix};
    pub use crate::rt::{Foreign, Net, Process};
    pub use crate::{Config, LocalConfig};
    pub use bespoke_core::io::IoBuf as _;
    pub use bespoke_core::roles::StartsThreads;
    pub use bespoke_core::runtime::{Ambient as _, SpawnInto as _, Spawnable as _};
}

/// Several futures in one task, whatever the config. Nothing is allocated, and nothing is spawned.
///
/// ```
/// use bespoke::time::{Duration, sleep};
/// use bespoke::{join, race, select};
///
/// async fn answer(after: u64, answer: u32) -> u32 {
///     sleep(Duration::from_millis(after)).await;
///     answer
/// }
///
/// #[bespoke::main]
/// async fn main() {
///     // All of them.
///     let (one, two) = join!(answer(1, 1), answer(0, 2));
///     assert_eq!((one, two), (1, 2));
///     // The first of them; the others are dropped.
///     assert_eq!(race!(answer(10_000, 1), answer(0, 2)), 2);
///     // The same, with something to do for each.
///     let first = select! {
///         slow = answer(10_000, 1) => slow,
///         fast = answer(0, 2) => fast,
///     };
///     assert_eq!(first, 2);
/// }
/// ```
pub mod future {
    pub use bespoke_core::future::{Join, Parts, Race, Racers, TryJoin, TryParts, join, race, try_join};
}

/// The generic types, `T<C>`: for libraries. A config's module has short names for its own.
///
/// ```
/// use bespoke::prelude::*;
/// use bespoke::rt::{TcpListener, TcpStream};
/// use std::io;
///
/// /// Listens, connects to itself, and says hello over owned halves: on every config with sockets.
/// async fn hello<C: Config<Driver: Net>>() -> io::Result<Vec<u8>> {
///     let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
///     let client = TcpStream::<C>::connect(listener.local_addr()?).await?;
///     let (mut server, _peer) = listener.accept().await?;
///
///     let (mut read, mut write) = client.into_split();
///     write.write_all(b"hello".to_vec()).await.0?;
///     drop(write); // the server reads the end of the stream
///
///     let mut buffer = vec![0; 16];
///     let n = server.read(&mut buffer).await?;
///     assert_eq!(server.read(&mut buffer[n..]).await?, 0);
///     drop(server);
///     assert_eq!(read.read(&mut [0; 1]).await?, 0);
///     buffer.truncate(n);
///     Ok(buffer)
/// }
///
/// use bespoke::{Runtime, preset::Default};
/// assert_eq!(Runtime::<Default>::new()?.block_on(hello::<Default>())?, b"hello");
/// # io::Result::Ok(())
/// ```
pub mod rt {
    pub use bespoke_core::channel::{mpsc, oneshot};
    pub use bespoke_core::config::SharingOf;
    pub use bespoke_core::driver::{Lease, Nop, Op, Operation, OwnedResource, Registration, Submit};
    pub use bespoke_core::roles::Regions;
    pub use bespoke_core::runtime::{Admits, Ambient, SpawnInto, Spawnable};
    pub use bespoke_core::scope::JoinSet;
    pub use bespoke_core::sync::{Notified, Notify};
    pub use bespoke_core::time::{Interval, Sleep, Timeout};
    #[cfg(target_os = "linux")]
    pub use bespoke_drivers::fs::{Advice, Allocation, Dir};
    #[cfg(unix)]
    pub use bespoke_drivers::fs::{
        DirEntry, File, FileType, Metadata, OpenOptions, ReadDir, ReadFile, ReadFileExact, ReadFileVectored, Rename,
        WriteFile, WriteFileAll, WriteFileVectored, WriteWhole,
    };
    #[cfg(unix)]
    pub use bespoke_drivers::net::pipe;
    #[cfg(unix)]
    pub use bespoke_drivers::net::{
        AsyncFd, AsyncFdGuard, FdsLost, Receive, ReceiveFrom, RecvFromWithFds, RecvWithFds, SendDatagram, SendWithFds,
        TryIoError, UdpSocket, UnixDatagram, UnixListener, UnixStream,
    };
    pub use bespoke_drivers::net::{
        ConnectError, LookupAddrs, OwnedReadHalf, OwnedWriteHalf, Peek, Read, ReadHalf, ReadInto, ReadLease,
        ReadVectored, ReuniteError, Splits, TcpListener, TcpSocket, TcpStream, ToSocketAddrs, Write, WriteAll,
        WriteHalf, WriteVectored, lookup_host,
    };
    #[cfg(target_os = "linux")]
    pub use bespoke_drivers::net::{SendFile, SpliceFrom, SpliceTo, Splicer};
    #[cfg(target_os = "linux")]
    pub use bespoke_drivers::op::ZeroCopy;
    #[cfg(unix)]
    pub use bespoke_drivers::op::{Credentials, Descriptors, Fs, Pipes, Udp, UdpOptions, Unix, UnixAddr};
    pub use bespoke_drivers::op::{Foreign, Keepalive, Net, Process, Taken, TcpOptions};
    pub use bespoke_drivers::process::Command;
    #[cfg(unix)]
    pub use bespoke_drivers::process::{
        Child, ChildStderr, ChildStdin, ChildStdout, SpawnError, WriteStdin, WriteStdinAll,
    };
    pub use bespoke_drivers::signal::ctrl_c;
    #[cfg(unix)]
    pub use bespoke_drivers::signal::{Signal, SignalKind, SignalRefused, dump_on, signal};
    #[cfg(unix)]
    pub use bespoke_drivers::stdio::{Stderr, Stdin, Stdout, WriteOut};
    pub use bespoke_drivers::stdio::{stderr, stdin, stdout};

    #[cfg(unix)]
    pub mod fs;
}

/// What tasks wait for, between tasks and between threads.
///
/// ```
/// use bespoke::sync::Notify;
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
///
/// #[bespoke::main]
/// async fn main() {
///     let (open, ready) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
///     let (opens, is_ready) = (open.clone(), ready.clone());
///     let gate = bespoke::spawn(async move {
///         is_ready.store(true, Ordering::Relaxed);
///         opens.notify_waiters();
///     });
///     loop {
///         let told = open.notified(); // made before the look: what is told after it is not lost
///         if ready.load(Ordering::Relaxed) {
///             break;
///         }
///         told.await;
///     }
///     gate.await.unwrap();
/// }
/// ```
///
/// These are `Send`, for tasks of every config. The module of a config with a local scheduler, `app::sync`, has the same
/// names for its own: they stay on their thread, and use no atomic instruction.
///
/// ```
/// # mod program {
/// use bespoke::Config;
/// use std::rc::Rc;
///
/// struct App;
///
/// #[bespoke::config(module = app)]
/// impl Config for App {}
///
/// #[bespoke::main(App)]
/// # pub
/// async fn main() {
///     let open = Rc::new(app::sync::Notify::new());
///     let opens = open.clone();
///     app::spawn(async move { opens.notify_one() });
///     open.notified().await;
/// }
/// # }
/// # program::main();
/// ```
///
/// The types behind both names, generic over the sharing, are [`rt::Notify`] and its kin.
pub mod sync {
    crate::__sync! { [crate::scheduler::Shared] }
}

/// Channels between tasks, and between tasks and threads.
///
/// ```
/// use bespoke::channel::{mpsc, oneshot};
///
/// enum Ask {
///     Add(u32),
///     Sum(oneshot::Sender<u32>),
/// }
///
/// #[bespoke::main]
/// async fn main() -> Result<(), oneshot::RecvError> {
///     let (asks, mut asked) = mpsc::channel(8);
///     bespoke::spawn(async move {
///         let mut sum = 0;
///         while let Some(ask) = asked.recv().await {
///             match ask {
///                 Ask::Add(n) => sum += n,
///                 // Whoever asked may be gone by now: then nobody wants to know.
///                 Ask::Sum(answer) => drop(answer.send(sum)),
///             }
///         }
///     });
///     for n in 1..=10 {
///         assert!(asks.send(Ask::Add(n)).await.is_ok()); // waits while the queue is full
///     }
///     let (answer, sum) = oneshot::channel();
///     assert!(asks.send(Ask::Sum(answer)).await.is_ok());
///     assert_eq!(sum.await?, 55);
///     Ok(())
/// }
/// ```
///
/// As in [`sync`], these are `Send`, and `app::channel` has the same names for the tasks of a config of one's own. The types
/// behind both, generic over the sharing, are in [`rt::oneshot`] and [`rt::mpsc`].
pub mod channel {
    crate::__channel! { [crate::scheduler::Shared] }
}

/// Drivers: how I/O is done and how a worker sleeps; and [`Nop`](driver::Nop), the operation that every driver has, and
/// [`Timeout`](driver::Timeout), that of every driver with I/O.
///
/// ```
/// use bespoke::driver::{Nanos, Timeout};
/// use bespoke::{preset, rt::Operation};
///
/// #[bespoke::main]
/// async fn main() {
///     let (over, ()) = Operation::<preset::Default, Timeout>::timeout(Nanos(2_000_000)).await;
///     over.expect("the runtime is open");
/// }
/// ```
pub mod driver {
    pub use bespoke_core::driver::{Nop, Timeout};
    pub use bespoke_core::roles::{Caps, Drained, Driver, DriverReport, Nanos, Under};
    #[cfg(unix)]
    pub use bespoke_drivers::PosixPoll;
    #[cfg(target_os = "linux")]
    pub use bespoke_drivers::{
        Batch, Fallback, IoUring, Kernel, OnFallback, RingOptions, SqPoll, ToStandardError, Unheard, Usual,
    };
    pub use bespoke_drivers::{Blocking, Mio, NoIo, OsPoller, Poller};
}

/// Memory strategies: where tasks come from.
///
/// ```
/// use bespoke::{Config, Runtime, memory::System};
///
/// struct Plain;
///
/// #[bespoke::config]
/// impl Config for Plain {
///     type Memory = System; // tasks come from the global allocator
/// }
///
/// assert_eq!(Runtime::<Plain>::INFO.memory, "system");
/// ```
pub mod memory {
    pub use bespoke_alloc::{Fixed, Pooled, System};
    pub use bespoke_core::roles::Memory;
}

/// What a runtime has done so far, in numbers, and as text for Prometheus: [`Handle::metrics`].
///
/// ```
/// # #[bespoke::main]
/// # async fn main() {
/// bespoke::time::sleep(std::time::Duration::from_millis(1)).await;
/// let metrics = bespoke::handle().metrics();
/// assert_eq!(metrics.workers[0].timers, 1);
/// println!("{}", metrics.prometheus());
/// # }
/// ```
pub mod metrics {
    pub use bespoke_core::runtime::{BlockingMetrics, Metrics, Prometheus, StealingMetrics, Stolen, WorkerMetrics};
}

/// Clocks, randomness, threads and topologies.
///
/// ```
/// use bespoke::{Config, Runtime, clock::{NoThreads, Seeded}};
///
/// /// One thread, and the same random numbers in every run.
/// struct Alone;
///
/// #[bespoke::config]
/// impl Config for Alone {
///     type Entropy = Seeded<42>;
///     type Threads = NoThreads;
///     const BLOCKING_THREADS_MAX: usize = 0;
/// }
///
/// let draw = || Runtime::<Alone>::new().unwrap().block_on(async { Alone::random() });
/// assert_eq!(draw(), draw());
/// ```
pub mod clock {
    pub use bespoke_alloc::Sysfs;
    pub use bespoke_core::roles::{
        Clock, Entropy, NoThreads, OsEntropy, Seeded, StartsThreads, Threads, Topology, Uniform,
    };
    pub use bespoke_core::time::{Manual, Monotonic};
    pub use bespoke_drivers::OsThreads;
}

/// The default config on a clock that jumps over waiting: for tests with timers.
///
/// ```
/// use bespoke::paused::time::{Duration, sleep};
/// use bespoke::preset::Paused;
///
/// # fn main() {
/// bespoke::Runtime::<Paused>::new().unwrap().block_on(async {
///     sleep(Duration::from_secs(86_400)).await; // takes no time
/// });
/// # }
/// ```
pub mod paused {
    #[cfg(unix)]
    pub use paused_config::root::fs;
    pub use paused_config::root::{
        Handle, JoinSet, Runtime, await_fn, channel, handle, io, net, process, signal, spawn, spawn_blocking,
        spawn_pinned, spawn_task, sync, time, yield_now,
    };

    mod paused_config {
        crate::__module! { pub root [crate::preset::Paused] }
    }
}
