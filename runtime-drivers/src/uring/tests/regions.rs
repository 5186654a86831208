//! Memory that is registered: which entries name it, when the kernel forgets it, and that nobody uses what was given back.

use super::files::{Keeps, Place, at_random, file};
use super::options::Drowsy;
use super::*;
use crate::op::{ReadAt, WriteAt};
use crate::sys::guard::Guarded;
use crate::uring::regions::{PLACES as AT_A_TIME, why_not};
use bespoke_core::roles::Region;
use core::sync::atomic::{AtomicBool, Ordering};

/// Memory whose pages are closed when the last name of it is gone, and a page of the same mapping on either side.
#[derive(Clone)]
struct Memory(Arc<(Guarded, usize)>);

impl Memory {
    fn new(len: usize) -> Self {
        Memory(Arc::new((Guarded::new(len + 2 * PAGE, EMPTY), len)))
    }

    fn room(&self) -> *mut u8 {
        self.0.0.bytes().as_ptr().cast_mut().wrapping_add(PAGE)
    }

    /// Read by the kernel's side of the test only after what wrote to it has ended.
    fn byte(&self, at: usize) -> u8 {
        // SAFETY: inside, and nobody writes to it now.
        unsafe { self.room().wrapping_add(at).read_volatile() }
    }
}

// SAFETY: mapped until the last name is gone.
unsafe impl Region for Memory {
    fn start(&self) -> NonNull<u8> {
        NonNull::new(self.room()).expect("pages")
    }

    fn len(&self) -> usize {
        self.0.1
    }
}

const PAGE: usize = 4096;
/// What memory is full of that nobody uses.
const EMPTY: u8 = 0xEE;

/// What a registration does.
struct Registered(Arc<Lent>);

impl Registered {
    fn of<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, memory: &Memory) -> Self {
        let lent = Lent::of(memory);
        assert!(live.register_memory(&lent).expect("there is a place"), "it is a ring");
        Registered(lent)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

fn read_to(file: Resource, to: *mut u8, len: usize) -> ReadAt {
    ReadAt { file, to, len, at: Some(0), all: false }
}

/// Polls an operation until it is over.
fn ended<O: RingOptions, P: Op>(live: &LiveUring<8, O>, mut op: P) -> P::Output
where
    IoUring<8, O>: Submit<P, Live<Local> = LiveUring<8, O>>,
{
    let mut state = Default::default();
    loop {
        if let Poll::Ready(output) = poll(live, &mut op, &mut state) {
            return output;
        }
        live.park(Park::Until(Nanos(100_000_000))).expect("a turn");
    }
}

/// Reads and writes where nobody may, but for the kernel by the pages that it knows: a plain entry fails there.
fn fixed_and_plain<O: RingOptions>(name: &str) {
    if denied() {
        return;
    }
    let live = started::<8, O>();
    let place = Place::new(name, 4 * PAGE);
    let file = file(&live, 0, &place.0);
    let memory = Memory::new(4 * PAGE);
    let registration = Registered::of(&live, &memory);
    let (start, all) = (memory.room(), 4 * PAGE);
    memory.0.0.close();
    let inside = |at: usize, len| read_to(file, start.wrapping_add(at), len);
    let fault = (0, Err(Errno::new(calls::code::FAULT).expect("a code")));
    assert_eq!(ended(&live, inside(0, all)), (all, Ok(())));
    assert_eq!(ended(&live, inside(PAGE + 7, 100)), (100, Ok(())));
    let write = WriteAt { file, from: start, len: 2 * PAGE, at: Some(PAGE as u64), all: true };
    assert_eq!(ended(&live, write), (2 * PAGE, Ok(())));
    // One byte outside, and the entry is a plain one.
    assert_eq!(ended(&live, inside(1, all)).0 + ended(&live, inside(all, 1)).0, 0);
    assert_eq!(ended(&live, read_to(file, start.wrapping_sub(1), 2)), fault);
    drop(registration);
    assert_eq!(ended(&live, inside(0, all)), fault);
    // The same again, by another place or the same.
    let registration = memory.0.0.open_for(|| Registered::of(&live, &memory));
    assert_eq!(ended(&live, inside(0, all)), (all, Ok(())));
    drop(registration);
    live.close(file);
    ends(&live);
}

#[test]
fn transfers_of_registered_memory_need_no_mapping() {
    fixed_and_plain::<Usual>("fixed");
}

#[test]
fn transfers_of_registered_memory_that_a_thread_of_the_kernels_takes() {
    fixed_and_plain::<Drowsy>("fixed-thread");
}

struct As515;
impl RingOptions for As515 {
    const KERNEL: Kernel = Kernel::V5_15;
}

#[test]
fn transfers_of_registered_memory_on_an_old_kernel() {
    fixed_and_plain::<As515>("fixed-5.15");
}

#[test]
fn what_is_given_up_is_forgotten_when_its_last_entry_has_ended() {
    let Some(live) = driver::<8, Usual>() else { return };
    let place = Place::new("forgotten", PAGE);
    let file = file(&live, 0, &place.0);
    let (memory, other) = (Memory::new(PAGE), Memory::new(PAGE));
    let registration = Registered::of(&live, &memory);
    let names = |memory: &Memory| Arc::strong_count(&memory.0);
    assert_eq!(names(&memory), 2);
    // Queued, and not with the kernel yet, when the place is asked for.
    let mut queued = read_to(file, memory.room(), PAGE);
    let mut state = Default::default();
    assert!(poll(&live, &mut queued, &mut state).is_pending());
    drop(registration);
    let second = Registered::of(&live, &other);
    assert_eq!(names(&memory), 2, "an entry names it");
    let read = loop {
        live.park(Park::Poll).expect("a turn");
        if let Poll::Ready(read) = poll(&live, &mut queued, &mut state) {
            break read;
        }
    };
    assert_eq!((read, memory.byte(0)), ((PAGE, Ok(())), 0), "the entry found its place as it was");
    live.park(Park::Poll).expect("a turn");
    assert_eq!(names(&memory), 1, "nothing names it any more");
    // Dropped under way: the driver keeps it as long.
    let mut queued = read_to(file, other.room(), PAGE);
    let mut state = Default::default();
    assert!(poll(&live, &mut queued, &mut state).is_pending());
    abandon(&live, &mut queued, &mut state, MaybeDangling::new(other.clone()));
    drop(second);
    live.0.look_after_regions();
    assert_eq!(names(&other), 3, "the registration's and the operation's");
    ends(&live);
    live.park(Park::Poll).expect("a turn");
    assert_eq!(names(&other), 1);
    live.close(file);
    ends(&live);
}

#[test]
fn regions_come_and_go_and_there_are_sixteen_at_a_time() {
    let Some(live) = driver::<8, Usual>() else { return };
    let memory = Memory::new(PAGE);
    for _ in 0..3 {
        let mut all: Vec<_> = (0..AT_A_TIME).map(|_| Registered::of(&live, &memory)).collect();
        let refused = live.register_memory(&Lent::of(&memory)).expect_err("no place is left");
        assert_eq!(refused.kind(), ErrorKind::Full);
        assert!(refused.why().is_some_and(|why| why.contains("16 regions")));
        all.pop();
        all.push(Registered::of(&live, &memory));
    }
    // Not a turn, but the end of the driver, forgets the rest.
    let last = Registered::of(&live, &memory);
    assert_eq!(Arc::strong_count(&memory.0), 2);
    ends(&live);
    drop(live);
    drop(last);
    assert_eq!(Arc::strong_count(&memory.0), 1);
}

#[test]
fn what_cannot_be_registered_is_refused_with_the_cause() {
    let Some(live) = driver::<8, Usual>() else { return };
    let closed = Memory::new(PAGE);
    closed.0.0.close();
    let refused = live.register_memory(&Lent::of(&closed)).expect_err("nobody may write there");
    assert_eq!(refused.code(), Some(calls::code::FAULT));
    assert!(refused.why().is_some_and(|why| why.contains("not mapped")), "{refused:?}");
    assert_eq!(Arc::strong_count(&closed.0), 1, "nothing is kept");
    let refused = why_not(Errno::new(calls::code::NO_MEMORY).expect("a code"));
    assert_eq!(refused.kind(), ErrorKind::OutOfMemory);
    assert!(refused.why().is_some_and(|why| why.contains("ulimit -l")), "{refused:?}");
    // The place that it did not get is free.
    let memory = Memory::new(PAGE);
    let _all: Vec<_> = (0..AT_A_TIME).map(|_| Registered::of(&live, &memory)).collect();
}

/// A part of registered memory that one transfer has at a time. Given back, it is full of [`EMPTY`].
struct Part {
    memory: Memory,
    taken: Arc<[AtomicBool]>,
    number: usize,
}

const PART: usize = 2 * PAGE;
const PARTS: usize = 8;

impl Part {
    /// One that nobody has, and whether it was empty.
    fn take(memory: &Memory, taken: &Arc<[AtomicBool]>, random: &mut Random) -> Option<(Part, bool)> {
        let first = random.below(PARTS as u64) as usize;
        let mut numbers = (first..PARTS).chain(0..first);
        let number = numbers.find(|number| !taken[*number].load(Ordering::Relaxed))?;
        taken[number].store(true, Ordering::Relaxed);
        let part = Part { memory: memory.clone(), taken: taken.clone(), number };
        let was_empty = (0..PART).all(|at| memory.byte(number * PART + at) == EMPTY);
        Some((part, was_empty))
    }

    fn room(&self) -> *mut u8 {
        self.memory.room().wrapping_add(self.number * PART)
    }

    fn fill(&self, byte: u8) {
        // SAFETY: the part is this value's.
        unsafe { self.room().write_bytes(byte, PART) };
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.fill(EMPTY);
        self.taken[self.number].store(false, Ordering::Relaxed);
    }
}

/// Transfers of parts of regions that come and go, dropped at any point: how often was a part written to that nobody had?
fn dropped_transfers<O: RingOptions>(name: &str, seed: u64, keeps: Keeps) -> u32 {
    const PLACES: u64 = 16;
    let live = started::<8, O>();
    let place = Place::new(name, PART * PLACES as usize);
    let file = file(&live, 0, &place.0);
    let mut random = Random(seed);
    let new = || (Memory::new(PART * PARTS), Arc::<[AtomicBool]>::from([const { AtomicBool::new(false) }; PARTS]));
    let (mut memory, mut taken) = new();
    let mut registration = Registered::of(&live, &memory);
    let (mut written_to, mut ready, mut dropped) = (0, 0, 0);
    for n in 0..count(3_000, 300_000) {
        if random.below(50) == 0 {
            (memory, taken) = new();
            registration = Registered::of(&live, &memory);
        }
        let Some((part, was_empty)) = Part::take(&memory, &taken, &mut random) else {
            live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
            continue;
        };
        written_to += u32::from(!was_empty);
        let (room, at) = (part.room(), Some(random.below(PLACES) * PART as u64));
        part.fill(1 + (n % 200) as u8);
        let keep = MaybeDangling::new(part);
        let ended = if random.below(2) == 0 {
            transfer(&live, ReadAt { file, to: room, len: PART, at, all: true }, keep, keeps, &mut random)
        } else {
            transfer(&live, WriteAt { file, from: room, len: PART, at, all: true }, keep, keeps, &mut random)
        };
        match ended {
            Some(moved) => {
                assert_eq!(moved, (PART, Ok(())));
                ready += 1;
            }
            None => dropped += 1,
        }
    }
    drop(registration);
    live.close(file);
    ends(&live);
    assert_eq!(live.0.faults(), 0, "an entry found its place empty");
    assert!(ready > 100 && dropped > 100, "{ready} came to their end, {dropped} were dropped: not a mixture");
    let bytes = std::fs::read(&place.0).expect("it is there");
    let of_one_write = bytes.chunks(PAGE).all(|page| page[0] != EMPTY && page.iter().all(|byte| *byte == page[0]));
    written_to + u32::from(!of_one_write)
}

fn transfer<O: RingOptions, P: Op>(
    live: &LiveUring<8, O>,
    mut op: P,
    keep: MaybeDangling<Part>,
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

#[test]
fn dropped_transfers_use_no_part_that_was_given_back() {
    if denied() {
        return;
    }
    assert_eq!(dropped_transfers::<Usual>("parts", 0x5EED, Keeps::Driver), 0);
}

#[test]
fn dropped_transfers_of_parts_that_a_thread_of_the_kernels_takes() {
    if denied() {
        return;
    }
    assert_eq!(dropped_transfers::<Drowsy>("parts-thread", 0x7EAD, Keeps::Driver), 0);
}

/// The tests above would see it.
#[test]
fn parts_that_are_given_back_at_the_drop_are_seen() {
    if denied() {
        return;
    }
    let written_to = dropped_transfers::<Usual>("parts-planted", 0x5EED, Keeps::Nobody);
    assert!(written_to > 0, "no part was written to that had been given back: the tests would not see it either");
}

#[test]
fn a_worker_that_goes_on_elsewhere_takes_its_regions_along() {
    let Some(live) = driver::<8, Usual>() else { return };
    let memory = Memory::new(PAGE);
    let _registration = Registered::of(&live, &memory);
    let place = Place::new("elsewhere", PAGE);
    let file = file(&live, 0, &place.0);
    let there = std::thread::Builder::new().spawn(move || {
        live.arrive().expect("nothing is on its way");
        memory.0.0.close();
        let read = ended(&live, read_to(file, memory.room(), PAGE));
        live.close(file);
        ends(&live);
        read
    });
    assert_eq!(there.expect("a thread").join().expect("it ends"), (PAGE, Ok(())));
}
