//! The paths: what one operation is, and that it was done.

use crate::channels;
use crate::machines;
use bespoke::io::{ErasedIo, Reads, Writes};
use bespoke::memory::System;
use bespoke::net::{TcpListener, TcpStream};
use bespoke::rt::Ambient as _;
use bespoke::scheduler::{Local, Shared};
use bespoke::time::{Duration, sleep};
use bespoke::watchdog::BlockedAfter;
use bespoke::{Config, JoinHandle, LocalConfig, Runtime, preset};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A path.
pub(crate) struct Path {
    /// On the command line and in the table.
    pub(crate) name: &'static str,
    /// One operation, in words.
    pub(crate) title: &'static str,
    /// Operations of the shorter run; the longer one has eleven times as many.
    pub(crate) ops: u64,
    pub(crate) run: fn(u64, Plant),
}

/// The usual ones.
#[cfg_attr(feature = "crossbeam-deque", allow(dead_code, reason = "that program has others"))]
const USUAL: &[Path] = &[
    Path {
        name: "spawn-join",
        title: "spawn an empty task and join it, `Pooled`",
        ops: 1000,
        run: spawn_join::<Pooled>,
    },
    Path { name: "spawn-join-system", title: "the same, `System`", ops: 1000, run: spawn_join::<Plain> },
    Path { name: "spawn-batch", title: "spawn 100 empty tasks, join all; per task", ops: 1000, run: spawn_batch },
    Path { name: "yield", title: "`yield_now` of the only task", ops: 1000, run: yields::<Pooled> },
    Path { name: "yield-watched", title: "the same, with a watchdog", ops: 1000, run: yields::<Watched> },
    Path { name: "ping-pong", title: "two tasks wake each other: a round trip, two wakes", ops: 1000, run: ping_pong },
    Path { name: "timer", title: "arm and cancel a sleep among 1000 others", ops: 1000, run: timers },
    Path { name: "timer-fires", title: "a sleep that fires, on a clock that jumps", ops: 1000, run: timers_fire },
    Path {
        name: "echo",
        title: "a request of 64 bytes and its answer, both ends in this process",
        ops: 200,
        run: echo,
    },
    Path {
        name: "echo-erased",
        title: "the same, by a client whose stream was chosen while the program ran",
        ops: 200,
        run: echo_erased,
    },
    Path {
        name: "oneshot",
        title: "a oneshot that another thread could have: made, sent, received",
        ops: 1000,
        run: channels::oneshot::<Shared>,
    },
    Path { name: "oneshot-local", title: "the same, of one thread", ops: 1000, run: channels::oneshot::<Local> },
    Path {
        name: "mpsc",
        title: "`send` and `recv` of a bounded queue that threads share",
        ops: 1000,
        run: channels::mpsc::<Shared>,
    },
    Path { name: "mpsc-local", title: "the same, of one thread", ops: 1000, run: channels::mpsc::<Local> },
    Path {
        name: "notify",
        title: "`notify_one` and `notified` between threads, nobody waits",
        ops: 1000,
        run: channels::notify::<Shared>,
    },
    Path {
        name: "chain",
        title: "a future of eight calls in each other, made, suspended once, finished: `#[async_fn]`",
        ops: 1000,
        run: machines::chain_of_ours,
    },
    Path { name: "chain-rustc", title: "the same, `async fn`", ops: 1000, run: machines::chain_of_rustc },
    Path {
        name: "down",
        title: "the same with 1 KiB that is passed down: `#[async_fn]`",
        ops: 1000,
        run: machines::down_of_ours,
    },
    Path { name: "down-rustc", title: "the same, `async fn`", ops: 1000, run: machines::down_of_rustc },
    Path {
        name: "turns",
        title: "a turn of a loop that reads and writes 64 bytes, each with a suspension: `#[async_fn]`",
        ops: 1000,
        run: machines::turns_of_ours,
    },
    Path { name: "turns-rustc", title: "the same, `async fn`", ops: 1000, run: machines::turns_of_rustc },
    Path {
        name: "ready",
        title: "four calls in each other, and nothing to wait for: `#[async_fn]`",
        ops: 1000,
        run: machines::ready_of_ours,
    },
    Path { name: "ready-rustc", title: "the same, `async fn`", ops: 1000, run: machines::ready_of_rustc },
    Path { name: "start", title: "start a runtime, block on a ready future, drop it", ops: 20, run: starts },
];

/// Those of this program, in the order of the table.
#[cfg(not(feature = "crossbeam-deque"))]
pub(crate) const PATHS: &[Path] = USUAL;
#[cfg(feature = "crossbeam-deque")]
pub(crate) const PATHS: &[Path] = crate::stealing::PATHS;

/// The path called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Path> {
    PATHS.iter().find(|path| path.name == name)
}

/// Runs `ops` operations of a path.
///
/// # Errors
/// When no path is called so.
pub(crate) fn run(name: &str, ops: u64, planted: bool) -> Result<(), String> {
    let path = find(name).ok_or_else(|| format!("no path is called '{name}'"))?;
    (path.run)(ops, Plant(planted));
    Ok(())
}

/// Work that is planted into every operation, to see that the comparison would notice.
#[derive(Clone, Copy)]
pub(crate) struct Plant(bool);

impl Plant {
    #[inline(always)]
    pub(crate) fn work(self) {
        if self.0 {
            for n in 0..100u32 {
                black_box(n);
            }
        }
    }
}

/// The default.
pub(crate) struct Pooled;
#[bespoke::config(base = preset::Default)]
impl Config for Pooled {}

/// Tasks from the system's allocator.
struct Plain;
#[bespoke::config(base = preset::Default)]
impl Config for Plain {
    type Memory = System;
}

/// The default, watched: by a thread that does not come to a look while this runs.
struct Watched;
#[bespoke::config(base = preset::Default)]
impl Config for Watched {
    type Watchdog = BlockedAfter<600_000>;
}

pub(crate) fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().expect("the runtime starts: this machine has descriptors left")
}

fn spawn_join<C: LocalConfig>(ops: u64, plant: Plant) {
    let done = Rc::new(Cell::new(0));
    runtime::<C>().block_on(async {
        for _ in 0..ops {
            plant.work();
            let done = done.clone();
            C::spawn(async move { done.set(done.get() + 1) }).await.expect("the task ends");
        }
    });
    assert_eq!(done.get(), ops, "tasks were lost");
}

fn spawn_batch(ops: u64, plant: Plant) {
    let done = Rc::new(Cell::new(0));
    runtime::<Pooled>().block_on(async {
        let mut batch = Vec::with_capacity(100);
        for _ in 0..ops / 100 {
            for _ in 0..100 {
                plant.work();
                let done = done.clone();
                batch.push(Pooled::spawn(async move { done.set(done.get() + 1) }));
            }
            for task in batch.drain(..) {
                task.await.expect("the task ends");
            }
        }
    });
    assert_eq!(done.get(), ops / 100 * 100, "tasks were lost");
}

fn yields<C: LocalConfig>(ops: u64, plant: Plant) {
    runtime::<C>().block_on(async {
        C::spawn(async move {
            for _ in 0..ops {
                plant.work();
                C::yield_now().await;
            }
        })
        .await
        .expect("the task ends");
    });
}

fn ping_pong(ops: u64, plant: Plant) {
    let turn = Rc::new(Cell::new(0u64));
    let wakers: Rc<[Cell<Option<Waker>>; 2]> = Rc::default();
    let player = |side: u64| {
        let (turn, wakers) = (turn.clone(), wakers.clone());
        poll_fn(move |cx| {
            while turn.get() < 2 * ops {
                if turn.get() % 2 != side {
                    wakers[side as usize].set(Some(cx.waker().clone()));
                    return Poll::Pending;
                }
                plant.work();
                turn.set(turn.get() + 1);
                if let Some(other) = wakers[1 - side as usize].take() {
                    other.wake();
                }
            }
            Poll::Ready(())
        })
    };
    runtime::<Pooled>().block_on(async {
        let (one, two) = (Pooled::spawn(player(0)), Pooled::spawn(player(1)));
        one.await.expect("the task ends");
        two.await.expect("the task ends");
    });
    assert_eq!(turn.get(), 2 * ops, "turns were lost");
}

fn timers(ops: u64, plant: Plant) {
    runtime::<preset::Default>().block_on(async {
        let live: Vec<_> = (0..1000)
            .map(|n| bespoke::spawn(sleep(Duration::from_secs(3600) + Duration::from_millis(n * 7))))
            .collect();
        bespoke::yield_now().await;
        for n in 0..ops {
            plant.work();
            let mut sleep = pin!(sleep(Duration::from_secs(10 + n % 50)));
            poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending(), "a sleep of seconds was over at once");
                Poll::Ready(())
            })
            .await;
        }
        assert!(live.iter().all(|task| !task.is_finished()), "a timer of an hour fired");
    });
}

fn timers_fire(ops: u64, plant: Plant) {
    runtime::<preset::Paused>().block_on(async {
        let begun = bespoke::paused::time::now();
        for n in 0..ops {
            plant.work();
            bespoke::paused::time::sleep(Duration::from_millis(1 + n % 100)).await;
        }
        let least: u64 = (0..ops).map(|n| 1 + n % 100).sum();
        assert!(bespoke::paused::time::now() - begun >= Duration::from_millis(least), "a sleep ended early");
    });
}

fn echo(ops: u64, plant: Plant) {
    runtime::<preset::Default>()
        .block_on(async {
            let (mut client, server) = connected().await?;
            let (mut request, mut answer) = (vec![7; 64], [0; 64]);
            for n in 0..ops {
                plant.work();
                request[0] = n as u8;
                let (written, back) = client.write_all(request).await;
                written?;
                request = back;
                client.read_exact(&mut answer).await?;
                assert_eq!(answer[..], request[..], "the echo changed the bytes");
            }
            drop(client);
            server.await.expect("the server does not panic")
        })
        .expect("the loopback works");
}

fn echo_erased(ops: u64, plant: Plant) {
    runtime::<preset::Default>()
        .block_on(async {
            let (client, server) = connected().await?;
            let mut client = ErasedIo::from(client);
            let (mut request, mut answer) = (vec![7; 64], [0; 64]);
            for n in 0..ops {
                plant.work();
                request[0] = n as u8;
                let (written, back) = client.write_all(request).await;
                written?;
                request = back;
                client.read_exact(&mut answer).await?;
                assert_eq!(answer[..], request[..], "the echo changed the bytes");
            }
            drop(client);
            server.await.expect("the server does not panic")
        })
        .expect("the loopback works");
}

/// A client's stream, and the task of a server that sends back what it gets.
async fn connected() -> std::io::Result<(TcpStream, JoinHandle<std::io::Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = bespoke::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; 1024];
        loop {
            let (read, back) = stream.read_into(buffer).await;
            if read? == 0 {
                return std::io::Result::Ok(());
            }
            let (written, back) = stream.write_all(back).await;
            written?;
            buffer = back;
        }
    });
    let client = TcpStream::connect(address).await?;
    client.set_nodelay(true)?;
    Ok((client, server))
}

fn starts(ops: u64, plant: Plant) {
    for n in 0..ops {
        plant.work();
        assert_eq!(runtime::<preset::Default>().block_on(async { n }), n);
    }
}
