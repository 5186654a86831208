//! What only our futures have: their sizes, which are Send, and what a poll after the end says.

#[cfg(not(clippy))]
use core::cell::Cell;
use core::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::panic::catch_unwind;
use std::rc::Rc;

use crate::harness::{d, wait};

/// Prints the sizes of the two futures of a function of the corpus: `cargo test --test async_fn -- --nocapture`.
pub(crate) fn size<A, B>(name: &str, _: impl Fn() -> A, _: impl Fn() -> B) {
    println!("size {name}: {} {}", size_of::<A>(), size_of::<B>());
}

fn size_of_result<A, F>(_: impl Fn(A) -> F) -> usize {
    size_of::<F>()
}

/// Under a name the macro does not know that it has no destructor.
type Big = [u8; 1024];

async fn leaf(n: u8) -> u8 {
    wait("leaf", 1, n).await
}

macro_rules! twice {
    ($( async fn $name:ident($arg:ident: $ty:ty) -> $output:ty $body:block )*) => {
        mod ours {
            use super::*;
            $( #[bespoke::async_fn] pub(super) async fn $name($arg: $ty) -> $output $body )*
        }
        mod theirs {
            use super::*;
            $( pub(super) async fn $name($arg: $ty) -> $output $body )*
        }
    };
}

twice! {
    async fn down(big: [u8; 1024]) -> u8 { c1(big).await }
    async fn c1(big: [u8; 1024]) -> u8 { c2(big).await }
    async fn c2(big: [u8; 1024]) -> u8 { c3(big).await }
    async fn c3(big: [u8; 1024]) -> u8 { c4(big).await }
    async fn c4(big: [u8; 1024]) -> u8 { c5(big).await }
    async fn c5(big: [u8; 1024]) -> u8 { c6(big).await }
    async fn c6(big: [u8; 1024]) -> u8 { c7(big).await }
    async fn c7(big: [u8; 1024]) -> u8 { leaf(big[0]).await }
    async fn down_to_a_byte(big: [u8; 1024]) -> u8 { b1(big).await }
    async fn b1(big: [u8; 1024]) -> u8 { b2(big).await }
    async fn b2(big: [u8; 1024]) -> u8 { b3(big).await }
    async fn b3(big: [u8; 1024]) -> u8 { b4(big).await }
    async fn b4(big: [u8; 1024]) -> u8 { b5(big).await }
    async fn b5(big: [u8; 1024]) -> u8 { b6(big).await }
    async fn b6(big: [u8; 1024]) -> u8 { b7(big).await }
    async fn b7(big: [u8; 1024]) -> u8 { core::future::ready(big[0]).await }
    async fn kept(big: Big) -> u8 {
        leaf(big[0]).await;
        big[1]
    }
    async fn three_scopes(n: u8) -> u8 {
        let mut sum = n;
        {
            let a = [n; 1024];
            leaf(1).await;
            leaf(2).await;
            sum += a[3];
        }
        {
            let b = [n; 1024];
            leaf(3).await;
            leaf(4).await;
            sum += b[4];
        }
        {
            let c = [n; 1024];
            leaf(5).await;
            leaf(6).await;
            sum += c[5];
        }
        sum
    }
}

/// The table of the guide. rustc's numbers are those of the pinned toolchain; ours must not grow.
#[test]
fn sizes_are_those_of_the_guide() {
    let table = [
        ("1 KiB argument, passed down 8 levels", size_of_result(ours::down), size_of_result(theirs::down), DOWN),
        (
            "the same, to a future without alignment",
            size_of_result(ours::down_to_a_byte),
            size_of_result(theirs::down_to_a_byte),
            DOWN_TO_A_BYTE,
        ),
        ("1 KiB argument, used after an await", size_of_result(ours::kept), size_of_result(theirs::kept), KEPT),
        (
            "three scopes with 1 KiB each",
            size_of_result(ours::three_scopes),
            size_of_result(theirs::three_scopes),
            SCOPES,
        ),
    ];
    for (what, ours, theirs, expected) in table {
        println!("| {what} | {ours} | {theirs} |");
        assert_eq!(ours, expected, "{what}");
        assert!(ours < theirs, "{what}: {ours} {theirs}");
    }
}

/// Sizes are constants: they can be asserted where a program is compiled.
const _: () = {
    assert!(bespoke::async_fn_size!(ours::down) == DOWN);
    assert!(bespoke::async_fn_size!(ours::kept) < bespoke::async_fn_size!(theirs::kept));
    assert!(bespoke::async_fn_size!(Pool::<u8>::fill) <= 72);
    assert!(bespoke::async_fn_size!(tell::<3>) <= 80);
};

/// A local that nobody uses has a place if it may have a destructor, which is seen in its type.
#[test]
fn what_nobody_uses_takes_no_room_if_it_is_copied() {
    #[bespoke::async_fn]
    async fn copied() -> u8 {
        let (_a, b) = bespoke::join!(wait("a", 1, [7u8; 256]), leaf(1));
        wait("b", 1, [b; 256]).await[0]
    }
    #[bespoke::async_fn]
    async fn dropped() -> u8 {
        let (_a, b) = bespoke::join!(wait("a", 1, Droppy([7u8; 256])), leaf(1));
        wait("b", 1, [b; 256]).await[0]
    }
    struct Droppy(#[expect(dead_code, reason = "it is to be large")] [u8; 256]);
    impl Drop for Droppy {
        fn drop(&mut self) {}
    }
    let (copied, dropped) = (size_of_val(&copied()), size_of_val(&dropped()));
    assert!(copied + 128 < dropped, "{copied} {dropped}");
}

struct Pool<T>(Vec<T>);

#[bespoke::async_fn]
impl<T: Copy> Pool<T> {
    async fn fill(&mut self, with: T, mut n: usize) -> &[T] {
        while n > 0 {
            wait("w", 1, ()).await;
            self.0.push(with);
            n -= 1;
        }
        &self.0
    }
}

#[bespoke::async_fn]
async fn tell<const N: usize>(first: &str, _all: [u8; N]) -> usize {
    wait("w", 1, first.len()).await
}

/// Room for futures, as static memory: as large as they are.
struct Room<const BYTES: usize>([u8; BYTES]);

#[test]
fn the_size_of_a_future_is_a_constant() {
    let room = Room([0; bespoke::async_fn_size!(tell::<3>)]);
    assert_eq!(room.0.len(), size_of_val(&tell("a", [0; 3])));
    assert_eq!(bespoke::async_fn_size!(Pool::<u8>::fill), size_of_val(&Pool(vec![1]).fill(2, 3)));
    assert_eq!(bespoke::async_fn_size!(once), size_of_val(&once()));
}

/// Each level is the byte of its state.
const DOWN: usize = 1032;
const DOWN_TO_A_BYTE: usize = 1032;
const KEPT: usize = 1072;
const SCOPES: usize = 1080;

fn is_send<T: Send>(_: impl Fn() -> T) {}
fn is_sync<T: Sync>(_: impl Fn() -> T) {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>(_: impl Fn() -> T) {}

#[bespoke::async_fn]
async fn rc_is_gone_before() -> usize {
    let rc = Rc::new(3);
    let n = *rc;
    drop(rc);
    wait("w", 1, ()).await;
    n
}

#[bespoke::async_fn]
async fn rc_in_a_scope_before() -> usize {
    let n = {
        let rc = Rc::new(3);
        *rc
    };
    wait("w", 1, n).await
}

/// That an `Rc` across an await is not Send is a program of `tests/ui`.
#[test]
fn a_future_is_send_if_what_it_keeps_is() {
    is_send(rc_is_gone_before);
    is_send(rc_in_a_scope_before);
    is_send(|| ours::down([0; 1024]));
    is_sync(|| ours::down([0; 1024]));
    is_unwind_safe(|| ours::down_to_a_byte([0; 1024]));
}

#[bespoke::async_fn]
async fn once() -> usize {
    wait("w", 0, 1).await
}

#[bespoke::async_fn]
async fn panics() -> usize {
    let x = d("x");
    wait("w", 0, ()).await;
    panic!("planned {}", x.touch())
}

fn message(outcome: Result<Poll<usize>, Box<dyn core::any::Any + Send>>) -> String {
    let panic = outcome.expect_err("it must panic");
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or(panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

#[test]
fn a_poll_after_the_end_panics() {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(once());
    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(1));
    let again = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
    assert!(message(again).contains("polled after completion"));
}

#[test]
fn a_poll_after_a_panic_panics() {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(panics());
    for expected in ["planned 1", "polled after a panic", "polled after a panic"] {
        let outcome = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
        assert!(message(outcome).contains(expected), "{expected}");
    }
}

#[bespoke::async_fn(rustc)]
async fn opted_out<T: Copy>(t: T) -> T {
    wait("w", 0, t).await
}

#[test]
fn the_argument_rustc_leaves_the_function_to_rustc() {
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(pin!(opted_out(5)).poll(&mut context), Poll::Ready(5));
}

macro_rules! sixteen_times {
    ($call:ident $($n:tt)*) => { $call! { $($n $n $n $n $n $n $n $n $n $n $n $n $n $n $n $n)* } };
}

macro_rules! many_states {
    ($($n:tt)*) => {
        /// More states than a byte can tell apart.
        #[bespoke::async_fn]
        async fn many_states() -> usize {
            let x = d("x");
            let mut sum = 0;
            $( sum += wait("w", 1, $n).await; )*
            sum + x.touch()
        }
    };
}
sixteen_times!(many_states 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);

#[test]
fn a_machine_may_have_more_states_than_a_byte_can_tell_apart() {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(many_states());
    for _ in 0..17 * 16 {
        assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
    }
    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(16 * (16 * 17 / 2) + 1));
    let again = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
    assert!(message(again).contains("polled after completion"));
}

macro_rules! many_locals {
    ($($n:tt)*) => {
        /// So many places that live together that rustc would give up on their types if each were within the last one.
        #[bespoke::async_fn]
        async fn many_locals() -> usize {
            let x = [0, 1];
            $( let x = [x[1], $n]; let x = &x; )*
            wait("w", 1, ()).await;
            x[0] + x[1]
        }
    };
}
sixteen_times!(many_locals 1 2 3 4);

#[test]
fn many_locals_may_live_together() {
    is_send(many_locals);
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(many_locals());
    assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(8));
}

/// Looks at a number when it is dropped.
#[cfg(not(clippy))]
struct Late<'a> {
    number: Option<&'a usize>,
    saw: &'a Cell<usize>,
}

#[cfg(not(clippy))]
impl Drop for Late<'_> {
    fn drop(&mut self) {
        self.saw.set(self.number.copied().unwrap_or_default());
    }
}

/// rustc refuses these two, since it would end `n` before `late` if the future were dropped at the first `.await`. In the machine
/// `n` has a place, and stays there. (Clippy is shown the function as rustc's, and would refuse it.)
#[cfg(not(clippy))]
#[bespoke::async_fn]
async fn late_knows_a_number(saw: &Cell<usize>) -> usize {
    let mut late = Late { number: None, saw };
    let n = 7;
    late.number = Some(&n);
    wait("w", 1, ()).await;
    drop(late);
    wait("v", 1, n).await
}

/// Another number has the bytes of the first one afterwards.
#[cfg(not(clippy))]
#[bespoke::async_fn]
async fn late_knows_a_part_of_a_scope(saw: &Cell<usize>) -> usize {
    {
        let mut late = Late { number: None, saw };
        let n = [5, 6, 7];
        late.number = Some(&n[2]);
        wait("w", 1, ()).await;
        drop(late);
    }
    let n = [7, 8, 9];
    let last = &n[0];
    wait("v", 1, ()).await;
    *last
}

#[cfg(not(clippy))]
#[test]
fn a_number_stays_while_something_that_is_dropped_with_the_machine_knows_it() {
    fn is_seen<'a, F: Future<Output = usize>>(saw: &'a Cell<usize>, of: impl Fn(&'a Cell<usize>) -> F) {
        let mut context = Context::from_waker(Waker::noop());
        for polls in 0..=3 {
            saw.set(0);
            let mut future = Box::pin(of(saw));
            for poll in 0..polls {
                let expected = if poll == 2 { Poll::Ready(7) } else { Poll::Pending };
                assert_eq!(future.as_mut().poll(&mut context), expected);
            }
            drop(future);
            assert_eq!(saw.get(), if polls == 0 { 0 } else { 7 }, "{polls} polls");
        }
    }
    let saw = Cell::new(0);
    is_seen(&saw, late_knows_a_number);
    is_seen(&saw, late_knows_a_part_of_a_scope);
}
