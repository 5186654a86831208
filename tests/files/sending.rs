//! Files that are sent to streams: every byte in its place, the count true, also when futures are dropped at any point.

use crate::support::{Random, allocations, closes, count, eventually, fds, fifo, file_of, runtime, touched};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{File, TcpStream, UnixStream};
use core::pin::pin;
use core::time::Duration;
use std::io::{ErrorKind, Read as _};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::thread::JoinHandle;

/// `len` bytes of the endless row in which the byte at place `n` follows from `n`.
fn row(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8).collect()
}

/// A stream of ours and its peer, whose reads give up after twenty seconds.
async fn pair<C: Config<Driver: Net>>() -> (TcpStream<C>, StdStream) {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("bound");
    let ours = TcpStream::connect(address).await.expect("a listener is there");
    let (theirs, _) = listener.accept().expect("a connection waits");
    theirs.set_read_timeout(Some(Duration::from_secs(20))).expect("a connected socket takes options");
    (ours, theirs)
}

/// Reads until the end, on a thread of its own.
fn reads_all(mut peer: impl std::io::Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut got = Vec::new();
        peer.read_to_end(&mut got).expect("closed in order");
        got
    })
}

/// What it has read, once the end came; that may need a turn of the worker, so nobody blocks it meanwhile.
async fn all_of<C: Config>(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    while !reader.is_finished() {
        C::sleep(Duration::from_millis(1)).await;
    }
    reader.join().expect("closed in order")
}

/// A file that is on the disk.
fn on_the_disk(path: &Path, bytes: &[u8]) -> std::fs::File {
    std::fs::write(path, bytes).expect("new");
    let file = std::fs::File::open(path).expect("there");
    file.sync_all().expect("a disk");
    file
}

/// Takes a file that is on the disk out of the system's memory.
fn cool(file: &std::fs::File) {
    // SAFETY: touches no memory of ours.
    assert_eq!(unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) }, 0);
}

pub(crate) fn sent_bytes_are_those_of_the_file<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 3_000_001;
    let all = row(0, LEN);
    runtime::<C>().block_on(async {
        let mut file = file_of::<C>(&folder.join("file"), &all).await;
        assert_eq!(file.read(vec![0; 3]).await.1, row(0, 3));
        let (mut stream, peer) = pair::<C>().await;
        let got = reads_all(peer);
        let mut sent = Vec::new();
        for (at, len) in [(0, 1), (0, 0), (4095, 2), (1, 4096), (70_001, 300_000), (0, LEN), (LEN - 5, 5)] {
            stream.write_all("<").await.0.expect("it is read");
            assert_eq!(stream.send_file(&file, at as u64, len).await.expect("both are open"), len, "{len} from {at}");
            sent.push(b'<');
            sent.extend(&all[at..at + len]);
        }
        assert!(stream.take_interrupted().await.is_none(), "nothing was dropped");
        assert_eq!(file.stream_position().expect("a regular file"), 3, "the cursor stays");
        drop(stream);
        assert!(all_of::<C>(got).await == sent);
    });
}

pub(crate) fn every_kind_of_stream_takes_a_file<C: Config<Driver: ZeroCopy + Unix>>(folder: &Path) {
    const LEN: usize = 700_001;
    runtime::<C>().block_on(async {
        let file = file_of::<C>(&folder.join("file"), &row(0, LEN)).await;
        let (mut stream, peer) = pair::<C>().await;
        let got = reads_all(peer);
        assert_eq!(stream.split().1.send_file(&file, 0, 1000).await.expect("open"), 1000);
        let (_read, mut write) = stream.into_split();
        assert_eq!(write.send_file(&file, 1000, LEN).await.expect("open"), LEN - 1000);
        drop((write, _read));
        assert!(all_of::<C>(got).await == row(0, LEN));

        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("descriptors are free");
        // One that does not wait.
        ours.set_nonblocking(true).expect("it takes options");
        let mut stream = UnixStream::<C>::from_std(ours).expect("a runtime");
        let got = reads_all(theirs);
        assert_eq!(stream.send_file(&file, 7, LEN).await.expect("open"), LEN - 7);
        drop(stream);
        assert!(all_of::<C>(got).await == row(7, LEN - 7));
    });
}

pub(crate) fn a_file_that_ends_is_a_short_count<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 8 << 20;
    let path = folder.join("file");
    runtime::<C>().block_on(async {
        let file = file_of::<C>(&path, &row(0, LEN)).await;
        let (mut stream, peer) = pair::<C>().await;
        assert_eq!(stream.send_file(&file, LEN as u64 - 9, 100).await.expect("open"), 9);
        assert_eq!(stream.send_file(&file, LEN as u64, 100).await.expect("open"), 0);
        assert_eq!(stream.send_file(&file, 1 << 40, usize::MAX).await.expect("open"), 0);
        assert_eq!(stream.send_file(&file, LEN as u64 - 1, usize::MAX).await.expect("open"), 1);
        // Cut while it is sent: nobody reads before that, and not all of it fits.
        let cut = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            std::fs::File::options().write(true).open(path).expect("there").set_len(5).expect("ours");
            reads_all(peer)
        });
        let sent = stream.send_file(&file, 0, LEN).await.expect("open");
        assert!(sent < LEN, "{sent} of a file that was cut");
        drop(stream);
        let got = all_of::<C>(cut.join().expect("it is cut")).await;
        assert_eq!(got.len(), 10 + sent, "the count is true");
        // What had left before is as it was; what was on its way when the file was cut may be zeroes.
        let wrong = got[10..].iter().zip(row(0, sent)).find(|(got, sent)| **got != *sent && **got != 0);
        assert_eq!(wrong, None);
    });
}

pub(crate) fn a_peer_that_is_gone_is_an_error<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 32 << 20;
    runtime::<C>().block_on(async {
        let path = folder.join("file");
        std::fs::File::create(&path).expect("new").set_len(LEN as u64).expect("a hole");
        let file = File::<C>::open(&path).await.expect("there");
        let (mut stream, mut peer) = pair::<C>().await;
        let peer = std::thread::spawn(move || {
            peer.read_exact(&mut [0; 1000]).expect("it comes");
            // There is more to be read: this is a reset.
            std::thread::sleep(Duration::from_millis(20));
            drop(peer);
        });
        let mut sent = Ok(0);
        for _ in 0..3 {
            sent = stream.send_file(&file, 0, LEN).await;
            match &sent {
                Ok(sent) => assert!((1000..LEN).contains(sent), "{sent}"),
                Err(_) => break,
            }
        }
        let error = sent.expect_err("the next call tells");
        assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
        peer.join().expect("no panic");
        // This end has said that it writes no more.
        let (mut stream, _peer) = pair::<C>().await;
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        assert_eq!(stream.send_file(&file, 0, 10).await.expect_err("ended").kind(), ErrorKind::BrokenPipe);
    });
}

pub(crate) fn what_is_no_file_is_refused<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        let path = fifo(&folder.join("pipe"));
        let pipe: File<C> = File::options().read(true).write(true).open(path).await.expect("it is there");
        assert_eq!(stream.send_file(&pipe, 0, 10).await.expect_err("a pipe").kind(), ErrorKind::NotSeekable);
        let folder = File::<C>::open(folder).await.expect("it is there");
        let error = stream.send_file(&folder, 0, 10).await.expect_err("a folder");
        assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::IsADirectory), "{error}");
        let file = File::<C>::open("/dev/null").await.expect("Linux has it");
        let error = stream.send_file(&file, u64::MAX, 10).await.expect_err("no position");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let writes_only: File<C> = File::options().append(true).open("/dev/null").await.expect("Linux has it");
        stream.send_file(&writes_only, 0, 10).await.expect_err("it is not open for reading");
        // Nothing of that has reached the stream.
        stream.write_all("tea").await.0.expect("it is read");
        drop(stream);
        assert_eq!(all_of::<C>(reads_all(peer)).await, b"tea");
    });
}

/// A file that is not in memory.
pub(crate) fn cold_files_are_sent<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 1_000_001;
    runtime::<C>().block_on(async {
        let path = folder.join("file");
        let theirs = on_the_disk(&path, &row(0, LEN));
        let file = File::<C>::open(&path).await.expect("there");
        let (mut stream, peer) = pair::<C>().await;
        let got = reads_all(peer);
        for _ in 0..3 {
            cool(&theirs);
            assert_eq!(stream.send_file(&file, 0, LEN).await.expect("open"), LEN);
        }
        drop(stream);
        assert!(all_of::<C>(got).await == row(0, LEN).repeat(3));
    });
}

pub(crate) fn warm_files_are_sent_without_an_allocation<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let file = file_of::<C>(&folder.join("file"), &row(0, 4096)).await;
        let (mut stream, mut peer) = pair::<C>().await;
        let mut got = [0; 4096];
        let mut before = 0;
        for round in 0..116 {
            if round == 16 {
                before = allocations();
            }
            assert_eq!(stream.send_file(&file, 0, 4096).await.expect("open"), 4096);
            peer.read_exact(&mut got).expect("it comes");
        }
        assert_eq!(allocations() - before, 0);
        assert!(got[..] == row(0, 4096));
    });
}

/// What the peer gets, over all that is dropped, is the row: what was told as sent was sent, and nothing else.
pub(crate) fn dropped_sends_are_counted<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 16 << 20;
    let mut random = Random::new(32);
    let rounds = count(1_500, 100_000);
    let path = folder.join("file");
    let all = row(0, LEN);
    let theirs = on_the_disk(&path, &all);
    // The file again and again: what comes after `got` bytes.
    let is_next = |got: usize, came: &[u8]| {
        let first = came.len().min(LEN - got % LEN);
        came[..first] == all[got % LEN..][..first] && came[first..] == all[..came.len() - first]
    };
    let (mut whole, mut cut, mut nothing) = (0, 0, 0);
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.set_nonblocking(true).expect("it takes options");
        let (mut sent, mut got) = (0, 0);
        let mut room = vec![0; 256 << 10];
        // Reads up to `max`; what comes is the next of the row.
        let mut reads = |got: &mut usize, max: usize| match peer.read(&mut room[..max]) {
            Ok(n) => {
                assert!(is_next(*got, &room[..n]), "after {got} bytes");
                *got += n;
                n
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                0
            }
        };
        for round in 0..rounds {
            // Opened for each: it is closed while the system may have an entry of it.
            let file = File::<C>::open(&path).await.expect("there");
            if random.once_in(16) {
                cool(&theirs);
            }
            let at = sent % LEN;
            let longest = 1 << random.below(23);
            let len = (1 + random.below(longest) as usize).min(LEN - at);
            let before = sent;
            if random.once_in(6) {
                let max = 1 + random.below(256 << 10) as usize;
                // A write waits for room without end, and this thread is the one that makes some.
                let mut writing = pin!(stream.write(all[at..at + len.min(3000)].to_vec()));
                let (written, _) = loop {
                    if let core::task::Poll::Ready(written) = touched(writing.as_mut()).await {
                        break written;
                    }
                    reads(&mut got, max);
                    C::sleep(Duration::from_micros(20)).await;
                };
                sent += written.expect("open");
                while reads(&mut got, max) > 0 {}
                continue;
            }
            {
                let mut sending = pin!(stream.send_file(&file, at as u64, len));
                for _ in 0..random.below(8) {
                    if let core::task::Poll::Ready(n) = touched(sending.as_mut()).await {
                        let n = n.expect("open");
                        assert_eq!(n, len, "round {round}: the file is as long as that");
                        sent += n;
                        break;
                    }
                    if random.once_in(2) {
                        C::sleep(Duration::from_micros(random.below(200))).await;
                    }
                    let max = 1 + random.below(256 << 10) as usize;
                    reads(&mut got, if random.once_in(3) { 0 } else { max });
                }
            }
            drop(file);
            if sent == before {
                // Whoever asks waits until it is known, and reads meanwhile: a dropped send ends of itself.
                match stream.take_interrupted().await {
                    Some(taken) => {
                        assert!((1..=len).contains(&taken.bytes), "round {round}: {} of {len}", taken.bytes);
                        taken.kept.downcast::<()>().expect("nothing is kept");
                        sent += taken.bytes;
                        cut += 1;
                    }
                    None => nothing += 1,
                }
            } else {
                whole += 1;
            }
            let many = if random.once_in(8) { 24 } else { 0 };
            for _ in 0..many {
                reads(&mut got, 256 << 10);
            }
        }
        drop(stream);
        peer.set_nonblocking(false).expect("it takes options");
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).expect("closed in order");
        for part in rest.chunks(LEN / 2) {
            assert!(is_next(got, part), "after {got} bytes");
            got += part.len();
        }
        assert_eq!(got, sent, "what was told as sent, and nothing else");
    });
    println!("{whole} sends were whole, {cut} were cut and counted, {nothing} sent nothing");
    assert!(whole > rounds / 20 && cut > rounds / 300 && nothing > rounds / 100, "all of them happen");
}

/// How many bytes lie at `peer`, unread.
fn unread(peer: &StdStream) -> usize {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the call writes one int, which is live.
    assert_eq!(unsafe { libc::ioctl(peer.as_raw_fd(), libc::FIONREAD, &raw mut bytes) }, 0);
    bytes as usize
}

/// Polls a send whose peer reads nothing until that has got as much as it will, and drops it. What came to the peer by then.
async fn cut_when_full<C: Config<Driver: ZeroCopy>>(
    stream: &mut TcpStream<C>,
    file: &File<C>,
    len: usize,
    peer: &StdStream,
) -> usize {
    const STILL: u32 = 20;
    let mut sending = pin!(stream.send_file(file, 0, len));
    let (mut came, mut still) = (0, 0);
    // A busy machine may take its time with the first bytes.
    for _ in 0..5_000 {
        assert!(touched(sending.as_mut()).await.is_pending(), "nobody reads");
        C::sleep(Duration::from_millis(4)).await;
        let now = unread(peer);
        still = if now > came { 0 } else { still + 1 };
        came = now;
        if came > 0 && still == STILL {
            return came;
        }
    }
    panic!("nothing was sent in twenty seconds");
}

/// Dropped while the stream has no room: what was on its way to it, and no further, is sent by nobody.
pub(crate) fn what_was_on_its_way_is_not_sent_later<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 32 << 20;
    runtime::<C>().block_on(async {
        std::fs::write(folder.join("one"), vec![1; LEN]).expect("new");
        let one = File::<C>::open(folder.join("one")).await.expect("there");
        let two = file_of::<C>(&folder.join("two"), &vec![2; LEN / 8]).await;
        for round in 0..count(4, 200) {
            let (mut full, peer) = pair::<C>().await;
            let came = cut_when_full(&mut full, &one, LEN, &peer).await;
            let taken = full.take_interrupted().await;
            let taken = taken.unwrap_or_else(|| panic!("round {round}: {came} bytes came, and none is told of")).bytes;
            assert!((came..LEN).contains(&taken), "round {round}: {taken} are told of, {came} came");
            assert!(full.take_interrupted().await.is_none(), "it is told once");
            if round % 2 == 1 {
                // The same stream goes on, with what is written next.
                let got = reads_all(peer);
                assert_eq!(full.send_file(&two, 0, 1000).await.expect("it is read"), 1000);
                drop(full);
                let got = all_of::<C>(got).await;
                assert_eq!(got.len(), taken + 1000, "round {round}: the count is true");
                assert!(got[..taken].iter().all(|byte| *byte == 1));
                assert!(got[taken..].iter().all(|byte| *byte == 2), "what had not been sent");
                continue;
            }
            let (mut other, its_peer) = pair::<C>().await;
            let got = reads_all(its_peer);
            assert_eq!(other.send_file(&two, 0, LEN).await.expect("it is read"), LEN / 8);
            drop(other);
            assert!(all_of::<C>(got).await == vec![2; LEN / 8], "what another stream was to get");
            let got = reads_all(peer);
            drop(full);
            assert_eq!(all_of::<C>(got).await.len(), taken, "round {round}: the count is true");
        }
    });
}

/// The stream goes with the send, and the file: both are closed when nothing uses them any more.
pub(crate) fn what_is_dropped_with_its_stream_ends<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 8 << 20;
    let path = folder.join("file");
    let all = row(0, LEN);
    std::fs::write(&path, &all).expect("new");
    let mut random = Random::new(33);
    runtime::<C>().block_on(async {
        for _ in 0..count(40, 2_000) {
            let (mut stream, peer) = pair::<C>().await;
            let file = File::<C>::open(&path).await.expect("there");
            {
                let mut sending = pin!(stream.send_file(&file, 0, LEN));
                for _ in 0..random.below(6) {
                    assert!(touched(sending.as_mut()).await.is_pending(), "nobody reads");
                    C::sleep(Duration::from_micros(random.below(300))).await;
                }
            }
            if random.once_in(2) {
                drop(stream);
                drop(file);
            } else {
                drop(file);
                drop(stream);
            }
            C::yield_now().await;
            let got = reads_all(peer);
            let got = all_of::<C>(got).await;
            assert!(got == all[..got.len()], "a beginning");
        }
    });
}

/// A peer that reads nothing holds no thread of the kernel's.
pub(crate) fn slow_peers_hold_no_threads<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const STREAMS: usize = 64;
    const LEN: usize = 32 << 20;
    // The runtime's and the kernel's, by their names: the harness has some of its own, as many as there are processors.
    let ours = |name: &String| name.starts_with("iou-") || name.starts_with(&format!("{}-", C::NAME));
    let name =
        |thread: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok();
    let threads = || std::fs::read_dir("/proc/self/task").expect("Linux has it").filter_map(name).filter(ours).count();
    runtime::<C>().block_on(async {
        let path = folder.join("file");
        let all = row(0, LEN);
        std::fs::write(&path, &all).expect("new");
        let mut peers = Vec::new();
        let mut tasks = Vec::new();
        for _ in 0..STREAMS {
            let (mut stream, peer) = pair::<C>().await;
            let file = File::<C>::open(&path).await.expect("there");
            peers.push(peer);
            tasks.push(C::spawn(async move { stream.send_file(&file, 0, LEN).await }));
        }
        // Every send has met a stream that takes no more by then; threads that have nothing to do go after five seconds.
        C::sleep(Duration::from_secs(1)).await;
        let mut least = usize::MAX;
        for _ in 0..100 {
            C::sleep(Duration::from_millis(100)).await;
            least = least.min(threads());
            if least < STREAMS / 2 {
                break;
            }
        }
        assert!(least < STREAMS / 2, "{least} threads while {STREAMS} peers do not read");
        assert!(tasks.iter().all(|task| !task.is_finished()), "nobody reads");
        // Each goes on.
        let last = reads_all(peers.pop().expect("as many as that"));
        let sent = tasks.pop().expect("as many as that").await.expect("no panic").expect("it is read");
        assert_eq!(sent, LEN);
        assert!(all_of::<C>(last).await == all);
        for task in &tasks {
            task.abort();
        }
    });
}

type Held = core::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A runtime that closes with sends under way, in tasks and in futures that outlive it: it does so in time, and what each peer has
/// got is a beginning.
pub(crate) fn sends_end_with_their_runtime<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 8 << 20;
    let path = folder.join("file");
    let all = row(0, LEN);
    std::fs::write(&path, &all).expect("new");
    let mut random = Random::new(34);
    let mut slowest = Duration::ZERO;
    for _ in 0..count(40, 2_000) {
        let before = fds();
        let runtime = runtime::<C>();
        let (mut held, mut tasks, mut peers) = (Vec::<Held>::new(), Vec::new(), Vec::new());
        runtime.block_on(async {
            for _ in 0..random.below(12) {
                let (mut stream, peer) = pair::<C>().await;
                let file = File::<C>::open(&path).await.expect("there");
                peers.push(peer);
                let mut future: Held = Box::pin(async move {
                    if let Err(error) = stream.send_file(&file, 0, LEN).await {
                        assert!(error.to_string().contains("the runtime that owned this is closed"), "{error}");
                    }
                });
                if random.once_in(2) {
                    for _ in 0..=random.below(3) {
                        assert!(touched(future.as_mut()).await.is_pending(), "nobody reads");
                        C::yield_now().await;
                    }
                    held.push(future);
                } else {
                    tasks.push(C::spawn(future));
                }
            }
            C::sleep(Duration::from_micros(random.below(3000))).await;
        });
        slowest = slowest.max(closes(runtime));
        if random.once_in(2) {
            for mut future in held.drain(..) {
                let polled = future.as_mut().poll(&mut core::task::Context::from_waker(core::task::Waker::noop()));
                assert!(polled.is_ready(), "all entries have ended with the runtime");
            }
        }
        drop((held, tasks));
        for peer in peers {
            let got = reads_all(peer).join().expect("no panic");
            assert!(got == all[..got.len()], "a beginning");
        }
        assert!(eventually(|| fds() == before), "{before} descriptors before, and {} after", fds());
    }
    println!("the slowest took {slowest:?}");
}

/// Whoever takes the number of a closed file or pipe is not read.
pub(crate) fn numbers_that_are_used_again_are_not_sent<C: Config<Driver: ZeroCopy>>(folder: &Path) {
    const LEN: usize = 1 << 20;
    let path = folder.join("file");
    std::fs::write(&path, vec![1; LEN]).expect("new");
    let other = folder.join("other");
    std::fs::write(&other, vec![2; LEN]).expect("new");
    runtime::<C>().block_on(async {
        for turns in 0..count(60, 3_000) {
            let (mut stream, peer) = pair::<C>().await;
            let file = File::<C>::open(&path).await.expect("there");
            {
                let mut sending = pin!(stream.send_file(&file, 0, LEN));
                for _ in 0..1 + turns % 4 {
                    if touched(sending.as_mut()).await.is_ready() {
                        break;
                    }
                    if turns % 2 == 0 {
                        C::yield_now().await;
                    }
                }
            }
            drop(file);
            // The lowest free numbers, among them that of the file, if it is free, and those of the pipe.
            let taken: Vec<_> = (0..4).map(|_| std::fs::File::open(&other).expect("there")).collect();
            C::sleep(Duration::from_micros(500)).await;
            drop(stream);
            let got = reads_all(peer);
            assert!(all_of::<C>(got).await.iter().all(|byte| *byte == 1), "another file was sent");
            drop(taken);
        }
    });
}
