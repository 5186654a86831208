//~ UNDER bespoke_core::check::bare::<App>(): the scheduler per-core shares tasks between threads, but without the feature `std` of bespoke-core one flow of control runs them all; use `SingleThread`
//~ CORE
struct App;

#[bespoke::config(base = bespoke::preset::PerCore)]
impl bespoke::Config for App {
    const PANIC: bespoke::PanicPolicy = bespoke::PanicPolicy::Abort;
    const BLOCKING_THREADS_MAX: usize = 0;
}

const _: () = bespoke_core::check::bare::<App>();

fn main() {}
