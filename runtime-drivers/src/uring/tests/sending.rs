//! Files that are sent through a pipe: whose the pipe is, and when it is closed. The rules are those of `lower/send_file`.
#![expect(clippy::disallowed_methods, reason = "the clock of the test stands outside of any runtime")]

use super::*;
use crate::op::{Interrupted, SendFile};
use crate::sys::send_file::Pipe;
use crate::sys::{fd, transfer};
use crate::uring::lower::send_file::Splicing;
use core::time::Duration;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;
use std::time::Instant;

/// A file of ones, registered with a key that no stream has; unlinked.
fn file<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, name: &str, len: usize) -> Resource {
    let path = std::env::temp_dir().join(std::format!("bespoke-sending-{}-{name}", std::process::id()));
    std::fs::write(&path, std::vec![1; len]).expect("it can be written");
    let open = File::open(&path).expect("it is there");
    std::fs::remove_file(&path).expect("it was made");
    let resource = Resource { raw: open.into_raw_fd(), key: 1000 };
    live.register(resource, Kind::File).expect("a file");
    resource
}

/// What the two ends of the pipe are called.
fn names(state: &Splicing<Local>) -> [(RawFd, PathBuf); 2] {
    let ends = state.pipe_ends().expect("it has a pipe");
    ends.map(|end| (end, named_by(end).expect("it is open")))
}

/// Are these two still that pipe?
fn are_open(names: &[(RawFd, PathBuf); 2]) -> bool {
    let open = names.each_ref().map(|(fd, name)| named_by(*fd).as_ref() == Some(name));
    assert_eq!(open[0], open[1], "one end of two");
    open[0]
}

/// Turns until `done`, for twenty seconds.
#[track_caller]
pub(super) fn turns<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, mut done: impl FnMut() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not come");
        live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
    }
}

/// Polls a send until its pipe is full and the entry that empties it is in the queue.
fn until_the_pipe_is_full<const ENTRIES: u32, O: RingOptions>(
    live: &LiveUring<ENTRIES, O>,
    op: &mut SendFile,
    state: &mut Splicing<Local>,
) {
    turns(live, || {
        assert!(poll(live, op, state).is_pending(), "nobody reads");
        state.held() > 0
    });
}

/// When a send is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Its first entry is in the queue, and the kernel knows nothing of it.
    FillQueued,
    FillSubmitted,
    SpillQueued,
    SpillSubmitted,
}

/// Rule 2. Once the numbers are free they are another's, and the kernel may look at them until the entry is over.
#[test]
fn a_dropped_send_leaves_its_pipe_to_the_entry_that_names_it() {
    let Some(live) = driver::<8, Usual>() else { return };
    const ALL: [When; 4] = [When::FillQueued, When::FillSubmitted, When::SpillQueued, When::SpillSubmitted];
    let streams = Streams::of(&live, 4);
    let len = 1 << 20;
    let file = file(&live, "left", len);
    let before = in_kernel(&live);
    for (when, stream) in ALL.into_iter().zip(streams.ours.iter().copied()) {
        let (mut op, mut state) = (SendFile { stream, file, at: 0, len }, Splicing::default());
        match when {
            When::FillQueued | When::FillSubmitted => {
                assert!(poll(&live, &mut op, &mut state).is_pending());
                assert_eq!(state.held(), 0);
            }
            When::SpillQueued | When::SpillSubmitted => until_the_pipe_is_full(&live, &mut op, &mut state),
        }
        if matches!(when, When::FillSubmitted | When::SpillSubmitted) {
            // It may end meanwhile: until its completion is read, the entry is there.
            live.0.with(|state| state.ring.submit_now());
        }
        let pipe = names(&state);
        abandon(&live, &mut op, &mut state, MaybeDangling::new(()));
        assert!(are_open(&pipe), "{when:?}: the numbers were given away while an entry names them");
        turns(&live, || in_kernel(&live) == before);
        assert!(!are_open(&pipe), "{when:?}: it is nobody's, and open");
        let Poll::Ready(taken) = poll(&live, &mut Interrupted { stream }, &mut ()) else {
            panic!("{when:?}: nothing is on its way")
        };
        if matches!(when, When::FillQueued | When::FillSubmitted) {
            assert!(taken.is_none(), "what is in the pipe is not sent");
        }
    }
    streams.close(&live);
    live.close(file);
    ends(&live);
}

/// A poll names no pipe: what waits for room lets it go at once, with what it holds.
#[test]
fn a_send_that_waits_for_room_is_dropped_with_its_pipe() {
    let Some(live) = driver::<8, Usual>() else { return };
    let streams = Streams::of(&live, 1);
    let (stream, len) = (streams.ours[0], 1 << 20);
    fill(stream.raw);
    let file = file(&live, "room", len);
    let before = in_kernel(&live);
    let (mut op, mut state) = (SendFile { stream, file, at: 0, len }, Splicing::default());
    until_the_pipe_is_full(&live, &mut op, &mut state);
    assert!(state.waits_for_room(), "{state:?}");
    let pipe = names(&state);
    abandon(&live, &mut op, &mut state, MaybeDangling::new(()));
    assert!(!are_open(&pipe));
    assert_eq!(live.0.idle_pipes(), 0, "something is in it");
    turns(&live, || in_kernel(&live) == before);
    assert!(matches!(poll(&live, &mut Interrupted { stream }, &mut ()), Poll::Ready(None)), "nothing was sent");
    streams.close(&live);
    live.close(file);
    ends(&live);
}

/// Writes zeroes to a socket until it takes no more: how many.
pub(super) fn fill(socket: RawFd) -> usize {
    fd::set_nonblocking(socket, true).expect("open");
    let (zeroes, mut filled) = ([0; 1 << 12], 0);
    // SAFETY: `zeroes` is live, and nobody writes it.
    while let Ok(n) = unsafe { transfer::send(socket, zeroes.as_ptr(), zeroes.len(), true) } {
        filled += n;
    }
    fd::set_nonblocking(socket, false).expect("open");
    filled
}

/// A send whose pipe is full of sevens, on its way to the stream.
fn spilling(stream: Resource) -> (SendFile, Splicing<Local>, usize) {
    let pipe = Pipe::new().expect("descriptors are free");
    let sevens = std::vec![7; pipe.room()];
    // SAFETY: `sevens` is live, and nobody writes it.
    let held = unsafe { crate::sys::pipe::write(pipe.write_end(), sevens.as_ptr(), sevens.len()) };
    assert_eq!(held, Ok(sevens.len()), "so much fits in");
    // The file is asked for no more than the pipe holds.
    let file = Resource { raw: -1, key: u32::MAX };
    (SendFile { stream, file, at: 0, len: sevens.len() }, Splicing::spilling(pipe, sevens.len()), sevens.len())
}

/// What has come to a peer, which waits for no more.
pub(super) fn what_came(mut peer: &UnixStream) -> Vec<u8> {
    let mut came = Vec::new();
    peer.set_nonblocking(true).expect("open");
    let ended = peer.read_to_end(&mut came).map(drop);
    assert!(ended.map_err(|error| error.kind()) == Err(ErrorKind::WouldBlock), "it ended");
    came
}

/// A thread of the kernel's waits for room, after it has sent a part: dropped then, the part is told of, and no byte more comes.
#[test]
fn a_spill_that_waits_is_cancelled_and_counted() {
    const ROOM: usize = 40 << 10;
    let Some(live) = driver::<8, Usual>() else { return };
    let mut cut = 0;
    let before = in_kernel(&live);
    for round in 0..count(20, 1_000) {
        let streams = Streams::of(&live, 1);
        let (stream, mut peer) = (streams.ours[0], &streams.peers[0]);
        // Room for some of it.
        let filled = fill(stream.raw) - ROOM;
        peer.read_exact(&mut [0; ROOM]).expect("it is there");
        let (mut op, mut state, held) = spilling(stream);
        assert!(poll(&live, &mut op, &mut state).is_pending());
        // Submitted, and in the midst of it, or waiting.
        live.park(Park::Poll).expect("a turn");
        for _ in 0..round % 8 {
            live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
        }
        assert!(poll(&live, &mut op, &mut state).is_pending(), "there is no room for all of it");
        abandon(&live, &mut op, &mut state, MaybeDangling::new(()));
        turns(&live, || in_kernel(&live) == before);
        let Poll::Ready(taken) = poll(&live, &mut Interrupted { stream }, &mut ()) else {
            panic!("nothing is on its way")
        };
        let came = what_came(peer);
        let taken = taken.map_or(0, |taken| taken.bytes);
        assert_eq!(came.len(), filled + taken, "round {round}: the count is true");
        assert!(taken < held && came[filled..].iter().all(|byte| *byte == 7));
        cut += u64::from(taken > 0);
        streams.close(&live);
    }
    assert!(cut > 0, "none of them had sent a part");
    ends(&live);
}

/// Whoever stops the process and lets it go on interrupts what waits; it goes on, too, from where it was.
#[test]
fn a_spill_goes_on_after_a_stop() {
    let Some(live) = driver::<8, Usual>() else { return };
    let streams = Streams::of(&live, 2);
    // One that can take nothing, and one that takes a part.
    let filled = fill(streams.ours[0].raw);
    let mut sends: Vec<_> = streams.ours.iter().map(|stream| spilling(*stream)).collect();
    for (op, state, _) in &mut sends {
        assert!(poll(&live, op, state).is_pending());
    }
    // Both wait.
    for _ in 0..20 {
        live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
    }
    let script = "kill -STOP $PPID; sleep 0.05; kill -CONT $PPID";
    let _alone = sleeps_alone();
    let stopped = std::process::Command::new("sh").args(["-c", script]).status().expect("there is a shell");
    assert!(stopped.success());
    let mut came = [Vec::new(), Vec::new()];
    let mut over = [false; 2];
    turns(&live, || {
        for (n, (op, state, held)) in sends.iter_mut().enumerate() {
            if !over[n]
                && let Poll::Ready(sent) = poll(&live, op, state)
            {
                assert_eq!(sent, (*held, Ok(())), "send {n}");
                over[n] = true;
            }
            came[n].extend(what_came(&streams.peers[n]));
        }
        over == [true; 2]
    });
    for (n, (.., held)) in sends.iter().enumerate() {
        came[n].extend(what_came(&streams.peers[n]));
        let filled = if n == 0 { filled } else { 0 };
        assert_eq!(came[n].len(), filled + held, "send {n}");
        assert!(came[n][filled..].iter().all(|byte| *byte == 7), "send {n}");
    }
    streams.close(&live);
    ends(&live);
}

#[test]
fn pipes_that_are_empty_are_used_again() {
    let Some(live) = driver::<64, Usual>() else { return };
    let streams = Streams::of(&live, 12);
    let (file, len) = (file(&live, "again", 1000), 1000);
    let mut pipes = Vec::new();
    for _ in 0..2 {
        let ops = streams.ours.iter().map(|stream| SendFile { stream: *stream, file, at: 0, len });
        let mut sends: Vec<_> = ops.map(|op| (op, Splicing::default(), false)).collect();
        turns(&live, || {
            for (op, state, over) in sends.iter_mut().filter(|(.., over)| !over) {
                match poll(&live, op, state) {
                    Poll::Ready(sent) => {
                        assert_eq!(sent, (len, Ok(())));
                        *over = true;
                    }
                    Poll::Pending => pipes.push(names(state)),
                }
            }
            sends.iter().all(|(.., over)| *over)
        });
        assert_eq!(live.0.idle_pipes(), 8, "as many as are kept, of twelve");
    }
    let open = pipes.iter().filter(|pipe| are_open(pipe)).map(|pipe| pipe[0].0).collect::<BTreeSet<_>>();
    assert_eq!(open.len(), 8, "the others are closed");
    streams.close(&live);
    live.close(file);
    ends(&live);
    drop(live);
    assert!(!pipes.iter().any(are_open), "the driver has gone, and a pipe of it is open");
}
