//! A hot task does not starve the others: a hundred connections beside one that never waits, and how often the driver is
//! asked. RELIABILITY A26.

use crate::support::{deep, runtime};
use bespoke::prelude::*;
use bespoke::rt::TcpListener;
use bespoke::{Config, Error, preset};
use bespoke_core::driver::Errno;
use bespoke_core::roles::{
    Caps, Drained, Driver, DriverReport, Kind, Live, Nanos, Park, Resource, Sealed, StartCx, Under,
};
use bespoke_core::sharing::{Local, Sharing};
use bespoke_drivers::LiveMio;
use core::cell::Cell;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream as StdStream;
use std::time::Instant;

const CONNECTIONS: usize = 100;

/// The latency that `per_mille` of a thousand round trips do not exceed.
pub(crate) fn percentile(sorted: &[Duration], per_mille: usize) -> Duration {
    sorted[(sorted.len() - 1) * per_mille / 1000]
}

/// Up to ten times: what else runs on the machine makes a latency longer, never shorter.
pub(crate) fn hot_task_beside_connections<C: Config<Driver: Net, Threads: StartsThreads>>() {
    const BOUND: Duration = Duration::from_millis(10);
    // A hot thread among threads is the kernel's business, not ours.
    let measures = deep() && <C::Driver as Driver>::CAPS.suspends;
    let mut p99 = Vec::from([round_trips::<C>()]);
    while measures && p99.len() < 10 && p99[p99.len() - 1] >= BOUND {
        p99.push(round_trips::<C>());
    }
    assert!(!measures || p99[p99.len() - 1] < BOUND, "p99 {p99:?}");
}

/// The 99th percentile.
fn round_trips<C: Config<Driver: Net, Threads: StartsThreads>>() -> Duration {
    let rounds = if deep() { 500 } else { 20 };
    let mut latencies = runtime::<C>().block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hot = C::spawn(async {
            let mut state = 1u64;
            loop {
                // A few microseconds of work, then the others may run, then again.
                for _ in 0..2_000 {
                    state = core::hint::black_box(state.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7));
                }
                C::yield_now().await;
            }
        });
        // Four threads of twenty-five connections; each sends on all of its own and reads all answers.
        let clients: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(move || {
                    let mut peers: Vec<_> = (0..CONNECTIONS / 4)
                        .map(|_| {
                            let peer = StdStream::connect(address).unwrap();
                            peer.set_nodelay(true).unwrap();
                            peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                            peer
                        })
                        .collect();
                    let mut latencies = Vec::new();
                    for _ in 0..rounds {
                        let sent: Vec<_> = peers
                            .iter_mut()
                            .map(|peer| {
                                let start = Instant::now();
                                peer.write_all(&[3; 64]).unwrap();
                                start
                            })
                            .collect();
                        for (peer, sent) in peers.iter_mut().zip(sent) {
                            peer.read_exact(&mut [0; 64]).unwrap();
                            latencies.push(sent.elapsed());
                        }
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    latencies
                })
            })
            .collect();
        for _ in 0..CONNECTIONS {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(C::spawn(async move {
                let mut buffer = vec![0; 64];
                while stream.read_exact(&mut buffer).await.is_ok() {
                    let (written, back) = stream.write_all(buffer).await;
                    if written.is_err() {
                        return;
                    }
                    buffer = back;
                }
            }));
        }
        let ended = C::spawn_blocking(move || {
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        let latencies = ended.await.unwrap();
        assert!(!hot.is_finished());
        hot.abort();
        latencies
    });
    latencies.sort_unstable();
    let (p50, p99, most) = (percentile(&latencies, 500), percentile(&latencies, 990), percentile(&latencies, 1000));
    println!("{} round trips beside a hot task: p50 {p50:?}, p99 {p99:?}, at most {most:?}", latencies.len());
    assert!(most < Duration::from_secs(10), "a connection starved: {most:?}");
    p99
}

thread_local! {
    /// Polls of tasks since the driver was asked last, and the most that there were.
    static POLLS: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// `Mio`, which notes how many polls there were between two looks at it.
struct Noting;

impl Driver for Noting {
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
    type Live<S: Sharing> = LiveNoting;
    const NAME: &'static str = "noting";
    const CAPS: Caps = Caps::SUSPENDING;
}

impl Under<Local> for Noting {}

struct LiveNoting(LiveMio);

impl Live for LiveNoting {
    type Unparker = <LiveMio as Live>::Unparker;

    fn start(cx: StartCx) -> Result<Self, Error> {
        LiveMio::start(cx).map(LiveNoting)
    }
    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        self.0.register(resource, kind)
    }
    fn close(&self, resource: Resource) {
        self.0.close(resource);
    }
    fn release(&self, resource: Resource) -> Result<(), Errno> {
        self.0.release(resource)
    }
    fn park(&self, park: Park) -> Result<(), Errno> {
        POLLS.set((0, POLLS.get().1.max(POLLS.get().0)));
        self.0.park(park)
    }
    // So that a busy worker asks it: `has_work` is `true` by default.
    fn unparker(&self) -> Self::Unparker {
        self.0.unparker()
    }
    fn report(&self) -> DriverReport {
        DriverReport::named("noting", "Mio")
    }
    fn drain(&self, by: Nanos) -> Drained {
        self.0.drain(by)
    }
}

struct Often;
#[bespoke::config(base = preset::Default)]
impl Config for Often {
    type Driver = Noting;
    const EVENT_INTERVAL: u32 = 1;
}

struct Usual;
#[bespoke::config(base = Often)]
impl Config for Usual {
    const EVENT_INTERVAL: u32 = 61;
}

struct Seldom;
#[bespoke::config(base = Often)]
impl Config for Seldom {
    const EVENT_INTERVAL: u32 = 1000;
}

fn polls_between_looks<C: Config>() -> u32 {
    POLLS.set((0, 0));
    runtime::<C>().block_on(async {
        let hot: Vec<_> = (0..3)
            .map(|_| {
                C::spawn(async {
                    for _ in 0..5_000 {
                        POLLS.set((POLLS.get().0 + 1, POLLS.get().1));
                        C::yield_now().await;
                    }
                })
            })
            .collect();
        for task in hot {
            task.await.unwrap();
        }
    });
    POLLS.get().1
}

pub(crate) fn every_event_interval() {
    let most = [polls_between_looks::<Often>(), polls_between_looks::<Usual>(), polls_between_looks::<Seldom>()];
    println!("at most {most:?} polls between two looks, for intervals of 1, 61 and 1000");
    for (most, interval) in most.into_iter().zip([Often::EVENT_INTERVAL, Usual::EVENT_INTERVAL, Seldom::EVENT_INTERVAL])
    {
        assert!(most <= interval, "{most} polls between two looks, the interval is {interval}");
        // Not much more often either: each look is a system call.
        assert!(most * 2 >= interval, "{most} polls between two looks, the interval is {interval}");
    }
}
