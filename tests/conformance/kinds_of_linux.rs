//! Kinds of errors for which Linux has an occasion.

use crate::kinds::{Said, says};
use crate::support::{deep, skipped};
use bespoke::prelude::*;
use bespoke::rt::{File, fs};
use bespoke::{Config, ErrorKind};
use std::fs::File as StdFile;
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

fn system(code: i32) -> Said {
    Said::System(Some(code))
}

/// `file` is one in `folder`, which is the test's.
pub(crate) async fn files<C: Config<Driver: Fs, Threads: StartsThreads>>(folder: &Path, file: &Path) {
    let mut full = File::<C>::options().write(true).open("/dev/full").await.expect("full(4)");
    let no_room = full.write("tea").await.0.expect_err("it is always full");
    says(no_room, ErrorKind::StorageFull, system(libc::ENOSPC));
    let across = fs::hard_link::<C>(file, "/dev/shm/bespoke-kinds").await.expect_err("two file systems");
    says(across, ErrorKind::CrossesDevices, system(libc::EXDEV));
    let program = std::env::current_exe().expect("a test knows its program");
    let running = File::<C>::options().write(true).open(program).await.expect_err("it runs");
    says(running, ErrorKind::ExecutableFileBusy, system(libc::ETXTBSY));

    match read_only() {
        Some(place) => {
            let unchanged = File::<C>::create(place.join("bespoke-kinds")).await.expect_err("it takes no changes");
            says(unchanged, ErrorKind::ReadOnlyFilesystem, system(libc::EROFS));
        }
        None => skipped("ReadOnlyFilesystem: nothing that is mounted here is read-only"),
    }
    if !deep() {
        skipped("TooManyLinks: 65,000 of them are for `BESPOKE_DEEP=1`");
    } else if let Some(last) = all_links(folder, file) {
        let more = fs::hard_link::<C>(file, &last).await.expect_err("the file system counts no further");
        says(more, ErrorKind::TooManyLinks, system(libc::EMLINK));
    } else {
        skipped("TooManyLinks: this file system counts further than 70,000");
    }

    // No operation of ours comes to these two: what a job of the program meets is of the same kind.
    let one = file.to_path_buf();
    let embraced = C::spawn_blocking(move || deadly_embrace(&one)).await.expect("no panic");
    says(embraced, ErrorKind::Deadlock, system(libc::EDEADLK));
    let vast = C::spawn_blocking(more_than_addresses).await.expect("no panic");
    says(vast, ErrorKind::OutOfMemory, system(libc::ENOMEM));
}

/// A folder of a file system that takes no changes.
fn read_only() -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("proc(5) is mounted");
    let mut read_only = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (place, _kind, options) = (words.next()?, words.next()?, words.next()?);
        options.split(',').any(|option| option == "ro").then(|| PathBuf::from(place))
    });
    read_only.find(|place| place.is_dir())
}

/// Gives the file as many names as it may have; the name for which there was no room. `None`: it may have more than 70,000.
fn all_links(folder: &Path, file: &Path) -> Option<PathBuf> {
    (0..70_000).map(|number| folder.join(format!("link-{number}"))).find(|name| match std::fs::hard_link(file, name) {
        Ok(()) => false,
        Err(error) if error.raw_os_error() == Some(libc::EMLINK) => true,
        Err(error) => panic!("{error}"),
    })
}

/// This process and another lock a byte each, and then wait for that of the other: the system tells one of them.
fn deadly_embrace(path: &Path) -> io::Error {
    fn lock(file: i32, byte: i64, call: libc::c_int) -> libc::c_int {
        // SAFETY: it is made of integers, of which 0 is one.
        let mut lock: libc::flock = unsafe { core::mem::zeroed() };
        (lock.l_type, lock.l_whence, lock.l_start, lock.l_len) = (libc::F_WRLCK as i16, libc::SEEK_SET as i16, byte, 1);
        // SAFETY: the lock is live over the call, which only reads it.
        if unsafe { libc::fcntl(file, call, &raw const lock) } == 0 {
            return 0;
        }
        // SAFETY: takes nothing, and is there for every thread.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: this thread's.
        unsafe { *errno }
    }
    let file = StdFile::options().read(true).write(true).open(path).expect("it is there");
    assert_eq!(lock(file.as_raw_fd(), 0, libc::F_SETLK), 0, "nobody else locks it");
    let (mut says, say) = io::pipe().expect("descriptors are free");
    let (of_file, of_say) = (file.as_raw_fd(), say.as_raw_fd());
    // SAFETY: the child makes system calls, and nothing else.
    let child = match unsafe { libc::fork() } {
        -1 => panic!("{}", io::Error::last_os_error()),
        0 => {
            let mut code = lock(of_file, 1, libc::F_SETLK);
            // A signal may interrupt it.
            // SAFETY: one byte is read, of a constant.
            while unsafe { libc::write(of_say, b"+".as_ptr().cast(), 1) } != 1 {}
            if code == 0 {
                code = lock(of_file, 0, libc::F_SETLKW);
            }
            // SAFETY: nothing of this process is to be run any more. What it locked is free then.
            unsafe { libc::_exit(code) }
        }
        child => child,
    };
    drop(say);
    says.read_exact(&mut [0]).expect("the child has its lock");
    let ours = lock(of_file, 1, libc::F_SETLKW);
    drop(file); // and with it the locks
    let mut status = 0;
    // SAFETY: `status` is live and writable; the child was not waited for.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert!(ended == child && libc::WIFEXITED(status), "{status}");
    let theirs = libc::WEXITSTATUS(status);
    assert!((ours == 0) != (theirs == 0), "ours {ours}, theirs {theirs}: one of them is told");
    io::Error::from_raw_os_error(if ours == 0 { theirs } else { ours })
}

/// Asks for more memory than there are addresses.
fn more_than_addresses() -> io::Error {
    let (nowhere, kind) = (core::ptr::null_mut(), libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: at no address in particular, so nothing that is there is replaced; it is not used.
    let mapped = unsafe { libc::mmap(nowhere, 1 << 60, libc::PROT_NONE, kind, -1, 0) };
    assert_eq!(mapped, libc::MAP_FAILED);
    io::Error::last_os_error()
}
