//! Every type and every future that mentions the config is `Send` and `Sync` for a config that the compiler does not know.
//!
//! That is what lets one generic source spawn on every scheduler. One field that is not `Send`, in one future of ours, breaks
//! every library that is generic over the config; here it breaks this file first. Nothing is run: to compile is to pass.

#[cfg(unix)]
#[path = "all_send/files.rs"]
mod files;

use bespoke::channel::{mpsc, oneshot};
use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::{
    Interval, JoinSet, Op, Operation, OwnedReadHalf, OwnedResource, OwnedWriteHalf, Peek, Read, ReadHalf, Registration,
    Sleep, Submit, Taken, TcpListener, TcpOptions, TcpStream, Timeout, Write, WriteAll, WriteHalf,
};
use bespoke::task::{AbortHandle, Id, JoinError, JoinHandle, YieldNow};
use bespoke::{Config, Error, Handle, Instant};
use core::net::SocketAddr;
use core::time::Duration;
use std::net::Shutdown;

fn both<T: Send + Sync>() {}
fn send<T: Send>(_: T) {}
/// A value of the type, for calls that are type-checked and never made.
fn any<T>() -> T {
    unreachable!("nothing here is run")
}

fn types<C: Config<Driver: Net>>() {
    both::<TcpListener<C>>();
    both::<TcpStream<C>>();
    both::<ReadHalf<'_, C>>();
    both::<WriteHalf<'_, C>>();
    both::<OwnedReadHalf<C>>();
    both::<OwnedWriteHalf<C>>();
    both::<OwnedResource<C>>();
    both::<Registration<C>>();
    both::<Sleep<C>>();
    both::<Interval<C>>();
    both::<Handle<C>>();
    both::<JoinHandle<()>>();
    both::<AbortHandle>();
    both::<JoinError>();
    both::<YieldNow>();
    both::<(Id, Instant, Error, TcpOptions)>();
    both::<JoinSet<u8, C>>();
    send::<fn(Taken)>(drop);
}

/// What is done with anything that reads or writes, over streams of an unknown config.
fn tools_of_io<C: Config<Driver: Net>>() {
    use bespoke::io::{BufReader, BufWriter, Reads, Writes, copy_bidirectional, duplex, join};
    let (mut a, mut stream): (TcpStream<C>, TcpStream<C>) = any();
    let (mut end, _) = duplex(1);
    send(copy_bidirectional(&mut a, &mut end));
    send((&mut stream).take(1).read_to_end(&mut Vec::new()));
    let (read, write) = stream.into_split();
    let mut both = join(BufReader::new(read), BufWriter::new(write));
    send(copy_bidirectional(&mut both, &mut a));
    send(both.flush());
    send(both.write_all(Vec::new()));
}

/// The tools between tasks, under their default names: `Send` also where the scheduler is local.
fn tools() {
    both::<(bespoke::sync::Notify, bespoke::sync::Notified<'_>)>();
    both::<(oneshot::Sender<u8>, oneshot::Receiver<u8>)>();
    both::<(mpsc::Sender<u8>, mpsc::WeakSender<u8>, mpsc::Permit<'_, u8>, mpsc::OwnedPermit<u8>, mpsc::Receiver<u8>)>();
    let (mut sender, _): (oneshot::Sender<u8>, ()) = any();
    send(sender.closed());
    let (sender, mut receiver): (mpsc::Sender<u8>, mpsc::Receiver<u8>) = any();
    send((sender.send(1), sender.reserve(), sender.closed()));
    send(receiver.recv());
    let mut buffer = Vec::new();
    send(receiver.recv_many(&mut buffer, 1));
    send(async {
        bespoke::select! {
            _ = sender.send(1) => {}
            _ = async { bespoke::join!(receiver.recv(), sender.reserve()).0 } => {}
        }
    });
    send(async { bespoke::race!(async { sender.send(1).await.is_ok() }, async { receiver.recv().await.is_some() }) });
}

/// The futures that have a name.
fn named<C: Config<Driver: Net>, K: IoBuf + Sync, F: Send + Sync>() {
    both::<Read<'_, C>>();
    both::<Peek<'_, C>>();
    both::<Write<'_, C, K>>();
    both::<WriteAll<'_, C, K>>();
    both::<Timeout<C, F>>();
}

/// Under all of them: an operation, whichever it is.
#[expect(dead_code, reason = "to compile is to pass")]
fn operation<C: Config<Driver: Submit<O>>, O: Op, K: Send + 'static>() {
    both::<Operation<C, O, K>>();
}

/// Futures of a buffer that is `Send` alone are `Send` all the same.
fn named_of_any_buffer<C: Config<Driver: Net>, K: IoBuf>() {
    both::<Write<'_, C, K>>();
    both::<WriteAll<'_, C, K>>();
}

/// The futures of `async fn`, which have none.
fn unnamed<C: Config<Driver: Net>>(name: &'static str, list: &'static [SocketAddr], options: TcpOptions) {
    send(TcpListener::<C>::bind(name));
    send(TcpListener::<C>::bind_with(list, options));
    send(TcpStream::<C>::connect(name));
    both::<bespoke::rt::TcpSocket<C>>();
    send(any::<bespoke::rt::TcpSocket<C>>().connect(any()));
    send(TcpStream::<C>::connect_timeout(any::<SocketAddr>(), Duration::ZERO));
    send(TcpStream::<C>::connect((String::new(), 1)));
    let listener: TcpListener<C> = any();
    send(listener.accept());
    send(async move { listener.accept().await });
    let (mut stream, mut bytes): (TcpStream<C>, [u8; 8]) = any();
    send(stream.read(&mut bytes));
    send(stream.peek(&mut bytes));
    send(stream.read_exact(&mut bytes));
    send(stream.write(Vec::new()));
    send(stream.write_all("text"));
    send(stream.take_interrupted());
    let (mut read, mut write) = stream.split();
    send(read.read(&mut bytes));
    send(read.read_exact(&mut bytes));
    send(write.write(Vec::new()));
    send(write.write_all("text"));
    send(write.take_interrupted());
    let (mut read, mut write) = stream.into_split();
    send(read.read(&mut bytes));
    send(read.read_exact(&mut bytes));
    send(write.write_all("text"));
    send(write.take_interrupted());
    send(write.shutdown());
}

#[cfg(unix)]
#[expect(dead_code, reason = "to compile is to pass")]
fn foreign<C: Config<Driver: Foreign>>() {
    use bespoke::rt::{AsyncFd, AsyncFdGuard};
    both::<(AsyncFd<C, std::fs::File>, AsyncFdGuard<'_, C, std::fs::File>)>();
    let fd: AsyncFd<C, std::fs::File> = any();
    send(async move {
        let guard = fd.readable().await.map(drop);
        guard.and(fd.writable().await.map(drop))
    });
}

#[cfg(unix)]
#[expect(dead_code, reason = "to compile is to pass")]
fn pipes<C: Config<Driver: bespoke::rt::Pipes>>() {
    use bespoke::rt::pipe::{OpenOptions, Receiver, Sender};
    both::<(Sender<C>, Receiver<C>, OpenOptions<C>)>();
    let (mut sender, mut receiver, mut bytes): (Sender<C>, Receiver<C>, [u8; 8]) = any();
    send(receiver.read(&mut bytes));
    send((sender.write("text"), receiver.read_exact(&mut bytes)));
    send(sender.write_all(Vec::new()));
}

#[cfg(unix)]
#[expect(dead_code, reason = "to compile is to pass")]
fn unix<C: Config<Driver: bespoke::rt::Descriptors>>() {
    use bespoke::rt::{UnixListener, UnixStream};
    both::<(UnixListener<C>, UnixStream<C>)>();
    both::<(OwnedReadHalf<C, UnixStream<C>>, OwnedWriteHalf<C, UnixStream<C>>)>();
    send(UnixStream::<C>::connect("path"));
    send(UnixStream::<C>::connect_addr(any()));
    both::<bespoke::rt::UnixDatagram<C>>();
    let (socket, mut bytes): (bespoke::rt::UnixDatagram<C>, [u8; 8]) = any();
    send((socket.send("text"), socket.send_to("text", "path"), socket.send_to_addr(Vec::new(), any())));
    send(socket.recv(&mut bytes));
    send(socket.recv_from(&mut bytes));
    send(socket.send_with_fds("text", &[]));
    let (mut fds, mut stream): ([Option<std::os::fd::OwnedFd>; 1], UnixStream<C>) = any();
    send(socket.recv_from_with_fds(&mut bytes, &mut fds));
    send(stream.recv_with_fds(&mut bytes, &mut fds));
    send(async move { stream.send_with_fds("text", &[]).await });
    let listener: UnixListener<C> = any();
    send(async move {
        let (stream, _) = listener.accept().await?;
        let (mut read, mut write) = stream.into_split();
        write.write_all("text").await.0?;
        read.read_exact(&mut [0; 8]).await
    });
}

#[cfg(unix)]
#[expect(dead_code, reason = "to compile is to pass")]
fn datagrams<C: Config<Driver: bespoke::rt::Udp>, K: IoBuf + Sync>(at: SocketAddr) {
    use bespoke::rt::{Receive, ReceiveFrom, SendDatagram, UdpSocket};
    both::<UdpSocket<C>>();
    both::<(Receive<'_, C>, ReceiveFrom<'_, C>, SendDatagram<'_, C, K>)>();
    send(UdpSocket::<C>::bind("127.0.0.1:0"));
    let (socket, mut bytes): (UdpSocket<C>, [u8; 8]) = any();
    send(socket.connect("127.0.0.1:1"));
    send(async move {
        drop((socket.send("text").await, socket.send_to(Vec::new(), at).await));
        socket.recv_from(&mut bytes).await
    });
}

fn time<C: Config<Driver: Net>>(duration: Duration) {
    send(C::sleep(duration));
    send(C::sleep_until(any()));
    let (mut stream, mut bytes): (TcpStream<C>, [u8; 8]) = any();
    send(C::timeout(duration, stream.read(&mut bytes)));
    send(C::timeout_at(any(), stream.read_exact(&mut bytes)));
    let mut interval = C::interval(duration);
    send(interval.tick());
    send(C::yield_now());
}

/// What a library does: everything above, across awaits, in a task that it spawns for an unknown config.
async fn everything<C: Config<Driver: Net>>(mut stream: TcpStream<C>) {
    let handle: Handle<C> = C::handle();
    let task = C::spawn(async { 1 });
    let mut set = JoinSet::<u8, C>::new();
    drop(set.spawn(async { 1 }));
    set.shutdown().await;
    drop((set.join_next().await, set.join_next_with_id().await));
    let mut interval = C::interval(Duration::from_secs(1));
    let mut bytes = [0; 64];
    while let Ok(Ok(n)) = C::timeout(Duration::from_secs(1), stream.read(&mut bytes)).await {
        let (result, buffer) = stream.write_all(bytes[..n].to_vec()).await;
        if result.is_err() || buffer.is_empty() {
            drop(stream.take_interrupted().await);
        }
        interval.tick().await;
        C::sleep(Duration::ZERO).await;
    }
    let (mut read, mut write) = stream.into_split();
    // A literal, too: it becomes a buffer without a lifetime, or the compiler would say "not general enough" here.
    let other = handle.spawn(async move { write.write_all("bye").await.0 });
    drop(read.read_exact(&mut bytes).await);
    drop((task.await, other.await, handle));
    if let Ok(stream) = TcpStream::<C>::connect("127.0.0.1:1").await {
        drop(stream.shutdown(Shutdown::Both));
    }
}

async fn serve<C: Config<Driver: Net>>(listener: TcpListener<C>) {
    while let Ok((stream, _)) = listener.accept().await {
        drop(C::spawn(everything(stream)));
    }
}

fn all_send<C: Config<Driver: Net>>() {
    // Named, so that the compiler looks into each for an unknown `C`.
    let _ = (types::<C>, named::<C, Vec<u8>, u8>, named_of_any_buffer::<C, Vec<u8>>);
    let _ = (unnamed::<C>, time::<C>, tools, tools_of_io::<C>);
    let _ = |listener: TcpListener<C>| drop(C::spawn(serve(listener)));
}

#[test]
fn everything_is_send_for_every_config() {
    all_send::<bespoke::preset::Default>();
    all_send::<bespoke::preset::Paused>();
}
