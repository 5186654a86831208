//~ UNDER build: cannot be the driver under a scheduler whose tasks are `Local`
use bespoke::Builder;
use bespoke::driver::Blocking;
use bespoke::scheduler::SingleThread;

fn main() {
    let _runtime = Builder::<1>::new().scheduler::<SingleThread>().driver::<Blocking>().build();
}
