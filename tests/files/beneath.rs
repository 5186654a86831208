//! Handles of folders: what is done beneath them, and that nothing leads out. Linux.

use crate::drops::at_random;
use crate::support::{Random, count, eventually, fds, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{Dir, File, Rename, fs};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The kind of a refusal, whose message must name `path`.
#[track_caller]
fn refused<T: core::fmt::Debug>(result: std::io::Result<T>, path: &str) -> ErrorKind {
    let error = result.expect_err(path);
    assert!(error.to_string().contains(path), "{error} does not name {path}");
    error.kind()
}

pub(crate) fn what_is_done_with_a_folder<C: Config<Driver: Fs>>(folder: &Path) {
    let tree = folder.join("tree");
    std::fs::create_dir(&tree).expect("new");
    let runtime = runtime::<C>();
    let dir = runtime.block_on(async {
        let dir = Dir::<C>::open(&tree).await.expect("there");
        dir.create_dir("sub").await.expect("new");
        assert_eq!(refused(dir.create_dir("sub").await, "sub"), ErrorKind::AlreadyExists);
        assert_eq!(refused(dir.create_dir("none/sub").await, "none/sub"), ErrorKind::NotFound);
        let mut file = dir.open_file("sub/file", File::options().write(true).create_new(true)).await.expect("new");
        file.write_all("tea").await.0.expect("open");
        assert_eq!(std::fs::read(tree.join("sub/file")).expect("made"), b"tea");
        assert_eq!(refused(dir.open_file("sub", File::options().write(true)).await, "sub"), ErrorKind::IsADirectory);
        assert_eq!(dir.metadata("./sub//file").await.expect("there").len(), 3);
        assert!(dir.metadata(".").await.expect("there").is_dir());

        let sub = dir.open_dir("sub").await.expect("there");
        dir.symlink("sub/file", "link").await.expect("new");
        assert_eq!(dir.read_link("link").await.expect("a link"), Path::new("sub/file"));
        assert!(dir.symlink_metadata("link").await.expect("there").is_symlink());
        assert!(dir.metadata("link").await.expect("there").is_file(), "it leads to a place beneath");
        assert_eq!(refused(dir.open_dir("link").await, "link"), ErrorKind::NotADirectory);

        // From one of its folders to another; and what cannot be, and loses nothing.
        dir.rename("sub/file", "moved").await.expect("there");
        std::fs::write(tree.join("other"), "2").expect("new");
        let how = Rename::NoReplace;
        assert_eq!(refused(dir.rename_with("moved", "other", how).await, "other"), ErrorKind::AlreadyExists);
        dir.rename_with("moved", "other", Rename::Exchange).await.expect("both are there");
        assert_eq!(std::fs::read(tree.join("other")).expect("there"), b"tea");
        for (from, to) in [("sub", "sub/x"), ("./sub", "sub/./x"), ("sub", "."), (".", "x")] {
            assert_eq!(refused(dir.rename_with(from, to, how).await, ""), ErrorKind::InvalidInput, "{from} {to}");
        }
        for name in [".", "./."] {
            assert_eq!(refused(dir.rename(name, "x").await, "."), ErrorKind::InvalidInput);
            assert_eq!(refused(dir.remove_dir(name).await, "."), ErrorKind::InvalidInput);
        }

        // A listing, whose entries are asked where they are, whatever becomes of the name of their folder.
        for n in 0..100 {
            sub.open_file(format!("{n}"), File::options().write(true).create(true)).await.expect("new");
        }
        let (before, mut found) = (fds(), Vec::new());
        let mut entries = dir.read_dir("sub").await.expect("there");
        std::fs::rename(tree.join("sub"), tree.join("renamed")).expect("there");
        while let Some(entry) = entries.next_entry().await.expect("a folder") {
            assert_eq!(entry.path(), Path::new("sub").join(entry.file_name()));
            assert!(entry.file_type().is_file() && entry.metadata().await.expect("there").is_file());
            found.push(entry);
        }
        drop(entries);
        assert_eq!((found.len(), fds()), (100, before + 1), "entries keep their folder open");
        drop(found);
        assert_eq!(fds(), before);
        // So does a handle.
        sub.remove_file("7").await.expect("there");
        assert!(!tree.join("renamed/7").exists());
        assert_eq!(refused(sub.read_dir("8").await, "8"), ErrorKind::NotADirectory);
        assert_eq!(refused(dir.remove_dir("renamed").await, "renamed"), ErrorKind::DirectoryNotEmpty);
        dir.remove_dir_all("renamed").await.expect("ours");
        dir.create_dir("empty").await.expect("new");
        dir.remove_dir("empty").await.expect("empty");
        dir.remove_file("link").await.expect("there");
        let error = Dir::<C>::open(tree.join("other")).await.expect_err("a file");
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        assert_eq!(refused(Dir::<C>::open(tree.join("none")).await, "none"), ErrorKind::NotFound);
        dir
    });
    drop(runtime);
    // It belongs to no worker, and may be used in another runtime.
    let runtime = crate::support::runtime::<C>();
    assert_eq!(runtime.block_on(dir.clone().metadata("other")).expect("there").len(), 3);
}

/// Tells another thread that a test is over, however it ends.
pub(crate) struct Ends<'a>(pub(crate) &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// All that is below `folder`, with what is in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("there") {
            let path = entry.expect("there").path();
            let is_dir = path.symlink_metadata().expect("there").is_dir();
            all.insert(path.clone(), if is_dir { Vec::new() } else { std::fs::read(&path).expect("there") });
            folders.extend(is_dir.then_some(path));
        }
    }
    all
}

pub(crate) fn nothing_leads_out<C: Config<Driver: Fs>>(folder: &Path) {
    let (tree, outside) = (folder.join("tree"), folder.join("outside"));
    std::fs::create_dir_all(outside.join("empty")).expect("new");
    std::fs::write(outside.join("secret"), "secret").expect("new");
    std::fs::create_dir_all(tree.join("a/b")).expect("new");
    std::fs::write(tree.join("a/inside"), "inside").expect("new");
    let before = contents(&outside);
    // Ways out, each of which names the folder outside.
    symlink(&outside, tree.join("absolute")).expect("new");
    symlink("../outside", tree.join("above")).expect("new");
    symlink("../../../outside", tree.join("a/b/above")).expect("new");
    symlink("b/above", tree.join("a/by another")).expect("new");
    symlink("a/../../outside", tree.join("by a detour")).expect("new");
    symlink("a/../../tree/a", tree.join("out and in again")).expect("new");
    // And links that stay inside.
    symlink("../b/../inside", tree.join("a/b/up")).expect("new");
    symlink("a/b/up", tree.join("to the link")).expect("new");
    symlink(".", tree.join("here")).expect("new");
    symlink("loop", tree.join("loop")).expect("new");
    runtime::<C>().block_on(async {
        let dir = Dir::<C>::open(&tree).await.expect("there");
        let read = File::<C>::options().read(true).clone();
        let make = File::<C>::options().write(true).create(true).clone();
        for inside in ["to the link", "a/b/up", "here/here/a/inside"] {
            let mut file = dir.open_file(inside, &read).await.expect(inside);
            assert_eq!(file.read_to_end().await.expect("open"), b"inside");
            assert_eq!(dir.metadata(inside).await.expect(inside).len(), 6);
        }
        let kind = refused(dir.open_file("loop", &read).await, "loop");
        assert!(![ErrorKind::NotFound, ErrorKind::PermissionDenied].contains(&kind), "{kind:?}");

        let out = ErrorKind::PermissionDenied;
        for way in ["absolute", "above", "a/b/above", "a/by another", "by a detour", "out and in again"] {
            let at = |name: &str| format!("{way}/{name}");
            assert_eq!(refused(dir.open_file(at("secret"), &read).await, way), out, "{way}");
            assert_eq!(refused(dir.open_file(at("new"), &make).await, way), out, "{way}");
            assert_eq!(refused(dir.open_dir(way).await, way), out, "{way}");
            assert_eq!(refused(dir.open_dir(at("empty")).await, way), out, "{way}");
            assert_eq!(refused(dir.metadata(way).await, way), out, "{way}");
            assert_eq!(refused(dir.metadata(at("secret")).await, way), out, "{way}");
            assert_eq!(refused(dir.symlink_metadata(at("secret")).await, way), out, "{way}");
            assert_eq!(refused(dir.read_dir(way).await, way), out, "{way}");
            assert_eq!(refused(dir.create_dir(at("new")).await, way), out, "{way}");
            assert_eq!(refused(dir.remove_file(at("secret")).await, way), out, "{way}");
            assert_eq!(refused(dir.remove_dir(at("empty")).await, way), out, "{way}");
            assert_eq!(refused(dir.remove_dir_all(at("empty")).await, way), out, "{way}");
            assert_eq!(refused(dir.rename(at("secret"), "taken").await, way), out, "{way}");
            assert_eq!(refused(dir.rename("a/inside", at("given")).await, way), out, "{way}");
            assert_eq!(refused(dir.rename_with("a/inside", at("secret"), Rename::Exchange).await, way), out, "{way}");
            assert_eq!(refused(dir.symlink("x", at("new")).await, way), out, "{way}");
            assert_eq!(refused(dir.read_link(at("x")).await, way), out, "{way}");
            // The link itself is beneath, and is what is told of.
            assert!(dir.symlink_metadata(way).await.expect(way).is_symlink());
            assert!(dir.read_link(way).await.expect(way).as_os_str().len() > 3);
        }
        for path in ["..", "../outside", "a/..", "a/../../outside", "/", "/etc", ""] {
            let no_path = ErrorKind::InvalidInput;
            assert_eq!(refused(dir.open_file(path, &read).await, path), no_path, "{path}");
            assert_eq!(refused(dir.open_dir(path).await, path), no_path, "{path}");
            assert_eq!(refused(dir.metadata(path).await, path), no_path, "{path}");
            assert_eq!(refused(dir.read_dir(path).await, path), no_path, "{path}");
            assert_eq!(refused(dir.create_dir(path).await, path), no_path, "{path}");
            assert_eq!(refused(dir.remove_file(path).await, path), no_path, "{path}");
            assert_eq!(refused(dir.remove_dir_all(path).await, path), no_path, "{path}");
            assert_eq!(refused(dir.rename(path, "x").await, path), no_path, "{path}");
            assert_eq!(refused(dir.rename("a", path).await, path), no_path, "{path}");
            assert_eq!(refused(dir.symlink("x", path).await, path), no_path, "{path}");
        }
        assert_eq!(dir.metadata("a\0b").await.expect_err("no path").kind(), ErrorKind::InvalidInput);
        // A magic link of `/proc` is none that leads anywhere; and a link goes as a link.
        let proc = Dir::<C>::open("/proc/self").await.expect("there");
        assert_eq!(refused(proc.open_dir("cwd").await, "cwd"), proc.open_dir("root").await.expect_err("out").kind());
        dir.remove_file("absolute").await.expect("a link");
        dir.remove_dir_all("above").await.expect("a link");
    });
    assert_eq!(contents(&outside), before);
    assert_eq!(std::fs::read(tree.join("a/inside")).expect("there"), b"inside");
}

/// What was a folder when it was looked at is a link when it is used.
pub(crate) fn nothing_leads_out_while_others_rename<C: Config<Driver: Fs>>(folder: &Path) {
    let (tree, outside) = (folder.join("tree"), folder.join("outside"));
    for place in [&outside, &tree.join("sub")] {
        std::fs::create_dir_all(place.join("deep")).expect("new");
        std::fs::write(place.join("deep/file"), if place == &outside { "secret" } else { "inside" }).expect("new");
    }
    symlink(&outside, tree.join("link")).expect("new");
    let before = contents(&outside);
    let over = AtomicBool::new(false);
    let (mut inside, mut met) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let [sub, link, aside] = ["sub", "link", "aside"].map(|name| tree.join(name));
            while !over.load(Ordering::Relaxed) {
                for (from, to) in [(&sub, &aside), (&link, &sub), (&sub, &link), (&aside, &sub)] {
                    std::fs::rename(from, to).expect("nobody else renames these");
                }
            }
        });
        let _over = Ends(&over);
        runtime::<C>().block_on(async {
            let dir = Dir::<C>::open(&tree).await.expect("there");
            let (read, make) =
                (File::<C>::options().read(true).clone(), File::<C>::options().write(true).create(true).clone());
            for n in 0..count(400, 50_000) {
                match dir.open_file("sub/deep/file", &read).await {
                    Ok(mut file) => {
                        assert_eq!(file.read_to_end().await.expect("open"), b"inside");
                        inside += 1;
                    }
                    Err(error) => {
                        assert!([ErrorKind::NotFound, ErrorKind::PermissionDenied].contains(&error.kind()), "{error}");
                        met += 1;
                    }
                }
                let _ = dir.open_file(format!("sub/deep/new {n}"), &make).await;
                let _ = dir.create_dir("sub/made").await;
                let _ = dir.rename(format!("sub/deep/new {n}"), "sub/moved").await;
                let _ = dir.symlink("nowhere", "sub/deep/soft").await;
                for name in ["sub/moved", "sub/deep/soft", &format!("sub/deep/new {n}")] {
                    let _ = dir.remove_file(name).await;
                }
                let _ = dir.remove_dir("sub/made").await;
                let _ = dir.remove_dir_all("sub/made").await;
            }
        });
    });
    assert_eq!(contents(&outside), before);
    assert!(inside > 0 && met > 0, "{inside} found it, {met} did not: not a mixture");
}

pub(crate) fn dropped_calls_leave_nothing_open<C: Config<Driver: Fs>>(folder: &Path) {
    std::fs::create_dir(folder.join("sub")).expect("new");
    std::fs::write(folder.join("sub/file"), "tea").expect("new");
    let (mut random, rounds) = (Random::new(10), count(800, 50_000));
    let before = fds();
    let (runtime, mut ready) = (runtime::<C>(), 0);
    runtime.block_on(async {
        let dir = Dir::<C>::open(folder).await.expect("there");
        let read = File::<C>::options().read(true).clone();
        for _ in 0..rounds {
            let ended = match random.below(4) {
                0 => at_random::<C, _>(pin!(dir.open_file("sub/file", &read)), &mut random)
                    .await
                    .map(|file| drop(file.expect("there"))),
                1 => {
                    at_random::<C, _>(pin!(dir.open_dir("sub")), &mut random).await.map(|sub| drop(sub.expect("there")))
                }
                2 => at_random::<C, _>(pin!(dir.read_dir("sub")), &mut random)
                    .await
                    .map(|list| drop(list.expect("there"))),
                _ => at_random::<C, _>(pin!(Dir::<C>::open(folder)), &mut random)
                    .await
                    .map(|dir| drop(dir.expect("there"))),
            };
            ready += u64::from(ended.is_some());
        }
        let _ = fs::metadata::<C>(folder).await;
    });
    assert_eq!(runtime.open_resources(), 0);
    drop(runtime);
    assert!(eventually(|| fds() == before), "{} descriptors more", fds() - before);
    assert!(ready > 0 && ready < rounds, "{ready} of {rounds} were ready: not a mixture");
}
