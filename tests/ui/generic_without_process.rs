//~ UNDER Command::<C>::new("true"): the driver `<C as bespoke::Config>::Driver` has neither child processes nor pipes
use bespoke::prelude::*;
use bespoke::rt::Command;

fn start<C: Config<Driver: Net>>() {
    drop(Command::<C>::new("true"));
}

fn main() {
    start::<bespoke::preset::Default>();
}
