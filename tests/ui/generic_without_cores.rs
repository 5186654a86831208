//~ UNDER C: the scheduler `<C as bespoke::Config>::Scheduler` has no workers to choose from
use bespoke::prelude::*;

fn spread<C: Config>() {
    drop(C::spawn_on(1, async || 2));
}

fn main() {
    spread::<bespoke::preset::PerCore>();
}
