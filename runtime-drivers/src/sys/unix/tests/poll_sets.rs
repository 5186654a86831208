use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;

use super::super::nudge::Nudge;
use super::super::poll::monotonic_ns;
use super::super::poll_set::{Found, PollSet, Sides, can_wait};

const NOTHING: Found = Found { ready: Sides::NONE, hung_up: false };

fn set_of(fds: &[(i32, Sides)]) -> PollSet {
    let mut set = PollSet::default();
    fds.iter().for_each(|&(fd, sides)| set.push(fd, sides).unwrap());
    set
}

#[test]
fn a_set_tells_what_is_ready_and_only_that() {
    let (quiet, nudged) = (Nudge::new().unwrap(), Nudge::new().unwrap());
    nudged.nudge().unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let both = Sides::READ.or(Sides::WRITE);
    let mut set = set_of(&[(quiet.fd(), Sides::READ), (nudged.fd(), Sides::READ), (ours.as_raw_fd(), both)]);
    set.wait(None).unwrap();
    assert_eq!(set.found(0), NOTHING);
    assert_eq!(set.found(1), Found { ready: Sides::READ, hung_up: false });
    assert_eq!(set.found(2), Found { ready: Sides::WRITE, hung_up: false });
    theirs.write_all(b"x").unwrap();
    set.set(2, Sides::READ);
    assert_eq!(set.found(2), NOTHING, "what was found before is forgotten");
    set.wait(None).unwrap();
    assert_eq!(set.found(2).ready, Sides::READ, "room to write is not asked for");
}

#[test]
fn what_is_hidden_is_not_looked_at() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut set = set_of(&[(ours.as_raw_fd(), Sides::READ)]);
    drop(theirs);
    set.set(0, Sides::NONE);
    set.wait(Some(0)).unwrap();
    assert_eq!(set.found(0), NOTHING, "a hang-up is told unasked of what is looked at");
    set.set(0, Sides::NONE);
    set.set(0, Sides::READ);
    set.wait(Some(0)).unwrap();
    assert_eq!(set.found(0), Found { ready: Sides::READ.or(Sides::WRITE), hung_up: true });
}

#[test]
fn the_last_takes_the_place_of_one_that_is_removed() {
    let (quiet, nudged) = (Nudge::new().unwrap(), Nudge::new().unwrap());
    nudged.nudge().unwrap();
    let mut set = set_of(&[(quiet.fd(), Sides::READ), (nudged.fd(), Sides::READ)]);
    set.swap_remove(0);
    set.wait(Some(0)).unwrap();
    assert_eq!(set.found(0).ready, Sides::READ);
}

#[test]
fn an_empty_wait_is_never_shorter_than_asked() {
    let quiet = Nudge::new().unwrap();
    let mut set = set_of(&[(quiet.fd(), Sides::READ)]);
    for wait_ns in [0, 1, 70_000, 1_000_001] {
        let start_ns = monotonic_ns();
        set.wait(Some(wait_ns)).unwrap();
        assert!(monotonic_ns() - start_ns >= wait_ns);
        assert_eq!(set.found(0), NOTHING);
    }
}

#[test]
fn a_number_that_is_not_open_is_ready() {
    let mut set = set_of(&[(i32::MAX, Sides::READ)]);
    set.wait(None).unwrap();
    assert!(set.found(0).hung_up, "the next call on it says which error");
}

#[test]
fn files_and_folders_cannot_be_waited_for() {
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    let folder = File::open("/").unwrap();
    for refused in [&file, &folder] {
        assert_eq!(can_wait(refused.as_raw_fd()).unwrap_err().code(), libc::EPERM);
    }
    can_wait(Nudge::new().unwrap().fd()).unwrap();
    can_wait(Nudge::pipe().unwrap().fd()).unwrap();
    assert_eq!(can_wait(i32::MAX).unwrap_err().code(), libc::EBADF);
}
