//! What every memory strategy must do: one suite, one line for each strategy.
//!
//! The strategies after `keeps` hold memory of their own: they reuse what came back, ask the global allocator for nothing
//! in the steady state, and give everything back when they are dropped.
#![cfg(not(loom))]

mod block;
mod buffers;
mod counting;
mod exhaustion;
mod keeps;
mod suite;

use bespoke_alloc::{Fixed, Pooled, System};

macro_rules! conformance {
    ($($name:ident: $strategy:ty,)+) => {
        $(mod $name {
            use super::*;
            conformance!(@ suite $strategy:
                every_layout_is_aligned_and_whole
                blocks_never_overlap
                foreign_frees_while_the_owner_allocates
                foreign_blocks_from_many_threads
                foreign_frees_after_the_owner_stopped
            );
        })+
    };
    (keeps $($name:ident: $strategy:ty,)+) => {
        $(mod $name {
            use super::*;
            conformance!(@ keeps $strategy:
                what_came_back_is_used_again
                the_steady_state_asks_for_nothing
                what_others_give_back_is_used_again
                the_drop_gives_everything_back
            );
        })+
    };
    (@ $suite:ident $strategy:ty: $($test:ident)+) => {
        $(#[test]
        fn $test() {
            $suite::$test::<$strategy>();
        })+
    };
}

conformance! {
    system: System,
    pooled: Pooled,
    fixed: Fixed<{ 128 * 1024 }>,
}

conformance! { keeps
    pooled_keeps: Pooled,
    fixed_keeps: Fixed<{ 128 * 1024 }>,
}
