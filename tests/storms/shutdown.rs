//! Runtimes closed with everything under way, while their peers go on sending. RELIABILITY A7.
//!
//! Each round starts a runtime and in it a random choice of operations, and closes it in one of three ways. A thread sends to
//! every peer, writes to every pipe and raises a signal all the time, before, during and after the close.
//!
//! Checked: no buffer is written to, and none sent from, after it was given up; a close takes less than a second; what was
//! opened is closed; a future that outlived its runtime says so instead of waiting.

use crate::quarantine::{Buffer, IN_USE, assert_sent_in_time, discharge, look_at_all};
use crate::support::{Random, count, deep, poll_once, runtime, std_listener};
use bespoke::io::IoBuf as _;
use bespoke::prelude::*;
use bespoke::rt::{OwnedResource, SignalKind, TcpListener, TcpStream, signal};
use bespoke::{Config, Runtime};
use bespoke_core::roles::Kind;
use bespoke_drivers::op::{Direction, Ready};
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::ffi::CString;
use std::fs::File;
use std::io::{ErrorKind, IoSliceMut, Read as _, Write as _};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::os::fd::{AsRawFd as _, IntoRawFd as _, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the other side of an operation is.
enum Peer {
    Stream(StdStream),
    Pipe(File),
}

impl Peer {
    fn send(&mut self) {
        // It may be full, or its other end gone.
        let _ = match self {
            Peer::Stream(stream) => stream.write(&[1; 96]),
            Peer::Pipe(pipe) => pipe.write(&[1; 96]),
        };
    }

    /// What arrived was sent before its buffer was given up.
    fn check(&mut self) {
        if let Peer::Stream(stream) = self {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = stream.read(&mut bytes) {
                assert_sent_in_time(&bytes[..n]);
            }
        }
    }
}

/// What all rounds share.
struct World {
    listener: StdListener,
    address: SocketAddr,
    /// Never accepts; its queue is full before long, and then a connect waits for ever.
    deaf: (StdListener, SocketAddr),
    fifo: Fifo,
    peers: Mutex<Vec<Peer>>,
    over: AtomicBool,
}

/// A FIFO in a folder of its own, gone with the value.
struct Fifo(std::path::PathBuf);

impl Fifo {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("bespoke-storm-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let path = CString::new(folder.join("fifo").into_os_string().into_encoded_bytes()).unwrap();
        // SAFETY: the path is a C string that lives during the call.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
        let fifo = Fifo(folder);
        std::fs::write(fifo.plain(), [IN_USE; 4 * PAGE]).unwrap();
        fifo
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.join("fifo")
    }

    /// A plain file beside it.
    fn plain(&self) -> std::path::PathBuf {
        self.0.join("file")
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        // A folder that stays behind hurts nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Opens for both directions, without waiting for another end.
fn open_both(path: &std::path::Path) -> File {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path).unwrap()
}

fn set_nonblocking(fd: &impl std::os::fd::AsRawFd) {
    // SAFETY: takes integers only.
    assert_eq!(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) }, 0);
}

impl World {
    fn new() -> Arc<Self> {
        let (listener, address) = std_listener();
        // What it accepts takes little before it is full, so that a write waits.
        let small: libc::c_int = 4096;
        // SAFETY: the value lives during the call and has the length that is said.
        let set = unsafe {
            libc::setsockopt(listener.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, (&raw const small).cast(), 4)
        };
        assert_eq!(set, 0);
        let (peers, over) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(World { listener, address, deaf: std_listener(), fifo: Fifo::new(), peers, over })
    }

    fn peers(&self) -> std::sync::MutexGuard<'_, Vec<Peer>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends to everybody, until it is over.
    fn rage(&self) {
        for turn in 0u32.. {
            if self.over.load(Ordering::Acquire) {
                return;
            }
            self.peers().iter_mut().for_each(Peer::send);
            if turn % 16 == 0 {
                // SAFETY: takes nothing.
                let us = unsafe { libc::getpid() };
                // SAFETY: takes integers only; the process has a handler for the signal since the storm began.
                assert_eq!(unsafe { libc::kill(us, libc::SIGUSR2) }, 0);
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    async fn pair<C: Config<Driver: Net>>(&self) -> TcpStream<C> {
        let ours = TcpStream::<C>::connect(self.address).await.unwrap();
        let (theirs, _) = self.listener.accept().unwrap();
        theirs.set_nonblocking(true).unwrap();
        // Closed by a reset: ten thousand rounds would leave more connections in their last state than there are ports.
        ours.set_linger(Some(Duration::ZERO)).unwrap();
        self.peers().push(Peer::Stream(theirs));
        ours
    }
}

/// What is read and written of files at once.
const PAGE: usize = 4096;
/// How many kinds of operation there are.
const KINDS: u64 = 15;
/// Of those, the ones that may be polled when the runtime is closed: they say so. Timers, jobs, pipes and files may only be
/// dropped.
const ASKABLE: [u64; 6] = [0, 1, 2, 3, 4, 5];

/// An operation that never ends by itself. `begun` counts those that were reached.
async fn operation<C: Config<Driver: Net + Foreign + Fs, Threads: StartsThreads>>(
    world: &World,
    kind: u64,
    begun: Arc<AtomicUsize>,
) -> Held {
    let begin = move || {
        begun.fetch_add(1, Ordering::AcqRel);
    };
    match kind {
        0 => {
            let mut stream = world.pair::<C>().await;
            Box::pin(async move {
                let mut buffer = Buffer::new(256);
                begin();
                while let Ok(1..) = stream.read(buffer.as_mut()).await {}
            })
        }
        1 => {
            let mut stream = world.pair::<C>().await;
            Box::pin(async move {
                let mut buffer = Buffer::new(256);
                begin();
                while let (Ok(1..), back) = stream.read_into(buffer).await {
                    buffer = back;
                }
            })
        }
        2 => {
            let mut stream = world.pair::<C>().await;
            Box::pin(async move {
                let (mut one, mut two) = (Buffer::new(16), Buffer::new(256));
                begin();
                while let Ok(1..) =
                    stream.read_vectored(&mut [IoSliceMut::new(one.as_mut()), IoSliceMut::new(two.as_mut())]).await
                {
                }
            })
        }
        3 => {
            let mut stream = world.pair::<C>().await;
            stream.set_send_buffer_size(4096).unwrap();
            Box::pin(async move {
                let buffer = Buffer::new(128 << 10);
                begin();
                let (written, buffer) = stream.write_all(buffer).await;
                written.expect_err("nobody reads");
                assert_eq!(buffer.len(), 128 << 10, "the buffer comes back");
            })
        }
        4 => {
            let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
            Box::pin(async move {
                begin();
                assert_eq!(listener.accept().await.expect_err("nobody comes").kind(), ErrorKind::BrokenPipe);
            })
        }
        5 => {
            let address = world.deaf.1;
            Box::pin(async move {
                begin();
                // It may succeed as long as there is room in the queue.
                if let Ok(stream) = TcpStream::<C>::connect(address).await {
                    let _ = stream.set_linger(Some(Duration::ZERO));
                }
            })
        }
        6 => Box::pin(async move {
            begin();
            C::sleep(Duration::from_secs(3600)).await;
        }),
        7 => Box::pin(async move {
            begin();
            let mut interval = C::interval(Duration::from_micros(200));
            loop {
                interval.tick().await;
            }
        }),
        8 => {
            let mut stream = world.pair::<C>().await;
            Box::pin(async move {
                let mut buffer = Buffer::new(256);
                begin();
                // A stream that went with its `block_on` fails at once, each time: that gives the thread never back.
                while !matches!(C::timeout(Duration::from_micros(100), stream.read(buffer.as_mut())).await, Ok(Err(_)))
                {
                }
            })
        }
        9 => Box::pin(async move {
            begin();
            let jobs: Vec<_> = (0..6)
                .map(|_| {
                    C::spawn_blocking(|| {
                        let mut buffer = Buffer::new(256);
                        std::thread::sleep(Duration::from_micros(300));
                        buffer.as_mut().fill(1);
                    })
                })
                .collect();
            for job in jobs {
                let _ = job.await;
            }
        }),
        10 => {
            let (read, write) = std::io::pipe().unwrap();
            set_nonblocking(&write);
            world.peers().push(Peer::Pipe(File::from(OwnedFd::from(write))));
            drain::<C>(OwnedFd::from(read), begin)
        }
        11 => {
            world.peers().push(Peer::Pipe(open_both(&world.fifo.path())));
            drain::<C>(OwnedFd::from(open_both(&world.fifo.path())), begin)
        }
        12 | 13 => {
            let mut options = bespoke::rt::File::<C>::options();
            let file = options.read(true).write(true).open(world.fifo.plain()).await.unwrap();
            Box::pin(async move {
                let mut buffer = Buffer::new(PAGE);
                begin();
                for page in (0..4).cycle() {
                    let at = page * PAGE as u64;
                    let (done, back) =
                        if kind == 12 { file.read_at(buffer, at).await } else { file.write_at(buffer, at).await };
                    if done.is_err() {
                        return;
                    }
                    buffer = back;
                    // A call of a file does not end because its runtime does; a sleep does.
                    C::sleep(Duration::from_micros(50)).await;
                }
            })
        }
        _ => {
            let mut raised = signal::<C>(SignalKind::user_defined2()).unwrap();
            Box::pin(async move {
                begin();
                while raised.recv().await.is_some() {}
            })
        }
    }
}

/// Reads a pipe of which the driver knows only when it is ready.
fn drain<C: Config<Driver: Foreign>>(fd: OwnedFd, begin: impl FnOnce() + Send + 'static) -> Held {
    set_nonblocking(&fd);
    let raw = fd.into_raw_fd();
    let pipe = OwnedResource::<C>::adopt(raw, Kind::Foreign).expect("a pipe tells when it is ready");
    Box::pin(async move {
        let mut buffer = Buffer::new(256);
        begin();
        loop {
            let op = Ready { resource: pipe.resource(), direction: Direction::Read, would_block: false };
            // SAFETY: the operation points at no memory, and the resource outlives it.
            let (ready, ()) = unsafe { pipe.operation(op, ()) }.await;
            if ready.is_err() {
                return;
            }
            // SAFETY: the buffer is this future's, and as long as said.
            while unsafe { libc::read(raw, buffer.as_mut().as_mut_ptr().cast(), 256) } > 0 {}
        }
    })
}

/// Makes the descriptor of the signals, which the process keeps for ever.
pub(crate) fn keep_signals<C: Config<Driver: Foreign>>() {
    runtime::<C>().block_on(async { drop(signal::<C>(SignalKind::user_defined2()).unwrap()) });
}

pub(crate) fn everything_under_way<C: Config<Driver: Net + Foreign + Fs, Threads: StartsThreads>>() {
    let suspends = <C::Driver as bespoke::driver::Driver>::CAPS.suspends;
    // A close of blocked threads waits for their slices of 25 ms.
    let rounds = if suspends { count(100, 10_000) } else { count(10, 1_000) };
    let mut random = Random::new(11);
    let world = World::new();
    let before = crate::support::fds();
    let (mut slowest, mut operations, mut given_up) = (Duration::ZERO, 0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| world.rage());
        // However this ends, the rage ends.
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Release);
            }
        }
        let _over = Over(&world.over);
        for round in 0..rounds {
            let (took, begun, leaked) = close_one::<C>(&world, &mut random, suspends);
            slowest = slowest.max(took);
            operations += begun;
            given_up += usize::from(leaked > 0);
            let latest = Duration::from_secs(if deep() { 1 } else { 20 });
            assert!(took < latest, "round {round}: closing took {took:?}");
            if round % 64 == 0 {
                look_at_all();
            }
        }
    });
    let kept = look_at_all();
    discharge();
    assert_sent_in_time(&std::fs::read(world.fifo.plain()).unwrap());
    println!(
        "{rounds} runtimes closed with {operations} operations under way, the slowest took {slowest:?}; {kept} buffers in the ward at the end; \
         {given_up} drivers given up"
    );
    // Of a driver that is given up: its ring, and that by which it is woken.
    let as_wanted = || (before..=before + 2 * given_up).contains(&crate::support::fds());
    assert!(crate::support::eventually(as_wanted), "descriptors are left");
    crate::support::leaves(crate::support::fds() - before);
    assert!(given_up * 4 <= rounds as usize, "{given_up} of {rounds} drivers were given up");
}

/// How long the close took, how many operations were under way, and how many of them the kernel kept, so that the driver was given up.
fn close_one<C: Config<Driver: Net + Foreign + Fs, Threads: StartsThreads>>(
    world: &World,
    random: &mut Random,
    suspends: bool,
) -> (Duration, usize, usize) {
    let runtime = runtime::<C>();
    let begun = Arc::new(AtomicUsize::new(0));
    let (mut held, mut tasks) = (Vec::new(), Vec::new());
    let count = 4 + random.below(12) as usize;
    runtime.block_on(async {
        for _ in 0..count {
            let kind = random.below(KINDS);
            let mut future = operation::<C>(world, kind, begun.clone()).await;
            if suspends && random.once_in(3) {
                // Begun by this task, and left to outlive the runtime.
                let over = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
                // Where other workers are busy meanwhile, it may be over by now.
                if !over {
                    held.push((kind, future));
                }
            } else {
                tasks.push(C::spawn(future));
            }
        }
        while begun.load(Ordering::Acquire) < count {
            C::yield_now().await;
        }
        for _ in 0..random.below(4) {
            C::yield_now().await;
        }
    });
    let (start, mut leaked) = (Instant::now(), 0);
    // The last one does not wait for threads, and those of several workers may run still when it returns.
    let ways = if Runtime::<C>::INFO.workers > 1 { 2 } else { 3 };
    match random.below(ways) {
        0 => drop(runtime),
        1 => {
            let left = runtime.shutdown_timeout(Duration::from_secs(10));
            assert!(left.is_clean(), "something could not be closed: {left}");
        }
        // It does not wait: what a thread of the kernel's has is leaked, and the driver with it.
        _ => leaked = runtime.shutdown_background().leaked_ops,
    }
    let took = start.elapsed();
    let mut waiting = Vec::new();
    for (kind, mut future) in held {
        if ASKABLE.contains(&kind) && random.once_in(2) && poll_once(future.as_mut()).is_pending() {
            waiting.push(kind);
        }
    }
    // What the kernel keeps is never told of, as its buffer cannot be given back.
    assert!(waiting.len() <= leaked, "operations {waiting:?} wait for a closed runtime, {leaked} were leaked");
    for task in tasks {
        assert!(!suspends || task.is_finished(), "a task of a runtime that was closed in {took:?} goes on");
    }
    let mut peers = core::mem::take(&mut *world.peers());
    // What is still on its way, or is sent too late, comes now.
    peers.iter_mut().for_each(Peer::send);
    peers.iter_mut().for_each(Peer::check);
    (took, begun.load(Ordering::Acquire), leaked)
}

/// The end of a pipe is told like bytes are; a file, which is always ready, is refused by name where the driver waits for
/// readiness, and stays its owner's.
pub(crate) fn pipes_end_and_files_are_refused<C: Config<Driver: Net + Foreign, Threads: StartsThreads>>() {
    let runtime = runtime::<C>();
    runtime.block_on(async {
        for _ in 0..count(50, 2_000) {
            let (read, write) = std::io::pipe().unwrap();
            let task = C::spawn(async move {
                let raw = OwnedFd::from(read).into_raw_fd();
                let pipe = OwnedResource::<C>::adopt(raw, Kind::Foreign).unwrap();
                let mut got = 0;
                loop {
                    let op = Ready { resource: pipe.resource(), direction: Direction::Read, would_block: false };
                    // SAFETY: the operation points at no memory, and the resource outlives it.
                    unsafe { pipe.operation(op, ()) }.await.0.unwrap();
                    let mut ready = libc::pollfd { fd: raw, events: libc::POLLIN, revents: 0 };
                    loop {
                        // SAFETY: points at one entry, and says one.
                        if unsafe { libc::poll(&raw mut ready, 1, 0) } == 0 {
                            break;
                        }
                        let mut bytes = [0; 64];
                        // SAFETY: the bytes are live and as many as said.
                        match unsafe { libc::read(raw, bytes.as_mut_ptr().cast(), bytes.len()) } {
                            0 => return got,
                            n => got += n,
                        }
                    }
                }
            });
            let mut write = write;
            write.write_all(&[7; 200]).unwrap();
            C::yield_now().await;
            drop(write);
            assert_eq!(C::timeout(Duration::from_secs(10), task).await.expect("the end is told").unwrap(), 200);
        }
        if <C::Driver as bespoke::driver::Driver>::CAPS.suspends {
            let file = File::open("/proc/self/exe").unwrap();
            let refused =
                OwnedResource::<C>::adopt(file.as_raw_fd(), Kind::Foreign).expect_err("a file is always ready");
            assert_eq!(refused.code(), libc::EPERM);
            file.metadata().expect("the descriptor is still its owner's");
        }
    });
    assert_eq!(runtime.open_resources(), 0);
}
