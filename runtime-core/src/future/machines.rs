//! What the expansion of `#[async_fn]` names where the source has a macro of this room. The machine awaits what the macro would
//! await, so the macro's own expansion, which awaits inside, is not in it: its parts are, under the names below.
//!
//! What the name of a macro means is for rustc to say, and the attribute sees it first. So each of these macros has an arm that
//! no program writes, which is a type: the expansion asks the macro that the source names for it. A macro of somebody else has
//! no such arm, or is no type, and is an error under the user's token.
#![allow(non_camel_case_types, reason = "names that no program can have begin so")]

pub use super::select::{
    Out1 as __bespoke_Out1, Out2 as __bespoke_Out2, Out3 as __bespoke_Out3, Out4 as __bespoke_Out4,
    Out5 as __bespoke_Out5, Out6 as __bespoke_Out6, Out7 as __bespoke_Out7, Out8 as __bespoke_Out8,
    Out9 as __bespoke_Out9, Out10 as __bespoke_Out10, Out11 as __bespoke_Out11, Out12 as __bespoke_Out12,
    Out13 as __bespoke_Out13, Out14 as __bespoke_Out14, Out15 as __bespoke_Out15, Out16 as __bespoke_Out16,
    branch as __bespoke_branch, matched as __bespoke_matched, select as __bespoke_select,
    select_biased as __bespoke_select_biased,
};
pub use super::{join as __bespoke_join, race as __bespoke_race, try_join as __bespoke_try_join};

/// What a part of such a macro is in the twin of a function, as in the macro.
pub fn __bespoke_part<F: IntoFuture>(part: F) -> F::IntoFuture {
    part.into_future()
}

/// `join!` is the runtime's.
#[derive(Debug)]
pub struct __bespoke_Join;

/// `try_join!` is the runtime's.
#[derive(Debug)]
pub struct __bespoke_TryJoin;

/// `race!` is the runtime's.
#[derive(Debug)]
pub struct __bespoke_Race;

/// `select!` is the runtime's.
#[derive(Debug)]
pub struct __bespoke_Select;

/// What a branch of `select!` does with the value when its pattern matches everything.
pub fn __bespoke_always<T>(value: T, matches: &mut bool) -> T {
    *matches = true;
    value
}

/// What comes after a pattern that does not match, though it did.
pub fn __bespoke_unmatched() -> ! {
    unreachable!("the pattern matched")
}

/// What `select!` does when every branch is disabled.
#[track_caller]
pub fn __bespoke_disabled() -> ! {
    panic!("every branch of `select!` is disabled, and there is no `else`")
}
