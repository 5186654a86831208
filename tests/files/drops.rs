//! Futures dropped and forgotten at every point: the memory and the descriptors that they used. RELIABILITY A1, A3.

use crate::support::{
    CANARY, Canary, Random, both_ends, closes, count, eventually, fds, fifo, file_of, in_the_system, leaks_a_worker,
    runtime, soon, touched,
};
use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::{File, SharingOf, fs};
use bespoke::scheduler::Sharing;
use bespoke::{Config, Runtime};
use core::hint::spin_loop;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// What a transfer of the test moves at most.
const BYTES_MAX: usize = 128 << 10;

/// Lets a little time go by, or a turn of the worker.
pub(crate) async fn meanwhile<C: Config>(random: &mut Random) {
    match random.below(6) {
        0 => C::yield_now().await,
        1 => (0..random.below(20_000)).for_each(|_| spin_loop()),
        2 => std::thread::yield_now(),
        // Turns that wait: a ring hands over what was polled, and takes in what is over.
        3 | 4 => C::sleep(core::time::Duration::from_micros(random.below(200))).await,
        _ => {}
    }
}

/// Polls up to twice, at random times. `None`: to be dropped.
pub(crate) async fn at_random<C: Config, F: Future>(mut future: Pin<&mut F>, random: &mut Random) -> Option<F::Output> {
    for _ in 0..random.below(3) {
        if let Poll::Ready(output) = touched(future.as_mut()).await {
            return Some(output);
        }
        meanwhile::<C>(random).await;
    }
    None
}

pub(crate) fn dropped_transfers_touch_nothing<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    let mut random = Random::new(2);
    let drops = count(6_000, 1_000_000);
    let runtime = runtime::<C>();
    let (mut ready, mut dropped, mut checked) = (0, 0, 0);
    runtime.block_on(async {
        let file = file_of::<C>(&path, &vec![7; 2 * BYTES_MAX]).await;
        for n in 0..drops {
            let len = 1 + random.below(BYTES_MAX as u64) as usize;
            let at = random.below(BYTES_MAX as u64);
            // Some are waited for: where a thread waits long for a processor, few are over by the time of their drop.
            let waits = random.once_in(10);
            if random.once_in(2) {
                let read = pin!(file.read_at(Canary::new(&vec![CANARY; len]), at));
                match if waits { Some(read.await) } else { at_random::<C, _>(read, &mut random).await } {
                    Some((read, buffer)) => {
                        assert_eq!((read.expect("open"), buffer.len()), (len, len), "drop {n}");
                        assert!(!buffer.as_bytes().contains(&CANARY), "drop {n}: the file has what was freed");
                        ready += 1;
                    }
                    None => dropped += 1,
                }
            } else {
                let bytes = vec![random.below(u64::from(CANARY)) as u8; len];
                let write = pin!(file.write_all_at(Canary::new(&bytes), at));
                match if waits { Some(write.await) } else { at_random::<C, _>(write, &mut random).await } {
                    Some((written, _)) => {
                        written.expect("open");
                        ready += 1;
                    }
                    None => dropped += 1,
                }
            }
            if n % 256 == 255 {
                // Late touches come late.
                C::sleep(core::time::Duration::from_millis(1)).await;
                checked += Canary::check();
            }
        }
    });
    closes(runtime);
    checked += Canary::check();
    assert_eq!(checked as u64, drops, "every buffer was freed, once");
    assert!(!std::fs::read(&path).expect("there").contains(&CANARY), "freed memory was written to the file");
    assert!(ready > drops / 20 && dropped > drops / 4, "{ready} ready, {dropped} dropped: not a mixture");
    println!("{ready} ready, {dropped} dropped, {checked} buffers checked");
}

pub(crate) fn dropped_opens_leak_nothing<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    std::fs::write(&path, "tea").expect("new");
    let mut random = Random::new(3);
    let opens = count(5_000, 100_000);
    let before = fds();
    let runtime = runtime::<C>();
    let mut ready = 0;
    runtime.block_on(async {
        for _ in 0..opens {
            let open = pin!(File::<C>::open(&path));
            if let Some(file) = at_random::<C, _>(open, &mut random).await {
                drop(file.expect("there"));
                ready += 1;
            }
        }
    });
    assert_eq!(runtime.open_resources(), 0);
    closes(runtime);
    assert!(eventually(|| fds() == before), "{} opens were dropped", opens - ready);
    assert!(ready > 0 && ready < opens, "{ready} of {opens} were ready: not a mixture");
}

/// A cursor moves only when the future is ready, so a read that was dropped is read again.
pub(crate) fn dropped_cursor_reads_stay<C: Config<Driver: Fs>>(folder: &Path) {
    let bytes: Vec<u8> = (0..100_000u32).map(|n| (n ^ (n >> 8)) as u8).collect();
    let mut random = Random::new(4);
    runtime::<C>().block_on(async {
        let mut file = file_of::<C>(&folder.join("file"), &bytes).await;
        let (mut got, mut dropped) = (Vec::new(), 0);
        while got.len() < bytes.len() {
            let before = file.stream_position().expect("a regular file");
            let buffer = vec![0; 1 + random.below(200) as usize];
            // Ends with the statement, ready or not. What is in memory is read at once, but not into several buffers.
            let ended = if random.once_in(2) {
                at_random::<C, _>(pin!(file.read(buffer)), &mut random).await
            } else {
                let read = at_random::<C, _>(pin!(file.read_vectored([buffer])), &mut random).await;
                read.map(|(read, [buffer])| (read, buffer))
            };
            match ended {
                Some((read, buffer)) => {
                    assert_eq!(read.expect("open"), buffer.len());
                    got.extend_from_slice(&buffer);
                }
                None => {
                    dropped += 1;
                    assert_eq!(file.stream_position().expect("a regular file"), before);
                }
            }
        }
        assert!(got == bytes, "bytes are lost or repeated");
        assert!(dropped > 10, "{dropped}");
    });
}

/// The number of a closed descriptor is given to the next file: a call that still runs must not find it there.
pub(crate) fn file_is_open_until_its_last_operation<C: Config<Driver: Fs>>(folder: &Path) {
    let path = fifo(&folder.join("pipe"));
    let mut theirs = both_ends(&path);
    runtime::<C>().block_on(async {
        C::sleep(core::time::Duration::from_millis(1)).await; // the driver opens what it sleeps with
        let before = fds();
        let mut file: File<C> = File::options().read(true).write(true).open(&path).await.expect("it is there");
        assert_eq!(fds(), before + 1);
        let freed = Canary::freed();
        in_the_system::<C, _>(pin!(file.read(Canary::new(&[0; 8])))).await;
        drop(file);
        // Where tasks move, another worker may have ended it by now.
        let roams = <SharingOf<C> as Sharing>::MOVING;
        let holds = fds() == before + 1;
        assert!(holds || roams && Canary::freed() == freed + 1, "the call that runs holds the descriptor");
        assert!(roams || Canary::freed() == freed, "and the buffer");
        theirs.write_all(b"tea").expect("open");
        assert!(soon::<C>(|| fds() == before).await, "its end closes the descriptor");
        assert!(soon::<C>(|| Canary::freed() == freed + 1).await, "and frees the buffer");
    });
    Canary::check();
}

pub(crate) fn forgotten_futures_corrupt_nothing<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    let mut random = Random::new(5);
    let rounds = count(500, 20_000);
    let runtime = runtime::<C>();
    let freed = Canary::freed();
    runtime.block_on(async {
        let file = file_of::<C>(&path, &vec![7; BYTES_MAX]).await;
        for _ in 0..rounds {
            let len = 1 + random.below(4096) as usize;
            let mut read = Box::new(file.read_vectored_at([Canary::new(&vec![0; len])], 0));
            let mut write = Box::new(file.write_all_at(Canary::new(&vec![9; len]), 0));
            let _ = touched(Pin::new(&mut *read)).await;
            let _ = touched(Pin::new(&mut *write)).await;
            meanwhile::<C>(&mut random).await;
            core::mem::forget((read, write));
        }
        // The file itself works on, and closes.
        let (read, buffer) = file.read_at(vec![0; 16], BYTES_MAX as u64 - 16).await;
        assert_eq!((read.expect("open"), &*buffer), (16, &[7; 16][..]));
    });
    drop(runtime);
    // A forgotten future is a guest of one for ever, and those that take tasks from each other stay together.
    leaks_a_worker(if <SharingOf<C> as Sharing>::MOVING { Runtime::<C>::INFO.workers } else { 1 });
    let bytes = std::fs::read(&path).expect("there");
    assert!(bytes.iter().all(|byte| [7, 9].contains(byte)), "the file has what nobody wrote");
    assert!(Canary::freed() - freed <= 2 * rounds as usize);
    Canary::check();
}

pub(crate) fn dropped_on_another_thread<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    std::fs::write(&path, vec![7; BYTES_MAX]).expect("new");
    let rounds = count(500, 50_000);
    let before = fds();
    let runtime = runtime::<C>();
    let freed = Canary::freed();
    let (send, receive) = std::sync::mpsc::channel::<Pin<Box<dyn Future<Output = ()> + Send>>>();
    let undertaker = std::thread::spawn(move || receive.into_iter().for_each(drop));
    runtime.block_on(async {
        for n in 0..rounds {
            let file = File::<C>::options().read(true).write(true).open(&path).await.expect("there");
            let mut future: Pin<Box<dyn Future<Output = ()> + Send>> = if n % 2 == 0 {
                Box::pin(async move { drop(file.read_vectored_at([Canary::new(&[0; 4096])], 0).await) })
            } else {
                Box::pin(async move { drop(file.write_at(Canary::new(&[9; 4096]), 0).await) })
            };
            let _ = touched(future.as_mut()).await;
            send.send(future).expect("the undertaker waits");
        }
    });
    drop(send);
    undertaker.join().expect("drops do not panic");
    runtime.block_on(C::yield_now());
    closes(runtime);
    assert!(eventually(|| fds() == before));
    assert_eq!(Canary::freed() - freed, rounds as usize, "every buffer was freed, once");
    Canary::check();
    assert!(!std::fs::read(&path).expect("there").contains(&CANARY), "freed memory was written to the file");
}

pub(crate) fn dropped_listings_go_on<C: Config<Driver: Fs>>(folder: &Path) {
    for n in 0..500 {
        std::fs::write(folder.join(format!("file {n}")), "").expect("new");
    }
    let mut random = Random::new(6);
    runtime::<C>().block_on(async {
        C::sleep(core::time::Duration::from_millis(1)).await; // the driver opens what it sleeps with
        let before = fds();
        let mut entries = fs::read_dir::<C>(folder).await.expect("there");
        let mut found = std::collections::BTreeSet::new();
        loop {
            let next = pin!(entries.next_entry());
            match at_random::<C, _>(next, &mut random).await {
                None => {}
                Some(Ok(Some(entry))) => assert!(found.insert(entry.file_name()), "told twice"),
                Some(Ok(None)) => break,
                Some(Err(error)) => panic!("{error}"),
            }
        }
        assert_eq!(found.len(), 500, "entries are lost");
        drop(entries);
        // One that is dropped while a batch is fetched closes its folder.
        for _ in 0..200 {
            drop(at_random::<C, _>(pin!(fs::read_dir::<C>(folder)), &mut random).await);
        }
        assert!(eventually(|| fds() == before), "{} descriptors more", fds() - before);
    });
}

/// What the future holds for a call is dropped once, whoever does it, and whenever.
#[test]
fn what_calls_hold_is_dropped_once() {
    struct Counted(Arc<AtomicUsize>, Vec<u8>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    // SAFETY: the bytes are on the heap.
    unsafe impl IoBuf for Counted {
        fn as_ptr(&self) -> *const u8 {
            self.1.as_ptr()
        }
        fn len(&self) -> usize {
            self.1.len()
        }
    }
    crate::support::run("drops::what_calls_hold_is_dropped_once", |folder| {
        type C = bespoke::preset::Default;
        let drops = Arc::new(AtomicUsize::new(0));
        let mut random = Random::new(7);
        let runtime = runtime::<C>();
        let rounds = 2000;
        runtime.block_on(async {
            for _ in 0..rounds {
                let write = fs::write::<C, _>(folder.join("file"), Counted(drops.clone(), vec![1; 64]));
                drop(at_random::<C, _>(pin!(write), &mut random).await);
            }
        });
        closes(runtime);
        assert!(eventually(|| drops.load(Ordering::SeqCst) == rounds));
        // Outside of a runtime the future was never polled: nothing is under way.
        let unpolled = fs::write::<C, _>(folder.join("other"), "tea");
        drop(unpolled);
        assert!(!folder.join("other").exists());
    });
}

/// A write at the cursor that is dropped under way goes on, and what follows comes behind it.
pub(crate) fn dropped_cursor_writes_stay_in_order<C: Config<Driver: Fs + Foreign>>(folder: &Path) {
    runtime::<C>().block_on(async {
        // A pipe that nobody reads yet: the write is under way for sure.
        const MUCH: usize = 200_000;
        let (mut reader, writer) = std::io::pipe().expect("descriptors are free");
        let writer = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
        let mut file = File::<C>::from_std(writer).expect("a descriptor is free");
        {
            let mut write = pin!(file.write_all(vec![b'A'; MUCH]));
            in_the_system::<C, _>(write.as_mut()).await;
        }
        let reads = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            let mut all = Vec::new();
            std::io::Read::read_to_end(&mut reader, &mut all).expect("open");
            all
        });
        file.write_all("BBBB").await.0.expect("somebody reads");
        drop(file);
        let all = reads.join().expect("no panic");
        assert_eq!((all.len(), &all[MUCH..]), (MUCH + 4, &b"BBBB"[..]));

        // A file: the cursor is behind what was written.
        const LEN: usize = 8 << 20;
        for append in [false, true] {
            let path = folder.join(format!("dropped-{append}"));
            let mut file = File::<C>::options();
            let mut file = file.create(true).write(true).append(append).open(&path).await.expect("new");
            C::yield_now().await; // a new share of polls
            let polled = pin!(file.write_all(vec![b'A'; LEN])).poll(&mut Context::from_waker(Waker::noop()));
            let is_whole = polled.is_ready();
            file.write_all("BB").await.0.expect("there is room");
            assert_eq!(file.stream_position().expect("a file"), LEN as u64 + 2, "ready at once: {is_whole}");
            C::yield_now().await;
            drop(pin!(file.write("CC")).poll(&mut Context::from_waker(Waker::noop())));
            bespoke::io::Writes::flush(&mut file).await.expect("open");
            assert_eq!(file.stream_position().expect("a file"), LEN as u64 + 4);
            let all = std::fs::read(&path).expect("there");
            assert_eq!((all.len(), &all[LEN - 1..]), (LEN + 4, &b"ABBCC"[..]), "append: {append}");
        }
    });
}
