//! What is asked before a file is sent.

use std::io::Write as _;
use std::os::fd::AsRawFd as _;

use super::super::send_file::{self, Pipe};
use super::super::transfer;
use super::{pair, v4};

#[test]
fn what_is_not_in_memory_is_told_and_brought_there() {
    const LEN: usize = 1 << 20;
    let path = std::env::temp_dir().join(std::format!("bespoke-sys-{}-cold", std::process::id()));
    std::fs::write(&path, std::vec![7; LEN]).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let fd = file.as_raw_fd();
    // Not `println!`, which the harness keeps to itself.
    let skipped = |why: &str| {
        writeln!(std::io::stderr(), "skipped what_is_not_in_memory_is_told_and_brought_there: {why}").unwrap();
    };
    if !send_file::are_at_hand(fd, 0, 1) {
        return skipped("the folder of temporary files does not say what is in memory");
    }
    assert!(send_file::are_at_hand(fd, 0, LEN) && send_file::are_at_hand(fd, 5000, 1), "written just now");
    assert!(send_file::are_at_hand(fd, u64::MAX, 0), "of no bytes nothing is asked");
    assert!(!send_file::are_at_hand(fd, u64::MAX, 1), "no such position");
    file.sync_all().unwrap();
    // SAFETY: touches no memory of ours.
    assert_eq!(unsafe { libc::posix_fadvise(fd, 0, 0, libc::POSIX_FADV_DONTNEED) }, 0);
    if send_file::are_at_hand(fd, 0, LEN) {
        return skipped("the folder of temporary files is in memory");
    }
    send_file::bring(fd, 0, 64 << 10);
    assert!(send_file::are_at_hand(fd, 0, 64 << 10));
    send_file::bring(fd, (LEN - 10) as u64, 4096); // the end comes before
    assert!(send_file::are_at_hand(fd, (LEN - 10) as u64, 10));
    send_file::bring(-1, 0, 10); // and what fails is told to who sends
}

#[test]
fn a_pipe_has_room_and_a_socket_says_how_much() {
    let pipe = Pipe::new().unwrap();
    assert!(pipe.room() >= 4096 && pipe.read_end() != pipe.write_end());
    let (client, _server) = pair(v4());
    let (before, all) = send_file::room(client.0).unwrap();
    assert!(before > 0 && before <= all, "{before} of {all}");
    let bytes = [7; 4096];
    // SAFETY: `bytes` is live, and nobody writes it.
    while unsafe { transfer::send(client.0, bytes.as_ptr(), bytes.len(), true) }.is_ok() {}
    let (after, all) = send_file::room(client.0).unwrap();
    assert!(after < all / 3, "{after} of {all} when it takes no more");
    assert_eq!(send_file::room(pipe.read_end()), None, "no socket");
}
