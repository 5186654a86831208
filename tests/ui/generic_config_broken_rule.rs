//~ BUILD
//~ SAYS LOCAL_QUEUE is 100, but must be a power of two
use bespoke::clock::Clock;
use bespoke::{Config, Runtime};
use std::marker::PhantomData;

struct Many<K>(PhantomData<K>);

#[bespoke::config]
impl<K: Clock> Config for Many<K> {
    type Clock = K;
    const LOCAL_QUEUE: usize = 100;
}

fn main() {
    let _runtime = Runtime::<Many<bespoke::clock::Manual>>::new();
}
