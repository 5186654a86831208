//! glommio: one `LocalExecutor`, not bound by itself (the bench has pinned the thread already), io_uring only.
//!
//! Its three rings and its 10 MiB of registered I/O memory are its defaults. It refuses to start where RLIMIT_MEMLOCK
//! is below 512 KiB; the table then says so.

use core::future::Future;
use core::time::Duration;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use glommio::channels::local_channel::{self, LocalReceiver, LocalSender};
use glommio::io::{BufferedFile, DmaFile, ReadResult};
use glommio::net::{TcpListener, TcpStream, UdpSocket, UnixListener};
use glommio::timer::Timer;
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement, Task};
use harness::{
    Direct, Files, Mpsc, Oneshot, PAGE, Peer, Refusal, Row, Runner, Sampled, Service, Tasks, Transport, Variant,
    future_size, rows, whole,
};

const NOTES: &[(&str, &str)] = &[
    ("oneshot", "glommio has none: its local channel for one message"),
    (
        "direct-read",
        "into memory of glommio's own, which is registered with its ring; polled for where the disk admits that",
    ),
    ("workers-start", "two executors of one thread"),
    ("workers-idle", "two executors of one thread"),
];

fn main() -> ExitCode {
    let start = || Ok(Box::new(Glommio::start()?) as Box<dyn Runner>);
    harness::agent::main(&[Variant { name: "glommio", package: "glommio", notes: NOTES, start }])
}

/// A started executor.
struct Glommio(LocalExecutor);

impl Runner for Glommio {
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

impl Tasks for Glommio {
    type Cx = ();
    type Handle<T: 'static> = Task<T>;

    fn start() -> Result<Self, String> {
        let made = LocalExecutorBuilder::new(Placement::Unbound).make();
        made.map(Self).map_err(|error| format!("glommio does not build: {error}"))
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        self.0.run(async { glommio::spawn_local(main).await })
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> Task<F::Output> {
        glommio::spawn_local(future)
    }

    fn join<T: 'static>(handle: Task<T>) -> impl Future<Output = T> {
        handle
    }

    fn detach<T: 'static>(handle: Task<T>) {
        drop(handle.detach());
    }

    async fn yield_now() {
        glommio::executor().yield_now().await;
    }
}

impl Peer for Glommio {
    fn start_once() -> Result<(), String> {
        Self::start()?.0.run(core::future::ready(()));
        Ok(())
    }

    async fn sleep(duration: Duration) {
        Timer::new(duration).await;
    }

    async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
        glommio::executor().spawn_blocking(job).await
    }

    async fn echo((): (), service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        let failed = |error: glommio::GlommioError<()>| Refusal::of("glommio", error);
        match transport {
            Transport::Tcp => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
                ready(listener.local_addr().map_err(failed)?.port());
                loop {
                    let stream = listener.accept().await.map_err(failed)?;
                    drop(glommio::spawn_local(tcp((stream, buffer))).detach());
                }
            }
            Transport::Unix(path) => {
                let listener = UnixListener::bind(path).map_err(failed)?;
                ready(0);
                loop {
                    let stream = listener.accept().await.map_err(failed)?;
                    drop(glommio::spawn_local(echo(stream, buffer)).detach());
                }
            }
            Transport::Udp => {
                let socket = UdpSocket::bind(("127.0.0.1", 0)).map_err(failed)?;
                ready(socket.local_addr().map_err(failed)?.port());
                let mut buffer = vec![0; buffer];
                loop {
                    let (count, from) = socket.recv_from(&mut buffer).await.map_err(failed)?;
                    socket.send_to(&buffer[..count], from).await.map_err(failed)?;
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

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

/// Buffered files: through the page cache, as everybody's.
struct Disk;

impl Files for Disk {
    type File = BufferedFile;

    async fn open(path: &Path) -> io::Result<BufferedFile> {
        Ok(BufferedFile::open(path).await?)
    }

    async fn read_at(file: &mut BufferedFile, offset: u64, mut buffer: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
        // glommio reads into memory of its own; a user who wants the bytes in a buffer copies them.
        let read = file.read_at(offset, buffer.len()).await?;
        buffer[..read.len()].copy_from_slice(&read);
        Ok((read.len(), buffer))
    }
}

impl Direct for Disk {
    type File = Rc<DmaFile>;
    /// What glommio has read.
    type Page = Option<ReadResult>;

    async fn open(path: &Path) -> io::Result<Self::File> {
        Ok(Rc::new(DmaFile::open(path).await?))
    }

    fn page(_: &Self::File) -> Option<ReadResult> {
        None
    }

    async fn read_at(file: &Self::File, offset: u64, last: Option<ReadResult>) -> io::Result<Option<ReadResult>> {
        drop(last);
        let read = file.read_at_aligned(offset, PAGE).await?;
        whole(read.len())?;
        Ok(Some(read))
    }

    fn bytes(page: &Option<ReadResult>) -> &[u8] {
        page.as_deref().unwrap_or_default()
    }
}

/// The channel between tasks of one executor.
struct Channels;

impl Oneshot for Channels {
    type Sender = LocalSender<u64>;
    type Receiver = LocalReceiver<u64>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        local_channel::new_bounded(1)
    }

    fn send(sender: Self::Sender, value: u64) {
        sender.try_send(value).expect("the receiver waits and there is room");
    }

    async fn receive(receiver: Self::Receiver) -> u64 {
        receiver.recv().await.expect("the sender sends")
    }
}

impl Mpsc for Channels {
    type Sender = LocalSender<u64>;
    type Receiver = LocalReceiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        local_channel::new_bounded(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect("the receiver waits");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }
}
