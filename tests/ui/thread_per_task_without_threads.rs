//~ UNDER ThreadPerTask: thread-per-task gives every task a thread, but `Threads` = none may start none; use `OsThreads`
//~ CORE
use bespoke::Config;
use bespoke::clock::NoThreads;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::scheduler::{Local, Shared, Sharing};
use bespoke_core::scheduler::ThreadPerTask;

struct Waits;
impl Driver for Waits {
    type Live<S: Sharing> = <Mio as Driver>::Live<Local>;
    const NAME: &'static str = "waits";
    const CAPS: Caps = Caps::BLOCKING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}
impl Under<Shared> for Waits {}

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = ThreadPerTask;
    type Driver = Waits;
    type Threads = NoThreads;
    const BLOCKING_THREADS_MAX: usize = 0;
}

fn main() {}
