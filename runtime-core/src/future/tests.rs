//! `join!`, `try_join!`, `race!` and `select!` without a runtime: polls by hand.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use super::select::{branch, select};
use super::{join, race, try_join};
use crate::channel::{mpsc, oneshot};
use crate::machine::trace::tests::counts;
use crate::machine::trace::{Level, Tells, Walk};
use crate::{join, race, select, try_join};
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::{pending, poll_fn, ready};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

fn poll<F: Future + ?Sized>(future: &mut Pin<&mut F>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs a future that never sleeps for another's sake.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..10_000 {
        if let Poll::Ready(output) = poll(&mut future) {
            return output;
        }
    }
    panic!("it waits for ever")
}

/// Ready at the `n`th poll.
async fn after<T>(n: usize, value: T) -> T {
    let mut left = n;
    poll_fn(|_| match left {
        0 => Poll::Ready(()),
        _ => {
            left -= 1;
            Poll::Pending
        }
    })
    .await;
    value
}

/// Writes its letter into a log when it is polled, and in capitals when it is dropped.
struct Logs(&'static str, Rc<RefCell<String>>, usize);

impl Future for Logs {
    type Output = &'static str;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<&'static str> {
        self.1.borrow_mut().push_str(self.0);
        if self.2 == 0 {
            return Poll::Ready(self.0);
        }
        self.2 -= 1;
        Poll::Pending
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        self.1.borrow_mut().push_str(&self.0.to_uppercase());
    }
}

#[test]
fn join_gives_all_outputs_in_their_order() {
    assert_eq!(run(async { join!(after(3, 'a'), after(0, "b"), after(1, 5)) }), ('a', "b", 5));
    assert_eq!(run(join([after(2, 1), after(0, 2), after(4, 3)])), [1, 2, 3]);
    assert_eq!(run(join([] as [core::future::Ready<()>; 0])), []);
    assert_eq!(run(async { join!(ready(1)) }), (1,));
}

#[test]
fn join_begins_with_another_each_time_and_drops_each_when_it_is_done() {
    let log = Rc::new(RefCell::new(String::new()));
    let logs = |name, polls| Logs(name, log.clone(), polls);
    let mut all = pin!(join((logs("a", 2), logs("b", 1), logs("c", 9))));
    for expected in ["abc", "bBca", "caA"] {
        assert!(poll(&mut all).is_pending());
        assert_eq!(core::mem::take(&mut *log.borrow_mut()), expected);
    }
    assert!(poll(&mut all).is_pending());
    assert_eq!(*log.borrow(), "c");
}

#[test]
fn a_dropped_join_drops_what_waits_and_what_is_done() {
    let outputs = Rc::new(());
    let mut all = Box::pin(join((ready(outputs.clone()), pending::<()>())));
    assert!(poll(&mut all.as_mut()).is_pending());
    assert_eq!(Rc::strong_count(&outputs), 2);
    drop(all);
    assert_eq!(Rc::strong_count(&outputs), 1);
}

#[test]
#[should_panic(expected = "after that yielded")]
fn a_join_is_not_polled_again() {
    let mut all = pin!(join((ready(1), ready(2))));
    assert!(poll(&mut all).is_ready());
    let _ = poll(&mut all);
}

#[test]
fn try_join_ends_with_the_first_error() {
    let both = async { try_join!(after(1, Ok::<_, &str>(1)), after(2, Ok("b"))) };
    assert_eq!(run(both), Ok((1, "b")));
    let failed: Result<((), u8), &str> = run(async { try_join!(pending(), after(2, Err("no"))) });
    assert_eq!(failed, Err("no"));
    assert_eq!(run(try_join([after(1, Ok::<u8, u8>(1)), after(0, Err(2)), after(0, Err(3))])), Err(2));
    assert_eq!(run(try_join([after(1, Ok::<u8, u8>(1)), after(0, Ok(2))])), Ok([1, 2]));
}

#[test]
fn race_gives_the_first_output() {
    assert_eq!(run(async { race!(after(3, 'a'), after(1, 'b'), pending()) }), 'b');
    assert_eq!(run(race([after(2, 1), after(4, 2), after(0, 3)])), 3);
    assert_eq!(run(race((ready("alone"),))), "alone");
    // What is made before: it stays, and goes on.
    let mut slow = pin!(after(2, 1));
    assert_eq!(run(race((&mut slow, Box::pin(async { 2 }) as Pin<Box<dyn Future<Output = i32>>>))), 2);
    assert_eq!(run(slow), 1);
}

#[test]
fn race_begins_anywhere() {
    const ROUNDS: usize = if cfg!(miri) { 300 } else { 3_000 };
    let mut counts = [0; 3];
    run(async {
        for _ in 0..ROUNDS {
            counts[race!(ready(0), ready(1), ready(2))] += 1;
            // Another one in between, so that the first sees every second turn only.
            race!(ready(0), ready(1));
        }
    });
    // A third each, more or less.
    assert!(counts.iter().all(|count| (ROUNDS / 4..=ROUNDS / 2).contains(count)), "{counts:?}");
}

#[test]
fn a_race_drops_all_of_its_futures_before_its_value_is_used() {
    let log = Rc::new(RefCell::new(String::new()));
    let logs = |name, polls| Logs(name, log.clone(), polls);
    let won = run(async {
        let won = race!(logs("a", 9), logs("b", 1), logs("c", 9));
        log.borrow_mut().push('!');
        won
    });
    assert_eq!(won, "b");
    assert!(log.borrow().ends_with("ABC!"), "{log:?}");
    // Dropped before one is ready.
    log.borrow_mut().clear();
    let mut none = Box::pin(race([logs("d", 9), logs("e", 9)]));
    assert!(poll(&mut none.as_mut()).is_pending());
    drop(none);
    assert!(log.borrow().ends_with("DE"), "{log:?}");
}

#[test]
fn a_race_in_which_one_panics_drops_all() {
    let log = Rc::new(RefCell::new(String::new()));
    let panics = poll_fn(|_| -> Poll<&'static str> { panic!("planned") });
    let first = race((Logs("a", log.clone(), 9), panics));
    let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| run(first)));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"planned"));
    assert!(log.borrow().ends_with('A'), "{log:?}");
}

/// Nothing is kept beside the futures.
#[test]
fn a_race_is_as_large_as_its_futures() {
    let racers = || (ready([0u64; 4]), Box::pin(ready([0u64; 4])));
    assert_eq!(size_of_val(&race(racers())), size_of_val(&racers()));
}

#[test]
fn select_takes_the_first() {
    let first = run(async {
        select! {
            _ = pending::<()>() => "never",
            n = after(3, 5) => if n == 5 { "five" } else { "not five" },
            _ = after(9, ()) => { "late" }
        }
    });
    assert_eq!(first, "five");
}

#[test]
fn select_begins_anywhere_unless_it_is_biased() {
    const ROUNDS: usize = if cfg!(miri) { 300 } else { 3_000 };
    let mut counts = [0; 3];
    let mut biased = [0; 3];
    run(async {
        for _ in 0..ROUNDS {
            let at = select! { _ = ready(()) => 0, _ = ready(()) => 1, _ = ready(()) => 2 };
            counts[at] += 1;
            // Another one in between, so that the first sees every second turn only.
            let at = select! { biased; _ = ready(()), if false => 0, _ = ready(()) => 1, _ = ready(()) => 2 };
            biased[at] += 1;
            let _ = select! { _ = ready(()) => 0, _ = ready(()) => 1 };
        }
    });
    // A third each, more or less.
    assert!(counts.iter().all(|count| (ROUNDS / 4..=ROUNDS / 2).contains(count)), "{counts:?}");
    assert_eq!(biased, [0, ROUNDS, 0]);
}

#[test]
fn patterns_disable_and_bind() {
    let got = run(async {
        // The first does not match: the second has its turn later.
        select! {
            Some(n) = ready(None::<u8>) => n,
            Ok(mut n) | Err(mut n) = after(2, Err::<u8, u8>(6)) => { n += 1; n }
        }
    });
    assert_eq!(got, 7);
    let text = run(async {
        select! { (ref name, _) = ready((String::from("ann"), Box::new(1))) => name.len() }
    });
    assert_eq!(text, 3);
    // Moved out, and what does not match is not moved: it is dropped.
    let kept = Rc::new(());
    let got = run(async {
        select! {
            biased;
            (1, one) = ready((2, kept.clone())) => one,
            (_, two) = ready((3, kept.clone())) => two,
        }
    });
    assert_eq!((Rc::strong_count(&kept), Rc::strong_count(&got)), (2, 2));
}

#[test]
fn futures_and_what_is_not_bound_are_dropped_before_the_handler() {
    let log = Rc::new(RefCell::new(String::new()));
    let logs = |name| Logs(name, log.clone(), 9);
    let (value, other) = ((logs("v"), logs("w")), logs("x"));
    run(async {
        select! {
            biased;
            _ = logs("a") => unreachable!(),
            (kept, _) = ready(value) => log.borrow_mut().push_str(kept.0),
            _ = logs("b") => unreachable!(),
        }
        log.borrow_mut().push('!');
        select! { _ = ready(other) => log.borrow_mut().push('?') }
    });
    // Polled, dropped in their order, what is left of the value, the handler, what it kept.
    assert_eq!(*log.borrow(), "aABWvV!X?");
}

#[test]
fn conditions_come_first_and_futures_are_made_all_the_same() {
    let order = &RefCell::new(Vec::new());
    let note = |what: &'static str| order.borrow_mut().push(what);
    let made = |what| {
        note(what);
        poll_fn(move |_| {
            order.borrow_mut().push("polled");
            Poll::Ready(what)
        })
    };
    let got = run(async {
        select! {
            biased;
            one = made("one"), if { note("first?"); false } => one,
            two = made("two"), if { note("second?"); true } => two,
        }
    });
    assert_eq!(got, "two");
    assert_eq!(*order.borrow(), ["first?", "second?", "one", "two", "polled"]);
}

#[test]
fn else_is_for_when_all_are_disabled() {
    let got = run(async {
        select! {
            1 = ready(2) => "one",
            _ = pending::<()>(), if false => "never",
            else => "else",
        }
    });
    assert_eq!(got, "else");
}

#[test]
#[should_panic(expected = "every branch of `select!` is disabled")]
fn without_else_it_panics() {
    run(async {
        select! { 1 = ready(2) => {} }
    });
}

#[test]
fn handlers_leave_loops_and_functions() {
    async fn sum(
        mut numbers: mpsc::Receiver<Result<u32, String>>,
        stop: oneshot::Receiver<u32>,
    ) -> Result<u32, String> {
        let mut stop = pin!(stop);
        let mut sum = 0;
        let extra = loop {
            select! {
                biased;
                stopped = &mut stop => break stopped.unwrap_or(0),
                number = numbers.recv() => match number {
                    Some(number) => sum += number?,
                    None => return Ok(sum),
                },
            }
        };
        Ok(sum + extra)
    }
    let send = |numbers: &[Result<u32, &str>]| {
        let (sender, receiver) = mpsc::channel(8);
        for number in numbers {
            sender.try_send(number.map_err(String::from)).unwrap();
        }
        receiver
    };
    let (_stop, stopped) = oneshot::channel();
    assert_eq!(run(sum(send(&[Ok(1), Ok(2)]), stopped)), Ok(3));
    let (_stop, stopped) = oneshot::channel();
    assert_eq!(run(sum(send(&[Ok(1), Err("bad"), Ok(2)]), stopped)), Err("bad".into()));
    let (stop, stopped) = oneshot::channel();
    stop.send(40).unwrap();
    assert_eq!(run(sum(send(&[Ok(2)]), stopped)), Ok(40));
}

#[test]
fn the_handler_has_what_the_futures_borrowed() {
    let log = Rc::new(RefCell::new(String::new()));
    let mut numbers = Vec::from([1]);
    run(async {
        select! {
            n = async { numbers.push(2); numbers.len() } => numbers.push(n),
            // Dropped before the handler runs.
            _ = Logs("a", log.clone(), 9) => unreachable!(),
        }
        log.borrow_mut().push('!');
    });
    assert_eq!(numbers, [1, 2, 2]);
    assert!(log.borrow().ends_with("A!"), "{log:?}");
}

#[test]
fn sixteen_branches_and_a_select_inside_a_select() {
    let which = Cell::new(0);
    let one = |n: usize| {
        let which = &which;
        poll_fn(move |_| if which.get() == n { Poll::Ready(n) } else { Poll::Pending })
    };
    for n in 0..16 {
        which.set(n);
        let got = run(async {
            select! {
                n = one(0) => n, n = one(1) => n, n = one(2) => n, n = one(3) => n,
                n = one(4) => n, n = one(5) => n, n = one(6) => n, n = one(7) => n,
                n = one(8) => n, n = one(9) => n, n = one(10) => n, n = one(11) => n,
                n = one(12) => n, n = one(13) => n, n = one(14) => n,
                n = async { select! { n = one(15) => n, _ = pending::<()>() => 99 } } => n,
            }
        });
        assert_eq!(got, n);
    }
}

/// A stream that is received by a select in a loop, beside a future that is ready now and then: every message comes, once.
#[test]
fn a_select_in_a_loop_loses_no_message() {
    const COUNT: usize = if cfg!(miri) { 60 } else { 2_000 };
    let (sender, mut receiver) = mpsc::channel(3);
    let mut got = Vec::new();
    run(async {
        let send = async move {
            for n in 0..COUNT {
                // Given up now and then while it waits: the place goes on, and nothing is sent twice.
                let sent = loop {
                    select! {
                        permit = sender.reserve() => break permit,
                        _ = after(n % 3 + 1, ()) => {}
                    }
                };
                sent.unwrap().send(n);
            }
        };
        let receive = async {
            loop {
                select! {
                    message = receiver.recv() => match message {
                        Some(message) => got.push(message),
                        None => break,
                    },
                    _ = after(got.len() % 3 + 1, ()) => {}
                }
            }
        };
        join!(send, receive);
    });
    assert_eq!(got, (0..COUNT).collect::<Vec<_>>());
}

/// Looks at a future between any two polls, up to the `n`th. What machines in it borrow of themselves stays theirs: Miri sees
/// that it does.
fn look_between_polls<F: Tells>(future: F, polls: usize) -> F::Output {
    let mut memory = Box::pin(future);
    // SAFETY: it is not moved out of its box.
    let at: *mut F = unsafe { memory.as_mut().get_unchecked_mut() };
    for _ in 1..polls {
        // SAFETY: the box stays, and nothing else uses it.
        let future = unsafe { &mut *at };
        // SAFETY: as above.
        let mut future = unsafe { Pin::new_unchecked(future) };
        assert!(poll(&mut future).is_pending());
        let mut levels = Vec::new();
        // SAFETY: nobody polls, moves or drops it.
        unsafe { F::tell(at, &mut Walk::new(&mut levels, false)) };
        let [Level::Several { branches }] = &levels[..] else { panic!("{levels:#?}") };
        assert_eq!(branches.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3], "{branches:#?}");
    }
    // SAFETY: as above.
    let future = unsafe { &mut *at };
    // SAFETY: as above.
    let mut future = unsafe { Pin::new_unchecked(future) };
    let Poll::Ready(output) = poll(&mut future) else { panic!("it waits for ever") };
    output
}

#[test]
fn a_look_at_several_futures_leaves_their_borrows_alone() {
    assert_eq!(look_between_polls(join((counts(), counts())), 4), (4, 4));
    assert_eq!(look_between_polls(join([counts(), counts()]), 4), [4, 4]);
    assert_eq!(look_between_polls(race((counts(), counts())), 4), 4);
    assert_eq!(look_between_polls(race([counts(), counts()]), 4), 4);
    let any = |value, matches: &mut bool| {
        *matches = true;
        value
    };
    let branches = (branch(counts(), any), branch(counts(), any));
    assert!(format!("{:?}", look_between_polls(select([true, true], branches), 4)).ends_with("(4)"));
}
