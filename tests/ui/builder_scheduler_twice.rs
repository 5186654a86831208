//~ UNDER scheduler: the scheduler is chosen already
use bespoke::Builder;
use bespoke::scheduler::SingleThread;

fn main() {
    let one = Builder::<1>::new().scheduler::<SingleThread>();
    let _runtime = one.scheduler::<SingleThread>().mio().build();
}
