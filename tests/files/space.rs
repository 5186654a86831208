//! The place of a file: room on its disk, advice, the way around the system's memory; and files without a name. Linux.

use crate::drops::at_random;
use crate::support::{Random, count, fds, file_of, runtime, soon};
use bespoke::Config;
use bespoke::io::{IoBuf, IoBufMut};
use bespoke::prelude::*;
use bespoke::rt::{Advice, Allocation, File, OpenOptions, fs};
use core::pin::pin;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Blocks of 512 bytes that the file has of its disk.
fn blocks(path: &Path) -> u64 {
    std::fs::metadata(path).expect("there").blocks()
}

pub(crate) fn room_is_taken_and_given_back<C: Config<Driver: Fs>>(folder: &Path) {
    const MUCH: u64 = 1 << 20;
    let path = folder.join("file");
    runtime::<C>().block_on(async {
        let mut file = file_of::<C>(&path, b"0123456789").await;
        file.allocate(Allocation::KeepSize, 0, MUCH).await.expect("room, on a file system that gives it");
        assert_eq!(file.metadata().await.expect("open").len(), 10);
        assert!(blocks(&path) >= MUCH / 512, "{} blocks", blocks(&path));
        file.allocate(Allocation::Reserve, 0, MUCH).await.expect("room");
        let bytes = std::fs::read(&path).expect("there");
        assert_eq!((bytes.len() as u64, &bytes[..12]), (MUCH, &b"0123456789\0\0"[..]));
        file.allocate(Allocation::PunchHole, 0, MUCH).await.expect("a hole");
        assert_eq!(blocks(&path), 0);
        assert!(std::fs::read(&path).expect("there").iter().all(|byte| *byte == 0));

        file.write_all_at("abcdefgh", 0).await.0.expect("room");
        file.allocate(Allocation::Zero, 2, 3).await.expect("zeroes");
        assert_eq!(std::fs::read(&path).expect("there")[..8], *b"ab\0\0\0fgh");
        file.allocate(Allocation::Zero, MUCH, 5).await.expect("zeroes");
        assert_eq!(file.metadata().await.expect("open").len(), MUCH + 5, "it grows");
        assert_eq!(file.stream_position().expect("a file"), 0, "the cursor stays");

        for (at, len) in [(0, 0), (u64::MAX, 1), (0, u64::MAX), (1 << 63, 1)] {
            let error = file.allocate(Allocation::Reserve, at, len).await.expect_err("no such range");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{at} {len}: {error}");
        }
        File::<C>::open(&path).await.expect("there").allocate(Allocation::Zero, 0, 1).await.expect_err("to read only");
        assert_eq!(file.read(vec![0; 2]).await.1, b"ab");
    });
}

pub(crate) fn advice_changes_nothing<C: Config<Driver: Fs + Foreign>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let file = file_of::<C>(&folder.join("file"), &vec![7; 1 << 16]).await;
        let all =
            [Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::NoReuse, Advice::DontNeed];
        for advice in all {
            // The last is more than an entry of a ring can say.
            for (at, len) in [(0, 0), (4096, 8192), (0, 5 << 32)] {
                file.advise(advice, at, len).await.unwrap_or_else(|error| panic!("{advice:?} {at} {len}: {error}"));
            }
            assert!(file.read_at(vec![0; 1 << 16], 0).await.1.iter().all(|byte| *byte == 7));
        }
        let error = file.advise(Advice::Normal, 0, u64::MAX).await.expect_err("no such range");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let (reader, _writer) = std::io::pipe().expect("descriptors are free");
        let pipe = File::<C>::from_std(std::fs::File::from(std::os::fd::OwnedFd::from(reader))).expect("free");
        let error = pipe.advise(Advice::WillNeed, 0, 0).await.expect_err("no positions");
        assert_eq!(error.kind(), ErrorKind::NotSeekable);
    });
}

/// A block at an address that a disk takes.
#[repr(align(4096))]
struct Block([u8; 8192]);

struct Aligned(Box<Block>, usize);

// SAFETY: the bytes are on the heap, and stay.
unsafe impl IoBuf for Aligned {
    fn as_ptr(&self) -> *const u8 {
        self.0.0.as_ptr()
    }
    fn len(&self) -> usize {
        self.1
    }
}

// SAFETY: as above; all are initialised and writable.
unsafe impl IoBufMut for Aligned {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.0.as_mut_ptr()
    }
    fn capacity(&self) -> usize {
        self.0.0.len()
    }
    unsafe fn set_len(&mut self, len: usize) {
        self.1 = len;
    }
}

pub(crate) fn around_the_systems_memory<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    runtime::<C>().block_on(async {
        file_of::<C>(&path, &vec![5; 10_000]).await.sync_all().await.expect("open");
        let mut options = File::<C>::options();
        let file = options.read(true).write(true).direct(true).open(&path).await.expect("a disk that takes it");
        let (read, block) = file.read_at(Aligned(Box::new(Block([0; 8192])), 8192), 4096).await;
        assert_eq!(read.expect("aligned"), 10_000 - 4096, "the last read is short");
        assert!(block.as_bytes().iter().all(|byte| *byte == 5));
        let block = Aligned(Box::new(Block([6; 8192])), 8192);
        file.write_all_at(block, 0).await.0.expect("aligned");
        assert_eq!(file.read_at(Aligned(Box::new(Block([0; 8192])), 0), 0).await.1.as_bytes(), [6; 8192]);

        // Each of the three that must fit; the buffer comes back, and the error says what to do.
        let told = |error: std::io::Error| {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.to_string().contains("opened with `direct`"), "{error}");
        };
        let block = || Aligned(Box::new(Block([6; 8192])), 8192);
        told(file.read_at(block(), 1).await.0.expect_err("no such position here"));
        told(file.read_at(block().slice(..100), 0).await.0.expect_err("no such length here"));
        // Of the address there are disks that do not mind.
        file.write_at(block().slice(1..513), 0).await.0.map_or_else(told, drop);
        told(file.read_vectored_at([block().slice(..100)], 0).await.0.expect_err("no such length here"));

        // It can be taken back, and a way that is not there is told at the open.
        options.direct(false);
        assert_eq!(options.open(&path).await.expect("there").read_at(vec![0; 3], 1).await.1, [6; 3]);
        let error = File::<C>::options().read(true).direct(true).open("/proc/self/status").await.expect_err("no disk");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("without `direct`"), "{error}");
    });
}

pub(crate) fn files_without_a_name_get_one<C: Config<Driver: Fs>>(folder: &Path) {
    let empty = || std::fs::read_dir(folder).expect("there").next().is_none();
    runtime::<C>().block_on(async {
        let mut file: File<C> = File::options()
            .write(true)
            .read(true)
            .mode(0o640)
            .open_nameless(folder)
            .await
            .expect("a file system has it");
        file.write_all("whole").await.0.expect("room");
        assert!(empty() && file.metadata().await.expect("open").stat().links == 0);
        let path = folder.join("named");
        file.link_to(&path).await.expect("nothing has it");
        assert_eq!(std::fs::read(&path).expect("there"), b"whole");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
        let error = file.link_to(&path).await.expect_err("taken");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("named"), "{error}");
        file.link_to(folder.join("second")).await.expect("one more");
        assert_eq!(std::fs::metadata(&path).expect("there").nlink(), 2);
        let error = file.link_to(folder.join("nowhere").join("x")).await.expect_err("no folder");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        std::fs::remove_file(&path).expect("ours");
        std::fs::remove_file(folder.join("second")).expect("ours");
        assert_eq!(file.link_to(&path).await.expect_err("it had names").kind(), ErrorKind::NotFound);

        let refused = async |options: &mut OpenOptions<C>| {
            let error = options.open_nameless(folder).await.expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{options:?}: {error}");
        };
        refused(OpenOptions::new().read(true)).await;
        refused(OpenOptions::new().write(true).create(true)).await;
        refused(OpenOptions::new().write(true).create_new(true)).await;
        refused(OpenOptions::new().write(true).truncate(true)).await;
        let error = File::<C>::options().write(true).open_nameless("/proc").await.expect_err("no such files there");
        assert!(error.to_string().contains("\"/proc\""), "{error}");
        // Who may not write there is told that first.
        assert!([ErrorKind::Unsupported, ErrorKind::PermissionDenied].contains(&error.kind()), "{error}");
        assert!(error.to_string().contains("create_new") || error.kind() == ErrorKind::PermissionDenied, "{error}");
    });
    assert!(empty());
}

/// Bytes stay what they are, no descriptor is left, and a name is that of a whole file.
pub(crate) fn dropped_in_every_state<C: Config<Driver: Fs>>(folder: &Path) {
    let (path, mut random) = (folder.join("file"), Random::new(9));
    let rounds = count(600, 20_000);
    runtime::<C>().block_on(async {
        let file = file_of::<C>(&path, &vec![7; 1 << 16]).await;
        C::sleep(core::time::Duration::from_millis(1)).await; // the driver opens what it sleeps with
        let (before, mut ready, mut named) = (fds(), 0, 0_usize);
        for n in 0..rounds {
            let at = random.below(1 << 16);
            let done = match random.below(3) {
                0 => {
                    at_random::<C, _>(pin!(file.allocate(Allocation::KeepSize, 1 << 16, 4096 + at)), &mut random).await
                }
                1 => at_random::<C, _>(pin!(file.advise(Advice::DontNeed, at, 4096)), &mut random).await,
                _ => {
                    let options = File::<C>::options().write(true).clone();
                    let open = pin!(options.open_nameless(folder));
                    let name = folder.join(format!("named-{n}"));
                    // Half of them are waited for: on a slow disk hardly one is open by the time of its drop.
                    match if random.once_in(2) { Some(open.await) } else { at_random::<C, _>(open, &mut random).await }
                    {
                        Some(Ok(new)) => {
                            new.write_all_at("whole", 0).await.0.expect("room");
                            let mut link = pin!(new.link_to(&name));
                            match at_random::<C, _>(link.as_mut(), &mut random).await {
                                // Dropped here: it may be done, also later.
                                None if random.once_in(2) => None,
                                None => Some(link.await),
                                done => done,
                            }
                        }
                        Some(Err(error)) => Some(Err(error)),
                        None => None,
                    }
                }
            };
            if let Some(done) = done {
                done.expect("it is done");
                ready += 1;
            }
        }
        assert!(soon::<C>(|| fds() == before).await, "{} descriptors more", fds() - before);
        assert!(ready > 0 && ready < rounds, "{ready} of {rounds} were ready: not a mixture");
        assert!(std::fs::read(&path).expect("there").iter().all(|byte| *byte == 7));
        drop(file);
        for entry in std::fs::read_dir(folder).expect("there") {
            let path = entry.expect("there").path();
            let bytes = std::fs::read(&path).expect("there");
            assert!(bytes == b"whole" || path.ends_with("file"), "{path:?} has {bytes:?}");
            named += usize::from(!path.ends_with("file"));
        }
        assert!(named > 0 && named < rounds as usize / 3, "{named} have a name: not a mixture");
        let _ = fs::metadata::<C>(&path).await.expect("there");
    });
}
