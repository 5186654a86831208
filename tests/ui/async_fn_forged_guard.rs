//~ SAYS missing field `kept` in initializer of `bespoke::__private::machine::guard::Guard<_>`
//~ SAYS missing field `kept` in initializer of `bespoke::__private::machine::guard::Awaiting<_>`
//~ SAYS call to unsafe function `bespoke::__private::machine::guard::Kept::promise` is unsafe
use bespoke::__private::machine::{Awaiting, Guard, Kept};

fn dropped_twice(text: &mut String) {
    drop(Guard { place: text, holds: true });
}

fn ended_twice(future: &mut std::future::Ready<String>) {
    drop(Awaiting { place: future, head: std::ptr::null_mut(), holds: true });
}

fn promised_by_nobody(text: &mut String) {
    drop(Guard { place: text, holds: true, kept: Kept::promise() });
}

fn main() {}
