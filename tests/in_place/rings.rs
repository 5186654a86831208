//! What is under way on a ring when its thread blocks: it goes on at the ring of the stand-in, and nothing is lost either way.

use super::{LONG, OneCopiesNothing, OneMovable, OneRing, TwoRings, deny, ends, runtime};
use bespoke::Config;
use core::any::TypeId;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

/// More than a socket takes that nobody reads.
const LARGE: usize = 16 << 20;

fn large() -> Vec<u8> {
    (0..LARGE).map(|n| (n % 251) as u8).collect()
}

/// A stream of a config, and its peer.
macro_rules! pair {
    ($config:ty) => {{
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let ours = bespoke::rt::TcpStream::<$config>::connect(listener.local_addr().expect("bound")).await;
        let (peer, _) = listener.accept().expect("it connects");
        peer.set_read_timeout(Some(LONG)).expect("open");
        (ours.expect("it listens"), peer)
    }};
}

macro_rules! on_rings {
    ($($name:ident: $config:ident;)+) => { $(mod $name {
        use super::*;
        type App = $config;

        #[track_caller]
        fn in_a_task(task: impl Future<Output = ()> + Send + 'static) {
            let runtime = runtime::<App>();
            let task = runtime.handle().spawn(task);
            runtime.block_on(async { App::timeout(LONG, task).await }).expect("in time").expect("no panic");
            ends(runtime);
        }

        #[test]
        fn what_is_under_way_goes_on() {
            in_a_task(async {
                let (tell, told) = mpsc::channel();
                let (mut reads, mut writer) = pair!(App);
                let (mut writes, mut reader) = pair!(App);
                let listener = bespoke::rt::TcpListener::<App>::bind("127.0.0.1:0").await.expect("a port");
                let port = listener.local_addr().expect("bound");
                let datagrams = bespoke::rt::UdpSocket::<App>::bind("127.0.0.1:0").await.expect("a port");
                let datagrams_at = datagrams.local_addr().expect("bound");
                let file = std::env::temp_dir().join(format!("bespoke-in-place-{}-{}", std::process::id(), App::NAME));
                let path = file.clone();

                let tells = tell.clone();
                let reading = App::spawn(async move {
                    let mut word = [0; 4];
                    reads.read_exact(&mut word).await.expect("open");
                    tells.send("read").expect("somebody waits");
                    reads
                });
                let tells = tell.clone();
                drop(App::spawn(async move {
                    writes.write_all(large()).await.0.expect("open");
                    tells.send("written").expect("somebody waits");
                }));
                let tells = tell.clone();
                drop(App::spawn(async move {
                    listener.accept().await.expect("a peer");
                    tells.send("accepted").expect("somebody waits");
                }));
                let tells = tell.clone();
                drop(App::spawn(async move {
                    datagrams.recv_from(&mut [0; 8]).await.expect("a datagram");
                    tells.send("received").expect("somebody waits");
                }));
                let tells = tell.clone();
                drop(App::spawn(async move {
                    let mut file = bespoke::rt::File::<App>::create(path).await.expect("a file");
                    for n in 0..20 {
                        file.write_all(vec![n; 1 << 20]).await.0.expect("there is room");
                    }
                    file.sync_all().await.expect("open");
                    tells.send("filed").expect("somebody waits");
                }));
                // By then all of it is with the kernel.
                App::sleep(Duration::from_millis(20)).await;
                App::block_in_place(|| {
                    writer.write_all(b"ping").expect("open");
                    drop(TcpStream::connect(port).expect("it listens"));
                    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
                    socket.send_to(b"ping", datagrams_at).expect("open");
                    let mut came = vec![0; LARGE];
                    reader.read_exact(&mut came).expect("all of it");
                    assert!(came == large(), "each byte once, in order");
                    let mut all: Vec<_> = (0..5).map(|_| told.recv_timeout(LONG).expect("it goes on")).collect();
                    all.sort_unstable();
                    assert_eq!(all, ["accepted", "filed", "read", "received", "written"]);
                });
                let written = std::fs::read(&file).expect("it is there");
                assert!(written.chunks(1 << 20).map(|part| part[7]).eq(0..20) && written.len() == 20 << 20);
                std::fs::remove_file(&file).expect("it is there");
                // What stays open is used here again.
                let mut reads = reading.await.expect("no panic");
                writer.write_all(b"pong").expect("open");
                reads.read_exact(&mut [0; 4]).await.expect("open");
            });
        }

        #[test]
        fn peers_are_served_while_others_block_again_and_again() {
            in_a_task(async {
                let served = Arc::new(AtomicUsize::new(0));
                let mut peers = Vec::new();
                for seed in 0..6_usize {
                    let (mut ours, mut peer) = pair!(App);
                    drop(App::spawn(async move {
                        let mut buffer = vec![0; 70_000];
                        while let Ok(read) = ours.read(&mut buffer[..]).await && read > 0 {
                            ours.write_all(buffer[..read].to_vec()).await.0.expect("open");
                        }
                    }));
                    let served = served.clone();
                    peers.push(thread::spawn(move || {
                        for round in 0..150_usize {
                            let len = if round % 7 == seed { 60_000 } else { 1 + round };
                            let sent: Vec<u8> = (0..len).map(|n| (n * 31 + round + seed) as u8).collect();
                            peer.write_all(&sent).expect("open");
                            let mut came = vec![0; len];
                            peer.read_exact(&mut came).expect("it is answered");
                            assert!(came == sent, "round {round}");
                        }
                        served.fetch_add(1, Relaxed);
                    }));
                }
                let mut blocking = Vec::new();
                for n in 0..3_u64 {
                    let served = served.clone();
                    blocking.push(App::spawn(async move {
                        let mut rounds = 0;
                        while served.load(Relaxed) < 6 && rounds < 20_000 {
                            rounds += 1;
                            App::block_in_place(|| thread::sleep(Duration::from_micros(rounds * 37 % 700 + n)));
                            App::yield_now().await;
                        }
                    }));
                }
                App::block_in_place(|| peers.into_iter().for_each(|peer| peer.join().expect("each byte once")));
                for task in blocking {
                    task.await.expect("no panic");
                }
            });
        }

        #[test]
        fn what_is_given_up_meanwhile_ends() {
            in_a_task(async {
                let (mut reads, mut reads_peer) = pair!(App);
                let (mut writes, mut writes_peer) = pair!(App);
                let reading = App::spawn(async move {
                    let _ = reads.read(&mut [0; 8]).await;
                });
                let (gives_up, given_up) = mpsc::channel();
                let writing = App::spawn(async move {
                    let written = App::timeout(Duration::from_millis(40), writes.write_all(large())).await;
                    gives_up.send(written.is_err()).expect("somebody waits");
                });
                App::sleep(Duration::from_millis(20)).await;
                App::block_in_place(|| {
                    reading.abort();
                    assert_eq!(reads_peer.read(&mut [0; 8]).expect("the end"), 0);
                    assert_eq!(given_up.recv_timeout(LONG), Ok(true), "nobody has read");
                    let mut came = Vec::new();
                    // The end, or that what it sent was not taken.
                    let _ = writes_peer.read_to_end(&mut came);
                    assert!(came.iter().enumerate().all(|(n, byte)| *byte == (n % 251) as u8), "a part, in order");
                    assert!(came.len() < LARGE);
                });
                assert!(reading.await.is_err());
                writing.await.expect("no panic");
            });
        }

        /// They ask what any thread may ask, and take no turn of the worker that they have left; others do, as far as they have come.
        #[test]
        fn closures_take_sockets_of_their_worker_back() {
            in_a_task(async {
                let mut tasks = Vec::new();
                for task in 0..3_u64 {
                    let (mut reads, mut writer) = pair!(App);
                    tasks.push(App::spawn(async move {
                        let mut came = Vec::new();
                        while came.len() < 4 * 100 {
                            let mut buffer = [0; 64];
                            let read = reads.read(&mut buffer[..]).await.expect("open");
                            came.extend_from_slice(&buffer[..read]);
                        }
                        let sent: Vec<u8> = (0..100_u32).flat_map(u32::to_be_bytes).collect();
                        assert!(came == sent, "each byte once, in order");
                    }));
                    tasks.push(App::spawn(async move {
                        for n in 0..100_u32 {
                            let (mut ours, _peer) = pair!(App);
                            let nothing = App::timeout(Duration::from_micros(200), ours.read(&mut [0; 8])).await;
                            nothing.expect_err("nothing was sent");
                            let taken = App::block_in_place(|| {
                                thread::sleep(Duration::from_micros(u64::from(n) * (37 + task) % 700));
                                writer.write_all(&n.to_be_bytes()).expect("open");
                                App::await_fn(async move || ours.into_std())
                            });
                            taken.expect("nothing has come");
                        }
                    }));
                }
                for task in tasks {
                    task.await.expect("no panic");
                }
            });
        }

        #[test]
        fn without_a_ring_for_another_thread_it_panics_before_it_begins() {
            in_a_task(async {
                let (mut reads, mut writer) = pair!(App);
                // The thread of this worker, and those that it starts.
                deny::deny(&[(libc::SYS_io_uring_setup, libc::EMFILE)]).expect("a thread may filter its own calls");
                let ran = AtomicUsize::new(0);
                let call = AssertUnwindSafe(|| App::block_in_place(|| ran.fetch_add(1, Relaxed)));
                let refused = catch_unwind(call);
                let goes_along = TypeId::of::<App>() == TypeId::of::<OneMovable>();
                assert_eq!(ran.load(Relaxed), usize::from(goes_along));
                if let Err(panic) = refused {
                    let said = panic.downcast_ref::<String>().expect("a sentence");
                    assert!(said.contains("has no I/O driver for the thread that runs the worker meanwhile"), "{said}");
                }
                // It is as before.
                let reading = App::spawn(async move { reads.read(&mut [0; 8]).await });
                App::sleep(Duration::from_millis(1)).await;
                writer.write_all(b"ping").expect("open");
                assert_eq!(reading.await.expect("no panic").expect("open"), 4);
            });
        }

        #[test]
        fn it_ends_with_all_of_it_under_way() {
            for pause in [0, 300, 3_000] {
                let runtime = runtime::<App>();
                let (begun, begins) = mpsc::channel();
                drop(runtime.handle().spawn(async move {
                    let (mut reads, kept) = pair!(App);
                    let (mut writes, kept_too) = pair!(App);
                    let (held, waits) = mpsc::channel::<()>();
                    let holds = held.clone();
                    drop(App::spawn(async move {
                        let _ = reads.read(&mut [0; 8]).await;
                        drop(held);
                    }));
                    drop(App::spawn(async move {
                        let _ = writes.write_all(large()).await;
                        drop(holds);
                    }));
                    App::sleep(Duration::from_millis(5)).await;
                    App::block_in_place(|| {
                        begun.send(()).expect("somebody waits");
                        // What this waits for ends with the runtime.
                        assert_eq!(waits.recv_timeout(LONG), Err(mpsc::RecvTimeoutError::Disconnected));
                        thread::sleep(Duration::from_micros(pause));
                    });
                    drop((kept, kept_too));
                }));
                begins.recv_timeout(LONG).expect("it begins");
                ends(runtime);
            }
        }
    })+ };
}

on_rings! {
    one_ring: OneRing;
    two_rings: TwoRings;
    one_movable: OneMovable;
    one_that_copies_nothing: OneCopiesNothing;
}
