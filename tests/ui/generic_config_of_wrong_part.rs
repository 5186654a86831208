//~ UNDER Runtime::<Many<SingleThread>>: `SingleThread` is not a clock
use bespoke::clock::Clock;
use bespoke::scheduler::SingleThread;
use bespoke::{Config, Runtime};
use std::marker::PhantomData;

struct Many<K>(PhantomData<K>);

#[bespoke::config]
impl<K: Clock> Config for Many<K> {
    type Clock = K;
}

fn main() {
    let _runtime = Runtime::<Many<SingleThread>>::new();
}
