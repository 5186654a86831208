//~ UNDER build: `Mio` cannot be the driver under a scheduler whose tasks are `Shared`
//~ CORE
use bespoke::Builder;
use bespoke_core::scheduler::ThreadPerTask;

fn main() {
    let _runtime = Builder::<1>::new().scheduler::<ThreadPerTask>().mio().build();
}
