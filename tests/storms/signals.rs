//! Signals without `SA_RESTART`, thousands a second, to every thread of the process: what the kernel interrupts goes on, as
//! if nothing had been. RELIABILITY A16, with the kernel's own meaning of `EINTR`: a connect goes on, a close is done.

use crate::support::{again, count, runtime, std_listener};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;

static CAUGHT: AtomicU64 = AtomicU64::new(0);

extern "C" fn count_it(_: libc::c_int) {
    CAUGHT.fetch_add(1, Ordering::Relaxed);
}

/// Signals every thread of the process but its own, again and again, until it is dropped.
struct Storm {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Storm {
    fn start() -> Self {
        // SAFETY: made of integers, an optional function and a set of bits, for which zero is a value.
        let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
        action.sa_sigaction = count_it as extern "C" fn(libc::c_int) as libc::sighandler_t;
        // SAFETY: the action is whole, its handler only adds, and the flags have no `SA_RESTART`.
        assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, core::ptr::null_mut()) }, 0);
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let thread = std::thread::spawn(move || {
            // SAFETY: takes nothing.
            let own = unsafe { libc::gettid() };
            // SAFETY: takes nothing.
            let process = unsafe { libc::getpid() };
            while !ends.load(Ordering::Acquire) {
                for thread in std::fs::read_dir("/proc/self/task").unwrap() {
                    let name = thread.unwrap().file_name();
                    let thread: libc::pid_t = name.to_str().unwrap().parse().unwrap();
                    if thread != own {
                        // A thread that has ended since is not there, which is no harm.
                        // SAFETY: takes integers only; the process has a handler for the signal.
                        unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGUSR1) };
                    }
                }
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        Storm { over, thread: Some(thread) }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        self.thread.take().map(|thread| thread.join());
    }
}

/// A connect that waits, for about a second: its listener's queue is full until a client is taken out, and then the system
/// asks again. Where the call blocks, it is interrupted all the time.
async fn waiting_connect<C: Config<Driver: Net, Threads: StartsThreads>>() {
    let (listener, address) = std_listener();
    // SAFETY: takes integers only; it sets the length of the queue anew.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let mut fillers = Vec::new();
    while let Ok(filler) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
        fillers.push(filler);
    }
    let greeter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        let taken: Vec<_> = fillers.iter().map(|_| again(|| listener.accept()).unwrap()).collect();
        let (mut peer, _) = again(|| listener.accept()).unwrap();
        peer.write_all(b"tea").unwrap();
        drop(taken);
    });
    let mut stream = TcpStream::<C>::connect(address).await.unwrap();
    let mut got = [0; 3];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"tea");
    C::spawn_blocking(move || greeter.join().unwrap()).await.unwrap();
}

pub(crate) fn interrupt_every_call<C: Config<Driver: Net, Threads: StartsThreads>>() {
    let rounds = count(100, 5_000);
    let before = CAUGHT.load(Ordering::Relaxed);
    let storm = Storm::start();
    let runtime = runtime::<C>();
    runtime.block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Served by us: accept, recv, send, close.
        let server = C::spawn(async move {
            for _ in 0..rounds {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut buffer = vec![0; 3000];
                stream.read_exact(&mut buffer).await.unwrap();
                C::sleep(Duration::from_micros(300)).await;
                stream.write_all(buffer).await.0.unwrap();
            }
        });
        let client = std::thread::spawn(move || {
            for round in 0..rounds {
                let mut peer = std::net::TcpStream::connect(address).unwrap();
                let sent = vec![round as u8; 3000];
                peer.write_all(&sent).unwrap();
                let mut got = Vec::new();
                peer.read_to_end(&mut got).unwrap();
                assert_eq!(got, sent);
            }
        });
        // Connected by us: connect, recv.
        let (accepts, accepting) = std_listener();
        let greeter = std::thread::spawn(move || {
            for _ in 0..rounds {
                let (mut peer, _) = again(|| accepts.accept()).unwrap();
                std::thread::sleep(Duration::from_micros(100));
                peer.write_all(b"tea").unwrap();
                // The close of the other side comes first, so that the ports are not used up by this one.
                let _ = peer.read_to_end(&mut Vec::new());
            }
        });
        for _ in 0..rounds {
            let mut stream = TcpStream::<C>::connect(accepting).await.unwrap();
            let mut got = [0; 3];
            stream.read_exact(&mut got).await.unwrap();
            assert_eq!(&got, b"tea");
        }
        for _ in 0..count(1, 5) {
            waiting_connect::<C>().await;
        }
        server.await.unwrap();
        let ended = C::spawn_blocking(move || (client.join().unwrap(), greeter.join().unwrap()));
        ended.await.unwrap();
    });
    drop(storm);
    let caught = CAUGHT.load(Ordering::Relaxed) - before;
    println!("{rounds} connections each way while {caught} signals came");
    assert!(caught > rounds, "too few signals to show anything");
    assert_eq!(runtime.open_resources(), 0);
}
