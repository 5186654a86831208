//~ UNDER Mine: the operations of the driver blocking block the thread, and the scheduler mine runs several tasks on it
//~ CORE
use bespoke::Config;
use bespoke::driver::Blocking;
use bespoke::scheduler::{Scheduler, Shared};
use bespoke_core::roles::Placement;

struct Mine;
impl Scheduler for Mine {
    type Sharing = Shared;
    type Queue = bespoke::scheduler::Ring;
    const NAME: &'static str = "mine";
    const WORKERS: usize = 1;
    const PLACEMENT: Placement = Placement::ThisWorker;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = Mine;
    type Driver = Blocking;
}

fn main() {}
