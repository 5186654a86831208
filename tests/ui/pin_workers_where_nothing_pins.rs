//~ UNDER true: PIN_WORKERS is true, but `Topology` = uniform cannot pin a thread on this target; `Sysfs` can, on Linux
use bespoke::clock::Uniform;
use bespoke::scheduler::PerCore;
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = PerCore<2>;
    type Topology = Uniform<2>;
    const PIN_WORKERS: bool = true;
}

fn main() {}
