//~ SAYS missing field `kept` in initializer of `bespoke::__private::machine::guard::Guard<_>`
//~ SAYS call to unsafe function `bespoke::__private::machine::guard::Kept::promise` is unsafe
use bespoke::__private::machine::{Guard, Kept};

fn dropped_twice(text: &mut String) {
    drop(Guard { places: (&raw mut *text,), holds: 1 });
}

fn promised_by_nobody(text: &mut String) {
    drop(Guard { places: (&raw mut *text,), holds: 1, kept: Kept::promise() });
}

fn main() {}
