//~ UNDER bespoke_core::check::bare::<App>(): PANIC is Catch, but without the feature `std` of bespoke-core no panic can be caught
//~ CORE
struct App;

#[bespoke::config]
impl bespoke::Config for App {
    const BLOCKING_THREADS_MAX: usize = 0;
}

const _: () = bespoke_core::check::bare::<App>();

fn main() {}
