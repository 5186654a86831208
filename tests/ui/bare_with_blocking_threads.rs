//~ UNDER bespoke_core::check::bare::<bespoke::preset::Default>(): BLOCKING_THREADS_MAX is 512, but without the feature `std` of bespoke-core there is no blocking pool
//~ CORE
const _: () = bespoke_core::check::bare::<bespoke::preset::Default>();

fn main() {}
