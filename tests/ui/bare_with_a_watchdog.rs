//~ UNDER bespoke_core::check::bare::<App>(): watches from a thread, but without the feature `std` of bespoke-core there is none
//~ CORE
use bespoke::watchdog::BlockedAfter;

struct App;

#[bespoke::config]
impl bespoke::Config for App {
    type Watchdog = BlockedAfter<100>;
    const PANIC: bespoke::PanicPolicy = bespoke::PanicPolicy::Abort;
    const BLOCKING_THREADS_MAX: usize = 0;
}

const _: () = bespoke_core::check::bare::<App>();

fn main() {}
