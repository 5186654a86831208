//~ UNDER Mine: the scheduler mine gives every task a thread, but keeps tasks `Local`; its `Sharing` must be `Shared`
//~ CORE
use bespoke::Config;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::scheduler::{Local, Scheduler, Sharing};
use bespoke_core::roles::Placement;

struct Mine;
impl Scheduler for Mine {
    type Sharing = Local;
    type Queue = bespoke::scheduler::Ring;
    const NAME: &'static str = "mine";
    const WORKERS: usize = 1;
    const PLACEMENT: Placement = Placement::OwnThread;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}

struct Borrowed;
impl Driver for Borrowed {
    type Live<S: Sharing> = <Mio as Driver>::Live<Local>;
    const NAME: &'static str = "borrowed";
    const CAPS: Caps = Caps::BLOCKING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}
impl Under<Local> for Borrowed {}

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = Mine;
    type Driver = Borrowed;
}

fn main() {}
