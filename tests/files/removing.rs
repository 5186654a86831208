//! Whole folders removed, while others change them. Linux.

use crate::beneath::Ends;
use crate::support::{count, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::fs;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;

pub(crate) fn whole_trees<C: Config<Driver: Fs>>(folder: &Path) {
    let (tree, outside) = (folder.join("tree"), folder.join("outside"));
    std::fs::create_dir(&outside).expect("new");
    std::fs::write(outside.join("kept"), "tea").expect("new");
    runtime::<C>().block_on(async {
        let mut deep = tree.clone();
        for n in 0..100 {
            std::fs::create_dir_all(&deep).expect("new");
            std::fs::write(deep.join(format!("file {n}")), "x").expect("new");
            symlink(&outside, deep.join("link to a folder")).expect("new");
            symlink("nowhere", deep.join("link to nothing")).expect("new");
            deep.push("sub");
        }
        for n in 0..2_000 {
            std::fs::write(tree.join(format!("many {n}")), "").expect("new");
        }
        fs::remove_dir_all::<C>(&tree).await.expect("ours");
        assert!(!tree.exists());
        let kind = async |path: &Path| fs::remove_dir_all::<C>(path).await.expect_err("refused").kind();
        assert_eq!(kind(&tree).await, ErrorKind::NotFound);
        assert_eq!(kind(&outside.join("kept")).await, ErrorKind::NotADirectory);
        std::fs::create_dir(&tree).expect("new");
        assert_eq!(kind(&tree.join("..")).await, ErrorKind::InvalidInput);
        assert_eq!(kind(Path::new("/")).await, ErrorKind::InvalidInput);
        symlink(&outside, tree.join("link")).expect("new");
        fs::remove_dir_all::<C>(tree.join("link")).await.expect("a link is removed");
        assert!(tree.join("link").symlink_metadata().is_err());
        fs::remove_dir_all::<C>(&tree).await.expect("empty");
    });
    assert_eq!(std::fs::read(outside.join("kept")).expect("there"), b"tea");
}

/// Somebody puts a link in the place of a folder, and a folder in the place of a file, all the time.
pub(crate) fn links_are_not_followed_whoever_puts_them_there<C: Config<Driver: Fs>>(folder: &Path) {
    let (tree, outside) = (folder.join("tree"), folder.join("outside"));
    std::fs::create_dir(&outside).expect("new");
    for n in 0..20 {
        std::fs::create_dir(outside.join(format!("sub {n}"))).expect("new");
        std::fs::write(outside.join(format!("sub {n}")).join("kept"), "tea").expect("new");
    }
    let over = AtomicBool::new(false);
    let (mut done, mut met) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // What fails has been removed, or is there already.
            let place = tree.join("sub");
            while !over.load(Ordering::Relaxed) {
                let _ = std::fs::create_dir(&place);
                let _ = std::fs::write(place.join("file"), "x");
                let _ = std::fs::rename(&place, folder.join("aside"));
                let _ = symlink(&outside, &place);
                let _ = std::fs::remove_file(&place);
                let _ = std::fs::write(&place, "x");
                let _ = std::fs::remove_file(&place);
                let _ = std::fs::rename(folder.join("aside"), &place);
            }
        });
        let _over = Ends(&over);
        runtime::<C>().block_on(async {
            for _ in 0..count(100, 20_000) {
                std::fs::create_dir_all(&tree).expect("ours");
                match fs::remove_dir_all::<C>(&tree).await {
                    Ok(()) => done += 1,
                    // Filled again and again.
                    Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => met += 1,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    });
    for n in 0..20 {
        assert_eq!(std::fs::read(outside.join(format!("sub {n}")).join("kept")).expect("not followed"), b"tea");
    }
    assert!(done > 0, "{done} removed, {met} given up");
}
