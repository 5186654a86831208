//~ UNDER C: the scheduler `<C as bespoke::Config>::Scheduler` has one class of tasks
use bespoke::prelude::*;
use bespoke::scheduler::Latency;

async fn answer<C: Config>() -> u32 {
    C::spawn_with(Latency, async { 2 }).await.unwrap_or_default()
}

fn main() {
    drop(answer::<bespoke::preset::Default>());
}
