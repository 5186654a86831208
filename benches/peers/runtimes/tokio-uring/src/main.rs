//! tokio-uring: tokio's current_thread scheduler with a `LocalSet` over one ring, of which tokio's epoll learns by an eventfd.
//!
//! Timers, the blocking pool and channels are tokio's. Sockets and files go through the ring.

use core::future::Future;
use core::time::Duration;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use harness::{
    Direct, Files, Mpsc, Nops, Notify, Oneshot, PAGE, Page, Peer, Refusal, Row, Runner, Sampled, Service, Tasks,
    Transport, Variant, future_size, open_direct, rows, whole,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_uring::Runtime;
use tokio_uring::buf::{BoundedBuf, IoBuf, IoBufMut};
use tokio_uring::fs::File;
use tokio_uring::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};

const NOTES: &[(&str, &str)] =
    &[("oneshot", "tokio's channels"), ("mpsc", "tokio's channels"), ("notify", "tokio's Notify")];

fn main() -> ExitCode {
    let start = || Ok(Box::new(Uring::start()?) as Box<dyn Runner>);
    harness::agent::main(&[Variant { name: "tokio-uring", package: "tokio-uring", notes: NOTES, start }])
}

/// A started runtime.
struct Uring(Runtime);

impl Runner for Uring {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::tasks(self, row, amount)
            .or_else(|| rows::times(self, row, amount))
            .or_else(|| rows::threads(self, row, amount))
            .or_else(|| rows::files::<_, Disk>(self, row, amount))
            .or_else(|| rows::direct::<_, Disk>(self, row, amount))
            .or_else(|| rows::oneshot::<_, Channels>(self, row, amount))
            .or_else(|| rows::mpsc::<_, Channels>(self, row, amount))
            .or_else(|| rows::notify::<_, Notification>(self, row, amount))
            .or_else(|| rows::submits::<_, Empty>(self, row, amount))
            .unwrap_or(Err(Refusal::Absent))
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        self.run(Self::echo((), service))
    }
}

impl Tasks for Uring {
    type Cx = ();
    type Handle<T: 'static> = JoinHandle<T>;

    fn start() -> Result<Self, String> {
        Runtime::new(&tokio_uring::builder()).map(Self).map_err(|error| format!("tokio-uring does not build: {error}"))
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        self.0.block_on(async { Self::join(tokio_uring::spawn(main)).await })
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> JoinHandle<F::Output> {
        tokio_uring::spawn(future)
    }

    async fn join<T: 'static>(handle: JoinHandle<T>) -> T {
        handle.await.expect("no task of this bench panics or is aborted")
    }

    fn detach<T: 'static>(handle: JoinHandle<T>) {
        drop(handle);
    }

    fn yield_now() -> impl Future<Output = ()> + 'static {
        tokio::task::yield_now()
    }
}

impl Peer for Uring {
    fn start_once() -> Result<(), String> {
        Self::start()?.0.block_on(core::future::ready(()));
        Ok(())
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(duration)
    }

    async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
        tokio::task::spawn_blocking(job).await.expect("no job of this bench panics")
    }

    async fn echo((): (), service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        let local = ([127, 0, 0, 1], 0).into();
        match transport {
            Transport::Tcp => {
                let listener = TcpListener::bind(local)?;
                ready(listener.local_addr()?.port());
                loop {
                    let (stream, _) = listener.accept().await?;
                    drop(tokio_uring::spawn(tcp((stream, buffer))));
                }
            }
            Transport::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                ready(0);
                loop {
                    let stream = listener.accept().await?;
                    drop(tokio_uring::spawn(unix(stream, buffer)));
                }
            }
            Transport::Udp => {
                let socket = UdpSocket::bind(local).await?;
                ready(socket.local_addr()?.port());
                let mut buffer = vec![0; buffer];
                loop {
                    let (received, datagram) = socket.recv_from(buffer).await;
                    let (count, from) = received?;
                    let (sent, part) = socket.send_to(datagram.slice(..count), from).await;
                    sent?;
                    buffer = part.into_inner();
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
    let mut buffer = vec![0; buffer];
    loop {
        let (count, read) = stream.read(buffer).await;
        let count = count?;
        if count == 0 {
            return Ok(());
        }
        let (written, part) = stream.write_all(read.slice(..count)).await;
        written?;
        buffer = part.into_inner();
    }
}

async fn unix(stream: UnixStream, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        let (count, read) = stream.read(buffer).await;
        let count = count?;
        if count == 0 {
            return Ok(());
        }
        let (written, part) = stream.write_all(read.slice(..count)).await;
        written?;
        buffer = part.into_inner();
    }
}

/// Files through the ring.
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

/// A page that tokio-uring reads into.
struct Aligned(Page);

// SAFETY: a page of the heap, all of it written, which stays where it is when its name moves.
unsafe impl IoBuf for Aligned {
    fn stable_ptr(&self) -> *const u8 {
        self.0.bytes().as_ptr()
    }

    fn bytes_init(&self) -> usize {
        PAGE
    }

    fn bytes_total(&self) -> usize {
        PAGE
    }
}

// SAFETY: as above.
unsafe impl IoBufMut for Aligned {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.0.bytes_mut().as_mut_ptr()
    }

    unsafe fn set_init(&mut self, _: usize) {}
}

impl Direct for Disk {
    type File = Rc<File>;
    type Page = Aligned;

    async fn open(path: &Path) -> io::Result<Self::File> {
        Ok(Rc::new(File::from_std(open_direct(path)?)))
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

/// Operations that ask the ring for nothing.
struct Empty;

impl Nops for Empty {
    fn nop() -> impl Future<Output = io::Result<()>> + 'static {
        tokio_uring::no_op()
    }
}

/// tokio's channels.
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
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        mpsc::channel(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect("the receiver waits");
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> {
        receiver.recv()
    }
}

/// tokio's Notify.
#[derive(Default)]
struct Notification(tokio::sync::Notify);

impl Notify for Notification {
    fn notified(&self) -> impl Future<Output = ()> {
        self.0.notified()
    }

    fn notify_one(&self) {
        self.0.notify_one();
    }
}
