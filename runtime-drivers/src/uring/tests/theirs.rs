//! What is the user's: values and wakers that panic, or that come back to the driver, while it is half way through something.

use super::*;
use crate::sys::guard::Guarded;
use bespoke_core::driver::Timeout;
use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use core::task::{RawWaker, RawWakerVTable};
use std::panic::catch_unwind;

/// A value whose drop panics.
struct Loud;

impl Drop for Loud {
    fn drop(&mut self) {
        panic!("a value that panics as it goes");
    }
}

/// Polls a write of four bytes, and gives it up.
fn dropped_write<const ENTRIES: u32, O: RingOptions, K: Send + 'static>(
    live: &LiveUring<ENTRIES, O>,
    stream: Resource,
    keep: K,
) {
    let (mut op, mut flight) = (transmit(stream, b"abcd"), Default::default());
    assert!(poll(live, &mut op, &mut flight).is_pending());
    abandon(live, &mut op, &mut flight, MaybeDangling::new(keep));
}

#[test]
fn a_stream_is_closed_once_though_a_kept_value_panics_as_it_goes() {
    let Some(live) = driver::<8, Usual>() else { return };
    let Streams { ours, peers } = Streams::of(&live, 1);
    let socket = named_by(ours[0].raw);
    dropped_write(&live, ours[0], Loud);
    live.park(Park::Poll).expect("a turn");
    // Nobody asks how far it got: what was kept goes with the stream.
    assert!(catch_unwind(AssertUnwindSafe(|| live.close(ours[0]))).is_ok(), "the panic came out of the close");
    ends(&live);
    assert_ne!(named_by(ours[0].raw), socket);
    drop(peers);
}

#[test]
fn a_late_value_that_panics_as_it_goes_ends_no_turn_and_its_entry_is_counted() {
    let Some(live) = driver::<8, Usual>() else { return };
    let (mut never, mut flight) = (Timeout { after: Nanos(u64::MAX) }, Default::default());
    assert!(poll(&live, &mut never, &mut flight).is_pending());
    abandon(&live, &mut never, &mut flight, MaybeDangling::new(Loud));
    let parked = catch_unwind(AssertUnwindSafe(|| live.park(Park::Poll)));
    assert_eq!(parked.expect("the panic came out of the turn"), Ok(()));
    assert_eq!(in_kernel(&live), 0);
    ends(&live);
}

#[test]
fn a_write_dropped_after_one_whose_buffer_panics_as_it_goes_keeps_its_own() {
    let Some(live) = driver::<8, Usual>() else { return };
    let streams = Streams::of(&live, 1);
    let stream = streams.ours[0];
    dropped_write(&live, stream, Loud);
    live.park(Park::Poll).expect("a turn");
    // Nobody asks how far it got; the next one is dropped as well.
    let mut keep = MaybeDangling::new(Guarded::new(4096, 7));
    let (mut op, mut flight) = (transmit(stream, keep.get_mut().bytes()), Default::default());
    assert!(poll(&live, &mut op, &mut flight).is_pending());
    let abandoned = catch_unwind(AssertUnwindSafe(|| abandon(&live, &mut op, &mut flight, keep)));
    assert!(abandoned.is_ok(), "the panic came out of the drop of another write");
    live.park(Park::Poll).expect("a turn");
    live.park(Park::Poll).expect("a turn");
    assert_eq!(live.0.faults(), 0, "the kernel found memory that was given back");
    streams.close(&live);
    ends(&live);
}

#[test]
fn a_write_polled_by_a_waker_whose_clone_panics_keeps_its_buffer() {
    if denied() {
        return;
    }
    unsafe fn nothing(_: *const ()) {}
    unsafe fn panics(_: *const ()) -> RawWaker {
        panic!("a waker that panics as it is cloned");
    }
    static LOUD: RawWakerVTable = RawWakerVTable::new(panics, nothing, nothing, nothing);
    // SAFETY: each of the functions takes any pointer, on any thread.
    let loud = unsafe { Waker::from_raw(RawWaker::new(core::ptr::null(), &LOUD)) };
    let live = started::<8, Usual>();
    let streams = Streams::of(&live, 1);
    let mut keep = MaybeDangling::new(Guarded::new(4096, 7));
    let (mut op, mut flight) = (transmit(streams.ours[0], keep.get_mut().bytes()), Default::default());
    assert!(poll(&live, &mut op, &mut flight).is_pending());
    let polled = catch_unwind(AssertUnwindSafe(|| {
        <IoUring<8, Usual> as Submit<Transmit>>::poll_op::<Local>(
            &live,
            &mut op,
            &mut flight,
            &mut Context::from_waker(&loud),
        )
    }));
    assert!(polled.is_err(), "the panic is that of who polled");
    abandon(&live, &mut op, &mut flight, keep);
    live.park(Park::Poll).expect("a turn");
    live.park(Park::Poll).expect("a turn");
    assert_eq!(live.0.faults(), 0, "the kernel found memory that was given back");
    streams.close(&live);
    ends(&live);
}

/// A value whose drop polls a write of another stream.
struct Asks {
    live: *const LiveUring<8, Usual>,
    stream: Resource,
    flight: *mut super::super::slots::Flight<Local>,
}

// SAFETY: the test that makes it has one thread.
unsafe impl Send for Asks {}

impl Drop for Asks {
    fn drop(&mut self) {
        // SAFETY: the test keeps the driver until its end.
        let live = unsafe { &*self.live };
        // SAFETY: as above; nobody else has this reference meanwhile.
        let flight = unsafe { &mut *self.flight };
        assert!(poll(live, &mut transmit(self.stream, b"asked"), flight).is_pending());
    }
}

#[test]
fn a_late_value_that_asks_as_it_goes_takes_the_slot_and_not_the_count_of_its_stream() {
    let Some(live) = driver::<8, Usual>() else { return };
    let Streams { ours, peers } = Streams::of(&live, 2);
    let mut flight = Default::default();
    dropped_write(&live, ours[0], Asks { live: &live, stream: ours[1], flight: &raw mut flight });
    live.close(ours[0]);
    live.park(Park::Poll).expect("a turn");
    assert!(flight.is_in_flight(), "the drop has asked");
    let pending = || live.0.with(|state| [state.sources[0].pending, state.sources[1].pending]);
    assert_eq!(pending(), [0, 1]);
    live.park(Park::Poll).expect("a turn");
    assert_eq!(poll(&live, &mut transmit(ours[1], b"asked"), &mut flight), Poll::Ready((5, Ok(()))));
    assert_eq!(pending(), [0, 0]);
    live.close(ours[1]);
    ends(&live);
    drop(peers);
}

/// A waker that runs code when it is cloned for the first time, or dropped, and knows whether it was woken.
#[derive(Default)]
struct Hooked<'a> {
    cloned: Cell<Option<&'a dyn Fn()>>,
    dropped: Cell<Option<&'a dyn Fn()>>,
    woken: Cell<bool>,
}

impl Hooked<'_> {
    const TABLE: RawWakerVTable = RawWakerVTable::new(Self::clone, Self::wake, Self::wake, Self::drop);

    /// # Safety
    /// `self` is there as long as a clone of it, all of which stay on this thread.
    unsafe fn waker(&self) -> Waker {
        // SAFETY: the functions take a pointer to a `Hooked`, which this is.
        unsafe { Waker::from_raw(RawWaker::new((&raw const *self).cast(), &Self::TABLE)) }
    }

    unsafe fn of<'a>(data: *const ()) -> &'a Self {
        // SAFETY: what `waker` put there.
        unsafe { &*data.cast::<Self>() }
    }

    unsafe fn clone(data: *const ()) -> RawWaker {
        // SAFETY: as the caller.
        if let Some(run) = unsafe { Self::of(data) }.cloned.take() {
            run();
        }
        RawWaker::new(data, &Self::TABLE)
    }

    unsafe fn wake(data: *const ()) {
        // SAFETY: as the caller.
        unsafe { Self::of(data) }.woken.set(true);
    }

    unsafe fn drop(data: *const ()) {
        // SAFETY: as the caller.
        if let Some(run) = unsafe { Self::of(data) }.dropped.take() {
            run();
        }
    }
}

/// Polls a read of eight bytes.
fn read_by(live: &LiveUring<8, Usual>, stream: Resource, waker: &Waker) -> Poll<Result<usize, Errno>> {
    let mut to = [0; 8];
    let cx = &mut Context::from_waker(waker);
    <IoUring<8, Usual> as Submit<Recv>>::poll_op::<Local>(live, &mut recv(stream, &mut to), &mut (), cx)
}

#[test]
fn a_waker_left_while_another_is_cloned_may_ask_as_it_goes() {
    let Some(live) = driver::<8, Usual>() else { return };
    learn(&live);
    let streams = Streams::of(&live, 1);
    let (stream, more) = (streams.ours[0], Cell::new(None));
    let (first, second) = (Hooked::default(), Hooked::default());
    // SAFETY: all clones are in the driver, which is closed before the end of the test.
    let by_first = unsafe { first.waker() };
    // SAFETY: as above.
    let by_second = unsafe { second.waker() };
    // So many that the list of sources finds a new place.
    let asks = || more.set(Some(Streams { ours: Vec::new(), peers: Vec::new() }.and(&live, 1..65)));
    let leaves_another = || {
        assert!(read_by(&live, stream, &by_second).is_pending());
        second.dropped.set(Some(&asks));
    };
    first.cloned.set(Some(&leaves_another));
    assert!(read_by(&live, stream, &by_first).is_pending());
    let more = more.take().expect("the waker that was left meanwhile is gone");
    assert!(live.0.with(|state| state.sources[0].reader.as_ref().is_some_and(|reader| reader.will_wake(&by_first))));
    write(&streams.peers[0], b"abc");
    live.park(Park::Poll).expect("a turn");
    assert_eq!((first.woken.get(), read_by(&live, stream, &by_first)), (true, Poll::Ready(Ok(3))));
    more.close(&live);
    streams.close(&live);
    ends(&live);
}

#[test]
fn a_write_that_finds_no_slot_for_its_rest_tells_what_was_sent() {
    if denied() {
        return;
    }
    let mut live = started::<8, Usual>();
    live.0.table = Lock::new(Slots(Table::new(0, 64)));
    let live = live;
    let Streams { ours, peers } = Streams::of(&live, 1);
    let bytes = std::vec![7; 16 << 20];
    let (mut op, mut flight) = (transmit(ours[0], &bytes), Default::default());
    assert!(poll(&live, &mut op, &mut flight).is_pending());
    live.park(Park::Poll).expect("a turn");
    // What the sockets hold was sent; the entry ends with that.
    let token = live.0.with_table(|table| table.next_incomplete(None)).expect("more than the sockets hold");
    live.0.cancel(token.bits());
    live.park(Park::Poll).expect("a turn");
    // As many timeouts as there are slots, the last of them while the waker is cloned for the entry of the rest.
    let timeouts = || (Timeout { after: Nanos(u64::MAX) }, super::super::slots::Flight::default());
    let (mut others, last) = (Vec::new(), core::cell::RefCell::new(timeouts()));
    for _ in 0..63 {
        let (mut never, mut other) = timeouts();
        assert!(poll(&live, &mut never, &mut other).is_pending());
        others.push(other);
    }
    let hooked = Hooked::default();
    // SAFETY: no clone is left at the end of this block.
    let waker = unsafe { hooked.waker() };
    let takes_the_last = || {
        let (never, other) = &mut *last.borrow_mut();
        assert!(poll(&live, never, other).is_pending());
    };
    hooked.cloned.set(Some(&takes_the_last));
    let cx = &mut Context::from_waker(&waker);
    let written = <IoUring<8, Usual> as Submit<Transmit>>::poll_op::<Local>(&live, &mut op, &mut flight, cx);
    let Poll::Ready((sent, Err(errno))) = written else { panic!("there was a slot: {written:?}") };
    assert_eq!(errno, Errno::OUT_OF_MEMORY);
    let mut got = Vec::new();
    live.close(ours[0]);
    assert!(live.drain(Nanos(20_000_000_000)).leaked == 0);
    std::io::Read::read_to_end(&mut &peers[0], &mut got).expect("it ends");
    assert_eq!((sent, sent > 0), (got.len(), true));
    drop(live);
    for mut other in others.into_iter().chain([last.into_inner().1]) {
        assert!(other.poll_closed::<Timeout>().is_ready(), "the drain has ended it");
    }
}

#[test]
fn a_read_whose_waker_gives_another_stream_away_as_it_is_cloned_is_woken() {
    let Some(live) = driver::<8, Usual>() else { return };
    let Streams { ours, peers } = Streams::of(&live, 2);
    let mut to = [0; 8];
    for stream in &ours {
        assert!(poll(&live, &mut recv(*stream, &mut to), &mut ()).is_pending());
    }
    live.park(Park::Poll).expect("a turn");
    write(&peers[0], b"abc");
    let hooked = Hooked::default();
    // SAFETY: all clones are in the driver, which is closed before the end of the test.
    let waker = unsafe { hooked.waker() };
    // The kernel ends the read of that stream, and tells of what came for this one with it.
    let gives_away = || live.release(ours[1]).expect("nothing came for it");
    hooked.cloned.set(Some(&gives_away));
    assert!(read_by(&live, ours[0], &waker).is_pending());
    assert!(live.has_work());
    live.park(Park::Poll).expect("a turn");
    assert_eq!((hooked.woken.get(), read_by(&live, ours[0], &waker)), (true, Poll::Ready(Ok(3))));
    live.close(ours[0]);
    ends(&live);
    crate::sys::fd::close(ours[1].raw).expect("it is ours again");
}
