//! smol on one thread: async-executor's `LocalExecutor` driven by async-io's `block_on`, `blocking` for the pool.
//!
//! These are the crates that `smol` re-exports. The reactor of async-io is one per process and is started by its first
//! use, so starting "a runtime" here is only making an executor; async-io also keeps a thread of its own that polls the
//! reactor when nobody else does, and that thread shares the pinned core. `two` has two threads.

mod two;

use core::future::Future;
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use async_executor::{LocalExecutor, Task};
use async_io::{Async, Timer};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use harness::{
    Direct, Files, Mpsc, Notify, Oneshot, Page, Peer, Processes, Refusal, Row, Runner, Sampled, Service, Tasks,
    Transport, Variant, future_size, open_direct, rows, whole,
};

const NOTES: &[(&str, &str)] = &[
    ("start", "an executor only: the reactor of async-io belongs to the process and stays"),
    ("oneshot", "smol has none: async-channel for one message"),
    ("file-read", "async-fs reads ahead on its thread, so a read in sequence is seldom a hand-over"),
    ("notify", "smol has none: event-listener, with a flag for a notification that nobody waits for"),
];

fn main() -> ExitCode {
    let start = || Ok(Box::new(Smol::start()?) as Box<dyn Runner>);
    harness::agent::main(&[
        Variant { name: "smol", package: "async-executor", notes: NOTES, start },
        Variant { name: "smol-mt2", package: "async-executor", notes: two::NOTES, start: two::start },
    ])
}

/// An executor that lives as long as the process: tasks name it by a plain reference.
struct Smol(&'static LocalExecutor<'static>);

impl Runner for Smol {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::tasks(self, row, amount)
            .or_else(|| rows::times(self, row, amount))
            .or_else(|| rows::threads(self, row, amount))
            .or_else(|| rows::files::<_, Disk>(self, row, amount))
            .or_else(|| rows::direct::<_, Pread>(self, row, amount))
            .or_else(|| rows::processes::<_, Children>(self, row, amount))
            .or_else(|| rows::oneshot::<_, Channels>(self, row, amount))
            .or_else(|| rows::mpsc::<_, Channels>(self, row, amount))
            .or_else(|| rows::notify::<_, Notification>(self, row, amount))
            .unwrap_or(Err(Refusal::Absent))
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        self.run(Self::echo(self.0, service))
    }
}

impl Tasks for Smol {
    type Cx = &'static LocalExecutor<'static>;
    type Handle<T: 'static> = Task<T>;

    fn start() -> Result<Self, String> {
        Ok(Self(Box::leak(Box::new(LocalExecutor::new()))))
    }

    fn cx(&self) -> Self::Cx {
        self.0
    }

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        async_io::block_on(self.0.run(self.0.spawn(main)))
    }

    fn spawn<F: Future<Output: 'static> + 'static>(executor: Self::Cx, future: F) -> Task<F::Output> {
        executor.spawn(future)
    }

    fn join<T: 'static>(handle: Task<T>) -> impl Future<Output = T> {
        handle
    }

    fn detach<T: 'static>(handle: Task<T>) {
        handle.detach();
    }

    fn yield_now() -> impl Future<Output = ()> + 'static {
        futures_lite::future::yield_now()
    }
}

impl Peer for Smol {
    fn start_once() -> Result<(), String> {
        let executor = LocalExecutor::new();
        async_io::block_on(executor.run(core::future::ready(())));
        Ok(())
    }

    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> impl Future<Output = u64> {
        blocking::unblock(job)
    }

    async fn echo(executor: Self::Cx, service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        match transport {
            Transport::Tcp => {
                let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
                ready(listener.get_ref().local_addr()?.port());
                loop {
                    let (stream, _) = listener.accept().await?;
                    executor.spawn(tcp((stream, buffer))).detach();
                }
            }
            Transport::Unix(path) => {
                let listener = Async::<UnixListener>::bind(path)?;
                ready(0);
                loop {
                    let (stream, _) = listener.accept().await?;
                    executor.spawn(echo(stream, buffer)).detach();
                }
            }
            Transport::Udp => {
                let socket = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0))?;
                ready(socket.get_ref().local_addr()?.port());
                let mut buffer = vec![0; buffer];
                loop {
                    let (count, from) = socket.recv_from(&mut buffer).await?;
                    socket.send_to(&buffer[..count], from).await?;
                }
            }
        }
    }

    fn connection_future() -> usize {
        future_size(tcp)
    }
}

async fn tcp((stream, buffer): (Async<TcpStream>, usize)) -> io::Result<()> {
    stream.get_ref().set_nodelay(true)?;
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

/// async-fs.
struct Disk;

impl Files for Disk {
    type File = async_fs::File;

    async fn open(path: &Path) -> io::Result<async_fs::File> {
        async_fs::File::open(path).await
    }

    async fn read_at(file: &mut async_fs::File, offset: u64, mut buffer: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
        // The file's own position is where the next read of the row begins, until the row begins again.
        if offset == 0 {
            file.seek(io::SeekFrom::Start(0)).await?;
        }
        file.read_exact(&mut buffer).await?;
        Ok((buffer.len(), buffer))
    }
}

/// blocking, one call per read: a file of async-fs has a cursor.
struct Pread;

impl Direct for Pread {
    type File = Arc<std::fs::File>;
    type Page = Page;

    async fn open(path: &Path) -> io::Result<Self::File> {
        open_direct(path).map(Arc::new)
    }

    fn page(_: &Self::File) -> Page {
        Page::new()
    }

    async fn read_at(file: &Self::File, offset: u64, mut page: Page) -> io::Result<Page> {
        let file = file.clone();
        let read = move || {
            whole(file.read_at(page.bytes_mut(), offset)?)?;
            Ok(page)
        };
        blocking::unblock(read).await
    }

    fn bytes(page: &Page) -> &[u8] {
        page.bytes()
    }
}

/// async-process.
struct Children;

impl Processes for Children {
    async fn succeeds(program: &'static str) -> io::Result<bool> {
        Ok(async_process::Command::new(program).status().await?.success())
    }
}

/// async-channel.
struct Channels;

impl Oneshot for Channels {
    type Sender = async_channel::Sender<u64>;
    type Receiver = async_channel::Receiver<u64>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(1)
    }

    fn send(sender: Self::Sender, value: u64) {
        sender.try_send(value).expect("the receiver waits and there is room");
    }

    async fn receive(receiver: Self::Receiver) -> u64 {
        receiver.recv().await.expect("the sender sends")
    }
}

impl Mpsc for Channels {
    type Sender = async_channel::Sender<u64>;
    type Receiver = async_channel::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect("the receiver waits");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }
}

/// event-listener, as its documentation makes a flag of it.
#[derive(Default)]
struct Notification {
    flag: core::cell::Cell<bool>,
    event: event_listener::Event,
}

impl Notify for Notification {
    async fn notified(&self) {
        while !self.flag.take() {
            let listener = self.event.listen();
            if self.flag.take() {
                return;
            }
            listener.await;
        }
    }

    fn notify_one(&self) {
        self.flag.set(true);
        self.event.notify(1);
    }
}
