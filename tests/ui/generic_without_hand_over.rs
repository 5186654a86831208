//~ UNDER C: the scheduler `<C as bespoke::Config>::Scheduler` cannot hand a worker over to another thread
use bespoke::prelude::*;

fn blocks<C: Config>() -> i32 {
    C::block_in_place(|| 2)
}

fn main() {
    println!("{}", blocks::<bespoke::preset::PerCore>());
}
