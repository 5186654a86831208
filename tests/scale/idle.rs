//! Connections that are open and silent, by the thousand: what one takes of this process beside others, and that each is alive.
//!
//! A read of any size waits without a buffer: in a lease, which is taken when bytes are there. One that brings its buffer has it
//! in its future.
//!
//! The client is a process of its own, so that each of the two has all descriptors of a process. It comes from several addresses:
//! one has fewer ports.

use crate::{LONG, SKIPPED, again, ends, room, runtime};
use bespoke::prelude::*;
use bespoke::rt::{Lease, TcpListener, TcpSocket, TcpStream};
use bespoke::{Config, async_fn_size};
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Instant;

crate::on! { idle:
    lends_on_epoll = lends::<One>;
    lends_on_a_ring = lends::<OneUsualRing>;
    lends_by_rustc_on_epoll = lends_by_rustc::<One>;
    lends_by_rustc_on_a_ring = lends_by_rustc::<OneUsualRing>;
    copies_on_epoll = copies::<One>;
    copies_on_a_ring = copies::<OneUsualRing>;
}

/// Connections in all.
const MANY: usize = 18_000;
/// Between these the slope is taken: what a server has from the start falls out.
const FROM: usize = 5_000;
const TO: usize = 15_000;
/// So many at a time: a listener keeps more in its queue.
const STEP: usize = 500;
/// Every so many one is asked in the end.
const ASKED: usize = 60;
/// Connections of one address of the client.
const OF_ADDRESS: usize = 6_000;
/// Bytes a connection may take, whatever its reads ask for.
const BYTES: f64 = 300.0;
/// What rustc stores twice, as argument and as local, and as local and as argument of a call: the stream and the lease.
const TWICE: f64 = (size_of::<TcpStream<crate::teams::One>>() + size_of::<Lease<crate::teams::One>>()) as f64;
/// Bytes of a buffer that a future has for itself.
const BUFFER: usize = 64;
/// Descriptors of either process beside its connections.
const BESIDE: usize = 200;

/// Says to a child that it is the client, and where the server is.
const SERVER: &str = "BESPOKE_TEST_SERVER";
/// What stands before an answer of the client: the harness says things, too.
const ANSWER: &str = "client: ";

/// Sends what comes back, in the buffer in which it came.
#[bespoke::async_fn]
async fn lend<C: Config<Driver: Net>>(mut stream: TcpStream<C>) -> io::Result<()> {
    loop {
        let lease = stream.read_lease().await?;
        if lease.is_empty() {
            return Ok(());
        }
        stream.write_all(lease).await.0?;
    }
}

/// The same future as rustc makes it.
async fn lend_by_rustc<C: Config<Driver: Net>>(mut stream: TcpStream<C>) -> io::Result<()> {
    loop {
        let lease = stream.read_lease().await?;
        if lease.is_empty() {
            return Ok(());
        }
        stream.write_all(lease).await.0?;
    }
}

/// The same with a buffer of its own, which is in the future.
#[bespoke::async_fn]
async fn copy<C: Config<Driver: Net>>(mut stream: TcpStream<C>) -> io::Result<()> {
    loop {
        let mut buffer = [0; BUFFER];
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let read = buffer[..count].to_vec();
        stream.write_all(read).await.0?;
    }
}

fn lends<C: Config<Driver: Net, Threads: StartsThreads>>() {
    let size = async_fn_size!(lend::<C>);
    connections::<C, _>(lend::<C>, size, BYTES);
}

fn lends_by_rustc<C: Config<Driver: Net, Threads: StartsThreads>>() {
    let size = async_fn_size!(lend_by_rustc::<C>);
    connections::<C, _>(lend_by_rustc::<C>, size, BYTES + TWICE);
}

fn copies<C: Config<Driver: Net, Threads: StartsThreads>>() {
    let size = async_fn_size!(copy::<C>);
    connections::<C, _>(copy::<C>, size, BYTES + BUFFER as f64);
}

/// Accepts connections, each a task that runs `serve`, and takes `bytes` for the most that one may take.
fn connections<C, F>(serve: fn(TcpStream<C>) -> F, future: usize, bytes: f64)
where
    C: Config<Driver: Net, Threads: StartsThreads>,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let descriptors = room();
    if let Some(server) = std::env::var_os(SERVER) {
        return client::<C>(server.to_str().unwrap().parse().unwrap());
    }
    if descriptors < MANY + BESIDE {
        return println!("{SKIPPED}a process may have {descriptors} descriptors here");
    }
    let rt = runtime::<C>();
    rt.block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
        let mut client = Client::start(listener.local_addr().unwrap());
        let mut there = 0;
        let mut until = async |client: &mut Client, many: usize| {
            while there < many {
                client.ask("connect", STEP);
                for _ in 0..STEP {
                    let (stream, _) = C::timeout(LONG, listener.accept()).await.expect("it comes").unwrap();
                    drop(C::spawn(serve(stream)));
                }
                client.answers();
                there += STEP;
                // Each has been polled, and waits; a ring has what they ask for.
                C::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(there, many, "the counts are whole steps");
        };
        until(&mut client, FROM).await;
        let few = anonymous();
        until(&mut client, TO).await;
        let each = (anonymous() - few) / (TO - FROM) as f64;
        until(&mut client, MANY).await;
        assert_eq!(C::handle().metrics().resources, MANY + 1, "all are open, and the listener");
        // While this thread serves them.
        let client = C::spawn_blocking(move || {
            client.ask("send", ASKED);
            client.answers();
            client.ends();
        });
        C::timeout(LONG, client).await.expect("each answers").unwrap();
        let begin = Instant::now();
        while C::handle().metrics().resources > 1 {
            assert!(begin.elapsed() < LONG, "connections stay open whose peer has gone");
            C::sleep(Duration::from_millis(1)).await;
        }
        println!("figure: {MANY} idle connections: {each:.1} bytes each, of which the future is {future}");
        assert!(each <= bytes, "{each} bytes a connection, of which the future is {future}");
    });
    ends(rt);
}

/// Bytes of this process in memory that are of no file: neither what it runs, nor what a ring has in common with the kernel.
fn anonymous() -> f64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:")).expect("the kernel counts it");
    let kib: f64 = line.trim().strip_suffix(" kB").expect("in KiB").parse().unwrap();
    kib * 1024.0
}

/// The process on the other side.
struct Client {
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Client {
    fn start(server: SocketAddr) -> Self {
        let name = std::thread::current().name().expect("a test has a name").to_owned();
        let mut process = again::start(&name)
            .env(SERVER, server.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let asks = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Client { process, asks, answers }
    }

    fn ask(&mut self, what: &str, many: usize) {
        writeln!(self.asks, "{what} {many}").unwrap();
    }

    /// It has done so.
    fn answers(&mut self) {
        let mut said = String::new();
        while !said.contains(ANSWER) {
            said.clear();
            assert_ne!(self.answers.read_line(&mut said).unwrap(), 0, "the client has gone");
        }
    }

    fn ends(mut self) {
        drop(self.asks);
        assert!(self.process.wait().unwrap().success());
    }
}

/// Does what it is asked for, until nobody asks any more.
fn client<C: Config<Driver: Net>>(server: SocketAddr) {
    let rt = runtime::<C>();
    let mut streams = Vec::with_capacity(MANY);
    for line in io::stdin().lines() {
        let line = line.unwrap();
        let (what, many) = line.split_once(' ').expect("what and how many");
        let many: usize = many.parse().unwrap();
        rt.block_on(async {
            match what {
                "connect" => connect::<C>(server, many, &mut streams).await,
                _ => send::<C>(streams.iter_mut().step_by(many)).await,
            }
        });
        println!("{ANSWER}done");
    }
    drop(streams);
    ends(rt);
}

async fn connect<C: Config<Driver: Net>>(server: SocketAddr, many: usize, streams: &mut Vec<TcpStream<C>>) {
    for _ in 0..many {
        let address = Ipv4Addr::new(127, 0, 0, 2 + u8::try_from(streams.len() / OF_ADDRESS).unwrap());
        let socket = TcpSocket::<C>::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        let stream = C::timeout(LONG, socket.connect(server)).await.expect("it is accepted").unwrap();
        // Closed by a reset: else its port is kept for a minute, and who binds next has to look for one that is not.
        stream.set_zero_linger().unwrap();
        streams.push(stream);
    }
}

async fn send<'s, C: Config<Driver: Net>>(streams: impl Iterator<Item = &'s mut TcpStream<C>>) {
    for (number, stream) in streams.enumerate() {
        let sent = [number as u8; 3];
        stream.write_all(sent.to_vec()).await.0.unwrap();
        let mut back = [0; 3];
        C::timeout(LONG, stream.read_exact(&mut back)).await.expect("it answers").unwrap();
        assert_eq!(back, sent, "what was sent by connection {number} of those that are asked");
    }
}
