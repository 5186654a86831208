//! Folders, links, names, whole files.

use crate::support::{fds, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::fs;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The kind of a refusal, whose message must name `path`.
#[track_caller]
fn refused<T: core::fmt::Debug>(result: std::io::Result<T>, path: &Path) -> ErrorKind {
    let error = result.expect_err("refused");
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name in text");
    assert!(error.to_string().contains(name), "{error} does not name {name}");
    error.kind()
}

pub(crate) fn folders<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let (one, deep) = (folder.join("one"), folder.join("a/b/c"));
        fs::create_dir::<C>(&one).await.expect("new");
        assert!(fs::metadata::<C>(&one).await.expect("made").is_dir());
        assert_eq!(refused(fs::create_dir::<C>(&one).await, &one), ErrorKind::AlreadyExists);
        assert_eq!(refused(fs::create_dir::<C>(&deep).await, &deep), ErrorKind::NotFound);
        fs::create_dir_all::<C>(&deep).await.expect("new");
        fs::create_dir_all::<C>(&deep).await.expect("there already");
        std::fs::write(deep.join("file"), "tea").expect("a folder is there");
        assert_eq!(refused(fs::remove_dir::<C>(&deep).await, &deep), ErrorKind::DirectoryNotEmpty);
        let kind = refused(fs::remove_file::<C>(&deep).await, &deep);
        assert!([ErrorKind::IsADirectory, ErrorKind::PermissionDenied].contains(&kind));
        assert_eq!(refused(fs::remove_dir::<C>(deep.join("file")).await, &deep.join("file")), ErrorKind::NotADirectory);
        fs::remove_file::<C>(deep.join("file")).await.expect("ours");
        assert_eq!(refused(fs::remove_file::<C>(deep.join("file")).await, &deep.join("file")), ErrorKind::NotFound);
        fs::remove_dir::<C>(&deep).await.expect("empty");
        fs::remove_dir_all::<C>(folder.join("a")).await.expect("ours");
        assert!(!fs::try_exists::<C>(folder.join("a")).await.expect("known"));
        assert!(fs::try_exists::<C>(&one).await.expect("known"));
        let gone = folder.join("gone");
        assert_eq!(refused(fs::remove_dir_all::<C>(&gone).await, &gone), ErrorKind::NotFound);
        assert_eq!(refused(fs::read_dir::<C>(&gone).await, &gone), ErrorKind::NotFound);
    });
}

pub(crate) fn links_and_names<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let [file, other, hard, soft] = ["file", "other", "hard", "soft"].map(|name| folder.join(name));
        std::fs::write(&file, "tea").expect("new");
        fs::hard_link::<C>(&file, &hard).await.expect("new");
        assert_eq!(fs::metadata::<C>(&hard).await.expect("there").stat().links, 2);
        assert_eq!(refused(fs::hard_link::<C>(&file, &hard).await, &hard), ErrorKind::AlreadyExists);
        fs::symlink::<C>("file", &soft).await.expect("new");
        assert_eq!(fs::read_link::<C>(&soft).await.expect("a link"), Path::new("file"));
        assert_eq!(refused(fs::read_link::<C>(&file).await, &file), ErrorKind::InvalidInput);
        assert!(fs::symlink_metadata::<C>(&soft).await.expect("there").is_symlink());
        assert!(fs::metadata::<C>(&soft).await.expect("followed").is_file());
        let real = std::fs::canonicalize(&file).expect("there");
        assert_eq!(fs::canonicalize::<C>(folder.join("./soft")).await.expect("there"), real);

        std::fs::write(&other, "old").expect("new");
        fs::rename::<C>(&file, &other).await.expect("in place of the other");
        assert_eq!(std::fs::read(&other).expect("there"), b"tea");
        let error = fs::rename::<C>(&file, &other).await.expect_err("gone");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("/file\" as \"") && error.to_string().contains("/other\""), "{error}");
        assert_eq!(refused(fs::metadata::<C>(&soft).await, &soft), ErrorKind::NotFound, "it leads nowhere now");
        assert!(!fs::try_exists::<C>(&soft).await.expect("known"));

        fs::set_permissions::<C>(&other, std::fs::Permissions::from_mode(0o444)).await.expect("ours");
        let permissions = fs::metadata::<C>(&other).await.expect("there").permissions();
        assert!(permissions.readonly());
        assert_eq!(permissions.mode() & 0o777, 0o444);
        assert_eq!(fs::metadata::<C>("a\0b").await.expect_err("no path").kind(), ErrorKind::InvalidInput);
    });
}

pub(crate) fn whole_files<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let [file, other] = ["file", "other"].map(|name| folder.join(name));
        let bytes: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
        let (written, bytes) = fs::write::<C, _>(&file, bytes).await;
        written.expect("new");
        assert!(fs::read::<C>(&file).await.expect("there") == bytes);
        assert_eq!(refused(fs::read_to_string::<C>(&file).await, &file), ErrorKind::InvalidData);
        assert_eq!(fs::copy::<C>(&file, &other).await.expect("there"), 300_000);
        assert!(std::fs::read(&other).expect("there") == bytes);
        fs::write::<C, _>(&file, "tea").await.0.expect("there");
        assert_eq!(fs::read_to_string::<C>(&file).await.expect("there"), "tea", "it was cut");
        let (written, buffer) = fs::write::<C, _>(folder, b"tea".to_vec()).await;
        assert_eq!(written.expect_err("a folder").kind(), ErrorKind::IsADirectory);
        assert_eq!(buffer, b"tea", "the buffer comes back");
        let gone = folder.join("gone");
        assert_eq!(refused(fs::read::<C>(&gone).await, &gone), ErrorKind::NotFound);
        assert_eq!(refused(fs::copy::<C>(&gone, &file).await, &gone), ErrorKind::NotFound);
    });
}

pub(crate) fn listing_many<C: Config<Driver: Fs>>(folder: &Path) {
    let mut expected = BTreeSet::new();
    for n in 0..300 {
        let name = format!("file {n}");
        std::fs::write(folder.join(&name), vec![0; n]).expect("new");
        expected.insert((name, true));
    }
    std::fs::create_dir(folder.join("sub")).expect("new");
    expected.insert(("sub".into(), false));
    runtime::<C>().block_on(async {
        let before = fds();
        let mut entries = fs::read_dir::<C>(folder).await.expect("there");
        let mut found = BTreeSet::new();
        while let Some(entry) = entries.next_entry().await.expect("a folder") {
            let name = entry.file_name().into_string().expect("text");
            assert_eq!(entry.path(), folder.join(&name));
            let metadata = entry.metadata().await.expect("there");
            assert_eq!(metadata.file_type(), entry.file_type());
            assert!(found.insert((name, entry.file_type().is_file())), "told twice");
        }
        assert_eq!(found, expected);
        assert!(entries.next_entry().await.expect("a folder").is_none(), "again");
        drop(entries);
        assert_eq!(fds(), before);
        let mut entries = fs::read_dir::<C>(folder.join("sub")).await.expect("there");
        assert!(entries.next_entry().await.expect("a folder").is_none(), "empty");
        let file = folder.join("file 1");
        assert_eq!(refused(fs::read_dir::<C>(&file).await, &file), ErrorKind::NotADirectory);
    });
}
