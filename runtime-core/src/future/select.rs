//! The first of several futures: `select!`, and what its expansion names.
//!
//! The macro reads one branch after the other and numbers them; the numbers name the places of a tuple of futures, and the
//! variants of an output type for exactly so many branches ([`Out1`] to [`Out16`]). Handlers stand outside of every closure,
//! so that `?`, `break` and `return` mean what they say, and run when the futures are dropped.
//!
//! Whether a pattern matches is seen by a guard that says no: a binding moves only when its guard says yes, so the value
//! stays where it is, and patterns may bind by `mut` and by `ref`.

#[cfg(feature = "alloc")]
use crate::task::home::turn as turn_of_the_worker;

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

/// The outputs of a select of so many branches.
macro_rules! outs {
    ($($out:ident: $($variant:ident)+;)+) => {$(
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
    )+};
}

outs! {
    Out1: _0;
    Out2: _0 _1;
    Out3: _0 _1 _2;
    Out4: _0 _1 _2 _3;
    Out5: _0 _1 _2 _3 _4;
    Out6: _0 _1 _2 _3 _4 _5;
    Out7: _0 _1 _2 _3 _4 _5 _6;
    Out8: _0 _1 _2 _3 _4 _5 _6 _7;
    Out9: _0 _1 _2 _3 _4 _5 _6 _7 _8;
    Out10: _0 _1 _2 _3 _4 _5 _6 _7 _8 _9;
    Out11: _0 _1 _2 _3 _4 _5 _6 _7 _8 _9 _10;
    Out12: _0 _1 _2 _3 _4 _5 _6 _7 _8 _9 _10 _11;
    Out13: _0 _1 _2 _3 _4 _5 _6 _7 _8 _9 _10 _11 _12;
    Out14: _0 _1 _2 _3 _4 _5 _6 _7 _8 _9 _10 _11 _12 _13;
    Out15: _0 _1 _2 _3 _4 _5 _6 _7 _8 _9 _10 _11 _12 _13 _14;
    Out16: _0 _1 _2 _3 _4 _5 _6 _7 _8 _9 _10 _11 _12 _13 _14 _15;
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
/// 4. All futures are dropped. Then the handler runs; it may borrow what the futures borrowed, and use `?`, `break`,
///    `continue` and `return`.
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
    (biased; $($branches:tt)+) => {
        $crate::__select! { @start (|_| 0) $($branches)+ }
    };
    ($($branches:tt)+) => {
        $crate::__select! { @start ($crate::future::select::first) $($branches)+ }
    };
    () => {
        ::core::compile_error!("`select!` needs a branch: `pattern = future => handler`")
    };
}

/// Reads the branches of `select!`, then writes them out.
///
/// `@read FIRST {name of the output type} {numbers that are free} {branches that were read} rest`
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    (@start $first:tt $($rest:tt)+) => {
        $crate::__select! {
            @read $first {Out0} {
                (0 _0 Out1) (1 _1 Out2) (2 _2 Out3) (3 _3 Out4) (4 _4 Out5) (5 _5 Out6) (6 _6 Out7) (7 _7 Out8)
                (8 _8 Out9) (9 _9 Out10) (10 _10 Out11) (11 _11 Out12) (12 _12 Out13) (13 _13 Out14) (14 _14 Out15)
                (15 _15 Out16)
            } {} $($rest)+
        }
    };

    // The end.
    (@read $first:tt {Out0} $free:tt {} $(else => $handler:expr $(,)?)?) => {
        ::core::compile_error!("`select!` needs a branch: `pattern = future => handler`")
    };
    (@read $first:tt {$out:ident} $free:tt $branches:tt) => {
        $crate::__select! {
            @write $first {$out} $branches
            {::core::panic!("every branch of `select!` is disabled, and there is no `else`")}
        }
    };
    (@read $first:tt {$out:ident} $free:tt $branches:tt else => $handler:expr $(,)?) => {
        $crate::__select! { @write $first {$out} $branches {$handler} }
    };
    (@read $first:tt {$out:ident} $free:tt $branches:tt else $($rest:tt)*) => {
        ::core::compile_error!("`else => handler` is the last branch of `select!`, and has neither future nor condition")
    };
    (@read $first:tt {$out:ident} {} $branches:tt $($rest:tt)+) => {
        ::core::compile_error!("`select!` has at most sixteen branches; spawn tasks into a `JoinSet` for more")
    };

    // One branch more. A handler in braces needs no comma.
    (@read $first:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr, if $c:expr => $h:block, $($rest:tt)*) => {
        $crate::__select! { @more $first $free $branches ($p) ($f) ($c) ($h) $($rest)* }
    };
    (@read $first:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr => $h:block, $($rest:tt)*) => {
        $crate::__select! { @more $first $free $branches ($p) ($f) (true) ($h) $($rest)* }
    };
    (@read $first:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr, if $c:expr => $h:block $($rest:tt)*) => {
        $crate::__select! { @more $first $free $branches ($p) ($f) ($c) ($h) $($rest)* }
    };
    (@read $first:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr => $h:block $($rest:tt)*) => {
        $crate::__select! { @more $first $free $branches ($p) ($f) (true) ($h) $($rest)* }
    };
    (@read $first:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr, if $c:expr => $h:expr $(, $($rest:tt)*)?) => {
        $crate::__select! { @more $first $free $branches ($p) ($f) ($c) ($h) $($($rest)*)? }
    };
    (@read $first:tt $out:tt $free:tt $branches:tt $p:pat = $f:expr => $h:expr $(, $($rest:tt)*)?) => {
        $crate::__select! { @more $first $free $branches ($p) ($f) (true) ($h) $($($rest)*)? }
    };
    (@read $first:tt $out:tt $free:tt $branches:tt $($rest:tt)+) => {
        ::core::compile_error!(
            "expected a branch of `select!`: `pattern = future => handler` or `pattern = future, if condition => handler`, with \
             a comma behind it unless the handler is a block"
        )
    };
    (@more $first:tt {($n:tt $variant:ident $out:ident) $($free:tt)*} {$($branch:tt)*} $p:tt $f:tt $c:tt $h:tt
        $($rest:tt)*) => {
        $crate::__select! {
            @read $first {$out} {$($free)*} {$($branch)* ($n $variant $p $f $c $h)} $($rest)*
        }
    };

    (@write ($first:expr) {$out:ident} {$(($n:tt $variant:ident ($p:pat) ($f:expr) ($c:expr) ($h:expr)))+}
        {$else:expr}) => {{
        use $crate::future::select::$out as Out;
        let output = {
            let mut open = [$($c),+];
            let mut futures = ($(::core::pin::pin!(::core::future::IntoFuture::into_future($f)),)+);
            let output = ::core::future::poll_fn(|cx| {
                let (count, mut waits) = (open.len(), false);
                let first: usize = $first(count);
                for step in 0..count {
                    let at = if first + step < count { first + step } else { first + step - count };
                    match at {
                        $($n if open[$n] => match ::core::future::Future::poll(futures.$n.as_mut(), cx) {
                            ::core::task::Poll::Ready(value) => {
                                open[$n] = false;
                                let mut matches = false;
                                #[allow(unused_variables, unused_mut, reason = "the pattern only looks")]
                                match value {
                                    // A binding moves when its guard says yes.
                                    $p if {
                                        matches = true;
                                        false
                                    } => ::core::unreachable!(),
                                    _ => {}
                                }
                                if matches {
                                    return ::core::task::Poll::Ready(Out::$variant(value));
                                }
                            }
                            ::core::task::Poll::Pending => waits = true,
                        },)+
                        _ => {}
                    }
                }
                if waits { ::core::task::Poll::Pending } else { ::core::task::Poll::Ready(Out::Disabled) }
            })
            .await;
            output
        };
        match output {
            $(Out::$variant($p) => $h,)+
            Out::Disabled => $else,
            #[allow(unreachable_patterns, reason = "where every pattern matches everything")]
            _ => ::core::unreachable!("the pattern matched"),
        }
    }};
}
