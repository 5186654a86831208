//! The first of several futures: `select!`, and what its expansion names.
//!
//! The macro reads one branch after the other and numbers them; the numbers name the places of a tuple of futures, and the
//! variants of an output type for exactly so many branches ([`Out1`] to [`Out16`]). What waits is one future, [`Select`].
//! Handlers stand outside of every closure, so that `?`, `break` and `return` mean what they say, and run when the futures are
//! dropped.
//!
//! Whether a pattern matches is seen by a guard that says no: a binding moves only when its guard says yes, so the value
//! stays where it is, and patterns may bind by `mut` and by `ref`. The value is taken apart after that, outside of the closure.
//!
//! `#[async_fn]` writes what the macro expands to itself, with the same functions.

use crate::machine::trace::{Tells, Walk, says};
#[cfg(feature = "alloc")]
use crate::task::home::turn as turn_of_the_worker;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Which of `count` branches is looked at first: any of them, equally often, in an order that does not repeat soon. In a task it
/// begins with the seed of its worker (`Config::Entropy`), so that a run can be repeated, and another seed is another run.
/// Elsewhere it is the same in every run of a thread.
///
/// A counter with the step of the golden ratio, mixed: two selects that are polled in turns do not see each other's pattern.
#[must_use]
pub fn first(count: usize) -> usize {
    let turn = turn_of_the_worker(STEP).unwrap_or_else(turn);
    let mixed = (turn ^ (turn >> 16)).wrapping_mul(0x85EB_CA6B);
    let mixed = mixed ^ (mixed >> 13);
    ((u64::from(mixed) * count as u64) >> 32) as usize
}

/// Without memory for tasks there are no workers.
#[cfg(not(feature = "alloc"))]
const fn turn_of_the_worker(_step: u32) -> Option<u32> {
    None
}

/// The step: 2^32 divided by the golden ratio, odd.
const STEP: u32 = 0x9E37_79B9;

#[cfg(feature = "std")]
fn turn() -> u32 {
    use core::cell::Cell;
    std::thread_local!(static TURN: Cell<u32> = const { Cell::new(0) });
    TURN.with(|turn| turn.replace(turn.get().wrapping_add(STEP)))
}

#[cfg(not(feature = "std"))]
fn turn() -> u32 {
    use core::sync::atomic::{AtomicU32, Ordering};
    static TURN: AtomicU32 = AtomicU32::new(0);
    // Two steps: not every target can add atomically, and a turn that is taken twice harms nobody.
    let turn = TURN.load(Ordering::Relaxed);
    TURN.store(turn.wrapping_add(STEP), Ordering::Relaxed);
    turn
}

/// A future of a select, and what says whether its value is wanted.
#[derive(Debug)]
pub struct Branch<F, M> {
    /// Pinned with this.
    future: F,
    matches: M,
}

/// A branch. `matches` gives the value back, and says by its second argument whether the pattern matches it.
pub fn branch<F: Future, M: Fn(F::Output, &mut bool) -> F::Output>(future: F, matches: M) -> Branch<F, M> {
    Branch { future, matches }
}

/// The guard of a pattern that is only looked at. It never holds, so no binding moves.
pub fn matched(matches: &mut bool) -> bool {
    *matches = true;
    false
}

/// What [`Branches`] are made of.
pub trait Chance {
    /// The future's value.
    type Value;

    /// Polls the future. Its value, if it is wanted.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Value>>;
}

impl<F: Future, M: Fn(F::Output, &mut bool) -> F::Output> Chance for Branch<F, M> {
    type Value = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        // SAFETY: `future` is pinned again at once, and `matches` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: pinned with this.
        let Poll::Ready(value) = unsafe { Pin::new_unchecked(&mut this.future) }.poll(cx) else {
            return Poll::Pending;
        };
        let mut matches = false;
        let value = (this.matches)(value, &mut matches);
        Poll::Ready(matches.then_some(value))
    }
}

/// A tuple of [`Branch`]es.
pub trait Branches {
    /// Which came first, with its value.
    type Out;
    /// How many there are.
    const COUNT: usize;

    /// Polls one of them. Its value, if it is wanted.
    fn poll_at(branches: Pin<&mut Self>, at: usize, cx: &mut Context<'_>) -> Poll<Option<Self::Out>>;
    /// None came, for all are disabled.
    fn disabled() -> Self::Out;
}

/// A [`Chance`] that says what it waits for.
///
/// # Safety
/// `tell` keeps the invariants of traces.
pub unsafe trait ChanceThatTells: Chance {
    /// Tells of the future.
    ///
    /// # Safety
    /// That of [`Tells::tell`].
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>);
}

// SAFETY: the future tells of itself.
unsafe impl<F: Tells, M: Fn(F::Output, &mut bool) -> F::Output> ChanceThatTells for Branch<F, M> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the branch is there.
        let future = unsafe { &raw mut (*this).future };
        // SAFETY: the caller's promise.
        unsafe { F::tell(future, walk) };
    }
}

/// [`Branches`] that say what they wait for.
///
/// # Safety
/// `tell_at` keeps the invariants of traces.
pub unsafe trait BranchesThatTell: Branches {
    /// Tells of one of them.
    ///
    /// # Safety
    /// That of [`Tells::tell`].
    unsafe fn tell_at(this: *mut Self, at: usize, walk: &mut Walk<'_>);
}

/// With which branch a poll begins.
pub trait Order {
    /// Its number, below `count`.
    fn first(count: usize) -> usize;
}

/// With any.
#[derive(Debug)]
pub struct Fair;

impl Order for Fair {
    #[inline]
    fn first(count: usize) -> usize {
        first(count)
    }
}

/// With the first.
#[derive(Debug)]
pub struct Biased;

impl Order for Biased {
    #[inline]
    fn first(_: usize) -> usize {
        0
    }
}

/// The future of a select: waits for the first value that is wanted.
#[must_use = "futures do nothing unless they are polled"]
#[derive(Debug)]
pub struct Select<B, O> {
    /// Pinned with this.
    branches: B,
    /// A bit for each branch that is polled: it is not disabled, and was not ready.
    open: u16,
    _order: PhantomData<fn() -> O>,
}

/// Waits for the first of some branches; those are disabled that are not `open`.
pub fn select<B: Branches, const N: usize>(open: [bool; N], branches: B) -> Select<B, Fair> {
    Select { branches, open: bits::<B, N>(open), _order: PhantomData }
}

/// The same, in the order in which they stand.
pub fn select_biased<B: Branches, const N: usize>(open: [bool; N], branches: B) -> Select<B, Biased> {
    Select { branches, open: bits::<B, N>(open), _order: PhantomData }
}

fn bits<B: Branches, const N: usize>(open: [bool; N]) -> u16 {
    const { assert!(N <= 16 && N == B::COUNT, "a bit for each branch") };
    open.iter().rev().fold(0, |bits, open| (bits << 1) | u16::from(*open))
}

impl<B: Branches, O: Order> Future for Select<B, O> {
    type Output = B::Out;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B::Out> {
        // SAFETY: `branches` is pinned again at once, and the rest is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: pinned with this.
        let mut branches = unsafe { Pin::new_unchecked(&mut this.branches) };
        let first = O::first(B::COUNT);
        let mut waits = false;
        for step in 0..B::COUNT {
            let at = if first + step < B::COUNT { first + step } else { first + step - B::COUNT };
            if this.open & (1 << at) == 0 {
                continue;
            }
            match B::poll_at(branches.as_mut(), at, cx) {
                Poll::Pending => waits = true,
                Poll::Ready(wanted) => {
                    this.open &= !(1 << at);
                    if let Some(out) = wanted {
                        return Poll::Ready(out);
                    }
                }
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(B::disabled()) }
    }
}

// SAFETY: reads which branches are open; those tell of themselves.
unsafe impl<B: BranchesThatTell, O: Order> Tells for Select<B, O> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the select is there.
        let branches = unsafe { &raw mut (*this).branches };
        // SAFETY: as above.
        let open = unsafe { (*this).open };
        walk.has_branches(B::COUNT, &mut |at, walk| match open & (1 << at) {
            0 => walk.is_disabled(),
            // SAFETY: the caller's promise, of each branch.
            _ => unsafe { B::tell_at(branches, at, walk) },
        });
    }
}
says!([B: BranchesThatTell, O: Order] Select<B, O>);

/// The outputs of a select of so many branches, and what gives them.
macro_rules! outs {
    ($($out:ident: $(($variant:ident $at:tt))+;)+) => {$(
        /// Which branch came first, of as many as there are parameters.
        #[derive(Debug)]
        #[allow(non_camel_case_types, reason = "the parameters have the names of the variants")]
        pub enum $out<$($variant),+> {
            $(
                /// This one, with its value.
                $variant($variant),
            )+
            /// None: all are disabled.
            Disabled,
        }

        #[allow(non_camel_case_types, reason = "the parameters have the names of the variants")]
        impl<$($variant: Chance),+> Branches for ($($variant,)+) {
            type Out = $out<$($variant::Value),+>;
            const COUNT: usize = [$($at),+].len();

            #[inline]
            fn poll_at(branches: Pin<&mut Self>, at: usize, cx: &mut Context<'_>) -> Poll<Option<Self::Out>> {
                match at {
                    $(
                        // SAFETY: the branch is pinned with the tuple.
                        $at => unsafe { branches.map_unchecked_mut(|branches| &mut branches.$at) }
                            .poll(cx)
                            .map(|wanted| wanted.map($out::$variant)),
                    )+
                    _ => unreachable!("there are {} branches", Self::COUNT),
                }
            }

            fn disabled() -> Self::Out {
                $out::Disabled
            }
        }

        // SAFETY: each tells of itself.
        #[allow(non_camel_case_types, reason = "the parameters have the names of the variants")]
        unsafe impl<$($variant: ChanceThatTells),+> BranchesThatTell for ($($variant,)+) {
            unsafe fn tell_at(this: *mut Self, at: usize, walk: &mut Walk<'_>) {
                match at {
                    $($at => {
                        // SAFETY: the tuple is there.
                        let branch = unsafe { &raw mut (*this).$at };
                        // SAFETY: the caller's promise.
                        unsafe { $variant::tell(branch, walk) };
                    })+
                    _ => unreachable!("there are {} branches", Self::COUNT),
                }
            }
        }
    )+};
}

outs! {
    Out1: (_0 0);
    Out2: (_0 0) (_1 1);
    Out3: (_0 0) (_1 1) (_2 2);
    Out4: (_0 0) (_1 1) (_2 2) (_3 3);
    Out5: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4);
    Out6: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5);
    Out7: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6);
    Out8: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7);
    Out9: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8);
    Out10: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8) (_9 9);
    Out11: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8) (_9 9) (_10 10);
    Out12: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8) (_9 9) (_10 10) (_11 11);
    Out13: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8) (_9 9) (_10 10) (_11 11) (_12 12);
    Out14: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8) (_9 9) (_10 10) (_11 11) (_12 12) (_13 13);
    Out15: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8) (_9 9) (_10 10) (_11 11) (_12 12) (_13 13) (_14 14);
    Out16: (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7) (_8 8) (_9 9) (_10 10) (_11 11) (_12 12) (_13 13) (_14 14)
        (_15 15);
}

/// Waits for the first of several futures, up to sixteen, drops the others, and runs the handler of that branch.
///
/// ```text
/// select! {
///     biased;                                  // optional: look in this order; else begin anywhere
///     PATTERN = FUTURE => HANDLER,
///     PATTERN = FUTURE, if CONDITION => HANDLER,
///     else => HANDLER,                         // optional: when every branch is disabled
/// }
/// ```
///
/// 1. All conditions are evaluated, then all futures are made, in the order in which they stand. A branch whose condition is
///    false is *disabled*: its future is made and not polled.
/// 2. All others are polled, in each poll beginning with another branch, so that none is preferred for ever; with `biased;`
///    in the order in which they stand.
/// 3. The first value that matches its pattern ends the wait. One that does not match disables its branch.
/// 4. All futures are dropped, in the order in which they stand, and then what the pattern does not bind of the value, unless
///    it binds by `ref`, which keeps the value. Then the handler runs; it may borrow what the futures borrowed, and use `?`,
///    `break`, `continue` and `return`.
///
/// The value is that of the handler. To keep a future for the next round, select on `&mut future`.
///
/// # Cancel safety
/// What is not chosen is dropped: in a loop, use futures whose docs say *cancel safe*.
///
/// # Panics
/// If every branch is disabled and there is no `else`.
///
/// ```
/// # use bespoke_core::select;
/// # use std::future::{Future, pending, ready};
/// # let program = async {
/// let mut rest = 3;
/// let first = select! {
///     Some(n) = ready(Some(1)), if rest > 0 => {
///         rest -= n;
///         "a number"
///     }
///     () = pending() => "never",
///     else => "nothing is left",
/// };
/// assert_eq!((first, rest), ("a number", 2));
/// # };
/// # let mut program = std::pin::pin!(program);
/// # assert!(program.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready());
/// ```
#[macro_export]
macro_rules! select {
    (__bespoke_macro $_known:ident) => {
        $crate::future::machines::__bespoke_Select
    };
    (biased; $($branches:tt)+) => {
        $crate::__select! { @start select_biased $($branches)+ }
    };
    ($($branches:tt)+) => {
        $crate::__select! { @start select $($branches)+ }
    };
    () => {
        ::core::compile_error!("`select!` needs a branch: `pattern = future => handler`")
    };
}

/// Reads the branches of `select!`, then writes them out.
///
/// `@read FUNCTION {name of the output type} {numbers that are free} {branches that were read} rest`
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    (@start $select:tt $($rest:tt)+) => {
        $crate::__select! {
            @read $select {Out0} {
                (0 _0 Out1) (1 _1 Out2) (2 _2 Out3) (3 _3 Out4) (4 _4 Out5) (5 _5 Out6) (6 _6 Out7) (7 _7 Out8)
                (8 _8 Out9) (9 _9 Out10) (10 _10 Out11) (11 _11 Out12) (12 _12 Out13) (13 _13 Out14) (14 _14 Out15)
                (15 _15 Out16)
            } {} $($rest)+
        }
    };

    // The end.
    (@read $select:tt {Out0} $free:tt {} $(else => $handler:expr $(,)?)?) => {
        ::core::compile_error!("`select!` needs a branch: `pattern = future => handler`")
    };
    (@read $select:tt {$out:ident} $free:tt $branches:tt) => {
        $crate::__select! {
            @write $select {$out} $branches
            {::core::panic!("every branch of `select!` is disabled, and there is no `else`")}
        }
    };
    (@read $select:tt {$out:ident} $free:tt $branches:tt else => $handler:expr $(,)?) => {
        $crate::__select! { @write $select {$out} $branches {$handler} }
    };
    (@read $select:tt {$out:ident} $free:tt $branches:tt else $($rest:tt)*) => {
        ::core::compile_error!("`else => handler` is the last branch of `select!`, and has neither future nor condition")
    };
    (@read $select:tt {$out:ident} {} $branches:tt $($rest:tt)+) => {
        ::core::compile_error!("`select!` has at most sixteen branches; spawn tasks into a `JoinSet` for more")
    };

    // One branch more. A handler in braces needs no comma.
    (@read $select:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr, if $c:expr => $h:block, $($rest:tt)*) => {
        $crate::__select! { @more $select $free $branches ($p) ($f) ($c) ($h) $($rest)* }
    };
    (@read $select:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr => $h:block, $($rest:tt)*) => {
        $crate::__select! { @more $select $free $branches ($p) ($f) (true) ($h) $($rest)* }
    };
    (@read $select:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr, if $c:expr => $h:block $($rest:tt)*) => {
        $crate::__select! { @more $select $free $branches ($p) ($f) ($c) ($h) $($rest)* }
    };
    (@read $select:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr => $h:block $($rest:tt)*) => {
        $crate::__select! { @more $select $free $branches ($p) ($f) (true) ($h) $($rest)* }
    };
    (@read $select:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr, if $c:expr => $h:expr $(, $($rest:tt)*)?) => {
        $crate::__select! { @more $select $free $branches ($p) ($f) ($c) ($h) $($($rest)*)? }
    };
    (@read $select:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr => $h:expr $(, $($rest:tt)*)?) => {
        $crate::__select! { @more $select $free $branches ($p) ($f) (true) ($h) $($($rest)*)? }
    };
    (@read $select:tt $out:tt $free:tt $branches:tt $($rest:tt)+) => {
        ::core::compile_error!(
            "expected a branch of `select!`: `pattern = future => handler` or `pattern = future, if condition => handler`, with \
             a comma behind it unless the handler is a block"
        )
    };
    (@more $select:tt {($n:tt $variant:ident $out:ident) $($free:tt)*} {$($branch:tt)*} $p:tt $f:tt $c:tt $h:tt
        $($rest:tt)*) => {
        $crate::__select! {
            @read $select {$out} {$($free)*} {$($branch)* ($n $variant $p $f $c $h)} $($rest)*
        }
    };

    (@write $select:ident {$out:ident} {$(($n:tt $variant:ident ($p:pat) ($f:expr) ($c:expr) ($h:expr)))+}
        {$else:expr}) => {{
        let output = $crate::future::select::$select(
            [$({ $c }),+],
            ($($crate::future::select::branch(::core::future::IntoFuture::into_future($f), |value, matches| {
                #[allow(unused_variables, unused_mut, unreachable_patterns, reason = "the pattern only looks")]
                match value {
                    // A binding moves when its guard says yes.
                    $p if $crate::future::select::matched(matches) => ::core::unreachable!(),
                    _ => {}
                }
                value
            }),)+),
        )
        .await;
        match output {
            $($crate::future::select::$out::$variant(value) => {
                #[allow(
                    irrefutable_let_patterns, unused_parens, clippy::let_unit_value, clippy::let_underscore_future,
                    reason = "the pattern may be any"
                )]
                let ($p) = ({ value }) else { ::core::unreachable!("the pattern matched") };
                $h
            })+
            $crate::future::select::$out::Disabled => $else,
        }
    }};
}
