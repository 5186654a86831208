//~ UNDER ThreadPerTask: the scheduler thread-per-task gives every task a thread, for drivers whose operations block it, but the driver borrowed suspends tasks instead
//~ CORE
use bespoke::Config;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::scheduler::{Local, Shared};
use bespoke_core::scheduler::ThreadPerTask;

struct Borrowed;
impl Driver for Borrowed {
    const NAME: &'static str = "borrowed";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}
impl Under<Shared> for Borrowed {
    type Live = <Mio as Under<Local>>::Live;
}

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = ThreadPerTask;
    type Driver = Borrowed;
}

fn main() {}
