//! On both drivers, and with peers of `std`.

use bespoke::prelude::*;
use bespoke::rt::{File, TcpStream};
use bespoke::{Config, Runtime};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};

/// Operations that block, a thread per task.
pub struct Threads;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Threads {
    type Scheduler = bespoke::scheduler::ThreadPerTask;
    type Driver = bespoke::driver::Blocking;
}

/// Runs a function that is generic over the config, on each.
#[macro_export]
macro_rules! on_each_driver {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            #[test]
            fn mio() {
                super::support::run(super::$case::<bespoke::preset::Default>());
            }
            #[test]
            fn blocking() {
                super::support::run_on_threads(super::$case::<super::support::Threads>());
            }
        }
    )* };
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    Runtime::<bespoke::preset::Default>::new().expect("a runtime starts").block_on(future)
}

pub fn run_on_threads<T>(future: impl Future<Output = T>) -> T {
    Runtime::<Threads>::new().expect("a runtime starts").block_on(future)
}

/// A stream of the runtime and its peer, a socket of `std`.
pub async fn pair<C: Config<Driver: Net>>() -> (TcpStream<C>, StdStream) {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a bound socket has an address");
    let ours = TcpStream::connect(address).await.expect("a listener is there");
    let (theirs, _) = listener.accept().expect("a connection waits");
    theirs.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("open");
    (ours, theirs)
}

/// Bytes of which any stretch is unlike its neighbours.
pub fn bytes(len: usize) -> Vec<u8> {
    (0..len as u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

/// An empty file to read and write, and where it is.
#[allow(dead_code, reason = "not every program here has files")]
pub async fn file<C: Config<Driver: Fs>>(name: &str) -> (File<C>, std::path::PathBuf) {
    let driver = <C::Driver as bespoke::driver::Driver>::NAME;
    let path = std::env::temp_dir().join(format!("bespoke-interop-{}-{name}-{driver}", std::process::id()));
    // One of an earlier process with this number.
    let _ = std::fs::remove_file(&path);
    (File::create_new(&path).await.expect("a folder for temporary files"), path)
}
