//! monoio, twice: its legacy epoll driver and its io_uring driver. Everything but the driver is shared.
//!
//! monoio has no `yield_now`; the one here is what its users write (wake yourself, return `Pending` once). Its
//! scheduler puts a task that wakes itself at the *front* of the queue, so this lets nobody else run, and a task that
//! waits in such a loop for another waits for ever; `turn` spawns an empty task and joins it instead. Its blocking pool is
//! opt-in: one thread is attached, except in `start_once`, where a runtime that never blocks would not have it.

use core::future::Future;
use core::time::Duration;
use std::io;

use monoio::blocking::DefaultThreadPool;
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::task::JoinHandle;
use monoio::time::TimeDriver;
use monoio::{IoUringDriver, LegacyDriver, Runtime, RuntimeBuilder};

use super::{ECHO_BUFFER, Peer};

/// Entries of the submission queue; monoio's own default.
const RING_ENTRIES: u32 = 1024;

const NOTES: &[(&str, &str)] = &[
    ("yield-1", "monoio has no yield_now; a task that wakes itself goes to the front of the queue"),
    ("yield-100", "the same: a task that yields is polled again at once, the other 99 do not run in between"),
];

/// A started monoio runtime over epoll.
pub(crate) struct Epoll(Runtime<TimeDriver<LegacyDriver>>);

/// A started monoio runtime over io_uring.
pub(crate) struct Uring(Runtime<TimeDriver<IoUringDriver>>);

macro_rules! peer {
    ($peer:ident, $driver:ty) => {
        impl Peer for $peer {
            const NOTES: &'static [(&'static str, &'static str)] = NOTES;
            type Cx = ();
            type Handle<T: 'static> = JoinHandle<T>;

            fn start() -> Result<Self, String> {
                RuntimeBuilder::<$driver>::new()
                    .with_entries(RING_ENTRIES)
                    .attach_thread_pool(Box::new(DefaultThreadPool::new(1)))
                    .enable_timer()
                    .build()
                    .map(Self)
                    .map_err(|error| format!("monoio does not build: {error}"))
            }

            fn start_once() -> Result<(), String> {
                let built = RuntimeBuilder::<$driver>::new().with_entries(RING_ENTRIES).enable_timer().build();
                built.map_err(|error| format!("monoio does not build: {error}"))?.block_on(core::future::ready(()));
                Ok(())
            }

            fn cx(&self) {}

            fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
                self.0.block_on(async { monoio::spawn(main).await })
            }

            fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> JoinHandle<F::Output> {
                monoio::spawn(future)
            }

            fn join<T: 'static>(handle: JoinHandle<T>) -> impl Future<Output = T> {
                handle
            }

            fn detach<T: 'static>(handle: JoinHandle<T>) {
                drop(handle);
            }

            fn yield_now() -> impl Future<Output = ()> {
                futures_lite::future::yield_now()
            }

            async fn turn((): ()) {
                monoio::spawn(core::future::ready(())).await;
            }

            fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
                monoio::time::sleep(duration)
            }

            async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
                match monoio::spawn_blocking(job).await {
                    Ok(value) => value,
                    Err(_) => panic!("monoio cancelled a blocking job that nobody cancelled"),
                }
            }

            fn echo((): (), ready: impl FnOnce(u16) + 'static) -> impl Future<Output = io::Result<()>> + 'static {
                echo(ready)
            }
        }
    };
}

peer!(Epoll, LegacyDriver);
peer!(Uring, IoUringDriver);

async fn echo(ready: impl FnOnce(u16) + 'static) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    ready(listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        drop(monoio::spawn(serve(stream)));
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(ECHO_BUFFER);
    loop {
        // A read sets the vector's length to what arrived, and a write sends that length: no slice is needed.
        let (count, read) = stream.read(buffer).await;
        if count? == 0 {
            return Ok(());
        }
        let (written, sent) = stream.write_all(read).await;
        written?;
        buffer = sent;
    }
}
