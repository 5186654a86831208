//! Options, errors, what is closed.

use crate::support::{fds, now, panic_of, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{File, Foreign, OpenOptions, fs};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(crate) fn options_do_what_they_say<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    runtime::<C>().block_on(async {
        let kind = |result: std::io::Result<File<C>>| result.expect_err("refused").kind();
        assert_eq!(kind(File::open(&path).await), ErrorKind::NotFound);
        assert_eq!(kind(OpenOptions::new().write(true).open(&path).await), ErrorKind::NotFound);

        let mut new = File::<C>::create_new(&path).await.expect("it was not there");
        new.write_all("0123456789").await.0.expect("open for writing");
        new.seek(SeekFrom::Start(0)).await.expect("a regular file");
        assert_eq!(new.read_to_end().await.expect("open for reading"), b"0123456789");
        assert_eq!(kind(File::create_new(&path).await), ErrorKind::AlreadyExists);

        // Open for one thing, and not the other.
        let reader = File::<C>::open(&path).await.expect("it is there");
        assert!(reader.write_at("x", 0).await.0.is_err(), "open for reading");
        let writer: File<C> = OpenOptions::new().write(true).create(true).open(&path).await.expect("it is there");
        assert!(writer.read_at(vec![0; 4], 0).await.0.is_err(), "open for writing");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"0123456789", "nothing was cut or written");

        let _cut: File<C> = OpenOptions::new().write(true).truncate(true).open(&path).await.expect("it is there");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"");

        // SAFETY: takes a number and touches no memory.
        let mask = unsafe { libc::umask(0o022) };
        let private = folder.join("private");
        let _private: File<C> =
            File::options().write(true).create_new(true).mode(0o640).open(&private).await.expect("new");
        let bits = std::fs::metadata(&private).expect("it is there").permissions().mode();
        // SAFETY: as above.
        unsafe { libc::umask(mask) };
        assert_eq!(bits & 0o777, 0o640);

        let link = folder.join("link");
        std::os::unix::fs::symlink(&path, &link).expect("new");
        let through: std::io::Result<File<C>> =
            File::options().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_RDWR).open(&link).await;
        through.expect_err("a link is not followed");
    });
}

pub(crate) fn contradictions_are_refused<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    std::fs::write(&path, "tea").expect("new");
    runtime::<C>().block_on(async {
        let refused = async |options: &mut OpenOptions<C>| {
            let error = options.open(&path).await.expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{options:?}: {error}");
            error.to_string()
        };
        assert!(refused(&mut OpenOptions::new()).await.contains("say which"));
        refused(OpenOptions::new().create(true)).await;
        refused(OpenOptions::new().read(true).create(true)).await;
        refused(OpenOptions::new().read(true).create_new(true)).await;
        refused(OpenOptions::new().read(true).truncate(true)).await;
        refused(OpenOptions::new().append(true).truncate(true)).await;
        refused(OpenOptions::new().write(true).append(true).truncate(true)).await;
        let error = File::<C>::open("a\0b").await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("\"a\\0b\" has a zero byte"), "{error}");
    });
    assert_eq!(std::fs::read(&path).expect("it is there"), b"tea");
}

pub(crate) fn errors_name_the_path<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let missing = folder.join("no such folder").join("file");
        let error = File::<C>::open(&missing).await.expect_err("not there");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(missing.to_str().expect("text")), "{error}");
        let error = File::<C>::create(folder).await.expect_err("a folder");
        assert_eq!(error.kind(), ErrorKind::IsADirectory, "{error}");
        let read = File::<C>::open(folder).await.expect("folders can be opened").read_at(vec![0; 4], 0).await;
        assert_eq!(read.0.expect_err("a folder").kind(), ErrorKind::IsADirectory);
        assert_eq!(read.1, [0; 4], "the buffer comes back as it was");
    });
}

pub(crate) fn outside_of_a_runtime<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    let (open, write) = (File::<C>::open(&path), fs::write::<C, _>(&path, "tea"));
    let (open_at, list) = (line!() - 1, fs::read_dir::<C>(folder));
    if <C::Driver as bespoke::driver::Driver>::STATELESS {
        // A driver without state needs no runtime.
        now(write).0.expect("new");
        now(list).expect("there");
        let mut file = now(open).expect("there");
        assert_eq!(now(file.read(vec![0; 3])).1, b"tea");
        return;
    }
    let text = panic_of(|| drop(now(open)));
    let here = format!("opening.rs:{open_at} asks for");
    assert!(text.contains("no runtime on this thread") && text.contains(&here), "{text}");
    assert!(panic_of(|| drop(now(write))).contains(&here));
    let here = format!("opening.rs:{} asks for", open_at + 1);
    assert!(panic_of(|| drop(now(list))).contains(&here));
    assert!(!path.exists());
}

pub(crate) fn handles_close_their_descriptors<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    let runtime = runtime::<C>();
    runtime.block_on(async {
        std::fs::write(&path, "tea").expect("new");
        let before = fds();
        let mut held = Vec::new();
        for n in 1..=16 {
            let file = File::<C>::open(&path).await.expect("it is there");
            held.push(file.try_clone().expect("a descriptor is left"));
            held.push(file);
            assert_eq!(fds(), before + 2 * n);
        }
        let mut one = held.pop().expect("some");
        drop(held);
        assert_eq!(fds(), before + 1);
        assert_eq!(one.read(Vec::with_capacity(3)).await.1, b"tea", "the one that is left works");
        drop(one);
        assert_eq!(fds(), before);
    });
    assert_eq!(runtime.open_resources(), 0);
}

pub(crate) fn foreign_files_come_and_go<C: Config<Driver: Fs + Foreign>>(folder: &Path) {
    let path = folder.join("file");
    std::fs::write(&path, "0123456789").expect("new");
    runtime::<C>().block_on(async {
        let mut theirs = std::fs::File::open(&path).expect("it is there");
        theirs.seek(SeekFrom::Start(3)).expect("a regular file");
        let mut ours = File::<C>::from_std(theirs).expect("a runtime is here");
        assert_eq!(ours.read(Box::new([0; 2])).await.1, Box::new(*b"34"), "the cursor came along");
        // A copy has a cursor of its own.
        let mut copy = ours.try_clone().expect("a descriptor is left");
        assert_eq!(copy.read(Box::new([0; 2])).await.1, Box::new(*b"56"));
        assert_eq!(ours.stream_position().expect("a regular file"), 5);
        let mut theirs = ours.into_std().expect("a descriptor is left");
        let mut text = String::new();
        theirs.read_to_string(&mut text).expect("text");
        assert_eq!(text, "56789", "and went along");
        assert_eq!(copy.read_to_end().await.expect("open"), b"789");
    });
}
