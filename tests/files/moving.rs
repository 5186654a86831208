//! Reads and writes: at positions, at the cursor, of several buffers.

use crate::support::{both_ends, fifo, file_of, runtime, skipped};
use bespoke::Config;
use bespoke::io::Static;
use bespoke::prelude::*;
use bespoke::rt::{File, OpenOptions};
use core::time::Duration;
use std::io::{ErrorKind, Read, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

pub(crate) fn reads_say_how_much<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let file = file_of::<C>(&folder.join("file"), b"0123456789").await;
        let (read, buffer) = file.read_at(Vec::with_capacity(4), 2).await;
        assert_eq!((read.expect("open"), &*buffer), (4, &b"2345"[..]));
        let (read, buffer) = file.read_at(buffer, 8).await;
        assert_eq!((read.expect("open"), &*buffer), (2, &b"89"[..]), "the file ends");
        let (read, buffer) = file.read_at(buffer, 10).await;
        assert_eq!((read.expect("open"), &*buffer), (0, &b""[..]), "the end");
        assert_eq!(file.read_at(buffer, 1 << 40).await.0.expect("open"), 0, "beyond the end");
        assert_eq!(file.read_at(Vec::new(), 0).await.0.expect("open"), 0, "no place");
        assert_eq!(file.write_at("", 0).await.0.expect("open"), 0, "no bytes");
        let (read, buffer) = file.read_at(vec![7; 3], u64::MAX).await;
        assert_eq!(read.expect_err("no such position").kind(), ErrorKind::InvalidInput);
        assert_eq!(buffer, [7; 3], "as it was");
    });
}

pub(crate) fn exact_reads_tell_of_an_early_end<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let mut file = file_of::<C>(&folder.join("file"), b"0123456789").await;
        let (read, buffer) = file.read_exact_at(vec![0; 10], 0).await;
        read.expect("as many as there are");
        assert_eq!(buffer, b"0123456789");
        let (read, buffer) = file.read_exact_at(buffer, 4).await;
        let error = read.expect_err("too short");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "the file ends after 6 of 10 bytes");
        assert_eq!(buffer, b"456789", "what there was");
        let (read, part) = file.read_exact(buffer.slice(2..5)).await;
        read.expect("three bytes");
        assert_eq!(part.into_inner(), b"450129");
        assert_eq!(file.stream_position().expect("a regular file"), 3);
    });
}

pub(crate) fn every_kind_of_buffer<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let file = file_of::<C>(&folder.join("file"), b"").await;
        let shared: std::sync::Arc<[u8]> = std::sync::Arc::from(&b"arc "[..]);
        file.write_all_at(shared, 0).await.0.expect("open");
        file.write_all_at(b"vec ".to_vec(), 4).await.0.expect("open");
        file.write_all_at("str ", 8).await.0.expect("open");
        file.write_all_at(String::from("text"), 12).await.0.expect("open");
        file.write_all_at(Box::new(*b" box"), 16).await.0.expect("open");
        let (written, slice) = file.write_at(b"--a slice--".to_vec().slice(2..9), 20).await;
        assert_eq!((written.expect("open"), &*slice.into_inner()), (7, &b"--a slice--"[..]));
        let (read, boxed) = file.read_exact_at(vec![0; 27].into_boxed_slice(), 0).await;
        read.expect("27 bytes");
        assert_eq!(&*boxed, b"arc vec str text boxa slice");
        assert_eq!(*file.read_exact_at(Box::new([0; 4]), 4).await.1, *b"vec ");
    });
}

pub(crate) fn several_buffers<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let path = folder.join("file");
        let mut file = file_of::<C>(&path, b"").await;
        let (written, (head, body)) = file.write_vectored((Static::from("head "), b"body".to_vec())).await;
        assert_eq!((written.expect("open"), head.len(), &*body), (9, 5, &b"body"[..]));
        assert_eq!(file.write_vectored_at(["ab", "", "c"].map(Static::from), 20).await.0.expect("open"), 3);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"head body\0\0\0\0\0\0\0\0\0\0\0abc");
        // More than one call takes: a short write.
        let many: Vec<Vec<u8>> = (0..40u8).map(|n| vec![n]).collect();
        assert_eq!(file.write_vectored_at(many, 100).await.0.expect("open"), 16);

        file.seek(SeekFrom::Start(0)).await.expect("a regular file");
        let (read, list) = file.read_vectored([vec![0; 5], Vec::new(), vec![0; 4]]).await;
        assert_eq!(read.expect("open"), 9);
        assert_eq!(list, [b"head ".to_vec(), b"".to_vec(), b"body".to_vec()]);
        assert_eq!(file.stream_position().expect("a regular file"), 9);
        let (read, list) = file.read_vectored_at(list, 113).await;
        assert_eq!(read.expect("open"), 3, "the file ends");
        assert_eq!(list, [vec![13, 14, 15], vec![], vec![]]);
    });
}

pub(crate) fn positions_beside_the_cursor<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let mut file = file_of::<C>(&folder.join("file"), b"0123456789").await;
        assert_eq!(file.read(vec![0; 3]).await.1, b"012");
        assert_eq!(file.read_at(vec![0; 3], 7).await.1, b"789");
        assert_eq!(file.write("XX").await.0.expect("open"), 2);
        assert_eq!(file.read(vec![0; 3]).await.1, b"567", "positions do not move the cursor, writes do");
        assert_eq!(file.seek(SeekFrom::Current(-6)).await.expect("inside"), 2);
        assert_eq!(file.read(vec![0; 3]).await.1, b"2XX");
        assert_eq!(file.seek(SeekFrom::End(-1)).await.expect("inside"), 9);
        assert_eq!(file.seek(SeekFrom::End(5)).await.expect("beyond the end is a position"), 15);
        assert_eq!(file.read(vec![0; 3]).await.0.expect("open"), 0);
        for to in [SeekFrom::Current(-16), SeekFrom::End(-11), SeekFrom::Start(u64::MAX), SeekFrom::Current(i64::MAX)] {
            let error = file.seek(to).await.expect_err("no such position");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        assert_eq!(file.stream_position().expect("a regular file"), 15, "a refused seek moves nothing");
        // Several at once, by one task.
        let file = &file;
        let (a, b) = (file.read_at(vec![0; 2], 0), file.read_at(vec![0; 2], 8));
        let (b, a) = (b.await.1, a.await.1);
        assert_eq!((&*a, &*b), (&b"01"[..], &b"89"[..]));
    });
}

pub(crate) fn appends_go_to_the_end<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let path = folder.join("file");
        std::fs::write(&path, "0123").expect("new");
        let mut file: File<C> = OpenOptions::new().read(true).append(true).open(&path).await.expect("it is there");
        assert_eq!(file.read(vec![0; 2]).await.1, b"01", "reads begin at the beginning");
        std::fs::File::options().append(true).open(&path).expect("there").write_all(b"4567").expect("open");
        file.write_all("89").await.0.expect("open");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"0123456789");
        assert_eq!(file.stream_position().expect("a regular file"), 10, "the cursor follows the write");
        assert_eq!(file.read(vec![0; 2]).await.0.expect("open"), 0);
        file.seek(SeekFrom::Start(3)).await.expect("a regular file");
        file.write_all("AB").await.0.expect("open");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"0123456789AB");
    });
}

pub(crate) fn lengths_permissions_and_times<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let path = folder.join("file");
        let file = file_of::<C>(&path, b"0123456789").await;
        file.set_len(4).await.expect("open");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"0123");
        file.set_len(6).await.expect("open");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"0123\0\0");
        assert_eq!(file.set_len(u64::MAX).await.expect_err("too long").kind(), ErrorKind::InvalidInput);
        file.sync_data().await.expect("open");
        file.sync_all().await.expect("open");

        file.set_permissions(std::fs::Permissions::from_mode(0o600)).await.expect("ours");
        let (ours, theirs) = (file.metadata().await.expect("open"), std::fs::metadata(&path).expect("there"));
        assert_eq!((ours.len(), ours.is_file(), ours.is_dir(), ours.is_symlink()), (6, true, false, false));
        assert_eq!(ours.permissions(), theirs.permissions());
        assert_eq!(ours.permissions().mode() & 0o777, 0o600);
        assert_eq!(ours.modified().expect("kept"), theirs.modified().expect("kept"));
        assert_eq!(ours.accessed().expect("kept"), theirs.accessed().expect("kept"));
        if let Ok(created) = theirs.created() {
            assert_eq!(ours.created().expect("kept"), created);
        }
        let age = SystemTime::now().duration_since(ours.modified().expect("kept")).unwrap_or_default();
        assert!(age < Duration::from_secs(60), "{age:?}");
        use std::os::unix::fs::MetadataExt;
        let stat = ours.stat();
        let (device, inode, links) = (stat.device, stat.inode, stat.links);
        assert_eq!((device, inode, links), (theirs.dev(), theirs.ino(), theirs.nlink()));
        assert_eq!((stat.user, stat.group), (theirs.uid(), theirs.gid()));
    });
}

pub(crate) fn full_disk<C: Config<Driver: Fs>>(_: &Path) {
    if !cfg!(target_os = "linux") {
        return skipped("only Linux has a device that is always full");
    }
    runtime::<C>().block_on(async {
        let mut full: File<C> = OpenOptions::new().write(true).open("/dev/full").await.expect("Linux has it");
        let (written, buffer) = full.write_at(vec![1; 64], 0).await;
        assert_eq!(written.expect_err("full").kind(), ErrorKind::StorageFull);
        assert_eq!(buffer, [1; 64], "the buffer comes back");
        let (written, buffer) = full.write_all(buffer).await;
        assert_eq!(written.expect_err("full").kind(), ErrorKind::StorageFull);
        let both = full.write_vectored((buffer, b"more".to_vec())).await;
        assert_eq!(both.0.expect_err("full").kind(), ErrorKind::StorageFull);
        assert_eq!(both.1.1, b"more");
    });
}

pub(crate) fn pipes_have_no_positions<C: Config<Driver: Fs>>(folder: &Path) {
    let path = fifo(&folder.join("pipe"));
    let mut theirs = both_ends(&path);
    runtime::<C>().block_on(async {
        let mut ours: File<C> = File::options().read(true).write(true).open(&path).await.expect("it is there");
        theirs.write_all(b"0123").expect("open");
        let (read, buffer) = ours.read(vec![0; 16]).await;
        assert_eq!((read.expect("open"), &*buffer), (4, &b"0123"[..]));
        // What comes in pieces is put together.
        let pieces = std::thread::spawn(move || {
            for piece in [&b"ab"[..], b"c", b"defgh"] {
                theirs.write_all(piece).expect("open");
                std::thread::sleep(Duration::from_millis(20));
            }
            theirs
        });
        let (read, together) = ours.read_exact(Box::new([0; 6])).await;
        read.expect("as many come");
        assert_eq!(*together, *b"abcdef");
        assert_eq!(ours.read(vec![0; 16]).await.1, b"gh");
        let mut theirs = pieces.join().expect("no panic");
        ours.write_all("back").await.0.expect("open");
        let mut back = [0; 4];
        theirs.read_exact(&mut back).expect("open");
        assert_eq!(&back, b"back");
        assert_eq!(ours.read_at(buffer, 0).await.0.expect_err("no positions").kind(), ErrorKind::NotSeekable);
        assert_eq!(ours.seek(SeekFrom::Start(1)).await.expect_err("no cursor").kind(), ErrorKind::NotSeekable);
        assert_eq!(ours.stream_position().expect_err("no cursor").kind(), ErrorKind::NotSeekable);
    });
}

/// The metadata of a block device has no length, and it has an end all the same.
#[cfg(target_os = "linux")]
pub(crate) fn a_block_device_has_an_end<C: Config<Driver: Fs>>(_folder: &Path) {
    use std::io::{Seek as _, SeekFrom};
    let devices = std::fs::read_dir("/sys/block").into_iter().flatten().flatten();
    let mut shown = 0;
    for device in devices.map(|device| Path::new("/dev").join(device.file_name())) {
        let Ok(mut there) = std::fs::File::open(&device) else { continue };
        let end = there.seek(SeekFrom::End(0)).expect("it has positions");
        runtime::<C>().block_on(async {
            let mut file = File::<C>::open(&device).await.expect("it was opened just now");
            assert_eq!(file.seek(SeekFrom::End(0)).await.expect("it has positions"), end, "{device:?}");
        });
        shown += usize::from(end > 0);
    }
    if shown == 0 {
        skipped("this process may open no block device");
    }
}

/// A pipe: neither a length nor positions.
pub(crate) fn what_has_no_length_is_read_whole<C: Config<Driver: Fs + Foreign>>(_folder: &Path) {
    const LEN: usize = 1 << 18;
    let (read, mut write) = std::io::pipe().expect("descriptors are free");
    let writer = std::thread::spawn(move || write.write_all(&vec![7; LEN]).expect("somebody reads"));
    runtime::<C>().block_on(async {
        let read = std::fs::File::from(std::os::fd::OwnedFd::from(read));
        let mut file = File::<C>::from_std(read).expect("a descriptor is free");
        let all = file.read_to_end().await.expect("open");
        assert_eq!((all.len(), all.iter().all(|byte| *byte == 7)), (LEN, true));
    });
    writer.join().expect("all was read");
}
