//! A socket belongs to the worker that opened it: moved and dropped anywhere, used there. And calls without a runtime, or
//! in the wrong one, say what is missing.

use crate::support::{Random, count, eventually, fds, pair, panic_of, poll_once, runtime, std_listener};
use bespoke::driver::Driver;
use bespoke::prelude::*;
use bespoke::rt::{SharingOf, TcpListener, TcpOptions, TcpStream};
use bespoke::scheduler::Sharing;
use bespoke::{Config, Runtime};
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::io::{Read as _, Write as _};

/// Another config: its runtime is the wrong one.
struct Stranger;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Stranger {}

pub(crate) fn used_on_another_worker<C: Config<Driver: Net>>() {
    let runtime = runtime::<C>();
    let (mut stream, mut peer) = runtime.block_on(pair::<C>());
    if <SharingOf<C> as Sharing>::MOVING {
        return used_by_any_worker_of_its_runtime::<C>(&runtime, stream, peer);
    }
    if <SharingOf<C> as Sharing>::SHARED {
        // Any worker may use it: that of a task, and one of another runtime.
        let tasks = runtime.handle().spawn(async move {
            stream.write_all("one").await.0.expect("open");
            stream
        });
        let mut stream = runtime.block_on(tasks).expect("written");
        let own = crate::support::runtime::<C>();
        own.block_on(stream.write_all("two")).0.expect("open");
        let mut got = [0; 6];
        peer.read_exact(&mut got).expect("sent");
        return assert_eq!(&got, b"onetwo");
    }
    let (stream, messages) = std::thread::spawn(move || {
        let (own, stranger) = (crate::support::runtime::<C>(), crate::support::runtime::<Stranger>());
        let messages = [
            panic_of(|| drop(own.block_on(stream.read(&mut [0; 8])))),
            panic_of(|| drop(stranger.block_on(stream.write_all("tea")))),
            panic_of(|| drop(poll_once(Pin::new(&mut stream.read(&mut [0; 8]))))),
        ];
        (stream, messages)
    })
    .join()
    .expect("the panics are caught");
    let name = C::NAME;
    for (message, operation, place) in [
        (&messages[0], "recv", format!("worker 0 of another runtime `{name}`")),
        (&messages[1], "send", "by worker 0 of `Stranger`".to_string()),
        (&messages[2], "recv", "a thread without a runtime".to_string()),
    ] {
        assert!(message.starts_with(&format!("{operation} of worker 0 of `{name}`")), "{message}");
        assert!(message.contains(&place), "{message}");
        assert!(message.contains("`Handle`"), "it says what to use: {message}");
    }
    // It came back unharmed.
    let mut stream: TcpStream<C> = stream;
    peer.write_all(b"x").expect("sent");
    assert_eq!(runtime.block_on(stream.read(&mut [0; 8])).expect("its own worker"), 1);
}

/// Tasks and their `block_on`s use it, wherever they are; and no other runtime.
fn used_by_any_worker_of_its_runtime<C: Config<Driver: Net>>(
    runtime: &Runtime<C>,
    stream: TcpStream<C>,
    mut peer: std::net::TcpStream,
) {
    let mut stream = Some(stream);
    for round in 0..count(100, 10_000) {
        let mut moved = stream.take().expect("it came back");
        let task = runtime.handle().spawn(async move {
            C::yield_now().await;
            moved.write_all("one").await.0.expect("open");
            C::yield_now().await;
            moved
        });
        let mut back = runtime.block_on(task).expect("written");
        runtime.block_on(back.write_all("two")).0.expect("open");
        let mut got = [0; 6];
        peer.read_exact(&mut got).expect("sent");
        assert_eq!(&got, b"onetwo", "round {round}");
        stream = Some(back);
    }
    let mut stream = stream.expect("it came back");
    let (own, stranger) = (crate::support::runtime::<C>(), crate::support::runtime::<Stranger>());
    let messages = [
        panic_of(|| drop(own.block_on(stream.read(&mut [0; 8])))),
        panic_of(|| drop(stranger.block_on(stream.read(&mut [0; 8])))),
        panic_of(|| drop(poll_once(pin!(stream.read(&mut [0; 8]))))),
    ];
    for message in &messages {
        assert!(message.starts_with("recv of worker "), "{message}");
        assert!(message.contains("`Handle`"), "it says what to use: {message}");
    }
    assert!(messages[0].contains("of another runtime"), "{}", messages[0]);
    assert!(messages[1].contains("by worker 0 of `Stranger`"), "{}", messages[1]);
    assert!(messages[2].contains("a thread without a runtime"), "{}", messages[2]);
}

/// Connects and listens, for a driver that needs no runtime for it.
async fn started_nowhere<C: Config<Driver: Net>>(address: SocketAddr) {
    let mut stream = TcpStream::<C>::connect(address).await.expect("a listener is there");
    stream.write_all("tea").await.0.expect("open");
    drop(TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free"));
}

/// What panics when each call that needs a runtime for a socket is polled by `poll`, and the line of that call, which is not
/// where it is polled.
fn set_ups<C: Config<Driver: Net>>(
    address: SocketAddr,
    poll: impl Fn(Pin<&mut (dyn Future<Output = ()> + Send)>),
) -> Vec<(String, u32)> {
    let (local, options) = ("127.0.0.1:0", TcpOptions::default());
    let mut asked = Vec::new();
    if !<C::Driver as Driver>::STATELESS {
        asked.push(said(&poll, TcpStream::<C>::connect(address), line!()));
        asked.push(said(&poll, TcpStream::<C>::connect(&[address][..]), line!()));
        asked.push(said(&poll, TcpListener::<C>::bind(local), line!()));
        asked.push(said(&poll, TcpListener::<C>::bind_with(local, options), line!()));
    }
    if C::BLOCKING_THREADS_MAX > 0 {
        asked.push(said(&poll, TcpStream::<C>::connect("tea.invalid:80"), line!()));
        asked.push(said(&poll, TcpListener::<C>::bind(("tea.invalid", 0)), line!()));
    }
    asked
}

fn said<T>(
    poll: &impl Fn(Pin<&mut (dyn Future<Output = ()> + Send)>),
    future: impl Future<Output = std::io::Result<T>> + Send,
    line: u32,
) -> (String, u32) {
    (panic_of(|| poll(pin!(async { drop(future.await) }))), line)
}

pub(crate) fn without_a_runtime<C: Config<Driver: Net>>() {
    let (_listener, address) = std_listener();
    let before = fds();
    if <C::Driver as Driver>::STATELESS {
        // It needs none, but to look a name up.
        assert!(poll_once(pin!(started_nowhere::<C>(address))).is_ready());
    }
    for _ in 0..3 {
        for (message, line) in set_ups::<C>(address, |future| assert!(poll_once(future).is_pending())) {
            let (file, name) = (file!(), C::NAME);
            let asks = format!("no runtime on this thread: {file}:{line} asks for `{name}`; ");
            assert!(message.starts_with(&asks), "{message}");
            assert!(message.contains("block_on"), "it says what to do: {message}");
        }
    }
    assert_eq!(fds(), before, "a call that panics leaves no socket behind");
}

pub(crate) fn in_the_wrong_runtime<C: Config<Driver: Net>>() {
    let (_listener, address) = std_listener();
    let stranger = Runtime::<Stranger>::new().expect("a runtime starts");
    let before = fds();
    if <C::Driver as Driver>::STATELESS {
        stranger.block_on(started_nowhere::<C>(address));
    }
    for (message, line) in set_ups::<C>(address, |future| stranger.block_on(future)) {
        let (file, name) = (file!(), C::NAME);
        let asks = format!("this is a task of the runtime `Stranger`, but {file}:{line} asks for `{name}`; ");
        assert!(message.starts_with(&asks), "{message}");
    }
    assert_eq!(fds(), before, "a call that panics leaves no socket behind");
}

/// What other threads drop: streams at rest, halves, a listener, a sleep; a read and a write under way, where they can be.
type Things = Vec<Box<dyn core::any::Any + Send>>;

async fn things<C: Config<Driver: Net>>() -> (Things, Vec<std::net::TcpStream>) {
    let (mut things, mut peers): (Things, _) = (Vec::new(), Vec::new());
    let stream = || pair::<C>();
    let (idle, peer) = stream().await;
    things.push(Box::new(idle));
    peers.push(peer);
    let (halved, peer) = stream().await;
    let (read, write) = halved.into_split();
    things.push(Box::new(read));
    things.push(Box::new(write));
    peers.push(peer);
    things.push(Box::new(TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free")));
    let (mut reads, peer) = stream().await;
    peers.push(peer);
    let (mut writes, peer) = stream().await;
    peers.push(peer);
    writes.set_send_buffer_size(4096).expect("open");
    let mut futures: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> =
        vec![Box::pin(C::sleep(Duration::from_secs(3600)))];
    if <C::Driver as Driver>::CAPS.suspends {
        futures.push(Box::pin(async move { drop(reads.read(&mut [0; 8]).await) }));
        futures.push(Box::pin(async move { drop(writes.write_all(vec![1; 16 << 20]).await) }));
    } else {
        // Neither would ever be under way.
        things.push(Box::new((reads, writes)));
    }
    for mut future in futures {
        poll_fn(|cx| {
            assert!(future.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        things.push(Box::new(future));
    }
    (things, peers)
}

/// What turns close is closed by then, also on a busy machine.
const SOON: Duration = Duration::from_secs(20);

pub(crate) fn dropped_on_another_thread<C: Config<Driver: Net>>() {
    let rounds = count(100, 5_000);
    let mut random = Random::new(8);
    // While the runtime runs. A driver may take a descriptor for its first sleep.
    let runtime = runtime::<C>();
    // A driver may make what ends a sleep with the first one.
    runtime.block_on(async { C::sleep(Duration::from_millis(1)).await });
    // Where tasks move, so may each other worker, at any time: more than those over all rounds is lost.
    let (mut first, workers) = (None, Runtime::<C>::INFO.workers);
    for _ in 0..rounds {
        runtime.block_on(async {
            // So may the worker of this `block_on`, if it has one of its own.
            C::sleep(Duration::from_micros(1)).await;
            let moving = <SharingOf<C> as Sharing>::MOVING;
            let before = if moving { *first.get_or_insert_with(fds) + workers } else { fds() };
            // A worker of its own is new, and that was a short sleep: it may sleep first below.
            let is_new = <SharingOf<C> as Sharing>::SHARED && !moving && <C::Driver as Driver>::CAPS.suspends;
            let before = before + usize::from(is_new);
            let (things, peers) = things::<C>().await;
            let idle = random.once_in(2);
            let dropper = std::thread::spawn(move || drop(things));
            if idle {
                // The worker sleeps; the drops wake it.
                C::sleep(Duration::from_millis(1)).await;
            }
            while !dropper.is_finished() {
                C::yield_now().await;
            }
            dropper.join().expect("it only drops");
            C::timeout(SOON, async {
                while runtime.open_resources() > 0 {
                    C::yield_now().await;
                }
            })
            .await
            .expect("what other threads drop is closed");
            drop(peers);
            // A driver may close with its next turn.
            C::timeout(SOON, async {
                while fds() > before {
                    C::sleep(Duration::from_millis(1)).await;
                }
            })
            .await
            .expect("what other threads drop is closed");
            assert!(fds() == before || (moving || is_new) && fds() < before);
        });
    }
    drop(runtime);
    // After it closed, and while it closes.
    for round in 0..rounds {
        let before = fds();
        let runtime = crate::support::runtime::<C>();
        let (things, peers) = runtime.block_on(things::<C>());
        if round % 2 == 0 {
            drop(runtime);
            std::thread::spawn(move || drop(things)).join().expect("it only drops");
        } else {
            let dropper = std::thread::spawn(move || drop(things));
            drop(runtime);
            dropper.join().expect("it only drops");
        }
        drop(peers);
        assert!(eventually(|| fds() == before), "{before} descriptors before, {} after", fds());
    }
}
