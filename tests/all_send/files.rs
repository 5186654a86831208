//! Files: their types, their futures with a name and those without.

use crate::{any, both, send};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{
    DirEntry, File, FileType, Metadata, OpenOptions, ReadDir, ReadFile, ReadFileExact, ReadFileVectored, WriteFile,
    WriteFileAll, WriteFileVectored, WriteWhole, fs,
};
use std::path::{Path, PathBuf};

fn files<C: Config<Driver: Fs>>(path: &'static str, paths: (&'static Path, PathBuf)) {
    both::<File<C>>();
    both::<OpenOptions<C>>();
    both::<ReadDir<C>>();
    both::<DirEntry<C>>();
    both::<(Metadata, FileType)>();
    both::<ReadFile<'_, C, Vec<u8>>>();
    both::<ReadFileExact<'_, C, Vec<u8>>>();
    both::<ReadFileVectored<'_, C, [Vec<u8>; 2]>>();
    both::<WriteFile<'_, C, Vec<u8>>>();
    both::<WriteFileAll<'_, C, Vec<u8>>>();
    both::<WriteFileVectored<'_, C, (Vec<u8>, String)>>();
    both::<WriteWhole<C, Vec<u8>>>();
    send(File::<C>::open(path));
    send(File::<C>::create(paths.0));
    send(File::<C>::create_new(paths.1));
    send(async move { File::<C>::options().append(true).open(path).await });
    let mut file: File<C> = any();
    send(file.read_to_end());
    send(file.seek(any()));
    send(file.sync_all());
    send(file.sync_data());
    send(file.set_len(0));
    send(file.metadata());
    send(file.set_permissions(any()));
    send(bespoke::io::Reads::read(&mut file, &mut []));
    send(bespoke::io::Writes::write_all(&mut file, Vec::new()));
    let mut entries: ReadDir<C> = any();
    send(entries.next_entry());
    let entry: DirEntry<C> = any();
    send(entry.metadata());
    send(fs::read::<C>(path));
    send(fs::read_to_string::<C>(path));
    send(fs::write::<C, _>(path, "text"));
    send(fs::copy::<C>(path, path));
    send(fs::metadata::<C>(path));
    send(fs::symlink_metadata::<C>(path));
    send(fs::try_exists::<C>(path));
    send(fs::create_dir::<C>(path));
    send(fs::create_dir_all::<C>(path));
    send(fs::remove_file::<C>(path));
    send(fs::remove_dir::<C>(path));
    send(fs::remove_dir_all::<C>(path));
    send(fs::rename::<C>(path, path));
    send(fs::rename_with::<C>(path, path, any()));
    send(fs::hard_link::<C>(path, path));
    send(fs::symlink::<C>(path, path));
    send(fs::read_link::<C>(path));
    send(fs::canonicalize::<C>(path));
    send(fs::set_permissions::<C>(path, any()));
    send(fs::read_dir::<C>(path));
}

/// What a library does with files, across awaits, in a task that it spawns for an unknown config.
async fn journal<C: Config<Driver: Fs>>(path: PathBuf) -> std::io::Result<()> {
    let mut file: File<C> = File::options().create(true).append(true).open(&path).await?;
    // A literal, too.
    file.write_all("begun\n").await.0?;
    file.write_all_at(b"x".to_vec(), 0).await.0?;
    fs::write::<C, _>(path.with_extension("old"), "text").await.0?;
    let (read, buffers) = file.read_vectored([Vec::with_capacity(1), Vec::new()]).await;
    let mut entries = fs::read_dir::<C>(&path).await?;
    while let Some(entry) = entries.next_entry().await? {
        entry.metadata().await?;
        C::yield_now().await;
    }
    drop((read?, buffers));
    file.sync_all().await
}

fn all_send<C: Config<Driver: Fs>>() {
    // Named, so that the compiler looks into each for an unknown `C`.
    let _ = files::<C>;
    let _ = |path: PathBuf| drop(C::spawn(journal::<C>(path)));
}

#[test]
fn every_file_is_send_for_every_config() {
    all_send::<bespoke::preset::Default>();
    all_send::<bespoke::preset::Paused>();
}

#[cfg(target_os = "linux")]
async fn spliced<C: Config<Driver: bespoke::rt::ZeroCopy>>(
    mut from: bespoke::rt::TcpStream<C>,
    mut to: bespoke::rt::TcpStream<C>,
) -> std::io::Result<u64> {
    bespoke::rt::Splicer::new(from.split().0, to.split().1)?.forward_all().await
}

#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "to compile is to pass")]
fn sending<C: Config<Driver: bespoke::rt::ZeroCopy>>() {
    use bespoke::rt::{
        Dir, OwnedReadHalf, OwnedWriteHalf, ReadHalf, SendFile, Splicer, TcpStream, UnixStream, WriteHalf,
    };
    both::<SendFile<'_, C>>();
    let file: File<C> = any();
    send(file.allocate(any(), 0, 1));
    send(file.advise(any(), 0, 1));
    send(file.link_to("path"));
    send(async { File::<C>::options().direct(true).open_nameless("folder").await });
    both::<Dir<C>>();
    let dir: Dir<C> = any();
    send(Dir::<C>::open("path"));
    send(dir.open_file("path", &any()));
    send(dir.open_dir("path"));
    send(dir.metadata("path"));
    send(dir.symlink_metadata("path"));
    send(dir.read_dir("path"));
    send(dir.create_dir("path"));
    send(dir.remove_file("path"));
    send(dir.remove_dir("path"));
    send(dir.remove_dir_all("path"));
    send(dir.rename("path", "other"));
    send(dir.rename_with("path", "other", any()));
    send(dir.symlink("path", "other"));
    send(dir.read_link("path"));
    let (mut tcp, mut unix, mut half): (TcpStream<C>, UnixStream<C>, OwnedWriteHalf<C>) = any();
    send(async { (tcp.send_file(&file, 0, 1).await, unix.send_file(&file, 0, 1).await) });
    send(half.send_file(&file, 0, 1));
    both::<Splicer<ReadHalf<'_, C>, WriteHalf<'_, C, UnixStream<C>>>>();
    let mut splicer: Splicer<OwnedReadHalf<C>, &mut UnixStream<C>> = any();
    send(splicer.forward(1));
    send(splicer.forward_all());
    send(splicer.held());
    send(splicer.take_held());
    let _ = move || drop(C::spawn(spliced::<C>(any(), any())));
}
