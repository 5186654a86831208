//! Whole files copied: sources and targets of every kind. Linux.

use crate::support::{fifo, runtime, skipped};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::fs;
use std::fs::Permissions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Bytes that are not those of another place.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8).collect()
}

pub(crate) fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

pub(crate) fn sources_and_targets_of_every_kind<C: Config<Driver: Fs>>(folder: &Path) {
    let [from, to, other] = ["from", "to", "other"].map(|name| folder.join(name));
    let bytes = pattern(3_000_001);
    std::fs::write(&from, &bytes).expect("new");
    runtime::<C>().block_on(async {
        // A new target, and one that is longer and may be read by more.
        for (n, bits) in [0o600, 0o640, 0o444, 0o755, 0o666].into_iter().enumerate() {
            std::fs::set_permissions(&from, Permissions::from_mode(bits)).expect("ours");
            assert_eq!(fs::copy::<C>(&from, &to).await.expect("there"), bytes.len() as u64, "{n}");
            assert!(std::fs::read(&to).expect("there") == bytes && mode(&to) == bits, "{n}: {:o}", mode(&to));
            std::fs::remove_file(&to).expect("ours");
            std::fs::write(&to, vec![1; 4_000_000]).expect("new");
            std::fs::set_permissions(&to, Permissions::from_mode(0o646)).expect("ours");
        }
        std::fs::set_permissions(&from, Permissions::from_mode(0o4755)).expect("ours");
        fs::copy::<C>(&from, &to).await.expect("there");
        assert_eq!(mode(&to), 0o755, "a program that runs as its owner would be another's");

        // What tells no length.
        let told = fs::copy::<C>("/proc/self/mountinfo", &to).await.expect("there");
        assert_eq!(std::fs::read(&to).expect("there").len() as u64, told);
        assert!(told > 0 && std::fs::metadata("/proc/self/mountinfo").expect("there").len() == 0);
        std::fs::write(&other, "").expect("new");
        assert_eq!(fs::copy::<C>(&other, &to).await.expect("there"), 0);
        assert_eq!(std::fs::read(&to).expect("there"), b"");
        assert_eq!(fs::copy::<C>(&from, "/dev/null").await.expect("it takes all"), bytes.len() as u64);
        assert_eq!(std::fs::metadata("/dev/null").expect("there").permissions().mode() & 0o777, 0o666, "left alone");

        // A pipe, which ends when its writer does. Opening either end waits for the other.
        let pipe = fifo(&folder.join("pipe"));
        let writer = std::thread::spawn({
            let (pipe, bytes) = (pipe.clone(), bytes.clone());
            move || std::fs::File::options().write(true).open(pipe).expect("there").write_all(&bytes).expect("read")
        });
        assert_eq!(fs::copy::<C>(&pipe, &to).await.expect("a writer comes"), bytes.len() as u64);
        writer.join().expect("no panic");
        assert!(std::fs::read(&to).expect("there") == bytes);
        let reader = std::thread::spawn(move || std::fs::read(pipe).expect("there"));
        assert_eq!(fs::copy::<C>(&from, folder.join("pipe")).await.expect("a reader comes"), bytes.len() as u64);
        assert!(reader.join().expect("no panic") == bytes);

        // From one file system to another.
        let far = Path::new("/dev/shm").join(folder.file_name().expect("a name"));
        let device = |path: &Path| std::fs::metadata(path).map(|of| of.dev()).ok();
        if device(Path::new("/dev/shm")).is_some_and(|far| Some(far) != device(folder)) {
            assert_eq!(fs::copy::<C>(&from, &far).await.expect("room"), bytes.len() as u64);
            std::fs::remove_file(&to).expect("ours");
            assert_eq!(fs::copy::<C>(&far, &to).await.expect("room"), bytes.len() as u64);
            std::fs::remove_file(&far).expect("ours");
            assert!(std::fs::read(&to).expect("there") == bytes);
        } else {
            skipped("no copy between file systems: there is one only");
        }

        // What would be lost, and what cannot be read.
        std::fs::hard_link(&from, folder.join("hard")).expect("new");
        std::os::unix::fs::symlink("from", folder.join("soft")).expect("new");
        for same in ["from", "hard", "soft"] {
            let error = fs::copy::<C>(&from, folder.join(same)).await.expect_err("one file");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.to_string().contains("one file") && error.to_string().contains(same), "{error}");
            assert!(std::fs::read(&from).expect("there") == bytes, "{same}");
        }
        let error = fs::copy::<C>(folder, &to).await.expect_err("a folder");
        assert_eq!(error.kind(), ErrorKind::IsADirectory, "{error}");
        assert!(std::fs::read(&to).expect("there") == bytes, "it was cut for nothing");
    });
}
