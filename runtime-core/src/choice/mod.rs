//! From a number of workers to a scheduler, as a table of types.

use crate::roles::Scheduler;
use crate::scheduler::{PerCore, SingleThread};

/// A number of workers as a type.
#[derive(Debug, Clone, Copy)]
pub struct Count<const WORKERS: usize>;

/// A number of workers that a runtime can have.
#[diagnostic::on_unimplemented(
    message = "a runtime has 1 to 1024 workers, this one asks for another number: `{Self}`",
    label = "not a number of workers that a scheduler exists for"
)]
pub trait Workers {
    /// Nothing shared but memory, nothing stolen.
    type Apart: Scheduler;
}

impl Workers for Count<1> {
    type Apart = SingleThread;
}

/// `several!(2 3)` is 2 and 3; `several!(x 2 3)` is all of 16 × 2 + 0…15, and so for 3.
macro_rules! several {
    (x $($sixteens:literal)+) => { $(several!(@ $sixteens, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);)+ };
    (@ $sixteens:literal, $($rest:literal)+) => { several!($({ 16 * $sixteens + $rest })+); };
    ($($count:tt)+) => { $(impl Workers for Count<$count> {
        type Apart = PerCore<$count>;
    })+ };
}
several!(2 3 4 5 6 7 8 9 10 11 12 13 14 15 1024);
several!(x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
several!(x 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);

/// The scheduler for `WORKERS` workers that do not steal from each other.
pub type Selected<const WORKERS: usize> = <Count<WORKERS> as Workers>::Apart;
