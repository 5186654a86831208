//~ UNDER Mio: `Mio` is not a kind of sharing
//~ CORE
use bespoke::driver::Mio;
use bespoke::scheduler::{Scheduler, SingleThread};
use bespoke_core::roles::Placement;

struct Own;
impl Scheduler for Own {
    type Sharing = Mio;
    type Queue = bespoke::scheduler::Ring;
    const NAME: &'static str = "own";
    const WORKERS: usize = SingleThread::WORKERS;
    const PLACEMENT: Placement = SingleThread::PLACEMENT;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}

fn main() {}
