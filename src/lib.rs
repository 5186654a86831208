//! An async runtime cut to the program at compile time.
//!
//! One type, the program's [`Config`], names the scheduler, the I/O driver, the memory strategy and the clock;
//! [`Runtime<C>`](Runtime) is monomorphised over it, so nothing that was decided when the program was written is decided
//! again while it runs. With the default config there is no generic in sight:
//!
//! ```
//! # #[cfg(unix)] mod program {
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
//! # #[cfg(unix)] program::main().unwrap();
//! ```
//!
//! | to … | see |
//! |---|---|
//! | write a program on the defaults | [`main`](macro@main), [`spawn`], [`net`], [`time`], [`signal`], [`task`] |
//! | choose parts | [`macro@config`], [`preset`], [`Builder`], [`scheduler`], [`driver`], [`memory`], [`clock`] |
//! | write a library for every config | [`prelude`], [`rt`], [`Config`], [`LocalConfig`] |
//! | test | [`macro@test`], [`paused`] |
//!
//! *Architecture Invariant:* names and presets only; the mechanism is in the crates below.
#![cfg_attr(not(unix), allow(unused_imports, reason = "the default config needs a Unix driver for now"))]

extern crate self as bespoke;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod builder;
mod names;
#[cfg(unix)]
pub mod preset;

pub use bespoke_core::config::{Config, PanicPolicy};
pub use bespoke_core::error::{Error, ErrorKind};
pub use bespoke_core::info::Info;
pub use bespoke_core::runtime::{Handle, LocalConfig, Runtime};
pub use bespoke_core::time::{Elapsed, Instant, MissedTickBehavior};
pub use bespoke_macros::{config, main, test};
pub use builder::{
    Builder, Built, Chosen, FreeDriver, FreeMemory, FreeScheduler, HasDriver, NoDriver, NoMemory, NoScheduler,
    OrSystem, Pick,
};
pub use task::{JoinError, JoinHandle};

/// What code that is generic over the config imports.
pub mod prelude {
    #[cfg(unix)]
    pub use crate::rt::{Foreign, Net};
    pub use crate::{Config, LocalConfig};
    pub use bespoke_core::io::IoBuf as _;
    pub use bespoke_core::runtime::{Ambient as _, Spawnable as _};
}

/// Tasks, whatever the config.
pub mod task {
    pub use bespoke_core::runtime::YieldNow;
    pub use bespoke_core::task::{AbortHandle, Id, JoinError, JoinHandle};

    /// Lets every task that is ready now run first.
    pub fn yield_now() -> YieldNow {
        <YieldNow as Default>::default()
    }
}

/// The generic types, `T<C>`: for libraries. A config's module has short names for its own.
pub mod rt {
    pub use bespoke_core::config::SharingOf;
    pub use bespoke_core::driver::{Op, Operation, OwnedResource, Submit};
    pub use bespoke_core::runtime::{Admits, Ambient, Spawnable};
    pub use bespoke_core::time::{Interval, Sleep, Timeout};
    #[cfg(unix)]
    pub use bespoke_drivers::net::{
        OwnedReadHalf, OwnedWriteHalf, Peek, Read, ReadHalf, TcpListener, TcpStream, ToSocketAddrs, Write, WriteAll,
        WriteHalf,
    };
    #[cfg(unix)]
    pub use bespoke_drivers::op::{Foreign, Keepalive, Net, Taken, TcpOptions};
    #[cfg(unix)]
    pub use bespoke_drivers::signal::{Signal, SignalKind, ctrl_c, signal};
}

/// Buffers that an operation may own.
pub mod io {
    pub use bespoke_core::io::{IoBuf, IoBufMut, Slice};
}

/// Schedulers: which task runs next, and where.
pub mod scheduler {
    pub use bespoke_core::roles::Scheduler;
    pub use bespoke_core::scheduler::{SingleThread, ThreadPerTask};
    pub use bespoke_core::select::{Count, Selected, Workers};
    pub use bespoke_core::sharing::{Local, Shared, Sharing};
}

/// Drivers: how I/O is done and how a worker sleeps.
pub mod driver {
    pub use bespoke_core::roles::{Caps, Driver, Under};
    #[cfg(unix)]
    pub use bespoke_drivers::{Blocking, Mio};
}

/// Memory strategies: where tasks come from.
pub mod memory {
    pub use bespoke_alloc::{Fixed, Pooled, System};
    pub use bespoke_core::roles::Memory;
}

/// Clocks, randomness, threads and topologies.
pub mod clock {
    pub use bespoke_alloc::Sysfs;
    pub use bespoke_core::roles::{
        Clock, Entropy, NoThreads, OsEntropy, OsThreads, Seeded, Threads, Topology, Uniform,
    };
    pub use bespoke_core::time::{Manual, Monotonic};
}

// The zero-generics path: the same module as every config's own, for the default config, at the root.
#[cfg(unix)]
mod default_config {
    crate::__module! { pub root [crate::preset::Default] }
}
#[cfg(unix)]
pub use default_config::root::{net, signal, spawn, spawn_blocking, spawn_pinned, time};

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
#[cfg(unix)]
pub mod paused {
    pub use paused_config::root::{net, signal, spawn, spawn_blocking, spawn_pinned, time};

    mod paused_config {
        crate::__module! { pub root [crate::preset::Paused] }
    }
}
