//~ BUILD
#![deny(warnings)]

use bespoke::clock::{Clock, Manual};
use bespoke::{Config, Runtime};
use std::marker::PhantomData;

struct Timed<K>(PhantomData<K>);

#[bespoke::config]
impl<K: Clock> Config for Timed<K> {
    type Clock = K;
    const LOCAL_QUEUE: usize = 128;
}

fn main() {
    let runtime = Runtime::<Timed<Manual>>::new().unwrap();
    runtime.block_on(Timed::<Manual>::yield_now());
}
