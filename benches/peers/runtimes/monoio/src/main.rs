//! monoio, twice: its legacy epoll driver and its io_uring driver. Everything but the driver is shared.
//!
//! monoio has no `yield_now`; the one here is what its users write (wake yourself, return `Pending` once). Its
//! scheduler puts a task that wakes itself at the *front* of the queue, so this lets nobody else run, and a task that
//! waits in such a loop for another waits for ever; `turn` spawns an empty task and joins it instead. Its blocking pool is
//! opt-in: one thread is attached, except in `start_once`, where a runtime that never blocks would not have it. Channels are
//! those of `local-sync`, from the same authors.

use core::future::Future;
use core::time::Duration;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use harness::{
    Direct, Files, Mpsc, Oneshot, PAGE, Page, Peer, Refusal, Row, Runner, Sampled, Service, Tasks, Transport, Variant,
    future_size, open_direct, rows, whole,
};
use local_sync::{mpsc::bounded, oneshot};
use monoio::blocking::DefaultThreadPool;
use monoio::buf::IoBufMut;
use monoio::fs::File;
use monoio::io::{AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt};
use monoio::net::udp::UdpSocket;
use monoio::net::{ListenerOpts, TcpListener, TcpStream, UnixListener};
use monoio::task::JoinHandle;
use monoio::time::TimeDriver;
use monoio::{IoUringDriver, LegacyDriver, Runtime, RuntimeBuilder};

/// Entries of the submission queue; monoio's own default.
const RING_ENTRIES: u32 = 1024;

const NOTES: &[(&str, &str)] = &[
    ("yield-1", "monoio has no yield_now; a task that wakes itself goes to the front of the queue"),
    ("yield-100", "the same: a task that yields is polled again at once, the other 99 do not run in between"),
    ("ping-pong-spin", "who waits spawns an empty task and joins it, because a yield would let nobody else run"),
    ("oneshot", "local-sync"),
    ("mpsc", "local-sync"),
    ("file-read", "over epoll the read is made on the runtime's own thread, which waits for the disk"),
    ("direct-read", "over epoll the read is made on the runtime's own thread: one at a time"),
    ("workers-start", "two runtimes of one thread"),
    ("workers-idle", "two runtimes of one thread"),
];

fn main() -> ExitCode {
    harness::agent::main(&[
        Variant { name: "monoio-epoll", package: "monoio", notes: NOTES, start: || Ok(Box::new(Epoll::start()?)) },
        Variant { name: "monoio-uring", package: "monoio", notes: NOTES, start: || Ok(Box::new(Uring::start()?)) },
    ])
}

/// A started monoio runtime over epoll.
struct Epoll(Runtime<TimeDriver<LegacyDriver>>);

/// A started monoio runtime over io_uring.
struct Uring(Runtime<TimeDriver<IoUringDriver>>);

macro_rules! peer {
    ($peer:ident, $driver:ty) => {
        impl Runner for $peer {
            fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
                rows::tasks(self, row, amount)
                    .or_else(|| rows::times(self, row, amount))
                    .or_else(|| rows::threads(self, row, amount))
                    .or_else(|| rows::files::<_, Disk>(self, row, amount))
                    .or_else(|| rows::direct::<_, Disk>(self, row, amount))
                    .or_else(|| rows::oneshot::<_, Channels>(self, row, amount))
                    .or_else(|| rows::mpsc::<_, Channels>(self, row, amount))
                    .or_else(|| rows::pairs::<Self>(row, amount))
                    .unwrap_or(Err(Refusal::Absent))
            }

            fn serve(&mut self, service: Service) -> Result<(), Refusal> {
                self.run(Self::echo((), service))
            }
        }

        impl Tasks for $peer {
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

            fn yield_now() -> impl Future<Output = ()> + 'static {
                futures_lite::future::yield_now()
            }

            async fn turn((): ()) {
                monoio::spawn(core::future::ready(())).await;
            }
        }

        impl Peer for $peer {
            fn start_once() -> Result<(), String> {
                let built = RuntimeBuilder::<$driver>::new().with_entries(RING_ENTRIES).enable_timer().build();
                built.map_err(|error| format!("monoio does not build: {error}"))?.block_on(core::future::ready(()));
                Ok(())
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

            fn echo((): (), service: Service) -> impl Future<Output = Result<(), Refusal>> + 'static {
                serve(service)
            }

            fn connection_future() -> usize {
                future_size(tcp)
            }
        }
    };
}

peer!(Epoll, LegacyDriver);
peer!(Uring, IoUringDriver);

async fn serve(service: Service) -> Result<(), Refusal> {
    let Service { transport, buffer, ready } = service;
    match transport {
        Transport::Tcp => {
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            ready(listener.local_addr()?.port());
            loop {
                let (stream, _) = listener.accept().await?;
                drop(monoio::spawn(tcp((stream, buffer))));
            }
        }
        Transport::Unix(path) => {
            // Its default asks for SO_REUSEPORT, which newer kernels refuse on such a socket.
            let listener = UnixListener::bind_with_config(path, &ListenerOpts::new().reuse_port(false))?;
            ready(0);
            loop {
                let (stream, _) = listener.accept().await?;
                drop(monoio::spawn(echo(stream, buffer)));
            }
        }
        Transport::Udp => {
            let socket = UdpSocket::bind(("127.0.0.1", 0))?;
            ready(socket.local_addr()?.port());
            let mut buffer = Vec::with_capacity(buffer);
            loop {
                let (received, datagram) = socket.recv_from(buffer).await;
                let (_, from) = received?;
                let (sent, back) = socket.send_to(datagram, from).await;
                sent?;
                buffer = back;
            }
        }
    }
}

async fn tcp((stream, buffer): (TcpStream, usize)) -> io::Result<()> {
    stream.set_nodelay(true)?;
    echo(stream, buffer).await
}

async fn echo(mut stream: impl AsyncReadRent + AsyncWriteRent, buffer: usize) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(buffer);
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

/// monoio's files.
struct Disk;

impl Files for Disk {
    type File = File;

    async fn open(path: &Path) -> io::Result<File> {
        File::open(path).await
    }

    async fn read_at(file: &mut File, offset: u64, buffer: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
        let (count, buffer) = file.read_at(buffer, offset).await;
        Ok((count?, buffer))
    }
}

/// A page that monoio reads into.
struct Aligned(Page);

// SAFETY: a page of the heap, which stays where it is when its name moves.
unsafe impl IoBufMut for Aligned {
    fn write_ptr(&mut self) -> *mut u8 {
        self.0.bytes_mut().as_mut_ptr()
    }

    fn bytes_total(&mut self) -> usize {
        PAGE
    }

    unsafe fn set_init(&mut self, _: usize) {}
}

impl Direct for Disk {
    type File = Rc<File>;
    type Page = Aligned;

    async fn open(path: &Path) -> io::Result<Self::File> {
        File::from_std(open_direct(path)?).map(Rc::new)
    }

    fn page(_: &Self::File) -> Aligned {
        Aligned(Page::new())
    }

    async fn read_at(file: &Self::File, offset: u64, page: Aligned) -> io::Result<Aligned> {
        let (count, page) = file.read_at(page, offset).await;
        whole(count?)?;
        Ok(page)
    }

    fn bytes(page: &Aligned) -> &[u8] {
        page.0.bytes()
    }
}

/// local-sync.
struct Channels;

impl Oneshot for Channels {
    type Sender = oneshot::Sender<u64>;
    type Receiver = oneshot::Receiver<u64>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        oneshot::channel()
    }

    fn send(sender: Self::Sender, value: u64) {
        sender.send(value).expect("the receiver waits");
    }

    async fn receive(receiver: Self::Receiver) -> u64 {
        receiver.await.expect("the sender sends")
    }
}

impl Mpsc for Channels {
    type Sender = bounded::Tx<u64>;
    type Receiver = bounded::Rx<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        bounded::channel(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect("the receiver waits");
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> {
        receiver.recv()
    }
}
