//! A machine by hand, asked through types that nobody names. What the macro makes of it is tested in `tests/async_trace.rs` of
//! the facade.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![allow(clippy::multiple_unsafe_ops_per_block, reason = "a machine by hand, in the form that the macro gives it")]

use super::super::frame::{self, Beside, HasState, Head};
use super::super::parts::{Awaited, HeadOf, InParts, StorageOf, into_future};
use super::super::{Machine, Number, Step, machine, resumed};
use super::ask::{self, ask, passes};
use super::{Level, Tells, Walk, drops, drops_unbegun, says};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::alloc::Layout;
use core::cell::Cell;
use core::future::{Pending, pending};
use core::mem::MaybeUninit;
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::ptr::null_mut;
use core::task::{Context, Poll, Waker};
use std::panic::catch_unwind;

/// What the macro makes of `async fn waits_for(future: F) { future.await }`, in short: state 0 polls, too.
pub(crate) fn waits_for<F: Future<Output = ()>>(future: F) -> impl InParts<Output = ()> {
    // SAFETY: the states are 0 and 1, and in both the storage holds the future until the machine is done. Each closure: the
    // parts are those of the machine.
    unsafe {
        machine::<Head<(), (), u8>, F, (), _, _, _>(
            move |head, storage| {
                (*head).state = 0;
                frame::write(storage, future);
            },
            |head, storage, cx: &mut Context<'_>| {
                let state = (*head).state;
                if state > 1 {
                    return resumed(state);
                }
                if super::super::poll(storage, null_mut(), cx).is_pending() {
                    return Step::Pending(1);
                }
                Step::Ready(())
            },
            |head, storage, walk| {
                if (*head).state == 1 {
                    drops(walk, "future", storage, null_mut());
                } else if (*head).state == 0 && drops_unbegun(walk) {
                    storage.drop_in_place();
                }
            },
        )
    }
}

/// What the macro makes of a function that awaits another one, of which it knows that it is a machine.
pub(crate) fn calls<M: InParts<Output = ()>>(callee: M) -> impl InParts<Output = ()> {
    // SAFETY: the states are 0 and 1, and in both the callee lies in its places until the machine is done. Each closure: the
    // parts are those of the machine.
    unsafe {
        machine::<Head<HeadOf<M>>, StorageOf<M>, (), _, _, _>(
            move |head, storage| {
                (*head).state = 0;
                let _ = into_future(callee).__bespoke_begin(storage, (&raw mut (*head).inner).cast());
            },
            |head, storage, cx| {
                let state = (*head).state;
                if state > 1 {
                    return resumed(state);
                }
                if super::super::poll(storage, (&raw mut (*head).inner).cast(), cx).is_pending() {
                    return Step::Pending(1);
                }
                Step::Ready(())
            },
            |head, storage, walk| {
                let inner: *mut HeadOf<M> = (&raw mut (*head).inner).cast();
                if (*head).state == 1 {
                    drops(walk, "callee()", storage, inner.cast());
                } else if (*head).state == 0 && drops_unbegun(walk) {
                    Awaited::end(storage, inner);
                }
            },
        )
    }
}

/// Waits for one wake, its own.
#[cfg(not(loom))]
pub(crate) fn poll_once() -> impl Future<Output = ()> {
    let mut polled = false;
    core::future::poll_fn(move |cx| {
        cx.waker().wake_by_ref();
        if core::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

fn told_of<F: Future>(future: &F, running: bool) -> Vec<Level> {
    let mut levels = Vec::new();
    told_at(future, &mut Walk::new(&mut levels, running));
    levels
}

fn told_at<F: Future>(future: *const F, walk: &mut Walk<'_>) {
    if !passes::<F>() {
        return walk.is_a::<F>();
    }
    let poll = |stand_in: *mut (), cx: &mut Context<'_>| {
        // SAFETY: in a stand-in there is such a future.
        let stand_in = unsafe { Pin::new_unchecked(&mut *stand_in.cast::<F>()) };
        assert!(stand_in.poll(cx).is_pending());
    };
    // SAFETY: nobody polls, moves or drops it.
    unsafe { ask(future.cast(), Layout::new::<F>(), poll, walk) };
}

fn lines(levels: &[Level]) -> Vec<String> {
    levels.iter().map(ToString::to_string).collect()
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn only_machines_pass_questions_on() {
    fn of<F: Future>(_: &F) -> bool {
        passes::<F>()
    }
    assert!(of(&waits_for(pending())));
    assert!(!of(&pending::<()>()));
    assert!(!of(&async {}));
    assert!(!of(&Box::pin(waits_for(pending()))));
}

#[test]
fn a_chain_is_told_through_a_type_without_a_name() {
    let mut future = pin!(calls(waits_for(pending())));
    let told = told_of(&*future, false);
    let [Level::NotBegun { name, .. }] = &told[..] else { panic!("{told:#?}") };
    assert!(name.starts_with("bespoke_core::machine::trace::tests::calls"), "{name}");
    assert!(poll(future.as_mut()).is_pending());
    let told = told_of(&*future, false);
    let [
        Level::Function { location, awaited: callee, .. },
        Level::Function { name, awaited: awaits, .. },
        Level::Leaf { what },
    ] = &told[..]
    else {
        panic!("{told:#?}")
    };
    assert_eq!((&**callee, &**awaits), ("callee().await", "future.await"));
    assert!(location.file().ends_with("trace/tests.rs"), "{location}");
    assert!(name.starts_with("bespoke_core::machine::trace::tests::waits_for"), "{name}");
    assert_eq!(what, "Pending<()>");
    assert_eq!(lines(&told_of(&*future, true)).len(), 1, "of one that runs: its own state");
    // Asked as often as one likes, and not changed by it.
    assert_eq!(told_of(&*future, false), told);
    assert!(poll(future.as_mut()).is_pending());
}

/// As a whole it is one of many types that the outer machine does not know.
#[test]
fn a_machine_as_a_whole_is_told_of_by_its_name() {
    let mut future = pin!(waits_for(waits_for(pending())));
    assert!(poll(future.as_mut()).is_pending());
    let told = told_of(&*future, false);
    let [Level::Function { .. }, Level::Leaf { what }] = &told[..] else { panic!("{told:#?}") };
    assert!(what.starts_with("bespoke_core::machine::trace::tests::waits_for"), "{what}");
}

/// Of whatever size what lies around the machine is: where that is, is seen by the state.
#[test]
fn a_machine_is_found_in_what_is_around_it() {
    struct Around<F> {
        _before: [MaybeUninit<u8>; 3],
        future: F,
        _behind: MaybeUninit<u128>,
    }
    impl<F: Future> Future for Around<F> {
        type Output = F::Output;
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
            // SAFETY: pinned with this.
            unsafe { self.map_unchecked_mut(|around| &mut around.future) }.poll(cx)
        }
    }
    // SAFETY: every byte may be anything, and its poll polls the future.
    unsafe impl<F: ask::Asked> ask::Asked for Around<F> {}

    let around = Around {
        _before: [MaybeUninit::uninit(); 3],
        future: calls(waits_for(pending())),
        _behind: MaybeUninit::uninit(),
    };
    let mut future = pin!(around);
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(told_of(&*future, false).len(), 3);
}

#[test]
fn a_machine_that_is_over_is_told_to_be_nowhere() {
    let mut future = pin!(waits_for(core::future::ready(())));
    assert!(poll(future.as_mut()).is_ready());
    assert!(told_of(&*future, false).is_empty());
    let again = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut())));
    let said = again.unwrap_err();
    assert!(said.downcast_ref::<&str>().unwrap().contains("polled after completion"), "{said:?}");
}

/// A future that says what it is, as ours do.
struct Says(Pending<()>);

impl Future for Says {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

// SAFETY: reads nothing.
unsafe impl Tells for Says {
    unsafe fn tell(_: *mut Self, walk: &mut Walk<'_>) {
        walk.is(format_args!("a word"));
    }
}
says!([] Says);

#[test]
fn a_future_that_says_what_it_is_is_asked_by_itself() {
    let mut future = pin!(calls(Says(pending())));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(lines(&told_of(&*future, false))[1..], ["at a word"]);
    let mut future = pin!(waits_for(Says(pending())));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(lines(&told_of(&*future, false))[1..], ["at Says"], "as a whole it is one of many types");
}

/// The function that tells is the one that drops.
#[test]
fn a_look_drops_nothing() {
    struct Counted<'a>(&'a Cell<u32>);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    impl Future for Counted<'_> {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
    let count = Cell::new(0);
    let mut future = Box::pin(calls(waits_for(Counted(&count))));
    for levels in [1, 3] {
        assert_eq!(told_of(&*future, false).len(), levels);
        assert_eq!(count.get(), 0);
        assert!(poll(future.as_mut()).is_pending());
    }
    drop(future);
    assert_eq!(count.get(), 1);
}

#[test]
fn no_state_has_the_number_of_a_question() {
    // States are numbered from 0 to less than 250, in a word of two bytes to 400.
    for (asked, states, others) in [
        (u16::from(u8::ASKED), 250, [u8::DONE, u8::POISONED].map(u16::from)),
        (u16::ASKED, 400, [u16::DONE, u16::POISONED]),
    ] {
        assert!(asked >= states && !others.contains(&asked));
    }
    // Each byte of it becomes another one, so the first one is seen whatever the order of bytes is.
    for byte in u16::POISONED.to_ne_bytes().into_iter().chain([u8::POISONED]) {
        assert_ne!(byte, ask::ASKED);
    }
}

/// The size that nobody pays for: a machine is its frame.
#[test]
fn nothing_is_added_to_a_machine() {
    fn parts_of<H, S, R, P, D>(_: &Machine<H, S, R, P, D>) -> usize
    where
        H: HasState,
        P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
        D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
    {
        size_of::<(H, S)>()
    }
    // SAFETY: never polled; there is nothing to drop; the parts are those of the machine.
    let machine = unsafe {
        machine::<Head<()>, u64, (), _, _, _>(
            |head, _| (*head).state = 0,
            |head, _, _: &mut Context<'_>| resumed((*head).state),
            |_, _, _| (),
        )
    };
    assert_eq!(size_of_val(&machine), parts_of(&machine));
}

/// What the macro makes of `async fn counts() -> u32 { let mut n = 0; waits_for(adds(&mut n)).await; n }`: what is awaited
/// borrows from the frame in which it lies.
pub(crate) fn counts() -> impl InParts<Output = u32> {
    fn future(n: &'static mut u32) -> impl InParts<Output = ()> {
        waits_for(core::future::poll_fn(move |_| {
            *n += 1;
            if *n < 4 { Poll::Pending } else { Poll::Ready(()) }
        }))
    }
    fn made<G: InParts<Output = ()>>(make: fn(&'static mut u32) -> G) -> impl InParts<Output = u32> {
        // SAFETY: the states are 0 and 1; in 1 the number and the future are there, until the machine is done. Each closure: the
        // parts are those of the machine.
        unsafe {
            machine::<Head<HeadOf<G>>, Beside<u32, StorageOf<G>>, u32, _, _, _>(
                move |head, storage| {
                    (*head).state = 0;
                    (&raw mut (*storage).a).write(0);
                    // In state 0 the function that makes the future lies where the future will.
                    (&raw mut (*storage).b).cast::<fn(&'static mut u32) -> G>().write(make);
                },
                |head, storage, cx| {
                    let state = (*head).state;
                    let (number, future) = (&raw mut (*storage).a, &raw mut (*storage).b);
                    let inner = (&raw mut (*head).inner).cast();
                    if state == 0 {
                        let make: fn(&'static mut u32) -> G = future.cast::<fn(&'static mut u32) -> G>().read();
                        let _ = into_future(make(&mut *number)).__bespoke_begin(future, inner);
                    } else if state != 1 {
                        return resumed(state);
                    }
                    if super::super::poll(future, inner, cx).is_pending() {
                        return Step::Pending(1);
                    }
                    Step::Ready(*number)
                },
                |head, storage, walk| {
                    let (place, inner) = (&raw mut (*storage).b, (&raw mut (*head).inner).cast());
                    if (*head).state == 1 {
                        drops(walk, "adds(&mut n)", place, inner);
                    }
                },
            )
        }
    }
    made(future)
}

/// Looked at between any two polls, what is borrowed exclusively stays so: Miri sees that it does.
#[test]
fn a_borrow_of_the_frame_outlives_every_look() {
    let mut memory = Box::pin(counts());
    // SAFETY: it is not moved out of its box.
    let at: *mut _ = unsafe { memory.as_mut().get_unchecked_mut() };
    for looks in 0..4 {
        // SAFETY: the box stays, and nothing else uses it.
        let future = unsafe { Pin::new_unchecked(&mut *at) };
        let polled = poll(future);
        if looks == 3 {
            assert_eq!(polled, Poll::Ready(4));
            return;
        }
        assert!(polled.is_pending());
        let mut levels = Vec::new();
        told_at(at, &mut Walk::new(&mut levels, false));
        assert_eq!(levels.len(), 3, "{levels:#?}");
    }
}
