//! Files: transfers that are dropped at any point, opens that come too late, descriptors that are closed once nothing names
//! them, and what is no entry.

use super::options::Drowsy;
use super::*;
use crate::op::{Open, OpenHow, ReadAt, SetLen, WriteAt};
use crate::sys::at_hand::the_system_tells;
use crate::sys::fd;
use crate::sys::guard::Guarded;
use std::ffi::CString;
use std::fs::File;
use std::io::PipeWriter;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The whole path of a file that goes with the value.
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    /// A file of so many zeroes.
    pub(super) fn new(name: &str, len: usize) -> Self {
        let folder = std::fs::canonicalize(std::env::temp_dir()).expect("a folder for what is temporary");
        let path = folder.join(std::format!("bespoke-uring-{}-{name}", std::process::id()));
        std::fs::write(&path, std::vec![0; len]).expect("it can be written");
        Place(path)
    }

    fn as_c(&self) -> CString {
        CString::new(self.0.as_os_str().as_bytes()).expect("no zero in it")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("it was made");
    }
}

/// A file of the driver, whose reads are entries, also where the system has it in memory.
pub(super) fn file<const ENTRIES: u32, O: RingOptions>(
    live: &LiveUring<ENTRIES, O>,
    key: u32,
    path: &Path,
) -> Resource {
    let file = registered(live, key, opened(path));
    crate::pooled::OpenFiles::open_file(live, file.key).expect("it was registered").at_hand.never();
    file
}

fn opened(path: &Path) -> OwnedFd {
    File::options().read(true).write(true).open(path).expect("it is there").into()
}

/// The reading end of a pipe, as a file of the driver.
fn pipe<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, key: u32) -> (Resource, PipeWriter) {
    let (read, write) = std::io::pipe().expect("descriptors are free");
    (registered(live, key, read.into()), write)
}

fn registered<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, key: u32, file: OwnedFd) -> Resource {
    let resource = Resource { raw: file.into_raw_fd(), key };
    live.register(resource, Kind::File).expect("a file");
    resource
}

type InFlight<const ENTRIES: u32, O, P> = <IoUring<ENTRIES, O> as Submit<P>>::InFlight<Local>;

/// Polls up to four times: before it is dropped it was never polled, is in the queue, in the kernel, or complete and unread.
pub(super) fn at_random<O: RingOptions, P: Op>(
    live: &LiveUring<8, O>,
    op: &mut P,
    state: &mut InFlight<8, O, P>,
    random: &mut Random,
) -> Option<P::Output>
where
    IoUring<8, O>: Submit<P, Live<Local> = LiveUring<8, O>>,
{
    for _ in 0..random.below(5) {
        if let Poll::Ready(output) = poll(live, op, state) {
            return Some(output);
        }
        if random.below(2) == 0 {
            live.park(Park::Poll).expect("a turn");
        }
        if random.below(8) == 0 {
            // What another thread of the kernel does may end meanwhile. Where one takes the entries it does so for all of them,
            // and what was cancelled before ends as well.
            let turns = if live.0.with(|state| state.ring.flags().sq_poll) { 16 } else { 1 };
            for _ in 0..turns {
                live.park(Park::Until(Nanos(100_000))).expect("a turn");
            }
        }
        if random.below(16) == 0 && live.0.with(|state| state.ring.flags().sq_poll) {
            // On a busy machine that thread has its turn late. What is read may never come.
            for _ in 0..500 {
                if let Poll::Ready(output) = poll(live, op, state) {
                    return Some(output);
                }
                live.park(Park::Until(Nanos(100_000))).expect("a turn");
            }
        }
    }
    None
}

/// Who keeps the memory of a dropped transfer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    Driver,
    /// Nobody: it is given back at the drop. What the tests must see.
    Nobody,
}

/// One transfer. Did it come to its end?
fn transfer<O: RingOptions, P: Op>(
    live: &LiveUring<8, O>,
    mut op: P,
    keep: MaybeDangling<Guarded>,
    keeps: Keeps,
    random: &mut Random,
) -> Option<P::Output>
where
    IoUring<8, O>: Submit<P, Live<Local> = LiveUring<8, O>>,
{
    let mut state = Default::default();
    let output = at_random(live, &mut op, &mut state, random);
    match (&output, keeps) {
        (Some(_), _) => drop(keep),
        (None, Keeps::Driver) => abandon(live, &mut op, &mut state, keep),
        (None, Keeps::Nobody) => {
            abandon(live, &mut op, &mut state, MaybeDangling::new(()));
            drop(keep);
        }
    }
    output
}

/// Reads and writes of a plain file, and reads of a pipe, dropped at every point: how often the kernel met memory that had been
/// given back.
fn dropped_transfers<O: RingOptions>(name: &str, seed: u64, keeps: Keeps) -> u32 {
    const PAGE: usize = 4096;
    const LEN: usize = 2 * PAGE;
    const PLACES: u64 = 16;
    let live = started::<8, O>();
    let place = Place::new(name, LEN * PLACES as usize);
    let (file, (pipe, mut writer)) = (file(&live, 0, &place.0), pipe(&live, 1));
    fd::set_nonblocking(writer.as_raw_fd(), true).expect("open");
    let mut random = Random(seed | 1);
    let (mut ready, mut dropped) = (0, 0);
    for n in 0..count(3_000, 300_000) {
        let (byte, at) = (1 + (n % 250) as u8, Some(random.below(PLACES) * LEN as u64));
        let mut keep = MaybeDangling::new(Guarded::new(LEN, byte));
        let room = keep.get_mut().room();
        let ended = match random.below(3) {
            0 => {
                let read = ReadAt { file, to: room, len: LEN, at, all: true };
                transfer(&live, read, keep, keeps, &mut random).map(|read| assert_eq!(read, (LEN, Ok(()))))
            }
            1 => {
                let write = WriteAt { file, from: room, len: LEN, at, all: true };
                transfer(&live, write, keep, keeps, &mut random).map(|written| assert_eq!(written, (LEN, Ok(()))))
            }
            _ => {
                // It may be full.
                let _ = writer.write(&[7; 64][..random.below(65) as usize]);
                let read = ReadAt { file: pipe, to: room, len: LEN, at: None, all: false };
                transfer(&live, read, keep, keeps, &mut random).map(|read| assert!(read.0 > 0 && read.1.is_ok()))
            }
        };
        match ended {
            Some(()) => ready += 1,
            None => dropped += 1,
        }
    }
    live.close(file);
    live.close(pipe);
    ends(&live);
    assert!(ready > 100 && dropped > 100, "{ready} came to their end, {dropped} were dropped: not a mixture");
    let bytes = std::fs::read(&place.0).expect("it is there");
    let of_one_write = bytes.chunks(PAGE).all(|page| page.iter().all(|byte| *byte == page[0]));
    assert!(of_one_write || keeps == Keeps::Nobody, "a page of the file was written by several");
    live.0.faults()
}

#[test]
fn dropped_transfers_use_no_memory_that_was_given_back() {
    if denied() {
        return;
    }
    assert_eq!(dropped_transfers::<Usual>("transfers", 0x5EED, Keeps::Driver), 0);
}

pub(super) struct As515;
impl RingOptions for As515 {
    const KERNEL: Kernel = Kernel::V5_15;
}

#[test]
fn dropped_transfers_on_an_old_kernel() {
    if denied() {
        return;
    }
    assert_eq!(dropped_transfers::<As515>("transfers-5.15", 0x01D, Keeps::Driver), 0);
}

#[test]
fn dropped_transfers_that_a_thread_of_the_kernels_takes() {
    if denied() {
        return;
    }
    assert_eq!(dropped_transfers::<Drowsy>("transfers-thread", 0x7EAD, Keeps::Driver), 0);
}

/// The tests above would see it.
#[test]
fn transfers_whose_memory_is_given_back_at_the_drop_are_seen() {
    if denied() {
        return;
    }
    let faults = dropped_transfers::<Usual>("transfers-planted", 0x5EED, Keeps::Nobody);
    assert!(faults > 0, "the kernel met no memory that had been given back: the tests would not see it either");
}

/// How many descriptors of this process name the file.
fn descriptors_of(place: &Place) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").expect("this system tells");
    let named = all.filter_map(|entry| std::fs::read_link(entry.expect("a descriptor").path()).ok());
    named.filter(|path| *path == place.0).count()
}

const READ: OpenHow = OpenHow {
    read: true,
    write: false,
    append: false,
    truncate: false,
    create: false,
    create_new: false,
    mode: 0,
    flags: 0,
};

/// Turns, until nothing is on its way.
fn settle<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>) {
    for _ in 0..10_000 {
        if in_kernel(live) == 0 {
            return;
        }
        live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
    }
    panic!("{} entries never end", in_kernel(live));
}

#[test]
fn files_that_are_opened_for_nobody_are_closed() {
    if denied() {
        return;
    }
    let (live, place) = (started::<8, Usual>(), Place::new("opens", 1));
    let path = place.as_c();
    let open = || Open { path: path.as_ptr(), how: READ };

    // Complete, and nobody looked.
    let (mut op, mut state) = (open(), Default::default());
    assert!(poll(&live, &mut op, &mut state).is_pending());
    settle(&live);
    assert_eq!(descriptors_of(&place), 1);
    abandon(&live, &mut op, &mut state, MaybeDangling::new(()));
    settle(&live);
    assert_eq!(descriptors_of(&place), 0);

    // At every point.
    let (mut random, mut ready) = (Random(0x0BE4), 0);
    let opens = count(2_000, 200_000);
    for _ in 0..opens {
        let (mut op, mut state) = (open(), Default::default());
        match at_random(&live, &mut op, &mut state, &mut random) {
            Some(opened) => {
                fd::close(opened.expect("it is there")).expect("open");
                ready += 1;
            }
            None => abandon(&live, &mut op, &mut state, MaybeDangling::new(())),
        }
    }
    settle(&live);
    assert_eq!(descriptors_of(&place), 0, "{} opens were dropped", opens - ready);
    assert!(ready > 0 && ready < opens, "{ready} of {opens} were ready: not a mixture");

    // Complete when the driver went, and dropped or polled after that.
    let mut left: Vec<(Open, InFlight<8, Usual, Open>)> = (0..2).map(|_| (open(), Default::default())).collect();
    for (op, state) in &mut left {
        assert!(poll(&live, op, state).is_pending());
    }
    settle(&live);
    ends(&live);
    drop(live);
    assert_eq!(descriptors_of(&place), 2);
    let [(_, polled), (op, dropped)] = &mut left[..] else { unreachable!("two were made") };
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(matches!(<IoUring<8> as Submit<Open>>::poll_closed::<Local>(polled, cx), Poll::Ready(None)));
    assert_eq!(descriptors_of(&place), 1);
    <IoUring<8> as Submit<Open>>::abandon_closed::<Local, ()>(op, dropped, MaybeDangling::new(()));
    assert_eq!(descriptors_of(&place), 0);
}

/// More than a few turns that wait take in.
const MANY: usize = 200;

#[test]
fn a_file_is_open_until_the_last_of_its_requests_has_ended() {
    let Some(live) = driver::<256, Usual>() else { return };
    let (ours, _writer) = pipe(&live, 0);
    let named = named_by(ours.raw);
    let mut reads: Vec<(ReadAt, InFlight<256, Usual, ReadAt>, MaybeDangling<Guarded>)> = (0..MANY)
        .map(|_| {
            let mut keep = MaybeDangling::new(Guarded::new(4096, 1));
            let to = keep.get_mut().room();
            (ReadAt { file: ours, to, len: 4096, at: None, all: false }, Default::default(), keep)
        })
        .collect();
    for (op, state, _) in &mut reads {
        assert!(poll(&live, op, state).is_pending());
    }
    live.park(Park::Poll).expect("a turn");
    live.close(ours);
    // The number of its source is another's as soon as it is free.
    let (others, mut turns) = (Streams::of(&live, 4), 0);
    loop {
        let left = live.0.with(|state| state.sources[0].pending);
        if left == 0 {
            break;
        }
        assert!(named.is_some() && named_by(ours.raw) == named, "closed while {left} reads name it");
        live.park(Park::Until(Nanos(10_000_000))).expect("a turn");
        turns += 1;
    }
    for (mut op, mut state, keep) in reads {
        abandon(&live, &mut op, &mut state, keep);
    }
    settle(&live);
    assert_ne!(named_by(ours.raw), named);
    others.close(&live);
    ends(&live);
    assert_eq!(live.0.faults(), 0);
    println!("{MANY} reads ended in {turns} turns");
}

#[test]
fn a_transfer_goes_on_until_all_is_there_or_the_file_ends() {
    let Some(live) = driver::<8, Usual>() else { return };
    let (ours, mut writer) = pipe(&live, 0);
    let mut to = [0; 6];
    let all = |to: &mut [u8; 6]| ReadAt { file: ours, to: to.as_mut_ptr(), len: 6, at: None, all: true };
    let (mut op, mut state) = (all(&mut to), Default::default());
    for part in [b"ab", b"cd", b"ef"] {
        assert!(poll(&live, &mut op, &mut state).is_pending());
        writer.write_all(part).expect("there is room");
        settle(&live);
    }
    assert_eq!(poll(&live, &mut op, &mut state), Poll::Ready((6, Ok(()))));
    assert_eq!(&to, b"abcdef");
    let (mut op, mut state) = (all(&mut to), Default::default());
    assert!(poll(&live, &mut op, &mut state).is_pending());
    writer.write_all(b"gh").expect("there is room");
    settle(&live);
    assert!(poll(&live, &mut op, &mut state).is_pending());
    drop(writer);
    settle(&live);
    assert_eq!(poll(&live, &mut op, &mut state), Poll::Ready((2, Ok(()))));
    assert_eq!(&to, b"ghcdef");
    live.close(ours);
    ends(&live);
}

#[test]
fn what_an_entry_would_mean_otherwise_is_no_entry() {
    if denied() {
        return;
    }
    let (live, place) = (started::<8, Usual>(), Place::new("entries", 1));
    let (plain, (piped, _writer)) = (file(&live, 0, &place.0), pipe(&live, 1));
    let (not_waiting, _other) = {
        let (read, write) = std::io::pipe().expect("descriptors are free");
        fd::set_nonblocking(read.as_raw_fd(), true).expect("open");
        (registered(&live, 2, read.into()), write)
    };
    let read_is_entry = |file, at| {
        let to = core::ptr::null_mut();
        live.0.is_entry(&ReadAt { file, to, len: 0, at, all: false })
    };
    let last = i64::MAX as u64;
    assert_eq!(
        [None, Some(0), Some(last), Some(last + 1), Some(u64::MAX)].map(|at| read_is_entry(plain, at)),
        [true, true, true, false, false]
    );
    assert_eq!([None, Some(0)].map(|at| read_is_entry(piped, at)), [true, false]);
    assert_eq!([None, Some(0)].map(|at| read_is_entry(not_waiting, at)), [false, false]);
    // Lengths: where the kernel sets them.
    let knows = live.0.with(|state| state.known.set_len);
    assert_eq!([0, last, last + 1].map(|len| live.0.is_entry(&SetLen { file: plain, len })), [knows, knows, false]);
    let old = started::<8, As515>();
    let theirs = file(&old, 0, &place.0);
    assert!(!old.0.is_entry(&SetLen { file: theirs, len: 0 }));
    old.close(theirs);
    ends(&old);
    [plain, piped, not_waiting].into_iter().for_each(|file| live.close(file));
    ends(&live);
}

/// Reads the first byte. Without an entry?
fn reads_at_once<O: RingOptions>(live: &LiveUring<8, O>, file: Resource, byte: u8) -> bool {
    let mut to = [b'x'];
    let mut op = ReadAt { file, to: to.as_mut_ptr(), len: 1, at: Some(0), all: false };
    let mut state = Default::default();
    let before = enters(live);
    let mut polled = poll(live, &mut op, &mut state);
    let at_once = polled.is_ready();
    assert_eq!(enters(live) - before, 0, "no poll calls the ring");
    while polled.is_pending() {
        live.park(Park::Forever).expect("a turn");
        polled = poll(live, &mut op, &mut state);
    }
    assert_eq!((polled, to), (Poll::Ready((1, Ok(()))), [byte]));
    at_once
}

#[test]
fn a_read_of_what_is_in_memory_is_no_entry() {
    let Some(live) = driver::<8, Usual>() else { return };
    let place = Place::new("at-hand", 1);
    let file = registered(&live, 0, opened(&place.0));
    let tells = the_system_tells(file.raw);
    assert_eq!([(); 4].map(|()| reads_at_once(&live, file, 0)), [tells; 4]);
    // It is, as far as its file system says.
    let told = registered(&live, 1, File::open("/proc/self/status").expect("Linux has it").into());
    assert_eq!([(); 8].map(|()| reads_at_once(&live, told, b'N')), [false; 8]);
    [file, told].into_iter().for_each(|file| live.close(file));
    ends(&live);
}

#[test]
fn a_read_of_what_is_in_memory_is_the_thread_of_the_kernels_where_one_takes_the_entries() {
    let Some(live) = driver::<8, Drowsy>() else { return };
    let place = Place::new("at-hand-thread", 1);
    let file = registered(&live, 0, opened(&place.0));
    assert!(!reads_at_once(&live, file, 0));
    live.close(file);
    ends(&live);
}
