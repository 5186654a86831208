//! What comes of files where blocking threads are few or none; and what an operation allocates.

use crate::support::{Canary, allocations, both_ends, eventually, fifo, file_of, in_the_system, run, runtime, touched};
use bespoke::clock::NoThreads;
use bespoke::rt::{File, fs};
use core::pin::pin;
use std::io::{ErrorKind, Write};

/// No blocking threads.
struct Alone;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Alone {
    type Threads = NoThreads;
    const BLOCKING_THREADS_MAX: usize = 0;
}

/// One, and a short queue.
struct Few;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Few {
    const BLOCKING_THREADS_MAX: usize = 1;
    const BLOCKING_QUEUE_MAX: usize = 2;
}

#[test]
fn without_threads_there_are_no_files() {
    run("pool::without_threads_there_are_no_files", |folder| {
        std::fs::write(folder.join("file"), "tea").expect("new");
        runtime::<Alone>().block_on(async {
            let refused = |error: std::io::Error| {
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                assert!(error.to_string().contains("blocking threads, and this config has none"), "{error}");
            };
            refused(File::<Alone>::open(folder.join("file")).await.expect_err("refused"));
            refused(fs::read::<Alone>(folder.join("file")).await.expect_err("refused"));
            refused(fs::metadata::<Alone>(folder).await.expect_err("refused"));
            refused(fs::read_dir::<Alone>(folder).await.expect_err("refused"));
            let (written, buffer) = fs::write::<Alone, _>(folder.join("file"), "coffee").await;
            refused(written.expect_err("refused"));
            assert_eq!(buffer, "coffee", "the buffer comes back");
            let std = std::fs::File::open(folder.join("file")).expect("there");
            let file = File::<Alone>::from_std(std).expect("this takes no thread");
            let (read, buffer) = file.read_at(vec![5; 3], 0).await;
            refused(read.expect_err("refused"));
            assert_eq!(buffer, [5; 3]);
        });
    });
}

#[test]
fn full_queue_is_an_error_and_a_drop_takes_back_what_waits() {
    run("pool::full_queue_is_an_error_and_a_drop_takes_back_what_waits", |folder| {
        let path = fifo(&folder.join("pipe"));
        let mut theirs = both_ends(&path);
        runtime::<Few>().block_on(async {
            let mut pipe = File::<Few>::options().read(true).write(true).open(&path).await.expect("there");
            let file = file_of::<Few>(&folder.join("file"), b"0123456789").await;
            // The one thread waits for bytes; what comes after it waits for the thread.
            let mut blocked = pin!(pipe.read(vec![0; 3]));
            in_the_system::<Few, _>(blocked.as_mut()).await;
            let freed = Canary::freed();
            {
                let mut queued = pin!(file.write_all_at(Canary::new(b"XXXX"), 0));
                assert!(touched(queued.as_mut()).await.is_pending());
            }
            assert_eq!(Canary::freed(), freed + 1, "taken back: the buffer is free at once");
            // Not of what is in memory: into several buffers.
            let mut queued = pin!(file.read_vectored_at([vec![0; 4]], 0));
            assert!(touched(queued.as_mut()).await.is_pending());
            let (written, buffer) = file.write_all_at("refused", 0).await;
            let error = written.expect_err("the queue is full");
            assert_eq!(error.kind(), ErrorKind::ResourceBusy);
            assert!(error.to_string().contains("BLOCKING_QUEUE_MAX"), "{error}");
            assert_eq!(buffer, "refused", "the buffer comes back");
            theirs.write_all(b"tea").expect("open");
            assert_eq!(blocked.await.1, b"tea");
            assert_eq!(queued.await.1, [b"0123"], "what was taken back was not done");
            file.write_all_at("more", 0).await.0.expect("there is room again");
        });
        assert!(eventually(|| Canary::check() > 0));
        assert_eq!(std::fs::read(folder.join("file")).expect("there"), b"more456789");
    });
}

/// Does the system say of this file what is in memory, without waiting for the rest?
fn says_what_is_in_memory(file: &std::path::Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd as _;
        let file = std::fs::File::open(file).expect("there");
        let mut byte = 0_u8;
        let room = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
        // SAFETY: one byte, which is there.
        unsafe { libc::preadv2(file.as_raw_fd(), &room, 1, 0, libc::RWF_NOWAIT) == 1 }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        false
    }
}

#[test]
fn operation_allocates_once() {
    run("pool::operation_allocates_once", |folder| {
        runtime::<Few>().block_on(async {
            let mut file = file_of::<Few>(&folder.join("file"), &[7; 4096]).await;
            let theirs = || Few::spawn_blocking(allocations);
            let mut buffer = vec![0; 4096];
            // Whatever grows once has grown.
            for _ in 0..8 {
                buffer = file.read_at(buffer, 0).await.1;
                theirs().await.expect("a thread");
            }
            let rounds = 100;
            let (ours_before, theirs_before) = (allocations(), theirs().await.expect("a thread"));
            for _ in 0..rounds {
                buffer = file.write_all_at(buffer, 0).await.1;
                file.sync_data().await.expect("open");
                let list = [buffer];
                let list = file.write_vectored_at(list, 0).await.1;
                let [back] = file.read_vectored_at(list, 0).await.1;
                buffer = back;
                file.metadata().await.expect("open");
            }
            let theirs_after = theirs().await.expect("a thread");
            // Two questions, and five operations per round: one job each.
            assert_eq!(allocations() - ours_before, 2 + 5 * rounds);
            // Nothing for an operation. When it rests first, which may be now, it asks how many processors there are.
            assert!(theirs_after - theirs_before <= 1, "{} of the thread that does them", theirs_after - theirs_before);
            // What is in memory takes no job, where the file system says so. Reads into a slice go through one buffer, which stays.
            let mut before = 0;
            for round in 0..=rounds {
                if round == 1 {
                    before = allocations();
                }
                buffer = file.read_at(buffer, 0).await.1;
                bespoke::io::Reads::read(&mut file, &mut [0; 512]).await.expect("open");
                file.seek(std::io::SeekFrom::Start(0)).await.expect("a regular file");
            }
            let asked = allocations() - before;
            let jobs = if says_what_is_in_memory(&folder.join("file")) { 0 } else { 2 * rounds };
            assert_eq!(asked, jobs);
        });
    });
}
