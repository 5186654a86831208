//! On a ring: most operations are its entries, which allocate nothing and need no thread. The rest are jobs of the pool.

use crate::support::{allocations, fifo, file_of, runtime};
use bespoke::Config;
use bespoke::clock::NoThreads;
use bespoke::driver::IoUring;
use bespoke::prelude::*;
use bespoke::rt::{File, fs};
use core::time::Duration;
use std::io::ErrorKind;
use std::path::Path;

/// Whatever grows once has grown after so many rounds.
const WARM: u64 = 16;
const ROUNDS: u64 = 100;

pub(crate) fn operations_allocate_nothing<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let mut file = file_of::<C>(&folder.join("file"), &[7; 4096]).await;
        let (mut buffer, mut slice) = (vec![0; 4096], [0; 512]);
        let mut before = 0;
        for round in 0..WARM + ROUNDS {
            if round == WARM {
                before = allocations();
            }
            buffer = file.read_at(buffer, 0).await.1;
            buffer = file.write_all_at(buffer, 0).await.1;
            let list = [buffer];
            let [back] = file.write_vectored_at(list, 0).await.1;
            let [back] = file.read_vectored_at([back], 0).await.1;
            buffer = back;
            file.sync_data().await.expect("open");
            assert_eq!(file.metadata().await.expect("open").len(), 4096);
            file.seek(std::io::SeekFrom::Start(0)).await.expect("a regular file");
            assert_eq!(bespoke::io::Reads::read(&mut file, &mut slice).await.expect("open"), 512);
        }
        assert_eq!(allocations() - before, 0);
        assert_eq!(buffer, [7; 4096]);
    });
}

/// An entry would wait for bytes where the call does not.
pub(crate) fn files_that_do_not_wait<C: Config<Driver: Fs>>(folder: &Path) {
    let path = fifo(&folder.join("pipe"));
    std::fs::write(folder.join("file"), "0123456789").expect("new");
    runtime::<C>().block_on(async {
        let mut options = File::<C>::options();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let mut pipe = options.open(&path).await.expect("it is there");
        let read = C::timeout(Duration::from_secs(30), pipe.read(vec![5; 3])).await.expect("it does not wait");
        assert_eq!((read.0.expect_err("nothing is there").kind(), &*read.1), (ErrorKind::WouldBlock, &[5; 3][..]));
        pipe.write_all("tea").await.0.expect("there is room");
        assert_eq!(pipe.read(vec![0; 8]).await.1, b"tea");
        let file = options.open(folder.join("file")).await.expect("it is there");
        assert_eq!(file.read_at(vec![0; 4], 3).await.1, b"3456");
        file.set_len(4).await.expect("open for writing");
        assert_eq!(std::fs::read(folder.join("file")).expect("it is there"), b"0123");
    });
}

/// No blocking threads.
struct Alone;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Alone {
    type Driver = IoUring;
    type Threads = NoThreads;
    const BLOCKING_THREADS_MAX: usize = 0;
}

#[test]
fn without_threads_there_are_files_on_a_ring() {
    let name = "rings::without_threads_there_are_files_on_a_ring";
    if crate::when::When::Always.leaves_out::<Alone>("rings", "without_threads_there_are_files_on_a_ring") {
        return;
    }
    crate::support::run(name, |folder| {
        let path = folder.join("file");
        runtime::<Alone>().block_on(async {
            let mut file = File::<Alone>::create(&path).await.expect("new");
            file.write_all("tea").await.0.expect("open for writing");
            file.sync_all().await.expect("open");
            fs::rename::<Alone>(&path, folder.join("other")).await.expect("there");
            fs::create_dir::<Alone>(folder.join("folder")).await.expect("new");
            fs::remove_dir::<Alone>(folder.join("folder")).await.expect("empty");
            assert_eq!(fs::metadata::<Alone>(folder.join("other")).await.expect("there").len(), 3);
            // What is a function and no entry.
            let error = fs::read::<Alone>(folder.join("other")).await.expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("blocking threads, and this config has none"), "{error}");
            fs::remove_file::<Alone>(folder.join("other")).await.expect("there");
        });
    });
}
