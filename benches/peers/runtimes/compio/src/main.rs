//! compio, twice: its io_uring driver and its polling driver (epoll). Everything but the driver is shared.
//!
//! Operations own their buffers. It has no `yield_now`; the one here is what its users write (wake yourself, return `Pending`
//! once). It has no channels of its own.

use core::future::Future;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::time::Duration;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use compio::BufResult;
use compio::buf::{IntoInner, IoBuf, IoBufMut, SetLen};
use compio::driver::{DriverType, ProactorBuilder};
use compio::fs::{File, OpenOptions};
use compio::io::{AsyncRead, AsyncReadAt, AsyncWrite, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream, UdpSocket, UnixListener};
use compio::runtime::{JoinHandle, Runtime, RuntimeBuilder};
use harness::{
    Direct, Files, O_DIRECT, Page, Peer, Refusal, Row, Runner, Sampled, Service, Tasks, Transport, Variant,
    future_size, rows, whole,
};

const NOTES: &[(&str, &str)] = &[
    ("yield-1", "compio has no yield_now; a task that wakes itself"),
    ("workers-start", "two runtimes of one thread"),
    ("workers-idle", "two runtimes of one thread"),
];

fn main() -> ExitCode {
    harness::agent::main(&[
        Variant {
            name: "compio-uring",
            package: "compio",
            notes: NOTES,
            start: || Ok(Box::new(Compio::<Uring>::start()?)),
        },
        Variant {
            name: "compio-poll",
            package: "compio",
            notes: NOTES,
            start: || Ok(Box::new(Compio::<Poll>::start()?)),
        },
    ])
}

/// Which driver.
trait Driver: 'static {
    const TYPE: DriverType;
}

struct Uring;
struct Poll;

impl Driver for Uring {
    const TYPE: DriverType = DriverType::IoUring;
}

impl Driver for Poll {
    const TYPE: DriverType = DriverType::Poll;
}

/// A started runtime.
struct Compio<D>(Runtime, PhantomData<D>);

impl<D: Driver> Runner for Compio<D> {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::tasks(self, row, amount)
            .or_else(|| rows::times(self, row, amount))
            .or_else(|| rows::threads(self, row, amount))
            .or_else(|| rows::files::<_, Disk>(self, row, amount))
            .or_else(|| rows::direct::<_, Disk>(self, row, amount))
            .or_else(|| rows::pairs::<Self>(row, amount))
            .unwrap_or(Err(Refusal::Absent))
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        self.run(Self::echo((), service))
    }
}

impl<D: Driver> Tasks for Compio<D> {
    type Cx = ();
    type Handle<T: 'static> = JoinHandle<T>;

    fn start() -> Result<Self, String> {
        let mut driver = ProactorBuilder::new();
        driver.driver_type(D::TYPE);
        let built = RuntimeBuilder::new().with_proactor(driver).build();
        let runtime = built.map_err(|error| format!("compio does not build: {error}"))?;
        match runtime.driver_type() {
            driver if driver == D::TYPE => Ok(Self(runtime, PhantomData)),
            other => Err(format!("compio took the driver {other:?} instead")),
        }
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        self.0.block_on(async { Self::join(compio::runtime::spawn(main)).await })
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> JoinHandle<F::Output> {
        compio::runtime::spawn(future)
    }

    async fn join<T: 'static>(handle: JoinHandle<T>) -> T {
        match handle.await {
            Ok(output) => output,
            Err(_) => panic!("a task was cancelled that nobody cancelled, or panicked"),
        }
    }

    fn detach<T: 'static>(handle: JoinHandle<T>) {
        handle.detach();
    }

    fn yield_now() -> impl Future<Output = ()> + 'static {
        futures_lite::future::yield_now()
    }
}

impl<D: Driver> Peer for Compio<D> {
    fn start_once() -> Result<(), String> {
        Self::start()?.0.block_on(core::future::ready(()));
        Ok(())
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        compio::time::sleep(duration)
    }

    async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
        match compio::runtime::spawn_blocking(job).await {
            Ok(value) => value,
            Err(_) => panic!("a job was cancelled that nobody cancelled, or panicked"),
        }
    }

    async fn echo((): (), service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        match transport {
            Transport::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                ready(listener.local_addr()?.port());
                loop {
                    let (stream, _) = listener.accept().await?;
                    compio::runtime::spawn(tcp((stream, buffer))).detach();
                }
            }
            Transport::Unix(path) => {
                let listener = UnixListener::bind(path).await?;
                ready(0);
                loop {
                    let (stream, _) = listener.accept().await?;
                    compio::runtime::spawn(echo(stream, buffer)).detach();
                }
            }
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").await?;
                ready(socket.local_addr()?.port());
                let mut buffer = Vec::with_capacity(buffer);
                loop {
                    let BufResult(received, datagram) = socket.recv_from(buffer).await;
                    let (_, from) = received?;
                    let BufResult(sent, mut back) = socket.send_to(datagram, from).await;
                    sent?;
                    back.clear();
                    buffer = back;
                }
            }
        }
    }

    fn connection_future() -> usize {
        future_size(tcp)
    }
}

async fn tcp((stream, buffer): (TcpStream, usize)) -> io::Result<()> {
    stream.set_nodelay(true)?;
    echo(stream, buffer).await
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        let BufResult(count, read) = stream.read(buffer).await;
        let count = count?;
        if count == 0 {
            return Ok(());
        }
        let BufResult(written, part) = stream.write_all(read.slice(..count)).await;
        written?;
        buffer = part.into_inner();
    }
}

/// compio's files.
struct Disk;

impl Files for Disk {
    type File = File;

    async fn open(path: &Path) -> io::Result<File> {
        File::open(path).await
    }

    async fn read_at(file: &mut File, offset: u64, buffer: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
        let BufResult(count, buffer) = file.read_at(buffer, offset).await;
        Ok((count?, buffer))
    }
}

/// A page that compio reads into.
struct Aligned(Page);

impl IoBuf for Aligned {
    fn as_init(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl SetLen for Aligned {
    unsafe fn set_len(&mut self, _: usize) {}
}

impl IoBufMut for Aligned {
    fn as_uninit(&mut self) -> &mut [MaybeUninit<u8>] {
        let bytes = self.0.bytes_mut();
        // SAFETY: the same bytes; nobody writes bytes that are not there by it but compio, which reads files into them.
        unsafe { core::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
    }
}

impl Direct for Disk {
    type File = File;
    type Page = Aligned;

    async fn open(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).custom_flags(O_DIRECT).open(path).await
    }

    fn page(_: &File) -> Aligned {
        Aligned(Page::new())
    }

    async fn read_at(file: &File, offset: u64, page: Aligned) -> io::Result<Aligned> {
        let BufResult(count, page) = file.read_at(page, offset).await;
        whole(count?)?;
        Ok(page)
    }

    fn bytes(page: &Aligned) -> &[u8] {
        page.0.bytes()
    }
}
