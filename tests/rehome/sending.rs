//! Files that are sent where sockets and files move: an operation with two resources, each of which comes from somewhere.

use crate::{LONG, Moves, WORKERS, assert_busy, connected, on, runtime, soon};
use bespoke::prelude::*;
use bespoke::rt::{File, TcpStream};
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream as StdStream};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// What these configs can.
pub(crate) trait Sends: Moves + bespoke::Config<Driver: ZeroCopy> {}
impl<C: Moves + bespoke::Config<Driver: ZeroCopy>> Sends for C {}

/// A file that goes with the value.
struct Place(PathBuf);

impl Place {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("bespoke-rehome-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Place(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

fn row(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// Takes what is on the disk out of memory, so that a thread has to bring it there.
fn cool(path: &Path) {
    let file = std::fs::File::open(path).unwrap();
    file.sync_all().unwrap();
    // SAFETY: touches no memory of ours.
    assert_eq!(unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) }, 0);
}

fn reads_all(mut peer: StdStream) -> JoinHandle<Vec<u8>> {
    peer.set_read_timeout(Some(LONG)).unwrap();
    thread::spawn(move || {
        let mut got = Vec::new();
        peer.read_to_end(&mut got).unwrap();
        got
    })
}

async fn all_of<C: Sends>(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    while !reader.is_finished() {
        C::sleep(Duration::from_millis(1)).await;
    }
    reader.join().unwrap()
}

/// The stream of here, the file of there, sent from a third place: each way round. The file's key on its worker is one that no
/// other worker has, and so is the stream's: who does not ask for it anew is found out.
pub(crate) fn a_file_and_a_stream_come_to_who_sends<C: Sends>() {
    const LEN: usize = 600_001;
    let place = Place::new("meet", &row(LEN));
    let rt = runtime::<C>();
    rt.block_on(async {
        for (file_at, stream_at, sent_at) in (0..8).map(|n| (n & 1, n >> 1 & 1, n >> 2)) {
            let path = place.0.clone();
            let (file, others) = on::<C, _>(file_at, async move || {
                let mut others = Vec::new();
                for _ in 0..20 {
                    others.push(File::<C>::open("/dev/null").await.unwrap());
                }
                (File::<C>::open(path).await.unwrap(), others)
            })
            .await;
            let (stream, peer) = connected::<C>().await;
            // The first has no worker yet.
            let mut stream = if file_at == stream_at {
                stream
            } else {
                on::<C, _>(stream_at, async move || {
                    stream.rehome().await.unwrap();
                    stream
                })
                .await
            };
            let got = reads_all(peer);
            cool(&place.0);
            let file = on::<C, _>(sent_at, async move || {
                assert_eq!(stream.send_file(&file, 0, LEN).await.unwrap(), LEN);
                assert_eq!(stream.send_file(&file, 7, 10).await.unwrap(), 10);
                file
            })
            .await;
            assert!(all_of::<C>(got).await == [&row(LEN)[..], &row(LEN)[7..17]].concat());
            // It is there now, and comes along to the next.
            let (mut stream, peer) = connected::<C>().await;
            let got = reads_all(peer);
            assert_eq!(stream.send_file(&file, 3, 5).await.unwrap(), 5);
            drop((stream, others));
            assert_eq!(all_of::<C>(got).await, &row(8)[3..]);
        }
    });
}

/// How many bytes lie at `peer`, unread.
fn unread(peer: &StdStream) -> usize {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the call writes one int, which is live.
    assert_eq!(unsafe { libc::ioctl(peer.as_raw_fd(), libc::FIONREAD, &raw mut bytes) }, 0);
    bytes as usize
}

/// Polls a send on its worker until its peer has got some of it, and no more comes in thirty polls: nobody takes anything any more.
async fn stuck<C: Sends>(mut send: Pin<&mut impl Future<Output = std::io::Result<usize>>>, peer: &StdStream) {
    let (mut came, mut still) = (0, 0);
    // A busy machine may take its time with the first bytes.
    for _ in 0..8_000 {
        assert!(poll_fn(|cx| Poll::Ready(send.as_mut().poll(cx))).await.is_pending(), "nobody reads");
        C::sleep(Duration::from_millis(2)).await;
        let now = unread(peer);
        still = if now > came { 0 } else { still + 1 };
        came = now;
        if came > 0 && still >= 30 {
            return;
        }
    }
    panic!("nothing was sent in sixteen seconds");
}

/// While a file is sent, nobody takes it elsewhere; nor when the socket is what the send waits for.
pub(crate) fn a_file_that_is_sent_stays<C: Sends>() {
    const LEN: usize = 32 << 20;
    let place = Place::new("stays", &vec![3; LEN]);
    let rt = runtime::<C>();
    rt.block_on(async {
        let file = Arc::new(File::<C>::open(&place.0).await.unwrap());
        let (mut stream, peer) = connected::<C>().await;
        let (tells, told) = bespoke::channel::oneshot::channel();
        let (sent, its_peer) = (file.clone(), peer.try_clone().unwrap());
        let sends = C::spawn_on(0, async move || {
            let mut send = pin!(stream.send_file(&sent, 0, LEN));
            stuck::<C>(send.as_mut(), &its_peer).await;
            tells.send(()).unwrap();
            send.await.unwrap()
        });
        soon::<C, _>(told).await.unwrap();
        let wanted = file.clone();
        on::<C, _>(1, async move || {
            assert_busy(wanted.read_at(vec![0; 10], 0).await.0);
            let (mut other, _peer) = connected::<C>().await;
            assert_busy(other.send_file(&wanted, 0, 10).await);
        })
        .await;
        let got = reads_all(peer);
        assert_eq!(soon::<C, _>(sends).await.unwrap(), LEN);
        assert_eq!(all_of::<C>(got).await.len(), LEN);
        // Nobody sends it any more.
        on::<C, _>(1, async move || assert_eq!(file.read_at(vec![0; 10], 0).await.0.unwrap(), 10)).await;
    });
}

/// A send is dropped on one worker, told of on another, and goes on there: no byte is lost, and none comes twice.
pub(crate) fn a_dropped_send_is_told_elsewhere<C: Sends>() {
    const LEN: usize = 24 << 20;
    let all = row(LEN);
    let place = Place::new("told", &all);
    let rt = runtime::<C>();
    rt.block_on(async {
        for round in 0..4 {
            let path = place.0.clone();
            let (mut stream, peer) = connected::<C>().await;
            let its_peer = peer.try_clone().unwrap();
            let (stream, file) = on::<C, _>(round % WORKERS, async move || {
                let file = File::<C>::open(path).await.unwrap();
                {
                    let mut send = pin!(stream.send_file(&file, 0, LEN));
                    stuck::<C>(send.as_mut(), &its_peer).await;
                }
                (stream, file)
            })
            .await;
            let (got, taken) = on::<C, _>((round + 1) % WORKERS, async move || {
                let (mut stream, file): (TcpStream<C>, File<C>) = (stream, file);
                // The system may need a moment to let go of either.
                let patient = async |result: std::io::Result<()>| match result {
                    Ok(()) => true,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
                        C::sleep(Duration::from_millis(1)).await;
                        false
                    }
                };
                while !patient(stream.rehome().await).await {}
                while !patient(file.read_at(vec![0], 0).await.0.map(drop)).await {}
                let taken = stream.take_interrupted().await.expect("some of it was sent").bytes;
                let got = reads_all(peer);
                assert_eq!(stream.send_file(&file, taken as u64, LEN).await.unwrap(), LEN - taken);
                stream.shutdown(Shutdown::Write).unwrap();
                (all_of::<C>(got).await, taken)
            })
            .await;
            assert!(got == all, "{taken} were told of, and {} of {LEN} came", got.len());
        }
    });
}

/// A connection that takes not a byte more, and how many it has taken. Of the standard library: a driver that waits tries again
/// when there is room for more than a few.
fn full() -> (StdStream, StdStream, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut ours = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    ours.set_nonblocking(true).unwrap();
    // Windows grow for a while after they were full first.
    let (mut filled, mut still) = (0, 0);
    while still < 50 {
        match ours.write(&[0; 1 << 12]) {
            Ok(n) => (filled, still) = (filled + n, 0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                still += 1;
                thread::sleep(Duration::from_millis(2));
            }
        }
    }
    (ours, peer, filled)
}

/// A send that has begun, and waits, is polled on another worker. On readiness nothing of it is under way: it begins anew there.
#[expect(clippy::async_yields_async, reason = "the send goes on elsewhere")]
pub(crate) fn a_send_that_has_sent_nothing_moves<C: Sends>() {
    const LEN: usize = 300_000;
    type Sending = Pin<Box<dyn Future<Output = std::io::Result<usize>> + Send>>;
    let place = Place::new("moves", &row(LEN));
    let rt = runtime::<C>();
    rt.block_on(async {
        let file = File::<C>::open(&place.0).await.unwrap();
        let (ours, peer, filled) = full();
        let mut stream = TcpStream::<C>::from_std(ours).unwrap();
        let mut send: Sending = Box::pin(async move { stream.send_file(&file, 0, LEN).await });
        for core in [0, 1, 1, 0, 1] {
            send = on::<C, _>(core, async move || {
                for turn in 0..20 {
                    if let Poll::Ready(sent) = poll_fn(|cx| Poll::Ready(send.as_mut().poll(cx))).await {
                        panic!("{sent:?} at {core}, in turn {turn}, and nobody reads");
                    }
                    C::sleep(Duration::from_micros(100)).await;
                }
                send
            })
            .await;
        }
        let got = reads_all(peer);
        assert_eq!(on::<C, _>(0, async move || send.await.unwrap()).await, LEN);
        assert!(all_of::<C>(got).await[filled..] == row(LEN));
    });
}
