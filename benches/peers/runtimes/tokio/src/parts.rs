//! What both schedulers share: sockets, files, children, channels.

use core::future::Future;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use harness::{
    Direct, Files, Mpsc, Notify, Oneshot, Page, Peer, Processes, Refusal, Service, Transport, future_size, open_direct,
    whole,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixListener};
use tokio::sync::{mpsc, oneshot};

pub(crate) async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
    tokio::task::spawn_blocking(job).await.expect("no job of this bench panics")
}

pub(crate) async fn echo_server<P: Peer<Cx = ()>>(service: Service) -> Result<(), Refusal> {
    let Service { transport, buffer, ready } = service;
    match transport {
        Transport::Tcp => {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            ready(listener.local_addr()?.port());
            loop {
                let (stream, _) = listener.accept().await?;
                P::detach(P::spawn((), tcp((stream, buffer))));
            }
        }
        Transport::Unix(path) => {
            let listener = UnixListener::bind(path)?;
            ready(0);
            loop {
                let (stream, _) = listener.accept().await?;
                P::detach(P::spawn((), echo(stream, buffer)));
            }
        }
        Transport::Udp => {
            let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
            ready(socket.local_addr()?.port());
            let mut buffer = vec![0; buffer];
            loop {
                let (count, from) = socket.recv_from(&mut buffer).await?;
                socket.send_to(&buffer[..count], from).await?;
            }
        }
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

pub(crate) fn connection_future() -> usize {
    future_size(tcp)
}

/// tokio's files.
pub(crate) struct Disk;

impl Files for Disk {
    type File = tokio::fs::File;

    async fn open(path: &Path) -> io::Result<tokio::fs::File> {
        tokio::fs::File::open(path).await
    }

    async fn read_at(file: &mut tokio::fs::File, offset: u64, mut buffer: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
        // The file's own position is where the next read of the row begins, until the row begins again.
        if offset == 0 {
            file.seek(io::SeekFrom::Start(0)).await?;
        }
        let count = file.read_exact(&mut buffer).await?;
        Ok((count, buffer))
    }
}

/// tokio's pool, one call per read: `tokio::fs::File` has a cursor, and reads into memory of its own, which is not aligned.
pub(crate) struct Pread;

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
        let read = tokio::task::spawn_blocking(move || {
            whole(file.read_at(page.bytes_mut(), offset)?)?;
            Ok(page)
        });
        read.await.expect("no job of this bench panics")
    }

    fn bytes(page: &Page) -> &[u8] {
        page.bytes()
    }
}

/// tokio's children.
pub(crate) struct Children;

impl Processes for Children {
    async fn succeeds(program: &'static str) -> io::Result<bool> {
        Ok(tokio::process::Command::new(program).status().await?.success())
    }
}

/// tokio's oneshot and mpsc.
pub(crate) struct Channels;

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

/// flume's bounded channel.
pub(crate) struct FlumeChannel;

impl Mpsc for FlumeChannel {
    type Sender = flume::Sender<u64>;
    type Receiver = flume::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        flume::bounded(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send_async(value).await.expect("the receiver waits");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv_async().await.ok()
    }
}

/// tokio's Notify.
#[derive(Default)]
pub(crate) struct Notification(tokio::sync::Notify);

impl Notify for Notification {
    fn notified(&self) -> impl Future<Output = ()> {
        self.0.notified()
    }

    fn notify_one(&self) {
        self.0.notify_one();
    }
}
