//~ RUSTC UNDER impl Scheduler for Mine: missing: `SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0`
//~ CORE
use bespoke::scheduler::{Local, Scheduler};
use bespoke_core::roles::Placement;

struct Mine;
impl Scheduler for Mine {
    type Sharing = Local;
    const NAME: &'static str = "mine";
    const WORKERS: usize = 1;
    const PLACEMENT: Placement = Placement::ThisWorker;
}

fn main() {}
