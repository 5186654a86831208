//~ UNDER SingleThread: `SingleThread` is not an I/O driver
use bespoke::Builder;
use bespoke::scheduler::SingleThread;

fn main() {
    let _runtime = Builder::<1>::new().driver::<SingleThread>().build();
}
